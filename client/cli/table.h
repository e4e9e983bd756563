// Rows and columns, for a terminal and as CSV.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tributary::cli {

struct Column {
  std::string title;     // for people; empty: the column is in CSV only
  std::string csv_name;  // lower_snake_case; empty: the column is shown to people only
  bool align_right = false;
};

struct Cell {
  Cell() = default;
  Cell(std::string exact) : raw(std::move(exact)) {}  // NOLINT: a text stands for itself
  Cell(std::string exact, std::string words) : raw(std::move(exact)), shown(std::move(words)) {}
  std::string raw;    // as recorded: what CSV gets
  std::string shown;  // what people get, already escaped; empty: raw, escaped
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  // each with as many cells as there are columns
};

// Columns padded with blanks, two of them between columns, titles first; texts of more than
// `kCellWidthMax` columns are cut with an ellipsis. A table without rows or titles gives nothing.
inline constexpr std::size_t kCellWidthMax = 72;
std::string FormatTable(const Table& table, bool use_colour);

// RFC 4180: a header line, CRLF after each line, a field in quotes where it holds a comma, a quote,
// CR or LF, or stands alone and empty. Values are exact: a spreadsheet may take a field that begins
// with =, +, - or @ for a formula, so import the columns as text.
std::string FormatCsv(const Table& table);
void AppendCsvField(std::string_view field, std::string* out);

}  // namespace tributary::cli
