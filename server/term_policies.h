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

// Each policy of a ledger is read once. Any thread may call.
class TermPolicies {
 public:
  // Of these at most are kept for a ledger, the oldest in force: lineage that breaks others is
  // refused at the sale.
  static constexpr std::size_t kPolicyCountMax = 256;

  struct Policy {
    Digest id;
    PolicyRecord record;
  };
  using List = std::vector<std::shared_ptr<const Policy>>;  // in the order of the log
  // Cost: a look-up; reads the policies that were recorded since the last call. Where more are in
  // force than are kept, a change of those kept reads all of them again.
  absl::StatusOr<std::shared_ptr<const List>> Find(const std::string& ledger,
                                                   const LedgerView& view);

 private:
  struct Entry {
    std::uint64_t policy_count = 0;  // read, of any kind
    std::shared_ptr<const List> policies;
    bool is_cut = false;  // others are in force
  };

  // Brings an entry to the policies of the view, the first `policy_count` of them.
  static absl::Status ReadNew(const LedgerView& view, std::uint64_t policy_count, Entry* entry);

  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace tributary::server
