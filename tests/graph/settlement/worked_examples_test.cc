// Small stories whose numbers a person can check by hand: SEMANTICS sections 3 and 4.

#include <map>
#include <string>

#include "graph/attribution/attribution.h"
#include "graph/attribution/payees.h"
#include "graph/settlement/quote.h"
#include "tests/support/catch.h"
#include "tests/support/memory_lineage_reader.h"

namespace tributary::test {
namespace {

using Cents = std::map<std::string, std::uint64_t>;

// What a sale of asset 0 for `amount` cents would give whom.
Cents Quote(const PlainLineage& lineage, std::uint64_t amount) {
  constexpr unsigned kFractionBits = 64;
  const MemoryLineageReader reader(lineage);
  const auto subgraph = CollectUpstream(reader, MemoryLineageReader::Number(0)).value();
  const Grains placed = PlaceAmount({amount}, kFractionBits).value();
  const auto lines =
      SplitOverPayees(reader, subgraph, AttributeGrains(subgraph, placed).value()).value();
  std::vector<Grains> grains;
  for (const PayeeLine& line : lines) grains.push_back(line.grains);
  const auto parts = ApportionQuote({amount}, kFractionBits, grains).value();
  Cents cents;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    cents[lines[i].payee.Key()] = static_cast<std::uint64_t>(parts[i].value);
  }
  return cents;
}

// Assets get their ids by place: asset i has TestId(i).
PlainLineage Story(std::vector<PlainAsset> assets) {
  for (std::size_t i = 0; i < assets.size(); ++i) {
    assets[i].id = TestId(static_cast<std::uint8_t>(i));
  }
  return {std::move(assets)};
}

PlainAsset Made(AssetKind kind, std::string holder, std::uint64_t kept,
                std::vector<PlainEdge> edges, std::uint64_t unattributed = 0) {
  PlainAsset asset{{}, kind, PlainDerivation{kept, unattributed, std::move(edges)}, {}};
  if (!holder.empty()) asset.holders.push_back({holder, 1});
  return asset;
}

PlainAsset Source(AssetKind kind, std::string holder) {
  PlainAsset asset{{}, kind, {}, {}};
  if (!holder.empty()) asset.holders.push_back({holder, 1});
  return asset;
}

std::string Unclaimed(std::uint8_t asset) { return "unclaimed:" + TestId(asset).ToHex(); }

TEST_CASE("worked example 1: a first sale", "[settlement][worked]") {
  const PlainLineage lineage = Story(
      {Made(AssetKind::kOutput, "Sam", 4, {{.input = 1, .weight = 3}, {.input = 2, .weight = 3}}),
       Made(AssetKind::kModelCheckpoint, "Acme", 2, {{.input = 3, .weight = 1}}),
       Source(AssetKind::kPrompt, "Pia"),
       Made(AssetKind::kDataset, "Dora", 1,
            {{.input = 4, .weight = 3}, {.input = 5, .weight = 3}, {.input = 6, .weight = 3}}),
       Source(AssetKind::kWork, "Ana"), Source(AssetKind::kWork, "Ben"),
       Source(AssetKind::kWork, "")});
  CHECK(Quote(lineage, 125'00) == Cents{{"party:Sam", 50'00},
                                        {"party:Pia", 37'50},
                                        {"party:Acme", 25'00},
                                        {"party:Ana", 3'75},
                                        {"party:Ben", 3'75},
                                        {"party:Dora", 1'25},
                                        {Unclaimed(6), 3'75}});
}

TEST_CASE("worked example 2: a diamond is not paid twice", "[settlement][worked]") {
  const PlainLineage lineage = Story(
      {Made(AssetKind::kOutput, "", 4, {{.input = 1, .weight = 3}, {.input = 2, .weight = 3}}),
       Made(AssetKind::kModelCheckpoint, "", 1, {{.input = 3, .weight = 1}}),
       Made(AssetKind::kModelCheckpoint, "", 1, {{.input = 3, .weight = 1}}),
       Made(AssetKind::kModelCheckpoint, "", 3, {{.input = 4, .weight = 1}}, /*unattributed=*/1),
       Source(AssetKind::kWork, "")});
  CHECK(Quote(lineage, 100'00) == Cents{{Unclaimed(0), 40'00},
                                        {Unclaimed(1), 15'00},
                                        {Unclaimed(2), 15'00},
                                        {Unclaimed(3), 18'00},
                                        {Unclaimed(4), 6'00},
                                        {"unattributed", 6'00}});
  // Passing through the base: 30 %, counted once, to the grain.
  const MemoryLineageReader reader(lineage);
  const auto subgraph = CollectUpstream(reader, MemoryLineageReader::Number(0)).value();
  const auto result = AttributeGrains(subgraph, kShareGrains).value();
  const auto base = subgraph.Find(MemoryLineageReader::Number(3)).value();
  const Grains inflow = result.inflow(subgraph, base);
  CHECK((inflow * 10 <= kShareGrains * 3 + 20));
  CHECK((inflow * 10 + 20 >= kShareGrains * 3));
}

TEST_CASE("worked example 4: a re-export becomes disclosed", "[settlement][worked]") {
  const PlainAsset output = Made(AssetKind::kOutput, "Sam", 60, {{.input = 1, .weight = 40}});
  const PlainAsset model =
      Made(AssetKind::kModelCheckpoint, "Acme", 3, {{.input = 2, .weight = 1}});
  const PlainLineage before = Story({output, model, Source(AssetKind::kDataset, "")});
  CHECK(Quote(before, 100'00) == Cents{{"party:Sam", 60'00},
                                       {"party:Acme", 30'00},
                                       {"undisclosed:" + TestId(2).ToHex(), 10'00}});
  const PlainLineage after = Story(
      {output, model, Made(AssetKind::kDataset, "", 0, {{.input = 3, .weight = 1}}),
       Made(AssetKind::kDataset, "", 0, {{.input = 4, .weight = 1}, {.input = 5, .weight = 1}}),
       Source(AssetKind::kWork, "Ana"), Source(AssetKind::kWork, "Ben")});
  CHECK(
      Quote(after, 100'00) ==
      Cents{{"party:Sam", 60'00}, {"party:Acme", 30'00}, {"party:Ana", 5'00}, {"party:Ben", 5'00}});
}

TEST_CASE("worked example 6: equal thirds", "[settlement][worked]") {
  PlainAsset work = Source(AssetKind::kWork, "");
  work.holders = {{"p1", 1}, {"p2", 1}, {"p3", 1}};
  CHECK(Quote(Story({work}), 1'00) == Cents{{"party:p1", 34}, {"party:p2", 33}, {"party:p3", 33}});
}

}  // namespace
}  // namespace tributary::test
