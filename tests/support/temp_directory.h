// A directory that is removed at the end of a test.

#pragma once

#include <string>

namespace tributary::test {

class TempDirectory {
 public:
  // In memory where the machine has such a place, since tests sync often.
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace tributary::test
