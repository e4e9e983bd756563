// Many proportional parts of one flow of grains, each for the price of a few multiplications.

#pragma once

#include <bit>
#include <cstdint>

#include "graph/model/uint128.h"

namespace tributary {

// floor(flow * part / whole) for many parts of one flow: ScaledDivision of graph/model/uint128.h
// with its division replaced by a multiplication with a reciprocal. Bit for bit the same result.
//
// Rule:   flow = q * whole + r, so floor(flow * part / whole) = q * part + floor(r * part / whole).
//         r * part < whole * 2^63, so the second term is one division of 128 by 64 bits whose
//         quotient fits in 64 bits.
// Bounds: 1 <= whole < 2^63, part <= whole.
// Source: N. Möller and T. Granlund, "Improved division by invariant integers", IEEE Transactions
//         on Computers 60 (2011), algorithm 4; names as there.
class Proportion {
 public:
  Proportion(Grains flow, std::uint64_t whole)
      : quotient_(flow / whole),
        divisor_(whole << std::countl_zero(whole)),
        reciprocal_(static_cast<std::uint64_t>(kUint128Max / divisor_)),  // less 2^64, which it is
        remainder_(static_cast<std::uint64_t>(flow % whole) << std::countl_zero(whole)) {}

  Grains Floor(std::uint64_t part) const { return quotient_ * part + Rest(part); }

  // Floor(part) in two terms: quotient() * part + Rest(part). Rest ascends with the part, so that a
  // difference of two Floors costs one long multiplication and a difference of 64 bits.
  Grains quotient() const { return quotient_; }
  std::uint64_t Rest(std::uint64_t part) const { return DivideByWhole(Uint128{remainder_} * part); }

 private:
  // floor(u / divisor_). Both are scaled by the power of two that sets the divisor's highest bit.
  std::uint64_t DivideByWhole(Uint128 u) const {
    const auto u1 = static_cast<std::uint64_t>(u >> 64);
    const auto u0 = static_cast<std::uint64_t>(u);
    const Uint128 estimate = Uint128{reciprocal_} * u1 + u;
    const auto q0 = static_cast<std::uint64_t>(estimate);
    std::uint64_t q1 = static_cast<std::uint64_t>(estimate >> 64) + 1;
    std::uint64_t r = u0 - q1 * divisor_;
    // Taken about every second time, so without a branch: one step down if q1 was too large.
    const std::uint64_t too_large = r > q0 ? 1 : 0;
    q1 -= too_large;
    r += divisor_ & (0 - too_large);
    if (__builtin_expect(r >= divisor_, 0)) ++q1;
    return q1;
  }

  Grains quotient_;
  std::uint64_t divisor_;
  std::uint64_t reciprocal_;
  std::uint64_t remainder_;
};

}  // namespace tributary
