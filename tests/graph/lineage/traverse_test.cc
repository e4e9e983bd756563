#include "graph/lineage/traverse.h"

#include <map>
#include <queue>

#include "graph/model/status.h"
#include "tests/support/catch.h"
#include "tests/support/memory_lineage_reader.h"
#include "tests/support/random_lineage.h"

namespace tributary::test {
namespace {

struct Walk {
  std::vector<std::pair<std::uint32_t, std::size_t>> visits;  // depth and asset index
  TraverseSummary summary;
};

absl::StatusOr<Walk> Run(const LineageReader& reader, std::size_t start,
                         const TraverseOptions& options) {
  Walk walk;
  const auto summary = Traverse(
      reader, MemoryLineageReader::Number(start), options, [&](const TraverseVisit& visit) {
        walk.visits.emplace_back(visit.depth, MemoryLineageReader::IndexOf(visit.asset));
        return absl::OkStatus();
      });
  if (!summary.ok()) return summary.status();
  walk.summary = *summary;
  return walk;
}

// 0 from 1 and 3, 1 from 2, 2 from 3: asset 3 is one edge away and three.
PlainLineage Shortcut() {
  const auto derived = [](std::uint8_t id, std::vector<PlainEdge> edges) {
    return PlainAsset{TestId(id), AssetKind::kModelCheckpoint, PlainDerivation{1, 0, edges}, {}};
  };
  return {{derived(1, {{.input = 1, .weight = 1}, {.input = 3, .weight = 1}}),
           derived(2, {{.input = 2, .weight = 1}}),
           derived(3, {{.input = 3, .weight = 1}}),
           {TestId(4), AssetKind::kWork, {}, {}}}};
}

TEST_CASE("traverse: each asset once, at its smallest depth", "[lineage]") {
  const PlainLineage lineage = Shortcut();
  const MemoryLineageReader reader(lineage);
  const Walk up = Run(reader, 0, {}).value();
  CHECK(up.visits == decltype(up.visits){{0, 0}, {1, 1}, {1, 3}, {2, 2}});
  CHECK(up.summary.asset_count == 4);
  CHECK(up.summary.listed_count == 4);
  CHECK(up.summary.edge_count == 4);
  CHECK(up.summary.depth == 2);
  CHECK(up.summary.unexpanded_count == 0);
  const Walk down = Run(reader, 3, {.direction = Direction::kDownstream}).value();
  CHECK(down.visits == decltype(down.visits){{0, 3}, {1, 0}, {1, 2}, {2, 1}});
}

TEST_CASE("traverse: a depth limit says how many assets it stopped at", "[lineage]") {
  const PlainLineage lineage = Shortcut();
  const MemoryLineageReader reader(lineage);
  const Walk walk = Run(reader, 0, {.depth_max = 1}).value();
  CHECK(walk.visits == decltype(walk.visits){{0, 0}, {1, 1}, {1, 3}});
  CHECK(walk.summary.unexpanded_count == 2);
  CHECK(Run(reader, 0, {.depth_max = 0}).value().visits.size() == 1);
}

TEST_CASE("traverse: kinds choose what is listed, not where the walk goes", "[lineage]") {
  const PlainLineage lineage = Shortcut();
  const MemoryLineageReader reader(lineage);
  const Walk walk = Run(reader, 1, {.kinds = {AssetKind::kWork}}).value();
  CHECK(walk.visits == decltype(walk.visits){{2, 3}});
  CHECK(walk.summary.asset_count == 3);
  CHECK(walk.summary.listed_count == 1);
}

TEST_CASE("traverse: limits are named", "[lineage]") {
  const PlainLineage lineage = Shortcut();
  const MemoryLineageReader reader(lineage);
  for (const Direction direction : {Direction::kUpstream, Direction::kDownstream}) {
    const std::size_t start = direction == Direction::kUpstream ? 0 : 3;
    const auto assets =
        Run(reader, start, {.direction = direction, .limits = {.asset_count_max = 3}});
    CHECK_STATUS(assets, absl::StatusCode::kResourceExhausted);
    CHECK(FieldOf(assets.status()) == "asset_count_max");
    const auto edges =
        Run(reader, start, {.direction = direction, .limits = {.edge_count_max = 3}});
    CHECK_STATUS(edges, absl::StatusCode::kResourceExhausted);
    CHECK(FieldOf(edges.status()) == "edge_count_max");
    REQUIRE_OK(
        Run(reader, start,
            {.direction = direction, .limits = {.asset_count_max = 4, .edge_count_max = 4}}));
  }
}

TEST_CASE("traverse: the visitor can stop the walk", "[lineage]") {
  const PlainLineage lineage = Shortcut();
  const MemoryLineageReader reader(lineage);
  int visit_count = 0;
  const auto summary =
      Traverse(reader, MemoryLineageReader::Number(0), {}, [&](const TraverseVisit&) {
        return ++visit_count == 2 ? absl::AbortedError("enough") : absl::OkStatus();
      });
  CHECK_STATUS(summary, absl::StatusCode::kAborted);
  CHECK(visit_count == 2);
}

// The definition: breadth first over plain edges, then sorted.
std::map<std::size_t, std::uint32_t> Depths(const PlainLineage& lineage, std::size_t start,
                                            Direction direction) {
  std::multimap<std::size_t, std::size_t> next;
  for (std::size_t i = 0; i < lineage.assets.size(); ++i) {
    if (!lineage.assets[i].derivation) continue;
    for (const PlainEdge& edge : lineage.assets[i].derivation->edges) {
      if (direction == Direction::kUpstream) next.emplace(i, edge.input);
      if (direction == Direction::kDownstream) next.emplace(edge.input, i);
    }
  }
  std::map<std::size_t, std::uint32_t> depths = {{start, 0}};
  for (std::queue<std::size_t> queue({start}); !queue.empty(); queue.pop()) {
    const auto [begin, end] = next.equal_range(queue.front());
    for (auto edge = begin; edge != end; ++edge) {
      if (depths.emplace(edge->second, depths[queue.front()] + 1).second) queue.push(edge->second);
    }
  }
  return depths;
}

TEST_CASE("traverse: equals breadth-first search on random lineages", "[lineage][property]") {
  Rng rng = SeededRng();
  for (int trial = 0; trial < 5'000; ++trial) {
    CAPTURE(rng.seed(), trial);
    const RandomCase random = RandomLineage(rng);
    const MemoryLineageReader reader(random.lineage);
    const auto direction = rng.OneIn(2) ? Direction::kUpstream : Direction::kDownstream;
    const std::size_t start = rng.Below(random.lineage.assets.size());
    const auto depth_max = static_cast<std::uint32_t>(rng.OneIn(2) ? 1000 : rng.Below(5));
    std::vector<std::pair<std::uint32_t, std::size_t>> expected;
    for (const auto& [asset, depth] : Depths(random.lineage, start, direction)) {
      if (depth <= depth_max) expected.emplace_back(depth, asset);
    }
    std::sort(expected.begin(), expected.end());
    const auto walk = Run(reader, start, {.direction = direction, .depth_max = depth_max});
    REQUIRE_OK(walk);
    REQUIRE(walk->visits == expected);
    REQUIRE(walk->summary.asset_count == expected.size());
  }
}

}  // namespace
}  // namespace tributary::test
