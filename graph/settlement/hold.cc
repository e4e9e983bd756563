#include "graph/settlement/hold.h"

#include <algorithm>
#include <utility>

#include "graph/model/text.h"

namespace tributary {
namespace {

template <typename Map, typename Key>
std::optional<std::uint32_t> FindIn(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

HoldIndex::HoldIndex(std::span<const HoldView> holds, const LineageSubgraph& subgraph) {
  // By the asset that they generated, in the order of the list.
  absl::flat_hash_map<std::uint64_t, std::vector<std::uint32_t>> derivations;
  for (std::uint32_t i = 0; i < holds.size(); ++i) {
    const HoldView& hold = holds[i];
    switch (hold.subject) {
      case HoldSubject::kSale:
        if (!sale_.has_value()) sale_ = i;
        break;
      case HoldSubject::kDerivation:
        derivations[hold.asset.value].push_back(i);
        break;
      case HoldSubject::kAsset:
        assets_.try_emplace(hold.asset.value, i);
        break;
      case HoldSubject::kParty:
        parties_.try_emplace(hold.party, i);
        break;
    }
  }
  if (derivations.empty()) return;
  // A layer for each hold that is met, in the order of the list.
  const auto all = subgraph.derivations();
  std::vector<std::pair<std::uint32_t, std::size_t>> met;  // hold, derivation
  for (std::size_t d = 0; d < all.size(); ++d) {
    const auto of_asset = derivations.find(subgraph.asset(all[d].vertex).value);
    if (of_asset == derivations.end()) continue;
    for (const std::uint32_t hold : of_asset->second) {
      if (all[d].view.position < holds[hold].derivation) continue;
      met.emplace_back(hold, d);
      break;
    }
  }
  if (met.empty()) return;
  std::sort(met.begin(), met.end());
  catches_.resize(all.size());
  for (const auto& [hold, derivation] : met) {
    layers_.push_back(hold);
    catches_[derivation] = static_cast<Layer>(layers_.size());
  }
}

std::optional<std::uint32_t> HoldIndex::OfAsset(AssetNumber asset) const {
  if (assets_.empty()) return std::nullopt;
  return FindIn(assets_, asset.value);
}

std::optional<std::uint32_t> HoldIndex::OfParty(std::string_view party) const {
  if (parties_.empty()) return std::nullopt;
  return FindIn(parties_, ToAbsl(party));
}

}  // namespace tributary
