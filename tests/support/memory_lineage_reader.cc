#include "tests/support/memory_lineage_reader.h"

#include <algorithm>

#include "graph/lineage/limits.h"
#include "graph/model/status.h"

namespace tributary::test {
namespace {

DerivationView MakeView(const PlainLineage& lineage, const PlainDerivation& derivation,
                        LogPosition position) {
  std::vector<PlainEdge> sorted = derivation.edges;
  std::sort(sorted.begin(), sorted.end(), [&](const PlainEdge& a, const PlainEdge& b) {
    return lineage.assets[a.input].id < lineage.assets[b.input].id;
  });
  const auto edges = std::make_shared<EdgeList>();
  edges->inputs.reserve(sorted.size());
  edges->cumulative_weights.reserve(sorted.size());
  std::uint64_t weight_sum = 0;
  for (const PlainEdge& edge : sorted) {
    edges->inputs.push_back(MemoryLineageReader::Number(edge.input));
    edges->cumulative_weights.push_back(weight_sum += edge.weight);
    edges->roles.push_back(edge.role);
    edges->bases.push_back(edge.basis);
  }
  return {.position = position,
          .retained = derivation.retained,
          .unattributed = derivation.unattributed,
          .denominator = derivation.retained + derivation.unattributed + weight_sum,
          .edges = edges};
}

}  // namespace

Digest TestId(std::uint8_t first) {
  Digest id;
  id.bytes[0] = first;
  return id;
}

MemoryLineageReader::MemoryLineageReader(const PlainLineage& lineage)
    : lineage_(lineage), derivations_(lineage.assets.size()), consumers_(lineage.assets.size()) {
  for (std::size_t i = 0; i < lineage.assets.size(); ++i) {
    const auto& derivation = lineage.assets[i].derivation;
    if (!derivation) continue;
    derivations_[i] = MakeView(lineage, *derivation, DerivationPosition(i));
    for (const PlainEdge& edge : derivation->edges) consumers_[edge.input].push_back(Number(i));
  }
}

absl::Status MemoryLineageReader::Check(AssetNumber asset) const {
  if (asset.value % 2 == 1 && IndexOf(asset) < lineage_.assets.size()) return absl::OkStatus();
  return absl::InternalError(StrCat("no asset has number ", asset.value));
}

absl::Status MemoryLineageReader::Classify(std::span<const AssetNumber> assets,
                                           std::vector<AssetClass>* classes) const {
  ++classify_call_count_;
  classes->clear();
  for (const AssetNumber asset : assets) {
    TRIBUTARY_RETURN_IF_ERROR(Check(asset));
    const PlainAsset& plain = lineage_.assets[IndexOf(asset)];
    classes->push_back({plain.kind, plain.derivation.has_value(), !plain.holders.empty()});
  }
  return absl::OkStatus();
}

absl::Status MemoryLineageReader::ReadDerivations(std::span<const AssetNumber> assets,
                                                  std::size_t edge_count_max,
                                                  std::vector<DerivationView>* derivations) const {
  ++derivations_call_count_;
  derivations->clear();
  std::size_t edge_count = 0;
  for (const AssetNumber asset : assets) {
    TRIBUTARY_RETURN_IF_ERROR(Check(asset));
    derivations->push_back(derivations_[IndexOf(asset)]);
    edge_count += derivations->back().edges->count();
  }
  if (edge_count > edge_count_max) return LimitMet("edge_count_max", edge_count, edge_count_max);
  return absl::OkStatus();
}

absl::Status MemoryLineageReader::ReadHolders(std::span<const AssetNumber> assets,
                                              std::vector<HolderList>* holders) const {
  holders->clear();
  for (const AssetNumber asset : assets) {
    TRIBUTARY_RETURN_IF_ERROR(Check(asset));
    std::vector<Holder> sorted = lineage_.assets[IndexOf(asset)].holders;
    std::sort(sorted.begin(), sorted.end(),
              [](const Holder& a, const Holder& b) { return a.party < b.party; });
    holders->push_back(
        sorted.empty() ? nullptr : std::make_shared<const std::vector<Holder>>(std::move(sorted)));
  }
  return absl::OkStatus();
}

absl::Status MemoryLineageReader::ReadAssetIds(std::span<const AssetNumber> assets,
                                               std::vector<Digest>* ids) const {
  ids->clear();
  for (const AssetNumber asset : assets) {
    TRIBUTARY_RETURN_IF_ERROR(Check(asset));
    ids->push_back(lineage_.assets[IndexOf(asset)].id);
  }
  return absl::OkStatus();
}

absl::Status MemoryLineageReader::ReadConsumers(AssetNumber input, std::size_t count_max,
                                                std::vector<AssetNumber>* generated) const {
  TRIBUTARY_RETURN_IF_ERROR(Check(input));
  const auto& consumers = consumers_[IndexOf(input)];
  if (consumers.size() > count_max) {
    return FieldError(absl::StatusCode::kResourceExhausted, "count_max",
                      StrCat(consumers.size(), " consumers"), StrCat("at most ", count_max));
  }
  *generated = consumers;
  return absl::OkStatus();
}

}  // namespace tributary::test
