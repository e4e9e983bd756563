#include "graph/settlement/flow.h"

#include <algorithm>
#include <utility>

#include "graph/attribution/attribution.h"
#include "graph/attribution/proportion.h"
#include "graph/lineage/limits.h"
#include "graph/model/check.h"
#include "graph/model/status.h"

namespace tributary {
namespace {

absl::Status AddPlaced(Grains grains, Grains* sum) {
  if (grains > kPlacedGrainsMax - *sum) {
    return FieldError(absl::StatusCode::kOutOfRange, "placed", "more than 2^127 grains",
                      "at most 2^127 grains");
  }
  *sum += grains;
  return absl::OkStatus();
}

class Flow {
 public:
  Flow(const LineageSubgraph& subgraph, const FlowSetup& setup, const CancelToken* cancel)
      : subgraph_(subgraph), setup_(setup), cancel_(cancel) {}

  absl::StatusOr<FlowResult> Run(std::vector<Grains> placed) {
    result_.layer_count = setup_.layer_count;
    result_.kept = std::move(placed);
    result_.unattributed.resize(setup_.layer_count);
    for (const Grains grains : result_.kept) {
      TRIBUTARY_RETURN_IF_ERROR(AddPlaced(grains, &placed_));
    }
    for (const std::uint32_t index : subgraph_.topological_order()) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      CatchGrains(subgraph_, setup_, index, result_.kept);
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
      const bool ascends = PassOn(proportion, edges, inputs, begin, end, layer, &passed);
      if (!ascends) return DescendingWeights(subgraph_, derivation);
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

  absl::Status CheckSum() const {
    Grains sum = 0;
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
absl::StatusOr<std::vector<Grains>> CellsOf(const LineageSubgraph& subgraph, const FlowSetup& setup,
                                            const Places& placed, const FlowLimits& limits) {
  const std::uint64_t cell_count = std::uint64_t{setup.layer_count} * subgraph.vertex_count();
  if (cell_count > limits.cell_count_max) {
    return LimitMet("cell_count_max", cell_count, limits.cell_count_max);
  }
  std::vector<Grains> cells(cell_count);
  Grains sum = 0;
  for (const auto& [at, grains] : placed) {
    TRIBUTARY_CHECK(at.vertex < subgraph.vertex_count() && at.layer < setup.layer_count);
    TRIBUTARY_RETURN_IF_ERROR(AddPlaced(grains, &sum));
    cells[std::size_t{at.vertex} * setup.layer_count + at.layer] += grains;
  }
  return cells;
}

}  // namespace

absl::StatusOr<FlowResult> FlowGrains(const LineageSubgraph& subgraph, const FlowSetup& setup,
                                      const std::map<LayeredVertex, Grains>& placed,
                                      const FlowLimits& limits, const CancelToken* cancel) {
  TRIBUTARY_ASSIGN_OR_RETURN(std::vector<Grains> cells, CellsOf(subgraph, setup, placed, limits));
  return FlowCells(subgraph, setup, std::move(cells), cancel);
}

absl::StatusOr<FlowResult> FlowGrains(const LineageSubgraph& subgraph, const FlowSetup& setup,
                                      std::span<const PlacedGrains> placed,
                                      const FlowLimits& limits, const CancelToken* cancel) {
  TRIBUTARY_ASSIGN_OR_RETURN(std::vector<Grains> cells,
                             PlaceGrains(subgraph, setup, placed, limits));
  return FlowCells(subgraph, setup, std::move(cells), cancel);
}

absl::StatusOr<FlowResult> FlowCells(const LineageSubgraph& subgraph, const FlowSetup& setup,
                                     std::vector<Grains> placed, const CancelToken* cancel) {
  TRIBUTARY_CHECK(placed.size() == subgraph.vertex_count() * setup.layer_count);
  return Flow(subgraph, setup, cancel).Run(std::move(placed));
}

absl::StatusOr<std::vector<Grains>> PlaceGrains(const LineageSubgraph& subgraph,
                                                const FlowSetup& setup,
                                                std::span<const PlacedGrains> placed,
                                                const FlowLimits& limits) {
  return CellsOf(subgraph, setup, placed, limits);
}

void CatchGrains(const LineageSubgraph& subgraph, const FlowSetup& setup, std::uint32_t derivation,
                 std::span<Grains> cells) {
  if (setup.catches.empty() || setup.catches[derivation] == 0) return;
  Grains* const at =
      cells.data() + std::size_t{subgraph.derivations()[derivation].vertex} * setup.layer_count;
  at[setup.catches[derivation]] += at[0];
  at[0] = 0;
}

absl::Status DescendingWeights(const LineageSubgraph& subgraph,
                               const LineageSubgraph::Derivation& derivation) {
  return absl::DataLossError(StrCat("cumulative weights descend in the derivation of asset number ",
                                    subgraph.asset(derivation.vertex).value));
}

}  // namespace tributary
