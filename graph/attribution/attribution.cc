#include "graph/attribution/attribution.h"

#include <algorithm>
#include <span>

#include "graph/attribution/proportion.h"
#include "graph/lineage/limits.h"
#include "graph/model/check.h"

namespace tributary {
namespace {

// Passes the parts of edges [begin, end) of one derivation on to their inputs. `passed` is the flow
// up to `begin` and is moved to `end`. False if the cumulative weights descend.
bool PassOn(const Proportion proportion, const std::uint64_t* cumulative_weights,
            const LineageSubgraph::Vertex* inputs, std::size_t begin, std::size_t end,
            Grains* passed, Grains* kept) {
  // The one loop that runs per edge: plain pointers and an own proportion keep it in registers.
  Grains before = *passed;
  std::uint64_t weight_before = begin == 0 ? 0 : cumulative_weights[begin - 1];
  bool ascends = true;
  for (std::size_t i = begin; i < end; ++i) {
    const std::uint64_t weight = cumulative_weights[i];
    const Grains up_to = proportion.Floor(weight);
    kept[inputs[i]] += up_to - before;
    ascends &= weight >= weight_before;
    before = up_to;
    weight_before = weight;
  }
  *passed = before;
  return ascends;
}

class Attributor {
 public:
  Attributor(const LineageSubgraph& subgraph, const CancelToken* cancel)
      : subgraph_(subgraph), cancel_(cancel) {}

  absl::StatusOr<AttributionResult> Run(Grains placed) {
    result_.placed = placed;
    result_.kept.resize(subgraph_.vertex_count());
    result_.derivation_inflow.resize(subgraph_.derivations().size());
    result_.kept[LineageSubgraph::kTarget] = placed;
    for (const std::uint32_t index : subgraph_.topological_order()) {
      TRIBUTARY_RETURN_IF_ERROR(Distribute(index));
    }
    TRIBUTARY_RETURN_IF_ERROR(CheckSum());
    return std::move(result_);
  }

 private:
  // All consumers have passed on their parts, so what stands at the vertex is its whole inflow.
  absl::Status Distribute(std::uint32_t index) {
    const LineageSubgraph::Derivation& derivation = subgraph_.derivations()[index];
    const DerivationView& view = derivation.view;
    const std::span<const std::uint64_t> cumulative_weights(view.edges->cumulative_weights);
    const auto inputs = subgraph_.edge_targets(derivation);
    const Grains inflow = result_.kept[derivation.vertex];
    result_.derivation_inflow[index] = inflow;

    const Proportion proportion(inflow, view.denominator);
    Grains passed = 0;
    for (std::size_t begin = 0; begin < inputs.size(); begin += kCancelCheckInterval) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      const std::size_t end = std::min(begin + kCancelCheckInterval, inputs.size());
      if (!PassOn(proportion, cumulative_weights.data(), inputs.data(), begin, end, &passed,
                  result_.kept.data())) {
        return absl::DataLossError(
            StrCat("cumulative weights descend in the derivation of asset number ",
                   subgraph_.asset(derivation.vertex).value));
      }
    }
    const std::uint64_t weight_sum = inputs.empty() ? 0 : cumulative_weights.back();
    const Grains passed_and_unattributed = proportion.Floor(weight_sum + view.unattributed);
    result_.unattributed_total += passed_and_unattributed - passed;
    result_.kept[derivation.vertex] = inflow - passed_and_unattributed;
    return absl::OkStatus();
  }

  absl::Status CheckSum() {
    Grains kept_total = 0;
    Grains undisclosed_total = 0;
    for (std::size_t v = 0; v < result_.kept.size(); ++v) {
      if (v % (64 * kCancelCheckInterval) == 0) TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      const bool undisclosed = subgraph_.is_undisclosed(static_cast<LineageSubgraph::Vertex>(v));
      kept_total += result_.kept[v];
      undisclosed_total += result_.kept[v] & (undisclosed ? kUint128Max : 0);  // without a branch
    }
    result_.undisclosed_total = undisclosed_total;
    result_.retained_total = kept_total - undisclosed_total;
    const Grains sum =
        result_.retained_total + result_.undisclosed_total + result_.unattributed_total;
    if (sum == result_.placed) return absl::OkStatus();
    return absl::InternalError(StrCat("attribution lost or made grains: placed ",
                                      ToDecimal(result_.placed), ", found ", ToDecimal(sum)));
  }

  const LineageSubgraph& subgraph_;
  const CancelToken* cancel_;
  AttributionResult result_;
};

}  // namespace

absl::StatusOr<AttributionResult> AttributeGrains(const LineageSubgraph& subgraph, Grains placed,
                                                  const CancelToken* cancel) {
  if (placed > kPlacedGrainsMax) {
    return FieldError(absl::StatusCode::kOutOfRange, "placed", ToDecimal(placed),
                      "at most 2^127 grains");
  }
  return Attributor(subgraph, cancel).Run(placed);
}

}  // namespace tributary
