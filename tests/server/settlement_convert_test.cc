// Records of sales and statements on the wire: what a client sends is what the server records, and
// what the server answers is what stands in the record.

#include <set>

#include "client/lib/convert.h"
#include "graph/model/status.h"
#include "server/convert/enums.h"
#include "server/convert/fact.h"
#include "server/convert/settlement.h"
#include "tests/graph/model/settlement_samples.h"
#include "tests/support/catch.h"

namespace tributary::test {
namespace {

using server::Limits;
using server::PrepareFromProto;

bool IsMadeByServer(const RecordBody& body) {
  return std::holds_alternative<StatementRecord>(body) ||
         std::holds_alternative<AdjustmentRecord>(body) ||
         std::holds_alternative<PayoutBatchRecord>(body);
}

// What the server records of a record that a client has.
absl::StatusOr<PreparedFact> Sent(const Record& record) {
  return PrepareFromProto(ToFact(record, {}, std::nullopt), record.ledger, Limits{});
}

TEST_CASE("settlement wire: every sample arrives byte for byte", "[server][settlement]") {
  std::set<std::size_t> types;
  for (const SampleRecord& sample : SettlementSamples()) {
    CAPTURE(sample.name);
    const auto sent = Sent(sample.record);
    if (IsMadeByServer(sample.record.body)) {
      CHECK_STATUS(sent, absl::StatusCode::kInvalidArgument);
      CHECK(FieldOf(sent.status()) == "body");
      continue;
    }
    REQUIRE_OK(sent);
    CHECK(sent->bytes == EncodeRecord(sample.record));
    types.insert(sample.record.body.index());
  }
  CHECK(types.size() == 13);
}

TEST_CASE("settlement wire: random records arrive byte for byte",
          "[server][settlement][property]") {
  Rng rng = SeededRng();
  for (int trial = 0; trial < 5'000; ++trial) {
    Record record = MakeRecord(RandomSettlementBody(rng));
    SortLists(&record);
    // Few random records break a rule of their own, such as fees above 100 %.
    if (IsMadeByServer(record.body) || !Validate(record).ok()) continue;
    CAPTURE(rng.seed(), trial, EncodeRecord(record));
    const auto sent = Sent(record);
    REQUIRE_OK(sent);
    REQUIRE(sent->bytes == EncodeRecord(record));
  }
}

// The message of a record as the server answers it, and as a client sends it.
template <typename Message, typename Body>
void CheckSameMessage(const Record& record, const Message& sent) {
  Message answered;
  server::ToProto(std::get<Body>(record.body), &answered);
  CHECK(answered.SerializeAsString() == sent.SerializeAsString());
}

TEST_CASE("settlement wire: what is answered is what can be sent", "[server][settlement]") {
  for (const SampleRecord& sample : SettlementSamples()) {
    CAPTURE(sample.name);
    const v1::Fact fact = ToFact(sample.record, {}, std::nullopt);
    switch (fact.body_case()) {
      case v1::Fact::kCurrency:
        CheckSameMessage<v1::Currency, CurrencyRecord>(sample.record, fact.currency());
        break;
      case v1::Fact::kTemplate:
        CheckSameMessage<v1::Template, TemplateRecord>(sample.record, fact.template_());
        break;
      case v1::Fact::kPolicy:
        CheckSameMessage<v1::Policy, PolicyRecord>(sample.record, fact.policy());
        break;
      case v1::Fact::kSale:
        CheckSameMessage<v1::Sale, SaleRecord>(sample.record, fact.sale());
        break;
      case v1::Fact::kHold:
        CheckSameMessage<v1::Hold, HoldRecord>(sample.record, fact.hold());
        break;
      case v1::Fact::kHoldRelease:
        CheckSameMessage<v1::HoldRelease, HoldReleaseRecord>(sample.record, fact.hold_release());
        break;
      default:
        break;
    }
  }
}

const Record& SampleNamed(std::string_view name) {
  static const auto& samples = *new std::vector<SampleRecord>(SettlementSamples());
  for (const SampleRecord& sample : samples) {
    if (sample.name == name) return sample.record;
  }
  FAIL("no sample " << name);
  return samples[0].record;
}

TEST_CASE("settlement wire: a statement shows every figure", "[server][settlement]") {
  const auto& statement = std::get<StatementRecord>(SampleNamed("statement_full").body);
  v1::Statement message;
  server::ToProto(statement, &message);
  CHECK(message.number() == 2);
  CHECK(message.previous() == statement.previous->view());
  CHECK(message.begin() == 17);
  CHECK(message.end() == 9007199254740991);
  CHECK(message.algorithm() == "tributary/settlement/v1");
  CHECK(message.line_count() == 3);
  CHECK(message.lines_root() == statement.lines_root.view());
  CHECK(message.policy() == statement.policy->view());
  REQUIRE(message.totals_size() == 2);
  const v1::StatementTotal& euro = message.totals(0).currency() == "EUR" ? message.totals(0)  //
                                                                         : message.totals(1);
  CHECK(euro.fraction_bits() == 64);
  CHECK(euro.sale_count() == 100'000);
  CHECK(euro.amount() == "10000000");
  CHECK(euro.opening_carry() == ToBigEndian(5));
  CHECK(euro.opening_debt() == ToBigEndian(7));
  CHECK(euro.adjusted_up() == ToBigEndian(11));
  CHECK(euro.adjusted_down() == ToBigEndian(2));
  CHECK(euro.paid() == "9999999");
  CHECK(euro.released() == "0");
  CHECK(euro.carry() == ToBigEndian((Uint128{1} << 64) + 8));
  CHECK(euro.debt() == ToBigEndian(1));
}

TEST_CASE("settlement wire: an adjustment and a payout batch show every figure",
          "[server][settlement]") {
  const auto& adjustment = std::get<AdjustmentRecord>(SampleNamed("adjustment_full").body);
  v1::Adjustment adjusted;
  server::ToProto(adjustment, &adjusted);
  CHECK(adjusted.statement() == adjustment.statement.view());
  CHECK(adjusted.cause() == adjustment.cause.view());
  CHECK(adjusted.mode() == v1::ADJUSTMENT_MODE_CARRIED_FORWARD);
  CHECK(adjusted.tree_size() == 99);
  CHECK(adjusted.algorithm() == "tributary/settlement/v1");
  CHECK(adjusted.line_count() == 2);
  CHECK(adjusted.lines_root() == adjustment.lines_root.view());
  CHECK(adjusted.reason() == "weights were wrong");
  REQUIRE(adjusted.totals_size() == 2);
  CHECK(adjusted.totals(0).currency() == "EUR");
  CHECK(adjusted.totals(0).increase() == ToBigEndian(kMoneyGrainsEnd - 1));
  CHECK(adjusted.totals(0).decrease() == ToBigEndian(kMoneyGrainsEnd - 1));
  CHECK(adjusted.totals(1).currency() == "JPY");
  CHECK(adjusted.totals(1).increase().empty());
  CHECK(adjusted.totals(1).decrease() == ToBigEndian(1));

  v1::PayoutBatch batch;
  server::ToProto(std::get<PayoutBatchRecord>(SampleNamed("payoutbatch_full").body), &batch);
  CHECK(batch.reference() == "2026-02");
  CHECK(batch.currency() == "EUR");
  CHECK(batch.tree_size() == 100);
  REQUIRE(batch.lines_size() == 3);
  for (const v1::PayoutLine& line : batch.lines()) {
    CHECK(line.amount() == (line.party() == "studio/a" ? "9" : "250"));
  }
}

TEST_CASE("settlement wire: lines carry their figures", "[server][settlement]") {
  const StatementLine line{.payee = "party:ana",
                           .currency = "EUR",
                           .opening_carry = 1,
                           .opening_debt = 2,
                           .earned = 3,
                           .adjusted_up = 4,
                           .adjusted_down = 5,
                           .paid = {6},
                           .released = {7},
                           .carry = 8,
                           .debt = 9};
  v1::StatementLine message;
  server::ToProto(line, &message);
  CHECK(message.payee() == "party:ana");
  CHECK(message.currency() == "EUR");
  CHECK(message.opening_carry() == "\x01");
  CHECK(message.opening_debt() == "\x02");
  CHECK(message.earned() == "\x03");
  CHECK(message.adjusted_up() == "\x04");
  CHECK(message.adjusted_down() == "\x05");
  CHECK(message.paid() == "6");
  CHECK(message.released() == "7");
  CHECK(message.carry() == "\x08");
  CHECK(message.debt() == "\x09");

  v1::AdjustmentLine adjusted;
  server::ToProto(
      AdjustmentLine{.payee = "unattributed", .currency = "JPY", .old_grains = 10, .new_grains = 1},
      &adjusted);
  CHECK(adjusted.payee() == "unattributed");
  CHECK(adjusted.currency() == "JPY");
  CHECK(adjusted.old_grains() == "\x0a");
  CHECK(adjusted.new_grains() == "\x01");
  CHECK(adjusted.increase().empty());
  CHECK(adjusted.decrease() == "\x09");
}

std::string FieldOfRefusedFact(const v1::Fact& fact) {
  const auto prepared = PrepareFromProto(fact, "test.example/wire", Limits{});
  CHECK_STATUS(prepared, absl::StatusCode::kInvalidArgument);
  return FieldOf(prepared.status());
}

v1::Fact FactOf(std::string_view sample) { return ToFact(SampleNamed(sample), {}, std::nullopt); }

TEST_CASE("settlement wire: a refusal names the path of the field", "[server][settlement]") {
  v1::Fact fact = FactOf("template_full");
  fact.mutable_template_()->mutable_rules(1)->mutable_roles(0)->set_sharing(
      v1::ROLE_SHARING_UNSPECIFIED);
  CHECK(FieldOfRefusedFact(fact) == "template.rules[1].roles[0].sharing");

  fact = FactOf("policy_full");
  fact.mutable_policy()->mutable_absolute_terms(1)->set_asset("short");
  CHECK(FieldOfRefusedFact(fact) == "policy.absolute_terms[1].asset");

  fact = FactOf("policy_full");
  for (v1::Fee& fee : *fact.mutable_policy()->mutable_fees()) fee.set_fixed("1.5");
  CHECK(FieldOfRefusedFact(fact) == "policy.fees[0].fixed");

  fact = FactOf("policy_full");
  fact.mutable_policy()->set_undisclosed(static_cast<v1::UndisclosedRule>(77));
  CHECK(FieldOfRefusedFact(fact) == "policy.undisclosed");

  fact = FactOf("escrow_posted");
  fact.mutable_escrow()->clear_outcome();
  CHECK(FieldOfRefusedFact(fact) == "escrow.outcome");

  fact = FactOf("sale_full");
  fact.mutable_sale()->set_sold_at_ms(-1);
  CHECK(FieldOfRefusedFact(fact) == "sale.sold_at_ms");
}

TEST_CASE("settlement wire: amounts are digits and nothing else", "[server][settlement]") {
  for (const char* amount :
       {"-1", "+1", "01", "1.0", "1e3", " 1", "0x1", "340282366920938463463374607431768211456"}) {
    CAPTURE(amount);
    v1::Fact fact = FactOf("sale_minimal");
    fact.mutable_sale()->set_amount(amount);
    CHECK(FieldOfRefusedFact(fact) == "sale.amount");
  }
  // No amount is 0, which a sale may not have; nor more than 2^126 - 1.
  v1::Fact fact = FactOf("sale_minimal");
  fact.mutable_sale()->clear_amount();
  CHECK(FieldOfRefusedFact(fact) == "sale.amount");
  fact.mutable_sale()->set_amount(ToDecimal(kAmountMax + 1));
  CHECK(FieldOfRefusedFact(fact) == "sale.amount");
  fact.mutable_sale()->set_amount(ToDecimal(kAmountMax));
  REQUIRE_OK(PrepareFromProto(fact, "test.example/wire", Limits{}));
}

}  // namespace
}  // namespace tributary::test
