#include "graph/settlement/role_reach.h"

#include <algorithm>
#include <utility>

#include "graph/model/status.h"
#include "graph/settlement/flow.h"

namespace tributary {

absl::StatusOr<RoleReach> MeasureReach(const LineageSubgraph& subgraph, Role role,
                                       const CancelToken* cancel) {
  RoleReach reach{role, std::vector<std::uint64_t>(subgraph.vertex_count())};
  const auto order = subgraph.topological_order();
  for (std::size_t i = order.size(); i > 0; --i) {  // inputs before what was made of them
    const LineageSubgraph::Derivation& derivation = subgraph.derivations()[order[i - 1]];
    const EdgeList& edges = *derivation.view.edges;
    const auto inputs = subgraph.edge_targets(derivation);
    Uint128 sum = 0;
    std::uint64_t weight_before = 0;
    for (std::size_t e = 0; e < inputs.size(); ++e) {
      if (e % kCancelCheckInterval == 0) TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel));
      const std::uint64_t weight = edges.cumulative_weights[e];
      if (weight < weight_before) return DescendingWeights(subgraph, derivation);
      sum += reach.ShareOf(edges.roles[e], weight - weight_before, inputs[e]);
      weight_before = weight;
    }
    const std::uint64_t denominator = derivation.view.denominator;
    reach.parts[derivation.vertex] =
        static_cast<std::uint64_t>((sum + denominator - 1) / denominator);
  }
  return reach;
}

absl::StatusOr<const RoleReach*> SharedPasses::ReachOf(Role role) {
  const auto known = reaches_.find(role);
  if (known != reaches_.end()) return &known->second;
  TRIBUTARY_RETURN_IF_ERROR(AddPass());
  TRIBUTARY_ASSIGN_OR_RETURN(RoleReach reach, MeasureReach(subgraph_, role, cancel_));
  return &reaches_.emplace(role, std::move(reach)).first->second;
}

}  // namespace tributary
