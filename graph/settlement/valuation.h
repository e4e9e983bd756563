// What many sales earned whom: one pass over the lineage for each state of it that sales share.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "graph/lineage/subgraph.h"
#include "graph/settlement/adjustment.h"
#include "graph/settlement/policy.h"
#include "graph/settlement/sale_state.h"
#include "graph/settlement/settlement_reader.h"
#include "graph/settlement/statement.h"

namespace tributary {

// Who is paid for what a party earned at a log position.
struct EarnerRoutes {
  // Ascending; between two of them every party has one earner.
  std::vector<LogPosition> boundaries;
  // Null: everybody is the own earner. Party ids in and out.
  std::function<std::string(std::string_view party, LogPosition earned_at)> earner_of;
};

// Holds in force, in the order of the log.
struct HoldSet {
  std::vector<Digest> ids;
  std::vector<LogPosition> positions;                            // by place in ids
  std::vector<HoldView> views;                                   // by place in ids
  absl::flat_hash_map<std::uint64_t, std::uint32_t> held_sales;  // log position -> place in ids

  // Adds the hold at place `index` of another set, recorded after all of these.
  void Add(const HoldSet& other, std::size_t index);
};

struct HoldLimits {
  // Each is looked up by whom it meets, in tables of 50 bytes a hold: a close costs no more for
  // them. What one sale gives is shown with a flow for each that catches some of it.
  std::size_t hold_count_max = 65'536;
};

// Those that stand below the reader's tree size and were not released below it, but for `released`.
// A hold on an asset or derivation that the ledger does not have holds nothing.
// Errors: kResourceExhausted, hold_count_max; cancellation and the reader's own.
absl::StatusOr<HoldSet> ReadHolds(const SettlementReader& reader,
                                  const std::vector<Digest>& released = {},
                                  const HoldLimits& limits = {},
                                  const CancelToken* cancel = nullptr);

// What sales in one currency earned.
struct CurrencyEarnings {
  std::string currency;
  unsigned fraction_bits = kFractionBitsMax;
  MinorUnits amount;  // of all its sales together
  std::uint64_t sale_count = 0;
  // By payee key, each once, in any order, none of 0 grains: amount * 2^s together.
  std::vector<StatementBuilder::Earning> earnings;
};

struct Valuation {
  std::vector<CurrencyEarnings> currencies;  // ascending code
  std::uint64_t pass_count = 0;              // states of the lineage that were read
  std::uint64_t flow_count = 0;              // flows over them, those of floors too
};

struct ValuationLimits {
  CollectLimits collect = {};
  SplitLimits split = {};
  // Assets and edges visited by all passes and flows together: 64 G of them are some ten minutes of
  // one core, and of those in flows to roles a few times as long.
  std::uint64_t visit_count_max = std::uint64_t{1} << 36;
};

// Asks whether a change of an asset's lineage concerns a sale: one that is valued at its position
// or below, of the asset or of what is downstream of it.
struct LineageWatch {
  AssetNumber asset;
  LogPosition changed_at;
  bool met = false;  // set by ValueSales
};

// Values every sale of the table at its own tree size N, by the lineage of the table's reader.
//
// Rule:   a sale of asset A may be valued at a later state M iff no asset upstream of A, A
//         included, has its last change there at a position of N or above: its lineage is then the
//         same. The first state is the largest N; each further one the largest N among sales that
//         are still without a value. So no choice of states at or after the sales' own needs fewer
//         passes (docs/decisions/0012). Sales of one state, currency, policy and route segment
//         flow together, but asset by asset where the policy DependsOnAssetSold; floors are taken
//         of the group's sales of one asset, added up. A sale on hold goes whole to
//         `hold:<record id>`; other held parts go there too.
// Errors: those of SplitSales, about one sale with AboutSale where it is known which.
//         kOutOfRange         sales of 2^127 grains or more in one currency.
//         kResourceExhausted  a limit, which it names.
//         Cancellation and the reader's own.
// `watch` may be null; it looks at sales on hold too.
// Cost:   O(sales); O(V + E) of the lineage of the assets that wait, and O(payees), for each pass
//         and for each flow: one for every currency, policy and route segment in it, two more for
//         each short floor of the policy, and a pass for every role that has a floor.
absl::StatusOr<Valuation> ValueSales(const SaleTable& table, const HoldSet& holds,
                                     const EarnerRoutes& routes, const ValuationLimits& limits = {},
                                     const CancelToken* cancel = nullptr,
                                     LineageWatch* watch = nullptr);

EarnedGrains ToEarnedGrains(const Valuation& valuation);

// The states of the lineage in which ValueSales would value the sales of the table, those on hold
// among them, without any flow: calls `use` for each, with what is upstream of the sales valued
// there and, for each of the subgraph's first vertices, the assets sold, the smallest tree size of
// those sales; nullopt where an asset's sales are valued in other states.
// Errors: those of CollectUpstream and `use`; kResourceExhausted, visit_count_max.
// Cost:   O(sales) and O(V + E) for each state.
absl::Status VisitLineage(
    const SaleTable& table, const ValuationLimits& limits, const CancelToken* cancel,
    const std::function<absl::Status(const LineageSubgraph& subgraph,
                                     std::span<const std::optional<TreeSize>> sold)>& use);

}  // namespace tributary
