#include "graph/attribution/attribution.h"

#include <string>

#include "graph/model/status.h"
#include "tests/support/catch.h"
#include "tests/support/memory_lineage_reader.h"
#include "tests/support/random_lineage.h"

namespace tributary::test {
namespace {

using Vertex = LineageSubgraph::Vertex;

LineageSubgraph Collect(const PlainLineage& lineage, std::size_t target) {
  const MemoryLineageReader reader(lineage);
  return CollectUpstream(reader, MemoryLineageReader::Number(target)).value();
}

// Retained or undisclosed grains by asset id, and what is unattributed: all that a sale depends on.
std::map<std::string, std::string> Outcome(const PlainLineage& lineage, std::size_t target) {
  const LineageSubgraph subgraph = Collect(lineage, target);
  const AttributionResult result = AttributeGrains(subgraph, kShareGrains).value();
  std::map<std::string, std::string> outcome;
  outcome["unattributed"] = ToDecimal(result.unattributed_total);
  for (Vertex v = 0; v < subgraph.vertex_count(); ++v) {
    const std::size_t i = MemoryLineageReader::IndexOf(subgraph.asset(v));
    outcome[lineage.assets[i].id.ToHex()] =
        (subgraph.is_undisclosed(v) ? "undisclosed " : "retained ") + ToDecimal(result.kept[v]);
  }
  return outcome;
}

TEST_CASE("attribution: the cumulative rule gives the odd grains away by position",
          "[attribution]") {
  // 7 grains over three edges of weight 1: floors of 7/3, 14/3, 21/3.
  const PlainLineage lineage{
      {{TestId(9),
        AssetKind::kDataset,
        PlainDerivation{
            0,
            0,
            {{.input = 1, .weight = 1}, {.input = 2, .weight = 1}, {.input = 3, .weight = 1}}},
        {}},
       {TestId(1), AssetKind::kWork, {}, {}},
       {TestId(2), AssetKind::kWork, {}, {}},
       {TestId(3), AssetKind::kWork, {}, {}}}};
  const LineageSubgraph subgraph = Collect(lineage, 0);
  const auto result = AttributeGrains(subgraph, 7);
  REQUIRE_OK(result);
  CHECK((result->kept == std::vector<Grains>{0, 2, 2, 3}));
  CHECK((result->inflow(subgraph, 0) == 7));
  CHECK((result->inflow(subgraph, 3) == 3));
}

TEST_CASE("attribution: unattributed comes after the edges and before what is retained",
          "[attribution]") {
  // 10 grains, weights 1 | unattributed 1 | retained 1: floor(10/3), floor(20/3) - 3, the rest.
  const PlainLineage lineage{
      {{TestId(1), AssetKind::kOutput, PlainDerivation{1, 1, {{.input = 1, .weight = 1}}}, {}},
       {TestId(2), AssetKind::kDataset, {}, {}}}};
  const LineageSubgraph subgraph = Collect(lineage, 0);
  const auto result = AttributeGrains(subgraph, 10);
  REQUIRE_OK(result);
  CHECK((result->undisclosed(subgraph, 1) == 3));
  CHECK((result->retained(subgraph, 1) == 0));
  CHECK((result->unattributed_total == 3));
  CHECK((result->retained(subgraph, 0) == 4));
  CHECK((result->undisclosed_total == 3));
  CHECK((result->retained_total == 4));
}

TEST_CASE("attribution: places up to 2^127 grains and no more", "[attribution]") {
  const PlainLineage lineage{{{TestId(1), AssetKind::kWork, {}, {}}}};
  const LineageSubgraph subgraph = Collect(lineage, 0);
  CHECK((AttributeGrains(subgraph, kPlacedGrainsMax).value().kept[0] == kPlacedGrainsMax));
  CHECK((AttributeGrains(subgraph, 0).value().kept[0] == 0));
  const auto above = AttributeGrains(subgraph, kPlacedGrainsMax + 1);
  CHECK_STATUS(above, absl::StatusCode::kOutOfRange);
  CHECK(FieldOf(above.status()) == "placed");
}

// A list whose last weight fits its derivation, but which descends on the way.
TEST_CASE("attribution: descending cumulative weights are data loss", "[attribution]") {
  class DescendingReader : public MemoryLineageReader {
   public:
    using MemoryLineageReader::MemoryLineageReader;
    absl::Status ReadDerivations(std::span<const AssetNumber> assets, std::size_t edge_count_max,
                                 std::vector<DerivationView>* derivations) const override {
      const absl::Status status =
          MemoryLineageReader::ReadDerivations(assets, edge_count_max, derivations);
      const auto edges = std::make_shared<EdgeList>(*derivations->front().edges);
      edges->cumulative_weights[0] = edges->cumulative_weights[1] + 1;
      derivations->front().edges = edges;
      return status;
    }
  };
  const PlainLineage lineage{
      {{TestId(1),
        AssetKind::kDataset,
        PlainDerivation{5, 0, {{.input = 1, .weight = 1}, {.input = 2, .weight = 1}}},
        {}},
       {TestId(2), AssetKind::kWork, {}, {}},
       {TestId(3), AssetKind::kWork, {}, {}}}};
  const DescendingReader reader(lineage);
  const auto subgraph = CollectUpstream(reader, MemoryLineageReader::Number(0));
  REQUIRE_OK(subgraph);
  CHECK_STATUS(AttributeGrains(*subgraph, kShareGrains), absl::StatusCode::kDataLoss);
}

TEST_CASE("attribution: order of recording and of edges changes nothing",
          "[attribution][property]") {
  Rng rng = SeededRng();
  for (int trial = 0; trial < 25'000; ++trial) {
    const RandomCase random = RandomLineage(rng);
    const std::size_t count = random.lineage.assets.size();
    std::vector<std::size_t> place(count);  // a random permutation
    for (std::size_t i = 0; i < count; ++i) place[i] = i;
    for (std::size_t i = count; i > 1; --i) std::swap(place[i - 1], place[rng.Below(i)]);
    PlainLineage shuffled;
    shuffled.assets.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      PlainAsset asset = random.lineage.assets[i];
      if (asset.derivation) {
        auto& edges = asset.derivation->edges;
        for (PlainEdge& edge : edges) edge.input = place[edge.input];
        std::reverse(edges.begin(), edges.end());
      }
      shuffled.assets[place[i]] = std::move(asset);
    }
    if (Outcome(random.lineage, random.target) != Outcome(shuffled, place[random.target])) {
      FAIL("trial " << trial << " of seed " << rng.seed());
    }
  }
}

TEST_CASE("attribution: the scale of weights changes nothing", "[attribution][property]") {
  Rng rng = SeededRng();
  for (int trial = 0; trial < 25'000; ++trial) {
    const RandomCase random = RandomLineage(rng);
    PlainLineage scaled = random.lineage;
    for (PlainAsset& asset : scaled.assets) {
      if (!asset.derivation) continue;
      std::uint64_t denominator = asset.derivation->retained + asset.derivation->unattributed;
      for (const PlainEdge& edge : asset.derivation->edges) denominator += edge.weight;
      const std::uint64_t factor = rng.Between(1, kWeightSumMax / denominator);
      asset.derivation->retained *= factor;
      asset.derivation->unattributed *= factor;
      for (PlainEdge& edge : asset.derivation->edges) edge.weight *= factor;
    }
    if (Outcome(random.lineage, random.target) != Outcome(scaled, random.target)) {
      FAIL("trial " << trial << " of seed " << rng.seed());
    }
  }
}

TEST_CASE("attribution: a pass-through before any asset changes nobody's share",
          "[attribution][property]") {
  Rng rng = SeededRng();
  for (int trial = 0; trial < 25'000; ++trial) {
    const RandomCase random = RandomLineage(rng);
    // The target under a second id, which keeps nothing.
    PlainLineage longer = random.lineage;
    longer.assets.push_back({TestId(1),
                             AssetKind::kOther,
                             PlainDerivation{0, 0, {{.input = random.target, .weight = 1}}},
                             {}});
    auto expected = Outcome(random.lineage, random.target);
    expected[TestId(1).ToHex()] = "retained 0";
    if (Outcome(longer, longer.assets.size() - 1) != expected) {
      FAIL("trial " << trial << " of seed " << rng.seed());
    }
  }
}

}  // namespace
}  // namespace tributary::test
