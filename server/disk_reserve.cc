#include "server/disk_reserve.h"

#include <sys/statvfs.h>

#include <cerrno>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "storage/file_io.h"

namespace tributary::server {

absl::StatusOr<std::uint64_t> FreeSpaceOf(const std::string& path) {
  struct statvfs found {};
  if (::statvfs(path.c_str(), &found) != 0) return FileError("statvfs", path, errno);
  return std::uint64_t{found.f_bavail} * found.f_frsize;
}

absl::Status DiskReserve::Check(const std::string& path) const {
  if (free_space_min_ == 0) return absl::OkStatus();
  TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t free,
                             free_space_ ? free_space_(path) : FreeSpaceOf(path));
  if (free >= free_space_min_) return absl::OkStatus();
  return FieldError(
      absl::StatusCode::kResourceExhausted, "disk", StrCat(free, " bytes free at ", path),
      StrCat("at least ", free_space_min_, " (limit free_space_min); make room and send again"));
}

}  // namespace tributary::server
