// What a handler may use beside its request.

#pragma once

#include "graph/lineage/cancel.h"
#include "server/ledgers.h"
#include "server/limits.h"
#include "server/server_info.h"

namespace tributary::server {

// One per call; all parts outlive it.
struct Env {
  Ledgers& ledgers;
  const Limits& limits;
  const ServerInfo& info;
  const CancelToken& cancel;
};

}  // namespace tributary::server
