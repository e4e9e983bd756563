#include "tests/support/reference_ledger.h"

#include <algorithm>
#include <tuple>

#include "graph/model/check.h"

namespace tributary::test {
namespace {

unsigned BitsOf(const MemorySettlementLedger& ledger, const std::string& code) {
  for (std::uint64_t p = 0; p < ledger.tree_size().value; ++p) {
    const auto* currency = std::get_if<CurrencyRecord>(&ledger.at({p}).record.body);
    if (currency != nullptr && currency->code == code) {
      return static_cast<unsigned>(currency->fraction_bits);
    }
  }
  TRIBUTARY_CHECK(false);
  return 0;
}

bool IsPerAsset(const PolicyRecord& policy) {
  return !policy.floors.empty() || policy.undisclosed == UndisclosedRule::kSoldAssetHolders ||
         policy.unclaimed == UnclaimedRule::kSoldAssetHolders;
}

}  // namespace

std::uint64_t ReferenceLedger::PositionOf(const Digest& id) const {
  for (std::uint64_t p = 0; p < ledger_.tree_size().value; ++p) {
    if (ledger_.at({p}).id == id) return p;
  }
  TRIBUTARY_CHECK(false);
  return 0;
}

const ReferenceLedger::World& ReferenceLedger::WorldAt(std::uint64_t tree_size) {
  const auto [entry, is_new] = worlds_.try_emplace(tree_size);
  World& world = entry->second;
  if (!is_new) return world;
  for (std::uint64_t p = 0; p < tree_size; ++p) {
    if (const auto* asset = As<AssetRecord>(p)) {
      const auto [place, is_first] = world.places.try_emplace(asset->asset, world.places.size());
      if (is_first) {
        world.lineage.assets.push_back({asset->asset, asset->kind, {}, {}});
        world.versions.push_back({});
      }
      world.lineage.assets[place->second].kind = asset->kind;
      world.versions[place->second][0] = p;
    } else if (const auto* derivation = As<DerivationRecord>(p)) {
      const std::size_t place = world.places.at(derivation->generated);
      PlainDerivation plain{derivation->retained, derivation->unattributed, {}};
      for (const LedgerEdge& edge : ledger_.edges({p})) {
        plain.edges.push_back({world.places.at(edge.input), edge.weight, edge.role});
      }
      world.lineage.assets[place].derivation = plain;
      world.versions[place][1] = p;
    } else if (const auto* holders = As<HoldersRecord>(p)) {
      const std::size_t place = world.places.at(holders->asset);
      world.lineage.assets[place].holders = holders->holders;
      world.versions[place][2] = p;
    }
  }
  return world;
}

ReferenceLedger::Closure ReferenceLedger::ClosureOf(const Digest& asset, std::uint64_t tree_size) {
  const World& world = WorldAt(tree_size);
  Closure closure;
  std::vector<std::size_t> open{world.places.at(asset)};
  while (!open.empty()) {
    const std::size_t v = open.back();
    open.pop_back();
    if (!closure.emplace(world.lineage.assets[v].id, world.versions[v]).second) continue;
    if (!world.lineage.assets[v].derivation) continue;
    for (const PlainEdge& edge : world.lineage.assets[v].derivation->edges) {
      open.push_back(edge.input);
    }
  }
  return closure;
}

void ReferenceLedger::Correct(const CorrectionRecord& correction,
                              const std::optional<Digest>& policy, Sale* sale) const {
  const SaleRecord& record = *As<SaleRecord>(sale->position);
  sale->asset = correction.asset ? *correction.asset : record.asset;
  sale->amount = ToBigInt(correction.amount ? correction.amount->value : record.amount.value);
  sale->valued_at = sale->position;
  if (record.tree_size) sale->valued_at = *record.tree_size;
  if (correction.tree_size) sale->valued_at = *correction.tree_size;
  sale->policy = policy;
  if (record.policy) sale->policy = record.policy;
  if (correction.policy) sale->policy = correction.policy;
}

// The sale as of `end`, if it counts then.
std::optional<ReferenceLedger::Sale> ReferenceLedger::ReadSale(
    std::uint64_t position, std::uint64_t end, const std::optional<Digest>& policy) const {
  const SaleRecord& record = *As<SaleRecord>(position);
  const Digest& id = ledger_.at({position}).id;
  Sale sale{position, position, 0, {}, {}, record.currency, {}};
  bool counts = !record.pending_until.has_value();
  CorrectionRecord correction;
  for (std::uint64_t p = 0; p < end; ++p) {
    const auto* escrow = As<EscrowRecord>(p);
    if (escrow != nullptr && escrow->sale == id && escrow->outcome == EscrowOutcome::kPosted) {
      counts = true;
      sale.earned_at = p;
    }
    const auto* newer = As<CorrectionRecord>(p);
    if (newer != nullptr && newer->sale == id) correction = *newer;
  }
  for (std::uint64_t p = 0; p < end; ++p) {
    const auto* reversal = As<ReversalRecord>(p);
    if (reversal != nullptr && reversal->sale == id) counts = false;
  }
  if (!counts) return std::nullopt;
  Correct(correction, policy, &sale);
  return sale;
}

std::vector<ReferenceLedger::Sale> ReferenceLedger::SalesWith(
    std::uint64_t begin, std::uint64_t end, const std::optional<Digest>& policy,
    const std::vector<ReferenceCause>& causes) {
  std::map<std::uint64_t, Sale> sales;
  for (std::uint64_t p = 0; p < end; ++p) {
    if (As<SaleRecord>(p) == nullptr) continue;
    const auto sale = ReadSale(p, end, policy);
    if (sale && sale->earned_at >= begin) sales[p] = *sale;
  }
  std::map<std::uint64_t, std::size_t> pinned;  // sale -> first cause that moves it again
  for (std::size_t i = 0; i < causes.size(); ++i) {
    if (const auto* reversal = As<ReversalRecord>(causes[i].record)) {
      sales.erase(PositionOf(reversal->sale));
    } else if (const auto* correction = As<CorrectionRecord>(causes[i].record)) {
      const auto found = sales.find(PositionOf(correction->sale));
      if (found == sales.end()) continue;
      Correct(*correction, policy, &found->second);
      if (correction->tree_size) pinned[found->first] = i;
    }
  }
  for (std::size_t i = 0; i < causes.size(); ++i) {
    Digest changed;
    if (const auto* derivation = As<DerivationRecord>(causes[i].record)) {
      changed = derivation->generated;
    } else if (const auto* holders = As<HoldersRecord>(causes[i].record)) {
      changed = holders->asset;
    } else if (const auto* asset = As<AssetRecord>(causes[i].record)) {
      changed = asset->asset;
    } else {
      continue;
    }
    for (auto& [position, sale] : sales) {
      if (pinned.contains(position) && pinned[position] > i) continue;
      if (!WorldAt(causes[i].tree_size).places.contains(sale.asset)) continue;
      if (!ClosureOf(sale.asset, causes[i].tree_size).contains(changed)) continue;
      sale.valued_at = causes[i].tree_size;
    }
  }
  std::vector<Sale> list;
  for (const auto& [position, sale] : sales) list.push_back(sale);
  return list;
}

ReferenceLedger::Holds ReferenceLedger::HoldsWith(std::uint64_t end,
                                                  const std::vector<ReferenceCause>& causes) const {
  std::set<Digest> ended;
  for (std::uint64_t p = 0; p < end; ++p) {
    if (const auto* release = As<HoldReleaseRecord>(p)) ended.insert(release->hold);
  }
  for (const ReferenceCause& cause : causes) {
    const auto* release = As<HoldReleaseRecord>(cause.record);
    if (release != nullptr && release->outcome == HoldOutcome::kReleased) {
      ended.insert(release->hold);
    }
  }
  Holds holds;
  for (std::uint64_t p = 0; p < end; ++p) {
    const auto* hold = As<HoldRecord>(p);
    if (hold == nullptr || ended.contains(ledger_.at({p}).id)) continue;
    if (hold->sale) holds.of_sales.try_emplace(PositionOf(*hold->sale), holds.records.size());
    holds.records.push_back(p);
  }
  return holds;
}

std::vector<ReferenceHold> ReferenceLedger::ViewsAt(const Holds& holds, const World& world) const {
  std::vector<ReferenceHold> views;
  for (const std::uint64_t p : holds.records) {
    const HoldRecord& hold = *As<HoldRecord>(p);
    ReferenceHold view;
    view.party = hold.party;
    if (hold.asset && world.places.contains(*hold.asset)) view.asset = world.places.at(*hold.asset);
    if (hold.derivation) {
      const std::uint64_t derivation = PositionOf(*hold.derivation);
      for (std::size_t v = 0; v < world.versions.size(); ++v) {
        if (world.versions[v][1] == derivation) view.derivation_of = v;
      }
    }
    views.push_back(view);
  }
  return views;
}

std::string ReferenceLedger::EarnerOf(const std::string& party, std::uint64_t at,
                                      std::uint64_t tree_size) const {
  std::map<std::uint64_t, const AssignmentRecord*> by_begin;
  for (std::uint64_t p = 0; p < tree_size; ++p) {
    const auto* assignment = As<AssignmentRecord>(p);
    if (assignment != nullptr && assignment->party == party) {
      by_begin[assignment->begin] = assignment;
    }
  }
  std::string earner = party;
  for (const auto& [begin, assignment] : by_begin) {
    if (begin <= at && (!assignment->end || at < *assignment->end)) earner = assignment->assignee;
  }
  return earner;
}

std::vector<std::uint64_t> ReferenceLedger::Boundaries(std::uint64_t tree_size) const {
  std::map<std::pair<std::string, std::uint64_t>, const AssignmentRecord*> in_force;
  for (std::uint64_t p = 0; p < tree_size; ++p) {
    const auto* assignment = As<AssignmentRecord>(p);
    if (assignment != nullptr) in_force[{assignment->party, assignment->begin}] = assignment;
  }
  std::set<std::uint64_t> boundaries;
  for (const auto& [identity, assignment] : in_force) {
    boundaries.insert(assignment->begin);
    if (assignment->end) boundaries.insert(*assignment->end);
  }
  return {boundaries.begin(), boundaries.end()};
}

void ReferenceLedger::Flow(std::uint64_t state, const std::vector<Sale>& sales, const Holds& holds,
                           std::uint64_t routes_at, ReferenceValuation* valuation) {
  const World& world = WorldAt(state);
  const std::vector<ReferenceHold> views = ViewsAt(holds, world);
  const std::vector<std::uint64_t> boundaries = Boundaries(routes_at);
  // Currency, policy, segment between boundaries, and the asset where that counts.
  using Group = std::tuple<std::string, std::optional<Digest>, std::uint64_t, std::size_t>;
  std::map<Group, std::vector<const Sale*>> groups;
  for (const Sale& sale : sales) {
    const PolicyRecord none;
    const PolicyRecord& policy = sale.policy ? *As<PolicyRecord>(PositionOf(*sale.policy)) : none;
    std::uint64_t segment = 0;
    for (const std::uint64_t boundary : boundaries) {
      if (boundary <= sale.earned_at) segment = boundary;
    }
    const std::size_t asset = IsPerAsset(policy) ? world.places.at(sale.asset) : 0;
    groups[{sale.currency, sale.policy, segment, asset}].push_back(&sale);
  }
  for (const auto& [group, members] : groups) {
    const auto& [currency, policy_id, segment, asset] = group;
    const PolicyRecord none;
    const PolicyRecord& policy = policy_id ? *As<PolicyRecord>(PositionOf(*policy_id)) : none;
    std::vector<ReferenceSale> together;
    for (const Sale* sale : members) {
      together.push_back(
          {world.places.at(sale->asset), sale->amount, 1, currency, BitsOf(ledger_, currency)});
      if (!ReferenceSplitSale(world.lineage, together.back(), policy, {}).refused.empty()) {
        valuation->refused.insert(sale->position);
      }
    }
    const ReferenceSplit split = ReferenceSplitSales(world.lineage, together, policy, views);
    for (const auto& [line, grains] : split.lines) {
      std::string payee = line.substr(0, line.find('|'));
      const std::string hold = line.substr(line.rfind('|') + 1);
      if (!hold.empty()) {
        payee = "hold:" + ledger_.at({holds.records[std::stoul(hold)]}).id.ToHex();
      } else if (payee.starts_with("party:")) {
        payee = "party:" + EarnerOf(payee.substr(6), segment, routes_at);
      }
      valuation->earned[{currency, payee}] += grains;
    }
  }
}

ReferenceValuation ReferenceLedger::Value(std::uint64_t begin, std::uint64_t end,
                                          const std::optional<Digest>& policy,
                                          const std::vector<ReferenceCause>& causes,
                                          bool one_by_one) {
  ReferenceValuation valuation;
  const Holds holds = HoldsWith(end, causes);
  std::uint64_t routes_at = end;
  for (const ReferenceCause& cause : causes) {
    if (As<AssignmentRecord>(cause.record) != nullptr) routes_at = cause.tree_size;
  }
  std::vector<Sale> left;
  for (const Sale& sale : SalesWith(begin, end, policy, causes)) {
    ++valuation.sale_count;
    valuation.amounts[sale.currency] += sale.amount;
    const auto held = holds.of_sales.find(sale.position);
    if (held == holds.of_sales.end()) {
      left.push_back(sale);
      continue;
    }
    const Digest& hold = ledger_.at({holds.records[held->second]}).id;
    valuation.earned[{sale.currency, "hold:" + hold.ToHex()}] += sale.amount
                                                                 << BitsOf(ledger_, sale.currency);
  }
  while (!left.empty()) {
    ++valuation.pass_count;
    std::uint64_t state = 0;
    for (const Sale& sale : left) state = std::max(state, sale.valued_at);
    std::vector<Sale> same;
    std::vector<Sale> others;
    for (const Sale& sale : left) {
      const bool is_same = ClosureOf(sale.asset, sale.valued_at) == ClosureOf(sale.asset, state);
      (is_same ? same : others).push_back(sale);
    }
    if (one_by_one) {
      same = {left.back()};
      others = left;
      others.pop_back();
      state = same[0].valued_at;
    }
    Flow(state, same, holds, routes_at, &valuation);
    left = std::move(others);
  }
  for (const ReferenceCause& cause : causes) {
    const auto* release = As<HoldReleaseRecord>(cause.record);
    if (release == nullptr || release->outcome != HoldOutcome::kRerouted) continue;
    ReferenceEarned rerouted;
    for (const auto& [key, grains] : valuation.earned) {
      if (key.second != "hold:" + release->hold.ToHex()) {
        rerouted[key] += grains;
        continue;
      }
      BigInt units = 0;
      for (const Holder& recipient : release->recipients) units += recipient.units;
      BigInt cumulative = 0;
      for (const Holder& recipient : release->recipients) {
        const BigInt before = grains * cumulative / units;
        cumulative += recipient.units;
        rerouted[{key.first, "party:" + recipient.party}] += grains * cumulative / units - before;
      }
    }
    valuation.earned = std::move(rerouted);
  }
  std::erase_if(valuation.earned, [](const auto& entry) { return entry.second == 0; });
  return valuation;
}

}  // namespace tributary::test
