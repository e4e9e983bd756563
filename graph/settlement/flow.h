// Flow of grains that are placed on any assets of a subgraph, kept apart in layers.
//
// A layer is a separate flow over the same subgraph: what was caught by one hold, or by none. Each
// conserves its grains by itself, so nothing is lost between them. AttributeGrains is the flow of
// one layer that is placed on the target.

#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/lineage/subgraph.h"
#include "graph/model/cancel.h"
#include "graph/model/uint128.h"

namespace tributary {

// Layer 0 is free; layer k + 1 is caught by catch k.
using Layer = std::uint32_t;

struct LayeredVertex {
  LineageSubgraph::Vertex vertex = 0;
  Layer layer = 0;
  friend auto operator<=>(const LayeredVertex&, const LayeredVertex&) = default;
};

struct FlowLimits {
  // Layers times vertices: 64 M grains of 16 bytes are 1 GiB. A flow to a role has two such arrays.
  std::uint64_t cell_count_max = std::uint64_t{1} << 26;
};

struct FlowSetup {
  Layer layer_count = 1;
  // Per derivation of the subgraph: the layer into which free grains go when they reach its vertex;
  // 0 leaves them free. Empty: none catches.
  std::span<const Layer> catches = {};
};

struct FlowResult {
  Layer layer_count = 1;
  // By vertex * layer_count + layer: what came to rest at the vertex.
  std::vector<Grains> kept;
  std::vector<Grains> unattributed;  // by layer

  Grains at(LineageSubgraph::Vertex vertex, Layer layer) const {
    return kept[std::size_t{vertex} * layer_count + layer];
  }
};

// Rule:   SEMANTICS 3 for each layer by itself: an edge gets
//         floor(inflow * C(i) / D) - floor(inflow * C(i-1) / D) of the layer's inflow.
//         Everything kept and unattributed adds up to what was placed.
// Errors: kOutOfRange         more than 2^127 grains in all.
//         kResourceExhausted  cell_count_max.
//         kDataLoss           cumulative weights of a derivation descend.
//         kInternal           the grains do not add up.
//         kCancelled, kDeadlineExceeded by `cancel` (may be null).
// Cost:   O(layers * (V + E)).
absl::StatusOr<FlowResult> FlowGrains(const LineageSubgraph& subgraph, const FlowSetup& setup,
                                      const std::map<LayeredVertex, Grains>& placed,
                                      const FlowLimits& limits = {},
                                      const CancelToken* cancel = nullptr);

// The same for many places, in any order; grains of one place are added.
struct PlacedGrains {
  LayeredVertex at;
  Grains grains = 0;
};
absl::StatusOr<FlowResult> FlowGrains(const LineageSubgraph& subgraph, const FlowSetup& setup,
                                      std::span<const PlacedGrains> placed,
                                      const FlowLimits& limits = {},
                                      const CancelToken* cancel = nullptr);

// The same for what stands at all places: by vertex * layer_count + layer.
absl::StatusOr<FlowResult> FlowCells(const LineageSubgraph& subgraph, const FlowSetup& setup,
                                     std::vector<Grains> placed,
                                     const CancelToken* cancel = nullptr);

// --- What flows of several kinds have in common ---

// By vertex * layer_count + layer. Errors: kOutOfRange, kResourceExhausted as above.
absl::StatusOr<std::vector<Grains>> PlaceGrains(const LineageSubgraph& subgraph,
                                                const FlowSetup& setup,
                                                std::span<const PlacedGrains> placed,
                                                const FlowLimits& limits);

// What is free at the vertex of a derivation that catches changes its layer. All consumers must
// have passed on their parts.
void CatchGrains(const LineageSubgraph& subgraph, const FlowSetup& setup, std::uint32_t derivation,
                 std::span<Grains> cells);

absl::Status DescendingWeights(const LineageSubgraph& subgraph,
                               const LineageSubgraph::Derivation& derivation);

}  // namespace tributary
