// RocksDB's settings for a ledger, each with its reason.

#pragma once

#include "rocksdb/options.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace tributary::rocksdb_engine {

// Bytes that guard each key and value in memory against bit flips, from batch to file.
inline constexpr std::size_t kProtectionSize = 8;

rocksdb::DBOptions MakeDbOptions(const RocksDbOptions& options, rocksdb::Env* env);
rocksdb::ColumnFamilyOptions MakeFamilyOptions(const RocksDbOptions& options);
rocksdb::ReadOptions MakeReadOptions(const rocksdb::Snapshot* snapshot);
rocksdb::WriteOptions MakeWriteOptions(const RocksDbOptions& options);

}  // namespace tributary::rocksdb_engine
