#include "client/cli/file_id.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

#include "graph/model/status.h"

namespace tributary::cli {
namespace {

namespace fs = std::filesystem;

absl::Status FileError(const fs::path& path, int error) {
  const std::string message = StrCat(path.string(), ": ", std::strerror(error));
  return error == ENOENT ? absl::NotFoundError(message) : absl::UnavailableError(message);
}

// Closes at the end of its scope.
class OpenFile {
 public:
  OpenFile(const fs::path& path, int flags, mode_t mode = 0)
      : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~OpenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int get() const { return descriptor_; }
  bool ok() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

// Calls `on_piece` with the bytes of the file, piece by piece.
template <typename OnPiece>
absl::Status ReadPieces(const fs::path& path, OnPiece&& on_piece) {
  const OpenFile file(path, O_RDONLY);
  if (!file.ok()) return FileError(path, errno);
  std::vector<char> buffer(1u << 20);
  while (true) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(path, errno);
    if (count == 0) return absl::OkStatus();
    TRIBUTARY_RETURN_IF_ERROR(
        on_piece(std::string_view(buffer.data(), static_cast<std::size_t>(count))));
  }
}

absl::Status CheckRegular(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return FileError(path, ENOENT);
  if (error) return FileError(path, error.value());
  if (fs::is_regular_file(status)) return absl::OkStatus();
  return absl::FailedPreconditionError(StrCat(path.string(), ": not a regular file"));
}

struct Member {
  std::string relative;  // sorted by its bytes
  fs::path path;
};

absl::StatusOr<std::vector<Member>> ListMembers(const fs::path& directory) {
  std::error_code error;
  std::vector<Member> members;
  fs::recursive_directory_iterator entry(directory, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const fs::file_status status = entry->symlink_status(error);
    if (error) break;
    if (fs::is_directory(status)) continue;
    if (!fs::is_regular_file(status)) {
      return absl::FailedPreconditionError(
          StrCat(entry->path().string(), ": found a link or special file; allowed: regular files"));
    }
    members.push_back(
        {entry->path().lexically_relative(directory).generic_string(), entry->path()});
  }
  if (error) return FileError(directory, error.value());
  std::sort(members.begin(), members.end(),
            [](const Member& a, const Member& b) { return a.relative < b.relative; });
  return members;
}

absl::Status WriteNewSalt(const fs::path& path, const Digest& salt) {
  const OpenFile file(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!file.ok()) return FileError(path, errno);
  const std::string text = salt.ToHex() + "\n";
  const ssize_t count = ::write(file.get(), text.data(), text.size());
  if (count != static_cast<ssize_t>(text.size())) return FileError(path, count < 0 ? errno : EIO);
  // The salt must outlive the record that needs it.
  return ::fsync(file.get()) == 0 ? absl::OkStatus() : FileError(path, errno);
}

}  // namespace

absl::StatusOr<FileId> HashFile(const fs::path& path, const std::optional<Digest>& salt) {
  TRIBUTARY_RETURN_IF_ERROR(CheckRegular(path));
  FileId result;
  Sha256Stream stream;
  if (salt.has_value()) stream.Update(salt->view());
  TRIBUTARY_RETURN_IF_ERROR(ReadPieces(path, [&](std::string_view piece) {
    stream.Update(piece);
    result.size += piece.size();
    return absl::OkStatus();
  }));
  result.id = stream.Finish();
  return result;
}

absl::StatusOr<FileId> HashDirectory(const fs::path& directory) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<Member> members, ListMembers(directory));
  if (members.empty()) {
    return absl::FailedPreconditionError(StrCat(directory.string(), ": holds no files"));
  }
  FileId result;
  Sha256Stream stream;
  for (const Member& member : members) {
    TRIBUTARY_ASSIGN_OR_RETURN(const FileId file, HashFile(member.path));
    stream.Update(file.id.view());
    result.size += file.size;
  }
  result.id = stream.Finish();
  return result;
}

absl::StatusOr<Digest> RandomSalt() {
  Digest salt;
  if (RAND_bytes(salt.bytes.data(), static_cast<int>(salt.bytes.size())) != 1) {
    return absl::UnavailableError("salt: the system's random generator failed");
  }
  return salt;
}

absl::StatusOr<Digest> SaltFromFile(const fs::path& path) {
  if (std::error_code error; !fs::exists(path, error)) {
    TRIBUTARY_ASSIGN_OR_RETURN(const Digest salt, RandomSalt());
    TRIBUTARY_RETURN_IF_ERROR(WriteNewSalt(path, salt));
    return salt;
  }
  TRIBUTARY_ASSIGN_OR_RETURN(std::string text, ReadFile(path, 128));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return Digest::FromHex(text, path.string());
}

absl::StatusOr<std::string> ReadFile(const fs::path& path, std::size_t size_max) {
  std::string content;
  TRIBUTARY_RETURN_IF_ERROR(ReadPieces(path, [&](std::string_view piece) {
    content.append(piece);
    if (content.size() <= size_max) return absl::OkStatus();
    return InvalidField(path.string(), StrCat("more than ", size_max, " bytes"),
                        StrCat("at most ", size_max, " bytes"));
  }));
  return content;
}

}  // namespace tributary::cli
