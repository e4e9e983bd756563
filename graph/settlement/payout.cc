#include "graph/settlement/payout.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include "graph/model/status.h"
#include "graph/settlement/routes.h"

namespace tributary {
namespace {

absl::Status Conflict(std::string_view field, std::string_view found, std::string_view allowed) {
  return FieldError(absl::StatusCode::kFailedPrecondition, field, found, allowed);
}

std::string_view ShowState(std::optional<PayoutState> state) {
  return state.has_value() ? ToName(*state) : "created";
}

bool MayFollow(std::optional<PayoutState> from, PayoutState to) {
  if (!from.has_value()) return true;
  return *from == PayoutState::kSent && to != PayoutState::kSent;
}

const PayoutLine* FindLine(const PayoutBatchRecord& batch, std::string_view party) {
  const auto found = std::find_if(batch.lines.begin(), batch.lines.end(),
                                  [&](const PayoutLine& line) { return line.party == party; });
  return found == batch.lines.end() ? nullptr : &*found;
}

const Balance* FindBalance(std::span<const Balance> balances, std::string_view account) {
  const auto found = std::lower_bound(balances.begin(), balances.end(), account,
                                      [](const Balance& balance, std::string_view other) {
                                        return std::string_view(balance.account) < other;
                                      });
  return found == balances.end() || found->account != account ? nullptr : &*found;
}

std::vector<std::string> PartiesOf(const PayoutBatchRecord& batch) {
  std::vector<std::string> parties;
  for (const PayoutLine& line : batch.lines) parties.push_back(line.party);
  return parties;
}

// A batch's record and place.
absl::StatusOr<LoggedRecord> ReadBatch(const SettlementReader& reader, const Digest& id) {
  TRIBUTARY_ASSIGN_OR_RETURN(std::optional<LoggedRecord> found, reader.FindRecord(id));
  if (found.has_value() && std::holds_alternative<PayoutBatchRecord>(found->record.body)) {
    return *std::move(found);
  }
  return FieldError(absl::StatusCode::kNotFound, "batch", id.ToHex(),
                    "the record id of a payout batch");
}

absl::StatusOr<std::optional<PayoutState>> FindState(const SettlementReader& reader,
                                                     const Digest& batch, std::string_view party) {
  TRIBUTARY_ASSIGN_OR_RETURN(
      const std::optional<LoggedRecord> found,
      reader.FindInForce(PayoutStateRecord{.batch = batch, .party = std::string(party)}));
  if (!found.has_value()) return std::nullopt;
  return std::get<PayoutStateRecord>(found->record.body).state;
}

// --- Dividing ---

// The units of an account in the order in which payouts take them.
class OpenUnits {
 public:
  explicit OpenUnits(const Balance& balance) {
    for (const BalanceLine& line : balance.lines) left_.push_back(line.paid.value);
  }

  struct Part {
    std::size_t line = 0;
    Uint128 units = 0;
  };

  // Takes the first `units` that are left; fewer where there are no more.
  std::vector<Part> Take(Uint128 units) {
    std::vector<Part> parts;
    for (; units > 0 && first_ < left_.size(); ++first_) {
      const Uint128 taken = std::min(units, left_[first_]);
      if (taken > 0) parts.push_back({first_, taken});
      left_[first_] -= taken;
      units -= taken;
      if (left_[first_] > 0) break;
    }
    return parts;
  }

  void GiveBack(const std::vector<Part>& parts) {
    for (const Part& part : parts) {
      left_[part.line] += part.units;
      first_ = std::min(first_, part.line);
    }
  }

 private:
  std::vector<Uint128> left_;
  std::size_t first_ = 0;  // nothing is left before it
};

// Lets all payouts of a balance happen again: each is at the tree size that it paid from, and fails
// where its state says.
void Replay(const Balance& balance, OpenUnits* open) {
  constexpr int kFails = 0;  // at one place what is known there comes first
  constexpr int kTakes = 1;
  std::vector<std::tuple<std::uint64_t, int, std::size_t>> events;
  for (std::size_t i = 0; i < balance.payouts.size(); ++i) {
    const AccountPayout& payout = balance.payouts[i];
    events.emplace_back(payout.tree_size, kTakes, i);
    // Known from the tree size above its position on.
    if (payout.failed_at.has_value()) events.emplace_back(payout.failed_at->value + 1, kFails, i);
  }
  std::sort(events.begin(), events.end());
  std::vector<std::vector<OpenUnits::Part>> taken(balance.payouts.size());
  for (const auto& [at, what, i] : events) {
    if (what == kTakes) {
      taken[i] = open->Take(balance.payouts[i].amount.value);
    } else {
      open->GiveBack(taken[i]);
    }
  }
}

}  // namespace

absl::StatusOr<PayoutPlan> PlanPayout(std::span<const Balance> balances, MinorUnits min_amount,
                                      std::size_t line_count_max) {
  if (line_count_max == 0 || line_count_max > kPayoutLineCountMax) {
    return InvalidField("line_count_max", StrCat(line_count_max),
                        StrCat("1 to ", kPayoutLineCountMax));
  }
  PayoutPlan plan;
  for (std::size_t i = 0; i < balances.size(); ++i) {
    const Balance& balance = balances[i];
    if (i > 0 && balances[i - 1].account >= balance.account) {
      return InvalidField("balances", StrCat(balance.account, " after ", balances[i - 1].account),
                          "ascending accounts, each once");
    }
    if (balance.currency != balances.front().currency) {
      return InvalidField("currency", balance.currency, balances.front().currency);
    }
    if (balance.payable.value == 0 || balance.payable < min_amount) continue;
    if (plan.lines.size() == line_count_max) {
      ++plan.left_count;
    } else {
      // A record takes no more in one line; the rest stays for the next batch.
      const MinorUnits amount = std::min(balance.payable, MinorUnits{kAmountMax});
      plan.lines.push_back({.party = balance.account, .amount = amount});
    }
  }
  return plan;
}

absl::Status CheckPayout(const PayoutBatchRecord& batch, std::span<const Balance> balances) {
  for (std::size_t i = 0; i < batch.lines.size(); ++i) {
    const PayoutLine& line = batch.lines[i];
    const Balance* const balance = FindBalance(balances, line.party);
    if (balance != nullptr && balance->currency != batch.currency) {
      return InvalidField("currency", balance->currency, batch.currency);
    }
    const MinorUnits payable = balance == nullptr ? MinorUnits{} : balance->payable;
    if (line.amount <= payable) continue;
    return Conflict(
        StrCat("lines[", i, "].amount"),
        StrCat(ToDecimal(line.amount.value), " ", batch.currency, " to ", line.party),
        StrCat("at most ", ToDecimal(payable.value), ", payable at tree size ", batch.tree_size));
  }
  return absl::OkStatus();
}

absl::Status CheckNewPayout(const SettlementReader& reader, const PayoutBatchRecord& batch,
                            const CancelToken* cancel) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<const SettlementReader> then,
                             reader.At({batch.tree_size}));
  constexpr std::array<std::pair<RecordType, std::string_view>, 4> kTypes = {
      {{kRecordTypeOf<StatementRecord>, "statement"},
       {kRecordTypeOf<PayoutBatchRecord>, "payout batch"},
       {kRecordTypeOf<MandateRecord>, "mandate"},
       {kRecordTypeOf<PartyMergeRecord>, "merge"}}};
  for (const auto& [type, name] : kTypes) {
    TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t before,
                               reader.CountBefore(type, {batch.tree_size}));
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<LogPosition> after,
                               reader.ListPositions(type, before, 1));
    if (after.empty()) continue;
    return Conflict("tree_size",
                    StrCat(batch.tree_size, ", after which a ", name, " stands at log position ",
                           after.front().value),
                    StrCat("above ", after.front().value, ", with balances as they are now"));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const PartyRoutes routes, ReadRoutes(*then, cancel));
  for (std::size_t i = 0; i < batch.lines.size(); ++i) {
    const std::string& party = batch.lines[i].party;
    const std::string_view account = routes.AccountOf(party);
    if (account == party) continue;
    return Conflict(StrCat("lines[", i, "].party"),
                    StrCat(party, ", which was merged into another"), account);
  }
  const BalanceQuery query = {
      .parties = PartiesOf(batch), .currency = batch.currency, .with_details = false};
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<Balance> balances,
                             ReadBalances(*then, routes, query, {}, cancel));
  return CheckPayout(batch, balances);
}

absl::Status CheckPayoutState(const PayoutBatchRecord& batch, const PayoutStateRecord& state,
                              std::optional<PayoutState> of_batch,
                              std::optional<PayoutState> of_line) {
  const bool is_line = !state.party.empty();
  if (is_line && FindLine(batch, state.party) == nullptr) {
    return InvalidField("party", state.party, StrCat("a party of batch ", batch.reference));
  }
  const std::optional<PayoutState> now = is_line ? LineState(of_line, of_batch) : of_batch;
  if (MayFollow(now, state.state)) return absl::OkStatus();
  const bool is_final = *now != PayoutState::kSent;
  return Conflict(
      "state",
      StrCat(ToName(state.state), " after ", ShowState(now), " of ",
             is_line ? state.party : StrCat("batch ", batch.reference)),
      is_final ? StrCat("nothing: ", ShowState(now), " is final") : "settled or failed");
}

absl::Status CheckNewPayoutState(const SettlementReader& reader, const PayoutStateRecord& state) {
  TRIBUTARY_ASSIGN_OR_RETURN(const LoggedRecord batch, ReadBatch(reader, state.batch));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto of_batch, FindState(reader, state.batch, ""));
  std::optional<PayoutState> of_line;
  if (!state.party.empty()) {
    TRIBUTARY_ASSIGN_OR_RETURN(of_line, FindState(reader, state.batch, state.party));
  }
  return CheckPayoutState(std::get<PayoutBatchRecord>(batch.record.body), state, of_batch, of_line);
}

absl::StatusOr<std::vector<PayoutRow>> DividePayout(const Balance& balance,
                                                    std::string_view receiver, MinorUnits amount) {
  OpenUnits open(balance);
  Replay(balance, &open);
  std::map<std::string_view, Uint128> by_payee;
  Uint128 left = amount.value;
  for (const OpenUnits::Part& part : open.Take(amount.value)) {
    by_payee[balance.lines[part.line].party] += part.units;
    left -= part.units;
  }
  if (left > 0) {
    return Conflict("amount", StrCat(ToDecimal(amount.value), " to ", receiver),
                    StrCat("at most ", ToDecimal(amount.value - left), ", which is open"));
  }
  std::vector<PayoutRow> rows;
  for (const auto& [payee, units] : by_payee) {
    rows.push_back(
        {.payee = std::string(payee), .receiver = std::string(receiver), .amount = {units}});
  }
  return rows;
}

absl::StatusOr<std::vector<PayoutRow>> ReadPayoutRows(const SettlementReader& reader,
                                                      const Digest& batch_id,
                                                      const BalanceLimits& limits,
                                                      const CancelToken* cancel) {
  TRIBUTARY_ASSIGN_OR_RETURN(const LoggedRecord logged, ReadBatch(reader, batch_id));
  const auto& batch = std::get<PayoutBatchRecord>(logged.record.body);
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<const SettlementReader> then,
                             reader.At({batch.tree_size}));
  TRIBUTARY_ASSIGN_OR_RETURN(const PartyRoutes routes, ReadRoutes(*then, cancel));
  const BalanceQuery query = {.parties = PartiesOf(batch), .currency = batch.currency};
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<Balance> balances,
                             ReadBalances(*then, routes, query, limits, cancel));
  std::vector<const PayoutLine*> lines;
  for (const PayoutLine& line : batch.lines) lines.push_back(&line);
  std::sort(lines.begin(), lines.end(),
            [](const PayoutLine* a, const PayoutLine* b) { return a->party < b->party; });
  std::vector<PayoutRow> rows;
  for (const PayoutLine* line : lines) {
    TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel));
    const Balance* const balance = FindBalance(balances, routes.AccountOf(line->party));
    if (balance == nullptr) {
      return absl::InternalError(StrCat("no balance was read for ", line->party));
    }
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<PayoutRow> divided,
                               DividePayout(*balance, line->party, line->amount));
    rows.insert(rows.end(), divided.begin(), divided.end());
  }
  return rows;
}

}  // namespace tributary
