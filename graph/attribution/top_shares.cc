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
constexpr std::size_t kReadBatchCount = 65'536;

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
    const std::vector<Vertex> vertices = VerticesOf(part, &top.others);
    const Grains smallest = SmallestListed(vertices, count_max);
    std::vector<Vertex> larger;
    std::vector<Vertex> tied;
    for (const Vertex vertex : vertices) {
      if (result_.kept[vertex] > smallest) larger.push_back(vertex);
      if (result_.kept[vertex] == smallest) tied.push_back(vertex);
    }
    TRIBUTARY_RETURN_IF_ERROR(AddFirst(larger, larger.size(), &top.lines));
    TRIBUTARY_RETURN_IF_ERROR(
        AddFirst(tied, std::min(count_max, vertices.size()) - larger.size(), &top.lines));
    for (const ShareLine& line : top.lines) top.others.grains -= line.grains;
    top.others.count -= top.lines.size();
    return top;
  }

 private:
  std::vector<Vertex> VerticesOf(SharePart part, OtherLines* total) const {
    std::vector<Vertex> vertices;
    for (std::size_t i = 0; i < subgraph_.vertex_count(); ++i) {
      const auto vertex = static_cast<Vertex>(i);
      if (result_.kept[vertex] == 0) continue;
      if (subgraph_.is_undisclosed(vertex) != (part == SharePart::kUndisclosed)) continue;
      vertices.push_back(vertex);
      total->grains += result_.kept[vertex];
    }
    total->count = vertices.size();
    return vertices;
  }

  // The grains of the last of the `count` largest; above all where none is to be listed.
  Grains SmallestListed(const std::vector<Vertex>& vertices, std::size_t count) const {
    if (count == 0 || vertices.empty()) return kUint128Max;
    std::priority_queue<Grains, std::vector<Grains>, std::greater<>> largest;
    for (const Vertex vertex : vertices) {
      const Grains grains = result_.kept[vertex];
      if (largest.size() == count) {
        if (grains <= largest.top()) continue;
        largest.pop();
      }
      largest.push(grains);
    }
    return largest.top();
  }

  // Appends the first `count` of `vertices`, in the order of lines. They come before no line that
  // stands in `lines` already.
  absl::Status AddFirst(std::span<const Vertex> vertices, std::size_t count,
                        std::vector<ShareLine>* lines) const {
    std::vector<ShareLine> first;
    std::vector<AssetNumber> assets;
    std::vector<Digest> ids;
    for (std::size_t begin = 0; begin < vertices.size(); begin += kReadBatchCount) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      const auto batch =
          vertices.subspan(begin, std::min(kReadBatchCount, vertices.size() - begin));
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
