// Reading CSV as spreadsheets write it: RFC 4180, with LF or CRLF and an optional byte order mark.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tributary::cli {

struct CsvRow {
  std::uint64_t line = 0;  // on which the row begins, from 1
  std::vector<std::string> fields;
};

// All rows; empty lines are skipped.
// Errors: kInvalidArgument, with the line: a quote inside a field without quotes, text behind a
// closing quote, a quote that is never closed, bytes that are not UTF-8.
absl::StatusOr<std::vector<CsvRow>> ParseCsv(std::string_view text);

// A table with a header line. Every row has as many fields as the header.
class CsvTable {
 public:
  // Errors: those of ParseCsv; no header; a column twice; a row of another length.
  static absl::StatusOr<CsvTable> Parse(std::string_view text);

  bool HasColumn(std::string_view name) const;
  // Errors: kInvalidArgument: a column that is not in `known`, or one of `required` is missing.
  absl::Status CheckColumns(const std::vector<std::string_view>& known,
                            const std::vector<std::string_view>& required) const;
  const std::vector<CsvRow>& rows() const { return rows_; }  // without the header
  // The field of a row, blanks around it cut off; empty where there is no such column.
  std::string Get(const CsvRow& row, std::string_view column) const;

 private:
  std::vector<std::string> columns_;
  std::vector<CsvRow> rows_;
};

}  // namespace tributary::cli
