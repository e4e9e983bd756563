// A ledger over damaged files: the right answer or a refusal, never another answer.
//
// A prepared store is copied, damaged in one place, opened and asked everything (damage_worker.cc).
// The only copy that may never be refused is the one that was not damaged. TRIBUTARY_TEST_SEED
// replays a campaign, TRIBUTARY_TEST_SCALE makes it longer.

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "graph/model/text.h"
#include "tests/simulation/damage_plan.h"
#include "tests/simulation/ledger_files.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"
#include "tests/support/scale.h"
#include "tests/support/temp_directory.h"

extern char** environ;

namespace tributary::test {
namespace {

namespace fs = std::filesystem;

void RecordSteps(Ledger& ledger, const Workload& workload, int first, int end) {
  for (const WorkPart& part : PartsOf(workload, first, end)) REQUIRE_OK(RecordPart(ledger, part));
}

std::set<std::string> TableFiles(const std::string& path) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.path().extension() == ".sst") names.insert(entry.path().filename().string());
  }
  return names;
}

// Until RocksDB's compactions have ended: one that is cut short by closing leaves table files that
// nothing refers to, and no one needs to notice what happens to them.
void AwaitQuiet(const std::string& path) {
  constexpr auto kQuiet = std::chrono::seconds(1);
  constexpr int kRoundMax = 60;
  std::set<std::string> names = TableFiles(path);
  for (int round = 0; round < kRoundMax; ++round) {
    std::this_thread::sleep_for(kQuiet);
    if (std::exchange(names, TableFiles(path)) == names) return;
  }
  FAIL("compactions do not end");
}

// Table files on several levels, a write-ahead log with facts of its own, an anchor in use.
void Prepare(const std::string& directory) {
  fs::create_directory(directory);
  const Workload workload = DamageWorkload();
  auto ledger = CreateLedger(DamageFiles(directory));
  REQUIRE_OK(ledger);
  const Workload long_lists = DamageLongWorkload();
  REQUIRE_OK(RecordFacts(**ledger, long_lists.Pool()));
  RecordSteps(**ledger, long_lists, 0, kDamageLongStep + 1);
  RecordSteps(**ledger, workload, 0, kDamageStepCount / 2);
  REQUIRE_OK((*ledger)->Compact());
  RecordSteps(**ledger, workload, kDamageStepCount / 2, kDamageStepCount);
  AwaitQuiet(StorePath(DamageFiles(directory)));
}

struct Tally {
  int at_open = 0;
  int on_query = 0;
  int aborted = 0;   // by an assertion of RocksDB
  int scrubbed = 0;  // no answer changed; reading all table files again found it
  int harmless = 0;
};

struct Results {
  int trial_count = 0;
  int last_trial = -1;
  bool is_last_open = false;  // the last trial has no outcome: the process ended in it
  std::string last_kind;
  std::string last_damage;
  std::map<std::string, Tally> tallies;
  std::vector<std::string> wrong;
};

std::vector<std::string> Fields(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream stream(line);
  for (std::string field; std::getline(stream, field, '\t');) fields.push_back(field);
  return fields;
}

Results ReadResults(const std::string& path) {
  Results results;
  std::string& kind = results.last_kind;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> fields = Fields(line);
    if (fields.empty()) continue;
    if (fields[0] == "trial" && fields.size() == 4) {
      if (results.is_last_open) ++results.tallies[kind].aborted;
      kind = fields[2];
      ++results.trial_count;
      results.last_trial = std::stoi(fields[1]);
      results.last_damage = fields[3];
      results.is_last_open = true;
    } else if (fields[0] == "wrong") {
      results.wrong.push_back(results.last_damage + ": " + line);
    } else if (fields[0] == "missed") {
      results.wrong.push_back(results.last_damage + ": not found by reading every table file");
      results.is_last_open = false;
    } else if (fields[0] == "scrubbed") {
      ++results.tallies[kind].scrubbed;
      results.is_last_open = false;
    } else if (fields[0] == "harmless") {
      ++results.tallies[kind].harmless;
      results.is_last_open = false;
    } else if (fields[0] == "noticed") {
      ++(fields[1] == "at open" ? results.tallies[kind].at_open : results.tallies[kind].on_query);
      results.is_last_open = false;
    }
  }
  if (results.is_last_open) ++results.tallies[kind].aborted;
  return results;
}

// What it says on its way out is appended to `error_path`.
int RunWorker(std::vector<std::string> words, const std::string& error_path) {
  words.insert(words.begin(), DAMAGE_WORKER_PATH);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  REQUIRE(::posix_spawn_file_actions_init(&actions) == 0);
  REQUIRE(::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, error_path.c_str(),
                                             O_WRONLY | O_CREAT | O_APPEND, 0600) == 0);
  pid_t child = 0;
  REQUIRE(::posix_spawn(&child, DAMAGE_WORKER_PATH, &actions, nullptr, arguments.data(), environ) ==
          0);
  ::posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return status;
}

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The one damage over which an assertion of Debian's RocksDB is known to end the process: a
// write-ahead log in the place of another.
constexpr std::string_view kAbortingKind = "log, swapped";

// How the worker ended: with all trials done, or in an assertion that is not ours.
void CheckEnd(int status, const Results& results, const std::string& said) {
  CAPTURE(results.last_kind, results.last_damage, said);
  if (WIFEXITED(status)) {
    REQUIRE(WEXITSTATUS(status) == 0);
    return;
  }
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(WTERMSIG(status) == SIGABRT);
  REQUIRE(results.is_last_open);
  CHECK(results.last_kind == kAbortingKind);
  CHECK(said.find("internal check failed") == std::string::npos);  // graph/model/check.h
  CHECK(said.find("rocksdb::") != std::string::npos);
  CHECK(said.find("Assertion") != std::string::npos);
}

std::string Table(const Results& results) {
  Tally total;
  std::string text =
      "noticed at open / on query / by reading all files / RocksDB ended the process / no harm\n";
  for (const auto& [name, tally] : results.tallies) {
    StrAppend(&text, "  ", name, ": ", tally.at_open, " / ", tally.on_query, " / ", tally.scrubbed,
              " / ", tally.aborted, " / ", tally.harmless, "\n");
    total.at_open += tally.at_open;
    total.on_query += tally.on_query;
    total.scrubbed += tally.scrubbed;
    total.aborted += tally.aborted;
    total.harmless += tally.harmless;
  }
  StrAppend(&text, "  all: ", total.at_open, " / ", total.on_query, " / ", total.scrubbed, " / ",
            total.aborted, " / ", total.harmless);
  return text;
}

}  // namespace

TEST_CASE("damage: every answer is the right one or a refusal", "[durability]") {
  const TempDirectory directory;
  const std::string whole = directory.path() + "/whole";
  const std::string results_path = directory.path() + "/results";
  Prepare(whole);
  const Rng rng = SeededRng();
  const int end = Scaled(2020);  // every hundredth is a control without damage
  Results results;
  while (results.last_trial + 1 < end) {
    const int first = results.last_trial + 1;
    const std::string error_path = StrCat(directory.path(), "/said-", first);
    const int status = RunWorker({whole, directory.path(), std::to_string(rng.seed()),
                                  std::to_string(first), std::to_string(end), results_path},
                                 error_path);
    results = ReadResults(results_path);
    REQUIRE(results.last_trial >= first);
    CheckEnd(status, results, ReadText(error_path));
  }
  WARN(results.trial_count << " trials, seed " << rng.seed() << "\n" << Table(results));
  for (const std::string& wrong : results.wrong) UNSCOPED_INFO(wrong);
  CHECK(results.wrong.empty());
  int aborted_count = 0;
  for (const auto& [kind, tally] : results.tallies) aborted_count += tally.aborted;
  CHECK(aborted_count <= end / 100);
  const Tally& control = results.tallies["none"];
  CHECK(control.harmless == end / 100 + (end % 100 != 0 ? 1 : 0));
  CHECK(control.at_open + control.on_query + control.aborted == 0);
}

// RocksDB moves families to table files one by one. Here one family is there already when the log
// is lost, and the others go back to nothing: RocksDB opens that with OK.
TEST_CASE("damage: a store whose families hold different commits is refused", "[durability]") {
  const TempDirectory directory;
  const LedgerFiles files{.directory = directory.path()};
  constexpr int kCommitCount = 100;
  {
    const auto store = OpenStoreOf(files, /*create=*/true);
    REQUIRE_OK(store);
    for (int number = 0; number < kCommitCount; ++number) {
      WriteBatch batch;
      batch.Put(Family::kLog, "log", std::to_string(number), std::string(4096, 'v'));
      batch.Put(Family::kIdentity, "identity", std::to_string(number), "small");
      REQUIRE_OK((*store)->Commit(batch));
    }
  }
  const bool is_lost = GENERATE(false, true);
  for (const auto& entry : fs::directory_iterator(StorePath(files))) {
    if (is_lost && entry.path().extension() == ".log") fs::remove(entry.path());
  }
  const auto reopened = OpenStoreOf(files, /*create=*/false);
  if (!is_lost) {
    REQUIRE_OK(reopened);
    return;
  }
  CHECK_STATUS(reopened, absl::StatusCode::kDataLoss);
  CHECK(reopened.status().ToString().find("commits are missing") != std::string::npos);
}

// The last edit of a manifest, which says that a family has a new table file, is made unreadable. A
// power cut does that before the edit is synced, and then the log still has what the edit moved.
TEST_CASE("damage: a torn end of the manifest is cut off where nothing is lost by it",
          "[durability]") {
  const TempDirectory directory;
  const LedgerFiles files{.directory = directory.path()};
  constexpr int kCommitCount = 100;
  {
    const auto store = OpenStoreOf(files, /*create=*/true);
    REQUIRE_OK(store);
    for (int number = 0; number < kCommitCount; ++number) {
      WriteBatch batch;
      batch.Put(Family::kLog, "log", std::to_string(number), std::string(4096, 'v'));
      REQUIRE_OK((*store)->Commit(batch));
    }
  }
  fs::path manifest;
  const bool is_log_lost = GENERATE(false, true);
  for (const auto& entry : fs::directory_iterator(StorePath(files))) {
    if (entry.path().filename().string().find("MANIFEST-") == 0) manifest = entry.path();
    if (is_log_lost && entry.path().extension() == ".log") fs::remove(entry.path());
  }
  const std::uintmax_t size = fs::file_size(manifest);
  {
    std::fstream file(manifest, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(size) - 1);
    file.put('\x55');
  }
  const auto store = OpenStoreOf(files, /*create=*/false);
  if (is_log_lost) {
    CHECK_STATUS(store, absl::StatusCode::kDataLoss);
    CHECK(fs::file_size(manifest) == size);  // left as it was
    return;
  }
  REQUIRE_OK(store);
  const auto snapshot = (*store)->TakeSnapshot();
  REQUIRE_OK(snapshot);
  const auto cells = (*snapshot)->Scan({Family::kLog, "log", "", 2 * kCommitCount});
  REQUIRE_OK(cells);
  CHECK(cells->size() == kCommitCount);
}

}  // namespace tributary::test
