// A lineage in memory, written as a plain description, and a LineageReader over it.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/lineage/lineage_reader.h"

namespace tributary::test {

struct PlainEdge {
  std::size_t input = 0;  // index into PlainLineage::assets
  std::uint64_t weight = 0;
  Role role = Role::kTrainingData;
  Basis basis = Basis::kDeclared;
};

struct PlainDerivation {
  std::uint64_t retained = 0;
  std::uint64_t unattributed = 0;
  std::vector<PlainEdge> edges;  // in any order
};

struct PlainAsset {
  Digest id;
  AssetKind kind = AssetKind::kWork;
  std::optional<PlainDerivation> derivation;
  std::vector<Holder> holders;  // in any order
};

struct PlainLineage {
  std::vector<PlainAsset> assets;  // in any order of derivation
};

// A short id that reads well in failures: the byte `first` and zeros.
Digest TestId(std::uint8_t first);

// Reads a PlainLineage. Asset i has number 2i + 1, since real numbers have gaps too.
class MemoryLineageReader : public LineageReader {
 public:
  explicit MemoryLineageReader(const PlainLineage& lineage);

  static AssetNumber Number(std::size_t asset_index) { return {2 * asset_index + 1}; }
  // Of the derivation that generated asset i: between the assets' numbers.
  static LogPosition DerivationPosition(std::size_t asset_index) { return {2 * asset_index + 2}; }
  static std::size_t IndexOf(AssetNumber number) { return (number.value - 1) / 2; }

  TreeSize tree_size() const override { return {2 * lineage_.assets.size() + 1}; }
  absl::Status Classify(std::span<const AssetNumber> assets,
                        std::vector<AssetClass>* classes) const override;
  absl::Status ReadDerivations(std::span<const AssetNumber> assets, std::size_t edge_count_max,
                               std::vector<DerivationView>* derivations) const override;
  absl::Status ReadHolders(std::span<const AssetNumber> assets,
                           std::vector<HolderList>* holders) const override;
  absl::Status ReadAssetIds(std::span<const AssetNumber> assets,
                            std::vector<Digest>* ids) const override;
  absl::Status ReadConsumers(AssetNumber input, std::size_t count_max,
                             std::vector<AssetNumber>* generated) const override;

  // How often each method that reads a frontier was called.
  std::size_t classify_call_count() const { return classify_call_count_; }
  std::size_t derivations_call_count() const { return derivations_call_count_; }

 private:
  absl::Status Check(AssetNumber asset) const;

  const PlainLineage& lineage_;  // outlives the reader
  std::vector<DerivationView> derivations_;
  std::vector<std::vector<AssetNumber>> consumers_;
  mutable std::size_t classify_call_count_ = 0;
  mutable std::size_t derivations_call_count_ = 0;
};

}  // namespace tributary::test
