// Sales, policies and payouts through the handlers: what a marketplace and a payee see.

#include <chrono>
#include <thread>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "tests/server/market.h"

namespace tributary::test {
namespace {

TEST_CASE("sale: a sale on hold says that all of it is held", "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  const std::string sale = RecordOne(env, Sale("order 1", "output", "100"));
  RecordOne(env, Sale("order 2", "output", "100"));
  v1::Fact hold;
  hold.mutable_hold()->set_reference("claim 1");
  hold.mutable_hold()->set_sale(sale);
  hold.mutable_hold()->set_reason("returned");
  const std::string hold_id = RecordOne(env, hold);
  for (const bool closed : {false, true}) {
    CAPTURE(closed);
    if (closed) Close(env);
    const v1::GetSaleResponse held = SaleOf(env, "order 1");
    const v1::GetSaleResponse free = SaleOf(env, "order 2");
    for (const v1::SaleLine& line : held.split().lines()) CHECK(line.hold() == hold_id);
    for (const v1::SaleLine& line : free.split().lines()) CHECK(line.hold().empty());
    CHECK(held.split().lines_size() == free.split().lines_size());
  }
  CHECK(Paid(Lines(env, 1)).at("hold:" + Digest::FromBytes(hold_id)->ToHex()) == "100");
}

TEST_CASE("payout: batches never exceed balances, and what failed comes back",
          "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  RecordOne(env, Sale("order 1", "output", "10000"));
  Close(env);
  const v1::CreatePayoutBatchResponse batch = PayEverybody(env, "run 1");
  CHECK(batch.batch().lines_size() == 3);
  CHECK(PayEverybody(env, "run 1").receipt().already_recorded());
  CHECK(Payable(env, "bea") == "0");

  v1::CreatePayoutBatchRequest too_much;
  too_much.set_ledger(kLedger);
  too_much.set_reference("run 2");
  too_much.set_currency("EUR");
  v1::PayoutLine* line = too_much.mutable_listed()->add_lines();
  line->set_party("bea");
  line->set_amount("1");
  v1::CreatePayoutBatchResponse refused;
  CHECK_STATUS(server::CreatePayoutBatch(env, too_much, &refused),
               absl::StatusCode::kFailedPrecondition);
  too_much.mutable_everybody();
  CHECK_STATUS(server::CreatePayoutBatch(env, too_much, &refused),
               absl::StatusCode::kFailedPrecondition);

  v1::Fact failed;
  failed.mutable_payout_state()->set_batch(batch.receipt().record_id());
  failed.mutable_payout_state()->set_party("bea");
  failed.mutable_payout_state()->set_status(v1::PAYOUT_STATUS_FAILED);
  RecordOne(env, failed);
  CHECK(Payable(env, "bea") == "5000");
  v1::Fact settled = failed;
  settled.mutable_payout_state()->set_status(v1::PAYOUT_STATUS_SETTLED);
  const v1::IngestResponse after = IngestAll(env, {settled});
  CHECK(after.results(0).has_error());  // failed is final

  v1::GetPayoutBatchRequest get;
  get.set_ledger(kLedger);
  get.set_reference("run 1");
  v1::GetPayoutBatchResponse found;
  REQUIRE_OK(server::GetPayoutBatch(env, get, &found));
  CHECK(found.batch().total() == "10000");
  CHECK(found.batch().failed_total() == "5000");
  REQUIRE(found.lines_size() == 3);
  CHECK(found.lines(0).line().party() == "bea");
  CHECK(found.lines(0).status() == v1::PAYOUT_STATUS_FAILED);
  CHECK(found.lines(1).status() == v1::PAYOUT_STATUS_UNSPECIFIED);
  const v1::GetBalanceResponse balance = BalanceOf(env, "bea");
  REQUIRE(balance.entries_size() == 1);
  CHECK(balance.entries(0).line().paid() == "5000");
}

TEST_CASE("payout: a mandate pays the collector, whoever it comes from", "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  v1::Fact mandate;
  mandate.mutable_mandate()->set_party("dan");
  mandate.mutable_mandate()->set_collector("bea");
  const std::string mandate_id = RecordOne(env, mandate);
  RecordOne(env, Sale("order 1", "output", "10000"));
  v1::Fact back;
  back.mutable_mandate()->set_party("bea");
  back.mutable_mandate()->set_collector("dan");
  CHECK(IngestAll(env, {back}).results(0).has_error());  // a circle
  Close(env);
  CHECK(Paid(Lines(env, 1)).at(Payee("dan")) == "1000");  // he earned it
  CHECK(Payable(env, "bea") == "6000");
  const v1::GetBalanceResponse balance = BalanceOf(env, "bea");
  REQUIRE(balance.entries_size() == 2);
  CHECK(balance.entries(1).party() == "dan");
  CHECK(balance.entries(0).route().empty());
  CHECK(balance.entries(1).route() == mandate_id);
}

TEST_CASE("sale: terms above 100 % are refused at the sale, with the head-room",
          "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  const std::string fits = RecordOne(env, PolicyWithTerm("data", 500'000));
  v1::Fact sale = Sale("order 1", "output", "1000");
  sale.mutable_sale()->set_policy(fits);
  RecordOne(env, sale);
  v1::Fact larger = PolicyWithTerm("data", 500'001);
  larger.mutable_options()->set_supersedes(fits);
  const std::string passes = RecordOne(env, larger);
  v1::RecordSaleRequest request;
  request.set_ledger(kLedger);
  *request.mutable_sale() = Sale("order 2", "output", "1000").sale();
  request.mutable_sale()->set_policy(passes);
  v1::RecordSaleResponse response;
  const absl::Status refused = server::RecordSale(env, request, &response);
  CHECK_STATUS(refused, absl::StatusCode::kInvalidArgument);
  CHECK(FromAbsl(refused.message()).find("500000") != std::string_view::npos);
  // An asset that is not downstream of the term's owes nothing.
  request.mutable_sale()->set_asset(Id("base"));
  REQUIRE_OK(server::RecordSale(env, request, &response));
  // A version that was superseded is still checked at the sale, in one batch with its lineage.
  v1::Fact smaller = PolicyWithTerm("data", 100'000);
  smaller.mutable_options()->set_supersedes(passes);
  RecordOne(env, smaller);
  v1::Fact late = Sale("order 3", "new", "1000");
  late.mutable_sale()->set_policy(passes);
  const v1::IngestResponse batch =
      IngestAll(env, {Asset("new", v1::ASSET_KIND_OUTPUT), Derivation("new", {{"data", 1}}, 0),
                      late, Sale("order 4", "new", "1000")});
  CHECK(batch.results(1).has_receipt());
  REQUIRE(batch.results(2).has_error());
  CHECK(batch.results(2).error().message().find("500000") != std::string::npos);
  CHECK(batch.results(3).has_receipt());
  Close(env);
  CHECK(Paid(Lines(env, 1)).at(Payee("dan")) == "1500");  // 500 by the term, 1000 of order 4
}

TEST_CASE("policy: lineage under which no sale could meet it is refused when it is recorded",
          "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  v1::Fact policy = PolicyWithTerm("data", 300'000);
  v1::AbsoluteTerm* term = policy.mutable_policy()->add_absolute_terms();
  term->set_asset(Id("base"));
  term->set_ppm(200'001);
  const std::string id = RecordOne(env, policy);
  RecordFacts(env, {Asset("one", v1::ASSET_KIND_OUTPUT), Asset("both", v1::ASSET_KIND_OUTPUT),
                    Asset("through", v1::ASSET_KIND_OUTPUT), Derivation("one", {{"data", 1}}, 1)});
  const auto refused = [&](const v1::Fact& fact) {
    const v1::IngestResponse response = IngestAll(env, {fact});
    return response.results(0).has_error() && response.results(0).error().field() == "edges";
  };
  CHECK(refused(Derivation("both", {{"data", 1}, {"base", 1}}, 1)));
  CHECK(refused(Derivation("through", {{"one", 1}, {"base", 1}}, 1)));
  // What was recorded before the policy stays, and a sale of it is refused.
  CHECK(IngestAll(env, {Derivation("output", {{"base", 50}, {"data", 10}}, 40)})
            .results(0)
            .receipt()
            .already_recorded());
  // Another version that leaves room.
  v1::Fact smaller = policy;
  smaller.mutable_policy()->mutable_absolute_terms(1)->set_ppm(200'000);
  smaller.mutable_options()->set_supersedes(id);
  RecordOne(env, smaller);
  CHECK_FALSE(refused(Derivation("both", {{"data", 1}, {"base", 1}}, 1)));
}

TEST_CASE("sale: fixed fees above the amount are refused", "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  v1::Fact policy;
  policy.mutable_policy()->set_policy("flat");
  policy.mutable_policy()->set_undisclosed(v1::UNDISCLOSED_RULE_HELD);
  policy.mutable_policy()->set_unclaimed(v1::UNCLAIMED_RULE_HELD);
  v1::Fee* fee = policy.mutable_policy()->add_fees();
  fee->set_party("sam");
  fee->set_fixed("30");
  fee->set_currency("EUR");
  v1::Fee* share = policy.mutable_policy()->add_fees();
  share->set_party("bea");
  share->set_ppm(500'000);
  const std::string id = RecordOne(env, policy);
  const auto sell = [&](const std::string& amount) {
    v1::Fact sale = Sale("order of " + amount, "output", amount);
    sale.mutable_sale()->set_policy(id);
    return IngestAll(env, {sale}).results(0).has_receipt();
  };
  const v1::IngestResponse refused = [&] {
    v1::Fact sale = Sale("order of 29", "output", "29");
    sale.mutable_sale()->set_policy(id);
    return IngestAll(env, {sale});
  }();
  CHECK(
      refused.results(0).error().message() ==
      "policy: found fees of policy flat of 45 minor units together on a sale of 29 EUR; allowed: "
      "an amount that they fit into; the head-room is 29 minor units where the fee of sam comes");
  CHECK_FALSE(sell("59"));
  CHECK(sell("60"));
}

TEST_CASE("sale: its status follows what was recorded of it", "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  v1::Fact pending = Sale("pending", "output", "100");
  pending.mutable_sale()->set_pending_until_ms(253402300799999);
  const std::string pending_id = RecordOne(env, pending);
  const std::string reversed_id = RecordOne(env, Sale("reversed", "output", "100"));
  const std::string corrected_id = RecordOne(env, Sale("corrected", "output", "100"));
  v1::Fact reversal;
  reversal.mutable_reversal()->set_sale(reversed_id);
  v1::Fact correction;
  correction.mutable_correction()->set_sale(corrected_id);
  correction.mutable_correction()->set_amount("50");
  RecordFacts(env, {reversal, correction});
  CHECK(SaleOf(env, "pending").sale().status() == v1::SALE_STATUS_PENDING);
  CHECK(SaleOf(env, "reversed").sale().status() == v1::SALE_STATUS_REVERSED);
  CHECK(SaleOf(env, "corrected").sale().amount() == "50");
  CHECK(SaleOf(env, "corrected").sale().sale().amount() == "100");
  Close(env);
  CHECK(SaleOf(env, "pending").sale().statement_number() == 0);
  CHECK(SaleOf(env, "pending").sale().nothing_owed().empty());
  CHECK(SaleOf(env, "pending").split().lines_size() == 3);
  CHECK(SaleOf(env, "reversed").sale().statement_number() == 0);
  CHECK(SaleOf(env, "corrected").sale().statement_number() == 1);
  CHECK(Paid(Lines(env, 1)) ==
        Amounts{{Payee("bea"), "25"}, {Payee("dan"), "5"}, {Payee("sam"), "20"}});
  v1::Fact post;
  post.mutable_escrow()->set_sale(pending_id);
  post.mutable_escrow()->set_outcome(v1::ESCROW_OUTCOME_POSTED);
  RecordOne(env, post);
  Close(env);
  CHECK(SaleOf(env, "pending").sale().statement_number() == 2);

  // Taken back once a statement has counted it: the split is what that statement gave.
  v1::Fact late;
  late.mutable_reversal()->set_sale(pending_id);
  RecordOne(env, late);
  CHECK(SaleOf(env, "pending").sale().status() == v1::SALE_STATUS_REVERSED);
  CHECK(SaleOf(env, "pending").sale().nothing_owed().empty());
  CHECK(SaleOf(env, "pending").split().lines_size() == 3);

  v1::ListSalesRequest list;
  list.set_ledger(kLedger);
  list.add_statuses(v1::SALE_STATUS_REVERSED);
  v1::ListSalesResponse sales;
  REQUIRE_OK(server::ListSales(env, list, &sales));
  REQUIRE(sales.sales_size() == 2);
  CHECK(sales.sales(0).sale().reference() == "pending");
  CHECK(sales.sales(1).sale().reference() == "reversed");
  CHECK_FALSE(sales.sales(1).nothing_owed().empty());
}

TEST_CASE("sale: one that never counts says that nothing is owed, and why",
          "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  const auto pending_for = [](const std::string& reference, std::chrono::milliseconds time) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    v1::Fact sale = Sale(reference, "output", "100");
    sale.mutable_sale()->set_pending_until_ms(
        std::chrono::duration_cast<std::chrono::milliseconds>(now + time).count());
    return sale;
  };
  v1::Fact voided;
  voided.mutable_escrow()->set_sale(RecordOne(env, pending_for("voided", std::chrono::hours(1))));
  voided.mutable_escrow()->set_outcome(v1::ESCROW_OUTCOME_VOIDED);
  v1::Fact reversal;
  reversal.mutable_reversal()->set_sale(RecordOne(env, Sale("reversed", "output", "100")));
  RecordFacts(env, {voided, reversal, pending_for("expired", std::chrono::milliseconds(200))});
  std::this_thread::sleep_for(std::chrono::milliseconds(250));
  RecordOne(env, Party("late"));  // whose time the status is by
  for (const bool closed : {false, true}) {
    CAPTURE(closed);
    if (closed) Close(env);
    for (const std::string reference : {"voided", "reversed", "expired"}) {
      CAPTURE(reference);
      const v1::GetSaleResponse sale = SaleOf(env, reference);
      CHECK(sale.sale().nothing_owed().find(reference) != std::string::npos);
      CHECK(sale.sale().statement_number() == 0);
      CHECK(sale.split().lines_size() == 0);
      CHECK(sale.split().gross().empty());
      CHECK(sale.split().currency().code() == "EUR");
    }
  }
}

TEST_CASE("payout: the lines of a batch come by pages", "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  RecordOne(env, Sale("order 1", "output", "1000"));
  Close(env);
  PayEverybody(env, "run 1");
  v1::GetPayoutBatchRequest get;
  get.set_ledger(kLedger);
  get.set_reference("run 1");
  get.set_page_size(2);
  v1::GetPayoutBatchResponse first;
  REQUIRE_OK(server::GetPayoutBatch(env, get, &first));
  REQUIRE(first.lines_size() == 2);
  CHECK(first.lines(0).line().party() == "bea");
  CHECK(first.lines(1).line().party() == "dan");
  get.set_page_token(first.next_page_token());
  v1::GetPayoutBatchResponse second;
  REQUIRE_OK(server::GetPayoutBatch(env, get, &second));
  REQUIRE(second.lines_size() == 1);
  CHECK(second.lines(0).line().party() == "sam");
  CHECK(second.next_page_token().empty());
  CHECK(second.batch().SerializeAsString() == first.batch().SerializeAsString());
  get.set_page_size(10'001);
  CHECK_STATUS(server::GetPayoutBatch(env, get, &second), absl::StatusCode::kResourceExhausted);
}

TEST_CASE("payout: a page of batches ends where the states of many lines were read",
          "[server][settlement]") {
  constexpr int kParties = 4096;  // as many as a batch pays
  TestServer server;
  server::Env& env = server.env();
  std::vector<v1::Fact> parties;
  std::vector<v1::Fact> works = {Euro(), Asset("set", v1::ASSET_KIND_DATASET)};
  std::vector<std::pair<std::string, std::uint64_t>> inputs;
  for (int i = 0; i < kParties; ++i) {
    const std::string name = "w" + std::to_string(i);
    parties.push_back(Party(name));
    parties.push_back(Asset(name, v1::ASSET_KIND_WORK));
    works.push_back(Holders(name, {{name, 1}}));
    inputs.emplace_back(name, 1);
  }
  works.push_back(Derivation("set", inputs, 0));
  works.push_back(Sale("order 1", "set", std::to_string(10 * kParties)));
  RecordFacts(env, parties);
  RecordFacts(env, works);
  Close(env);
  for (int i = 0; i < 5; ++i) {
    v1::CreatePayoutBatchRequest request;
    request.set_ledger(kLedger);
    request.set_reference("run " + std::to_string(i));
    request.set_currency("EUR");
    for (const auto& [party, weight] : inputs) {
      v1::PayoutLine* line = request.mutable_listed()->add_lines();
      line->set_party(party);
      line->set_amount("1");
    }
    v1::CreatePayoutBatchResponse response;
    REQUIRE_OK(server::CreatePayoutBatch(env, request, &response));
  }
  v1::ListPayoutBatchesRequest list;
  list.set_ledger(kLedger);
  v1::ListPayoutBatchesResponse page;
  REQUIRE_OK(server::ListPayoutBatches(env, list, &page));
  CHECK(page.batches_size() == 4);
  list.set_page_token(page.next_page_token());
  page.Clear();
  REQUIRE_OK(server::ListPayoutBatches(env, list, &page));
  CHECK(page.batches_size() == 1);
  CHECK(page.next_page_token().empty());
}

}  // namespace
}  // namespace tributary::test
