// Seeded random numbers for tests: TRIBUTARY_TEST_SEED=<n> replays a failure.

#pragma once

#include <cstdint>
#include <cstdlib>
#include <limits>

namespace tributary::test {

// SplitMix64: the same sequence on every platform and library version, unlike std distributions.
class Rng {
 public:
  using result_type = std::uint64_t;
  explicit Rng(std::uint64_t seed) : seed_(seed), state_(seed) {}

  std::uint64_t seed() const { return seed_; }
  static constexpr std::uint64_t min() { return 0; }
  static constexpr std::uint64_t max() { return std::numeric_limits<std::uint64_t>::max(); }

  std::uint64_t operator()() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  // Uniform enough for tests, in [0, bound); bound >= 1.
  std::uint64_t Below(std::uint64_t bound) { return (*this)() % bound; }
  std::uint64_t Between(std::uint64_t low, std::uint64_t high) {
    return low + Below(high - low + 1);
  }
  bool OneIn(std::uint64_t n) { return Below(n) == 0; }

 private:
  std::uint64_t seed_;
  std::uint64_t state_;
};

inline Rng SeededRng(std::uint64_t default_seed = 20260101) {
  const char* text = std::getenv("TRIBUTARY_TEST_SEED");
  return Rng(text != nullptr ? std::strtoull(text, nullptr, 10) : default_seed);
}

}  // namespace tributary::test
