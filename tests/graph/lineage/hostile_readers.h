// Lineages too large to write down, made up as they are read.

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "graph/lineage/lineage_reader.h"

namespace tributary::test {

inline DerivationView MakeView(std::uint64_t retained, std::shared_ptr<const EdgeList> edges) {
  const std::uint64_t sum = edges->count() == 0 ? 0 : edges->cumulative_weights.back();
  return {{}, retained, /*unattributed=*/0, retained + sum, std::move(edges)};
}

// Asset numbers are all there is: ids are their big-endian bytes, and nobody holds anything.
class NumberedReader : public LineageReader {
 public:
  absl::Status ReadHolders(std::span<const AssetNumber> assets,
                           std::vector<HolderList>* holders) const override {
    holders->assign(assets.size(), {});
    return absl::OkStatus();
  }

  absl::Status ReadAssetIds(std::span<const AssetNumber> assets,
                            std::vector<Digest>* ids) const override {
    ids->assign(assets.size(), {});
    for (std::size_t i = 0; i < assets.size(); ++i) {
      for (std::size_t byte = 0; byte < 8; ++byte) {
        (*ids)[i].bytes[byte] = static_cast<std::uint8_t>(assets[i].value >> (56 - 8 * byte));
      }
    }
    return absl::OkStatus();
  }
};

// Asset i is derived from asset i - 1 and keeps half; asset 0 is a work.
class ChainReader : public NumberedReader {
 public:
  explicit ChainReader(std::uint64_t derivation_count) : derivation_count_(derivation_count) {}

  AssetNumber last() const { return {derivation_count_}; }
  TreeSize tree_size() const override { return {derivation_count_ + 1}; }

  absl::Status Classify(std::span<const AssetNumber> assets,
                        std::vector<AssetClass>* classes) const override {
    classes->clear();
    for (const AssetNumber asset : assets) {
      classes->push_back({AssetKind::kWork, asset.value > 0, false});
    }
    return absl::OkStatus();
  }

  absl::Status ReadDerivations(std::span<const AssetNumber> assets, std::size_t /*edge_count_max*/,
                               std::vector<DerivationView>* derivations) const override {
    derivations->clear();
    for (const AssetNumber asset : assets) {
      const auto edges = std::make_shared<EdgeList>();
      *edges = {{{asset.value - 1}}, {1}, {Role::kBaseModel}, {Basis::kDeclared}};
      derivations->push_back(MakeView(/*retained=*/1, edges));
    }
    return absl::OkStatus();
  }

  absl::Status ReadConsumers(AssetNumber input, std::size_t,
                             std::vector<AssetNumber>* generated) const override {
    generated->clear();
    if (input.value < derivation_count_) generated->push_back({input.value + 1});
    return absl::OkStatus();
  }

 private:
  std::uint64_t derivation_count_;
};

// Asset `input_count` is derived from all assets below it with equal weights. The first of them has
// as many consumers: assets above.
class WideReader : public NumberedReader {
 public:
  explicit WideReader(std::uint64_t input_count) : input_count_(input_count) {
    const auto edges = std::make_shared<EdgeList>();
    edges->inputs.reserve(input_count);
    edges->cumulative_weights.reserve(input_count);
    for (std::uint64_t i = 0; i < input_count; ++i) {
      edges->inputs.push_back({i});
      edges->cumulative_weights.push_back(i + 1);
    }
    edges->roles.assign(input_count, Role::kTrainingData);
    edges->bases.assign(input_count, Basis::kDeclared);
    edges_ = edges;
  }

  AssetNumber pool() const { return {input_count_}; }
  static AssetNumber hub() { return {0}; }
  TreeSize tree_size() const override { return {2 * input_count_ + 1}; }

  absl::Status Classify(std::span<const AssetNumber> assets,
                        std::vector<AssetClass>* classes) const override {
    classes->assign(assets.size(), {AssetKind::kWork, false, false});
    for (std::size_t i = 0; i < assets.size(); ++i) {
      (*classes)[i].is_derived = assets[i] == pool();
    }
    return absl::OkStatus();
  }

  absl::Status ReadDerivations(std::span<const AssetNumber> assets, std::size_t /*edge_count_max*/,
                               std::vector<DerivationView>* derivations) const override {
    derivations->assign(assets.size(), MakeView(/*retained=*/0, edges_));
    return absl::OkStatus();
  }

  absl::Status ReadConsumers(AssetNumber input, std::size_t count_max,
                             std::vector<AssetNumber>* generated) const override {
    generated->clear();
    if (input != hub()) return absl::OkStatus();
    if (input_count_ > count_max) return absl::ResourceExhaustedError("count_max");
    for (std::uint64_t i = 0; i < input_count_; ++i) generated->push_back({input_count_ + 1 + i});
    return absl::OkStatus();
  }

 private:
  std::uint64_t input_count_;
  std::shared_ptr<const EdgeList> edges_;
};

// Cancels its token on one read, chosen by count, and passes all else on.
class CancellingReader : public LineageReader {
 public:
  CancellingReader(const LineageReader& reader, CancelToken* token, std::size_t at_read)
      : reader_(reader), token_(token), at_read_(at_read) {}

  std::size_t read_count() const { return read_count_; }

  TreeSize tree_size() const override { return reader_.tree_size(); }
  absl::Status Classify(std::span<const AssetNumber> assets,
                        std::vector<AssetClass>* classes) const override {
    CountRead();
    return reader_.Classify(assets, classes);
  }
  absl::Status ReadDerivations(std::span<const AssetNumber> assets, std::size_t edge_count_max,
                               std::vector<DerivationView>* derivations) const override {
    CountRead();
    return reader_.ReadDerivations(assets, edge_count_max, derivations);
  }
  absl::Status ReadHolders(std::span<const AssetNumber> assets,
                           std::vector<HolderList>* holders) const override {
    CountRead();
    return reader_.ReadHolders(assets, holders);
  }
  absl::Status ReadAssetIds(std::span<const AssetNumber> assets,
                            std::vector<Digest>* ids) const override {
    CountRead();
    return reader_.ReadAssetIds(assets, ids);
  }
  absl::Status ReadConsumers(AssetNumber input, std::size_t count_max,
                             std::vector<AssetNumber>* generated) const override {
    CountRead();
    return reader_.ReadConsumers(input, count_max, generated);
  }

 private:
  void CountRead() const {
    if (++read_count_ == at_read_) token_->Cancel();
  }

  const LineageReader& reader_;
  CancelToken* token_;
  std::size_t at_read_;
  mutable std::size_t read_count_ = 0;
};

}  // namespace tributary::test
