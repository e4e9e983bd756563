// A walk through the lineage of one asset, collected.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/session.h"
#include "tributary/v1/lineage_service.pb.h"

namespace tributary::cli {

// What is collected is held in memory: a larger lineage needs a limit of depth.
inline constexpr std::size_t kWalkAssetsMax = 5'000'000;
inline constexpr std::size_t kWalkEdgesMax = 20'000'000;

struct WalkOptions {
  std::string asset_id;
  v1::Direction direction = v1::DIRECTION_UPSTREAM;
  std::uint32_t depth_max = 0;  // 0: no limit
  std::vector<v1::AssetKind> kinds;
  bool include_edges = false;
  std::uint64_t tree_size = 0;
};

struct Walk {
  std::vector<v1::TraversedAsset> assets;  // ascending depth
  std::vector<v1::LineageEdge> edges;
  v1::TraverseSummary summary;
};

// Errors: those of Traverse; kResourceExhausted, more than the limits above; kDataLoss, the stream
// ended without its summary.
absl::StatusOr<Walk> CollectWalk(Session& session, const WalkOptions& options);

}  // namespace tributary::cli
