#include "server/handlers/walk.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "graph/attribution/heaviest_paths.h"
#include "graph/lineage/subgraph.h"
#include "graph/lineage/traverse.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "server/convert/enums.h"
#include "server/convert/scalars.h"
#include "server/handlers/view.h"
#include "server/handlers/walk_limits.h"

namespace tributary::server {
namespace {

// Assets and edges of one message of Traverse: 1,024 assets of 100 bytes and 4,096 edges of 90 are
// half a MiB.
constexpr std::size_t kVisitBatch = 1'024;
constexpr std::size_t kEdgeBatch = 4'096;

// One edge of the walk, before its ids are read.
struct WalkEdge {
  AssetNumber generated;
  AssetNumber input;
  std::size_t index = 0;
};

void FillEdge(const DerivationView& derivation, std::size_t index, v1::LineageEdge* message) {
  const EdgeList& edges = *derivation.edges;
  message->set_role(ToProto(edges.roles[index]));
  message->set_weight(edges.weight(index));
  message->set_basis(ToProto(edges.bases[index]));
  message->set_cumulative_weight(edges.cumulative_weights[index]);
  message->set_edge_index(index);
  message->set_denominator(derivation.denominator);
  message->set_derivation_position(derivation.position.value);
}

// Gathers what a walk meets into messages.
class TraverseWriter {
 public:
  TraverseWriter(const LedgerView& view, const v1::TraverseRequest& request,
                 std::vector<AssetKind> kinds, Sink<v1::TraverseResponse>& responses)
      : view_(view), request_(request), kinds_(std::move(kinds)), responses_(responses) {}

  absl::Status Visit(const TraverseVisit& visit) {
    visits_.push_back(visit);
    return visits_.size() < kVisitBatch ? absl::OkStatus() : Flush();
  }

  absl::Status Finish(const TraverseSummary& summary) {
    TRIBUTARY_RETURN_IF_ERROR(Flush());
    v1::TraverseResponse last;
    v1::TraverseSummary* message = last.mutable_summary();
    message->set_tree_size(view_.tree_size().value);
    message->set_asset_count(summary.asset_count);
    message->set_listed_count(listed_count_);
    message->set_edge_count(summary.edge_count);
    message->set_depth(summary.depth);
    message->set_unexpanded_count(summary.unexpanded_count);
    message->add_count_by_kind(0);  // of "unspecified"
    for (const std::uint64_t count : count_by_kind_) message->add_count_by_kind(count);
    return responses_.Write(std::move(last));
  }

 private:
  absl::Status Flush() {
    if (visits_.empty()) return absl::OkStatus();
    v1::TraverseResponse message;
    TRIBUTARY_RETURN_IF_ERROR(AppendAssets(&message));
    if (message.assets_size() > 0) {
      TRIBUTARY_RETURN_IF_ERROR(responses_.Write(std::move(message)));
    }
    if (request_.include_edges()) TRIBUTARY_RETURN_IF_ERROR(WriteEdges());
    visits_.clear();
    return absl::OkStatus();
  }

  bool IsListed(AssetKind kind) const {
    return kinds_.empty() || std::find(kinds_.begin(), kinds_.end(), kind) != kinds_.end();
  }

  absl::Status AppendAssets(v1::TraverseResponse* message) {
    std::vector<AssetNumber> listed;
    for (const TraverseVisit& visit : visits_) {
      ++count_by_kind_.at(static_cast<std::size_t>(visit.asset_class.kind));
      if (!IsListed(visit.asset_class.kind)) continue;
      listed.push_back(visit.asset);
      v1::TraversedAsset* asset = message->add_assets();
      asset->set_depth(visit.depth);
      asset->set_is_derived(visit.asset_class.is_derived);
    }
    listed_count_ += listed.size();
    std::vector<Digest> ids;
    TRIBUTARY_RETURN_IF_ERROR(view_.ReadAssetIds(listed, &ids));
    for (std::size_t i = 0; i < ids.size(); ++i) {
      message->mutable_assets(static_cast<int>(i))->set_asset_id(ToProto(ids[i]));
    }
    if (!request_.describe()) return absl::OkStatus();
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<AssetLabel> labels, ReadLabels(view_, listed));
    for (std::size_t i = 0; i < labels.size(); ++i) {
      v1::TraversedAsset* asset = message->mutable_assets(static_cast<int>(i));
      asset->set_kind(ToProto(labels[i].kind));
      asset->set_name(labels[i].name);
    }
    return absl::OkStatus();
  }

  // Edges that the walk follows from the visited assets: none leads beyond depth_max.
  absl::Status WriteEdges() {
    for (const TraverseVisit& visit : visits_) {
      if (request_.depth_max() != 0 && visit.depth >= request_.depth_max()) continue;
      TRIBUTARY_RETURN_IF_ERROR(
          request_.direction() == v1::DIRECTION_UPSTREAM ? AddInputs(visit) : AddConsumers(visit));
    }
    return FlushEdges();
  }

  absl::Status AddInputs(const TraverseVisit& visit) {
    if (!visit.asset_class.is_derived) return absl::OkStatus();
    std::vector<DerivationView> derivations;
    constexpr auto kAny = std::numeric_limits<std::size_t>::max();  // the walk has counted them
    TRIBUTARY_RETURN_IF_ERROR(view_.ReadDerivations({&visit.asset, 1}, kAny, &derivations));
    const DerivationView& derivation = derivations.front();
    for (std::size_t i = 0; i < derivation.edges->count(); ++i) {
      TRIBUTARY_RETURN_IF_ERROR(AddEdge({visit.asset, derivation.edges->inputs[i], i}, derivation));
    }
    return absl::OkStatus();
  }

  absl::Status AddConsumers(const TraverseVisit& visit) {
    LogPosition start_after;
    while (true) {
      TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<LedgerView::ConsumerEdge> consumers,
                                 view_.ListConsumers(visit.asset, start_after, kEdgeBatch));
      for (const LedgerView::ConsumerEdge& consumer : consumers) {
        TRIBUTARY_ASSIGN_OR_RETURN(const DerivationView derivation,
                                   view_.ReadDerivationAt(consumer.derivation));
        TRIBUTARY_RETURN_IF_ERROR(
            AddEdge({consumer.generated, visit.asset, consumer.edge_index}, derivation));
      }
      if (consumers.size() < kEdgeBatch) return absl::OkStatus();
      start_after = consumers.back().derivation;
    }
  }

  absl::Status AddEdge(const WalkEdge& edge, const DerivationView& derivation) {
    FillEdge(derivation, edge.index, edge_message_.add_edges());
    edge_ends_.push_back(edge.generated);
    edge_ends_.push_back(edge.input);
    return edge_ends_.size() < 2 * kEdgeBatch ? absl::OkStatus() : FlushEdges();
  }

  absl::Status FlushEdges() {
    if (edge_ends_.empty()) return absl::OkStatus();
    std::vector<Digest> ids;
    TRIBUTARY_RETURN_IF_ERROR(view_.ReadAssetIds(edge_ends_, &ids));
    for (int i = 0; i < edge_message_.edges_size(); ++i) {
      const auto first = 2 * static_cast<std::size_t>(i);
      edge_message_.mutable_edges(i)->set_generated(ToProto(ids[first]));
      edge_message_.mutable_edges(i)->set_input(ToProto(ids[first + 1]));
    }
    edge_ends_.clear();
    return responses_.Write(std::exchange(edge_message_, {}));
  }

  const LedgerView& view_;
  const v1::TraverseRequest& request_;
  const std::vector<AssetKind> kinds_;
  Sink<v1::TraverseResponse>& responses_;
  std::vector<TraverseVisit> visits_;
  v1::TraverseResponse edge_message_;
  std::vector<AssetNumber> edge_ends_;  // generated and input of each edge in turn
  std::uint64_t listed_count_ = 0;
  std::array<std::uint64_t, kAssetKindCount> count_by_kind_{};
};

absl::StatusOr<TraverseOptions> OptionsOf(const Limits& limits,
                                          const v1::TraverseRequest& request) {
  TraverseOptions options;
  switch (request.direction()) {
    case v1::DIRECTION_UPSTREAM:
      options.direction = Direction::kUpstream;
      break;
    case v1::DIRECTION_DOWNSTREAM:
      options.direction = Direction::kDownstream;
      break;
    default:
      return InvalidField("direction", "no direction", "upstream downstream");
  }
  if (request.depth_max() != 0) options.depth_max = request.depth_max();
  options.limits = {limits.walk_asset_count_max, limits.walk_edge_count_max};
  return options;
}

absl::StatusOr<std::vector<AssetKind>> KindsOf(const v1::TraverseRequest& request) {
  std::vector<AssetKind> kinds;
  for (const int kind : request.kinds()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const AssetKind parsed,
                               FromProto(static_cast<v1::AssetKind>(kind), "kinds"));
    kinds.push_back(parsed);
  }
  return kinds;
}

// --- ExplainPath ---

absl::StatusOr<std::size_t> PathCount(const Limits& limits, std::uint32_t asked) {
  constexpr std::size_t kPathCountDefault = 3;
  if (asked == 0) return kPathCountDefault;
  if (asked > limits.path_count_max) {
    return LimitExceeded("path_count", asked, "path_count_max", limits.path_count_max);
  }
  return static_cast<std::size_t>(asked);
}

// The place of an asset in the subgraph; nullopt: it is not upstream of the target.
std::optional<LineageSubgraph::Vertex> VertexOf(const LineageSubgraph& subgraph,
                                                AssetNumber asset) {
  const auto assets = subgraph.assets();
  const auto found = std::find(assets.begin(), assets.end(), asset);
  if (found == assets.end()) return std::nullopt;
  return static_cast<LineageSubgraph::Vertex>(found - assets.begin());
}

// The edge from a derived vertex to one of its inputs.
void FillEdge(const LineageSubgraph& subgraph, LineageSubgraph::Vertex generated,
              LineageSubgraph::Vertex input, v1::PathStep* step) {
  const LineageSubgraph::Derivation& derivation =
      subgraph.derivations()[subgraph.derivation_index(generated)];
  const auto targets = subgraph.edge_targets(derivation);
  const auto index =
      static_cast<std::size_t>(std::find(targets.begin(), targets.end(), input) - targets.begin());
  step->set_role(ToProto(derivation.view.edges->roles[index]));
  step->set_weight(derivation.view.edges->weight(index));
  step->set_denominator(derivation.view.denominator);
}

absl::Status FillPath(const LedgerView& view, const LineageSubgraph& subgraph,
                      const WeightedPath& path, bool describe, v1::ExplainedPath* message) {
  message->set_grains(ToBigEndian(path.weight));
  std::vector<AssetNumber> assets;
  for (const LineageSubgraph::Vertex vertex : path.vertices) {
    assets.push_back(subgraph.asset(vertex));
  }
  std::vector<Digest> ids;
  TRIBUTARY_RETURN_IF_ERROR(view.ReadAssetIds(assets, &ids));
  for (std::size_t i = 0; i < path.vertices.size(); ++i) {
    v1::PathStep* step = message->add_steps();
    step->set_asset_id(ToProto(ids[i]));
    step->set_kind(ToProto(subgraph.asset_class(path.vertices[i]).kind));
    if (i > 0) FillEdge(subgraph, path.vertices[i - 1], path.vertices[i], step);
  }
  if (!describe) return absl::OkStatus();
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<AssetLabel> labels, ReadLabels(view, assets));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    message->mutable_steps(static_cast<int>(i))->set_name(labels[i].name);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status TraverseLineage(Env& env, const v1::TraverseRequest& request,
                             Sink<v1::TraverseResponse>& responses) {
  TRIBUTARY_ASSIGN_OR_RETURN(const TraverseOptions options, OptionsOf(env.limits, request));
  TRIBUTARY_ASSIGN_OR_RETURN(std::vector<AssetKind> kinds, KindsOf(request));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<LedgerView> view,
                             OpenView(env, request.ledger(), request.at()));
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetNumber start,
                             FindRequired(*view, request.asset_id(), "asset_id"));
  // The walk reports every asset, so that all are counted; the writer leaves out kinds.
  TraverseWriter writer(*view, request, std::move(kinds), responses);
  const auto summary = Traverse(
      *view, start, options, [&writer](const TraverseVisit& visit) { return writer.Visit(visit); },
      &env.cancel);
  if (!summary.ok()) return WalkError(summary.status());
  return writer.Finish(*summary);
}

absl::Status ExplainPath(Env& env, const v1::ExplainPathRequest& request,
                         v1::ExplainPathResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::size_t path_count,
                             PathCount(env.limits, request.path_count()));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<LedgerView> view,
                             OpenView(env, request.ledger(), request.at()));
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetNumber target,
                             FindRequired(*view, request.target(), "target"));
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetNumber source,
                             FindRequired(*view, request.source(), "source"));
  const auto subgraph =
      CollectUpstream(*view, target, CollectLimitsOf(env.limits), &env.cancel, env.scratch);
  if (!subgraph.ok()) return WalkError(subgraph.status());
  response->set_tree_size(view->tree_size().value);
  const std::optional<LineageSubgraph::Vertex> upstream = VertexOf(*subgraph, source);
  if (!upstream.has_value()) return absl::OkStatus();  // no path: that is the answer

  PathLimits limits;
  // One more than asked for says whether there are more.
  limits.path_count_max = env.limits.path_count_max + 1;
  limits.path_edge_count_max = env.limits.path_edge_count_max;
  limits.path_work_max = env.limits.path_work_max;
  TRIBUTARY_ASSIGN_OR_RETURN(
      const HeaviestPaths found,
      FindHeaviestPaths(*subgraph, *upstream, path_count + 1, limits, &env.cancel));
  Grains covered = 0;
  for (std::size_t i = 0; i < std::min(path_count, found.paths.size()); ++i) {
    covered += found.paths[i].weight;
    TRIBUTARY_RETURN_IF_ERROR(
        FillPath(*view, *subgraph, found.paths[i], request.describe(), response->add_paths()));
  }
  response->set_covered_grains(ToBigEndian(covered));
  response->set_inflow_grains(ToBigEndian(found.inflow));
  response->set_more(found.paths.size() > path_count);
  return absl::OkStatus();
}

}  // namespace tributary::server
