// What a server says of itself.

#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace tributary::server {

inline constexpr std::string_view kServerVersion = TRIBUTARY_VERSION;

struct ServerInfo {
  std::int64_t started_ms = 0;  // POSIX
  std::chrono::steady_clock::time_point started;
};

inline ServerInfo StartedNow() {
  using std::chrono::system_clock;
  const auto since_epoch = system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count(),
          std::chrono::steady_clock::now()};
}

}  // namespace tributary::server
