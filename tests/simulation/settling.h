// How the durability tests settle a market: statements, adjustments and payouts, computed and
// checked as the server does it, and looked at again.
//
// What is there already is computed and sent again, as after a lost answer, and keeps its place. At
// most one thread at a time settles a ledger.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/settlement/settlement_reader.h"
#include "storage/ledger.h"

namespace tributary::test {

// Closes all that stands behind the last statement, into the one with this number.
struct CloseStep {
  std::uint64_t number = 1;
};

// Posts what a record changes in the statement with this number.
struct AdjustStep {
  std::uint64_t statement = 1;
  Digest cause = {};  // record id
  AdjustmentMode mode = AdjustmentMode::kCarriedForward;
};

// Pays everybody half of what is payable, rounded up: so there is something for the next batch, and
// a later decrease can be above what is left.
struct PayStep {
  std::string reference;
  std::string currency;
};

// Says what became of a batch, or of one party's line of it.
struct PayoutStateStep {
  std::string reference;  // of the batch
  std::string party = {};
  PayoutState state = PayoutState::kSent;
  std::optional<PayoutState> before = {};  // of the same, which the new one supersedes
};

using SettlingStep = std::variant<CloseStep, AdjustStep, PayStep, PayoutStateStep>;

// Errors: kFailedPrecondition, another statement is next, or what it rests on is not there; as
// CloseStatement, PreviewAdjustment, CheckNewPayout, CheckNewPayoutState and the ledger.
absl::StatusOr<Receipt> Settle(Ledger& ledger, const SettlingStep& step);

// The bytes of all lines of a statement or adjustment. Errors: kNotFound, it is not there.
absl::StatusOr<std::vector<std::string>> ReadAllLines(const LedgerView& view, LogPosition position);

// What is wrong with the statements and adjustments, each computed once more from the log; empty if
// nothing is.
absl::StatusOr<std::string> CheckSettled(const Ledger& ledger);

// What a party has, with every line and payout, as text that can be compared.
absl::StatusOr<std::string> BalanceText(const SettlementReader& reader, std::string_view party);
absl::StatusOr<std::string> BalanceAt(const Ledger& ledger, TreeSize tree_size,
                                      std::string_view party);

}  // namespace tributary::test
