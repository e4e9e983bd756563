// Closes a statement so that a request that is sent again closes nothing twice.

#pragma once

#include "absl/status/statusor.h"
#include "client/lib/client.h"

namespace tributary {

// The number that the next statement of a ledger gets.
absl::StatusOr<std::uint64_t> NextStatementNumber(const Client& client, const std::string& ledger);

// CloseStatement with the number that the statement must get: read first, where the request has
// none. Then a range without anything to close is refused, as the caller asked for no empty
// statement by its number. Calls are sent again when an answer is lost; without the number, what
// came in between would then be closed as well.
// Errors: as the method's; kAlreadyExists, another statement was closed meanwhile.
absl::StatusOr<v1::CloseStatementResponse> CloseNextStatement(const Client& client,
                                                              v1::CloseStatementRequest request);

}  // namespace tributary
