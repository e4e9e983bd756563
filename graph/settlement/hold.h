// Disputed money: which grains of a sale accrue to a hold's line instead of their payee's.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "graph/lineage/subgraph.h"
#include "graph/settlement/flow.h"

namespace tributary {

enum class HoldSubject : std::uint8_t { kSale = 0, kDerivation, kAsset, kParty };

// A hold in force, its subject as this ledger numbers it.
struct HoldView {
  HoldSubject subject = HoldSubject::kSale;
  AssetNumber asset = {};       // kAsset; kDerivation: that it generated
  LogPosition derivation = {};  // kDerivation: of the record that is named
  std::string party = {};       // kParty
};

// Which grains of one sale are held, and by which hold: a grain by the first that it meets on its
// way, and the first in the list of those that it meets at the same place.
//
//   kSale        all lines of the sale, fees too; such a hold must be of this very sale
//   kDerivation  all that reaches the asset which it generated, wherever upstream it comes to rest,
//                where that derivation counts or one that superseded it: a new record of the same
//                asset does not settle the dispute
//   kAsset       what the asset keeps, its undisclosed part, its absolute terms, and what a policy
//                gives its holders because it was sold; not what passes through it
//   kParty       what would be paid to the party, fees too
//
// A hold whose subject is not in the subgraph holds nothing. Indices are into the list given.
class HoldIndex {
 public:
  HoldIndex(std::span<const HoldView> holds, const LineageSubgraph& subgraph);

  // The hold on the sale itself, which takes everything.
  std::optional<std::uint32_t> sale() const { return sale_; }
  std::optional<std::uint32_t> OfAsset(AssetNumber asset) const;
  std::optional<std::uint32_t> OfParty(std::string_view party) const;

  // Layer 0 is held by none; the others are in the order of their holds.
  std::optional<std::uint32_t> OfLayer(Layer layer) const {
    return layer == 0 ? std::nullopt : std::optional(layers_[layer - 1]);
  }
  // For FlowGrains. The span lives as long as the index.
  Catches catches() const { return catches_; }

 private:
  std::optional<std::uint32_t> sale_;
  absl::flat_hash_map<std::uint64_t, std::uint32_t> assets_;
  absl::flat_hash_map<std::string, std::uint32_t> parties_;
  std::vector<std::uint32_t> layers_;  // hold by layer - 1
  std::vector<Layer> catches_;         // by derivation of the subgraph; empty if none catches
};

}  // namespace tributary
