// Reading records of sales and statements: lists by type, records in force, lines.

#include <algorithm>

#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "storage/ledger_view.h"

namespace tributary {
namespace {

absl::Status ListDamaged(RecordType type, std::string_view what) {
  return DamagedRow(keys::RecordList(type).view(), what);
}

}  // namespace

std::shared_ptr<LedgerView> LedgerView::At(TreeSize tree_size) const {
  TRIBUTARY_CHECK(tree_size.value >= 1 && tree_size <= head_.tree_size);
  return std::make_shared<LedgerView>(snapshot_, head_, tree_size, caches_, cancel_, id_source_);
}

absl::StatusOr<PositionListRow> LedgerView::ReadRecordList(RecordType type) const {
  TRIBUTARY_CHECK(type >= kFirstSettlementType && type.index < kRecordTypeCount);
  const OwnedKey key = keys::RecordList(type);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadRow(key));
  PositionListRow list;
  if (payload.has_value()) {
    TRIBUTARY_ASSIGN_OR_RETURN(list, Decoded(DecodePositionList(*payload), key));
  }
  // Both are of the snapshot, whatever tree size is asked about, so they always agree.
  if (list.count == head_.record_counts[type.index]) return list;
  return ListDamaged(type, StrCat("it counts ", list.count, " records, the head of the log ",
                                  head_.record_counts[type.index]));
}

absl::StatusOr<std::vector<std::uint64_t>> LedgerView::ReadRecordBlock(RecordType type,
                                                                       const PositionListRow& list,
                                                                       std::uint64_t block) const {
  if (block == list.count / kPositionBlockSize) return list.tail;
  const OwnedKey key = keys::RecordListBlock(type, static_cast<std::uint32_t>(block));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadRow(key));
  if (!payload.has_value()) return MissingRow(key);
  TRIBUTARY_ASSIGN_OR_RETURN(auto positions, Decoded(DecodeAscending(*payload), key));
  if (positions.size() != kPositionBlockSize) return DamagedRow(key.view(), "it is not full");
  return positions;
}

absl::StatusOr<std::uint64_t> LedgerView::CountRecordsBefore(RecordType type,
                                                             LogPosition end) const {
  TRIBUTARY_ASSIGN_OR_RETURN(const PositionListRow list, ReadRecordList(type));
  const std::uint64_t bound = std::min(end.value, tree_size_.value);
  // The first block that does not stand below the bound as a whole.
  std::uint64_t low = 0;
  std::uint64_t high = list.count / kPositionBlockSize;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    TRIBUTARY_ASSIGN_OR_RETURN(const auto block, ReadRecordBlock(type, list, middle));
    if (block.back() < bound) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const auto block, ReadRecordBlock(type, list, low));
  const auto below = std::lower_bound(block.begin(), block.end(), bound) - block.begin();
  return low * kPositionBlockSize + static_cast<std::uint64_t>(below);
}

absl::StatusOr<std::vector<LogPosition>> LedgerView::ListRecords(RecordType type,
                                                                 std::uint64_t first,
                                                                 std::size_t count_max) const {
  TRIBUTARY_ASSIGN_OR_RETURN(const PositionListRow list, ReadRecordList(type));
  std::vector<LogPosition> positions;
  const std::uint64_t full_count = list.count / kPositionBlockSize;
  const std::uint64_t begin = first / kPositionBlockSize;
  const std::uint64_t end =
      std::min<std::uint64_t>(full_count, begin + count_max / kPositionBlockSize + 2);
  // Takes what it may of one block; whether more may follow.
  const auto take = [&](std::uint64_t block, const std::vector<std::uint64_t>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (block * kPositionBlockSize + i < first) continue;
      if (positions.size() == count_max || values[i] >= tree_size_.value) return false;
      positions.push_back(LogPosition{values[i]});
    }
    return true;
  };
  bool more = true;
  const auto add = [&](std::size_t i, const OwnedKey& key,
                       std::string_view payload) -> absl::Status {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto values, Decoded(DecodeAscending(payload), key));
    if (values.size() != kPositionBlockSize) return DamagedRow(key.view(), "it is not full");
    more = more && take(begin + i, values);
    return absl::OkStatus();
  };
  if (begin < end) {
    TRIBUTARY_RETURN_IF_ERROR(ForEachRow(
        end - begin,
        [&](std::size_t i) {
          return keys::RecordListBlock(type, static_cast<std::uint32_t>(begin + i));
        },
        add));
  }
  if (more && end >= full_count) take(full_count, list.tail);
  return positions;
}

absl::StatusOr<std::optional<StoredRecord>> LedgerView::FindInForce(const RecordBody& probe) const {
  const auto of_asset = [this](
                            const Digest& id,
                            keys::VersionTag tag) -> absl::StatusOr<std::optional<StoredRecord>> {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto asset, FindAsset(id));
    if (!asset.has_value()) return std::optional<StoredRecord>();
    TRIBUTARY_ASSIGN_OR_RETURN(const AssetStateRow state, ReadAssetState(*asset));
    const VersionHead& versions = tag == keys::VersionTag::kAsset        ? state.asset
                                  : tag == keys::VersionTag::kDerivation ? state.derivation
                                                                         : state.holders;
    TRIBUTARY_ASSIGN_OR_RETURN(const auto position, InForce(versions, tag, *asset));
    if (!position.has_value()) return std::optional<StoredRecord>();
    TRIBUTARY_ASSIGN_OR_RETURN(StoredRecord record, ReadRecord(*position));
    return std::optional(std::move(record));
  };
  if (std::holds_alternative<LedgerRecord>(probe)) {
    TRIBUTARY_ASSIGN_OR_RETURN(StoredRecord record, ReadRecord(LogPosition{0}));
    return std::optional(std::move(record));
  }
  if (const auto* asset = std::get_if<AssetRecord>(&probe)) {
    return of_asset(asset->asset, keys::VersionTag::kAsset);
  }
  if (const auto* made = std::get_if<DerivationRecord>(&probe)) {
    return of_asset(made->generated, keys::VersionTag::kDerivation);
  }
  if (const auto* held = std::get_if<HoldersRecord>(&probe)) {
    return of_asset(held->asset, keys::VersionTag::kHolders);
  }
  return FindByIdentity(IdentityOf(probe));
}

absl::StatusOr<std::vector<std::string>> LedgerView::ReadLines(LogPosition position,
                                                               std::uint64_t first,
                                                               std::size_t count_max) const {
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord record, ReadRecord(position));
  const auto stated = StatedLines(record.record.body);
  if (!stated.has_value()) {
    return FieldError(absl::StatusCode::kNotFound, "position", TypeName(record.record.body),
                      "the log position of a statement or an adjustment");
  }
  std::vector<std::string> lines;
  if (first >= stated->line_count || count_max == 0) return lines;
  const OwnedKey key = keys::LineList(position);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadRow(key));
  if (!payload.has_value()) return MissingRow(key);
  TRIBUTARY_ASSIGN_OR_RETURN(const LineListRow list, Decoded(DecodeLineList(*payload), key));
  if (list.line_count != stated->line_count) {
    return DamagedRow(key.view(), StrCat("it counts ", list.line_count, " lines, the record ",
                                         stated->line_count));
  }
  const std::uint64_t end = first + std::min<std::uint64_t>(count_max, list.line_count - first);
  const std::uint64_t chunk_begin = first / kLineChunkSize;
  const std::uint64_t chunk_end = (end + kLineChunkSize - 1) / kLineChunkSize;
  const auto add = [&](std::size_t i, const OwnedKey& chunk_key,
                       std::string_view chunk_payload) -> absl::Status {
    TRIBUTARY_ASSIGN_OR_RETURN(auto chunk, Decoded(DecodeLineChunk(chunk_payload), chunk_key));
    const std::uint64_t begin = (chunk_begin + i) * kLineChunkSize;
    if (chunk.size() != std::min<std::uint64_t>(kLineChunkSize, list.line_count - begin)) {
      return DamagedRow(chunk_key.view(), StrCat("it holds ", chunk.size(), " lines"));
    }
    for (std::size_t k = 0; k < chunk.size(); ++k) {
      if (begin + k >= first && begin + k < end) lines.push_back(std::move(chunk[k]));
    }
    return absl::OkStatus();
  };
  TRIBUTARY_RETURN_IF_ERROR(ForEachRow(
      chunk_end - chunk_begin,
      [&](std::size_t i) {
        return keys::LineChunk(list.stage, static_cast<std::uint32_t>(chunk_begin + i));
      },
      add));
  return lines;
}

}  // namespace tributary
