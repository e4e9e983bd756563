#include "graph/settlement/valuation.h"

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <queue>
#include <tuple>
#include <utility>

#include "graph/lineage/asset_index.h"
#include "graph/lineage/limits.h"
#include "graph/model/check.h"
#include "graph/model/ordering.h"
#include "graph/model/status.h"
#include "graph/settlement/payee_totals.h"
#include "graph/settlement/record_scan.h"
#include "graph/settlement/role_reach.h"
#include "graph/settlement/state_reach.h"

namespace tributary {
namespace {

using Vertex = LineageSubgraph::Vertex;

// Sales that flow together.
struct Group {
  std::vector<Placement> placements;
  std::vector<std::uint32_t> sales;  // by placement; empty where they are sums
};

struct GroupKey {
  std::uint32_t policy = 0;
  std::uint32_t currency = 0;
  std::uint32_t segment = 0;
  friend auto operator<=>(const GroupKey&, const GroupKey&) = default;
};

class Valuer {
 public:
  Valuer(const SaleTable& table, const HoldSet& holds, const EarnerRoutes& routes,
         const ValuationLimits& limits, const CancelToken* cancel, LineageWatch* watch)
      : table_(table),
        holds_(holds),
        routes_(routes),
        limits_(limits),
        cancel_(cancel),
        watch_(watch),
        visits_(limits.visit_count_max) {}

  using Use = std::function<absl::Status(const LineageSubgraph& subgraph,
                                         std::span<const std::optional<TreeSize>> sold)>;

  // The states alone, without flows.
  absl::Status Visit(const Use& use) {
    use_ = &use;
    std::vector<std::uint32_t> all(table_.sales.size());
    std::iota(all.begin(), all.end(), 0u);
    return VisitStates(std::move(all));
  }

  absl::StatusOr<Valuation> Run() {
    TRIBUTARY_RETURN_IF_ERROR(AddAmounts());
    std::vector<std::uint32_t> held;
    TRIBUTARY_RETURN_IF_ERROR(VisitStates(TakeHeldSales(&held)));
    TRIBUTARY_RETURN_IF_ERROR(Finish());
    // Apart from the others, whose states and flows must not depend on who watches.
    only_watches_ = true;
    if (IsWatching()) TRIBUTARY_RETURN_IF_ERROR(VisitStates(std::move(held)));
    valuation_.flow_count = visits_.flow_count();
    return std::move(valuation_);
  }

 private:
  const CountedSale& sale(std::uint32_t index) const { return table_.sales[index]; }

  bool IsWatching() const { return watch_ != nullptr && !watch_->met; }

  std::uint32_t SegmentOf(const CountedSale& sale) const {
    const auto& boundaries = routes_.boundaries;
    return static_cast<std::uint32_t>(
        std::upper_bound(boundaries.begin(), boundaries.end(), sale.earned_at) -
        boundaries.begin());
  }

  absl::Status AddAmounts() {
    amounts_.resize(table_.currencies().size());
    for (const CountedSale& sale : table_.sales) {
      CurrencyEarnings& sum = amounts_[sale.currency];
      const CurrencyRecord& currency = table_.currencies()[sale.currency];
      // Amounts are below 2^126 each, so the sum can not wrap before it is seen.
      sum.amount.value += sale.amount.value;
      ++sum.sale_count;
      if (sum.amount.value >> (127 - currency.fraction_bits) == 0) continue;
      return FieldError(absl::StatusCode::kOutOfRange, "amount",
                        StrCat(ToDecimal(sum.amount.value), " minor units of ", currency.code),
                        "sales that place less than 2^127 grains together");
    }
    return absl::OkStatus();
  }

  // Gives sales on hold to their holds; the others.
  std::vector<std::uint32_t> TakeHeldSales(std::vector<std::uint32_t>* on_hold) {
    std::vector<std::uint32_t> flowing;
    flowing.reserve(table_.sales.size());
    for (std::uint32_t i = 0; i < table_.sales.size(); ++i) {
      const auto held = holds_.held_sales.empty() ? holds_.held_sales.end()
                                                  : holds_.held_sales.find(sale(i).position.value);
      if (held == holds_.held_sales.end()) {
        flowing.push_back(i);
        continue;
      }
      on_hold->push_back(i);
      const auto bits = table_.currencies()[sale(i).currency].fraction_bits;
      TotalsOf(sale(i).currency, SegmentOf(sale(i)))
          .AddHeld(held->second, sale(i).amount.value << bits);
    }
    return flowing;
  }

  // Sales that wait for a value, by asset sold: of one asset the latest state first.
  struct SoldAssets {
    std::vector<AssetNumber> assets;
    std::vector<std::uint32_t> sales;   // those of assets[0], then those of assets[1], ...
    std::vector<std::uint32_t> begins;  // by asset: its first sale without a value
    std::vector<std::uint32_t> ends;
  };

  // Sorts sales by asset, given those with the latest state first.
  SoldAssets SortByAsset(const std::vector<std::uint32_t>& latest_first) const {
    SoldAssets sold;
    std::vector<std::uint32_t> asset_of;  // by place in latest_first
    asset_of.reserve(latest_first.size());
    AssetIndex index(table_.reader().tree_size());
    index.Prepare(latest_first.size());
    for (const std::uint32_t i : latest_first) {
      const auto fresh = static_cast<std::uint32_t>(sold.assets.size());
      const std::uint32_t asset = index.FindOrAssign(sale(i).asset, fresh);
      if (asset == fresh) {
        sold.assets.push_back(sale(i).asset);
        sold.ends.push_back(0);
      }
      ++sold.ends[asset];
      asset_of.push_back(asset);
    }
    std::uint32_t end = 0;
    for (std::uint32_t& count : sold.ends) {
      sold.begins.push_back(end);
      end += std::exchange(count, end);
    }
    sold.sales.resize(latest_first.size());
    for (std::size_t i = 0; i < latest_first.size(); ++i) {
      sold.sales[sold.ends[asset_of[i]]++] = latest_first[i];
    }
    return sold;
  }

  absl::Status VisitStates(std::vector<std::uint32_t> latest_first) {
    const auto is_later = [this](std::uint32_t a, std::uint32_t b) {
      return std::pair(sale(a).valued_at, a) > std::pair(sale(b).valued_at, b);
    };
    // Most sales are valued at their own position, in whose order they stand.
    std::reverse(latest_first.begin(), latest_first.end());
    if (!std::is_sorted(latest_first.begin(), latest_first.end(), is_later)) {
      TRIBUTARY_RETURN_IF_ERROR(SortUnlessCancelled(std::span(latest_first), is_later, cancel_));
    }
    SoldAssets sold = SortByAsset(latest_first);
    std::vector<std::uint32_t> candidates(sold.assets.size());  // the first time they are all
    std::iota(candidates.begin(), candidates.end(), 0u);
    std::vector<bool> is_valued(table_.sales.size());
    // Assets with sales without a value, by the position of the last change upstream of them at the
    // last state that was tried: later states can not be those sales' own.
    std::priority_queue<std::pair<std::uint64_t, std::uint32_t>> waiting;
    for (const std::uint32_t latest : latest_first) {
      if (is_valued[latest]) continue;
      const TreeSize state = sale(latest).valued_at;
      for (; !waiting.empty() && waiting.top().first >= state.value; waiting.pop()) {
        candidates.push_back(waiting.top().second);
      }
      TRIBUTARY_RETURN_IF_ERROR(VisitState(state, candidates, &sold, &is_valued, &waiting));
      TRIBUTARY_CHECK(is_valued[latest]);
      candidates.clear();
    }
    return absl::OkStatus();
  }

  absl::Status VisitState(TreeSize state, const std::vector<std::uint32_t>& candidates,
                          SoldAssets* sold, std::vector<bool>* is_valued,
                          std::priority_queue<std::pair<std::uint64_t, std::uint32_t>>* waiting) {
    ++valuation_.pass_count;
    TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<const SettlementReader> reader,
                               table_.reader().At(state));
    std::vector<AssetNumber> targets;  // the first vertices of the subgraph, in this order
    targets.reserve(candidates.size());
    bool all_same = true;
    for (const std::uint32_t asset : candidates) {
      targets.push_back(sold->assets[asset]);
      // The latest state stands first, so the last sale has the earliest.
      all_same &= sale(sold->sales[sold->ends[asset] - 1]).valued_at == state;
    }
    TRIBUTARY_ASSIGN_OR_RETURN(
        const LineageSubgraph subgraph,
        CollectUpstream(reader->lineage(), targets, limits_.collect, cancel_, &scratch_));
    TRIBUTARY_RETURN_IF_ERROR(visits_.AddPass(subgraph));
    std::vector<LogPosition> last_changes;
    if (!all_same) {
      TRIBUTARY_ASSIGN_OR_RETURN(last_changes, LastChangesUpstream(*reader, subgraph, cancel_));
    }
    std::map<GroupKey, Group> groups;
    std::pair<const GroupKey, Group>* last = nullptr;  // of the sale before: often the same
    std::vector<Vertex> watched;                       // sold before the change that is watched
    std::vector<std::optional<TreeSize>> oldest;       // by vertex sold, where they are asked for
    if (use_ != nullptr) oldest.resize(candidates.size());
    for (Vertex vertex = 0; vertex < candidates.size(); ++vertex) {
      const std::uint32_t asset = candidates[vertex];
      std::uint32_t& next = sold->begins[asset];
      for (; next < sold->ends[asset]; ++next) {
        const std::uint32_t index = sold->sales[next];
        const CountedSale& one = sale(index);
        if (!all_same && last_changes[vertex].value >= one.valued_at.value) {
          waiting->emplace(last_changes[vertex].value, asset);
          break;
        }
        (*is_valued)[index] = true;
        if (IsWatching() && one.valued_at.value <= watch_->changed_at.value) {
          watched.push_back(vertex);
        }
        // The latest stands first, so the last one is the oldest.
        if (use_ != nullptr) oldest[vertex] = one.valued_at;
        if (only_watches_ || use_ != nullptr) continue;
        const GroupKey key{one.policy, one.currency, SegmentOf(one)};
        if (last == nullptr || last->first != key) last = &*groups.try_emplace(key).first;
        AddToGroup(vertex, index, &last->second);
      }
    }
    if (use_ != nullptr) return (*use_)(subgraph, oldest);
    TRIBUTARY_RETURN_IF_ERROR(Watch(subgraph, watched));
    SharedPasses passes(subgraph, &visits_, cancel_);
    for (auto& [key, group] : groups) {
      TRIBUTARY_RETURN_IF_ERROR(DependsOnAssetSold(table_.policies()[key.policy].record)
                                    ? FlowByAsset(*reader, subgraph, key, group)
                                    : Flow(*reader, subgraph, key, group, &passes));
    }
    return absl::OkStatus();
  }

  absl::Status Watch(const LineageSubgraph& subgraph, std::span<const Vertex> watched) {
    if (!IsWatching() || watched.empty()) return absl::OkStatus();
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<bool> is_downstream,
                               IsAtOrDownstreamOf(watch_->asset, subgraph, cancel_));
    for (const Vertex vertex : watched) watch_->met = watch_->met || is_downstream[vertex];
    return absl::OkStatus();
  }

  // Without fees and terms only what is sold of each asset matters: sales come asset by asset.
  void AddToGroup(Vertex vertex, std::uint32_t index, Group* group) const {
    const CountedSale& one = sale(index);
    const PolicyRecord& policy = table_.policies()[one.policy].record;
    std::vector<Placement>& placements = group->placements;
    if (!policy.fees.empty() || !policy.absolute_terms.empty()) {
      placements.push_back({vertex, one.amount, 1});
      group->sales.push_back(index);
    } else if (!placements.empty() && placements.back().vertex == vertex) {
      placements.back().amount.value += one.amount.value;
    } else if (one.amount.value != 0) {
      placements.push_back({vertex, one.amount, 1});
    }
  }

  absl::Status FlowByAsset(const SettlementReader& reader, const LineageSubgraph& all,
                           const GroupKey& key, const Group& group) {
    std::map<Vertex, Group> by_asset;
    for (std::size_t i = 0; i < group.placements.size(); ++i) {
      Group& one = by_asset[group.placements[i].vertex];
      one.placements.push_back(group.placements[i]);
      one.placements.back().vertex = LineageSubgraph::kTarget;
      if (!group.sales.empty()) one.sales.push_back(group.sales[i]);
    }
    for (const auto& [vertex, one] : by_asset) {
      TRIBUTARY_ASSIGN_OR_RETURN(const LineageSubgraph subgraph,
                                 CollectUpstream(reader.lineage(), all.asset(vertex),
                                                 limits_.collect, cancel_, &scratch_));
      TRIBUTARY_RETURN_IF_ERROR(visits_.AddPass(subgraph));
      SharedPasses passes(subgraph, &visits_, cancel_);
      TRIBUTARY_RETURN_IF_ERROR(Flow(reader, subgraph, key, one, &passes));
    }
    return absl::OkStatus();
  }

  absl::Status Flow(const SettlementReader& reader, const LineageSubgraph& subgraph,
                    const GroupKey& key, const Group& group, SharedPasses* passes) {
    const CurrencyRecord& currency = table_.currencies()[key.currency];
    const SaleTable::Policy& policy = table_.policies()[key.policy];
    const SalesTerms terms{currency.code, static_cast<unsigned>(currency.fraction_bits)};
    const absl::Status status = AddSales(
        reader.lineage(), subgraph, group.placements, terms, {&policy.record, policy.terms},
        holds_.views, limits_.split, cancel_, &TotalsOf(key.currency, key.segment), passes);
    const auto placement = PlacementOf(status);
    if (!placement.has_value() || group.sales.empty()) return status;
    return NameSale(status, sale(group.sales[*placement]));
  }

  absl::Status NameSale(const absl::Status& status, const CountedSale& sale) const {
    std::vector<LoggedRecord> records;
    TRIBUTARY_RETURN_IF_ERROR(table_.reader().ReadRecords(std::span(&sale.position, 1), &records));
    const auto* record =
        records.size() == 1 ? std::get_if<SaleRecord>(&records[0].record.body) : nullptr;
    if (record == nullptr) return absl::DataLossError("a sale is no longer where it was read");
    return AboutSale(status, record->reference, records[0].id);
  }

  PayeeTotals& TotalsOf(std::uint32_t currency, std::uint32_t segment) {
    return totals_.try_emplace({currency, segment}, limits_.split.line_count_max).first->second;
  }

  absl::Status Finish() {
    for (std::uint32_t i = 0; i < amounts_.size(); ++i) {
      if (amounts_[i].sale_count == 0) continue;
      const CurrencyRecord& currency = table_.currencies()[i];
      amounts_[i].currency = currency.code;
      amounts_[i].fraction_bits = static_cast<unsigned>(currency.fraction_bits);
      GatherEarnings(i, &amounts_[i].earnings);
      Grains sum = 0;
      for (const auto& earning : amounts_[i].earnings) sum += earning.grains;
      if (sum != amounts_[i].amount.value << currency.fraction_bits) {
        return absl::InternalError(StrCat("valued sales lost or made grains of ", currency.code));
      }
      valuation_.currencies.push_back(std::move(amounts_[i]));
    }
    std::sort(valuation_.currencies.begin(), valuation_.currencies.end(),
              [](const CurrencyEarnings& a, const CurrencyEarnings& b) {
                return a.currency < b.currency;
              });
    return absl::OkStatus();
  }

  void GatherEarnings(std::uint32_t currency, std::vector<StatementBuilder::Earning>* earnings) {
    const auto begin = totals_.lower_bound({currency, 0});
    const auto end = totals_.lower_bound({currency + 1, 0});
    if (begin == end) return;
    if (std::next(begin) == end && routes_.earner_of == nullptr) {
      // The common case needs no second table: every payee is there once.
      ForEachEarning(
          begin->second,
          [&](std::string payee, Grains grains) {
            if (grains != 0) earnings->push_back({std::move(payee), grains});
          },
          0);
      return;
    }
    absl::flat_hash_map<std::string, Grains> sums;
    for (auto it = begin; it != end; ++it) {
      ForEachEarning(
          it->second,
          [&sums](std::string payee, Grains grains) { sums[std::move(payee)] += grains; },
          it->first.second);
    }
    for (const auto& [payee, grains] : sums) {
      if (grains != 0) earnings->push_back({payee, grains});
    }
  }

  template <typename Use>
  void ForEachEarning(const PayeeTotals& totals, const Use& use, std::uint32_t segment) const {
    const LogPosition at = segment == 0 ? LogPosition{0} : routes_.boundaries[segment - 1];
    for (const auto& [party, grains] : totals.parties()) {
      use(routes_.earner_of == nullptr ? StrCat("party:", party)
                                       : StrCat("party:", routes_.earner_of(party, at)),
          grains);
    }
    for (const auto& [asset, grains] : totals.unclaimed()) {
      use(Payee::Unclaimed(asset).Key(), grains);
    }
    for (const auto& [asset, grains] : totals.undisclosed()) {
      use(Payee::Undisclosed(asset).Key(), grains);
    }
    for (std::size_t i = 0; i < totals.held().size(); ++i) {
      use(HoldKey(holds_.ids[i]), totals.held()[i]);
    }
    use(Payee::Unattributed().Key(), totals.unattributed());
  }

  const SaleTable& table_;
  const HoldSet& holds_;
  const EarnerRoutes& routes_;
  const ValuationLimits& limits_;
  const CancelToken* cancel_;
  LineageWatch* watch_;
  bool only_watches_ = false;
  const Use* use_ = nullptr;  // called for each state in the place of flows
  WalkScratch scratch_;
  VisitCounter visits_;
  std::vector<CurrencyEarnings> amounts_;                                  // by currency
  std::map<std::pair<std::uint32_t, std::uint32_t>, PayeeTotals> totals_;  // currency, segment
  Valuation valuation_;
};

}  // namespace

void HoldSet::Add(const HoldSet& other, std::size_t index) {
  for (const auto& [sale, place] : other.held_sales) {
    if (place == index) held_sales.try_emplace(sale, static_cast<std::uint32_t>(ids.size()));
  }
  ids.push_back(other.ids[index]);
  positions.push_back(other.positions[index]);
  views.push_back(other.views[index]);
}

absl::StatusOr<HoldSet> ReadHolds(const SettlementReader& reader,
                                  const std::vector<Digest>& released, const HoldLimits& limits,
                                  const CancelToken* cancel) {
  absl::flat_hash_map<Digest, bool> ended;
  for (const Digest& hold : released) ended[hold] = true;
  TRIBUTARY_RETURN_IF_ERROR(ForEachRecord<HoldReleaseRecord>(
      reader, {0}, cancel, [&](const LoggedRecord&, const HoldReleaseRecord& release) {
        ended[release.hold] = true;
        return absl::OkStatus();
      }));
  HoldSet holds;
  const auto add = [&](const LoggedRecord& logged, HoldView view) {
    holds.ids.push_back(logged.id);
    holds.positions.push_back(logged.position);
    holds.views.push_back(std::move(view));
    return holds.ids.size() <= limits.hold_count_max
               ? absl::OkStatus()
               : LimitMet("hold_count_max", holds.ids.size(), limits.hold_count_max);
  };
  TRIBUTARY_RETURN_IF_ERROR(ForEachRecord<HoldRecord>(
      reader, {0}, cancel, [&](const LoggedRecord& logged, const HoldRecord& hold) -> absl::Status {
        if (ended.contains(logged.id)) return absl::OkStatus();
        if (!hold.party.empty()) {
          return add(logged, {.subject = HoldSubject::kParty, .party = hold.party});
        }
        if (hold.asset) {
          TRIBUTARY_ASSIGN_OR_RETURN(const auto asset, reader.FindAsset(*hold.asset));
          if (!asset.has_value()) return absl::OkStatus();
          return add(logged, {.subject = HoldSubject::kAsset, .asset = *asset});
        }
        const Digest& subject = hold.sale ? *hold.sale : *hold.derivation;
        TRIBUTARY_ASSIGN_OR_RETURN(const auto found, reader.FindRecord(subject));
        if (!found.has_value()) return absl::OkStatus();
        if (hold.derivation) {
          const auto* derivation = std::get_if<DerivationRecord>(&found->record.body);
          if (derivation == nullptr) {
            return absl::DataLossError("a hold on a derivation names another record");
          }
          TRIBUTARY_ASSIGN_OR_RETURN(const auto asset, reader.FindAsset(derivation->generated));
          if (!asset.has_value()) return absl::OkStatus();
          return add(logged, {.subject = HoldSubject::kDerivation,
                              .asset = *asset,
                              .derivation = found->position});
        }
        // Sales are looked up by position, so their holds stand in the list of views as one that
        // meets nothing.
        holds.held_sales.try_emplace(found->position.value,
                                     static_cast<std::uint32_t>(holds.ids.size()));
        return add(logged, {.subject = HoldSubject::kParty});
      }));
  return holds;
}

absl::StatusOr<Valuation> ValueSales(const SaleTable& table, const HoldSet& holds,
                                     const EarnerRoutes& routes, const ValuationLimits& limits,
                                     const CancelToken* cancel, LineageWatch* watch) {
  return Valuer(table, holds, routes, limits, cancel, watch).Run();
}

absl::Status VisitLineage(
    const SaleTable& table, const ValuationLimits& limits, const CancelToken* cancel,
    const std::function<absl::Status(const LineageSubgraph& subgraph,
                                     std::span<const std::optional<TreeSize>> sold)>& use) {
  return Valuer(table, {}, {}, limits, cancel, nullptr).Visit(use);
}

EarnedGrains ToEarnedGrains(const Valuation& valuation) {
  EarnedGrains earned;
  for (const CurrencyEarnings& currency : valuation.currencies) {
    for (const auto& earning : currency.earnings) {
      earned[{currency.currency, earning.payee}] += earning.grains;
    }
  }
  return earned;
}

}  // namespace tributary
