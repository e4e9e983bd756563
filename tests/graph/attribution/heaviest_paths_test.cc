#include "graph/attribution/heaviest_paths.h"

#include <algorithm>
#include <functional>

#include "graph/attribution/attribution.h"
#include "graph/model/status.h"
#include "tests/support/catch.h"
#include "tests/support/memory_lineage_reader.h"
#include "tests/support/random_lineage.h"
#include "tests/support/reference_attribution.h"

namespace tributary::test {
namespace {

struct ReferencePath {
  std::vector<std::size_t> assets;
  BigInt weight;
};

// Every path from `target` up to `upstream`, by recursion.
std::vector<ReferencePath> AllPaths(const PlainLineage& lineage, std::size_t target,
                                    std::size_t upstream) {
  std::vector<ReferencePath> paths;
  ReferencePath path;
  const std::function<void(std::size_t, const BigInt&)> walk = [&](std::size_t asset,
                                                                   const BigInt& weight) {
    path.assets.push_back(asset);
    if (asset == upstream) {
      paths.push_back({path.assets, weight});
    } else if (const auto& derivation = lineage.assets[asset].derivation) {
      BigInt denominator = derivation->retained;
      denominator += derivation->unattributed;
      for (const PlainEdge& edge : derivation->edges) denominator += edge.weight;
      for (const PlainEdge& edge : derivation->edges) {
        walk(edge.input, BigInt(weight * edge.weight / denominator));
      }
    }
    path.assets.pop_back();
  };
  walk(target, ToBigInt(kShareGrains));
  return paths;
}

void SortHeaviestFirst(const PlainLineage& lineage, std::vector<ReferencePath>* paths) {
  const auto ids = [&](const ReferencePath& path) {
    std::vector<Digest> result;
    for (const std::size_t asset : path.assets) result.push_back(lineage.assets[asset].id);
    return result;
  };
  std::sort(paths->begin(), paths->end(), [&](const ReferencePath& a, const ReferencePath& b) {
    return a.weight != b.weight ? a.weight > b.weight : ids(a) < ids(b);
  });
}

std::size_t PathCount(const PlainLineage& lineage, std::size_t target) {
  std::vector<std::size_t> count(lineage.assets.size());
  std::size_t largest = count[target] = 1;
  for (const std::size_t asset : ReferenceOrder(lineage, target)) {
    if (!lineage.assets[asset].derivation) continue;
    for (const PlainEdge& edge : lineage.assets[asset].derivation->edges) {
      count[edge.input] = std::min<std::size_t>(count[edge.input] + count[asset], 1'000'000);
      largest = std::max(largest, count[edge.input]);
    }
  }
  return largest;
}

// Makes weights that a floor turns equal: 2^96 is soon spent by denominators near 2^60.
void MakeFloorsCollide(Rng& rng, PlainLineage* lineage) {
  for (PlainAsset& asset : lineage->assets) {
    if (!asset.derivation || rng.OneIn(3)) continue;
    for (PlainEdge& edge : asset.derivation->edges) edge.weight = rng.Below(4);
    asset.derivation->unattributed = 0;
    asset.derivation->retained = std::uint64_t{1} << rng.Between(20, 50);
  }
}

TEST_CASE("heaviest paths: equal all paths, sorted", "[attribution][property]") {
  Rng rng = SeededRng();
  std::size_t cut_count = 0;       // answers that left paths out
  std::size_t tie_count = 0;       // of these, the first left out as heavy as the last listed
  std::size_t paid_tie_count = 0;  // of these, of a weight above 0
  for (int trial = 0; trial < 20'000; ++trial) {
    CAPTURE(rng.seed(), trial);
    RandomCase random = RandomLineage(rng);
    if (rng.OneIn(2)) MakeFloorsCollide(rng, &random.lineage);
    if (PathCount(random.lineage, random.target) > 300) continue;
    const MemoryLineageReader reader(random.lineage);
    const auto subgraph =
        CollectUpstream(reader, MemoryLineageReader::Number(random.target)).value();
    const auto upstream = static_cast<LineageSubgraph::Vertex>(rng.Below(subgraph.vertex_count()));
    std::vector<ReferencePath> expected = AllPaths(
        random.lineage, random.target, MemoryLineageReader::IndexOf(subgraph.asset(upstream)));
    SortHeaviestFirst(random.lineage, &expected);
    const std::size_t path_count = rng.Between(1, 6);
    if (expected.size() > path_count) {
      ++cut_count;
      const BigInt& last = expected[path_count - 1].weight;
      const bool is_tie = expected[path_count].weight == last;
      tie_count += is_tie ? 1 : 0;
      paid_tie_count += is_tie && last > 0 ? 1 : 0;
      expected.resize(path_count);
    }

    // Every step of the search leads to a path: k weights an edge, then at most 3 k paths of at
    // most all edges.
    const PathLimits limits{.path_work_max = 4 * path_count * subgraph.edge_count()};
    const auto found = FindHeaviestPaths(subgraph, upstream, path_count, limits);
    REQUIRE_OK(found);
    REQUIRE(found->paths.size() == expected.size());
    BigInt covered = 0;
    for (std::size_t p = 0; p < expected.size(); ++p) {
      std::vector<std::size_t> assets;
      for (const auto vertex : found->paths[p].vertices) {
        assets.push_back(MemoryLineageReader::IndexOf(subgraph.asset(vertex)));
      }
      REQUIRE(assets == expected[p].assets);
      REQUIRE((ToBigInt(found->paths[p].weight) == expected[p].weight));
      covered += expected[p].weight;
    }
    REQUIRE((ToBigInt(found->covered) == covered));
    const auto result = AttributeGrains(subgraph, kShareGrains).value();
    REQUIRE((found->inflow == result.inflow(subgraph, upstream)));
    REQUIRE((found->covered <= found->inflow));
  }
  CHECK(cut_count > 1'000);
  CHECK(tie_count > 100);
  CHECK(paid_tie_count > 50);
}

// Two prefixes reach asset 3: through 1 with the larger weight, through 2 with the smaller one and,
// its id being smaller, the smaller sequence. The last edges floor both to 5: 2^96 * 1001 / 3000 /
// 2^92 is 5.34, and with 1000 it is 5.33. One path is asked for: keeping only the heavier prefix at
// asset 3 would list the wrong one.
TEST_CASE("heaviest paths: a floor makes a lighter prefix win by its sequence", "[attribution]") {
  constexpr std::uint64_t kLarge = std::uint64_t{1} << 62;
  const auto derived = [](std::uint8_t id, std::uint64_t retained, std::vector<PlainEdge> edges) {
    return PlainAsset{TestId(id), AssetKind::kDataset, PlainDerivation{retained, 0, edges}, {}};
  };
  const PlainLineage lineage{
      {derived(9, 999, {{.input = 1, .weight = 1001}, {.input = 2, .weight = 1000}}),
       derived(8, 0, {{.input = 3, .weight = 1}}),
       derived(7, 0, {{.input = 3, .weight = 1}}),
       derived(6, kLarge, {{.input = 4, .weight = 1}}),
       derived(5, (std::uint64_t{1} << 30), {{.input = 5, .weight = 1}}),
       {TestId(4), AssetKind::kWork, {}, {}}}};
  const MemoryLineageReader reader(lineage);
  const auto subgraph = CollectUpstream(reader, MemoryLineageReader::Number(0)).value();
  const auto last = subgraph.Find(MemoryLineageReader::Number(5)).value();
  const auto two = FindHeaviestPaths(subgraph, last, 2).value();
  REQUIRE(two.paths.size() == 2);
  CHECK((two.paths[0].weight == two.paths[1].weight));
  CHECK((two.paths[0].weight > 0));
  const auto one = FindHeaviestPaths(subgraph, last, 1).value();
  REQUIRE(one.paths.size() == 1);
  CHECK(subgraph.asset(one.paths[0].vertices[1]) == MemoryLineageReader::Number(2));
}

// A path of weight 3, and beside it a ladder of 2^32 paths that all end with floor(4 * 2 / 3) = 2.
// To end with 3 they would have to leave the ladder with ceil(3 * 3 / 2) = 5. Were that rounded
// down to 4, the search would go through every one of them.
TEST_CASE("heaviest paths: no path that is too light is walked", "[attribution]") {
  constexpr std::size_t kRungCount = 32;
  PlainLineage lineage;
  const auto add = [&](std::uint64_t retained, std::vector<PlainEdge> edges) {
    const auto id = TestId(static_cast<std::uint8_t>(lineage.assets.size()));
    lineage.assets.push_back({id, AssetKind::kDataset, PlainDerivation{retained, 0, edges}, {}});
  };
  constexpr std::size_t kLadderEnd = 1 + 3 * kRungCount;
  constexpr std::size_t kDirect = kLadderEnd + 1;
  constexpr std::size_t kLast = kDirect + 1;
  // 2^34 grains into the ladder, and as many into the direct path.
  add((std::uint64_t{1} << 62) - 2, {{.input = 1, .weight = 1}, {.input = kDirect, .weight = 1}});
  for (std::size_t i = 1; i < kLadderEnd; i += 3) {
    add(0, {{.input = i + 1, .weight = 1}, {.input = i + 2, .weight = 1}});
    add(0, {{.input = i + 3, .weight = 1}});
    add(0, {{.input = i + 3, .weight = 1}});
  }
  add(1, {{.input = kLast, .weight = 2}});
  add((std::uint64_t{1} << 34) - 3, {{.input = kLast, .weight = 3}});
  lineage.assets.push_back({TestId(kLast), AssetKind::kWork, {}, {}});

  const MemoryLineageReader reader(lineage);
  const auto subgraph = CollectUpstream(reader, MemoryLineageReader::Number(0)).value();
  const auto last = subgraph.Find(MemoryLineageReader::Number(kLast)).value();
  const auto found = FindHeaviestPaths(subgraph, last, 1, {.path_work_max = 1'000});
  REQUIRE_OK(found);
  REQUIRE(found->paths.size() == 1);
  CHECK((found->paths[0].weight == 3));
  CHECK(found->paths[0].vertices.size() == 3);
  const auto two = FindHeaviestPaths(subgraph, last, 2).value();
  REQUIRE(two.paths.size() == 2);
  CHECK((two.paths[1].weight == 2));
}

PlainLineage Chain(std::size_t edge_count) {
  PlainLineage lineage;
  for (std::size_t i = 0; i <= edge_count; ++i) {
    lineage.assets.push_back({TestId(static_cast<std::uint8_t>(i)), AssetKind::kWork, {}, {}});
    if (i < edge_count) {
      lineage.assets[i].derivation = PlainDerivation{1, 0, {{.input = i + 1, .weight = 1}}};
    }
  }
  return lineage;
}

TEST_CASE("heaviest paths: an asset has the path without edges to itself", "[attribution]") {
  const PlainLineage lineage = Chain(3);
  const MemoryLineageReader reader(lineage);
  const auto subgraph = CollectUpstream(reader, MemoryLineageReader::Number(0)).value();
  const auto found = FindHeaviestPaths(subgraph, LineageSubgraph::kTarget, 5);
  REQUIRE_OK(found);
  CHECK((found->paths == std::vector<WeightedPath>{{{0}, kShareGrains}}));
  CHECK((found->covered == found->inflow));
}

TEST_CASE("heaviest paths: limits are named", "[attribution]") {
  const PlainLineage lineage = Chain(10);
  const MemoryLineageReader reader(lineage);
  const auto subgraph = CollectUpstream(reader, MemoryLineageReader::Number(0)).value();
  struct Limit {
    std::string_view name;
    PathLimits met;
    PathLimits not_met;
  };
  for (const Limit& limit :
       {Limit{"path_edge_count_max", {.path_edge_count_max = 9}, {.path_edge_count_max = 10}},
        Limit{"path_work_max", {.path_work_max = 15}, {.path_work_max = 100}}}) {
    CAPTURE(limit.name);
    const auto met = FindHeaviestPaths(subgraph, 10, 1, limit.met);
    CHECK_STATUS(met, absl::StatusCode::kResourceExhausted);
    CHECK(FieldOf(met.status()) == limit.name);
    CHECK_STATUS(FindHeaviestPaths(subgraph, 10, 1, limit.not_met), absl::StatusCode::kOk);
  }
  for (const std::size_t count : {std::size_t{0}, std::size_t{101}}) {
    const auto found = FindHeaviestPaths(subgraph, 10, count);
    CHECK_STATUS(found, absl::StatusCode::kInvalidArgument);
    CHECK(FieldOf(found.status()) == "path_count");
  }
  CHECK_STATUS(FindHeaviestPaths(subgraph, 11, 1), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tributary::test
