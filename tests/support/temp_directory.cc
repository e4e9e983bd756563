#include "tests/support/temp_directory.h"

#include <stdlib.h>

#include <filesystem>

#include "graph/model/check.h"

namespace tributary::test {
namespace {

std::string ParentDirectory() {
  const char* chosen = std::getenv("TRIBUTARY_TEST_TMPDIR");
  if (chosen != nullptr) return chosen;
  return std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
}

}  // namespace

TempDirectory::TempDirectory() : path_(ParentDirectory() + "/tributary_test_XXXXXX") {
  TRIBUTARY_CHECK(::mkdtemp(path_.data()) != nullptr);
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace tributary::test
