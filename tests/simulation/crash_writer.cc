// The process that the kill test kills: records without end, and says what it was told.
//
//   crash_writer <directory> <journal> <seed> <awaited>
//
// What is awaited, "close", "adjustment" or nothing, comes soon: sessions are as short as can be,
// and all of them settle, or none.
//
// Opens the ledger in <directory>/ledger, or makes it (in <directory>/creating, then renamed, as
// the server does). Several threads record, step by step or with several steps in flight, whose
// groups overlap; one settles; one copies the ledger; now and then all stop, and the ledger is
// closed and opened again. The journal gets one line for each event, appended whole, so
// that what stands there was true before the kill:
//
//   phase <name>                                what the process is about to do
//   intent <writer> <step>                      a step is about to be sent
//   ack <writer> <step> <part> <position> <record id> <tree size> <root at that tree size>
//   balance <party> <tree size> <digest of its text>
//   overlapped                                  groups of this session were applied ahead
//   copying <path>                              a copy is about to be made
//   copy <path> <tree size> <root>              it is complete
//   error <text>                                nothing but a kill may end the writing
//
// It never ends by itself.

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "graph/model/check.h"
#include "graph/model/text.h"
#include "storage/file_io.h"
#include "tests/simulation/in_flight.h"
#include "tests/simulation/ledger_files.h"
#include "tests/simulation/settling.h"
#include "tests/simulation/workload.h"
#include "tests/support/rng.h"

namespace tributary::test {
namespace {

namespace fs = std::filesystem;

constexpr int kWriterCount = 3;

class Journal {
 public:
  explicit Journal(const std::string& path)
      : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
    TRIBUTARY_CHECK(file_ >= 0);
    Write("");  // a kill may have cut the line before
  }
  void Write(const std::string& line) {
    const std::string whole = line + "\n";
    TRIBUTARY_CHECK(::write(file_, whole.data(), whole.size()) ==
                    static_cast<ssize_t>(whole.size()));
  }
  [[noreturn]] void Fail(const std::string& what) {
    Write("error " + what);
    ::_exit(3);
  }

 private:
  const int file_;
};

WorkloadOptions OptionsOf(int writer) {
  return {.writer = "writer" + std::to_string(writer),
          .staged_every = 9,
          .pool_size = kEdgeChunkSize + 50,
          .closed_every = 0,  // by the one below
          .sells_models = writer == 0};
}

// The writer that settles, so that there is one chain of statements.
constexpr int kStepsPerRound = 2;
WorkloadOptions CloserOptions() {
  return {.writer = "closer",
          .staged_every = std::numeric_limits<int>::max(),
          .pool_size = kEdgeChunkSize + 50,
          .closed_every = kStepsPerRound,
          .sells_models = false};
}

std::string_view NameOf(const WorkPart& part) {
  if (part.kind == WorkPart::Kind::kFacts) return "facts";
  if (part.kind == WorkPart::Kind::kStaged) return "staged";
  constexpr std::string_view kNames[] = {"statement", "adjustment", "payout", "payout-state"};
  return kNames[part.step.settling[part.settling].index()];
}

// The first step of each writer that was not acknowledged before; the step before it is sent once
// more, as after a lost answer.
std::map<std::string, int> NextSteps(const std::string& journal_path) {
  std::map<std::string, int> next;
  std::ifstream journal(journal_path);
  std::string line;
  while (std::getline(journal, line)) {
    std::istringstream words(line);
    std::string event;
    std::string writer;
    int step = 0;
    if (words >> event >> writer >> step && event == "ack") next[writer] = step;
  }
  return next;
}

class Writing {
 public:
  Writing(std::string directory, const std::string& journal_path, std::uint64_t seed,
          std::string awaited)
      : directory_(std::move(directory)),
        journal_(journal_path),
        rng_(seed),
        awaited_(std::move(awaited)),
        next_steps_(NextSteps(journal_path)) {
    files_.directory = directory_ + "/ledger";
    pool_marker_ = directory_ + "/pool";
    files_.fixed_time = false;
    files_.file_size = 256u << 10;
  }

  [[noreturn]] void Run() {
    if (!fs::exists(files_.directory)) Create();
    while (true) Session();
  }

 private:
  void Require(const absl::Status& status, std::string_view what) {
    if (!status.ok()) journal_.Fail(StrCat(what, ": ", status.ToString()));
  }

  void Create() {
    journal_.Write("phase create");
    LedgerFiles making = files_;
    making.directory = directory_ + "/creating";
    fs::remove_all(making.directory);
    fs::create_directory(making.directory);
    Require(CreateLedger(making).status(), "create");
    Require(PosixFileIo().SyncDirectory(making.directory), "create");
    Require(PosixFileIo().Rename(making.directory, files_.directory), "create");
    Require(PosixFileIo().SyncDirectory(directory_), "create");
  }

  void Session() {
    journal_.Write("phase open");
    Overlaps overlaps;
    LedgerFiles files = files_;
    overlaps_ = rng_.OneIn(2) ? &overlaps : nullptr;
    has_overlapped_ = false;
    files.overlaps = overlaps_;
    auto ledger = OpenLedger(files);
    Require(ledger.status(), "open");
    RecordPool(**ledger);
    journal_.Write("phase record");
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    const auto write = [&](const WorkloadOptions& options, std::uint64_t step_count) {
      int& next = next_steps_.try_emplace(options.writer, 0).first->second;
      threads.emplace_back([this, options, step_count, &next, &ledger] {
        WriteSteps(**ledger, options, static_cast<int>(step_count), &next);
      });
    };
    for (int writer = 0; writer < kWriterCount; ++writer) {
      // Most sessions are short, so that kills meet their ends.
      const std::uint64_t step_count = 1 + rng_.Below(rng_.OneIn(4) ? 10 : 3);
      write(OptionsOf(writer), awaited_.empty() ? step_count : 1);
    }
    // Not in each session: a statement of thousands of lines outlasts most kills, and sessions that
    // come to their end are to be struck, too.
    const bool settles = awaited_.empty() ? rng_.OneIn(2) : awaited_ == "adjustment";
    if (settles) write(CloserOptions(), kStepsPerRound);
    std::thread copier([this, &ledger, &stop] { Copy(**ledger, &stop); });
    for (std::thread& thread : threads) thread.join();
    stop = true;
    copier.join();
    journal_.Write("phase close");
    ledger->reset();
  }

  // Once for a ledger: what was acknowledged does not go away.
  void RecordPool(Ledger& ledger) {
    if (fs::exists(pool_marker_)) return;
    journal_.Write("phase pool");
    PartsInFlight(ledger, overlaps_, [this](std::size_t, const PartsInFlight::Answer& answer) {
      Require(answer.status(), "pool");
    }).Send(0, {Workload(OptionsOf(0)).Pool()});
    std::ofstream marker(pool_marker_);
  }

  void WriteSteps(Ledger& ledger, const WorkloadOptions& options, int step_count, int* next) {
    const Workload workload(options);
    const int end = *next + step_count;
    const std::vector<WorkPart> parts = PartsOf(workload, *next, end);
    // Written down on the ledger's own thread, before anything else is done there.
    const auto acknowledge = [&](std::size_t part, const PartsInFlight::Answer& answer) {
      Acknowledge(ledger, workload, parts[part], answer);
    };
    PartsInFlight in_flight(ledger, overlaps_, acknowledge, [&](std::size_t part) {
      journal_.Write(StrCat("intent ", options.writer, " ", parts[part].number));
    });
    for (std::size_t part = 0; part < parts.size(); ++part) in_flight.Send(part, parts[part]);
    in_flight.Await();
    *next = end;
  }

  void Acknowledge(Ledger& ledger, const Workload& workload, const WorkPart& part,
                   const PartsInFlight::Answer& receipts) {
    const std::string& writer = workload.party();
    Require(receipts.status(), StrCat(writer, " step ", part.number, " ", NameOf(part)));
    std::string lines;
    for (const Receipt& receipt : *receipts) {
      const auto view = ledger.ViewAt(receipt.tree_size);
      Require(view.status(), "view");
      const auto root = (*view)->RootHash();
      Require(root.status(), "root");
      if (!lines.empty()) lines += "\n";
      StrAppend(&lines, "ack ", writer, " ", part.number, " ", NameOf(part), " ",
                receipt.position.value, " ", receipt.record_id.ToHex(), " ",
                receipt.tree_size.value, " ", root->ToHex());
    }
    if (part.kind == WorkPart::Kind::kSettling) {
      const TreeSize tree_size = receipts->back().tree_size;
      const auto balance = BalanceAt(ledger, tree_size, writer);
      Require(balance.status(), "balance");
      StrAppend(&lines, "\nbalance ", writer, " ", tree_size.value, " ", Sha256(*balance).ToHex());
    }
    if (overlaps_ != nullptr && overlaps_->count() > 0 && !has_overlapped_.exchange(true)) {
      lines += "\noverlapped";
    }
    journal_.Write(lines);
  }

  // Copies until told to stop; each copy gets an anchor, so that it opens as a ledger.
  void Copy(Ledger& ledger, std::atomic<bool>* stop) {
    while (!*stop) {
      LedgerFiles copy = files_;
      copy.directory = StrCat(directory_, "/copy-", ::getpid(), "-", copy_count_++);
      fs::create_directory(copy.directory);
      journal_.Write("copying " + copy.directory);
      const auto head = ledger.CopyTo(StorePath(copy));
      Require(head.status(), "copy");
      Require(AnchorCopy(copy, *head), "anchor of a copy");
      journal_.Write(
          StrCat("copy ", copy.directory, " ", head->tree_size.value, " ", head->root.ToHex()));
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  const std::string directory_;
  Journal journal_;
  Rng rng_;
  const std::string awaited_;
  std::map<std::string, int> next_steps_ = {};
  LedgerFiles files_ = {};
  Overlaps* overlaps_ = nullptr;  // of a session whose groups overlap
  std::atomic<bool> has_overlapped_ = false;
  std::string pool_marker_ = {};
  int copy_count_ = 0;
};

}  // namespace
}  // namespace tributary::test

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: crash_writer <directory> <journal> <seed> <awaited>\n";
    return 2;
  }
  tributary::test::Writing(argv[1], argv[2], std::strtoull(argv[3], nullptr, 10), argv[4]).Run();
}
