// From absl::Status to grpc::Status, with details that standard clients understand.

#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace tributary::server {

// Code and message as they are, the message shortened to what fits into a client's limit on
// metadata. A status that names a field gets a google.rpc.BadRequest with it.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace tributary::server
