// What a ledger promises about records of sales, statements and the like, on both engines.

#include <algorithm>
#include <functional>

#include "tests/storage/ledger/market.h"

namespace tributary {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace): the market, and facts

// --- References ---

TEST_CASE("settlement: what a sale may not say is refused by field and changes nothing",
          "[ledger][settlement]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  RecordMarket(ledger);
  struct BadSale {
    std::string_view name;
    std::function<void(SaleRecord*)> change;
    absl::StatusCode code;
    std::string_view field;
    std::string_view found;
  };
  const std::vector<BadSale> bad_sales = {
      {"an asset that is not recorded", [](SaleRecord* s) { s->asset = AssetId("other"); },
       absl::StatusCode::kNotFound, "asset", "allowed: the id of an asset that is recorded"},
      {"an asset recorded later than the tree size", [](SaleRecord* s) { s->tree_size = 1; },
       absl::StatusCode::kFailedPrecondition, "asset", "recorded at log position 1"},
      {"a tree size that is not reached", [](SaleRecord* s) { s->tree_size = 6; },
       absl::StatusCode::kOutOfRange, "tree_size", "found 6; allowed: at most the tree size, 5"},
      {"a currency that is not recorded", [](SaleRecord* s) { s->currency = "USD"; },
       absl::StatusCode::kNotFound, "currency", "found USD"},
      {"an amount of 2^127 grains", [](SaleRecord* s) { s->amount = {Uint128{1} << 63}; },
       absl::StatusCode::kOutOfRange, "amount", "found 9223372036854775808; allowed: below 2^63"},
      {"a policy that is none", [](SaleRecord* s) { s->policy = AssetId("out"); },
       absl::StatusCode::kNotFound, "policy", "the record id of a policy"},
      {"an end of its escrow that is past", [](SaleRecord* s) { s->pending_until = TimeMs{kTime}; },
       absl::StatusCode::kFailedPrecondition, "pending_until", "after the time of acceptance"},
  };
  for (const BadSale& bad : bad_sales) {
    CAPTURE(bad.name);
    SaleRecord sale = Sale("order 1");
    bad.change(&sale);
    const HeadRow before = ledger->head();
    const auto refused = ledger->RecordFact(FactOf(sale));
    CHECK_STATUS(refused, bad.code);
    CHECK(FieldOf(refused.status()) == bad.field);
    CHECK(Says(refused.status(), bad.found));
    CHECK(ledger->head() == before);
  }
  SaleRecord largest = Sale("order 1");
  largest.amount = {(Uint128{1} << 63) - 1};
  largest.tree_size = 5;
  MustRecord(ledger, FactOf(largest));
}

TEST_CASE("settlement: a reference has one content, for ever", "[ledger][settlement]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  RecordMarket(ledger);
  const Receipt first = MustRecord(ledger, FactOf(Sale("order 1")));
  const Receipt again = MustRecord(ledger, FactOf(Sale("order 1")));
  CHECK(again.already_recorded);
  CHECK(again.position == first.position);
  SaleRecord other = Sale("order 1");
  other.amount = {101};
  const auto refused = ledger->RecordFact(FactOf(other));
  CHECK_STATUS(refused, absl::StatusCode::kAlreadyExists);
  CHECK(Says(refused.status(), "\"amount\":\"100\""));
  CHECK(Says(refused.status(), "\"amount\":\"101\""));
  CHECK_FALSE(Says(refused.status(), "supersedes"));
}

TEST_CASE("settlement: a ledger has no more currencies than a statement has totals",
          "[ledger][settlement]") {
  TestLedger ledger(Engine::kMemory);
  RecordMarket(ledger);
  const auto currency = [](std::size_t number) {
    CurrencyRecord record;
    record.code = StrCat("T", number);
    record.fraction_bits = 32;
    return FactOf(record);
  };
  const std::size_t before = ledger->head().record_counts[kRecordTypeOf<CurrencyRecord>.index];
  std::vector<PreparedFact> facts;
  for (std::size_t i = 1000; i < 1000 + kStatementTotalCountMax - before; ++i) {
    facts.push_back(PrepareFact(currency(i)).value());
  }
  for (const auto& receipt : ledger->RecordAll(std::move(facts), {})) REQUIRE_OK(receipt);
  const HeadRow full = ledger->head();
  const auto refused = ledger->RecordFact(currency(9999));
  CHECK_STATUS(refused, absl::StatusCode::kResourceExhausted);
  CHECK(FieldOf(refused.status()) == "code");
  CHECK(Says(refused.status(), "T9999 after 1024 currencies"));
  CHECK(ledger->head() == full);
  CHECK(MustRecord(ledger, currency(1000)).already_recorded);
}

TEST_CASE("settlement: an escrow ends once, and before its time", "[ledger][settlement]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  RecordMarket(ledger);
  const auto pending = [&](std::string reference) {
    SaleRecord sale = Sale(std::move(reference));
    sale.pending_until = TimeMs{kTime + 1000};
    return MustRecord(ledger, FactOf(sale)).record_id;
  };
  const Digest posted = pending("posted");
  const Digest voided = pending("voided");
  const Digest expired = pending("expired");
  const Digest plain = MustRecord(ledger, FactOf(Sale("plain"))).record_id;

  const auto reversal = [&](const Digest& sale) {
    return ledger->RecordFact(FactOf(ReversalRecord{.sale = sale}));
  };
  CHECK_STATUS(reversal(posted), absl::StatusCode::kFailedPrecondition);  // still pending
  const EscrowRecord post{.sale = posted, .outcome = EscrowOutcome::kPosted};
  MustRecord(ledger, FactOf(post));
  const EscrowRecord then_void{.sale = posted, .outcome = EscrowOutcome::kVoided};
  CHECK_STATUS(ledger->RecordFact(FactOf(then_void)), absl::StatusCode::kAlreadyExists);
  MustRecord(ledger, FactOf(EscrowRecord{.sale = voided, .outcome = EscrowOutcome::kVoided}));
  const auto not_pending = ledger->RecordFact(FactOf(EscrowRecord{.sale = plain}));
  CHECK_STATUS(not_pending, absl::StatusCode::kFailedPrecondition);
  CHECK_STATUS(ledger->RecordFact(FactOf(EscrowRecord{.sale = AssetId("nothing")})),
               absl::StatusCode::kNotFound);
  CHECK(MustRecord(ledger, FactOf(post)).already_recorded);

  ledger.set_time(TimeMs{kTime + 1000});
  const auto late = ledger->RecordFact(FactOf(EscrowRecord{.sale = expired}));
  CHECK_STATUS(late, absl::StatusCode::kFailedPrecondition);
  CHECK(Says(late.status(), "expired at 2023-11-14T22:13:21.000Z"));
  CHECK(MustRecord(ledger, FactOf(post)).already_recorded);  // a retry after the time is safe

  REQUIRE_OK(reversal(posted));
  CHECK_STATUS(reversal(voided), absl::StatusCode::kFailedPrecondition);
  CHECK_STATUS(reversal(expired), absl::StatusCode::kFailedPrecondition);
  REQUIRE_OK(reversal(plain));
  const auto twice =
      ledger->RecordFact(FactOf(ReversalRecord{.sale = plain, .reason = "once more"}));
  CHECK_STATUS(twice, absl::StatusCode::kAlreadyExists);
}

TEST_CASE("settlement: a correction keeps the rules of the sale", "[ledger][settlement]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  RecordMarket(ledger);
  const Digest sale = MustRecord(ledger, FactOf(Sale("order 1"))).record_id;  // position 5
  MustRecord(ledger, AssetFact("late", AssetKind::kOutput));                  // position 6
  const auto correct = [&](CorrectionRecord correction, std::optional<Digest> supersedes = {}) {
    correction.sale = sale;
    return ledger->RecordFact(FactOf(correction, supersedes));
  };
  CHECK_STATUS(correct({.amount = MinorUnits{Uint128{1} << 63}}), absl::StatusCode::kOutOfRange);
  // The sale stays valued at its own position, where the asset was not there yet.
  CHECK_STATUS(correct({.asset = AssetId("late")}), absl::StatusCode::kFailedPrecondition);
  CHECK_STATUS(correct({.policy = sale}), absl::StatusCode::kNotFound);
  const auto first = correct({.asset = AssetId("late"), .tree_size = 7});
  REQUIRE_OK(first);
  CHECK_STATUS(correct({.amount = MinorUnits{1}}), absl::StatusCode::kAlreadyExists);
  REQUIRE_OK(correct({.amount = MinorUnits{1}}, first->record_id));
  MustRecord(ledger, FactOf(ReversalRecord{.sale = sale}));
  const auto last = MustFind(*MustView(ledger), CorrectionRecord{.sale = sale});
  REQUIRE(last.has_value());
  CHECK_STATUS(correct({.amount = MinorUnits{2}}, last->id), absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("settlement: what never counts is not corrected", "[ledger][settlement]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  RecordMarket(ledger);
  const auto pending = [&](std::string reference) {
    SaleRecord sale = Sale(std::move(reference));
    sale.pending_until = TimeMs{kTime + 1000};
    return MustRecord(ledger, FactOf(sale)).record_id;
  };
  const auto correct = [&](const Digest& sale) {
    return ledger->RecordFact(FactOf(CorrectionRecord{.sale = sale, .amount = MinorUnits{1}}));
  };
  const Digest open = pending("open");
  const Digest posted = pending("posted");
  const Digest voided = pending("voided");
  const Digest expired = pending("expired");
  MustRecord(ledger, FactOf(EscrowRecord{.sale = posted}));
  MustRecord(ledger, FactOf(EscrowRecord{.sale = voided, .outcome = EscrowOutcome::kVoided}));
  REQUIRE_OK(correct(open));  // it may still be posted
  ledger.set_time(TimeMs{kTime + 1000});
  REQUIRE_OK(correct(posted));
  CHECK_STATUS(correct(voided), absl::StatusCode::kFailedPrecondition);
  CHECK(Says(correct(voided).status(), "voided, which was voided"));
  CHECK_STATUS(correct(expired), absl::StatusCode::kFailedPrecondition);
  CHECK(Says(correct(expired).status(), "expired, which expired"));
}

TEST_CASE("settlement: records name what is there", "[ledger][settlement]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  RecordMarket(ledger);
  const Digest sale = MustRecord(ledger, FactOf(Sale("order 1"))).record_id;
  const Digest nothing = AssetId("nothing");
  PolicyRecord policy;
  policy.name = "p";
  policy.fees = {{.party = "nobody", .ppm = 1}};
  PolicyRecord other_currency = policy;
  other_currency.fees = {{.party = "ana", .fixed = {1}, .currency = "USD"}};
  const PolicyRecord mistyped{.name = "t", .absolute_terms = {{nothing, 1}}};
  HoldRecord hold;
  hold.reference = "h";
  hold.reason = "claim";
  const auto held = [&hold](std::function<void(HoldRecord*)> change) {
    HoldRecord copy = hold;
    change(&copy);
    return copy;
  };
  struct Case {
    RecordBody body;
    std::string_view field;
  };
  const std::vector<Case> cases = {
      {policy, "fees.party"},
      {other_currency, "fees.currency"},
      {mistyped, "absolute_terms.asset"},
      {ReversalRecord{.sale = nothing}, "sale"},
      {CorrectionRecord{.sale = nothing, .amount = MinorUnits{1}}, "sale"},
      {held([&](HoldRecord* h) { h->asset = nothing; }), "asset"},
      {held([&](HoldRecord* h) { h->party = "nobody"; }), "party"},
      {held([&](HoldRecord* h) { h->derivation = sale; }), "derivation"},
      {held([&](HoldRecord* h) { h->sale = nothing; }), "sale"},
      {held([&](HoldRecord* h) {
         h->sale = sale;
         h->claimant = "nobody";
       }),
       "claimant"},
      {HoldReleaseRecord{.hold = sale}, "hold"},
      {MandateRecord{.party = "ana", .collector = "nobody"}, "collector"},
      {MandateRecord{.party = "nobody", .collector = "ana"}, "party"},
      {AssignmentRecord{.party = "ana", .assignee = "nobody"}, "assignee"},
      {PartyMergeRecord{.party = "ana", .into = "nobody"}, "into"},
      {PayoutBatchRecord{
           .reference = "b", .currency = "USD", .tree_size = 1, .lines = {{"ana", {1}}}},
       "currency"},
      {PayoutBatchRecord{
           .reference = "b", .currency = "EUR", .tree_size = 1, .lines = {{"nobody", {1}}}},
       "lines.party"},
      {PayoutStateRecord{.batch = sale}, "batch"},
  };
  const HeadRow before = ledger->head();
  for (const Case& bad : cases) {
    CAPTURE(TypeName(bad.body), bad.field);
    const auto refused = ledger->RecordFact(FactOf(bad.body));
    CHECK_STATUS(refused, absl::StatusCode::kNotFound);
    CHECK(FieldOf(refused.status()) == bad.field);
  }
  CHECK(ledger->head() == before);
  const Digest batch =
      MustRecord(ledger,
                 FactOf(PayoutBatchRecord{
                     .reference = "b", .currency = "EUR", .tree_size = 1, .lines = {{"ana", {1}}}}))
          .record_id;
  MustRecord(ledger, FactOf(PayoutStateRecord{.batch = batch, .party = "ana"}));
  const auto unpaid = ledger->RecordFact(FactOf(PayoutStateRecord{.batch = batch, .party = "ben"}));
  CHECK_STATUS(unpaid, absl::StatusCode::kNotFound);
}

TEST_CASE("settlement: a record checked before the lineage changed is refused, to be checked again",
          "[ledger][settlement]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  RecordMarket(ledger);
  auto fact = PrepareFact(FactOf(Sale("order 1")));
  REQUIRE_OK(fact);
  fact->derivation_count_seen = 0;
  MustRecord(ledger, AssetFact("w", AssetKind::kWork));
  MustRecord(ledger, DerivationFact("out", {{"w", 1}}));
  auto results = ledger->RecordAll({*fact});
  CHECK_STATUS(results.front(), absl::StatusCode::kAborted);
  fact->derivation_count_seen = 1;
  results = ledger->RecordAll({*fact});
  REQUIRE_OK(results.front());
}

// --- Lists ---

TEST_CASE("settlement: the list of a type is complete at every tree size", "[ledger][settlement]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  RecordMarket(ledger);
  constexpr std::size_t kCount = 2 * kPositionBlockSize + 3;
  std::vector<PreparedFact> facts;
  for (std::size_t i = 0; i < kCount; ++i) {
    facts.push_back(*PrepareFact(FactOf(Sale("order " + std::to_string(i)))));
    facts.push_back(*PrepareFact(AssetFact("w" + std::to_string(i))));
  }
  for (const auto& result : ledger->RecordAll(std::move(facts))) REQUIRE_OK(result);
  const RecordType type = kRecordTypeOf<SaleRecord>;
  // Sale i stands at position 5 + 2 i.
  for (const std::uint64_t size :
       {5u, 6u, 5u + 2 * 127, 6u + 2 * 127, 5u + 2 * 128, 300u, 5u + 2 * 259}) {
    CAPTURE(size);
    const auto view = MustView(ledger, TreeSize{size});
    const std::uint64_t expected = (size - 5 + 1) / 2;
    CHECK(*view->CountRecordsBefore(type, LogPosition{~std::uint64_t{0}}) == expected);
    for (const std::uint64_t first : {0u, 1u, 127u, 128u, 129u, 255u, 256u, 258u, 400u}) {
      for (const std::size_t count_max : {1u, 128u, 200u, 1000u}) {
        CAPTURE(first, count_max);
        const auto positions = view->ListRecords(type, first, count_max);
        REQUIRE_OK(positions);
        const std::uint64_t left = expected > first ? expected - first : 0;
        REQUIRE(positions->size() == std::min<std::uint64_t>(count_max, left));
        for (std::size_t i = 0; i < positions->size(); ++i) {
          REQUIRE((*positions)[i].value == 5 + 2 * (first + i));
        }
      }
    }
  }
  const auto view = MustView(ledger);
  CHECK(*view->CountRecordsBefore(type, LogPosition{5}) == 0);
  CHECK(*view->CountRecordsBefore(type, LogPosition{6}) == 1);
  CHECK(*view->CountRecordsBefore(type, LogPosition{5 + 2 * 128}) == 128);
  CHECK(*view->CountRecordsBefore(kRecordTypeOf<HoldRecord>, LogPosition{1000}) == 0);
  CHECK(view->ListRecords(kRecordTypeOf<HoldRecord>, 0, 10)->empty());
}

TEST_CASE("settlement: the record in force is that of the tree size", "[ledger][settlement]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  RecordMarket(ledger);
  const auto first = MustRecord(ledger, FactOf(MandateRecord{.party = "ana", .collector = "ben"}));
  const auto second = MustRecord(
      ledger, FactOf(MandateRecord{.party = "ana", .collector = "ben", .end = 9}, first.record_id));
  MustRecord(ledger, DerivationFact("out", {}, 1));
  const MandateRecord probe{.party = "ana"};
  const auto newest = MustView(ledger);
  CHECK(MustFind(*newest, probe)->id == second.record_id);
  CHECK(MustFind(*newest->At(TreeSize{second.position.value}), probe)->id == first.record_id);
  CHECK_FALSE(MustFind(*newest->At(TreeSize{first.position.value}), probe).has_value());
  DerivationRecord made;
  made.generated = AssetId("out");
  CHECK(MustFind(*newest, made)->position.value == 7);
  CHECK_FALSE(MustFind(*newest->At(TreeSize{7}), made).has_value());
}

TEST_CASE("settlement: the last change of an asset is its newest record, derivation or holders",
          "[ledger][settlement]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  RecordMarket(ledger);
  MustRecord(ledger, AssetFact("w"));                        // 5
  MustRecord(ledger, DerivationFact("out", {{"w", 1}}));     // 6
  MustRecord(ledger, test::AliasFact("name", "w"));          // 7: changes no share
  MustRecord(ledger, test::HoldersFact("w", {{"ana", 1}}));  // 8
  const AssetNumber assets[] = {AssetNumber{1}, AssetNumber{5}};
  std::vector<LogPosition> positions;
  REQUIRE_OK(MustView(ledger)->ReadLastChanges(assets, &positions));
  CHECK(positions == std::vector<LogPosition>{{6}, {8}});
  REQUIRE_OK(MustView(ledger, TreeSize{8})->ReadLastChanges(assets, &positions));
  CHECK(positions == std::vector<LogPosition>{{6}, {5}});
  REQUIRE_OK(MustView(ledger, TreeSize{6})->ReadLastChanges(assets, &positions));
  CHECK(positions == std::vector<LogPosition>{{1}, {5}});
}

// --- Lines ---

TEST_CASE("settlement: the lines of a statement are read as they were given",
          "[ledger][settlement]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  RecordMarket(ledger);
  const std::size_t count = GENERATE(0, 1, kLineChunkSize, 3 * kLineChunkSize + 7);
  const auto lines = SomeLines(count);
  const auto receipt = RecordLines(ledger, StatementOver(0, 5, lines), lines);
  REQUIRE_OK(receipt);
  REQUIRE_OK(ledger.Reopen());
  const auto view = MustView(ledger);
  for (const std::size_t first : {0u, 1u, 255u, 256u, 500u, 775u, 2000u}) {
    for (const std::size_t count_max : {0u, 1u, 300u, 5000u}) {
      CAPTURE(count, first, count_max);
      const auto read = view->ReadLines(receipt->position, first, count_max);
      REQUIRE_OK(read);
      const std::size_t begin = std::min(first, count);
      const std::size_t end = std::min(count, begin + count_max);
      CHECK(*read == std::vector<std::string>(lines.begin() + static_cast<std::ptrdiff_t>(begin),
                                              lines.begin() + static_cast<std::ptrdiff_t>(end)));
    }
  }
  CHECK_STATUS(view->ReadLines(LogPosition{1}, 0, 1), absl::StatusCode::kNotFound);
  const auto again = RecordLines(ledger, StatementOver(0, 5, lines), lines);
  REQUIRE_OK(again);
  CHECK(again->already_recorded);
  CHECK(again->position == receipt->position);
  CHECK(view->ReadLines(receipt->position, 0, 5000)->size() == count);
}

TEST_CASE("settlement: lines that are not what the record states record nothing",
          "[ledger][settlement]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  RecordMarket(ledger);
  const auto lines = SomeLines(300);
  StatementRecord statement = StatementOver(0, 5, lines);
  const HeadRow before = ledger->head();
  statement.line_count = 299;
  const auto counted = RecordLines(ledger, statement, lines);
  CHECK_STATUS(counted, absl::StatusCode::kInvalidArgument);
  CHECK(FieldOf(counted.status()) == "line_count");
  statement = StatementOver(0, 5, lines);
  auto changed = lines;
  changed[17] += "!";
  const auto rooted = RecordLines(ledger, statement, changed);
  CHECK_STATUS(rooted, absl::StatusCode::kInvalidArgument);
  CHECK(FieldOf(rooted.status()) == "lines_root");
  CHECK_STATUS(RecordLines(ledger, Sale("s"), lines), absl::StatusCode::kInvalidArgument);
  CHECK_STATUS(ledger->RecordFact(FactOf(statement)), absl::StatusCode::kFailedPrecondition);
  const std::vector<std::string> long_line = {std::string(kLineSizeMax + 1, 'x')};
  CHECK_STATUS(RecordLines(ledger, StatementOver(0, 5, long_line), long_line),
               absl::StatusCode::kInvalidArgument);
  CHECK(ledger->head() == before);
  REQUIRE_OK(RecordLines(ledger, statement, lines));
}

TEST_CASE("settlement: statements are one chain without gaps", "[ledger][settlement]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  RecordMarket(ledger);
  const auto refused = [&](const StatementRecord& statement, std::string_view field) {
    const auto result = RecordLines(ledger, statement, {});
    return absl::IsFailedPrecondition(result.status()) && FieldOf(result.status()) == field;
  };
  CHECK(refused(StatementOver(1, 5, {}), "begin"));
  CHECK(refused(StatementOver(0, 6, {}), "end"));
  StatementRecord second = StatementOver(3, 5, {});
  second.number = 2;
  second.previous = AssetId("nothing");
  CHECK(refused(second, "number"));
  const auto first = RecordLines(ledger, StatementOver(0, 3, {}), {});
  REQUIRE_OK(first);
  second.previous = first->record_id;
  StatementRecord overlapping = second;
  overlapping.begin = 2;
  CHECK(refused(overlapping, "begin"));
  StatementRecord skipping = second;
  skipping.number = 3;
  CHECK(refused(skipping, "number"));
  const auto recorded = RecordLines(ledger, second, {});
  REQUIRE_OK(recorded);
  StatementRecord third = StatementOver(5, 7, {});
  third.number = 3;
  third.previous = first->record_id;
  CHECK(refused(third, "previous"));
  third.previous = recorded->record_id;
  REQUIRE_OK(RecordLines(ledger, third, {}));
  StatementRecord other = StatementOver(0, 4, {});
  CHECK_STATUS(RecordLines(ledger, other, {}), absl::StatusCode::kAlreadyExists);
}

TEST_CASE("settlement: an adjustment names a statement and a later cause, once",
          "[ledger][settlement]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  RecordMarket(ledger);
  const Digest sale = MustRecord(ledger, FactOf(Sale("order 1"))).record_id;
  const auto statement = RecordLines(ledger, StatementOver(0, 6, {}), {});
  REQUIRE_OK(statement);                                                                    // 6
  const Digest cause = MustRecord(ledger, FactOf(ReversalRecord{.sale = sale})).record_id;  // 7
  const auto lines = SomeLines(2);
  AdjustmentRecord adjustment;
  adjustment.statement = statement->record_id;
  adjustment.cause = cause;
  adjustment.tree_size = 8;
  adjustment.algorithm = "test/v1";
  adjustment.line_count = 2;
  adjustment.lines_root = RootOf(lines);
  const auto with = [&](std::function<void(AdjustmentRecord*)> change) {
    AdjustmentRecord copy = adjustment;
    change(&copy);
    return RecordLines(ledger, copy, lines);
  };
  CHECK_STATUS(with([&](auto* a) { a->statement = sale; }), absl::StatusCode::kNotFound);
  CHECK_STATUS(with([&](auto* a) { a->cause = AssetId("x"); }), absl::StatusCode::kNotFound);
  CHECK_STATUS(with([&](auto* a) { a->cause = sale; }), absl::StatusCode::kFailedPrecondition);
  CHECK_STATUS(with([&](auto* a) { a->tree_size = 7; }), absl::StatusCode::kFailedPrecondition);
  CHECK_STATUS(with([&](auto* a) { a->tree_size = 9; }), absl::StatusCode::kOutOfRange);
  const auto recorded = with([](auto*) {});
  REQUIRE_OK(recorded);
  CHECK(*MustView(ledger)->ReadLines(recorded->position, 0, 10) == lines);
  CHECK_STATUS(with([](auto* a) { a->reason = "again"; }), absl::StatusCode::kAlreadyExists);
}

TEST_CASE("settlement: lineage may change between a sale and its close", "[ledger][settlement]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  RecordMarket(ledger);
  const Digest sale = MustRecord(ledger, FactOf(Sale("order 1"))).record_id;  // 5
  const Digest holders = MustRecord(ledger, HoldersFact("out", {{"ana", 1}})).record_id;
  const Digest hold =
      MustRecord(ledger, FactOf(HoldRecord{.reference = "h", .party = "ana", .reason = "claim"}))
          .record_id;
  const Digest early = MustRecord(ledger, FactOf(HoldReleaseRecord{.hold = hold})).record_id;
  const auto statement = RecordLines(ledger, StatementOver(0, 9, {}), {});  // 9
  REQUIRE_OK(statement);
  const Digest reversal = MustRecord(ledger, FactOf(ReversalRecord{.sale = sale})).record_id;
  const auto adjust = [&](const Digest& cause, AdjustmentMode mode) {
    AdjustmentRecord adjustment;
    adjustment.statement = statement->record_id;
    adjustment.cause = cause;
    adjustment.mode = mode;
    adjustment.tree_size = 11;
    adjustment.algorithm = "test/v1";
    adjustment.lines_root = RootOf({});
    return RecordLines(ledger, adjustment, {});
  };
  REQUIRE_OK(adjust(holders, AdjustmentMode::kCarriedForward));
  // What holds said at the end of the statement is in it.
  CHECK_STATUS(adjust(early, AdjustmentMode::kCarriedForward),
               absl::StatusCode::kFailedPrecondition);
  const auto frozen = adjust(reversal, AdjustmentMode::kProspective);
  CHECK_STATUS(frozen, absl::StatusCode::kFailedPrecondition);
  CHECK(FieldOf(frozen.status()) == "mode");
  REQUIRE_OK(adjust(reversal, AdjustmentMode::kCarriedForward));
}

}  // namespace
}  // namespace tributary
