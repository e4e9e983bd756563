// Sums and products of 128-bit integers that do not fit in 128 bits.

#pragma once

#include <cstdint>
#include <optional>

#include "graph/model/uint128.h"

namespace tributary {

// An exact sum of up to 2^64 unsigned 128-bit integers, for comparison with another.
class WideSum {
 public:
  void Add(Uint128 value) {
    low_ += value;
    if (low_ < value) ++high_;
  }
  // value * 2^shift, for shift <= 64.
  void AddShifted(Uint128 value, unsigned shift) {
    Add(value << shift);
    if (shift != 0) high_ += static_cast<std::uint64_t>(value >> (128 - shift));
  }
  friend bool operator==(const WideSum&, const WideSum&) = default;

 private:
  Uint128 low_ = 0;
  std::uint64_t high_ = 0;
};

// floor(a * b / d) from the full product; nullopt where d is 0 or the result is 2^128 or more.
// Cost: 128 steps of a long division. ScaledDivision is faster where b <= d < 2^63.
std::optional<Uint128> MultiplyDivide(Uint128 a, Uint128 b, Uint128 d);

}  // namespace tributary
