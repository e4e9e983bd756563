#include "tests/support/random_lineage.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>
#include <string>

#include "tests/support/reference_attribution.h"

namespace tributary::test {
namespace {

Digest RandomId(Rng& rng) {
  Digest id;
  for (std::size_t i = 0; i < kDigestSize; i += 8) {
    const std::uint64_t word = rng();
    std::memcpy(id.bytes.data() + i, &word, sizeof(word));
  }
  return id;
}

enum class Shape { kLoose, kLadder, kWide, kChain, kLayers };

Shape RandomShape(Rng& rng) {
  const std::uint64_t pick = rng.Below(100);
  if (pick < 72) return Shape::kLoose;
  if (pick < 82) return Shape::kLadder;
  if (pick < 87) return Shape::kWide;
  if (pick < 93) return Shape::kChain;
  return Shape::kLayers;
}

// Asset 0 will be the target; edges lead to higher indices. `links[i]` are the inputs of asset i.
using Links = std::vector<std::vector<std::size_t>>;

Links LooseLinks(Rng& rng) {
  Links links(rng.Between(1, 9));
  for (std::size_t i = 0; i + 1 < links.size(); ++i) {
    if (i > 0 && rng.OneIn(3)) continue;
    for (std::size_t input = i + 1; input < links.size(); ++input) {
      if (rng.OneIn(2)) links[i].push_back(input);
    }
  }
  return links;
}

// A row of diamonds: from 2 to 64 of them, mostly few.
Links LadderLinks(Rng& rng) {
  const std::size_t rungs = rng.OneIn(20) ? rng.Between(10, 64) : rng.Between(2, 6);
  Links links(3 * rungs + 1);
  for (std::size_t i = 0; i + 3 < links.size(); i += 3) {
    links[i] = {i + 1, i + 2};
    links[i + 1] = {i + 3};
    links[i + 2] = {i + 3};
  }
  return links;
}

Links WideLinks(Rng& rng) {
  Links links(rng.Between(17, 48));
  for (std::size_t input = 1; input < links.size(); ++input) links[0].push_back(input);
  // A second wide one over half of the same inputs.
  for (std::size_t input = 2; input < links.size(); input += 2) links[1].push_back(input);
  return links;
}

Links ChainLinks(Rng& rng) {
  Links links(rng.Between(13, 30));
  for (std::size_t i = 0; i + 1 < links.size(); ++i) {
    links[i].push_back(i + 1);
    if (rng.OneIn(8) && i + 2 < links.size()) links[i].push_back(i + 2);
  }
  return links;
}

Links LayerLinks(Rng& rng) {
  const std::size_t width = rng.Between(2, 4);
  const std::size_t depth = rng.Between(2, 4);
  Links links(1 + width * depth);
  for (std::size_t input = 1; input <= width; ++input) links[0].push_back(input);
  for (std::size_t i = 1; i + width < links.size(); ++i) {
    const std::size_t next_layer = 1 + ((i - 1) / width + 1) * width;
    for (std::size_t k = 0; k < width; ++k) links[i].push_back(next_layer + k);
  }
  return links;
}

Links RandomLinks(Rng& rng) {
  switch (RandomShape(rng)) {
    case Shape::kLadder:
      return LadderLinks(rng);
    case Shape::kWide:
      return WideLinks(rng);
    case Shape::kChain:
      return ChainLinks(rng);
    case Shape::kLayers:
      return LayerLinks(rng);
    case Shape::kLoose:
      break;
  }
  return LooseLinks(rng);
}

// Draws weights one by one; all that one derivation draws stays below 2^63.
class WeightSource {
 public:
  WeightSource(Rng& rng, std::size_t draw_count) : rng_(rng), style_(rng.Below(6)) {
    equal_ = rng.Between(1, 7);
    huge_max_ = kWeightSumMax / std::max<std::size_t>(draw_count, 1);
  }

  std::uint64_t Draw() {
    switch (style_) {
      case 0:
        return rng_.Below(4);  // many zeros
      case 1:
        return equal_;
      case 2:
        return huge_max_ - rng_.Below(3);
      case 3:
        return rng_.OneIn(2) ? rng_.Below(huge_max_) : rng_.Below(3);
      default:
        return rng_.Below(1000);
    }
  }

 private:
  Rng& rng_;
  std::uint64_t style_;
  std::uint64_t equal_;
  std::uint64_t huge_max_;
};

PlainDerivation RandomDerivation(Rng& rng, const std::vector<std::size_t>& inputs) {
  PlainDerivation derivation;
  if (inputs.size() == 1 && rng.OneIn(4)) {
    derivation.edges.push_back({.input = inputs[0], .weight = 1});  // a pass-through
    return derivation;
  }
  WeightSource weights(rng, inputs.size() + 2);
  std::uint64_t sum = 0;
  for (const std::size_t input : inputs) {
    derivation.edges.push_back({.input = input, .weight = weights.Draw()});
    sum += derivation.edges.back().weight;
  }
  if (rng.OneIn(2)) derivation.retained = weights.Draw();
  if (rng.OneIn(4) && !inputs.empty()) derivation.unattributed = weights.Draw();
  if (sum + derivation.retained + derivation.unattributed == 0) derivation.retained = 1;
  return derivation;
}

std::vector<Holder> RandomHolders(Rng& rng) {
  std::vector<Holder> holders;
  if (rng.OneIn(3)) return holders;
  const std::size_t first = rng.Below(8);
  const std::size_t count = rng.Between(1, 3);
  WeightSource units(rng, count);
  for (std::size_t i = 0; i < count; ++i) {
    holders.push_back(
        {"party-" + std::to_string((first + 3 * i) % 8), std::max<std::uint64_t>(units.Draw(), 1)});
  }
  return holders;
}

}  // namespace

RandomCase RandomLineage(Rng& rng) {
  const Links links = RandomLinks(rng);
  const bool reversed = rng.OneIn(2);  // whether inputs have lower or higher asset numbers
  const auto place = [&](std::size_t i) { return reversed ? links.size() - 1 - i : i; };
  RandomCase result;
  result.target = place(0);
  result.lineage.assets.resize(links.size());
  for (std::size_t i = 0; i < links.size(); ++i) {
    PlainAsset& asset = result.lineage.assets[place(i)];
    asset.id = RandomId(rng);
    asset.kind = static_cast<AssetKind>(rng.OneIn(2) ? 0 : rng.Below(kAssetKindCount));
    asset.holders = RandomHolders(rng);
    std::vector<std::size_t> inputs;
    for (const std::size_t input : links[i]) inputs.push_back(place(input));
    if (!inputs.empty() || rng.OneIn(8)) asset.derivation = RandomDerivation(rng, inputs);
  }
  return result;
}

std::string_view ToName(LineageClass lineage_class) {
  constexpr std::array<std::string_view, kLineageClassCount> kNames = {
      "diamond",       "wide fan-in", "deep chain",   "ladder",      "equal remainders",
      "shared holder", "retained",    "unattributed", "zero weight", "huge weights",
      "undisclosed",   "origin",      "pass-through"};
  return kNames[static_cast<std::size_t>(lineage_class)];
}

namespace {

void ClassifyDerivation(const PlainDerivation& derivation, LineageClasses& classes) {
  const auto mark = [&](LineageClass c, bool holds) {
    classes[static_cast<std::size_t>(c)] |= holds;
  };
  std::uint64_t denominator = derivation.retained + derivation.unattributed;
  for (const PlainEdge& edge : derivation.edges) denominator += edge.weight;
  // The flow is mostly even, so only the odd part of the denominator leaves remainders for sure.
  const std::uint64_t odd = denominator >> std::countr_zero(denominator);
  std::set<std::uint64_t> weights;
  for (const PlainEdge& edge : derivation.edges) {
    mark(LineageClass::kZeroWeight, edge.weight == 0);
    mark(LineageClass::kEqualRemainders,
         edge.weight % odd != 0 && !weights.insert(edge.weight).second);
  }
  mark(LineageClass::kWideFanIn, derivation.edges.size() >= 16);
  mark(LineageClass::kRetained, derivation.retained > 0);
  mark(LineageClass::kUnattributed, derivation.unattributed > 0);
  mark(LineageClass::kHugeWeights, denominator >= std::uint64_t{1} << 62);
  mark(LineageClass::kOrigin, derivation.edges.empty());
  mark(LineageClass::kPassThrough,
       derivation.edges.size() == 1 && denominator == 1 && derivation.edges[0].weight == 1);
}

}  // namespace

LineageClasses ClassesOf(const PlainLineage& lineage, std::size_t target) {
  LineageClasses classes{};
  const auto mark = [&](LineageClass c, bool holds) {
    classes[static_cast<std::size_t>(c)] |= holds;
  };
  std::vector<std::size_t> consumer_count(lineage.assets.size());
  std::vector<std::size_t> depth(lineage.assets.size());
  std::vector<std::uint64_t> path_count(lineage.assets.size());
  std::set<std::string> parties;
  path_count[target] = 1;
  for (const std::size_t v : ReferenceOrder(lineage, target)) {
    const PlainAsset& asset = lineage.assets[v];
    mark(LineageClass::kDiamond, consumer_count[v] >= 2);
    mark(LineageClass::kDeepChain, depth[v] >= 12);
    mark(LineageClass::kLadder, path_count[v] >= 8);
    for (const Holder& holder : asset.holders) {
      mark(LineageClass::kSharedHolder, !parties.insert(holder.party).second);
    }
    if (!asset.derivation) {
      mark(LineageClass::kUndisclosed,
           asset.kind != AssetKind::kWork && asset.kind != AssetKind::kPrompt);
      continue;
    }
    ClassifyDerivation(*asset.derivation, classes);
    for (const PlainEdge& edge : asset.derivation->edges) {
      ++consumer_count[edge.input];
      depth[edge.input] = std::max(depth[edge.input], depth[v] + 1);
      path_count[edge.input] = std::min<std::uint64_t>(path_count[edge.input] + path_count[v], 8);
    }
  }
  return classes;
}

}  // namespace tributary::test
