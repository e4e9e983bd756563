// Handlers that record one fact of sales and what concerns them.

#pragma once

#include "absl/status/status.h"
#include "server/env.h"
#include "tributary/v1/settlement_service.pb.h"

namespace tributary::server {

// Errors, idempotency and durability as proto/tributary/v1/settlement_service.proto states.
absl::Status RecordCurrency(Env& env, const v1::RecordCurrencyRequest& request,
                            v1::RecordCurrencyResponse* response);
absl::Status RecordTemplate(Env& env, const v1::RecordTemplateRequest& request,
                            v1::RecordTemplateResponse* response);
absl::Status RecordPolicy(Env& env, const v1::RecordPolicyRequest& request,
                          v1::RecordPolicyResponse* response);
absl::Status RecordSale(Env& env, const v1::RecordSaleRequest& request,
                        v1::RecordSaleResponse* response);
absl::Status SettleEscrow(Env& env, const v1::SettleEscrowRequest& request,
                          v1::SettleEscrowResponse* response);
absl::Status ReverseSale(Env& env, const v1::ReverseSaleRequest& request,
                         v1::ReverseSaleResponse* response);
absl::Status CorrectSale(Env& env, const v1::CorrectSaleRequest& request,
                         v1::CorrectSaleResponse* response);
absl::Status PlaceHold(Env& env, const v1::PlaceHoldRequest& request,
                       v1::PlaceHoldResponse* response);
absl::Status ReleaseHold(Env& env, const v1::ReleaseHoldRequest& request,
                         v1::ReleaseHoldResponse* response);
absl::Status RecordMandate(Env& env, const v1::RecordMandateRequest& request,
                           v1::RecordMandateResponse* response);
absl::Status RecordAssignment(Env& env, const v1::RecordAssignmentRequest& request,
                              v1::RecordAssignmentResponse* response);
absl::Status RecordPartyMerge(Env& env, const v1::RecordPartyMergeRequest& request,
                              v1::RecordPartyMergeResponse* response);
absl::Status RecordPayoutState(Env& env, const v1::RecordPayoutStateRequest& request,
                               v1::RecordPayoutStateResponse* response);

}  // namespace tributary::server
