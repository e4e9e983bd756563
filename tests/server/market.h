// A small market on a server: what tests of sales, statements and payouts begin with.

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/handlers/ingest.h"
#include "server/handlers/payout.h"
#include "server/handlers/settle_read.h"
#include "server/handlers/settle_record.h"
#include "server/handlers/statement.h"
#include "tests/server/test_server.h"
#include "tests/support/catch.h"

namespace tributary::test {

using Amounts = std::map<std::string, std::string>;  // by payee key; minor units

inline v1::Fact Euro() {
  v1::Fact fact;
  fact.mutable_currency()->set_code("EUR");
  fact.mutable_currency()->set_scale(2);
  fact.mutable_currency()->set_fraction_bits(64);
  return fact;
}

inline v1::Fact Sale(std::string_view reference, std::string_view asset, std::string_view amount) {
  v1::Fact fact;
  fact.mutable_sale()->set_reference(std::string(reference));
  fact.mutable_sale()->set_asset(Id(asset));
  fact.mutable_sale()->set_amount(std::string(amount));
  fact.mutable_sale()->set_currency("EUR");
  return fact;
}

// The record id of a fact recorded alone.
inline std::string RecordOne(server::Env& env, v1::Fact fact) {
  const v1::IngestResponse response = IngestAll(env, {std::move(fact)});
  INFO(response.results(0).error().message());
  REQUIRE(response.results(0).has_receipt());
  return response.results(0).receipt().record_id();
}

inline std::string Payee(std::string_view party) { return "party:" + std::string(party); }

inline v1::CloseStatementResponse Close(server::Env& env, const std::string& policy = "") {
  v1::CloseStatementRequest request;
  request.set_ledger(kLedger);
  request.set_policy(policy);
  v1::CloseStatementResponse response;
  REQUIRE_OK(server::CloseStatement(env, request, &response));
  return response;
}

inline v1::ListStatementLinesResponse Lines(server::Env& env, std::uint64_t number,
                                            bool with_proof = false) {
  v1::ListStatementLinesRequest request;
  request.set_ledger(kLedger);
  request.set_number(number);
  request.set_with_proof(with_proof);
  v1::ListStatementLinesResponse response;
  REQUIRE_OK(server::ListStatementLines(env, request, &response));
  return response;
}

inline Amounts Paid(const v1::ListStatementLinesResponse& response) {
  Amounts paid;
  for (const v1::StatementLineView& line : response.lines()) {
    if (line.line().paid() != "0") paid[line.line().payee()] = line.line().paid();
  }
  return paid;
}

inline v1::GetBalanceResponse BalanceOf(server::Env& env, const std::string& party) {
  v1::GetBalanceRequest request;
  request.set_ledger(kLedger);
  request.set_party(party);
  request.set_with_entries(true);
  v1::GetBalanceResponse response;
  REQUIRE_OK(server::GetBalance(env, request, &response));
  return response;
}

inline std::string Payable(server::Env& env, const std::string& party) {
  const v1::GetBalanceResponse response = BalanceOf(env, party);
  return response.balances_size() == 0 ? "" : response.balances(0).payable();
}

inline std::string Reverse(server::Env& env, const std::string& sale) {
  v1::Fact reversal;
  reversal.mutable_reversal()->set_sale(sale);
  return RecordOne(env, reversal);
}

inline v1::GetSaleResponse SaleOf(server::Env& env, const std::string& reference) {
  v1::GetSaleRequest request;
  request.set_ledger(kLedger);
  request.set_reference(reference);
  request.set_with_split(true);
  v1::GetSaleResponse response;
  REQUIRE_OK(server::GetSale(env, request, &response));
  return response;
}

// The lineage of worked example 3, before and after its weights were corrected.
inline std::vector<v1::Fact> WrongWeights() {
  return {Party("sam"),
          Party("bea"),
          Party("dan"),
          Euro(),
          Asset("base", v1::ASSET_KIND_MODEL_CHECKPOINT),
          Asset("data", v1::ASSET_KIND_WORK),
          Asset("output", v1::ASSET_KIND_OUTPUT),
          Derivation("base", {}, 1),
          Holders("base", {{"bea", 1}}),
          Holders("data", {{"dan", 1}}),
          Holders("output", {{"sam", 1}}),
          Derivation("output", {{"base", 50}, {"data", 10}}, 40)};
}

inline v1::Fact CorrectedWeights(const std::string& supersedes) {
  v1::Fact fact = Derivation("output", {{"base", 20}, {"data", 40}}, 40);
  fact.mutable_options()->set_supersedes(supersedes);
  return fact;
}

inline v1::PostAdjustmentResponse MustPost(server::Env& env, const std::string& statement,
                                           const std::string& cause, v1::AdjustmentMode mode) {
  v1::PostAdjustmentRequest post;
  post.set_ledger(kLedger);
  post.set_statement(statement);
  post.set_cause(cause);
  post.set_mode(mode);
  v1::PostAdjustmentResponse response;
  REQUIRE_OK(server::PostAdjustment(env, post, &response));
  return response;
}

inline v1::CreatePayoutBatchResponse PayEverybody(server::Env& env, const std::string& reference) {
  v1::CreatePayoutBatchRequest request;
  request.set_ledger(kLedger);
  request.set_reference(reference);
  request.set_currency("EUR");
  request.mutable_everybody();
  v1::CreatePayoutBatchResponse response;
  REQUIRE_OK(server::CreatePayoutBatch(env, request, &response));
  return response;
}

inline v1::Fact PolicyWithTerm(std::string_view asset, std::uint64_t ppm) {
  v1::Fact fact;
  fact.mutable_policy()->set_policy("market");
  fact.mutable_policy()->set_undisclosed(v1::UNDISCLOSED_RULE_HELD);
  fact.mutable_policy()->set_unclaimed(v1::UNCLAIMED_RULE_HELD);
  v1::Fee* fee = fact.mutable_policy()->add_fees();
  fee->set_party("sam");
  fee->set_label("market");
  fee->set_ppm(500'000);
  v1::AbsoluteTerm* term = fact.mutable_policy()->add_absolute_terms();
  term->set_asset(Id(asset));
  term->set_ppm(ppm);
  return fact;
}

}  // namespace tributary::test
