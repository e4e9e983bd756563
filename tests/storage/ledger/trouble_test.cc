// A ledger whose disk fails.

#include <atomic>

#include "storage/rocksdb/rocksdb_store.h"
#include "tests/support/catch.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/test_ledger.h"

namespace tributary {
namespace {

using test::AssetFact;

// A ledger on a disk that fails on demand; counts what it tells of failures.
class FaultyLedger {
 public:
  FaultyLedger() {
    RocksDbOptions options;
    options.path = directory_.path() + "/store";
    options.create_if_missing = true;
    options.file_system = test::NewFaultFileSystem(disk_);
    auto store = OpenRocksDbStore(options);
    REQUIRE_OK(store);
    auto anchor =
        Anchor::Create(PosixFileIo(), directory_.path() + "/anchor", Sha256(test::kLedgerName), 1);
    REQUIRE_OK(anchor);
    Record first;
    first.ledger = std::string(test::kLedgerName);
    first.body = LedgerRecord{};
    LedgerOptions ledger_options;
    ledger_options.on_failure = [this](const absl::Status& status) {
      ++failure_count_;
      failed_unavailable_ = status.code() == absl::StatusCode::kUnavailable;
    };
    auto ledger = Ledger::Create(*std::move(store), *std::move(anchor), first, std::nullopt,
                                 std::move(ledger_options));
    REQUIRE_OK(ledger);
    ledger_ = *std::move(ledger);
  }

  Ledger* operator->() { return ledger_.get(); }
  test::FaultDisk& disk() { return disk_; }
  int failure_count() const { return failure_count_; }
  bool failed_unavailable() const { return failed_unavailable_; }
  void Close() { ledger_.reset(); }

 private:
  test::TempDirectory directory_;
  test::FaultDisk disk_;
  std::atomic<int> failure_count_ = 0;
  std::atomic<bool> failed_unavailable_ = false;
  std::unique_ptr<Ledger> ledger_;
};

TEST_CASE("ledger: a failure of the store is told at once, though nobody writes", "[ledger]") {
  FaultyLedger ledger;
  REQUIRE_OK(ledger->RecordFact(AssetFact("w1")));
  // Compacting flushes in RocksDB's own threads; no commit is under way.
  ledger.disk().Arm({.at = 0, .kind = test::FaultKind::kIoError, .is_sticky = true});
  CHECK_FALSE(ledger->Compact().ok());
  CHECK(ledger.failure_count() == 1);
  CHECK(ledger.failed_unavailable());
  CHECK_STATUS(ledger->status(), absl::StatusCode::kUnavailable);
  ledger.disk().Disarm();
  // Once for all, however often it is tried and though the disk is well again.
  CHECK_STATUS(ledger->RecordFact(AssetFact("w2")), absl::StatusCode::kUnavailable);
  CHECK_FALSE(ledger->Compact().ok());
  CHECK(ledger.failure_count() == 1);
  // What was recorded can be read.
  CHECK(ledger->head().tree_size.value == 2);
  ledger.Close();
  CHECK(ledger.failure_count() == 1);
}

TEST_CASE("ledger: a failing commit is told once", "[ledger]") {
  FaultyLedger ledger;
  ledger.disk().Arm({.at = 0, .kind = test::FaultKind::kIoError, .is_sticky = true});
  CHECK_STATUS(ledger->RecordFact(AssetFact("w1")), absl::StatusCode::kUnavailable);
  CHECK_STATUS(ledger->RecordFact(AssetFact("w2")), absl::StatusCode::kUnavailable);
  CHECK(ledger.failure_count() == 1);
  ledger.disk().Disarm();
}

}  // namespace
}  // namespace tributary
