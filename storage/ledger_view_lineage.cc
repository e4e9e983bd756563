// The lineage of one state: derivations with their edge lists, consumers.

#include <algorithm>
#include <functional>

#include "absl/container/flat_hash_set.h"
#include "graph/lineage/limits.h"
#include "graph/model/check.h"
#include "graph/model/ordering.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "storage/ledger_caches.h"
#include "storage/ledger_view.h"

namespace tributary {
namespace {

// Consumers whose states are held at once.
constexpr std::size_t kConsumerBatchCount = 4096;

}  // namespace

absl::Status LedgerView::ReadDerivations(std::span<const AssetNumber> assets,
                                         std::size_t edge_count_max,
                                         std::vector<DerivationView>* derivations) const {
  TRIBUTARY_RETURN_IF_ERROR(CheckCancelled());
  derivations->assign(assets.size(), DerivationView{});
  std::vector<LogPosition> positions;
  TRIBUTARY_RETURN_IF_ERROR(FindDerivations(assets, &positions));
  std::vector<std::size_t> missing;
  std::size_t edge_count = 0;
  for (std::size_t i = 0; i < assets.size(); ++i) {
    if (positions[i].value == 0) {
      return absl::InternalError(StrCat("asset number ", assets[i].value, " has no derivation"));
    }
    if (auto cached = caches_->derivations.Find(positions[i].value)) {
      edge_count += cached->edges->count();
      (*derivations)[i] = *std::move(cached);
    } else {
      missing.push_back(i);
    }
  }
  const auto add = [&](std::size_t k, const OwnedKey& key,
                       std::string_view payload) -> absl::Status {
    const std::size_t i = missing[k];
    TRIBUTARY_ASSIGN_OR_RETURN(auto row, Decoded(DecodeDerivation(payload), key));
    if (row.generated != assets[i]) {
      return DamagedRow(key.view(), "the derivation generated another asset");
    }
    edge_count += row.edge_count;
    if (edge_count > edge_count_max) return LimitMet("edge_count_max", edge_count, edge_count_max);
    TRIBUTARY_ASSIGN_OR_RETURN((*derivations)[i], MakeDerivation(positions[i], std::move(row)));
    return absl::OkStatus();
  };
  if (edge_count > edge_count_max) return LimitMet("edge_count_max", edge_count, edge_count_max);
  return ForEachRow(
      missing.size(), [&](std::size_t k) { return keys::Derivation(positions[missing[k]]); }, add);
}

absl::StatusOr<DerivationView> LedgerView::MakeDerivation(LogPosition position,
                                                          DerivationRow row) const {
  DerivationView view;
  view.position = position;
  view.retained = row.retained;
  view.unattributed = row.unattributed;
  view.denominator = row.retained + row.unattributed + row.weight_sum;
  TRIBUTARY_ASSIGN_OR_RETURN(view.edges, ReadEdgeList(position, std::move(row)));
  constexpr std::size_t kEdgeSize = sizeof(AssetNumber) + sizeof(std::uint64_t) + 2;
  caches_->derivations.Insert(position.value, view, view.edges->count() * kEdgeSize + 256);
  return view;
}

absl::StatusOr<std::shared_ptr<const EdgeList>> LedgerView::ReadEdgeList(LogPosition position,
                                                                         DerivationRow row) const {
  auto list = std::make_shared<EdgeList>(std::move(row.edges));
  if (row.stage.has_value()) {
    list->inputs.reserve(row.edge_count);
    list->cumulative_weights.reserve(row.edge_count);
    list->roles.reserve(row.edge_count);
    list->bases.reserve(row.edge_count);
    const std::uint64_t chunk_count = (row.edge_count + kEdgeChunkSize - 1) / kEdgeChunkSize;
    for (std::uint32_t chunk = 0; chunk < chunk_count; ++chunk) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled());
      const OwnedKey key = keys::EdgeChunk(*row.stage, chunk);
      TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadRow(key));
      if (!payload.has_value()) return MissingRow(key);
      TRIBUTARY_RETURN_IF_ERROR(Decoded(DecodeEdgeChunk(*payload, list.get()), key).status());
    }
  }
  // The count and the sum stand apart from the list: a list that is too short is never believed.
  const std::uint64_t sum = list->count() == 0 ? 0 : list->cumulative_weights.back();
  if (list->count() != row.edge_count || sum != row.weight_sum) {
    return DamagedRow(keys::Derivation(position).view(),
                      StrCat("the edge list holds ", list->count(), " edges of weight ", sum, "; ",
                             row.edge_count, " of weight ", row.weight_sum, " are expected"));
  }
  return std::shared_ptr<const EdgeList>(std::move(list));
}

absl::StatusOr<DerivationView> LedgerView::ReadDerivationAt(LogPosition position) const {
  if (auto cached = caches_->derivations.Find(position.value)) return *std::move(cached);
  const OwnedKey key = keys::Derivation(position);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadRow(key));
  if (!payload.has_value() || position.value >= tree_size_.value) {
    return FieldError(absl::StatusCode::kNotFound, "position", StrCat(position.value),
                      "the log position of a derivation");
  }
  TRIBUTARY_ASSIGN_OR_RETURN(auto row, Decoded(DecodeDerivation(*payload), key));
  return MakeDerivation(position, std::move(row));
}

absl::StatusOr<std::vector<Edge>> LedgerView::ReadEdges(const DerivationView& derivation,
                                                        std::size_t first,
                                                        std::size_t count_max) const {
  const EdgeList& list = *derivation.edges;
  const std::size_t begin = std::min(first, list.count());
  const std::size_t end = begin + std::min(count_max, list.count() - begin);
  std::vector<Digest> ids;
  TRIBUTARY_RETURN_IF_ERROR(ReadAssetIds(std::span(list.inputs).subspan(begin, end - begin), &ids));
  std::vector<Edge> edges;
  edges.reserve(end - begin);
  for (std::size_t i = begin; i < end; ++i) {
    edges.push_back({ids[i - begin], list.roles[i], list.weight(i), list.bases[i]});
  }
  return edges;
}

absl::StatusOr<std::vector<std::uint64_t>> LedgerView::ReadConsumerPositions(
    AssetNumber input, std::size_t count_max) const {
  TRIBUTARY_ASSIGN_OR_RETURN(std::vector<std::uint64_t> positions, ListPoolsOf(input));
  const auto check_count = [&](std::size_t count) {
    return count > count_max ? LimitMet("edge_count_max", count, count_max) : absl::OkStatus();
  };
  const OwnedKey head_key = keys::ConsumerHead(input);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto head_payload, ReadRow(head_key));
  if (head_payload.has_value()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto head,
                               Decoded(DecodePositionList(*head_payload), head_key));
    TRIBUTARY_RETURN_IF_ERROR(check_count(head.count));
    const auto add = [&](std::size_t, const OwnedKey& key,
                         std::string_view payload) -> absl::Status {
      TRIBUTARY_ASSIGN_OR_RETURN(const auto block, Decoded(DecodeAscending(payload), key));
      if (block.size() != kPositionBlockSize) {
        return DamagedRow(key.view(), "the block is not full");
      }
      positions.insert(positions.end(), block.begin(), block.end());
      return absl::OkStatus();
    };
    TRIBUTARY_RETURN_IF_ERROR(ForEachRow(
        head.count / kPositionBlockSize,
        [&](std::size_t block) {
          return keys::ConsumerBlock(input, static_cast<std::uint32_t>(block));
        },
        add));
    positions.insert(positions.end(), head.tail.begin(), head.tail.end());
  }
  TRIBUTARY_RETURN_IF_ERROR(check_count(positions.size()));
  positions.erase(std::remove_if(positions.begin(), positions.end(),
                                 [this](std::uint64_t p) { return p >= tree_size_.value; }),
                  positions.end());
  return positions;
}

absl::StatusOr<bool> LedgerView::IsPoolMember(std::uint64_t page, const PoolEntry& pool,
                                              AssetNumber input) const {
  for (std::uint32_t run = 0; run < pool.run_count; ++run) {
    const OwnedKey key = keys::PoolMembers(page, pool.stage, run);
    TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadRow(key));
    if (!payload.has_value()) return MissingRow(key);
    TRIBUTARY_ASSIGN_OR_RETURN(const auto members, Decoded(DecodeAscending(*payload), key));
    if (std::binary_search(members.begin(), members.end(), input.value)) return true;
  }
  return false;
}

absl::StatusOr<std::vector<LedgerView::InForceConsumer>> LedgerView::KeepInForce(
    std::span<const std::uint64_t> positions) const {
  std::vector<AssetNumber> generated;
  generated.reserve(positions.size());
  const auto add = [&](std::size_t, const OwnedKey& key, std::string_view payload) -> absl::Status {
    RowReader reader(payload);  // the generated asset stands first; the edges are not needed
    generated.push_back(AssetNumber{reader.Varint()});
    if (!reader.ok()) return DamagedRow(key.view(), "its content can not be read");
    return absl::OkStatus();
  };
  TRIBUTARY_RETURN_IF_ERROR(ForEachRow(
      positions.size(), [&](std::size_t i) { return keys::Derivation(LogPosition{positions[i]}); },
      add));
  std::vector<LogPosition> in_force;
  TRIBUTARY_RETURN_IF_ERROR(FindDerivations(generated, &in_force));
  std::vector<InForceConsumer> consumers;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const LogPosition position{positions[i]};
    if (in_force[i] == position) consumers.push_back({generated[i], position});
  }
  return consumers;
}

absl::Status LedgerView::ReadConsumers(AssetNumber input, std::size_t count_max,
                                       std::vector<AssetNumber>* generated) const {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto positions, ReadConsumerPositions(input, count_max));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto consumers, KeepInForce(positions));
  generated->clear();
  for (const InForceConsumer& consumer : consumers) generated->push_back(consumer.generated);
  return SortUnlessCancelled(std::span(*generated), std::less<>(), cancel_);
}

absl::StatusOr<std::vector<std::uint64_t>> LedgerView::ReadConsumerBlock(
    AssetNumber input, std::uint32_t block) const {
  const OwnedKey key = keys::ConsumerBlock(input, block);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadRow(key));
  if (!payload.has_value()) return MissingRow(key);
  TRIBUTARY_ASSIGN_OR_RETURN(auto positions, Decoded(DecodeAscending(*payload), key));
  if (positions.size() != kPositionBlockSize) {
    return DamagedRow(key.view(), "the block is not full");
  }
  return positions;
}

absl::StatusOr<std::vector<std::uint64_t>> LedgerView::ListPoolsOf(AssetNumber input) const {
  std::vector<std::uint64_t> positions;
  const std::uint64_t page = input.value / keys::kAssetPageSize;
  const OwnedKey key = keys::PoolHead(page);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadRow(key));
  if (!payload.has_value()) return positions;
  TRIBUTARY_ASSIGN_OR_RETURN(const auto pools, Decoded(DecodePoolHead(*payload), key));
  for (const PoolEntry& pool : pools) {
    TRIBUTARY_ASSIGN_OR_RETURN(const bool member, IsPoolMember(page, pool, input));
    if (member) positions.push_back(pool.derivation.value);
  }
  return positions;
}

// Full blocks stand in the order of the log, and the tail after them: the first block that reaches
// beyond `after` is found by halving.
absl::StatusOr<std::vector<std::uint64_t>> LedgerView::ListConsumerPositions(
    AssetNumber input, LogPosition after, std::size_t count_max) const {
  std::vector<std::uint64_t> positions;
  const auto add = [&](std::span<const std::uint64_t> more) {
    for (const std::uint64_t position : more) {
      if (position > after.value && position < tree_size_.value) positions.push_back(position);
    }
  };
  TRIBUTARY_ASSIGN_OR_RETURN(const auto of_pools, ListPoolsOf(input));
  add(of_pools);
  const std::size_t pool_count = positions.size();
  const OwnedKey key = keys::ConsumerHead(input);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadRow(key));
  if (payload.has_value()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto head, Decoded(DecodePositionList(*payload), key));
    const auto block_count = static_cast<std::uint32_t>(head.count / kPositionBlockSize);
    std::uint32_t low = 0;
    for (std::uint32_t high = block_count; low < high;) {
      const std::uint32_t middle = low + (high - low) / 2;
      TRIBUTARY_ASSIGN_OR_RETURN(const auto block, ReadConsumerBlock(input, middle));
      if (block.back() > after.value) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    for (; low < block_count && positions.size() - pool_count < count_max; ++low) {
      TRIBUTARY_ASSIGN_OR_RETURN(const auto block, ReadConsumerBlock(input, low));
      add(block);
    }
    if (low == block_count) add(head.tail);
  }
  std::sort(positions.begin(), positions.end());
  if (positions.size() > count_max) positions.resize(count_max);
  return positions;
}

absl::StatusOr<std::vector<LedgerView::ConsumerEdge>> LedgerView::ListConsumers(
    AssetNumber input, LogPosition start_after, std::size_t count_max) const {
  std::vector<ConsumerEdge> edges;
  while (edges.size() < count_max) {
    TRIBUTARY_RETURN_IF_ERROR(CheckCancelled());
    const std::size_t wanted = std::min(count_max - edges.size(), kConsumerBatchCount);
    TRIBUTARY_ASSIGN_OR_RETURN(const auto positions,
                               ListConsumerPositions(input, start_after, wanted));
    if (positions.empty()) break;
    start_after = {positions.back()};
    TRIBUTARY_ASSIGN_OR_RETURN(const auto consumers, KeepInForce(positions));
    for (const InForceConsumer& consumer : consumers) {
      TRIBUTARY_ASSIGN_OR_RETURN(const auto derivation, ReadDerivationAt(consumer.derivation));
      const auto& inputs = derivation.edges->inputs;
      const auto found = std::find(inputs.begin(), inputs.end(), input);
      if (found == inputs.end()) {
        return DamagedRow(keys::Derivation(consumer.derivation).view(),
                          "an asset that counts as its input is not in its edge list");
      }
      edges.push_back({consumer.generated, consumer.derivation,
                       static_cast<std::size_t>(found - inputs.begin())});
    }
  }
  return edges;
}

}  // namespace tributary
