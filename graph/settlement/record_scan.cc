#include "graph/settlement/record_scan.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "graph/model/status.h"

namespace tributary {
namespace {

absl::Status WrongRecords(std::size_t found, std::size_t wanted) {
  return absl::DataLossError(
      StrCat("found ", found, " records of a type where ", wanted, " are counted"));
}

}  // namespace

absl::Status ScanRecords(const SettlementReader& reader, RecordType type, LogPosition begin,
                         std::size_t batch_count_max, const CancelToken* cancel,
                         absl::FunctionRef<absl::Status(const LoggedRecord&)> visit) {
  TRIBUTARY_ASSIGN_OR_RETURN(std::uint64_t first, reader.CountBefore(type, begin));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t count,
                             reader.CountBefore(type, {reader.tree_size().value}));
  std::vector<LoggedRecord> records;
  while (first < count) {
    TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel));
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(count - first, batch_count_max));
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<LogPosition> positions,
                               reader.ListPositions(type, first, wanted));
    if (positions.size() != wanted) return WrongRecords(positions.size(), wanted);
    TRIBUTARY_RETURN_IF_ERROR(reader.ReadRecords(positions, &records));
    if (records.size() != wanted) return WrongRecords(records.size(), wanted);
    for (std::size_t i = 0; i < wanted; ++i) {
      if (TypeOf(records[i].record.body) != type || records[i].position != positions[i]) {
        return absl::DataLossError(
            StrCat("the record at log position ", positions[i].value, " is of another type"));
      }
      TRIBUTARY_RETURN_IF_ERROR(visit(records[i]));
    }
    first += wanted;
  }
  return CheckCancelled(cancel);
}

}  // namespace tributary
