#include <string>

#include "graph/model/record.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary {
namespace {

TEST_CASE("time: known instants", "[model]") {
  struct KnownAnswer {
    std::uint64_t ms;
    std::string_view text;
  };
  const auto known = GENERATE(values<KnownAnswer>({
      {0, "1970-01-01T00:00:00.000Z"},
      {1, "1970-01-01T00:00:00.001Z"},
      {68'169'600'000, "1972-02-29T00:00:00.000Z"},
      {951'782'400'000, "2000-02-29T00:00:00.000Z"},
      {951'868'800'000, "2000-03-01T00:00:00.000Z"},
      {1'234'567'890'123, "2009-02-13T23:31:30.123Z"},
      {1'709'251'199'999, "2024-02-29T23:59:59.999Z"},
      {1'709'251'200'000, "2024-03-01T00:00:00.000Z"},
      {4'107'542'400'000, "2100-03-01T00:00:00.000Z"},
      {4'107'542'399'999, "2100-02-28T23:59:59.999Z"},
      {kTimeMsMax, "9999-12-31T23:59:59.999Z"},
  }));
  CHECK(FormatTime(TimeMs{known.ms}) == known.text);
  CHECK(ParseTime(known.text) == TimeMs{known.ms});
}

TEST_CASE("time: every day from 1970 to 2400 follows the one before", "[model]") {
  // The calendar by its own rule: month lengths, and a leap day every four years but three
  // hundreds in four.
  std::uint64_t day_count = 0;
  for (int year = 1970; year <= 2400; ++year) {
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    const int lengths[] = {31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int month = 1; month <= 12; ++month) {
      for (int day = 1; day <= lengths[month - 1]; ++day, ++day_count) {
        const std::string text = FormatTime(TimeMs{day_count * 86'400'000});
        const int shown = std::stoi(text.substr(0, 4)) * 10'000 +
                          std::stoi(text.substr(5, 2)) * 100 + std::stoi(text.substr(8, 2));
        REQUIRE(shown == year * 10'000 + month * 100 + day);
      }
    }
  }
}

TEST_CASE("time: there and back", "[model][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 20'000; ++trial) {
    const TimeMs time{rng.Below(kTimeMsMax + 1)};
    CAPTURE(rng.seed(), trial, time.value);
    REQUIRE(ParseTime(FormatTime(time)) == time);
  }
}

TEST_CASE("time: other forms are refused, none is rounded", "[model]") {
  const auto text = GENERATE(values<std::string>({
      "",
      "2026-01-02T03:04:05Z",
      "2026-01-02T03:04:05.6Z",
      "2026-01-02T03:04:05.67Z",
      "2026-01-02T03:04:05.6789Z",
      "2026-01-02T03:04:05.678",
      "2026-01-02T03:04:05.678z",
      "2026-01-02t03:04:05.678Z",
      "2026-01-02 03:04:05.678Z",
      "2026-01-02T03:04:05,678Z",
      "2026-01-02T03:04:05.678+00:00",
      "2026-1-02T03:04:05.0678Z",
      " 2026-01-02T03:04:05.67Z",
      "2026-01-02T03:04:05.-78Z",
      "1969-12-31T23:59:59.999Z",
      "0000-01-01T00:00:00.000Z",
      "10000-01-01T00:00:00.00Z",
      "2023-02-29T00:00:00.000Z",
      "2100-02-29T00:00:00.000Z",
      "2026-02-30T00:00:00.000Z",
      "2026-04-31T00:00:00.000Z",
      "2026-00-01T00:00:00.000Z",
      "2026-13-01T00:00:00.000Z",
      "2026-01-00T00:00:00.000Z",
      "2026-01-32T00:00:00.000Z",
      "2026-01-02T24:00:00.000Z",
      "2026-01-02T23:60:00.000Z",
      "2016-12-31T23:59:60.000Z",
  }));
  CAPTURE(text);
  CHECK_FALSE(ParseTime(text).has_value());
}

}  // namespace
}  // namespace tributary
