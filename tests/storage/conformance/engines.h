// The engines that the conformance suite runs against: each can be opened again on what it kept.

#pragma once

#include <memory>
#include <string>

#include "storage/memory/memory_store.h"
#include "storage/store.h"
#include "tests/support/temp_directory.h"

namespace tributary::test {

class MemoryEngine {
 public:
  MemoryEngine() { Reopen(); }
  Store& store() { return *store_; }
  // Closes the store and opens another one on the same medium. Snapshots must be gone.
  void Reopen();
  // The outcome of opening the medium a second time while it is open.
  absl::Status OpenAgain();

 private:
  std::shared_ptr<MemoryMedium> medium_ = NewMemoryMedium();
  std::unique_ptr<Store> store_;
};

class RocksDbEngine {
 public:
  RocksDbEngine() { Reopen(); }
  Store& store() { return *store_; }
  void Reopen();
  absl::Status OpenAgain();

 private:
  TempDirectory directory_;
  std::unique_ptr<Store> store_;
};

}  // namespace tributary::test
