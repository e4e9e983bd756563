#include "graph/model/wide.h"

#include "tests/support/big_int.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary {
namespace {

using test::BigInt;
using test::ToBigInt;

// Of any size; mostly near a power of two, where carries happen.
Uint128 RandomNearPowers(test::Rng& rng) {
  const Uint128 any = ((Uint128{rng()} << 64) | rng()) >> rng.Below(128);
  return rng.OneIn(3) ? any : (Uint128{1} << rng.Below(128)) - rng.Below(3);
}

TEST_CASE("multiply, divide: against a big integer", "[model][property]") {
  test::Rng rng = test::SeededRng();
  int refused_count = 0;
  for (int trial = 0; trial < 200'000; ++trial) {
    const Uint128 a = RandomNearPowers(rng);
    const Uint128 b = RandomNearPowers(rng);
    const Uint128 d = rng.OneIn(4) ? std::max(a, b) : RandomNearPowers(rng);
    const auto found = MultiplyDivide(a, b, d);
    const BigInt wanted = d == 0 ? BigInt(-1) : BigInt(ToBigInt(a) * ToBigInt(b) / ToBigInt(d));
    const bool fits = d != 0 && wanted <= ToBigInt(kUint128Max);
    if (found.has_value() != fits) FAIL("trial " << trial << " of seed " << rng.seed());
    if (!fits) ++refused_count;
    if (fits && ToBigInt(*found) != wanted) FAIL("trial " << trial << " of seed " << rng.seed());
  }
  CHECK(refused_count > 1'000);
}

TEST_CASE("multiply, divide: the limits", "[model]") {
  CHECK((MultiplyDivide(kUint128Max, kUint128Max, kUint128Max) == kUint128Max));
  CHECK_FALSE(MultiplyDivide(kUint128Max, kUint128Max, kUint128Max - 1).has_value());
  CHECK_FALSE(MultiplyDivide(1, 1, 0).has_value());
  CHECK_FALSE(MultiplyDivide(0, 0, 0).has_value());
  CHECK((MultiplyDivide(0, kUint128Max, 1) == Uint128{0}));
}

TEST_CASE("wide sum: equal if the sums are, beyond 128 bits", "[model][property]") {
  test::Rng rng = test::SeededRng();
  int differing_count = 0;
  for (int trial = 0; trial < 50'000; ++trial) {
    WideSum left;
    WideSum right;
    BigInt left_sum = 0;
    BigInt right_sum = 0;
    for (std::uint64_t i = rng.Below(5); i > 0; --i) {
      const Uint128 value = RandomNearPowers(rng);
      const auto shift = static_cast<unsigned>(rng.Below(65));
      left.AddShifted(value, shift);
      left_sum += ToBigInt(value) << shift;
    }
    // The same sum from other parts, or one that is a little off.
    const BigInt mask = ToBigInt(kUint128Max);
    BigInt rest = left_sum + (rng.OneIn(3) ? 1 : 0);
    right_sum = rest;
    for (; rest > mask; rest -= mask) {
      if (rest > mask * 64) break;
      right.Add(kUint128Max);
    }
    if (rest > mask) continue;  // too many parts to be worth while
    right.Add((Uint128{static_cast<std::uint64_t>(rest >> 64)} << 64) |
              static_cast<std::uint64_t>(rest & ~std::uint64_t{0}));
    differing_count += left_sum == right_sum ? 0 : 1;
    if ((left == right) != (left_sum == right_sum)) {
      FAIL("trial " << trial << " of seed " << rng.seed());
    }
  }
  CHECK(differing_count > 1'000);
}

}  // namespace
}  // namespace tributary
