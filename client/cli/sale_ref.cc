#include "client/cli/sale_ref.h"

#include "client/lib/convert.h"
#include "graph/model/digest.h"
#include "graph/model/status.h"

namespace tributary::cli {

absl::StatusOr<v1::GetSaleResponse> FetchSale(Session& session, const std::string& text,
                                              v1::GetSaleRequest request) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  request.set_ledger(ledger);
  request.set_reference(text);
  auto response = session.client().Call(&v1::SettlementService::Stub::GetSale, request);
  const auto id = Digest::FromHex(text);
  if (!absl::IsNotFound(response.status()) || !id.ok()) return response;
  request.set_record_id(std::string(id->view()));
  return session.client().Call(&v1::SettlementService::Stub::GetSale, request);
}

absl::StatusOr<std::string> SaleIdOf(Session& session, const std::string& text) {
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::GetSaleResponse response,
                             FetchSale(session, text, v1::GetSaleRequest()));
  return ToHex(response.sale().record().record_id());
}

}  // namespace tributary::cli
