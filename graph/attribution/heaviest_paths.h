// Why an asset shares in another: the heaviest paths between the two.

#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/lineage/subgraph.h"
#include "graph/model/cancel.h"
#include "graph/model/uint128.h"

namespace tributary {

struct PathLimits {
  // The most paths one may ask for. What a person reads ends long before.
  std::size_t path_count_max = 100;
  // The longest path considered: 100 paths of 4,096 assets are 13 MB of asset ids.
  std::size_t path_edge_count_max = 4096;
  // Weights computed: 32 M at 10 ns are a third of a second; 16 bytes each, 512 MiB at most.
  std::uint64_t path_work_max = std::uint64_t{1} << 25;
};

struct WeightedPath {
  std::vector<LineageSubgraph::Vertex> vertices;  // the target first, the upstream asset last
  Grains weight = 0;  // 2^96, multiplied by weight over denominator and floored edge by edge
  friend bool operator==(const WeightedPath&, const WeightedPath&) = default;
};

struct HeaviestPaths {
  std::vector<WeightedPath> paths;  // descending weight, ties to the smaller sequence of asset ids
  Grains covered = 0;               // by the listed paths together
  // All that passes through the upstream asset of 2^96 grains on the target: at least `covered`,
  // since an edge is never given less than the floor of its part.
  Grains inflow = 0;
};

// The `path_count` heaviest paths from the subgraph's target up to `upstream`; fewer where there
// are fewer. Paths of weight 0 are paths too, the lightest. To itself an asset has one path, of no
// edges.
//
// Method: 1. In topological order, the largest weights of paths from the target to each vertex, at
//            most path_count each. Flooring is monotone, so no weight left out can overtake: the
//            smallest of those at `upstream` is W, the weight of the last path to list.
//         2. Against that order, the smallest weight with which a path may arrive at each vertex
//            and still arrive at `upstream` with X or more: the least ceil(need * denominator /
//            weight) over its edges, exact since floor(w * c / d) >= x means w >= ceil(x * d / c).
//         3. Depth first from the target in ascending order of input ids, which is the order of
//            sequences, entering only where the need is met: every step leads to a path. First all
//            paths above W (X = W + 1), of which there are fewer than path_count; then those of
//            exactly W, smallest sequences first, until there are path_count.
//         Keeping whole paths in step 1 would be wrong: two weights may become equal by a later
//         floor, and then the path that was left out may have the smaller sequence.
// Errors: kNotFound           `upstream` is a vertex, but no path leads to it (never of a collected
//                             subgraph).
//         kInvalidArgument    path_count is 0 or above path_count_max; `upstream` is no vertex.
//         kResourceExhausted  path_edge_count_max: a path between the two is longer, so that the
//                             heaviest might be; or path_work_max.
//         kCancelled, kDeadlineExceeded, and the errors of AttributeGrains.
// Cost:   O(V + E) to find the edges between the two, then path_count for each of them.
absl::StatusOr<HeaviestPaths> FindHeaviestPaths(const LineageSubgraph& subgraph,
                                                LineageSubgraph::Vertex upstream,
                                                std::size_t path_count,
                                                const PathLimits& limits = {},
                                                const CancelToken* cancel = nullptr);

}  // namespace tributary
