// Statements over a ledger, and worked examples through them.

#include "graph/settlement/close.h"

#include "tests/graph/settlement/ledger_story.h"
#include "tests/support/catch.h"
#include "tests/support/list_settlement_reader.h"

namespace tributary::test {
namespace {

// A record with the ledger's name, as a server would store it.
absl::Status CheckRecord(const StatementRecord& body) {
  Record record;
  record.ledger = "test.example/ledger";
  record.body = body;
  return Validate(record);
}

TEST_CASE("worked example 5: a small payee is paid in full", "[settlement][worked]") {
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kOutput, "kept");
  ledger.Asset(1, AssetKind::kModelCheckpoint, "model");
  ledger.Asset(2, AssetKind::kWork, "contributor");
  ledger.Make(1, 1, {});
  ledger.Make(0, 600, {{1, 396}, {2, 4}});
  const bool in_one = GENERATE(true, false);
  const std::uint64_t count = in_one ? 100'000 : 1'000;
  Cents paid;
  for (std::uint64_t i = 0; i < count; ++i) {
    ledger.Sell(0, 100);
    if (in_one && i + 1 < count) continue;
    const auto closed = ledger.Close().value();
    for (const auto& [payee, cents] : PaidBy(closed)) paid[payee] += cents;
    CHECK((LineOf(closed, "party:contributor").carry < Grains{1} << 64));
    CHECK(closed.pass_count == 1);
  }
  CHECK(paid["party:kept"] == 60 * count);
  CHECK(paid["party:model"] + 1 >= count * 396 / 10);
  CHECK(paid["party:contributor"] + 1 >= count * 4 / 10);
  CHECK(paid["party:contributor"] <= count * 4 / 10);
}

TEST_CASE("close: a statement carries, sums and proves itself", "[settlement]") {
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork);
  ledger.Hold(0, {{"ana", 1}, {"ben", 2}});
  ledger.Sell(0, 1);
  const auto first = ledger.Close().value();
  CHECK(first.record.number == 1);
  CHECK(!first.record.previous.has_value());
  CHECK(first.record.begin == 0);
  CHECK(first.record.line_count == 2);
  CHECK(first.sale_count == 1);
  REQUIRE(CheckRecord(first.record).ok());
  CHECK(PaidBy(first).empty());
  ledger.Sell(0, 2);
  const auto second = ledger.Close().value();
  REQUIRE(CheckRecord(second.record).ok());
  CHECK(second.record.number == 2);
  CHECK(second.record.begin == first.record.end);
  CHECK(second.record.previous == ledger.id({first.record.end}));
  // A third of a cent and two thirds: one is paid with a grain left, the other lacks it.
  CHECK(PaidBy(second) == Cents{{"party:ben", 2}});
  std::vector<StatementLine> lines;
  for (const std::string& bytes : second.lines) {
    lines.push_back(DecodeStatementLine(bytes).value());
  }
  CHECK(CheckStatementLines(second.record, lines).ok());
}

TEST_CASE("close: recomputing gives the same bytes, whatever came later", "[settlement]") {
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  const LogPosition sale = ledger.Sell(0, 10);
  ledger.Sell(0, 11);
  const auto first = ledger.Close().value();
  ledger.Hold(0, {{"ben", 1}});
  ledger.Append(ReversalRecord{.sale = ledger.id(sale)});
  ledger.Append(HoldRecord{.reference = "h", .party = "ana"});
  ledger.Sell(0, 12);
  const auto second = ledger.Close().value();
  CHECK(PaidBy(second) == Cents{{"party:ben", 12}});
  for (std::uint64_t number = 1; number <= 2; ++number) {
    const auto statement = FindStatement(*ledger.Reader(), number).value().value();
    const auto again = RecomputeStatement(*ledger.Reader(), statement);
    REQUIRE(again.ok());
    CHECK(again->lines == (number == 1 ? first : second).lines);
  }
  auto spoilt = *FindStatement(*ledger.Reader(), 2).value();
  std::get<StatementRecord>(spoilt.record.body).line_count += 1;
  CHECK(RecomputeStatement(*ledger.Reader(), spoilt).status().code() ==
        absl::StatusCode::kDataLoss);
}

TEST_CASE("close: ranges neither overlap nor pass the end of the log", "[settlement]") {
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  ledger.Sell(0, 10);
  const std::uint64_t size = ledger.tree_size().value;
  const auto close = [&](std::uint64_t end) {
    return CloseStatement(*ledger.Reader(), {end}, {}).status();
  };
  CHECK(close(size + 1).code() == absl::StatusCode::kOutOfRange);
  CHECK(close(0).code() == absl::StatusCode::kInvalidArgument);
  REQUIRE(ledger.Close().ok());
  CHECK(close(size).code() == absl::StatusCode::kInvalidArgument);
  CHECK(close(size + 1).ok());
  CHECK(CloseStatement(*ledger.Reader(), {size + 1}, Sha256("none")).status().code() ==
        absl::StatusCode::kInvalidArgument);
}

TEST_CASE("close: each log position belongs to one statement", "[settlement]") {
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  std::vector<std::uint64_t> ends;
  for (int i = 0; i < 7; ++i) {
    for (int sale = 0; sale <= i; ++sale) ledger.Sell(0, 1);
    ends.push_back(ledger.Close().value().record.end);
  }
  const auto reader = ledger.Reader();
  for (std::uint64_t position = 0; position < ledger.tree_size().value; ++position) {
    const auto found = StatementOf(*reader, {position}).value();
    const auto above = std::upper_bound(ends.begin(), ends.end(), position);
    CAPTURE(position);
    REQUIRE(found.has_value() == (above != ends.end()));
    if (!found) continue;
    CHECK(std::get<StatementRecord>(found->record.body).number ==
          static_cast<std::uint64_t>(above - ends.begin()) + 1);
  }
}

TEST_CASE("close: limits are named and nothing is partial", "[settlement]") {
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork);
  ledger.Hold(0, {{"ana", 1}, {"ben", 2}});
  ledger.Append(HoldRecord{.reference = "h1", .party = "x"});
  ledger.Append(HoldRecord{.reference = "h2", .party = "y"});
  const Digest a = ledger.id(ledger.Sell(0, 1));
  const Digest b = ledger.id(ledger.Sell(0, 1));
  ledger.Append(CorrectionRecord{.sale = a, .amount = MinorUnits{2}});
  ledger.Append(CorrectionRecord{.sale = b, .amount = MinorUnits{2}});
  CloseOptions options;
  const char* limit = "";
  SECTION("sales") { options.limits.sales.sale_count_max = 1, limit = "sale_count_max"; }
  SECTION("changes") { options.limits.sales.change_count_max = 1, limit = "change_count_max"; }
  SECTION("holds") { options.limits.holds.hold_count_max = 1, limit = "hold_count_max"; }
  SECTION("figures") { options.limits.figure_count_max = 1, limit = "figure_count_max"; }
  SECTION("lines") { options.limits.valuation.split.line_count_max = 1, limit = "line_count_max"; }
  SECTION("assets") {
    options.limits.valuation.collect.asset_count_max = 0, limit = "asset_count_max";
  }
  const auto closed = ledger.Close(options);
  CHECK(closed.status().code() == absl::StatusCode::kResourceExhausted);
  CHECK(FieldOf(closed.status()) == limit);
}

TEST_CASE("close: stops when asked to", "[settlement]") {
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  ledger.Sell(0, 1);
  CancelToken cancel;
  cancel.Cancel();
  CloseOptions options;
  options.cancel = &cancel;
  CHECK(ledger.Close(options).status().code() == absl::StatusCode::kCancelled);
}

TEST_CASE("close: an end below a hold that meets its sales is refused", "[settlement]") {
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  ledger.Asset(1, AssetKind::kWork, "ben");
  const LogPosition sale = ledger.Sell(0, 10);
  const std::uint64_t end = ledger.tree_size().value;
  HoldRecord hold{.reference = "h"};
  bool meets = true;
  SECTION("of the party") { hold.party = "ana"; }
  SECTION("of the asset") { hold.asset = TestId(0); }
  SECTION("of the sale") { hold.sale = ledger.id(sale); }
  SECTION("of another") { hold.party = "ben", meets = false; }
  const LogPosition held = ledger.Append(hold);
  const auto close = [&] { return CloseStatement(*ledger.Reader(), {end}, {}); };
  if (meets) {
    const absl::Status refused = close().status();
    CHECK(refused.code() == absl::StatusCode::kFailedPrecondition);
    CHECK(FieldOf(refused) == "end");
    CHECK(std::string(refused.message()).find(ledger.id(held).ToHex()) != std::string::npos);
    const auto above = CloseStatement(*ledger.Reader(), {held.value + 1}, {});
    CHECK(PaidBy(above.value()) == Cents{{HoldKey(ledger.id(held)), 10}});
    ledger.Append(HoldReleaseRecord{.hold = ledger.id(held)});
  }
  const auto closed = close();
  REQUIRE(closed.ok());
  CHECK(PaidBy(*closed) == Cents{{"party:ana", 10}});
  // What is closed comes out again, whatever is held since.
  ledger.Append(closed->record, closed->lines);
  ledger.Append(HoldRecord{.reference = "later", .asset = TestId(0)});
  const auto again = RecomputeStatement(*ledger.Reader(), *LastStatement(*ledger.Reader()).value());
  REQUIRE(again.ok());
  CHECK(again->lines == closed->lines);
}

TEST_CASE("close: a hold on a derivation binds those that supersede it", "[settlement]") {
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  ledger.Asset(1, AssetKind::kOutput, "sam");
  ledger.Make(1, 1, {{0, 1}});
  ledger.Sell(1, 10);  // by the derivation before: not meant
  const Digest named = ledger.id(ledger.Make(1, 1, {{0, 1}}));
  const Digest hold = ledger.id(ledger.Append(HoldRecord{.reference = "h", .derivation = named}));
  ledger.Sell(1, 100);
  ledger.Make(1, 1, {{0, 1}});
  ledger.Sell(1, 200);
  CHECK(PaidBy(ledger.Close().value()) ==
        Cents{{HoldKey(hold), 300}, {"party:ana", 5}, {"party:sam", 5}});
}

TEST_CASE("close: a hold on the asset sold catches what its holders get by policy",
          "[settlement]") {
  LedgerStory ledger;
  PolicyRecord policy{.name = "p"};
  bool unclaimed = false;
  SECTION("of parts without a payee") {
    policy.unclaimed = UnclaimedRule::kSoldAssetHolders, unclaimed = true;
  }
  SECTION("of parts without a source") { policy.undisclosed = UndisclosedRule::kSoldAssetHolders; }
  ledger.policy = ledger.id(ledger.Append(policy));
  ledger.Asset(0, unclaimed ? AssetKind::kWork : AssetKind::kDataset);
  ledger.Asset(1, AssetKind::kOutput, "ana");
  ledger.Make(1, 1, {{0, 1}});
  const Digest hold = ledger.id(ledger.Append(HoldRecord{.reference = "h", .asset = TestId(1)}));
  ledger.Sell(1, 100);
  CHECK(PaidBy(ledger.Close().value()) == Cents{{HoldKey(hold), 100}});
}

// Loses what it is told to, as a damaged index would.
struct LossyReader : ListSettlementReader {
  absl::StatusOr<std::vector<LogPosition>> ListPositions(RecordType type, std::uint64_t first,
                                                         std::size_t count_max) const override {
    if (loses_list) return std::vector<LogPosition>();
    return ListSettlementReader::ListPositions(type, first, count_max);
  }
  absl::Status ReadRecords(std::span<const LogPosition> positions,
                           std::vector<LoggedRecord>* records) const override {
    TRIBUTARY_RETURN_IF_ERROR(ListSettlementReader::ReadRecords(positions, records));
    const bool loses = loses_sale && !records->empty() &&
                       std::holds_alternative<SaleRecord>(records->back().record.body);
    if (loses) records->pop_back();
    return absl::OkStatus();
  }
  bool loses_list = false;
  bool loses_sale = false;
};

TEST_CASE("close: a list that lost a record is damage", "[settlement]") {
  LossyReader reader;
  SaleRecord sale;
  sale.reference = "pending";
  sale.currency = "EUR";
  sale.pending_until = TimeMs{1};
  const LogPosition pending = reader.Append(sale);
  reader.Append(EscrowRecord{.sale = reader.IdAt(pending)});
  SECTION("of positions") { reader.loses_list = true; }
  SECTION("of sales that were posted") { reader.loses_sale = true; }
  SaleTable table(reader, std::nullopt);
  // Above the sale: only its posting is in the range.
  CHECK(ReadSales(reader, {pending.value + 1}, {}, nullptr, &table).code() ==
        absl::StatusCode::kDataLoss);
}

TEST_CASE("close: holds that catch something cost no flow of their own", "[settlement]") {
  constexpr std::uint8_t kOutputCount = 60;
  LedgerStory ledger;
  ledger.Asset(0, AssetKind::kWork, "ana");
  ledger.Asset(1, AssetKind::kDataset, "ben");
  ledger.Make(1, 0, {{0, 1}});
  for (std::uint8_t i = 0; i < kOutputCount; ++i) {
    const auto output = static_cast<std::uint8_t>(2 + i);
    ledger.Asset(output, AssetKind::kOutput, "cleo");
    const LogPosition made = ledger.Make(output, 1, {{1, 1}});
    ledger.Append(HoldRecord{.reference = "h" + std::to_string(i), .derivation = ledger.id(made)});
  }
  // One that nobody disputes.
  ledger.Asset(90, AssetKind::kOutput, "dan");
  ledger.Make(90, 1, {{1, 1}});
  for (std::uint8_t i = 0; i < kOutputCount; ++i) {
    ledger.Sell(static_cast<std::uint8_t>(2 + i), 100);
  }
  ledger.Sell(90, 100);
  // 63 assets with 62 edges are collected once and flow once.
  CloseOptions options;
  options.limits.valuation.visit_count_max = 2 * (63 + 62);
  const ClosedStatement closed = ledger.Close(options).value();
  CHECK(closed.lines.size() == kOutputCount + 2);
  CHECK(LineOf(closed, "party:ana").paid == MinorUnits{50});
  CHECK(LineOf(closed, "party:dan").paid == MinorUnits{50});
  for (std::uint64_t n = 0; n < ledger.tree_size().value; ++n) {
    const LoggedRecord& record = ledger.at({n});
    if (!std::holds_alternative<HoldRecord>(record.record.body)) continue;
    CHECK(LineOf(closed, HoldKey(record.id)).earned == Grains{100} << 64);
  }
}

}  // namespace
}  // namespace tributary::test
