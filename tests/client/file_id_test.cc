// Ids of files: known answers computed with sha256sum.

#include "client/cli/file_id.h"

#include <sys/stat.h>

#include "tests/client/temporary_directory.h"
#include "tests/support/catch.h"

namespace tributary::cli {
namespace {

constexpr const char* kDigestOfAbc =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST_CASE("file id: the digest of the bytes", "[client][file_id]") {
  test::TemporaryDirectory directory;
  const auto file = HashFile(directory.Write("f", "abc"));
  REQUIRE_OK(file);
  CHECK(file->id.ToHex() == kDigestOfAbc);
  CHECK(file->size == 3);
  const std::string large(3'000'001, 'x');  // several pieces
  CHECK(HashFile(directory.Write("large", large))->id == Sha256(large));
}

TEST_CASE("file id: a salt stands before the bytes", "[client][file_id]") {
  test::TemporaryDirectory directory;
  const Digest salt = Sha256("salt");
  CHECK(HashFile(directory.Write("f", "abc"), salt)->id == Sha256({salt.view(), "abc"}));
}

TEST_CASE("file id: several files by the raw digests in order of path", "[client][file_id]") {
  test::TemporaryDirectory directory;
  directory.Write("model/b.bin", "2");
  directory.Write("model/a/z.bin", "1");
  directory.Write("model/a.bin", "3");
  const auto files = HashDirectory(directory.path() / "model");
  REQUIRE_OK(files);
  // "a.bin" < "a/z.bin" < "b.bin": bytes are compared, and '.' comes before '/'.
  const Digest a_bin = Sha256("3");
  const Digest a_z = Sha256("1");
  const Digest b_bin = Sha256("2");
  CHECK(files->id == Sha256({a_bin.view(), a_z.view(), b_bin.view()}));
  CHECK(files->size == 3);
}

TEST_CASE("file id: what is no file is refused", "[client][file_id]") {
  test::TemporaryDirectory directory;
  CHECK_STATUS(HashFile(directory.path() / "none"), absl::StatusCode::kNotFound);
  CHECK_STATUS(HashFile(directory.path()), absl::StatusCode::kFailedPrecondition);
  CHECK_STATUS(HashDirectory(directory.path()), absl::StatusCode::kFailedPrecondition);
  directory.Write("f", "abc");
  std::filesystem::create_symlink("f", directory.path() / "link");
  CHECK_STATUS(HashDirectory(directory.path()), absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("salt: made once, then read again, for its owner alone", "[client][file_id]") {
  test::TemporaryDirectory directory;
  const std::filesystem::path path = directory.path() / "prompt.salt";
  const auto first = SaltFromFile(path);
  REQUIRE_OK(first);
  CHECK(*SaltFromFile(path) == *first);
  CHECK(*RandomSalt() != *first);
  struct stat status;
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK_STATUS(SaltFromFile(directory.Write("bad", "123\n")), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tributary::cli
