// The server's limits on walks in the words of graph/, and back.

#pragma once

#include <string>

#include "absl/status/status.h"
#include "graph/lineage/subgraph.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "server/limits.h"

namespace tributary::server {

inline CollectLimits CollectLimitsOf(const Limits& limits) {
  CollectLimits collect;
  collect.asset_count_max = limits.walk_asset_count_max;
  collect.edge_count_max = limits.walk_edge_count_max;
  collect.memory_size_max = limits.walk_memory_size_max;
  return collect;
}

// A collection names the limit that it met by the name of CollectLimits; operators know it with
// "walk_" before that. Other limits keep their names.
inline absl::Status WalkError(const absl::Status& status) {
  const std::string limit = FieldOf(status);
  const bool is_of_walk =
      limit == "asset_count_max" || limit == "edge_count_max" || limit == "memory_size_max";
  if (!absl::IsResourceExhausted(status) || !is_of_walk) return status;
  return WithField(absl::Status(status.code(), StrCat("walk_", FromAbsl(status.message()))),
                   StrCat("walk_", limit));
}

}  // namespace tributary::server
