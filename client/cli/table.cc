#include "client/cli/table.h"

#include <algorithm>

#include "client/cli/terminal.h"
#include "graph/model/check.h"

namespace tributary::cli {
namespace {

std::string Shown(const Cell& cell) {
  return Shorten(cell.shown.empty() ? EscapeForTerminal(cell.raw) : cell.shown, kCellWidthMax);
}

void AppendPadded(std::string_view text, std::size_t width, bool align_right, bool is_last,
                  std::string* out) {
  const std::size_t own = DisplayWidth(text);
  const std::string padding(width > own ? width - own : 0, ' ');
  if (align_right) out->append(padding);
  out->append(text);
  if (!align_right && !is_last) out->append(padding);
}

std::vector<std::size_t> ShownColumns(const Table& table) {
  std::vector<std::size_t> indexes;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (!table.columns[i].title.empty()) indexes.push_back(i);
  }
  return indexes;
}

}  // namespace

std::string FormatTable(const Table& table, bool use_colour) {
  const std::vector<std::size_t> shown = ShownColumns(table);
  if (table.rows.empty() || shown.empty()) return "";
  std::vector<std::vector<std::string>> lines(1);
  for (const std::size_t i : shown) lines[0].push_back(table.columns[i].title);
  for (const std::vector<Cell>& row : table.rows) {
    TRIBUTARY_CHECK(row.size() == table.columns.size());
    lines.emplace_back();
    for (const std::size_t i : shown) lines.back().push_back(Shown(row[i]));
  }
  std::vector<std::size_t> widths(shown.size());
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(line[i]));
    }
  }
  std::string out;
  for (std::size_t row = 0; row < lines.size(); ++row) {
    std::string text;
    for (std::size_t i = 0; i < shown.size(); ++i) {
      if (i > 0) text.append("  ");
      AppendPadded(lines[row][i], widths[i], table.columns[shown[i]].align_right,
                   i + 1 == shown.size(), &text);
    }
    while (!text.empty() && text.back() == ' ') text.pop_back();
    out.append(Styled(text, row == 0 ? Style::kBold : Style::kPlain, use_colour));
    out.push_back('\n');
  }
  return out;
}

void AppendCsvField(std::string_view field, std::string* out) {
  if (field.find_first_of(",\"\r\n") == field.npos) {
    out->append(field);
    return;
  }
  out->push_back('"');
  for (const char c : field) {
    if (c == '"') out->push_back('"');
    out->push_back(c);
  }
  out->push_back('"');
}

std::string FormatCsv(const Table& table) {
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (!table.columns[i].csv_name.empty()) kept.push_back(i);
  }
  std::string out;
  const auto append_line = [&](const auto& field_at) {
    for (std::size_t i = 0; i < kept.size(); ++i) {
      if (i > 0) out.push_back(',');
      const std::string& field = field_at(kept[i]);
      // A lone empty field would be an empty line, which readers skip.
      if (field.empty() && kept.size() == 1)
        out.append("\"\"");
      else
        AppendCsvField(field, &out);
    }
    out.append("\r\n");
  };
  append_line([&](std::size_t i) -> const std::string& { return table.columns[i].csv_name; });
  for (const std::vector<Cell>& row : table.rows) {
    append_line([&](std::size_t i) -> const std::string& { return row[i].raw; });
  }
  return out;
}

}  // namespace tributary::cli
