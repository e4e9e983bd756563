#include "graph/settlement/valuation.h"

#include <algorithm>
#include <map>
#include <memory>
#include <queue>
#include <tuple>
#include <utility>

#include "graph/lineage/asset_index.h"
#include "graph/lineage/limits.h"
#include "graph/model/check.h"
#include "graph/model/ordering.h"
#include "graph/model/status.h"
#include "graph/settlement/payee_totals.h"
#include "graph/settlement/state_reach.h"

namespace tributary {
namespace {

using Vertex = LineageSubgraph::Vertex;

// Sales that flow together.
struct Group {
  std::vector<MinorUnits> sums;  // by vertex sold; empty where each sale has a placement of its own
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
         const ValuationLimits& limits, const CancelToken* cancel)
      : table_(table), holds_(holds), routes_(routes), limits_(limits), cancel_(cancel) {}

  absl::StatusOr<Valuation> Run() {
    TRIBUTARY_RETURN_IF_ERROR(AddAmounts());
    TRIBUTARY_RETURN_IF_ERROR(VisitStates(TakeHeldSales()));
    TRIBUTARY_RETURN_IF_ERROR(Finish());
    return std::move(valuation_);
  }

 private:
  const CountedSale& sale(std::uint32_t index) const { return table_.sales[index]; }

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
  std::vector<std::uint32_t> TakeHeldSales() {
    std::vector<std::uint32_t> flowing;
    flowing.reserve(table_.sales.size());
    for (std::uint32_t i = 0; i < table_.sales.size(); ++i) {
      const auto held = holds_.held_sales.empty() ? holds_.held_sales.end()
                                                  : holds_.held_sales.find(sale(i).position.value);
      if (held == holds_.held_sales.end()) {
        flowing.push_back(i);
        continue;
      }
      const auto bits = table_.currencies()[sale(i).currency].fraction_bits;
      TotalsOf(sale(i).currency, SegmentOf(sale(i)))
          .AddHeld(held->second, sale(i).amount.value << bits);
    }
    return flowing;
  }

  absl::Status VisitStates(std::vector<std::uint32_t> candidates) {
    std::vector<std::uint32_t> by_size = candidates;
    const auto is_smaller = [this](std::uint32_t a, std::uint32_t b) {
      return sale(a).valued_at < sale(b).valued_at;
    };
    // Most sales are valued at their own position, in whose order they stand.
    if (!std::is_sorted(by_size.begin(), by_size.end(), is_smaller)) {
      TRIBUTARY_RETURN_IF_ERROR(SortUnlessCancelled(std::span(by_size), is_smaller, cancel_));
    }
    std::reverse(by_size.begin(), by_size.end());
    std::vector<bool> is_valued(table_.sales.size());
    // Sales without a value, by the position of the last change upstream of their assets at the
    // last state that was tried: later states can not be theirs.
    std::priority_queue<std::pair<std::uint64_t, std::uint32_t>> waiting;
    for (const std::uint32_t largest : by_size) {
      if (is_valued[largest]) continue;
      const TreeSize state = sale(largest).valued_at;
      if (valuation_.pass_count > 0) candidates.clear();  // the first time they are all
      for (; !waiting.empty() && waiting.top().first >= state.value; waiting.pop()) {
        candidates.push_back(waiting.top().second);
      }
      const auto value = [&](std::uint32_t index) { is_valued[index] = true; };
      const auto defer = [&](std::uint32_t index, LogPosition last_change) {
        waiting.emplace(last_change.value, index);
      };
      TRIBUTARY_RETURN_IF_ERROR(VisitState(state, candidates, value, defer));
      TRIBUTARY_CHECK(is_valued[largest]);
    }
    return absl::OkStatus();
  }

  template <typename Value, typename Defer>
  absl::Status VisitState(TreeSize state, const std::vector<std::uint32_t>& candidates,
                          const Value& value, const Defer& defer) {
    ++valuation_.pass_count;
    TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<const SettlementReader> reader,
                               table_.reader().At(state));
    std::vector<AssetNumber> sold;
    std::vector<Vertex> vertices;  // by candidate; targets are the first vertices of a subgraph
    bool all_same = true;
    {
      AssetIndex index(state);
      index.Prepare(candidates.size());
      vertices.reserve(candidates.size());
      for (const std::uint32_t i : candidates) {
        const auto fresh = static_cast<Vertex>(sold.size());
        vertices.push_back(index.FindOrAssign(sale(i).asset, fresh));
        if (vertices.back() == fresh) sold.push_back(sale(i).asset);
        all_same &= sale(i).valued_at == state;
      }
    }
    TRIBUTARY_ASSIGN_OR_RETURN(
        const LineageSubgraph subgraph,
        CollectUpstream(reader->lineage(), sold, limits_.collect, cancel_, &scratch_));
    std::vector<LogPosition> last_changes;
    if (!all_same) {
      TRIBUTARY_ASSIGN_OR_RETURN(last_changes, LastChangesUpstream(*reader, subgraph, cancel_));
    }
    std::map<GroupKey, Group> groups;
    std::pair<const GroupKey, Group>* last = nullptr;  // of the sale before: often the same
    for (std::size_t c = 0; c < candidates.size(); ++c) {
      const CountedSale& one = sale(candidates[c]);
      if (!all_same && last_changes[vertices[c]].value >= one.valued_at.value) {
        defer(candidates[c], last_changes[vertices[c]]);
        continue;
      }
      value(candidates[c]);
      const GroupKey key{one.policy, one.currency, SegmentOf(one)};
      if (last == nullptr || last->first != key) last = &*groups.try_emplace(key).first;
      AddToGroup(vertices[c], sold.size(), candidates[c], &last->second);
    }
    for (auto& [key, group] : groups) {
      PlaceSums(&group);
      TRIBUTARY_RETURN_IF_ERROR(DependsOnAssetSold(table_.policies()[key.policy].record)
                                    ? FlowByAsset(*reader, subgraph, key, group)
                                    : Flow(*reader, subgraph, key, group));
    }
    return absl::OkStatus();
  }

  // Without fees and terms only what is sold of each asset matters.
  void AddToGroup(Vertex vertex, std::size_t asset_count, std::uint32_t index, Group* group) const {
    const CountedSale& one = sale(index);
    const PolicyRecord& policy = table_.policies()[one.policy].record;
    if (policy.fees.empty() && policy.absolute_terms.empty()) {
      group->sums.resize(asset_count);
      group->sums[vertex].value += one.amount.value;
      return;
    }
    group->placements.push_back({vertex, one.amount, 1});
    group->sales.push_back(index);
  }

  static void PlaceSums(Group* group) {
    for (Vertex v = 0; v < group->sums.size(); ++v) {
      if (group->sums[v].value != 0) group->placements.push_back({v, group->sums[v], 1});
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
      TRIBUTARY_RETURN_IF_ERROR(Flow(reader, subgraph, key, one));
    }
    return absl::OkStatus();
  }

  absl::Status Flow(const SettlementReader& reader, const LineageSubgraph& subgraph,
                    const GroupKey& key, const Group& group) {
    ++valuation_.flow_count;
    const CurrencyRecord& currency = table_.currencies()[key.currency];
    const SaleTable::Policy& policy = table_.policies()[key.policy];
    const SalesTerms terms{currency.code, static_cast<unsigned>(currency.fraction_bits)};
    const absl::Status status = AddSales(
        reader.lineage(), subgraph, group.placements, terms, {&policy.record, policy.terms},
        holds_.views, limits_.split, cancel_, &TotalsOf(key.currency, key.segment));
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
  WalkScratch scratch_;
  std::vector<CurrencyEarnings> amounts_;                                  // by currency
  std::map<std::pair<std::uint32_t, std::uint32_t>, PayeeTotals> totals_;  // currency, segment
  Valuation valuation_;
};

}  // namespace

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
  const auto add = [&](const Digest& id, HoldView view) {
    holds.ids.push_back(id);
    holds.views.push_back(std::move(view));
    return holds.ids.size() <= limits.hold_count_max
               ? absl::OkStatus()
               : LimitMet("hold_count_max", holds.ids.size(), limits.hold_count_max);
  };
  TRIBUTARY_RETURN_IF_ERROR(ForEachRecord<HoldRecord>(
      reader, {0}, cancel, [&](const LoggedRecord& logged, const HoldRecord& hold) {
        if (ended.contains(logged.id)) return absl::OkStatus();
        if (!hold.party.empty()) {
          return add(logged.id, {.subject = HoldSubject::kParty, .party = hold.party});
        }
        if (hold.asset) {
          TRIBUTARY_ASSIGN_OR_RETURN(const auto asset, reader.FindAsset(*hold.asset));
          if (!asset.has_value()) return absl::OkStatus();
          return add(logged.id, {.subject = HoldSubject::kAsset, .asset = *asset});
        }
        const Digest& subject = hold.sale ? *hold.sale : *hold.derivation;
        TRIBUTARY_ASSIGN_OR_RETURN(const auto found, reader.FindRecord(subject));
        if (!found.has_value()) return absl::OkStatus();
        if (hold.derivation) {
          return add(logged.id,
                     {.subject = HoldSubject::kDerivation, .derivation = found->position});
        }
        // Sales are looked up by position, so their holds stand in the list of views as one that
        // meets nothing.
        holds.held_sales.try_emplace(found->position.value,
                                     static_cast<std::uint32_t>(holds.ids.size()));
        return add(logged.id, {.subject = HoldSubject::kParty});
      }));
  return holds;
}

absl::StatusOr<Valuation> ValueSales(const SaleTable& table, const HoldSet& holds,
                                     const EarnerRoutes& routes, const ValuationLimits& limits,
                                     const CancelToken* cancel) {
  return Valuer(table, holds, routes, limits, cancel).Run();
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
