// Handlers that list by pages.

#pragma once

#include "absl/status/status.h"
#include "server/env.h"
#include "tributary/v1/lineage_service.pb.h"

namespace tributary::server {

absl::Status ListAssets(Env& env, const v1::ListAssetsRequest& request,
                        v1::ListAssetsResponse* response);
absl::Status ListEdges(Env& env, const v1::ListEdgesRequest& request,
                       v1::ListEdgesResponse* response);
absl::Status GetEdges(Env& env, const v1::GetEdgesRequest& request, v1::GetEdgesResponse* response);

}  // namespace tributary::server
