#include "storage/file_io.h"

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/temp_directory.h"

namespace tributary::test {
namespace {

mode_t ModeOf(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777;
}

TEST_CASE("file io: bytes written are read back", "[storage][file_io]") {
  const TempDirectory directory;
  const std::string path = directory.path() + "/file";
  {
    const auto file = PosixFileIo().Open(path, OpenMode::kCreate);
    REQUIRE_OK(file);
    REQUIRE_OK((*file)->Write(0, "abcdef"));
    REQUIRE_OK((*file)->Write(10, "k"));
    REQUIRE_OK((*file)->SyncData());
    REQUIRE(*(*file)->Size() == 11);
  }
  const auto file = PosixFileIo().Open(path, OpenMode::kRead);
  REQUIRE_OK(file);
  REQUIRE(*(*file)->Read(2, 3) == "cde");
  REQUIRE(*(*file)->Read(9, 100) == std::string("\0k", 2));
  REQUIRE((*file)->Read(11, 1)->empty());
  REQUIRE(ModeOf(path) == 0600);
}

TEST_CASE("file io: errors name the path and their kind", "[storage][file_io]") {
  const TempDirectory directory;
  const std::string path = directory.path() + "/file";
  const auto missing = PosixFileIo().Open(path, OpenMode::kReadWrite);
  CHECK_STATUS(missing, absl::StatusCode::kNotFound);
  REQUIRE(missing.status().message().find(path) != std::string::npos);
  REQUIRE_OK(PosixFileIo().Open(path, OpenMode::kCreate));
  CHECK_STATUS(PosixFileIo().Open(path, OpenMode::kCreate), absl::StatusCode::kAlreadyExists);
  CHECK_STATUS(PosixFileIo().List(directory.path() + "/none"), absl::StatusCode::kNotFound);
  CHECK_STATUS(PosixFileIo().Remove(directory.path() + "/none"), absl::StatusCode::kNotFound);
  CHECK_STATUS(PosixFileIo().Rename(directory.path() + "/none", path), absl::StatusCode::kNotFound);
  CHECK_STATUS(PosixFileIo().SyncDirectory(directory.path() + "/none"),
               absl::StatusCode::kNotFound);
  CHECK_STATUS(PosixFileIo().MakeDirectory(path), absl::StatusCode::kAlreadyExists);
  CHECK_STATUS(PosixFileIo().Open("/dev/full", OpenMode::kReadWrite).value()->Write(0, "x"),
               absl::StatusCode::kResourceExhausted);
}

TEST_CASE("file io: directories are made, listed and emptied", "[storage][file_io]") {
  const TempDirectory directory;
  const std::string inner = directory.path() + "/inner";
  REQUIRE_OK(PosixFileIo().MakeDirectory(inner));
  REQUIRE(ModeOf(inner) == 0700);
  REQUIRE_OK(PosixFileIo().Open(inner + "/b", OpenMode::kCreate));
  REQUIRE_OK(PosixFileIo().Open(inner + "/a", OpenMode::kCreate));
  REQUIRE(*PosixFileIo().List(inner) == std::vector<std::string>{"a", "b"});
  REQUIRE_OK(PosixFileIo().Rename(inner + "/a", inner + "/b"));
  REQUIRE_OK(PosixFileIo().SyncDirectory(inner));
  REQUIRE(*PosixFileIo().List(inner) == std::vector<std::string>{"b"});
  REQUIRE_FALSE(PosixFileIo().Remove(inner).ok());
  REQUIRE_OK(PosixFileIo().Remove(inner + "/b"));
  REQUIRE_OK(PosixFileIo().Remove(inner));
}

TEST_CASE("file io: a lock is held once", "[storage][file_io]") {
  const TempDirectory directory;
  const std::string path = directory.path() + "/lock";
  auto lock = PosixFileIo().Lock(path);
  REQUIRE_OK(lock);
  CHECK_STATUS(PosixFileIo().Lock(path), absl::StatusCode::kFailedPrecondition);
  lock->reset();
  REQUIRE_OK(PosixFileIo().Lock(path));
}

TEST_CASE("file io: a file is replaced as a whole", "[storage][file_io]") {
  const TempDirectory directory;
  const std::string path = directory.path() + "/file";
  REQUIRE_OK(WriteFileDurably(PosixFileIo(), path, "a longer first content"));
  REQUIRE_OK(WriteFileDurably(PosixFileIo(), path + ".new", "left behind by a crash"));
  REQUIRE_OK(WriteFileDurably(PosixFileIo(), path, "second"));
  REQUIRE(*ReadFile(PosixFileIo(), path, 100) == "second");
  REQUIRE(*PosixFileIo().List(directory.path()) == std::vector<std::string>{"file"});
  CHECK_STATUS(ReadFile(PosixFileIo(), path, 5), absl::StatusCode::kResourceExhausted);
}

TEST_CASE("file io: the directory of a path", "[storage][file_io]") {
  REQUIRE(DirectoryOf("a/b/c") == "a/b");
  REQUIRE(DirectoryOf("/a") == "/");
  REQUIRE(DirectoryOf("a") == ".");
}

}  // namespace
}  // namespace tributary::test
