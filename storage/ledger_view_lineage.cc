// The lineage of one state: classes of assets, edge lists, holders, consumers.

#include <algorithm>
#include <array>
#include <atomic>

#include "absl/container/flat_hash_set.h"
#include "graph/lineage/limits.h"
#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "storage/ledger_caches.h"
#include "storage/ledger_view.h"

namespace tributary {
namespace {

// Below this many assets of one request, reading their rows costs less than loading pages of flags.
constexpr std::size_t kPageLoadAssetCountMin = 256;

// States that are held at once: a frontier of ten million assets needs no more memory.
constexpr std::size_t kStateBatchCount = 4096;

std::vector<CellKey> Views(const std::vector<OwnedKey>& owned) {
  std::vector<CellKey> cells;
  cells.reserve(owned.size());
  for (const OwnedKey& key : owned) cells.push_back(key.view());
  return cells;
}

std::vector<AssetNumber> PageNumbers(std::uint64_t page, std::uint64_t bound) {
  std::vector<AssetNumber> numbers;
  const std::uint64_t first = page * keys::kAssetPageSize;
  for (std::uint64_t i = first; i < std::min(first + keys::kAssetPageSize, bound); ++i) {
    numbers.push_back(AssetNumber{i});
  }
  return numbers;
}

// The states behind those numbers that are assets.
absl::Status ReadPresentStates(const Snapshot& snapshot, std::span<const AssetNumber> numbers,
                               std::vector<std::optional<AssetStateRow>>* states) {
  std::vector<OwnedKey> owned;
  owned.reserve(numbers.size());
  for (const AssetNumber number : numbers) owned.push_back(keys::AssetStateOf(number));
  const std::vector<CellKey> cells = Views(owned);
  std::vector<std::optional<std::string>> values;
  TRIBUTARY_RETURN_IF_ERROR(snapshot.MultiGet(cells, &values));
  states->assign(numbers.size(), std::nullopt);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!values[i].has_value()) continue;
    TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, Unseal(cells[i], *values[i]));
    TRIBUTARY_ASSIGN_OR_RETURN((*states)[i], Decoded(DecodeAssetState(payload), owned[i]));
  }
  return absl::OkStatus();
}

// Says where the flags of assets stand.
class FlagFinder {
 public:
  // Flags whose loading is begun before the first of them is read: they stand in no order, and one
  // wait for memory then serves them all.
  static constexpr std::size_t kBatchCount = 64;
  using Places = std::array<const std::atomic<AssetFlags::Flags>*, kBatchCount>;

  FlagFinder(TreeSize tree_size, LedgerCaches& caches, bool may_load_pages)
      : tree_size_(tree_size), caches_(caches), may_load_pages_(may_load_pages) {
    if (may_load_pages_) pages_.resize(tree_size_.value / keys::kAssetPageSize + 1);
  }

  // Shape: (*places)[i] belongs to assets[i]; null where no page is in memory. At most kBatchCount.
  absl::Status Find(std::span<const AssetNumber> assets, Places* places) {
    for (std::size_t i = 0; i < assets.size(); ++i) {
      if (assets[i].value >= tree_size_.value) {
        return absl::InternalError(
            StrCat("asset number ", assets[i].value, " is above the tree size"));
      }
      const std::uint64_t wanted = assets[i].value / keys::kAssetPageSize;
      if (wanted != page_number_) TRIBUTARY_RETURN_IF_ERROR(TurnTo(wanted));
      (*places)[i] =
          page_ == nullptr ? nullptr : &page_->flags[assets[i].value % keys::kAssetPageSize];
      __builtin_prefetch((*places)[i]);
    }
    return absl::OkStatus();
  }

 private:
  absl::Status TurnTo(std::uint64_t wanted) {
    page_number_ = wanted;
    page_ = may_load_pages_ ? pages_[wanted] : caches_.flags.Find(wanted);
    if (page_ == nullptr && may_load_pages_) {
      TRIBUTARY_ASSIGN_OR_RETURN(page_, caches_.LoadFlags(wanted));
      pages_[wanted] = page_;
    }
    return absl::OkStatus();
  }

  const TreeSize tree_size_;
  LedgerCaches& caches_;
  const bool may_load_pages_;
  // Looked up once per page and call: the shared table has a lock.
  std::vector<const AssetFlags::Page*> pages_;
  const AssetFlags::Page* page_ = nullptr;
  std::uint64_t page_number_ = ~std::uint64_t{0};
};

}  // namespace

absl::StatusOr<const AssetFlags::Page*> LedgerCaches::LoadFlags(std::uint64_t page) {
  return flags.Load(page, [this](std::uint64_t wanted, AssetFlags::Page* out) -> absl::Status {
    // A snapshot of now, not the caller's: a commit between the two has passed this page by.
    TRIBUTARY_ASSIGN_OR_RETURN(const auto snapshot, store->TakeSnapshot());
    const std::vector<AssetNumber> numbers =
        PageNumbers(wanted, (wanted + 1) * keys::kAssetPageSize);
    std::vector<std::optional<AssetStateRow>> states;
    TRIBUTARY_RETURN_IF_ERROR(ReadPresentStates(*snapshot, numbers, &states));
    for (std::size_t i = 0; i < states.size(); ++i) {
      if (states[i].has_value()) out->flags[i].store(AssetFlags::FromState(*states[i]));
    }
    return absl::OkStatus();
  });
}

absl::Status LedgerView::ReadVersions(std::span<const AssetNumber> assets,
                                      std::vector<AssetStateRow>* states) const {
  if (assets.size() >= kPageLoadAssetCountMin || id_source_ != IdSource::kIndex) {
    return ReadAssetStates(assets, states);
  }
  const auto is_settled = [this](const VersionHead& head) {
    return head.count == 0 || head.newest < LogPosition{tree_size_.value};
  };
  states->assign(assets.size(), AssetStateRow{});
  std::vector<AssetNumber> missing;
  std::vector<std::size_t> missing_index;
  for (std::size_t i = 0; i < assets.size(); ++i) {
    auto row = caches_->asset_states.Find(assets[i]);
    // A version that is newer than this view: the older ones are in rows of the view's snapshot.
    if (row.has_value() && is_settled(row->asset) && is_settled(row->derivation) &&
        is_settled(row->holders)) {
      (*states)[i] = *std::move(row);
    } else {
      missing.push_back(assets[i]);
      missing_index.push_back(i);
    }
  }
  if (missing.empty()) return absl::OkStatus();
  std::vector<AssetStateRow> read;
  TRIBUTARY_RETURN_IF_ERROR(ReadAssetStates(missing, &read));
  caches_->asset_states.Insert(missing, read, head_.tree_size);
  for (std::size_t k = 0; k < missing.size(); ++k) {
    (*states)[missing_index[k]] = std::move(read[k]);
  }
  return absl::OkStatus();
}

absl::Status LedgerView::Classify(std::span<const AssetNumber> assets,
                                  std::vector<AssetClass>* classes) const {
  TRIBUTARY_RETURN_IF_ERROR(CheckCancelled());
  classes->assign(assets.size(), AssetClass{});
  std::vector<AssetNumber> unsure;  // needs its row
  std::vector<std::size_t> unsure_index;
  const auto resolve = [&]() -> absl::Status {
    std::vector<AssetStateRow> states;
    TRIBUTARY_RETURN_IF_ERROR(ReadVersions(unsure, &states));
    for (std::size_t i = 0; i < unsure.size(); ++i) {
      TRIBUTARY_ASSIGN_OR_RETURN((*classes)[unsure_index[i]], ClassOf(unsure[i], states[i]));
    }
    unsure.clear();
    unsure_index.clear();
    return absl::OkStatus();
  };
  FlagFinder finder(tree_size_, *caches_, assets.size() >= kPageLoadAssetCountMin);
  FlagFinder::Places places;
  for (std::size_t begin = 0; begin < assets.size(); begin += places.size()) {
    TRIBUTARY_RETURN_IF_ERROR(CheckCancelled());
    const auto batch = assets.subspan(begin, std::min(places.size(), assets.size() - begin));
    TRIBUTARY_RETURN_IF_ERROR(finder.Find(batch, &places));
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const AssetFlags::Flags flags =
          places[i] == nullptr ? AssetFlags::Flags{0} : places[i]->load(std::memory_order_acquire);
      constexpr AssetFlags::Flags kNeedsRow =
          AssetFlags::kDerived | AssetFlags::kHeld | AssetFlags::kSuperseded;
      if ((flags & AssetFlags::kKnown) == 0 || (flags & kNeedsRow) != 0) {
        unsure.push_back(batch[i]);
        unsure_index.push_back(begin + i);
        if (unsure.size() == kStateBatchCount) TRIBUTARY_RETURN_IF_ERROR(resolve());
      } else {
        (*classes)[begin + i].kind = static_cast<AssetKind>(flags & AssetFlags::kKindMask);
      }
    }
  }
  return resolve();
}

absl::Status LedgerView::ReadDerivations(std::span<const AssetNumber> assets,
                                         std::size_t edge_count_max,
                                         std::vector<DerivationView>* derivations) const {
  TRIBUTARY_RETURN_IF_ERROR(CheckCancelled());
  derivations->assign(assets.size(), DerivationView{});
  std::vector<AssetStateRow> states;
  TRIBUTARY_RETURN_IF_ERROR(ReadVersions(assets, &states));
  std::vector<LogPosition> positions;
  std::vector<std::size_t> missing;
  std::size_t edge_count = 0;
  for (std::size_t i = 0; i < assets.size(); ++i) {
    TRIBUTARY_ASSIGN_OR_RETURN(
        const auto position,
        InForce(states[i].derivation, keys::VersionTag::kDerivation, assets[i]));
    if (!position.has_value()) {
      return absl::InternalError(StrCat("asset number ", assets[i].value, " has no derivation"));
    }
    positions.push_back(*position);
    if (auto cached = caches_->derivations.Find(position->value)) {
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

absl::Status LedgerView::ReadHolders(std::span<const AssetNumber> assets,
                                     std::vector<std::vector<Holder>>* holders) const {
  TRIBUTARY_RETURN_IF_ERROR(CheckCancelled());
  holders->assign(assets.size(), {});
  std::vector<AssetStateRow> states;
  TRIBUTARY_RETURN_IF_ERROR(ReadVersions(assets, &states));
  std::vector<LogPosition> positions;
  std::vector<std::size_t> held;
  for (std::size_t i = 0; i < assets.size(); ++i) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto position,
                               InForce(states[i].holders, keys::VersionTag::kHolders, assets[i]));
    if (!position.has_value()) continue;
    positions.push_back(*position);
    held.push_back(i);
  }
  TRIBUTARY_ASSIGN_OR_RETURN(auto records, ReadRecords(positions));
  for (std::size_t k = 0; k < held.size(); ++k) {
    auto* body = std::get_if<HoldersRecord>(&records[k].record.body);
    if (body == nullptr || body->asset != states[held[k]].id) {
      return DamagedRow(keys::AssetStateOf(assets[held[k]]).view(),
                        "points to a record that is not the asset's holders");
    }
    (*holders)[held[k]] = std::move(body->holders);
  }
  return absl::OkStatus();
}

absl::Status LedgerView::ReadAssetIds(std::span<const AssetNumber> assets,
                                      std::vector<Digest>* ids) const {
  ids->assign(assets.size(), Digest{});
  if (assets.size() < kPageLoadAssetCountMin && id_source_ == IdSource::kIndex) {
    std::vector<AssetStateRow> states;
    TRIBUTARY_RETURN_IF_ERROR(ReadVersions(assets, &states));
    for (std::size_t i = 0; i < assets.size(); ++i) (*ids)[i] = states[i].id;
    return absl::OkStatus();
  }
  // By page, so that each is loaded once even where the cache holds few of them.
  std::vector<std::uint32_t> order(assets.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  if (!std::is_sorted(assets.begin(), assets.end())) {
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return assets[a] < assets[b]; });
  }
  std::shared_ptr<const AssetIdPage> page;
  std::uint64_t page_number = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    if (k % kCancelCheckInterval == 0) TRIBUTARY_RETURN_IF_ERROR(CheckCancelled());
    const std::uint64_t number = assets[order[k]].value;
    if (page == nullptr || number / keys::kAssetPageSize != page_number || number >= page->bound) {
      page_number = number / keys::kAssetPageSize;
      TRIBUTARY_ASSIGN_OR_RETURN(page, ReadIdPage(page_number, number));
    }
    (*ids)[order[k]] = page->ids[number % keys::kAssetPageSize];
    if ((*ids)[order[k]] == Digest{}) return MissingRow(keys::AssetStateOf(AssetNumber{number}));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const AssetIdPage>> LedgerView::ReadIdPage(
    std::uint64_t page, std::uint64_t number) const {
  if (auto cached = caches_->asset_ids.Find(page); cached && number < (*cached)->bound) {
    return *std::move(cached);
  }
  auto loaded = std::make_shared<AssetIdPage>();
  loaded->bound = head_.tree_size.value;
  loaded->ids.resize(keys::kAssetPageSize);
  const std::vector<AssetNumber> numbers = PageNumbers(page, loaded->bound);
  if (id_source_ == IdSource::kLog) {
    TRIBUTARY_RETURN_IF_ERROR(ReadIdsFromLog(numbers, loaded.get()));
  } else {
    std::vector<std::optional<AssetStateRow>> states;
    TRIBUTARY_RETURN_IF_ERROR(ReadPresentStates(*snapshot_, numbers, &states));
    for (std::size_t i = 0; i < states.size(); ++i) {
      if (states[i].has_value()) loaded->ids[i] = states[i]->id;
    }
  }
  caches_->asset_ids.Insert(page, loaded, keys::kAssetPageSize * kDigestSize);
  return std::shared_ptr<const AssetIdPage>(std::move(loaded));
}

// An asset's number is the log position of its first record, so the log alone gives its id.
absl::Status LedgerView::ReadIdsFromLog(std::span<const AssetNumber> numbers,
                                        AssetIdPage* page) const {
  std::vector<LogPosition> positions;
  for (const AssetNumber number : numbers) positions.push_back(LogPosition{number.value});
  TRIBUTARY_ASSIGN_OR_RETURN(const auto records, ReadRecords(positions));
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto* asset = std::get_if<AssetRecord>(&records[i].record.body);
    if (asset != nullptr) page->ids[i] = asset->asset;
  }
  return absl::OkStatus();
}

// --- Downstream ---

absl::StatusOr<std::vector<std::uint64_t>> LedgerView::ReadConsumerPositions(
    AssetNumber input, std::size_t count_max) const {
  std::vector<std::uint64_t> positions;
  const auto too_many = [&] {
    return absl::ResourceExhaustedError(StrCat("asset number ", input.value,
                                               " is used by more derivations than the limit of ",
                                               count_max, " for one call"));
  };
  const OwnedKey head_key = keys::ConsumerHead(input);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto head_payload, ReadRow(head_key));
  if (head_payload.has_value()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto head,
                               Decoded(DecodePositionList(*head_payload), head_key));
    if (head.count > count_max) return too_many();
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
  const std::uint64_t page = input.value / keys::kAssetPageSize;
  const OwnedKey pool_key = keys::PoolHead(page);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto pool_payload, ReadRow(pool_key));
  if (pool_payload.has_value()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto pools, Decoded(DecodePoolHead(*pool_payload), pool_key));
    for (const PoolEntry& pool : pools) {
      TRIBUTARY_ASSIGN_OR_RETURN(const bool member, IsPoolMember(page, pool, input));
      if (member) positions.push_back(pool.derivation.value);
    }
  }
  if (positions.size() > count_max) return too_many();
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

absl::StatusOr<std::vector<LedgerView::InForceConsumer>> LedgerView::ReadInForceConsumers(
    AssetNumber input, std::size_t count_max) const {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto positions, ReadConsumerPositions(input, count_max));
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
  std::vector<InForceConsumer> consumers;
  std::vector<AssetStateRow> states;
  for (std::size_t begin = 0; begin < generated.size(); begin += kStateBatchCount) {
    const std::size_t count = std::min(kStateBatchCount, generated.size() - begin);
    TRIBUTARY_RETURN_IF_ERROR(ReadAssetStates(std::span(generated).subspan(begin, count), &states));
    for (std::size_t i = begin; i < begin + count; ++i) {
      TRIBUTARY_ASSIGN_OR_RETURN(
          const auto in_force,
          InForce(states[i - begin].derivation, keys::VersionTag::kDerivation, generated[i]));
      if (in_force == LogPosition{positions[i]}) {
        consumers.push_back({generated[i], LogPosition{positions[i]}});
      }
    }
  }
  std::sort(consumers.begin(), consumers.end(),
            [](const auto& a, const auto& b) { return a.generated < b.generated; });
  return consumers;
}

absl::Status LedgerView::ReadConsumers(AssetNumber input, std::size_t count_max,
                                       std::vector<AssetNumber>* generated) const {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto consumers, ReadInForceConsumers(input, count_max));
  generated->clear();
  for (const InForceConsumer& consumer : consumers) generated->push_back(consumer.generated);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<LedgerView::ConsumerEdge>> LedgerView::ListConsumers(
    AssetNumber input, std::optional<AssetNumber> start_after, std::size_t count_max) const {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto consumers, ReadInForceConsumers(input, kConsumerCountMax));
  std::vector<ConsumerEdge> edges;
  for (const InForceConsumer& consumer : consumers) {
    if (start_after.has_value() && consumer.generated <= *start_after) continue;
    if (edges.size() == count_max) break;
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
  return edges;
}

}  // namespace tributary
