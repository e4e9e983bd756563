#include "graph/settlement/written_weights.h"

#include <numeric>
#include <optional>
#include <span>

#include "graph/model/status.h"
#include "graph/model/uint128.h"
#include "graph/model/vocabulary.h"

namespace tributary {
namespace {

constexpr std::string_view kAllowed =
    "an integer (3), a percentage (20%, 33.3%), a decimal (0.2) or a fraction (1/3), below 2^63";
constexpr std::size_t kDecimalCountMax = 18;  // 10^18 is the last power of ten below 2^63

std::optional<std::uint64_t> ParseWeight(std::string_view digits) {
  const auto value = ParseUint64(digits);
  return value.has_value() && *value <= kWeightSumMax ? value : std::nullopt;
}

// The digits after a point, appended to those before it: numerator over a power of ten.
std::optional<WrittenNumber> ParseDecimal(std::string_view text) {
  const std::size_t point = text.find('.');
  const auto whole = ParseWeight(text.substr(0, point));
  if (!whole.has_value()) return std::nullopt;
  if (point == text.npos) return WrittenNumber{.numerator = *whole};
  const std::string_view decimals = text.substr(point + 1);
  if (decimals.empty() || decimals.size() > kDecimalCountMax) return std::nullopt;
  WrittenNumber number{.is_part = true};
  Uint128 numerator = *whole;
  for (const char c : decimals) {
    if (c < '0' || c > '9') return std::nullopt;
    numerator = numerator * 10 + static_cast<unsigned>(c - '0');
    if (numerator > kWeightSumMax) return std::nullopt;
    number.denominator *= 10;
  }
  number.numerator = static_cast<std::uint64_t>(numerator);
  return number;
}

std::optional<WrittenNumber> ParsePercentage(std::string_view digits) {
  std::optional<WrittenNumber> number = ParseDecimal(digits);
  if (!number.has_value() || number->denominator > kWeightSumMax / 100) return std::nullopt;
  number->denominator *= 100;
  number->is_part = true;
  return number;
}

std::optional<WrittenNumber> ParseFraction(std::string_view above, std::string_view below) {
  const auto numerator = ParseWeight(above);
  const auto denominator = ParseWeight(below);
  if (!numerator.has_value() || denominator.value_or(0) == 0) return std::nullopt;
  return WrittenNumber{.numerator = *numerator, .denominator = *denominator, .is_part = true};
}

std::optional<WrittenNumber> ParseUnreduced(std::string_view text) {
  if (text.ends_with('%')) return ParsePercentage(text.substr(0, text.size() - 1));
  const std::size_t slash = text.find('/');
  if (slash == text.npos) return ParseDecimal(text);
  return ParseFraction(text.substr(0, slash), text.substr(slash + 1));
}

// Numbers brought to one denominator.
struct Scaled {
  std::vector<std::uint64_t> values;
  std::uint64_t one = 0;  // what stands for 1; 0 where all are integers
  std::uint64_t sum = 0;
};

absl::StatusOr<std::uint64_t> CommonDenominator(std::span<const WrittenNumber> numbers,
                                                std::string_view field) {
  std::uint64_t common = 1;
  for (const WrittenNumber& number : numbers) {
    const std::uint64_t factor = number.denominator / std::gcd(common, number.denominator);
    if (common > kWeightSumMax / factor) {
      return InvalidField(field, "parts whose least common denominator reaches 2^63",
                          "simpler fractions or integers");
    }
    common *= factor;
  }
  return common;
}

absl::Status CheckForms(std::span<const WrittenNumber> numbers, std::string_view field,
                        bool* has_parts) {
  bool has_integers = false;
  for (const WrittenNumber& number : numbers) {
    *has_parts |= number.is_part;
    has_integers |= !number.is_part && number.numerator != 0;
  }
  if (!*has_parts || !has_integers) return absl::OkStatus();
  return InvalidField(field, "integers beside percentages or fractions",
                      "one form throughout; 0 may stand beside either");
}

absl::StatusOr<Scaled> Scale(std::span<const WrittenNumber> numbers, std::string_view field) {
  bool has_parts = false;
  TRIBUTARY_RETURN_IF_ERROR(CheckForms(numbers, field, &has_parts));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t common, CommonDenominator(numbers, field));
  Scaled scaled{.values = {}, .one = has_parts ? common : 0};
  Uint128 sum = 0;
  for (const WrittenNumber& number : numbers) {
    const Uint128 value = Uint128{number.numerator} * (common / number.denominator);
    sum += value;
    if (sum > kWeightSumMax)
      return InvalidField(field, "a sum of 2^63 or more", "a sum below 2^63");
    scaled.values.push_back(static_cast<std::uint64_t>(value));
  }
  scaled.sum = static_cast<std::uint64_t>(sum);
  return scaled;
}

absl::Status SumError(std::string_view field, const Scaled& scaled, std::string_view allowed) {
  return InvalidField(field, StrCat("parts that add up to ", scaled.sum, "/", scaled.one), allowed);
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

absl::StatusOr<WrittenNumber> ParseOrZero(const std::string& text, std::string_view field) {
  if (text.empty()) return WrittenNumber{};
  return ParseWrittenNumber(text, field);
}

// Gives what is open below 1 to where `rest` says.
absl::Status PlaceRest(const Scaled& scaled, Rest rest, ExactWeights* exact) {
  if (scaled.one == 0) {
    if (rest == Rest::kRefuse) return absl::OkStatus();
    return InvalidField("rest", "integers, which have no rest", "percentages or fractions");
  }
  if (scaled.sum > scaled.one) return SumError("weights", scaled, "at most 1");
  const std::uint64_t open = scaled.one - scaled.sum;
  if (open > 0 && rest == Rest::kRefuse) {
    return SumError("weights", scaled, "1, or a place for the rest: kept or unattributed");
  }
  (rest == Rest::kUnattributed ? exact->unattributed : exact->retained) += open;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<WrittenNumber> ParseWrittenNumber(std::string_view text, std::string_view field) {
  std::optional<WrittenNumber> number = ParseUnreduced(text);
  if (!number.has_value()) return InvalidField(field, Quoted(text), kAllowed);
  const std::uint64_t divisor = std::gcd(number->numerator, number->denominator);
  number->numerator /= divisor;
  number->denominator /= divisor;
  return *number;
}

absl::StatusOr<ExactWeights> ToExactWeights(const WrittenWeights& written, Rest rest) {
  TRIBUTARY_ASSIGN_OR_RETURN(std::vector<WrittenNumber> numbers, ParseAll(written.edges, "weight"));
  TRIBUTARY_ASSIGN_OR_RETURN(const WrittenNumber retained,
                             ParseOrZero(written.retained, "retained"));
  TRIBUTARY_ASSIGN_OR_RETURN(const WrittenNumber unattributed,
                             ParseOrZero(written.unattributed, "unattributed"));
  numbers.push_back(retained);
  numbers.push_back(unattributed);
  TRIBUTARY_ASSIGN_OR_RETURN(Scaled scaled, Scale(numbers, "weights"));
  ExactWeights exact;
  exact.unattributed = scaled.values.back();
  scaled.values.pop_back();
  exact.retained = scaled.values.back();
  scaled.values.pop_back();
  TRIBUTARY_RETURN_IF_ERROR(PlaceRest(scaled, rest, &exact));
  exact.edges = std::move(scaled.values);
  return exact;
}

absl::StatusOr<std::vector<std::uint64_t>> ToExactUnits(const std::vector<std::string>& written) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<WrittenNumber> numbers, ParseAll(written, "units"));
  TRIBUTARY_ASSIGN_OR_RETURN(Scaled scaled, Scale(numbers, "units"));
  if (scaled.one != 0 && scaled.sum != scaled.one) {
    return SumError("units", scaled, "parts that add up to 1");
  }
  return std::move(scaled.values);
}

}  // namespace tributary
