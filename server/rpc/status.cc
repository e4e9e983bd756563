#include "server/rpc/status.h"

#include <string>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "server/convert/scalars.h"
#include "tributary/v1/error_details.pb.h"

namespace tributary::server {
namespace {

// Clients accept 8 KiB of metadata by default. The message travels twice or three times, once
// percent-encoded (three bytes for one at worst).
constexpr std::size_t kMessageSizeMax = 1024;

std::string DetailsOf(grpc::StatusCode code, const std::string& message, const std::string& field) {
  v1::BadRequestDetail bad_request;
  v1::FieldViolation* violation = bad_request.add_field_violations();
  violation->set_field(field);
  violation->set_description(message);
  v1::ErrorStatus status;
  status.set_code(code);
  status.set_message(message);
  v1::ErrorDetail* detail = status.add_details();
  detail->set_type_url("type.googleapis.com/google.rpc.BadRequest");
  detail->set_value(bad_request.SerializeAsString());
  return status.SerializeAsString();
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const auto code = static_cast<grpc::StatusCode>(status.code());
  const std::string message = Shortened(FromAbsl(status.message()), kMessageSizeMax);
  const std::string field = FieldOf(status);
  if (field.empty()) return grpc::Status(code, message);
  return grpc::Status(code, message, DetailsOf(code, message, field));
}

}  // namespace tributary::server
