// The dependency direction of the tree as a table, and a reader of source text that enforces it.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::test {

// What one line of the tree's layers forbids, in words a developer can act on.
struct Violation {
  std::size_t line = 0;  // 1-based; 0 where the file or target as a whole is meant
  std::string reason;
};

// Reads the includes and tokens of one source file. `path` is relative to the project's root and
// need not exist. No violation means that the file may stand where it stands.
std::vector<Violation> LayerViolations(std::string_view path, std::string_view contents);

// Checks the libraries that one CMake target of `folder` links against the same table.
std::vector<Violation> LinkViolations(std::string_view folder,
                                      const std::vector<std::string>& libraries);

}  // namespace tributary::test
