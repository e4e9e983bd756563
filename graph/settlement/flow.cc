#include "graph/settlement/flow.h"

#include <algorithm>

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

  template <typename Places>
  absl::StatusOr<FlowResult> Run(const Places& placed) {
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

  template <typename Places>
  absl::Status Place(const Places& placed) {
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
    for (std::size_t begin = 0; begin < inputs.size(); begin += kCancelCheckInterval) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      const std::size_t end = std::min(begin + kCancelCheckInterval, inputs.size());
      const bool ascends = setup_.absorbing_role.has_value()
                               ? PassOrAbsorb(proportion, edges, inputs, begin, end, layer, &passed)
                               : PassOn(proportion, edges, inputs, begin, end, layer, &passed);
      if (ascends) continue;
      return absl::DataLossError(
          StrCat("cumulative weights descend in the derivation of asset number ",
                 subgraph_.asset(derivation.vertex).value));
    }
    const std::uint64_t weight = inputs.empty() ? 0 : edges.cumulative_weights.back();
    const Grains upstream = proportion.Floor(weight + derivation.view.unattributed);
    result_.unattributed[layer] += upstream - passed;
    At(derivation.vertex, layer) = inflow - upstream;
    return absl::OkStatus();
  }

  // Passes the parts of edges [begin, end) on to their inputs. `passed` is the flow up to `begin`
  // and is moved to `end`. False if the cumulative weights descend.
  bool PassOn(const Proportion proportion, const EdgeList& edges,
              std::span<const LineageSubgraph::Vertex> inputs, std::size_t begin, std::size_t end,
              Layer layer, Grains* passed) {
    // The loop that runs per edge: plain values stay in registers.
    const std::uint64_t* const weights = edges.cumulative_weights.data();
    const std::size_t stride = setup_.layer_count;
    Grains* const kept = result_.kept.data() + layer;
    Grains before = *passed;
    std::uint64_t weight_before = begin == 0 ? 0 : weights[begin - 1];
    bool ascends = true;
    for (std::size_t i = begin; i < end; ++i) {
      const Grains up_to = proportion.Floor(weights[i]);
      kept[inputs[i] * stride] += up_to - before;
      ascends &= weights[i] >= weight_before;
      before = up_to;
      weight_before = weights[i];
    }
    *passed = before;
    return ascends;
  }

  bool PassOrAbsorb(const Proportion& proportion, const EdgeList& edges,
                    std::span<const LineageSubgraph::Vertex> inputs, std::size_t begin,
                    std::size_t end, Layer layer, Grains* passed) {
    std::uint64_t weight = begin == 0 ? 0 : edges.cumulative_weights[begin - 1];
    for (std::size_t i = begin; i < end; ++i) {
      if (edges.cumulative_weights[i] < weight) return false;
      weight = edges.cumulative_weights[i];
      const Grains up_to = proportion.Floor(weight);
      Pass(up_to - *passed, inputs[i], edges.roles[i], layer);
      *passed = up_to;
    }
    return true;
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

template <typename Places>
absl::StatusOr<FlowResult> FlowFrom(const LineageSubgraph& subgraph, const FlowSetup& setup,
                                    const Places& placed, const FlowLimits& limits,
                                    const CancelToken* cancel) {
  const std::uint64_t cell_count = std::uint64_t{setup.layer_count} * subgraph.vertex_count();
  if (cell_count > limits.cell_count_max) {
    return LimitMet("cell_count_max", cell_count, limits.cell_count_max);
  }
  return Flow(subgraph, setup, cancel).Run(placed);
}

}  // namespace

absl::StatusOr<FlowResult> FlowGrains(const LineageSubgraph& subgraph, const FlowSetup& setup,
                                      const std::map<LayeredVertex, Grains>& placed,
                                      const FlowLimits& limits, const CancelToken* cancel) {
  return FlowFrom(subgraph, setup, placed, limits, cancel);
}

absl::StatusOr<FlowResult> FlowGrains(const LineageSubgraph& subgraph, const FlowSetup& setup,
                                      std::span<const PlacedGrains> placed,
                                      const FlowLimits& limits, const CancelToken* cancel) {
  return FlowFrom(subgraph, setup, placed, limits, cancel);
}

}  // namespace tributary
