#include "tests/simulation/settling.h"

#include <span>
#include <utility>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "graph/settlement/adjust.h"
#include "graph/settlement/close.h"
#include "graph/settlement/payout.h"
#include "graph/settlement/read_balance.h"
#include "graph/settlement/routes.h"
#include "server/settlement_view.h"
#include "tests/support/test_facts.h"

namespace tributary::test {
namespace {

using server::SettlementView;

// A record to be sent, with its lines if it is of a type that has any.
struct Computed {
  RecordBody body;
  std::vector<std::string> lines;
};

template <typename Body>
const Body& BodyOf(const LoggedRecord& logged) {
  return std::get<Body>(logged.record.body);
}

absl::Status NotThere(std::string_view field, std::string_view value) {
  return FieldError(absl::StatusCode::kFailedPrecondition, field, value, "one that is recorded");
}

absl::StatusOr<Receipt> Send(Ledger& ledger, RecordBody body) {
  Fact fact;
  fact.record.ledger = ledger.name();
  fact.record.body = std::move(body);
  return ledger.RecordFact(std::move(fact));
}

absl::StatusOr<Receipt> SendWithLines(Ledger& ledger, Computed computed) {
  Record record;
  record.ledger = ledger.name();
  record.body = std::move(computed.body);
  SortLists(&record);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto stage, ledger.BeginLines());
  TRIBUTARY_RETURN_IF_ERROR(stage->Add(computed.lines));
  return stage->Finish(record);
}

// Of an adjustment that the log holds, as it was computed then.
absl::StatusOr<Computed> Adjusted(const SettlementReader& reader,
                                  const AdjustmentRequest& request) {
  TRIBUTARY_ASSIGN_OR_RETURN(
      const auto known,
      reader.FindInForce(AdjustmentRecord{.statement = request.statement, .cause = request.cause}));
  const TreeSize tree_size =
      known.has_value() ? TreeSize{BodyOf<AdjustmentRecord>(*known).tree_size} : reader.tree_size();
  TRIBUTARY_ASSIGN_OR_RETURN(const auto then, reader.At(tree_size));
  TRIBUTARY_ASSIGN_OR_RETURN(AdjustmentPreview preview, PreviewAdjustment(*then, request));
  return Computed{std::move(preview.record), std::move(preview.lines)};
}

absl::StatusOr<Computed> Closed(const SettlementReader& reader, std::uint64_t number) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto known, FindStatement(reader, number));
  TRIBUTARY_ASSIGN_OR_RETURN(
      ClosedStatement closed,
      known.has_value()
          ? RecomputeStatement(reader, *known)
          : CloseStatement(reader, LogPosition{reader.tree_size().value}, std::nullopt));
  if (closed.record.number == number) {
    return Computed{std::move(closed.record), std::move(closed.lines)};
  }
  return FieldError(absl::StatusCode::kFailedPrecondition, "number", StrCat(number),
                    StrCat(closed.record.number, ", the next one"));
}

absl::StatusOr<PayoutBatchRecord> Planned(const SettlementReader& reader, const PayStep& step) {
  TRIBUTARY_ASSIGN_OR_RETURN(const PartyRoutes routes, ReadRoutes(reader, /*cancel=*/nullptr));
  TRIBUTARY_ASSIGN_OR_RETURN(const BalancePage page,
                             ReadAllBalances(reader, routes, step.currency));
  TRIBUTARY_ASSIGN_OR_RETURN(PayoutPlan plan, PlanPayout(page.balances, MinorUnits{1}));
  for (PayoutLine& line : plan.lines) line.amount.value = (line.amount.value + 1) / 2;
  return PayoutBatchRecord{.reference = step.reference,
                           .currency = step.currency,
                           .tree_size = reader.tree_size().value,
                           .lines = std::move(plan.lines)};
}

absl::StatusOr<Receipt> Do(Ledger& ledger, const SettlementView& reader, const CloseStep& step) {
  TRIBUTARY_ASSIGN_OR_RETURN(Computed closed, Closed(reader, step.number));
  return SendWithLines(ledger, std::move(closed));
}

absl::StatusOr<Receipt> Do(Ledger& ledger, const SettlementView& reader, const AdjustStep& step) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto statement, FindStatement(reader, step.statement));
  if (!statement.has_value()) return NotThere("statement", StrCat(step.statement));
  TRIBUTARY_ASSIGN_OR_RETURN(
      Computed adjusted,
      Adjusted(reader, {.statement = statement->id, .cause = step.cause, .mode = step.mode}));
  return SendWithLines(ledger, std::move(adjusted));
}

absl::StatusOr<Receipt> Do(Ledger& ledger, const SettlementView& reader, const PayStep& step) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto known,
                             reader.FindInForce(PayoutBatchRecord{.reference = step.reference}));
  if (known.has_value()) {
    const TreeSize then{BodyOf<PayoutBatchRecord>(*known).tree_size};
    TRIBUTARY_ASSIGN_OR_RETURN(const auto reader_then, reader.At(then));
    TRIBUTARY_ASSIGN_OR_RETURN(PayoutBatchRecord again, Planned(*reader_then, step));
    return Send(ledger, std::move(again));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(PayoutBatchRecord batch, Planned(reader, step));
  TRIBUTARY_RETURN_IF_ERROR(CheckNewPayout(reader, batch));
  return Send(ledger, std::move(batch));
}

absl::StatusOr<Receipt> Do(Ledger& ledger, const SettlementView& reader,
                           const PayoutStateStep& step) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto batch,
                             reader.FindInForce(PayoutBatchRecord{.reference = step.reference}));
  if (!batch.has_value()) return NotThere("batch", step.reference);
  PayoutStateRecord state{.batch = batch->id, .party = step.party, .state = step.state};
  Fact fact;
  fact.record.ledger = ledger.name();
  fact.record.body = state;
  if (step.before.has_value()) {
    Fact before = fact;
    std::get<PayoutStateRecord>(before.record.body).state = *step.before;
    TRIBUTARY_ASSIGN_OR_RETURN(const PreparedFact superseded, PrepareFact(std::move(before)));
    fact = Superseding(std::move(fact), superseded.id);
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const PreparedFact prepared, PrepareFact(fact));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto known, reader.FindRecord(prepared.id));
  if (!known.has_value()) TRIBUTARY_RETURN_IF_ERROR(CheckNewPayoutState(reader, state));
  return ledger.RecordFact(std::move(fact));
}

absl::StatusOr<bool> HasLines(const LedgerView& view, LogPosition position,
                              const std::vector<std::string>& lines) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto stored, ReadAllLines(view, position));
  return stored == lines;
}

// Of one statement: its own lines, and those of its adjustments.
absl::StatusOr<std::string> CheckStatement(const SettlementView& reader,
                                           const LoggedRecord& statement) {
  const std::uint64_t number = BodyOf<StatementRecord>(statement).number;
  TRIBUTARY_ASSIGN_OR_RETURN(const ClosedStatement again, RecomputeStatement(reader, statement));
  TRIBUTARY_ASSIGN_OR_RETURN(const bool same_lines,
                             HasLines(reader.view(), statement.position, again.lines));
  if (!same_lines) return StrCat("statement ", number, " has other lines");
  TRIBUTARY_ASSIGN_OR_RETURN(const auto adjustments, AdjustmentsOf(reader, statement.id));
  for (const LoggedRecord& adjustment : adjustments) {
    const auto& body = BodyOf<AdjustmentRecord>(adjustment);
    TRIBUTARY_ASSIGN_OR_RETURN(
        const Computed adjusted,
        Adjusted(reader, {.statement = statement.id, .cause = body.cause, .mode = body.mode}));
    if (!(std::get<AdjustmentRecord>(adjusted.body) == body)) {
      return StrCat("an adjustment of statement ", number, " comes out as another");
    }
    TRIBUTARY_ASSIGN_OR_RETURN(const bool same,
                               HasLines(reader.view(), adjustment.position, adjusted.lines));
    if (!same) return StrCat("an adjustment of statement ", number, " has other lines");
  }
  return std::string();
}

}  // namespace

absl::StatusOr<Receipt> Settle(Ledger& ledger, const SettlingStep& step) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto view, ledger.ViewAt(std::nullopt));
  const SettlementView reader(view);
  return std::visit([&](const auto& one) { return Do(ledger, reader, one); }, step);
}

absl::StatusOr<std::vector<std::string>> ReadAllLines(const LedgerView& view,
                                                      LogPosition position) {
  return view.ReadLines(position, 0, kLineCountMax);
}

absl::StatusOr<std::string> CheckSettled(const Ledger& ledger) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto view, ledger.ViewAt(std::nullopt));
  const SettlementView reader(view);
  for (std::uint64_t number = 1;; ++number) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto statement, FindStatement(reader, number));
    if (!statement.has_value()) return std::string();
    TRIBUTARY_ASSIGN_OR_RETURN(std::string problem, CheckStatement(reader, *statement));
    if (!problem.empty()) return problem;
  }
}

absl::StatusOr<std::string> BalanceText(const SettlementReader& reader, std::string_view party) {
  TRIBUTARY_ASSIGN_OR_RETURN(const PartyRoutes routes, ReadRoutes(reader, /*cancel=*/nullptr));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto balances,
                             ReadBalances(reader, routes, {.parties = {std::string(party)}}));
  std::string text;
  for (const Balance& balance : balances) {
    StrAppend(&text, balance.account, " ", balance.currency, " ", ToDecimal(balance.payable.value),
              " of ", ToDecimal(balance.total.value), " out ", ToDecimal(balance.paid_out.value),
              " back ", ToDecimal(balance.failed.value), " over ",
              ToDecimal(balance.overpaid.value), " debt ",
              static_cast<std::uint64_t>(balance.debt >> 64), ":",
              static_cast<std::uint64_t>(balance.debt));
    for (const BalanceLine& line : balance.lines) {
      StrAppend(&text, " ", line.statement, ":", ToDecimal(line.paid.value));
    }
    for (const AccountPayout& payout : balance.payouts) {
      StrAppend(&text, " ", payout.reference, "@", payout.position.value, ":",
                ToDecimal(payout.amount.value), " ",
                payout.state.has_value() ? ToName(*payout.state) : "created");
    }
  }
  return text;
}

absl::StatusOr<std::string> BalanceAt(const Ledger& ledger, TreeSize tree_size,
                                      std::string_view party) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto view, ledger.ViewAt(tree_size));
  return BalanceText(SettlementView(view), party);
}

}  // namespace tributary::test
