// The anchor under power cuts and failing disks.

#include <set>
#include <string>
#include <vector>

#include "storage/anchor.h"
#include "tests/storage/anchor_heads.h"
#include "tests/support/catch.h"
#include "tests/support/crash_image.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/rng.h"
#include "tests/support/temp_directory.h"

namespace tributary::test {
namespace {

constexpr std::uint64_t kAdvanceCount = 12;

// What a run of Create and Advance came to.
struct AnchorRun {
  bool is_created = false;
  std::uint64_t acknowledged = 0;  // the greatest tree size that was acknowledged
  std::uint64_t attempted = 0;
  bool moved_after_failure = false;
  std::vector<std::size_t> marks;  // recorded steps when each tree size, from 0, was acknowledged
};

AnchorRun RunAnchor(FaultDisk& disk, const std::string& path) {
  const auto io = NewFaultFileIo(disk);
  AnchorRun run;
  const auto anchor = Anchor::Create(*io, path, kAnchorLedger, 1);
  if (!anchor.ok()) return run;
  run.is_created = true;
  run.marks.push_back(disk.recorded_count());
  bool has_failed = false;
  for (std::uint64_t size = 1; size <= kAdvanceCount; ++size) {
    const absl::Status status = (*anchor)->Advance(HeadOf(size));
    if (has_failed) {
      run.moved_after_failure = run.moved_after_failure || status.ok();
      continue;
    }
    run.attempted = size;
    has_failed = !status.ok();
    if (has_failed) continue;
    run.acknowledged = size;
    run.marks.push_back(disk.recorded_count());
  }
  return run;
}

// Property: after a power cut at any step the head is what was acknowledged last, or the one that
// was being written; a file that was never acknowledged may be missing, but is never half there.
TEST_CASE("anchor: no power cut loses an acknowledged head", "[storage][anchor][crash]") {
  FaultDisk disk;
  const TempDirectory directory;
  disk.StartRecording(directory.path());
  const AnchorRun run = RunAnchor(disk, directory.path() + "/anchor");
  REQUIRE(run.acknowledged == kAdvanceCount);
  const Recording recording = disk.TakeRecording();
  Rng rng = SeededRng();
  std::set<std::uint64_t> steps_ahead_seen;
  for (std::size_t cut = 0; cut <= recording.steps.size(); ++cut) {
    for (int trial = 0; trial < 40; ++trial) {
      const std::uint64_t seed = rng();
      CAPTURE(rng.seed(), cut, seed);
      const TempDirectory image;
      MaterializeCrashImage(recording, cut, seed, image.path(),
                            {.file_sync_keeps_name = trial % 2 == 0});
      const auto opened = Anchor::Open(PosixFileIo(), image.path() + "/anchor", kAnchorLedger);
      if (cut < run.marks.front() && absl::IsNotFound(opened.status())) continue;
      REQUIRE_OK(opened);
      std::uint64_t acknowledged = 0;
      while (acknowledged + 1 < run.marks.size() && run.marks[acknowledged + 1] <= cut) {
        ++acknowledged;
      }
      const std::uint64_t found = (*opened)->head().tree_size;
      REQUIRE(found >= acknowledged);
      REQUIRE(found <= acknowledged + 1);
      if (found > 0) REQUIRE((*opened)->head() == HeadOf(found));
      steps_ahead_seen.insert(found - acknowledged);
    }
  }
  REQUIRE(steps_ahead_seen == std::set<std::uint64_t>{0, 1});
}

// Property: an error at any operation refuses, and refuses from then on; reopening finds what was
// acknowledged or the head that failed.
TEST_CASE("anchor: an error at every operation", "[storage][anchor][faults]") {
  const FaultKind kind = GENERATE(FaultKind::kIoError, FaultKind::kNoSpace, FaultKind::kShortWrite,
                                  FaultKind::kErrorButDone);
  const bool is_sticky = GENERATE(false, true);
  FaultDisk disk;
  std::uint64_t operation_count = 0;
  {
    const TempDirectory directory;
    REQUIRE(RunAnchor(disk, directory.path() + "/anchor").acknowledged == kAdvanceCount);
    operation_count = disk.operation_count();
  }
  int struck_count = 0;
  for (std::uint64_t at = 0; at < operation_count; ++at) {
    CAPTURE(static_cast<int>(kind), is_sticky, at);
    const TempDirectory directory;
    const std::string path = directory.path() + "/anchor";
    disk.Arm({.at = at, .kind = kind, .is_sticky = is_sticky});
    const AnchorRun run = RunAnchor(disk, path);
    const std::string struck = disk.struck();
    CAPTURE(struck);
    disk.Disarm();
    if (!struck.empty()) ++struck_count;
    REQUIRE_FALSE(run.moved_after_failure);
    if (struck.empty()) REQUIRE(run.acknowledged == kAdvanceCount);
    auto opened = Anchor::Open(PosixFileIo(), path, kAnchorLedger);
    if (!run.is_created) {
      if (opened.ok()) REQUIRE((*opened)->head().tree_size == 0);
      continue;
    }
    REQUIRE_OK(opened);
    const std::uint64_t found = (*opened)->head().tree_size;
    REQUIRE((found == run.acknowledged || found == run.attempted));
    REQUIRE_OK((*opened)->Advance(HeadOf(run.attempted)));  // sending it again is safe
  }
  REQUIRE(struck_count > 0);
}

}  // namespace
}  // namespace tributary::test
