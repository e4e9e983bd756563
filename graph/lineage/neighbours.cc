#include "graph/lineage/neighbours.h"

#include <algorithm>

#include "graph/lineage/limits.h"

namespace tributary {
namespace {

// One read asks for at most this many derivations, so that limits are checked between reads.
constexpr std::size_t kReadBatchCountMax = 256;

absl::Status Spend(std::uint64_t edge_count, EdgeBudget* budget) {
  budget->edge_count += edge_count;
  if (budget->edge_count <= budget->edge_count_max) return absl::OkStatus();
  return LimitMet("edge_count_max", budget->edge_count, budget->edge_count_max);
}

absl::Status VisitAll(std::size_t index, std::span<const AssetNumber> neighbours,
                      EdgeBudget* budget, const CancelToken* cancel, EdgeVisitor visit) {
  TRIBUTARY_RETURN_IF_ERROR(Spend(neighbours.size(), budget));
  for (std::size_t i = 0; i < neighbours.size(); ++i) {
    if (i % kCancelCheckInterval == 0) TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel));
    TRIBUTARY_RETURN_IF_ERROR(visit(index, neighbours[i]));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status VisitInputs(const LineageReader& reader, std::span<const AssetNumber> frontier,
                         std::span<const AssetClass> classes, EdgeBudget* budget,
                         const CancelToken* cancel, EdgeVisitor visit) {
  std::vector<std::size_t> derived;
  for (std::size_t i = 0; i < frontier.size(); ++i) {
    if (classes[i].is_derived) derived.push_back(i);
  }
  std::vector<AssetNumber> assets;
  std::vector<DerivationView> views;
  for (std::size_t begin = 0; begin < derived.size(); begin += kReadBatchCountMax) {
    TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel));
    const auto batch =
        std::span(derived).subspan(begin, std::min(kReadBatchCountMax, derived.size() - begin));
    assets.clear();
    for (const std::size_t index : batch) assets.push_back(frontier[index]);
    const std::uint64_t left = budget->edge_count_max - budget->edge_count;
    const absl::Status read = reader.ReadDerivations(assets, left, &views);
    if (absl::IsResourceExhausted(read)) {
      return LimitMet("edge_count_max", budget->edge_count_max + 1, budget->edge_count_max);
    }
    TRIBUTARY_RETURN_IF_ERROR(read);
    if (views.size() != batch.size()) {
      return absl::InternalError("the lineage reader gave another number of derivations");
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {
      TRIBUTARY_RETURN_IF_ERROR(VisitAll(batch[i], views[i].edges->inputs, budget, cancel, visit));
    }
  }
  return absl::OkStatus();
}

absl::Status VisitConsumers(const LineageReader& reader, std::span<const AssetNumber> frontier,
                            EdgeBudget* budget, const CancelToken* cancel, EdgeVisitor visit) {
  std::vector<AssetNumber> generated;
  for (std::size_t i = 0; i < frontier.size(); ++i) {
    TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel));
    const std::uint64_t left = budget->edge_count_max - budget->edge_count;
    const absl::Status read = reader.ReadConsumers(frontier[i], left, &generated);
    if (absl::IsResourceExhausted(read)) {
      return LimitMet("edge_count_max", budget->edge_count_max + 1, budget->edge_count_max);
    }
    TRIBUTARY_RETURN_IF_ERROR(read);
    TRIBUTARY_RETURN_IF_ERROR(VisitAll(i, generated, budget, cancel, visit));
  }
  return absl::OkStatus();
}

}  // namespace tributary
