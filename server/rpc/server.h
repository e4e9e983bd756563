// The gRPC server: services, listener, health, introspection.

#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/ledgers.h"
#include "server/limits.h"

namespace tributary::server {

struct RpcServerOptions {
  // host:port (port 0: any free one) or unix:/path.
  std::string listen = "127.0.0.1:7411";
  // Reflection and channelz, which show an attacker around: for a local address alone.
  bool introspection = true;
};

// Whether only this machine can reach the address.
bool IsLocalAddress(const std::string& listen);

// Whether a server with these options has reflection and channelz.
bool HasIntrospection(const RpcServerOptions& options);

class RpcServer {
 public:
  // Serves until Shutdown. `ledgers` and `limits` must outlive the server.
  // Errors: kUnavailable, the address can not be listened on.
  static absl::StatusOr<std::unique_ptr<RpcServer>> Start(const RpcServerOptions& options,
                                                          Ledgers& ledgers, const Limits& limits);
  virtual ~RpcServer() = default;

  // The port listened on; 0 for a unix socket.
  virtual int port() const = 0;

  // Says "not serving", takes no new calls, and waits until those accepted have ended; what has not
  // ended after `grace` is cancelled. Once.
  virtual void Shutdown(std::chrono::milliseconds grace) = 0;
};

}  // namespace tributary::server
