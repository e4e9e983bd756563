#include "graph/model/uint128.h"

#include <limits>
#include <vector>

#include "tests/support/big_int.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary {
namespace {

using test::BigInt;
using test::ToBigInt;

constexpr std::string_view kMaxDecimal = "340282366920938463463374607431768211455";

Uint128 RandomUint128(test::Rng& rng) { return ((Uint128{rng()} << 64) | rng()) >> rng.Below(128); }

TEST_CASE("uint128: decimal of the limits", "[model]") {
  CHECK(ToDecimal(0) == "0");
  CHECK(ToDecimal(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(ToDecimal(Uint128{1} << 64) == "18446744073709551616");
  CHECK(ToDecimal(kShareGrains) == "79228162514264337593543950336");
  CHECK(ToDecimal(kUint128Max) == kMaxDecimal);
  CHECK((ParseUint128(kMaxDecimal) == kUint128Max));
  CHECK(ParseUint64("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("uint128: other forms of a number are refused", "[model]") {
  const auto text = GENERATE(values<std::string>(
      {"", "00", "01", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "1_000", "١",
       "340282366920938463463374607431768211456", "340282366920938463463374607431768211460",
       "999999999999999999999999999999999999999", "1000000000000000000000000000000000000000"}));
  CAPTURE(text);
  CHECK_FALSE(ParseUint128(text).has_value());
  CHECK_FALSE(ParseUint64(text).has_value());
}

TEST_CASE("uint128: 2^64 is no 64-bit number", "[model]") {
  CHECK_FALSE(ParseUint64("18446744073709551616").has_value());
  CHECK((ParseUint128("18446744073709551616") == Uint128{1} << 64));
}

TEST_CASE("uint128: big-endian bytes of the limits", "[model]") {
  CHECK(ToBigEndian(0).empty());
  CHECK(ToBigEndian(0x0100) == std::string("\x01\x00", 2));
  CHECK(ToBigEndian(kUint128Max) == std::string(16, '\xff'));
  CHECK((FromBigEndian("") == Uint128{0}));
  CHECK((FromBigEndian(std::string(16, '\xff')) == kUint128Max));
  CHECK_FALSE(FromBigEndian(std::string(17, '\xff')).has_value());
  CHECK_FALSE(FromBigEndian(std::string("\x00", 1)).has_value());
  CHECK_FALSE(FromBigEndian(std::string("\x00\x01", 2)).has_value());
}

TEST_CASE("uint128: decimal and bytes there and back, against a big integer", "[model][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 20'000; ++trial) {
    const Uint128 value = RandomUint128(rng);
    CAPTURE(rng.seed(), trial, ToDecimal(value));
    REQUIRE(ToDecimal(value) == ToBigInt(value).str());
    REQUIRE((ParseUint128(ToDecimal(value)) == value));
    REQUIRE((FromBigEndian(ToBigEndian(value)) == value));
  }
}

void RequireFloor(Uint128 a, std::uint64_t b, std::uint64_t d) {
  CAPTURE(ToDecimal(a), b, d);
  const BigInt expected = ToBigInt(a) * b / d;
  REQUIRE(ToBigInt(ScaledDivision(a, d).Floor(b)) == expected);
}

TEST_CASE("scaled division: floor(a * b / d) at the extremes", "[model]") {
  const std::vector<std::uint64_t> divisors = {1,
                                               2,
                                               3,
                                               (std::uint64_t{1} << 62),
                                               (std::uint64_t{1} << 63) - 2,
                                               (std::uint64_t{1} << 63) - 1};
  const std::vector<Uint128> numbers = {
      0, 1, kShareGrains - 1, kShareGrains, Uint128{1} << 127, kUint128Max - 1, kUint128Max};
  for (const std::uint64_t d : divisors) {
    for (const Uint128 a : numbers) {
      for (const std::uint64_t b : {std::uint64_t{0}, std::uint64_t{1}, d / 2, d - 1, d}) {
        if (b <= d) RequireFloor(a, b, d);
      }
    }
  }
}

TEST_CASE("scaled division: floor(a * b / d) against a big integer", "[model][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 50'000; ++trial) {
    const std::uint64_t d = ((rng() >> 1) >> rng.Below(63)) | 1;
    RequireFloor(RandomUint128(rng), rng.OneIn(8) ? d - rng.Below(2) : rng.Below(d) + 1, d);
  }
}

}  // namespace
}  // namespace tributary
