// Who earns what is said to be a party's, and who is paid for it: merges, assignments, mandates.
//
// What is said under a name is followed first, and a merge speaks where nothing else does:
//   earner     from a party: its assignment at the position, else the party that it was merged
//              into, and so on to the end. A statement's line names the earner.
//   collector  from a statement's party: its mandate at the position, and so on to the end; then
//              the account of that end. No mandate is followed after a merge: so a merge joins
//              accounts with all that was paid to them, and moves no closed line elsewhere.
//   account    what a party was merged into, to the end.
// docs/decisions/0014-who-is-paid.md has the reasons.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "graph/lineage/lineage_reader.h"
#include "graph/model/cancel.h"
#include "graph/model/record.h"
#include "graph/settlement/settlement_reader.h"

namespace tributary {

// Mandates, assignments and merges of a ledger, superseded ones too: of 300 bytes, 300 MB.
inline constexpr std::size_t kRouteCountMax = 1'000'000;
// What one new record's check may look at. A chain of a thousand parties, each with a thousand
// ranges, is within it.
inline constexpr std::size_t kRouteCheckStepCountMax = 1'000'000;

// The routes of one state of a ledger. Not copied; any thread may read it.
//
// At every position each party leads to at most one other and no way comes back: who is asked about
// is followed to the end without a limit. Views of names live as long as the routes, or, of a party
// that no record names, as long as the argument.
class PartyRoutes {
 public:
  PartyRoutes() = default;
  PartyRoutes(PartyRoutes&&) = default;
  PartyRoutes& operator=(PartyRoutes&&) = default;

  // Takes the records in force, in any order; a merge without `into` says nothing.
  // Errors: kInvalidArgument     a range that is empty.
  //         kFailedPrecondition  a cycle, or two records of one party over a common position.
  //         kResourceExhausted   more than kRouteCountMax records.
  // Cost:   O(n log n), whatever the chains.
  static absl::StatusOr<PartyRoutes> Make(std::span<const MandateRecord> mandates,
                                          std::span<const AssignmentRecord> assignments,
                                          std::span<const PartyMergeRecord> merges);

  // Checks a record as CheckRoute does, and adds it in the place of one with its identity.
  absl::Status Apply(const MandateRecord& record);
  absl::Status Apply(const AssignmentRecord& record);
  absl::Status Apply(const PartyMergeRecord& record);

  // Where assignments start or end, ascending, each once: between two of them nobody's earner
  // changes.
  std::vector<LogPosition> Boundaries() const;

  // Cost of each: a search for each step of the way.
  std::string_view EarnerOf(std::string_view party, LogPosition at) const;
  std::string_view CollectorOf(std::string_view party, LogPosition at) const;
  std::string_view AccountOf(std::string_view party) const;

  // All parties whose collector at a position is `account`, ascending; itself among them unless it
  // is mandated away. None if it was merged into another. Errors: kResourceExhausted, more than
  // count_max.
  absl::StatusOr<std::vector<std::string_view>> PartiesOf(std::string_view account, LogPosition at,
                                                          std::size_t count_max) const;

  // The mandate in force with this identity.
  struct MandateRange {
    std::string_view collector;
    std::uint64_t end = UINT64_MAX;  // UINT64_MAX: open
  };
  std::optional<MandateRange> FindMandate(std::string_view party, LogPosition begin) const;

  // The first position above `begin` and below `end` where somebody's collector changes.
  struct MandateBoundary {
    LogPosition position;
    std::string_view party;
    std::string_view collector;  // of the mandate that begins or ends there
    bool is_end = false;
  };
  std::optional<MandateBoundary> FindMandateBoundary(LogPosition begin, LogPosition end) const;

 private:
  friend absl::Status CheckRoute(const PartyRoutes& routes, const MandateRecord& record);
  friend absl::Status CheckRoute(const PartyRoutes& routes, const AssignmentRecord& record);
  friend absl::Status CheckRoute(const PartyRoutes& routes, const PartyMergeRecord& record);
  friend absl::Status CheckMandateChange(const PartyRoutes& routes, const MandateRecord& record,
                                         LogPosition closed_end);

  using Vertex = std::uint32_t;
  static constexpr Vertex kNone = UINT32_MAX;
  static constexpr std::uint64_t kOpen = UINT64_MAX;

  enum class Kind { kAssignment, kMandate };

  struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = kOpen;
    Vertex target = kNone;
  };
  using Ranges = std::vector<Range>;  // ascending, none over another

  struct Party {
    std::string name = {};
    Ranges assignments = {};
    Ranges mandates = {};
    Vertex into = kNone;
    // Who may lead here; some of them may do so no longer.
    std::vector<Vertex> merged_from = {};
    std::vector<Vertex> mandated_by = {};
  };

  // A record as one of a kind.
  struct Route {
    Kind kind = Kind::kAssignment;
    std::string_view party = {};
    std::string_view target = {};
    std::uint64_t begin = 0;
    std::uint64_t end = kOpen;
  };

  // Parties that are reached over [begin, end), and how.
  struct Step {
    Vertex vertex = kNone;
    std::uint64_t begin = 0;
    std::uint64_t end = kOpen;
    std::size_t from = SIZE_MAX;       // index of the step before; SIZE_MAX: the new record
    std::optional<Range> record = {};  // that leads here; absent: a merge
  };

  static std::string ShowRange(std::uint64_t begin, std::uint64_t end);
  static std::string_view NameOf(Kind kind);
  static absl::Status Conflict(std::string_view field, std::string_view found,
                               std::string_view allowed);
  static absl::Status CheckRange(std::uint64_t begin, std::uint64_t end);
  static Route RouteOf(const MandateRecord& record);
  static Route RouteOf(const AssignmentRecord& record);

  const Ranges& RangesOf(Kind kind, Vertex vertex) const {
    return kind == Kind::kMandate ? parties_[vertex].mandates : parties_[vertex].assignments;
  }
  Vertex Find(std::string_view party) const;  // kNone: no record names it
  Vertex Intern(std::string_view party);
  Vertex Next(Kind kind, Vertex vertex, std::uint64_t at) const;
  Vertex EndOf(Kind kind, Vertex vertex, std::uint64_t at) const;
  Vertex AccountOf(Vertex vertex) const;

  void Append(const Route& route);  // its ranges then have no order
  void Put(const Route& route);     // in the place of one with its identity
  void Put(const PartyMergeRecord& record);
  absl::Status CheckRanges(Kind kind);  // and brings them into order
  absl::Status CheckAcyclic(Kind kind) const;

  absl::Status Check(const Route& route) const;
  absl::Status Check(const PartyMergeRecord& record) const;
  // Follows steps until none is left; an error if `party` is among them.
  absl::Status Follow(Kind kind, Vertex party, std::string_view field, std::string_view target,
                      std::vector<Step> steps) const;
  // Appends where a party leads over a range.
  void AddSteps(Kind kind, Vertex vertex, std::uint64_t begin, std::uint64_t end, std::size_t from,
                std::vector<Step>* steps) const;
  std::string DescribeWay(Kind kind, const std::vector<Step>& steps, std::size_t last) const;

  std::deque<Party> parties_;  // whose names stay where they are
  absl::flat_hash_map<absl::string_view, Vertex> vertices_;
};

// Whether one new record may join the routes in force, of which it supersedes the one with its
// identity. To be asked before it is recorded, with nothing recorded between; not of a record that
// the log holds already.
// Errors: kFailedPrecondition  it closes a cycle: of merges, of assignments and merges at some
//                              position, of mandates at some position; or it stands over positions
//                              of another assignment, or mandate, of the same party.
//         kInvalidArgument     the range is empty.
//         kResourceExhausted   kRouteCheckStepCountMax.
absl::Status CheckRoute(const PartyRoutes& routes, const MandateRecord& record);
absl::Status CheckRoute(const PartyRoutes& routes, const AssignmentRecord& record);
absl::Status CheckRoute(const PartyRoutes& routes, const PartyMergeRecord& record);

// Whether a mandate leaves as it was who collects what closed statements gave, of which the last
// ends at `closed_end` (0: there is none). They may have been paid out: who then collects them
// anew would be paid a second time.
// Errors: kFailedPrecondition.
absl::Status CheckMandateChange(const PartyRoutes& routes, const MandateRecord& record,
                                LogPosition closed_end);

// Reads all routes in force. Of the records of one identity the newest is, as each supersedes the
// one before.
// Errors: as Make, and as the reader. Cost: reads every record of the three types.
absl::StatusOr<PartyRoutes> ReadRoutes(const SettlementReader& reader,
                                       const CancelToken* cancel = nullptr);

// All that a mandate, an assignment or a merge must keep before it is recorded: CheckRoute,
// CheckMandateChange by the newest statement, CheckMergeChange, and that routes stay below
// kRouteCountMax. `routes` are those of the reader's tree size. Errors: as these;
// kInvalidArgument, a record of another type.
absl::Status CheckNewRoute(const SettlementReader& reader, const PartyRoutes& routes,
                           const RecordBody& body, const CancelToken* cancel = nullptr);

// Whether everybody has one collector at all positions [begin, end), which a statement closes: a
// line of it has one. Errors: kFailedPrecondition names the mandate, and the last end that keeps
// it.
absl::Status CheckOneCollector(const PartyRoutes& routes, LogPosition begin, LogPosition end);

}  // namespace tributary
