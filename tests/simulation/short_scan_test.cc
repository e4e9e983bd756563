// No share, proof or permission rests on a forward scan.
//
// RocksDB 7.8.3 over a damaged file can end a forward scan early and answer OK. The engine here
// does so on every scan: all that money and proofs rest on must be answered as before, consents
// must be refused, and a reader that does trust scans must be seen to answer wrongly.

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "storage/memory/memory_store.h"
#include "tests/simulation/answers.h"
#include "tests/simulation/workload.h"
#include "tests/support/catch.h"
#include "tests/support/temp_directory.h"
#include "tests/support/test_facts.h"

namespace tributary::test {
namespace {

// Half of what there is, and OK.
template <typename T>
void Shorten(std::vector<T>* found) {
  found->resize(found->size() / 2);
}

class ShortScanSnapshot final : public Snapshot {
 public:
  ShortScanSnapshot(std::unique_ptr<Snapshot> snapshot, const std::atomic<bool>* is_short)
      : snapshot_(std::move(snapshot)), is_short_(is_short) {}

  absl::StatusOr<std::optional<std::string>> Get(const CellKey& key) const override {
    return snapshot_->Get(key);
  }
  absl::Status MultiGet(std::span<const CellKey> keys,
                        std::vector<std::optional<std::string>>* values) const override {
    return snapshot_->MultiGet(keys, values);
  }
  absl::StatusOr<std::vector<Cell>> Scan(const ScanRange& range) const override {
    auto cells = snapshot_->Scan(range);
    if (cells.ok() && *is_short_) Shorten(&*cells);
    return cells;
  }
  absl::Status MultiScan(std::span<const ScanRange> ranges,
                         std::vector<std::vector<Cell>>* cells) const override {
    const absl::Status status = snapshot_->MultiScan(ranges, cells);
    if (!status.ok() || !*is_short_) return status;
    for (std::vector<Cell>& row : *cells) Shorten(&row);
    return status;
  }
  absl::StatusOr<std::vector<std::string>> ListRows(Family family, std::string_view start_after,
                                                    std::size_t row_count_max) const override {
    auto rows = snapshot_->ListRows(family, start_after, row_count_max);
    if (rows.ok() && *is_short_) Shorten(&*rows);
    return rows;
  }

 private:
  std::unique_ptr<Snapshot> snapshot_;
  const std::atomic<bool>* is_short_;
};

class ShortScanStore final : public Store {
 public:
  ShortScanStore(std::unique_ptr<Store> store, const std::atomic<bool>* is_short)
      : store_(std::move(store)), is_short_(is_short) {}

  absl::StatusOr<std::unique_ptr<Snapshot>> TakeSnapshot() override {
    auto snapshot = store_->TakeSnapshot();
    if (!snapshot.ok()) return snapshot.status();
    return std::make_unique<ShortScanSnapshot>(*std::move(snapshot), is_short_);
  }
  absl::Status Commit(const WriteBatch& batch) override { return store_->Commit(batch); }
  absl::Status CopyTo(const std::string& path) override { return store_->CopyTo(path); }
  absl::Status VerifyChecksums() override { return store_->VerifyChecksums(); }
  absl::Status Compact() override { return store_->Compact(); }
  std::vector<FamilySize> ApproximateSizes() override { return store_->ApproximateSizes(); }

 private:
  std::unique_ptr<Store> store_;
  const std::atomic<bool>* is_short_;
};

constexpr int kStepCount = 40;

// A ledger whose engine can be told to serve short scans from now on.
struct Fixture {
  std::atomic<bool> is_short = false;
  std::shared_ptr<MemoryMedium> medium = NewMemoryMedium();
  TempDirectory directory;
  // The first stage of all is that of step 20; its works are sold before the statement.
  Workload workload{{.staged_every = 20, .pool_size = kEdgeChunkSize + 100, .closed_every = 25}};
  std::unique_ptr<Ledger> ledger;

  Fixture() { Open(/*create=*/true); }

  void Open(bool create) {
    ledger.reset();
    auto memory = OpenMemoryStore(medium);
    REQUIRE_OK(memory);
    auto store = std::make_unique<ShortScanStore>(*std::move(memory), &is_short);
    const std::string path = directory.path() + "/anchor";
    auto anchor = create ? Anchor::Create(PosixFileIo(), path, Sha256(kLedgerName), 1)
                         : Anchor::Open(PosixFileIo(), path, Sha256(kLedgerName));
    REQUIRE_OK(anchor);
    Record record;
    record.ledger = std::string(kLedgerName);
    record.body = LedgerRecord{};
    auto opened =
        create ? Ledger::Create(std::move(store), *std::move(anchor), record, std::nullopt, {})
               : Ledger::Open(std::move(store), *std::move(anchor), {});
    REQUIRE_OK(opened);
    ledger = *std::move(opened);
  }

  void RecordEverything() {
    REQUIRE_OK(RecordFacts(*ledger, workload.Pool()));
    for (const WorkPart& part : PartsOf(workload, 0, kStepCount)) {
      REQUIRE_OK(RecordPart(*ledger, part));
    }
    REQUIRE_OK(ledger->RecordFact(PartyFact("another")));
    REQUIRE_OK(
        ledger->RecordFact(ConsentFact(workload.WorkName(4), "another", ConsentStatus::kObjected)));
  }

  Questions questions() const {
    Questions questions;
    for (const int step : {1, 4, 20, kStepCount - 1}) {
      questions.assets.push_back(workload.OutputName(step));
      questions.assets.push_back(workload.WorkName(step));
    }
    questions.assets.push_back(workload.ModelName(20));
    questions.assets.push_back("pool/7");
    questions.aliases.push_back(workload.AliasName(3));
    for (const int step : {1, 4, 20}) questions.sales.push_back(workload.SaleReference(step));
    questions.parties.push_back(workload.party());
    questions.statements = {1};
    const std::uint64_t size = ledger->head().tree_size.value;
    questions.tree_sizes = {size, size * 9 / 10};
    questions.finding_lists = false;  // these only offer candidates, and say so
    return questions;
  }
};

// What a reader without the ledger's checks would do: adds up the weights of a staged edge list as
// a scan of its row gives them.
std::uint64_t WeightSumByScan(Store& store, StageId stage) {
  const auto snapshot = store.TakeSnapshot();
  REQUIRE_OK(snapshot);
  const auto cells =
      (*snapshot)->Scan({Family::kUpstream, keys::EdgeChunkRow(stage), "", /*count_max=*/100});
  REQUIRE_OK(cells);
  EdgeList list;
  for (const Cell& cell : *cells) {
    const auto payload =
        Unseal({Family::kUpstream, keys::EdgeChunkRow(stage), cell.column}, cell.value);
    REQUIRE_OK(payload);
    REQUIRE(DecodeEdgeChunk(*payload, &list).has_value());
  }
  REQUIRE(list.count() > 0);
  return list.cumulative_weights.back();
}

std::uint64_t WeightSumByLedger(const Ledger& ledger, const std::string& generated) {
  const auto view = ledger.ViewAt(std::nullopt);
  REQUIRE_OK(view);
  const auto number = (*view)->RequireAsset(AssetId(generated), "generated");
  REQUIRE_OK(number);
  std::vector<DerivationView> derivations;
  REQUIRE_OK((*view)->ReadDerivations(std::span(&*number, 1), 1'000'000, &derivations));
  return derivations.front().edges->cumulative_weights.back();
}

}  // namespace

TEST_CASE("short scans: shares, edges, consumers, proofs and records are answered as before",
          "[durability]") {
  Fixture fixture;
  fixture.RecordEverything();
  Questions questions = fixture.questions();
  const Answers right = Ask(*fixture.ledger, questions);
  for (const auto& [question, answer] : right) {
    CAPTURE(question);
    REQUIRE_OK(answer);
  }
  fixture.is_short = true;
  const bool reopen = GENERATE(false, true);  // with empty caches, too
  if (reopen) fixture.Open(/*create=*/false);
  const Comparison comparison = Compare(right, Ask(*fixture.ledger, questions));
  for (const std::string& question : comparison.wrong) UNSCOPED_INFO("wrong: " << question);
  CHECK(comparison.wrong.empty());
  // Consents are listed by a scan, whose length is checked against a count.
  CHECK_FALSE(comparison.refused.empty());
  for (const std::string& question : comparison.refused) {
    CAPTURE(question);
    CHECK(question.find("consents on ") == 0);
    CHECK(question.find("consents found") != std::string::npos);
  }
}

TEST_CASE("short scans: a reader that trusts them pays the wrong people", "[durability][planted]") {
  Fixture fixture;
  fixture.RecordEverything();
  const std::uint64_t weight_sum =
      WeightSumByLedger(*fixture.ledger, fixture.workload.ModelName(20));
  fixture.ledger.reset();

  auto memory = OpenMemoryStore(fixture.medium);
  REQUIRE_OK(memory);
  ShortScanStore store(*std::move(memory), &fixture.is_short);
  const StageId first_stage{1};
  CHECK(WeightSumByScan(store, first_stage) == weight_sum);
  fixture.is_short = true;
  CHECK(WeightSumByScan(store, first_stage) < weight_sum);  // and nothing said that it is short
}

}  // namespace tributary::test
