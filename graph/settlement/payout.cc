#include "graph/settlement/payout.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "graph/model/status.h"
#include "graph/settlement/record_scan.h"

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

}  // namespace

absl::StatusOr<HeldAccounts> ReadHeldAccounts(const SettlementReader& reader,
                                              const PartyRoutes& routes,
                                              const CancelToken* cancel) {
  absl::flat_hash_set<Digest> released;
  TRIBUTARY_RETURN_IF_ERROR(ForEachRecord(
      reader, kRecordTypeOf<HoldReleaseRecord>, cancel, [&](const LoggedRecord& logged) {
        released.insert(std::get<HoldReleaseRecord>(logged.record.body).hold);
        return absl::OkStatus();
      }));
  HeldAccounts held;
  TRIBUTARY_RETURN_IF_ERROR(
      ForEachRecord(reader, kRecordTypeOf<HoldRecord>, cancel, [&](const LoggedRecord& logged) {
        const std::string& party = std::get<HoldRecord>(logged.record.body).party;
        if (!party.empty() && !released.contains(logged.id)) {
          held.try_emplace(std::string(routes.AccountOf(party)), logged.id);
        }
        return absl::OkStatus();
      }));
  return held;
}

absl::StatusOr<PayoutPlan> PlanPayout(std::span<const Balance> balances, MinorUnits min_amount,
                                      std::size_t line_count_max, const HeldAccounts& held) {
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
    if (const auto hold = held.find(balance.account); hold != held.end()) {
      plan.skipped.push_back({balance.account, balance.payable, hold->second});
      continue;
    }
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
  constexpr std::array<std::pair<RecordType, std::string_view>, 6> kTypes = {
      {{kRecordTypeOf<StatementRecord>, "statement"},
       {kRecordTypeOf<AdjustmentRecord>, "adjustment"},
       {kRecordTypeOf<PayoutBatchRecord>, "payout batch"},
       {kRecordTypeOf<MandateRecord>, "mandate"},
       {kRecordTypeOf<PartyMergeRecord>, "merge"},
       {kRecordTypeOf<HoldRecord>, "hold"}}};
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
  TRIBUTARY_ASSIGN_OR_RETURN(const HeldAccounts held, ReadHeldAccounts(*then, routes, cancel));
  for (std::size_t i = 0; i < batch.lines.size(); ++i) {
    const std::string& party = batch.lines[i].party;
    const std::string_view account = routes.AccountOf(party);
    if (account != party) {
      return Conflict(StrCat("lines[", i, "].party"),
                      StrCat(party, ", which was merged into another"), account);
    }
    if (const auto hold = held.find(party); hold != held.end()) {
      return Conflict(StrCat("lines[", i, "].party"),
                      StrCat(party, ", kept by hold ", hold->second.ToHex()),
                      "a party that no hold in force is on");
    }
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
  TRIBUTARY_ASSIGN_OR_RETURN(const auto of_batch, FindPayoutState(reader, state.batch, ""));
  std::optional<PayoutState> of_line;
  if (!state.party.empty()) {
    TRIBUTARY_ASSIGN_OR_RETURN(of_line, FindPayoutState(reader, state.batch, state.party));
  }
  return CheckPayoutState(std::get<PayoutBatchRecord>(batch.record.body), state, of_batch, of_line);
}

}  // namespace tributary
