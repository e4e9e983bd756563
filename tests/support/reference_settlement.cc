#include "tests/support/reference_settlement.h"

#include <algorithm>
#include <set>
#include <utility>

namespace tributary::test {
namespace {

constexpr int kFree = -1;  // held by nobody yet

// Grains by asset and by the hold that has them.
using Pile = std::map<std::pair<std::size_t, int>, BigInt>;

struct Flowed {
  Pile rest;
  std::map<int, BigInt> unattributed;
};

// Which part of what stands on an asset goes to a role, in parts of 2^63.
using Reach = std::map<std::size_t, BigInt>;

// Every asset before its inputs, written as a search for what nothing left over consumes.
std::vector<std::size_t> OrderOf(const PlainLineage& lineage,
                                 const std::vector<ReferenceSale>& sales) {
  if (sales.size() == 1) return ReferenceOrder(lineage, sales[0].target);
  std::set<std::size_t> left;
  for (const ReferenceSale& sale : sales) {
    const auto upstream = ReferenceOrder(lineage, sale.target);
    left.insert(upstream.begin(), upstream.end());
  }
  std::vector<std::size_t> order;
  while (!left.empty()) {
    std::set<std::size_t> consumed;
    for (const std::size_t v : left) {
      if (!lineage.assets[v].derivation) continue;
      for (const PlainEdge& edge : lineage.assets[v].derivation->edges) consumed.insert(edge.input);
    }
    for (const std::size_t v : std::set<std::size_t>(left)) {
      if (consumed.contains(v)) continue;
      order.push_back(v);
      left.erase(v);
    }
  }
  return order;
}

class Splitter {
 public:
  Splitter(const PlainLineage& lineage, const std::vector<ReferenceSale>& sales,
           const PolicyRecord& policy, const std::vector<ReferenceHold>& holds)
      : lineage_(lineage),
        sales_(sales),
        sale_(sales_[0]),
        policy_(policy),
        holds_(holds),
        order_(OrderOf(lineage, sales)) {}

  ReferenceSplit Run() {
    Pile placed;
    for (std::size_t i = 0; i < sales_.size(); ++i) {
      const BigInt gross = sales_[i].amount << sales_[i].fraction_bits;
      BigInt taken = 0;
      if (!Fees(sales_[i], gross, &taken) || !Terms(sales_[i], gross, &taken)) {
        return {.refused = result_.refused, .refused_sale = i};
      }
      result_.gross += gross;
      placed[{sales_[i].target, kFree}] += gross - taken;
    }
    // Of what is left of the sales of each asset, in place of which only a part may flow freely.
    std::map<std::size_t, std::vector<BigInt>> deducted;
    for (auto& [at, remainder] : placed) {
      deducted[at.first] = Floors(at.first, remainder);
      for (const BigInt& grains : deducted[at.first]) remainder -= grains;
      result_.relative += remainder;
    }
    result_.deducted.resize(policy_.floors.size());
    for (std::size_t i = 0; i < policy_.floors.size(); ++i) {
      Pile of_floor;
      for (const auto& [target, grains] : deducted) {
        of_floor[{target, kFree}] = grains[i];
        result_.deducted[i] += grains[i];
      }
      GiveToRole(policy_.floors[i].role, std::move(of_floor));
    }
    // Holders divide what a term gives their asset in all, as they divide what it keeps.
    for (const auto& [id, term] : terms_)
      Retained(term.first, "absolute:" + id.ToHex(), kFree, term.second);
    Spread(Flow(placed), "relative");
    std::erase_if(result_.lines, [](const auto& line) { return line.second == 0; });
    return result_;
  }

 private:
  bool Refuse(const char* field) {
    result_.refused = field;
    return false;
  }

  bool Fees(const ReferenceSale& sale, const BigInt& gross, BigInt* taken) {
    for (const Fee& fee : policy_.fees) {
      BigInt grains = gross * fee.ppm / 1'000'000;
      if (fee.ppm == 0) {
        grains = fee.currency == sale.currency ? ToBigInt(fee.fixed.value) : BigInt(0);
        grains = (grains * sale.sale_count) << sale.fraction_bits;
      }
      *taken += grains;
      if (*taken > gross) return Refuse("fees");
      Pay("party:" + fee.party, fee.label.empty() ? "fee" : "fee:" + fee.label, kFree, grains);
    }
    return true;
  }

  bool Terms(const ReferenceSale& sale, const BigInt& gross, BigInt* taken) {
    std::map<Digest, std::pair<std::size_t, std::uint64_t>> terms;
    if (policy_.absolute_terms.empty()) return true;
    const auto upstream = ReferenceOrder(lineage_, sale.target);
    for (const AbsoluteTerm& term : policy_.absolute_terms) {
      for (const std::size_t v : upstream) {
        if (v != sale.target && lineage_.assets[v].id == term.asset) {
          terms[term.asset] = {v, term.ppm};
        }
      }
    }
    std::uint64_t ppm_sum = 0;
    for (const Fee& fee : policy_.fees) ppm_sum += fee.ppm;
    for (const auto& [id, term] : terms) {
      ppm_sum += term.second;
      if (ppm_sum > 1'000'000) return Refuse("absolute_terms");
    }
    for (const auto& [id, term] : terms) {
      const BigInt grains = gross * term.second / 1'000'000;
      *taken += grains;
      if (*taken > gross) return Refuse("absolute_terms");
      terms_[id].first = term.first;
      terms_[id].second += grains;
    }
    return true;
  }

  // What an edge sends towards the role, over 2^63 times the denominator.
  BigInt TowardsRole(const PlainEdge& edge, Role role, Reach* reach) {
    return edge.role == role ? BigInt(edge.weight) << 63
                             : BigInt(edge.weight * ReachOf(edge.input, role, reach));
  }

  BigInt ReachOf(std::size_t v, Role role, Reach* reach) {
    const auto known = reach->find(v);
    if (known != reach->end()) return known->second;
    BigInt part = 0;
    if (lineage_.assets[v].derivation) {
      const PlainDerivation& derivation = *lineage_.assets[v].derivation;
      BigInt denominator = BigInt(derivation.retained) + derivation.unattributed;
      for (const PlainEdge& edge : derivation.edges) {
        denominator += edge.weight;
        part += TowardsRole(edge, role, reach);
      }
      part = (part + denominator - 1) / denominator;  // upwards
    }
    return (*reach)[v] = part;
  }

  // What each floor deducts from the remainder of the sales of one asset.
  std::vector<BigInt> Floors(std::size_t target, const BigInt& remainder) {
    const std::size_t count = policy_.floors.size();
    std::vector<BigInt> budget(count);
    std::vector<BigInt> reached(count);
    for (std::size_t i = 0; i < count; ++i) {
      Reach reach;
      budget[i] = remainder * policy_.floors[i].ppm / 1'000'000;
      reached[i] = remainder * ReachOf(target, policy_.floors[i].role, &reach) >> 63;
    }
    BigInt free = remainder;
    std::set<std::size_t> is_short;
    const auto reaches = [&](std::size_t i) {
      return remainder == 0 ? BigInt(0) : BigInt(reached[i] * free / remainder);
    };
    while (true) {
      std::set<std::size_t> fresh;
      for (std::size_t i = 0; i < count; ++i) {
        if (!is_short.contains(i) && reaches(i) < budget[i]) fresh.insert(i);
      }
      if (fresh.empty()) break;
      is_short.merge(fresh);
      BigInt budgets = 0;
      BigInt all = 0;
      for (const std::size_t i : is_short) {
        budgets += budget[i];
        all += reached[i];
      }
      const BigInt next = all >= remainder
                              ? BigInt(0)
                              : BigInt((remainder - budgets) * remainder / (remainder - all));
      free = std::min(free, next);
    }
    std::vector<BigInt> deducted(count);
    BigInt need_sum = 0;
    for (const std::size_t i : is_short)
      need_sum += std::max(BigInt(0), BigInt(budget[i] - reaches(i)));
    BigInt need = 0;
    for (const std::size_t i : is_short) {
      const BigInt before = (remainder - free) * need / need_sum;
      need += std::max(BigInt(0), BigInt(budget[i] - reaches(i)));
      deducted[i] = (remainder - free) * need / need_sum - before;
    }
    return deducted;
  }

  // Grains go towards the role alone until they pass an edge of it, and from there as any others.
  void GiveToRole(Role role, Pile inflow) {
    const std::string reason = "floor:" + std::string(ToName(role));
    Reach reach;
    Pile arrived;
    for (const std::size_t v : order_) {
      const PlainAsset& asset = lineage_.assets[v];
      if (asset.derivation) CatchAt(v, &inflow);
      for (int hold = kFree; hold < static_cast<int>(holds_.size()); ++hold) {
        const auto found = inflow.find({v, hold});
        if (found == inflow.end() || found->second == 0) continue;
        const BigInt grains = found->second;
        std::map<Digest, PlainEdge> edges;
        BigInt all = 0;
        if (asset.derivation) {
          for (const PlainEdge& edge : asset.derivation->edges) {
            edges[lineage_.assets[edge.input].id] = edge;
            all += TowardsRole(edge, role, &reach);
          }
        }
        if (all == 0) {
          Pay("unattributed", reason, hold, grains);
          continue;
        }
        BigInt cumulative = 0;
        for (const auto& [id, edge] : edges) {
          const BigInt before = grains * cumulative / all;
          cumulative += TowardsRole(edge, role, &reach);
          (edge.role == role ? arrived : inflow)[{edge.input, hold}] +=
              grains * cumulative / all - before;
        }
      }
    }
    Spread(Flow(arrived), reason);
  }

  Flowed Flow(const Pile& placed) {
    Flowed flowed;
    Pile inflow = placed;
    for (const std::size_t v : order_) {
      const PlainAsset& asset = lineage_.assets[v];
      if (asset.derivation) CatchAt(v, &inflow);
      for (int hold = kFree; hold < static_cast<int>(holds_.size()); ++hold) {
        const auto found = inflow.find({v, hold});
        if (found == inflow.end() || found->second == 0) continue;
        const BigInt grains = found->second;
        if (!asset.derivation)
          flowed.rest[{v, hold}] = grains;
        else
          PassOn(v, hold, grains, &inflow, &flowed);
      }
    }
    return flowed;
  }

  void CatchAt(std::size_t v, Pile* inflow) {
    for (std::size_t i = 0; i < holds_.size(); ++i) {
      if (holds_[i].derivation_of != v) continue;
      (*inflow)[{v, static_cast<int>(i)}] += (*inflow)[{v, kFree}];
      (*inflow)[{v, kFree}] = 0;
      return;
    }
  }

  void PassOn(std::size_t v, int hold, const BigInt& grains, Pile* inflow, Flowed* flowed) {
    const PlainDerivation& derivation = *lineage_.assets[v].derivation;
    std::map<Digest, PlainEdge> edges;
    BigInt denominator = BigInt(derivation.retained) + derivation.unattributed;
    for (const PlainEdge& edge : derivation.edges) {
      edges[lineage_.assets[edge.input].id] = edge;
      denominator += edge.weight;
    }
    BigInt cumulative = 0;
    for (const auto& [id, edge] : edges) {
      const BigInt before = grains * cumulative / denominator;
      cumulative += edge.weight;
      const BigInt part = grains * cumulative / denominator - before;
      if (part != 0) (*inflow)[{edge.input, hold}] += part;
    }
    const BigInt passed = grains * cumulative / denominator;
    const BigInt upstream = grains * (cumulative + derivation.unattributed) / denominator;
    flowed->unattributed[hold] += upstream - passed;
    flowed->rest[{v, hold}] += grains - upstream;
  }

  void Spread(const Flowed& flowed, const std::string& reason) {
    for (const auto& [hold, grains] : flowed.unattributed)
      Pay("unattributed", reason, hold, grains);
    for (const auto& [at, grains] : flowed.rest) {
      const PlainAsset& asset = lineage_.assets[at.first];
      const bool keeps =
          asset.derivation || asset.kind == AssetKind::kWork || asset.kind == AssetKind::kPrompt;
      if (keeps)
        Retained(at.first, reason, at.second, grains);
      else
        Undisclosed(at.first, reason, at.second, grains);
    }
  }

  int HeldAt(std::size_t v, int hold) const {
    for (std::size_t i = 0; i < holds_.size() && hold == kFree; ++i) {
      if (holds_[i].asset == v) hold = static_cast<int>(i);
    }
    return hold;
  }

  void Retained(std::size_t v, const std::string& reason, int hold, const BigInt& grains) {
    hold = HeldAt(v, hold);
    const PlainAsset& asset = lineage_.assets[v];
    const PlainAsset& sold = lineage_.assets[sale_.target];
    if (!asset.holders.empty()) return Divide(asset, reason, hold, grains);
    if (policy_.unclaimed == UnclaimedRule::kSoldAssetHolders && !sold.holders.empty()) {
      return Divide(sold, reason + "/unclaimed", HeldAt(sale_.target, hold), grains);
    }
    Pay("unclaimed:" + asset.id.ToHex(), reason, hold, grains);
  }

  void Undisclosed(std::size_t v, const std::string& reason, int hold, const BigInt& grains) {
    hold = HeldAt(v, hold);
    const PlainAsset& asset = lineage_.assets[v];
    const PlainAsset& sold = lineage_.assets[sale_.target];
    const bool to_own = policy_.undisclosed == UndisclosedRule::kAssetHolders;
    const bool to_sold = policy_.undisclosed == UndisclosedRule::kSoldAssetHolders;
    if (to_own && !asset.holders.empty()) {
      return Divide(asset, reason + "/undisclosed", hold, grains);
    }
    if (to_sold && !sold.holders.empty()) {
      return Divide(sold, reason + "/undisclosed", HeldAt(sale_.target, hold), grains);
    }
    Pay("undisclosed:" + asset.id.ToHex(), reason, hold, grains);
  }

  void Divide(const PlainAsset& asset, const std::string& reason, int hold, const BigInt& grains) {
    std::map<std::string, BigInt> units;
    BigInt sum = 0;
    for (const Holder& holder : asset.holders) {
      units[holder.party] = holder.units;
      sum += holder.units;
    }
    BigInt cumulative = 0;
    for (const auto& [party, held] : units) {
      const BigInt before = grains * cumulative / sum;
      cumulative += held;
      Pay("party:" + party, reason, hold, grains * cumulative / sum - before);
    }
  }

  void Pay(const std::string& payee, const std::string& reason, int hold, const BigInt& grains) {
    for (std::size_t i = 0; i < holds_.size() && hold == kFree; ++i) {
      if (!holds_[i].party.empty() && payee == "party:" + holds_[i].party) {
        hold = static_cast<int>(i);
      }
    }
    for (std::size_t i = holds_.size(); i > 0; --i) {
      if (holds_[i - 1].on_sale) hold = static_cast<int>(i - 1);
    }
    result_.lines[payee + "|" + reason + "|" + (hold == kFree ? "" : std::to_string(hold))] +=
        grains;
  }

  const PlainLineage& lineage_;
  const std::vector<ReferenceSale> sales_;
  const ReferenceSale& sale_;  // the only one, where the asset sold matters
  const PolicyRecord& policy_;
  const std::vector<ReferenceHold>& holds_;
  const std::vector<std::size_t> order_;
  std::map<Digest, std::pair<std::size_t, BigInt>> terms_;  // asset and grains
  ReferenceSplit result_;
};

}  // namespace

ReferenceSplit ReferenceSplitSales(const PlainLineage& lineage,
                                   const std::vector<ReferenceSale>& sales,
                                   const PolicyRecord& policy,
                                   const std::vector<ReferenceHold>& holds) {
  return Splitter(lineage, sales, policy, holds).Run();
}

ReferenceSplit ReferenceSplitSale(const PlainLineage& lineage, const ReferenceSale& sale,
                                  const PolicyRecord& policy,
                                  const std::vector<ReferenceHold>& holds) {
  return Splitter(lineage, {sale}, policy, holds).Run();
}

}  // namespace tributary::test
