// What sales cost: recording them, and closing a million of them over a million edges.

#pragma once

#include "benchmarks/end_to_end/bench_server.h"
#include "client/lib/client.h"

namespace tributary::bench {

// RecordSale beside RecordDerivation, each durable when acknowledged.
void MeasureRecordSale(const Client& client);

// A statement of SalesWorld's sales, compared line by line with the bare pass of the same run.
void MeasureClose(const Client& client, BenchServer& server);

}  // namespace tributary::bench
