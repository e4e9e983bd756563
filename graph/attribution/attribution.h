// Who shares in an asset, and how much: exact integers, by SEMANTICS section 3.

#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/lineage/subgraph.h"
#include "graph/model/cancel.h"
#include "graph/model/uint128.h"

namespace tributary {

// Where the grains placed on a subgraph's target came to rest.
struct AttributionResult {
  Grains placed = 0;
  // Per vertex: retained, or undisclosed where the subgraph says is_undisclosed(vertex).
  std::vector<Grains> kept;
  // Per derivation: all that passed through its vertex. A vertex without one keeps its inflow.
  std::vector<Grains> derivation_inflow;
  Grains retained_total = 0;
  Grains undisclosed_total = 0;
  Grains unattributed_total = 0;

  Grains retained(const LineageSubgraph& subgraph, LineageSubgraph::Vertex vertex) const {
    return subgraph.is_undisclosed(vertex) ? 0 : kept[vertex];
  }
  Grains undisclosed(const LineageSubgraph& subgraph, LineageSubgraph::Vertex vertex) const {
    return subgraph.is_undisclosed(vertex) ? kept[vertex] : 0;
  }
  // What passes through: not a share, and never to be added to one.
  Grains inflow(const LineageSubgraph& subgraph, LineageSubgraph::Vertex vertex) const {
    const std::uint32_t index = subgraph.derivation_index(vertex);
    return index == LineageSubgraph::kNoDerivation ? kept[vertex] : derivation_inflow[index];
  }
};

// Lines that a presentation does not list one by one.
struct OtherLines {
  Grains grains = 0;
  std::uint64_t count = 0;
  friend bool operator==(const OtherLines&, const OtherLines&) = default;
};

inline constexpr Grains kPlacedGrainsMax = Grains{1} << 127;

// Attributes `placed` grains on the subgraph's target to everything upstream of it.
//
// Rule:   SEMANTICS 3, grain for grain. retained_total + undisclosed_total + unattributed_total
//         equals `placed`; the sum over all vertices is taken anew and compared before returning.
// Errors: kOutOfRange  placed > kPlacedGrainsMax.
//         kDataLoss    cumulative weights of a derivation descend.
//         kInternal    the grains do not add up.
//         kCancelled, kDeadlineExceeded by `cancel` (may be null).
// Cost:   O(V+E): per edge six multiplications, per derivation three divisions. 16 bytes a vertex
//         and 16 a derivation. Pure: no I/O, clock or shared state.
absl::StatusOr<AttributionResult> AttributeGrains(const LineageSubgraph& subgraph, Grains placed,
                                                  const CancelToken* cancel = nullptr);

}  // namespace tributary
