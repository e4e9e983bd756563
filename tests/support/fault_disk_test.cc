// The fault layer itself: a durability test is worth what its disk is.

#include "tests/support/fault_disk.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "rocksdb/file_system.h"
#include "tests/support/catch.h"
#include "tests/support/crash_image.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/temp_directory.h"

namespace tributary::test {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSeedCount = 200;
const std::string kAbsent = "(absent)";

std::string BytesOf(const std::string& path) {
  if (!fs::exists(path)) return kAbsent;
  const auto bytes = ReadFile(PosixFileIo(), path, 1u << 20);
  REQUIRE_OK(bytes);
  return *bytes;
}

// What `name` holds in the images of many seeds after `cut` steps.
std::set<std::string> Outcomes(const Recording& recording, std::size_t cut, const std::string& name,
                               const CrashModel& model = {}) {
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 0; seed < kSeedCount; ++seed) {
    const TempDirectory image;
    MaterializeCrashImage(recording, cut, seed, image.path(), model);
    outcomes.insert(BytesOf(image.path() + "/" + name));
  }
  return outcomes;
}

using Set = std::set<std::string>;

class Disk {
 public:
  Disk() : io_(NewFaultFileIo(faults_)) {}
  FaultDisk& faults() { return faults_; }
  FileIo& io() { return *io_; }
  const std::string& root() const { return root_.path(); }
  std::string path(const std::string& name) const { return root_.path() + "/" + name; }

  std::unique_ptr<File> Create(const std::string& name) {
    auto file = io_->Open(path(name), OpenMode::kCreate);
    REQUIRE_OK(file);
    return *std::move(file);
  }

 private:
  TempDirectory root_;
  FaultDisk faults_;
  std::unique_ptr<FileIo> io_;
};

TEST_CASE("fault disk: without a fault nothing is different", "[faults]") {
  Disk disk;
  const auto file = disk.Create("file");
  REQUIRE_OK(file->Write(0, "abc"));
  REQUIRE_OK(file->SyncData());
  REQUIRE(*file->Read(0, 9) == "abc");
  REQUIRE_OK(disk.io().Rename(disk.path("file"), disk.path("other")));
  REQUIRE(*disk.io().List(disk.root()) == std::vector<std::string>{"other"});
  REQUIRE_OK(disk.io().SyncDirectory(disk.root()));
  REQUIRE(disk.faults().operation_count() == 7);
  REQUIRE(disk.faults().struck().empty());
}

TEST_CASE("fault disk: strikes the operation it is told to, as it is told to", "[faults]") {
  struct Case {
    std::string name;
    FaultKind kind;
    absl::StatusCode code;
    std::string bytes;
  };
  const auto& known = GENERATE(values<Case>({
      {"nothing is written", FaultKind::kIoError, absl::StatusCode::kUnavailable, "old!"},
      {"no space", FaultKind::kNoSpace, absl::StatusCode::kResourceExhausted, "old!"},
      {"half is written", FaultKind::kShortWrite, absl::StatusCode::kUnavailable, "new!"},
      {"all is written", FaultKind::kErrorButDone, absl::StatusCode::kUnavailable, "new!new!"},
  }));
  CAPTURE(known.name);
  Disk disk;
  const auto file = disk.Create("file");
  REQUIRE_OK(file->Write(0, "old!"));
  disk.faults().Arm({.at = 1, .kind = known.kind});
  REQUIRE_OK(file->SyncData());
  CHECK_STATUS(file->Write(0, "new!new!"), known.code);
  REQUIRE(BytesOf(disk.path("file")) == known.bytes);
  REQUIRE(disk.faults().struck() == "write file");
  REQUIRE_OK(file->Write(0, "again"));
}

TEST_CASE("fault disk: a sticky fault strikes all that follows", "[faults]") {
  Disk disk;
  const auto file = disk.Create("file");
  disk.faults().Arm({.at = 1, .kind = FaultKind::kIoError, .is_sticky = true});
  REQUIRE_OK(file->Write(0, "abc"));
  CHECK_STATUS(file->SyncData(), absl::StatusCode::kUnavailable);
  CHECK_STATUS(file->Write(0, "abc"), absl::StatusCode::kUnavailable);
  CHECK_STATUS(file->Read(0, 1), absl::StatusCode::kUnavailable);
  CHECK_STATUS(disk.io().Open(disk.path("file"), OpenMode::kRead), absl::StatusCode::kUnavailable);
  disk.faults().Disarm();
  REQUIRE(*file->Read(0, 9) == "abc");
}

TEST_CASE("fault disk: a kind passes over what it can not strike", "[faults]") {
  Disk disk;
  const auto file = disk.Create("file");
  REQUIRE_OK(file->Write(0, "abc"));
  const FaultKind kind =
      GENERATE(FaultKind::kNoSpace, FaultKind::kShortWrite, FaultKind::kErrorButDone);
  disk.faults().Arm({.at = 0, .kind = kind});
  REQUIRE_OK(file->Read(0, 3));
  REQUIRE(disk.faults().struck().empty());
}

TEST_CASE("fault disk: an exact fault counts what its kind can strike", "[faults]") {
  Disk disk;
  const auto file = disk.Create("file");
  disk.faults().Arm({.at = 1, .kind = FaultKind::kShortWrite, .is_exact = true});
  REQUIRE_OK(file->Write(0, "abcd"));
  REQUIRE_OK(file->SyncData());
  REQUIRE_OK(file->Read(0, 3));
  CHECK_STATUS(file->Write(0, "efgh"), absl::StatusCode::kUnavailable);
  REQUIRE(BytesOf(disk.path("file")) == "efcd");
  REQUIRE(disk.faults().operation_count() == 4);
  REQUIRE(disk.faults().operation_count(FaultKind::kIoError) == 4);
  REQUIRE(disk.faults().operation_count(FaultKind::kErrorButDone) == 3);
  REQUIRE(disk.faults().operation_count(FaultKind::kNoSpace) == 3);
  REQUIRE(disk.faults().operation_count(FaultKind::kShortWrite) == 2);
}

TEST_CASE("fault disk: RocksDB's file system is struck and counted too", "[faults]") {
  Disk disk;
  const auto file_system = NewFaultFileSystem(disk.faults());
  std::unique_ptr<rocksdb::FSWritableFile> file;
  REQUIRE(file_system->NewWritableFile(disk.path("file"), {}, &file, nullptr).ok());
  disk.faults().Arm({.at = 1, .kind = FaultKind::kShortWrite});
  REQUIRE(file->Append("abcd", {}, nullptr).ok());
  REQUIRE(file->Append("efgh", {}, nullptr).IsIOError());
  REQUIRE(file->Close({}, nullptr).ok());
  REQUIRE(BytesOf(disk.path("file")) == "abcdef");
  disk.faults().Arm({.at = 0, .kind = FaultKind::kNoSpace});
  REQUIRE(file_system->RenameFile(disk.path("file"), disk.path("other"), {}, nullptr).IsNoSpace());
  REQUIRE(BytesOf(disk.path("file")) == "abcdef");
}

TEST_CASE("crash image: what was there before is there", "[faults][crash]") {
  Disk disk;
  fs::create_directories(disk.path("a/b"));
  std::ofstream(disk.path("a/b/file")) << "old bytes";
  disk.faults().StartRecording(disk.root());
  const Recording recording = disk.faults().TakeRecording();
  REQUIRE(Outcomes(recording, 0, "a/b/file") == Set{"old bytes"});
}

TEST_CASE("crash image: synced bytes survive, others may", "[faults][crash]") {
  Disk disk;
  disk.faults().StartRecording(disk.root());
  const auto file = disk.Create("file");
  REQUIRE_OK(file->Write(0, "aa"));
  REQUIRE_OK(file->SyncData());
  REQUIRE_OK(disk.io().SyncDirectory(disk.root()));
  REQUIRE_OK(file->Write(2, "bb"));
  REQUIRE_OK(file->Write(4, "cc"));
  const Recording recording = disk.faults().TakeRecording();
  REQUIRE(Outcomes(recording, 4, "file") == Set{"aa"});
  const std::string zeros(2, '\0');
  const Set all = Outcomes(recording, recording.steps.size(), "file");
  for (const std::string& outcome :
       {std::string("aa"), std::string("aabb"), std::string("aabbcc"), "aa" + zeros + "cc"}) {
    CAPTURE(outcome);
    REQUIRE(all.contains(outcome));
  }
  for (const std::string& outcome : all) REQUIRE(outcome.substr(0, 2) == "aa");
}

TEST_CASE("crash image: a write is torn between sectors, never inside", "[faults][crash]") {
  Disk disk;
  disk.faults().StartRecording(disk.root());
  const auto file = disk.Create("file");
  REQUIRE_OK(file->Write(0, std::string(1024, 'a')));
  REQUIRE_OK(file->SyncData());
  REQUIRE_OK(file->Write(0, std::string(1024, 'b')));
  const Recording recording = disk.faults().TakeRecording();
  Set expected;
  for (const char first : {'a', 'b'}) {
    for (const char second : {'a', 'b'}) {
      expected.insert(std::string(512, first) + std::string(512, second));
    }
  }
  REQUIRE(Outcomes(recording, recording.steps.size(), "file") == expected);
}

TEST_CASE("crash image: a truncation may be lost until it is synced", "[faults][crash]") {
  Disk disk;
  disk.faults().StartRecording(disk.root());
  const auto file_system = NewFaultFileSystem(disk.faults());
  std::unique_ptr<rocksdb::FSWritableFile> file;
  REQUIRE(file_system->NewWritableFile(disk.path("file"), {}, &file, nullptr).ok());
  REQUIRE(file->Append("abcd", {}, nullptr).ok());
  REQUIRE(file->Sync({}, nullptr).ok());
  REQUIRE(file->Truncate(2, {}, nullptr).ok());
  REQUIRE(file->Close({}, nullptr).ok());
  const Recording recording = disk.faults().TakeRecording();
  REQUIRE(Outcomes(recording, recording.steps.size(), "file") == Set{"ab", "abcd"});
}

TEST_CASE("crash image: a name is durable with its directory, or its file", "[faults][crash]") {
  Disk disk;
  disk.faults().StartRecording(disk.root());
  const auto file = disk.Create("file");
  const std::size_t created = disk.faults().recorded_count();
  REQUIRE_OK(file->SyncData());
  const std::size_t synced = disk.faults().recorded_count();
  REQUIRE_OK(disk.io().SyncDirectory(disk.root()));
  const Recording recording = disk.faults().TakeRecording();
  const CrashModel strict{.file_sync_keeps_name = false};
  REQUIRE(Outcomes(recording, created, "file") == Set{kAbsent, ""});
  REQUIRE(Outcomes(recording, synced, "file") == Set{""});
  REQUIRE(Outcomes(recording, synced, "file", strict) == Set{kAbsent, ""});
  REQUIRE(Outcomes(recording, recording.steps.size(), "file", strict) == Set{""});
}

TEST_CASE("crash image: renames and removals may be lost until the directory is synced",
          "[faults][crash]") {
  Disk disk;
  std::ofstream(disk.path("old")) << "old";
  std::ofstream(disk.path("new")) << "new";
  std::ofstream(disk.path("gone")) << "gone";
  disk.faults().StartRecording(disk.root());
  REQUIRE_OK(disk.io().Rename(disk.path("new"), disk.path("old")));
  REQUIRE_OK(disk.io().Remove(disk.path("gone")));
  const std::size_t before_sync = disk.faults().recorded_count();
  REQUIRE_OK(disk.io().SyncDirectory(disk.root()));
  const Recording recording = disk.faults().TakeRecording();
  REQUIRE(Outcomes(recording, before_sync, "old") == Set{"old", "new"});
  REQUIRE(Outcomes(recording, before_sync, "gone") == Set{"gone", kAbsent});
  REQUIRE(Outcomes(recording, recording.steps.size(), "old") == Set{"new"});
  REQUIRE(Outcomes(recording, recording.steps.size(), "new") == Set{kAbsent});
  REQUIRE(Outcomes(recording, recording.steps.size(), "gone") == Set{kAbsent});
}

TEST_CASE("crash image: a directory that was not synced takes its files along", "[faults][crash]") {
  Disk disk;
  disk.faults().StartRecording(disk.root());
  REQUIRE_OK(disk.io().MakeDirectory(disk.path("made")));
  const auto file = disk.Create("made/file");
  REQUIRE_OK(file->Write(0, "abc"));
  REQUIRE_OK(file->SyncData());
  REQUIRE_OK(disk.io().SyncDirectory(disk.path("made")));
  const std::size_t before_sync = disk.faults().recorded_count();
  REQUIRE_OK(disk.io().SyncDirectory(disk.root()));
  REQUIRE_OK(disk.io().Rename(disk.path("made"), disk.path("moved")));
  REQUIRE_OK(disk.io().SyncDirectory(disk.root()));
  const Recording recording = disk.faults().TakeRecording();
  REQUIRE(Outcomes(recording, before_sync, "made/file") == Set{"abc", kAbsent});
  REQUIRE(Outcomes(recording, before_sync + 1, "made/file") == Set{"abc"});
  REQUIRE(Outcomes(recording, recording.steps.size(), "moved/file") == Set{"abc"});
}

TEST_CASE("crash image: after a failed sync no later one keeps the bytes", "[faults][crash]") {
  Disk disk;
  disk.faults().StartRecording(disk.root());
  const auto file = disk.Create("file");
  REQUIRE_OK(file->SyncData());
  REQUIRE_OK(file->Write(0, "ab"));
  disk.faults().Arm({.at = 0, .kind = FaultKind::kIoError});
  REQUIRE_FALSE(file->SyncData().ok());
  REQUIRE_OK(file->SyncData());
  const Recording recording = disk.faults().TakeRecording();
  const Set outcomes = Outcomes(recording, recording.steps.size(), "file");
  REQUIRE(outcomes.contains(""));
  REQUIRE(outcomes.contains("ab"));
}

TEST_CASE("crash image: half of a short write may survive", "[faults][crash]") {
  Disk disk;
  disk.faults().StartRecording(disk.root());
  const auto file = disk.Create("file");
  disk.faults().Arm({.at = 0, .kind = FaultKind::kShortWrite});
  REQUIRE_FALSE(file->Write(0, "abcd").ok());
  REQUIRE_OK(file->SyncData());
  const Recording recording = disk.faults().TakeRecording();
  REQUIRE(Outcomes(recording, recording.steps.size(), "file") == Set{"ab"});
}

TEST_CASE("crash image: the same seed gives the same image", "[faults][crash]") {
  Disk disk;
  disk.faults().StartRecording(disk.root());
  const auto file = disk.Create("file");
  for (int i = 0; i < 20; ++i) {
    REQUIRE_OK(file->Write(static_cast<std::uint64_t>(i) * 700, std::string(700, 'x')));
  }
  const Recording recording = disk.faults().TakeRecording();
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const TempDirectory first;
    const TempDirectory second;
    MaterializeCrashImage(recording, 15, seed, first.path());
    MaterializeCrashImage(recording, 15, seed, second.path());
    REQUIRE(BytesOf(first.path() + "/file") == BytesOf(second.path() + "/file"));
  }
}

}  // namespace
}  // namespace tributary::test
