// Follows the edges of a whole frontier of assets, in either direction.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "graph/lineage/lineage_reader.h"
#include "graph/model/cancel.h"

namespace tributary {

// Called for each edge: the index of the frontier's asset and the asset at the other end.
using EdgeVisitor = absl::FunctionRef<absl::Status(std::size_t index, AssetNumber neighbour)>;

// How many edges a walk has followed, and how many it may.
struct EdgeBudget {
  std::uint64_t edge_count = 0;
  std::uint64_t edge_count_max = 0;
};

// Visits the inputs of the derivations in force of `frontier`, whose classes are `classes`: in the
// order of the frontier, then of edges.
// Errors: kResourceExhausted (edge_count_max), kCancelled, kDeadlineExceeded, the visitor's and the
// reader's own.
absl::Status VisitInputs(const LineageReader& reader, std::span<const AssetNumber> frontier,
                         std::span<const AssetClass> classes, EdgeBudget* budget,
                         const CancelToken* cancel, EdgeVisitor visit);

// Visits what was generated from `frontier`, in its order, then by asset number. Errors as above.
absl::Status VisitConsumers(const LineageReader& reader, std::span<const AssetNumber> frontier,
                            EdgeBudget* budget, const CancelToken* cancel, EdgeVisitor visit);

}  // namespace tributary
