// A ledger on a disk that fails once: at every file operation of a standard run, in four ways.
//
// The number of operations is learned from a run without a fault. All of them are struck with
// TRIBUTARY_TEST_SCALE=10; by default some 150 for each kind of fault, from a start
// that the seed chooses.

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "graph/model/text.h"
#include "tests/simulation/answers.h"
#include "tests/simulation/campaign.h"
#include "tests/simulation/ledger_files.h"
#include "tests/simulation/workload.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"
#include "tests/support/temp_directory.h"
#include "tests/support/test_facts.h"

namespace tributary::test {
namespace {

namespace fs = std::filesystem;

constexpr int kStepCount = 60;
constexpr int kFaultCount = 150;  // of each kind, at scale 1

Workload StandardWorkload() { return Workload({.staged_every = 15, .pool_size = 200}); }

std::vector<WorkPart> StandardParts() {
  const Workload workload = StandardWorkload();
  std::vector<WorkPart> parts = PartsOf(workload, 0, kStepCount);
  parts.insert(parts.begin(), {workload.Pool()});
  return parts;
}

Questions StandardQuestions(std::uint64_t tree_size) {
  const Workload workload = StandardWorkload();
  Questions questions;
  for (const int step : {0, 15, 29}) {
    questions.assets.push_back(workload.OutputName(step));
    questions.assets.push_back(workload.WorkName(step));
  }
  questions.assets.push_back(workload.ModelName(15));
  questions.aliases.push_back(workload.AliasName(15));
  questions.parties.push_back(workload.party());
  for (const int step : {4, 8, 20, 29}) questions.sales.push_back(workload.SaleReference(step));
  questions.statements = {1, 2};
  questions.tree_sizes = {tree_size};
  return questions;
}

// What a run without a fault gave.
struct Golden {
  std::vector<WorkPart> parts = StandardParts();
  std::vector<std::vector<Receipt>> receipts;
  Questions questions;  // about the state in the middle
  Answers answers;
  Digest root;
  std::uint64_t operation_count = 0;
};

struct Run {
  bool is_created = false;
  std::vector<std::vector<Receipt>> receipts;  // of the parts that were acknowledged
  absl::Status failure;                        // the first
  std::string wrong;                           // what may not be, whatever the disk does
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

// One maintenance step: its failure ends the run as well.
absl::Status Maintain(std::size_t part, const LedgerFiles& files, std::unique_ptr<Ledger>* ledger,
                      const Golden& golden, Run* run) {
  const std::size_t middle = golden.parts.size() / 2;
  if (part == middle) {
    const Comparison comparison = Compare(golden.answers, Ask(**ledger, golden.questions));
    if (!comparison.wrong.empty() && !golden.answers.empty()) run->wrong = comparison.wrong.front();
    if (absl::Status compacted = (*ledger)->Compact(); !compacted.ok()) return compacted;
    return (*ledger)->CopyTo(files.directory + "/copy").status();
  }
  if (part == middle + 5) {
    ledger->reset();
    auto opened = OpenLedger(files);
    if (!opened.ok()) return opened.status();
    *ledger = *std::move(opened);
  }
  return absl::OkStatus();
}

// Creates, records, reads, compacts, copies, closes and opens, until something fails.
Run RunStandard(const LedgerFiles& files, const Golden& golden) {
  Run run;
  auto created = CreateLedger(files);
  if (!created.ok()) {
    run.failure = created.status();
    return run;
  }
  run.is_created = true;
  std::unique_ptr<Ledger> ledger = *std::move(created);
  for (std::size_t i = 0; i < golden.parts.size(); ++i) {
    auto receipts = RecordPart(*ledger, golden.parts[i]);
    if (!receipts.ok())
      run.failure = receipts.status();
    else
      run.receipts.push_back(*std::move(receipts));
    if (run.failure.ok()) run.failure = Maintain(i, files, &ledger, golden, &run);
    if (!run.failure.ok()) break;
  }
  if (ledger != nullptr && !run.failure.ok()) TryAfterFailure(*ledger, &run);
  return run;
}

Golden LearnGolden() {
  Golden golden;
  std::uint64_t middle_size = 0;
  {
    const TempDirectory directory;
    SimulatedDisk disk;
    LedgerFiles files{.directory = directory.path(), .disk = &disk};
    const Run run = RunStandard(files, golden);
    REQUIRE_OK(run.failure);
    golden.receipts = run.receipts;
    golden.operation_count = disk.disk().operation_count();
    middle_size = run.receipts[golden.parts.size() / 2].back().tree_size.value;
    const auto ledger = OpenLedger(files);
    REQUIRE_OK(ledger);
    golden.root = (*ledger)->head().root;
    golden.questions = StandardQuestions(middle_size);
    golden.answers = Ask(**ledger, golden.questions);
  }
  // Counted again with the questions in the run.
  const TempDirectory directory;
  SimulatedDisk disk;
  const Run run = RunStandard({.directory = directory.path(), .disk = &disk}, golden);
  REQUIRE_OK(run.failure);
  REQUIRE(run.wrong.empty());
  golden.operation_count = disk.disk().operation_count();
  return golden;
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
    if (i >= run.receipts.size()) continue;
    if (!SamePlaces(*receipts, run.receipts[i])) return StrCat("part ", i, ": moved");
    for (const Receipt& receipt : *receipts) {
      if (!receipt.already_recorded) return StrCat("part ", i, ": acknowledged, but lost");
    }
  }
  if (ledger.head().root != golden.root) return "the log has another root";
  const Comparison comparison = Compare(golden.answers, Ask(ledger, golden.questions));
  if (!comparison.wrong.empty()) return "other answer: " + comparison.wrong.front();
  if (!comparison.refused.empty()) return "no answer: " + comparison.refused.front();
  opened->reset();
  const auto stray = FindStrayStages(files);
  return stray.ok() ? *stray : stray.status().ToString();
}

}  // namespace

TEST_CASE("failing disk: each operation in turn loses nothing and tells no lie", "[durability]") {
  struct Case {
    std::string name;
    FaultKind kind;
  };
  const std::vector<Case> cases = {{"EIO", FaultKind::kIoError},
                                   {"no space", FaultKind::kNoSpace},
                                   {"short write", FaultKind::kShortWrite},
                                   {"error but done", FaultKind::kErrorButDone}};
  const Golden golden = LearnGolden();
  const auto fault_count = static_cast<std::uint64_t>(Scaled(kFaultCount));
  const std::uint64_t stride = std::max<std::uint64_t>(1, golden.operation_count / fault_count);
  Rng rng = SeededRng();
  for (const Case& known : cases) {
    int struck_count = 0;
    int failed_count = 0;
    int run_count = 0;
    for (std::uint64_t at = rng.Below(stride); at < golden.operation_count; at += stride) {
      const TempDirectory directory;
      SimulatedDisk disk;
      LedgerFiles files{.directory = directory.path() + "/ledger", .disk = &disk};
      fs::create_directory(files.directory);
      disk.disk().Arm({.at = at, .kind = known.kind});
      const Run run = RunStandard(files, golden);
      const std::string struck = disk.disk().struck();
      disk.disk().Disarm();
      CAPTURE(rng.seed(), known.name, at, struck, run.failure.ToString());
      ++run_count;
      if (!struck.empty()) ++struck_count;
      if (!run.failure.ok()) ++failed_count;
      CHECK(run.wrong == "");
      if (struck.empty()) REQUIRE_OK(run.failure);
      CHECK(Recover(files, run, golden) == "");
    }
    WARN(known.name << ": " << run_count << " runs of " << golden.operation_count
                    << " operations each, " << struck_count << " struck, " << failed_count
                    << " of them refused something; seed " << rng.seed());
    CHECK(struck_count > 0);
    CHECK(failed_count > 0);
  }
}

}  // namespace tributary::test
