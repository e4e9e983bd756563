#include "client/lib/close_statement.h"

#include <utility>

#include "graph/model/status.h"

namespace tributary {

using Stub = v1::SettlementService::Stub;

absl::StatusOr<std::uint64_t> NextStatementNumber(const Client& client, const std::string& ledger) {
  v1::GetStatementRequest request;
  request.set_ledger(ledger);  // no number: the newest
  const auto newest = client.Call(&Stub::GetStatement, request);
  if (newest.ok()) return newest->statement().statement().number() + 1;
  // A ledger that does not exist is not found either; closing it says so.
  if (absl::IsNotFound(newest.status())) return 1;
  return newest.status();
}

absl::StatusOr<v1::CloseStatementResponse> CloseNextStatement(const Client& client,
                                                              v1::CloseStatementRequest request) {
  if (!request.has_expected_number()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t number,
                               NextStatementNumber(client, request.ledger()));
    request.set_expected_number(number);
    request.set_refuse_empty(true);
  }
  return client.CallLong(&Stub::CloseStatement, request);
}

}  // namespace tributary
