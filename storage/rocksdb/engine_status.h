// RocksDB's outcomes in the words of the storage port.

#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "rocksdb/status.h"

namespace tributary::rocksdb_engine {

// Of a read or a check: kDataLoss where stored bytes are wrong or gone, else kUnavailable.
absl::Status FromRocksDb(const rocksdb::Status& status, std::string_view what);

// Of opening the directory `path`: also kFailedPrecondition where another store holds its lock.
absl::Status FromOpen(const rocksdb::Status& status, std::string_view path);

}  // namespace tributary::rocksdb_engine
