#include "server/term_policies.h"

#include <algorithm>
#include <utility>

#include "graph/model/money.h"
#include "graph/model/record_type.h"
#include "graph/model/status.h"

namespace tributary::server {
namespace {

constexpr RecordType kType = kRecordTypeOf<PolicyRecord>;

// Whether fees and all terms together pass the whole.
bool MayPass(const PolicyRecord& policy) {
  if (policy.absolute_terms.empty()) return false;
  std::uint64_t sum = 0;
  for (const Fee& fee : policy.fees) sum += fee.ppm;
  for (const AbsoluteTerm& term : policy.absolute_terms) sum += term.ppm;
  return sum > kPartsPerMillion;
}

}  // namespace

absl::Status TermPolicies::ReadNew(const LedgerView& view, std::uint64_t policy_count,
                                   Entry* entry) {
  constexpr std::size_t kBatchCount = 32;  // of 400 kB at most each
  List policies = entry->policies == nullptr ? List() : *entry->policies;
  while (entry->policy_count < policy_count) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto positions,
                               view.ListRecords(kType, entry->policy_count, kBatchCount));
    if (positions.empty()) break;
    TRIBUTARY_ASSIGN_OR_RETURN(const auto records, view.ReadRecords(positions));
    for (const StoredRecord& record : records) {
      const auto superseded = std::find_if(policies.begin(), policies.end(), [&](const auto& kept) {
        return record.record.supersedes == kept->id;
      });
      if (superseded != policies.end()) {
        // The place goes to the oldest that found none, wherever that stands. Read anew, nothing is
        // kept that this view knows to be superseded, so this happens once.
        if (entry->is_cut) {
          *entry = {};
          return ReadNew(view, policy_count, entry);
        }
        policies.erase(superseded);
      }
      ++entry->policy_count;
      const auto* policy = std::get_if<PolicyRecord>(&record.record.body);
      if (policy == nullptr || !MayPass(*policy)) continue;
      TRIBUTARY_ASSIGN_OR_RETURN(const auto superseded_by, view.SupersededBy(record));
      if (superseded_by.has_value()) continue;
      if (policies.size() == kPolicyCountMax) {
        entry->is_cut = true;
      } else {
        policies.push_back(std::make_shared<const Policy>(Policy{record.id, *policy}));
      }
    }
  }
  entry->policies = std::make_shared<const List>(std::move(policies));
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const TermPolicies::List>> TermPolicies::Find(
    const std::string& ledger, const LedgerView& view) {
  // Of the snapshot, not of the view's tree size: policies only become more.
  const std::uint64_t policy_count = view.head().record_counts[kType.index];
  Entry entry;
  {
    const std::lock_guard lock(mutex_);
    entry = entries_[ledger];
    if (entry.policies != nullptr && entry.policy_count >= policy_count) return entry.policies;
  }
  TRIBUTARY_RETURN_IF_ERROR(ReadNew(view, policy_count, &entry));
  const std::lock_guard lock(mutex_);
  Entry& known = entries_[ledger];
  if (known.policies == nullptr || known.policy_count < entry.policy_count) known = entry;
  return entry.policies;
}

}  // namespace tributary::server
