#include "server/handlers/attribution.h"
#include "server/rpc/services.h"

namespace tributary::server {

grpc::ServerUnaryReactor* AttributionServiceImpl::AttributeAsset(
    grpc::CallbackServerContext* context, const v1::AttributeAssetRequest* request,
    v1::AttributeAssetResponse* response) {
  return calls_.Read("AttributeAsset", context, request, response, server::AttributeAsset);
}

grpc::ServerWriteReactor<v1::AttributeAssetStreamResponse>*
AttributionServiceImpl::AttributeAssetStream(grpc::CallbackServerContext* context,
                                             const v1::AttributeAssetStreamRequest* request) {
  return calls_.ServerStream("AttributeAssetStream", context, request,
                             server::AttributeAssetStream);
}

grpc::ServerWriteReactor<v1::AttributeBatchResponse>* AttributionServiceImpl::AttributeBatch(
    grpc::CallbackServerContext* context, const v1::AttributeBatchRequest* request) {
  return calls_.ServerStream("AttributeBatch", context, request, server::AttributeBatch);
}

grpc::ServerUnaryReactor* AttributionServiceImpl::QuoteSplit(grpc::CallbackServerContext* context,
                                                             const v1::QuoteSplitRequest* request,
                                                             v1::QuoteSplitResponse* response) {
  return calls_.Read("QuoteSplit", context, request, response, server::QuoteSplit);
}

}  // namespace tributary::server
