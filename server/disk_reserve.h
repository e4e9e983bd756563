// Keeps a part of a disk free.
//
// After a write that met a full disk RocksDB 7.8 may go on by itself, abort the process, or have
// the refused write on disk. So writes are refused while there is still room for what is under way.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tributary::server {

// Bytes that this process may still take on the file system of `path`.
// Errors: those of the system, naming the path.
absl::StatusOr<std::uint64_t> FreeSpaceOf(const std::string& path);

// Any thread.
class DiskReserve {
 public:
  using FreeSpace = std::function<absl::StatusOr<std::uint64_t>(const std::string& path)>;

  // `free_space` absent: FreeSpaceOf. `free_space_min` 0: nothing is kept free.
  DiskReserve(std::uint64_t free_space_min, FreeSpace free_space)
      : free_space_min_(free_space_min), free_space_(std::move(free_space)) {}

  // Whether more may be written on the file system of `path`. Takes a microsecond.
  // Errors: kResourceExhausted naming path, bytes free and needed; those of the system.
  absl::Status Check(const std::string& path) const;

 private:
  std::uint64_t free_space_min_;
  FreeSpace free_space_;
};

}  // namespace tributary::server
