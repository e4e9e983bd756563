// Integers in network byte order. For the .cc files of this folder.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tributary::internal {

inline void AppendBigEndian64(std::uint64_t value, std::string* out) {
  for (int shift = 56; shift >= 0; shift -= 8) out->push_back(static_cast<char>(value >> shift));
}
inline void AppendBigEndian16(std::uint16_t value, std::string* out) {
  out->push_back(static_cast<char>(value >> 8));
  out->push_back(static_cast<char>(value));
}

// Takes `size` bytes off the front; there must be as many.
inline std::uint64_t TakeBigEndian(std::size_t size, std::string_view* bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes->substr(0, size)) value = (value << 8) | static_cast<unsigned char>(c);
  bytes->remove_prefix(size);
  return value;
}

}  // namespace tributary::internal
