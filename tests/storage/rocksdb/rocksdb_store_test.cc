// What the RocksDB engine does beyond the conformance suite: opening, copies, damage.

#include "storage/rocksdb/rocksdb_store.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "storage/rocksdb/key_encoding.h"
#include "tests/storage/conformance/store_model.h"
#include "tests/storage/rocksdb/small_files.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"
#include "tests/support/temp_directory.h"

namespace tributary::test {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<Store> Open(const std::string& path) {
  auto store = OpenRocksDbStore(SmallFiles(path));
  REQUIRE_OK(store);
  return *std::move(store);
}

Model Fill(Store& store, int batch_count, std::uint64_t seed) {
  Rng rng(seed);
  Model model;
  for (int i = 0; i < batch_count; ++i) {
    const WriteBatch batch = RandomBatch(rng);
    REQUIRE_OK(store.Commit(batch));
    Apply(batch, model);
  }
  return model;
}

std::string FirstFile(const std::string& directory, const std::string& suffix) {
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string path = entry.path().string();
    const bool matches = path.size() >= suffix.size() &&
                         path.compare(path.size() - suffix.size(), suffix.size(), suffix) == 0;
    if (matches && entry.file_size() > 0) return path;
  }
  return "";
}

void FlipByte(const std::string& path, std::uintmax_t position) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(position));
  const char byte = static_cast<char>(file.get() ^ 0x40);
  file.seekp(static_cast<std::streamoff>(position));
  file.put(byte);
  REQUIRE(file.good());
}

TEST_CASE("rocksdb keys: rows do not mix, and are found again", "[storage][rocksdb]") {
  using rocksdb_engine::DecodeKey;
  using rocksdb_engine::EncodeKey;
  REQUIRE(EncodeKey("row", "col") == "\3rowcol");
  REQUIRE(EncodeKey("rowc", "ol") != EncodeKey("row", "col"));
  const std::string long_row(255, 'r');
  REQUIRE(EncodeKey(long_row, "c") == "\xff" + long_row + "c");
  REQUIRE(DecodeKey(EncodeKey(long_row, "c"))->row == long_row);
  REQUIRE(DecodeKey(EncodeKey("r", ""))->column.empty());
  for (const std::string& malformed : {std::string(), std::string("\0", 1), std::string("\3ro")}) {
    REQUIRE_FALSE(DecodeKey(malformed).has_value());
  }
}

TEST_CASE("rocksdb keys: the successor of a prefix", "[storage][rocksdb]") {
  using rocksdb_engine::PrefixSuccessor;
  REQUIRE(PrefixSuccessor("ab") == "ac");
  REQUIRE(PrefixSuccessor("a\xff\xff") == "b");
  REQUIRE_FALSE(PrefixSuccessor("\xff\xff").has_value());
}

TEST_CASE("rocksdb store: opens nothing that is not there", "[storage][rocksdb]") {
  const TempDirectory directory;
  RocksDbOptions options = SmallFiles(directory.path() + "/store");
  options.create_if_missing = false;
  CHECK_STATUS(OpenRocksDbStore(options), absl::StatusCode::kNotFound);
  REQUIRE_FALSE(fs::exists(options.path));
  fs::create_directory(options.path);
  CHECK_STATUS(OpenRocksDbStore(options), absl::StatusCode::kNotFound);
  options.create_if_missing = true;
  REQUIRE_OK(OpenRocksDbStore(options));
  options.create_if_missing = false;
  REQUIRE_OK(OpenRocksDbStore(options));
}

TEST_CASE("rocksdb store: its directory is closed to others", "[storage][rocksdb]") {
  const TempDirectory directory;
  const auto store = Open(directory.path() + "/store");
  struct stat status {};
  REQUIRE(::stat((directory.path() + "/store").c_str(), &status) == 0);
  REQUIRE((status.st_mode & 0777) == 0700);
  REQUIRE(::stat((directory.path() + "/store/LOG").c_str(), &status) == 0);
  REQUIRE((status.st_mode & 0777) == 0600);
}

// Holds the lock of a store's directory in a process of its own, as a second server would. It does
// not open the store there: RocksDB's threads do not survive a fork.
class LockHolder {
 public:
  explicit LockHolder(const std::string& lock_path) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    child_ = ::fork();
    if (child_ == 0) Hold(lock_path, ends[1]);
    char is_held = 'n';
    REQUIRE(::read(ends[0], &is_held, 1) == 1);
    ::close(ends[0]);
    ::close(ends[1]);
    REQUIRE(is_held == 'y');
  }
  ~LockHolder() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }

 private:
  [[noreturn]] static void Hold(const std::string& lock_path, int result) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    const int file = ::open(lock_path.c_str(), O_RDWR);
    const char is_held = ::fcntl(file, F_SETLK, &lock) == 0 ? 'y' : 'n';
    if (::write(result, &is_held, 1) != 1) ::_exit(1);
    while (true) ::pause();
  }

  pid_t child_ = 0;
};

TEST_CASE("rocksdb store: another process is refused, by the directory's name",
          "[storage][rocksdb]") {
  const TempDirectory directory;
  const std::string path = directory.path() + "/store";
  Open(path).reset();
  {
    const LockHolder holder(path + "/LOCK");
    const auto refused = OpenRocksDbStore(SmallFiles(path));
    CHECK_STATUS(refused, absl::StatusCode::kFailedPrecondition);
    REQUIRE(refused.status().message().find(path) != std::string::npos);
  }
  REQUIRE_OK(OpenRocksDbStore(SmallFiles(path)));
}

TEST_CASE("rocksdb store: a copy opens as a store of its own", "[storage][rocksdb]") {
  const TempDirectory directory;
  const std::string copy_path = directory.path() + "/copy";
  const auto store = Open(directory.path() + "/store");
  Model model = Fill(*store, 300, 1);
  REQUIRE_OK(store->CopyTo(copy_path));
  CHECK_STATUS(store->CopyTo(copy_path), absl::StatusCode::kAlreadyExists);
  WriteBatch later;
  later.Put(Family::kMeta, "later", "", "value");
  REQUIRE_OK(store->Commit(later));
  const auto copy = Open(copy_path);
  REQUIRE(Contents(*copy) == model);
  REQUIRE_OK(copy->VerifyChecksums());
  REQUIRE_OK(copy->Commit(later));
  Apply(later, model);
  REQUIRE(Contents(*copy) == model);
  REQUIRE(Contents(*store) == model);
}

TEST_CASE("rocksdb store: a copy to where none can be is refused, and the store goes on",
          "[storage][rocksdb]") {
  const TempDirectory directory;
  const auto store = Open(directory.path() + "/store");
  const Model model = Fill(*store, 20, 1);
  REQUIRE_FALSE(store->CopyTo(directory.path() + "/no/such/place").ok());
  WriteBatch batch;
  batch.Put(Family::kMeta, "later", "", "value");
  REQUIRE_OK(store->Commit(batch));
}

TEST_CASE("rocksdb store: damage to a table file is found and named", "[storage][rocksdb]") {
  const TempDirectory directory;
  const std::string path = directory.path() + "/store";
  {
    const auto store = Open(path);
    Fill(*store, 300, 1);
    REQUIRE_OK(store->Compact());
    REQUIRE_OK(store->VerifyChecksums());
  }
  const std::string file = FirstFile(path, ".sst");
  REQUIRE_FALSE(file.empty());
  FlipByte(file, 20);
  // At the latest by reading everything; where opening reads the damaged block, already then.
  const auto store = OpenRocksDbStore(SmallFiles(path));
  const absl::Status status = store.ok() ? (*store)->VerifyChecksums() : store.status();
  CHECK_STATUS(status, absl::StatusCode::kDataLoss);
  REQUIRE(status.message().find(fs::path(file).filename().string()) != std::string::npos);
}

TEST_CASE("rocksdb store: a missing file refuses to open and is named", "[storage][rocksdb]") {
  const TempDirectory directory;
  const std::string path = directory.path() + "/store";
  {
    const auto store = Open(path);
    Fill(*store, 300, 1);
    REQUIRE_OK(store->Compact());
  }
  SECTION("a table file") {
    const std::string file = FirstFile(path, ".sst");
    REQUIRE(fs::remove(file));
    const auto store = OpenRocksDbStore(SmallFiles(path));
    CHECK_STATUS(store, absl::StatusCode::kDataLoss);
    CAPTURE(file, store.status().ToString());
    // By its number: RocksDB tries two endings and names the second one.
    REQUIRE(store.status().message().find(fs::path(file).stem().string()) != std::string::npos);
  }
  SECTION("the file that names the manifest") {
    REQUIRE(fs::remove(path + "/CURRENT"));
    const auto store = OpenRocksDbStore(SmallFiles(path));
    CHECK_STATUS(store, absl::StatusCode::kDataLoss);
    REQUIRE(store.status().message().find("CURRENT") != std::string::npos);
    REQUIRE_FALSE(FirstFile(path, ".sst").empty());  // nothing was cleared away
  }
  SECTION("the manifest") {
    for (const auto& entry : fs::directory_iterator(path)) {
      if (entry.path().filename().string().rfind("MANIFEST-", 0) == 0) fs::remove(entry.path());
    }
    const auto store = OpenRocksDbStore(SmallFiles(path));
    CHECK_STATUS(store, absl::StatusCode::kDataLoss);
    REQUIRE(store.status().message().find("MANIFEST-") != std::string::npos);
  }
}

// One long row, in several table files.
class LongRow {
 public:
  static constexpr int kColumnCount = 2'000;

  explicit LongRow(const std::string& path) : path_(path) {
    const auto store = Open(path);
    Rng rng(7);
    WriteBatch batch;
    for (int i = 0; i < kColumnCount; ++i) {
      std::string value;
      for (int word = 0; word < 12; ++word) value += std::to_string(rng());
      batch.Put(Family::kUpstream, "row", Column(i), std::move(value));
    }
    REQUIRE_OK(store->Commit(batch));
    REQUIRE_OK(store->Compact());
  }

  static std::string Column(int i) { return std::to_string(100'000 + i); }
  static ScanRange Whole() { return {Family::kUpstream, "row", "", kColumnCount}; }

  // Calls `ask` once for each table file, over a store whose file is damaged; how often it opened.
  template <typename Ask>
  int AskOverDamage(bool checks_scans, const Ask& ask) const {
    int opened_count = 0;
    for (const auto& entry : fs::directory_iterator(path_)) {
      if (entry.path().extension() != ".sst") continue;
      FlipByte(entry.path().string(), 20);
      {
        RocksDbOptions options = SmallFiles(path_);
        options.unsafe_no_scan_check_for_tests = !checks_scans;
        const auto store = OpenRocksDbStore(options);
        // Opening may meet the damage itself; it must then refuse.
        if (!store.ok()) CHECK_STATUS(store, absl::StatusCode::kDataLoss);
        if (store.ok()) {
          ++opened_count;
          const auto snapshot = (*store)->TakeSnapshot();
          REQUIRE_OK(snapshot);
          ask(**snapshot);
        }
      }
      FlipByte(entry.path().string(), 20);
    }
    return opened_count;
  }

 private:
  const std::string path_;
};

TEST_CASE("rocksdb store: reads notice damage wherever it is", "[storage][rocksdb]") {
  const TempDirectory directory;
  const std::string path = directory.path() + "/store";
  const LongRow row(path);
  const int opened_count = row.AskOverDamage(/*checks_scans=*/true, [](const Snapshot& snapshot) {
    int failure_count = 0;
    for (int i = 0; i < LongRow::kColumnCount; ++i) {
      const auto value = snapshot.Get({Family::kUpstream, "row", LongRow::Column(i)});
      if (value.ok()) REQUIRE(value->has_value());
      if (!value.ok()) ++failure_count;
    }
    REQUIRE(failure_count > 0);
    const auto cells = snapshot.Scan(LongRow::Whole());
    CHECK_STATUS(cells, absl::StatusCode::kDataLoss);
    std::vector<std::vector<Cell>> rows;
    const std::vector<ScanRange> ranges = {LongRow::Whole()};
    CHECK_STATUS(snapshot.MultiScan(ranges, &rows), absl::StatusCode::kDataLoss);
  });
  REQUIRE(opened_count > 3);
  const auto store = Open(path);
  const auto snapshot = store->TakeSnapshot();
  REQUIRE_OK(snapshot);
  const auto cells = (*snapshot)->Scan(LongRow::Whole());
  REQUIRE_OK(cells);
  REQUIRE(cells->size() == LongRow::kColumnCount);
}

// Page by page, each page is the right one or a refusal, and one of them is a refusal.
TEST_CASE("rocksdb store: a scan in pages is never short over damage", "[storage][rocksdb]") {
  const TempDirectory directory;
  const LongRow row(directory.path() + "/store");
  row.AskOverDamage(/*checks_scans=*/true, [](const Snapshot& snapshot) {
    constexpr int kPageSize = 50;
    int refused_count = 0;
    for (int first = 0; first < LongRow::kColumnCount; first += kPageSize) {
      ScanRange range = LongRow::Whole();
      if (first > 0) range.start_after = LongRow::Column(first - 1);
      range.column_count_max = kPageSize;
      const auto cells = snapshot.Scan(range);
      CAPTURE(first, cells.status().ToString());
      if (!cells.ok()) {
        CHECK_STATUS(cells, absl::StatusCode::kDataLoss);
        ++refused_count;
        continue;
      }
      REQUIRE(cells->size() == kPageSize);
      REQUIRE(cells->front().column == LongRow::Column(first));
      REQUIRE(cells->back().column == LongRow::Column(first + kPageSize - 1));
    }
    CHECK(refused_count > 0);
  });
}

// Should a newer RocksDB notice by itself, then the walk back can go.
TEST_CASE("rocksdb store: without the walk back scans are short and OK",
          "[storage][rocksdb]"
          "[planted]") {
  const TempDirectory directory;
  const LongRow row(directory.path() + "/store");
  int short_count = 0;
  row.AskOverDamage(/*checks_scans=*/false, [&](const Snapshot& snapshot) {
    const auto cells = snapshot.Scan(LongRow::Whole());
    if (cells.ok() && cells->size() < LongRow::kColumnCount) ++short_count;
  });
  CHECK(short_count > 0);
}

}  // namespace
}  // namespace tributary::test
