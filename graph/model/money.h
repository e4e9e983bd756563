// Amounts of money: whole minor units, and the grains that they become (SEMANTICS section 4).

#pragma once

#include <compare>
#include <cstdint>

#include "graph/model/uint128.h"

namespace tributary {

// An amount in minor units of one currency: cents, yen, a token's smallest unit. Never a fraction.
struct MinorUnits {
  Uint128 value = 0;
  friend auto operator<=>(const MinorUnits&, const MinorUnits&) = default;
};

// Fraction bits of a currency: grains per minor unit are 2 to this power.
inline constexpr unsigned kFractionBitsMin = 1;
inline constexpr unsigned kFractionBitsMax = 64;

// No currency places more: amount * 2^s < 2^127 with s >= 1.
inline constexpr Uint128 kAmountMax = (Uint128{1} << 126) - 1;
// Totals of grains stay below this.
inline constexpr Grains kMoneyGrainsEnd = Uint128{1} << 127;

// 100 %, where a record states parts per million.
inline constexpr std::uint32_t kPartsPerMillion = 1'000'000;

}  // namespace tributary
