// Payout batches: what is paid from balances, what a batch may hold, and what became of it.

#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/model/cancel.h"
#include "graph/settlement/balance.h"
#include "graph/settlement/read_balance.h"
#include "graph/settlement/routes.h"
#include "graph/settlement/settlement_reader.h"

namespace tributary {

// The hold in force on each account that has one: on itself, or on a party that was merged into it.
// Of several the first in the log.
using HeldAccounts = std::map<std::string, Digest, std::less<>>;

// A hold on a party keeps what sales give it from the statement; what statements paid before is
// kept here. Who collects for the party by a mandate is not held: what it has is its own account.
// `routes` are those of the reader's tree size. Cost: reads all holds and releases.
absl::StatusOr<HeldAccounts> ReadHeldAccounts(const SettlementReader& reader,
                                              const PartyRoutes& routes,
                                              const CancelToken* cancel = nullptr);

// An account that is not paid although something is payable.
struct SkippedPayout {
  std::string account;
  MinorUnits payable;
  Digest hold;
  friend bool operator==(const SkippedPayout&, const SkippedPayout&) = default;
};

struct PayoutPlan {
  std::vector<PayoutLine> lines;  // ascending party; SortLists orders them for the record
  std::size_t left_count = 0;     // accounts payable at least min_amount that found no place
  std::vector<SkippedPayout> skipped = {};  // those of them that are on hold; ascending account
};

// Pays each account, in the order given, all that is payable, if that is at least `min_amount` and
// above 0, and the account is not held.
// Errors: kInvalidArgument, balances that do not ascend by account, or are of two currencies;
//         line_count_max of 0 or above kPayoutLineCountMax.
absl::StatusOr<PayoutPlan> PlanPayout(std::span<const Balance> balances, MinorUnits min_amount,
                                      std::size_t line_count_max = kPayoutLineCountMax,
                                      const HeldAccounts& held = {});

// Whether no line of a batch is above what is payable to its account, by balances as of
// batch.tree_size, ascending account. A balance that is not there is 0.
// Errors: kFailedPrecondition names the line, what was found and what is allowed.
absl::Status CheckPayout(const PayoutBatchRecord& batch, std::span<const Balance> balances);

// Checks a new batch by what is recorded: CheckPayout at its tree size, that it pays nobody on hold
// there, and that nothing stands after it which balances depend on (statements, adjustments, payout
// batches, mandates, merges, holds). So two batches from one balance can not both be recorded, and
// batches are in the order of their tree sizes. To be asked with nothing recorded between, and not
// of a batch that the log holds already. Errors: kOutOfRange, a tree size above the reader's;
// kFailedPrecondition, naming what stands
//         after it; as CheckPayout, ReadRoutes and ReadBalances.
absl::Status CheckNewPayout(const SettlementReader& reader, const PayoutBatchRecord& batch,
                            const CancelToken* cancel = nullptr);

// Whether a batch, or one line of it, may go to a state. From created to any, from sent to settled
// or failed; settled and failed are final. A line without a state of its own has the batch's.
// `of_batch` and `of_line` are in force now; the second where `state` is about a line.
// Errors: kInvalidArgument, a party without a line; kFailedPrecondition, another way.
absl::Status CheckPayoutState(const PayoutBatchRecord& batch, const PayoutStateRecord& state,
                              std::optional<PayoutState> of_batch,
                              std::optional<PayoutState> of_line);

// The same of a new state by what is recorded, not of one that the log holds already.
// Errors: also kNotFound, the batch.
absl::Status CheckNewPayoutState(const SettlementReader& reader, const PayoutStateRecord& state);

}  // namespace tributary
