// A ledger of settlement records as two lists: its log, and the lines of its statements.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graph/settlement/adjustment.h"
#include "graph/settlement/settlement_reader.h"
#include "graph/settlement/statement.h"
#include "tests/support/memory_lineage_reader.h"

namespace tributary::test {

// Knows no assets. In force is the newest record of an identity: nobody checks what is appended.
class ListSettlementReader : public SettlementReader {
 public:
  ListSettlementReader() : ListSettlementReader(std::make_shared<Ledger>(), std::nullopt) {}

  LogPosition Append(RecordBody body);
  // Closes `builder` as the next statement over the positions up to here.
  LogPosition AppendStatement(StatementBuilder builder);
  // Posts an adjustment, each of a cause of its own.
  LogPosition AppendAdjustment(AdjustmentMode mode, std::vector<AdjustmentLine> lines);

  Digest IdAt(LogPosition position) const { return ledger_->log.at(position.value).id; }
  // How often lines were read: what a search costs.
  std::size_t read_lines_call_count() const { return ledger_->read_lines_call_count; }
  // Loses the last of the lines, and so of every block that holds it.
  void DropLastLine(LogPosition statement) { ledger_->lines.at(statement.value).pop_back(); }

  TreeSize tree_size() const override { return {size()}; }
  const LineageReader& lineage() const override { return lineage_reader_; }
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
  struct Ledger {
    std::vector<LoggedRecord> log;
    std::map<std::string, std::vector<std::size_t>> by_identity;
    std::map<std::uint64_t, std::vector<std::string>> lines;  // by position
    std::size_t read_lines_call_count = 0;
    std::uint64_t statement_count = 0;
    std::uint64_t closed_end = 0;
  };

  ListSettlementReader(std::shared_ptr<Ledger> ledger, std::optional<std::size_t> size)
      : ledger_(std::move(ledger)), size_(size), lineage_reader_(lineage_) {}

  std::size_t size() const { return size_.value_or(ledger_->log.size()); }

  std::shared_ptr<Ledger> ledger_;
  std::optional<std::size_t> size_;  // absent: all there is
  PlainLineage lineage_;
  MemoryLineageReader lineage_reader_;
};

}  // namespace tributary::test
