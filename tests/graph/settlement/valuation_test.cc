// Sales share a pass over the lineage where it is the same, and nowhere else.

#include "graph/settlement/valuation.h"

#include "graph/model/status.h"
#include "graph/settlement/state_reach.h"
#include "tests/graph/settlement/ledger_story.h"
#include "tests/support/catch.h"
#include "tests/support/reference_attribution.h"
#include "tests/support/rng.h"

namespace tributary::test {
namespace {

struct Valued {
  EarnedGrains earned;
  std::uint64_t pass_count = 0;
  std::uint64_t flow_count = 0;
};

absl::StatusOr<Valued> Value(const MemorySettlementLedger& ledger, const EarnerRoutes& routes = {},
                             const std::optional<Digest>& policy = {},
                             const ValuationLimits& limits = {}) {
  const auto reader = ledger.Reader();
  SaleTable table(*reader, policy);
  TRIBUTARY_RETURN_IF_ERROR(ReadSales(*reader, {0}, {}, nullptr, &table));
  TRIBUTARY_ASSIGN_OR_RETURN(const HoldSet holds, ReadHolds(*reader));
  TRIBUTARY_ASSIGN_OR_RETURN(const Valuation valuation, ValueSales(table, holds, routes, limits));
  return Valued{ToEarnedGrains(valuation), valuation.pass_count, valuation.flow_count};
}

Grains Of(const Valued& valued, const std::string& payee) {
  const auto found = valued.earned.find({"EUR", payee});
  return found == valued.earned.end() ? 0 : found->second;
}

constexpr Grains kCent = Grains{1} << 64;

TEST_CASE("valuation: outputs that are derived and sold in turn share one pass", "[settlement]") {
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  for (std::uint8_t n = 1; n <= 100; ++n) {
    ledger.Asset(n, AssetKind::kOutput, "sam");
    ledger.Make(n, 3, {{0, 1}});
    ledger.Sell(n, 100);
  }
  const Valued valued = Value(ledger).value();
  CHECK(valued.pass_count == 1);
  CHECK(valued.flow_count == 1);
  CHECK((Of(valued, "party:ana") == 25 * 100 * kCent));
  CHECK((Of(valued, "party:sam") == 75 * 100 * kCent));
}

TEST_CASE("valuation: a late change costs one pass, and changes only later sales", "[settlement]") {
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  ledger.Asset(1, AssetKind::kWork, "ben");
  for (std::uint8_t n = 2; n <= 40; ++n) {
    ledger.Asset(n, AssetKind::kOutput);
    ledger.Make(n, 0, {{0, 1}});
    ledger.Sell(n, 100);
  }
  ledger.Asset(50, AssetKind::kOutput);
  ledger.Make(50, 0, {{1, 1}});
  SECTION("of a derivation") {
    ledger.Make(2, 0, {{1, 1}});
    ledger.Sell(2, 100);
    const Valued valued = Value(ledger).value();
    CHECK(valued.pass_count == 2);
    CHECK((Of(valued, "party:ana") == 39 * 100 * kCent));
    CHECK((Of(valued, "party:ben") == 100 * kCent));
  }
  SECTION("of holders far upstream") {
    ledger.Hold(0, {{"zoe", 1}});
    ledger.Sell(2, 100);
    const Valued valued = Value(ledger).value();
    CHECK(valued.pass_count == 2);
    CHECK((Of(valued, "party:ana") == 39 * 100 * kCent));
    CHECK((Of(valued, "party:zoe") == 100 * kCent));
  }
  SECTION("of what an asset is") {
    ledger.Asset(0, AssetKind::kDataset);
    ledger.Sell(2, 100);
    const Valued valued = Value(ledger).value();
    CHECK(valued.pass_count == 2);
    CHECK((Of(valued, "undisclosed:" + TestId(0).ToHex()) == 100 * kCent));
  }
  SECTION("that nothing sold has upstream: it costs none") {
    ledger.Make(50, 1, {{1, 1}});
    ledger.Sell(2, 100);
    const Valued valued = Value(ledger).value();
    CHECK(valued.pass_count == 1);
  }
}

TEST_CASE("valuation: a sale at a pinned tree size is valued there", "[settlement]") {
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  const std::uint64_t pinned = ledger.tree_size().value;
  ledger.Hold(0, {{"ben", 1}});
  ledger.Sell(0, 5, {.tree_size = pinned});
  ledger.Sell(0, 7);
  const Valued valued = Value(ledger).value();
  CHECK(valued.pass_count == 2);
  CHECK((Of(valued, "party:ana") == 5 * kCent));
  CHECK((Of(valued, "party:ben") == 7 * kCent));
}

TEST_CASE("valuation: what is visited in all has a limit", "[settlement]") {
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  ledger.Asset(1, AssetKind::kOutput, "sam");
  ledger.Make(1, 3, {{0, 1}});
  ledger.Sell(1, 100);
  // Two assets and an edge, read once and flowed over once.
  CHECK(Value(ledger, {}, {}, {.visit_count_max = 6}).ok());
  const auto refused = Value(ledger, {}, {}, {.visit_count_max = 5});
  CHECK_STATUS(refused, absl::StatusCode::kResourceExhausted);
  CHECK(FieldOf(refused.status()) == "visit_count_max");
}

TEST_CASE("valuation: sales that wait are not looked at again one by one", "[settlement]") {
  // A change before each sale: as many states as sales, and each sale is valued at its own.
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  for (int i = 0; i < 50; ++i) {
    ledger.Hold(0, {{"party-" + std::to_string(i), 1}});
    ledger.Sell(0, 1);
  }
  const Valued valued = Value(ledger).value();
  CHECK(valued.pass_count == 50);
  for (int i = 0; i < 50; ++i) {
    CAPTURE(i);
    CHECK((Of(valued, "party:party-" + std::to_string(i)) == kCent));
  }
}

TEST_CASE("valuation: states are as few as they can be", "[settlement]") {
  // Sales of a, b, c, each before a change of its asset of its own: the lineages at the newest of
  // them hold for all, so that three late changes cost one pass more, not three.
  LedgerStory ledger;
  for (std::uint8_t n = 0; n < 3; ++n) ledger.Asset(n, AssetKind::kWork, "old");
  for (std::uint8_t n = 0; n < 3; ++n) ledger.Sell(n, 100);
  for (std::uint8_t n = 0; n < 3; ++n) ledger.Hold(n, {{"new", 1}});
  for (std::uint8_t n = 0; n < 3; ++n) ledger.Sell(n, 100);
  const Valued valued = Value(ledger).value();
  CHECK(valued.pass_count == 2);
  CHECK((Of(valued, "party:old") == 300 * kCent));
  CHECK((Of(valued, "party:new") == 300 * kCent));
}

TEST_CASE("valuation: a hold on a sale takes it whole, others what they hold", "[settlement]") {
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  ledger.Asset(1, AssetKind::kOutput, "sam");
  ledger.Make(1, 1, {{0, 1}});
  const LogPosition disputed = ledger.Sell(1, 10);
  ledger.Sell(1, 20);
  const auto on_sale = ledger.Append(HoldRecord{.reference = "h1", .sale = ledger.id(disputed)});
  const auto on_party = ledger.Append(HoldRecord{.reference = "h2", .party = "ana"});
  const auto released = ledger.Append(HoldRecord{.reference = "h3", .party = "sam"});
  ledger.Append(HoldReleaseRecord{.hold = ledger.id(released)});
  const Valued valued = Value(ledger).value();
  CHECK((Of(valued, HoldKey(ledger.id(on_sale))) == 10 * kCent));
  CHECK((Of(valued, HoldKey(ledger.id(on_party))) == 10 * kCent));
  CHECK((Of(valued, "party:sam") == 10 * kCent));
  CHECK((Of(valued, "party:ana") == 0));
}

TEST_CASE("valuation: routes lead to the earner of the time, holds see the party", "[settlement]") {
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  ledger.Asset(1, AssetKind::kWork, "ben");
  ledger.Sell(0, 10);
  ledger.Sell(1, 5);
  const LogPosition assigned{ledger.tree_size().value};
  ledger.Sell(0, 20);
  const auto hold = ledger.Append(HoldRecord{.reference = "h", .party = "ben"});
  const EarnerRoutes routes{{assigned}, [&](std::string_view party, LogPosition at) {
                              return party == "ana" && at >= assigned ? "ben" : std::string(party);
                            }};
  const Valued valued = Value(ledger, routes).value();
  CHECK((Of(valued, "party:ana") == 10 * kCent));
  CHECK((Of(valued, "party:ben") == 20 * kCent));  // not held: it is ana's by lineage
  CHECK((Of(valued, HoldKey(ledger.id(hold))) == 5 * kCent));
}

TEST_CASE("valuation: floors look at each asset by itself", "[settlement]") {
  LedgerStory ledger;
  PolicyRecord policy{.name = "fair"};
  policy.floors = {{Role::kTrainingData, 500'000}};
  const Digest id = ledger.id(ledger.Append(policy));
  ledger.Asset(0, AssetKind::kWork, "ana");
  ledger.Asset(1, AssetKind::kWork, "ben");
  ledger.Asset(2, AssetKind::kOutput, "sam");
  ledger.Asset(3, AssetKind::kOutput, "sue");
  ledger.Make(2, 9, {{0, 1}});
  ledger.Make(3, 0, {{1, 1}});
  ledger.Sell(2, 100);
  ledger.Sell(3, 100);
  const Valued valued = Value(ledger, {}, id).value();
  // Both together reach training data with 110 of 200, so that no floor would be short. One flow
  // for what is free, and two for the floor: towards the role, and on from there.
  CHECK(valued.flow_count == 3);
  CHECK(valued.pass_count == 1);
  // Reach is known to 2^-63 of what is sold, of which 100 cents are 200 grains.
  CHECK((Of(valued, "party:ana") + 200 > 50 * kCent));
  CHECK((Of(valued, "party:ana") < 50 * kCent + 200));
  CHECK((Of(valued, "party:ben") == 100 * kCent));
}

TEST_CASE("valuation: a sale that its policy does not fit is named", "[settlement]") {
  LedgerStory ledger;
  PolicyRecord policy{.name = "dear"};
  policy.fees = {{.party = "shop", .fixed = {30}, .currency = "EUR"}};
  const Digest id = ledger.id(ledger.Append(policy));
  ledger.Asset(0, AssetKind::kWork, "ana");
  ledger.Sell(0, 1000);
  const LogPosition small = ledger.Sell(0, 29);
  const auto valued = Value(ledger, {}, id);
  REQUIRE(!valued.ok());
  CHECK(valued.status().code() == absl::StatusCode::kInvalidArgument);
  const std::string message(valued.status().message());
  CAPTURE(message);
  CHECK(message.find("sale at " + std::to_string(small.value)) != std::string::npos);
  CHECK(message.find(ledger.id(small).ToHex()) != std::string::npos);
  CHECK(message.find("Correct or reverse") != std::string::npos);
}

TEST_CASE("sales: what the ledger lacks is refused by the sale's name", "[settlement]") {
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  const auto refused = [&](SaleRecord more, std::uint8_t asset, const char* field) {
    ledger.Sell(asset, 1, std::move(more));
    const auto valued = Value(ledger);
    REQUIRE(!valued.ok());
    CAPTURE(valued.status().message());
    CHECK(FieldOf(valued.status()) == field);
    CHECK(std::string(valued.status().message()).find("sale at") != std::string::npos);
  };
  SECTION("currency") { refused({.currency = "XXX"}, 0, "currency"); }
  SECTION("asset") { refused({}, 9, "asset"); }
  SECTION("asset of later") { refused({.tree_size = 2}, 0, "asset"); }
  SECTION("policy") { refused({.policy = Sha256("none")}, 0, "policy"); }
  SECTION("a tree size to come") { refused({.tree_size = 99}, 0, "tree_size"); }
}

TEST_CASE("sales: escrow, reversal and correction decide what counts", "[settlement]") {
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  ledger.Asset(1, AssetKind::kWork, "ben");
  const auto escrowed = [&](std::uint64_t amount) {
    return ledger.id(ledger.Sell(0, amount, {.pending_until = TimeMs{1}}));
  };
  escrowed(1);
  const Digest posted = escrowed(2);
  const Digest voided = escrowed(4);
  const Digest posted_reversed = escrowed(8);
  const Digest reversed = ledger.id(ledger.Sell(0, 16));
  const Digest corrected = ledger.id(ledger.Sell(0, 32));
  const std::uint64_t begin = ledger.tree_size().value;
  ledger.Append(EscrowRecord{.sale = posted});
  ledger.Append(EscrowRecord{.sale = voided, .outcome = EscrowOutcome::kVoided});
  ledger.Append(ReversalRecord{.sale = posted_reversed});
  ledger.Append(EscrowRecord{.sale = posted_reversed});
  ledger.Append(ReversalRecord{.sale = reversed});
  ledger.Append(CorrectionRecord{.sale = corrected, .amount = MinorUnits{64}});
  ledger.Append(CorrectionRecord{.sale = corrected, .asset = TestId(1)});
  const Valued valued = Value(ledger).value();
  CHECK((Of(valued, "party:ana") == 2 * kCent));
  CHECK((Of(valued, "party:ben") == 32 * kCent));  // always against the sale, not added up
  const auto reader = ledger.Reader();
  const auto state = [&](const Digest& id) {
    return ReadSaleState(*reader, *reader->FindRecord(id).value()).value();
  };
  CHECK(state(posted).standing == SaleStanding::kCounts);
  CHECK(state(posted).earned_at.value == begin);
  CHECK(state(voided).standing == SaleStanding::kVoided);
  CHECK(state(posted_reversed).standing == SaleStanding::kReversed);
  CHECK(state(corrected).asset == TestId(1));
  // A range that begins after the sale closes what was posted in it.
  SaleTable table(*reader, {});
  REQUIRE(ReadSales(*reader, {begin}, {}, nullptr, &table).ok());
  REQUIRE(table.sales.size() == 1);
  CHECK(ledger.id(table.sales[0].position) == posted);
}

}  // namespace
}  // namespace tributary::test
