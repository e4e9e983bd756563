// Money, payees, inputs, versions and payouts as people read and write them.

#include "client/cli/derivation_input.h"
#include "client/cli/fact_json.h"
#include "client/cli/ledger_money.h"
#include "client/cli/payout_file.h"
#include "client/cli/record_fields.h"
#include "client/cli/sale_answers.h"
#include "client/cli/session.h"
#include "client/cli/statement_answers.h"
#include "client/lib/convert.h"
#include "client/lib/settlement_answers.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary::cli {
namespace {

const CurrencyRecord kEuro{.code = "EUR", .name = "", .scale = 2, .fraction_bits = 64};
const CurrencyRecord kYen{.code = "JPY", .name = "", .scale = 0, .fraction_bits = 64};
const CurrencyRecord kEther{.code = "ETH", .name = "", .scale = 18, .fraction_bits = 32};

TEST_CASE("money: minor units are shown as major units with the code", "[client][settlement]") {
  CHECK(MoneyText({12'500}, kEuro) == "125.00 EUR");
  CHECK(MoneyText({5}, kEuro) == "0.05 EUR");
  CHECK(MoneyText({500}, kYen) == "500 JPY");
  CHECK(MoneyText({1}, kEther) == "0.000000000000000001 ETH");
  CHECK(MoneyText({1}, {.code = "E\x1b[1m", .scale = 0}) == "1 E\\u{1b}[1m");
}

TEST_CASE("money: grains are cut off, never rounded up", "[client][settlement]") {
  const Grains cent = Grains{1} << 64;
  CHECK(GrainsMoneyText(0, kEuro) == "0.000000 EUR");
  CHECK(GrainsMoneyText(cent, kEuro) == "0.010000 EUR");
  CHECK(GrainsMoneyText(cent - 1, kEuro) == "0.009999 EUR");
  CHECK(GrainsMoneyText(12'500 * cent + cent / 2, kEuro) == "125.005000 EUR");
  CHECK(GrainsMoneyText(cent / 3, kYen) == "0.3333 JPY");
  CHECK(GrainsMoneyText(1, kEther) == "0.0000000000000000000000 ETH");
  CHECK(GrainsMoneyText(kMoneyGrainsEnd - 1, kEuro) == "92233720368547758.079999 EUR");
  CHECK(GrainsMoneyText(kMoneyGrainsEnd - 1, {.code = "X", .scale = 0, .fraction_bits = 1}) ==
        "85070591730234615865843651857942052863.5000 X");
}

TEST_CASE("money: exactly one form of an amount", "[client][settlement]") {
  CHECK(MinorUnitsFrom("125.00", "", kEuro).value() == "12500");
  CHECK(MinorUnitsFrom("", "12500", kEuro).value() == "12500");
  for (const auto& [amount, minor] :
       {std::pair("", ""), std::pair("1", "1"), std::pair("1.234", ""), std::pair("", "1.0")}) {
    CAPTURE(amount, minor);
    const auto refused = MinorUnitsFrom(amount, minor, kEuro);
    CHECK_STATUS(refused, absl::StatusCode::kInvalidArgument);
    CHECK(ExitCodeOf(refused.status()) == kExitUsage);
  }
}

TEST_CASE("money: payee keys in words", "[client][settlement]") {
  CHECK(PayeeWords("party:ana") == "ana");
  CHECK(PayeeWords("unattributed") == "unattributed");
  CHECK(PayeeWords("unclaimed:" + std::string(64, 'a')) == "no payee on record: aaaaaaaaaaaa…");
  CHECK(PayeeWords("undisclosed:" + std::string(64, 'b')) == "source not disclosed: bbbbbbbbbbbb…");
  CHECK(PayeeWords("hold:" + std::string(64, 'c')) == "on hold: cccccccccccc…");
}

// --- Inputs of derivations ---

TEST_CASE("weighted input: read from its end", "[client][settlement]") {
  CHECK(ParseWeightedInput("hf:a/b@c:base_model:20%").value() ==
        WeightedInput{"hf:a/b@c", Role::kBaseModel, "20%", Basis::kDeclared});
  CHECK(ParseWeightedInput("x:prompt:3:measured").value() ==
        WeightedInput{"x", Role::kPrompt, "3", Basis::kMeasured});
  for (const char* text : {"", "x", "x:3", ":prompt:3", "x:friend:3"}) {
    CAPTURE(text);
    CHECK(ExitCodeOf(ParseWeightedInput(text).status()) == kExitUsage);
  }
}

TEST_CASE("role input: a sub-weight is only what digits say", "[client][settlement]") {
  CHECK(ParseRoleInput("generator:hf:a/b@c").value() ==
        RoleInput{Role::kGenerator, "hf:a/b@c", std::nullopt});
  CHECK(ParseRoleInput("training_data:x=7").value() == RoleInput{Role::kTrainingData, "x", 7});
  CHECK(ParseRoleInput("reference:https://a/?b=c").value() ==
        RoleInput{Role::kReference, "https://a/?b=c", std::nullopt});
  CHECK(ParseRoleInput("reference:https://a/?b=c=2").value() ==
        RoleInput{Role::kReference, "https://a/?b=c", 2});
  for (const char* text : {"", "prompt", "prompt:", "prompt:=3", "x:prompt", "prompt:x=03",
                           "prompt:x=99999999999999999999"}) {
    CAPTURE(text);
    CHECK(ExitCodeOf(ParseRoleInput(text).status()) == kExitUsage);
  }
}

// --- Versions ---

std::string BytesOf(const std::string& line) {
  const auto fact = FactFromLine(line, "test");
  REQUIRE_OK(fact);
  return EncodeRecord(fact->record);
}

std::string PolicyLine(const std::string& fees, const std::string& more = "") {
  return R"({"type":"tributary/policy/v1","policy":"p","undisclosed":"held","unclaimed":"held",)"
         R"("fees":[)" +
         fees + "]" + more + "}";
}

TEST_CASE("record fields: entries are named by what tells them apart", "[client][settlement]") {
  const auto fields =
      FieldsOf(BytesOf(PolicyLine(R"({"party":"m","label":"tax","ppm":5},{"party":"m","ppm":7},)"
                                  R"({"party":"m","fixed":"1","currency":"EUR"})",
                                  R"(,"floors":[{"role":"prompt","ppm":1}])")));
  REQUIRE_OK(fields);
  const std::vector<FieldValue> expected = {{"fees[m].currency", "EUR"},
                                            {"fees[m].fixed", "1"},
                                            {"fees[m].party", "m"},
                                            {"fees[tax].label", "tax"},
                                            {"fees[tax].party", "m"},
                                            {"fees[tax].ppm", "5"},
                                            {"fees[m#2].party", "m"},
                                            {"fees[m#2].ppm", "7"},
                                            {"floors[prompt].ppm", "1"},
                                            {"floors[prompt].role", "prompt"},
                                            {"policy", "p"},
                                            {"unclaimed", "held"},
                                            {"undisclosed", "held"}};
  CHECK(*fields == expected);
  CHECK_STATUS(FieldsOf("{"), absl::StatusCode::kDataLoss);
}

TEST_CASE("record fields: what differs, what is gone, what is new", "[client][settlement]") {
  const auto before = FieldsOf(BytesOf(PolicyLine(R"({"party":"m","label":"tax","ppm":5})")));
  const auto after = FieldsOf(BytesOf(PolicyLine(R"({"party":"n","label":"tax","fixed":"2",)"
                                                 R"("currency":"EUR"})")));
  REQUIRE_OK(before);
  REQUIRE_OK(after);
  const std::vector<FieldChange> expected = {{"fees[tax].party", "m", "n"},
                                             {"fees[tax].ppm", "5", std::nullopt},
                                             {"fees[tax].currency", std::nullopt, "EUR"},
                                             {"fees[tax].fixed", std::nullopt, "2"}};
  CHECK(CompareFields(*before, *after) == expected);
  CHECK(CompareFields(*before, *before).empty());
}

// --- Payouts ---

TEST_CASE("payout lines: from CSV and from arguments", "[client][settlement]") {
  const std::vector<PayoutLine> expected = {{"ana", {1'250}}, {"b=c", {300}}};
  CHECK(ParsePayoutLines("party,amount\nana,12.50\nb=c,3\n", kEuro).value() == expected);
  CHECK(ParsePayoutLines("minor_units,party\n1250,ana\n300,b=c\n", kEuro).value() == expected);
  CHECK(ParsePayoutLine("b=c=3.00", kEuro).value() == expected[1]);
  CHECK_STATUS(ParsePayoutLine("ana", kEuro), absl::StatusCode::kInvalidArgument);
  CHECK_STATUS(ParsePayoutLine("ana=1.234", kEuro), absl::StatusCode::kInvalidArgument);
  const auto refused = ParsePayoutLines("party,amount\nana,1\nben,x\n", kEuro);
  CHECK_STATUS(refused, absl::StatusCode::kInvalidArgument);
  CHECK_THAT(refused.status().ToString(), Catch::Matchers::Contains("line 3"));
  CHECK_STATUS(ParsePayoutLines("party,sum\nana,1\n", kEuro), absl::StatusCode::kInvalidArgument);
}

TEST_CASE("payout states: what a bank answers", "[client][settlement]") {
  const Digest batch = Sha256("batch");
  const auto states = ParsePayoutStates(
      "party,amount,status,external_reference,reason\r\n"
      "ana,12.50,settled,pain/7,\r\nben,3.00,,,\r\ncleo,1.00,failed,,account closed\r\n",
      batch);
  REQUIRE_OK(states);
  REQUIRE(states->size() == 2);
  CHECK((*states)[0] == PayoutStateRecord{batch, "ana", PayoutState::kSettled, "pain/7", ""});
  CHECK((*states)[1] ==
        PayoutStateRecord{batch, "cleo", PayoutState::kFailed, "", "account closed"});
  for (const char* text :
       {"party,state\nana,sent\n", "party,status\nana,lost\n", "party,status\n,sent\n"}) {
    CAPTURE(text);
    CHECK_STATUS(ParsePayoutStates(text, batch), absl::StatusCode::kInvalidArgument);
  }
}

// --- Answers ---

v1::SaleSplit GoodSplit() {
  v1::SaleSplit split;
  split.set_gross(ToBigEndian(1'000));
  split.set_fees(ToBigEndian(150));
  split.set_absolute(ToBigEndian(50));
  split.set_remainder(ToBigEndian(800));
  split.set_relative(ToBigEndian(700));
  v1::FloorOutcome* floor = split.add_floors();
  floor->set_role(v1::ROLE_TRAINING_DATA);
  floor->set_budget(ToBigEndian(120));
  floor->set_reached(ToBigEndian(20));
  floor->set_deducted(ToBigEndian(100));
  for (const unsigned grains : {600u, 300u}) {
    v1::SaleLine* line = split.add_lines();
    line->set_payee("party:ana");
    line->set_reason(grains == 600 ? "relative" : "floor:training_data");
    line->set_grains(ToBigEndian(grains));
  }
  split.set_others_grains(ToBigEndian(100));
  split.set_others_count(2);
  return split;
}

TEST_CASE("sale split: shown only if it adds up", "[client][settlement]") {
  REQUIRE_OK(CheckSplit(GoodSplit()));
  v1::SaleSplit split = GoodSplit();
  SECTION("fees") { split.set_fees(ToBigEndian(151)); }
  SECTION("absolute terms") { split.set_absolute(ToBigEndian(49)); }
  SECTION("the remainder above gross") { split.set_remainder(ToBigEndian(1'001)); }
  SECTION("by weights") { split.set_relative(ToBigEndian(699)); }
  SECTION("a floor") { split.mutable_floors(0)->set_deducted(ToBigEndian(101)); }
  SECTION("a line") { split.mutable_lines(1)->set_grains(ToBigEndian(301)); }
  SECTION("others") { split.clear_others_grains(); }
  SECTION("a sum that would wrap") {
    split.mutable_lines(0)->set_grains(ToBigEndian(kUint128Max));
    split.mutable_lines(1)->set_grains(ToBigEndian(901));
  }
  SECTION("no number") { split.set_gross(std::string(17, '\1')); }
  CHECK_STATUS(CheckSplit(split), absl::StatusCode::kDataLoss);
}

TEST_CASE("sale split: as JSON and as rows", "[client][settlement]") {
  const v1::SaleSplit split = GoodSplit();
  const Json json = SplitJson(split, kEuro);
  CHECK(json["gross"] == "1000");
  CHECK(json["floors"][0]["role"] == "training_data");
  CHECK(json["lines"][1]["reason"] == "floor:training_data");
  CHECK(json["others_count"] == 2);
  const Table table = SplitTable(split, kEuro);
  REQUIRE(table.rows.size() == 3);
  for (const auto& row : table.rows) CHECK(row.size() == table.columns.size());
}

TEST_CASE("statement line: figures that are no numbers are damage", "[client][settlement]") {
  v1::StatementLine message;
  message.set_payee("party:ana");
  message.set_currency("EUR");
  message.set_paid("7");
  message.set_released("0");
  message.set_carry("\x05");
  const auto line = FromProto(message);
  REQUIRE_OK(line);
  CHECK(line->paid.value == 7);
  CHECK(line->carry == 5);
  CHECK(LineJson(*line, kEuro)["paid"] == "0.07");
  CHECK(LineJson(*line, kEuro)["paid_minor_units"] == "7");
  message.set_paid("07");
  CHECK_STATUS(FromProto(message), absl::StatusCode::kDataLoss);
  message.set_paid("7");
  message.set_carry(std::string("\0\1", 2));
  CHECK_STATUS(FromProto(message), absl::StatusCode::kDataLoss);
}

TEST_CASE("adjustment line: the difference must be that of old and new", "[client][settlement]") {
  v1::AdjustmentLine message;
  message.set_payee("party:ana");
  message.set_currency("EUR");
  message.set_old_grains("\x0a");
  message.set_new_grains("\x01");
  message.set_decrease("\x09");
  REQUIRE_OK(FromProto(message));
  message.set_decrease("\x08");
  CHECK_STATUS(FromProto(message), absl::StatusCode::kDataLoss);
}

TEST_CASE("currency: bits and decimals out of range are damage", "[client][settlement]") {
  v1::Currency message;
  message.set_code("EUR");
  message.set_scale(2);
  message.set_fraction_bits(64);
  REQUIRE_OK(FromProto(message));
  message.set_fraction_bits(65);
  CHECK_STATUS(FromProto(message), absl::StatusCode::kDataLoss);
  message.set_fraction_bits(0);
  CHECK_STATUS(FromProto(message), absl::StatusCode::kDataLoss);
  message.set_fraction_bits(1);
  message.set_scale(31);
  CHECK_STATUS(FromProto(message), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace tributary::cli
