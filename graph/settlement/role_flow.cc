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
  FlowingToRole(const LineageSubgraph& subgraph, Catches catches, const RoleReach& reach,
                std::vector<Grains> placed, const CancelToken* cancel)
      : subgraph_(subgraph),
        catches_(catches),
        reach_(reach),
        cancel_(cancel),
        inflows_(std::move(placed)) {}

  absl::StatusOr<RoleFlow> Run() {
    result_.stopped.resize(inflows_.size());
    const Grains placed = SumOf(inflows_);
    for (const std::uint32_t index : subgraph_.topological_order()) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      CatchGrains(subgraph_, catches_, index, inflows_, &result_.caught);
      TRIBUTARY_RETURN_IF_ERROR(PassOn(subgraph_.derivations()[index]));
    }
    // What could not be passed on: where it was placed no way leads to the role.
    result_.unattributed = SumOf(inflows_);
    Grains found = SumOf(result_.stopped) + result_.unattributed;
    for (const CaughtGrains& caught : result_.caught) found += caught.at.grains;
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
    Grains& inflow = inflows_[derivation.vertex];
    if (inflow == 0) return absl::OkStatus();
    TRIBUTARY_ASSIGN_OR_RETURN(const Uint128 all, SharesOf(derivation));
    if (all == 0) return absl::OkStatus();
    TRIBUTARY_RETURN_IF_ERROR(Divide(derivation, inflow, all));
    inflow = 0;
    return absl::OkStatus();
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

  absl::Status Divide(const LineageSubgraph::Derivation& derivation, Grains inflow, Uint128 all) {
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
      cells[inputs[e]] += up_to - passed;
      passed = up_to;
    });
  }

  const LineageSubgraph& subgraph_;
  const Catches catches_;
  const RoleReach& reach_;
  const CancelToken* cancel_;
  std::vector<Grains> inflows_;
  RoleFlow result_;
};

}  // namespace

absl::StatusOr<RoleFlow> FlowToRole(const LineageSubgraph& subgraph, Catches catches,
                                    const RoleReach& reach, std::span<const PlacedGrains> placed,
                                    const CancelToken* cancel) {
  TRIBUTARY_ASSIGN_OR_RETURN(std::vector<Grains> cells, PlaceGrains(subgraph, placed));
  return FlowingToRole(subgraph, catches, reach, std::move(cells), cancel).Run();
}

}  // namespace tributary
