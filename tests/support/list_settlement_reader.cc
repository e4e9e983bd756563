#include "tests/support/list_settlement_reader.h"

#include <algorithm>
#include <utility>

#include "graph/model/check.h"

namespace tributary::test {

LogPosition ListSettlementReader::Append(RecordBody body) {
  Record record;
  record.ledger = "l.example/1";
  record.body = std::move(body);
  SortLists(&record);
  std::vector<std::size_t>& chain = ledger_->by_identity[IdentityOf(record.body)];
  if (!chain.empty()) record.supersedes = ledger_->log[chain.back()].id;
  const LogPosition position = {ledger_->log.size()};
  chain.push_back(position.value);
  const Digest id = RecordId(EncodeRecord(record));
  ledger_->log.push_back(
      {.position = position, .accepted_time = {}, .id = id, .record = std::move(record)});
  return position;
}

LogPosition ListSettlementReader::AppendStatement(StatementBuilder builder) {
  Statement statement = std::move(builder).Close().value();
  StatementRecord record;
  record.number = ++ledger_->statement_count;
  if (record.number > 1) record.previous = Digest();
  record.begin = ledger_->closed_end;
  record.end = ledger_->log.size();
  TRIBUTARY_CHECK(record.end > record.begin);
  record.algorithm = kSettlementAlgorithm;
  record.line_count = statement.lines.size();
  record.lines_root = statement.lines_root;
  record.totals = std::move(statement.totals);
  ledger_->closed_end = record.end;
  const LogPosition position = Append(std::move(record));
  std::vector<std::string>& lines = ledger_->lines[position.value];
  for (const StatementLine& line : statement.lines) lines.push_back(EncodeStatementLine(line));
  return position;
}

LogPosition ListSettlementReader::AppendAdjustment(AdjustmentMode mode,
                                                   std::vector<AdjustmentLine> lines) {
  AdjustmentRecord record;
  record.cause = RecordId(std::to_string(ledger_->log.size()));
  record.mode = mode;
  record.tree_size = ledger_->log.size();
  record.algorithm = kSettlementAlgorithm;
  record.line_count = lines.size();
  std::map<std::string, AdjustmentTotal> totals;
  for (const AdjustmentLine& line : lines) {
    AdjustmentTotal& total = totals[line.currency];
    total.currency = line.currency;
    total.increase += line.increase();
    total.decrease += line.decrease();
  }
  for (const auto& [currency, total] : totals) record.totals.push_back(total);
  const LogPosition position = Append(std::move(record));
  std::vector<std::string>& bytes = ledger_->lines[position.value];
  for (const AdjustmentLine& line : lines) bytes.push_back(EncodeAdjustmentLine(line));
  return position;
}

absl::StatusOr<std::shared_ptr<const SettlementReader>> ListSettlementReader::At(
    TreeSize tree_size) const {
  if (tree_size.value > size()) return absl::OutOfRangeError("above the tree size");
  return std::shared_ptr<const SettlementReader>(
      new ListSettlementReader(ledger_, tree_size.value));
}

absl::StatusOr<std::uint64_t> ListSettlementReader::CountBefore(RecordType type,
                                                                LogPosition end) const {
  const auto last = ledger_->log.begin() + static_cast<std::ptrdiff_t>(end.value);
  return static_cast<std::uint64_t>(std::count_if(
      ledger_->log.begin(), last,
      [type](const LoggedRecord& logged) { return TypeOf(logged.record.body) == type; }));
}

absl::StatusOr<std::vector<LogPosition>> ListSettlementReader::ListPositions(
    RecordType type, std::uint64_t first, std::size_t count_max) const {
  std::vector<LogPosition> positions;
  for (std::size_t i = 0; i < size() && positions.size() < count_max; ++i) {
    if (TypeOf(ledger_->log[i].record.body) != type) continue;
    if (first > 0) {
      --first;
    } else {
      positions.push_back({i});
    }
  }
  return positions;
}

absl::Status ListSettlementReader::ReadRecords(std::span<const LogPosition> positions,
                                               std::vector<LoggedRecord>* records) const {
  records->clear();
  for (const LogPosition position : positions) records->push_back(ledger_->log.at(position.value));
  return absl::OkStatus();
}

absl::StatusOr<std::optional<LoggedRecord>> ListSettlementReader::FindRecord(
    const Digest& id) const {
  for (std::size_t i = 0; i < size(); ++i) {
    if (ledger_->log[i].id == id) return ledger_->log[i];
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<LoggedRecord>> ListSettlementReader::FindInForce(
    const RecordBody& probe) const {
  const auto chain = ledger_->by_identity.find(IdentityOf(probe));
  if (chain == ledger_->by_identity.end()) return std::nullopt;
  const auto above = std::lower_bound(chain->second.begin(), chain->second.end(), size());
  if (above == chain->second.begin()) return std::nullopt;
  return ledger_->log[*std::prev(above)];
}

absl::StatusOr<std::optional<AssetNumber>> ListSettlementReader::FindAsset(const Digest&) const {
  return std::nullopt;
}

absl::Status ListSettlementReader::ReadLastChanges(std::span<const AssetNumber>,
                                                   std::vector<LogPosition>*) const {
  return absl::UnimplementedError("this ledger has no assets");
}

absl::StatusOr<std::vector<std::string>> ListSettlementReader::ReadLines(
    LogPosition record, std::uint64_t first, std::size_t count_max) const {
  ++ledger_->read_lines_call_count;
  const auto found = ledger_->lines.find(record.value);
  if (found == ledger_->lines.end()) return absl::NotFoundError("neither");
  const std::vector<std::string>& lines = found->second;
  const std::size_t begin = std::min<std::size_t>(first, lines.size());
  const std::size_t count = std::min(count_max, lines.size() - begin);
  const auto from = lines.begin() + static_cast<std::ptrdiff_t>(begin);
  return std::vector<std::string>(from, from + static_cast<std::ptrdiff_t>(count));
}

}  // namespace tributary::test
