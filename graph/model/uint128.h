// 128-bit unsigned integers and grains. No floating point comes near them.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tributary {

__extension__ typedef unsigned __int128 Uint128;

inline constexpr Uint128 kUint128Max = ~Uint128{0};

// The unit in which attribution flows; never a float. A share query places 2^96 of them.
using Grains = Uint128;
inline constexpr Grains kShareGrains = Uint128{1} << 96;

std::string ToDecimal(Uint128 value);

// Digits only, no sign, no leading zeros, at most 2^128 - 1; nullopt otherwise.
std::optional<Uint128> ParseUint128(std::string_view digits);
// The same, at most 2^64 - 1.
std::optional<std::uint64_t> ParseUint64(std::string_view digits);

// Unsigned big-endian without leading zero bytes; empty is 0. At most 16 bytes.
std::string ToBigEndian(Uint128 value);
std::optional<Uint128> FromBigEndian(std::string_view bytes);

// floor(a * b / d) without overflow, for b <= d and 1 <= d < 2^63. The quotient and remainder of a
// by d are taken first; both partial products then fit in 128 bits.
class ScaledDivision {
 public:
  ScaledDivision(Uint128 a, std::uint64_t d)
      : quotient_(a / d), remainder_(static_cast<std::uint64_t>(a % d)), divisor_(d) {}
  Uint128 Floor(std::uint64_t b) const {
    return quotient_ * b + Uint128{remainder_} * b / divisor_;
  }

 private:
  Uint128 quotient_;
  std::uint64_t remainder_;
  std::uint64_t divisor_;
};

}  // namespace tributary
