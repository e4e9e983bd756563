#include "client/cli/walk.h"

#include "client/cli/progress.h"
#include "graph/model/status.h"

namespace tributary::cli {

absl::StatusOr<Walk> CollectWalk(Session& session, const WalkOptions& options) {
  v1::TraverseRequest request;
  request.set_ledger(session.ledger);
  SetReadPoint(options.tree_size, &request);
  request.set_asset_id(options.asset_id);
  request.set_direction(options.direction);
  request.set_depth_max(options.depth_max);
  for (const v1::AssetKind kind : options.kinds) request.add_kinds(kind);
  request.set_include_edges(options.include_edges);
  request.set_describe(true);
  Walk walk;
  bool complete = false;
  Progress progress("Reading", 0);
  TRIBUTARY_RETURN_IF_ERROR(session.client().Stream(
      &v1::LineageService::Stub::Traverse, request, [&](v1::TraverseResponse& response) {
        for (v1::TraversedAsset& asset : *response.mutable_assets()) {
          walk.assets.push_back(std::move(asset));
        }
        for (v1::LineageEdge& edge : *response.mutable_edges()) {
          walk.edges.push_back(std::move(edge));
        }
        progress.Update(walk.assets.size());
        complete |= response.has_summary();
        if (response.has_summary()) walk.summary = response.summary();
        if (walk.assets.size() <= kWalkAssetsMax && walk.edges.size() <= kWalkEdgesMax) {
          return absl::OkStatus();
        }
        return absl::ResourceExhaustedError(
            StrCat("lineage: more than ", kWalkAssetsMax, " assets or ", kWalkEdgesMax,
                   " inputs, which is what this program holds; set --depth"));
      }));
  if (!complete) return absl::DataLossError("lineage: the stream ended without its summary");
  return walk;
}

}  // namespace tributary::cli
