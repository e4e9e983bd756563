#include "graph/settlement/quote.h"

#include "graph/model/status.h"
#include "tests/support/catch.h"
#include "tests/support/reference_attribution.h"
#include "tests/support/rng.h"

namespace tributary::test {
namespace {

std::vector<std::uint64_t> Parts(std::uint64_t total, unsigned fraction_bits,
                                 const std::vector<Grains>& grains) {
  std::vector<std::uint64_t> parts;
  const auto quote = ApportionQuote({total}, fraction_bits, grains).value();
  for (const MinorUnits part : quote) {
    parts.push_back(static_cast<std::uint64_t>(part.value));
  }
  return parts;
}

TEST_CASE("quote: known answers", "[settlement]") {
  struct KnownAnswer {
    std::string_view name;
    std::uint64_t total;
    unsigned fraction_bits;
    std::vector<Grains> grains;
    std::vector<std::uint64_t> parts;
  };
  const auto known = GENERATE(values<KnownAnswer>({
      {"the spare unit goes to the largest remainder", 1, 4, {5, 11}, {0, 1}},
      {"a tie goes to the lower index", 1, 4, {8, 8}, {1, 0}},
      {"whole parts stay as they are", 5, 4, {32, 48}, {2, 3}},
      {"several spare units", 2, 4, {10, 11, 11}, {0, 1, 1}},
      {"nothing to share", 0, 4, {}, {}},
      {"nobody gets a unit of nothing", 0, 4, {0, 0}, {0, 0}},
      // With 20 bits the remainders 2^19 and 2^19 + 7 round to the same 1/65536.
      {"remainders equal after rounding tie", 1, 20, {(1 << 19) - 7, (1 << 19) + 7}, {1, 0}},
      {"remainders that differ after rounding do not",
       1,
       20,
       {(1 << 19) - 8, (1 << 19) + 8},
       {0, 1}},
  }));
  CAPTURE(known.name);
  CHECK(Parts(known.total, known.fraction_bits, known.grains) == known.parts);
}

TEST_CASE("quote: an amount of 2^127 grains or more is refused", "[settlement]") {
  for (unsigned fraction_bits = kFractionBitsMin; fraction_bits <= kFractionBitsMax;
       ++fraction_bits) {
    const Uint128 first_refused = Uint128{1} << (127 - fraction_bits);
    const auto largest = PlaceAmount({first_refused - 1}, fraction_bits);
    REQUIRE_OK(largest);
    CHECK((*largest == (first_refused - 1) << fraction_bits));
    const auto refused = PlaceAmount({first_refused}, fraction_bits);
    CHECK_STATUS(refused, absl::StatusCode::kOutOfRange);
    CHECK(FieldOf(refused.status()) == "amount");
    CHECK_STATUS(PlaceAmount({kUint128Max}, fraction_bits), absl::StatusCode::kOutOfRange);
  }
}

TEST_CASE("quote: fraction bits are 1 to 64", "[settlement]") {
  for (const unsigned fraction_bits : {0u, 65u, 127u, 4'000'000'000u}) {
    const auto placed = PlaceAmount({1}, fraction_bits);
    CHECK_STATUS(placed, absl::StatusCode::kInvalidArgument);
    CHECK(FieldOf(placed.status()) == "fraction_bits");
  }
}

TEST_CASE("quote: grains of another amount are refused", "[settlement]") {
  const std::vector<Grains> less = {5, 10};
  const std::vector<Grains> more = {5, 12};
  const std::vector<Grains> wrapping = {kUint128Max, 17};  // 16 modulo 2^128
  for (const auto& grains : {less, more, wrapping}) {
    CHECK_STATUS(ApportionQuote({1}, 4, grains), absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("quote: parts add up and stay within a unit of their grains", "[settlement][property]") {
  Rng rng = SeededRng();
  for (int trial = 0; trial < 100'000; ++trial) {
    const auto fraction_bits = static_cast<unsigned>(rng.Between(1, 64));
    const MinorUnits total{(Uint128{rng()} << 64 | rng()) >> rng.Between(fraction_bits + 1, 127)};
    const Grains placed = PlaceAmount(total, fraction_bits).value();
    // Cut the grains at random places; few distinct places make equal parts.
    std::vector<Grains> cuts = {0, placed};
    for (std::uint64_t i = rng.Below(12); i > 0; --i) {
      cuts.push_back(rng.OneIn(2) ? placed / 12 * rng.Below(13)
                                  : placed / (rng() >> 32 | 1) * rng.Below(2));
    }
    std::sort(cuts.begin(), cuts.end());
    std::vector<Grains> grains;
    for (std::size_t i = 1; i < cuts.size(); ++i) grains.push_back(cuts[i] - cuts[i - 1]);
    const auto parts = ApportionQuote(total, fraction_bits, grains);
    REQUIRE_OK(parts);
    Uint128 sum = 0;
    for (std::size_t i = 0; i < grains.size(); ++i) {
      const Uint128 whole = grains[i] >> fraction_bits;
      sum += (*parts)[i].value;
      if ((*parts)[i].value != whole && (*parts)[i].value != whole + 1) {
        FAIL("trial " << trial << " of seed " << rng.seed());
      }
    }
    if (sum != total.value) FAIL("trial " << trial << " of seed " << rng.seed());
  }
}

}  // namespace
}  // namespace tributary::test
