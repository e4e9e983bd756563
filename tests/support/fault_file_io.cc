#include <utility>

#include "graph/model/status.h"
#include "tests/support/fault_file_system.h"

namespace tributary::test {
namespace {

using Step = FaultDisk::Step;
using Outcome = FaultDisk::Outcome;

// Runs `action`, which answers a Status, as one operation of the disk.
template <typename Action>
absl::Status RunStep(FaultDisk& disk, const Step& step, Action action) {
  absl::Status status;
  const Outcome outcome = disk.Do(step, [&](std::size_t byte_count) {
    status = action(byte_count);
    return status.ok();
  });
  if (outcome.error_number == 0) return status;
  return FileError(FileOperationName(step.operation), step.path, outcome.error_number);
}

class FaultFile : public File {
 public:
  FaultFile(FaultDisk& disk, std::string path, FileId id, std::unique_ptr<File> file)
      : disk_(disk), path_(std::move(path)), id_(id), file_(std::move(file)) {}

  absl::StatusOr<std::string> Read(std::uint64_t offset, std::size_t size) override {
    std::string bytes;
    const absl::Status status =
        RunStep(disk_, {.operation = FileOperation::kRead, .path = path_}, [&](std::size_t) {
          auto read = file_->Read(offset, size);
          if (read.ok()) bytes = *std::move(read);
          return read.status();
        });
    if (!status.ok()) return status;
    return bytes;
  }

  absl::Status Write(std::uint64_t offset, std::string_view bytes) override {
    const Step step{.operation = FileOperation::kWrite,
                    .path = path_,
                    .file = id_,
                    .offset = offset,
                    .bytes = bytes};
    return RunStep(disk_, step, [&](std::size_t byte_count) {
      return file_->Write(offset, bytes.substr(0, byte_count));
    });
  }

  absl::Status SyncData() override {
    const Step step{.operation = FileOperation::kSync, .path = path_, .file = id_};
    return RunStep(disk_, step, [&](std::size_t) { return file_->SyncData(); });
  }

  absl::StatusOr<std::uint64_t> Size() override {
    std::uint64_t size = 0;
    const absl::Status status =
        RunStep(disk_, {.operation = FileOperation::kQuery, .path = path_}, [&](std::size_t) {
          const auto found = file_->Size();
          if (found.ok()) size = *found;
          return found.status();
        });
    if (!status.ok()) return status;
    return size;
  }

 private:
  FaultDisk& disk_;
  const std::string path_;
  const FileId id_;
  const std::unique_ptr<File> file_;
};

class FaultFileIo : public FileIo {
 public:
  explicit FaultFileIo(FaultDisk& disk) : disk_(disk) {}

  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    const FileOperation operation =
        mode == OpenMode::kCreate ? FileOperation::kCreate : FileOperation::kOpen;
    absl::StatusOr<std::unique_ptr<File>> file = absl::UnknownError("not opened");
    const Outcome outcome = disk_.Do({.operation = operation, .path = path}, [&](std::size_t) {
      file = io_.Open(path, mode);
      return file.ok();
    });
    if (outcome.error_number != 0) return FileError("open", path, outcome.error_number);
    if (!file.ok()) return file.status();
    return std::make_unique<FaultFile>(disk_, path, outcome.file, *std::move(file));
  }

  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override {
    std::vector<std::string> names;
    const absl::Status status =
        RunStep(disk_, {.operation = FileOperation::kQuery, .path = directory}, [&](std::size_t) {
          auto listed = io_.List(directory);
          if (listed.ok()) names = *std::move(listed);
          return listed.status();
        });
    if (!status.ok()) return status;
    return names;
  }

  absl::Status MakeDirectory(const std::string& path) override {
    return RunStep(disk_, {.operation = FileOperation::kMakeDirectory, .path = path},
                   [&](std::size_t) { return io_.MakeDirectory(path); });
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    return RunStep(disk_, {.operation = FileOperation::kRename, .path = from, .target = to},
                   [&](std::size_t) { return io_.Rename(from, to); });
  }

  absl::Status Remove(const std::string& path) override {
    return RunStep(disk_, {.operation = FileOperation::kRemove, .path = path},
                   [&](std::size_t) { return io_.Remove(path); });
  }

  absl::Status SyncDirectory(const std::string& directory) override {
    return RunStep(disk_, {.operation = FileOperation::kSyncDirectory, .path = directory},
                   [&](std::size_t) { return io_.SyncDirectory(directory); });
  }

  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    return io_.Lock(path);
  }

 private:
  FaultDisk& disk_;
  FileIo& io_ = PosixFileIo();
};

}  // namespace

std::unique_ptr<FileIo> NewFaultFileIo(FaultDisk& disk) {
  return std::make_unique<FaultFileIo>(disk);
}

}  // namespace tributary::test
