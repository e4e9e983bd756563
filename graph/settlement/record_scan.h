// Reads all records of one type, a batch at a time.

#pragma once

#include <cstddef>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "graph/model/cancel.h"
#include "graph/settlement/settlement_reader.h"

namespace tributary {

// Records in memory at a time: the largest have 2 MiB, so 64 MiB at most and far less in practice.
inline constexpr std::size_t kRecordScanBatchCount = 32;

// Calls `visit` with each record of a type, in the order of the log, until it fails.
// Errors: kDataLoss, fewer or other records than the reader counts; as the reader and `visit`.
absl::Status ForEachRecord(const SettlementReader& reader, RecordType type,
                           const CancelToken* cancel,
                           absl::FunctionRef<absl::Status(const LoggedRecord&)> visit);

}  // namespace tributary
