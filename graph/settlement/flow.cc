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
  Flow(const LineageSubgraph& subgraph, Catches catches, const CancelToken* cancel)
      : subgraph_(subgraph), catches_(catches), cancel_(cancel) {}

  absl::StatusOr<FlowResult> Run(std::vector<Grains> placed) {
    result_.kept = std::move(placed);
    for (const Grains grains : result_.kept) {
      TRIBUTARY_RETURN_IF_ERROR(AddPlaced(grains, &placed_));
    }
    for (const std::uint32_t index : subgraph_.topological_order()) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      CatchGrains(subgraph_, catches_, index, result_.kept, &result_.caught);
      TRIBUTARY_RETURN_IF_ERROR(Distribute(subgraph_.derivations()[index]));
    }
    TRIBUTARY_RETURN_IF_ERROR(CheckSum());
    return std::move(result_);
  }

 private:
  absl::Status Distribute(const LineageSubgraph::Derivation& derivation) {
    const Grains inflow = result_.kept[derivation.vertex];
    if (inflow == 0) return absl::OkStatus();
    const EdgeList& edges = *derivation.view.edges;
    const auto inputs = subgraph_.edge_targets(derivation);
    const Proportion proportion(inflow, derivation.view.denominator);
    Grains passed = 0;
    for (std::size_t begin = 0; begin < inputs.size(); begin += kCancelCheckInterval) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      const std::size_t end = std::min(begin + kCancelCheckInterval, inputs.size());
      const bool ascends = PassOn(proportion, edges, inputs, begin, end, &passed);
      if (!ascends) return DescendingWeights(subgraph_, derivation);
    }
    const std::uint64_t weight = inputs.empty() ? 0 : edges.cumulative_weights.back();
    const Grains upstream = proportion.Floor(weight + derivation.view.unattributed);
    result_.unattributed += upstream - passed;
    result_.kept[derivation.vertex] = inflow - upstream;
    return absl::OkStatus();
  }

  // Passes the parts of edges [begin, end) on to their inputs. `passed` is the flow up to `begin`
  // and is moved to `end`. False if the cumulative weights descend.
  bool PassOn(const Proportion proportion, const EdgeList& edges,
              std::span<const LineageSubgraph::Vertex> inputs, std::size_t begin, std::size_t end,
              Grains* passed) {
    // The loop that runs per edge: plain values stay in registers.
    const std::uint64_t* const weights = edges.cumulative_weights.data();
    Grains* const kept = result_.kept.data();
    Grains before = *passed;
    std::uint64_t weight_before = begin == 0 ? 0 : weights[begin - 1];
    bool ascends = true;
    for (std::size_t i = begin; i < end; ++i) {
      const Grains up_to = proportion.Floor(weights[i]);
      kept[inputs[i]] += up_to - before;
      ascends &= weights[i] >= weight_before;
      before = up_to;
      weight_before = weights[i];
    }
    *passed = before;
    return ascends;
  }

  absl::Status CheckSum() const {
    Grains sum = result_.unattributed;
    for (const Grains grains : result_.kept) sum += grains;
    for (const CaughtGrains& caught : result_.caught) sum += caught.at.grains;
    if (sum == placed_) return absl::OkStatus();
    return absl::InternalError(StrCat("a flow lost or made grains: placed ", ToDecimal(placed_),
                                      ", found ", ToDecimal(sum)));
  }

  const LineageSubgraph& subgraph_;
  const Catches catches_;
  const CancelToken* cancel_;
  FlowResult result_;
  Grains placed_ = 0;
};

}  // namespace

absl::StatusOr<FlowResult> FlowGrains(const LineageSubgraph& subgraph, Catches catches,
                                      std::span<const PlacedGrains> placed,
                                      const CancelToken* cancel) {
  TRIBUTARY_ASSIGN_OR_RETURN(std::vector<Grains> cells, PlaceGrains(subgraph, placed));
  return FlowCells(subgraph, catches, std::move(cells), cancel);
}

absl::StatusOr<FlowResult> FlowCells(const LineageSubgraph& subgraph, Catches catches,
                                     std::vector<Grains> placed, const CancelToken* cancel) {
  TRIBUTARY_CHECK(placed.size() == subgraph.vertex_count());
  return Flow(subgraph, catches, cancel).Run(std::move(placed));
}

absl::StatusOr<std::vector<Grains>> PlaceGrains(const LineageSubgraph& subgraph,
                                                std::span<const PlacedGrains> placed) {
  std::vector<Grains> cells(subgraph.vertex_count());
  Grains sum = 0;
  for (const auto& [vertex, grains] : placed) {
    TRIBUTARY_CHECK(vertex < subgraph.vertex_count());
    TRIBUTARY_RETURN_IF_ERROR(AddPlaced(grains, &sum));
    cells[vertex] += grains;
  }
  return cells;
}

void CatchGrains(const LineageSubgraph& subgraph, Catches catches, std::uint32_t derivation,
                 std::span<Grains> cells, std::vector<CaughtGrains>* caught) {
  if (catches.empty() || catches[derivation] == 0) return;
  const LineageSubgraph::Vertex vertex = subgraph.derivations()[derivation].vertex;
  const Grains grains = std::exchange(cells[vertex], 0);
  if (grains != 0) caught->push_back({catches[derivation], {vertex, grains}});
}

absl::Status DescendingWeights(const LineageSubgraph& subgraph,
                               const LineageSubgraph::Derivation& derivation) {
  return absl::DataLossError(StrCat("cumulative weights descend in the derivation of asset number ",
                                    subgraph.asset(derivation.vertex).value));
}

}  // namespace tributary
