// A connection to one Tributary server.
//
//   tributary::Client client({.server = "127.0.0.1:7411"});
//   tributary::v1::GetStatusRequest request;
//   auto response = client.Call(&tributary::v1::AdminService::Stub::GetStatus, request);

#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/lib/status.h"
#include "tributary/v1/admin_service.grpc.pb.h"
#include "tributary/v1/attribution_service.grpc.pb.h"
#include "tributary/v1/lineage_service.grpc.pb.h"
#include "tributary/v1/settlement_service.grpc.pb.h"

namespace tributary {

struct ClientOptions {
  std::string server = "127.0.0.1:7411";            // host:port
  std::chrono::milliseconds call_deadline{30'000};  // of a call with one answer
  // Of a call that streams: a day, so that a large import is not cut off, yet nothing waits for
  // ever.
  std::chrono::milliseconds stream_deadline{86'400'000};
};

// Largest message that is accepted: the 10,000 lines of the largest single answer, each with a name
// of 1,024 bytes and three digests' worth of the rest, fit four times.
inline constexpr int kMessageSizeMax = 64 << 20;

// Any thread may call any method at any time. Nothing is sent before the first call.
class Client {
 public:
  explicit Client(ClientOptions options);

  v1::LineageService::Stub& lineage() const { return *lineage_; }
  v1::AttributionService::Stub& attribution() const { return *attribution_; }
  v1::SettlementService::Stub& settlement() const { return *settlement_; }
  v1::AdminService::Stub& admin() const { return *admin_; }

  // Calls a method that has one request and one response.
  // Errors: as the method's comment in proto/ says; kDeadlineExceeded; kUnavailable (no server).
  template <typename Service, typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Service::*method)(grpc::ClientContext*,
                                                                const Request&, Response*),
                                const Request& request) const {
    return CallWithin(options_.call_deadline, method, request);
  }

  // The same for a method that may take as long as a stream, such as CloseStatement.
  template <typename Service, typename Request, typename Response>
  absl::StatusOr<Response> CallLong(grpc::Status (Service::*method)(grpc::ClientContext*,
                                                                    const Request&, Response*),
                                    const Request& request) const {
    return CallWithin(options_.stream_deadline, method, request);
  }

  // Reads a stream of responses to its end; `on_message` is called for each and may stop the call
  // by an error, which is then the result.
  template <typename Service, typename Request, typename Response, typename OnMessage>
  absl::Status Stream(std::unique_ptr<grpc::ClientReader<Response>> (Service::*method)(
                          grpc::ClientContext*, const Request&),
                      const Request& request, OnMessage&& on_message) const {
    const auto context = NewContext(options_.stream_deadline);
    auto reader = (StubOf<Service>().*method)(context.get(), request);
    Response response;
    while (reader->Read(&response)) {
      if (absl::Status status = on_message(response); !status.ok()) {
        context->TryCancel();
        reader->Finish();
        return status;
      }
    }
    return ToAbslStatus(reader->Finish());
  }

  // For streams that a caller drives itself.
  std::unique_ptr<grpc::ClientContext> NewStreamContext() const {
    return NewContext(options_.stream_deadline);
  }

  const ClientOptions& options() const { return options_; }

 private:
  static std::unique_ptr<grpc::ClientContext> NewContext(std::chrono::milliseconds deadline);

  template <typename Service, typename Request, typename Response>
  absl::StatusOr<Response> CallWithin(std::chrono::milliseconds deadline,
                                      grpc::Status (Service::*method)(grpc::ClientContext*,
                                                                      const Request&, Response*),
                                      const Request& request) const {
    Response response;
    const auto context = NewContext(deadline);
    const grpc::Status status = (StubOf<Service>().*method)(context.get(), request, &response);
    if (!status.ok()) return ToAbslStatus(status);
    return response;
  }

  template <typename Service>
  Service& StubOf() const {
    if constexpr (std::is_same_v<Service, v1::LineageService::Stub>)
      return *lineage_;
    else if constexpr (std::is_same_v<Service, v1::AttributionService::Stub>)
      return *attribution_;
    else if constexpr (std::is_same_v<Service, v1::SettlementService::Stub>)
      return *settlement_;
    else
      return *admin_;
  }

  ClientOptions options_;
  std::unique_ptr<v1::LineageService::Stub> lineage_;
  std::unique_ptr<v1::AttributionService::Stub> attribution_;
  std::unique_ptr<v1::SettlementService::Stub> settlement_;
  std::unique_ptr<v1::AdminService::Stub> admin_;
};

}  // namespace tributary
