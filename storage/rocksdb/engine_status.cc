#include "storage/rocksdb/engine_status.h"

#include <string>

#include "absl/strings/match.h"
#include "graph/model/text.h"

namespace tributary::rocksdb_engine {
namespace {

// Stored bytes are wrong, do not fit together, or are gone; a file that the database names and that
// is not there is no passing trouble.
bool IsStoredWrong(const rocksdb::Status& status) {
  return status.IsCorruption() || status.IsInvalidArgument() || status.IsNotFound() ||
         status.IsPathNotFound();
}

// RocksDB has no code of its own for a held lock; these are the texts of its two cases.
bool IsLockHeld(const rocksdb::Status& status) {
  if (!status.IsIOError()) return false;
  const std::string text = status.ToString();
  return absl::StrContains(text, "While lock file") ||
         absl::StrContains(text, "lock hold by current process");
}

}  // namespace

absl::Status FromRocksDb(const rocksdb::Status& status, std::string_view what) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = StrCat(what, ": ", status.ToString());
  if (IsStoredWrong(status)) return absl::DataLossError(text);
  return absl::UnavailableError(text);
}

absl::Status FromOpen(const rocksdb::Status& status, std::string_view path) {
  if (IsLockHeld(status)) {
    return absl::FailedPreconditionError(StrCat(
        "store directory ", path, " is open in another process or store: ", status.ToString()));
  }
  return FromRocksDb(status, StrCat("open store directory ", path));
}

}  // namespace tributary::rocksdb_engine
