#include "tributary/v1/settlement_service.grpc.pb.h"

#include "server/handlers/payout.h"
#include "server/handlers/settle_read.h"
#include "server/handlers/settle_record.h"
#include "server/handlers/statement.h"
#include "server/rpc/services.h"

namespace tributary::server {
namespace {

// A method whose handler has its name. `way` is how CallFactory runs it: Read, Write or Maintain.
#define TRIBUTARY_UNARY(way, Method)                                          \
  grpc::ServerUnaryReactor* Method(grpc::CallbackServerContext* context,      \
                                   const v1::Method##Request* request,        \
                                   v1::Method##Response* response) override { \
    return calls_.way(#Method, context, request, response, server::Method);   \
  }
#define TRIBUTARY_SERVER_STREAM(Method)                                                    \
  grpc::ServerWriteReactor<v1::Method##Response>* Method(                                  \
      grpc::CallbackServerContext* context, const v1::Method##Request* request) override { \
    return calls_.ServerStream(#Method, context, request, server::Method);                 \
  }

class SettlementServiceImpl final : public v1::SettlementService::CallbackService {
 public:
  explicit SettlementServiceImpl(Runtime& runtime) : calls_(runtime) {}

  TRIBUTARY_UNARY(Write, RecordCurrency)
  TRIBUTARY_UNARY(Write, RecordTemplate)
  TRIBUTARY_UNARY(Write, RecordPolicy)
  TRIBUTARY_UNARY(Write, RecordSale)
  TRIBUTARY_UNARY(Write, SettleEscrow)
  TRIBUTARY_UNARY(Write, ReverseSale)
  TRIBUTARY_UNARY(Write, CorrectSale)
  TRIBUTARY_UNARY(Write, PlaceHold)
  TRIBUTARY_UNARY(Write, ReleaseHold)
  TRIBUTARY_UNARY(Write, RecordMandate)
  TRIBUTARY_UNARY(Write, RecordAssignment)
  TRIBUTARY_UNARY(Write, RecordPartyMerge)
  TRIBUTARY_UNARY(Write, RecordPayoutState)

  // These compute over everything that a statement has.
  TRIBUTARY_UNARY(Maintain, CloseStatement)
  TRIBUTARY_UNARY(Maintain, PostAdjustment)
  TRIBUTARY_UNARY(Maintain, CreatePayoutBatch)
  TRIBUTARY_SERVER_STREAM(PreviewStatement)
  TRIBUTARY_SERVER_STREAM(VerifyStatement)
  TRIBUTARY_SERVER_STREAM(PreviewAdjustment)

  TRIBUTARY_UNARY(Read, GetSale)
  TRIBUTARY_UNARY(Read, ListSales)
  TRIBUTARY_UNARY(Read, QuoteSale)
  TRIBUTARY_UNARY(Read, GetStatement)
  TRIBUTARY_UNARY(Read, ListStatements)
  TRIBUTARY_UNARY(Read, ListStatementLines)
  TRIBUTARY_UNARY(Read, ListAdjustments)
  TRIBUTARY_UNARY(Read, ListAdjustmentLines)
  TRIBUTARY_UNARY(Read, ListPendingCauses)
  TRIBUTARY_UNARY(Read, GetBalance)
  TRIBUTARY_UNARY(Read, ListBalances)
  TRIBUTARY_UNARY(Read, GetHold)
  TRIBUTARY_UNARY(Read, ListHolds)
  TRIBUTARY_UNARY(Read, GetPolicy)
  TRIBUTARY_UNARY(Read, ListPolicies)
  TRIBUTARY_UNARY(Read, GetTemplate)
  TRIBUTARY_UNARY(Read, ListTemplates)
  TRIBUTARY_UNARY(Read, ListCurrencies)
  TRIBUTARY_UNARY(Read, ListPayoutBatches)
  TRIBUTARY_UNARY(Read, GetPayoutBatch)

 private:
  CallFactory calls_;
};

#undef TRIBUTARY_UNARY
#undef TRIBUTARY_SERVER_STREAM

}  // namespace

std::unique_ptr<grpc::Service> NewSettlementService(Runtime& runtime) {
  return std::make_unique<SettlementServiceImpl>(runtime);
}

}  // namespace tributary::server
