#include "graph/settlement/role_flow.h"

#include <optional>
#include <utility>

#include "graph/model/status.h"
#include "graph/settlement/wide_proportion.h"

namespace tributary {
namespace {

using Vertex = LineageSubgraph::Vertex;

class FlowingToRole {
 public:
  FlowingToRole(const LineageSubgraph& subgraph, const FlowSetup& setup, const RoleReach& reach,
                std::vector<Grains> placed, const CancelToken* cancel)
      : subgraph_(subgraph),
        setup_(setup),
        reach_(reach),
        cancel_(cancel),
        inflows_(std::move(placed)) {}

  absl::StatusOr<RoleFlow> Run() {
    result_.stopped.resize(inflows_.size());
    result_.unattributed.resize(setup_.layer_count);
    const Grains placed = SumOf(inflows_);
    for (const std::uint32_t index : subgraph_.topological_order()) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      CatchGrains(subgraph_, setup_, index, inflows_);
      TRIBUTARY_RETURN_IF_ERROR(PassOn(subgraph_.derivations()[index]));
    }
    // What could not be passed on: where it was placed no way leads to the role.
    for (std::size_t cell = 0; cell < inflows_.size(); ++cell) {
      result_.unattributed[cell % setup_.layer_count] += inflows_[cell];
    }
    const Grains found = SumOf(result_.stopped) + SumOf(result_.unattributed);
    if (found == placed) return std::move(result_);
    return absl::InternalError(StrCat("a flow to a role lost or made grains: placed ",
                                      ToDecimal(placed), ", found ", ToDecimal(found)));
  }

 private:
  static Grains SumOf(const std::vector<Grains>& cells) {
    Grains sum = 0;
    for (const Grains grains : cells) sum += grains;
    return sum;
  }

  absl::Status PassOn(const LineageSubgraph::Derivation& derivation) {
    std::optional<Uint128> all;  // summed where something has to be passed on
    for (Layer layer = 0; layer < setup_.layer_count; ++layer) {
      Grains& inflow = inflows_[CellOf(derivation.vertex, layer)];
      if (inflow == 0) continue;
      if (!all.has_value()) {
        TRIBUTARY_ASSIGN_OR_RETURN(all, SharesOf(derivation));
      }
      if (*all == 0) return absl::OkStatus();
      TRIBUTARY_RETURN_IF_ERROR(Divide(derivation, layer, inflow, *all));
      inflow = 0;
    }
    return absl::OkStatus();
  }

  std::size_t CellOf(Vertex vertex, Layer layer) const {
    return std::size_t{vertex} * setup_.layer_count + layer;
  }

  // MeasureReach has seen that cumulative weights ascend.
  template <typename Use>
  absl::Status ForEachShare(const LineageSubgraph::Derivation& derivation, const Use& use) const {
    const EdgeList& edges = *derivation.view.edges;
    const auto inputs = subgraph_.edge_targets(derivation);
    std::uint64_t weight_before = 0;
    for (std::size_t e = 0; e < inputs.size(); ++e) {
      if (e % kCancelCheckInterval == 0) TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      const std::uint64_t weight = edges.cumulative_weights[e];
      use(e, reach_.ShareOf(edges.roles[e], weight - weight_before, inputs[e]));
      weight_before = weight;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Uint128> SharesOf(const LineageSubgraph::Derivation& derivation) const {
    Uint128 sum = 0;
    TRIBUTARY_RETURN_IF_ERROR(
        ForEachShare(derivation, [&sum](std::size_t, Uint128 share) { sum += share; }));
    return sum;
  }

  absl::Status Divide(const LineageSubgraph::Derivation& derivation, Layer layer, Grains inflow,
                      Uint128 all) {
    const EdgeList& edges = *derivation.view.edges;
    const auto inputs = subgraph_.edge_targets(derivation);
    // Most assets have one way to the role, which needs no long division.
    std::optional<WideProportion> proportion;
    Uint128 shares = 0;
    Grains passed = 0;
    return ForEachShare(derivation, [&](std::size_t e, Uint128 share) {
      if (share == 0) return;
      shares += share;
      Grains up_to = inflow;
      if (shares != all) {
        if (!proportion.has_value()) proportion.emplace(inflow, all);
        up_to = proportion->Floor(shares);
      }
      std::vector<Grains>& cells = edges.roles[e] == reach_.role ? result_.stopped : inflows_;
      cells[CellOf(inputs[e], layer)] += up_to - passed;
      passed = up_to;
    });
  }

  const LineageSubgraph& subgraph_;
  const FlowSetup& setup_;
  const RoleReach& reach_;
  const CancelToken* cancel_;
  std::vector<Grains> inflows_;
  RoleFlow result_;
};

}  // namespace

absl::StatusOr<RoleFlow> FlowToRole(const LineageSubgraph& subgraph, const FlowSetup& setup,
                                    const RoleReach& reach, std::span<const PlacedGrains> placed,
                                    const FlowLimits& limits, const CancelToken* cancel) {
  TRIBUTARY_ASSIGN_OR_RETURN(std::vector<Grains> cells,
                             PlaceGrains(subgraph, setup, placed, limits));
  return FlowingToRole(subgraph, setup, reach, std::move(cells), cancel).Run();
}

}  // namespace tributary
