#include "graph/attribution/top_shares.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <span>
#include <utility>

#include "graph/lineage/limits.h"
#include "graph/model/ordering.h"

namespace tributary {
namespace {

using Vertex = LineageSubgraph::Vertex;

// Ids asked for at once: 2 MiB of them.
constexpr std::size_t kSharesBatchCount = 65'536;

bool ComesFirst(const ShareLine& a, const ShareLine& b) {
  return a.grains != b.grains ? a.grains > b.grains : a.asset < b.asset;
}

class Selector {
 public:
  Selector(const LineageReader& reader, const LineageSubgraph& subgraph,
           const AttributionResult& result, const CancelToken* cancel)
      : reader_(reader), subgraph_(subgraph), result_(result), cancel_(cancel) {}

  absl::StatusOr<TopShares> Run(SharePart part, std::size_t count_max) {
    TopShares top;
    const Grains total =
        part == SharePart::kRetained ? result_.retained_total : result_.undisclosed_total;
    if (total == 0) return top;
    top.others.grains = total;
    std::vector<Vertex> candidates;
    TRIBUTARY_ASSIGN_OR_RETURN(const Grains smallest,
                               SmallestListed(part, count_max, &candidates, &top.others.count));
    std::vector<Vertex> larger;
    std::vector<Vertex> tied;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (i % kSharesBatchCount == 0) TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      const Vertex vertex = candidates[i];
      if (result_.kept[vertex] > smallest) larger.push_back(vertex);
      if (result_.kept[vertex] == smallest) tied.push_back(vertex);
    }
    const std::size_t listed_count = std::min<std::size_t>(count_max, top.others.count);
    TRIBUTARY_RETURN_IF_ERROR(AddFirst(larger, larger.size(), &top.lines));
    TRIBUTARY_RETURN_IF_ERROR(AddFirst(tied, listed_count - larger.size(), &top.lines));
    for (const ShareLine& line : top.lines) top.others.grains -= line.grains;
    top.others.count -= top.lines.size();
    return top;
  }

 private:
  // Visits the vertices of that part which keep any grains.
  template <typename Visit>
  absl::Status ForEach(SharePart part, const Visit& visit) const {
    // Where all belong to one part, nobody need be asked.
    const bool all_alike = result_.retained_total == 0 || result_.undisclosed_total == 0;
    const bool undisclosed = part == SharePart::kUndisclosed;
    const std::size_t count = subgraph_.vertex_count();
    for (std::size_t begin = 0; begin < count; begin += kSharesBatchCount) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      const std::size_t end = std::min(begin + kSharesBatchCount, count);
      auto vertex = static_cast<Vertex>(begin);
      for (const Grains grains : std::span(result_.kept).subspan(begin, end - begin)) {
        if (grains != 0 && (all_alike || subgraph_.is_undisclosed(vertex) == undisclosed)) {
          visit(vertex, grains);
        }
        ++vertex;
      }
    }
    return absl::OkStatus();
  }

  // The grains of the last of the `count` largest, 0 where none is to be listed. `candidates` are
  // all that have as many, and some more; `total_count` counts all of the part.
  absl::StatusOr<Grains> SmallestListed(SharePart part, std::size_t count,
                                        std::vector<Vertex>* candidates,
                                        std::uint64_t* total_count) const {
    std::priority_queue<Grains, std::vector<Grains>, std::greater<>> largest;
    Grains smallest = 0;  // of those in `largest`, once it is full
    std::uint64_t found_count = 0;
    TRIBUTARY_RETURN_IF_ERROR(ForEach(part, [&](Vertex vertex, Grains grains) {
      ++found_count;
      if (grains < smallest || count == 0) return;
      candidates->push_back(vertex);
      if (largest.size() == count) {
        if (grains == smallest) return;
        largest.pop();
      }
      largest.push(grains);
      if (largest.size() == count) smallest = largest.top();
    }));
    *total_count = found_count;
    return largest.empty() ? Grains{0} : largest.top();
  }

  // Appends the first `count` of `vertices`, in the order of lines. They come before no line that
  // stands in `lines` already.
  absl::Status AddFirst(std::span<const Vertex> vertices, std::size_t count,
                        std::vector<ShareLine>* lines) const {
    std::vector<ShareLine> first;
    std::vector<AssetNumber> assets;
    std::vector<Digest> ids;
    for (std::size_t begin = 0; begin < vertices.size(); begin += kSharesBatchCount) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      const auto batch =
          vertices.subspan(begin, std::min(kSharesBatchCount, vertices.size() - begin));
      assets.clear();
      for (const Vertex vertex : batch) assets.push_back(subgraph_.asset(vertex));
      TRIBUTARY_RETURN_IF_ERROR(reader_.ReadAssetIds(assets, &ids));
      if (ids.size() != batch.size()) {
        return absl::InternalError("the lineage reader gave another number of asset ids");
      }
      for (std::size_t i = 0; i < batch.size(); ++i) {
        first.push_back({ids[i], batch[i], result_.kept[batch[i]]});
      }
      KeepFirst(count, &first);
    }
    TRIBUTARY_RETURN_IF_ERROR(SortUnlessCancelled(std::span(first), ComesFirst, cancel_));
    lines->insert(lines->end(), first.begin(), first.end());
    return absl::OkStatus();
  }

  static void KeepFirst(std::size_t count, std::vector<ShareLine>* lines) {
    if (lines->size() <= count) return;
    const auto end = lines->begin() + static_cast<std::ptrdiff_t>(count);
    std::nth_element(lines->begin(), end, lines->end(), ComesFirst);
    lines->erase(end, lines->end());
  }

  const LineageReader& reader_;
  const LineageSubgraph& subgraph_;
  const AttributionResult& result_;
  const CancelToken* cancel_;
};

}  // namespace

absl::StatusOr<TopShares> SelectTopShares(const LineageReader& reader,
                                          const LineageSubgraph& subgraph,
                                          const AttributionResult& result, SharePart part,
                                          std::size_t count_max, const CancelToken* cancel) {
  return Selector(reader, subgraph, result, cancel).Run(part, count_max);
}

}  // namespace tributary
