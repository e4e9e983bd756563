// The dependency direction of the tree as a table, and a reader of source text that enforces it.

#pragma once

#include <cstddef>
#include <map>
#include <set>
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

// A CMake target of the project -> the folders that its sources stand in.
using TargetFolders = std::map<std::string, std::set<std::string>>;

// Checks what one CMake target with sources in `folder` links against the same table: libraries
// from outside, and the project's own targets by the folders that they are made of.
std::vector<Violation> LinkViolations(std::string_view folder,
                                      const std::vector<std::string>& libraries,
                                      const TargetFolders& targets);

}  // namespace tributary::test
