#include "client/cli/money.h"

#include <algorithm>
#include <array>

#include "graph/model/status.h"
#include "graph/model/uint128.h"

namespace tributary::cli {
namespace {

struct Currency {
  std::string_view code;
  unsigned scale;
};

// ISO 4217. All that trade widely, and every one whose scale is not 2.
constexpr std::array<Currency, 56> kCurrencies = {{
    {"AED", 2}, {"ARS", 2}, {"AUD", 2}, {"BGN", 2}, {"BHD", 3}, {"BIF", 0}, {"BRL", 2}, {"CAD", 2},
    {"CHF", 2}, {"CLP", 0}, {"CNY", 2}, {"COP", 2}, {"CZK", 2}, {"DJF", 0}, {"DKK", 2}, {"EGP", 2},
    {"EUR", 2}, {"GBP", 2}, {"GNF", 0}, {"HKD", 2}, {"HUF", 2}, {"IDR", 2}, {"ILS", 2}, {"INR", 2},
    {"IQD", 3}, {"ISK", 0}, {"JOD", 3}, {"JPY", 0}, {"KES", 2}, {"KMF", 0}, {"KRW", 0}, {"KWD", 3},
    {"LYD", 3}, {"MXN", 2}, {"MYR", 2}, {"NGN", 2}, {"NOK", 2}, {"NZD", 2}, {"OMR", 3}, {"PHP", 2},
    {"PLN", 2}, {"PYG", 0}, {"RON", 2}, {"RWF", 0}, {"SAR", 2}, {"SEK", 2}, {"SGD", 2}, {"THB", 2},
    {"TND", 3}, {"TRY", 2}, {"UGX", 0}, {"USD", 2}, {"VND", 0}, {"XAF", 0}, {"XOF", 0}, {"ZAR", 2},
}};

bool IsDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

absl::StatusOr<unsigned> CurrencyScale(std::string_view code) {
  for (const Currency& currency : kCurrencies) {
    if (currency.code == code) return currency.scale;
  }
  return InvalidField("currency", Quoted(code),
                      "a known ISO 4217 code such as EUR, or --scale with its decimals");
}

absl::StatusOr<std::string> ParseAmount(std::string_view text, unsigned scale) {
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  const std::string_view decimals = point < text.size() ? text.substr(point + 1) : "";
  const bool is_number = !whole.empty() && IsDigits(whole) && IsDigits(decimals) &&
                         (point == text.size() || !decimals.empty());
  if (!is_number)
    return InvalidField("amount", Quoted(text), "digits and one point, such as 125.00");
  if (decimals.size() > scale) {
    return InvalidField("amount", StrCat(decimals.size(), " decimals in ", Quoted(text)),
                        StrCat("at most ", scale, ", as the currency has; nothing is rounded"));
  }
  std::string digits(whole);
  digits.append(decimals).append(scale - decimals.size(), '0');
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  return ParseMinorUnits(digits);
}

absl::StatusOr<std::string> ParseMinorUnits(std::string_view text) {
  if (!ParseUint128(text).has_value()) {
    return InvalidField("amount", Quoted(text),
                        "digits without sign, point or leading zeros, below 2^128");
  }
  return std::string(text);
}

std::string FormatAmount(std::string_view minor_units, unsigned scale) {
  if (scale == 0) return std::string(minor_units);
  std::string digits(minor_units.size() <= scale ? scale + 1 - minor_units.size() : 0, '0');
  digits.append(minor_units);
  const std::string_view text = digits;
  return StrCat(text.substr(0, text.size() - scale), ".", text.substr(text.size() - scale));
}

}  // namespace tributary::cli
