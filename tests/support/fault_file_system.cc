#include "tests/support/fault_file_system.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "rocksdb/env.h"
#include "rocksdb/file_system.h"

// RocksDB sleeps a second after each failure in the background, through this function of the C
// library. A sweep over every operation would sleep for an hour; tests linked with this file do
// not.
extern "C" int usleep(useconds_t duration_us) {
  constexpr useconds_t kDurationMax = 1'000;
  const timespec duration{0, static_cast<long>(std::min(duration_us, kDurationMax)) * 1'000};
  return ::nanosleep(&duration, nullptr);
}

namespace tributary::test {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;
using Step = FaultDisk::Step;
using Outcome = FaultDisk::Outcome;

// As RocksDB's own file system reports them.
IOStatus InjectedError(const Step& step, int error_number) {
  if (error_number != ENOSPC) return IOStatus::IOError(step.path, "injected");
  IOStatus status = IOStatus::NoSpace(step.path, "injected");
  status.SetRetryable(true);
  return status;
}

// Runs `action` as one operation of the disk; *outcome, where given, says what was opened.
template <typename Action>
IOStatus Run(FaultDisk& disk, const Step& step, Action action, Outcome* outcome_out = nullptr) {
  IOStatus status;
  const Outcome outcome = disk.Do(step, [&](std::size_t byte_count) {
    status = action(byte_count);
    return status.ok();
  });
  if (outcome_out != nullptr) *outcome_out = outcome;
  if (outcome.error_number == 0) return status;
  status.PermitUncheckedError();
  return InjectedError(step, outcome.error_number);
}

class FaultSequentialFile : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  FaultSequentialFile(FaultDisk& disk, std::string path,
                      std::unique_ptr<rocksdb::FSSequentialFile> file)
      : FSSequentialFileOwnerWrapper(std::move(file)), disk_(disk), path_(std::move(path)) {}

  IOStatus Read(size_t size, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) override {
    return Run(disk_, {.operation = FileOperation::kRead, .path = path_}, [&](std::size_t) {
      return FSSequentialFileOwnerWrapper::Read(size, options, result, scratch, debug);
    });
  }

 private:
  FaultDisk& disk_;
  const std::string path_;
};

class FaultRandomAccessFile : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  FaultRandomAccessFile(FaultDisk& disk, std::string path,
                        std::unique_ptr<rocksdb::FSRandomAccessFile> file)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), disk_(disk), path_(std::move(path)) {}

  IOStatus Read(uint64_t offset, size_t size, const IOOptions& options, Slice* result,
                char* scratch, IODebugContext* debug) const override {
    return Run(disk_, {.operation = FileOperation::kRead, .path = path_}, [&](std::size_t) {
      return FSRandomAccessFileOwnerWrapper::Read(offset, size, options, result, scratch, debug);
    });
  }

  IOStatus MultiRead(rocksdb::FSReadRequest* requests, size_t request_count,
                     const IOOptions& options, IODebugContext* debug) override {
    for (size_t i = 0; i < request_count; ++i) {
      rocksdb::FSReadRequest& request = requests[i];
      request.status =
          Read(request.offset, request.len, options, &request.result, request.scratch, debug);
    }
    return IOStatus::OK();
  }

 private:
  FaultDisk& disk_;
  const std::string path_;
};

class FaultWritableFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultWritableFile(FaultDisk& disk, std::string path, FileId id, std::uint64_t size,
                    std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)),
        disk_(disk),
        path_(std::move(path)),
        id_(id),
        size_(size) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    const Step step{.operation = FileOperation::kWrite,
                    .path = path_,
                    .file = id_,
                    .offset = size_,
                    .bytes = {data.data(), data.size()}};
    return Run(disk_, step, [&](std::size_t byte_count) {
      const IOStatus status =
          FSWritableFileOwnerWrapper::Append(Slice(data.data(), byte_count), options, debug);
      if (status.ok()) size_ += byte_count;
      return status;
    });
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& /*verification*/,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  // Only direct I/O writes at a position, and we do not use it.
  IOStatus PositionedAppend(const Slice& /*data*/, uint64_t /*offset*/,
                            const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return IOStatus::NotSupported("positioned append");
  }
  IOStatus PositionedAppend(const Slice& /*data*/, uint64_t /*offset*/,
                            const IOOptions& /*options*/,
                            const rocksdb::DataVerificationInfo& /*verification*/,
                            IODebugContext* /*debug*/) override {
    return IOStatus::NotSupported("positioned append");
  }

  IOStatus Truncate(uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    const Step step{
        .operation = FileOperation::kTruncate, .path = path_, .file = id_, .offset = size};
    return Run(disk_, step, [&](std::size_t) {
      const IOStatus status = FSWritableFileOwnerWrapper::Truncate(size, options, debug);
      if (status.ok()) size_ = size;
      return status;
    });
  }

  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return Run(disk_, {.operation = FileOperation::kSync, .path = path_, .file = id_},
               [&](std::size_t) { return FSWritableFileOwnerWrapper::Sync(options, debug); });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Run(disk_, {.operation = FileOperation::kSync, .path = path_, .file = id_},
               [&](std::size_t) { return FSWritableFileOwnerWrapper::Fsync(options, debug); });
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return Run(disk_, {.operation = FileOperation::kClose, .path = path_},
               [&](std::size_t) { return FSWritableFileOwnerWrapper::Close(options, debug); });
  }

 private:
  FaultDisk& disk_;
  const std::string path_;
  const FileId id_;
  std::uint64_t size_;
};

class FaultDirectory : public rocksdb::FSDirectory {
 public:
  FaultDirectory(FaultDisk& disk, std::string path, std::unique_ptr<rocksdb::FSDirectory> directory)
      : disk_(disk), path_(std::move(path)), directory_(std::move(directory)) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Run(disk_, {.operation = FileOperation::kSyncDirectory, .path = path_},
               [&](std::size_t) { return directory_->Fsync(options, debug); });
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& /*directory_options*/) override {
    return Fsync(options, debug);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return directory_->Close(options, debug);
  }
  size_t GetUniqueId(char* id, size_t size_max) const override {
    return directory_->GetUniqueId(id, size_max);
  }

 private:
  FaultDisk& disk_;
  const std::string path_;
  const std::unique_ptr<rocksdb::FSDirectory> directory_;
};

class SilentLogger : public rocksdb::Logger {
 public:
  using Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
  size_t GetLogFileSize() const override { return 0; }
};

class FaultFileSystem : public rocksdb::FileSystemWrapper {
 public:
  explicit FaultFileSystem(FaultDisk& disk)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), disk_(disk) {}

  const char* Name() const override { return "TributaryFaultFileSystem"; }

  IOStatus NewSequentialFile(const std::string& path, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result,
                             IODebugContext* debug) override {
    std::unique_ptr<rocksdb::FSSequentialFile> file;
    const IOStatus status =
        Run(disk_, {.operation = FileOperation::kOpen, .path = path},
            [&](std::size_t) { return target_->NewSequentialFile(path, options, &file, debug); });
    if (status.ok()) *result = std::make_unique<FaultSequentialFile>(disk_, path, std::move(file));
    return status;
  }

  IOStatus NewRandomAccessFile(const std::string& path, const FileOptions& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                               IODebugContext* debug) override {
    std::unique_ptr<rocksdb::FSRandomAccessFile> file;
    const IOStatus status =
        Run(disk_, {.operation = FileOperation::kOpen, .path = path},
            [&](std::size_t) { return target_->NewRandomAccessFile(path, options, &file, debug); });
    if (status.ok()) {
      *result = std::make_unique<FaultRandomAccessFile>(disk_, path, std::move(file));
    }
    return status;
  }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                           IODebugContext* debug) override {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    Outcome outcome;
    const IOStatus status = Run(
        disk_, {.operation = FileOperation::kCreate, .path = path},
        [&](std::size_t) { return target_->NewWritableFile(path, options, &file, debug); },
        &outcome);
    if (status.ok()) {
      *result = std::make_unique<FaultWritableFile>(disk_, path, outcome.file, /*size=*/0,
                                                    std::move(file));
    }
    return status;
  }

  IOStatus ReopenWritableFile(const std::string& path, const FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* result,
                              IODebugContext* debug) override {
    uint64_t size = 0;
    const bool exists = target_->GetFileSize(path, IOOptions(), &size, debug).ok();
    std::unique_ptr<rocksdb::FSWritableFile> file;
    Outcome outcome;
    const IOStatus status = Run(
        disk_, {.operation = exists ? FileOperation::kOpen : FileOperation::kCreate, .path = path},
        [&](std::size_t) { return target_->ReopenWritableFile(path, options, &file, debug); },
        &outcome);
    if (status.ok()) {
      *result =
          std::make_unique<FaultWritableFile>(disk_, path, outcome.file, size, std::move(file));
    }
    return status;
  }

  // Ways to write that the engine's settings never take.
  IOStatus ReuseWritableFile(const std::string& /*path*/, const std::string& /*old_path*/,
                             const FileOptions& /*options*/,
                             std::unique_ptr<rocksdb::FSWritableFile>* /*result*/,
                             IODebugContext* /*debug*/) override {
    return IOStatus::NotSupported("reuse of a file");
  }
  IOStatus NewRandomRWFile(const std::string& /*path*/, const FileOptions& /*options*/,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* /*result*/,
                           IODebugContext* /*debug*/) override {
    return IOStatus::NotSupported("writing at random");
  }
  IOStatus NewMemoryMappedFileBuffer(
      const std::string& /*path*/,
      std::unique_ptr<rocksdb::MemoryMappedFileBuffer>* /*result*/) override {
    return IOStatus::NotSupported("mapped file");
  }

  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* result,
                        IODebugContext* debug) override {
    std::unique_ptr<rocksdb::FSDirectory> directory;
    const IOStatus status =
        Run(disk_, {.operation = FileOperation::kOpen, .path = path},
            [&](std::size_t) { return target_->NewDirectory(path, options, &directory, debug); });
    if (status.ok()) *result = std::make_unique<FaultDirectory>(disk_, path, std::move(directory));
    return status;
  }

  // That something does not exist is an answer, not a failure, and passes as it is.
  IOStatus FileExists(const std::string& path, const IOOptions& options,
                      IODebugContext* debug) override {
    // Over an error here, where it looks for archived logs, which we never keep, Debian's RocksDB
    // aborts by a wrong assertion (WalManager::GetSortedWalFiles): nothing is left to test.
    if (path.ends_with("/archive")) return target_->FileExists(path, options, debug);
    return Run(disk_, {.operation = FileOperation::kQuery, .path = path},
               [&](std::size_t) { return target_->FileExists(path, options, debug); });
  }
  IOStatus GetChildren(const std::string& path, const IOOptions& options,
                       std::vector<std::string>* result, IODebugContext* debug) override {
    return Run(disk_, {.operation = FileOperation::kQuery, .path = path},
               [&](std::size_t) { return target_->GetChildren(path, options, result, debug); });
  }
  IOStatus GetFileSize(const std::string& path, const IOOptions& options, uint64_t* size,
                       IODebugContext* debug) override {
    return Run(disk_, {.operation = FileOperation::kQuery, .path = path},
               [&](std::size_t) { return target_->GetFileSize(path, options, size, debug); });
  }

  IOStatus DeleteFile(const std::string& path, const IOOptions& options,
                      IODebugContext* debug) override {
    return Run(disk_, {.operation = FileOperation::kRemove, .path = path},
               [&](std::size_t) { return target_->DeleteFile(path, options, debug); });
  }
  IOStatus Truncate(const std::string& path, size_t size, const IOOptions& options,
                    IODebugContext* debug) override {
    return Run(disk_, {.operation = FileOperation::kTruncate, .path = path, .offset = size},
               [&](std::size_t) { return target_->Truncate(path, size, options, debug); });
  }
  IOStatus CreateDir(const std::string& path, const IOOptions& options,
                     IODebugContext* debug) override {
    return Run(disk_, {.operation = FileOperation::kMakeDirectory, .path = path},
               [&](std::size_t) { return target_->CreateDir(path, options, debug); });
  }
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions& options,
                              IODebugContext* debug) override {
    if (target_->FileExists(path, options, debug).ok()) return IOStatus::OK();
    return CreateDir(path, options, debug);
  }
  IOStatus DeleteDir(const std::string& path, const IOOptions& options,
                     IODebugContext* debug) override {
    return Run(disk_, {.operation = FileOperation::kRemoveDirectory, .path = path},
               [&](std::size_t) { return target_->DeleteDir(path, options, debug); });
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    return Run(disk_, {.operation = FileOperation::kRename, .path = from, .target = to},
               [&](std::size_t) { return target_->RenameFile(from, to, options, debug); });
  }
  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions& options,
                    IODebugContext* debug) override {
    return Run(disk_, {.operation = FileOperation::kLink, .path = from, .target = to},
               [&](std::size_t) { return target_->LinkFile(from, to, options, debug); });
  }

  IOStatus NewLogger(const std::string& /*path*/, const IOOptions& /*options*/,
                     std::shared_ptr<rocksdb::Logger>* result, IODebugContext* /*debug*/) override {
    *result = std::make_shared<SilentLogger>();
    return IOStatus::OK();
  }

 private:
  FaultDisk& disk_;
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> NewFaultFileSystem(FaultDisk& disk) {
  return std::make_shared<FaultFileSystem>(disk);
}

}  // namespace tributary::test
