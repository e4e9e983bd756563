// A group is applied while the one before is written (docs/decisions/0023): nobody may notice.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "storage/memory/memory_store.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"
#include "tests/support/temp_directory.h"
#include "tests/support/test_facts.h"
#include "tests/support/test_ledger.h"

namespace tributary {
namespace {

using namespace std::chrono_literals;

using Results = std::vector<absl::StatusOr<Receipt>>;

// What the commits of a store wait for, and what was seen meanwhile.
class Gate {
 public:
  void Close() {
    std::lock_guard lock(mutex_);
    open_ = false;
  }
  void Open(absl::Status outcome = absl::OkStatus()) {
    std::lock_guard lock(mutex_);
    open_ = true;
    outcome_ = std::move(outcome);
    changed_.notify_all();
  }
  // Waits until a commit stands at the closed gate.
  void AwaitCommit() {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, 10s, [this] { return waiting_; }));
  }
  // Waits until somebody has read the store while a commit stood here.
  void AwaitSnapshot() {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, 10s, [this] { return overlap_count_ > 0; }));
  }
  int overlap_count() const {
    std::lock_guard lock(mutex_);
    return overlap_count_;
  }

  absl::Status Pass() {
    std::unique_lock lock(mutex_);
    waiting_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    waiting_ = false;
    return outcome_;
  }
  void SeeSnapshot() {
    std::lock_guard lock(mutex_);
    if (!waiting_) return;
    ++overlap_count_;
    changed_.notify_all();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
  bool waiting_ = false;
  int overlap_count_ = 0;
  absl::Status outcome_;
};

class GatedStore final : public Store {
 public:
  GatedStore(std::unique_ptr<Store> store, Gate* gate) : store_(std::move(store)), gate_(gate) {}

  absl::StatusOr<std::unique_ptr<Snapshot>> TakeSnapshot() override {
    auto snapshot = store_->TakeSnapshot();
    gate_->SeeSnapshot();
    return snapshot;
  }
  absl::Status Commit(const WriteBatch& batch) override {
    if (absl::Status status = gate_->Pass(); !status.ok()) return status;
    return store_->Commit(batch);
  }
  absl::Status CopyTo(const std::string& path) override { return store_->CopyTo(path); }
  absl::Status VerifyChecksums() override { return store_->VerifyChecksums(); }
  absl::Status Compact() override { return store_->Compact(); }
  std::vector<FamilySize> ApproximateSizes() override { return store_->ApproximateSizes(); }

 private:
  std::unique_ptr<Store> store_;
  Gate* gate_;
};

// A ledger over memory whose commits wait at a gate, and which applies every group ahead.
class GatedLedger {
 public:
  GatedLedger() {
    LedgerOptions options;
    options.now = [] { return TimeMs{1'700'000'000'000}; };
    options.overlap_fact_count_min = 1;
    options.on_failure = [this](const absl::Status&) { ++failure_count_; };
    Record first;
    first.ledger = std::string(test::kLedgerName);
    first.body = LedgerRecord{};
    auto anchor =
        Anchor::Create(PosixFileIo(), directory_.path() + "/anchor", Sha256(test::kLedgerName), 1);
    REQUIRE_OK(anchor);
    auto ledger = Ledger::Create(std::make_unique<GatedStore>(NewMemoryStore(), &gate_),
                                 *std::move(anchor), first, std::nullopt, options);
    REQUIRE_OK(ledger);
    ledger_ = *std::move(ledger);
  }
  ~GatedLedger() { gate_.Open(); }

  Ledger* operator->() { return ledger_.get(); }
  Ledger* get() { return ledger_.get(); }
  Gate& gate() { return gate_; }
  int failure_count() const { return failure_count_; }
  void Close() { ledger_.reset(); }

 private:
  test::TempDirectory directory_;
  Gate gate_;
  std::atomic<int> failure_count_ = 0;
  std::unique_ptr<Ledger> ledger_;
};

// Answers of one call, which come later.
class Answers {
 public:
  void Send(Ledger& ledger, std::vector<Fact> facts) {
    std::vector<PreparedFact> prepared;
    for (Fact& fact : facts) prepared.push_back(PrepareFact(std::move(fact)).value());
    REQUIRE_OK(ledger.Submit(std::move(prepared), {}, [this](Results results) {
      std::lock_guard lock(mutex_);
      results_ = std::move(results);
      changed_.notify_all();
    }));
  }
  bool have_come() {
    std::lock_guard lock(mutex_);
    return results_.has_value();
  }
  Results Await() {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, 10s, [this] { return results_.has_value(); }));
    return *results_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Results> results_;
};

TEST_CASE("overlap: an answer waits for the group that it rests on", "[ledger][overlap]") {
  GatedLedger ledger;
  ledger.gate().Close();
  Answers first;
  first.Send(*ledger.get(), {test::AssetFact("a")});
  ledger.gate().AwaitCommit();
  // One that repeats, one that rests on what is in flight, one that is refused by it.
  Answers second;
  second.Send(*ledger.get(), {test::AssetFact("a"), test::AliasFact("the a", "a"),
                              test::AssetFact("a", AssetKind::kPrompt)});
  ledger.gate().AwaitSnapshot();
  std::this_thread::sleep_for(50ms);
  CHECK_FALSE(first.have_come());
  CHECK_FALSE(second.have_come());
  CHECK(ledger->head().tree_size == TreeSize{1});
  ledger.gate().Open();

  const Results recorded = first.Await();
  REQUIRE_OK(recorded[0]);
  CHECK(recorded[0]->position == LogPosition{1});
  const Results later = second.Await();
  REQUIRE_OK(later[0]);
  CHECK(later[0]->already_recorded);
  CHECK(later[0]->position == LogPosition{1});
  REQUIRE_OK(later[1]);
  CHECK(later[1]->position == LogPosition{2});
  CHECK_STATUS(later[2], absl::StatusCode::kAlreadyExists);
  CHECK(ledger->head().tree_size == TreeSize{3});
}

TEST_CASE("overlap: what was applied on a failed write is refused", "[ledger][overlap]") {
  GatedLedger ledger;
  ledger.gate().Close();
  Answers first, second, third;
  first.Send(*ledger.get(), {test::AssetFact("a")});
  ledger.gate().AwaitCommit();
  // The second alone would need no write: it only repeats.
  second.Send(*ledger.get(), {test::AssetFact("a")});
  ledger.gate().AwaitSnapshot();
  third.Send(*ledger.get(), {test::AssetFact("b")});
  ledger.gate().Open(absl::UnavailableError("the disk is gone"));
  for (Answers* answers : {&first, &second, &third}) {
    const Results refused = answers->Await();
    CHECK_STATUS(refused[0], absl::StatusCode::kUnavailable);
  }
  CHECK(ledger.failure_count() == 1);
  CHECK(ledger->head().tree_size == TreeSize{1});
  const auto later = ledger->RecordFact(test::AssetFact("c"));
  CHECK_STATUS(later, absl::StatusCode::kUnavailable);
}

TEST_CASE("overlap: maintenance waits for what is in flight", "[ledger][overlap]") {
  GatedLedger ledger;
  ledger.gate().Close();
  Answers first;
  first.Send(*ledger.get(), {test::AssetFact("a")});
  ledger.gate().AwaitCommit();
  std::atomic<bool> rebuilt = false;
  absl::Status outcome;
  std::thread maintenance([&] {
    outcome = ledger->RebuildIndexes({});
    rebuilt = true;
  });
  std::this_thread::sleep_for(50ms);
  CHECK_FALSE(rebuilt);
  ledger.gate().Open();
  maintenance.join();
  REQUIRE_OK(outcome);
  const Results recorded = first.Await();
  REQUIRE_OK(recorded[0]);
  REQUIRE_OK(ledger->RecordFact(test::AliasFact("the a", "a")));
}

TEST_CASE("overlap: closing finishes what is in flight and what waits", "[ledger][overlap]") {
  GatedLedger ledger;
  ledger.gate().Close();
  Answers first, second, third;
  first.Send(*ledger.get(), {test::AssetFact("a")});
  ledger.gate().AwaitCommit();
  second.Send(*ledger.get(), {test::AssetFact("b")});
  ledger.gate().AwaitSnapshot();
  third.Send(*ledger.get(), {test::AssetFact("c")});
  std::thread opener([&] {
    std::this_thread::sleep_for(50ms);
    ledger.gate().Open();
  });
  ledger.Close();
  opener.join();
  for (Answers* answers : {&first, &second, &third}) {
    const Results recorded = answers->Await();
    REQUIRE_OK(recorded[0]);
  }
}

// Random facts that repeat, supersede, refuse and rest on each other.
std::vector<Fact> RandomFacts(test::Rng& rng, std::size_t count) {
  const auto name = [&] { return "asset " + std::to_string(rng.Below(60)); };
  std::vector<Fact> facts;
  for (std::size_t i = 0; i < count; ++i) {
    switch (rng.Below(6)) {
      case 0:
      case 1:
        facts.push_back(
            test::AssetFact(name(), rng.OneIn(4) ? AssetKind::kWork : AssetKind::kModelCheckpoint));
        break;
      case 2:
        facts.push_back(test::AliasFact("alias " + std::to_string(rng.Below(40)), name()));
        break;
      case 3:
        facts.push_back(test::PartyFact("party-" + std::to_string(rng.Below(10))));
        break;
      case 4:
        facts.push_back(test::HoldersFact(name(), {{"party-" + std::to_string(rng.Below(10)), 1}}));
        break;
      default: {
        // Cycles and unknown inputs among them.
        const std::string generated = name();
        std::string input = name();
        if (input == generated) input += " again";
        facts.push_back(test::DerivationFact(generated, {{input, rng.Between(1, 9)}}, 1));
      }
    }
  }
  return facts;
}

// Property: a ledger that overlaps is the ledger that does one group after another.
// Method:   the same random facts go to both, to one in calls that wait for each other; answers,
// the
//           root and every index are compared.
TEST_CASE("overlap: the same answers and the same rows", "[ledger][overlap][property]") {
  test::Rng rng = test::SeededRng();
  const auto engine = GENERATE(test::Engine::kMemory, test::Engine::kRocksDb);
  int overlap_count = 0;
  for (int trial = 0; trial < 20; ++trial) {
    CAPTURE(rng.seed(), trial);
    LedgerOptions options;
    options.overlap_fact_count_min = 1'000'000;
    test::TestLedger apart(engine, options);
    // Groups of a few calls each, so that many follow one another.
    options.group_fact_count_max = 20;
    options.overlap_fact_count_min = 1;
    test::TestLedger beside(engine, options);
    std::vector<Answers> answers(40);
    std::vector<Results> wanted;
    std::vector<std::vector<Fact>> calls;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      calls.push_back(RandomFacts(rng, rng.Between(1, 20)));
    }
    for (std::size_t i = 0; i < calls.size(); ++i) answers[i].Send(*beside, calls[i]);
    for (const std::vector<Fact>& call : calls) {
      std::vector<PreparedFact> prepared;
      for (const Fact& fact : call) prepared.push_back(PrepareFact(fact).value());
      wanted.push_back(apart->RecordAll(std::move(prepared)));
    }
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const Results found = answers[i].Await();
      REQUIRE(found.size() == wanted[i].size());
      for (std::size_t k = 0; k < found.size(); ++k) {
        CAPTURE(i, k);
        REQUIRE(found[k].status() == wanted[i][k].status());
        if (!found[k].ok()) continue;
        REQUIRE(found[k]->position == wanted[i][k]->position);
        REQUIRE(found[k]->already_recorded == wanted[i][k]->already_recorded);
        overlap_count += found[k]->tree_size != wanted[i][k]->tree_size ? 1 : 0;
      }
    }
    REQUIRE(beside->head().root == apart->head().root);
    REQUIRE_OK(beside.Reopen());
    const auto verified = beside->Verify(NewMemoryStore().get(), {}, nullptr);
    REQUIRE_OK(verified);
    REQUIRE(verified->problem_count == 0);
    REQUIRE(verified->root_hash == apart->head().root);
  }
  // Groups were not the calls one by one, or nothing was shown.
  CHECK(overlap_count > 0);
}

}  // namespace
}  // namespace tributary
