// Keys and entries of the authenticated map, and the hashes that its tree is made of.
//
// The tree is binary: a subtree stands for the keys that share their first bits. It hashes to
//
//   EmptyMapRoot()                      where it holds no key
//   MapLeafHash of its entry            where it holds exactly one, at whatever depth
//   MapNodeHash of its two halves       where it holds more: by the next bit, 0 on the left
//
// so a set of entries has one root, whatever order they came in, and the tree of n random keys is
// about log2(n) deep.

#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include "graph/model/digest.h"

namespace tributary {

inline constexpr std::size_t kMapDepthMax = 8 * kDigestSize;  // bits of a key

// A place in the map: 256 bits from the highest bit of the first byte on. Always a SHA-256, or
// clients could choose how deep the tree is.
struct MapKey {
  Digest digest;
  friend auto operator<=>(const MapKey&, const MapKey&) = default;

  // Bit i, below 256.
  bool Bit(std::size_t i) const { return ((digest.bytes[i / 8] >> (7 - i % 8)) & 1) != 0; }
  // Bits 4 * i to 4 * i + 3, i below 64.
  std::uint8_t Nibble(std::size_t i) const {
    const std::uint8_t byte = digest.bytes[i / 2];
    return static_cast<std::uint8_t>(i % 2 == 0 ? byte >> 4 : byte & 15);
  }
  // The first `bit_count` bits, and zeros after them.
  MapKey Prefix(std::size_t bit_count) const;
};

// How many bits two keys have in common before the first that differs; 256 for equal keys.
std::size_t CommonBitCount(const MapKey& a, const MapKey& b);

// What the map says of a key. The value is a digest of what it stands for.
struct MapEntry {
  MapKey key;
  Digest value;
  friend auto operator<=>(const MapEntry&, const MapEntry&) = default;
};

// SHA-256(0x02 || key || value), SHA-256(0x03 || left || right) and SHA-256(0x04). The prefixes
// keep a leaf, a node and nothing from posing as one another, and all three from posing as a hash
// of RFC 6962, whose prefixes are 0x00 and 0x01. A digest of zeros, as it is before anybody sets
// it, is the root of no map.
Digest MapLeafHash(const MapEntry& entry);
Digest MapNodeHash(const Digest& left, const Digest& right);
const Digest& EmptyMapRoot();

namespace internal {

// For the .cc files of this folder: the hash of a subtree, with what the rule above must know.
struct MapSubtree {
  enum class Kind : std::uint8_t { kEmpty, kLeaf, kInner };
  Kind kind = Kind::kEmpty;
  Digest hash = EmptyMapRoot();
};

// Whether two halves make a node: together they hold more than one key.
inline bool MakesNode(const MapSubtree& left, const MapSubtree& right) {
  using Kind = MapSubtree::Kind;
  if (left.kind == Kind::kEmpty) return right.kind == Kind::kInner;
  return right.kind != Kind::kEmpty || left.kind == Kind::kInner;
}

// The subtree over two halves.
MapSubtree Join(const MapSubtree& left, const MapSubtree& right);

}  // namespace internal
}  // namespace tributary
