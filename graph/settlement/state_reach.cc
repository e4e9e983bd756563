#include "graph/settlement/state_reach.h"

#include <algorithm>

#include "graph/model/status.h"

namespace tributary {
namespace {

constexpr std::size_t kReachBatchCount = 65'536;

// Calls merge(vertex, input) for every edge, those of inputs before those of what was made of them.
template <typename Merge>
absl::Status FromSources(const LineageSubgraph& subgraph, const CancelToken* cancel,
                         const Merge& merge) {
  const auto order = subgraph.topological_order();
  for (std::size_t i = order.size(); i > 0; --i) {
    const LineageSubgraph::Derivation& derivation = subgraph.derivations()[order[i - 1]];
    const auto inputs = subgraph.edge_targets(derivation);
    for (std::size_t begin = 0; begin < inputs.size(); begin += kCancelCheckInterval) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel));
      const std::size_t end = std::min(begin + kCancelCheckInterval, inputs.size());
      for (std::size_t e = begin; e < end; ++e) merge(derivation.vertex, inputs[e]);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<LogPosition>> LastChangesUpstream(const SettlementReader& reader,
                                                             const LineageSubgraph& subgraph,
                                                             const CancelToken* cancel) {
  std::vector<LogPosition> last;
  last.reserve(subgraph.vertex_count());
  std::vector<LogPosition> batch;
  while (last.size() < subgraph.vertex_count()) {
    TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel));
    const auto rest = subgraph.assets().subspan(last.size());
    const auto assets = rest.first(std::min(kReachBatchCount, rest.size()));
    TRIBUTARY_RETURN_IF_ERROR(reader.ReadLastChanges(assets, &batch));
    if (batch.size() != assets.size()) {
      return absl::InternalError("the settlement reader gave another number of positions");
    }
    last.insert(last.end(), batch.begin(), batch.end());
  }
  TRIBUTARY_RETURN_IF_ERROR(FromSources(
      subgraph, cancel, [&last](LineageSubgraph::Vertex vertex, LineageSubgraph::Vertex input) {
        last[vertex] = std::max(last[vertex], last[input]);
      }));
  return last;
}

absl::StatusOr<std::vector<bool>> IsAtOrDownstreamOf(AssetNumber asset,
                                                     const LineageSubgraph& subgraph,
                                                     const CancelToken* cancel) {
  std::vector<bool> is(subgraph.vertex_count());
  const auto vertex = subgraph.Find(asset);
  if (!vertex.has_value()) return is;
  is[*vertex] = true;
  TRIBUTARY_RETURN_IF_ERROR(FromSources(
      subgraph, cancel, [&is](LineageSubgraph::Vertex made, LineageSubgraph::Vertex input) {
        if (is[input]) is[made] = true;
      }));
  return is;
}

}  // namespace tributary
