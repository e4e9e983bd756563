// Looks for a secret in what operator delete gives back, which this test program replaces.

#pragma once

#include <string_view>

namespace tributary::test {

// One at a time, in one thread.
class FreedMemory {
 public:
  // Sanitizers replace it themselves: nothing is found there.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static constexpr bool kIsWatching = false;
#else
  static constexpr bool kIsWatching = true;
#endif

  // `secret` must outlive this object and stand in no other memory that is freed meanwhile.
  explicit FreedMemory(std::string_view secret);
  ~FreedMemory();
  FreedMemory(const FreedMemory&) = delete;
  FreedMemory& operator=(const FreedMemory&) = delete;

  // Blocks that held the secret when they were freed.
  int FoundCount() const;
};

}  // namespace tributary::test
