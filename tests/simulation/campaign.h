// How large the campaigns are, and what they count.

#pragma once

#include <cstdlib>

namespace tributary::test {

// TRIBUTARY_TEST_SCALE=<n> multiplies the number of kills, cuts, faults and damages by n.
inline int Scaled(int count) {
  const char* text = std::getenv("TRIBUTARY_TEST_SCALE");
  const int scale = text == nullptr ? 1 : std::atoi(text);
  return count * (scale > 0 ? scale : 1);
}

}  // namespace tributary::test
