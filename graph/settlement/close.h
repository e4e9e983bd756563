// Closes a range of the log into a statement. A pure function of the records below the range's end
// and of the statement before: whatever is recorded later, the same bytes come out again.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/settlement/sale_state.h"
#include "graph/settlement/settlement_reader.h"
#include "graph/settlement/statement.h"
#include "graph/settlement/valuation.h"

namespace tributary {

// Who is paid for whom, as of the tree size of a reader. Null: everybody is the own earner.
using RouteSource = std::function<absl::StatusOr<EarnerRoutes>(const SettlementReader& reader)>;

struct CloseLimits {
  SaleLimits sales = {};
  HoldLimits holds = {};
  ValuationLimits valuation = {};
  // Openings, earnings and adjustments of payees together, of up to 400 bytes each: twice the lines
  // of a split, so that payees who earned in one statement can do so in the next.
  std::size_t figure_count_max = 33'554'432;
};

struct CloseOptions {
  RouteSource routes = {};
  CloseLimits limits = {};
  const CancelToken* cancel = nullptr;
  // Told what is being done, in words for people, whenever that changes. May be null.
  std::function<void(std::string_view phase)> progress = {};
};

struct ClosedStatement {
  StatementRecord record;
  std::vector<std::string> lines;  // the bytes of its lines, in their order
  std::uint64_t sale_count = 0;
  std::uint64_t adjustment_count = 0;  // posted to it
  std::uint64_t pass_count = 0;        // states of the lineage that were read
};

// The statement that follows the last one and ends before log position `end`: what it left open,
// the sales earned in its range, the adjustments recorded there.
//
// `policy` is the record id of the policy of sales that name none.
// Errors: kInvalidArgument    nothing lies between the last statement and `end`; `policy` is none;
//                             a sale that its policy does not fit, with AboutSale.
//         kFailedPrecondition a hold in force at the reader's tree size stands at `end` or above
//         and
//                             would hold grains of these sales: it must be below the end.
//         kOutOfRange         `end` is above the reader's tree size; 2^127 grains in one currency.
//         kResourceExhausted  a limit, which it names.
//         kDataLoss           stored lines or records that are damaged.
//         kInternal           the figures do not add up.
//         Cancellation and the reader's own.
// Cost:   O(sales + payees) and ValueSales; that twice where holds stand at `end` or above.
absl::StatusOr<ClosedStatement> CloseStatement(const SettlementReader& reader, LogPosition end,
                                               const std::optional<Digest>& policy,
                                               const CloseOptions& options = {});

// What closing the range of a stored statement gives now, by kSettlementAlgorithm: from the records
// of its own range, and from the stored lines of the statement before.
// Errors: as CloseStatement, but for holds that came later; kDataLoss, the statement that it names
//         as the one before is none.
absl::StatusOr<ClosedStatement> CloseAgain(const SettlementReader& reader,
                                           const LoggedRecord& statement,
                                           const CloseOptions& options = {});

// The same, where it is what was recorded.
// Errors: as CloseAgain; kDataLoss where another record comes out than is stored.
absl::StatusOr<ClosedStatement> RecomputeStatement(const SettlementReader& reader,
                                                   const LoggedRecord& statement,
                                                   const CloseOptions& options = {});

// --- The chain of statements ---

absl::StatusOr<std::optional<LoggedRecord>> LastStatement(const SettlementReader& reader);

// Sales and ends of escrow below `end` that stand behind the last statement.
absl::StatusOr<std::uint64_t> CountUnclosed(const SettlementReader& reader, LogPosition end);

// By number, from 1. nullopt: there is none.
absl::StatusOr<std::optional<LoggedRecord>> FindStatement(const SettlementReader& reader,
                                                          std::uint64_t number);

// The statement whose range has a log position; nullopt: none yet. Cost: O(log statements) reads.
absl::StatusOr<std::optional<LoggedRecord>> StatementOf(const SettlementReader& reader,
                                                        LogPosition position);

// Calls `use` for the bytes of each line of a statement or adjustment, in order.
absl::Status ForEachLine(const SettlementReader& reader, LogPosition record,
                         const CancelToken* cancel,
                         const std::function<absl::Status(const std::string&)>& use);

}  // namespace tributary
