#include "tests/support/fault_disk.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "graph/model/check.h"

namespace tributary::test {
namespace {

namespace fs = std::filesystem;

bool MayNeedSpace(FileOperation operation) {
  switch (operation) {
    case FileOperation::kCreate:
    case FileOperation::kWrite:
    case FileOperation::kSync:
    case FileOperation::kSyncDirectory:
    case FileOperation::kRename:
    case FileOperation::kLink:
    case FileOperation::kMakeDirectory:
      return true;
    default:
      return false;
  }
}

bool ChangesSomething(FileOperation operation) {
  switch (operation) {
    case FileOperation::kOpen:
    case FileOperation::kRead:
    case FileOperation::kQuery:
      return false;
    default:
      return true;
  }
}

bool MayStrike(FaultKind kind, FileOperation operation) {
  switch (kind) {
    case FaultKind::kIoError:
      return true;
    case FaultKind::kNoSpace:
      return MayNeedSpace(operation);
    case FaultKind::kShortWrite:
      return operation == FileOperation::kWrite;
    case FaultKind::kErrorButDone:
      return ChangesSomething(operation);
  }
  return false;
}

// How much of the operation is done before it fails; nullopt: none of it.
std::optional<std::size_t> PartDone(FaultKind kind, std::size_t byte_count) {
  if (kind == FaultKind::kShortWrite) return byte_count / 2;
  if (kind == FaultKind::kErrorButDone) return byte_count;
  return std::nullopt;
}

std::string Normal(const std::string& path) {
  std::string normal = fs::path(path).lexically_normal().string();
  while (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return normal;
}

std::string ReadAll(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  TRIBUTARY_CHECK(file.good());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

std::string_view FileOperationName(FileOperation operation) {
  switch (operation) {
    case FileOperation::kOpen:
      return "open";
    case FileOperation::kRead:
      return "read";
    case FileOperation::kQuery:
      return "query";
    case FileOperation::kCreate:
      return "create";
    case FileOperation::kWrite:
      return "write";
    case FileOperation::kTruncate:
      return "truncate";
    case FileOperation::kSync:
      return "sync";
    case FileOperation::kSyncDirectory:
      return "sync directory";
    case FileOperation::kRename:
      return "rename";
    case FileOperation::kLink:
      return "link";
    case FileOperation::kRemove:
      return "remove";
    case FileOperation::kMakeDirectory:
      return "make directory";
    case FileOperation::kRemoveDirectory:
      return "remove directory";
    case FileOperation::kClose:
      return "close";
  }
  return "";
}

std::uint64_t FaultDisk::operation_count() const {
  std::lock_guard lock(mutex_);
  return operation_count_;
}

std::uint64_t FaultDisk::operation_count(FaultKind kind) const {
  std::lock_guard lock(mutex_);
  return count_by_kind_[static_cast<std::size_t>(kind)];
}

void FaultDisk::Arm(const Fault& fault) {
  std::lock_guard lock(mutex_);
  fault_ = fault;
  operation_count_ = 0;
  count_by_kind_ = {};
  struck_.clear();
}

void FaultDisk::Disarm() {
  std::lock_guard lock(mutex_);
  fault_.reset();
  operation_count_ = 0;
  count_by_kind_ = {};
}

std::string FaultDisk::struck() const {
  std::lock_guard lock(mutex_);
  return struck_;
}

void FaultDisk::StartRecording(const std::string& root) {
  std::lock_guard lock(mutex_);
  root_ = Normal(root);
  recording_ = Recording();
  files_.clear();
  for (const auto& entry : fs::recursive_directory_iterator(root_)) {
    const std::string path = *RelativePath(entry.path().string());
    if (entry.is_directory()) {
      recording_.initial_directories.push_back(path);
    } else {
      files_[path] = ++last_file_;
      recording_.initial_bytes[last_file_] = ReadAll(entry.path());
    }
  }
  recording_.initial_files = files_;
  is_recording_ = true;
}

std::size_t FaultDisk::recorded_count() const {
  std::lock_guard lock(mutex_);
  return recording_.steps.size();
}

Recording FaultDisk::TakeRecording() {
  std::lock_guard lock(mutex_);
  is_recording_ = false;
  files_.clear();
  return std::exchange(recording_, Recording());
}

FaultDisk::Outcome FaultDisk::Do(const Step& step, const Perform& perform) {
  std::lock_guard lock(mutex_);
  const std::optional<FaultKind> fault = NextFault(step);
  std::optional<std::size_t> part = step.bytes.size();
  if (fault.has_value()) part = PartDone(*fault, step.bytes.size());
  bool is_done = false;
  if (part.has_value()) {
    is_done = perform(*part);
    if (is_done) Record(step, *part);
  } else if (step.operation == FileOperation::kSync) {
    RecordFailedSync(step);
  }
  Outcome outcome;
  if (fault.has_value()) outcome.error_number = *fault == FaultKind::kNoSpace ? ENOSPC : EIO;
  if (is_done) outcome.file = FileAt(step.path);
  return outcome;
}

std::optional<FaultKind> FaultDisk::NextFault(const Step& step) {
  std::uint64_t index = operation_count_++;
  for (const FaultKind kind : kFaultKinds) {
    std::uint64_t& count = count_by_kind_[static_cast<std::size_t>(kind)];
    if (!MayStrike(kind, step.operation)) continue;
    if (fault_.has_value() && fault_->is_exact && fault_->kind == kind) index = count;
    ++count;
  }
  if (!fault_.has_value() || !MayStrike(fault_->kind, step.operation)) return std::nullopt;
  if (index != fault_->at && !(fault_->is_sticky && index > fault_->at)) return std::nullopt;
  if (struck_.empty()) {
    struck_ = std::string(FileOperationName(step.operation)) + " " +
              fs::path(step.path).filename().string();
  }
  return fault_->kind;
}

void FaultDisk::Record(const Step& step, std::size_t byte_count) {
  const std::optional<std::string> path = RelativePath(step.path);
  if (!is_recording_ || !path.has_value()) return;
  switch (step.operation) {
    case FileOperation::kCreate:
      if (const auto known = files_.find(*path); known != files_.end()) {
        Append(FileOperation::kTruncate, *path, known->second);  // creating empties it, to size 0
        return;
      }
      files_[*path] = ++last_file_;
      Append(FileOperation::kCreate, *path, last_file_);
      return;
    case FileOperation::kWrite:
      Append(FileOperation::kWrite, *path, step.file);
      recording_.steps.back().offset = step.offset;
      recording_.steps.back().bytes = step.bytes.substr(0, byte_count);
      return;
    case FileOperation::kTruncate:
      Append(FileOperation::kTruncate, *path, step.file != 0 ? step.file : FileAt(step.path));
      recording_.steps.back().offset = step.offset;
      return;
    case FileOperation::kSync:
      Append(FileOperation::kSync, *path, step.file);
      return;
    case FileOperation::kRename:
    case FileOperation::kLink: {
      const std::optional<std::string> target = RelativePath(step.target);
      TRIBUTARY_CHECK(target.has_value());  // names must not leave the root
      Append(step.operation, *path, FileAt(step.path));
      recording_.steps.back().target = *target;
      if (step.operation == FileOperation::kRename) {
        MoveNames(*path, *target);
      } else {
        files_[*target] = FileAt(step.path);
      }
      return;
    }
    case FileOperation::kRemove:
      Append(FileOperation::kRemove, *path, FileAt(step.path));
      files_.erase(*path);
      return;
    case FileOperation::kMakeDirectory:
    case FileOperation::kRemoveDirectory:
    case FileOperation::kSyncDirectory:
      Append(step.operation, *path, 0);
      return;
    case FileOperation::kOpen:
    case FileOperation::kRead:
    case FileOperation::kQuery:
    case FileOperation::kClose:
      return;  // nothing that a power cut could undo
  }
}

void FaultDisk::RecordFailedSync(const Step& step) {
  const std::optional<std::string> path = RelativePath(step.path);
  if (!is_recording_ || !path.has_value()) return;
  Append(FileOperation::kSync, *path, step.file);
  recording_.steps.back().is_failed = true;
}

void FaultDisk::Append(FileOperation operation, const std::string& path, FileId file) {
  RecordedStep step;
  step.operation = operation;
  step.path = path;
  step.file = file;
  recording_.steps.push_back(std::move(step));
}

// A directory takes the names below it along.
void FaultDisk::MoveNames(const std::string& from, const std::string& to) {
  std::map<std::string, FileId> moved;
  for (const auto& [path, file] : files_) {
    if (path == from) {
      moved[to] = file;
    } else if (path.compare(0, from.size() + 1, from + "/") == 0) {
      moved[to + path.substr(from.size())] = file;
    } else if (path != to) {
      moved[path] = file;
    }
  }
  files_ = std::move(moved);
}

FileId FaultDisk::FileAt(const std::string& path) const {
  const std::optional<std::string> relative = RelativePath(path);
  if (!relative.has_value()) return 0;
  const auto found = files_.find(*relative);
  return found == files_.end() ? 0 : found->second;
}

// The root itself is the empty path.
std::optional<std::string> FaultDisk::RelativePath(const std::string& path) const {
  const std::string normal = Normal(path);
  if (normal == root_) return "";
  if (root_.empty() || normal.compare(0, root_.size() + 1, root_ + "/") != 0) return std::nullopt;
  return normal.substr(root_.size() + 1);
}

}  // namespace tributary::test
