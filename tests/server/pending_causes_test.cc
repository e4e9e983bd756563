// What came after a close: listed until somebody rules on it, and shown with the sale afterwards.

#include "graph/model/uint128.h"
#include "tests/server/market.h"

namespace tributary::test {
namespace {

v1::ListPendingCausesResponse Pending(server::Env& env, std::uint32_t page_size = 0,
                                      const std::string& token = "") {
  v1::ListPendingCausesRequest request;
  request.set_ledger(kLedger);
  request.set_page_size(page_size);
  request.set_page_token(token);
  v1::ListPendingCausesResponse response;
  REQUIRE_OK(server::ListPendingCauses(env, request, &response));
  return response;
}

v1::GetSaleResponse AdjustedSale(server::Env& env, const std::string& reference) {
  v1::GetSaleRequest request;
  request.set_ledger(kLedger);
  request.set_reference(reference);
  request.set_with_adjustments(true);
  v1::GetSaleResponse response;
  REQUIRE_OK(server::GetSale(env, request, &response));
  return response;
}

TEST_CASE("pending causes: listed by statement and page, until adjusted or ruled on",
          "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  CHECK(Pending(env).causes_size() == 0);
  RecordFacts(env, WrongWeights());
  const std::string wrong = RecordOne(env, Derivation("output", {{"base", 50}, {"data", 10}}, 40));
  const std::string first_sale = RecordOne(env, Sale("order 1", "output", "9997"));
  const std::string first = Close(env).receipt().record_id();
  RecordOne(env, Sale("order 2", "output", "100"));
  const std::string second = Close(env).receipt().record_id();
  CHECK(Pending(env).causes_size() == 0);
  const std::string weights = RecordOne(env, CorrectedWeights(wrong));
  const std::string reversal = Reverse(env, first_sale);
  const v1::ListPendingCausesResponse all = Pending(env);
  REQUIRE(all.causes_size() == 3);
  CHECK(all.next_page_token().empty());
  CHECK(all.causes(0).statement_number() == 1);
  CHECK(all.causes(0).statement() == first);
  CHECK(all.causes(0).record().record_id() == weights);
  CHECK(all.causes(0).type() == "tributary/derivation/v1");
  CHECK(all.causes(1).record().record_id() == reversal);
  CHECK(all.causes(1).type() == "tributary/reversal/v1");
  CHECK(all.causes(2).statement_number() == 2);
  CHECK(all.causes(2).record().record_id() == weights);
  // Page by page the same.
  std::string token;
  for (int i = 0; i < 3; ++i) {
    const v1::ListPendingCausesResponse page = Pending(env, 1, token);
    REQUIRE(page.causes_size() == 1);
    CHECK(page.causes(0).SerializeAsString() == all.causes(i).SerializeAsString());
    token = page.next_page_token();
  }
  if (!token.empty()) CHECK(Pending(env, 1, token).causes_size() == 0);

  MustPost(env, first, weights, v1::ADJUSTMENT_MODE_CARRIED_FORWARD);
  MustPost(env, second, weights, v1::ADJUSTMENT_MODE_PROSPECTIVE);
  const v1::ListPendingCausesResponse left = Pending(env);
  REQUIRE(left.causes_size() == 1);
  CHECK(left.causes(0).record().record_id() == reversal);
  MustPost(env, first, reversal, v1::ADJUSTMENT_MODE_CARRIED_FORWARD);
  CHECK(Pending(env).causes_size() == 0);

  v1::ListPendingCausesRequest request;
  request.set_ledger(kLedger);
  request.set_statement_number(3);
  v1::ListPendingCausesResponse response;
  CHECK_STATUS(server::ListPendingCauses(env, request, &response), absl::StatusCode::kNotFound);

  // The first sale was adjusted twice, the second one only ruled on.
  const v1::GetSaleResponse sold = AdjustedSale(env, "order 1");
  REQUIRE(sold.adjustments_size() == 2);
  const v1::SaleAdjustment& corrected = sold.adjustments(0);
  CHECK(corrected.adjustment().statement_number() == 1);
  CHECK(corrected.adjustment().posted_number() == 0);
  CHECK(corrected.adjustment().adjustment().cause() == weights);
  REQUIRE(corrected.lines_size() == 2);
  CHECK(corrected.lines(0).payee() == Payee("bea"));
  CHECK(corrected.lines(1).payee() == Payee("dan"));
  CHECK(corrected.lines(0).decrease() == corrected.lines(1).increase());
  CHECK(FromBigEndian(corrected.lines(1).new_grains()).value() == (Uint128{9997} << 64) * 4 / 10);
  CHECK(sold.adjustments(1).adjustment().adjustment().cause() == reversal);
  CHECK(sold.adjustments(1).lines_size() == 3);
  CHECK_FALSE(sold.has_split());
  const v1::GetSaleResponse other = AdjustedSale(env, "order 2");
  REQUIRE(other.adjustments_size() == 1);
  CHECK(other.adjustments(0).adjustment().adjustment().mode() == v1::ADJUSTMENT_MODE_PROSPECTIVE);
  CHECK(other.adjustments(0).lines_size() == 0);
  CHECK(SaleOf(env, "order 1").adjustments_size() == 0);  // only where they are asked for
}

TEST_CASE("adjustment: none is posted past a hold that came after the close",
          "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  const std::string wrong = RecordOne(env, Derivation("output", {{"base", 50}, {"data", 10}}, 40));
  RecordOne(env, Sale("order 1", "output", "9997"));
  const std::string first = Close(env).receipt().record_id();
  const std::string weights = RecordOne(env, CorrectedWeights(wrong));
  v1::Fact hold;
  hold.mutable_hold()->set_reference("claim");
  hold.mutable_hold()->set_party("dan");
  hold.mutable_hold()->set_reason("who is dan?");
  const std::string placed = RecordOne(env, hold);
  v1::PostAdjustmentRequest post;
  post.set_ledger(kLedger);
  post.set_statement(first);
  post.set_cause(weights);
  post.set_mode(v1::ADJUSTMENT_MODE_CARRIED_FORWARD);
  v1::PostAdjustmentResponse response;
  const absl::Status refused = server::PostAdjustment(env, post, &response);
  CHECK_STATUS(refused, absl::StatusCode::kFailedPrecondition);
  CHECK(FieldOf(refused) == "cause");
  v1::Fact release;
  release.mutable_hold_release()->set_hold(placed);
  release.mutable_hold_release()->set_outcome(v1::HOLD_OUTCOME_RELEASED);
  RecordOne(env, release);
  CHECK_STATUS(server::PostAdjustment(env, post, &response), absl::StatusCode::kOk);
}

}  // namespace
}  // namespace tributary::test
