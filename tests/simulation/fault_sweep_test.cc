// A ledger on a disk that fails once, in four ways: at every file operation of a short run with
// many steps in flight, whose groups overlap.
//
// The number of operations is learned from runs without a fault. Of the same run step by step, and
// of one that is several times as long, some are struck, from a start that the seed chooses; more
// of them with a greater TRIBUTARY_TEST_SCALE.

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/model/text.h"
#include "tests/simulation/answers.h"
#include "tests/simulation/in_flight.h"
#include "tests/simulation/ledger_files.h"
#include "tests/simulation/workload.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"
#include "tests/support/scale.h"
#include "tests/support/temp_directory.h"
#include "tests/support/test_facts.h"

namespace tributary::test {
namespace {

namespace fs = std::filesystem;

// What is recorded, and what is asked when half of it is.
struct Plan {
  std::string name;
  Workload workload;
  int step_count = 0;
  std::vector<int> asked_steps;  // before the middle
  int staged_step = 0;           // before the middle
  int alias_step = 0;
  std::vector<int> sale_steps;
  std::vector<std::uint64_t> statements;
  std::size_t part_count_between = 0;  // recorded after the questions, before the ledger is closed
};

// Everything that a ledger does, once or twice: short enough to fail each of its operations.
Plan StandardPlan() {
  return {.name = "standard",
          .workload = Workload({.staged_every = 4, .pool_size = 8, .closed_every = 3}),
          .step_count = 8,
          .asked_steps = {0, 3, 4},
          .staged_step = 4,
          .alias_step = 3,
          .sale_steps = {1, 2, 4},
          .statements = {1},
          .part_count_between = 2};
}

// With more table files, more rounds of settling and longer lists.
Plan LongPlan() {
  return {.name = "long",
          .workload = Workload({.staged_every = 10, .pool_size = 200, .closed_every = 9}),
          .step_count = 40,
          .asked_steps = {0, 15, 17},
          .staged_step = 10,
          .alias_step = 15,
          .sale_steps = {4, 8, 17},
          .statements = {1, 2},
          .part_count_between = 5};
}

std::vector<WorkPart> PartsOf(const Plan& plan) {
  std::vector<WorkPart> parts = PartsOf(plan.workload, 0, plan.step_count);
  parts.insert(parts.begin(), {plan.workload.Pool()});
  return parts;
}

Questions QuestionsOf(const Plan& plan, std::uint64_t tree_size) {
  const Workload& workload = plan.workload;
  Questions questions;
  for (const int step : plan.asked_steps) {
    questions.assets.push_back(workload.OutputName(step));
    questions.assets.push_back(workload.WorkName(step));
  }
  questions.assets.push_back(workload.ModelName(plan.staged_step));
  questions.aliases.push_back(workload.AliasName(plan.alias_step));
  questions.parties.push_back(workload.party());
  for (const int step : plan.sale_steps) questions.sales.push_back(workload.SaleReference(step));
  questions.statements = plan.statements;
  questions.tree_sizes = {tree_size};
  return questions;
}

// What runs without a fault gave.
struct Golden {
  Plan plan;
  std::vector<WorkPart> parts = PartsOf(plan);
  std::vector<std::vector<Receipt>> receipts = {};
  Questions questions = {};  // about the state in the middle
  Answers answers = {};
  std::string balance = {};  // at the end
  Digest root = {};
};

struct Run {
  bool is_created = false;
  std::size_t acknowledged_count = 0;  // parts, from the first on
  std::vector<std::vector<Receipt>> receipts;
  absl::Status failure;  // the first
  std::string wrong;     // what may not be, whatever the disk does
  int overlap_count = 0;
};

// A write to a ledger that failed to write must be refused.
void TryAfterFailure(Ledger& ledger, Run* run) {
  if (ledger.status().ok()) return;
  const auto accepted = ledger.RecordFact(AssetFact("after the failure"));
  if (accepted.ok()) run->wrong = "a failed ledger took a write";
  if (!accepted.ok() && !absl::IsUnavailable(accepted.status())) {
    run->wrong = "a failed ledger answers " + accepted.status().ToString();
  }
}

// What became of the parts that were sent.
class Answered {
 public:
  Answered(Ledger& ledger, Overlaps* overlaps, Run* run)
      : run_(run),
        in_flight_(ledger, overlaps, [this](std::size_t part, PartsInFlight::Answer answer) {
          Note(part, std::move(answer));
        }) {}

  // False: something was refused already.
  bool Send(std::size_t number, const WorkPart& part) {
    in_flight_.Send(number, part);
    std::lock_guard lock(mutex_);
    return run_->failure.ok();
  }
  bool Await() {
    in_flight_.Await();
    return run_->failure.ok();
  }

 private:
  void Note(std::size_t part, PartsInFlight::Answer answer) {
    std::lock_guard lock(mutex_);
    if (!answer.ok()) {
      if (run_->failure.ok()) run_->failure = answer.status();
      return;
    }
    // Nothing is acknowledged that stands behind what was refused.
    if (part != run_->acknowledged_count) run_->wrong = StrCat("part ", part, " out of order");
    ++run_->acknowledged_count;
    run_->receipts.push_back(*std::move(answer));
  }

  std::mutex mutex_;  // guards the run
  Run* const run_;
  PartsInFlight in_flight_;  // last: its answers come until it has ended
};

// Questions, compaction and a copy: their failure ends the run as well.
absl::Status MaintainInTheMiddle(const LedgerFiles& files, Ledger& ledger, const Golden& golden,
                                 Run* run) {
  const Comparison comparison = Compare(golden.answers, Ask(ledger, golden.questions));
  if (!comparison.wrong.empty() && !golden.answers.empty()) run->wrong = comparison.wrong.front();
  if (absl::Status compacted = ledger.Compact(); !compacted.ok()) return compacted;
  return ledger.CopyTo(files.directory + "/copy").status();
}

// Sends parts [first, end) and notes their answers; whether all were acknowledged.
bool SendParts(const Golden& golden, std::size_t first, std::size_t end, Overlaps* overlaps,
               Ledger& ledger, Run* run) {
  Answered answered(ledger, overlaps, run);
  for (std::size_t part = first; part < end; ++part) {
    if (!answered.Send(part, golden.parts[part])) break;
  }
  return answered.Await();
}

// Creates, records, reads, compacts, copies, closes and opens, until something fails.
void RunUntilFailure(const LedgerFiles& files, const Golden& golden, Run* run) {
  Overlaps* const overlaps = files.overlaps;
  auto ledger = CreateLedger(files);
  run->failure = ledger.status();
  if (!ledger.ok()) return;
  run->is_created = true;
  const std::size_t middle = golden.parts.size() / 2;
  if (SendParts(golden, 0, middle, overlaps, **ledger, run)) {
    run->failure = MaintainInTheMiddle(files, **ledger, golden, run);
  }
  const std::size_t closing = middle + golden.plan.part_count_between;
  if (run->failure.ok() && SendParts(golden, middle, closing, overlaps, **ledger, run)) {
    ledger->reset();
    ledger = OpenLedger(files);
    run->failure = ledger.status();
    if (!ledger.ok()) return;
    SendParts(golden, closing, golden.parts.size(), overlaps, **ledger, run);
  }
  if (!run->failure.ok()) TryAfterFailure(**ledger, run);
}

struct RunResult {
  Run run;
  std::array<std::uint64_t, std::size(kFaultKinds)> operation_counts = {};  // by kind of fault
  std::string struck;  // the operation that failed
};

RunResult RunPlan(const std::string& directory, bool overlaps, const Golden& golden,
                  const std::optional<Fault>& fault) {
  SimulatedDisk disk;
  Overlaps watch;
  if (fault.has_value()) disk.disk().Arm(*fault);
  RunResult result;
  RunUntilFailure({.directory = directory, .disk = &disk, .overlaps = overlaps ? &watch : nullptr},
                  golden, &result.run);
  for (std::size_t kind = 0; kind < std::size(kFaultKinds); ++kind) {
    result.operation_counts[kind] = disk.disk().operation_count(kFaultKinds[kind]);
  }
  result.struck = disk.disk().struck();
  result.run.overlap_count = watch.count();
  return result;
}

Golden LearnGolden(Plan plan) {
  Golden golden{.plan = std::move(plan)};
  const TempDirectory directory;
  const Run run = RunPlan(directory.path(), /*overlaps=*/false, golden, std::nullopt).run;
  REQUIRE_OK(run.failure);
  golden.receipts = run.receipts;
  const auto ledger = OpenLedger({.directory = directory.path()});
  REQUIRE_OK(ledger);
  golden.root = (*ledger)->head().root;
  const auto balance =
      BalanceAt(**ledger, (*ledger)->head().tree_size, golden.plan.workload.party());
  REQUIRE_OK(balance);
  golden.balance = *balance;
  golden.questions =
      QuestionsOf(golden.plan, run.receipts[golden.parts.size() / 2 - 1].back().tree_size.value);
  golden.answers = Ask(**ledger, golden.questions);
  return golden;
}

// With the questions in the run, and without a fault.
RunResult RunWhole(const Golden& golden, bool overlaps) {
  const TempDirectory directory;
  RunResult result = RunPlan(directory.path(), overlaps, golden, std::nullopt);
  REQUIRE_OK(result.run.failure);
  REQUIRE(result.run.wrong.empty());
  return result;
}

bool SamePlaces(const std::vector<Receipt>& a, const std::vector<Receipt>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.record_id == y.record_id && x.position == y.position;
  });
}

// With the disk well again: everything acknowledged is in its place, and the whole run sent again
// ends in the log that a run without a fault ends in.
std::string Recover(const LedgerFiles& files, const Run& run, const Golden& golden) {
  auto opened = OpenLedger(files);
  if (!opened.ok() && run.is_created) return "does not open: " + opened.status().ToString();
  if (!opened.ok()) {
    fs::remove_all(files.directory);
    fs::create_directory(files.directory);
    opened = CreateLedger(files);
    if (!opened.ok()) return "can not be created again: " + opened.status().ToString();
  }
  Ledger& ledger = **opened;
  for (std::size_t i = 0; i < golden.parts.size(); ++i) {
    const auto receipts = RecordPart(ledger, golden.parts[i]);
    if (!receipts.ok()) return StrCat("part ", i, ": ", receipts.status().ToString());
    if (!SamePlaces(*receipts, golden.receipts[i])) return StrCat("part ", i, ": another place");
    if (i >= run.acknowledged_count) continue;
    if (!SamePlaces(*receipts, run.receipts[i])) return StrCat("part ", i, ": moved");
    for (const Receipt& receipt : *receipts) {
      if (!receipt.already_recorded) return StrCat("part ", i, ": acknowledged, but lost");
    }
  }
  if (ledger.head().root != golden.root) return "the log has another root";
  const auto balance = BalanceAt(ledger, ledger.head().tree_size, golden.plan.workload.party());
  if (!balance.ok()) return "no balance: " + balance.status().ToString();
  if (*balance != golden.balance) return "another balance: " + *balance;
  const Comparison comparison = Compare(golden.answers, Ask(ledger, golden.questions));
  if (!comparison.wrong.empty()) return "other answer: " + comparison.wrong.front();
  if (!comparison.refused.empty()) return "no answer: " + comparison.refused.front();
  opened->reset();
  const auto stray = FindStrayStages(files);
  return stray.ok() ? *stray : stray.status().ToString();
}

struct Tally {
  int run_count = 0;
  int failed_count = 0;
  int overlap_count = 0;
  std::map<std::string, int> struck;  // by operation
};

// The operation alone: the rest is the name of a file.
std::string OperationOf(const std::string& struck) {
  return struck.substr(0, struck.find_last_of(' '));
}

// Fails operations first, first + stride, first + 2 * stride and so on of those that the kind may
// strike, each in a run of its own.
Tally FailOperations(const Golden& golden, bool overlaps, FaultKind kind, std::uint64_t first,
                     std::uint64_t stride, std::uint64_t operation_count) {
  Tally tally;
  for (std::uint64_t at = first; at < operation_count; at += stride) {
    const TempDirectory directory;
    const LedgerFiles files{.directory = directory.path() + "/ledger"};
    fs::create_directory(files.directory);
    const auto [run, ignored, struck] =
        RunPlan(files.directory, overlaps, golden, Fault{.at = at, .kind = kind, .is_exact = true});
    CAPTURE(golden.plan.name, overlaps, at, struck, run.failure.ToString());
    ++tally.run_count;
    if (!struck.empty()) ++tally.struck[OperationOf(struck)];
    if (!run.failure.ok()) ++tally.failed_count;
    tally.overlap_count += run.overlap_count;
    CHECK(run.wrong == "");
    if (struck.empty()) REQUIRE_OK(run.failure);
    CHECK(Recover(files, run, golden) == "");
  }
  return tally;
}

std::string Text(const Tally& tally) {
  std::string text =
      StrCat(tally.run_count, " runs, ", tally.failed_count, " of them refused something, ",
             tally.overlap_count, " groups were applied ahead; struck:");
  for (const auto& [operation, count] : tally.struck) StrAppend(&text, " ", count, " ", operation);
  return text;
}

// Every kind of operation on files that a ledger needs was struck.
void CheckAllOperations(const std::map<std::string, int>& struck) {
  for (const char* operation : {"open", "create", "read", "write", "sync", "sync directory",
                                "close", "rename", "link", "remove", "query", "make directory"}) {
    CAPTURE(operation);
    CHECK(struck.contains(operation));
  }
}

// At most about `fault_count` operations of each kind of fault, evenly spread; 0: every one.
void Sweep(Plan plan, bool overlaps, std::uint64_t fault_count) {
  constexpr std::string_view kNames[] = {"EIO", "no space", "short write", "error but done"};
  const Golden golden = LearnGolden(std::move(plan));
  Rng rng = SeededRng();
  const RunResult whole = RunWhole(golden, overlaps);
  CHECK((whole.run.overlap_count >= golden.plan.step_count / 2) == overlaps);
  for (std::size_t kind = 0; kind < std::size(kFaultKinds); ++kind) {
    const std::uint64_t operation_count = whole.operation_counts[kind];
    const std::uint64_t stride =
        fault_count == 0 ? 1 : std::max<std::uint64_t>(1, operation_count / fault_count);
    CAPTURE(rng.seed(), kNames[kind]);
    const Tally tally = FailOperations(golden, overlaps, kFaultKinds[kind], rng.Below(stride),
                                       stride, operation_count);
    WARN(golden.plan.name << (overlaps ? " with overlaps, " : " step by step, ") << kNames[kind]
                          << ", " << operation_count << " operations: " << Text(tally) << "; seed "
                          << rng.seed());
    CHECK(tally.failed_count > 0);
    CHECK((tally.overlap_count > tally.run_count) == overlaps);
    // Which operation comes at which place depends a little on the background threads.
    int struck_count = 0;
    for (const auto& [operation, count] : tally.struck) struck_count += count;
    CHECK(struck_count > tally.run_count * 9 / 10);
    const bool strikes_all = fault_count == 0 && kFaultKinds[kind] == FaultKind::kIoError;
    if (strikes_all) CheckAllOperations(tally.struck);
  }
}

}  // namespace

TEST_CASE("failing disk: each operation in turn loses nothing and tells no lie", "[durability]") {
  Sweep(StandardPlan(), /*overlaps=*/true, 0);
}

TEST_CASE("failing disk: the same step by step", "[durability]") {
  Sweep(StandardPlan(), /*overlaps=*/false, Scaled<std::uint64_t>(100));
}

TEST_CASE("failing disk: operations of a longer run, too", "[durability]") {
  const bool overlaps = GENERATE(true, false);
  Sweep(LongPlan(), overlaps, Scaled<std::uint64_t>(15));
}

}  // namespace tributary::test
