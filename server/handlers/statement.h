// Handlers that close statements and adjust them.

#pragma once

#include "absl/status/status.h"
#include "server/env.h"
#include "server/stream.h"
#include "tributary/v1/settlement_service.pb.h"

namespace tributary::server {

// All as proto/tributary/v1/settlement_service.proto states.
absl::Status CloseStatement(Env& env, const v1::CloseStatementRequest& request,
                            v1::CloseStatementResponse* response);
absl::Status PreviewStatement(Env& env, const v1::PreviewStatementRequest& request,
                              Sink<v1::PreviewStatementResponse>& responses);
absl::Status VerifyStatement(Env& env, const v1::VerifyStatementRequest& request,
                             Sink<v1::VerifyStatementResponse>& responses);
absl::Status PreviewAdjustment(Env& env, const v1::PreviewAdjustmentRequest& request,
                               Sink<v1::PreviewAdjustmentResponse>& responses);
absl::Status PostAdjustment(Env& env, const v1::PostAdjustmentRequest& request,
                            v1::PostAdjustmentResponse* response);

absl::Status GetStatement(Env& env, const v1::GetStatementRequest& request,
                          v1::GetStatementResponse* response);
absl::Status ListStatements(Env& env, const v1::ListStatementsRequest& request,
                            v1::ListStatementsResponse* response);
absl::Status ListStatementLines(Env& env, const v1::ListStatementLinesRequest& request,
                                v1::ListStatementLinesResponse* response);
absl::Status ListAdjustments(Env& env, const v1::ListAdjustmentsRequest& request,
                             v1::ListAdjustmentsResponse* response);
absl::Status ListPendingCauses(Env& env, const v1::ListPendingCausesRequest& request,
                               v1::ListPendingCausesResponse* response);
absl::Status ListAdjustmentLines(Env& env, const v1::ListAdjustmentLinesRequest& request,
                                 v1::ListAdjustmentLinesResponse* response);

}  // namespace tributary::server
