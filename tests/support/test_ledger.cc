#include "tests/support/test_ledger.h"

#include "storage/memory/memory_store.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "tests/support/catch.h"

namespace tributary::test {
namespace {

Record MakeRecord(RecordBody body) {
  Record record;
  record.ledger = std::string(kLedgerName);
  record.body = std::move(body);
  return record;
}

}  // namespace

TestLedger::TestLedger(Engine engine, LedgerOptions options)
    : engine_(engine), options_(std::move(options)), medium_(NewMemoryMedium()) {
  if (!options_.now) options_.now = [time = time_] { return *time; };
  REQUIRE_OK(Open(/*create=*/true));
}

absl::StatusOr<std::unique_ptr<Store>> TestLedger::OpenStore() {
  if (engine_ == Engine::kMemory) return OpenMemoryStore(medium_);
  RocksDbOptions options;
  options.path = store_path();
  options.create_if_missing = true;
  return OpenRocksDbStore(options);
}

absl::Status TestLedger::Open(bool create) {
  auto store = OpenStore();
  if (!store.ok()) return store.status();
  const Digest name = Sha256(kLedgerName);
  auto anchor = create ? Anchor::Create(PosixFileIo(), anchor_path(), name, 1)
                       : Anchor::Open(PosixFileIo(), anchor_path(), name);
  if (!anchor.ok()) return anchor.status();
  auto ledger = create ? Ledger::Create(*std::move(store), *std::move(anchor),
                                        MakeRecord(LedgerRecord{}), std::nullopt, options_)
                       : Ledger::Open(*std::move(store), *std::move(anchor), options_);
  if (!ledger.ok()) return ledger.status();
  ledger_ = *std::move(ledger);
  return absl::OkStatus();
}

absl::Status TestLedger::Reopen() {
  ledger_.reset();
  return Open(/*create=*/false);
}

}  // namespace tributary::test
