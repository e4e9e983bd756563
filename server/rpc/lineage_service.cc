#include "server/handlers/ingest.h"
#include "server/handlers/list.h"
#include "server/handlers/read.h"
#include "server/handlers/record.h"
#include "server/handlers/walk.h"
#include "server/rpc/services.h"

namespace tributary::server {

grpc::ServerUnaryReactor* LineageServiceImpl::RecordParty(grpc::CallbackServerContext* context,
                                                          const v1::RecordPartyRequest* request,
                                                          v1::RecordPartyResponse* response) {
  return calls_.Write("RecordParty", context, request, response, server::RecordParty);
}

grpc::ServerUnaryReactor* LineageServiceImpl::RecordAsset(grpc::CallbackServerContext* context,
                                                          const v1::RecordAssetRequest* request,
                                                          v1::RecordAssetResponse* response) {
  return calls_.Write("RecordAsset", context, request, response, server::RecordAsset);
}

grpc::ServerUnaryReactor* LineageServiceImpl::RecordAlias(grpc::CallbackServerContext* context,
                                                          const v1::RecordAliasRequest* request,
                                                          v1::RecordAliasResponse* response) {
  return calls_.Write("RecordAlias", context, request, response, server::RecordAlias);
}

grpc::ServerUnaryReactor* LineageServiceImpl::RecordHolders(grpc::CallbackServerContext* context,
                                                            const v1::RecordHoldersRequest* request,
                                                            v1::RecordHoldersResponse* response) {
  return calls_.Write("RecordHolders", context, request, response, server::RecordHolders);
}

grpc::ServerUnaryReactor* LineageServiceImpl::RecordConsent(grpc::CallbackServerContext* context,
                                                            const v1::RecordConsentRequest* request,
                                                            v1::RecordConsentResponse* response) {
  return calls_.Write("RecordConsent", context, request, response, server::RecordConsent);
}

grpc::ServerUnaryReactor* LineageServiceImpl::RecordDerivation(
    grpc::CallbackServerContext* context, const v1::RecordDerivationRequest* request,
    v1::RecordDerivationResponse* response) {
  return calls_.Write("RecordDerivation", context, request, response, server::RecordDerivation);
}

grpc::ServerReadReactor<v1::RecordDerivationStreamRequest>*
LineageServiceImpl::RecordDerivationStream(grpc::CallbackServerContext* context,
                                           v1::RecordDerivationStreamResponse* response) {
  return calls_.ClientStream("RecordDerivationStream", context, response,
                             server::RecordDerivationStream);
}

grpc::ServerBidiReactor<v1::IngestRequest, v1::IngestResponse>* LineageServiceImpl::Ingest(
    grpc::CallbackServerContext* context) {
  return calls_.Bidi("Ingest", context, server::Ingest);
}

grpc::ServerUnaryReactor* LineageServiceImpl::GetAsset(grpc::CallbackServerContext* context,
                                                       const v1::GetAssetRequest* request,
                                                       v1::GetAssetResponse* response) {
  return calls_.Read("GetAsset", context, request, response, server::GetAsset);
}

grpc::ServerUnaryReactor* LineageServiceImpl::GetRecord(grpc::CallbackServerContext* context,
                                                        const v1::GetRecordRequest* request,
                                                        v1::GetRecordResponse* response) {
  return calls_.Read("GetRecord", context, request, response, server::GetRecord);
}

grpc::ServerUnaryReactor* LineageServiceImpl::GetDetails(grpc::CallbackServerContext* context,
                                                         const v1::GetDetailsRequest* request,
                                                         v1::GetDetailsResponse* response) {
  return calls_.Read("GetDetails", context, request, response, server::GetDetails);
}

grpc::ServerUnaryReactor* LineageServiceImpl::ResolveAlias(grpc::CallbackServerContext* context,
                                                           const v1::ResolveAliasRequest* request,
                                                           v1::ResolveAliasResponse* response) {
  return calls_.Read("ResolveAlias", context, request, response, server::ResolveAlias);
}

grpc::ServerUnaryReactor* LineageServiceImpl::ResolveAsset(grpc::CallbackServerContext* context,
                                                           const v1::ResolveAssetRequest* request,
                                                           v1::ResolveAssetResponse* response) {
  return calls_.Read("ResolveAsset", context, request, response, server::ResolveAsset);
}

grpc::ServerUnaryReactor* LineageServiceImpl::ListAssets(grpc::CallbackServerContext* context,
                                                         const v1::ListAssetsRequest* request,
                                                         v1::ListAssetsResponse* response) {
  return calls_.Read("ListAssets", context, request, response, server::ListAssets);
}

grpc::ServerUnaryReactor* LineageServiceImpl::ListEdges(grpc::CallbackServerContext* context,
                                                        const v1::ListEdgesRequest* request,
                                                        v1::ListEdgesResponse* response) {
  return calls_.Read("ListEdges", context, request, response, server::ListEdges);
}

grpc::ServerUnaryReactor* LineageServiceImpl::GetEdges(grpc::CallbackServerContext* context,
                                                       const v1::GetEdgesRequest* request,
                                                       v1::GetEdgesResponse* response) {
  return calls_.Read("GetEdges", context, request, response, server::GetEdges);
}

grpc::ServerWriteReactor<v1::TraverseResponse>* LineageServiceImpl::Traverse(
    grpc::CallbackServerContext* context, const v1::TraverseRequest* request) {
  return calls_.ServerStream("Traverse", context, request, server::TraverseLineage);
}

grpc::ServerUnaryReactor* LineageServiceImpl::ExplainPath(grpc::CallbackServerContext* context,
                                                          const v1::ExplainPathRequest* request,
                                                          v1::ExplainPathResponse* response) {
  return calls_.Read("ExplainPath", context, request, response, server::ExplainPath);
}

grpc::ServerWriteReactor<v1::StreamRecordsResponse>* LineageServiceImpl::StreamRecords(
    grpc::CallbackServerContext* context, const v1::StreamRecordsRequest* request) {
  return calls_.ServerStream("StreamRecords", context, request, server::StreamRecords);
}

}  // namespace tributary::server
