#include "graph/settlement/statement_lines.h"

#include <algorithm>

#include "graph/model/status.h"

namespace tributary {
namespace {

LineKey KeyOf(const StatementLine& line) { return {line.currency, line.payee}; }

// Lines [first, first + count), in order.
absl::StatusOr<std::vector<StatementLine>> ReadBlock(const SettlementReader& reader,
                                                     LogPosition record, std::uint64_t first,
                                                     std::size_t count) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<std::string> bytes,
                             reader.ReadLines(record, first, count));
  if (bytes.size() != count) {
    return absl::DataLossError(StrCat("found ", bytes.size(), " lines of the statement at ",
                                      record.value, " from line ", first, " on, where ", count,
                                      " are counted"));
  }
  std::vector<StatementLine> lines;
  lines.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    auto line = DecodeStatementLine(bytes[i]);
    const bool is_in_order = line.ok() && (i == 0 || KeyOf(lines.back()) < KeyOf(*line));
    if (!is_in_order) {
      return absl::DataLossError(StrCat("line ", first + i, " of the statement at ", record.value,
                                        line.ok() ? " is out of order" : " is damaged"));
    }
    lines.push_back(*std::move(line));
  }
  return lines;
}

// Lines that are still to be searched, and for which keys.
struct Search {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // half-open, as key_last
  std::size_t key_first = 0;
  std::size_t key_last = 0;
};

}  // namespace

absl::StatusOr<std::vector<std::optional<StatementLine>>> FindLines(const SettlementReader& reader,
                                                                    LineList list,
                                                                    std::span<const LineKey> keys,
                                                                    const CancelToken* cancel) {
  std::vector<std::optional<StatementLine>> found(keys.size());
  std::vector<Search> searches = {{0, list.count, 0, keys.size()}};
  while (!searches.empty()) {
    TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel));
    const Search search = searches.back();
    searches.pop_back();
    if (search.first == search.last || search.key_first == search.key_last) continue;
    const bool is_short = search.last - search.first <= kLineSearchBlockCount;
    const std::uint64_t first =
        is_short ? search.first : search.first + (search.last - search.first) / 2;
    const std::size_t count = is_short ? static_cast<std::size_t>(search.last - search.first) : 1;
    TRIBUTARY_ASSIGN_OR_RETURN(std::vector<StatementLine> lines,
                               ReadBlock(reader, list.record, first, count));
    const auto key_begin = keys.begin() + static_cast<std::ptrdiff_t>(search.key_first);
    const auto key_end = keys.begin() + static_cast<std::ptrdiff_t>(search.key_last);
    auto key = key_begin;
    std::size_t below = search.key_first;  // keys before the last line read
    std::size_t above = search.key_last;   // and after
    for (StatementLine& line : lines) {
      key = std::lower_bound(key, key_end, KeyOf(line));
      below = static_cast<std::size_t>(key - keys.begin());
      above = below;
      if (key == key_end || *key != KeyOf(line)) continue;
      found[below] = std::move(line);
      ++above;
      ++key;
    }
    if (is_short) continue;
    searches.push_back({search.first, first, search.key_first, below});
    searches.push_back({first + 1, search.last, above, search.key_last});
  }
  return found;
}

absl::Status ForEachPartyLine(const SettlementReader& reader, LineList list,
                              std::string_view currency, const CancelToken* cancel,
                              absl::FunctionRef<absl::Status(const StatementLine&)> visit) {
  const LineKey begin = {currency, "party:"};
  const LineKey end = {currency, "party;"};  // the byte after the colon
  std::uint64_t low = 0;
  std::uint64_t high = list.count;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<StatementLine> line,
                               ReadBlock(reader, list.record, middle, 1));
    (KeyOf(line.front()) < begin ? low : high) = KeyOf(line.front()) < begin ? middle + 1 : middle;
  }
  std::optional<std::string> last;
  for (std::uint64_t first = low; first < list.count; first += kLineBlockCount) {
    TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel));
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(kLineBlockCount, list.count - first));
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<StatementLine> lines,
                               ReadBlock(reader, list.record, first, count));
    for (const StatementLine& line : lines) {
      if (KeyOf(line) >= end) return absl::OkStatus();
      if (last.has_value() && line.payee <= *last) {
        return absl::DataLossError(
            StrCat("lines of the statement at ", list.record.value, " are out of order"));
      }
      TRIBUTARY_RETURN_IF_ERROR(visit(line));
    }
    last = lines.back().payee;
  }
  return absl::OkStatus();
}

}  // namespace tributary
