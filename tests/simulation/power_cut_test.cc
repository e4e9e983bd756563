// A ledger under power cuts: unsynced bytes and names are lost, torn or reordered.
//
// A run is recorded once, step by step; then many states that a power cut could have left are
// opened. TRIBUTARY_TEST_SEED replays a campaign, TRIBUTARY_TEST_SCALE makes it longer.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "graph/model/record_type.h"
#include "graph/model/text.h"
#include "storage/file_io.h"
#include "tests/simulation/in_flight.h"
#include "tests/simulation/ledger_files.h"
#include "tests/simulation/settling.h"
#include "tests/simulation/workload.h"
#include "tests/support/catch.h"
#include "tests/support/crash_image.h"
#include "tests/support/rng.h"
#include "tests/support/scale.h"
#include "tests/support/temp_directory.h"

namespace tributary::test {
namespace {

namespace fs = std::filesystem;

// An acknowledgement: what must survive every cut from there on.
struct Mark {
  std::size_t recorded_count = 0;  // steps of the disk when the answer came
  std::uint64_t tree_size = 0;
  Digest root;
};

// One run of a ledger with nothing going wrong.
struct Run {
  std::vector<WorkPart> parts;
  std::vector<std::vector<Receipt>> receipts;  // of each part
  std::vector<std::size_t> sent;  // of each part: steps of the disk before the ledger was asked
  std::map<std::size_t, std::vector<std::string>> lines;  // of statements and adjustments, by part
  std::map<std::size_t, std::string> balances;            // at the end of a part that settles
  int overlap_count = 0;
  std::vector<Mark> marks;  // [0]: the ledger was opened or created; [i + 1]: part i
  std::vector<Digest> log;  // record ids by position, at the end
  Recording recording;
};

struct RunPlan {
  int step_count = 100;
  int staged_every = 20;
  std::size_t pool_size = 300;
  int closed_every = 12;
  bool sells_models = true;
  bool overlaps = false;        // many parts are in flight, in groups that overlap
  bool record_creation = true;  // else the pool is durable before the recording begins
  bool unsafe_no_sync = false;
  bool unsafe_acknowledge_before_anchor = false;
  std::size_t file_size = 64u << 10;
};

Workload WorkloadOf(const RunPlan& plan) {
  return Workload({.staged_every = plan.staged_every,
                   .pool_size = plan.pool_size,
                   .closed_every = plan.closed_every,
                   .sells_models = plan.sells_models});
}

std::vector<Digest> ReadLog(const Ledger& ledger, std::uint64_t first) {
  const auto view = ledger.ViewAt(std::nullopt);
  REQUIRE_OK(view);
  std::vector<LogPosition> positions;
  for (std::uint64_t i = first; i < (*view)->tree_size().value; ++i) positions.push_back({i});
  const auto records = (*view)->ReadRecords(positions);
  REQUIRE_OK(records);
  std::vector<Digest> ids;
  for (const StoredRecord& record : *records) ids.push_back(record.id);
  return ids;
}

std::unique_ptr<Ledger> MustOpen(const LedgerFiles& files) {
  auto ledger = OpenLedger(files);
  REQUIRE_OK(ledger);
  return *std::move(ledger);
}

LedgerFiles FilesOf(const RunPlan& plan, const std::string& directory) {
  LedgerFiles files;
  files.directory = directory;
  files.file_size = plan.file_size;
  files.unsafe_no_sync = plan.unsafe_no_sync;
  files.unsafe_acknowledge_before_anchor = plan.unsafe_acknowledge_before_anchor;
  return files;
}

// What is settled, in full.
void NoteSettled(const Workload& workload, const Ledger& ledger, std::size_t part, Run* run) {
  if (run->parts[part].kind != WorkPart::Kind::kSettling) return;
  const Receipt& receipt = run->receipts[part].front();
  auto balance = BalanceAt(ledger, receipt.tree_size, workload.party());
  REQUIRE_OK(balance);
  run->balances[part] = *std::move(balance);
  const auto view = ledger.ViewAt(receipt.tree_size);
  REQUIRE_OK(view);
  const auto record = (*view)->ReadRecord(receipt.position);
  REQUIRE_OK(record);
  if (!StatedLines(record->record.body).has_value()) return;
  auto lines = ReadAllLines(**view, receipt.position);
  REQUIRE_OK(lines);
  run->lines[part] = *std::move(lines);
}

// Sends parts [first, end), and marks each answer when it comes.
void SendParts(const RunPlan& plan, std::size_t first, std::size_t end, SimulatedDisk& disk,
               Overlaps* overlaps, Ledger& ledger, Run* run) {
  const Workload workload = WorkloadOf(plan);
  std::mutex mutex;
  absl::Status failure;  // the first
  PartsInFlight in_flight(
      ledger, overlaps,
      [&](std::size_t part, PartsInFlight::Answer answer) {
        std::lock_guard lock(mutex);
        if (failure.ok()) failure = answer.status();
        if (!answer.ok()) return;
        run->marks[part + 1] = {disk.disk().recorded_count(), answer->back().tree_size.value, {}};
        run->receipts[part] = *std::move(answer);
      },
      [&](std::size_t part) { run->sent[part] = disk.disk().recorded_count(); });
  for (std::size_t part = first; part < end; ++part) {
    in_flight.Send(part, run->parts[part]);
    {
      std::lock_guard lock(mutex);
      REQUIRE_OK(failure);
    }
    NoteSettled(workload, ledger, part, run);
    if (part == run->parts.size() / 6) REQUIRE_OK(ledger.Compact());
  }
  in_flight.Await();
  REQUIRE_OK(failure);
}

// Runs the plan in `directory`, closing and opening twice and compacting on the way.
Run RunPlanned(const RunPlan& plan, const std::string& directory) {
  const Workload workload = WorkloadOf(plan);
  Run run;
  run.parts = PartsOf(workload, 0, plan.step_count);
  if (plan.record_creation) run.parts.insert(run.parts.begin(), {workload.Pool()});
  if (!plan.record_creation) {
    auto ledger = CreateLedger(FilesOf(plan, directory));
    REQUIRE_OK(ledger);
    REQUIRE_OK(RecordFacts(**ledger, workload.Pool()));
  }
  const std::size_t count = run.parts.size();
  run.receipts.resize(count);
  run.sent.resize(count);
  run.marks.resize(count + 1);
  SimulatedDisk disk;
  Overlaps overlaps;
  LedgerFiles files = FilesOf(plan, directory);
  files.disk = &disk;
  if (plan.overlaps) files.overlaps = &overlaps;
  disk.disk().StartRecording(directory);
  auto ledger = plan.record_creation ? CreateLedger(files) : OpenLedger(files);
  REQUIRE_OK(ledger);
  run.marks[0] = {disk.disk().recorded_count(), (*ledger)->head().tree_size.value, {}};
  SendParts(plan, 0, count / 3, disk, files.overlaps, **ledger, &run);
  for (const std::size_t first : {count / 3, 2 * (count / 3)}) {
    ledger->reset();
    ledger = OpenLedger(files);
    REQUIRE_OK(ledger);
    SendParts(plan, first, first == count / 3 ? 2 * first : count, disk, files.overlaps, **ledger,
              &run);
  }
  for (Mark& mark : run.marks) {
    const auto view = (*ledger)->ViewAt(TreeSize{mark.tree_size});
    REQUIRE_OK(view);
    const auto root = (*view)->RootHash();
    REQUIRE_OK(root);
    mark.root = *root;
  }
  run.log = ReadLog(**ledger, 0);
  ledger->reset();
  run.recording = disk.disk().TakeRecording();
  run.overlap_count = overlaps.count();
  return run;
}

// What a cut must have left alone: the last acknowledgement before it. -1: not even the creation.
int LastMark(const Run& run, std::size_t cut) {
  const auto after =
      std::upper_bound(run.marks.begin(), run.marks.end(), cut,
                       [](std::size_t at, const Mark& mark) { return at < mark.recorded_count; });
  return static_cast<int>(after - run.marks.begin()) - 1;
}

std::string CheckLog(const Run& run, const Ledger& ledger, std::uint64_t first) {
  const std::vector<Digest> log = ReadLog(ledger, first);
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (log[i] != run.log[first + i]) return StrCat("another record at position ", first + i);
  }
  return "";
}

std::string CheckStagedLists(const Run& run, const Ledger& ledger) {
  const auto view = *ledger.ViewAt(std::nullopt);
  for (std::size_t i = 0; i < run.parts.size(); ++i) {
    if (run.parts[i].kind != WorkPart::Kind::kStaged) continue;
    const LogPosition position = run.receipts[i].front().position;
    if (position.value >= view->tree_size().value) continue;
    const auto derivation = view->ReadDerivationAt(position);
    if (!derivation.ok()) return derivation.status().ToString();
    const auto edges = view->ReadEdges(*derivation, 0, derivation->edges->count());
    if (!edges.ok()) return edges.status().ToString();
    if (*edges != run.parts[i].step.staged->edges) return "a staged list has other edges";
  }
  return "";
}

// Every statement and adjustment that the log holds has all its lines, and balances are what they
// were after the last thing that was settled.
std::string CheckSettledParts(const Run& run, const Ledger& ledger) {
  const auto view = *ledger.ViewAt(std::nullopt);
  for (const auto& [part, lines] : run.lines) {
    const LogPosition position = run.receipts[part].front().position;
    if (position.value >= view->tree_size().value) break;
    const auto found = ReadAllLines(*view, position);
    if (!found.ok()) return StrCat("a statement without lines: ", found.status().ToString());
    if (*found != lines) return "a statement has other lines";
  }
  for (auto last = run.balances.rbegin(); last != run.balances.rend(); ++last) {
    const TreeSize tree_size = run.receipts[last->first].front().tree_size;
    if (tree_size > view->tree_size()) continue;
    const auto balance = BalanceAt(ledger, tree_size, WorkloadOf({}).party());
    if (!balance.ok()) return balance.status().ToString();
    return *balance == last->second ? "" : StrCat("another balance: ", *balance);
  }
  return "";
}

// All that is settled comes out of the log once more as it was recorded.
std::string Recompute(const Ledger& ledger) {
  const auto problem = CheckSettled(ledger);
  return problem.ok() ? *problem : problem.status().ToString();
}

// Sends parts [first, end) again: those that are recorded answer with their old place, the others
// get the place that they had in the run.
std::string Resend(const Run& run, Ledger& ledger, std::size_t first, std::size_t end) {
  for (std::size_t i = first; i < std::min(end, run.parts.size()); ++i) {
    const auto receipts = RecordPart(ledger, run.parts[i]);
    if (!receipts.ok()) return StrCat("part ", i, " sent again: ", receipts.status().ToString());
    for (std::size_t k = 0; k < receipts->size(); ++k) {
      if ((*receipts)[k].record_id != run.receipts[i][k].record_id ||
          (*receipts)[k].position != run.receipts[i][k].position) {
        return StrCat("part ", i, " sent again has another place");
      }
    }
  }
  return "";
}

// What is wrong with an opened ledger, given how much was acknowledged; empty if nothing is.
std::string CheckState(const Run& run, int last_mark, Ledger& ledger) {
  const HeadRow head = ledger.head();
  const std::uint64_t size = head.tree_size.value;
  const auto commit = std::find_if(run.marks.begin(), run.marks.end(),
                                   [&](const Mark& mark) { return mark.tree_size == size; });
  if (commit == run.marks.end()) return StrCat("half a commit: tree size ", size);
  if (last_mark >= 0 && size < run.marks[static_cast<std::size_t>(last_mark)].tree_size) {
    return StrCat("lost: tree size ", size, ", acknowledged ",
                  run.marks[static_cast<std::size_t>(last_mark)].tree_size);
  }
  if (head.root != commit->root) return "another root";
  constexpr std::size_t kMarkStride = 7;  // the roots of some earlier tree sizes
  for (std::size_t i = size % kMarkStride; i < run.marks.size(); i += kMarkStride) {
    const Mark& mark = run.marks[i];
    if (mark.tree_size > size) break;
    const auto view = ledger.ViewAt(TreeSize{mark.tree_size});
    const auto root = RootAt(**view, mark.tree_size);
    if (!root.ok() || *root != mark.root) return StrCat("another root at ", mark.tree_size);
  }
  const std::string problem = CheckStagedLists(run, ledger);
  return problem.empty() ? CheckSettledParts(run, ledger) : problem;
}

struct ImageCheck {
  int last_mark = -1;
  std::uint64_t first_position = 0;  // records before it were durable before the run
  bool resend_all = false;
  bool is_closing = false;  // the cut came while a statement was closed or adjusted
};

// Opened, a ledger holds no line that no record made real.
std::string CheckNoStray(const LedgerFiles& image) {
  const auto stray = FindStrayStages(image);
  return stray.ok() ? *stray : stray.status().ToString();
}

std::string CheckImage(const Run& run, const ImageCheck& check, const LedgerFiles& image) {
  auto ledger = OpenLedger(image);
  if (!ledger.ok()) {
    // Nobody was told that there is a ledger: its owner clears the place and makes it again.
    if (check.last_mark < 0) return "";
    return StrCat("refused: ", ledger.status().ToString());
  }
  for (const std::string& problem : {CheckState(run, check.last_mark, **ledger),
                                     CheckLog(run, **ledger, check.first_position)}) {
    if (!problem.empty()) return problem;
  }
  if (check.is_closing) {
    if (std::string problem = Recompute(**ledger); !problem.empty()) return problem;
    ledger->reset();
    if (std::string problem = CheckNoStray(image); !problem.empty()) return problem;
    ledger = OpenLedger(image);
    if (!ledger.ok()) return StrCat("refused once opened: ", ledger.status().ToString());
  }
  const auto next = static_cast<std::size_t>(std::max(check.last_mark, 0));
  const std::size_t end = check.resend_all ? run.parts.size() : next + 2;
  if (const std::string problem = Resend(run, **ledger, next, end); !problem.empty()) {
    return problem;
  }
  if (check.resend_all && (*ledger)->head().root != run.marks.back().root) {
    return "sent again to the end, the log has another root";
  }
  if (!check.resend_all) return "";
  if (std::string problem = Recompute(**ledger); !problem.empty()) return problem;
  ledger->reset();
  return CheckNoStray(image);
}

struct CampaignResult {
  int image_count = 0;
  int not_created_count = 0;
  int closing_count = 0;                // cuts while a statement was closed or adjusted
  int overlap_count = 0;                // groups of the run that were applied ahead
  int in_flight_count = 0;              // cuts while several parts were without an answer
  std::map<std::string, int> problems;  // what was wrong -> in how many images
};

// Mark i + 1 acknowledges part i, so what comes after the last mark is that part.
bool IsClosing(const Run& run, int last_mark) {
  return last_mark >= 0 && run.lines.contains(static_cast<std::size_t>(last_mark));
}

// Parts that were sent before a cut, and not answered.
std::ptrdiff_t CountInFlight(const Run& run, std::size_t cut, int last_mark) {
  const auto sent = std::upper_bound(run.sent.begin(), run.sent.end(), cut) - run.sent.begin();
  return sent - std::max(last_mark, 0);
}

CampaignResult CutOften(const RunPlan& plan, int image_count) {
  const TempDirectory directory;
  const Run run = RunPlanned(plan, directory.path());
  Rng rng = SeededRng();
  CampaignResult result;
  result.overlap_count = run.overlap_count;
  for (; result.image_count < image_count; ++result.image_count) {
    const std::size_t cut = rng.Below(run.recording.steps.size() + 1);
    const std::uint64_t seed = rng();
    const TempDirectory image;
    MaterializeCrashImage(run.recording, cut, seed, image.path(),
                          {.file_sync_keeps_name = rng.OneIn(2)});
    ImageCheck check;
    check.last_mark = LastMark(run, cut);
    check.first_position = plan.record_creation ? 0 : plan.pool_size + 1;
    check.resend_all = rng.OneIn(20);
    check.is_closing = IsClosing(run, check.last_mark);
    if (check.last_mark < 0) ++result.not_created_count;
    if (check.is_closing) ++result.closing_count;
    if (CountInFlight(run, cut, check.last_mark) > 1) ++result.in_flight_count;
    LedgerFiles files;
    files.directory = image.path();
    const std::string problem = CheckImage(run, check, files);
    if (!problem.empty()) ++result.problems[StrCat("cut ", cut, " seed ", seed, ": ", problem)];
  }
  WARN(image_count << " images of a run of " << run.recording.steps.size()
                   << " file operations and " << run.parts.size() << " acknowledgements, "
                   << result.overlap_count << " groups of which were applied ahead; "
                   << result.closing_count << " cuts while one of " << run.lines.size()
                   << " statements and adjustments was made, " << result.in_flight_count
                   << " with several steps in flight; seed " << rng.seed());
  return result;
}

void RequireNoProblem(const CampaignResult& result) {
  for (const auto& [problem, count] : result.problems) UNSCOPED_INFO(problem);
  CHECK(result.problems.empty());
}

}  // namespace

// Property: after a power cut at any step the ledger opens by itself; it holds a prefix of the log,
// whole commits, all that was acknowledged; what was not is recorded when sent again, in the place
// that it would have had.
TEST_CASE("power cut: nothing acknowledged is lost, from the creation on", "[durability]") {
  const CampaignResult result = CutOften({.step_count = 60}, Scaled(400));
  RequireNoProblem(result);
  CHECK(result.not_created_count > 0);
  CHECK(result.not_created_count < result.image_count);
}

TEST_CASE("power cut: nothing acknowledged is lost where groups overlap", "[durability]") {
  const CampaignResult result = CutOften({.step_count = 60, .overlaps = true}, Scaled(400));
  RequireNoProblem(result);
  CHECK(result.overlap_count > 30);
  CHECK(result.in_flight_count > result.image_count / 8);
}

TEST_CASE("power cut: staged lists of several chunks are whole or not there", "[durability]") {
  const bool overlaps = GENERATE(false, true);
  const RunPlan plan{.step_count = 110,
                     .pool_size = kEdgeChunkSize + 100,
                     .sells_models = false,  // a statement's lines are the next test's
                     .overlaps = overlaps,
                     .record_creation = false};
  const CampaignResult result = CutOften(plan, Scaled(600));
  RequireNoProblem(result);
  CHECK((result.overlap_count > 50) == overlaps);
}

// A round after each second step: a statement, an adjustment, payouts. Statements are of two chunks
// of lines from the fourth step on.
TEST_CASE("power cut: a statement is there with all its lines, or not begun", "[durability]") {
  const RunPlan plan{.step_count = 24, .staged_every = 3, .closed_every = 2};
  const CampaignResult result = CutOften(plan, Scaled(150));
  RequireNoProblem(result);
  CHECK(result.closing_count > result.image_count / 10);
}

// The tests above must be able to fail: without the sync, power cuts do lose facts.
TEST_CASE("power cut: a store that does not sync is found out", "[durability][planted]") {
  const CampaignResult result = CutOften({.step_count = 60, .unsafe_no_sync = true}, 60);
  CHECK_FALSE(result.problems.empty());
}

namespace {

// Spoils the live write-ahead log of a closed store: the largest one.
enum class WalDamage { kFlippedBit, kTruncated };

void DamageWal(const std::string& store, WalDamage damage, Rng& rng) {
  fs::path largest;
  for (const auto& entry : fs::directory_iterator(store)) {
    if (entry.path().extension() != ".log") continue;
    if (largest.empty() || entry.file_size() > fs::file_size(largest)) largest = entry.path();
  }
  REQUIRE_FALSE(largest.empty());
  const std::uint64_t size = fs::file_size(largest);
  REQUIRE(size > 1000);
  const std::uint64_t at = size / 10 + rng.Below(size * 8 / 10);
  if (damage == WalDamage::kTruncated) {
    fs::resize_file(largest, at);
    return;
  }
  std::fstream file(largest, std::ios::binary | std::ios::in | std::ios::out);
  file.seekg(static_cast<std::streamoff>(at));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(byte ^ (1 << rng.Below(8))));
}

struct WalResult {
  int refused_count = 0;
  int whole_count = 0;
  int lost_count = 0;
  std::string refusal;
};

// A store with one long write-ahead log, damaged in many ways after it was closed.
WalResult DamageWalOften(bool acknowledge_before_anchor, WalDamage damage) {
  const TempDirectory directory;
  RunPlan plan{.step_count = 40, .record_creation = false, .file_size = 8u << 20};
  plan.unsafe_acknowledge_before_anchor = acknowledge_before_anchor;
  const Workload workload = WorkloadOf(plan);
  LedgerFiles files = FilesOf(plan, directory.path() + "/whole");
  fs::create_directory(files.directory);
  std::uint64_t acknowledged = 0;
  {
    auto created = CreateLedger(files);
    REQUIRE_OK(created);
    REQUIRE_OK(RecordFacts(**created, workload.Pool()));
    created->reset();
    const auto ledger = MustOpen(files);  // what came before is in table files now
    for (int number = 0; number < plan.step_count; ++number) {
      REQUIRE_OK(RecordFacts(*ledger, workload.Step(number)));
    }
    acknowledged = ledger->head().tree_size.value;
  }
  Rng rng = SeededRng();
  WalResult result;
  for (int trial = 0; trial < 40; ++trial) {
    LedgerFiles damaged = files;
    damaged.directory = directory.path() + "/damaged";
    fs::remove_all(damaged.directory);
    fs::copy(files.directory, damaged.directory, fs::copy_options::recursive);
    DamageWal(StorePath(damaged), damage, rng);
    const auto ledger = OpenLedger(damaged);
    if (!ledger.ok()) {
      ++result.refused_count;
      result.refusal = ledger.status().ToString();
    } else if ((*ledger)->head().tree_size.value < acknowledged) {
      ++result.lost_count;
    } else {
      ++result.whole_count;
    }
  }
  return result;
}

}  // namespace

// RocksDB opens a store with a damaged log and answers OK with fewer records; the anchor tells.
TEST_CASE("write-ahead log: damage is refused, and says which positions are missing",
          "[durability]") {
  const WalDamage damage = GENERATE(WalDamage::kFlippedBit, WalDamage::kTruncated);
  const WalResult result = DamageWalOften(/*acknowledge_before_anchor=*/false, damage);
  CAPTURE(result.refused_count, result.whole_count, result.refusal);
  CHECK(result.lost_count == 0);
  CHECK(result.refused_count > 0);
  CHECK(result.refusal.find("acknowledged records are missing") != std::string::npos);
  CHECK(result.refusal.find("positions") != std::string::npos);
}

TEST_CASE("write-ahead log: without the anchor the loss would go unnoticed",
          "[durability][planted]") {
  const WalDamage damage = GENERATE(WalDamage::kFlippedBit, WalDamage::kTruncated);
  CHECK(DamageWalOften(/*acknowledge_before_anchor=*/true, damage).lost_count > 0);
}

}  // namespace tributary::test
