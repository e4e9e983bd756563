#include "client/cli/fraction.h"

#include <numeric>
#include <optional>
#include <span>

#include "graph/model/record.h"
#include "graph/model/status.h"
#include "graph/model/uint128.h"

namespace tributary::cli {
namespace {

constexpr std::string_view kAllowed =
    "an integer (3), a percentage (20%, 33.3%), a decimal (0.2) or a fraction (1/3), below 2^63";

// The decimal digits of a whole and its fraction as numerator over a power of ten.
std::optional<WrittenNumber> ParseDecimal(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point == text.npos) {
    const auto value = ParseUint64(text);
    return value.has_value() ? std::optional(WrittenNumber{.numerator = *value, .denominator = 1})
                             : std::nullopt;
  }
  const std::string_view whole = text.substr(0, point);
  const std::string_view decimals = text.substr(point + 1);
  if (decimals.empty() || decimals.size() > 18 || !ParseUint64(whole).has_value()) {
    return std::nullopt;
  }
  Uint128 numerator = *ParseUint64(whole);
  std::uint64_t denominator = 1;
  for (const char c : decimals) {
    if (c < '0' || c > '9' || numerator > kWeightSumMax) return std::nullopt;
    numerator = numerator * 10 + static_cast<unsigned>(c - '0');
    denominator *= 10;
  }
  if (numerator > kWeightSumMax) return std::nullopt;
  return WrittenNumber{.numerator = static_cast<std::uint64_t>(numerator),
                       .denominator = denominator,
                       .is_part = true};
}

std::optional<WrittenNumber> ParseUnreduced(std::string_view text) {
  if (!text.empty() && text.back() == '%') {
    std::optional<WrittenNumber> number = ParseDecimal(text.substr(0, text.size() - 1));
    if (!number.has_value() || number->denominator > kWeightSumMax / 100) return std::nullopt;
    number->denominator *= 100;
    number->is_part = true;
    return number;
  }
  const std::size_t slash = text.find('/');
  if (slash == text.npos) return ParseDecimal(text);
  const auto numerator = ParseUint64(text.substr(0, slash));
  const auto denominator = ParseUint64(text.substr(slash + 1));
  if (!numerator.has_value() || denominator.value_or(0) == 0) return std::nullopt;
  return WrittenNumber{.numerator = *numerator, .denominator = *denominator, .is_part = true};
}

// Numbers brought to one denominator.
struct Scaled {
  std::vector<std::uint64_t> values;
  std::uint64_t one = 0;  // what stands for 1; 0 where all are integers
};

absl::Status MixedError(std::string_view field) {
  return InvalidField(field, "integers beside percentages or fractions",
                      "one form throughout; 0 may stand beside either");
}

absl::StatusOr<Scaled> Scale(std::span<const WrittenNumber> numbers, std::string_view field) {
  Scaled scaled;
  bool has_parts = false;
  bool has_integers = false;
  std::uint64_t common = 1;
  for (const WrittenNumber& number : numbers) {
    has_parts |= number.is_part;
    has_integers |= !number.is_part && number.numerator != 0;
    const std::uint64_t factor = number.denominator / std::gcd(common, number.denominator);
    if (common > kWeightSumMax / factor) {
      return InvalidField(field, "parts whose least common denominator reaches 2^63",
                          "simpler fractions or integers");
    }
    common *= factor;
  }
  if (has_parts && has_integers) return MixedError(field);
  scaled.one = has_parts ? common : 0;
  for (const WrittenNumber& number : numbers) {
    const Uint128 value = Uint128{number.numerator} * (common / number.denominator);
    if (value > kWeightSumMax) return InvalidField(field, "a number of 2^63 or more", kAllowed);
    scaled.values.push_back(static_cast<std::uint64_t>(value));
  }
  return scaled;
}

absl::StatusOr<std::uint64_t> SumOf(std::span<const std::uint64_t> values, std::string_view field) {
  Uint128 sum = 0;
  for (const std::uint64_t value : values) sum += value;
  if (sum > kWeightSumMax) return InvalidField(field, "a sum of 2^63 or more", "a sum below 2^63");
  return static_cast<std::uint64_t>(sum);
}

absl::Status SumError(std::string_view field, std::uint64_t sum, std::uint64_t one,
                      std::string_view allowed) {
  return InvalidField(field, StrCat("parts that add up to ", sum, "/", one), allowed);
}

absl::StatusOr<std::vector<WrittenNumber>> ParseAll(const std::vector<std::string>& texts,
                                                    std::string_view field) {
  std::vector<WrittenNumber> numbers;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    TRIBUTARY_ASSIGN_OR_RETURN(const WrittenNumber number,
                               ParseWrittenNumber(texts[i], StrCat(field, "[", i, "]")));
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

absl::StatusOr<WrittenNumber> ParseWrittenNumber(std::string_view text, std::string_view field) {
  std::optional<WrittenNumber> number = ParseUnreduced(text);
  if (!number.has_value() || number->numerator > kWeightSumMax ||
      number->denominator > kWeightSumMax) {
    return InvalidField(field, Quoted(text), kAllowed);
  }
  const std::uint64_t divisor = std::gcd(number->numerator, number->denominator);
  number->numerator /= divisor;
  number->denominator /= divisor;
  return *number;
}

absl::StatusOr<ExactWeights> ToExactWeights(const WrittenWeights& written, Rest rest) {
  TRIBUTARY_ASSIGN_OR_RETURN(std::vector<WrittenNumber> numbers, ParseAll(written.edges, "weight"));
  for (const auto& [text, field] : {std::pair(&written.retained, "retained"),
                                    std::pair(&written.unattributed, "unattributed")}) {
    if (text->empty()) {
      numbers.push_back(WrittenNumber{});
      continue;
    }
    TRIBUTARY_ASSIGN_OR_RETURN(const WrittenNumber number, ParseWrittenNumber(*text, field));
    numbers.push_back(number);
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const Scaled scaled, Scale(numbers, "weights"));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t sum, SumOf(scaled.values, "weights"));
  ExactWeights exact;
  exact.edges.assign(scaled.values.begin(), scaled.values.end() - 2);
  exact.retained = scaled.values[scaled.values.size() - 2];
  exact.unattributed = scaled.values.back();
  if (scaled.one == 0) {
    if (rest == Rest::kRefuse) return exact;
    return InvalidField("rest", "integers, which have no rest", "percentages or fractions");
  }
  if (sum > scaled.one) return SumError("weights", sum, scaled.one, "at most 1");
  const std::uint64_t open = scaled.one - sum;
  if (open > 0 && rest == Rest::kRefuse) {
    return SumError("weights", sum, scaled.one,
                    "1, or a place for the rest (--rest kept or --rest unattributed)");
  }
  (rest == Rest::kUnattributed ? exact.unattributed : exact.retained) += open;
  return exact;
}

absl::StatusOr<std::vector<std::uint64_t>> ToExactUnits(const std::vector<std::string>& written) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<WrittenNumber> numbers, ParseAll(written, "units"));
  TRIBUTARY_ASSIGN_OR_RETURN(Scaled scaled, Scale(numbers, "units"));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t sum, SumOf(scaled.values, "units"));
  if (scaled.one != 0 && sum != scaled.one) {
    return SumError("units", sum, scaled.one, "parts that add up to 1");
  }
  return std::move(scaled.values);
}

}  // namespace tributary::cli
