#include "graph/lineage/traverse.h"

#include <algorithm>
#include <functional>
#include <span>
#include <utility>

#include "graph/lineage/asset_index.h"
#include "graph/lineage/limits.h"
#include "graph/lineage/neighbours.h"
#include "graph/model/ordering.h"

namespace tributary {
namespace {

class Traversal {
 public:
  Traversal(const LineageReader& reader, const TraverseOptions& options, TraverseVisitor visit,
            const CancelToken* cancel)
      : reader_(reader),
        options_(options),
        visit_(visit),
        cancel_(cancel),
        seen_(reader.tree_size()),
        budget_{.edge_count = 0, .edge_count_max = options.limits.edge_count_max} {}

  absl::StatusOr<TraverseSummary> Run(AssetNumber start) {
    TRIBUTARY_RETURN_IF_ERROR(Meet(start));
    for (std::uint32_t depth = 0; !next_.empty(); ++depth) {
      frontier_ = std::exchange(next_, {});
      TRIBUTARY_RETURN_IF_ERROR(
          SortUnlessCancelled(std::span(frontier_), std::less<AssetNumber>(), cancel_));
      summary_.depth = depth;
      TRIBUTARY_RETURN_IF_ERROR(VisitFrontier(depth));
      if (depth == options_.depth_max) {
        summary_.unexpanded_count = frontier_.size();
        break;
      }
      TRIBUTARY_RETURN_IF_ERROR(Expand());
    }
    summary_.edge_count = budget_.edge_count;
    return summary_;
  }

 private:
  absl::Status VisitFrontier(std::uint32_t depth) {
    TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
    TRIBUTARY_RETURN_IF_ERROR(reader_.Classify(frontier_, &classes_));
    if (classes_.size() != frontier_.size()) {
      return absl::InternalError("the lineage reader classified another number of assets");
    }
    for (std::size_t i = 0; i < frontier_.size(); ++i) {
      if (i % kCancelCheckInterval == 0) TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      if (!IsListed(classes_[i].kind)) continue;
      ++summary_.listed_count;
      TRIBUTARY_RETURN_IF_ERROR(visit_({frontier_[i], classes_[i], depth}));
    }
    return absl::OkStatus();
  }

  bool IsListed(AssetKind kind) const {
    const auto& kinds = options_.kinds;
    return kinds.empty() || std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  }

  absl::Status Expand() {
    const auto meet = [this](std::size_t, AssetNumber asset) { return Meet(asset); };
    return options_.direction == Direction::kUpstream
               ? VisitInputs(reader_, frontier_, classes_, &budget_, cancel_, meet)
               : VisitConsumers(reader_, frontier_, &budget_, cancel_, meet);
  }

  absl::Status Meet(AssetNumber asset) {
    if (asset.value >= reader_.tree_size().value) {
      return absl::DataLossError(StrCat("asset number ", asset.value,
                                        " is not below its tree size ", reader_.tree_size().value));
    }
    seen_.Prepare(1);
    const auto fresh = static_cast<std::uint32_t>(summary_.asset_count);
    if (seen_.FindOrAssign(asset, fresh) != fresh) return absl::OkStatus();
    next_.push_back(asset);
    if (++summary_.asset_count <= options_.limits.asset_count_max) return absl::OkStatus();
    return LimitMet("asset_count_max", summary_.asset_count, options_.limits.asset_count_max);
  }

  const LineageReader& reader_;
  const TraverseOptions& options_;
  TraverseVisitor visit_;
  const CancelToken* cancel_;
  AssetIndex seen_;
  EdgeBudget budget_;
  std::vector<AssetNumber> frontier_;
  std::vector<AssetNumber> next_;
  std::vector<AssetClass> classes_;  // of the frontier
  TraverseSummary summary_;
};

}  // namespace

absl::StatusOr<TraverseSummary> Traverse(const LineageReader& reader, AssetNumber start,
                                         const TraverseOptions& options, TraverseVisitor visit,
                                         const CancelToken* cancel) {
  return Traversal(reader, options, visit, cancel).Run(start);
}

}  // namespace tributary
