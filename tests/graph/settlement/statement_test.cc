#include "graph/settlement/statement.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>

#include "graph/model/canonical_json.h"
#include "graph/model/status.h"
#include "graph/settlement/adjustment.h"
#include "graph/settlement/quote.h"
#include "tests/graph/settlement/sale_cases.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary::test {
namespace {

constexpr Grains kUnit = Grains{1} << 64;

std::vector<std::string> GoldenLines(const std::string& name) {
  std::ifstream in(std::string(TRIBUTARY_STATEMENTS_FOLDER "/") + name, std::ios::binary);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  REQUIRE_FALSE(lines.empty());
  return lines;
}

// The statement of tests/golden/statements, added in an order of its own.
StatementBuilder GoldenBuilder() {
  const std::string hold = "hold:" + Sha256("hold").ToHex();
  StatementBuilder builder;
  REQUIRE_OK(builder.AddCurrency("JPY", 32));
  REQUIRE_OK(builder.AddCurrency("EUR", 64));
  REQUIRE_OK(builder.AddOpening("EUR", "unclaimed:" + Sha256("work").ToHex(), kUnit - 1, 0));
  REQUIRE_OK(builder.AddOpening("EUR", "party:ben", 0, 7));
  REQUIRE_OK(builder.AddOpening("EUR", "party:ana", 5, 0));
  REQUIRE_OK(builder.AddOpening("EUR", hold, 9, 0));
  REQUIRE_OK(builder.AddSales(
      "JPY", {100}, 3, std::vector<StatementBuilder::Earning>{{"party:ana", Grains{100} << 32}}));
  REQUIRE_OK(builder.AddSales(
      "EUR", {4}, 1,
      std::vector<StatementBuilder::Earning>{{"unattributed", kUnit / 2},
                                             {"party:ana", 3 * kUnit + kUnit / 2},
                                             {"undisclosed:" + Sha256("model").ToHex(), 0}}));
  REQUIRE_OK(builder.AddAdjustment("EUR", "party:ben", 0, 2 * kUnit));
  REQUIRE_OK(builder.AddAdjustment("EUR", hold, 0, 2 * kUnit + 1));
  REQUIRE_OK(builder.AddAdjustment("EUR", "unclaimed:" + Sha256("work").ToHex(), 1, 0));
  return builder;
}

StatementRecord RecordOf(const Statement& statement) {
  Record record;
  record.ledger = "test";
  StatementRecord body;
  body.end = 1;
  body.algorithm = kSettlementAlgorithm;
  body.line_count = statement.lines.size();
  body.lines_root = statement.lines_root;
  body.totals = statement.totals;
  record.body = body;
  SortLists(&record);
  REQUIRE_OK(Validate(record));
  return std::get<StatementRecord>(record.body);
}

TEST_CASE("statement: golden lines and root", "[settlement][golden]") {
  const Statement statement = GoldenBuilder().Close().value();
  const std::vector<std::string> golden = GoldenLines("statement.lines");
  REQUIRE(statement.lines.size() == golden.size());
  for (std::size_t i = 0; i < golden.size(); ++i) {
    CAPTURE(i);
    CHECK(EncodeStatementLine(statement.lines[i]) == golden[i]);
    const auto decoded = DecodeStatementLine(golden[i]);
    REQUIRE_OK(decoded);
    CHECK(*decoded == statement.lines[i]);
    CHECK(WriteCanonicalJson(ParseCanonicalJson(golden[i]).value()) == golden[i]);
  }
  CHECK(statement.lines_root.ToHex() == GoldenLines("statement.root")[0]);
  CHECK_STATUS(CheckStatementLines(RecordOf(statement), statement.lines), absl::StatusCode::kOk);
}

TEST_CASE("adjustment: golden lines and root", "[settlement][golden]") {
  const EarnedGrains old_earned = {{{"EUR", "party:ana"}, 10},
                                   {{"EUR", "unattributed"}, 7},
                                   {{"EUR", "party:zoe"}, 0},
                                   {{"JPY", "party:ana"}, 5}};
  const EarnedGrains new_earned = {{{"EUR", "party:ben"}, Grains{1} << 126},
                                   {{"EUR", "party:ana"}, 1},
                                   {{"EUR", "unattributed"}, 7}};
  const auto adjustment = CompareEarned(old_earned, new_earned);
  REQUIRE_OK(adjustment);
  const std::vector<std::string> golden = GoldenLines("adjustment.lines");
  REQUIRE(adjustment->lines.size() == golden.size());
  for (std::size_t i = 0; i < golden.size(); ++i) {
    CHECK(EncodeAdjustmentLine(adjustment->lines[i]) == golden[i]);
    CHECK(DecodeAdjustmentLine(golden[i]).value() == adjustment->lines[i]);
  }
  CHECK(adjustment->lines_root.ToHex() == GoldenLines("adjustment.root")[0]);
  CHECK(adjustment->totals ==
        std::vector<AdjustmentTotal>{{"EUR", Grains{1} << 126, 9}, {"JPY", 0, 5}});
}

TEST_CASE("statement: spoilt bytes of a line are no line", "[settlement]") {
  for (const std::string& line : GoldenLines("statement.lines")) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      std::string cut = line;
      cut.erase(i, 1);
      std::string doubled = line;
      doubled.insert(i, 1, line[i]);
      for (const std::string& spoilt : {cut, doubled}) {
        const auto decoded = DecodeStatementLine(spoilt);
        if (decoded.ok()) CHECK(EncodeStatementLine(*decoded) == spoilt);
      }
    }
    CHECK_STATUS(DecodeStatementLine(line + " "), absl::StatusCode::kInvalidArgument);
    std::string more = line;
    more.insert(1, R"("a":"",)");
    CHECK_STATUS(DecodeStatementLine(more), absl::StatusCode::kInvalidArgument);
  }
  CHECK_STATUS(DecodeStatementLine("[]"), absl::StatusCode::kInvalidArgument);
  CHECK_STATUS(DecodeStatementLine("{}"), absl::StatusCode::kInvalidArgument);
  for (const std::string& line : GoldenLines("adjustment.lines")) {
    std::string more = line;
    more.insert(1, R"("a":"",)");
    CHECK_STATUS(DecodeAdjustmentLine(more), absl::StatusCode::kInvalidArgument);
    std::string other = line;
    other.replace(other.find("\"old\":\""), 7, "\"old\":\"1");
    CHECK_STATUS(DecodeAdjustmentLine(other), absl::StatusCode::kInvalidArgument);
  }
  CHECK_STATUS(DecodeAdjustmentLine("7"), absl::StatusCode::kInvalidArgument);
}

TEST_CASE("statement: each line is proved by itself", "[settlement]") {
  for (std::size_t count = 1; count < 40; ++count) {
    StatementBuilder builder;
    REQUIRE_OK(builder.AddCurrency("EUR", 64));
    for (std::size_t i = 0; i < count; ++i) {
      REQUIRE_OK(builder.AddAdjustment("EUR", "party:" + std::to_string(i), i + 1, 0));
    }
    const Statement statement = std::move(builder).Close().value();
    std::vector<std::string> bytes;
    for (const StatementLine& line : statement.lines) bytes.push_back(EncodeStatementLine(line));
    const LineTree tree(bytes);
    REQUIRE(tree.size() == count);
    CHECK(RootAt(tree, count).value() == statement.lines_root);
    for (std::size_t i = 0; i < count; ++i) {
      const auto proof = InclusionProof(tree, i, count);
      REQUIRE_OK(proof);
      CHECK_STATUS(VerifyInclusion(LeafHash(bytes[i]), i, count, *proof, statement.lines_root),
                   absl::StatusCode::kOk);
      CHECK_FALSE(
          VerifyInclusion(LeafHash(bytes[i] + "x"), i, count, *proof, statement.lines_root).ok());
    }
  }
  CHECK(LineTree({}).size() == 0);
}

TEST_CASE("statement: lines that are not the record's are refused", "[settlement]") {
  const Statement statement = GoldenBuilder().Close().value();
  const StatementRecord record = RecordOf(statement);
  const std::vector<std::function<void(StatementLine*)>> spoils = {
      [](auto* line) { ++line->earned; },
      [](auto* line) { ++line->paid.value; },
      [](auto* line) { ++line->earned, ++line->carry; },
      [](auto* line) { ++line->opening_carry, ++line->opening_debt; },
      [](auto* line) { ++line->adjusted_up, ++line->adjusted_down; },
      [](auto* line) { ++line->carry, ++line->debt; },
      [](auto* line) { ++line->paid.value, ++line->released.value; },
      [](auto* line) { line->earned += kUnit, ++line->paid.value; },
      [](auto* line) { line->earned += kUnit, line->carry += kUnit; },
      [](auto* line) { line->payee += "x"; },
      [](auto* line) { line->currency = "USD"; }};
  for (std::size_t i = 0; i < statement.lines.size(); ++i) {
    for (std::size_t k = 0; k < spoils.size(); ++k) {
      CAPTURE(i, k);
      std::vector<StatementLine> lines = statement.lines;
      spoils[k](&lines[i]);
      CHECK_STATUS(CheckStatementLines(record, lines), absl::StatusCode::kInvalidArgument);
    }
  }
  std::vector<StatementLine> fewer = statement.lines;
  fewer.pop_back();
  CHECK_STATUS(CheckStatementLines(record, fewer), absl::StatusCode::kInvalidArgument);
  std::vector<StatementLine> swapped = statement.lines;
  std::swap(swapped[0], swapped[1]);
  CHECK(FieldOf(CheckStatementLines(record, swapped)) == "lines[1]");
  // A total that no line makes up, in a record of its own.
  StatementRecord more = record;
  more.totals[0].opening_carry += 1;
  CHECK(FieldOf(CheckStatementLines(more, statement.lines)) == "totals");
  // Two lines whose figures wrap at 2^128 must not pass for small ones.
  Statement wrapping{
      {{.payee = "party:a",
        .currency = "EUR",
        .adjusted_up = kUint128Max,
        .adjusted_down = kUint128Max},
       {.payee = "party:b", .currency = "EUR", .adjusted_up = 1, .adjusted_down = 1}},
      {{.currency = "EUR"}},
      {}};
  StatementRecord zero;
  zero.totals = wrapping.totals;
  zero.line_count = 2;
  CHECK(FieldOf(CheckStatementLines(zero, wrapping.lines)) == "totals");
}

TEST_CASE("statement: what is refused changes nothing", "[settlement]") {
  StatementBuilder builder = GoldenBuilder();
  using Earnings = std::vector<StatementBuilder::Earning>;
  const auto refuse = [](const absl::Status& status, absl::StatusCode code,
                         std::string_view field) {
    CHECK_STATUS(status, code);
    CHECK(FieldOf(status) == field);
  };
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  constexpr auto kRange = absl::StatusCode::kOutOfRange;
  refuse(builder.AddCurrency("EUR", 32), kInvalid, "fraction_bits");
  refuse(builder.AddCurrency("USD", 0), kInvalid, "fraction_bits");
  refuse(builder.AddCurrency("USD", 65), kInvalid, "fraction_bits");
  refuse(builder.AddCurrency("U D", 64), kInvalid, "currency");
  refuse(builder.AddOpening("USD", "party:a", 1, 0), kInvalid, "currency");
  refuse(builder.AddOpening("EUR", "", 1, 0), kInvalid, "payee");
  refuse(builder.AddOpening("EUR", std::string(321, 'x'), 1, 0), kInvalid, "payee");
  refuse(builder.AddOpening("EUR", "party:\xff", 1, 0), kInvalid, "payee");
  refuse(builder.AddOpening("EUR", "party:a", 1, 1), kInvalid, "opening");
  refuse(builder.AddOpening("EUR", "party:a", kMoneyGrainsEnd, 0), kRange, "opening_carry");
  refuse(builder.AddOpening("EUR", "party:a", 0, kMoneyGrainsEnd - 7), kRange, "opening_debt");
  refuse(builder.AddAdjustment("EUR", "party:a", kMoneyGrainsEnd - 1, 0), kRange, "adjusted_up");
  refuse(builder.AddAdjustment("EUR", "party:a", 0, kUint128Max), kRange, "adjusted_down");
  refuse(builder.AddSales("EUR", {1}, 1, Earnings{{"party:a", kUnit - 1}}), kInvalid, "earnings");
  refuse(builder.AddSales("EUR", {1}, 1, Earnings{{"party:a", kUint128Max}, {"b", kUnit + 1}}),
         kInvalid, "earnings");
  refuse(builder.AddSales("EUR", {1}, 1, Earnings{{"", kUnit}}), kInvalid, "payee");
  refuse(builder.AddSales("EUR", {Uint128{1} << 63}, 1, Earnings{}), kRange, "amount");
  const Uint128 most = (Uint128{1} << 63) - 1;
  refuse(builder.AddSales("EUR", {most}, 1, Earnings{{"party:a", most << 64}}), kRange, "amount");
  // Lines of zeros are left out, so the statement is the golden one still.
  const Statement statement = std::move(builder).Close().value();
  CHECK(statement.lines_root.ToHex() == GoldenLines("statement.root")[0]);
}

TEST_CASE("statement: one without anything is closed too", "[settlement]") {
  const Statement empty = StatementBuilder().Close().value();
  CHECK(empty.lines.empty());
  CHECK(empty.lines_root == Sha256(""));
  CHECK_STATUS(CheckStatementLines(RecordOf(empty), {}), absl::StatusCode::kOk);
}

TEST_CASE("payable: paid, less payouts, less debt rounded up", "[settlement]") {
  CHECK(PayableUnits({100}, {0}, 0, 64).value() == MinorUnits{100});
  CHECK(PayableUnits({100}, {30}, 0, 64).value() == MinorUnits{70});
  CHECK(PayableUnits({100}, {30}, 1, 64).value() == MinorUnits{69});
  CHECK(PayableUnits({100}, {30}, kUnit, 64).value() == MinorUnits{69});
  CHECK(PayableUnits({100}, {30}, kUnit + 1, 64).value() == MinorUnits{68});
  CHECK(PayableUnits({100}, {30}, 71 * kUnit, 64).value() == MinorUnits{0});
  CHECK(PayableUnits({100}, {30}, kUint128Max, 1).value() == MinorUnits{0});
  CHECK_STATUS(PayableUnits({100}, {101}, 0, 64), absl::StatusCode::kInvalidArgument);
  CHECK_STATUS(PayableUnits({100}, {100}, 0, 0), absl::StatusCode::kInvalidArgument);
}

TEST_CASE("payee keys: a held line is its hold's", "[settlement]") {
  const std::vector<Digest> ids = {Sha256("a"), Sha256("b")};
  const SaleLine line{Payee::Party("ana"), {}, std::nullopt, 1};
  CHECK(PayeeKeyOf(line, ids) == "party:ana");
  SaleLine held = line;
  held.hold = 1;
  CHECK(PayeeKeyOf(held, ids) == "hold:" + Sha256("b").ToHex());
  CHECK(IsPaidOut("party:hold:x"));
  for (const std::string key : {"hold:party:x", "unattributed", "unclaimed:x", "undisclosed:x"}) {
    CHECK_FALSE(IsPaidOut(key));
  }
}

TEST_CASE("reroute: a hold's grains go to recipients by units, all of them", "[settlement]") {
  const Digest hold = Sha256("hold");
  const std::string key = "hold:" + hold.ToHex();
  const EarnedGrains earned = {{{"EUR", key}, 10},
                               {{"EUR", "party:ana"}, 100},
                               {{"EUR", "hold:" + Sha256("other").ToHex()}, 7},
                               {{"JPY", key}, kMoneyGrainsEnd - 1}};
  const std::vector<Holder> recipients = {{"ana", 1}, {"ben", 2}};
  const auto rerouted = RerouteEarned(earned, hold, recipients);
  REQUIRE_OK(rerouted);
  CHECK(*rerouted ==
        EarnedGrains{{{"EUR", "party:ana"}, 103},
                     {{"EUR", "party:ben"}, 7},
                     {{"EUR", "hold:" + Sha256("other").ToHex()}, 7},
                     {{"JPY", "party:ana"}, (kMoneyGrainsEnd - 1) / 3},
                     {{"JPY", "party:ben"}, kMoneyGrainsEnd - 1 - (kMoneyGrainsEnd - 1) / 3}});
  const Adjustment adjustment = CompareEarned(earned, *rerouted).value();
  for (const AdjustmentTotal& total : adjustment.totals) CHECK((total.increase == total.decrease));
  CHECK_STATUS(RerouteEarned(earned, hold, {}), absl::StatusCode::kInvalidArgument);
  CHECK_STATUS(RerouteEarned(earned, hold, std::vector<Holder>{{"ana", kWeightSumMax}, {"ben", 1}}),
               absl::StatusCode::kInvalidArgument);
}

TEST_CASE("adjustment: grains of 2^127 are refused, old or new", "[settlement]") {
  const EarnedGrains most = {{{"EUR", "party:a"}, kMoneyGrainsEnd - 1}};
  const EarnedGrains more = {{{"EUR", "party:a"}, kMoneyGrainsEnd - 1}, {{"EUR", "party:b"}, 1}};
  CHECK_STATUS(CompareEarned(most, most), absl::StatusCode::kOk);
  CHECK_STATUS(CompareEarned(more, most), absl::StatusCode::kOutOfRange);
  CHECK_STATUS(CompareEarned(most, more), absl::StatusCode::kOutOfRange);
}

// --- Worked examples ---

SaleCase OutputOf(std::uint64_t base, std::uint64_t data, std::uint64_t kept, std::uint64_t cents) {
  SaleCase made;
  made.lineage =
      Story({Made(AssetKind::kOutput, "kept", kept,
                  {{.input = 1, .weight = base}, {.input = 2, .weight = data}}),
             Made(AssetKind::kModelCheckpoint, "base", 1, {}), Source(AssetKind::kWork, "data")});
  made.sale.amount = cents;
  made.sale.currency = "EUR";
  return made;
}

std::vector<StatementBuilder::Earning> Earnings(const SaleCase& made) {
  std::vector<StatementBuilder::Earning> earnings;
  const SaleSplit split = Split(made).value();
  for (const SaleLine& line : split.lines) earnings.push_back({line.payee.Key(), line.grains});
  return earnings;
}

EarnedGrains EarnedOf(const SaleCase& made) {
  EarnedGrains earned;
  for (const auto& [payee, grains] : Earnings(made)) earned[{"EUR", payee}] += grains;
  return earned;
}

std::uint64_t NearestCents(Grains grains) {
  return static_cast<std::uint64_t>((grains + kUnit / 2) >> 64);
}

// Opens the next statement with what the last one left.
StatementBuilder After(const Statement& last) {
  StatementBuilder next;
  for (const StatementTotal& total : last.totals) {
    REQUIRE_OK(next.AddCurrency(total.currency, static_cast<unsigned>(total.fraction_bits)));
  }
  for (const StatementLine& line : last.lines) {
    REQUIRE_OK(next.AddOpening(line.currency, line.payee, line.carry, line.debt));
  }
  return next;
}

TEST_CASE("worked example 3: a wrong weight, corrected", "[settlement][worked]") {
  const SaleCase before = OutputOf(50, 10, 40, 99'97);
  const SaleCase after = OutputOf(20, 40, 40, 99'97);
  StatementBuilder builder;
  REQUIRE_OK(builder.AddCurrency("EUR", 64));
  REQUIRE_OK(builder.AddSales("EUR", {99'97}, 1, Earnings(before)));
  const Statement closed = std::move(builder).Close().value();
  REQUIRE(closed.lines.size() == 3);
  CHECK(closed.lines[0].paid.value == 49'98);  // base
  CHECK(closed.lines[1].paid.value == 9'99);   // data
  CHECK(closed.lines[2].paid.value == 39'98);  // kept; the third cent is in the carries

  const Adjustment adjustment = CompareEarned(EarnedOf(before), EarnedOf(after)).value();
  REQUIRE(adjustment.lines.size() == 3);
  CHECK(NearestCents(adjustment.lines[0].decrease()) == 29'99);
  CHECK(NearestCents(adjustment.lines[1].increase()) == 29'99);
  CHECK((adjustment.lines[2].increase() + adjustment.lines[2].decrease() <= 2));
  CHECK((adjustment.totals[0].increase == adjustment.totals[0].decrease));

  // Carried forward: base owes, data is paid, nobody is paid less than nothing.
  StatementBuilder next = After(closed);
  REQUIRE_OK(PostAdjustment(adjustment, AdjustmentMode::kCarriedForward, &next));
  const Statement carried = std::move(next).Close().value();
  CHECK(carried.lines[0].paid.value == 0);
  CHECK(NearestCents(carried.lines[0].debt) == 29'99);
  CHECK(NearestCents((Grains{carried.lines[1].paid.value} << 64) + carried.lines[1].carry) ==
        30'00);  // 29.991 and the 0.007 that were carried
  // The debt is paid by what comes next, before base is paid again.
  StatementBuilder last = After(carried);
  REQUIRE_OK(last.AddSales("EUR", {99'97}, 1, Earnings(after)));
  const Statement paid_back = std::move(last).Close().value();
  CHECK(paid_back.lines[0].paid.value == 0);
  CHECK(NearestCents(paid_back.lines[0].debt) == 9'99);

  // Prospective: nothing moves.
  StatementBuilder untouched = After(closed);
  REQUIRE_OK(PostAdjustment(adjustment, AdjustmentMode::kProspective, &untouched));
  const Statement unmoved = std::move(untouched).Close().value();
  REQUIRE(unmoved.lines.size() == 3);
  for (const StatementLine& line : unmoved.lines) {
    CHECK((line.carry == line.opening_carry && line.debt == 0 && line.paid.value == 0));
  }
}

TEST_CASE("worked example 5: a small payee", "[settlement][worked]") {
  const SaleCase sale = OutputOf(396, 4, 600, 1'00);
  const auto earnings = Earnings(sale);
  const auto grains = [&] {
    std::vector<Grains> all;
    for (const auto& earning : earnings) all.push_back(earning.grains);
    return all;
  }();
  CHECK(ApportionQuote({1'00}, 64, grains).value() ==
        std::vector<MinorUnits>{{40}, {0}, {60}});  // base, data, kept

  const auto check = [](const std::array<Uint128, 3>& paid, const Statement& last) {
    const std::array<std::uint64_t, 3> wanted = {39'600'00, 400'00, 60'000'00};
    for (std::size_t i = 0; i < 3; ++i) {
      const Grains total = (paid[i] << 64) + last.lines[i].carry;
      const Grains exact = Grains{wanted[i]} << 64;
      CAPTURE(i);
      CHECK(((total > exact ? total - exact : exact - total) <= 100'000));  // a grain a sale
      CHECK((last.lines[i].carry < kUnit));
    }
  };
  // One statement over 100,000 sales.
  StatementBuilder builder;
  REQUIRE_OK(builder.AddCurrency("EUR", 64));
  for (int i = 0; i < 100'000; ++i) {
    if (!builder.AddSales("EUR", {1'00}, 1, earnings).ok()) FAIL("sale " << i);
  }
  const Statement one = std::move(builder).Close().value();
  CHECK(one.totals[0].sale_count == 100'000);
  CHECK(one.totals[0].amount.value == 100'000'00);
  check({one.lines[0].paid.value, one.lines[1].paid.value, one.lines[2].paid.value}, one);

  // 100,000 statements of one sale each pay the same.
  Statement last;
  std::array<Uint128, 3> paid{};
  for (int i = 0; i < 100'000; ++i) {
    StatementBuilder next;
    if (!next.AddCurrency("EUR", 64).ok()) FAIL("statement " << i);
    for (const StatementLine& line : last.lines) {
      if (!next.AddOpening("EUR", line.payee, line.carry, line.debt).ok()) FAIL("opening " << i);
    }
    if (!next.AddSales("EUR", {1'00}, 1, earnings).ok()) FAIL("sale " << i);
    last = std::move(next).Close().value();
    for (std::size_t k = 0; k < 3; ++k) paid[k] += last.lines[k].paid.value;
  }
  check(paid, last);
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK((paid[k] == one.lines[k].paid.value && last.lines[k].carry == one.lines[k].carry));
  }
}

// --- Where statements are cut ---

// Sales of random amounts, each divided over a few payees at random.
struct DividedSale {
  MinorUnits amount;
  std::vector<StatementBuilder::Earning> earnings;
};

std::vector<DividedSale> RandomSales(Rng& rng) {
  std::vector<DividedSale> sales(rng.Between(1, 30));
  for (DividedSale& sale : sales) {
    sale.amount = {rng.OneIn(2) ? rng.Below(4) : rng.Below(1'000'000)};
    Grains rest = Grains{sale.amount.value} << 64;
    for (std::uint64_t i = rng.Below(5); i > 0; --i) {
      const Grains part = rest / rng.Between(1, 900);
      sale.earnings.push_back({"party:" + std::to_string(rng.Below(4)), part});
      rest -= part;
    }
    sale.earnings.push_back({"unattributed", rest});
  }
  return sales;
}

TEST_CASE("statement: where sales are cut into statements moves no grain",
          "[settlement][property]") {
  Rng rng = SeededRng();
  for (int trial = 0; trial < 5'000; ++trial) {
    CAPTURE(rng.seed(), trial);
    const std::vector<DividedSale> sales = RandomSales(rng);
    std::map<std::string, Uint128> paid;
    Statement last;
    last.totals.push_back({.currency = "EUR"});
    StatementBuilder open = After(last);
    StatementBuilder whole;
    REQUIRE_OK(whole.AddCurrency("EUR", 64));
    for (std::size_t i = 0; i < sales.size(); ++i) {
      REQUIRE_OK(open.AddSales("EUR", sales[i].amount, 1, sales[i].earnings));
      REQUIRE_OK(whole.AddSales("EUR", sales[i].amount, 1, sales[i].earnings));
      if (i + 1 < sales.size() && !rng.OneIn(3)) continue;
      last = std::move(open).Close().value();
      for (const StatementLine& line : last.lines) paid[line.payee] += line.paid.value;
      open = After(last);
    }
    const Statement one = std::move(whole).Close().value();
    for (const StatementLine& line : one.lines) {
      const auto same =
          std::find_if(last.lines.begin(), last.lines.end(),
                       [&](const StatementLine& other) { return other.payee == line.payee; });
      // Who was paid without a rest before the last statement is not on it any more.
      const Grains carry = same == last.lines.end() ? 0 : same->carry;
      REQUIRE((paid[line.payee] == line.paid.value && carry == line.carry));
    }
  }
}

}  // namespace
}  // namespace tributary::test
