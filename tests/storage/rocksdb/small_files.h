// A RocksDB whose files are so small that a short run flushes and compacts.

#pragma once

#include <string>

#include "storage/rocksdb/rocksdb_store.h"

namespace tributary::test {

inline RocksDbOptions SmallFiles(const std::string& path) {
  RocksDbOptions options;
  options.path = path;
  options.create_if_missing = true;
  options.write_buffer_size = 16u << 10;
  options.table_file_size = 16u << 10;
  return options;
}

}  // namespace tributary::test
