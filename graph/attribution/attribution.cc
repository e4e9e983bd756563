#include "graph/attribution/attribution.h"

#include <algorithm>
#include <span>

#include "graph/attribution/proportion.h"
#include "graph/lineage/limits.h"
#include "graph/model/check.h"

namespace tributary {
namespace {

// Passes the parts of edges [begin, end) of one derivation on: the part of edge i to
// target_of(i). False if the cumulative weights descend.
template <typename TargetOf>
bool PassOn(const Proportion proportion, const std::uint64_t* cumulative_weights, std::size_t begin,
            std::size_t end, const TargetOf target_of) {
  // The one loop that runs per edge: plain pointers and an own proportion keep it in registers.
  std::uint64_t weight_before = begin == 0 ? 0 : cumulative_weights[begin - 1];
  std::uint64_t rest_before = proportion.Rest(weight_before);
  bool ascends = true;
  for (std::size_t i = begin; i < end; ++i) {
    const std::uint64_t weight = cumulative_weights[i];
    const std::uint64_t rest = proportion.Rest(weight);
    // Floor(weight) - Floor(weight_before)
    *target_of(i) += proportion.quotient() * (weight - weight_before) + (rest - rest_before);
    ascends &= weight >= weight_before;
    weight_before = weight;
    rest_before = rest;
  }
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
    const std::vector<std::uint64_t>& cumulative_weights = view.edges->cumulative_weights;
    const Grains inflow = result_.kept[derivation.vertex];
    result_.derivation_inflow[index] = inflow;

    const Proportion proportion(inflow, view.denominator);
    for (std::size_t begin = 0; begin < cumulative_weights.size(); begin += kCancelCheckInterval) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      const std::size_t end = std::min(begin + kCancelCheckInterval, cumulative_weights.size());
      if (!PassOnRun(derivation, proportion, begin, end)) {
        return absl::DataLossError(
            StrCat("cumulative weights descend in the derivation of asset number ",
                   subgraph_.asset(derivation.vertex).value));
      }
    }
    const std::uint64_t weight_sum = cumulative_weights.empty() ? 0 : cumulative_weights.back();
    const Grains passed_and_unattributed = proportion.Floor(weight_sum + view.unattributed);
    result_.unattributed_total += passed_and_unattributed - proportion.Floor(weight_sum);
    result_.kept[derivation.vertex] = inflow - passed_and_unattributed;
    return absl::OkStatus();
  }

  bool PassOnRun(const LineageSubgraph::Derivation& derivation, const Proportion& proportion,
                 std::size_t begin, std::size_t end) {
    const std::uint64_t* weights = derivation.view.edges->cumulative_weights.data();
    const LineageSubgraph::Vertex* inputs = subgraph_.edge_targets(derivation).data();
    Grains* kept = result_.kept.data();
    if (!derivation.has_consecutive_inputs) {
      return PassOn(proportion, weights, begin, end,
                    [inputs, kept](std::size_t i) { return kept + inputs[i]; });
    }
    Grains* first = kept + inputs[0];
    return PassOn(proportion, weights, begin, end, [first](std::size_t i) { return first + i; });
  }

  absl::Status CheckSum() {
    constexpr std::size_t kRunCount = 64 * kCancelCheckInterval;
    Grains kept_total = 0;
    Grains undisclosed_total = 0;
    const std::span<const Grains> kept(result_.kept);
    for (std::size_t begin = 0; begin < kept.size(); begin += kRunCount) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      const std::size_t end = std::min(begin + kRunCount, kept.size());
      for (const Grains grains : kept.subspan(begin, end - begin)) kept_total += grains;
      if (!subgraph_.has_undisclosed()) continue;
      for (std::size_t v = begin; v < end; ++v) {
        const bool undisclosed = subgraph_.is_undisclosed(static_cast<LineageSubgraph::Vertex>(v));
        undisclosed_total += kept[v] & (undisclosed ? kUint128Max : 0);  // without a branch
      }
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
