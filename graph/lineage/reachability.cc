#include "graph/lineage/reachability.h"

#include <algorithm>

#include "graph/lineage/asset_index.h"
#include "graph/lineage/limits.h"
#include "graph/lineage/neighbours.h"

namespace tributary {
namespace {

constexpr std::uint32_t kNoIndex = AssetIndex::kNone;

// All that one end of the search has reached, in the order of discovery.
struct Side {
  Side(TreeSize tree_size, const ReachabilityLimits& limits)
      : index(tree_size), budget{.edge_count = 0, .edge_count_max = limits.edge_count_max} {}

  std::span<const AssetNumber> frontier() const {
    return std::span(assets).subspan(frontier_begin);
  }

  AssetIndex index;
  std::vector<AssetNumber> assets;
  std::vector<std::uint32_t> reached_from;  // index of the asset before, kNoIndex at the start
  std::size_t frontier_begin = 0;
  EdgeBudget budget;
  bool is_too_wide = false;
};

class Search {
 public:
  Search(const LineageReader& reader, const ReachabilityLimits& limits, const CancelToken* cancel)
      : reader_(reader),
        limits_(limits),
        cancel_(cancel),
        upstream_(reader.tree_size(), limits),
        downstream_(reader.tree_size(), limits) {}

  absl::StatusOr<std::vector<AssetNumber>> Run(std::span<const AssetNumber> inputs,
                                               AssetNumber generated) {
    if (std::find(inputs.begin(), inputs.end(), generated) != inputs.end()) {
      return std::vector<AssetNumber>{generated};
    }
    TRIBUTARY_RETURN_IF_ERROR(Reach(generated, kNoIndex, &downstream_, &upstream_));
    // Before millions of inputs are put into an index: nothing may have used `generated` at all.
    TRIBUTARY_RETURN_IF_ERROR(ExpandDownstream());
    if (IsDone(downstream_)) return std::vector<AssetNumber>();
    upstream_.index.Prepare(inputs.size());
    for (const AssetNumber input : inputs) {
      TRIBUTARY_RETURN_IF_ERROR(Reach(input, kNoIndex, &upstream_, &downstream_));
    }
    while (!has_met_ && !IsDone(upstream_) && !IsDone(downstream_)) {
      TRIBUTARY_RETURN_IF_ERROR(IsDownstreamSmaller() ? ExpandDownstream() : ExpandUpstream());
    }
    return has_met_ ? Path() : std::vector<AssetNumber>();
  }

 private:
  static bool IsDone(const Side& side) { return !side.is_too_wide && side.frontier().empty(); }

  bool IsDownstreamSmaller() const {
    return !downstream_.is_too_wide && downstream_.frontier().size() <= upstream_.frontier().size();
  }

  // Notes that `side` reached `asset` from its asset `before`, and whether `other` was there.
  absl::Status Reach(AssetNumber asset, std::uint32_t before, Side* side, const Side* other) {
    if (asset.value >= reader_.tree_size().value) {
      return absl::DataLossError(StrCat("asset number ", asset.value,
                                        " is not below its tree size ", reader_.tree_size().value));
    }
    side->index.Prepare(1);
    const auto fresh = static_cast<std::uint32_t>(side->assets.size());
    if (side->index.FindOrAssign(asset, fresh) != fresh) return absl::OkStatus();
    side->assets.push_back(asset);
    side->reached_from.push_back(before);
    if (!has_met_ && other->index.Find(asset) != kNoIndex) {
      has_met_ = true;
      meeting_ = asset;
    }
    const std::size_t count = side->assets.size();
    if (count <= limits_.asset_count_max) return absl::OkStatus();
    return LimitMet("asset_count_max", count, limits_.asset_count_max);
  }

  absl::Status ExpandUpstream() {
    const std::vector<AssetNumber> frontier(upstream_.frontier().begin(),
                                            upstream_.frontier().end());
    const auto begin = static_cast<std::uint32_t>(upstream_.frontier_begin);
    upstream_.frontier_begin = upstream_.assets.size();
    TRIBUTARY_RETURN_IF_ERROR(reader_.Classify(frontier, &classes_));
    if (classes_.size() != frontier.size()) {
      return absl::InternalError("the lineage reader classified another number of assets");
    }
    return VisitInputs(reader_, frontier, classes_, &upstream_.budget, cancel_,
                       [&](std::size_t i, AssetNumber input) {
                         return Reach(input, begin + static_cast<std::uint32_t>(i), &upstream_,
                                      &downstream_);
                       });
  }

  // A hub may have more consumers than the limits allow while its upstream is small, so meeting a
  // limit here only leaves the work to the other side.
  absl::Status ExpandDownstream() {
    const std::vector<AssetNumber> frontier(downstream_.frontier().begin(),
                                            downstream_.frontier().end());
    const auto begin = static_cast<std::uint32_t>(downstream_.frontier_begin);
    downstream_.frontier_begin = downstream_.assets.size();
    const absl::Status status = VisitConsumers(
        reader_, frontier, &downstream_.budget, cancel_, [&](std::size_t i, AssetNumber asset) {
          return Reach(asset, begin + static_cast<std::uint32_t>(i), &downstream_, &upstream_);
        });
    if (status.code() != absl::StatusCode::kResourceExhausted) return status;
    downstream_.is_too_wide = true;
    return absl::OkStatus();
  }

  // From an input to the meeting asset, then on to the generated one.
  std::vector<AssetNumber> Path() const {
    std::vector<AssetNumber> path;
    for (std::uint32_t i = upstream_.index.Find(meeting_); i != kNoIndex;
         i = upstream_.reached_from[i]) {
      path.push_back(upstream_.assets[i]);
    }
    std::reverse(path.begin(), path.end());
    const std::uint32_t met = downstream_.index.Find(meeting_);
    for (std::uint32_t i = downstream_.reached_from[met]; i != kNoIndex;
         i = downstream_.reached_from[i]) {
      path.push_back(downstream_.assets[i]);
    }
    return path;
  }

  const LineageReader& reader_;
  const ReachabilityLimits& limits_;
  const CancelToken* cancel_;
  Side upstream_;
  Side downstream_;
  std::vector<AssetClass> classes_;
  bool has_met_ = false;
  AssetNumber meeting_;
};

}  // namespace

absl::StatusOr<std::vector<AssetNumber>> FindPathUpstream(const LineageReader& reader,
                                                          std::span<const AssetNumber> inputs,
                                                          AssetNumber generated,
                                                          const ReachabilityLimits& limits,
                                                          const CancelToken* cancel) {
  return Search(reader, limits, cancel).Run(inputs, generated);
}

}  // namespace tributary
