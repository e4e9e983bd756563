#include "graph/settlement/absolute_terms.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "graph/model/check.h"
#include "graph/model/status.h"

namespace tributary {

using Vertex = LineageSubgraph::Vertex;

std::vector<VertexTerm> TermsIn(const LineageSubgraph& subgraph, std::span<const BoundTerm> terms) {
  absl::flat_hash_map<std::uint64_t, const BoundTerm*> by_asset;
  for (const BoundTerm& term : terms) by_asset.emplace(term.asset.value, &term);
  std::vector<VertexTerm> present;
  if (by_asset.empty()) return present;
  for (Vertex v = 0; v < subgraph.vertex_count(); ++v) {
    const auto found = by_asset.find(subgraph.asset(v).value);
    if (found != by_asset.end()) present.push_back({found->second, v});
  }
  std::sort(present.begin(), present.end(),
            [](const VertexTerm& a, const VertexTerm& b) { return a.term->id < b.term->id; });
  return present;
}

absl::StatusOr<std::vector<std::uint64_t>> TermsUpstream(const LineageSubgraph& subgraph,
                                                         std::span<const VertexTerm> terms,
                                                         const CancelToken* cancel) {
  TRIBUTARY_CHECK(terms.size() <= kTermChunkCount);
  std::vector<std::uint64_t> masks(subgraph.vertex_count());
  for (std::size_t i = 0; i < terms.size(); ++i) {
    masks[terms[i].vertex] |= std::uint64_t{1} << i;
  }
  const auto order = subgraph.topological_order();
  for (std::size_t i = order.size(); i > 0; --i) {  // inputs before what was made of them
    const LineageSubgraph::Derivation& derivation = subgraph.derivations()[order[i - 1]];
    const auto inputs = subgraph.edge_targets(derivation);
    std::uint64_t mask = masks[derivation.vertex];
    for (std::size_t begin = 0; begin < inputs.size(); begin += kCancelCheckInterval) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel));
      const std::size_t end = std::min(begin + kCancelCheckInterval, inputs.size());
      for (std::size_t e = begin; e < end; ++e) mask |= masks[inputs[e]];
    }
    masks[derivation.vertex] = mask;
  }
  return masks;
}

HeadRoom::HeadRoom(const PolicyRecord& record) {
  for (const Fee& fee : record.fees) {
    left_ -= static_cast<std::uint32_t>(std::min<std::uint64_t>(left_, fee.ppm));
  }
}

absl::Status HeadRoom::Take(const BoundTerm& term) {
  if (term.ppm > left_) {
    return InvalidField("absolute_terms",
                        StrCat(term.ppm, " ppm of gross for asset ", term.id.ToHex(), " after ",
                               term_count_, " other terms and the fees"),
                        StrCat("at most the head-room of ", left_, " ppm"));
  }
  left_ -= static_cast<std::uint32_t>(term.ppm);
  ++term_count_;
  return absl::OkStatus();
}

}  // namespace tributary
