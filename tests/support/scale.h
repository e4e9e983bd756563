// How large the property tests and campaigns are.

#pragma once

#include <cstdlib>

namespace tributary::test {

// TRIBUTARY_TEST_SCALE=<n> multiplies the number of lineages, histories, kills, cuts, faults and
// damages by n.
template <typename T>
T Scaled(T count) {
  const char* text = std::getenv("TRIBUTARY_TEST_SCALE");
  const int scale = text == nullptr ? 1 : std::atoi(text);
  return scale > 0 ? count * static_cast<T>(scale) : count;
}

}  // namespace tributary::test
