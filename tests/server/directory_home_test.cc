// What a data directory must withstand: calls at once, and files that are not what they seem.

#include "server/directory_home.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>

#include "graph/model/status.h"
#include "server/handlers/admin.h"
#include "storage/anchor.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "tests/server/test_server.h"
#include "tests/support/catch.h"
#include "tests/support/temp_directory.h"

namespace tributary::test {
namespace {

// Stops whoever copies until it is opened.
class CopyGate {
 public:
  void Pass() {
    std::unique_lock lock(mutex_);
    ++arrived_count_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void AwaitArrivals(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return arrived_count_ >= count; });
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_count_ = 0;
  bool open_ = false;
};

class CopyGatedStore final : public Store {
 public:
  CopyGatedStore(std::unique_ptr<Store> store, CopyGate* gate)
      : store_(std::move(store)), gate_(gate) {}
  absl::StatusOr<std::unique_ptr<Snapshot>> TakeSnapshot() override {
    return store_->TakeSnapshot();
  }
  absl::Status Commit(const WriteBatch& batch) override { return store_->Commit(batch); }
  absl::Status CopyTo(const std::string& path) override {
    gate_->Pass();
    return store_->CopyTo(path);
  }
  absl::Status VerifyChecksums() override { return store_->VerifyChecksums(); }
  absl::Status Compact() override { return store_->Compact(); }
  std::vector<FamilySize> ApproximateSizes() override { return store_->ApproximateSizes(); }

 private:
  std::unique_ptr<Store> store_;
  CopyGate* gate_;
};

tributary::Record NewLedgerRecord(const std::string& name) {
  tributary::Record record;
  record.ledger = name;
  record.body = LedgerRecord{};
  return record;
}

// A home, and a ledger whose copies wait at a gate.
class GatedHome {
 public:
  GatedHome() {
    options_.data_directory = directory_.path() + "/data";
    options_.backup_directory = directory_.path() + "/backups";
    home_ = server::OpenDirectoryHome(options_).value();
    RocksDbOptions store;
    store.path = directory_.path() + "/store";
    store.create_if_missing = true;
    auto anchor = Anchor::Create(PosixFileIo(), directory_.path() + "/anchor", Sha256("a"), 1);
    ledger_ =
        Ledger::Create(std::make_unique<CopyGatedStore>(OpenRocksDbStore(store).value(), &gate_),
                       *std::move(anchor), NewLedgerRecord("a"), std::nullopt, {})
            .value();
  }
  ~GatedHome() { gate_.Open(); }

  absl::StatusOr<server::LedgerHome::Backup> MakeBackup(const std::string& name,
                                                        const CancelToken& cancel) {
    return home_->MakeBackup(*ledger_, name, cancel);
  }
  auto Begin(const std::string& name, const CancelToken& cancel) {
    return std::async(std::launch::async,
                      [this, name, &cancel] { return MakeBackup(name, cancel); });
  }
  // What stands in the ledger's backup directory, ascending.
  std::vector<std::string> Listed() const {
    std::vector<std::string> names;
    for (const auto& entry :
         std::filesystem::directory_iterator(options_.backup_directory + "/a")) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  CopyGate& gate() { return gate_; }

 private:
  TempDirectory directory_;
  server::DirectoryHomeOptions options_;
  CopyGate gate_;
  std::unique_ptr<server::LedgerHome> home_;
  std::unique_ptr<Ledger> ledger_;
};

TEST_CASE("backup: of two calls for one name at once, one makes it", "[server][backup]") {
  GatedHome home;
  const CancelToken cancel;
  auto first = home.Begin("n", cancel);
  home.gate().AwaitArrivals(1);
  CHECK_STATUS(home.MakeBackup("n", cancel), absl::StatusCode::kAborted);
  home.gate().Open();
  const auto made = first.get();
  REQUIRE_OK(made);
  CHECK(made->verified.record_count == 1);
  CHECK(made->size > 0);
  CHECK(home.Listed() == std::vector<std::string>{"n"});
  CHECK_STATUS(home.MakeBackup("n", cancel), absl::StatusCode::kAlreadyExists);
}

TEST_CASE("backup: one that is cancelled takes nothing from others", "[server][backup]") {
  GatedHome home;
  CancelToken leaves;
  const CancelToken stays;
  auto cancelled = home.Begin("n", leaves);
  auto other = home.Begin("m", stays);
  home.gate().AwaitArrivals(2);
  leaves.Cancel();
  CHECK_STATUS(home.MakeBackup("n", stays), absl::StatusCode::kAborted);
  home.gate().Open();
  CHECK_STATUS(cancelled.get(), absl::StatusCode::kCancelled);
  REQUIRE_OK(other.get());
  CHECK(home.Listed() == std::vector<std::string>{"m"});
  // The name is free again.
  REQUIRE_OK(home.MakeBackup("n", stays));
  CHECK(home.Listed() == std::vector<std::string>{"m", "n"});
}

// Ledgers of one data directory, as handlers see them.
struct OpenedHome {
  explicit OpenedHome(const server::DirectoryHomeOptions& options)
      : ledgers(server::Ledgers::Open(server::OpenDirectoryHome(options).value()).value()) {}

  server::Limits limits;
  server::ServerInfo info = server::StartedNow();
  CancelToken cancel;
  std::unique_ptr<server::Ledgers> ledgers;
  server::Env env{*ledgers, limits, info, cancel};
};

std::string BytesOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE("restore: what an anchor kept elsewhere vouches for is continued", "[server][backup]") {
  TempDirectory directory;
  server::DirectoryHomeOptions options;
  options.data_directory = directory.path() + "/data";
  options.anchor_directory = directory.path() + "/anchors";
  options.backup_directory = directory.path() + "/backups";
  // Another history of the same name, and longer: it agrees up to its second record.
  server::DirectoryHomeOptions forked = options;
  forked.data_directory = directory.path() + "/forked";
  forked.anchor_directory = directory.path() + "/forked-anchors";
  forked.backup_directory = directory.path() + "/forked-backups";
  tributary::Record first = NewLedgerRecord(kLedger);
  std::get<LedgerRecord>(first.body).created = TimeMs{1};
  const auto record = [&](const server::DirectoryHomeOptions& where,
                          const std::vector<std::string>& parties) {
    OpenedHome home(where);
    const auto made = home.ledgers->Create(first, TimeMs{1});
    REQUIRE_OK(made);
    std::vector<v1::Fact> facts;
    for (const std::string& party : parties) facts.push_back(Party(party));
    RecordFacts(home.env, facts);
    const auto backup = home.ledgers->home().MakeBackup(*made->ledger, "n", home.cancel);
    REQUIRE_OK(backup);
    return backup->directory;
  };
  const std::string own = record(options, {"ana", "ben"});
  const std::string other = record(forked, {"eve", "fay", "gil"});

  const std::string ledger = options.data_directory + "/ledgers/" + server::LedgerFileName(kLedger);
  const std::string anchor = options.anchor_directory + "/" + server::LedgerFileName(kLedger);
  std::filesystem::remove_all(ledger);
  const std::string anchored = BytesOf(anchor);
  const auto refused = server::RestoreLedger(options, kLedger, other);
  CHECK_STATUS(refused, absl::StatusCode::kFailedPrecondition);
  CHECK(refused.status().message().find("another history") != std::string::npos);
  CHECK(BytesOf(anchor) == anchored);
  CHECK_FALSE(std::filesystem::exists(ledger));

  REQUIRE_OK(server::RestoreLedger(options, kLedger, own));
  OpenedHome restored(options);
  REQUIRE_OK(restored.ledgers->Find(kLedger));
  CHECK(restored.ledgers->Find(kLedger).value()->head().tree_size.value == 3);
}

TEST_CASE("directory home: nothing is written to a disk that is nearly full", "[server]") {
  TempDirectory directory;
  std::atomic<std::uint64_t> free = 1'000;
  server::DirectoryHomeOptions options;
  options.data_directory = directory.path() + "/data";
  options.backup_directory = directory.path() + "/backups";
  options.free_space_min = 1'000;
  options.free_space = [&free](const std::string&) { return free.load(); };
  OpenedHome home(options);
  REQUIRE_OK(home.ledgers->Create(NewLedgerRecord(kLedger), std::nullopt));
  RecordFacts(home.env, {Party("ana")});
  const auto ledger = home.ledgers->Find(kLedger).value();

  free = 999;
  // The stream ends: it does not wait for room as it does for a full queue.
  const v1::IngestResponse refused = IngestAll(home.env, {Party("ben")});
  REQUIRE(refused.results(0).has_error());
  const std::string& message = refused.results(0).error().message();
  CHECK(message.find("999 bytes free at " + options.data_directory) != std::string::npos);
  CHECK(message.find("at least 1000 (limit free_space_min)") != std::string::npos);
  constexpr auto kFull = absl::StatusCode::kResourceExhausted;
  CHECK_STATUS(home.ledgers->Create(NewLedgerRecord("b"), std::nullopt), kFull);
  CHECK_STATUS(home.ledgers->home().MakeBackup(*ledger, "n", home.cancel), kFull);
  CHECK_STATUS(home.ledgers->home().MakeScratch(), kFull);
  CHECK(ledger->head().tree_size.value == 2);
  v1::GetStatusResponse status;
  REQUIRE_OK(server::GetStatus(home.env, {}, &status));
  REQUIRE(status.ledgers_size() == 1);
  CHECK(status.ledgers(0).problem().empty());
  REQUIRE(status.ledgers(0).warnings_size() == 1);
  CHECK(status.ledgers(0).warnings(0).find("free_space_min") != std::string::npos);

  free = 1'000;
  RecordFacts(home.env, {Party("ben")});
  REQUIRE_OK(home.ledgers->home().MakeBackup(*ledger, "n", home.cancel));
}

TEST_CASE("directory home: the system's word for free space is taken", "[server]") {
  TempDirectory directory;
  const auto free = server::FreeSpaceOf(directory.path());
  REQUIRE_OK(free);
  CHECK(*free > 0);
  CHECK_FALSE(server::FreeSpaceOf(directory.path() + "/none").ok());
  REQUIRE_OK(server::DiskReserve(1, {}).Check(directory.path()));
  const absl::Status full = server::DiskReserve(UINT64_MAX, {}).Check(directory.path());
  CHECK_STATUS(full, absl::StatusCode::kResourceExhausted);
  CHECK(FieldOf(full) == "disk");
}

TEST_CASE("directory home: no more ledgers than the process may open files for", "[server]") {
  TempDirectory directory;
  server::DirectoryHomeOptions options;
  options.data_directory = directory.path() + "/data";
  options.open_files.connection_count = 100;
  options.open_files.count_max = server::OpenFilesNeeded(options.open_files, 1);
  {
    OpenedHome home(options);
    REQUIRE_OK(home.ledgers->Create(NewLedgerRecord("a"), std::nullopt));
    CHECK_STATUS(home.ledgers->Create(NewLedgerRecord("b"), std::nullopt),
                 absl::StatusCode::kResourceExhausted);
  }
  --options.open_files.count_max;
  const auto refused = server::OpenDirectoryHome(options);
  CHECK_STATUS(refused, absl::StatusCode::kResourceExhausted);
  const std::string message(refused.status().message());
  CHECK(message.find("RLIMIT_NOFILE = " + std::to_string(options.open_files.count_max)) !=
        std::string::npos);
  CHECK(message.find("at least " + std::to_string(options.open_files.count_max + 1)) !=
        std::string::npos);
}

}  // namespace
}  // namespace tributary::test
