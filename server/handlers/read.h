// Handlers that read what is known of assets, records and edges.

#pragma once

#include "absl/status/status.h"
#include "server/env.h"
#include "server/stream.h"
#include "tributary/v1/lineage_service.pb.h"

namespace tributary::server {

absl::Status GetAsset(Env& env, const v1::GetAssetRequest& request, v1::GetAssetResponse* response);
absl::Status GetRecord(Env& env, const v1::GetRecordRequest& request,
                       v1::GetRecordResponse* response);
absl::Status GetDetails(Env& env, const v1::GetDetailsRequest& request,
                        v1::GetDetailsResponse* response);
absl::Status ResolveAlias(Env& env, const v1::ResolveAliasRequest& request,
                          v1::ResolveAliasResponse* response);
absl::Status ResolveAsset(Env& env, const v1::ResolveAssetRequest& request,
                          v1::ResolveAssetResponse* response);
absl::Status StreamRecords(Env& env, const v1::StreamRecordsRequest& request,
                           Sink<v1::StreamRecordsResponse>& responses);

}  // namespace tributary::server
