#include "server/handlers/admin.h"
#include "server/rpc/services.h"

namespace tributary::server {

grpc::ServerUnaryReactor* AdminServiceImpl::GetStatus(grpc::CallbackServerContext* context,
                                                      const v1::GetStatusRequest* request,
                                                      v1::GetStatusResponse* response) {
  return calls_.Write("GetStatus", context, request, response, server::GetStatus);
}

grpc::ServerUnaryReactor* AdminServiceImpl::CreateLedger(grpc::CallbackServerContext* context,
                                                         const v1::CreateLedgerRequest* request,
                                                         v1::CreateLedgerResponse* response) {
  return calls_.Write("CreateLedger", context, request, response, server::CreateLedger);
}

grpc::ServerUnaryReactor* AdminServiceImpl::ListLedgers(grpc::CallbackServerContext* context,
                                                        const v1::ListLedgersRequest* request,
                                                        v1::ListLedgersResponse* response) {
  return calls_.Read("ListLedgers", context, request, response, server::ListLedgers);
}

grpc::ServerUnaryReactor* AdminServiceImpl::Backup(grpc::CallbackServerContext* context,
                                                   const v1::BackupRequest* request,
                                                   v1::BackupResponse* response) {
  return calls_.Maintain("Backup", context, request, response, server::Backup);
}

grpc::ServerWriteReactor<v1::VerifyStoreResponse>* AdminServiceImpl::VerifyStore(
    grpc::CallbackServerContext* context, const v1::VerifyStoreRequest* request) {
  return calls_.ServerStream("VerifyStore", context, request, server::VerifyStore);
}

grpc::ServerUnaryReactor* AdminServiceImpl::RebuildIndexes(grpc::CallbackServerContext* context,
                                                           const v1::RebuildIndexesRequest* request,
                                                           v1::RebuildIndexesResponse* response) {
  return calls_.Maintain("RebuildIndexes", context, request, response, server::RebuildIndexes);
}

grpc::ServerReadReactor<v1::ReplayLogRequest>* AdminServiceImpl::ReplayLog(
    grpc::CallbackServerContext* context, v1::ReplayLogResponse* response) {
  return calls_.ClientStream("ReplayLog", context, response, server::ReplayLog);
}

}  // namespace tributary::server
