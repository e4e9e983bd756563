// The services as gRPC sees them: each method names its handler and where it runs.

#pragma once

#include <memory>

#include "server/rpc/call.h"
#include "server/rpc/runtime.h"
#include "tributary/v1/admin_service.grpc.pb.h"
#include "tributary/v1/attribution_service.grpc.pb.h"
#include "tributary/v1/lineage_service.grpc.pb.h"

namespace tributary::server {

// Makes the reactor of a call. Methods that compute run on readers, methods that wait for the disk
// on writers, streams on a thread of their own.
class CallFactory {
 public:
  explicit CallFactory(Runtime& runtime) : runtime_(runtime) {}

  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* Read(std::string_view method, grpc::CallbackServerContext* context,
                                 const Request* request, Response* response,
                                 UnaryHandler<Request, Response> handler) {
    return new UnaryCall<Request, Response>(runtime_, runtime_.readers, context, Unary(method),
                                            request, response, handler);
  }
  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* Write(std::string_view method, grpc::CallbackServerContext* context,
                                  const Request* request, Response* response,
                                  UnaryHandler<Request, Response> handler) {
    return new UnaryCall<Request, Response>(runtime_, runtime_.writers, context, Unary(method),
                                            request, response, handler);
  }
  // A unary call that may take as long as a stream: a backup, a rebuild.
  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* Maintain(std::string_view method, grpc::CallbackServerContext* context,
                                     const Request* request, Response* response,
                                     UnaryHandler<Request, Response> handler) {
    return new UnaryCall<Request, Response>(runtime_, runtime_.streams, context, Stream(method),
                                            request, response, handler);
  }
  template <typename Request, typename Response>
  grpc::ServerWriteReactor<Response>* ServerStream(std::string_view method,
                                                   grpc::CallbackServerContext* context,
                                                   const Request* request,
                                                   ServerStreamHandler<Request, Response> handler) {
    return new ServerStreamCall<Request, Response>(runtime_, context, Stream(method), request,
                                                   handler);
  }
  template <typename Request, typename Response>
  grpc::ServerReadReactor<Request>* ClientStream(std::string_view method,
                                                 grpc::CallbackServerContext* context,
                                                 Response* response,
                                                 ClientStreamHandler<Request, Response> handler) {
    return new ClientStreamCall<Request, Response>(runtime_, context, Stream(method), kReadAhead,
                                                   response, handler);
  }
  template <typename Request, typename Response>
  grpc::ServerBidiReactor<Request, Response>* Bidi(std::string_view method,
                                                   grpc::CallbackServerContext* context,
                                                   BidiHandler<Request, Response> handler) {
    return new BidiCall<Request, Response>(runtime_, context, Stream(method), kReadAhead, handler);
  }

 private:
  // Messages read while the handler works on the one before.
  static constexpr std::size_t kReadAhead = 1;

  MethodInfo Unary(std::string_view method) const {
    return {method, std::chrono::milliseconds(runtime_.limits.default_deadline_ms)};
  }
  MethodInfo Stream(std::string_view method) const {
    return {method, std::chrono::milliseconds(runtime_.limits.stream_deadline_ms)};
  }

  Runtime& runtime_;
};

class LineageServiceImpl final : public v1::LineageService::CallbackService {
 public:
  explicit LineageServiceImpl(Runtime& runtime) : calls_(runtime) {}

  grpc::ServerUnaryReactor* RecordParty(grpc::CallbackServerContext* context,
                                        const v1::RecordPartyRequest* request,
                                        v1::RecordPartyResponse* response) override;
  grpc::ServerUnaryReactor* RecordAsset(grpc::CallbackServerContext* context,
                                        const v1::RecordAssetRequest* request,
                                        v1::RecordAssetResponse* response) override;
  grpc::ServerUnaryReactor* RecordAlias(grpc::CallbackServerContext* context,
                                        const v1::RecordAliasRequest* request,
                                        v1::RecordAliasResponse* response) override;
  grpc::ServerUnaryReactor* RecordHolders(grpc::CallbackServerContext* context,
                                          const v1::RecordHoldersRequest* request,
                                          v1::RecordHoldersResponse* response) override;
  grpc::ServerUnaryReactor* RecordConsent(grpc::CallbackServerContext* context,
                                          const v1::RecordConsentRequest* request,
                                          v1::RecordConsentResponse* response) override;
  grpc::ServerUnaryReactor* RecordDerivation(grpc::CallbackServerContext* context,
                                             const v1::RecordDerivationRequest* request,
                                             v1::RecordDerivationResponse* response) override;
  grpc::ServerReadReactor<v1::RecordDerivationStreamRequest>* RecordDerivationStream(
      grpc::CallbackServerContext* context, v1::RecordDerivationStreamResponse* response) override;
  grpc::ServerBidiReactor<v1::IngestRequest, v1::IngestResponse>* Ingest(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* GetAsset(grpc::CallbackServerContext* context,
                                     const v1::GetAssetRequest* request,
                                     v1::GetAssetResponse* response) override;
  grpc::ServerUnaryReactor* GetRecord(grpc::CallbackServerContext* context,
                                      const v1::GetRecordRequest* request,
                                      v1::GetRecordResponse* response) override;
  grpc::ServerUnaryReactor* GetDetails(grpc::CallbackServerContext* context,
                                       const v1::GetDetailsRequest* request,
                                       v1::GetDetailsResponse* response) override;
  grpc::ServerUnaryReactor* ResolveAlias(grpc::CallbackServerContext* context,
                                         const v1::ResolveAliasRequest* request,
                                         v1::ResolveAliasResponse* response) override;
  grpc::ServerUnaryReactor* ResolveAsset(grpc::CallbackServerContext* context,
                                         const v1::ResolveAssetRequest* request,
                                         v1::ResolveAssetResponse* response) override;
  grpc::ServerUnaryReactor* ListAssets(grpc::CallbackServerContext* context,
                                       const v1::ListAssetsRequest* request,
                                       v1::ListAssetsResponse* response) override;
  grpc::ServerUnaryReactor* ListEdges(grpc::CallbackServerContext* context,
                                      const v1::ListEdgesRequest* request,
                                      v1::ListEdgesResponse* response) override;
  grpc::ServerUnaryReactor* GetEdges(grpc::CallbackServerContext* context,
                                     const v1::GetEdgesRequest* request,
                                     v1::GetEdgesResponse* response) override;
  grpc::ServerWriteReactor<v1::TraverseResponse>* Traverse(
      grpc::CallbackServerContext* context, const v1::TraverseRequest* request) override;
  grpc::ServerUnaryReactor* ExplainPath(grpc::CallbackServerContext* context,
                                        const v1::ExplainPathRequest* request,
                                        v1::ExplainPathResponse* response) override;
  grpc::ServerWriteReactor<v1::StreamRecordsResponse>* StreamRecords(
      grpc::CallbackServerContext* context, const v1::StreamRecordsRequest* request) override;

 private:
  CallFactory calls_;
};

class AttributionServiceImpl final : public v1::AttributionService::CallbackService {
 public:
  explicit AttributionServiceImpl(Runtime& runtime) : calls_(runtime) {}

  grpc::ServerUnaryReactor* AttributeAsset(grpc::CallbackServerContext* context,
                                           const v1::AttributeAssetRequest* request,
                                           v1::AttributeAssetResponse* response) override;
  grpc::ServerWriteReactor<v1::AttributeAssetStreamResponse>* AttributeAssetStream(
      grpc::CallbackServerContext* context,
      const v1::AttributeAssetStreamRequest* request) override;
  grpc::ServerWriteReactor<v1::AttributeBatchResponse>* AttributeBatch(
      grpc::CallbackServerContext* context, const v1::AttributeBatchRequest* request) override;
  grpc::ServerUnaryReactor* QuoteSplit(grpc::CallbackServerContext* context,
                                       const v1::QuoteSplitRequest* request,
                                       v1::QuoteSplitResponse* response) override;

 private:
  CallFactory calls_;
};

class AdminServiceImpl final : public v1::AdminService::CallbackService {
 public:
  explicit AdminServiceImpl(Runtime& runtime) : calls_(runtime) {}

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const v1::GetStatusRequest* request,
                                      v1::GetStatusResponse* response) override;
  grpc::ServerUnaryReactor* CreateLedger(grpc::CallbackServerContext* context,
                                         const v1::CreateLedgerRequest* request,
                                         v1::CreateLedgerResponse* response) override;
  grpc::ServerUnaryReactor* ListLedgers(grpc::CallbackServerContext* context,
                                        const v1::ListLedgersRequest* request,
                                        v1::ListLedgersResponse* response) override;
  grpc::ServerUnaryReactor* Backup(grpc::CallbackServerContext* context,
                                   const v1::BackupRequest* request,
                                   v1::BackupResponse* response) override;
  grpc::ServerWriteReactor<v1::VerifyStoreResponse>* VerifyStore(
      grpc::CallbackServerContext* context, const v1::VerifyStoreRequest* request) override;
  grpc::ServerUnaryReactor* RebuildIndexes(grpc::CallbackServerContext* context,
                                           const v1::RebuildIndexesRequest* request,
                                           v1::RebuildIndexesResponse* response) override;
  grpc::ServerReadReactor<v1::ReplayLogRequest>* ReplayLog(
      grpc::CallbackServerContext* context, v1::ReplayLogResponse* response) override;

 private:
  CallFactory calls_;
};

// SettlementService. `runtime` outlives it.
std::unique_ptr<grpc::Service> NewSettlementService(Runtime& runtime);

}  // namespace tributary::server
