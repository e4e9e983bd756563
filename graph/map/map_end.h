// Where ways end, and what stands beside them, as a verifier sees it. For the .cc files of this
// folder.

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/map/map_entry.h"
#include "graph/map/map_proof.h"
#include "graph/model/text.h"

namespace tributary::internal {

inline absl::Status MapProofError(std::string_view what) {
  return absl::InvalidArgumentError(StrCat("map proof: ", what));
}

// The subtree at `depth` in which the ways of `claims` end: of the one entry that is claimed, of
// `other`, or empty. The claims, one or more in ascending order, share their first `depth` bits.
absl::StatusOr<MapSubtree> SubtreeAtEnd(std::span<const MapClaim> claims, std::size_t depth,
                                        const std::optional<MapEntry>& other);

// A subtree at `depth` of which a proof states the hash alone.
MapSubtree StatedSubtree(const Digest& hash, std::size_t depth);

// The node over two halves. Errors: kInvalidArgument (they hold one key or none).
absl::StatusOr<MapSubtree> JoinStrictly(const MapSubtree& left, const MapSubtree& right);

// The entry in the subtree `node` of a page's tree, which is a leaf.
const MapEntry& EntryUnder(const MapPage& page, std::size_t node);

}  // namespace tributary::internal
