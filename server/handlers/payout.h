// Handlers that say what is payable, and take it into batches of payments.

#pragma once

#include "absl/status/status.h"
#include "server/env.h"
#include "tributary/v1/settlement_service.pb.h"

namespace tributary::server {

// All as proto/tributary/v1/settlement_service.proto states.
absl::Status GetBalance(Env& env, const v1::GetBalanceRequest& request,
                        v1::GetBalanceResponse* response);
absl::Status ListBalances(Env& env, const v1::ListBalancesRequest& request,
                          v1::ListBalancesResponse* response);
absl::Status CreatePayoutBatch(Env& env, const v1::CreatePayoutBatchRequest& request,
                               v1::CreatePayoutBatchResponse* response);
absl::Status ListPayoutBatches(Env& env, const v1::ListPayoutBatchesRequest& request,
                               v1::ListPayoutBatchesResponse* response);
absl::Status GetPayoutBatch(Env& env, const v1::GetPayoutBatchRequest& request,
                            v1::GetPayoutBatchResponse* response);

}  // namespace tributary::server
