// A disk that fails on demand and remembers what a power cut could lose. One disk serves RocksDB
// and our own files (fault_file_system.h), so that all operations stand in one order.
//
// Errors:     disk.Arm({.at = 17, .kind = FaultKind::kIoError});   // the 18th operation from now
//             ... work, see what it answers ...
//             disk.Disarm();                                       // then reopen and verify
// Power cuts: disk.StartRecording(root);
//             ... work; note disk.recorded_count() after each acknowledgement ...
//             const Recording recording = disk.TakeRecording();
//             MaterializeCrashImage(recording, cut, seed, directory);  // crash_image.h, many times

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::test {

enum class FileOperation {
  kOpen,
  kRead,
  kQuery,  // existence, size, listing
  kCreate,
  kWrite,
  kTruncate,
  kSync,
  kSyncDirectory,
  kRename,
  kLink,
  kRemove,
  kMakeDirectory,
  kRemoveDirectory,
  kClose,
};
std::string_view FileOperationName(FileOperation operation);

enum class FaultKind {
  kIoError,       // EIO, nothing was done
  kNoSpace,       // ENOSPC, nothing was done; strikes only what may need space
  kShortWrite,    // half of the bytes were written, then EIO; strikes only writes
  kErrorButDone,  // all was done, then EIO; strikes only what changes something
};
inline constexpr FaultKind kFaultKinds[] = {FaultKind::kIoError, FaultKind::kNoSpace,
                                            FaultKind::kShortWrite, FaultKind::kErrorButDone};

struct Fault {
  std::uint64_t at = 0;  // operations from Arm on are counted from 0
  FaultKind kind = FaultKind::kIoError;
  bool is_sticky = false;  // all later operations that the kind may strike fail as well
  bool is_exact = false;   // what the kind may not strike is not counted
};

// Names the bytes of a file, whatever its names; 0: not recorded.
using FileId = std::uint64_t;

// One thing that was done, as far as a power cut cares.
struct RecordedStep {
  FileOperation operation;
  std::string path;    // relative to the root
  std::string target;  // of kRename and kLink: the new name
  FileId file = 0;
  std::uint64_t offset = 0;  // of kWrite; the new size with kTruncate
  std::string bytes;         // of kWrite
  bool is_failed = false;    // of kSync: reported an error without syncing
};

// All that was done below one directory, in order, from a state that was durable.
struct Recording {
  std::vector<std::string> initial_directories;  // parents first
  std::map<std::string, FileId> initial_files;
  std::map<FileId, std::string> initial_bytes;
  std::vector<RecordedStep> steps;
};

// Any thread may call. One operation at a time reaches the real disk, so that no recorded sync can
// claim bytes that were written beside it.
class FaultDisk {
 public:
  // Operations since the last Arm or Disarm (or since the beginning). Run the work once without a
  // fault to learn how many there are.
  std::uint64_t operation_count() const;
  // Of them, those that the kind may strike.
  std::uint64_t operation_count(FaultKind kind) const;
  void Arm(const Fault& fault);
  void Disarm();

  // The first operation that was struck since Arm, such as "sync 000004.log"; empty if none was.
  std::string struck() const;

  // What is below `root` now counts as durable. No file below it may be open for writing.
  void StartRecording(const std::string& root);
  // A cut at this index keeps all that was done so far within a power cut's reach: what was
  // acknowledged before must survive every cut at or after it.
  std::size_t recorded_count() const;
  Recording TakeRecording();

  // --- For the adaptors in fault_file_system.cc.

  struct Step {
    FileOperation operation = FileOperation::kQuery;
    std::string path = {};
    std::string target = {};      // of kRename and kLink
    FileId file = 0;              // of kWrite, kTruncate, kSync
    std::uint64_t offset = 0;     // of kWrite; the new size with kTruncate
    std::string_view bytes = {};  // of kWrite
  };
  struct Outcome {
    int error_number = 0;  // 0: answer what the real operation answered; else fail with this errno
    FileId file = 0;       // of kOpen and kCreate: what was opened
  };
  // Does the real operation, for kWrite with the first byte_count bytes; false: it failed.
  using Perform = std::function<bool(std::size_t byte_count)>;
  Outcome Do(const Step& step, const Perform& perform);

 private:
  std::optional<FaultKind> NextFault(const Step& step);
  void Record(const Step& step, std::size_t byte_count);
  void RecordFailedSync(const Step& step);
  void Append(FileOperation operation, const std::string& path, FileId file);
  void MoveNames(const std::string& from, const std::string& to);
  FileId FileAt(const std::string& path) const;
  std::optional<std::string> RelativePath(const std::string& path) const;

  mutable std::mutex mutex_;  // guards all below
  std::uint64_t operation_count_ = 0;
  std::array<std::uint64_t, std::size(kFaultKinds)> count_by_kind_ = {};
  std::optional<Fault> fault_;
  std::string struck_;
  bool is_recording_ = false;
  std::string root_;
  Recording recording_;
  std::map<std::string, FileId> files_;  // relative path -> the file it names now
  FileId last_file_ = 0;
};

}  // namespace tributary::test
