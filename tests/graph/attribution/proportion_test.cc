#include "graph/attribution/proportion.h"

#include "graph/model/record.h"
#include "tests/support/catch.h"
#include "tests/support/reference_attribution.h"
#include "tests/support/rng.h"

namespace tributary::test {
namespace {

// Numbers near powers of two and the ends of the range are where carries go wrong.
std::uint64_t RandomUint64(Rng& rng, std::uint64_t max) {
  const std::uint64_t power = std::uint64_t{1} << rng.Below(63);
  switch (rng.Below(4)) {
    case 0:
      return std::min(max, power + rng.Below(3) - 1);
    case 1:
      return max - rng.Below(std::min<std::uint64_t>(max, 3) + 1);
    case 2:
      return std::min(max, rng() >> rng.Below(64));
    default:
      return max == ~std::uint64_t{0} ? rng() : rng.Below(max + 1);
  }
}

TEST_CASE("proportion: equals the slow division and big integers", "[attribution][property]") {
  Rng rng = SeededRng();
  for (int trial = 0; trial < 200'000; ++trial) {
    const std::uint64_t whole = std::max<std::uint64_t>(RandomUint64(rng, kWeightSumMax), 1);
    const Grains flow =
        (Grains{RandomUint64(rng, ~std::uint64_t{0})} << 64 | rng()) >> rng.Below(128);
    const Proportion fast(flow, whole);
    const ScaledDivision slow(flow, whole);
    for (int i = 0; i < 4; ++i) {
      const std::uint64_t part = RandomUint64(rng, whole);
      const Grains found = fast.Floor(part);
      if (found == slow.Floor(part) && ToBigInt(found) == BigInt(ToBigInt(flow) * part / whole)) {
        continue;
      }
      FAIL("floor(" << ToDecimal(flow) << " * " << part << " / " << whole << ") is not "
                    << ToDecimal(found));
    }
  }
}

TEST_CASE("proportion: nothing and everything", "[attribution]") {
  for (const std::uint64_t whole : {std::uint64_t{1}, std::uint64_t{3}, kWeightSumMax}) {
    for (const Grains flow : {Grains{0}, Grains{1}, kShareGrains, kUint128Max}) {
      CHECK((Proportion(flow, whole).Floor(0) == 0));
      CHECK((Proportion(flow, whole).Floor(whole) == flow));
    }
  }
}

TEST_CASE("proportion: every small number", "[attribution]") {
  for (std::uint64_t whole = 1; whole <= 40; ++whole) {
    for (std::uint64_t flow = 0; flow <= 90; ++flow) {
      const Proportion proportion(flow, whole);
      for (std::uint64_t part = 0; part <= whole; ++part) {
        REQUIRE((proportion.Floor(part) == flow * part / whole));
      }
    }
  }
}

}  // namespace
}  // namespace tributary::test
