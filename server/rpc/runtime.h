// What all calls of one server share.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "server/ledgers.h"
#include "server/limits.h"
#include "server/rpc/deadline_timer.h"
#include "server/rpc/worker_pool.h"
#include "server/server_info.h"

namespace tributary::server {

struct Runtime {
  Runtime(Ledgers& ledgers_in, const Limits& limits_in);

  Ledgers& ledgers;
  const Limits& limits;
  const ServerInfo info;
  DeadlineTimer timer;
  WorkerPool readers;  // unary calls that compute
  WorkerPool writers;  // unary calls that wait for the disk
  WorkerPool streams;  // one thread for each open stream
};

// Logs a finished call: damage as an error, refusals for people who ask for them.
void LogCall(std::string_view method, const absl::Status& status,
             std::chrono::steady_clock::duration elapsed);

}  // namespace tributary::server
