#include "storage/file_io.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

constexpr mode_t kFileMode = S_IRUSR | S_IWUSR;
constexpr mode_t kDirectoryMode = S_IRWXU;

absl::StatusCode CodeOf(int error_number) {
  switch (error_number) {
    case ENOENT:
      return absl::StatusCode::kNotFound;
    case EEXIST:
      return absl::StatusCode::kAlreadyExists;
    case EACCES:
    case EPERM:
      return absl::StatusCode::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
      return absl::StatusCode::kResourceExhausted;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

// An open descriptor, closed when destroyed. Nothing rests on close: what must be durable has been
// synced before.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;

  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }

 private:
  int number_;
};

template <typename Call>
auto RetryInterrupted(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

Descriptor OpenDescriptor(const std::string& path, int flags) {
  return Descriptor(
      RetryInterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, kFileMode); }));
}

class PosixFile : public File {
 public:
  PosixFile(std::string path, Descriptor descriptor)
      : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

  absl::StatusOr<std::string> Read(std::uint64_t offset, std::size_t size) override {
    std::string bytes(size, '\0');
    std::size_t done = 0;
    while (done < size) {
      const ssize_t count = RetryInterrupted([&] {
        return ::pread(descriptor_.number(), bytes.data() + done, size - done,
                       static_cast<off_t>(offset + done));
      });
      if (count < 0) return FileError("read", path_, errno);
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    bytes.resize(done);
    return bytes;
  }

  absl::Status Write(std::uint64_t offset, std::string_view bytes) override {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t count = RetryInterrupted([&] {
        return ::pwrite(descriptor_.number(), bytes.data() + done, bytes.size() - done,
                        static_cast<off_t>(offset + done));
      });
      if (count < 0) return FileError("write", path_, errno);
      if (count == 0) return FileError("write", path_, ENOSPC);
      done += static_cast<std::size_t>(count);
    }
    return absl::OkStatus();
  }

  absl::Status SyncData() override {
    // Never tried again, not even after EINTR: a second sync may report success for lost pages.
    if (::fdatasync(descriptor_.number()) == 0) return absl::OkStatus();
    return FileError("sync", path_, errno);
  }

  absl::StatusOr<std::uint64_t> Size() override {
    struct stat status {};
    if (::fstat(descriptor_.number(), &status) != 0) return FileError("stat", path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  const std::string path_;
  const Descriptor descriptor_;
};

class PosixLock : public FileLock {
 public:
  explicit PosixLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  const Descriptor descriptor_;  // closing it frees the lock
};

int FlagsOf(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY;
    case OpenMode::kReadWrite:
      return O_RDWR;
    case OpenMode::kCreate:
      return O_RDWR | O_CREAT | O_EXCL;
  }
  return O_RDONLY;
}

class MachineFileIo : public FileIo {
 public:
  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    Descriptor descriptor = OpenDescriptor(path, FlagsOf(mode));
    if (!descriptor.is_open()) return FileError("open", path, errno);
    return std::make_unique<PosixFile>(path, std::move(descriptor));
  }

  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override {
    DIR* stream = ::opendir(directory.c_str());
    if (stream == nullptr) return FileError("list", directory, errno);
    std::vector<std::string> names;
    errno = 0;  // readdir tells its end from an error by errno alone
    while (const dirent* entry = ::readdir(stream)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    const int error_number = errno;
    ::closedir(stream);
    if (error_number != 0) return FileError("list", directory, error_number);
    std::sort(names.begin(), names.end());
    return names;
  }

  absl::Status MakeDirectory(const std::string& path) override {
    if (::mkdir(path.c_str(), kDirectoryMode) == 0) return absl::OkStatus();
    return FileError("make directory", path, errno);
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
    return FileError("rename", StrCat(from, " to ", to), errno);
  }

  absl::Status Remove(const std::string& path) override {
    if (::remove(path.c_str()) == 0) return absl::OkStatus();
    return FileError("remove", path, errno);
  }

  absl::Status SyncDirectory(const std::string& directory) override {
    const Descriptor descriptor = OpenDescriptor(directory, O_RDONLY | O_DIRECTORY);
    if (!descriptor.is_open()) return FileError("open", directory, errno);
    if (::fsync(descriptor.number()) == 0) return absl::OkStatus();
    return FileError("sync", directory, errno);
  }

  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    Descriptor descriptor = OpenDescriptor(path, O_RDWR | O_CREAT);
    if (!descriptor.is_open()) return FileError("open", path, errno);
    if (::flock(descriptor.number(), LOCK_EX | LOCK_NB) == 0) {
      return std::make_unique<PosixLock>(std::move(descriptor));
    }
    if (errno != EWOULDBLOCK) return FileError("lock", path, errno);
    return absl::FailedPreconditionError(StrCat("lock ", path, ": held by another process"));
  }
};

}  // namespace

FileIo& PosixFileIo() {
  static auto& io = *new MachineFileIo;
  return io;
}

absl::Status FileError(std::string_view operation, std::string_view path, int error_number) {
  return absl::Status(CodeOf(error_number), StrCat(operation, " ", path, ": ",
                                                   std::generic_category().message(error_number)));
}

std::string DirectoryOf(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::StatusOr<std::string> ReadFile(FileIo& io, const std::string& path, std::size_t size_max) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, io.Open(path, OpenMode::kRead));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
  if (size > size_max) {
    return absl::ResourceExhaustedError(
        StrCat("read ", path, ": found ", size, " bytes; allowed: ", size_max));
  }
  return file->Read(0, static_cast<std::size_t>(size));
}

absl::Status WriteFileDurably(FileIo& io, const std::string& path, std::string_view bytes) {
  const std::string new_path = path + ".new";
  const absl::Status removed = io.Remove(new_path);
  if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
  {
    TRIBUTARY_ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                               io.Open(new_path, OpenMode::kCreate));
    TRIBUTARY_RETURN_IF_ERROR(file->Write(0, bytes));
    TRIBUTARY_RETURN_IF_ERROR(file->SyncData());
  }
  TRIBUTARY_RETURN_IF_ERROR(io.Rename(new_path, path));
  return io.SyncDirectory(DirectoryOf(path));
}

}  // namespace tributary
