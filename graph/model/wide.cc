#include "graph/model/wide.h"

namespace tributary {
namespace {

struct Product {
  Uint128 high = 0;
  Uint128 low = 0;
};

// a * b by halves of 64 bits, as on paper.
Product Multiply(Uint128 a, Uint128 b) {
  const auto half = [](Uint128 value) { return Uint128{static_cast<std::uint64_t>(value)}; };
  const Uint128 low = half(a) * half(b);
  const Uint128 cross = (a >> 64) * half(b) + (low >> 64);  // (2^64-1)^2 + 2^64-1 fits
  const Uint128 other = half(a) * (b >> 64) + half(cross);
  return {(a >> 64) * (b >> 64) + (cross >> 64) + (other >> 64), (other << 64) | half(low)};
}

}  // namespace

std::optional<Uint128> MultiplyDivide(Uint128 a, Uint128 b, Uint128 d) {
  const Product product = Multiply(a, b);
  if (product.high >= d) return std::nullopt;  // also d == 0
  Uint128 remainder = product.high;
  Uint128 quotient = 0;
  for (int bit = 127; bit >= 0; --bit) {
    const bool carries = (remainder >> 127) != 0;
    remainder = (remainder << 1) | ((product.low >> bit) & 1);
    quotient <<= 1;
    if (carries || remainder >= d) {
      remainder -= d;  // with the bit carried out, modulo 2^128, it is right again
      quotient |= 1;
    }
  }
  return quotient;
}

}  // namespace tributary
