// The cycle test: would a new derivation close a cycle?

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/lineage/lineage_reader.h"
#include "graph/model/cancel.h"

namespace tributary {

struct ReachabilityLimits {
  // Of each of the two sides of the search; as for a collection (graph/lineage/subgraph.h). An
  // asset costs 12 bytes and its place in the index, at most 140 in all.
  std::size_t asset_count_max = 16'777'216;
  std::uint64_t edge_count_max = 67'108'864;
};

// A path upstream from one of `inputs` to `generated`, if there is one: a derivation of `generated`
// from `inputs` would then close a cycle (SEMANTICS 2).
//
// Shape:  the input first, then each time an asset it is derived from, `generated` last. Empty if
//         there is no such path. An input that is `generated` itself is a path of one asset.
// Method: searches from both ends at once and always expands the smaller frontier: upstream from
//         the inputs, downstream from `generated`. What nobody has used yet has no downstream, so
//         an ordinary derivation costs one read whatever its inputs are. A side too wide for the
//         limits is left alone as long as the other side can decide.
// Errors: kResourceExhausted (names the limit; undecided), kCancelled, kDeadlineExceeded,
//         kDataLoss, and the reader's own.
// Cost:   O(assets and edges of the smaller side), typically; no stack per depth.
absl::StatusOr<std::vector<AssetNumber>> FindPathUpstream(const LineageReader& reader,
                                                          std::span<const AssetNumber> inputs,
                                                          AssetNumber generated,
                                                          const ReachabilityLimits& limits = {},
                                                          const CancelToken* cancel = nullptr);

}  // namespace tributary
