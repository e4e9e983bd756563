// Walks upstream or downstream of an asset, nearest first: lineage and impact.

#pragma once

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "graph/lineage/lineage_reader.h"
#include "graph/model/cancel.h"

namespace tributary {

enum class Direction : std::uint8_t { kUpstream = 0, kDownstream };

struct TraverseLimits {
  // As for a collection (graph/lineage/subgraph.h); an asset costs at most 144 bytes here.
  std::size_t asset_count_max = 16'777'216;
  std::uint64_t edge_count_max = 67'108'864;
};

struct TraverseOptions {
  Direction direction = Direction::kUpstream;
  std::uint32_t depth_max = 0xffff'ffff;  // edges away from the start
  // Only these are listed; empty lists all. The walk passes through every kind.
  std::vector<AssetKind> kinds = {};
  TraverseLimits limits = {};
};

struct TraverseVisit {
  AssetNumber asset;
  AssetClass asset_class;
  std::uint32_t depth = 0;
  friend bool operator==(const TraverseVisit& a, const TraverseVisit& b) {
    return a.asset == b.asset && a.depth == b.depth;
  }
};

struct TraverseSummary {
  std::uint64_t asset_count = 0;       // walked to, the start included
  std::uint64_t listed_count = 0;      // of these, of a listed kind
  std::uint64_t edge_count = 0;        // followed
  std::uint32_t depth = 0;             // of the farthest asset
  std::uint64_t unexpanded_count = 0;  // assets at depth_max, beyond which nobody looked
};

// A status other than OK stops the walk and is its result.
using TraverseVisitor = absl::FunctionRef<absl::Status(const TraverseVisit&)>;

// Visits `start` and everything up or downstream of it, each asset once with its smallest distance
// in edges, in ascending order of (depth, asset number).
//
// Errors: kResourceExhausted  a limit was met; names it. Assets visited before it stay visited, so
//                             a caller who streams them closes the stream with this error.
//         kDataLoss           an asset number that is not below the tree size.
//         kCancelled, kDeadlineExceeded, the visitor's and the reader's own errors.
// Cost:   O(V log V + E) time, O(V) memory; per depth one Classify, and upstream one
//         ReadDerivations for every 256 derived assets, downstream one ReadConsumers an asset.
absl::StatusOr<TraverseSummary> Traverse(const LineageReader& reader, AssetNumber start,
                                         const TraverseOptions& options, TraverseVisitor visit,
                                         const CancelToken* cancel = nullptr);

}  // namespace tributary
