// What a handler may use beside its request.

#pragma once

#include "graph/lineage/asset_index.h"
#include "graph/model/cancel.h"
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
  // Memory that this thread's walks borrow one after another; null: each walk builds its own.
  WalkScratch* scratch = nullptr;
};

}  // namespace tributary::server
