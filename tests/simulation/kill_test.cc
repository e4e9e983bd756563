// A ledger under kill -9, at any moment of recording, copying, opening and closing.
//
// A child process (crash_writer.cc) records and keeps a journal; it is killed when the journal has
// grown by a number of lines that the seed chooses, and a little later still. Then the ledger is
// opened here and compared with the journal. TRIBUTARY_TEST_SEED replays the choices (not the
// moments, which threads decide), TRIBUTARY_TEST_SCALE multiplies the kills.

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "graph/merkle/merkle.h"
#include "graph/model/record_type.h"
#include "graph/model/text.h"
#include "tests/simulation/ledger_files.h"
#include "tests/simulation/settling.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"
#include "tests/support/scale.h"
#include "tests/support/temp_directory.h"

extern char** environ;

namespace tributary::test {
namespace {

namespace fs = std::filesystem;

constexpr int kDirectoryCount = 10;
constexpr int kKillsPerDirectory = 52;
constexpr int kKillsPerClose = 26;       // of which one waits for the end of a session
constexpr int kKillsPerAdjustment = 40;  // of which one waits for an adjustment
// A child that writes nothing for so long hangs.
constexpr auto kPatience = std::chrono::seconds(60);

struct Acknowledged {
  std::uint64_t position = 0;
  std::string record_id;
  std::uint64_t tree_size = 0;
  std::string root;
  std::string part;
};

struct NotedBalance {
  std::string party;
  std::uint64_t tree_size = 0;
  std::string digest;
};

struct FinishedCopy {
  std::string path;
  std::uint64_t tree_size = 0;
  std::string root;
};

struct JournalContent {
  std::vector<Acknowledged> acknowledged;
  std::vector<NotedBalance> balances;
  std::vector<FinishedCopy> copies;
  std::string phase;            // the last one
  bool has_overlapped = false;  // in the last session
  std::size_t begun_copy_count = 0;
  std::string error;
};

constexpr std::size_t kDigestSize = 64;  // hexadecimal digits

// Only whole lines: a kill may have cut one.
JournalContent ReadJournal(const std::string& path) {
  JournalContent content;
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line) && !file.eof()) {
    std::istringstream words(line);
    std::string event;
    std::string skipped;
    words >> event;
    if (event == "phase") words >> content.phase;
    if (event == "phase" && content.phase == "open") content.has_overlapped = false;
    if (event == "overlapped") content.has_overlapped = true;
    if (event == "copying") ++content.begun_copy_count;
    if (event == "error") content.error = line;
    if (event == "ack") {
      Acknowledged& ack = content.acknowledged.emplace_back();
      words >> skipped >> skipped >> ack.part >> ack.position >> ack.record_id >> ack.tree_size >>
          ack.root;
      if (ack.root.size() != kDigestSize) content.acknowledged.pop_back();
    }
    if (event == "balance") {
      NotedBalance& balance = content.balances.emplace_back();
      words >> balance.party >> balance.tree_size >> balance.digest;
      if (balance.digest.size() != kDigestSize) content.balances.pop_back();
    }
    if (event == "copy") {
      FinishedCopy& copy = content.copies.emplace_back();
      words >> copy.path >> copy.tree_size >> copy.root;
      if (copy.root.size() != kDigestSize) content.copies.pop_back();
    }
  }
  return content;
}

// Where the time of a campaign goes.
struct Seconds {
  double close = 0;
  double adjustment = 0;
  double growth = 0;
  double examining = 0;
};

pid_t Spawn(const std::string& directory, const std::string& journal, std::uint64_t seed,
            std::string_view awaited) {
  std::vector<std::string> words = {CRASH_WRITER_PATH, directory, journal, std::to_string(seed),
                                    std::string(awaited)};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  REQUIRE(::posix_spawn(&child, CRASH_WRITER_PATH, nullptr, nullptr, arguments.data(), environ) ==
          0);
  return child;
}

std::uint64_t SizeOf(const std::string& path) {
  std::error_code error;
  const std::uint64_t size = fs::file_size(path, error);
  return error ? 0 : size;
}

// The line by which the journal says that what was awaited has come.
std::string_view LineOf(std::string_view awaited) {
  return awaited == "close" ? "phase close" : " adjustment ";
}

// Waits for a journal to say something after its first bytes. Each byte is read once, for the
// writer needs the machine.
class JournalWatch {
 public:
  JournalWatch(std::string path, std::uint64_t begin, std::string_view what)
      : path_(std::move(path)), next_(begin), what_(what) {}

  bool HasCome() {
    std::ifstream file(path_);
    file.seekg(static_cast<std::streamoff>(next_));
    for (std::string one; !has_come_ && std::getline(file, one) && !file.eof();) {
      has_come_ = one.find(what_) != std::string::npos;
      next_ += one.size() + 1;
    }
    return has_come_;
  }

 private:
  const std::string path_;
  std::uint64_t next_ = 0;
  const std::string what_;
  bool has_come_ = false;
};

// Runs the writer until its journal has grown by `byte_count`, or, unless it is empty, until what
// is awaited has come; then `delay` longer, and kills it.
void RunAndKill(const std::string& directory, const std::string& journal, std::uint64_t seed,
                std::uint64_t byte_count, std::string_view awaited,
                std::chrono::microseconds delay) {
  const std::uint64_t begin = SizeOf(journal);
  JournalWatch watch(journal, begin, LineOf(awaited));
  const auto has_come = [&] {
    return awaited.empty() ? SizeOf(journal) >= begin + byte_count : watch.HasCome();
  };
  const pid_t child = Spawn(directory, journal, seed, awaited);
  std::uint64_t size = begin;
  auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!has_come() && std::chrono::steady_clock::now() < deadline) {
    if (const std::uint64_t now = SizeOf(journal); std::exchange(size, now) != now) {
      deadline = std::chrono::steady_clock::now() + kPatience;
    }
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) == child) {
      FAIL("the writer ended by itself: " << ReadJournal(journal).error << ", status " << status);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  const bool is_hanging = !has_come();
  std::this_thread::sleep_for(delay);
  ::kill(child, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE_FALSE(is_hanging);
  REQUIRE(WIFSIGNALED(status));
}

std::string CheckAcknowledged(const Ledger& ledger, const Acknowledged& ack) {
  if (ledger.head().tree_size.value < ack.tree_size) {
    return StrCat("tree size ", ledger.head().tree_size.value, ", acknowledged ", ack.tree_size);
  }
  const auto view = ledger.ViewAt(TreeSize{ack.tree_size});
  if (!view.ok()) return view.status().ToString();
  const auto record = (*view)->ReadRecord(LogPosition{ack.position});
  if (!record.ok()) return record.status().ToString();
  // Reading has compared the bytes with the id.
  if (record->id.ToHex() != ack.record_id) return StrCat("another record at ", ack.position);
  const auto found = (*view)->FindRecord(record->id);
  if (!found.ok() || *found != LogPosition{ack.position}) return "the record is not found by id";
  if (const auto stated = StatedLines(record->record.body); stated.has_value()) {
    const auto lines = (*view)->ReadLines(record->position, 0, kLineCountMax);
    if (!lines.ok()) return lines.status().ToString();
    TreeFrontier tree;
    for (const std::string& line : *lines) tree.Append(LeafHash(line));
    if (tree.Root() != stated->lines_root) return "other lines than the statement states";
  }
  const auto root = (*view)->RootHash();
  if (!root.ok() || root->ToHex() != ack.root) return StrCat("another root at ", ack.tree_size);
  return "";
}

// A copy opens as a ledger, and has the history that the ledger has.
void CheckCopy(const FinishedCopy& copy, const Ledger& ledger) {
  LedgerFiles files{.directory = copy.path, .fixed_time = false};
  const auto opened = OpenLedger(files);
  REQUIRE_OK(opened);
  const HeadRow head = (*opened)->head();
  REQUIRE(head.tree_size.value >= copy.tree_size);
  REQUIRE(head.tree_size <= ledger.head().tree_size);
  const auto root = (*ledger.ViewAt(head.tree_size))->RootHash();
  REQUIRE_OK(root);
  REQUIRE(*root == head.root);
}

struct Tally {
  int kill_count = 0;
  std::size_t acknowledged_count = 0;
  std::map<std::string, int> parts;  // of these
  int overlapped_count = 0;          // kills in sessions whose groups overlapped
  int copy_count = 0;
  std::size_t cut_copy_count = 0;     // begun, but not finished
  std::map<std::string, int> phases;  // in which the kill struck
  Seconds seconds;
};

// Opens what a kill left, and compares it with the journal. `known` acknowledgements were compared
// after earlier kills already: of those, some are again.
void Examine(const LedgerFiles& files, const JournalContent& journal, std::size_t known,
             bool verify_all, Rng& rng, Tally* tally) {
  const auto opened = OpenLedger(files);
  REQUIRE_OK(opened);
  const Ledger& ledger = **opened;
  std::vector<Acknowledged> chosen(
      journal.acknowledged.begin() + static_cast<std::ptrdiff_t>(known),
      journal.acknowledged.end());
  for (int i = 0; i < 50 && known > 0; ++i) {
    chosen.push_back(journal.acknowledged[rng.Below(known)]);
  }
  if (verify_all) chosen = journal.acknowledged;
  for (const Acknowledged& ack : chosen) {
    const std::string problem = CheckAcknowledged(ledger, ack);
    if (!problem.empty()) FAIL("position " << ack.position << ": " << problem);
  }
  // The newest; earlier ones, where everything is looked at.
  const std::size_t balance_count = journal.balances.size();
  for (std::size_t i = verify_all ? 0 : balance_count - std::min<std::size_t>(balance_count, 3);
       i < balance_count; ++i) {
    const NotedBalance& noted = journal.balances[i];
    const auto balance = BalanceAt(ledger, TreeSize{noted.tree_size}, noted.party);
    REQUIRE_OK(balance);
    CAPTURE(noted.party, noted.tree_size, *balance);
    REQUIRE(Sha256(*balance).ToHex() == noted.digest);
  }
  // Of a session's copies, some five, the newest and another: opening them all took most of the
  // campaign's time.
  std::vector<FinishedCopy> copies;
  for (const FinishedCopy& copy : journal.copies) {
    if (fs::exists(copy.path)) copies.push_back(copy);
  }
  for (std::size_t i = 0; i < std::min<std::size_t>(copies.size(), 2); ++i) {
    CheckCopy(i == 0 ? copies.back() : copies[rng.Below(copies.size() - 1)], ledger);
    ++tally->copy_count;
  }
  if (!verify_all) return;
  const auto damage = FindDamage(ledger);
  REQUIRE_OK(damage);
  REQUIRE(*damage == "");
}

void RemoveCopies(const std::string& directory) {
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().filename().string().find("copy-") == 0) fs::remove_all(entry.path());
  }
}

// Many kills in one directory.
void KillOften(int kill_count, Rng& rng, Tally* tally) {
  const TempDirectory directory;
  const std::string journal_path = directory.path() + "/journal";
  LedgerFiles files{.directory = directory.path() + "/ledger", .fixed_time = false};
  std::size_t known = 0;
  for (int kill = 0; kill < kill_count; ++kill) {
    // An acknowledgement is a line of some 170 bytes. Now and then next to nothing is awaited, so
    // that the kill strikes while the ledger is created or opened.
    const std::uint64_t byte_count = rng.OneIn(4) ? rng.Below(20) : rng.Below(20'000);
    const std::chrono::microseconds delay(rng.Below(rng.OneIn(3) ? 20'000 : 2'000));
    const std::string_view awaited = kill % kKillsPerClose == kKillsPerClose - 1 ? "close"
                                     : kill % kKillsPerAdjustment == kKillsPerAdjustment - 1
                                         ? "adjustment"
                                         : "";
    CAPTURE(rng.seed(), kill, byte_count, awaited, delay.count());
    const auto spawned_at = std::chrono::steady_clock::now();
    RunAndKill(directory.path(), journal_path, rng(), byte_count, awaited, delay);
    const auto killed_at = std::chrono::steady_clock::now();
    double& waited = awaited == "close"        ? tally->seconds.close
                     : awaited == "adjustment" ? tally->seconds.adjustment
                                               : tally->seconds.growth;
    waited += std::chrono::duration<double>(killed_at - spawned_at).count();
    const JournalContent journal = ReadJournal(journal_path);
    ++tally->kill_count;
    ++tally->phases[journal.phase.empty() ? "start" : journal.phase];
    if (journal.has_overlapped) ++tally->overlapped_count;
    if (!fs::exists(files.directory)) {
      REQUIRE(journal.acknowledged.empty());  // still in creation: the next run makes it anew
      continue;
    }
    const bool is_last = kill + 1 == kill_count;
    Examine(files, journal, known, /*verify_all=*/is_last || rng.OneIn(50), rng, tally);
    if (is_last || rng.OneIn(10)) {
      const auto stray = FindStrayStages(files);
      REQUIRE_OK(stray);
      REQUIRE(*stray == "");
    }
    known = journal.acknowledged.size();
    RemoveCopies(directory.path());
    tally->seconds.examining +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - killed_at).count();
  }
  tally->acknowledged_count += known;
  const JournalContent journal = ReadJournal(journal_path);
  for (const Acknowledged& ack : journal.acknowledged) ++tally->parts[ack.part];
  tally->cut_copy_count += journal.begun_copy_count - journal.copies.size();
}

}  // namespace

// Property: whatever was acknowledged before a kill is in its place after it, under the same root;
// the ledger opens by itself, holds no half of a staged list, and its copies open, too.
TEST_CASE("kill -9: nothing acknowledged is lost, nothing is half there", "[durability]") {
  Rng rng = SeededRng();
  Tally tally;
  for (int i = 0; i < kDirectoryCount; ++i) KillOften(Scaled(kKillsPerDirectory), rng, &tally);
  std::string phases;
  for (const auto& [phase, count] : tally.phases) StrAppend(&phases, " ", phase, " ", count);
  WARN(tally.kill_count << " kills, " << tally.acknowledged_count << " facts acknowledged, "
                        << tally.parts["statement"] << " of them statements with their lines, "
                        << tally.parts["adjustment"] << " adjustments, " << tally.parts["payout"]
                        << " payouts; " << tally.overlapped_count
                        << " struck where groups had overlapped; " << tally.copy_count
                        << " copies opened, " << tally.cut_copy_count
                        << " cut off; struck in:" << phases << "; seconds until closes "
                        << tally.seconds.close << ", adjustments " << tally.seconds.adjustment
                        << ", other kills " << tally.seconds.growth << ", of examining "
                        << tally.seconds.examining << "; seed " << rng.seed());
  CHECK(tally.kill_count >= 500);
  CHECK(tally.acknowledged_count > 1000);
  CHECK(tally.parts["statement"] > 10);
  CHECK(tally.parts["adjustment"] > 3);
  CHECK(tally.parts["payout"] > 3);
  CHECK(tally.overlapped_count > tally.kill_count / 20);
  CHECK(tally.copy_count > 0);
  CHECK(tally.cut_copy_count > 0);
  for (const char* phase : {"open", "record", "close"}) {
    CAPTURE(phase);
    CHECK(tally.phases[phase] > 0);
  }
}

}  // namespace tributary::test
