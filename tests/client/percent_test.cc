#include "client/cli/percent.h"

#include "tests/support/catch.h"

namespace tributary::cli {
namespace {

TEST_CASE("percent: four decimals, rounded half up, ends told apart", "[client][percent]") {
  CHECK(FormatPercent(0, 10) == "0.0000%");
  CHECK(FormatPercent(4, 10) == "40.0000%");
  CHECK(FormatPercent(1, 3) == "33.3333%");
  CHECK(FormatPercent(2, 3) == "66.6667%");
  CHECK(FormatPercent(1, 2'000'000) == "0.0001%");  // exactly half a step
  CHECK(FormatPercent(1, 2'000'001) == "<0.0001%");
  CHECK(FormatPercent(10, 10) == "100.0000%");
  CHECK(FormatPercent(9'999'999, 10'000'000) == ">99.9999%");
  CHECK(FormatPercent(kShareGrains, kShareGrains) == "100.0000%");
  CHECK(FormatPercent(kShareGrains / 8, kShareGrains) == "12.5000%");
  const Grains largest = (Uint128{1} << 107) - 1;
  CHECK(FormatPercent(largest, largest) == "100.0000%");
}

}  // namespace
}  // namespace tributary::cli
