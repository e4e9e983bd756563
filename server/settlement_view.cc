#include "server/settlement_view.h"

#include <utility>

#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary::server {

absl::StatusOr<std::shared_ptr<const SettlementReader>> SettlementView::At(
    TreeSize tree_size) const {
  if (tree_size.value < 1 || tree_size > view_->tree_size()) {
    return FieldError(absl::StatusCode::kOutOfRange, "tree_size", StrCat(tree_size.value),
                      StrCat("1 to ", view_->tree_size().value));
  }
  return std::make_shared<const SettlementView>(view_->At(tree_size));
}

absl::StatusOr<std::uint64_t> SettlementView::CountBefore(RecordType type, LogPosition end) const {
  return view_->CountRecordsBefore(type, end);
}

absl::StatusOr<std::vector<LogPosition>> SettlementView::ListPositions(
    RecordType type, std::uint64_t first, std::size_t count_max) const {
  return view_->ListRecords(type, first, count_max);
}

absl::Status SettlementView::ReadRecords(std::span<const LogPosition> positions,
                                         std::vector<LoggedRecord>* records) const {
  TRIBUTARY_ASSIGN_OR_RETURN(auto stored, view_->ReadRecords(positions));
  records->clear();
  records->reserve(stored.size());
  for (StoredRecord& record : stored) records->push_back(Logged(std::move(record)));
  return absl::OkStatus();
}

absl::StatusOr<std::optional<LoggedRecord>> SettlementView::FindRecord(const Digest& id) const {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto position, view_->FindRecord(id));
  if (!position.has_value()) return std::optional<LoggedRecord>();
  TRIBUTARY_ASSIGN_OR_RETURN(StoredRecord record, view_->ReadRecord(*position));
  return std::optional(Logged(std::move(record)));
}

absl::StatusOr<std::optional<LoggedRecord>> SettlementView::FindInForce(
    const RecordBody& probe) const {
  TRIBUTARY_ASSIGN_OR_RETURN(auto record, view_->FindInForce(probe));
  if (!record.has_value()) return std::optional<LoggedRecord>();
  return std::optional(Logged(*std::move(record)));
}

absl::StatusOr<std::optional<AssetNumber>> SettlementView::FindAsset(const Digest& asset) const {
  return view_->FindAsset(asset);
}

absl::Status SettlementView::ReadLastChanges(std::span<const AssetNumber> assets,
                                             std::vector<LogPosition>* positions) const {
  return view_->ReadLastChanges(assets, positions);
}

absl::StatusOr<std::vector<std::string>> SettlementView::ReadLines(LogPosition record,
                                                                   std::uint64_t first,
                                                                   std::size_t count_max) const {
  return view_->ReadLines(record, first, count_max);
}

}  // namespace tributary::server
