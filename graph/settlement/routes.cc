#include "graph/settlement/routes.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "graph/lineage/limits.h"
#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/settlement/route_forest.h"

namespace tributary {
namespace {

// The first range that ends above `at`.
template <typename Ranges>
auto FirstEndingAbove(const Ranges& ranges, std::uint64_t at) {
  return std::partition_point(ranges.begin(), ranges.end(),
                              [at](const auto& range) { return range.end <= at; });
}

absl::Status CheckCount(std::size_t count) {
  return count <= kRouteCountMax ? absl::OkStatus()
                                 : LimitMet("route_count_max", count, kRouteCountMax);
}

}  // namespace

// --- Following ---

PartyRoutes::Vertex PartyRoutes::Find(std::string_view party) const {
  const auto found = vertices_.find(ToAbsl(party));
  return found == vertices_.end() ? kNone : found->second;
}

// The one that a party leads to at a position; kNone at the end.
PartyRoutes::Vertex PartyRoutes::Next(Kind kind, Vertex vertex, std::uint64_t at) const {
  const Ranges& ranges = RangesOf(kind, vertex);
  const auto range = FirstEndingAbove(ranges, at);
  if (range != ranges.end() && range->begin <= at) return range->target;
  return kind == Kind::kAssignment ? parties_[vertex].into : kNone;
}

PartyRoutes::Vertex PartyRoutes::EndOf(Kind kind, Vertex vertex, std::uint64_t at) const {
  for (std::size_t step = 0; step < parties_.size(); ++step) {
    const Vertex next = Next(kind, vertex, at);
    if (next == kNone) return vertex;
    vertex = next;
  }
  TRIBUTARY_CHECK(false);  // a cycle, which no route was let in to close
}

PartyRoutes::Vertex PartyRoutes::AccountOf(Vertex vertex) const {
  for (std::size_t step = 0; step < parties_.size(); ++step) {
    if (parties_[vertex].into == kNone) return vertex;
    vertex = parties_[vertex].into;
  }
  TRIBUTARY_CHECK(false);
}

std::string_view PartyRoutes::EarnerOf(std::string_view party, LogPosition at) const {
  const Vertex vertex = Find(party);
  return vertex == kNone ? party : parties_[EndOf(Kind::kAssignment, vertex, at.value)].name;
}

std::string_view PartyRoutes::CollectorOf(std::string_view party, LogPosition at) const {
  const Vertex vertex = Find(party);
  if (vertex == kNone) return party;
  return parties_[AccountOf(EndOf(Kind::kMandate, vertex, at.value))].name;
}

std::string_view PartyRoutes::AccountOf(std::string_view party) const {
  const Vertex vertex = Find(party);
  return vertex == kNone ? party : parties_[AccountOf(vertex)].name;
}

std::vector<LogPosition> PartyRoutes::Boundaries() const {
  std::vector<LogPosition> boundaries;
  for (const Party& party : parties_) {
    for (const Range& range : party.assignments) {
      boundaries.push_back({range.begin});
      if (range.end != kOpen) boundaries.push_back({range.end});
    }
  }
  std::sort(boundaries.begin(), boundaries.end());
  boundaries.erase(std::unique(boundaries.begin(), boundaries.end()), boundaries.end());
  return boundaries;
}

absl::StatusOr<std::vector<std::string_view>> PartyRoutes::PartiesOf(std::string_view account,
                                                                     LogPosition at,
                                                                     std::size_t count_max) const {
  const Vertex start = Find(account);
  if (start == kNone) return std::vector<std::string_view>{account};
  if (parties_[start].into != kNone) return std::vector<std::string_view>{};
  // The names of the account, then whoever leads to one of them that leads nowhere else.
  std::vector<Vertex> names = {start};
  absl::flat_hash_set<Vertex> named = {start};
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (const Vertex from : parties_[names[i]].merged_from) {
      if (parties_[from].into == names[i] && named.insert(from).second) names.push_back(from);
    }
  }
  std::vector<Vertex> found;
  for (const Vertex name : names) {
    if (Next(Kind::kMandate, name, at.value) == kNone) found.push_back(name);
  }
  absl::flat_hash_set<Vertex> seen(found.begin(), found.end());
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (const Vertex from : parties_[found[i]].mandated_by) {
      if (Next(Kind::kMandate, from, at.value) != found[i] || !seen.insert(from).second) continue;
      found.push_back(from);
    }
    if (found.size() > count_max) return LimitMet("party_count_max", found.size(), count_max);
  }
  std::vector<std::string_view> parties;
  for (const Vertex vertex : found) parties.emplace_back(parties_[vertex].name);
  std::sort(parties.begin(), parties.end());
  return parties;
}

std::optional<PartyRoutes::MandateRange> PartyRoutes::FindMandate(std::string_view party,
                                                                  LogPosition begin) const {
  const Vertex vertex = Find(party);
  if (vertex == kNone) return std::nullopt;
  const Ranges& ranges = parties_[vertex].mandates;
  const auto range = FirstEndingAbove(ranges, begin.value);
  if (range == ranges.end() || range->begin != begin.value) return std::nullopt;
  return MandateRange{.collector = parties_[range->target].name, .end = range->end};
}

std::optional<PartyRoutes::MandateBoundary> PartyRoutes::FindMandateBoundary(
    LogPosition begin, LogPosition end) const {
  std::optional<MandateBoundary> first;
  const auto offer = [&](std::uint64_t at, const Party& party, const Range& range, bool is_end) {
    if (at <= begin.value || at >= end.value) return;
    if (first.has_value() && first->position.value <= at) return;
    first = {{at}, party.name, parties_[range.target].name, is_end};
  };
  for (const Party& party : parties_) {
    const Ranges& ranges = party.mandates;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      // One that another of the same collector continues changes nothing.
      const auto continues = [&](const Range& before, const Range& after) {
        return before.end == after.begin && before.target == after.target;
      };
      if (i == 0 || !continues(ranges[i - 1], ranges[i])) {
        offer(ranges[i].begin, party, ranges[i], /*is_end=*/false);
      }
      if (i + 1 == ranges.size() || !continues(ranges[i], ranges[i + 1])) {
        offer(ranges[i].end, party, ranges[i], /*is_end=*/true);
      }
    }
  }
  return first;
}

// --- Building ---

PartyRoutes::Route PartyRoutes::RouteOf(const MandateRecord& record) {
  return {.kind = Kind::kMandate,
          .party = record.party,
          .target = record.collector,
          .begin = record.begin,
          .end = record.end.value_or(kOpen)};
}

PartyRoutes::Route PartyRoutes::RouteOf(const AssignmentRecord& record) {
  return {.kind = Kind::kAssignment,
          .party = record.party,
          .target = record.assignee,
          .begin = record.begin,
          .end = record.end.value_or(kOpen)};
}

PartyRoutes::Vertex PartyRoutes::Intern(std::string_view party) {
  const Vertex found = Find(party);
  if (found != kNone) return found;
  const auto vertex = static_cast<Vertex>(parties_.size());
  parties_.push_back({.name = std::string(party)});
  vertices_.emplace(ToAbsl(parties_.back().name), vertex);
  return vertex;
}

void PartyRoutes::Append(const Route& route) {
  const Vertex party = Intern(route.party);
  const Vertex target = Intern(route.target);
  const Range range = {.begin = route.begin, .end = route.end, .target = target};
  if (route.kind == Kind::kMandate) {
    parties_[party].mandates.push_back(range);
    parties_[target].mandated_by.push_back(party);
  } else {
    parties_[party].assignments.push_back(range);
  }
}

void PartyRoutes::Put(const Route& route) {
  Append(route);
  Party& party = parties_[Find(route.party)];
  Ranges& ranges = route.kind == Kind::kMandate ? party.mandates : party.assignments;
  const Range added = ranges.back();
  ranges.pop_back();
  const auto at = std::partition_point(
      ranges.begin(), ranges.end(), [&](const Range& range) { return range.begin < added.begin; });
  if (at != ranges.end() && at->begin == added.begin) {
    *at = added;
  } else {
    ranges.insert(at, added);
  }
}

void PartyRoutes::Put(const PartyMergeRecord& record) {
  const Vertex party = Intern(record.party);
  parties_[party].into = record.into.empty() ? kNone : Intern(record.into);
  if (!record.into.empty()) parties_[parties_[party].into].merged_from.push_back(party);
}

absl::Status PartyRoutes::CheckRanges(Kind kind) {
  for (Party& party : parties_) {
    Ranges& ranges = kind == Kind::kMandate ? party.mandates : party.assignments;
    std::sort(ranges.begin(), ranges.end(),
              [](const Range& a, const Range& b) { return a.begin < b.begin; });
    for (std::size_t i = 1; i < ranges.size(); ++i) {
      if (ranges[i].begin >= ranges[i - 1].end) continue;
      return Conflict("begin",
                      StrCat(NameOf(kind), " of ", party.name, " over ",
                             ShowRange(ranges[i].begin, ranges[i].end), " and ",
                             ShowRange(ranges[i - 1].begin, ranges[i - 1].end)),
                      "ranges that have no position in common");
    }
  }
  return absl::OkStatus();
}

// Goes over all positions once, and joins and cuts where a range starts or ends.
absl::Status PartyRoutes::CheckAcyclic(Kind kind) const {
  RouteForest forest(parties_.size());
  for (Vertex vertex = 0; vertex < parties_.size(); ++vertex) {
    const Vertex into = kind == Kind::kAssignment ? parties_[vertex].into : kNone;
    if (into == kNone || forest.Link(vertex, into)) continue;
    return Conflict("into", StrCat("a merge of ", parties_[vertex].name, " that comes back to it"),
                    "merges that end at a party");
  }
  std::vector<std::pair<std::uint64_t, Vertex>> changes;
  for (Vertex vertex = 0; vertex < parties_.size(); ++vertex) {
    for (const Range& range : RangesOf(kind, vertex)) {
      changes.emplace_back(range.begin, vertex);
      if (range.end != kOpen) changes.emplace_back(range.end, vertex);
    }
  }
  std::sort(changes.begin(), changes.end());
  changes.erase(std::unique(changes.begin(), changes.end()), changes.end());
  for (auto first = changes.begin(); first != changes.end();) {
    const std::uint64_t at = first->first;
    const auto last =
        std::find_if(first, changes.end(), [at](const auto& change) { return change.first != at; });
    for (auto change = first; change != last; ++change) forest.Cut(change->second);
    for (auto change = first; change != last; ++change) {
      const Vertex next = Next(kind, change->second, at);
      if (next == kNone || forest.Link(change->second, next)) continue;
      return Conflict(
          NameOf(kind),
          StrCat("a way from ", parties_[change->second].name, " back to it at log position ", at),
          "no cycle at any position");
    }
    first = last;
  }
  return absl::OkStatus();
}

absl::StatusOr<PartyRoutes> PartyRoutes::Make(std::span<const MandateRecord> mandates,
                                              std::span<const AssignmentRecord> assignments,
                                              std::span<const PartyMergeRecord> merges) {
  TRIBUTARY_RETURN_IF_ERROR(CheckCount(mandates.size() + assignments.size() + merges.size()));
  PartyRoutes routes;
  for (const MandateRecord& record : mandates) routes.Append(RouteOf(record));
  for (const AssignmentRecord& record : assignments) routes.Append(RouteOf(record));
  absl::flat_hash_set<absl::string_view> merged;
  for (const PartyMergeRecord& record : merges) {
    if (!merged.insert(ToAbsl(record.party)).second) {
      return Conflict("party", StrCat("two merges of ", record.party), "one in force");
    }
    routes.Put(record);
  }
  for (const Party& party : routes.parties_) {
    for (const Ranges* ranges : {&party.assignments, &party.mandates}) {
      for (const Range& range : *ranges) {
        TRIBUTARY_RETURN_IF_ERROR(CheckRange(range.begin, range.end));
      }
    }
  }
  for (const Kind kind : {Kind::kAssignment, Kind::kMandate}) {
    TRIBUTARY_RETURN_IF_ERROR(routes.CheckRanges(kind));
    TRIBUTARY_RETURN_IF_ERROR(routes.CheckAcyclic(kind));
  }
  return routes;
}

}  // namespace tributary
