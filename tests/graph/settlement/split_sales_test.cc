// Many sales in one flow against each of them by itself.

#include <set>

#include "graph/settlement/payee_totals.h"
#include "tests/graph/settlement/sale_cases.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary::test {
namespace {

using Totals = std::map<std::string, Grains>;

void AddTo(const SaleSplit& split, Totals* totals) {
  for (const SaleLine& line : split.lines) {
    (*totals)[line.hold ? "hold " + std::to_string(*line.hold) : line.payee.Key()] += line.grains;
  }
}

Totals ByPayee(const PayeeTotals& totals) {
  Totals all;
  for (const auto& [party, grains] : totals.parties()) all["party:" + party] = grains;
  for (const auto& [id, grains] : totals.unclaimed()) all["unclaimed:" + id.ToHex()] = grains;
  for (const auto& [id, grains] : totals.undisclosed()) all["undisclosed:" + id.ToHex()] = grains;
  for (std::size_t i = 0; i < totals.held().size(); ++i) {
    if (totals.held()[i] != 0) all["hold " + std::to_string(i)] = totals.held()[i];
  }
  if (totals.unattributed() != 0) all["unattributed"] = totals.unattributed();
  return all;
}

Grains Distance(const Totals& a, const Totals& b) {
  Grains largest = 0;
  const auto at = [](const Totals& totals, const std::string& key) {
    const auto found = totals.find(key);
    return found == totals.end() ? Grains{0} : found->second;
  };
  std::set<std::string> keys;
  for (const auto& [key, grains] : a) keys.insert(key);
  for (const auto& [key, grains] : b) keys.insert(key);
  for (const std::string& key : keys) {
    const Grains one = at(a, key);
    const Grains other = at(b, key);
    largest = std::max(largest, one > other ? one - other : other - one);
  }
  return largest;
}

struct Bound {
  explicit Bound(const SaleCase& given) : reader(given.lineage) {
    for (const AbsoluteTerm& term : given.policy.absolute_terms) {
      for (std::size_t i = 0; i < given.lineage.assets.size(); ++i) {
        if (given.lineage.assets[i].id != term.asset) continue;
        terms.push_back({MemoryLineageReader::Number(i), term.asset, term.ppm});
      }
    }
    for (const ReferenceHold& hold : given.holds) {
      if (hold.asset) {
        holds.push_back(
            {.subject = HoldSubject::kAsset, .asset = MemoryLineageReader::Number(*hold.asset)});
      } else if (hold.derivation_of) {
        holds.push_back(
            {.subject = HoldSubject::kDerivation,
             .asset = MemoryLineageReader::Number(*hold.derivation_of),
             .derivation = MemoryLineageReader::DerivationPosition(*hold.derivation_of)});
      } else if (!hold.on_sale) {
        holds.push_back({.subject = HoldSubject::kParty, .party = hold.party});
      }
    }
  }
  MemoryLineageReader reader;
  std::vector<BoundTerm> terms;
  std::vector<HoldView> holds;
};

TEST_CASE("split sales: one flow gives what each sale gives, but for single grains",
          "[settlement][property]") {
  Rng rng = SeededRng();
  std::size_t split_count = 0;
  std::size_t refused_count = 0;
  std::size_t term_count = 0;
  for (int trial = 0; trial < 3'000; ++trial) {
    SaleCase given = RandomSaleCase(rng);
    given.policy.floors.clear();
    if (given.policy.undisclosed == UndisclosedRule::kSoldAssetHolders) {
      given.policy.undisclosed = UndisclosedRule::kHeld;
    }
    given.policy.unclaimed = UnclaimedRule::kHeld;
    const Bound bound(given);
    const BoundPolicy policy{&given.policy, bound.terms};
    const SalesTerms terms{"EUR", 64};
    std::vector<AssetNumber> sold;
    std::vector<Placement> placements;
    for (std::uint64_t i = rng.Between(1, 12); i > 0; --i) {
      const AssetNumber asset = MemoryLineageReader::Number(rng.Below(given.lineage.assets.size()));
      const auto known = std::find(sold.begin(), sold.end(), asset);
      const auto vertex = static_cast<LineageSubgraph::Vertex>(known - sold.begin());
      if (known == sold.end()) sold.push_back(asset);
      placements.push_back({vertex, {1 + rng.Below(1'000)}, rng.OneIn(3) ? rng.Below(3) : 1});
    }
    const auto all = CollectUpstream(bound.reader, sold).value();
    CAPTURE(rng.seed(), trial);
    const auto together = SplitSales(bound.reader, all, placements, terms, policy, bound.holds);
    SaleSplit sums;
    Totals apart;
    std::set<std::size_t> refused;
    for (std::size_t i = 0; i < placements.size(); ++i) {
      const auto own = CollectUpstream(bound.reader, sold[placements[i].vertex]).value();
      const auto split =
          SplitSale(bound.reader, own, {placements[i].amount, placements[i].sale_count, "EUR", 64},
                    policy, bound.holds);
      if (!split.ok()) {
        refused.insert(i);
        continue;
      }
      sums.gross += split->gross;
      sums.fees += split->fees;
      sums.absolute += split->absolute;
      AddTo(*split, &apart);
    }
    REQUIRE(together.ok() == refused.empty());
    if (!together.ok()) {
      ++refused_count;
      REQUIRE(PlacementOf(together.status()).has_value());
      REQUIRE(refused.contains(*PlacementOf(together.status())));
      continue;
    }
    ++split_count;
    if (together->absolute != 0) ++term_count;
    REQUIRE((together->gross == sums.gross));
    REQUIRE((together->fees == sums.fees));
    REQUIRE((together->absolute == sums.absolute));
    Totals one_flow;
    AddTo(*together, &one_flow);
    const Grains grains = placements.size() * (all.edge_count() + 2 * all.vertex_count() + 8);
    REQUIRE((Distance(one_flow, apart) <= grains));
    PayeeTotals totals(1'000'000);
    REQUIRE(
        AddSales(bound.reader, all, placements, terms, policy, bound.holds, {}, nullptr, &totals)
            .ok());
    REQUIRE(ByPayee(totals) == one_flow);
  }
  CHECK(split_count > 1'000);
  CHECK(refused_count > 100);
  CHECK(term_count > 200);
}

// A close adds up what holds catch where they catch it; what one sale gives is shown with its
// payees, by a flow for each hold, which is compared with a slow reference elsewhere.
TEST_CASE("split sales: a hold has what it catches, whether that flows on or not",
          "[settlement][property]") {
  Rng rng = SeededRng(31);
  std::size_t caught_count = 0;
  std::size_t floor_count = 0;
  for (int trial = 0; trial < 4'000; ++trial) {
    SaleCase given = RandomSaleCase(rng);
    // A dispute over most of the lineage.
    for (std::size_t i = 0; i < given.lineage.assets.size(); ++i) {
      if (given.lineage.assets[i].derivation && rng.OneIn(2)) {
        given.holds.push_back({.derivation_of = i});
      }
    }
    std::erase_if(given.holds, [](const ReferenceHold& hold) { return hold.on_sale; });
    const Bound bound(given);
    const BoundPolicy policy{&given.policy, bound.terms};
    const auto subgraph =
        CollectUpstream(bound.reader, MemoryLineageReader::Number(given.sale.target)).value();
    const Placement sold{LineageSubgraph::kTarget, {1 + rng.Below(1'000'000)}, 1};
    const SalesTerms terms{"EUR", 64};
    const auto shown =
        SplitSales(bound.reader, subgraph, std::span(&sold, 1), terms, policy, bound.holds);
    PayeeTotals totals(1'000'000);
    const auto added = AddSales(bound.reader, subgraph, std::span(&sold, 1), terms, policy,
                                bound.holds, {}, nullptr, &totals);
    CAPTURE(rng.seed(), trial);
    REQUIRE(shown.ok() == added.ok());
    if (!shown.ok()) continue;
    Totals expected;
    AddTo(*shown, &expected);
    REQUIRE(ByPayee(totals) == expected);
    for (const SaleLine& line : shown->lines) {
      if (!line.hold || bound.holds[*line.hold].subject != HoldSubject::kDerivation) continue;
      ++caught_count;
      floor_count += line.reason.cause == LineCause::kFloor ? 1 : 0;
    }
  }
  CHECK(caught_count > 1'000);
  CHECK(floor_count > 200);
}

TEST_CASE("split sales: more terms than a word of bits has are all found", "[settlement]") {
  // A chain of 150 assets, each with a term: a sale of asset i owes those of all after it.
  std::vector<PlainAsset> assets;
  constexpr std::size_t kCount = 150;
  for (std::size_t i = 0; i + 1 < kCount; ++i) {
    assets.push_back(
        Made(AssetKind::kOutput, "p" + std::to_string(i), 1, {{.input = i + 1, .weight = 1}}));
  }
  assets.push_back(Source(AssetKind::kWork, "last"));
  const PlainLineage lineage = Story(std::move(assets));
  const MemoryLineageReader reader(lineage);
  PolicyRecord record{.name = "terms"};
  std::vector<BoundTerm> terms;
  for (std::size_t i = 0; i < kCount; ++i) {
    record.absolute_terms.push_back({lineage.assets[i].id, 1'000});
    terms.push_back({MemoryLineageReader::Number(i), lineage.assets[i].id, 1'000});
  }
  std::vector<AssetNumber> sold;
  std::vector<Placement> placements;
  std::uint64_t owed = 0;
  for (LineageSubgraph::Vertex i = 0; i < kCount; i += 7) {
    placements.push_back({static_cast<LineageSubgraph::Vertex>(sold.size()), {1'000'000}, 1});
    sold.push_back(MemoryLineageReader::Number(i));
    owed += 1'000 * (kCount - 1 - i);
  }
  const auto subgraph = CollectUpstream(reader, sold).value();
  const auto split = SplitSales(reader, subgraph, placements, {"EUR", 8}, {&record, terms}).value();
  CHECK((split.absolute == Grains{owed} << 8));
}

TEST_CASE("split sales: a policy that depends on the asset sold takes one asset", "[settlement]") {
  const PlainLineage lineage =
      Story({Source(AssetKind::kWork, "a"), Source(AssetKind::kWork, "b")});
  const MemoryLineageReader reader(lineage);
  const std::vector<AssetNumber> sold{MemoryLineageReader::Number(0),
                                      MemoryLineageReader::Number(1)};
  const auto subgraph = CollectUpstream(reader, sold).value();
  PolicyRecord policy{.name = "floors"};
  policy.unclaimed = UnclaimedRule::kSoldAssetHolders;
  const std::vector<Placement> placements{{0, {1}}, {1, {1}}};
  CHECK(SplitSales(reader, subgraph, placements, {"EUR", 64}, {&policy}).status().code() ==
        absl::StatusCode::kInternal);
}

TEST_CASE("collect: several targets come first, each once, and in a true order", "[settlement]") {
  Rng rng = SeededRng();
  for (int trial = 0; trial < 2'000; ++trial) {
    const RandomCase random = RandomLineage(rng);
    const MemoryLineageReader reader(random.lineage);
    std::vector<AssetNumber> targets;
    std::vector<AssetNumber> each;
    std::set<std::uint64_t> wanted;
    for (std::uint64_t i = rng.Between(1, 5); i > 0; --i) {
      const std::size_t target = rng.Below(random.lineage.assets.size());
      targets.push_back(MemoryLineageReader::Number(target));
      if (std::find(each.begin(), each.end(), targets.back()) == each.end()) {
        each.push_back(targets.back());
      }
      for (const std::size_t a : ReferenceOrder(random.lineage, target)) {
        wanted.insert(MemoryLineageReader::Number(a).value);
      }
    }
    const auto subgraph = CollectUpstream(reader, targets).value();
    CAPTURE(rng.seed(), trial);
    REQUIRE(std::equal(each.begin(), each.end(), subgraph.assets().begin()));
    std::set<std::uint64_t> found;
    for (const AssetNumber asset : subgraph.assets()) found.insert(asset.value);
    REQUIRE(found == wanted);
    REQUIRE(subgraph.vertex_count() == wanted.size());
    std::vector<std::size_t> place(subgraph.vertex_count(), subgraph.derivations().size());
    for (std::size_t i = 0; i < subgraph.topological_order().size(); ++i) {
      place[subgraph.derivations()[subgraph.topological_order()[i]].vertex] = i;
    }
    REQUIRE(subgraph.topological_order().size() == subgraph.derivations().size());
    for (const auto& derivation : subgraph.derivations()) {
      for (const auto input : subgraph.edge_targets(derivation)) {
        REQUIRE(place[derivation.vertex] < place[input]);
      }
    }
  }
}

}  // namespace
}  // namespace tributary::test
