#include "client/cli/csv.h"

#include <algorithm>

#include "graph/model/canonical_json.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

absl::Status LineError(std::uint64_t line, std::string_view found, std::string_view allowed) {
  return InvalidField(StrCat("line ", line), found, allowed);
}

class CsvParser {
 public:
  explicit CsvParser(std::string_view text) : text_(text) {}

  bool AtEnd() const { return at_ == text_.size(); }

  absl::StatusOr<CsvRow> ParseRow() {
    CsvRow row{.line = line_, .fields = {}};
    while (true) {
      TRIBUTARY_ASSIGN_OR_RETURN(std::string field, ParseField());
      row.fields.push_back(std::move(field));
      if (AtEnd()) return row;
      if (text_[at_] == ',') {
        ++at_;
        continue;
      }
      TakeLineEnd();
      return row;
    }
  }

 private:
  bool AtLineEnd() const {
    return AtEnd() || text_[at_] == '\n' || (text_[at_] == '\r' && NextIs('\n'));
  }
  bool NextIs(char c) const { return at_ + 1 < text_.size() && text_[at_ + 1] == c; }
  void TakeLineEnd() {
    if (text_[at_] == '\r') ++at_;
    ++at_;
    ++line_;
  }

  absl::StatusOr<std::string> ParseField() {
    if (!AtEnd() && text_[at_] == '"') return ParseQuoted();
    const std::size_t start = at_;
    while (!AtLineEnd() && text_[at_] != ',') {
      if (text_[at_] == '"') {
        return LineError(line_, "a quote inside a field",
                         "the whole field in quotes, \"\" for one");
      }
      ++at_;
    }
    return std::string(text_.substr(start, at_ - start));
  }

  absl::StatusOr<std::string> ParseQuoted() {
    const std::uint64_t first_line = line_;
    std::string field;
    for (++at_; !AtEnd(); ++at_) {
      if (text_[at_] == '"') {
        if (!NextIs('"')) break;
        ++at_;
      }
      if (text_[at_] == '\n') ++line_;
      field.push_back(text_[at_]);
    }
    if (AtEnd()) return LineError(first_line, "a quote that is never closed", "a closing quote");
    ++at_;
    if (!AtLineEnd() && text_[at_] != ',') {
      return LineError(line_, "text behind a closing quote", "a comma or the end of the line");
    }
    return field;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint64_t line_ = 1;
};

std::string Trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == text.npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

std::string Joined(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) StrAppend(&text, text.empty() ? "" : ", ", name);
  return text;
}

}  // namespace

absl::StatusOr<std::vector<CsvRow>> ParseCsv(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (!IsValidUtf8(text)) return LineError(1, "bytes that are not UTF-8", "a file saved as UTF-8");
  std::vector<CsvRow> rows;
  CsvParser parser(text);
  while (!parser.AtEnd()) {
    TRIBUTARY_ASSIGN_OR_RETURN(CsvRow row, parser.ParseRow());
    if (row.fields.size() > 1 || !row.fields[0].empty()) rows.push_back(std::move(row));
  }
  return rows;
}

absl::StatusOr<CsvTable> CsvTable::Parse(std::string_view text) {
  TRIBUTARY_ASSIGN_OR_RETURN(std::vector<CsvRow> rows, ParseCsv(text));
  if (rows.empty()) return LineError(1, "no line", "a header line with the names of the columns");
  CsvTable table;
  for (const std::string& name : rows[0].fields) {
    table.columns_.push_back(Trimmed(name));
    if (std::count(table.columns_.begin(), table.columns_.end(), table.columns_.back()) > 1) {
      return LineError(rows[0].line, StrCat("the column ", Quoted(name), " twice"), "once");
    }
  }
  rows.erase(rows.begin());
  for (const CsvRow& row : rows) {
    if (row.fields.size() == table.columns_.size()) continue;
    return LineError(row.line, StrCat(row.fields.size(), " fields"),
                     StrCat(table.columns_.size(), ", as in the header"));
  }
  table.rows_ = std::move(rows);
  return table;
}

bool CsvTable::HasColumn(std::string_view name) const {
  return std::find(columns_.begin(), columns_.end(), name) != columns_.end();
}

absl::Status CsvTable::CheckColumns(const std::vector<std::string_view>& known,
                                    const std::vector<std::string_view>& required) const {
  for (const std::string& column : columns_) {
    if (std::find(known.begin(), known.end(), column) == known.end()) {
      return LineError(1, StrCat("the column ", Quoted(column)), Joined(known));
    }
  }
  for (const std::string_view column : required) {
    if (!HasColumn(column)) return LineError(1, StrCat("no column ", column), Joined(known));
  }
  return absl::OkStatus();
}

std::string CsvTable::Get(const CsvRow& row, std::string_view column) const {
  const auto found = std::find(columns_.begin(), columns_.end(), column);
  if (found == columns_.end()) return "";
  return Trimmed(row.fields[static_cast<std::size_t>(found - columns_.begin())]);
}

}  // namespace tributary::cli
