// A ledger as the settlement core reads it: its port over the views of storage.

#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "graph/settlement/settlement_reader.h"
#include "storage/ledger_view.h"

namespace tributary::server {

// A stored record as the core takes it.
inline LoggedRecord Logged(StoredRecord record) {
  return {record.position, record.accepted_time, record.id, std::move(record.record)};
}

// Shares the view; any thread may call.
class SettlementView final : public SettlementReader {
 public:
  explicit SettlementView(std::shared_ptr<LedgerView> view) : view_(std::move(view)) {}

  const LedgerView& view() const { return *view_; }

  TreeSize tree_size() const override { return view_->tree_size(); }
  const LineageReader& lineage() const override { return *view_; }
  absl::StatusOr<std::shared_ptr<const SettlementReader>> At(TreeSize tree_size) const override;
  absl::StatusOr<std::uint64_t> CountBefore(RecordType type, LogPosition end) const override;
  absl::StatusOr<std::vector<LogPosition>> ListPositions(RecordType type, std::uint64_t first,
                                                         std::size_t count_max) const override;
  absl::Status ReadRecords(std::span<const LogPosition> positions,
                           std::vector<LoggedRecord>* records) const override;
  absl::StatusOr<std::optional<LoggedRecord>> FindRecord(const Digest& id) const override;
  absl::StatusOr<std::optional<LoggedRecord>> FindInForce(const RecordBody& probe) const override;
  absl::StatusOr<std::optional<AssetNumber>> FindAsset(const Digest& asset) const override;
  absl::Status ReadLastChanges(std::span<const AssetNumber> assets,
                               std::vector<LogPosition>* positions) const override;
  absl::StatusOr<std::vector<std::string>> ReadLines(LogPosition record, std::uint64_t first,
                                                     std::size_t count_max) const override;

 private:
  std::shared_ptr<LedgerView> view_;
};

}  // namespace tributary::server
