#include "graph/model/uint128.h"

#include <algorithm>
#include <limits>

namespace tributary {

std::string ToDecimal(Uint128 value) {
  if (value == 0) return "0";
  std::string digits;
  while (value != 0) {
    digits.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  }
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::optional<Uint128> ParseUint128(std::string_view digits) {
  constexpr std::size_t kDigitCountMax = 39;  // of 2^128 - 1
  if (digits.empty() || digits.size() > kDigitCountMax) return std::nullopt;
  if (digits.size() > 1 && digits[0] == '0') return std::nullopt;
  Uint128 value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<unsigned>(c - '0');
    if (value > (kUint128Max - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

std::optional<std::uint64_t> ParseUint64(std::string_view digits) {
  const auto value = ParseUint128(digits);
  if (!value.has_value() || *value > std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

std::string ToBigEndian(Uint128 value) {
  std::string bytes;
  for (; value != 0; value >>= 8) bytes.push_back(static_cast<char>(value & 0xff));
  std::reverse(bytes.begin(), bytes.end());
  return bytes;
}

std::optional<Uint128> FromBigEndian(std::string_view bytes) {
  if (bytes.size() > sizeof(Uint128) || (!bytes.empty() && bytes[0] == 0)) return std::nullopt;
  Uint128 value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

}  // namespace tributary
