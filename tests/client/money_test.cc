#include "client/cli/money.h"

#include "tests/support/catch.h"

namespace tributary::cli {
namespace {

TEST_CASE("amount: known answers", "[client][money]") {
  struct KnownAnswer {
    std::string text;
    unsigned scale;
    std::string minor_units, formatted;
  };
  const auto known = GENERATE(values<KnownAnswer>({
      {"125.00", 2, "12500", "125.00"},
      {"125", 2, "12500", "125.00"},
      {"0.5", 2, "50", "0.50"},
      {"0.01", 2, "1", "0.01"},
      {"0", 2, "0", "0.00"},
      {"007.5", 2, "750", "7.50"},
      {"1000", 0, "1000", "1000"},
      {"1.234", 3, "1234", "1.234"},
      {"0.000000000000000001", 18, "1", "0.000000000000000001"},
  }));
  CAPTURE(known.text, known.scale);
  const auto minor_units = ParseAmount(known.text, known.scale);
  REQUIRE_OK(minor_units);
  CHECK(*minor_units == known.minor_units);
  CHECK(FormatAmount(*minor_units, known.scale) == known.formatted);
}

TEST_CASE("amount: nothing is rounded or guessed", "[client][money]") {
  const std::string text =
      GENERATE(as<std::string>(), "", "1.001", "1,00", "-1", "1e2", ".5", "1.", "1.2.3", "EUR 1",
               " 1", "4000000000000000000000000000000000000");
  CAPTURE(text);
  CHECK_STATUS(ParseAmount(text, 2), absl::StatusCode::kInvalidArgument);
}

TEST_CASE("currency: scales of ISO 4217", "[client][money]") {
  CHECK(*CurrencyScale("EUR") == 2);
  CHECK(*CurrencyScale("JPY") == 0);
  CHECK(*CurrencyScale("KWD") == 3);
  CHECK_STATUS(CurrencyScale("ETH"), absl::StatusCode::kInvalidArgument);
  CHECK_STATUS(CurrencyScale("eur"), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tributary::cli
