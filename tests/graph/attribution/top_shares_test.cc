#include "graph/attribution/top_shares.h"

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/support/memory_lineage_reader.h"
#include "tests/support/random_lineage.h"

namespace tributary::test {
namespace {

// The definition: all shares of one part, sorted, of which the first are listed.
std::vector<ShareLine> SortedShares(const PlainLineage& lineage, const LineageSubgraph& subgraph,
                                    const AttributionResult& result, SharePart part) {
  std::vector<ShareLine> lines;
  for (LineageSubgraph::Vertex v = 0; v < subgraph.vertex_count(); ++v) {
    if (result.kept[v] == 0) continue;
    if (subgraph.is_undisclosed(v) != (part == SharePart::kUndisclosed)) continue;
    const std::size_t i = MemoryLineageReader::IndexOf(subgraph.asset(v));
    lines.push_back({lineage.assets[i].id, v, result.kept[v]});
  }
  std::sort(lines.begin(), lines.end(), [](const ShareLine& a, const ShareLine& b) {
    return a.grains != b.grains ? a.grains > b.grains : a.asset < b.asset;
  });
  return lines;
}

TEST_CASE("top shares: equal the first of all shares in order", "[attribution][property]") {
  Rng rng = SeededRng();
  std::size_t tie_count = 0;  // between the last listed and the first not listed
  for (int trial = 0; trial < 5'000; ++trial) {
    CAPTURE(rng.seed(), trial);
    const RandomCase random = RandomLineage(rng);
    const MemoryLineageReader reader(random.lineage);
    const auto subgraph =
        CollectUpstream(reader, MemoryLineageReader::Number(random.target)).value();
    // Few grains make many ties.
    const Grains placed = rng.OneIn(2) ? kShareGrains : rng.Below(40);
    const auto result = AttributeGrains(subgraph, placed).value();
    const SharePart part = rng.OneIn(3) ? SharePart::kUndisclosed : SharePart::kRetained;
    const std::size_t count_max = rng.Below(8);

    std::vector<ShareLine> expected = SortedShares(random.lineage, subgraph, result, part);
    OtherLines others;
    const std::size_t count = std::min(count_max, expected.size());
    if (0 < count && count < expected.size()) {
      tie_count += expected[count - 1].grains == expected[count].grains ? 1 : 0;
    }
    for (std::size_t i = count; i < expected.size(); ++i) others.grains += expected[i].grains;
    others.count = expected.size() - count;
    expected.resize(count);

    const auto top = SelectTopShares(reader, subgraph, result, part, count_max);
    REQUIRE_OK(top);
    REQUIRE(top->lines == expected);
    REQUIRE(top->others == others);
  }
  CHECK(tie_count > 100);
}

}  // namespace
}  // namespace tributary::test
