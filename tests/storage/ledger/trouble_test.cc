// A ledger whose disk fails, whose anchor was damaged, or which may not write just now.

#include <atomic>
#include <fstream>

#include "storage/rocksdb/rocksdb_store.h"
#include "tests/support/catch.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/test_ledger.h"

namespace tributary {
namespace {

using test::AssetFact;
using test::Engine;
using test::TestLedger;

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

TEST_CASE("ledger: says what was wrong with its anchor", "[ledger]") {
  TestLedger ledger(Engine::kRocksDb);
  REQUIRE_OK(ledger->RecordFact(AssetFact("w1")));
  CHECK(ledger->Warnings().empty());
  REQUIRE_OK(ledger.Reopen());
  CHECK(ledger->Warnings().empty());
  ledger.Close();
  // One copy of the slot that the head is not in, whichever that is: one of the two warns of more.
  int doubt_count = 0;
  for (const std::size_t slot : {std::size_t{0}, std::size_t{1}}) {
    std::string bytes;
    {
      std::ifstream file(ledger.anchor_path(), std::ios::binary);
      bytes.assign(std::istreambuf_iterator<char>(file), {});
    }
    REQUIRE(bytes.size() == kAnchorFileSize);
    std::string damaged = bytes;
    damaged[slot * kAnchorSlotSize + 20] ^= 1;
    std::ofstream(ledger.anchor_path(), std::ios::binary) << damaged;
    REQUIRE_OK(ledger.Reopen());
    const std::vector<std::string> warnings = ledger->Warnings();
    REQUIRE(warnings.size() == 1);
    CHECK(warnings[0].starts_with("anchor: "));
    CHECK(warnings[0].find("1 of 4 copies") != std::string::npos);
    if (warnings[0].find("last batch") != std::string::npos) ++doubt_count;
    ledger.Close();
    std::ofstream(ledger.anchor_path(), std::ios::binary) << bytes;
  }
  CHECK(doubt_count == 1);
}

TEST_CASE("ledger: writes that are not admitted are refused, and reads go on", "[ledger]") {
  std::atomic<bool> is_full = false;
  LedgerOptions options;
  options.admit_write = [&is_full] {
    return is_full ? absl::ResourceExhaustedError("the disk is nearly full") : absl::OkStatus();
  };
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb), options);
  REQUIRE_OK(ledger->RecordFact(AssetFact("w1")));
  REQUIRE_OK(ledger->RecordFact(AssetFact("g")));
  Record derivation;
  derivation.ledger = std::string(test::kLedgerName);
  DerivationRecord body;
  body.generated = test::AssetId("g");
  body.retained = 1;
  derivation.body = body;
  constexpr auto kFull = absl::StatusCode::kResourceExhausted;
  {
    auto begun = ledger->BeginDerivation(derivation, {});
    REQUIRE_OK(begun);
    const Edge edge{test::AssetId("w1"), Role::kTrainingData, 1, Basis::kDeclared};
    REQUIRE_OK((*begun)->Add({&edge, 1}));
    is_full = true;
    CHECK_STATUS((*begun)->Finish(), kFull);
  }
  CHECK_STATUS(ledger->RecordFact(AssetFact("w2")), kFull);
  CHECK_STATUS(ledger->BeginDerivation(derivation, {}), kFull);
  CHECK_STATUS(ledger->BeginLines(), kFull);
  CHECK_STATUS(ledger->RebuildIndexes([](std::string_view, std::uint64_t, std::uint64_t) {}),
               kFull);
  REQUIRE_OK(ledger->status());
  REQUIRE(ledger->Warnings().size() == 1);
  CHECK(ledger->Warnings()[0].find("nearly full") != std::string::npos);
  REQUIRE_OK(ledger->ViewAt(std::nullopt));

  is_full = false;
  CHECK(ledger->Warnings().empty());
  REQUIRE_OK(ledger->RecordFact(AssetFact("w2")));
  REQUIRE_OK(ledger->RebuildIndexes([](std::string_view, std::uint64_t, std::uint64_t) {}));
}

}  // namespace
}  // namespace tributary
