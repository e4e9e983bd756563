#include "graph/settlement/close.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "graph/lineage/limits.h"
#include "graph/model/status.h"
#include "graph/settlement/adjustment.h"
#include "graph/settlement/record_scan.h"

namespace tributary {
namespace {

constexpr std::size_t kLineBatchCount = 4096;

const StatementRecord& BodyOf(const LoggedRecord& statement) {
  return std::get<StatementRecord>(statement.record.body);
}

class Closer {
 public:
  Closer(const SettlementReader& at_end, const std::optional<LoggedRecord>& previous,
         const std::optional<Digest>& policy, const CloseOptions& options,
         const SettlementReader* newest)
      : at_end_(at_end),
        newest_(newest),
        previous_(previous),
        policy_(policy),
        options_(options),
        begin_(previous ? LogPosition{BodyOf(*previous).end} : LogPosition{0}) {}

  // `lines` reads the lines of the statement before, which may stand above the end of this one.
  absl::StatusOr<ClosedStatement> Run(const SettlementReader& lines) {
    TRIBUTARY_RETURN_IF_ERROR(AddOpenings(lines));
    TRIBUTARY_RETURN_IF_ERROR(AddEarnings());
    TRIBUTARY_RETURN_IF_ERROR(AddAdjustments());
    TRIBUTARY_ASSIGN_OR_RETURN(Statement statement, std::move(builder_).Close());
    if (statement.totals.size() > kStatementTotalCountMax) {
      return LimitMet("currencies", statement.totals.size(), kStatementTotalCountMax);
    }
    closed_.lines.reserve(statement.lines.size());
    for (const StatementLine& line : statement.lines) {
      closed_.lines.push_back(EncodeStatementLine(line));
    }
    FillRecord(std::move(statement));
    return std::move(closed_);
  }

 private:
  absl::Status AddCurrency(const std::string& code) {
    if (!currencies_.insert(code).second) return absl::OkStatus();
    TRIBUTARY_ASSIGN_OR_RETURN(const auto logged,
                               at_end_.FindInForce(CurrencyRecord{.code = code}));
    if (!logged.has_value()) {
      return absl::DataLossError(StrCat("currency ", Quoted(code), " is not in the ledger"));
    }
    const auto& currency = std::get<CurrencyRecord>(logged->record.body);
    return builder_.AddCurrency(code, static_cast<unsigned>(currency.fraction_bits));
  }

  void Report(std::string_view phase) const {
    if (options_.progress != nullptr) options_.progress(phase);
  }

  absl::Status CountFigure() {
    if (++figure_count_ <= options_.limits.figure_count_max) return absl::OkStatus();
    return LimitMet("figure_count_max", figure_count_, options_.limits.figure_count_max);
  }

  absl::Status AddOpenings(const SettlementReader& lines) {
    if (!previous_) return absl::OkStatus();
    Report("reading the statement before");
    return ForEachLine(
        lines, previous_->position, options_.cancel, [this](const std::string& bytes) {
          TRIBUTARY_ASSIGN_OR_RETURN(const StatementLine line, DecodeStatementLine(bytes));
          if (line.carry == 0 && line.debt == 0) return absl::OkStatus();
          TRIBUTARY_RETURN_IF_ERROR(CountFigure());
          TRIBUTARY_RETURN_IF_ERROR(AddCurrency(line.currency));
          return builder_.AddOpening(line.currency, line.payee, line.carry, line.debt);
        });
  }

  absl::Status AddEarnings() {
    const CloseLimits& limits = options_.limits;
    SaleTable table(at_end_, policy_);
    Report("reading sales");
    TRIBUTARY_RETURN_IF_ERROR(ReadSales(at_end_, begin_, limits.sales, options_.cancel, &table));
    TRIBUTARY_ASSIGN_OR_RETURN(const HoldSet holds,
                               ReadHolds(at_end_, {}, limits.holds, options_.cancel));
    EarnerRoutes routes;
    if (options_.routes != nullptr) {
      TRIBUTARY_ASSIGN_OR_RETURN(routes, options_.routes(at_end_));
    }
    Report("valuing sales");
    TRIBUTARY_ASSIGN_OR_RETURN(Valuation valuation,
                               ValueSales(table, holds, routes, limits.valuation, options_.cancel));
    TRIBUTARY_RETURN_IF_ERROR(CheckLateHolds(table, holds, routes));
    closed_.sale_count = table.sales.size();
    closed_.pass_count = valuation.pass_count;
    for (CurrencyEarnings& earned : valuation.currencies) {
      for (std::size_t i = 0; i < earned.earnings.size(); ++i) {
        TRIBUTARY_RETURN_IF_ERROR(CountFigure());
      }
      TRIBUTARY_RETURN_IF_ERROR(AddCurrency(earned.currency));
      TRIBUTARY_RETURN_IF_ERROR(
          builder_.AddSales(earned.currency, earned.amount, earned.sale_count, earned.earnings));
      earned.earnings = {};
    }
    return absl::OkStatus();
  }

  // A statement knows holds below its end only, so that it comes out again from its own record. One
  // placed since must then stand below the end, or what it disputes would be paid out.
  absl::Status CheckLateHolds(const SaleTable& table, HoldSet holds, const EarnerRoutes& routes) {
    if (newest_ == nullptr || table.sales.empty()) return absl::OkStatus();
    constexpr RecordType kType = kRecordTypeOf<HoldRecord>;
    TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t below,
                               newest_->CountBefore(kType, {at_end_.tree_size().value}));
    TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t count,
                               newest_->CountBefore(kType, {newest_->tree_size().value}));
    if (below == count) return absl::OkStatus();
    TRIBUTARY_ASSIGN_OR_RETURN(const HoldSet all,
                               ReadHolds(*newest_, {}, options_.limits.holds, options_.cancel));
    const std::size_t early_count = holds.ids.size();
    for (std::size_t i = 0; i < all.ids.size(); ++i) {
      if (all.positions[i].value >= at_end_.tree_size().value) holds.Add(all, i);
    }
    if (holds.ids.size() == early_count) return absl::OkStatus();
    TRIBUTARY_ASSIGN_OR_RETURN(
        const Valuation valuation,
        ValueSales(table, holds, routes, options_.limits.valuation, options_.cancel));
    const EarnedGrains earned = ToEarnedGrains(valuation);
    for (std::size_t i = holds.ids.size(); i > early_count; --i) {  // the newest first
      const std::string line = HoldKey(holds.ids[i - 1]);
      const bool holds_any = std::any_of(earned.begin(), earned.end(), [&line](const auto& entry) {
        return entry.first.second == line && entry.second != 0;
      });
      if (!holds_any) continue;
      const std::uint64_t position = holds.positions[i - 1].value;
      return FieldError(absl::StatusCode::kFailedPrecondition, "end",
                        StrCat(at_end_.tree_size().value, ", below log position ", position,
                               " of hold ", holds.ids[i - 1].ToHex(), ", which holds of its sales"),
                        StrCat("above ", position, ", or that hold released"));
    }
    return absl::OkStatus();
  }

  absl::Status AddAdjustments() {
    Report("reading adjustments");
    return ForEachRecord<AdjustmentRecord>(
        at_end_, begin_, options_.cancel,
        [this](const LoggedRecord& logged, const AdjustmentRecord& adjustment) {
          if (adjustment.mode == AdjustmentMode::kProspective) return absl::OkStatus();
          ++closed_.adjustment_count;
          return ForEachLine(
              at_end_, logged.position, options_.cancel, [this](const std::string& bytes) {
                TRIBUTARY_ASSIGN_OR_RETURN(const AdjustmentLine line, DecodeAdjustmentLine(bytes));
                if (line.old_grains == line.new_grains) return absl::OkStatus();
                TRIBUTARY_RETURN_IF_ERROR(CountFigure());
                TRIBUTARY_RETURN_IF_ERROR(AddCurrency(line.currency));
                return builder_.AddAdjustment(line.currency, line.payee, line.increase(),
                                              line.decrease());
              });
        });
  }

  void FillRecord(Statement statement) {
    StatementRecord& record = closed_.record;
    record.number = previous_ ? BodyOf(*previous_).number + 1 : 1;
    if (previous_) record.previous = previous_->id;
    record.begin = begin_.value;
    record.end = at_end_.tree_size().value;
    record.policy = policy_;
    record.algorithm = kSettlementAlgorithm;
    record.line_count = statement.lines.size();
    record.lines_root = statement.lines_root;
    Record sorted;
    record.totals = std::move(statement.totals);
    sorted.body = std::move(record);
    SortLists(&sorted);
    record = std::get<StatementRecord>(std::move(sorted.body));
  }

  const SettlementReader& at_end_;
  const SettlementReader* const newest_;  // null: closed already, whatever was held since
  const std::optional<LoggedRecord>& previous_;
  const std::optional<Digest>& policy_;
  const CloseOptions& options_;
  const LogPosition begin_;
  StatementBuilder builder_;
  absl::flat_hash_set<std::string> currencies_;
  std::size_t figure_count_ = 0;
  ClosedStatement closed_;
};

absl::Status CheckPolicy(const SettlementReader& at_end, const std::optional<Digest>& policy) {
  if (!policy.has_value()) return absl::OkStatus();
  TRIBUTARY_ASSIGN_OR_RETURN(const auto logged, at_end.FindRecord(*policy));
  if (logged.has_value() && std::holds_alternative<PolicyRecord>(logged->record.body)) {
    return absl::OkStatus();
  }
  return InvalidField("policy", policy->ToHex(),
                      "the record id of a policy that stands below the end of the statement");
}

absl::StatusOr<ClosedStatement> CloseRange(const SettlementReader& reader,
                                           const std::optional<LoggedRecord>& previous,
                                           LogPosition end, const std::optional<Digest>& policy,
                                           const CloseOptions& options,
                                           const SettlementReader* newest) {
  const std::uint64_t begin = previous ? BodyOf(*previous).end : 0;
  if (end.value <= begin) {
    return InvalidField("end", StrCat(end.value),
                        StrCat("above ", begin, ", where the statement before ends"));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<const SettlementReader> at_end,
                             reader.At({end.value}));
  TRIBUTARY_RETURN_IF_ERROR(CheckPolicy(*at_end, policy));
  return Closer(*at_end, previous, policy, options, newest).Run(reader);
}

}  // namespace

absl::StatusOr<ClosedStatement> CloseStatement(const SettlementReader& reader, LogPosition end,
                                               const std::optional<Digest>& policy,
                                               const CloseOptions& options) {
  if (end.value > reader.tree_size().value) {
    return FieldError(absl::StatusCode::kOutOfRange, "end", StrCat(end.value),
                      StrCat("at most the tree size of ", reader.tree_size().value));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const std::optional<LoggedRecord> last, LastStatement(reader));
  return CloseRange(reader, last, end, policy, options, &reader);
}

absl::StatusOr<ClosedStatement> CloseAgain(const SettlementReader& reader,
                                           const LoggedRecord& statement,
                                           const CloseOptions& options) {
  const auto* record = std::get_if<StatementRecord>(&statement.record.body);
  if (record == nullptr) return InvalidField("statement", statement.id.ToHex(), "a statement");
  std::optional<LoggedRecord> previous;
  if (record->previous) {
    TRIBUTARY_ASSIGN_OR_RETURN(previous, reader.FindRecord(*record->previous));
    if (!previous || !std::holds_alternative<StatementRecord>(previous->record.body)) {
      return absl::DataLossError(
          StrCat("statement ", record->number, " follows a record that is no statement"));
    }
  }
  return CloseRange(reader, previous, {record->end}, record->policy, options, /*newest=*/nullptr);
}

absl::StatusOr<ClosedStatement> RecomputeStatement(const SettlementReader& reader,
                                                   const LoggedRecord& statement,
                                                   const CloseOptions& options) {
  TRIBUTARY_ASSIGN_OR_RETURN(ClosedStatement closed, CloseAgain(reader, statement, options));
  const StatementRecord& record = BodyOf(statement);
  if (closed.record == record) return closed;
  return absl::DataLossError(
      StrCat("statement ", record.number, " does not come out as it was recorded: found ",
             closed.record.line_count, " lines under ", closed.record.lines_root.ToHex(),
             "; recorded: ", record.line_count, " under ", record.lines_root.ToHex()));
}

absl::StatusOr<std::optional<LoggedRecord>> LastStatement(const SettlementReader& reader) {
  TRIBUTARY_ASSIGN_OR_RETURN(
      const std::uint64_t count,
      reader.CountBefore(kRecordTypeOf<StatementRecord>, {reader.tree_size().value}));
  return FindStatement(reader, count);
}

absl::StatusOr<std::uint64_t> CountUnclosed(const SettlementReader& reader, LogPosition end) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto last, LastStatement(reader));
  const LogPosition begin{last.has_value() ? std::get<StatementRecord>(last->record.body).end : 0};
  std::uint64_t count = 0;
  for (const RecordType type : {kRecordTypeOf<SaleRecord>, kRecordTypeOf<EscrowRecord>}) {
    TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t closed, reader.CountBefore(type, begin));
    TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t all, reader.CountBefore(type, end));
    count += all > closed ? all - closed : 0;
  }
  return count;
}

absl::StatusOr<std::optional<LoggedRecord>> FindStatement(const SettlementReader& reader,
                                                          std::uint64_t number) {
  if (number == 0) return std::optional<LoggedRecord>();
  // One chain from number 1 on: their order in the log is that of their numbers.
  TRIBUTARY_ASSIGN_OR_RETURN(
      const std::vector<LogPosition> positions,
      reader.ListPositions(kRecordTypeOf<StatementRecord>, number - 1, /*count_max=*/1));
  if (positions.empty()) return std::optional<LoggedRecord>();
  std::vector<LoggedRecord> records;
  TRIBUTARY_RETURN_IF_ERROR(reader.ReadRecords(positions, &records));
  const auto* record =
      records.size() == 1 ? std::get_if<StatementRecord>(&records[0].record.body) : nullptr;
  if (record != nullptr && record->number == number) return std::move(records[0]);
  return absl::DataLossError(StrCat("statement ", number, " is not in its place in the chain"));
}

absl::StatusOr<std::optional<LoggedRecord>> StatementOf(const SettlementReader& reader,
                                                        LogPosition position) {
  TRIBUTARY_ASSIGN_OR_RETURN(
      const std::uint64_t count,
      reader.CountBefore(kRecordTypeOf<StatementRecord>, {reader.tree_size().value}));
  // The first statement whose end lies above the position: ranges follow each other without gaps.
  std::uint64_t below = 0;
  std::uint64_t at_or_above = count + 1;
  std::optional<LoggedRecord> found;
  while (at_or_above - below > 1) {
    const std::uint64_t middle = below + (at_or_above - below) / 2;
    TRIBUTARY_ASSIGN_OR_RETURN(std::optional<LoggedRecord> statement,
                               FindStatement(reader, middle));
    if (!statement.has_value()) return absl::DataLossError("the chain of statements has a gap");
    if (BodyOf(*statement).end > position.value) {
      at_or_above = middle;
      found = std::move(statement);
    } else {
      below = middle;
    }
  }
  return found;
}

absl::Status ForEachLine(const SettlementReader& reader, LogPosition record,
                         const CancelToken* cancel,
                         const std::function<absl::Status(const std::string&)>& use) {
  for (std::uint64_t next = 0;;) {
    TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel));
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<std::string> lines,
                               reader.ReadLines(record, next, kLineBatchCount));
    if (lines.empty()) return absl::OkStatus();
    for (const std::string& line : lines) TRIBUTARY_RETURN_IF_ERROR(use(line));
    next += lines.size();
  }
}

}  // namespace tributary
