// Reading one state: rows, records in force, the log and its tree.

#include "storage/ledger_view.h"

#include <algorithm>

#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "storage/ledger_caches.h"
#include "storage/log_tree.h"

namespace tributary {
namespace {

// Rows asked of the engine at once. An edge list of 4,096 edges in a row has some 30 kB, so that a
// batch of such rows is 8 MB and takes a few milliseconds.
constexpr std::size_t kRowBatchCount = 256;

}  // namespace

LedgerView::LedgerView(std::shared_ptr<const Snapshot> snapshot, HeadRow head, TreeSize tree_size,
                       std::shared_ptr<LedgerCaches> caches, const CancelToken* cancel,
                       IdSource id_source)
    : snapshot_(std::move(snapshot)),
      head_(head),
      tree_size_(tree_size),
      caches_(std::move(caches)),
      cancel_(cancel),
      id_source_(id_source) {}

LedgerView::~LedgerView() = default;

absl::Status LedgerView::CheckCancelled() const {
  return cancel_ == nullptr ? absl::OkStatus() : cancel_->status();
}

absl::StatusOr<std::optional<std::string>> LedgerView::ReadRow(const OwnedKey& key) const {
  TRIBUTARY_ASSIGN_OR_RETURN(auto value, snapshot_->Get(key.view()));
  if (!value.has_value()) return std::optional<std::string>();
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string_view payload, Unseal(key.view(), *value));
  value->resize(payload.size());
  return value;
}

absl::Status LedgerView::ForEachRow(std::size_t count, KeyOf key_of, VisitRow visit) const {
  std::vector<OwnedKey> owned;
  std::vector<CellKey> cells;
  std::vector<std::optional<std::string>> values;
  for (std::size_t begin = 0; begin < count; begin += kRowBatchCount) {
    TRIBUTARY_RETURN_IF_ERROR(CheckCancelled());
    const std::size_t batch_count = std::min(kRowBatchCount, count - begin);
    owned.clear();
    cells.clear();
    owned.reserve(batch_count);
    for (std::size_t i = 0; i < batch_count; ++i) owned.push_back(key_of(begin + i));
    for (const OwnedKey& key : owned) cells.push_back(key.view());
    TRIBUTARY_RETURN_IF_ERROR(snapshot_->MultiGet(cells, &values));
    for (std::size_t i = 0; i < batch_count; ++i) {
      if (!values[i].has_value()) return MissingRow(owned[i]);
      TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, Unseal(cells[i], *values[i]));
      TRIBUTARY_RETURN_IF_ERROR(visit(begin + i, owned[i], payload));
    }
  }
  return absl::OkStatus();
}

// --- Versions ---

absl::StatusOr<std::optional<LogPosition>> LedgerView::InForce(
    const VersionHead& head, const std::function<OwnedKey(std::uint32_t)>& version_key) const {
  if (head.count == 0) return std::optional<LogPosition>();
  if (head.newest.value < tree_size_.value) return std::optional(head.newest);
  // The last of the older versions that stands below the tree size.
  std::optional<LogPosition> found;
  std::uint32_t low = 0;
  std::uint32_t high = head.count - 1;
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    const OwnedKey key = version_key(middle);
    TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadRow(key));
    if (!payload.has_value()) return MissingRow(key);
    TRIBUTARY_ASSIGN_OR_RETURN(const auto position, Decoded(DecodePosition(*payload), key));
    if (position < tree_size_.value) {
      found = LogPosition{position};
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return found;
}

absl::StatusOr<std::optional<LogPosition>> LedgerView::InForce(const VersionHead& head,
                                                               keys::VersionTag tag,
                                                               AssetNumber asset) const {
  return InForce(head, [tag, asset](std::uint32_t version) {
    return keys::AssetVersion(tag, asset, version);
  });
}

absl::StatusOr<std::optional<StoredRecord>> LedgerView::FindByIdentity(
    std::string_view identity) const {
  const OwnedKey key = keys::IdentityHead(identity);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadRow(key));
  if (!payload.has_value()) return std::optional<StoredRecord>();
  TRIBUTARY_ASSIGN_OR_RETURN(const VersionHead head, Decoded(DecodeVersionHead(*payload), key));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto position, InForce(head, [&](std::uint32_t version) {
                               return keys::IdentityVersion(identity, version);
                             }));
  if (!position.has_value()) return std::optional<StoredRecord>();
  TRIBUTARY_ASSIGN_OR_RETURN(StoredRecord record, ReadRecord(*position));
  if (IdentityOf(record.record.body) != identity) {
    return DamagedRow(key.view(), "points to a record of another identity");
  }
  return std::optional(std::move(record));
}

// --- Asset rows ---

absl::Status LedgerView::ReadAssetStates(std::span<const AssetNumber> assets,
                                         std::vector<AssetStateRow>* states) const {
  states->clear();
  states->reserve(assets.size());
  return ForEachRow(
      assets.size(), [&](std::size_t i) { return keys::AssetStateOf(assets[i]); },
      [&](std::size_t, const OwnedKey& key, std::string_view payload) -> absl::Status {
        TRIBUTARY_ASSIGN_OR_RETURN(auto state, Decoded(DecodeAssetState(payload), key));
        states->push_back(std::move(state));
        return absl::OkStatus();
      });
}

absl::StatusOr<AssetStateRow> LedgerView::ReadAssetState(AssetNumber asset) const {
  std::vector<AssetStateRow> states;
  TRIBUTARY_RETURN_IF_ERROR(ReadAssetStates(std::span(&asset, 1), &states));
  return states.front();
}

absl::StatusOr<std::optional<AssetNumber>> LedgerView::FindAsset(const Digest& id) const {
  const OwnedKey key = keys::AssetNumberOf(id);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadRow(key));
  if (!payload.has_value()) return std::optional<AssetNumber>();
  TRIBUTARY_ASSIGN_OR_RETURN(const auto number, Decoded(DecodePosition(*payload), key));
  if (number >= tree_size_.value) return std::optional<AssetNumber>();
  return std::optional(AssetNumber{number});
}

absl::StatusOr<AssetNumber> LedgerView::RequireAsset(const Digest& id,
                                                     std::string_view field) const {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto number, FindAsset(id));
  if (!number.has_value()) {
    return FieldError(absl::StatusCode::kNotFound, field, id.ToHex(),
                      StrCat("an asset recorded at tree size ", tree_size_.value));
  }
  return *number;
}

absl::StatusOr<LogPosition> LedgerView::AssetRecordPosition(AssetNumber asset) const {
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetStateRow state, ReadAssetState(asset));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto position,
                             InForce(state.asset, keys::VersionTag::kAsset, asset));
  if (!position.has_value()) {
    return absl::InternalError(
        StrCat("asset number ", asset.value, " is above the tree size ", tree_size_.value));
  }
  return *position;
}

absl::StatusOr<std::optional<LogPosition>> LedgerView::DerivationPosition(AssetNumber asset) const {
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetStateRow state, ReadAssetState(asset));
  return InForce(state.derivation, keys::VersionTag::kDerivation, asset);
}

absl::StatusOr<std::optional<LogPosition>> LedgerView::HoldersPosition(AssetNumber asset) const {
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetStateRow state, ReadAssetState(asset));
  return InForce(state.holders, keys::VersionTag::kHolders, asset);
}

absl::StatusOr<AssetClass> LedgerView::ClassOf(AssetNumber asset,
                                               const AssetStateRow& state) const {
  AssetClass result;
  result.kind = state.kind;
  if (state.asset.newest.value >= tree_size_.value) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto position,
                               InForce(state.asset, keys::VersionTag::kAsset, asset));
    if (!position.has_value()) {
      return absl::InternalError(StrCat("asset number ", asset.value, " is above the tree size"));
    }
    TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord record, ReadRecord(*position));
    const auto* body = std::get_if<AssetRecord>(&record.record.body);
    if (body == nullptr)
      return absl::DataLossError(
          StrCat("log position ", position->value, " is not the record of an asset"));
    result.kind = body->kind;
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const auto derivation,
                             InForce(state.derivation, keys::VersionTag::kDerivation, asset));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto holders,
                             InForce(state.holders, keys::VersionTag::kHolders, asset));
  result.is_derived = derivation.has_value();
  result.has_holders = holders.has_value();
  return result;
}

// --- Log ---

absl::StatusOr<std::vector<StoredRecord>> LedgerView::ReadRecords(
    std::span<const LogPosition> positions) const {
  for (const LogPosition position : positions) {
    if (position.value < tree_size_.value) continue;
    return FieldError(absl::StatusCode::kOutOfRange, "position", StrCat(position.value),
                      StrCat("below the tree size ", tree_size_.value));
  }
  std::vector<StoredRecord> records;
  records.reserve(positions.size());
  const auto add = [&](std::size_t i, const OwnedKey& key,
                       std::string_view payload) -> absl::Status {
    TRIBUTARY_ASSIGN_OR_RETURN(auto entry, Decoded(DecodeLogEntry(payload), key));
    if (RecordId(entry.record_bytes) != entry.record_id) {
      return DamagedRow(key.view(), "the record's bytes do not have its digest");
    }
    auto decoded = DecodeRecord(entry.record_bytes);
    if (!decoded.ok()) return DamagedRow(key.view(), decoded.status().message().data());
    records.push_back({entry.record_id, positions[i], entry.time, std::move(entry.record_bytes),
                       *std::move(decoded)});
    return absl::OkStatus();
  };
  TRIBUTARY_RETURN_IF_ERROR(ForEachRow(
      positions.size(), [&](std::size_t i) { return keys::LogEntry(positions[i]); }, add));
  return records;
}

absl::StatusOr<StoredRecord> LedgerView::ReadRecord(LogPosition position) const {
  TRIBUTARY_ASSIGN_OR_RETURN(auto records, ReadRecords(std::span(&position, 1)));
  return std::move(records.front());
}

absl::StatusOr<std::optional<LogPosition>> LedgerView::FindRecord(const Digest& record_id) const {
  const OwnedKey key = keys::RecordPosition(record_id);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadRow(key));
  if (!payload.has_value()) return std::optional<LogPosition>();
  TRIBUTARY_ASSIGN_OR_RETURN(const auto position, Decoded(DecodePosition(*payload), key));
  if (position >= tree_size_.value) return std::optional<LogPosition>();
  return std::optional(LogPosition{position});
}

absl::StatusOr<std::optional<Digest>> LedgerView::SupersededBy(const StoredRecord& record) const {
  const RecordBody& body = record.record.body;
  if (std::holds_alternative<LedgerRecord>(body)) return std::optional<Digest>();
  // The first version after this record's own, found in the chain of its identity.
  VersionHead head;
  std::function<OwnedKey(std::uint32_t)> version_key;
  const auto of_asset = [&](const Digest& id, keys::VersionTag tag) -> absl::Status {
    TRIBUTARY_ASSIGN_OR_RETURN(const AssetNumber asset, RequireAsset(id, "asset"));
    TRIBUTARY_ASSIGN_OR_RETURN(const AssetStateRow state, ReadAssetState(asset));
    head = tag == keys::VersionTag::kAsset        ? state.asset
           : tag == keys::VersionTag::kDerivation ? state.derivation
                                                  : state.holders;
    version_key = [tag, asset](std::uint32_t version) {
      return keys::AssetVersion(tag, asset, version);
    };
    return absl::OkStatus();
  };
  if (const auto* asset = std::get_if<AssetRecord>(&body)) {
    TRIBUTARY_RETURN_IF_ERROR(of_asset(asset->asset, keys::VersionTag::kAsset));
  } else if (const auto* derivation = std::get_if<DerivationRecord>(&body)) {
    TRIBUTARY_RETURN_IF_ERROR(of_asset(derivation->generated, keys::VersionTag::kDerivation));
  } else if (const auto* holders = std::get_if<HoldersRecord>(&body)) {
    TRIBUTARY_RETURN_IF_ERROR(of_asset(holders->asset, keys::VersionTag::kHolders));
  } else {
    const std::string identity = IdentityOf(body);
    const OwnedKey key = keys::IdentityHead(identity);
    TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadRow(key));
    if (!payload.has_value()) return MissingRow(key);
    TRIBUTARY_ASSIGN_OR_RETURN(head, Decoded(DecodeVersionHead(*payload), key));
    version_key = [identity](std::uint32_t version) {
      return keys::IdentityVersion(identity, version);
    };
  }
  std::uint32_t low = 0;  // versions before this one, or it
  std::uint32_t high = head.count;
  const auto position_of = [&](std::uint32_t version) -> absl::StatusOr<std::uint64_t> {
    if (version + 1 == head.count) return head.newest.value;
    const OwnedKey key = version_key(version);
    TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadRow(key));
    if (!payload.has_value()) return MissingRow(key);
    return Decoded(DecodePosition(*payload), key);
  };
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t position, position_of(middle));
    if (position <= record.position.value)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == head.count) return std::optional<Digest>();
  TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t next, position_of(low));
  if (next >= tree_size_.value) return std::optional<Digest>();
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord successor, ReadRecord(LogPosition{next}));
  return std::optional(successor.id);
}

absl::StatusOr<std::optional<PrivateDetails>> LedgerView::ReadDetails(
    const Digest& details_digest) const {
  const OwnedKey key = keys::Details(details_digest);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadRow(key));
  if (!payload.has_value()) return std::optional<PrivateDetails>();
  if (payload->size() < kDetailsSaltSize || Sha256(*payload) != details_digest) {
    return DamagedRow(key.view(), "the details do not have their digest");
  }
  return std::optional(
      PrivateDetails{payload->substr(0, kDetailsSaltSize), payload->substr(kDetailsSaltSize)});
}

absl::StatusOr<TreeSize> LedgerView::TreeSizeAt(TimeMs time) const {
  // Times never decrease along the log.
  std::uint64_t low = 0;
  std::uint64_t high = tree_size_.value;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord record, ReadRecord(LogPosition{middle}));
    if (record.accepted_time <= time)
      low = middle + 1;
    else
      high = middle;
  }
  return TreeSize{low};
}

absl::StatusOr<Digest> LedgerView::RootHash() const {
  if (tree_size_ == head_.tree_size) return head_.root;
  return RootAt(*this, tree_size_.value);
}

absl::Status LedgerView::ReadSubtrees(std::span<const SubtreeId> ids,
                                      std::vector<Digest>* roots) const {
  roots->clear();
  for (const SubtreeId& id : ids) {
    const std::uint32_t tile_level = id.level / kTileHeight;
    const std::uint64_t count = std::uint64_t{1} << (id.level % kTileHeight);
    const std::uint64_t first = id.index * count;  // in hashes of that tile level
    const OwnedKey key = keys::Tile(tile_level, first / kTileSize);
    std::vector<Digest> hashes;
    TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadRow(key));
    if (payload.has_value()) {
      TRIBUTARY_ASSIGN_OR_RETURN(const auto tile, Decoded(DecodeTile(*payload), key));
      const std::uint64_t offset = first % kTileSize;
      if (tile.size() < offset + count) return DamagedRow(key.view(), "the tile is too short");
      hashes.assign(tile.begin() + static_cast<std::ptrdiff_t>(offset),
                    tile.begin() + static_cast<std::ptrdiff_t>(offset + count));
    } else if (tile_level == 0) {
      std::vector<LogPosition> positions;
      for (std::uint64_t i = first; i < first + count; ++i) positions.push_back(LogPosition{i});
      TRIBUTARY_ASSIGN_OR_RETURN(const auto records, ReadRecords(positions));
      for (const StoredRecord& record : records) {
        hashes.push_back(LeafHash(LeafData(record.id, record.accepted_time)));
      }
    } else {
      return MissingRow(key);
    }
    roots->push_back(RootOfFullSubtree(hashes));
  }
  return absl::OkStatus();
}

}  // namespace tributary
