#include "graph/settlement/revaluation.h"

#include <algorithm>
#include <utility>

#include "graph/model/status.h"

namespace tributary {

Revaluation::Revaluation(const SettlementReader& reader, const LoggedRecord& statement,
                         const CloseOptions& options)
    : reader_(reader),
      statement_(*As<StatementRecord>(statement)),
      options_(options),
      lineage_(reader),
      overlay_(reader, lineage_),
      table_(overlay_, statement_.policy) {}

absl::Status Revaluation::Begin() {
  TRIBUTARY_ASSIGN_OR_RETURN(at_end_, reader_.At({statement_.end}));
  TRIBUTARY_RETURN_IF_ERROR(
      ReadSales(*at_end_, {statement_.begin}, options_.limits.sales, options_.cancel, &table_));
  closed_ = table_.sales;
  return absl::OkStatus();
}

absl::StatusOr<EarnedGrains> Revaluation::Value(const std::vector<Cause>& causes) {
  last_met_sale_ = false;
  TRIBUTARY_RETURN_IF_ERROR(ChangeSales(causes));
  TRIBUTARY_RETURN_IF_ERROR(ChangeLineage(causes));
  TRIBUTARY_ASSIGN_OR_RETURN(std::optional<LineageWatch> watch, WatchLast(causes));
  TRIBUTARY_ASSIGN_OR_RETURN(const HoldSet holds, HoldsWithout(*at_end_, causes));
  TRIBUTARY_ASSIGN_OR_RETURN(const EarnerRoutes routes, RoutesFor(causes));
  TRIBUTARY_ASSIGN_OR_RETURN(const Valuation valuation,
                             ValueSales(table_, holds, routes, options_.limits.valuation,
                                        options_.cancel, watch ? &*watch : nullptr));
  if (watch.has_value()) last_met_sale_ = watch->met;
  return Reroute(ToEarnedGrains(valuation), causes);
}

// Reversals and corrections; forgets what an earlier call did.
absl::Status Revaluation::ChangeSales(const std::vector<Cause>& causes) {
  table_.sales = closed_;
  std::vector<bool> is_dropped(closed_.size());
  for (const Cause& cause : causes) {
    const auto* reversal = As<ReversalRecord>(cause.record);
    const auto* correction = As<CorrectionRecord>(cause.record);
    last_met_sale_ = false;
    if (reversal == nullptr && correction == nullptr) continue;
    TRIBUTARY_ASSIGN_OR_RETURN(
        const auto logged,
        reader_.FindRecord(reversal != nullptr ? reversal->sale : correction->sale));
    if (!logged.has_value()) return absl::DataLossError("a cause names a sale that is not there");
    const auto sale = FindSale(logged->position);
    if (!sale.has_value()) continue;
    last_met_sale_ = true;
    if (reversal != nullptr) {
      is_dropped[*sale] = true;
    } else {
      TRIBUTARY_ASSIGN_OR_RETURN(table_.sales[*sale], Corrected(*logged, *correction, *sale));
    }
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < closed_.size(); ++i) {
    if (!is_dropped[i]) table_.sales[kept++] = table_.sales[i];
  }
  table_.sales.resize(kept);
  return absl::OkStatus();
}

std::optional<std::size_t> Revaluation::FindSale(LogPosition position) const {
  const auto found =
      std::lower_bound(closed_.begin(), closed_.end(), position,
                       [](const CountedSale& sale, LogPosition at) { return sale.position < at; });
  if (found == closed_.end() || found->position != position) return std::nullopt;
  return static_cast<std::size_t>(found - closed_.begin());
}

absl::StatusOr<CountedSale> Revaluation::Corrected(const LoggedRecord& logged,
                                                   const CorrectionRecord& correction,
                                                   std::size_t sale) {
  SaleChanges changes;
  changes.escrow = EscrowOutcome::kPosted;  // of one that was in escrow, since it was closed
  changes.escrow_position = closed_[sale].earned_at;
  changes.correction = correction;
  TRIBUTARY_ASSIGN_OR_RETURN(const SaleState state, StateOf(logged, changes));
  return table_.Bind(state);
}

// Lays derivations, holders and asset records over what the sales are valued at.
absl::Status Revaluation::ChangeLineage(const std::vector<Cause>& causes) {
  lineage_.Clear();
  oldest_ = std::nullopt;
  for (const CountedSale& sale : table_.sales) {
    oldest_ = std::min(oldest_.value_or(sale.valued_at), sale.valued_at);
  }
  for (const Cause& cause : causes) {
    if (!ChangeOf(cause.record.record.body).has_value()) continue;
    TRIBUTARY_RETURN_IF_ERROR(lineage_.Add(cause.record, oldest_.value_or(reader_.tree_size()),
                                           options_.limits.valuation.collect, options_.cancel));
  }
  return absl::OkStatus();
}

// Asks which sales the last cause concerns, if it changes lineage.
absl::StatusOr<std::optional<LineageWatch>> Revaluation::WatchLast(
    const std::vector<Cause>& causes) const {
  if (causes.empty()) return std::optional<LineageWatch>();
  const auto change = ChangeOf(causes.back().record.record.body);
  if (!change.has_value()) return std::optional<LineageWatch>();
  TRIBUTARY_ASSIGN_OR_RETURN(const auto asset, reader_.FindAsset(change->asset));
  if (!asset.has_value()) return absl::DataLossError("a cause names an asset that is not there");
  return std::optional(LineageWatch{*asset, causes.back().record.position});
}

absl::StatusOr<HoldSet> Revaluation::HoldsWithout(const SettlementReader& reader,
                                                  const std::vector<Cause>& causes) const {
  std::vector<Digest> released;
  for (const Cause& cause : causes) {
    const auto* release = As<HoldReleaseRecord>(cause.record);
    if (release != nullptr && release->outcome == HoldOutcome::kReleased) {
      released.push_back(release->hold);
    }
  }
  return ReadHolds(reader, released, options_.limits.holds, options_.cancel);
}

absl::StatusOr<EarnerRoutes> Revaluation::RoutesFor(const std::vector<Cause>& causes) const {
  if (options_.routes == nullptr) return EarnerRoutes{};
  std::shared_ptr<const SettlementReader> reader = at_end_;
  for (const Cause& cause : causes) {
    if (As<PartyMergeRecord>(cause.record) == nullptr &&
        As<AssignmentRecord>(cause.record) == nullptr) {
      continue;
    }
    TRIBUTARY_ASSIGN_OR_RETURN(reader, reader_.At(cause.tree_size));
  }
  return options_.routes(*reader);
}

absl::StatusOr<EarnedGrains> Revaluation::Reroute(EarnedGrains earned,
                                                  const std::vector<Cause>& causes) const {
  for (const Cause& cause : causes) {
    const auto* release = As<HoldReleaseRecord>(cause.record);
    if (release == nullptr || release->outcome != HoldOutcome::kRerouted) continue;
    TRIBUTARY_ASSIGN_OR_RETURN(const HeldParties held, PartiesOnHold(cause.tree_size, causes));
    TRIBUTARY_ASSIGN_OR_RETURN(
        earned, RerouteEarned(std::move(earned), release->hold, release->recipients, held));
  }
  return earned;
}

// As of the adjustment: recipients get nothing before it, so what they get is not paid yet.
absl::StatusOr<HeldParties> Revaluation::PartiesOnHold(TreeSize tree_size,
                                                       const std::vector<Cause>& causes) const {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto reader, reader_.At(tree_size));
  TRIBUTARY_ASSIGN_OR_RETURN(const HoldSet holds, HoldsWithout(*reader, causes));
  HeldParties held;
  for (std::size_t i = 0; i < holds.ids.size(); ++i) {
    if (!holds.views[i].party.empty()) held.try_emplace(holds.views[i].party, holds.ids[i]);
  }
  return held;
}

absl::Status Revaluation::BeginWith(const LoggedRecord& sale) {
  TRIBUTARY_ASSIGN_OR_RETURN(at_end_, reader_.At({statement_.end}));
  TRIBUTARY_ASSIGN_OR_RETURN(const SaleState state, ReadSaleState(*at_end_, sale));
  TRIBUTARY_ASSIGN_OR_RETURN(const CountedSale counted, table_.Bind(state));
  table_.sales = {counted};
  closed_ = table_.sales;
  return absl::OkStatus();
}

absl::StatusOr<absl::flat_hash_map<std::uint64_t, TreeSize>> Revaluation::OldestUses(
    const std::vector<Cause>& causes) {
  TRIBUTARY_RETURN_IF_ERROR(ChangeSales(causes));
  TRIBUTARY_RETURN_IF_ERROR(ChangeLineage(causes));
  absl::flat_hash_map<std::uint64_t, TreeSize> uses;
  std::vector<std::optional<TreeSize>> oldest;
  const auto use = [&](const LineageSubgraph& subgraph,
                       std::span<const std::optional<TreeSize>> sold) -> absl::Status {
    oldest.assign(subgraph.vertex_count(), std::nullopt);
    std::copy(sold.begin(), sold.end(), oldest.begin());
    for (const std::uint32_t index : subgraph.topological_order()) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(options_.cancel));
      const LineageSubgraph::Derivation& derivation = subgraph.derivations()[index];
      const std::optional<TreeSize> own = oldest[derivation.vertex];
      if (!own.has_value()) continue;
      for (const LineageSubgraph::Vertex input : subgraph.edge_targets(derivation)) {
        oldest[input] = std::min(oldest[input].value_or(*own), *own);
      }
    }
    for (LineageSubgraph::Vertex v = 0; v < subgraph.vertex_count(); ++v) {
      if (!oldest[v].has_value()) continue;
      const auto [found, is_new] = uses.try_emplace(subgraph.asset(v).value, *oldest[v]);
      if (!is_new) found->second = std::min(found->second, *oldest[v]);
    }
    return absl::OkStatus();
  };
  TRIBUTARY_RETURN_IF_ERROR(VisitLineage(table_, options_.limits.valuation, options_.cancel, use));
  return uses;
}

absl::StatusOr<std::optional<EarnedGrains>> Revaluation::ValueWithLateHolds(
    const std::vector<Cause>& causes) {
  TRIBUTARY_ASSIGN_OR_RETURN(HoldSet holds, HoldsWithout(*at_end_, causes));
  TRIBUTARY_ASSIGN_OR_RETURN(const HoldSet all, HoldsWithout(reader_, causes));
  const std::size_t early_count = holds.ids.size();
  for (std::size_t i = 0; i < all.ids.size(); ++i) {
    if (all.positions[i].value >= statement_.end) holds.Add(all, i);
  }
  if (holds.ids.size() == early_count) return std::optional<EarnedGrains>();
  TRIBUTARY_RETURN_IF_ERROR(ChangeSales(causes));
  TRIBUTARY_RETURN_IF_ERROR(ChangeLineage(causes));
  TRIBUTARY_ASSIGN_OR_RETURN(const EarnerRoutes routes, RoutesFor(causes));
  TRIBUTARY_ASSIGN_OR_RETURN(
      const Valuation valuation,
      ValueSales(table_, holds, routes, options_.limits.valuation, options_.cancel));
  TRIBUTARY_ASSIGN_OR_RETURN(EarnedGrains earned, Reroute(ToEarnedGrains(valuation), causes));
  return std::optional(std::move(earned));
}

Grains Revaluation::UnitOf(std::string_view currency) const {
  for (const CurrencyRecord& known : table_.currencies()) {
    if (known.code == currency) return Grains{1} << known.fraction_bits;
  }
  return 1;
}

absl::StatusOr<TreeSize> Revaluation::SeenAt(AssetNumber asset, LineageAspect aspect,
                                             TreeSize state) const {
  if (!lineage_.Touches(asset, state)) return state;
  TRIBUTARY_ASSIGN_OR_RETURN(const SettlementReader* source,
                             lineage_.SourceOf(asset, aspect, state));
  return source == nullptr ? state : source->tree_size();
}

}  // namespace tributary
