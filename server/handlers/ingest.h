// The handler of Ingest: batches in, one acknowledgement for each, in order.

#pragma once

#include "absl/status/status.h"
#include "server/env.h"
#include "server/stream.h"
#include "tributary/v1/lineage_service.pb.h"

namespace tributary::server {

// While one batch waits for the disk the next ones are read, checked and hashed; at most
// limits.ingest_batch_in_flight_max are between their reading and their acknowledgement.
absl::Status Ingest(Env& env, Source<v1::IngestRequest>& requests,
                    Sink<v1::IngestResponse>& responses);

}  // namespace tributary::server
