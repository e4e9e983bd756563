// Amounts of money as people write them, turned into whole minor units. No floats.

#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tributary::cli {

// Decimals of a currency: how many digits of its minor unit (EUR 2, JPY 0, KWD 3; ISO 4217).
// Errors: kInvalidArgument, not one of the currencies known here; state the scale instead.
absl::StatusOr<unsigned> CurrencyScale(std::string_view code);

inline constexpr unsigned kScaleMax = 18;

// "125.00" at scale 2 is "12500". Errors: kInvalidArgument, not digits with at most one point, more
// decimals than the currency has (nothing is rounded), or more than 38 digits.
absl::StatusOr<std::string> ParseAmount(std::string_view text, unsigned scale);

// Checks digits of minor units: "12500".
absl::StatusOr<std::string> ParseMinorUnits(std::string_view text);

// "12500" at scale 2 is "125.00".
std::string FormatAmount(std::string_view minor_units, unsigned scale);

}  // namespace tributary::cli
