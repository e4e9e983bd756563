// Handlers that follow lineage.

#pragma once

#include "absl/status/status.h"
#include "server/env.h"
#include "server/stream.h"
#include "tributary/v1/lineage_service.pb.h"

namespace tributary::server {

absl::Status TraverseLineage(Env& env, const v1::TraverseRequest& request,
                             Sink<v1::TraverseResponse>& responses);
absl::Status ExplainPath(Env& env, const v1::ExplainPathRequest& request,
                         v1::ExplainPathResponse* response);

}  // namespace tributary::server
