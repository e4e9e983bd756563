#include "tests/graph/settlement/sale_cases.h"

#include <algorithm>

#include "graph/model/check.h"

namespace tributary::test {
namespace {

Uint128 FromBigInt(const BigInt& value) {
  return (Uint128{static_cast<std::uint64_t>(value >> 64)} << 64) |
         static_cast<std::uint64_t>(value & ~std::uint64_t{0});
}

std::vector<BoundTerm> Bind(const PlainLineage& lineage, const PolicyRecord& policy) {
  std::vector<BoundTerm> terms;
  for (const AbsoluteTerm& term : policy.absolute_terms) {
    for (std::size_t i = 0; i < lineage.assets.size(); ++i) {
      if (lineage.assets[i].id != term.asset) continue;
      terms.push_back({MemoryLineageReader::Number(i), term.asset, term.ppm});
    }
  }
  return terms;
}

HoldView ViewOf(const ReferenceHold& hold) {
  if (hold.on_sale) return {};
  if (hold.asset) {
    return {.subject = HoldSubject::kAsset, .asset = MemoryLineageReader::Number(*hold.asset)};
  }
  if (hold.derivation_of) {
    return {.subject = HoldSubject::kDerivation,
            .asset = MemoryLineageReader::Number(*hold.derivation_of),
            .derivation = MemoryLineageReader::DerivationPosition(*hold.derivation_of)};
  }
  return {.subject = HoldSubject::kParty, .party = hold.party};
}

std::string RandomParty(Rng& rng) { return "party-" + std::to_string(rng.Below(9)); }

std::uint64_t RandomPpm(Rng& rng, std::uint64_t max) {
  return rng.OneIn(4) ? max : rng.Between(1, max);
}

std::vector<Fee> RandomFees(Rng& rng) {
  std::vector<Fee> fees;
  for (std::uint64_t i = rng.OneIn(2) ? 0 : rng.Between(1, 3); i > 0; --i) {
    Fee fee{.party = RandomParty(rng), .label = rng.OneIn(2) ? "" : "fee " + std::to_string(i)};
    if (rng.OneIn(2)) {
      fee.ppm = RandomPpm(rng, 300'000);
    } else {
      fee.fixed = {rng.Between(1, rng.OneIn(6) ? 3'000 : 30)};
      fee.currency = rng.OneIn(4) ? "JPY" : "EUR";
    }
    fees.push_back(fee);
  }
  return fees;
}

std::vector<AbsoluteTerm> RandomTerms(Rng& rng, const PlainLineage& lineage) {
  std::map<Digest, std::uint64_t> terms;
  for (std::uint64_t i = rng.OneIn(2) ? 0 : rng.Between(1, 4); i > 0; --i) {
    const Digest id =
        rng.OneIn(8) ? Sha256("elsewhere") : lineage.assets[rng.Below(lineage.assets.size())].id;
    terms[id] = RandomPpm(rng, rng.OneIn(6) ? 500'000 : 100'000);
  }
  std::vector<AbsoluteTerm> list;
  for (const auto& [id, ppm] : terms) list.push_back({id, ppm});
  return list;
}

std::vector<RoleFloor> RandomFloors(Rng& rng) {
  std::vector<RoleFloor> floors;
  for (std::size_t role = 0; role < 4 && rng.OneIn(2); ++role) {
    if (rng.OneIn(2)) floors.push_back({static_cast<Role>(role), RandomPpm(rng, 250'000)});
  }
  return floors;
}

std::vector<ReferenceHold> RandomHolds(Rng& rng, const PlainLineage& lineage) {
  std::vector<ReferenceHold> holds;
  for (std::uint64_t i = rng.OneIn(2) ? 0 : rng.Between(1, 4); i > 0; --i) {
    ReferenceHold hold;
    const std::size_t asset = rng.Below(lineage.assets.size());
    if (rng.OneIn(16))
      hold.on_sale = true;
    else if (rng.OneIn(4))
      hold.party = RandomParty(rng);
    else if (rng.OneIn(2))
      hold.asset = asset;
    else
      hold.derivation_of = asset;
    holds.push_back(hold);
  }
  return holds;
}

}  // namespace

absl::StatusOr<SaleSplit> Split(const SaleCase& given, const SplitLimits& limits) {
  const MemoryLineageReader reader(given.lineage);
  const auto subgraph = CollectUpstream(reader, MemoryLineageReader::Number(given.sale.target));
  if (!subgraph.ok()) return subgraph.status();
  const SaleTerms sale{{FromBigInt(given.sale.amount)},
                       static_cast<std::uint64_t>(given.sale.sale_count),
                       given.sale.currency,
                       given.sale.fraction_bits};
  std::vector<HoldView> holds;
  for (const ReferenceHold& hold : given.holds) holds.push_back(ViewOf(hold));
  return SplitSale(reader, *subgraph, sale, {&given.policy, Bind(given.lineage, given.policy)},
                   holds, limits);
}

std::map<std::string, BigInt> LinesOf(const SaleSplit& split) {
  std::map<std::string, BigInt> lines;
  for (const SaleLine& line : split.lines) {
    const std::string key = line.payee.Key() + "|" + line.reason.Text() + "|" +
                            (line.hold ? std::to_string(*line.hold) : "");
    TRIBUTARY_CHECK(lines.emplace(key, ToBigInt(line.grains)).second);
  }
  return lines;
}

SaleCase RandomSaleCase(Rng& rng) {
  RandomCase random = RandomLineage(rng);
  for (PlainAsset& asset : random.lineage.assets) {
    if (!asset.derivation) continue;
    for (PlainEdge& edge : asset.derivation->edges) edge.role = static_cast<Role>(rng.Below(5));
  }
  SaleCase made;
  made.lineage = std::move(random.lineage);
  made.sale.target = random.target;
  made.sale.fraction_bits = static_cast<unsigned>(rng.Between(1, 64));
  const Uint128 any = Uint128{rng()} << 64 | rng();
  made.sale.amount = rng.OneIn(2) ? BigInt(1 + rng.Below(50'000))
                                  : ToBigInt(any >> rng.Between(made.sale.fraction_bits + 1, 127));
  made.sale.amount =
      std::min(made.sale.amount, BigInt((BigInt(1) << (127 - made.sale.fraction_bits)) - 1));
  made.sale.sale_count = rng.OneIn(3) ? rng.Between(1, 40) : 1;
  made.sale.currency = "EUR";
  made.policy.name = "random";
  made.policy.fees = RandomFees(rng);
  made.policy.absolute_terms = RandomTerms(rng, made.lineage);
  made.policy.floors = RandomFloors(rng);
  made.policy.undisclosed = static_cast<UndisclosedRule>(rng.Below(3));
  made.policy.unclaimed = static_cast<UnclaimedRule>(rng.Below(2));
  made.holds = RandomHolds(rng, made.lineage);
  return made;
}

PlainLineage Story(std::vector<PlainAsset> assets) {
  for (std::size_t i = 0; i < assets.size(); ++i) {
    assets[i].id = TestId(static_cast<std::uint8_t>(i));
  }
  return {std::move(assets)};
}

PlainAsset Made(AssetKind kind, std::string holder, std::uint64_t kept,
                std::vector<PlainEdge> edges, std::uint64_t unattributed) {
  PlainAsset asset{{}, kind, PlainDerivation{kept, unattributed, std::move(edges)}, {}};
  if (!holder.empty()) asset.holders.push_back({std::move(holder), 1});
  return asset;
}

PlainAsset Source(AssetKind kind, std::string holder) {
  PlainAsset asset{{}, kind, {}, {}};
  if (!holder.empty()) asset.holders.push_back({std::move(holder), 1});
  return asset;
}

}  // namespace tributary::test
