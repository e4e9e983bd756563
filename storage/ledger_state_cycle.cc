// The cycle test of a derivation, over the state as it stands.

#include <algorithm>

#include "graph/lineage/reachability.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "storage/ledger_state.h"

namespace tributary {

// Lineage in force after all facts applied so far. Holders and ids are no business of a cycle test.
class LedgerState::Reader final : public LineageReader {
 public:
  explicit Reader(LedgerState* state) : state_(state) {}

  TreeSize tree_size() const override { return state_->head_.tree_size; }

  absl::Status Classify(std::span<const AssetNumber> assets,
                        std::vector<AssetClass>* classes) const override {
    classes->clear();
    for (const AssetNumber asset : assets) {
      TRIBUTARY_ASSIGN_OR_RETURN(const AssetStateRow row, state_->GetAsset(asset));
      classes->push_back({row.kind, row.derivation.count > 0, row.holders.count > 0});
    }
    return absl::OkStatus();
  }

  absl::Status ReadDerivations(std::span<const AssetNumber> assets, std::size_t /*edge_count_max*/,
                               std::vector<DerivationView>* derivations) const override {
    derivations->clear();
    for (const AssetNumber asset : assets) {
      TRIBUTARY_ASSIGN_OR_RETURN(const AssetStateRow state, state_->GetAsset(asset));
      TRIBUTARY_ASSIGN_OR_RETURN(auto row, state_->GetDerivation(state.derivation.newest));
      DerivationView view;
      view.position = state.derivation.newest;
      view.retained = row.retained;
      view.unattributed = row.unattributed;
      view.denominator = row.retained + row.unattributed + row.weight_sum;
      view.edges = std::make_shared<EdgeList>(std::move(row.edges));
      derivations->push_back(std::move(view));
    }
    return absl::OkStatus();
  }

  absl::Status ReadConsumers(AssetNumber input, std::size_t count_max,
                             std::vector<AssetNumber>* generated) const override {
    generated->clear();
    TRIBUTARY_ASSIGN_OR_RETURN(const auto positions,
                               state_->ReadConsumerPositions(input, count_max));
    for (const LogPosition position : positions) {
      TRIBUTARY_ASSIGN_OR_RETURN(const auto row, state_->GetDerivation(position));
      TRIBUTARY_ASSIGN_OR_RETURN(const auto state, state_->GetAsset(row.generated));
      if (state.derivation.newest == position) generated->push_back(row.generated);
    }
    std::sort(generated->begin(), generated->end());
    return absl::OkStatus();
  }

  absl::Status ReadHolders(std::span<const AssetNumber>, std::vector<HolderList>*) const override {
    return absl::UnimplementedError("the cycle test reads no holders");
  }

  absl::Status ReadAssetIds(std::span<const AssetNumber> assets,
                            std::vector<Digest>* ids) const override {
    ids->clear();
    for (const AssetNumber asset : assets) {
      TRIBUTARY_ASSIGN_OR_RETURN(const AssetStateRow row, state_->GetAsset(asset));
      ids->push_back(row.id);
    }
    return absl::OkStatus();
  }

 private:
  LedgerState* state_;
};

absl::StatusOr<DerivationRow> LedgerState::GetDerivation(LogPosition position) {
  const OwnedKey key = keys::Derivation(position);
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string* payload, Get(key));
  if (payload == nullptr) return MissingRow(key);
  TRIBUTARY_ASSIGN_OR_RETURN(auto row, Decoded(DecodeDerivation(*payload), key));
  TRIBUTARY_RETURN_IF_ERROR(FillStagedEdges(&row));
  return row;
}

absl::Status LedgerState::FillStagedEdges(DerivationRow* row) {
  if (!row->stage.has_value()) return absl::OkStatus();
  const std::uint64_t chunk_count = (row->edge_count + kEdgeChunkSize - 1) / kEdgeChunkSize;
  for (std::uint32_t chunk = 0; chunk < chunk_count; ++chunk) {
    // Past the overlay: chunks are never changed by a fact, and need not stay in memory.
    const OwnedKey key = keys::EdgeChunk(*row->stage, chunk);
    TRIBUTARY_ASSIGN_OR_RETURN(const auto value, base_->Get(key.view()));
    if (!value.has_value()) return MissingRow(key);
    TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, Unseal(key.view(), *value));
    TRIBUTARY_RETURN_IF_ERROR(Decoded(DecodeEdgeChunk(payload, &row->edges), key).status());
  }
  if (row->edges.count() == row->edge_count) return absl::OkStatus();
  return DamagedRow(keys::EdgeChunk(*row->stage, 0).view(),
                    StrCat(row->edges.count(), " of ", row->edge_count, " staged edges found"));
}

absl::StatusOr<std::vector<LogPosition>> LedgerState::ReadConsumerPositions(AssetNumber input,
                                                                            std::size_t count_max) {
  std::vector<LogPosition> positions;
  const OwnedKey head_key = keys::ConsumerHead(input);
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string* payload, Get(head_key));
  if (payload != nullptr) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto head, Decoded(DecodePositionList(*payload), head_key));
    if (head.count > count_max) {
      return absl::ResourceExhaustedError(StrCat("the cycle test met an asset that ", head.count,
                                                 " derivations use; at most ", count_max));
    }
    for (std::uint32_t i = 0; i < head.count / kPositionBlockSize; ++i) {
      const OwnedKey key = keys::ConsumerBlock(input, i);
      TRIBUTARY_ASSIGN_OR_RETURN(const std::string* block_payload, Get(key));
      if (block_payload == nullptr) return MissingRow(key);
      TRIBUTARY_ASSIGN_OR_RETURN(const auto block, Decoded(DecodeAscending(*block_payload), key));
      for (const std::uint64_t position : block) positions.push_back(LogPosition{position});
    }
    for (const std::uint64_t position : head.tail) positions.push_back(LogPosition{position});
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const auto pools, PoolsOf(input));
  positions.insert(positions.end(), pools.begin(), pools.end());
  return positions;
}

absl::StatusOr<std::vector<LogPosition>> LedgerState::PoolsOf(AssetNumber input) {
  std::vector<LogPosition> derivations;
  const std::uint64_t page = input.value / keys::kAssetPageSize;
  const OwnedKey pool_key = keys::PoolHead(page);
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string* payload, Get(pool_key));
  if (payload == nullptr) return derivations;
  TRIBUTARY_ASSIGN_OR_RETURN(const auto pools, Decoded(DecodePoolHead(*payload), pool_key));
  for (const PoolEntry& pool : pools) {
    for (std::uint32_t run = 0; run < pool.run_count; ++run) {
      const OwnedKey key = keys::PoolMembers(page, pool.stage, run);
      TRIBUTARY_ASSIGN_OR_RETURN(const std::string* members_payload, Get(key));
      if (members_payload == nullptr) return MissingRow(key);
      TRIBUTARY_ASSIGN_OR_RETURN(const auto members,
                                 Decoded(DecodeAscending(*members_payload), key));
      if (!std::binary_search(members.begin(), members.end(), input.value)) continue;
      derivations.push_back(pool.derivation);
      break;
    }
  }
  return derivations;
}

absl::StatusOr<bool> LedgerState::WasEverInput(AssetNumber asset) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string* head, Get(keys::ConsumerHead(asset)));
  if (head != nullptr) return true;
  TRIBUTARY_ASSIGN_OR_RETURN(const auto pools, PoolsOf(asset));
  return !pools.empty();
}

absl::Status LedgerState::CheckNoCycle(const DerivationRow& row) {
  if (!options_.cycle_test) return absl::OkStatus();
  TRIBUTARY_ASSIGN_OR_RETURN(const bool was_input, WasEverInput(row.generated));
  if (!was_input) return absl::OkStatus();
  DerivationRow full = row;
  TRIBUTARY_RETURN_IF_ERROR(FillStagedEdges(&full));
  const Reader reader(this);
  ReachabilityLimits limits;
  limits.asset_count_max = options_.cycle_test_asset_count_max;
  TRIBUTARY_ASSIGN_OR_RETURN(
      const auto path, FindPathUpstream(reader, full.edges.inputs, row.generated, limits, nullptr));
  if (path.empty()) return absl::OkStatus();
  std::vector<Digest> ids;
  TRIBUTARY_RETURN_IF_ERROR(reader.ReadAssetIds(path, &ids));
  // A long path is shown by its ends: an error message is bounded.
  constexpr std::size_t kShownCountMax = 32;
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetStateRow generated, GetAsset(row.generated));
  std::string shown = generated.id.ToHex();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids.size() > kShownCountMax && i == kShownCountMax / 2) {
      StrAppend(&shown, " <- (", ids.size() - kShownCountMax, " more)");
      i = ids.size() - kShownCountMax / 2;
    }
    StrAppend(&shown, " <- ", ids[i].ToHex());
  }
  return FieldError(absl::StatusCode::kFailedPrecondition, "edges",
                    StrCat("an input that is made from the generated asset: ", shown),
                    "inputs that close no cycle");
}

}  // namespace tributary
