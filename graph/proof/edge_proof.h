// One edge of a derivation, checked without the others: SEMANTICS section 5.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "graph/model/digest.h"
#include "graph/model/record.h"

namespace tributary {

// An edge, its place in the list and the sum of the weights up to and including it, with the path
// of RFC 6962 from its canonical bytes to the derivation's edges_root.
struct PlacedEdge {
  std::uint64_t index = 0;
  Edge edge;
  std::uint64_t cumulative_weight = 0;
  std::vector<Digest> path;
  friend bool operator==(const PlacedEdge&, const PlacedEdge&) = default;
};

// An edge in the middle needs both of its companions, the first no predecessor, the last no last.
struct EdgeProof {
  PlacedEdge edge;
  std::optional<PlacedEdge> predecessor;  // at the index before
  std::optional<PlacedEdge> last;         // at the last index
  friend bool operator==(const EdgeProof&, const EdgeProof&) = default;
};

// Whether the derivation has this edge, and these are the bounds of its part: C(i-1) and C(i).
//
// What it shows: the edge stands under the derivation's root at its index of edge_count. Its weight
// is what its cumulative weight adds to its predecessor's. Inputs ascend and cumulative weights do
// not decrease over the (at most three) edges seen, and the last one's cumulative weight is the
// record's weight_sum: so no other edge gets a part of these bounds, if the edges not seen keep the
// rules too.
// What it does not show: the edges between, whether they keep the rules, and that the record is in
// force. Whoever shows the result says so.
//
// Errors: kInvalidArgument, naming the edge and what does not hold.
// Cost:   at most three paths of 63 hashes.
absl::Status VerifyEdge(const DerivationRecord& derivation, const EdgeProof& proof);

}  // namespace tributary
