// One proof of what a map says of many keys: no hash is stated that follows from others.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/map/map_proof.h"

namespace tributary {

// Keys of one proof: an output of a model of a million works has as many assets.
inline constexpr std::size_t kMapClaimCountMax = std::size_t{1} << 20;
// Hashes of one proof: enough for that many keys of a map of 2^33. 512 MiB.
inline constexpr std::size_t kMapNodeCountMax = std::size_t{1} << 24;

// Of the tree of a map and the claims to prove, in ascending order of key:
//
//   the ends   of the ways of all keys, each once, from left to right
//   the nodes  the roots of the largest subtrees in which no way goes, from left to right
//
// The ends say how deep they stand, and keys and depths alone decide which nodes are needed, and
// where: the left-most key that has no end yet belongs to the next end. Several keys have one end
// where at most one of them is in the map.

// An end: of the claimed entry where a key that ends here has a value, else of another entry, else
// an empty subtree.
struct MapEnd {
  std::uint16_t depth = 0;        // at most kMapDepthMax
  std::optional<MapEntry> other;  // of a key that is not asked for
  friend bool operator==(const MapEnd&, const MapEnd&) = default;
};

struct MapMultiProof {
  std::vector<MapEnd> ends;
  std::vector<Digest> nodes;
  friend bool operator==(const MapMultiProof&, const MapMultiProof&) = default;
};

struct ProvenMapClaims {
  std::vector<MapClaim> claims;  // claim i is of keys[i]
  MapMultiProof proof;
};

// What the map of `root` says of `keys`, in ascending order, each once, with one proof.
//
// Errors: kInvalidArgument  no key, a key that is not above the one before it.
//         kResourceExhausted  more than kMapClaimCountMax keys, or kMapNodeCountMax nodes.
//         kDataLoss  a page is not what its place and hash say. Those of the reader.
// Cost:   each page on a way is read once, in a round of reads for each level, and hashed twice.
//         Memory: the pages touched, 1.3 KB for a full one.
absl::StatusOr<ProvenMapClaims> ProveMapKeys(const MapPageReader& reader, const MapRoot& root,
                                             std::span<const MapKey> keys);

// Whether the map with this root says all of it. `claims` in ascending order of key.
//
// Errors: kInvalidArgument says what does not hold: as VerifyMapProof; the order of claims; more or
//         fewer ends or nodes than the claims need; the limits above.
// Cost:   as many hashes as there are claims, ends and nodes; 512 steps of memory beside the
//         arguments; no recursion.
absl::Status VerifyMapMultiProof(std::span<const MapClaim> claims, const MapMultiProof& proof,
                                 const Digest& root_hash);

}  // namespace tributary
