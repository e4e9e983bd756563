#include "client/lib/status.h"

#include "client/cli/session.h"
#include "graph/model/status.h"
#include "tests/support/catch.h"
#include "tributary/v1/error_details.pb.h"

namespace tributary {
namespace {

TEST_CASE("status: the field that the server names is kept", "[client][status]") {
  v1::BadRequestDetail bad_request;
  bad_request.add_field_violations()->set_field("asset.kind");
  v1::ErrorStatus details;
  v1::ErrorDetail* detail = details.add_details();
  detail->set_type_url("type.googleapis.com/google.rpc.BadRequest");
  detail->set_value(bad_request.SerializeAsString());
  const absl::Status status = ToAbslStatus(grpc::Status(
      grpc::StatusCode::INVALID_ARGUMENT, "asset.kind: found 0", details.SerializeAsString()));
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(status.message() == "asset.kind: found 0");
  CHECK(FieldOf(status) == "asset.kind");
}

TEST_CASE("status: details that cannot be read leave code and message", "[client][status]") {
  const absl::Status status =
      ToAbslStatus(grpc::Status(grpc::StatusCode::DATA_LOSS, "broken", "\xff\xff"));
  CHECK(status.code() == absl::StatusCode::kDataLoss);
  CHECK(FieldOf(status).empty());
  CHECK(ToAbslStatus(grpc::Status::OK).ok());
}

TEST_CASE("status: exit codes", "[client][status]") {
  CHECK(cli::ExitCodeOf(absl::OkStatus()) == 0);
  CHECK(cli::ExitCodeOf(absl::InvalidArgumentError("x")) == 1);
  CHECK(cli::ExitCodeOf(cli::UsageError("x")) == 2);
  CHECK(cli::ExitCodeOf(absl::NotFoundError("x")) == 3);
  CHECK(cli::ExitCodeOf(absl::UnavailableError("x")) == 4);
  CHECK(cli::ExitCodeOf(absl::DeadlineExceededError("x")) == 4);
  CHECK(cli::ExitCodeOf(absl::DataLossError("x")) == 5);
}

TEST_CASE("status: errors are told in words or as JSON", "[client][status]") {
  const absl::Status status = WithField(absl::NotFoundError("no\x1b[2J\nsuch"), "asset");
  CHECK(cli::FormatError(status, cli::Output::kTable) == "tributary: no\\u{1b}[2J\nsuch\n");
  CHECK(cli::FormatError(status, cli::Output::kJson) ==
        "{\"error\":{\"code\":\"NOT_FOUND\",\"message\":\"no\\u001b[2J\\nsuch\","
        "\"field\":\"asset\"}}\n");
}

}  // namespace
}  // namespace tributary
