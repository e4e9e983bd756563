#include "graph/settlement/merge_change.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "graph/model/status.h"
#include "graph/settlement/read_balance.h"
#include "graph/settlement/record_scan.h"

namespace tributary {
namespace {

// What a party is merged into, and from where on payouts may have been made for the two as one.
struct MergeInForce {
  std::string into;  // empty: into none
  // Where it was said first, without a break. From the begin of the log on, if another merge was
  // changed since: a party that left the account may have left behind what it was paid too much.
  LogPosition since;
};

absl::StatusOr<MergeInForce> ReadMerge(const SettlementReader& reader, std::string_view party,
                                       const CancelToken* cancel) {
  MergeInForce merge;
  TRIBUTARY_RETURN_IF_ERROR(ForEachRecord(
      reader, kRecordTypeOf<PartyMergeRecord>, cancel, [&](const LoggedRecord& logged) {
        const auto& record = std::get<PartyMergeRecord>(logged.record.body);
        if (record.party != party) {
          if (logged.record.supersedes.has_value()) merge.since = {0};
        } else if (record.into != merge.into) {
          merge = {.into = record.into, .since = logged.position};
        }
        return absl::OkStatus();
      }));
  return merge;
}

bool IsPaidSince(const Balance& balance, LogPosition since) {
  return std::any_of(balance.payouts.begin(), balance.payouts.end(),
                     [since](const AccountPayout& payout) {
                       return payout.position > since && IsTaken(payout.state);
                     });
}

}  // namespace

absl::Status CheckMergeChange(const SettlementReader& reader, const PartyRoutes& routes,
                              const PartyMergeRecord& record, const CancelToken* cancel) {
  TRIBUTARY_ASSIGN_OR_RETURN(const MergeInForce merge, ReadMerge(reader, record.party, cancel));
  if (merge.into.empty() || merge.into == record.into) return absl::OkStatus();
  const std::string account(routes.AccountOf(record.party));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<Balance> as_one,
                             ReadBalances(reader, routes, {.parties = {account}}, {}, cancel));
  if (std::none_of(as_one.begin(), as_one.end(),
                   [&](const Balance& balance) { return IsPaidSince(balance, merge.since); })) {
    return absl::OkStatus();  // each has what it would have without the merge
  }
  // Where it is led anew, it first stands alone: what it then has must not pay the other's debt.
  TRIBUTARY_ASSIGN_OR_RETURN(PartyRoutes parted, ReadRoutes(reader, cancel));
  TRIBUTARY_RETURN_IF_ERROR(parted.Apply(PartyMergeRecord{.party = record.party}));
  const BalanceQuery query = {.parties = {account, record.party}, .with_details = false};
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<Balance> apart,
                             ReadBalances(reader, parted, query, {}, cancel));
  for (const Balance& whole : as_one) {
    if (!IsPaidSince(whole, merge.since)) continue;
    MinorUnits payable;
    MinorUnits overpaid;
    for (const Balance& part : apart) {
      if (part.currency != whole.currency) continue;
      payable.value += part.payable.value;
      overpaid.value += part.overpaid.value;
    }
    if (payable <= whole.payable && overpaid <= whole.overpaid) continue;
    return FieldError(
        absl::StatusCode::kFailedPrecondition, "into",
        StrCat(record.party, " apart from ", account, ", with ", ToDecimal(payable.value), " ",
               whole.currency, " payable to the two and ", ToDecimal(overpaid.value),
               " paid out above what was theirs"),
        StrCat("at most ", ToDecimal(whole.payable.value), " and ", ToDecimal(whole.overpaid.value),
               ", as they have together: payouts after log position ", merge.since.value,
               " paid the one what the other has"));
  }
  return absl::OkStatus();
}

}  // namespace tributary
