#include "server/handlers/settle_record.h"

#include "server/handlers/record.h"

namespace tributary::server {
namespace {

// The fact of a request, its body copied by `set_body`, from its parts to its receipt.
template <typename Request, typename Response, typename SetBody>
absl::Status RecordBodyOf(Env& env, const Request& request, Response* response,
                          SetBody&& set_body) {
  v1::Fact fact;
  if (request.has_options()) *fact.mutable_options() = request.options();
  set_body(&fact);
  return RecordOne(env, request.ledger(), fact, {}, response->mutable_receipt());
}

}  // namespace

absl::Status RecordCurrency(Env& env, const v1::RecordCurrencyRequest& request,
                            v1::RecordCurrencyResponse* response) {
  return RecordBodyOf(env, request, response,
                      [&](v1::Fact* fact) { *fact->mutable_currency() = request.currency(); });
}

absl::Status RecordTemplate(Env& env, const v1::RecordTemplateRequest& request,
                            v1::RecordTemplateResponse* response) {
  return RecordBodyOf(env, request, response,
                      [&](v1::Fact* fact) { *fact->mutable_template_() = request.template_(); });
}

absl::Status RecordPolicy(Env& env, const v1::RecordPolicyRequest& request,
                          v1::RecordPolicyResponse* response) {
  return RecordBodyOf(env, request, response,
                      [&](v1::Fact* fact) { *fact->mutable_policy() = request.policy(); });
}

absl::Status RecordSale(Env& env, const v1::RecordSaleRequest& request,
                        v1::RecordSaleResponse* response) {
  return RecordBodyOf(env, request, response,
                      [&](v1::Fact* fact) { *fact->mutable_sale() = request.sale(); });
}

absl::Status SettleEscrow(Env& env, const v1::SettleEscrowRequest& request,
                          v1::SettleEscrowResponse* response) {
  return RecordBodyOf(env, request, response,
                      [&](v1::Fact* fact) { *fact->mutable_escrow() = request.escrow(); });
}

absl::Status ReverseSale(Env& env, const v1::ReverseSaleRequest& request,
                         v1::ReverseSaleResponse* response) {
  return RecordBodyOf(env, request, response,
                      [&](v1::Fact* fact) { *fact->mutable_reversal() = request.reversal(); });
}

absl::Status CorrectSale(Env& env, const v1::CorrectSaleRequest& request,
                         v1::CorrectSaleResponse* response) {
  return RecordBodyOf(env, request, response,
                      [&](v1::Fact* fact) { *fact->mutable_correction() = request.correction(); });
}

absl::Status PlaceHold(Env& env, const v1::PlaceHoldRequest& request,
                       v1::PlaceHoldResponse* response) {
  return RecordBodyOf(env, request, response,
                      [&](v1::Fact* fact) { *fact->mutable_hold() = request.hold(); });
}

absl::Status ReleaseHold(Env& env, const v1::ReleaseHoldRequest& request,
                         v1::ReleaseHoldResponse* response) {
  return RecordBodyOf(env, request, response,
                      [&](v1::Fact* fact) { *fact->mutable_hold_release() = request.release(); });
}

absl::Status RecordMandate(Env& env, const v1::RecordMandateRequest& request,
                           v1::RecordMandateResponse* response) {
  return RecordBodyOf(env, request, response,
                      [&](v1::Fact* fact) { *fact->mutable_mandate() = request.mandate(); });
}

absl::Status RecordAssignment(Env& env, const v1::RecordAssignmentRequest& request,
                              v1::RecordAssignmentResponse* response) {
  return RecordBodyOf(env, request, response,
                      [&](v1::Fact* fact) { *fact->mutable_assignment() = request.assignment(); });
}

absl::Status RecordPartyMerge(Env& env, const v1::RecordPartyMergeRequest& request,
                              v1::RecordPartyMergeResponse* response) {
  return RecordBodyOf(env, request, response, [&](v1::Fact* fact) {
    *fact->mutable_party_merge() = request.party_merge();
  });
}

absl::Status RecordPayoutState(Env& env, const v1::RecordPayoutStateRequest& request,
                               v1::RecordPayoutStateResponse* response) {
  return RecordBodyOf(env, request, response, [&](v1::Fact* fact) {
    *fact->mutable_payout_state() = request.payout_state();
  });
}

}  // namespace tributary::server
