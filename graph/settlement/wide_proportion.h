// Many proportional parts of one flow of grains where the whole has more than 63 bits.

#pragma once

#include <cstdint>

#include "graph/model/check.h"
#include "graph/model/uint128.h"
#include "graph/model/wide.h"

namespace tributary {

// floor(flow * part / whole) for many parts of one flow, exactly: one long division for the flow,
// a few multiplications for each part. Where the whole is below 2^63, Proportion of
// graph/attribution/proportion.h needs no long division.
//
// Rule:   flow = q * whole + r, so floor(flow * part / whole) = q * part + floor(r * part / whole).
//         With f = floor(r * 2^126 / whole), r / whole - f / 2^126 is below 2^-126, and the part is
//         at most 2^126. So floor(part * f / 2^126) is the second term or one less, and
//         r * part less its product with the whole says which. That rest is in [0, 2 * whole), so
//         that 128 bits tell it apart whatever was carried out of them.
// Bounds: 1 <= whole <= 2^126, part <= whole.
class WideProportion {
 public:
  WideProportion(Grains flow, Uint128 whole)
      : quotient_(flow / whole), remainder_(flow % whole), whole_(whole) {
    const auto fraction = MultiplyDivide(remainder_, Uint128{1} << kBits, whole);
    TRIBUTARY_CHECK(fraction.has_value());
    fraction_ = *fraction;
  }

  Grains Floor(Uint128 part) const {
    Uint128 rest = ShiftedProduct(part, fraction_);
    if (remainder_ * part - rest * whole_ >= whole_) ++rest;
    return quotient_ * part + rest;
  }

 private:
  static constexpr unsigned kBits = 126;

  // floor(a * b / 2^126), for a <= 2^126 and b < 2^126: by halves of 64 bits, as on paper.
  static Uint128 ShiftedProduct(Uint128 a, Uint128 b) {
    const auto half = [](Uint128 value) { return Uint128{static_cast<std::uint64_t>(value)}; };
    const Uint128 low = half(a) * half(b);
    const Uint128 cross = (a >> 64) * half(b) + (low >> 64);
    const Uint128 other = half(a) * (b >> 64) + half(cross);
    const Uint128 high = (a >> 64) * (b >> 64) + (cross >> 64) + (other >> 64);
    return (high << (128 - kBits)) | (half(other) >> (kBits - 64));
  }

  Uint128 quotient_;
  Uint128 remainder_;
  Uint128 whole_;
  Uint128 fraction_ = 0;  // floor(remainder_ * 2^126 / whole_)
};

}  // namespace tributary
