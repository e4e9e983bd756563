// Reads all records of one type, a batch at a time. A list that has fewer than are counted is
// damage: a sale or a hold that is not seen is money that goes to the wrong place.

#pragma once

#include <cstddef>
#include <utility>
#include <variant>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "graph/model/cancel.h"
#include "graph/settlement/settlement_reader.h"

namespace tributary {

// Records in memory at a time: the largest have 2 MiB, so 64 MiB at most and far less in practice.
inline constexpr std::size_t kRecordScanBatchCount = 32;
// The same for types of which a ledger has millions, and whose records are small.
inline constexpr std::size_t kSmallRecordScanBatchCount = 4096;

// Calls `visit` with each record of a type at positions [begin, tree size of the reader), in the
// order of the log, until it fails. At most `batch_count_max` records are in memory at a time.
// Errors: kDataLoss, fewer or other records than the reader counts; as the reader and `visit`.
absl::Status ScanRecords(const SettlementReader& reader, RecordType type, LogPosition begin,
                         std::size_t batch_count_max, const CancelToken* cancel,
                         absl::FunctionRef<absl::Status(const LoggedRecord&)> visit);

// All of a type, large or small.
inline absl::Status ForEachRecord(const SettlementReader& reader, RecordType type,
                                  const CancelToken* cancel,
                                  absl::FunctionRef<absl::Status(const LoggedRecord&)> visit) {
  return ScanRecords(reader, type, {0}, kRecordScanBatchCount, cancel, visit);
}

// Those of a type with small records at or above `begin`: use(record, its body).
template <typename Body, typename Use>
absl::Status ForEachRecord(const SettlementReader& reader, LogPosition begin,
                           const CancelToken* cancel, Use&& use) {
  return ScanRecords(reader, kRecordTypeOf<Body>, begin, kSmallRecordScanBatchCount, cancel,
                     [&use](const LoggedRecord& record) -> absl::Status {
                       return use(record, std::get<Body>(record.record.body));
                     });
}

}  // namespace tributary
