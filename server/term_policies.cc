#include "server/term_policies.h"

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

absl::StatusOr<TermPolicies::List> Read(const LedgerView& view) {
  constexpr std::size_t kBatchCount = 32;  // of 400 kB at most each
  TermPolicies::List policies;
  for (std::uint64_t first = 0; policies.size() < TermPolicies::kPolicyCountMax;
       first += kBatchCount) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto positions, view.ListRecords(kType, first, kBatchCount));
    if (positions.empty()) break;
    TRIBUTARY_ASSIGN_OR_RETURN(const auto records, view.ReadRecords(positions));
    for (const StoredRecord& record : records) {
      const auto* policy = std::get_if<PolicyRecord>(&record.record.body);
      if (policy == nullptr || !MayPass(*policy)) continue;
      TRIBUTARY_ASSIGN_OR_RETURN(const auto superseded, view.SupersededBy(record));
      if (!superseded.has_value()) policies.push_back(*policy);
      if (policies.size() == TermPolicies::kPolicyCountMax) break;
    }
  }
  return policies;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const TermPolicies::List>> TermPolicies::Find(
    const std::string& ledger, const LedgerView& view) {
  // Of the snapshot, not of the view's tree size: policies only become more.
  const std::uint64_t policy_count = view.head().record_counts[kType.index];
  {
    const std::lock_guard lock(mutex_);
    const Entry& entry = entries_[ledger];
    if (entry.policies != nullptr && entry.policy_count >= policy_count) return entry.policies;
  }
  TRIBUTARY_ASSIGN_OR_RETURN(List read, Read(view));
  const auto policies = std::make_shared<const List>(std::move(read));
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[ledger];
  if (entry.policies == nullptr || entry.policy_count < policy_count) {
    entry = {policy_count, policies};
  }
  return policies;
}

}  // namespace tributary::server
