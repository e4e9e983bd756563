// Payouts through the handlers: nobody is paid twice, or what is not his any more.

#include "graph/model/status.h"
#include "graph/model/uint128.h"
#include "tests/server/market.h"

namespace tributary::test {
namespace {

constexpr auto kConflict = absl::StatusCode::kFailedPrecondition;

// ana sells a work of her own, and is paid 100 by the statement that closes it.
struct Sold {
  std::string sale;
  std::string statement;
};

Sold SellForAna(server::Env& env) {
  RecordFacts(env, {Party("ana"), Party("anna"), Party("bob"), Party("sam"), Euro(),
                    Asset("work", v1::ASSET_KIND_WORK), Holders("work", {{"ana", 1}}),
                    Asset("song", v1::ASSET_KIND_WORK), Holders("song", {{"sam", 1}})});
  Sold sold;
  sold.sale = RecordOne(env, Sale("order 1", "work", "100"));
  sold.statement = Close(env).receipt().record_id();
  return sold;
}

v1::CreatePayoutBatchRequest BatchOf(const std::string& reference) {
  v1::CreatePayoutBatchRequest request;
  request.set_ledger(kLedger);
  request.set_reference(reference);
  request.set_currency("EUR");
  return request;
}

v1::CreatePayoutBatchRequest PayingAll(const std::string& reference) {
  v1::CreatePayoutBatchRequest request = BatchOf(reference);
  request.mutable_everybody();
  return request;
}

v1::CreatePayoutBatchRequest Paying(const std::string& reference, const std::string& party,
                                    const std::string& amount) {
  v1::CreatePayoutBatchRequest request = BatchOf(reference);
  request.mutable_listed()->add_lines()->set_party(party);
  request.mutable_listed()->mutable_lines(0)->set_amount(amount);
  return request;
}

absl::Status Pay(server::Env& env, const v1::CreatePayoutBatchRequest& request,
                 v1::CreatePayoutBatchResponse* response = nullptr) {
  v1::CreatePayoutBatchResponse unused;
  return server::CreatePayoutBatch(env, request, response == nullptr ? &unused : response);
}

TEST_CASE("payout: what a posted adjustment takes is not paid before it is closed",
          "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  const Sold sold = SellForAna(env);
  CHECK(Payable(env, "ana") == "100");
  MustPost(env, sold.statement, Reverse(env, sold.sale), v1::ADJUSTMENT_MODE_CARRIED_FORWARD);
  const v1::Balance balance = BalanceOf(env, "ana").balances(0);
  CHECK(balance.payable() == "0");
  CHECK(balance.paid() == "100");
  CHECK(*FromBigEndian(balance.pending_decrease()) == Uint128{100} << 64);
  CHECK_STATUS(Pay(env, PayingAll("p-1")), kConflict);
  CHECK_STATUS(Pay(env, Paying("p-1", "ana", "1")), kConflict);
  Close(env);
  CHECK(Payable(env, "ana") == "0");
  CHECK(*FromBigEndian(BalanceOf(env, "ana").balances(0).pending_decrease()) == 0);
}

v1::Fact Merge(const std::string& party, const std::string& into, const std::string& supersedes) {
  v1::Fact fact;
  fact.mutable_party_merge()->set_party(party);
  fact.mutable_party_merge()->set_into(into);
  if (!supersedes.empty()) fact.mutable_options()->set_supersedes(supersedes);
  return fact;
}

TEST_CASE("payout: what one name was paid for another is not paid again apart",
          "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  SellForAna(env);
  const std::string merge = RecordOne(env, Merge("ana", "anna", ""));
  v1::CreatePayoutBatchResponse paid;
  REQUIRE_OK(Pay(env, PayingAll("p-1"), &paid));
  REQUIRE(paid.batch().lines_size() == 1);
  CHECK(paid.batch().lines(0).party() == "anna");
  CHECK(paid.batch().lines(0).amount() == "100");
  for (const char* into : {"", "bob"}) {
    const v1::IngestResponse response = IngestAll(env, {Merge("ana", into, merge)});
    CHECK(response.results(0).error().field() == "into");
  }
  CHECK_STATUS(Pay(env, PayingAll("p-2")), kConflict);
  // Nothing was paid once the payment came back.
  v1::Fact failed;
  failed.mutable_payout_state()->set_batch(paid.receipt().record_id());
  failed.mutable_payout_state()->set_status(v1::PAYOUT_STATUS_FAILED);
  RecordOne(env, failed);
  CHECK(BalanceOf(env, "anna").balances(0).failed() == "100");
  RecordOne(env, Merge("ana", "", merge));
  CHECK(Payable(env, "ana") == "100");
  CHECK(BalanceOf(env, "anna").balances(0).overpaid() == "0");
}

TEST_CASE("payout: a party on hold is left out, and refused by name", "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  SellForAna(env);
  RecordOne(env, Sale("order 2", "song", "7"));
  Close(env);
  v1::Fact hold;
  hold.mutable_hold()->set_reference("claim 1");
  hold.mutable_hold()->set_party("ana");
  hold.mutable_hold()->set_reason("not hers");
  const std::string hold_id = RecordOne(env, hold);
  v1::CreatePayoutBatchResponse paid;
  for (const bool is_retry : {false, true}) {
    paid.Clear();
    REQUIRE_OK(Pay(env, PayingAll("p-1"), &paid));
    CHECK(paid.receipt().already_recorded() == is_retry);
    REQUIRE(paid.batch().lines_size() == 1);
    CHECK(paid.batch().lines(0).party() == "sam");
    REQUIRE(paid.skipped_size() == 1);
    CHECK(paid.skipped(0).party() == "ana");
    CHECK(paid.skipped(0).payable() == "100");
    CHECK(paid.skipped(0).hold() == hold_id);
  }
  const absl::Status named = Pay(env, Paying("p-2", "ana", "1"));
  CHECK_STATUS(named, kConflict);
  CHECK(FieldOf(named) == "lines[0].party");
  const absl::Status nobody = Pay(env, PayingAll("p-2"));
  CHECK_STATUS(nobody, kConflict);
  CHECK(FieldOf(nobody) == "everybody");
  v1::Fact release;
  release.mutable_hold_release()->set_hold(hold_id);
  release.mutable_hold_release()->set_outcome(v1::HOLD_OUTCOME_RELEASED);
  RecordOne(env, release);
  REQUIRE_OK(Pay(env, Paying("p-2", "ana", "100")));
}

TEST_CASE("payout: a reference in use answers only what made its batch", "[server][settlement]") {
  constexpr auto kExists = absl::StatusCode::kAlreadyExists;
  TestServer server;
  server::Env& env = server.env();
  SellForAna(env);
  RecordOne(env, Sale("order 2", "song", "7"));
  Close(env);
  REQUIRE_OK(Pay(env, Paying("p-1", "sam", "1")));
  v1::CreatePayoutBatchResponse again;
  REQUIRE_OK(Pay(env, Paying("p-1", "sam", "1"), &again));
  CHECK(again.receipt().already_recorded());
  const absl::Status all = Pay(env, PayingAll("p-1"));
  CHECK_STATUS(all, kExists);
  CHECK(FieldOf(all) == "reference");
  CHECK_STATUS(Pay(env, Paying("p-1", "sam", "2")), kExists);

  REQUIRE_OK(Pay(env, PayingAll("p-2")));
  v1::CreatePayoutBatchRequest from_fifty = PayingAll("p-2");
  from_fifty.mutable_everybody()->set_payable_min("50");
  CHECK_STATUS(Pay(env, from_fifty), kExists);  // without sam
  from_fifty.mutable_everybody()->set_payable_min("1000");
  CHECK_STATUS(Pay(env, from_fifty), kExists);  // nobody
  v1::CreatePayoutBatchRequest dollars = PayingAll("p-2");
  dollars.set_currency("USD");
  CHECK_STATUS(Pay(env, dollars), kExists);
  again.Clear();
  REQUIRE_OK(Pay(env, PayingAll("p-2"), &again));
  CHECK(again.receipt().already_recorded());
  CHECK(again.batch().lines_size() == 2);
}

}  // namespace
}  // namespace tributary::test
