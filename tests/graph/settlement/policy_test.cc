// Policies and holds whose figures a person can check by hand.

#include "graph/settlement/policy.h"

#include "graph/attribution/attribution.h"
#include "graph/model/status.h"
#include "graph/settlement/quote.h"
#include "tests/graph/settlement/sale_cases.h"
#include "tests/support/catch.h"

namespace tributary::test {
namespace {

using Cents = std::map<std::string, std::uint64_t>;

// Whole cents of each line; the figures below divide without a rest but for single grains, or, with
// floors, for what 2^-60 of the sale is.
Cents CentsOf(const SaleSplit& split) {
  const BigInt near = split.floors.empty() ? BigInt(100) : ToBigInt(split.gross) >> 60;
  Cents cents;
  for (const auto& [key, grains] : LinesOf(split)) {
    const BigInt rounded = (grains + (BigInt(1) << 63)) >> 64;
    const BigInt off = grains - (rounded << 64);
    INFO(key << " is off by " << off.str() << " grains");
    CHECK((off < near && off > -near));
    cents[key] = static_cast<std::uint64_t>(rounded);
  }
  return cents;
}

// The first worked example: Sam's picture by Acme's model of Dora's data set of three works.
SaleCase FirstSale(std::uint64_t cents = 125'00) {
  SaleCase made;
  made.lineage = Story({Made(AssetKind::kOutput, "Sam", 4,
                             {{.input = 1, .weight = 3, .role = Role::kGenerator},
                              {.input = 2, .weight = 3, .role = Role::kPrompt}}),
                        Made(AssetKind::kModelCheckpoint, "Acme", 2, {{.input = 3, .weight = 1}}),
                        Source(AssetKind::kPrompt, "Pia"),
                        Made(AssetKind::kDataset, "Dora", 1,
                             {{.input = 4, .weight = 3, .role = Role::kMember},
                              {.input = 5, .weight = 3, .role = Role::kMember},
                              {.input = 6, .weight = 3, .role = Role::kMember}}),
                        Source(AssetKind::kWork, "Ana"), Source(AssetKind::kWork, "Ben"),
                        Source(AssetKind::kWork, "")});
  made.sale.amount = cents;
  made.sale.currency = "EUR";
  made.policy.name = "plain";
  return made;
}

const std::string kW3 = "unclaimed:" + TestId(6).ToHex();

TEST_CASE("policy: a plain one changes nothing", "[settlement][worked]") {
  const auto split = Split(FirstSale());
  REQUIRE_OK(split);
  CHECK(CentsOf(*split) == Cents{{"party:Sam|relative|", 50'00},
                                 {"party:Pia|relative|", 37'50},
                                 {"party:Acme|relative|", 25'00},
                                 {"party:Ana|relative|", 3'75},
                                 {"party:Ben|relative|", 3'75},
                                 {"party:Dora|relative|", 1'25},
                                 {kW3 + "|relative|", 3'75}});
}

TEST_CASE("policy: fees, then terms, then the remainder by weights", "[settlement]") {
  SaleCase made = FirstSale(200'00);
  made.policy.fees = {{.party = "market", .label = "VAT", .ppm = 200'000},
                      {.party = "market", .fixed = {5'00}, .currency = "EUR"},
                      {.party = "market", .fixed = {9'00}, .currency = "JPY"}};
  // Of gross: 10 % to Ana; 5 % to a work without a holder; of the asset sold itself nothing.
  made.policy.absolute_terms = {{TestId(4), 100'000}, {TestId(6), 50'000}, {TestId(0), 900'000}};
  const auto split = Split(made);
  REQUIRE_OK(split);
  CHECK((split->fees == Grains{45'00} << 64));
  CHECK((split->remainder == Grains{125'00} << 64));
  CHECK(CentsOf(*split) == Cents{{"party:market|fee:VAT|", 40'00},
                                 {"party:market|fee|", 5'00},
                                 {"party:Ana|absolute:" + TestId(4).ToHex() + "|", 20'00},
                                 {kW3 + "|absolute:" + TestId(6).ToHex() + "|", 10'00},
                                 {"party:Sam|relative|", 50'00},
                                 {"party:Pia|relative|", 37'50},
                                 {"party:Acme|relative|", 25'00},
                                 {"party:Ana|relative|", 3'75},
                                 {"party:Ben|relative|", 3'75},
                                 {"party:Dora|relative|", 1'25},
                                 {kW3 + "|relative|", 3'75}});
}

TEST_CASE("policy: what is unclaimed may go to the holders of the asset sold", "[settlement]") {
  SaleCase made = FirstSale();
  made.policy.unclaimed = UnclaimedRule::kSoldAssetHolders;
  const auto split = Split(made);
  REQUIRE_OK(split);
  const Cents cents = CentsOf(*split);
  CHECK(cents.at("party:Sam|relative/unclaimed|") == 3'75);
  CHECK(cents.at("party:Sam|relative|") == 50'00);
  CHECK_FALSE(cents.contains(kW3 + "|relative|"));
}

// Sam's picture by a model of Acme's, of which no source is known.
SaleCase Undisclosed(UndisclosedRule rule) {
  SaleCase made;
  made.lineage = Story({Made(AssetKind::kOutput, "Sam", 60, {{.input = 1, .weight = 40}}),
                        Source(AssetKind::kModelCheckpoint, "Acme")});
  made.sale.amount = 100'00;
  made.policy.undisclosed = rule;
  return made;
}

TEST_CASE("policy: undisclosed parts are held, the asset's or the seller's", "[settlement]") {
  CHECK(CentsOf(Split(Undisclosed(UndisclosedRule::kHeld)).value()) ==
        Cents{{"party:Sam|relative|", 60'00},
              {"undisclosed:" + TestId(1).ToHex() + "|relative|", 40'00}});
  CHECK(CentsOf(Split(Undisclosed(UndisclosedRule::kAssetHolders)).value()) ==
        Cents{{"party:Sam|relative|", 60'00}, {"party:Acme|relative/undisclosed|", 40'00}});
  CHECK(CentsOf(Split(Undisclosed(UndisclosedRule::kSoldAssetHolders)).value()) ==
        Cents{{"party:Sam|relative|", 60'00}, {"party:Sam|relative/undisclosed|", 40'00}});
}

// Kept 90 of 100; a tenth to a model, a tenth of that to its training data.
SaleCase ThinData(std::uint64_t floor_ppm) {
  SaleCase made;
  made.lineage = Story(
      {Made(AssetKind::kOutput, "Sam", 9, {{.input = 1, .weight = 1, .role = Role::kGenerator}}),
       Made(AssetKind::kModelCheckpoint, "Acme", 9, {{.input = 2, .weight = 1}}),
       Made(AssetKind::kDataset, "", 0,
            {{.input = 3, .weight = 1, .role = Role::kMember},
             {.input = 4, .weight = 1, .role = Role::kMember}}),
       Source(AssetKind::kWork, "Ana"), Source(AssetKind::kWork, "Ben")});
  made.sale.amount = 99'00;
  made.policy.floors = {{Role::kTrainingData, floor_ppm}};
  return made;
}

TEST_CASE("policy: a floor takes what a role lacks from all others alike", "[settlement]") {
  const auto split = Split(ThinData(100'000));
  REQUIRE_OK(split);
  // 9.90 are due; 0.90 come by weights of the 90.00 that are left, 9.00 are added.
  CHECK(CentsOf(*split) == Cents{{"party:Sam|relative|", 81'00},
                                 {"party:Acme|relative|", 8'10},
                                 {"party:Ana|relative|", 45},
                                 {"party:Ben|relative|", 45},
                                 {"party:Ana|floor:training_data|", 4'50},
                                 {"party:Ben|floor:training_data|", 4'50}});
  REQUIRE(split->floors.size() == 1);
  CHECK(split->floors[0].role == Role::kTrainingData);
  CHECK((split->floors[0].budget == (Grains{990} << 64)));
  CHECK((split->relative + split->floors[0].deducted == split->gross));
}

TEST_CASE("policy: a floor that is met takes nothing", "[settlement]") {
  SaleCase made = ThinData(9'000);
  made.sale.amount = 198'00;
  const auto split = Split(made);
  REQUIRE_OK(split);
  CHECK((split->floors[0].deducted == 0));
  CHECK(CentsOf(*split) == Cents{{"party:Sam|relative|", 178'20},
                                 {"party:Acme|relative|", 17'82},
                                 {"party:Ana|relative|", 99},
                                 {"party:Ben|relative|", 99}});
}

TEST_CASE("policy: a floor without a receiver stands apart", "[settlement]") {
  SaleCase made = Undisclosed(UndisclosedRule::kHeld);
  made.policy.floors = {{Role::kTrainingData, 100'000}};
  made.lineage.assets[0].derivation->edges[0].role = Role::kGenerator;
  CHECK(CentsOf(Split(made).value()) ==
        Cents{{"party:Sam|relative|", 54'00},
              {"undisclosed:" + TestId(1).ToHex() + "|relative|", 36'00},
              {"unattributed|floor:training_data|", 10'00}});
}

TEST_CASE("policy: terms above the whole are refused with the head-room", "[settlement]") {
  SaleCase made = FirstSale();
  made.policy.fees = {{.party = "market", .ppm = 100'000}};
  made.policy.absolute_terms = {{TestId(4), 500'000}, {TestId(5), 400'001}};
  const auto refused = Split(made);
  CHECK_STATUS(refused, absl::StatusCode::kInvalidArgument);
  CHECK(FieldOf(refused.status()) == "absolute_terms");
  CHECK(refused.status().message().find("400000 ppm") != std::string_view::npos);
  CHECK(refused.status().message().find(TestId(5).ToHex()) != std::string_view::npos);
  // At the bound nothing is left for weights.
  made.policy.absolute_terms[1].ppm = 400'000;
  const auto split = Split(made);
  REQUIRE_OK(split);
  CHECK((split->remainder <= 3));
}

TEST_CASE("policy: head-room is known before any sale", "[settlement]") {
  const SaleCase made = FirstSale();
  const MemoryLineageReader reader(made.lineage);
  const auto subgraph = CollectUpstream(reader, MemoryLineageReader::Number(0)).value();
  PolicyRecord policy;
  policy.fees = {{.party = "market", .ppm = 100'000}};
  const auto term = [](std::size_t asset, std::uint64_t ppm) {
    return BoundTerm{MemoryLineageReader::Number(asset), TestId(static_cast<std::uint8_t>(asset)),
                     ppm};
  };
  CHECK(AbsoluteHeadRoom(subgraph, {&policy, {}}).value() == 900'000);
  CHECK(AbsoluteHeadRoom(subgraph, {&policy, {term(3, 250'000), term(4, 1)}}).value() == 649'999);
  CHECK(AbsoluteHeadRoom(subgraph, {&policy, {term(0, 999'999)}}).value() == 900'000);
  CHECK_STATUS(AbsoluteHeadRoom(subgraph, {&policy, {term(3, 900'000), term(4, 1)}}),
               absl::StatusCode::kInvalidArgument);
}

TEST_CASE("policy: fees above gross are refused", "[settlement]") {
  SaleCase made = FirstSale(10);
  made.policy.fees = {{.party = "market", .fixed = {11}, .currency = "EUR"}};
  CHECK(FieldOf(Split(made).status()) == "fees");
  // Ten cents for two sales owe two fees of five, or none of six.
  made.sale.sale_count = 2;
  made.policy.fees[0].fixed = {5};
  CHECK(CentsOf(Split(made).value()) == Cents{{"party:market|fee|", 10}});
  made.policy.fees[0].fixed = {6};
  CHECK(FieldOf(Split(made).status()) == "fees");
  made.policy.fees = {{.party = "a", .ppm = 600'000},
                      {.party = "b", .fixed = {3}, .currency = "EUR"}};
  CHECK(FieldOf(Split(made).status()) == "fees");
}

TEST_CASE("policy: fixed fees and terms above gross are refused", "[settlement]") {
  SaleCase made = FirstSale(100);
  made.policy.fees = {{.party = "market", .fixed = {60}, .currency = "EUR"}};
  made.policy.absolute_terms = {{TestId(4), 400'000}};
  REQUIRE_OK(Split(made));
  made.policy.absolute_terms = {{TestId(4), 410'000}};
  CHECK(FieldOf(Split(made).status()) == "absolute_terms");
}

TEST_CASE("policy: limits and amounts", "[settlement]") {
  SaleCase made = FirstSale();
  CHECK_STATUS(Split(made, {.line_count_max = 7}), absl::StatusCode::kOk);
  const auto too_many = Split(made, {.line_count_max = 6});
  CHECK_STATUS(too_many, absl::StatusCode::kResourceExhausted);
  CHECK(FieldOf(too_many.status()) == "line_count_max");
  const auto too_large = Split(made, {.visit_count_max = 6});
  CHECK_STATUS(too_large, absl::StatusCode::kResourceExhausted);
  CHECK(FieldOf(too_large.status()) == "visit_count_max");
  made.sale.amount = (BigInt(1) << 63) - 1;
  CHECK_STATUS(Split(made), absl::StatusCode::kOk);
  made.sale.amount += 1;
  CHECK_STATUS(Split(made), absl::StatusCode::kOutOfRange);
}

// --- Readers that fail ---

enum class Fault { kNone, kFewerHolders, kNoUnits, kFewerIds, kHoldersFail, kIdsFail };

class FaultyReader : public MemoryLineageReader {
 public:
  FaultyReader(const PlainLineage& lineage, Fault fault)
      : MemoryLineageReader(lineage), fault_(fault) {}

  absl::Status ReadHolders(std::span<const AssetNumber> assets,
                           std::vector<HolderList>* holders) const override {
    if (fault_ == Fault::kHoldersFail) return absl::UnavailableError("holders");
    const absl::Status status = MemoryLineageReader::ReadHolders(assets, holders);
    if (fault_ == Fault::kFewerHolders) holders->pop_back();
    if (fault_ == Fault::kNoUnits) holders->back() = nullptr;
    return status;
  }
  absl::Status ReadAssetIds(std::span<const AssetNumber> assets,
                            std::vector<Digest>* ids) const override {
    if (fault_ == Fault::kIdsFail) return absl::UnavailableError("ids");
    const absl::Status status = MemoryLineageReader::ReadAssetIds(assets, ids);
    if (fault_ == Fault::kFewerIds) ids->pop_back();
    return status;
  }

 private:
  Fault fault_;
};

absl::Status SplitWith(Fault fault, const SaleCase& made, const CancelToken* cancel = nullptr) {
  const FaultyReader reader(made.lineage, fault);
  const auto subgraph = CollectUpstream(reader, MemoryLineageReader::Number(0));
  REQUIRE_OK(subgraph);
  const SaleTerms sale{{100'00}, 1, "EUR", 64};
  return SplitSale(reader, *subgraph, sale, {&made.policy, {}}, {}, {}, cancel).status();
}

TEST_CASE("policy: what a reader gets wrong is an error, not a smaller share", "[settlement]") {
  using Code = absl::StatusCode;
  SaleCase made = FirstSale();
  CHECK_STATUS(SplitWith(Fault::kNone, made), Code::kOk);
  CHECK_STATUS(SplitWith(Fault::kFewerHolders, made), Code::kInternal);
  CHECK_STATUS(SplitWith(Fault::kNoUnits, made), Code::kDataLoss);
  CHECK_STATUS(SplitWith(Fault::kFewerIds, made), Code::kInternal);
  CHECK_STATUS(SplitWith(Fault::kHoldersFail, made), Code::kUnavailable);
  CHECK_STATUS(SplitWith(Fault::kIdsFail, made), Code::kUnavailable);
  // The holders of the asset sold are read by themselves; for floors nothing is.
  made.policy.unclaimed = UnclaimedRule::kSoldAssetHolders;
  CHECK_STATUS(SplitWith(Fault::kFewerHolders, made), Code::kDataLoss);
  made = FirstSale();
  made.policy.floors = {{Role::kTrainingData, 900'000}};
  CHECK_STATUS(SplitWith(Fault::kFewerIds, made), Code::kInternal);
  CHECK_STATUS(SplitWith(Fault::kIdsFail, made), Code::kUnavailable);
}

TEST_CASE("policy: a cancelled split stops", "[settlement]") {
  CancelToken cancel;
  cancel.Cancel();
  CHECK_STATUS(SplitWith(Fault::kNone, FirstSale(), &cancel), absl::StatusCode::kCancelled);
}

TEST_CASE("flow: what is placed is bounded", "[settlement]") {
  const SaleCase made = FirstSale();
  const MemoryLineageReader reader(made.lineage);
  const auto subgraph = CollectUpstream(reader, MemoryLineageReader::Number(0)).value();
  const auto place = [&](Grains first, Grains second) {
    const PlacedGrains placed[] = {{0, first}, {1, second}};
    return FlowGrains(subgraph, {}, placed).status();
  };
  CHECK_STATUS(place(kPlacedGrainsMax - 1, 1), absl::StatusCode::kOk);
  CHECK_STATUS(place(kPlacedGrainsMax, 1), absl::StatusCode::kOutOfRange);
  CHECK_STATUS(place(kUint128Max, kUint128Max), absl::StatusCode::kOutOfRange);
}

// --- Holds ---

SaleCase Held(ReferenceHold hold) {
  SaleCase made = FirstSale();
  made.policy.fees = {{.party = "Ana", .ppm = 200'000}};
  made.sale.amount = 156'25;
  made.holds = {std::move(hold)};
  return made;
}

TEST_CASE("hold: on a derivation, all that reaches what it made", "[settlement]") {
  const Cents cents = CentsOf(Split(Held({.derivation_of = 1})).value());
  CHECK(cents == Cents{{"party:Ana|fee|", 31'25},
                       {"party:Sam|relative|", 50'00},
                       {"party:Pia|relative|", 37'50},
                       {"party:Acme|relative|0", 25'00},
                       {"party:Ana|relative|0", 3'75},
                       {"party:Ben|relative|0", 3'75},
                       {"party:Dora|relative|0", 1'25},
                       {kW3 + "|relative|0", 3'75}});
}

TEST_CASE("hold: on an asset, what it keeps and not what passes through", "[settlement]") {
  const Cents cents = CentsOf(Split(Held({.asset = 3})).value());
  CHECK(cents.at("party:Dora|relative|0") == 1'25);
  CHECK(cents.at("party:Ana|relative|") == 3'75);
  CHECK(cents.at(kW3 + "|relative|") == 3'75);
}

TEST_CASE("hold: on a party, fees too; on the sale, everything", "[settlement]") {
  const Cents cents = CentsOf(Split(Held({.party = "Ana"})).value());
  CHECK(cents.at("party:Ana|fee|0") == 31'25);
  CHECK(cents.at("party:Ana|relative|0") == 3'75);
  CHECK(cents.at("party:Ben|relative|") == 3'75);
  for (const auto& [key, amount] : CentsOf(Split(Held({.on_sale = true})).value())) {
    CAPTURE(key);
    CHECK(key.back() == '0');
  }
}

TEST_CASE("hold: a grain is held by the first that it meets", "[settlement]") {
  SaleCase made = FirstSale();
  made.holds = {{.party = "Ana"},     {.asset = 4}, {.derivation_of = 3}, {.derivation_of = 1},
                {.derivation_of = 3}, {.asset = 5}, {.party = "Sam"},     {.asset = 0}};
  const Cents cents = CentsOf(Split(made).value());
  CHECK(cents.at("party:Ana|relative|3") == 3'75);  // on its way through the model
  CHECK(cents.at("party:Ben|relative|3") == 3'75);
  CHECK(cents.at("party:Acme|relative|3") == 25'00);
  CHECK(cents.at("party:Sam|relative|7") == 50'00);  // the asset comes before its holder
  CHECK(cents.at("party:Pia|relative|") == 37'50);
}

TEST_CASE("hold: what is not in the lineage holds nothing", "[settlement]") {
  SaleCase made = FirstSale();
  made.holds = {{.derivation_of = 77}, {.asset = 78}, {.party = "Zoe"}};
  CHECK(CentsOf(Split(made).value()) == CentsOf(Split(FirstSale()).value()));
}

}  // namespace
}  // namespace tributary::test
