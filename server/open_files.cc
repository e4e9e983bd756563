#include "server/open_files.h"

#include <sys/resource.h>

#include <cerrno>
#include <cstring>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace tributary::server {
namespace {

// The listener, gRPC's polling, the logs, the lock: what a server without ledgers has open, twice.
constexpr std::uint64_t kOwnFileCount = 64;
// Beside table files: write-ahead log, manifest, info log, lock, directories, the anchor.
constexpr std::uint64_t kFileCountBesideTables = 16;
constexpr std::uint64_t kStoreFileCount = kRocksDbOpenFileCountMax + kFileCountBesideTables;
// One backup or verification at a time: the copy that is read, and the store it is compared with.
constexpr std::uint64_t kMaintenanceStoreCount = 2;

}  // namespace

absl::StatusOr<std::uint64_t> RaiseOpenFileLimit() {
  rlimit limit{};
  bool done = ::getrlimit(RLIMIT_NOFILE, &limit) == 0;
  if (done && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    done = ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
  }
  if (!done) return absl::UnavailableError(StrCat("RLIMIT_NOFILE: ", std::strerror(errno)));
  return std::uint64_t{limit.rlim_cur};
}

std::uint64_t OpenFilesNeeded(const OpenFiles& files, std::size_t ledger_count) {
  return kOwnFileCount + files.connection_count +
         (ledger_count + kMaintenanceStoreCount) * kStoreFileCount;
}

absl::Status CheckOpenFiles(const OpenFiles& files, std::size_t ledger_count) {
  if (files.count_max == 0) return absl::OkStatus();
  const std::uint64_t needed = OpenFilesNeeded(files, ledger_count);
  if (files.count_max >= needed) return absl::OkStatus();
  return FieldError(absl::StatusCode::kResourceExhausted, "open files",
                    StrCat("RLIMIT_NOFILE = ", files.count_max),
                    StrCat("at least ", needed, ": for ", ledger_count, " ledgers, two stores in ",
                           "maintenance and connection_file_count = ", files.connection_count,
                           "; raise the hard limit (ulimit -Hn, LimitNOFILE=)"));
}

}  // namespace tributary::server
