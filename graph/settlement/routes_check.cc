// What one new record may change in the routes in force.

#include <algorithm>
#include <utility>

#include "graph/lineage/limits.h"
#include "graph/model/status.h"
#include "graph/settlement/routes.h"

namespace tributary {

std::string PartyRoutes::ShowRange(std::uint64_t begin, std::uint64_t end) {
  return end == kOpen ? StrCat("[", begin, ", …)") : StrCat("[", begin, ", ", end, ")");
}

std::string_view PartyRoutes::NameOf(Kind kind) {
  return kind == Kind::kMandate ? "mandate" : "assignment";
}

absl::Status PartyRoutes::Conflict(std::string_view field, std::string_view found,
                                   std::string_view allowed) {
  return FieldError(absl::StatusCode::kFailedPrecondition, field, found, allowed);
}

absl::Status PartyRoutes::CheckRange(std::uint64_t begin, std::uint64_t end) {
  if (end > begin) return absl::OkStatus();
  return InvalidField("end", StrCat(end), StrCat("above begin: ", begin));
}

// Appends where a party leads over a range.
void PartyRoutes::AddSteps(Kind kind, Vertex vertex, std::uint64_t begin, std::uint64_t end,
                           std::size_t from, std::vector<Step>* steps) const {
  const Vertex into = kind == Kind::kAssignment ? parties_[vertex].into : kNone;
  const auto add_merge = [&](std::uint64_t first, std::uint64_t last) {
    if (into == kNone || first >= last) return;
    steps->push_back(
        {.vertex = into, .begin = first, .end = last, .from = from, .record = std::nullopt});
  };
  const Ranges& ranges = RangesOf(kind, vertex);
  auto range = std::partition_point(ranges.begin(), ranges.end(),
                                    [&](const Range& other) { return other.end <= begin; });
  for (; range != ranges.end() && range->begin < end; ++range) {
    add_merge(begin, range->begin);
    steps->push_back({.vertex = range->target,
                      .begin = std::max(begin, range->begin),
                      .end = std::min(end, range->end),
                      .from = from,
                      .record = *range});
    begin = range->end;
  }
  add_merge(begin, end);
}

// The records that lead from the new one back to its party, as "b by its assignment over [3, 9)".
std::string PartyRoutes::DescribeWay(Kind kind, const std::vector<Step>& steps,
                                     std::size_t last) const {
  constexpr std::size_t kShownCountMax = 16;
  std::vector<std::size_t> way;  // from the end
  for (std::size_t i = last; i != SIZE_MAX; i = steps[i].from) way.push_back(i);
  std::string shown;
  for (std::size_t k = way.size(); k-- > 1;) {
    const std::size_t before = way[k];
    const Step& step = steps[way[k - 1]];
    const bool is_left_out = way.size() > kShownCountMax && k > kShownCountMax / 2 &&
                             way.size() - k > kShownCountMax / 2;
    if (is_left_out) {
      if (k == kShownCountMax / 2 + 1) StrAppend(&shown, ", …");
      continue;
    }
    StrAppend(&shown, shown.empty() ? "" : ", ", parties_[steps[before].vertex].name);
    if (step.record.has_value()) {
      StrAppend(&shown, " by its ", NameOf(kind), " over ",
                ShowRange(step.record->begin, step.record->end));
    } else {
      StrAppend(&shown, " by its merge");
    }
    StrAppend(&shown, " to ", parties_[step.vertex].name);
  }
  return shown;
}

absl::Status PartyRoutes::Follow(Kind kind, Vertex party, std::string_view field,
                                 std::string_view target, std::vector<Step> steps) const {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps.size() > kRouteCheckStepCountMax) {
      return LimitMet("route_check_step_count_max", steps.size(), kRouteCheckStepCountMax);
    }
    const Step step = steps[i];
    if (step.vertex == party) {
      const std::string way = DescribeWay(kind, steps, i);
      return Conflict(field,
                      StrCat(target, ", which leads back to ", parties_[party].name, " over ",
                             ShowRange(step.begin, step.end), way.empty() ? "" : ": ", way),
                      StrCat("a party that does not lead to ", parties_[party].name));
    }
    AddSteps(kind, step.vertex, step.begin, step.end, i, &steps);
  }
  return absl::OkStatus();
}

absl::Status PartyRoutes::Check(const Route& route) const {
  TRIBUTARY_RETURN_IF_ERROR(CheckRange(route.begin, route.end));
  const std::string_view field = route.kind == Kind::kMandate ? "collector" : "assignee";
  if (route.party == route.target) {
    return InvalidField(field, route.target, "another party");
  }
  const Vertex party = Find(route.party);
  if (party == kNone) return absl::OkStatus();  // nothing leads to it
  std::vector<Step> steps;
  const Vertex target = Find(route.target);
  if (target != kNone) {
    steps.push_back({.vertex = target, .begin = route.begin, .end = route.end});
  }
  for (const Range& other : RangesOf(route.kind, party)) {
    if (other.begin == route.begin) {
      // Superseded. Where it stood and the new one does not, a merge may speak again.
      const Vertex into = route.kind == Kind::kAssignment ? parties_[party].into : kNone;
      if (into != kNone && other.end > route.end) {
        steps.push_back({.vertex = into, .begin = route.end, .end = other.end});
      }
      continue;
    }
    if (other.begin >= route.end || other.end <= route.begin) continue;
    return Conflict(
        "begin",
        StrCat(NameOf(route.kind), " of ", route.party, " over ", ShowRange(route.begin, route.end),
               " beside its ", NameOf(route.kind), " over ", ShowRange(other.begin, other.end),
               " to ", parties_[other.target].name),
        "ranges that have no position in common");
  }
  return Follow(route.kind, party, field, route.target, std::move(steps));
}

absl::Status PartyRoutes::Check(const PartyMergeRecord& record) const {
  if (record.party == record.into) return InvalidField("into", record.into, "another party");
  const Vertex party = Find(record.party);
  const Vertex into = record.into.empty() ? kNone : Find(record.into);
  if (party == kNone || into == kNone) return absl::OkStatus();
  // Merges by themselves first, wherever assignments stand.
  Vertex end = into;
  for (std::size_t i = 0; i < parties_.size() && end != kNone && end != party; ++i) {
    end = parties_[end].into;
  }
  if (end == party) {
    return Conflict("into", StrCat(record.into, ", which was merged into ", record.party),
                    StrCat("a party that does not lead to ", record.party));
  }
  std::vector<Step> steps;
  std::uint64_t begin = 0;
  for (const Range& range : parties_[party].assignments) {
    if (begin < range.begin) {
      steps.push_back({.vertex = into, .begin = begin, .end = range.begin});
    }
    begin = range.end;
  }
  if (begin != kOpen) steps.push_back({.vertex = into, .begin = begin, .end = kOpen});
  return Follow(Kind::kAssignment, party, "into", record.into, std::move(steps));
}

absl::Status PartyRoutes::Apply(const MandateRecord& record) {
  TRIBUTARY_RETURN_IF_ERROR(CheckRoute(*this, record));
  Put(RouteOf(record));
  return absl::OkStatus();
}

absl::Status PartyRoutes::Apply(const AssignmentRecord& record) {
  TRIBUTARY_RETURN_IF_ERROR(CheckRoute(*this, record));
  Put(RouteOf(record));
  return absl::OkStatus();
}

absl::Status PartyRoutes::Apply(const PartyMergeRecord& record) {
  TRIBUTARY_RETURN_IF_ERROR(CheckRoute(*this, record));
  Put(record);
  return absl::OkStatus();
}

absl::Status CheckRoute(const PartyRoutes& routes, const MandateRecord& record) {
  return routes.Check(PartyRoutes::RouteOf(record));
}

absl::Status CheckRoute(const PartyRoutes& routes, const AssignmentRecord& record) {
  return routes.Check(PartyRoutes::RouteOf(record));
}

absl::Status CheckRoute(const PartyRoutes& routes, const PartyMergeRecord& record) {
  return routes.Check(record);
}

absl::Status CheckOneCollector(const PartyRoutes& routes, LogPosition begin, LogPosition end) {
  const auto boundary = routes.FindMandateBoundary(begin, end);
  if (!boundary.has_value()) return absl::OkStatus();
  return FieldError(
      absl::StatusCode::kFailedPrecondition, "end",
      StrCat(end.value, ", with the mandate of ", boundary->party, " to ", boundary->collector,
             boundary->is_end ? " that ends at " : " that begins at ", boundary->position.value),
      StrCat("at most ", boundary->position.value,
             ": who collects a line must be one at all positions of its statement"));
}

absl::Status CheckMandateChange(const PartyRoutes& routes, const MandateRecord& record,
                                LogPosition closed_end) {
  // The last position of the last closed statement, at and below which nothing may change.
  if (closed_end.value == 0 || record.begin >= closed_end.value) return absl::OkStatus();
  const auto found = routes.FindMandate(record.party, {record.begin});
  if (!found.has_value() || found->collector != record.collector) {
    return PartyRoutes::Conflict(
        "begin", StrCat(record.begin, ", with ", record.collector, " as a new collector"),
        StrCat("at least ", closed_end.value, ", where the last closed statement ends"));
  }
  const std::uint64_t end = record.end.value_or(PartyRoutes::kOpen);
  if (end == found->end || std::min(end, found->end) >= closed_end.value) return absl::OkStatus();
  return PartyRoutes::Conflict(
      "end",
      StrCat(PartyRoutes::ShowRange(record.begin, end), " instead of ",
             PartyRoutes::ShowRange(record.begin, found->end)),
      StrCat("a change from ", closed_end.value, " on, where the last closed statement ends"));
}

}  // namespace tributary
