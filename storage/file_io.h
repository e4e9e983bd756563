// Our own files (anchor, backup manifest, lock): a small file system that tests can replace.
//
// RocksDB's files do not go through here. Errors name the operation, the path and the system's
// text; their codes: kNotFound, kAlreadyExists, kPermissionDenied, kResourceExhausted (no space),
// kUnavailable (any other trouble of the disk). After a failed sync nothing is known of the bytes
// written before it: the caller must not try again on the same file.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tributary {

// One open file. One thread at a time.
class File {
 public:
  virtual ~File() = default;
  // `size` bytes from `offset` on; fewer only where the file ends.
  virtual absl::StatusOr<std::string> Read(std::uint64_t offset, std::size_t size) = 0;
  // All of the bytes, or an error; the file grows where needed. Not durable before SyncData.
  virtual absl::Status Write(std::uint64_t offset, std::string_view bytes) = 0;
  // On OK the bytes and the size are durable. That the file has a name is for SyncDirectory.
  virtual absl::Status SyncData() = 0;
  virtual absl::StatusOr<std::uint64_t> Size() = 0;
};

enum class OpenMode {
  kRead,       // an existing file
  kReadWrite,  // an existing file
  kCreate,     // for reading and writing; kAlreadyExists if the name is taken
};

// Held until destroyed. The system frees it when the process ends.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// Any thread may call. New files are readable by their owner alone (0600, directories 0700).
class FileIo {
 public:
  virtual ~FileIo() = default;
  virtual absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;
  // Names in the directory, sorted, without "." and "..".
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& directory) = 0;
  virtual absl::Status MakeDirectory(const std::string& path) = 0;
  // Replaces `to`. Durable once the directory is synced.
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  // A file or an empty directory.
  virtual absl::Status Remove(const std::string& path) = 0;
  // Makes the names in the directory durable: creations, renames and removals.
  virtual absl::Status SyncDirectory(const std::string& directory) = 0;
  // Locks the file, creating it if need be. kFailedPrecondition: held, here or in another process.
  virtual absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;
};

// The machine's own file system. Lives as long as the process.
FileIo& PosixFileIo();

// An error of the system as a status; `error_number` is an errno.
absl::Status FileError(std::string_view operation, std::string_view path, int error_number);

// The directory that holds the name: "a/b" -> "a", "b" -> ".", "/b" -> "/".
std::string DirectoryOf(const std::string& path);

// The whole file. kResourceExhausted: it has more than size_max bytes.
absl::StatusOr<std::string> ReadFile(FileIo& io, const std::string& path, std::size_t size_max);

// Replaces the file as a whole: after a crash it has its old bytes or the new ones. Goes through
// `path` + ".new", which a crash may leave behind and the next call overwrites.
// Durable: on OK the new bytes are.
absl::Status WriteFileDurably(FileIo& io, const std::string& path, std::string_view bytes);

}  // namespace tributary
