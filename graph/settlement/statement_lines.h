// Finds lines of a recorded statement, which stand in ascending order of currency, then payee.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/model/cancel.h"
#include "graph/settlement/settlement_reader.h"
#include "graph/settlement/statement.h"

namespace tributary {

// Lines read at a time where they are read in a row: of 300 bytes, 300 KiB.
inline constexpr std::size_t kLineBlockCount = 1024;
// A range of lines this short is read at once rather than searched.
inline constexpr std::size_t kLineSearchBlockCount = 32;

struct LineKey {
  std::string_view currency;
  std::string_view payee;
  friend auto operator<=>(const LineKey&, const LineKey&) = default;
};

// Where the lines of a statement are.
struct LineList {
  LogPosition record;
  std::uint64_t count = 0;
};

// The lines with these keys, which ascend.
// Shape:  the result's i-th belongs to keys[i]; nullopt: the statement has no such line.
// Errors: kDataLoss, lines that can not be read as lines, or are out of order; as the reader.
// Cost:   about log2(L / 32) reads for each of few keys of L lines; of many keys, never more than
//         two reads for 16 lines.
absl::StatusOr<std::vector<std::optional<StatementLine>>> FindLines(const SettlementReader& reader,
                                                                    LineList list,
                                                                    std::span<const LineKey> keys,
                                                                    const CancelToken* cancel);

// Calls `visit` with each line of parties in a currency, ascending.
// Errors: as FindLines, and as `visit`.
absl::Status ForEachPartyLine(const SettlementReader& reader, LineList list,
                              std::string_view currency, const CancelToken* cancel,
                              absl::FunctionRef<absl::Status(const StatementLine&)> visit);

}  // namespace tributary
