#include "tests/support/reference_attribution.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace tributary::test {
namespace {

// Inputs and weights of one derivation in ascending order of input asset id.
std::vector<PlainEdge> EdgesById(const PlainLineage& lineage, const PlainDerivation& derivation) {
  std::map<Digest, PlainEdge> by_id;
  for (const PlainEdge& edge : derivation.edges) by_id.emplace(lineage.assets[edge.input].id, edge);
  std::vector<PlainEdge> edges;
  for (const auto& [id, edge] : by_id) edges.push_back(edge);
  return edges;
}

BigInt Denominator(const PlainDerivation& derivation) {
  BigInt sum = derivation.retained;
  sum += derivation.unattributed;
  for (const PlainEdge& edge : derivation.edges) sum += edge.weight;
  return sum;
}

bool RetainsWithoutDerivation(AssetKind kind) {
  return kind == AssetKind::kWork || kind == AssetKind::kPrompt;
}

}  // namespace

std::vector<std::size_t> ReferenceOrder(const PlainLineage& lineage, std::size_t target) {
  // How many derivations of reached assets still have to be visited before each asset.
  std::vector<std::size_t> open(lineage.assets.size());
  std::set<std::size_t> reached = {target};
  for (std::vector<std::size_t> work = {target}; !work.empty();) {
    const std::size_t asset = work.back();
    work.pop_back();
    if (!lineage.assets[asset].derivation) continue;
    for (const PlainEdge& edge : lineage.assets[asset].derivation->edges) {
      ++open[edge.input];
      if (reached.insert(edge.input).second) work.push_back(edge.input);
    }
  }
  std::vector<std::size_t> order;
  for (std::vector<std::size_t> ready = {target}; !ready.empty();) {
    const std::size_t asset = ready.back();
    ready.pop_back();
    order.push_back(asset);
    if (!lineage.assets[asset].derivation) continue;
    for (const PlainEdge& edge : lineage.assets[asset].derivation->edges) {
      if (--open[edge.input] == 0) ready.push_back(edge.input);
    }
  }
  return order;
}

ReferenceAttribution ReferenceAttribute(const PlainLineage& lineage, std::size_t target,
                                        const BigInt& placed) {
  const std::size_t count = lineage.assets.size();
  ReferenceAttribution result{std::vector<BigInt>(count), std::vector<BigInt>(count),
                              std::vector<BigInt>(count), 0, std::vector<bool>(count)};
  result.inflow[target] = placed;
  for (const std::size_t v : ReferenceOrder(lineage, target)) {
    const PlainAsset& asset = lineage.assets[v];
    const BigInt& inflow = result.inflow[v];
    result.is_reached[v] = true;
    if (!asset.derivation) {
      (RetainsWithoutDerivation(asset.kind) ? result.retained : result.undisclosed)[v] = inflow;
      continue;
    }
    const BigInt denominator = Denominator(*asset.derivation);
    BigInt cumulative = 0;
    BigInt retained = inflow;
    for (const PlainEdge& edge : EdgesById(lineage, *asset.derivation)) {
      const BigInt before = cumulative;
      cumulative += edge.weight;
      const BigInt part = inflow * cumulative / denominator - inflow * before / denominator;
      result.inflow[edge.input] += part;
      retained -= part;
    }
    const BigInt unattributed =
        inflow * (cumulative + asset.derivation->unattributed) / denominator -
        inflow * cumulative / denominator;
    result.unattributed += unattributed;
    result.retained[v] = retained - unattributed;
  }
  return result;
}

ReferenceFractions ReferenceExactShares(const PlainLineage& lineage, std::size_t target,
                                        const BigInt& placed) {
  const std::size_t count = lineage.assets.size();
  ReferenceFractions result{std::vector<BigRational>(count), std::vector<BigRational>(count), 0};
  result.inflow[target] = placed;
  for (const std::size_t v : ReferenceOrder(lineage, target)) {
    const PlainAsset& asset = lineage.assets[v];
    if (!asset.derivation) {
      if (RetainsWithoutDerivation(asset.kind)) result.retained[v] = result.inflow[v];
      continue;
    }
    const BigRational unit = result.inflow[v] / BigRational(Denominator(*asset.derivation));
    for (const PlainEdge& edge : asset.derivation->edges) {
      result.inflow[edge.input] += unit * edge.weight;
    }
    result.unattributed += unit * asset.derivation->unattributed;
    result.retained[v] = unit * asset.derivation->retained;
  }
  return result;
}

std::map<std::string, BigInt> ReferencePayees(const PlainLineage& lineage,
                                              const ReferenceAttribution& attribution) {
  std::map<std::string, BigInt> lines;
  lines["unattributed"] = attribution.unattributed;
  for (std::size_t v = 0; v < lineage.assets.size(); ++v) {
    const PlainAsset& asset = lineage.assets[v];
    lines["undisclosed:" + asset.id.ToHex()] += attribution.undisclosed[v];
    if (asset.holders.empty()) {
      lines["unclaimed:" + asset.id.ToHex()] += attribution.retained[v];
      continue;
    }
    std::map<std::string, BigInt> units;
    BigInt unit_sum = 0;
    for (const Holder& holder : asset.holders) {
      units[holder.party] = holder.units;
      unit_sum += holder.units;
    }
    BigInt cumulative = 0;
    for (const auto& [party, held] : units) {
      const BigInt before = cumulative;
      cumulative += held;
      lines["party:" + party] += attribution.retained[v] * cumulative / unit_sum -
                                 attribution.retained[v] * before / unit_sum;
    }
  }
  std::erase_if(lines, [](const auto& line) { return line.second == 0; });
  return lines;
}

std::map<std::string, BigInt> ReferenceQuote(const PlainLineage& lineage, std::size_t target,
                                             const BigInt& amount, unsigned fraction_bits) {
  const BigInt unit = BigInt(1) << fraction_bits;
  const auto grains =
      ReferencePayees(lineage, ReferenceAttribute(lineage, target, BigInt(amount * unit)));
  std::map<std::string, BigInt> minor_units;
  BigInt missing = amount;
  // Ascending: the most negative rounded remainder, that is the largest, then the smaller key.
  std::set<std::pair<BigInt, std::string>> by_remainder;
  for (const auto& [payee, flow] : grains) {
    minor_units[payee] = flow / unit;
    missing -= flow / unit;
    const BigInt rounded = (flow % unit * 65536 + unit / 2) / unit;
    by_remainder.emplace(-rounded, payee);
  }
  for (const auto& [remainder, payee] : by_remainder) {
    if (missing == 0) break;
    ++minor_units[payee];
    --missing;
  }
  return minor_units;
}

}  // namespace tributary::test
