// Proofs that a map has a value for a key, or that it has none.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/map/map_entry.h"
#include "graph/map/map_page.h"
#include "graph/model/digest.h"

namespace tributary {

// What a proof is about: the value of a key, or that the map has no value for it.
struct MapClaim {
  MapKey key;
  std::optional<Digest> value;
  friend bool operator==(const MapClaim&, const MapClaim&) = default;
};

// The way of one key: from the root by the bits of the key to where nothing can follow, which is
// the entry of the key, the entry of another key, or an empty subtree.
struct MapProof {
  std::vector<Digest> siblings;   // from the root downwards: one for each node on the way
  std::optional<MapEntry> other;  // of another key, where the way ends in one
  friend bool operator==(const MapProof&, const MapProof&) = default;
};

struct ProvenMapClaim {
  MapClaim claim;
  MapProof proof;
};

// What the map of `root` says of a key, with its proof.
// Errors: kDataLoss (a page is not what its place and hash say), those of the reader.
// Cost:   one read for each level of pages on the way: log16(size) + 1 or so for random keys.
absl::StatusOr<ProvenMapClaim> ProveMapKey(const MapPageReader& reader, const MapRoot& root,
                                           const MapKey& key);

// Whether the map with this root says so. Of two claims that differ in their value at most one can
// be shown for a root, whoever built the tree.
//
// Errors: kInvalidArgument says what does not hold: the root; a length above 256; another entry
//         that is of the key itself, of another way, or not needed; a node over a single key,
//         which no tree has.
// Cost:   at most 257 hashes. Pure: no reader.
absl::Status VerifyMapProof(const MapClaim& claim, const MapProof& proof, const Digest& root_hash);

}  // namespace tributary
