// Ledgers for tests, on either engine.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/ledger.h"
#include "storage/memory/memory_store.h"
#include "tests/support/temp_directory.h"
#include "tests/support/test_facts.h"

namespace tributary::test {

enum class Engine { kMemory, kRocksDb };

// A ledger in a directory of its own, which goes away with it. The clock stands still unless moved.
class TestLedger {
 public:
  explicit TestLedger(Engine engine = Engine::kMemory, LedgerOptions options = {});

  Ledger& operator*() { return *ledger_; }
  Ledger* operator->() { return ledger_.get(); }

  // Closes and opens it again; the memory engine keeps its store.
  absl::Status Reopen();
  // Forgets the ledger; the files stay until this object goes.
  void Close() { ledger_.reset(); }
  std::string store_path() const { return directory_.path() + "/store"; }
  std::string anchor_path() const { return directory_.path() + "/anchor"; }
  void set_time(TimeMs time) { *time_ = time; }

 private:
  absl::StatusOr<std::unique_ptr<Store>> OpenStore();
  absl::Status Open(bool create);

  Engine engine_;
  TempDirectory directory_;
  LedgerOptions options_;
  std::shared_ptr<TimeMs> time_ = std::make_shared<TimeMs>(TimeMs{1'700'000'000'000});
  std::shared_ptr<MemoryMedium> medium_;
  std::unique_ptr<Ledger> ledger_;
};

}  // namespace tributary::test
