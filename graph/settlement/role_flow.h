// Flow of grains to the inputs of one role, and to nobody else.

#pragma once

#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/settlement/flow.h"
#include "graph/settlement/role_reach.h"

namespace tributary {

struct RoleFlow {
  // By vertex: grains whose first edge of the role led to it. What FlowCells takes.
  std::vector<Grains> stopped;
  Grains unattributed = 0;           // placed where no way leads to the role
  std::vector<CaughtGrains> caught;  // on their way to the role; as FlowResult's
};

// Rule:   an edge gets floor(inflow * C(i) / U) - floor(inflow * C(i-1) / U), C being sums of
//         RoleReach's share(e) in the order of edges and U that of all. Nothing is kept on the way.
//         An edge of the role ends it at its input. Where U is 0 no grain arrives but those placed
//         there, which are unattributed. Catches: as in FlowGrains.
// Errors: those of FlowGrains.
// Cost:   O(V + E), about three times that of FlowGrains, and twice its memory.
absl::StatusOr<RoleFlow> FlowToRole(const LineageSubgraph& subgraph, Catches catches,
                                    const RoleReach& reach, std::span<const PlacedGrains> placed,
                                    const CancelToken* cancel = nullptr);

}  // namespace tributary
