// SHA-256 digests: record ids, asset ids, roots.

#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tributary {

inline constexpr std::size_t kDigestSize = 32;

// 32 bytes, compared as unsigned bytes.
struct Digest {
  std::array<std::uint8_t, kDigestSize> bytes{};

  friend auto operator<=>(const Digest&, const Digest&) = default;

  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::string ToHex() const;

  // Exactly 32 raw bytes; nullopt otherwise.
  static std::optional<Digest> FromBytes(std::string_view raw);
  // Exactly 64 lowercase hex digits; the error names `field`.
  static absl::StatusOr<Digest> FromHex(std::string_view hex, std::string_view field = "digest");

  template <typename H>
  friend H AbslHashValue(H state, const Digest& digest) {
    // All of them count: asset ids are given by clients, who could make a million that share any
    // part of theirs.
    std::array<std::uint64_t, kDigestSize / sizeof(std::uint64_t)> words;
    std::memcpy(words.data(), digest.bytes.data(), kDigestSize);
    return H::combine(std::move(state), words[0], words[1], words[2], words[3]);
  }
};

// SHA-256 of one piece, or of several as if concatenated. Any thread; a prepared context per
// thread makes this three times as fast as OpenSSL's one-shot call at our sizes.
Digest Sha256(std::string_view data);
Digest Sha256(std::initializer_list<std::string_view> pieces);

// SHA-256 of data that arrives in pieces.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;

  void Update(std::string_view piece);
  Digest Finish();  // once; the stream is then spent

 private:
  void* context_;  // EVP_MD_CTX
};

}  // namespace tributary
