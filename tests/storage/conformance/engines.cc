#include "tests/storage/conformance/engines.h"

#include "storage/rocksdb/rocksdb_store.h"
#include "tests/support/catch.h"

namespace tributary::test {
namespace {

RocksDbOptions SmallOptions(const TempDirectory& directory) {
  RocksDbOptions options;
  options.path = directory.path() + "/store";
  options.create_if_missing = true;
  options.write_buffer_size = 64u << 10;  // small, so that reads meet files and not only memory
  options.table_file_size = 32u << 10;
  return options;
}

}  // namespace

void MemoryEngine::Reopen() {
  store_.reset();
  auto opened = OpenMemoryStore(medium_);
  REQUIRE_OK(opened);
  store_ = *std::move(opened);
}

absl::Status MemoryEngine::OpenAgain() { return OpenMemoryStore(medium_).status(); }

void RocksDbEngine::Reopen() {
  store_.reset();
  auto opened = OpenRocksDbStore(SmallOptions(directory_));
  REQUIRE_OK(opened);
  store_ = *std::move(opened);
}

absl::Status RocksDbEngine::OpenAgain() {
  return OpenRocksDbStore(SmallOptions(directory_)).status();
}

}  // namespace tributary::test
