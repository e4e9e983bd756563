// A group is applied while the one before is written (docs/decisions/0019): nobody may notice.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <limits>
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
  // Every commit takes this long, so that something can overlap it.
  void set_delay(std::chrono::microseconds delay) { delay_ = delay; }
  int waiting_count_max() const {
    std::lock_guard lock(mutex_);
    return waiting_count_max_;
  }
  int overlap_count() const {
    std::lock_guard lock(mutex_);
    return overlap_count_;
  }

  absl::Status Pass() {
    std::unique_lock lock(mutex_);
    waiting_ = true;
    waiting_count_max_ = std::max(waiting_count_max_, ++waiting_count_);
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    if (delay_ > 0us) {
      lock.unlock();
      std::this_thread::sleep_for(delay_);
      lock.lock();
    }
    waiting_ = --waiting_count_ > 0;
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
  int waiting_count_ = 0;
  int waiting_count_max_ = 0;
  int overlap_count_ = 0;
  std::chrono::microseconds delay_{0};
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
  explicit GatedLedger(LedgerOptions options = Ahead()) {
    options.now = [] { return TimeMs{1'700'000'000'000}; };
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

  static LedgerOptions Ahead() {
    LedgerOptions options;
    options.overlap_fact_count_min = 1;
    return options;
  }

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

TEST_CASE("overlap: an idle ledger keeps nothing of what it has answered", "[ledger][overlap]") {
  GatedLedger ledger;
  const auto is_forgotten = [](const std::weak_ptr<int>& content) {
    for (int wait = 0; wait < 1'000 && !content.expired(); ++wait)
      std::this_thread::sleep_for(10ms);
    return content.expired();
  };
  std::vector<std::weak_ptr<int>> contents;
  for (int i = 0; i < 40; ++i) {
    auto content = std::make_shared<int>(i);  // of a request, that its answer holds on to
    contents.push_back(content);
    std::vector<PreparedFact> prepared;
    prepared.push_back(PrepareFact(test::AssetFact("asset " + std::to_string(i))).value());
    REQUIRE_OK(ledger.get()->Submit(std::move(prepared), {}, [content](Results) {}));
  }
  for (const auto& content : contents) CHECK(is_forgotten(content));
}

TEST_CASE("overlap: an answer waits for the group that it rests on", "[ledger][overlap]") {
  Answers first, second, third;  // outlive the ledger, which calls them
  GatedLedger ledger;
  ledger.gate().Close();
  first.Send(*ledger.get(), {test::AssetFact("a")});
  ledger.gate().AwaitCommit();
  // One that repeats, one that rests on what is in flight, one that is refused by it.
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
  Answers first, second, third;
  GatedLedger ledger;
  ledger.gate().Close();
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
  Answers first, second, third;  // outlive the ledger, which calls them
  GatedLedger ledger;
  ledger.gate().Close();
  first.Send(*ledger.get(), {test::AssetFact("a")});
  ledger.gate().AwaitCommit();
  std::atomic<bool> rebuilt = false;
  absl::Status outcome;
  std::thread maintenance([&] {
    outcome = ledger->RebuildIndexes({});
    rebuilt = true;
  });
  std::this_thread::sleep_for(20ms);
  // A fact behind it is worth applying ahead, so the committer comes to the maintenance at once.
  second.Send(*ledger.get(), {test::AssetFact("b")});
  std::this_thread::sleep_for(50ms);
  CHECK_FALSE(rebuilt);
  ledger.gate().Open();
  maintenance.join();
  // It wrote nothing while the group was being written.
  CHECK(ledger.gate().waiting_count_max() == 1);
  REQUIRE_OK(outcome);
  const Results recorded = first.Await();
  REQUIRE_OK(recorded[0]);
  REQUIRE_OK(ledger->RecordFact(test::AliasFact("the a", "a")));
}

TEST_CASE("overlap: closing finishes what is in flight and what waits", "[ledger][overlap]") {
  Answers first, second, third;
  GatedLedger ledger;
  ledger.gate().Close();
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

// Random facts that repeat, supersede, are refused and rest on each other.
std::vector<Fact> RandomFacts(test::Rng& rng, std::size_t count) {
  const auto name = [&] { return "asset " + std::to_string(rng.Below(60)); };
  const auto kind = [&] { return rng.OneIn(4) ? AssetKind::kWork : AssetKind::kModelCheckpoint; };
  std::vector<Fact> facts;
  for (std::size_t i = 0; i < count; ++i) {
    switch (rng.Below(7)) {
      case 0:
      case 1:
        facts.push_back(test::AssetFact(name(), kind()));
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
      case 5: {
        const std::string asset = name();
        const Digest before = PrepareFact(test::AssetFact(asset, kind())).value().id;
        facts.push_back(test::Superseding(test::AssetFact(asset, AssetKind::kDataset), before));
        break;
      }
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

LedgerOptions RandomGroups(test::Rng& rng) {
  LedgerOptions options;
  options.group_fact_count_max = 20;  // a few calls, so that many groups follow one another
  options.overlap_fact_count_min = rng.OneIn(2) ? 1 : rng.Between(2, 15);
  return options;
}

// Sends the same random facts to `beside` at once and to a ledger that does one call after the
// other, and compares what they answer and what they are then.
void CompareWithSequential(Ledger& beside, test::Rng& rng, std::vector<Answers>* answers) {
  LedgerOptions options;
  options.overlap_fact_count_min = std::numeric_limits<std::size_t>::max();
  options.overlap_byte_count_min = std::numeric_limits<std::size_t>::max();
  test::TestLedger apart(test::Engine::kMemory, options);
  std::vector<std::vector<Fact>> calls;
  for (std::size_t i = 0; i < answers->size(); ++i) {
    calls.push_back(RandomFacts(rng, rng.Between(1, 20)));
  }
  for (std::size_t i = 0; i < calls.size(); ++i) (*answers)[i].Send(beside, calls[i]);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    std::vector<PreparedFact> prepared;
    for (const Fact& fact : calls[i]) prepared.push_back(PrepareFact(fact).value());
    const Results wanted = apart->RecordAll(std::move(prepared));
    const Results found = (*answers)[i].Await();
    REQUIRE(found.size() == wanted.size());
    for (std::size_t k = 0; k < found.size(); ++k) {
      CAPTURE(i, k);
      REQUIRE(found[k].status() == wanted[k].status());
      if (!found[k].ok()) continue;
      REQUIRE(found[k]->position == wanted[k]->position);
      REQUIRE(found[k]->already_recorded == wanted[k]->already_recorded);
    }
  }
  REQUIRE(beside.head().root == apart->head().root);
}

void VerifyRows(Ledger& ledger) {
  const auto scratch = NewMemoryStore();
  const auto verified = ledger.Verify(scratch.get(), {}, nullptr);
  REQUIRE_OK(verified);
  REQUIRE(verified->problem_count == 0);
}

// Property: a ledger that overlaps is the ledger that does one group after another.
TEST_CASE("overlap: the same answers and the same rows", "[ledger][overlap][property]") {
  test::Rng rng = test::SeededRng();
  int overlap_count = 0;
  for (int trial = 0; trial < 20; ++trial) {
    CAPTURE(rng.seed(), trial);
    std::vector<Answers> answers(40);
    GatedLedger beside(RandomGroups(rng));
    beside.gate().set_delay(300us);
    CompareWithSequential(*beside.get(), rng, &answers);
    VerifyRows(*beside.get());
    overlap_count += beside.gate().overlap_count();
  }
  // Something was applied while something was written, or nothing was shown.
  CHECK(overlap_count > 0);
}

TEST_CASE("overlap: the same on disk", "[ledger][overlap][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 10; ++trial) {
    CAPTURE(rng.seed(), trial);
    std::vector<Answers> answers(40);
    test::TestLedger beside(test::Engine::kRocksDb, RandomGroups(rng));
    CompareWithSequential(*beside, rng, &answers);
    const Digest root = beside->head().root;
    REQUIRE_OK(beside.Reopen());
    REQUIRE(beside->head().root == root);
    VerifyRows(*beside);
  }
}

TEST_CASE("overlap: a rebuild of indexes and streamed derivations keep each other out",
          "[ledger][overlap]") {
  test::TestLedger ledger;
  REQUIRE_OK(ledger->RecordFact(test::AssetFact("model", AssetKind::kModelCheckpoint)));
  REQUIRE_OK(ledger->RecordFact(test::AssetFact("work")));
  auto stage = ledger->BeginDerivation(test::DerivationFact("model", {}, 1).record, {});
  REQUIRE_OK(stage);
  const std::vector<Edge> edges = {
      {test::AssetId("work"), Role::kTrainingData, 1, Basis::kMeasured}};
  REQUIRE_OK((*stage)->Add(edges));
  const absl::Status refused = ledger->RebuildIndexes({});
  CHECK_STATUS(refused, absl::StatusCode::kFailedPrecondition);
  REQUIRE_OK((*stage)->Finish());
  stage->reset();
  REQUIRE_OK(ledger->RebuildIndexes({}));
  VerifyRows(*ledger);
}

}  // namespace
}  // namespace tributary
