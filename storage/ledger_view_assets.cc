// What is known of single assets at one state: classes, versions, holders, ids. Large frontiers are
// served from memory (storage/asset_pages.h), and what that does not know from rows.

#include <algorithm>
#include <array>
#include <atomic>

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

// From this many assets of one request on, what their rows say is kept in pages.
constexpr std::size_t kPageAssetCountMin = 256;

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

// Says where what is kept of assets in memory stands.
class PlaceFinder {
 public:
  // Flags whose loading is begun before the first of them is read: they stand in no order, and one
  // wait for memory then serves them all.
  static constexpr std::size_t kBatchCount = 64;
  struct Place {
    const AssetPages::Page* page;  // null: not in memory
    std::size_t index;

    AssetPages::Flags flags() const {
      return page == nullptr ? AssetPages::Flags{0}
                             : page->flags[index].load(std::memory_order_acquire);
    }
    const AssetPages::Heads* heads() const { return page == nullptr ? nullptr : page->heads.get(); }
  };
  using Places = std::array<Place, kBatchCount>;

  PlaceFinder(TreeSize tree_size, LedgerCaches& caches, std::size_t asset_count)
      : tree_size_(tree_size), caches_(caches), may_add_pages_(asset_count >= kPageAssetCountMin) {
    if (may_add_pages_) pages_.resize(tree_size_.value / keys::kAssetPageSize + 1);
  }

  // Shape: (*places)[i] belongs to assets[i]. At most kBatchCount.
  absl::Status Find(std::span<const AssetNumber> assets, Places* places) {
    for (std::size_t i = 0; i < assets.size(); ++i) {
      if (assets[i].value >= tree_size_.value) {
        return absl::InternalError(
            StrCat("asset number ", assets[i].value, " is above the tree size"));
      }
      const std::uint64_t wanted = assets[i].value / keys::kAssetPageSize;
      if (wanted != page_number_) TurnTo(wanted);
      (*places)[i] = {page_, assets[i].value % keys::kAssetPageSize};
      if (page_ != nullptr) __builtin_prefetch(&page_->flags[(*places)[i].index]);
    }
    return absl::OkStatus();
  }

 private:
  void TurnTo(std::uint64_t wanted) {
    page_number_ = wanted;
    page_ = may_add_pages_ ? pages_[wanted] : caches_.assets.Find(wanted);
    if (page_ == nullptr && may_add_pages_) {
      page_ = caches_.assets.FindOrAdd(wanted);
      pages_[wanted] = page_;
    }
  }

  const TreeSize tree_size_;
  LedgerCaches& caches_;
  const bool may_add_pages_;
  // Looked up once per page and call: the shared table has a lock.
  std::vector<const AssetPages::Page*> pages_;
  const AssetPages::Page* page_ = nullptr;
  std::uint64_t page_number_ = ~std::uint64_t{0};
};

}  // namespace

absl::Status LedgerView::ReadVersions(std::span<const AssetNumber> assets, bool is_large,
                                      std::vector<AssetStateRow>* states) const {
  if (id_source_ != IdSource::kIndex) return ReadAssetStates(assets, states);
  if (is_large) {
    TRIBUTARY_RETURN_IF_ERROR(ReadAssetStates(assets, states));
    caches_->assets.Fill(assets, *states, head_.tree_size);
    return absl::OkStatus();
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

template <typename Visit>
absl::Status LedgerView::ForEachKept(std::span<const AssetNumber> assets,
                                     const Visit& visit) const {
  PlaceFinder finder(tree_size_, *caches_, assets.size());
  PlaceFinder::Places places;
  for (std::size_t begin = 0; begin < assets.size(); begin += places.size()) {
    TRIBUTARY_RETURN_IF_ERROR(CheckCancelled());
    const auto batch = assets.subspan(begin, std::min(places.size(), assets.size() - begin));
    TRIBUTARY_RETURN_IF_ERROR(finder.Find(batch, &places));
    for (std::size_t i = 0; i < batch.size(); ++i) {
      TRIBUTARY_RETURN_IF_ERROR(visit(begin + i, places[i]));
    }
  }
  return absl::OkStatus();
}

// The newest versions of an asset, as far as this view may see them.
struct LedgerView::KeptHeads {
  AssetPages::Flags flags = 0;
  LogPosition derivation;  // 0: none
  LogPosition holders;
  const AssetPages::Heads* heads = nullptr;
  std::size_t index = 0;
};

std::optional<LedgerView::KeptHeads> LedgerView::SettledHeads(AssetPages::Flags flags,
                                                              const AssetPages::Heads* heads,
                                                              std::size_t index) const {
  if ((flags & AssetPages::kKnown) == 0) return std::nullopt;
  KeptHeads kept;
  kept.flags = flags;
  kept.heads = heads;
  kept.index = index;
  if ((flags & (AssetPages::kDerived | AssetPages::kHeld)) == 0) return kept;
  // An index is what the log says, but who verifies it asks the rows.
  if (heads == nullptr || id_source_ != IdSource::kIndex) return std::nullopt;
  kept.derivation = {heads->derivation[index].load(std::memory_order_acquire)};
  kept.holders = {heads->holders[index].load(std::memory_order_acquire)};
  const LogPosition end{tree_size_.value};
  if (kept.derivation >= end || kept.holders >= end) return std::nullopt;  // older ones: in rows
  return kept;
}

template <typename OnKept, typename OnRow>
absl::Status LedgerView::ForEachAsset(std::span<const AssetNumber> assets, const OnKept& on_kept,
                                      const OnRow& on_row) const {
  TRIBUTARY_RETURN_IF_ERROR(CheckCancelled());
  std::vector<AssetNumber> unsure;  // needs its row
  std::vector<std::size_t> unsure_index;
  std::vector<AssetStateRow> rows;
  const bool is_large = assets.size() >= kPageAssetCountMin;
  const auto read_rows = [&]() -> absl::Status {
    TRIBUTARY_RETURN_IF_ERROR(ReadVersions(unsure, is_large, &rows));
    for (std::size_t i = 0; i < unsure.size(); ++i) {
      TRIBUTARY_RETURN_IF_ERROR(on_row(unsure_index[i], rows[i]));
    }
    unsure.clear();
    unsure_index.clear();
    return absl::OkStatus();
  };
  TRIBUTARY_RETURN_IF_ERROR(ForEachKept(assets, [&](std::size_t i, const auto& place) {
    const auto kept = SettledHeads(place.flags(), place.heads(), place.index);
    if (kept.has_value() && on_kept(i, *kept)) return absl::OkStatus();
    unsure.push_back(assets[i]);
    unsure_index.push_back(i);
    return unsure.size() == kStateBatchCount ? read_rows() : absl::OkStatus();
  }));
  return read_rows();
}

absl::Status LedgerView::Classify(std::span<const AssetNumber> assets,
                                  std::vector<AssetClass>* classes) const {
  classes->assign(assets.size(), AssetClass{});
  const auto of_kept = [&](std::size_t i, const KeptHeads& kept) {
    if ((kept.flags & AssetPages::kSuperseded) != 0) return false;
    (*classes)[i] = {.kind = static_cast<AssetKind>(kept.flags & AssetPages::kKindMask),
                     .is_derived = kept.derivation.value != 0,
                     .has_holders = kept.holders.value != 0};
    return true;
  };
  const auto of_row = [&](std::size_t i, const AssetStateRow& row) -> absl::Status {
    TRIBUTARY_ASSIGN_OR_RETURN((*classes)[i], ClassOf(assets[i], row));
    return absl::OkStatus();
  };
  return ForEachAsset(assets, of_kept, of_row);
}

absl::Status LedgerView::FindDerivations(std::span<const AssetNumber> assets,
                                         std::vector<LogPosition>* positions) const {
  positions->assign(assets.size(), LogPosition{});
  const auto of_kept = [&](std::size_t i, const KeptHeads& kept) {
    (*positions)[i] = kept.derivation;
    return true;
  };
  const auto of_row = [&](std::size_t i, const AssetStateRow& row) -> absl::Status {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto position,
                               InForce(row.derivation, keys::VersionTag::kDerivation, assets[i]));
    (*positions)[i] = position.value_or(LogPosition{});
    return absl::OkStatus();
  };
  return ForEachAsset(assets, of_kept, of_row);
}

absl::Status LedgerView::ReadHolders(std::span<const AssetNumber> assets,
                                     std::vector<HolderList>* holders) const {
  TRIBUTARY_RETURN_IF_ERROR(CheckCancelled());
  holders->assign(assets.size(), nullptr);
  std::vector<std::uint32_t> numbers(assets.size());  // of lists in memory; 0: not there
  std::vector<std::size_t> unsure;
  const auto find = [&](std::size_t i, const PlaceFinder::Place& place) -> absl::Status {
    const auto kept = SettledHeads(place.flags(), place.heads(), place.index);
    if (kept.has_value() && kept->holders.value == 0) return absl::OkStatus();
    if (kept.has_value()) {
      numbers[i] = AssetPages::HolderListAt(*kept->heads, kept->index, kept->holders);
    }
    if (numbers[i] == 0) unsure.push_back(i);
    return absl::OkStatus();
  };
  TRIBUTARY_RETURN_IF_ERROR(ForEachKept(assets, find));
  caches_->holder_lists.Find(numbers, holders);
  for (std::size_t begin = 0; begin < unsure.size(); begin += kStateBatchCount) {
    const auto batch =
        std::span(unsure).subspan(begin, std::min(kStateBatchCount, unsure.size() - begin));
    TRIBUTARY_RETURN_IF_ERROR(ReadHolderRecords(assets, batch, holders));
  }
  return absl::OkStatus();
}

absl::Status LedgerView::ReadHolderRecords(std::span<const AssetNumber> assets,
                                           std::span<const std::size_t> wanted,
                                           std::vector<HolderList>* holders) const {
  std::vector<AssetNumber> numbers;
  for (const std::size_t i : wanted) numbers.push_back(assets[i]);
  std::vector<AssetStateRow> states;
  TRIBUTARY_RETURN_IF_ERROR(ReadVersions(numbers, assets.size() >= kPageAssetCountMin, &states));
  std::vector<LogPosition> positions;
  std::vector<std::size_t> held;  // indexes into numbers
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto position,
                               InForce(states[k].holders, keys::VersionTag::kHolders, numbers[k]));
    if (!position.has_value()) continue;
    positions.push_back(*position);
    held.push_back(k);
  }
  TRIBUTARY_ASSIGN_OR_RETURN(auto records, ReadRecords(positions));
  for (std::size_t n = 0; n < held.size(); ++n) {
    const AssetNumber asset = numbers[held[n]];
    auto* body = std::get_if<HoldersRecord>(&records[n].record.body);
    if (body == nullptr || body->asset != states[held[n]].id) {
      return DamagedRow(keys::AssetStateOf(asset).view(),
                        "points to a record that is not the asset's holders");
    }
    HolderLists::Kept kept = caches_->holder_lists.Keep(std::move(body->holders));
    (*holders)[wanted[held[n]]] = std::move(kept.list);
    const AssetPages::Page* page = caches_->assets.Find(asset.value / keys::kAssetPageSize);
    if (page != nullptr && page->heads != nullptr) {
      AssetPages::NoteHolderList(asset.value % keys::kAssetPageSize, positions[n], kept.number,
                                 page->heads.get());
    }
  }
  return absl::OkStatus();
}

absl::Status LedgerView::ReadAssetIds(std::span<const AssetNumber> assets,
                                      std::vector<Digest>* ids) const {
  ids->assign(assets.size(), Digest{});
  if (assets.size() < kPageAssetCountMin && id_source_ == IdSource::kIndex) {
    std::vector<AssetStateRow> states;
    TRIBUTARY_RETURN_IF_ERROR(ReadVersions(assets, /*is_large=*/false, &states));
    for (std::size_t i = 0; i < assets.size(); ++i) (*ids)[i] = states[i].id;
    return absl::OkStatus();
  }
  // By page, so that each is loaded once even where the cache holds few of them.
  std::vector<std::uint32_t> order(assets.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  if (!std::is_sorted(assets.begin(), assets.end())) {
    const auto precedes = [&](std::uint32_t a, std::uint32_t b) { return assets[a] < assets[b]; };
    TRIBUTARY_RETURN_IF_ERROR(SortUnlessCancelled(std::span(order), precedes, cancel_));
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

absl::Status LedgerView::ReadLastChanges(std::span<const AssetNumber> assets,
                                         std::vector<LogPosition>* positions) const {
  positions->assign(assets.size(), LogPosition{});
  const auto of_kept = [&](std::size_t i, const KeptHeads& kept) {
    if ((kept.flags & AssetPages::kSuperseded) != 0) return false;
    // An asset's number is the position of its only record.
    (*positions)[i] = std::max({LogPosition{assets[i].value}, kept.derivation, kept.holders});
    return true;
  };
  const auto of_row = [&](std::size_t i, const AssetStateRow& row) -> absl::Status {
    LogPosition* const last = &(*positions)[i];
    const auto look_at = [&](const VersionHead& head, keys::VersionTag tag) -> absl::Status {
      TRIBUTARY_ASSIGN_OR_RETURN(const auto position, InForce(head, tag, assets[i]));
      *last = std::max(*last, position.value_or(LogPosition{0}));
      return absl::OkStatus();
    };
    TRIBUTARY_RETURN_IF_ERROR(look_at(row.asset, keys::VersionTag::kAsset));
    TRIBUTARY_RETURN_IF_ERROR(look_at(row.derivation, keys::VersionTag::kDerivation));
    return look_at(row.holders, keys::VersionTag::kHolders);
  };
  return ForEachAsset(assets, of_kept, of_row);
}

}  // namespace tributary
