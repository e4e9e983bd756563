// One sale cut by a policy: fees, absolute terms, and the remainder by weights with its floors.

#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/attribution/payees.h"
#include "graph/lineage/lineage_reader.h"
#include "graph/lineage/subgraph.h"
#include "graph/model/cancel.h"
#include "graph/model/money.h"
#include "graph/model/record.h"
#include "graph/settlement/flow.h"
#include "graph/settlement/hold.h"

namespace tributary {

// An absolute term of a policy whose asset the ledger has.
struct BoundTerm {
  AssetNumber asset;
  Digest id;
  std::uint64_t ppm = 0;
};

// A policy record and its absolute terms as the ledger numbers their assets. Terms of assets that
// are not in the ledger are left out: nothing can be downstream of them.
struct BoundPolicy {
  const PolicyRecord* record = nullptr;  // not null; outlives this
  std::vector<BoundTerm> terms = {};     // any order
};

struct SaleTerms {
  MinorUnits amount;             // of all its sales together
  std::uint64_t sale_count = 1;  // sales of the same asset, state and policy; each owes fixed fees
  std::string currency = {};
  unsigned fraction_bits = kFractionBitsMax;
};

enum class LineCause : std::uint8_t { kFee = 0, kAbsolute, kRelative, kFloor };
// Whether the policy gave it to holders because nobody else was on record.
enum class LineVia : std::uint8_t { kDirect = 0, kUndisclosed, kUnclaimed };

// Why a line stands where it does.
struct LineReason {
  LineCause cause = LineCause::kRelative;
  // kFee: its label; kAbsolute: the asset's id in hex; kFloor: the role's name; else empty.
  std::string subject = {};
  LineVia via = LineVia::kDirect;

  // "fee:<label>" (or "fee"), "absolute:<asset id>", "relative", "floor:<role>"; followed by
  // "/undisclosed" or "/unclaimed" where the policy gave such a part to holders.
  std::string Text() const;
  friend auto operator<=>(const LineReason&, const LineReason&) = default;
};

struct SaleLine {
  Payee payee;
  LineReason reason;
  std::optional<std::uint32_t> hold;  // held from the payee by this one of the holds given
  Grains grains = 0;
  friend bool operator==(const SaleLine&, const SaleLine&) = default;
};

// One role floor: what the remainder would have sent to its role, and what was added. Of sales of
// several assets, the sums.
struct FloorOutcome {
  Role role = Role::kTrainingData;
  Grains budget = 0;    // floor(remainder * ppm / 10^6)
  Grains reached = 0;   // by the remainder, had no floor taken anything; by RoleReach
  Grains deducted = 0;  // from the remainder, for lines of cause kFloor
  friend bool operator==(const FloorOutcome&, const FloorOutcome&) = default;
};

// gross = fees + absolute + remainder, remainder = relative + all deducted, and the lines add up to
// gross. All exactly, in grains.
struct SaleSplit {
  Grains gross = 0;
  Grains fees = 0;
  Grains absolute = 0;
  Grains remainder = 0;
  Grains relative = 0;
  std::vector<FloorOutcome> floors;  // in the order of the record
  // Ascending (payee, reason, hold), each combination once, none with zero grains.
  std::vector<SaleLine> lines;
};

struct SplitLimits {
  // 16 M lines of 120 bytes: as many as a collected subgraph may have assets.
  std::size_t line_count_max = 16'777'216;
  // Assets and edges visited by all passes and flows of one split, which has a flow for each hold
  // that catches something: 64 G of them are some ten minutes of one core.
  std::uint64_t visit_count_max = std::uint64_t{1} << 36;
};

// Splits the gross amount of a sale of the subgraph's target.
//
// Order:  1. Fees, each floor(gross * ppm / 10^6) or fixed * sale_count; a fixed fee in another
//            currency than the sale's does not apply.
//         2. Absolute terms, floor(gross * ppm / 10^6) for each asset strictly upstream of the
//            target, once, whatever its weight; to its holders by units.
//         3. The remainder M. For role floors with budgets B: with r what M would send over edges
//            of the role, met for the first time on the way (RoleReach), a floor is short while
//            floor(r * P / M) < B, P being what is left to flow freely. P starts at M; while a
//            floor is short that was not before, P = floor((M - sum B) * M / (M - sum r)) over all
//            that are. M - P is divided over them by B - floor(r * P / M), and each part goes to
//            inputs of the role as its reach is divided (FlowToRole), and flows on from there.
//            What finds no way there stands on `unattributed` with the floor as its reason.
//         4. P flows from the target by SEMANTICS 3.
//         5. Undisclosed and unclaimed parts go where the policy says; without a holder there they
//            stay on their own lines.
//         6. Holds: graph/settlement/hold.h.
// Errors: kInvalidArgument    fees above gross; fees and terms above 10^6 ppm (with the head-room).
//         kOutOfRange         the amount places 2^127 grains or more.
//         kResourceExhausted  line_count_max, visit_count_max.
//         kDataLoss, kInternal as AttributeGrains; kCancelled, kDeadlineExceeded, the reader's own.
// Cost:   one flow, two more for each short floor and a pass for every floor; each flow is O(V +
// E),
//         and once more for each hold on a derivation that catches some of it. O(L log L) for L
//         lines. 32 bytes a vertex, 8 more for each floor. Pure.
absl::StatusOr<SaleSplit> SplitSale(const LineageReader& reader, const LineageSubgraph& subgraph,
                                    const SaleTerms& sale, const BoundPolicy& policy,
                                    std::span<const HoldView> holds = {},
                                    const SplitLimits& limits = {},
                                    const CancelToken* cancel = nullptr);

// Sales of one asset of a subgraph, or one of them.
struct Placement {
  LineageSubgraph::Vertex vertex = 0;
  MinorUnits amount;             // of all of them together
  std::uint64_t sale_count = 1;  // each owes fixed fees
};

// What sales of one flow have in common.
struct SalesTerms {
  std::string currency = {};
  unsigned fraction_bits = kFractionBitsMax;
};

// Whether lines of a sale name the asset sold: parts that nobody else is on record for may go to
// its holders.
bool DependsOnAssetSold(const PolicyRecord& policy);

// Payload of a status: the index of the placement that it is about, in decimal.
inline constexpr std::string_view kPlacementPayload = "tributary/placement";
std::optional<std::size_t> PlacementOf(const absl::Status& status);

// Splits many sales at once, in one state and under one policy.
//
// Rule:   fees and absolute terms are taken of each placement by itself, as SplitSale does; a
//         placement owes the terms of the assets strictly upstream of its own. Floors are taken of
//         each asset by itself, the remainders of all its placements added. All that is deducted
//         for one floor then flows together, and so does all that is left. For one placement on
//         the target the result is SplitSale's; for several it differs from their sum by single
//         grains.
// Errors: as SplitSale; those about one placement carry kPlacementPayload.
//         kInternal  placements beside the target though the policy DependsOnAssetSold.
// Cost:   as SplitSale, whatever the number of assets, and O(ceil(terms / 64) * (V + E) +
// placements
//         * (fees + terms met) + assets * floors^2).
absl::StatusOr<SaleSplit> SplitSales(const LineageReader& reader, const LineageSubgraph& subgraph,
                                     std::span<const Placement> placements, const SalesTerms& sales,
                                     const BoundPolicy& policy,
                                     std::span<const HoldView> holds = {},
                                     const SplitLimits& limits = {},
                                     const CancelToken* cancel = nullptr);

// The same without reasons: adds what each payee gets to `totals`, and to each hold what it
// catches, which needs no flow of its own: cost as without holds. After an error `totals` may have
// a part of it. `passes` are over the same subgraph, for all groups of sales there; null: its own.
class PayeeTotals;
class SharedPasses;
absl::Status AddSales(const LineageReader& reader, const LineageSubgraph& subgraph,
                      std::span<const Placement> placements, const SalesTerms& sales,
                      const BoundPolicy& policy, std::span<const HoldView> holds,
                      const SplitLimits& limits, const CancelToken* cancel, PayeeTotals* totals,
                      SharedPasses* passes = nullptr);

// Parts per million of gross that fees and absolute terms leave of a sale of the target: what a
// further term may ask. For refusing a lineage when it is recorded.
// Errors: kInvalidArgument, they pass 10^6 together; says at which asset and what was left there.
absl::StatusOr<std::uint64_t> AbsoluteHeadRoom(const LineageSubgraph& subgraph,
                                               const BoundPolicy& policy);

}  // namespace tributary
