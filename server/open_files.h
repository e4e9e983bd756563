// How many files the process may have open, and how many it needs.
//
// gRPC 1.51 accepts no connection any more once files ran out, until the process is started again,
// and offers no bound on connections. So what the stores can take must leave room for them.

#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tributary::server {

struct OpenFiles {
  // RLIMIT_NOFILE of this process; 0: not known, and nothing is checked.
  std::uint64_t count_max = 0;
  // Kept for connections of clients.
  std::uint64_t connection_count = 0;
};

// Raises the soft limit to the hard one and gives it. Errors: kUnavailable.
absl::StatusOr<std::uint64_t> RaiseOpenFileLimit();

// Files that so many ledgers may need, with what is verified or backed up at a time.
std::uint64_t OpenFilesNeeded(const OpenFiles& files, std::size_t ledger_count);

// Errors: kResourceExhausted naming the limit of the system and what is needed.
absl::Status CheckOpenFiles(const OpenFiles& files, std::size_t ledger_count);

}  // namespace tributary::server
