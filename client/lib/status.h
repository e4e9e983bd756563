// Statuses of calls: from gRPC's form to the one the rest of the project uses.

#pragma once

#include <grpcpp/support/status.h>

#include <string_view>

#include "absl/status/status.h"

namespace tributary {

// The same code and message. Where the server named a field (google.rpc.BadRequest in the details),
// FieldOf() of graph/model/status.h finds it in the result.
absl::Status ToAbslStatus(const grpc::Status& status);

// "NOT_FOUND" and so on, as gRPC spells codes.
std::string_view CodeName(absl::StatusCode code);

}  // namespace tributary
