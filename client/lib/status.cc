#include "client/lib/status.h"

#include <array>
#include <string>

#include "graph/model/status.h"
#include "tributary/v1/error_details.pb.h"

namespace tributary {
namespace {

constexpr std::string_view kBadRequestType = "type.googleapis.com/google.rpc.BadRequest";

// The first field that the details blame; empty where there is none or they cannot be read. The
// message alone then has to do.
std::string FieldInDetails(const std::string& bytes) {
  v1::ErrorStatus details;
  if (bytes.empty() || !details.ParseFromString(bytes)) return {};
  for (const v1::ErrorDetail& detail : details.details()) {
    v1::BadRequestDetail bad_request;
    if (detail.type_url() != kBadRequestType) continue;
    if (!bad_request.ParseFromString(detail.value())) continue;
    if (bad_request.field_violations_size() > 0) return bad_request.field_violations(0).field();
  }
  return {};
}

}  // namespace

absl::Status ToAbslStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  // Both families number their codes alike.
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()),
                      ToAbsl(status.error_message()));
  const std::string field = FieldInDetails(status.error_details());
  return field.empty() ? result : WithField(std::move(result), field);
}

std::string_view CodeName(absl::StatusCode code) {
  static constexpr std::array<std::string_view, 17> kNames = {"OK",
                                                              "CANCELLED",
                                                              "UNKNOWN",
                                                              "INVALID_ARGUMENT",
                                                              "DEADLINE_EXCEEDED",
                                                              "NOT_FOUND",
                                                              "ALREADY_EXISTS",
                                                              "PERMISSION_DENIED",
                                                              "RESOURCE_EXHAUSTED",
                                                              "FAILED_PRECONDITION",
                                                              "ABORTED",
                                                              "OUT_OF_RANGE",
                                                              "UNIMPLEMENTED",
                                                              "INTERNAL",
                                                              "UNAVAILABLE",
                                                              "DATA_LOSS",
                                                              "UNAUTHENTICATED"};
  const auto index = static_cast<std::size_t>(code);
  return index < kNames.size() ? kNames[index] : "UNKNOWN";
}

}  // namespace tributary
