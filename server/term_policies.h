// Policies in force that ask for more than a whole sale where all their terms meet: what a new
// derivation is checked against.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/model/record.h"
#include "storage/ledger_view.h"

namespace tributary::server {

// Read once for each number of policies that a ledger has. Any thread may call.
class TermPolicies {
 public:
  // Of these at most are kept for a ledger, the oldest: lineage that breaks others is refused at
  // the sale.
  static constexpr std::size_t kPolicyCountMax = 256;

  using List = std::vector<PolicyRecord>;
  // Cost: a look-up; reads all policies after one was recorded.
  absl::StatusOr<std::shared_ptr<const List>> Find(const std::string& ledger,
                                                   const LedgerView& view);

 private:
  struct Entry {
    std::uint64_t policy_count = 0;
    std::shared_ptr<const List> policies;
  };

  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace tributary::server
