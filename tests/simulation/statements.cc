#include "tests/simulation/statements.h"

#include <utility>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "graph/settlement/close.h"
#include "server/settlement_view.h"

namespace tributary::test {
namespace {

using server::SettlementView;

const StatementRecord& BodyOf(const LoggedRecord& statement) {
  return std::get<StatementRecord>(statement.record.body);
}

}  // namespace

absl::StatusOr<Receipt> RecordStatement(Ledger& ledger, std::uint64_t number) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto view, ledger.ViewAt(std::nullopt));
  const SettlementView reader(view);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto known, FindStatement(reader, number));
  TRIBUTARY_ASSIGN_OR_RETURN(
      const ClosedStatement closed,
      known.has_value()
          ? RecomputeStatement(reader, *known)
          : CloseStatement(reader, LogPosition{view->tree_size().value}, std::nullopt));
  if (closed.record.number != number) {
    return FieldError(absl::StatusCode::kFailedPrecondition, "number", StrCat(number),
                      StrCat(closed.record.number, ", the next one"));
  }
  Record record;
  record.ledger = ledger.name();
  record.body = closed.record;
  SortLists(&record);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto stage, ledger.BeginLines());
  TRIBUTARY_RETURN_IF_ERROR(stage->Add(closed.lines));
  return stage->Finish(record);
}

absl::StatusOr<std::optional<std::uint64_t>> NextStatement(const Ledger& ledger) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto view, ledger.ViewAt(std::nullopt));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto last, LastStatement(SettlementView(view)));
  if (!last.has_value()) return std::optional<std::uint64_t>(1);
  if (BodyOf(*last).end == view->tree_size().value) return std::optional<std::uint64_t>();
  return std::optional(BodyOf(*last).number + 1);
}

absl::StatusOr<std::vector<std::string>> ReadStatementLines(const LedgerView& view,
                                                            LogPosition position) {
  return view.ReadLines(position, 0, kLineCountMax);
}

absl::StatusOr<std::string> CheckStatement(const Ledger& ledger, std::uint64_t number) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto view, ledger.ViewAt(std::nullopt));
  const SettlementView reader(view);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto statement, FindStatement(reader, number));
  if (!statement.has_value()) return std::string();
  TRIBUTARY_ASSIGN_OR_RETURN(const auto lines, ReadStatementLines(*view, statement->position));
  TRIBUTARY_ASSIGN_OR_RETURN(const ClosedStatement again, RecomputeStatement(reader, *statement));
  return lines == again.lines ? "" : StrCat("statement ", number, " has other lines");
}

}  // namespace tributary::test
