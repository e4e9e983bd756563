// Adjustments of closed statements, and the explanation of single sales.

#include "graph/settlement/explain.h"
#include "tests/graph/settlement/adjusting.h"
#include "tests/support/catch.h"

namespace tributary::test {
namespace {

TEST_CASE("worked example 3: a wrong weight is corrected", "[settlement][worked]") {
  Adjusting ledger;
  ledger.Asset(0, AssetKind::kOutput, "kept");
  ledger.Asset(1, AssetKind::kModelCheckpoint, "base");
  ledger.Asset(2, AssetKind::kWork, "data");
  ledger.Make(1, 1, {});
  ledger.Make(0, 40, {{1, 50}, {2, 10}});
  const LogPosition sale = ledger.Sell(0, 99'97);
  const auto closed = ledger.Close().value();
  // Statements carry what a quote would round: 49.985, 9.997 and 39.988.
  CHECK(PaidBy(closed) ==
        Cents{{"party:base", 49'98}, {"party:data", 9'99}, {"party:kept", 39'98}});
  const LogPosition superseding = ledger.Make(0, 40, {{1, 20}, {2, 40}});
  const auto preview = ledger.Preview(ledger.id(superseding)).value();
  CHECK(Differences(preview) == std::map<std::string, long>{{"party:base", -29'99},
                                                            {"party:data", 29'99},
                                                            {"party:kept", 0}});
  REQUIRE(preview.record.totals.size() == 1);
  CHECK((preview.record.totals[0].increase == preview.record.totals[0].decrease));
  // The correction is of the books, not of the past.
  const auto again = RecomputeStatement(*ledger.Reader(), *LastStatement(*ledger.Reader()).value());
  REQUIRE(again.ok());
  CHECK(again->lines == closed.lines);
  const Cents paid = ledger.Post(preview);
  CHECK(paid == Cents{{"party:data", 29'99}});
  const auto next = FindStatement(*ledger.Reader(), 2).value().value();
  const auto lines = ledger.Reader()->ReadLines(next.position, 0, 10).value();
  CHECK((DecodeStatementLine(lines[0]).value().debt > 29'98 * kCent));

  const auto explained = ExplainSale(*ledger.Reader(), ledger.at(sale)).value();
  CHECK(std::get<StatementRecord>(explained.statement->record.body).number == 1);
  REQUIRE(explained.value.has_value());
  CHECK((explained.value->split.gross == 99'97 * kCent));
  CHECK(ledger.Preview(ledger.id(superseding)).status().code() == absl::StatusCode::kAlreadyExists);
}

TEST_CASE("adjust: a reversal takes back, a correction replaces", "[settlement]") {
  Adjusting ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  ledger.Asset(1, AssetKind::kWork, "ben");
  const Digest reversed = ledger.id(ledger.Sell(0, 10));
  const Digest corrected = ledger.id(ledger.Sell(0, 20));
  REQUIRE(ledger.Close().ok());
  const Digest reversal = ledger.id(ledger.Append(ReversalRecord{.sale = reversed}));
  const Digest correction =
      ledger.id(ledger.Append(CorrectionRecord{.sale = corrected, .asset = TestId(1)}));
  const Digest second = ledger.id(ledger.Append(
      CorrectionRecord{.sale = corrected, .amount = MinorUnits{5}, .reason = "again"}));
  const auto first = ledger.Preview(reversal).value();
  CHECK(Differences(first) == std::map<std::string, long>{{"party:ana", -10}});
  ledger.Append(first.record, first.lines);
  const auto next = ledger.Preview(correction).value();
  CHECK(Differences(next) == std::map<std::string, long>{{"party:ana", -20}, {"party:ben", 20}});
  ledger.Append(next.record, next.lines);
  // Starts from the sale again: the asset is ana's once more.
  const auto last = ledger.Preview(second).value();
  CHECK(Differences(last) == std::map<std::string, long>{{"party:ana", 5}, {"party:ben", -20}});
}

TEST_CASE("adjust: a prospective one changes no figures, and is not made twice", "[settlement]") {
  Adjusting ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  ledger.Sell(0, 10);
  REQUIRE(ledger.Close().ok());
  const Digest holders = ledger.id(ledger.Hold(0, {{"ben", 1}}));
  const auto preview = ledger.Preview(holders, 1, AdjustmentMode::kProspective).value();
  CHECK(ledger.Post(preview).empty());
  CHECK(ledger.Preview(holders).status().code() == absl::StatusCode::kAlreadyExists);
  ledger.Hold(0, {{"cem", 1}});
  const Digest later = ledger.id(ledger.Hold(0, {{"dan", 1}}));
  CHECK(Differences(ledger.Preview(later).value()) ==
        std::map<std::string, long>{{"party:ana", -10}, {"party:dan", 10}});
}

TEST_CASE("adjust: a hold released or rerouted ends at nothing", "[settlement]") {
  Adjusting ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  const Digest hold = ledger.id(ledger.Append(HoldRecord{.reference = "h", .asset = TestId(0)}));
  const Digest idle = ledger.id(ledger.Append(HoldRecord{.reference = "i", .party = "zoe"}));
  ledger.Sell(0, 10);
  CHECK(PaidBy(ledger.Close().value()) == Cents{{HoldKey(hold), 10}});
  const Digest nothing = ledger.id(ledger.Append(HoldReleaseRecord{.hold = idle}));
  CHECK(MessageOf(ledger.Preview(nothing).status()).find("concerns no sale") != std::string::npos);
  HoldReleaseRecord release{.hold = hold};
  Cents wanted{{"party:ana", 10}};
  SECTION("released") {}
  SECTION("rerouted") {
    release.outcome = HoldOutcome::kRerouted;
    release.recipients = {{"ben", 4}, {"cem", 1}};
    wanted = {{"party:ben", 8}, {"party:cem", 2}};
  }
  const Digest cause = ledger.id(ledger.Append(release));
  const auto preview = ledger.Preview(cause).value();
  CHECK(ledger.Post(preview) == wanted);
}

TEST_CASE("adjust: parties that turn out to be one are paid as one", "[settlement]") {
  Adjusting ledger;
  ledger.options.routes = [](const SettlementReader& reader) -> absl::StatusOr<EarnerRoutes> {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto merge,
                               reader.FindInForce(PartyMergeRecord{.party = "ana"}));
    if (!merge.has_value()) return EarnerRoutes{};
    return EarnerRoutes{{}, [](std::string_view party, LogPosition) {
                          return party == "ana" ? std::string("anna") : std::string(party);
                        }};
  };
  ledger.Asset(0, AssetKind::kWork, "ana");
  ledger.Sell(0, 10);
  REQUIRE(ledger.Close(ledger.options).ok());
  const Digest merge = ledger.id(ledger.Append(PartyMergeRecord{.party = "ana", .into = "anna"}));
  const auto preview = ledger.Preview(merge).value();
  CHECK(Differences(preview) ==
        std::map<std::string, long>{{"party:ana", -10}, {"party:anna", 10}});
  const Digest other = ledger.id(ledger.Append(PartyMergeRecord{.party = "bo", .into = "bob"}));
  CHECK(Differences(ledger.Preview(other).value()).size() == 2);  // routes as of now, ana's too
  ledger.Append(preview.record, preview.lines);
  CHECK(MessageOf(ledger.Preview(other).status()).find("concerns no sale") != std::string::npos);
}

TEST_CASE("adjust: what changes no closed statement is refused", "[settlement]") {
  Adjusting ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  const LogPosition work = ledger.Asset(1, AssetKind::kWork, "ben");
  const LogPosition early = ledger.Hold(0, {{"ana", 2}});
  ledger.Sell(0, 10);
  REQUIRE(ledger.Close().ok());
  const LogPosition sale = ledger.Sell(0, 11);
  const LogPosition elsewhere = ledger.Hold(1, {{"cem", 1}});
  const LogPosition later = ledger.Append(ReversalRecord{.sale = ledger.id(sale)});
  const auto refused = [&](const Digest& cause, const char* what) {
    const absl::Status status = ledger.Preview(cause).status();
    CAPTURE(what, MessageOf(status));
    CHECK(MessageOf(status).find(what) != std::string::npos);
    CHECK(FieldOf(status) == "cause");
  };
  refused(ledger.id(sale), "tributary/sale");
  refused(ledger.id(early), "counts already");
  refused(ledger.id(elsewhere), "concerns no sale");
  refused(ledger.id(later), "concerns no sale");
  refused(Sha256("none"), "the id of a record");
  const auto reader = ledger.Reader();
  CHECK(FieldOf(PreviewAdjustment(*reader, {ledger.id(work), ledger.id(elsewhere)}).status()) ==
        "statement");
}

TEST_CASE("adjust: a sale that moves to an asset of later keeps its new place", "[settlement]") {
  Adjusting ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  const Digest sale = ledger.id(ledger.Sell(0, 10));
  REQUIRE(ledger.Close().ok());
  const Digest holders = ledger.id(ledger.Hold(0, {{"ben", 1}}));
  const auto first = ledger.Preview(holders).value();
  ledger.Append(first.record, first.lines);
  ledger.Asset(1, AssetKind::kWork, "cem");
  // Valued at its own position, where the other asset was not yet: refused by the sale's name.
  const Digest wrong = ledger.id(ledger.Append(CorrectionRecord{.sale = sale, .asset = TestId(1)}));
  CHECK(MessageOf(ledger.Preview(wrong).status()).find("sale at") != std::string::npos);
  const Digest right = ledger.id(ledger.Append(
      CorrectionRecord{.sale = sale, .asset = TestId(1), .tree_size = ledger.tree_size().value}));
  CHECK(Differences(ledger.Preview(right).value()) ==
        std::map<std::string, long>{{"party:ben", -10}, {"party:cem", 10}});
}

TEST_CASE("explain: a sale says where it stands", "[settlement]") {
  Adjusting ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  const LogPosition pending = ledger.Sell(0, 10, {.pending_until = TimeMs{1}});
  const LogPosition plain = ledger.Sell(0, 20);
  const Digest hold =
      ledger.id(ledger.Append(HoldRecord{.reference = "h", .sale = ledger.id(plain)}));
  REQUIRE(ledger.Close().ok());
  const auto explain = [&](LogPosition sale) {
    return ExplainSale(*ledger.Reader(), ledger.at(sale)).value();
  };
  CHECK(explain(pending).state.standing == SaleStanding::kPending);
  CHECK(!explain(pending).statement.has_value());
  REQUIRE(explain(pending).value.has_value());
  CHECK(explain(pending).value->split.lines.size() == 1);
  const auto held = explain(plain);
  REQUIRE(held.value.has_value());
  CHECK(PayeeKeyOf(held.value->split.lines[0], held.value->hold_ids) == HoldKey(hold));
  ledger.Append(EscrowRecord{.sale = ledger.id(pending)});
  ledger.Append(ReversalRecord{.sale = ledger.id(plain)});
  REQUIRE(ledger.Close().ok());
  const auto number = [&](LogPosition sale) {
    return std::get<StatementRecord>(explain(sale).statement->record.body).number;
  };
  CHECK(number(pending) == 2);
  CHECK(number(plain) == 1);
  // Reversed after it was counted: still what its statement gave, on hold then.
  CHECK(explain(plain).state.standing == SaleStanding::kReversed);
  REQUIRE(explain(plain).value.has_value());
  CHECK(PayeeKeyOf(explain(plain).value->split.lines[0], explain(plain).value->hold_ids) ==
        HoldKey(hold));
  const LogPosition taken_back = ledger.Sell(0, 30);
  ledger.Append(ReversalRecord{.sale = ledger.id(taken_back)});
  for (const bool closed : {false, true}) {
    if (closed) REQUIRE(ledger.Close().ok());
    CHECK(!explain(taken_back).statement.has_value());
    CHECK(!explain(taken_back).value.has_value());
  }
  const auto no_sale = ExplainSale(*ledger.Reader(), *LastStatement(*ledger.Reader()).value());
  CHECK(no_sale.status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("explain: lines name who earns, in the place of whom the lineage names", "[settlement]") {
  Adjusting ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  ledger.Asset(1, AssetKind::kWork, "anna");
  ledger.Asset(2, AssetKind::kOutput);
  ledger.Make(2, /*kept=*/0, {{0, 1}, {1, 1}});
  const LogPosition sale = ledger.Sell(2, 10);
  ExplainOptions options;
  options.routes = [](const SettlementReader&) -> absl::StatusOr<EarnerRoutes> {
    return EarnerRoutes{{}, [](std::string_view party, LogPosition) {
                          return party == "ana" ? std::string("anna") : std::string(party);
                        }};
  };
  const auto own = ExplainSale(*ledger.Reader(), ledger.at(sale)).value();
  CHECK(own.value->split.lines.size() == 2);
  const auto routed = ExplainSale(*ledger.Reader(), ledger.at(sale), options).value();
  REQUIRE(routed.value->split.lines.size() == 1);
  CHECK(routed.value->split.lines[0].payee == Payee::Party("anna"));
  CHECK((routed.value->split.lines[0].grains == 10 * kCent));
}

TEST_CASE("adjust: nothing is given past a hold that came after the close", "[settlement]") {
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  ledger.Asset(1, AssetKind::kWork, "ben");
  ledger.Asset(2, AssetKind::kOutput, "cleo");
  const LogPosition first = ledger.Make(2, 1, {{0, 1}});
  ledger.Sell(2, 100);
  REQUIRE(ledger.Close().ok());
  const LogPosition cause = ledger.Make(2, 1, {{1, 1}});  // from ana to ben
  HoldRecord hold{.reference = "h"};
  const auto [what, is_refused] = GENERATE(table<std::string, bool>({{"ben", true},
                                                                     {"his work", true},
                                                                     {"the weights", true},
                                                                     {"ana, who gets less", false},
                                                                     {"nobody", false}}));
  CAPTURE(what);
  if (what == "ben") hold.party = "ben";
  if (what == "his work") hold.asset = TestId(1);
  if (what == "the weights") hold.derivation = ledger.id(first);
  if (what == "ana, who gets less") hold.party = "ana";
  std::optional<LogPosition> placed;
  if (what != "nobody") placed = ledger.Append(hold);
  AdjustmentRequest request{.statement = LastStatement(*ledger.Reader()).value()->id,
                            .cause = ledger.id(cause)};
  const auto adjust = [&] { return PreviewAdjustment(*ledger.Reader(), request).status(); };
  CHECK(adjust().ok());  // it can be looked at
  request.refuse_past_holds = true;
  const absl::Status refused = adjust();
  CHECK(refused.code() ==
        (is_refused ? absl::StatusCode::kFailedPrecondition : absl::StatusCode::kOk));
  if (is_refused) {
    const bool names_hold =
        refused.message().find(HoldKey(ledger.id(*placed))) != absl::string_view::npos;
    CHECK(names_hold);
  }
  request.mode = AdjustmentMode::kProspective;
  CHECK(adjust().ok());
  request.mode = AdjustmentMode::kCarriedForward;
  if (placed) ledger.Append(HoldReleaseRecord{.hold = ledger.id(*placed)});
  CHECK(adjust().ok());
}

}  // namespace
}  // namespace tributary::test
