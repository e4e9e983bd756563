// Recording sales and what concerns them, through the handlers and through Ingest.

#include "graph/model/status.h"
#include "server/handlers/ingest.h"
#include "server/handlers/settle_record.h"
#include "tests/server/test_server.h"
#include "tests/support/catch.h"

namespace tributary::test {
namespace {

v1::Currency PlainEuro() {
  v1::Currency currency;
  currency.set_code("EUR");
  currency.set_scale(2);
  currency.set_fraction_bits(64);
  return currency;
}

v1::Sale PlainSale(std::string_view reference, std::string_view asset, std::string_view amount) {
  v1::Sale sale;
  sale.set_reference(std::string(reference));
  sale.set_asset(Id(asset));
  sale.set_amount(std::string(amount));
  sale.set_currency("EUR");
  return sale;
}

v1::RecordReceipt RecordEuro(server::Env& env) {
  v1::RecordCurrencyRequest request;
  request.set_ledger(kLedger);
  *request.mutable_currency() = PlainEuro();
  v1::RecordCurrencyResponse response;
  REQUIRE_OK(server::RecordCurrency(env, request, &response));
  return response.receipt();
}

absl::StatusOr<v1::RecordReceipt> Sell(server::Env& env, const v1::Sale& sale) {
  v1::RecordSaleRequest request;
  request.set_ledger(kLedger);
  *request.mutable_sale() = sale;
  v1::RecordSaleResponse response;
  const absl::Status status = server::RecordSale(env, request, &response);
  if (!status.ok()) return status;
  return response.receipt();
}

TEST_CASE("settlement: a form that is wrong is refused before the ledger sees it",
          "[server][settlement]") {
  TestServer server;
  const auto refused = Sell(server.env(), PlainSale("order 1", "picture", "1.50"));
  CHECK_STATUS(refused, absl::StatusCode::kInvalidArgument);
  CHECK(FieldOf(refused.status()) == "sale.amount");

  v1::RecordPolicyRequest request;
  request.set_ledger("nobody.example/none");
  v1::RecordPolicyResponse response;
  CHECK_STATUS(server::RecordPolicy(server.env(), request, &response), absl::StatusCode::kNotFound);
}

TEST_CASE("settlement: a sale sent again is answered with its first position",
          "[server][settlement]") {
  TestServer server;
  RecordFacts(server.env(), {Asset("picture", v1::ASSET_KIND_WORK)});
  RecordEuro(server.env());
  const auto first = Sell(server.env(), PlainSale("order 1", "picture", "12500"));
  REQUIRE_OK(first);
  CHECK_FALSE(first->already_recorded());
  const auto again = Sell(server.env(), PlainSale("order 1", "picture", "12500"));
  REQUIRE_OK(again);
  CHECK(again->already_recorded());
  CHECK(again->position() == first->position());
  CHECK(again->record_id() == first->record_id());
  const auto other = Sell(server.env(), PlainSale("order 1", "picture", "12501"));
  CHECK_STATUS(other, absl::StatusCode::kAlreadyExists);
}

TEST_CASE("settlement: a sale of an unknown asset or currency is refused and changes nothing",
          "[server][settlement]") {
  TestServer server;
  RecordFacts(server.env(), {Asset("picture", v1::ASSET_KIND_WORK)});
  const std::uint64_t before = RecordEuro(server.env()).tree_size();
  CHECK_STATUS(Sell(server.env(), PlainSale("order 1", "nothing", "1")),
               absl::StatusCode::kNotFound);
  v1::Sale yen = PlainSale("order 1", "picture", "1");
  yen.set_currency("JPY");
  CHECK_STATUS(Sell(server.env(), yen), absl::StatusCode::kNotFound);
  const auto sold = Sell(server.env(), PlainSale("order 1", "picture", "1"));
  REQUIRE_OK(sold);
  CHECK(sold->position() == before);
}

TEST_CASE("settlement: sales come in bulk through Ingest, each with its answer",
          "[server][settlement]") {
  TestServer server;
  std::vector<v1::Fact> facts(1);
  *facts[0].mutable_currency() = PlainEuro();
  facts.push_back(Asset("picture", v1::ASSET_KIND_WORK));
  for (int i = 0; i < 100; ++i) {
    v1::Fact fact;
    *fact.mutable_sale() = PlainSale("order " + std::to_string(i), "picture", "100");
    facts.push_back(fact);
  }
  facts[50].mutable_sale()->set_asset(Id("nothing"));
  const v1::IngestResponse response = IngestAll(server.env(), facts);
  for (int i = 0; i < response.results_size(); ++i) {
    CAPTURE(i, response.results(i).error().message());
    CHECK(response.results(i).has_receipt() == (i != 50));
  }
}

TEST_CASE("settlement: a sale is reversed once, and a pending one posted once",
          "[server][settlement]") {
  TestServer server;
  RecordFacts(server.env(), {Asset("picture", v1::ASSET_KIND_WORK)});
  RecordEuro(server.env());
  v1::Sale pending = PlainSale("order 1", "picture", "100");
  pending.set_pending_until_ms(253402300799999);
  const auto sold = Sell(server.env(), pending);
  REQUIRE_OK(sold);

  v1::SettleEscrowRequest post;
  post.set_ledger(kLedger);
  post.mutable_escrow()->set_sale(sold->record_id());
  post.mutable_escrow()->set_outcome(v1::ESCROW_OUTCOME_POSTED);
  v1::SettleEscrowResponse posted;
  REQUIRE_OK(server::SettleEscrow(server.env(), post, &posted));
  post.mutable_escrow()->set_outcome(v1::ESCROW_OUTCOME_VOIDED);
  CHECK_FALSE(server::SettleEscrow(server.env(), post, &posted).ok());

  v1::ReverseSaleRequest reverse;
  reverse.set_ledger(kLedger);
  reverse.mutable_reversal()->set_sale(sold->record_id());
  reverse.mutable_reversal()->set_reason("returned");
  v1::ReverseSaleResponse reversed;
  REQUIRE_OK(server::ReverseSale(server.env(), reverse, &reversed));
  reverse.mutable_reversal()->set_reason("returned once more");
  CHECK_STATUS(server::ReverseSale(server.env(), reverse, &reversed),
               absl::StatusCode::kAlreadyExists);
}

TEST_CASE("settlement: what concerns payees and disputes is recorded", "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, {Party("ana"), Party("society"), Asset("picture", v1::ASSET_KIND_WORK)});

  v1::PlaceHoldRequest hold;
  hold.set_ledger(kLedger);
  hold.mutable_hold()->set_reference("claim 1");
  hold.mutable_hold()->set_asset(Id("picture"));
  hold.mutable_hold()->set_reason("not theirs");
  v1::PlaceHoldResponse placed;
  REQUIRE_OK(server::PlaceHold(env, hold, &placed));

  v1::ReleaseHoldRequest release;
  release.set_ledger(kLedger);
  release.mutable_release()->set_hold(placed.receipt().record_id());
  release.mutable_release()->set_outcome(v1::HOLD_OUTCOME_RELEASED);
  v1::ReleaseHoldResponse released;
  REQUIRE_OK(server::ReleaseHold(env, release, &released));

  v1::RecordMandateRequest mandate;
  mandate.set_ledger(kLedger);
  mandate.mutable_mandate()->set_party("ana");
  mandate.mutable_mandate()->set_collector("society");
  v1::RecordMandateResponse mandated;
  REQUIRE_OK(server::RecordMandate(env, mandate, &mandated));

  v1::RecordAssignmentRequest assignment;
  assignment.set_ledger(kLedger);
  assignment.mutable_assignment()->set_party("ana");
  assignment.mutable_assignment()->set_assignee("society");
  v1::RecordAssignmentResponse assigned;
  REQUIRE_OK(server::RecordAssignment(env, assignment, &assigned));

  v1::RecordPartyMergeRequest merge;
  merge.set_ledger(kLedger);
  merge.mutable_party_merge()->set_party("ana");
  merge.mutable_party_merge()->set_into("society");
  v1::RecordPartyMergeResponse merged;
  REQUIRE_OK(server::RecordPartyMerge(env, merge, &merged));
}

}  // namespace
}  // namespace tributary::test
