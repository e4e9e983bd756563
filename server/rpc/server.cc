#include "server/rpc/server.h"

#include <grpc/support/log.h>
#include <grpcpp/ext/channelz_service_plugin.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/server_builder_plugin.h>
#include <spdlog/spdlog.h>

#include <mutex>
#include <utility>
#include <vector>

#include "graph/model/text.h"
#include "server/rpc/runtime.h"
#include "server/rpc/services.h"

namespace tributary::server {
namespace {

constexpr int kMinuteMs = 60'000;

// gRPC's own lines, such as failed handshakes, in the form of ours.
void LogFromGrpc(gpr_log_func_args* line) {
  const auto level =
      line->severity == GPR_LOG_SEVERITY_ERROR ? spdlog::level::warn : spdlog::level::debug;
  spdlog::log(level, "grpc {}", line->message);
}

// Takes every plugin from a server. gRPC's reflection is in each server of a process that links it,
// whether or not anybody asked for it.
class NoPlugins final : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->clear();
  }
};

// Plugins of gRPC are the process's, not a server's, and come before the first builder.
void InstallPlugins(bool introspection) {
  static std::once_flag always;
  std::call_once(always, [] {
    gpr_set_log_function(LogFromGrpc);
    grpc::EnableDefaultHealthCheckService(true);
  });
  if (!introspection) return;
  static std::once_flag introspected;
  std::call_once(introspected, [] {
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::channelz::experimental::InitChannelzService();
  });
}

void ApplyLimits(const Limits& limits, grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(static_cast<int>(limits.request_message_size_max));
  const auto set = [builder](const char* name, std::uint64_t value) {
    builder->AddChannelArgument(name, static_cast<int>(value));
  };
  set(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.concurrent_streams_max);
  // A second server on the same port must fail to start, not share its calls.
  set(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Messages are inflated before their size is checked: 1 MB became more than 600 MB.
  set(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  set(GRPC_ARG_MAX_METADATA_SIZE, 16u << 10);
  // Dead peers are noticed within 70 s; eager ones are cut off.
  set(GRPC_ARG_KEEPALIVE_TIME_MS, kMinuteMs);
  set(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  set(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 30'000);
  set(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 2);
  set(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 5 * kMinuteMs);
  // Connections are renewed now and then; a stream that is open may end first.
  set(GRPC_ARG_MAX_CONNECTION_AGE_MS, 30 * kMinuteMs);
  set(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, limits.stream_deadline_ms);
  set(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 5'000);
}

class GrpcServer final : public RpcServer {
 public:
  GrpcServer(Ledgers& ledgers, const Limits& limits)
      : runtime_(ledgers, limits),
        lineage_(runtime_),
        attribution_(runtime_),
        settlement_(NewSettlementService(runtime_)),
        admin_(runtime_) {}

  ~GrpcServer() override { Shutdown(std::chrono::milliseconds(0)); }

  absl::Status Listen(const RpcServerOptions& options) {
    InstallPlugins(HasIntrospection(options));
    grpc::ServerBuilder builder;
    if (!HasIntrospection(options)) builder.SetOption(std::make_unique<NoPlugins>());
    ApplyLimits(runtime_.limits, &builder);
    builder.AddListeningPort(options.listen, grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&lineage_);
    builder.RegisterService(&attribution_);
    builder.RegisterService(settlement_.get());
    builder.RegisterService(&admin_);
    server_ = builder.BuildAndStart();
    if (options.listen.starts_with("unix")) port_ = 0;  // gRPC says 1
    if (server_ != nullptr) return absl::OkStatus();
    return absl::UnavailableError(
        StrCat("cannot listen on ", options.listen, ": it is in use or not of this machine"));
  }

  int port() const override { return port_; }

  void Shutdown(std::chrono::milliseconds grace) override {
    if (server_ == nullptr) return;
    if (auto* health = server_->GetHealthCheckService()) health->Shutdown();
    server_->Shutdown(std::chrono::system_clock::now() + grace);
    server_->Wait();
    server_.reset();
  }

 private:
  Runtime runtime_;
  LineageServiceImpl lineage_;
  AttributionServiceImpl attribution_;
  std::unique_ptr<grpc::Service> settlement_;
  AdminServiceImpl admin_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace

bool IsLocalAddress(const std::string& listen) {
  for (const std::string_view prefix : {"unix:", "unix-abstract:", "localhost:", "[::1]:"}) {
    if (listen.starts_with(prefix)) return true;
  }
  // 127.0.0.0/8, but no name that only begins like it.
  return listen.starts_with("127.") &&
         listen.find_first_not_of("0123456789.") == listen.find_last_of(':');
}

bool HasIntrospection(const RpcServerOptions& options) {
  return options.introspection && IsLocalAddress(options.listen);
}

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Start(const RpcServerOptions& options,
                                                            Ledgers& ledgers,
                                                            const Limits& limits) {
  auto server = std::make_unique<GrpcServer>(ledgers, limits);
  const absl::Status listening = server->Listen(options);
  if (!listening.ok()) return listening;
  return std::unique_ptr<RpcServer>(std::move(server));
}

}  // namespace tributary::server
