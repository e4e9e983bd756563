// Who earns for whom by assignments alone, for tests that take no merges.

#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "graph/model/status.h"
#include "graph/settlement/record_scan.h"
#include "graph/settlement/valuation.h"

namespace tributary::test {

// Assignments in force, of several the one that begins last: the rule of the slow model.
inline absl::StatusOr<EarnerRoutes> ReadAssignments(const SettlementReader& reader) {
  std::map<std::pair<std::string, std::string>, AssignmentRecord> in_force;
  TRIBUTARY_RETURN_IF_ERROR(ForEachRecord<AssignmentRecord>(
      reader, {0}, nullptr, [&](const LoggedRecord&, const AssignmentRecord& assignment) {
        in_force[{assignment.party, std::to_string(assignment.begin)}] = assignment;
        return absl::OkStatus();
      }));
  if (in_force.empty()) return EarnerRoutes{};
  EarnerRoutes routes;
  for (const auto& [identity, assignment] : in_force) {
    routes.boundaries.push_back({assignment.begin});
    if (assignment.end) routes.boundaries.push_back({*assignment.end});
  }
  std::sort(routes.boundaries.begin(), routes.boundaries.end());
  const auto last = std::unique(routes.boundaries.begin(), routes.boundaries.end());
  routes.boundaries.erase(last, routes.boundaries.end());
  routes.earner_of = [in_force](std::string_view party, LogPosition at) {
    const AssignmentRecord* newest = nullptr;
    for (const auto& [identity, assignment] : in_force) {
      if (assignment.party != party || assignment.begin > at.value) continue;
      if (assignment.end && *assignment.end <= at.value) continue;
      if (newest == nullptr || newest->begin < assignment.begin) newest = &assignment;
    }
    return newest == nullptr ? std::string(party) : newest->assignee;
  };
  return routes;
}

}  // namespace tributary::test
