#include "graph/map/map_entry.h"

#include <bit>
#include <string_view>

namespace tributary {

MapKey MapKey::Prefix(std::size_t bit_count) const {
  MapKey prefix = *this;
  for (std::size_t i = 0; i < kDigestSize; ++i) {
    const std::size_t kept = bit_count <= 8 * i ? 0 : bit_count - 8 * i;
    if (kept >= 8) continue;
    prefix.digest.bytes[i] &= static_cast<std::uint8_t>(0xff00u >> kept);
  }
  return prefix;
}

std::size_t CommonBitCount(const MapKey& a, const MapKey& b) {
  for (std::size_t i = 0; i < kDigestSize; ++i) {
    const auto difference = static_cast<std::uint8_t>(a.digest.bytes[i] ^ b.digest.bytes[i]);
    if (difference != 0) return 8 * i + static_cast<std::size_t>(std::countl_zero(difference));
  }
  return kMapDepthMax;
}

Digest MapLeafHash(const MapEntry& entry) {
  return Sha256({std::string_view("\x02", 1), entry.key.digest.view(), entry.value.view()});
}

Digest MapNodeHash(const Digest& left, const Digest& right) {
  return Sha256({std::string_view("\x03", 1), left.view(), right.view()});
}

const Digest& EmptyMapRoot() {
  static const Digest root = Sha256(std::string_view("\x04", 1));
  return root;
}

internal::MapSubtree internal::Join(const MapSubtree& left, const MapSubtree& right) {
  if (MakesNode(left, right)) {
    return {MapSubtree::Kind::kInner, MapNodeHash(left.hash, right.hash)};
  }
  return left.kind == MapSubtree::Kind::kEmpty ? right : left;
}

}  // namespace tributary
