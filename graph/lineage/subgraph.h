// Everything upstream of one asset, read once and then an immutable value to compute on.

#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/lineage/asset_index.h"
#include "graph/lineage/lineage_reader.h"
#include "graph/model/cancel.h"

namespace tributary {

// The target, all assets upstream of it and the derivations between them, at one tree size.
//
// Vertices are dense local indices; vertex 0 is the target, or the first of several. They are given
// in the order of discovery, which depends on the records alone: nearer assets first, then the
// order of edges. Derived vertices are few and sources many: what only a derivation needs is kept
// per derivation.
class LineageSubgraph {
 public:
  using Vertex = std::uint32_t;
  static constexpr Vertex kTarget = 0;

  // One derived vertex. Edge i of the derivation has input edge_targets[i] and cumulative weight
  // edges->cumulative_weights[i].
  struct Derivation {
    Vertex vertex = 0;
    // There are inputs, each was discovered here, and their vertices follow one another.
    bool has_consecutive_inputs = false;
    DerivationView view;
    std::uint64_t edges_begin = 0;  // place of edge 0 among all edges of the subgraph
  };

  TreeSize tree_size() const { return tree_size_; }
  std::size_t vertex_count() const { return assets_.size(); }
  std::size_t edge_count() const { return edge_targets_.size(); }

  AssetNumber asset(Vertex vertex) const { return assets_[vertex]; }
  std::span<const AssetNumber> assets() const { return assets_; }
  // The vertex of an asset, if it is part. O(V): meant for one look-up per request.
  std::optional<Vertex> Find(AssetNumber asset) const {
    const auto found = std::find(assets_.begin(), assets_.end(), asset);
    if (found == assets_.end()) return std::nullopt;
    return static_cast<Vertex>(found - assets_.begin());
  }
  const AssetClass& asset_class(Vertex vertex) const { return classes_[vertex]; }

  // Nothing is known upstream of it though it is neither a work nor a prompt, so that what flows
  // into it has no disclosed source (SEMANTICS 3).
  bool is_undisclosed(Vertex vertex) const { return IsUndisclosed(classes_[vertex]); }
  static bool IsUndisclosed(const AssetClass& asset) {
    return !asset.is_derived && asset.kind != AssetKind::kWork && asset.kind != AssetKind::kPrompt;
  }

  // Whether any vertex is undisclosed.
  bool has_undisclosed() const { return has_undisclosed_; }

  // All derivations, in the order of discovery of their vertices.
  std::span<const Derivation> derivations() const { return derivations_; }

  // Index into derivations(), or kNoDerivation.
  static constexpr std::uint32_t kNoDerivation = 0xffff'ffff;
  std::uint32_t derivation_index(Vertex vertex) const { return derivation_indices_[vertex]; }

  // Inputs of one derivation, in ascending order of asset id.
  std::span<const Vertex> edge_targets(const Derivation& derivation) const {
    return std::span(edge_targets_).subspan(derivation.edges_begin, derivation.view.edges->count());
  }

  // Indices into derivations(): every derivation stands before those of its inputs. The same
  // records always give the same order.
  std::span<const std::uint32_t> topological_order() const { return topological_order_; }

  // Bytes held, at most, counting edge lists shared with others as held here.
  std::size_t memory_size() const { return memory_size_; }

 private:
  friend class SubgraphCollector;
  LineageSubgraph() = default;

  TreeSize tree_size_;
  std::vector<AssetNumber> assets_;
  std::vector<AssetClass> classes_;
  std::vector<std::uint32_t> derivation_indices_;
  std::vector<Derivation> derivations_;
  std::vector<Vertex> edge_targets_;
  std::vector<std::uint32_t> topological_order_;
  bool has_undisclosed_ = false;
  std::size_t memory_size_ = 0;
};

// What one collection may hold. An asset costs 15 bytes and up to 128 of index; an edge 4 bytes and
// 18 of its edge list; a derivation 340. All sums count against memory_size_max.
struct CollectLimits {
  // 16 M assets (0.25 GB): above the largest single pool of works known, 10 million.
  std::size_t asset_count_max = 16'777'216;
  // 64 M edges (1.5 GB): four for every asset.
  std::size_t edge_count_max = 67'108'864;
  // 2 GiB: both of the above at once, with an index of 16 M slots; two such walks fit in 8 GB.
  std::size_t memory_size_max = std::size_t{2} << 30;
};

// Collects `target` and everything upstream of it, one frontier of assets at a time.
//
// Errors: kResourceExhausted  a limit was met; names it. Never a partial subgraph.
//         kDataLoss           stored derivations form a cycle (names an asset on it), or a
//                             derivation does not fit its own edges.
//         kCancelled, kDeadlineExceeded and the reader's own errors.
// Cost:   O(V+E) time and memory; per frontier one Classify and one ReadDerivations for every 256
//         derived assets. Stack use does not depend on the graph. Looks at `cancel` (may be null)
//         once every kCancelCheckInterval edges. `scratch` (may be null) saves building an index.
absl::StatusOr<LineageSubgraph> CollectUpstream(const LineageReader& reader, AssetNumber target,
                                                const CollectLimits& limits = {},
                                                const CancelToken* cancel = nullptr,
                                                WalkScratch* scratch = nullptr);

// The same for several targets at once: what is upstream of any of them, each asset and edge once.
// The targets are the first vertices, each once, in the order given; one may be upstream of
// another.
absl::StatusOr<LineageSubgraph> CollectUpstream(const LineageReader& reader,
                                                std::span<const AssetNumber> targets,
                                                const CollectLimits& limits = {},
                                                const CancelToken* cancel = nullptr,
                                                WalkScratch* scratch = nullptr);

}  // namespace tributary
