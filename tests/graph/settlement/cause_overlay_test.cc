// What one cause changes in a closed statement, and that nothing else does.

#include "graph/model/status.h"
#include "tests/graph/settlement/adjusting.h"
#include "tests/support/catch.h"

namespace tributary::test {
namespace {

using Changes = std::map<std::string, long>;

// Works 0 of ana and 1 of cem, and an output 2 that is made of both by halves, sold for 100.
struct SoldOutput : Adjusting {
  SoldOutput() {
    Asset(0, AssetKind::kWork, "ana");
    Asset(1, AssetKind::kWork, "cem");
    Asset(2, AssetKind::kOutput);
    first = id(Make(2, 0, {{0, 1}, {1, 1}}));
  }
  Digest Remake(std::uint64_t of_ana, std::uint64_t of_cem) {
    return id(Make(2, 0, {{0, of_ana}, {1, of_cem}}));
  }
  // Posts the adjustment for a cause; its differences.
  Changes Adjust(const Digest& cause, AdjustmentMode mode = AdjustmentMode::kCarriedForward) {
    const AdjustmentPreview preview = Preview(cause, 1, mode).value();
    Append(preview.record, preview.lines);
    return Differences(preview);
  }
  bool Refuses(const Digest& cause, const char* what) {
    const absl::Status status = Preview(cause).status();
    CAPTURE(MessageOf(status));
    CHECK(FieldOf(status) == "cause");
    return MessageOf(status).find(what) != std::string::npos;
  }

  Digest first;  // how the output was made when it was sold
};

TEST_CASE("causes: what changed between a sale and its close is adjusted", "[settlement]") {
  SoldOutput ledger;
  const Digest early = ledger.id(ledger.Hold(1, {{"cem", 2}}));
  ledger.Sell(2, 100);
  SECTION("a derivation") {
    const Digest changed = ledger.Remake(1, 9);
    CHECK(PaidBy(ledger.Close().value()) == Cents{{"party:ana", 50}, {"party:cem", 50}});
    CHECK(ledger.Adjust(changed) == Changes{{"party:ana", -40}, {"party:cem", 40}});
  }
  SECTION("holders") {
    const Digest changed = ledger.id(ledger.Hold(0, {{"bob", 1}}));
    CHECK(PaidBy(ledger.Close().value()) == Cents{{"party:ana", 50}, {"party:cem", 50}});
    CHECK(ledger.Adjust(changed) ==
          Changes{{"party:ana", -50}, {"party:bob", 50}, {"party:cem", 0}});
  }
  SECTION("an asset's record") {
    const Digest changed = ledger.id(ledger.Asset(0, AssetKind::kDataset));
    CHECK(PaidBy(ledger.Close().value()) == Cents{{"party:ana", 50}, {"party:cem", 50}});
    CHECK(ledger.Adjust(changed) ==
          Changes{{"party:ana", -50}, {"party:cem", 0}, {"undisclosed:" + TestId(0).ToHex(), 50}});
  }
  SECTION("but not what all sales see") {
    REQUIRE(ledger.Close().ok());
    CHECK(ledger.Refuses(early, "counts already"));
  }
  SECTION("and only for the sales that do not see it") {
    const Digest changed = ledger.Remake(1, 9);
    ledger.Sell(2, 100);
    CHECK(PaidBy(ledger.Close().value()) == Cents{{"party:ana", 60}, {"party:cem", 140}});
    CHECK(ledger.Adjust(changed) == Changes{{"party:ana", -40}, {"party:cem", 40}});
  }
}

TEST_CASE("causes: what was ruled prospective is not done by another cause", "[settlement]") {
  SoldOutput ledger;
  ledger.Sell(2, 100);
  REQUIRE(ledger.Close().ok());
  ledger.Adjust(ledger.Remake(1, 9), AdjustmentMode::kProspective);
  const Digest holders = ledger.id(ledger.Hold(0, {{"bob", 1}}));
  CHECK(ledger.Adjust(holders) == Changes{{"party:ana", -50}, {"party:bob", 50}, {"party:cem", 0}});
}

TEST_CASE("causes: add up in whichever order they are adjusted", "[settlement]") {
  SoldOutput ledger;
  ledger.Sell(2, 100);
  REQUIRE(ledger.Close().ok());
  const Digest made = ledger.Remake(1, 9);
  const Digest held = ledger.id(ledger.Hold(0, {{"bob", 1}}));
  SECTION("lineage, then holders") {
    CHECK(ledger.Adjust(made) == Changes{{"party:ana", -40}, {"party:cem", 40}});
    CHECK(ledger.Adjust(held) == Changes{{"party:ana", -10}, {"party:bob", 10}, {"party:cem", 0}});
  }
  SECTION("holders, then lineage") {
    CHECK(ledger.Adjust(held) == Changes{{"party:ana", -50}, {"party:bob", 50}, {"party:cem", 0}});
    CHECK(ledger.Adjust(made) == Changes{{"party:bob", -40}, {"party:cem", 40}});
  }
}

TEST_CASE("causes: of two for one thing the newer record counts", "[settlement]") {
  SoldOutput ledger;
  ledger.Sell(2, 100);
  REQUIRE(ledger.Close().ok());
  const Digest older = ledger.Remake(1, 9);
  const Digest newer = ledger.Remake(1, 3);
  SECTION("the older adjusted first") {
    CHECK(ledger.Adjust(older) == Changes{{"party:ana", -40}, {"party:cem", 40}});
    CHECK(ledger.Adjust(newer) == Changes{{"party:ana", 15}, {"party:cem", -15}});
  }
  SECTION("the newer adjusted first") {
    CHECK(ledger.Adjust(newer) == Changes{{"party:ana", -25}, {"party:cem", 25}});
    CHECK(ledger.Adjust(older) == Changes{{"party:ana", 0}, {"party:cem", 0}});
  }
  SECTION("the newer for later sales only") {
    ledger.Adjust(newer, AdjustmentMode::kProspective);
    CHECK(ledger.Adjust(older) == Changes{{"party:ana", -40}, {"party:cem", 40}});
  }
}

TEST_CASE("causes: what a sale could not know is as it was when it came in", "[settlement]") {
  SoldOutput ledger;
  ledger.Sell(2, 100);
  REQUIRE(ledger.Close().ok());
  // An output of later, made of a work of later, and of an older work that has other holders now.
  ledger.Asset(3, AssetKind::kWork, "dan");
  ledger.Asset(4, AssetKind::kOutput);
  ledger.Make(4, 0, {{0, 1}, {3, 1}});
  ledger.Hold(0, {{"bob", 1}});
  const Digest brings = ledger.id(ledger.Make(2, 0, {{1, 1}, {4, 1}}));
  const Digest eve = ledger.id(ledger.Hold(3, {{"eve", 1}}));
  CHECK(ledger.Refuses(eve, "concerns no sale"));
  CHECK(ledger.Adjust(brings) == Changes{{"party:ana", -25}, {"party:cem", 0}, {"party:dan", 25}});
  // A second derivation that brings the same does not change when it came in.
  const Digest again = ledger.id(ledger.Make(2, 0, {{4, 1}}));
  CHECK(ledger.Adjust(again) == Changes{{"party:ana", 25}, {"party:cem", -50}, {"party:dan", 25}});
  CHECK(ledger.Adjust(eve) == Changes{{"party:ana", 0}, {"party:dan", -50}, {"party:eve", 50}});
}

TEST_CASE("causes: a sale corrected to a later state sees what stands there", "[settlement]") {
  SoldOutput ledger;
  const Digest sale = ledger.id(ledger.Sell(2, 100));
  REQUIRE(ledger.Close().ok());
  const Digest made = ledger.Remake(1, 9);
  const std::uint64_t before_newer = ledger.tree_size().value;
  ledger.Remake(1, 3);
  const std::uint64_t after_newer = ledger.tree_size().value;
  CHECK(ledger.Adjust(made) == Changes{{"party:ana", -40}, {"party:cem", 40}});
  SECTION("one that has the cause itself") {
    const Digest corrected =
        ledger.id(ledger.Append(CorrectionRecord{.sale = sale, .tree_size = before_newer}));
    CHECK(ledger.Adjust(corrected) == Changes{{"party:ana", 0}, {"party:cem", 0}});
  }
  SECTION("one where the cause was superseded") {
    const Digest corrected =
        ledger.id(ledger.Append(CorrectionRecord{.sale = sale, .tree_size = after_newer}));
    CHECK(ledger.Adjust(corrected) == Changes{{"party:ana", 15}, {"party:cem", -15}});
  }
}

TEST_CASE("causes: sales on hold are concerned too", "[settlement]") {
  SoldOutput ledger;
  const Digest sale = ledger.id(ledger.Sell(2, 100));
  const Digest hold = ledger.id(ledger.Append(HoldRecord{.reference = "h", .sale = sale}));
  REQUIRE(ledger.Close().ok());
  CHECK(ledger.Adjust(ledger.Remake(1, 9)) == Changes{{HoldKey(hold), 0}});
  const Digest release = ledger.id(ledger.Append(HoldReleaseRecord{.hold = hold}));
  CHECK(ledger.Adjust(release) ==
        Changes{{HoldKey(hold), -100}, {"party:ana", 10}, {"party:cem", 90}});
}

TEST_CASE("causes: a derivation that fits no state of the sales is refused", "[settlement]") {
  SoldOutput ledger;
  ledger.Sell(2, 100);
  REQUIRE(ledger.Close().ok());
  // The output is an origin now, and the work is made of it: fine in the ledger, where the work is
  // no longer an input, but not for a sale of an output that is made of the work.
  const Digest origin = ledger.id(ledger.Make(2, 1, {}));
  const Digest turned = ledger.id(ledger.Make(0, 1, {{2, 1}}));
  CHECK(ledger.Refuses(turned, "has a cycle"));
  ledger.Adjust(origin);
  CHECK(ledger.Refuses(turned, "concerns no sale"));
}

TEST_CASE("causes: nothing is frozen by a prospective adjustment", "[settlement]") {
  SoldOutput ledger;
  const Digest sale = ledger.id(ledger.Sell(2, 100));
  ledger.Sell(0, 10);
  const Digest hold = ledger.id(ledger.Append(HoldRecord{.reference = "h", .asset = TestId(0)}));
  REQUIRE(ledger.Close().ok());
  const Digest release = ledger.id(ledger.Append(HoldReleaseRecord{.hold = hold}));
  const Digest reversal = ledger.id(ledger.Append(ReversalRecord{.sale = sale}));
  for (const Digest& cause : {release, reversal}) {
    const absl::Status status = ledger.Preview(cause, 1, AdjustmentMode::kProspective).status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK(FieldOf(status) == "mode");
    CHECK(ledger.Preview(cause).ok());
  }
}

TEST_CASE("causes: a hold on a derivation outlasts the next one", "[settlement]") {
  SoldOutput ledger;
  const Digest hold =
      ledger.id(ledger.Append(HoldRecord{.reference = "h", .derivation = ledger.first}));
  ledger.Sell(2, 100);
  CHECK(PaidBy(ledger.Close().value()) == Cents{{HoldKey(hold), 100}});
  // The same weights, by another tool; then others.
  CHECK(ledger.Adjust(ledger.Remake(2, 2)) == Changes{{HoldKey(hold), 0}});
  CHECK(ledger.Adjust(ledger.Remake(1, 9)) == Changes{{HoldKey(hold), 0}});
  ledger.Sell(2, 10);
  CHECK(PaidBy(ledger.Close().value()) == Cents{{HoldKey(hold), 10}});
  const Digest release = ledger.id(ledger.Append(HoldReleaseRecord{.hold = hold}));
  CHECK(ledger.Adjust(release) ==
        Changes{{HoldKey(hold), -100}, {"party:ana", 10}, {"party:cem", 90}});
}

TEST_CASE("causes: a hold on a derivation leaves those before it alone", "[settlement]") {
  SoldOutput ledger;
  ledger.Sell(2, 100);
  const Digest second = ledger.Remake(1, 9);
  const Digest hold = ledger.id(ledger.Append(HoldRecord{.reference = "h", .derivation = second}));
  CHECK(PaidBy(ledger.Close().value()) == Cents{{"party:ana", 50}, {"party:cem", 50}});
  CHECK(ledger.Adjust(second) ==
        Changes{{HoldKey(hold), 100}, {"party:ana", -50}, {"party:cem", -50}});
}

TEST_CASE("causes: what is rerouted to a party on hold stays held", "[settlement]") {
  SoldOutput ledger;
  const Digest hold = ledger.id(ledger.Append(HoldRecord{.reference = "h", .asset = TestId(0)}));
  ledger.Sell(0, 10);
  REQUIRE(ledger.Close().ok());
  const Digest on_bob = ledger.id(ledger.Append(HoldRecord{.reference = "b", .party = "bob"}));
  HoldReleaseRecord release{.hold = hold};
  release.outcome = HoldOutcome::kRerouted;
  release.recipients = {{"bob", 4}, {"dan", 1}};
  CHECK(ledger.Adjust(ledger.id(ledger.Append(release))) ==
        Changes{{HoldKey(hold), -10}, {HoldKey(on_bob), 8}, {"party:dan", 2}});
  const Digest freed = ledger.id(ledger.Append(HoldReleaseRecord{.hold = on_bob}));
  CHECK(ledger.Adjust(freed) == Changes{{HoldKey(on_bob), -8}, {"party:bob", 8}, {"party:dan", 0}});
}

}  // namespace
}  // namespace tributary::test
