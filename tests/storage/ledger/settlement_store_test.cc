// Records of sales and statements under verification, rebuilding, tampering and older formats.

#include <functional>

#include "storage/memory/memory_store.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "tests/storage/ledger/market.h"

namespace tributary {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace): the market, and facts

TEST_CASE("settlement: verification and rebuilding know these records", "[ledger][settlement]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  RecordMarket(ledger);
  for (std::size_t i = 0; i < kPositionBlockSize + 1; ++i) {
    MustRecord(ledger, FactOf(Sale("order " + std::to_string(i))));
  }
  const auto lines = SomeLines(kLineChunkSize + 1);
  const auto statement = RecordLines(ledger, StatementOver(0, 5, lines), lines);
  REQUIRE_OK(statement);
  const auto verify = [&] {
    const auto scratch = NewMemoryStore();
    const auto result = ledger->Verify(scratch.get(), {}, nullptr);
    REQUIRE_OK(result);
    for (const VerifyProblem& problem : result->problems) UNSCOPED_INFO(problem.what);
    return result->problem_count;
  };
  CHECK(verify() == 0);
  const auto listed = MustView(ledger)->ListRecords(kRecordTypeOf<SaleRecord>, 0, 1000);
  REQUIRE_OK(ledger->RebuildIndexes({}));
  CHECK(verify() == 0);
  CHECK(*MustView(ledger)->ListRecords(kRecordTypeOf<SaleRecord>, 0, 1000) == *listed);
  CHECK(MustFind(*MustView(ledger), Sale("order 128")).has_value());
  CHECK(*MustView(ledger)->ReadLines(statement->position, 0, 1000) == lines);
}

// Changes rows of a closed ledger behind its back, with valid seals.
void Tamper(const TestLedger& ledger,
            const std::function<void(const Snapshot&, WriteBatch*)>& work) {
  RocksDbOptions options;
  options.path = ledger.store_path();
  auto store = OpenRocksDbStore(options);
  REQUIRE_OK(store);
  const auto snapshot = (*store)->TakeSnapshot();
  REQUIRE_OK(snapshot);
  WriteBatch batch;
  work(**snapshot, &batch);
  REQUIRE_OK((*store)->Commit(batch));
}

void PutSealed(const OwnedKey& key, std::string payload, WriteBatch* batch) {
  batch->Put(key.family, key.row, key.column, Seal(key.view(), std::move(payload)));
}

TEST_CASE("settlement: verification finds a line that was changed behind its seal",
          "[ledger][settlement]") {
  TestLedger ledger(Engine::kRocksDb);
  RecordMarket(ledger);
  auto lines = SomeLines(3);
  REQUIRE_OK(RecordLines(ledger, StatementOver(0, 5, lines), lines));
  ledger.Close();
  lines[1] = "line of another";
  Tamper(ledger, [&](const Snapshot&, WriteBatch* batch) {
    PutSealed(keys::LineChunk(StageId{1}, 0), EncodeLineChunk(lines), batch);
  });
  REQUIRE_OK(ledger.Reopen());
  const auto scratch = NewMemoryStore();
  const auto result = ledger->Verify(scratch.get(), {}, nullptr);
  REQUIRE_OK(result);
  REQUIRE(result->problem_count == 1);
  CHECK(result->problems[0].where == "log position 5");
  CHECK(result->problems[0].what.find("its lines give root") != std::string::npos);
}

TEST_CASE("settlement: a list that lost a record is damage, not a shorter list",
          "[ledger][settlement]") {
  TestLedger ledger(Engine::kRocksDb);
  RecordMarket(ledger);
  MustRecord(ledger, FactOf(Sale("order 1")));
  MustRecord(ledger, FactOf(Sale("order 2")));
  ledger.Close();
  Tamper(ledger, [&](const Snapshot&, WriteBatch* batch) {
    PutSealed(keys::RecordList(kRecordTypeOf<SaleRecord>), EncodePositionList({1, {5}}), batch);
  });
  REQUIRE_OK(ledger.Reopen());
  CHECK_STATUS(MustView(ledger)->ListRecords(kRecordTypeOf<SaleRecord>, 0, 10),
               absl::StatusCode::kDataLoss);
}

TEST_CASE("settlement: a stage that was not finished leaves nothing", "[ledger][settlement]") {
  TestLedger ledger(Engine::kRocksDb);
  RecordMarket(ledger);
  const auto lines = SomeLines(70'000);  // beyond one commit of chunks
  const auto count_rows = [&] {
    std::size_t count = 0;
    ledger.Close();
    Tamper(ledger, [&](const Snapshot& snapshot, WriteBatch* batch) {
      const auto rows = snapshot.ListRows(Family::kUpstream, "", 1000);
      REQUIRE_OK(rows);
      count = rows->size();
      PutSealed(keys::StageCounter(), EncodePosition(100), batch);
    });
    REQUIRE_OK(ledger.Reopen());
    return count;
  };
  {
    auto stage = ledger->BeginLines();
    REQUIRE_OK(stage);
    REQUIRE_OK((*stage)->Add(lines));
  }
  CHECK(count_rows() == 0);
}

TEST_CASE("settlement: a store of version 1 is brought to this version when it is opened",
          "[ledger][settlement]") {
  TestLedger ledger(Engine::kRocksDb);
  MustRecord(ledger, AssetFact("out", AssetKind::kOutput));
  MustRecord(ledger, DerivationFact("out", {}, 1));
  const HeadRow head = ledger->head();
  ledger.Close();
  Tamper(ledger, [&](const Snapshot&, WriteBatch* batch) {
    PutSealed(keys::Format(), EncodePosition(1), batch);
    PutSealed(keys::Head(), EncodeHeadV1(head), batch);
  });
  REQUIRE_OK(ledger.Reopen());
  CHECK(ledger->head() == head);
  MustRecord(ledger, FactOf(Euro()));
  MustRecord(ledger, FactOf(Sale("order 1")));
  REQUIRE_OK(ledger.Reopen());
  CHECK(MustFind(*MustView(ledger), Sale("order 1")).has_value());
  const auto scratch = NewMemoryStore();
  CHECK(ledger->Verify(scratch.get(), {}, nullptr)->problem_count == 0);
}

}  // namespace
}  // namespace tributary
