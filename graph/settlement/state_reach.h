// What can be said of every vertex of a subgraph from all that is upstream of it, in one pass.

#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "graph/lineage/subgraph.h"
#include "graph/model/cancel.h"
#include "graph/settlement/settlement_reader.h"

namespace tributary {

// Per vertex: the newest log position at which its own record, derivation or holders in force, or
// those of any asset upstream of it, stand. At all tree sizes above it, up to the reader's, the
// lineage of the vertex is as it is in the subgraph.
//
// `reader` is at the subgraph's tree size. Cost: O(V + E), positions being read in batches.
absl::StatusOr<std::vector<LogPosition>> LastChangesUpstream(const SettlementReader& reader,
                                                             const LineageSubgraph& subgraph,
                                                             const CancelToken* cancel);

// Per vertex: whether it is `asset` or downstream of it. Cost: O(V + E).
absl::StatusOr<std::vector<bool>> IsAtOrDownstreamOf(AssetNumber asset,
                                                     const LineageSubgraph& subgraph,
                                                     const CancelToken* cancel);

}  // namespace tributary
