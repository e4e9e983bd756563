// Absolute terms of a policy: which of them a sale of which asset owes.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/lineage/subgraph.h"
#include "graph/settlement/policy.h"

namespace tributary {

// A term whose asset is part of a subgraph.
struct VertexTerm {
  const BoundTerm* term = nullptr;
  LineageSubgraph::Vertex vertex = 0;
};

// Those of `terms` whose assets are in the subgraph, targets too, in ascending order of asset id.
std::vector<VertexTerm> TermsIn(const LineageSubgraph& subgraph, std::span<const BoundTerm> terms);

// Which of up to 64 terms stand at a vertex or upstream of it, for every vertex in one pass.
//
// Shape:  bit i of masks[v] is terms[i]. Cost: O(V+E).
inline constexpr std::size_t kTermChunkCount = 64;
absl::StatusOr<std::vector<std::uint64_t>> TermsUpstream(const LineageSubgraph& subgraph,
                                                         std::span<const VertexTerm> terms,
                                                         const CancelToken* cancel);

// Parts per million that are left of gross, term by term.
class HeadRoom {
 public:
  explicit HeadRoom(const PolicyRecord& record);
  // Errors: kInvalidArgument, the term asks for more than is left.
  absl::Status Take(const BoundTerm& term);
  std::uint64_t left() const { return left_; }

 private:
  std::uint32_t left_ = kPartsPerMillion;
  std::uint32_t term_count_ = 0;
};

}  // namespace tributary
