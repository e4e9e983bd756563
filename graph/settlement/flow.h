// Flow of grains that are placed on any assets of a subgraph, some of which are caught on their
// way.
//
// What is caught ends there: it is a list of grains that came to derivations on hold, and flows on,
// where its payees must be known, in a flow of its own (a layer). Each flow conserves its grains by
// itself, so nothing is lost between them. AttributeGrains is the flow of what is placed on the
// target.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/lineage/subgraph.h"
#include "graph/model/cancel.h"
#include "graph/model/uint128.h"

namespace tributary {

// Layer 0 is free; layer k + 1 is what catch k has caught.
using Layer = std::uint32_t;

// Per derivation of the subgraph: the layer into which grains go that reach its vertex; 0 leaves
// them free. Empty: none catches.
using Catches = std::span<const Layer>;

struct PlacedGrains {
  LineageSubgraph::Vertex vertex = 0;
  Grains grains = 0;
};

struct CaughtGrains {
  Layer layer = 0;
  PlacedGrains at;
};

struct FlowResult {
  std::vector<Grains> kept;  // by vertex: what came to rest there
  Grains unattributed = 0;
  std::vector<CaughtGrains> caught;  // in topological order, none of 0 grains
};

// Rule:   SEMANTICS 3: an edge gets floor(inflow * C(i) / D) - floor(inflow * C(i-1) / D). What
//         reaches the vertex of a derivation that catches goes no further. Everything kept,
//         unattributed and caught adds up to what was placed.
// Errors: kOutOfRange  more than 2^127 grains in all.
//         kDataLoss    cumulative weights of a derivation descend.
//         kInternal    the grains do not add up.
//         kCancelled, kDeadlineExceeded by `cancel` (may be null).
// Cost:   O(V + E) time; 16 bytes a vertex, 24 for each derivation that has caught something.
absl::StatusOr<FlowResult> FlowGrains(const LineageSubgraph& subgraph, Catches catches,
                                      std::span<const PlacedGrains> placed,
                                      const CancelToken* cancel = nullptr);

// The same for what stands at all places, by vertex.
absl::StatusOr<FlowResult> FlowCells(const LineageSubgraph& subgraph, Catches catches,
                                     std::vector<Grains> placed,
                                     const CancelToken* cancel = nullptr);

// --- What flows of several kinds have in common ---

// By vertex; grains of one place are added. Errors: kOutOfRange as above.
absl::StatusOr<std::vector<Grains>> PlaceGrains(const LineageSubgraph& subgraph,
                                                std::span<const PlacedGrains> placed);

// Takes what is at the vertex of a derivation, if it catches. All consumers must have passed on
// their parts.
void CatchGrains(const LineageSubgraph& subgraph, Catches catches, std::uint32_t derivation,
                 std::span<Grains> cells, std::vector<CaughtGrains>* caught);

absl::Status DescendingWeights(const LineageSubgraph& subgraph,
                               const LineageSubgraph::Derivation& derivation);

}  // namespace tributary
