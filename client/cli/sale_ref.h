// Sales and holds as they are named on a command line: by reference, or by the id of their record.

#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/cli/session.h"
#include "tributary/v1/settlement_service.pb.h"

namespace tributary::cli {

// The sale with this reference; where there is none and the text is 64 hex digits, the sale with
// this record id. Errors: kNotFound; those of the call.
absl::StatusOr<v1::GetSaleResponse> FetchSale(Session& session, const std::string& text,
                                              v1::GetSaleRequest request);

// The id of the sale's record, as hex.
absl::StatusOr<std::string> SaleIdOf(Session& session, const std::string& text);

}  // namespace tributary::cli
