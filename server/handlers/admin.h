// Handlers of those who run the server.

#pragma once

#include "absl/status/status.h"
#include "server/env.h"
#include "server/stream.h"
#include "tributary/v1/admin_service.pb.h"

namespace tributary::server {

absl::Status GetStatus(Env& env, const v1::GetStatusRequest& request,
                       v1::GetStatusResponse* response);
absl::Status CreateLedger(Env& env, const v1::CreateLedgerRequest& request,
                          v1::CreateLedgerResponse* response);
absl::Status ListLedgers(Env& env, const v1::ListLedgersRequest& request,
                         v1::ListLedgersResponse* response);
absl::Status Backup(Env& env, const v1::BackupRequest& request, v1::BackupResponse* response);
absl::Status VerifyStore(Env& env, const v1::VerifyStoreRequest& request,
                         Sink<v1::VerifyStoreResponse>& responses);
absl::Status RebuildIndexes(Env& env, const v1::RebuildIndexesRequest& request,
                            v1::RebuildIndexesResponse* response);
absl::Status ReplayLog(Env& env, Source<v1::ReplayLogRequest>& requests,
                       v1::ReplayLogResponse* response);

}  // namespace tributary::server
