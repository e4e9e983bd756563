#include "graph/lineage/subgraph.h"

#include <algorithm>
#include <utility>

#include "boost/graph/strong_components.hpp"
#include "boost/property_map/property_map.hpp"
#include "graph/lineage/asset_index.h"
#include "graph/lineage/cycle.h"
#include "graph/lineage/limits.h"
#include "graph/lineage/subgraph_graph.h"
#include "graph/model/status.h"
#include "graph/model/uint128.h"

namespace tributary {

class SubgraphCollector {
 public:
  using Vertex = LineageSubgraph::Vertex;

  SubgraphCollector(const LineageReader& reader, const CollectLimits& limits,
                    const CancelToken* cancel, WalkScratch* scratch)
      : reader_(reader), limits_(limits), cancel_(cancel), index_(reader.tree_size(), scratch) {}

  absl::StatusOr<LineageSubgraph> Run(std::span<const AssetNumber> targets) {
    const absl::Status status = Collect(targets);
    index_.Release(subgraph_.assets_);
    if (!status.ok()) return status;
    return std::move(subgraph_);
  }

 private:
  // One read asks for at most this many derivations, so that limits are checked between reads.
  static constexpr std::size_t kReadBatchCountMax = 256;
  // Assets that one read classifies: a few milliseconds' work between two looks at the token.
  static constexpr std::size_t kClassifyCountMax = std::size_t{1} << 18;
  // Edges whose slots of the index are loaded ahead; hides the latency of memory.
  static constexpr std::size_t kPrefetchDistance = 48;

  absl::Status Collect(std::span<const AssetNumber> targets) {
    subgraph_.tree_size_ = reader_.tree_size();
    index_.Prepare(targets.size());
    for (const AssetNumber target : targets) TRIBUTARY_RETURN_IF_ERROR(AddTarget(target));
    TRIBUTARY_RETURN_IF_ERROR(CheckLimits());
    std::size_t frontier_begin = 0;
    while (frontier_begin < subgraph_.assets_.size()) {
      const std::size_t frontier_end = subgraph_.assets_.size();
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      TRIBUTARY_RETURN_IF_ERROR(ClassifyFrontier(frontier_begin));
      TRIBUTARY_RETURN_IF_ERROR(ReadFrontier());
      frontier_begin = frontier_end;
    }
    TRIBUTARY_RETURN_IF_ERROR(OrderDerivations());
    subgraph_.memory_size_ = MemorySize() - index_.memory_size();
    return absl::OkStatus();
  }

  absl::Status AddTarget(AssetNumber target) {
    if (target.value >= subgraph_.tree_size_.value) {
      return absl::InternalError(StrCat("asset number ", target.value,
                                        " is not below the tree size ", reader_.tree_size().value));
    }
    const auto fresh = static_cast<Vertex>(subgraph_.assets_.size());
    if (index_.FindOrAssign(target, fresh) != fresh) return absl::OkStatus();
    subgraph_.assets_.push_back(target);
    if (subgraph_.assets_.size() <= limits_.asset_count_max) return absl::OkStatus();
    return LimitMet("asset_count_max", subgraph_.assets_.size(), limits_.asset_count_max);
  }

  // Learns what the newest assets are. The derived ones become the next to be read.
  absl::Status ClassifyFrontier(std::size_t begin) {
    derived_.clear();
    const std::size_t end = subgraph_.assets_.size();
    Grow(end - begin, &subgraph_.classes_);
    Grow(end - begin, &subgraph_.derivation_indices_);
    for (; begin < end; begin += kClassifyCountMax) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      TRIBUTARY_RETURN_IF_ERROR(ClassifySome(begin, std::min(kClassifyCountMax, end - begin)));
    }
    return absl::OkStatus();
  }

  absl::Status ClassifySome(std::size_t begin, std::size_t count) {
    const auto frontier = std::span<const AssetNumber>(subgraph_.assets_).subspan(begin, count);
    TRIBUTARY_RETURN_IF_ERROR(reader_.Classify(frontier, &frontier_classes_));
    if (frontier_classes_.size() != frontier.size()) {
      return absl::InternalError("the lineage reader classified another number of assets");
    }
    subgraph_.classes_.insert(subgraph_.classes_.end(), frontier_classes_.begin(),
                              frontier_classes_.end());
    subgraph_.derivation_indices_.resize(begin + count, LineageSubgraph::kNoDerivation);
    bool has_undisclosed = subgraph_.has_undisclosed_;  // in a register
    auto vertex = static_cast<Vertex>(begin);
    for (const AssetClass& asset_class : frontier_classes_) {
      if (asset_class.is_derived) derived_.push_back(vertex);
      has_undisclosed |= LineageSubgraph::IsUndisclosed(asset_class);
      ++vertex;
    }
    subgraph_.has_undisclosed_ = has_undisclosed;
    return absl::OkStatus();
  }

  absl::Status ReadFrontier() {
    for (std::size_t begin = 0; begin < derived_.size(); begin += kReadBatchCountMax) {
      const std::size_t count = std::min(kReadBatchCountMax, derived_.size() - begin);
      TRIBUTARY_RETURN_IF_ERROR(ReadBatch(std::span(derived_).subspan(begin, count)));
    }
    return absl::OkStatus();
  }

  absl::Status ReadBatch(std::span<const Vertex> vertices) {
    batch_assets_.clear();
    for (const Vertex vertex : vertices) batch_assets_.push_back(subgraph_.assets_[vertex]);
    const std::size_t edge_count_left = limits_.edge_count_max - subgraph_.edge_targets_.size();
    const absl::Status read =
        reader_.ReadDerivations(batch_assets_, edge_count_left, &batch_views_);
    if (absl::IsResourceExhausted(read)) {
      return LimitMet("edge_count_max", limits_.edge_count_max + 1, limits_.edge_count_max);
    }
    TRIBUTARY_RETURN_IF_ERROR(read);
    if (batch_views_.size() != vertices.size()) {
      return absl::InternalError("the lineage reader gave another number of derivations");
    }
    TRIBUTARY_RETURN_IF_ERROR(PrepareForBatch());
    for (std::size_t i = 0; i < vertices.size(); ++i) {
      TRIBUTARY_RETURN_IF_ERROR(AddDerivation(vertices[i], std::move(batch_views_[i])));
    }
    return CheckLimits();
  }

  // Checks the batch and makes room for all of it at once.
  absl::Status PrepareForBatch() {
    std::size_t edge_count = 0;
    for (std::size_t i = 0; i < batch_views_.size(); ++i) {
      TRIBUTARY_RETURN_IF_ERROR(CheckView(batch_assets_[i], batch_views_[i]));
      edge_count += batch_views_[i].edges->count();
    }
    const std::size_t edge_count_total = subgraph_.edge_targets_.size() + edge_count;
    if (edge_count_total > limits_.edge_count_max) {
      return LimitMet("edge_count_max", edge_count_total, limits_.edge_count_max);
    }
    index_.Prepare(edge_count);
    Grow(edge_count, &subgraph_.edge_targets_);
    Grow(std::min(edge_count, limits_.asset_count_max), &subgraph_.assets_);
    return CheckLimits();
  }

  // Makes room for `count` more, and for many calls in a row at the price of few. Memory that is
  // never used is never touched.
  template <typename T>
  static void Grow(std::size_t count, std::vector<T>* values) {
    const std::size_t needed = values->size() + count;
    if (needed > values->capacity()) values->reserve(std::max(needed, 2 * values->capacity()));
  }

  // What attribution relies on, seen in constant time. The reader has checked the rest.
  absl::Status CheckView(AssetNumber asset, const DerivationView& view) const {
    const EdgeList* edges = view.edges.get();
    const bool fits = edges != nullptr && edges->cumulative_weights.size() == edges->count() &&
                      edges->roles.size() == edges->count() &&
                      edges->bases.size() == edges->count() && view.denominator >= 1 &&
                      view.denominator <= kWeightSumMax &&
                      Uint128{view.retained} + view.unattributed +
                              (edges->count() == 0 ? 0 : edges->cumulative_weights.back()) ==
                          view.denominator;
    if (fits) return absl::OkStatus();
    return absl::DataLossError(
        StrCat("the derivation of ", Describe(asset), " does not fit its edges"));
  }

  absl::Status AddDerivation(Vertex vertex, DerivationView view) {
    const std::shared_ptr<const EdgeList> edges = view.edges;
    subgraph_.derivation_indices_[vertex] =
        static_cast<std::uint32_t>(subgraph_.derivations_.size());
    const std::size_t known_count = subgraph_.assets_.size();
    subgraph_.derivations_.push_back({vertex, /*has_consecutive_inputs=*/false, std::move(view),
                                      subgraph_.edge_targets_.size()});
    const std::span<const AssetNumber> inputs(edges->inputs);
    for (std::size_t begin = 0; begin < inputs.size(); begin += kCancelCheckInterval) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      TRIBUTARY_RETURN_IF_ERROR(AddEdges(vertex, inputs, begin));
      if (subgraph_.assets_.size() > limits_.asset_count_max) {
        return LimitMet("asset_count_max", subgraph_.assets_.size(), limits_.asset_count_max);
      }
    }
    subgraph_.derivations_.back().has_consecutive_inputs =
        !inputs.empty() && subgraph_.assets_.size() - known_count == inputs.size();
    return absl::OkStatus();
  }

  // Adds edges `begin` and following of one derivation, at most kCancelCheckInterval of them.
  absl::Status AddEdges(Vertex vertex, std::span<const AssetNumber> inputs, std::size_t begin) {
    const std::uint64_t tree_size = subgraph_.tree_size_.value;
    const std::size_t end = std::min(begin + kCancelCheckInterval, inputs.size());
    for (std::size_t i = begin; i < end; ++i) {
      if (i + kPrefetchDistance < inputs.size()) index_.Prefetch(inputs[i + kPrefetchDistance]);
      if (inputs[i].value >= tree_size) {
        return absl::DataLossError(StrCat("the derivation of ", Describe(subgraph_.assets_[vertex]),
                                          " names asset number ", inputs[i].value,
                                          ", which is not below its tree size ", tree_size));
      }
      const auto fresh = static_cast<Vertex>(subgraph_.assets_.size());
      const Vertex input = index_.FindOrAssign(inputs[i], fresh);
      if (input == fresh) subgraph_.assets_.push_back(inputs[i]);
      subgraph_.edge_targets_.push_back(input);
    }
    return absl::OkStatus();
  }

  std::size_t MemorySize() const {
    // An asset: number, class, index of its derivation. An edge: its target here, and input number,
    // cumulative weight, role and basis in its list. A derivation: its row and place in the order
    // here, and the list's own header and allocations.
    constexpr std::size_t kAssetSize = sizeof(AssetNumber) + sizeof(AssetClass) + 4;
    constexpr std::size_t kEdgeSize = 4 + 8 + 8 + 1 + 1;
    constexpr std::size_t kDerivationSize = sizeof(LineageSubgraph::Derivation) + 4 + 272;
    return subgraph_.assets_.size() * kAssetSize + subgraph_.edge_targets_.size() * kEdgeSize +
           subgraph_.derivations_.size() * kDerivationSize + index_.memory_size();
  }

  absl::Status CheckLimits() const {
    if (MemorySize() <= limits_.memory_size_max) return absl::OkStatus();
    return LimitMet("memory_size_max", MemorySize(), limits_.memory_size_max);
  }

  // The derivations of the derived inputs of each derivation, in the order of edges: the graph
  // without its sources, on which ordering costs next to nothing.
  struct Skeleton {
    std::vector<std::size_t> begins;  // per derivation, and the end of the last
    std::vector<std::uint32_t> inputs;
    std::vector<std::uint32_t> consumer_counts;
  };

  static void AddInput(std::uint32_t derivation_index, Skeleton* skeleton) {
    skeleton->inputs.push_back(derivation_index);
    ++skeleton->consumer_counts[derivation_index];
  }

  // Adds those of the vertices [first, last] that are derived. Derivations stand in the order of
  // their vertices, so that none of the others is looked at.
  void AddRun(Vertex first, Vertex last, Skeleton* skeleton) const {
    const auto& derivations = subgraph_.derivations_;
    auto next =
        std::lower_bound(derivations.begin(), derivations.end(), first,
                         [](const auto& made, Vertex vertex) { return made.vertex < vertex; });
    for (; next != derivations.end() && next->vertex <= last; ++next) {
      AddInput(static_cast<std::uint32_t>(next - derivations.begin()), skeleton);
    }
  }

  absl::StatusOr<Skeleton> MakeSkeleton() const {
    Skeleton skeleton;
    const auto derivations = subgraph_.derivations();
    skeleton.begins.reserve(derivations.size() + 1);
    skeleton.consumer_counts.resize(derivations.size());
    std::size_t next_check = 0;
    for (const LineageSubgraph::Derivation& derivation : derivations) {
      skeleton.begins.push_back(skeleton.inputs.size());
      if (derivation.edges_begin >= next_check) {
        TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
        next_check = derivation.edges_begin + kCancelCheckInterval;
      }
      const auto inputs = subgraph_.edge_targets(derivation);
      if (derivation.has_consecutive_inputs) {
        AddRun(inputs.front(), inputs.back(), &skeleton);
        continue;
      }
      for (const Vertex input : inputs) {
        const std::uint32_t index = subgraph_.derivation_indices_[input];
        if (index != LineageSubgraph::kNoDerivation) AddInput(index, &skeleton);
      }
    }
    skeleton.begins.push_back(skeleton.inputs.size());
    return skeleton;
  }

  // Kahn's algorithm: a derivation follows once all its consumers stand in the order.
  absl::Status OrderDerivations() {
    TRIBUTARY_ASSIGN_OR_RETURN(Skeleton skeleton, MakeSkeleton());
    std::vector<std::uint32_t>& order = subgraph_.topological_order_;
    order.reserve(subgraph_.derivations_.size());
    // Everything collected is upstream of a target, so only targets can have no consumer.
    for (std::uint32_t index = 0; index < skeleton.consumer_counts.size(); ++index) {
      if (skeleton.consumer_counts[index] == 0) order.push_back(index);
    }
    for (std::size_t next = 0; next < order.size(); ++next) {
      if (next % kCancelCheckInterval == 0) TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      const std::size_t end = skeleton.begins[order[next] + 1];
      for (std::size_t i = skeleton.begins[order[next]]; i < end; ++i) {
        const std::uint32_t input = skeleton.inputs[i];
        if (--skeleton.consumer_counts[input] == 0) order.push_back(input);
      }
    }
    return order.size() == subgraph_.derivations_.size() ? absl::OkStatus() : CycleError();
  }

  // Names the oldest asset that lies on a cycle.
  absl::Status CycleError() const {
    const std::size_t vertex_count = subgraph_.vertex_count();
    std::vector<Vertex> component(vertex_count);
    const auto indices = boost::typed_identity_property_map<Vertex>();
    const Vertex component_count = boost::strong_components(
        subgraph_, boost::make_iterator_property_map(component.begin(), indices));
    std::vector<Vertex> size(component_count);
    for (const Vertex c : component) ++size[c];
    AssetNumber oldest{~std::uint64_t{0}};
    const auto name = [&](Vertex v) { oldest = std::min(oldest, subgraph_.assets_[v]); };
    for (Vertex v = 0; v < vertex_count; ++v) {
      if (size[component[v]] > 1 || HasSelfLoop(v)) name(v);
    }
    absl::Status status = absl::DataLossError(
        StrCat("the stored derivations form a cycle through ", Describe(oldest)));
    status.SetPayload(ToAbsl(kCyclePayload), absl::Cord());
    return status;
  }

  bool HasSelfLoop(Vertex vertex) const {
    const std::uint32_t index = subgraph_.derivation_indices_[vertex];
    if (index == LineageSubgraph::kNoDerivation) return false;
    const auto targets = subgraph_.edge_targets(subgraph_.derivations_[index]);
    return std::find(targets.begin(), targets.end(), vertex) != targets.end();
  }

  // For messages: the id if it can be had, else the number.
  std::string Describe(AssetNumber asset) const {
    std::vector<Digest> ids;
    const AssetNumber assets[] = {asset};
    if (reader_.ReadAssetIds(assets, &ids).ok() && ids.size() == 1) {
      return StrCat("asset ", ids[0].ToHex());
    }
    return StrCat("asset number ", asset.value);
  }

  const LineageReader& reader_;
  const CollectLimits& limits_;
  const CancelToken* cancel_;
  AssetIndex index_;
  LineageSubgraph subgraph_;
  std::vector<Vertex> derived_;  // of the frontier
  std::vector<AssetClass> frontier_classes_;
  std::vector<AssetNumber> batch_assets_;
  std::vector<DerivationView> batch_views_;
};

absl::StatusOr<LineageSubgraph> CollectUpstream(const LineageReader& reader, AssetNumber target,
                                                const CollectLimits& limits,
                                                const CancelToken* cancel, WalkScratch* scratch) {
  return CollectUpstream(reader, std::span(&target, 1), limits, cancel, scratch);
}

absl::StatusOr<LineageSubgraph> CollectUpstream(const LineageReader& reader,
                                                std::span<const AssetNumber> targets,
                                                const CollectLimits& limits,
                                                const CancelToken* cancel, WalkScratch* scratch) {
  return SubgraphCollector(reader, limits, cancel, scratch).Run(targets);
}

}  // namespace tributary
