// Routes as a ledger has them recorded.

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "graph/lineage/limits.h"
#include "graph/model/status.h"
#include "graph/settlement/merge_change.h"
#include "graph/settlement/record_scan.h"
#include "graph/settlement/routes.h"

namespace tributary {
namespace {

// Where the last closed statement ends; 0 if there is none.
absl::StatusOr<LogPosition> ReadClosedEnd(const SettlementReader& reader) {
  constexpr RecordType kType = kRecordTypeOf<StatementRecord>;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t count,
                             reader.CountBefore(kType, {reader.tree_size().value}));
  if (count == 0) return LogPosition{0};
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<LogPosition> last,
                             reader.ListPositions(kType, count - 1, 1));
  std::vector<LoggedRecord> records;
  TRIBUTARY_RETURN_IF_ERROR(reader.ReadRecords(last, &records));
  const auto* statement =
      records.size() == 1 ? std::get_if<StatementRecord>(&records[0].record.body) : nullptr;
  if (statement == nullptr) return absl::DataLossError("the newest statement can not be read");
  return LogPosition{statement->end};
}

}  // namespace

absl::StatusOr<PartyRoutes> ReadRoutes(const SettlementReader& reader, const CancelToken* cancel) {
  std::size_t count = 0;
  std::vector<MandateRecord> mandates;
  std::vector<AssignmentRecord> assignments;
  std::vector<PartyMergeRecord> merges;
  const auto read = [&]<typename Body>(std::vector<Body>* records) {
    absl::flat_hash_map<std::string, std::size_t> places;  // by identity
    return ForEachRecord(reader, kRecordTypeOf<Body>, cancel, [&](const LoggedRecord& logged) {
      if (++count > kRouteCountMax) return LimitMet("route_count_max", count, kRouteCountMax);
      const auto [place, is_new] =
          places.try_emplace(IdentityOf(logged.record.body), records->size());
      if (is_new) records->emplace_back();
      (*records)[place->second] = std::get<Body>(logged.record.body);
      return absl::OkStatus();
    });
  };
  TRIBUTARY_RETURN_IF_ERROR(read(&mandates));
  TRIBUTARY_RETURN_IF_ERROR(read(&assignments));
  TRIBUTARY_RETURN_IF_ERROR(read(&merges));
  return PartyRoutes::Make(mandates, assignments, merges);
}

absl::Status CheckNewRoute(const SettlementReader& reader, const PartyRoutes& routes,
                           const RecordBody& body, const CancelToken* cancel) {
  const LogPosition end = {reader.tree_size().value};
  std::uint64_t count = 1;
  for (const RecordType type : {kRecordTypeOf<MandateRecord>, kRecordTypeOf<AssignmentRecord>,
                                kRecordTypeOf<PartyMergeRecord>}) {
    TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t of_type, reader.CountBefore(type, end));
    count += of_type;
  }
  if (count > kRouteCountMax) return LimitMet("route_count_max", count, kRouteCountMax);
  if (const auto* merge = std::get_if<PartyMergeRecord>(&body)) {
    TRIBUTARY_RETURN_IF_ERROR(CheckRoute(routes, *merge));
    return CheckMergeChange(reader, routes, *merge, cancel);
  }
  if (const auto* assignment = std::get_if<AssignmentRecord>(&body)) {
    return CheckRoute(routes, *assignment);
  }
  const auto* mandate = std::get_if<MandateRecord>(&body);
  if (mandate == nullptr) {
    return InvalidField("type", TypeName(body), "a mandate, an assignment or a merge");
  }
  TRIBUTARY_RETURN_IF_ERROR(CheckRoute(routes, *mandate));
  TRIBUTARY_ASSIGN_OR_RETURN(const LogPosition closed_end, ReadClosedEnd(reader));
  return CheckMandateChange(routes, *mandate, closed_end);
}

}  // namespace tributary
