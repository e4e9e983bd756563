// Handlers that say who contributed, and how much.

#pragma once

#include "absl/status/status.h"
#include "server/env.h"
#include "server/stream.h"
#include "tributary/v1/attribution_service.pb.h"

namespace tributary::server {

absl::Status AttributeAsset(Env& env, const v1::AttributeAssetRequest& request,
                            v1::AttributeAssetResponse* response);
absl::Status AttributeAssetStream(Env& env, const v1::AttributeAssetStreamRequest& request,
                                  Sink<v1::AttributeAssetStreamResponse>& responses);
absl::Status AttributeBatch(Env& env, const v1::AttributeBatchRequest& request,
                            Sink<v1::AttributeBatchResponse>& responses);
absl::Status QuoteSplit(Env& env, const v1::QuoteSplitRequest& request,
                        v1::QuoteSplitResponse* response);

}  // namespace tributary::server
