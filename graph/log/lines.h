// Pieces that the text formats of this folder share: lines, decimal numbers, hashes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "graph/model/base64.h"
#include "graph/model/digest.h"

namespace tributary {

inline constexpr std::uint64_t kTreeSizeMax = (std::uint64_t{1} << 63) - 1;
inline constexpr std::size_t kProofNodeCountMax = 63;  // the height of a tree of 2^63 leaves

// Takes the next line and its end off `text`, and gives it without the end. nullopt, and nothing
// taken, where no line feed follows.
inline std::optional<std::string_view> TakeLine(std::string_view* text) {
  const std::size_t end = text->find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text->substr(0, end);
  text->remove_prefix(end + 1);
  return line;
}

// Decimal digits without sign or leading zeros, at most `max`.
inline std::optional<std::uint64_t> ReadDecimal(std::string_view text,
                                                std::uint64_t max = kTreeSizeMax) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (digit > max || value > (max - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

// 32 bytes in base64.
inline std::optional<Digest> ReadHash(std::string_view text) {
  const auto bytes = FromBase64(text);
  return bytes.has_value() ? Digest::FromBytes(*bytes) : std::nullopt;
}

// Integers in network byte order.
inline void AppendBigEndian(std::uint64_t value, std::size_t size, std::string* out) {
  for (std::size_t i = size; i-- > 0;) out->push_back(static_cast<char>(value >> (8 * i)));
}
inline std::uint64_t ReadBigEndian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = (value << 8) | static_cast<unsigned char>(c);
  return value;
}

}  // namespace tributary
