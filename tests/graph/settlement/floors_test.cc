// Role floors: how reach is measured, where what they take goes, and many assets at once.

#include <set>

#include "graph/model/status.h"
#include "graph/settlement/role_flow.h"
#include "graph/settlement/role_reach.h"
#include "graph/settlement/valuation.h"
#include "graph/settlement/wide_proportion.h"
#include "tests/graph/settlement/ledger_story.h"
#include "tests/graph/settlement/sale_cases.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary::test {
namespace {

constexpr std::uint64_t kWeightMax = (std::uint64_t{1} << 63) - 1;

// --- The parts of a wide whole ---

TEST_CASE("wide proportion: is the quotient of the full product", "[settlement][property]") {
  Rng rng = SeededRng();
  const auto any = [&](unsigned bits) {
    return (Uint128{rng()} << 64 | rng()) >> (128 - rng.Between(1, bits));
  };
  for (int trial = 0; trial < 20'000; ++trial) {
    const Uint128 whole = rng.OneIn(20) ? Uint128{1} << 126 : std::max(Uint128{1}, any(126));
    const Grains flow = rng.OneIn(20) ? Grains{1} << 127 : any(127);
    const WideProportion proportion(flow, whole);
    for (const Uint128 part :
         {Uint128{0}, Uint128{1}, whole / 3, whole - 1, whole, any(126) % (whole + 1)}) {
      const BigInt wanted = ToBigInt(flow) * ToBigInt(part) / ToBigInt(whole);
      if (ToBigInt(proportion.Floor(part)) != wanted) {
        FAIL("trial " << trial << " of seed " << rng.seed());
      }
    }
  }
}

// --- Reach ---

RoleReach ReachIn(const PlainLineage& lineage, Role role) {
  const MemoryLineageReader reader(lineage);
  const auto subgraph = CollectUpstream(reader, MemoryLineageReader::Number(0)).value();
  return MeasureReach(subgraph, role).value();
}

TEST_CASE("reach: a chain of fine-tunes counts once", "[settlement]") {
  // An output by half; its model is a fine-tune with data of a fine-tune with data of a model with
  // data. All data sets are met by edges of the role, and those behind the first one not again.
  const PlainLineage lineage =
      Story({Made(AssetKind::kOutput, "sam", 1, {{1, 1, Role::kGenerator}}),
             Made(AssetKind::kModelCheckpoint, "", 2,
                  {{2, 1, Role::kBaseModel}, {4, 1, Role::kTrainingData}}),
             Made(AssetKind::kModelCheckpoint, "", 2,
                  {{3, 1, Role::kBaseModel}, {4, 1, Role::kTrainingData}}),
             Made(AssetKind::kModelCheckpoint, "", 3, {{4, 1, Role::kTrainingData}}),
             Made(AssetKind::kDataset, "", 0, {{5, 1, Role::kTrainingData}}),
             Source(AssetKind::kWork, "ana")});
  // 1/4; then 1/4 + 1/16; then 1/4 + 5/64.
  CHECK(ReachIn(lineage, Role::kTrainingData).parts[0] == kReachOne / 128 * 21);
  CHECK(ReachIn(lineage, Role::kBaseModel).parts[0] == kReachOne / 8);
  CHECK(ReachIn(lineage, Role::kGenerator).parts[0] == kReachOne / 2);
  CHECK(ReachIn(lineage, Role::kPrompt).parts[0] == 0);
}

TEST_CASE("reach: extreme weights neither wrap nor vanish", "[settlement]") {
  const PlainLineage whole =
      Story({Made(AssetKind::kOutput, "", 0,
                  {{1, kWeightMax - 1, Role::kMember}, {2, 1, Role::kTrainingData}}),
             Made(AssetKind::kDataset, "", 0, {{2, kWeightMax, Role::kTrainingData}}),
             Source(AssetKind::kWork, "ana")});
  CHECK(ReachIn(whole, Role::kTrainingData).parts[0] == kReachOne);
  // A part of 2^-126 is below what a reach can say, but not nothing.
  const PlainLineage thin =
      Story({Made(AssetKind::kOutput, "", kWeightMax - 1, {{1, 1, Role::kMember}}),
             Made(AssetKind::kDataset, "", kWeightMax - 1, {{2, 1, Role::kTrainingData}}),
             Source(AssetKind::kWork, "ana")});
  CHECK(ReachIn(thin, Role::kTrainingData).parts == std::vector<std::uint64_t>{1, 2, 0});
}

TEST_CASE("reach: parts of the most grains", "[settlement]") {
  const RoleReach reach{Role::kPrompt, {kReachOne, kReachOne - 1, 1, 0}};
  const Grains most = Grains{1} << 127;
  CHECK((reach.Of(most, 0) == most));
  CHECK((reach.Of(most, 1) == most - (Grains{1} << 64)));
  CHECK((reach.Of(most - 1, 2) == (Grains{1} << 64) - 1));
  CHECK((reach.Of(most, 3) == 0));
}

TEST_CASE("reach: a cancelled pass stops", "[settlement]") {
  const PlainLineage lineage =
      Story({Made(AssetKind::kOutput, "", 0, {{1, 1}}), Source(AssetKind::kWork, "ana")});
  const MemoryLineageReader reader(lineage);
  const auto subgraph = CollectUpstream(reader, MemoryLineageReader::Number(0)).value();
  CancelToken cancel;
  cancel.Cancel();
  CHECK_STATUS(MeasureReach(subgraph, Role::kPrompt, &cancel), absl::StatusCode::kCancelled);
  const RoleReach reach = MeasureReach(subgraph, Role::kTrainingData).value();
  const std::vector<PlacedGrains> placed{{0, 1}};
  CHECK_STATUS(FlowToRole(subgraph, {}, reach, placed, &cancel), absl::StatusCode::kCancelled);
}

// --- Where it goes, by hand ---

// By weights half stays with the seller. A prompt gets 1 of 100, training data behind a model 4.
SaleCase TwoRoles(std::uint64_t data_ppm, std::uint64_t prompt_ppm) {
  SaleCase made;
  made.lineage = Story(
      {Made(AssetKind::kOutput, "sam", 50, {{1, 49, Role::kGenerator}, {2, 1, Role::kPrompt}}),
       Made(AssetKind::kModelCheckpoint, "acme", 45,
            {{3, 1, Role::kTrainingData}, {4, 3, Role::kTrainingData}}),
       Source(AssetKind::kPrompt, "pia"), Source(AssetKind::kWork, "ana"),
       Source(AssetKind::kWork, "ben")});
  made.sale.amount = 100'00;
  made.sale.currency = "EUR";
  made.policy.floors = {{Role::kTrainingData, data_ppm}, {Role::kPrompt, prompt_ppm}};
  return made;
}

// What each line is off from whole cents, at most: far less than a cent.
void CheckCents(const SaleCase& made, const Cents& wanted) {
  const auto split = Split(made);
  REQUIRE_OK(split);
  Cents cents;
  for (const auto& [key, grains] : LinesOf(*split)) {
    const BigInt rounded = (grains + (BigInt(1) << 63)) >> 64;
    const BigInt off = grains - (rounded << 64);
    INFO(key << " is off by " << off.str() << " grains");
    CHECK((off < (1 << 20) && off > -(1 << 20)));
    cents[key] = static_cast<std::uint64_t>(rounded);
  }
  CHECK(cents == wanted);
  const ReferenceSplit reference =
      ReferenceSplitSale(made.lineage, made.sale, made.policy, made.holds);
  CHECK(LinesOf(*split) == reference.lines);
}

TEST_CASE("floors: two that are short take from all others alike", "[settlement]") {
  // 24 and 12 are due, by weights come 4 and 1: P * (1 - 5 / 100) = 64, so P is 64 / 0.95. Of P 4 %
  // and 1 % reach the roles, and the rest of each floor is added.
  SaleCase made = TwoRoles(240'000, 120'000);
  made.sale.amount = 95'00;  // P = 64.00
  CheckCents(made, {{"party:sam|relative|", 32'00},
                    {"party:acme|relative|", 28'80},
                    {"party:ana|relative|", 64},
                    {"party:ben|relative|", 1'92},
                    {"party:pia|relative|", 64},
                    {"party:ana|floor:training_data|", 5'06},
                    {"party:ben|floor:training_data|", 15'18},
                    {"party:pia|floor:prompt|", 10'76}});
}

TEST_CASE("floors: a hold on a derivation in between holds what passes it", "[settlement]") {
  SaleCase made = TwoRoles(100'000, 9'000);
  made.sale.amount = 96'00;  // 9.60 are due; 90.00 flow freely, with 3.60 of them to data
  made.holds = {{.derivation_of = 1}};
  CheckCents(made, {{"party:sam|relative|", 45'00},
                    {"party:acme|relative|0", 40'50},
                    {"party:ana|relative|0", 90},
                    {"party:ben|relative|0", 2'70},
                    {"party:pia|relative|", 90},
                    {"party:ana|floor:training_data|0", 1'50},
                    {"party:ben|floor:training_data|0", 4'50}});
}

TEST_CASE("floors: a role that has just its floor by weights is left alone", "[settlement]") {
  SaleCase made = TwoRoles(0, 0);
  made.lineage.assets[0].derivation->retained = 2;
  made.lineage.assets[0].derivation->edges = {{1, 2, Role::kGenerator}, {2, 1, Role::kPrompt}};
  made.sale.amount = 7;
  made.policy.floors = {{Role::kPrompt, 200'000}};
  const SaleSplit split = Split(made).value();
  CHECK((split.floors[0].deducted == 0));
  CHECK((split.relative == split.remainder));
}

TEST_CASE("floors: nobody to receive is nobody, and the hold on what was sold stands",
          "[settlement]") {
  SaleCase made = TwoRoles(100'000, 10'000);
  made.policy.floors = {{Role::kTool, 100'000}};
  made.holds = {{.derivation_of = 0}};
  CheckCents(made, {{"party:sam|relative|0", 45'00},
                    {"party:acme|relative|0", 40'50},
                    {"party:ana|relative|0", 90},
                    {"party:ben|relative|0", 2'70},
                    {"party:pia|relative|0", 90},
                    {"unattributed|floor:tool|0", 10'00}});
  // A work of which nothing is known has nobody either, and no derivation to be held.
  made.lineage = Story({Source(AssetKind::kWork, "ana")});
  CheckCents(made, {{"party:ana|relative|", 90'00}, {"unattributed|floor:tool|", 10'00}});
}

TEST_CASE("floors: one that is out of sight by weights still finds its receivers", "[settlement]") {
  // 2^-124 of the sale would reach the data: no grain of it, but a floor gives it its tenth.
  SaleCase made;
  made.lineage = Story({Made(AssetKind::kOutput, "sam", kWeightMax - 1, {{1, 1, Role::kGenerator}}),
                        Made(AssetKind::kModelCheckpoint, "", kWeightMax - 4,
                             {{2, 1, Role::kTrainingData}, {3, 3, Role::kTrainingData}}),
                        Source(AssetKind::kWork, "ana"), Source(AssetKind::kWork, "ben")});
  made.sale.amount = 100;
  made.sale.currency = "EUR";
  made.policy.floors = {{Role::kTrainingData, 400'000}};
  const auto lines = LinesOf(Split(made).value());
  const auto near = [](const BigInt& grains, std::uint64_t cents) {
    return abs(BigInt(grains - (BigInt(cents) << 64))) < 1'000;
  };
  CHECK(near(lines.at("party:ana|floor:training_data|"), 10));
  CHECK(near(lines.at("party:ben|floor:training_data|"), 30));
  CHECK(near(lines.at("party:sam|relative|"), 60));
}

// --- Many assets at once ---

using Lines = std::map<std::string, BigInt>;

std::vector<HoldView> ViewsOf(const std::vector<ReferenceHold>& holds) {
  std::vector<HoldView> views;
  for (const ReferenceHold& hold : holds) {
    if (hold.asset) {
      views.push_back(
          {.subject = HoldSubject::kAsset, .asset = MemoryLineageReader::Number(*hold.asset)});
    } else if (hold.derivation_of) {
      views.push_back({.subject = HoldSubject::kDerivation,
                       .asset = MemoryLineageReader::Number(*hold.derivation_of),
                       .derivation = MemoryLineageReader::DerivationPosition(*hold.derivation_of)});
    } else {
      views.push_back({.subject = HoldSubject::kParty, .party = hold.party});
    }
  }
  return views;
}

BigInt Distance(const Lines& a, const Lines& b) {
  std::set<std::string> keys;
  for (const auto& [key, grains] : a) keys.insert(key);
  for (const auto& [key, grains] : b) keys.insert(key);
  const auto at = [](const Lines& lines, const std::string& key) {
    const auto found = lines.find(key);
    return found == lines.end() ? BigInt(0) : found->second;
  };
  BigInt largest = 0;
  for (const std::string& key : keys) {
    largest = std::max(largest, BigInt(abs(BigInt(at(a, key) - at(b, key)))));
  }
  return largest;
}

// Property: sales of many assets under floors are the reference's, grain for grain, and each asset
//           gives what it gives alone, but for single grains.
TEST_CASE("floors: many assets in one flow", "[settlement][property]") {
  Rng rng = SeededRng();
  int short_count = 0;
  int held_count = 0;
  for (int trial = 0; trial < 4'000; ++trial) {
    SaleCase given = RandomSaleCase(rng);
    given.policy.undisclosed = static_cast<UndisclosedRule>(rng.Below(2));
    given.policy.unclaimed = UnclaimedRule::kHeld;
    given.policy.fees.clear();
    given.policy.absolute_terms.clear();
    given.policy.floors = {{Role::kTrainingData, 1 + rng.Below(500'000)}};
    if (rng.OneIn(2)) given.policy.floors.push_back({Role::kBaseModel, rng.Below(500'000)});
    std::erase_if(given.holds, [](const ReferenceHold& hold) { return hold.on_sale; });
    const MemoryLineageReader reader(given.lineage);
    const std::vector<HoldView> holds = ViewsOf(given.holds);
    std::vector<AssetNumber> sold;
    std::vector<ReferenceSale> sales;
    std::vector<Placement> placements;
    std::vector<MinorUnits> amounts;  // by asset sold
    for (std::uint64_t i = rng.Between(1, 12); i > 0; --i) {
      const std::size_t target = rng.Below(given.lineage.assets.size());
      const AssetNumber asset = MemoryLineageReader::Number(target);
      const auto known = std::find(sold.begin(), sold.end(), asset);
      const auto vertex = static_cast<LineageSubgraph::Vertex>(known - sold.begin());
      if (known == sold.end()) {
        sold.push_back(asset);
        amounts.push_back({});
      }
      const std::uint64_t amount = rng.OneIn(8) ? 0 : rng.Below(1'000);
      placements.push_back({vertex, {amount}, 1});
      sales.push_back({target, amount, 1, "EUR", 64});
      amounts[vertex].value += amount;
    }
    CAPTURE(rng.seed(), trial);
    const auto all = CollectUpstream(reader, sold).value();
    const SaleSplit together =
        SplitSales(reader, all, placements, {"EUR", 64}, {&given.policy}, holds).value();
    const ReferenceSplit wanted =
        ReferenceSplitSales(given.lineage, sales, given.policy, given.holds);
    const Lines lines = LinesOf(together);
    REQUIRE(lines == wanted.lines);
    REQUIRE(ToBigInt(together.relative) == wanted.relative);
    Lines apart;
    Grains relative = 0;
    std::vector<FloorOutcome> floors(given.policy.floors.size());
    for (std::size_t i = 0; i < sold.size(); ++i) {
      const auto own = CollectUpstream(reader, sold[i]).value();
      const SaleSplit split =
          SplitSale(reader, own, {amounts[i], 1, "EUR", 64}, {&given.policy}, holds).value();
      relative += split.relative;
      for (std::size_t f = 0; f < split.floors.size(); ++f) {
        floors[f].role = split.floors[f].role;
        floors[f].budget += split.floors[f].budget;
        floors[f].reached += split.floors[f].reached;
        floors[f].deducted += split.floors[f].deducted;
      }
      for (const auto& [key, grains] : LinesOf(split)) apart[key] += grains;
    }
    REQUIRE((together.relative == relative));
    if (together.gross != 0) REQUIRE(together.floors == floors);
    const std::size_t flows = 1 + 2 * floors.size();
    const BigInt grains =
        flows * (sold.size() + 1) * (all.edge_count() + 2 * all.vertex_count() + 8);
    REQUIRE(Distance(lines, apart) <= grains);
    for (const FloorOutcome& floor : together.floors) short_count += floor.deducted != 0 ? 1 : 0;
    for (const SaleLine& line : together.lines) {
      if (line.hold.has_value() && line.reason.cause == LineCause::kFloor) {
        ++held_count;
        break;
      }
    }
  }
  CHECK(short_count > 1'000);
  CHECK(held_count > 200);
}

// A market of outputs of one model of ten works, which reach 5.5 % of it, under a policy with
// floors.
struct Market : LedgerStory {
  Market(std::uint8_t output_count, std::vector<RoleFloor> floors) {
    PolicyRecord record{.name = "fair"};
    record.floors = std::move(floors);
    policy = id(Append(record));
    Asset(0, AssetKind::kModelCheckpoint, "acme");
    std::vector<LedgerEdge> works;
    for (std::uint8_t n = 1; n <= 10; ++n) {
      Asset(n, AssetKind::kWork, "artist " + std::to_string(n));
      works.push_back({TestId(n), n, Role::kTrainingData});
    }
    Derive(TestId(0), works, 945);
    for (std::uint8_t n = 100; n < 100 + output_count; ++n) {
      Asset(n, AssetKind::kOutput, "sam");
      Derive(TestId(n), {{TestId(0), n, Role::kGenerator}}, 100);
      Sell(n, 1'00 + n);
    }
  }
  absl::StatusOr<Valuation> Value(const ValuationLimits& limits = {}) const {
    const auto reader = Reader();
    SaleTable table(*reader, policy);
    TRIBUTARY_RETURN_IF_ERROR(ReadSales(*reader, {0}, {}, nullptr, &table));
    TRIBUTARY_ASSIGN_OR_RETURN(const HoldSet holds, ReadHolds(*reader));
    return ValueSales(table, holds, {}, limits);
  }
};

TEST_CASE("floors: flows do not grow with the assets sold", "[settlement]") {
  for (const auto output_count : {std::uint8_t{1}, std::uint8_t{100}}) {
    const Market one(output_count, {{Role::kTrainingData, 200'000}});
    const Valuation valuation = one.Value().value();
    CHECK(valuation.pass_count == 1);
    CHECK(valuation.flow_count == 3);
    EarnedGrains earned = ToEarnedGrains(valuation);
    Grains to_data = 0;
    Grains total = 0;
    for (std::uint8_t n = 1; n <= 10; ++n) {
      to_data += earned[{"EUR", "party:artist " + std::to_string(n)}];
    }
    for (const auto& [payee, grains] : earned) total += grains;
    CHECK((to_data + (Grains{1} << 20) > total / 5));
    CHECK((to_data < total / 5 + (Grains{1} << 20)));
    // Works share what a floor gives them as they share the rest.
    const Grains first = earned[{"EUR", "party:artist 1"}];
    const Grains last = earned[{"EUR", "party:artist 10"}];
    CHECK((last > 10 * first - 1'000 && last < 10 * first + 1'000));
    // Met floors take no flow, and each short one two.
    CHECK(Market(output_count, {{Role::kTrainingData, 1}}).Value()->flow_count == 1);
    const Market two(output_count, {{Role::kTrainingData, 200'000}, {Role::kTool, 1}});
    CHECK(two.Value()->flow_count == 5);
  }
}

TEST_CASE("floors: all passes are counted", "[settlement]") {
  Market market(20, {{Role::kTrainingData, 200'000}});
  const std::uint64_t size = 31 + 30;  // assets and edges
  const auto needs = [&](std::uint64_t pass_count) {
    CHECK(market.Value({.visit_count_max = pass_count * size}).ok());
    const auto refused = market.Value({.visit_count_max = pass_count * size - 1});
    CHECK(FieldOf(refused.status()) == "visit_count_max");
  };
  needs(5);  // collected, reach, to the role, from there, and the rest
  // A hold that catches something costs nothing more.
  const Digest made = market.id(market.Derive(TestId(0), {{TestId(1), 1}}, 9));
  market.Append(HoldRecord{.reference = "h", .derivation = made});
  for (std::uint8_t n = 100; n < 120; ++n) market.Sell(n, 1);
  const std::uint64_t now = 22 + 21;
  const std::uint64_t both = 5 * size + 2 * now + 3 * now;
  CHECK(market.Value({.visit_count_max = both}).ok());
  CHECK(FieldOf(market.Value({.visit_count_max = both - 1}).status()) == "visit_count_max");
}

TEST_CASE("floors: groups of one state share the reach", "[settlement]") {
  Market market(20, {{Role::kTrainingData, 200'000}});
  market.Append(CurrencyRecord{.code = "USD", .scale = 2});
  for (std::uint8_t n = 100; n < 120; ++n) market.Sell(n, 1, {.currency = "USD"});
  const std::uint64_t size = 31 + 30;
  CHECK(market.Value({.visit_count_max = 8 * size}).ok());
  CHECK_FALSE(market.Value({.visit_count_max = 8 * size - 1}).ok());
  CHECK(market.Value()->flow_count == 6);
}

TEST_CASE("floors: with parts for the holders of the asset sold, asset by asset", "[settlement]") {
  Market market(20, {{Role::kTrainingData, 200'000}});
  PolicyRecord record{.name = "sold"};
  record.floors = {{Role::kTrainingData, 200'000}};
  record.unclaimed = UnclaimedRule::kSoldAssetHolders;
  market.policy = market.id(market.Append(record));
  CHECK(market.Value()->flow_count == 60);
}

}  // namespace
}  // namespace tributary::test
