#include "graph/settlement/flow.h"

#include "graph/attribution/attribution.h"
#include "graph/attribution/proportion.h"
#include "graph/lineage/limits.h"
#include "graph/model/check.h"

namespace tributary {
namespace {

class Flow {
 public:
  Flow(const LineageSubgraph& subgraph, const FlowSetup& setup, const CancelToken* cancel)
      : subgraph_(subgraph), setup_(setup), cancel_(cancel) {}

  absl::StatusOr<FlowResult> Run(const std::map<LayeredVertex, Grains>& placed) {
    result_.layer_count = setup_.layer_count;
    result_.kept.resize(subgraph_.vertex_count() * setup_.layer_count);
    result_.unattributed.resize(setup_.layer_count);
    TRIBUTARY_RETURN_IF_ERROR(Place(placed));
    for (const std::uint32_t index : subgraph_.topological_order()) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      Catch(index);
      for (Layer layer = 0; layer < setup_.layer_count; ++layer) {
        TRIBUTARY_RETURN_IF_ERROR(Distribute(subgraph_.derivations()[index], layer));
      }
    }
    TRIBUTARY_RETURN_IF_ERROR(CheckSum());
    return std::move(result_);
  }

 private:
  Grains& At(LineageSubgraph::Vertex vertex, Layer layer) {
    return result_.kept[std::size_t{vertex} * setup_.layer_count + layer];
  }

  absl::Status Place(const std::map<LayeredVertex, Grains>& placed) {
    for (const auto& [at, grains] : placed) {
      TRIBUTARY_CHECK(at.vertex < subgraph_.vertex_count() && at.layer < setup_.layer_count);
      if (grains > kPlacedGrainsMax - placed_) {
        return FieldError(absl::StatusCode::kOutOfRange, "placed", "more than 2^127 grains",
                          "at most 2^127 grains");
      }
      placed_ += grains;
      At(at.vertex, at.layer) += grains;
    }
    return absl::OkStatus();
  }

  // All consumers have passed on their parts: what is free at a vertex whose derivation catches
  // changes its layer.
  void Catch(std::uint32_t index) {
    if (setup_.catches.empty() || setup_.catches[index] == 0) return;
    const LineageSubgraph::Vertex vertex = subgraph_.derivations()[index].vertex;
    At(vertex, setup_.catches[index]) += At(vertex, 0);
    At(vertex, 0) = 0;
  }

  absl::Status Distribute(const LineageSubgraph::Derivation& derivation, Layer layer) {
    const Grains inflow = At(derivation.vertex, layer);
    if (inflow == 0) return absl::OkStatus();
    const EdgeList& edges = *derivation.view.edges;
    const auto inputs = subgraph_.edge_targets(derivation);
    const Proportion proportion(inflow, derivation.view.denominator);
    Grains passed = 0;
    std::uint64_t weight = 0;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (i % kCancelCheckInterval == 0) TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      if (edges.cumulative_weights[i] < weight) {
        return absl::DataLossError(
            StrCat("cumulative weights descend in the derivation of asset number ",
                   subgraph_.asset(derivation.vertex).value));
      }
      weight = edges.cumulative_weights[i];
      const Grains up_to = proportion.Floor(weight);
      Pass(up_to - passed, inputs[i], edges.roles[i], layer);
      passed = up_to;
    }
    const Grains upstream = proportion.Floor(weight + derivation.view.unattributed);
    result_.unattributed[layer] += upstream - passed;
    At(derivation.vertex, layer) = inflow - upstream;
    return absl::OkStatus();
  }

  void Pass(Grains grains, LineageSubgraph::Vertex input, Role role, Layer layer) {
    if (grains == 0) return;
    if (setup_.absorbing_role != role) {
      At(input, layer) += grains;
      return;
    }
    result_.absorbed[{input, layer}] += grains;
    result_.absorbed_total += grains;
  }

  absl::Status CheckSum() const {
    Grains sum = result_.absorbed_total;
    for (const Grains grains : result_.kept) sum += grains;
    for (const Grains grains : result_.unattributed) sum += grains;
    if (sum == placed_) return absl::OkStatus();
    return absl::InternalError(StrCat("a flow lost or made grains: placed ", ToDecimal(placed_),
                                      ", found ", ToDecimal(sum)));
  }

  const LineageSubgraph& subgraph_;
  const FlowSetup& setup_;
  const CancelToken* cancel_;
  FlowResult result_;
  Grains placed_ = 0;
};

}  // namespace

absl::StatusOr<FlowResult> FlowGrains(const LineageSubgraph& subgraph, const FlowSetup& setup,
                                      const std::map<LayeredVertex, Grains>& placed,
                                      const FlowLimits& limits, const CancelToken* cancel) {
  const std::uint64_t cell_count = std::uint64_t{setup.layer_count} * subgraph.vertex_count();
  if (cell_count > limits.cell_count_max) {
    return LimitMet("cell_count_max", cell_count, limits.cell_count_max);
  }
  return Flow(subgraph, setup, cancel).Run(placed);
}

}  // namespace tributary
