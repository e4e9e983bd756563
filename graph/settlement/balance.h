// What an account has: what statements paid to those it receives for, less what payouts took.
//
// An account is a party that was merged into no other (PartyRoutes::AccountOf); what statements
// paid and payouts took under any of its names is on it. docs/decisions/0014-who-is-paid.md.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/model/money.h"
#include "graph/model/record.h"
#include "graph/settlement/settlement_reader.h"
#include "graph/settlement/statement.h"

namespace tributary {

// The party of a payee key `party:<id>`; nullopt: a line that holds.
std::optional<std::string_view> PartyOf(std::string_view payee);

// A line of a statement of a party that the account receives for.
struct ReceivedLine {
  std::uint64_t statement = 0;  // number
  std::uint64_t begin = 0;      // log positions that the statement closes
  std::uint64_t end = 0;
  StatementLine line = {};
};

// One line of a payout batch.
struct AccountPayout {
  Digest batch = {};  // record id
  std::string reference = {};
  LogPosition position = {};  // of the batch
  std::string party = {};     // as the batch names it: the account, or a name of it
  MinorUnits amount = {};
  std::optional<PayoutState> state = {};  // absent: created
  friend bool operator==(const AccountPayout&, const AccountPayout&) = default;
};

// The state of a batch's line: its own, else the batch's.
inline std::optional<PayoutState> LineState(std::optional<PayoutState> of_line,
                                            std::optional<PayoutState> of_batch) {
  return of_line.has_value() ? of_line : of_batch;
}

// Whether a line in this state took its amount. Only a failed one gave it back.
inline bool IsTaken(std::optional<PayoutState> state) { return state != PayoutState::kFailed; }

// What one statement paid to one party that the account receives for; itself, if `party` is it.
struct BalanceLine {
  std::uint64_t statement = 0;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::string party = {};
  MinorUnits paid = {};
  friend bool operator==(const BalanceLine&, const BalanceLine&) = default;
};

// Minor units but for the debt and the decrease. With open = total + overpaid - paid_out, what may
// be paid now is open less both together, rounded up, and 0 where that is negative. Open and
// overpaid are never both above 0.
struct Balance {
  std::string account = {};
  std::string currency = {};
  unsigned fraction_bits = kFractionBitsMax;
  std::vector<BalanceLine> lines = {};      // ascending statement, then party; none of 0
  std::vector<AccountPayout> payouts = {};  // in the order of the log
  MinorUnits total = {};                    // paid by all statements
  MinorUnits paid_out = {};                 // created, sent and settled
  MinorUnits failed = {};                   // came back
  Grains debt = 0;                          // on the newest statement
  Grains pending_decrease = 0;              // debt to come: graph/settlement/pending_decrease.h
  MinorUnits payable = {};
  // Paid out above the total: only where a merge was undone, or a merge or mandate recorded without
  // its check, so that what was paid is another's now. Later statements pay it first.
  MinorUnits overpaid = {};
  friend bool operator==(const Balance&, const Balance&) = default;
};

// Adds to the sums of a balance, without lines and payouts. `is_newest`: of the newest statement.
// Errors: kOutOfRange, a sum of 2^127 or more; kInvalidArgument, a line of no party or of another
// currency.
absl::Status AddReceived(const StatementLine& line, bool is_newest, Balance* balance);
absl::Status AddPayout(MinorUnits amount, std::optional<PayoutState> state, Balance* balance);
absl::Status AddPendingDecrease(Grains grains, Balance* balance);
// Computes payable and overpaid from the sums. Errors: as PayableUnits.
absl::Status CloseBalance(Balance* balance);

// The balance of one account in one currency, of lines and payouts in any order. `newest_statement`
// is the number of the newest of all, 0 if there is none: its debts count, older ones are in it.
// Errors: as AddReceived; kInvalidArgument, a party twice in one statement, or a statement above
//         the newest.
// Cost:   O(n log n). Pure.
absl::StatusOr<Balance> ComputeBalance(std::string_view account, std::string_view currency,
                                       unsigned fraction_bits, std::uint64_t newest_statement,
                                       std::span<const ReceivedLine> lines,
                                       std::span<const AccountPayout> payouts,
                                       Grains pending_decrease = 0);

}  // namespace tributary
