// A manifest whose last edits a power cut has torn.
//
// RocksDB appends edits to its manifest and syncs them. Of an edit that was not synced, a power cut
// may leave some sectors and not others; RocksDB 7.8 reads that as damage and refuses to open. The
// edit may be dropped: what it moved to table files is still in the write-ahead log, which is only
// deleted once the edit is durable. Where it is not, since the edit was durable and damaged later,
// the commit marks tell (commit_marks.h).

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/file_system.h"

namespace tributary::rocksdb_engine {

// Where the last records of a manifest begin, the last one first, at most kTornRecordCountMax:
// sizes to which it may be cut to end before a torn edit. Reads the framing alone; whether a size
// serves is for trying.
inline constexpr std::size_t kTornRecordCountMax = 16;  // above the edits of one sync
std::vector<std::uint64_t> LastRecordStarts(std::string_view manifest);

// Whether the checksum of any record does not fit. Where all fit, nothing was torn: what keeps the
// database from opening is another file.
bool HasDamagedRecord(std::string_view manifest);

// Says whether the database is complete, seen through a file system that shows the manifest cut
// short; an error: it can not be opened so. Writes nothing.
using TryOpen =
    std::function<absl::StatusOr<bool>(const std::shared_ptr<rocksdb::FileSystem>& view)>;

// Cuts the live manifest of the database in `path` before its first torn edit, durably, if
// `try_open` finds the database complete with that. Nothing is changed otherwise.
// Errors: kDataLoss (it is not complete, or no cut opens it), kUnavailable, kNotFound.
absl::Status CutTornManifest(const std::shared_ptr<rocksdb::FileSystem>& files,
                             const std::string& path, const TryOpen& try_open);

}  // namespace tributary::rocksdb_engine
