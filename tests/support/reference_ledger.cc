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
  return policy.undisclosed == UndisclosedRule::kSoldAssetHolders ||
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

ReferenceLedger::Versions ReferenceLedger::InForce(const Digest& asset,
                                                   std::uint64_t tree_size) const {
  Versions versions{};
  for (std::uint64_t p = 0; p < tree_size; ++p) {
    const auto* record = As<AssetRecord>(p);
    const auto* derivation = As<DerivationRecord>(p);
    const auto* holders = As<HoldersRecord>(p);
    if (record != nullptr && record->asset == asset) versions[0] = p;
    if (derivation != nullptr && derivation->generated == asset) versions[1] = p;
    if (holders != nullptr && holders->asset == asset) versions[2] = p;
  }
  return versions;
}

// What counts of an asset at a tree size N with causes laid over it; nullopt: it is not there.
std::optional<ReferenceLedger::Versions> ReferenceLedger::VersionsOf(const Digest& asset,
                                                                     std::uint64_t tree_size,
                                                                     const Laid& laid) {
  Versions versions = InForce(asset, tree_size);
  if (versions[0] == 0) {
    // Not known at N: as of the first derivation among the causes that had it upstream.
    for (const std::uint64_t cause : laid) {
      const auto* derivation = As<DerivationRecord>(cause);
      if (derivation == nullptr || versions[0] != 0) continue;
      if (!ClosureOf(derivation->generated, cause + 1).contains(asset)) continue;
      versions = InForce(asset, cause + 1);
      versions[3] = 1;
    }
    if (versions[0] == 0) return std::nullopt;
  }
  std::array<std::uint64_t, 3> newest{};
  for (const std::uint64_t cause : laid) {
    const Versions alone = InForce(asset, cause + 1);
    for (std::size_t i = 0; i < 3; ++i) {
      if (alone[i] == cause) newest[i] = std::max(newest[i], cause);
    }
  }
  for (std::size_t i = 0; i < 3; ++i) {
    if (newest[i] >= tree_size) versions[i] = newest[i];
  }
  return versions;
}

const ReferenceLedger::World& ReferenceLedger::WorldAt(std::uint64_t tree_size, const Laid& laid) {
  const auto known = worlds_.find({tree_size, laid});
  if (known != worlds_.end()) return known->second;
  World world;
  for (std::uint64_t p = 0; p < ledger_.tree_size().value; ++p) {
    const auto* asset = As<AssetRecord>(p);
    if (asset == nullptr || world.places.contains(asset->asset)) continue;
    const auto versions = VersionsOf(asset->asset, tree_size, laid);
    if (!versions) continue;
    world.places.emplace(asset->asset, world.places.size());
    world.lineage.assets.push_back({asset->asset, As<AssetRecord>((*versions)[0])->kind, {}, {}});
    world.versions.push_back(*versions);
  }
  for (std::size_t v = 0; v < world.versions.size(); ++v) {
    const auto& [record, made, held, is_late] = world.versions[v];
    if (made != 0) {
      const DerivationRecord& derivation = *As<DerivationRecord>(made);
      PlainDerivation plain{derivation.retained, derivation.unattributed, {}};
      for (const LedgerEdge& edge : ledger_.edges({made})) {
        plain.edges.push_back({world.places.at(edge.input), edge.weight, edge.role});
      }
      world.lineage.assets[v].derivation = plain;
    }
    if (held != 0) world.lineage.assets[v].holders = As<HoldersRecord>(held)->holders;
  }
  return worlds_.emplace(std::pair(tree_size, laid), std::move(world)).first->second;
}

ReferenceLedger::Closure ReferenceLedger::ClosureOf(const Digest& asset, std::uint64_t tree_size,
                                                    const Laid& laid) {
  const World& world = WorldAt(tree_size, laid);
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
    const std::vector<ReferenceCause>& causes) const {
  std::map<std::uint64_t, Sale> sales;
  for (std::uint64_t p = 0; p < end; ++p) {
    if (As<SaleRecord>(p) == nullptr) continue;
    const auto sale = ReadSale(p, end, policy);
    if (sale && sale->earned_at >= begin) sales[p] = *sale;
  }
  for (const ReferenceCause& cause : causes) {
    if (const auto* reversal = As<ReversalRecord>(cause.record)) {
      sales.erase(PositionOf(reversal->sale));
    } else if (const auto* correction = As<CorrectionRecord>(cause.record)) {
      const auto found = sales.find(PositionOf(correction->sale));
      if (found != sales.end()) Correct(*correction, policy, &found->second);
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
      // The derivation named, and those of its asset that superseded it.
      const std::uint64_t derivation = PositionOf(*hold.derivation);
      const auto made = world.places.find(As<DerivationRecord>(derivation)->generated);
      if (made != world.places.end() && world.versions[made->second][1] >= derivation) {
        view.derivation_of = made->second;
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

std::string ReferenceLedger::PayeeOf(const std::string& recipient, const Holds& holds) const {
  for (const std::uint64_t p : holds.records) {
    if (As<HoldRecord>(p)->party == recipient) return "hold:" + ledger_.at({p}).id.ToHex();
  }
  return "party:" + recipient;
}

void ReferenceLedger::Flow(std::uint64_t state, const Laid& laid, const std::vector<Sale>& sales,
                           const Holds& holds, std::uint64_t routes_at,
                           ReferenceValuation* valuation) {
  const World& world = WorldAt(state, laid);
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
                                          bool one_by_one, std::uint64_t judged_at) {
  ReferenceValuation valuation;
  Holds holds = HoldsWith(end, causes);
  for (const std::uint64_t p : HoldsWith(judged_at, causes).records) {
    if (p < end) continue;
    const auto& sale = As<HoldRecord>(p)->sale;
    if (sale) holds.of_sales.try_emplace(PositionOf(*sale), holds.records.size());
    holds.records.push_back(p);
  }
  std::uint64_t routes_at = end;
  Laid laid;
  for (const ReferenceCause& cause : causes) {
    if (As<AssignmentRecord>(cause.record) != nullptr) routes_at = cause.tree_size;
    const bool is_lineage = As<DerivationRecord>(cause.record) != nullptr ||
                            As<HoldersRecord>(cause.record) != nullptr ||
                            As<AssetRecord>(cause.record) != nullptr;
    if (is_lineage) laid.push_back(cause.record);
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
      const bool is_same =
          ClosureOf(sale.asset, sale.valued_at, laid) == ClosureOf(sale.asset, state, laid);
      (is_same ? same : others).push_back(sale);
    }
    if (one_by_one) {
      same = {left.back()};
      others = left;
      others.pop_back();
      state = same[0].valued_at;
    }
    Flow(state, laid, same, holds, routes_at, &valuation);
    left = std::move(others);
  }
  for (const ReferenceCause& cause : causes) {
    const auto* release = As<HoldReleaseRecord>(cause.record);
    if (release == nullptr || release->outcome != HoldOutcome::kRerouted) continue;
    const Holds held = HoldsWith(cause.tree_size, causes);
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
        rerouted[{key.first, PayeeOf(recipient.party, held)}] +=
            grains * cumulative / units - before;
      }
    }
    valuation.earned = std::move(rerouted);
  }
  std::erase_if(valuation.earned, [](const auto& entry) { return entry.second == 0; });
  return valuation;
}

}  // namespace tributary::test
