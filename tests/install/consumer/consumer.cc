// Calls a port where nobody listens: what it must see is the client library's own error.

#include <iostream>

#include "client/lib/client.h"
#include "graph/attribution/attribution.h"

int main() {
  tributary::ClientOptions options;
  options.server = "127.0.0.1:1";
  const tributary::Client client(options);
  const auto response =
      client.Call(&tributary::v1::AdminService::Stub::GetStatus, tributary::v1::GetStatusRequest());
  std::cout << response.status() << "\n";
  return absl::IsUnavailable(response.status()) ? 0 : 1;
}
