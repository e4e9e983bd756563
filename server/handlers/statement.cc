// Closing statements and posting adjustments: computed from one view, recorded with all lines.

#include "server/handlers/statement.h"

#include <memory>
#include <utility>

#include "graph/settlement/adjust.h"
#include "graph/settlement/close.h"
#include "graph/settlement/record_scan.h"
#include "graph/settlement/routes.h"
#include "server/convert/enums.h"
#include "server/handlers/settle_list.h"
#include "server/handlers/statement_parts.h"

namespace tributary::server {
namespace {

// Lines of one message of a preview, or of one step into the store.
constexpr std::size_t kLineBlockCount = 4'096;

Record RecordOf(const std::string& ledger, RecordBody body) {
  Record record;
  record.ledger = ledger;
  record.body = std::move(body);
  SortLists(&record);
  return record;
}

absl::StatusOr<Receipt> RecordWithLines(const Env& env, Ledger& ledger, const Record& record,
                                        const std::vector<std::string>& lines) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto stage, ledger.BeginLines());
  const std::span<const std::string> all(lines);
  for (std::size_t at = 0; at < all.size(); at += kLineBlockCount) {
    TRIBUTARY_RETURN_IF_ERROR(env.cancel.status());
    TRIBUTARY_RETURN_IF_ERROR(
        stage->Add(all.subspan(at, std::min(kLineBlockCount, all.size() - at))));
  }
  return stage->Finish(record);
}

Receipt ReceiptOf(const LoggedRecord& record, TreeSize tree_size) {
  return {record.id, record.position, record.accepted_time, tree_size, true};
}

// --- Statements ---

LogPosition BeginAfter(const std::optional<LoggedRecord>& last) {
  return {last.has_value() ? std::get<StatementRecord>(last->record.body).end : 0};
}

// A line has one collector, so a statement ends where a mandate begins or ends.
absl::Status CheckMandates(const Env& env, const SettlementReader& reader, LogPosition begin,
                           LogPosition end) {
  TRIBUTARY_ASSIGN_OR_RETURN(const PartyRoutes routes, ReadRoutes(reader, &env.cancel));
  return CheckOneCollector(routes, begin, end);
}

// The range that a request asks to close, checked against the chain and against mandates.
absl::StatusOr<LogPosition> EndOf(const Env& env, const SettlementReader& reader,
                                  const std::optional<LoggedRecord>& last,
                                  std::optional<std::uint64_t> asked) {
  const std::uint64_t tree_size = reader.tree_size().value;
  const std::uint64_t end = asked.value_or(tree_size);
  if (end > tree_size) {
    return FieldError(absl::StatusCode::kOutOfRange, "end", StrCat(end),
                      StrCat("at most the tree size ", tree_size));
  }
  const LogPosition begin = BeginAfter(last);
  if (end <= begin.value) {
    return FieldError(absl::StatusCode::kFailedPrecondition, "end", StrCat(end),
                      StrCat("above ", begin.value, ", where the last statement ends"));
  }
  TRIBUTARY_RETURN_IF_ERROR(CheckMandates(env, reader, begin, {end}));
  return LogPosition{end};
}

// Whether a statement of the range would have figures of its own, beside what the last one carries.
// Sent twice, a request finds the statement of its first time in the range, and nothing else.
absl::Status CheckNotEmpty(const Env& env, const SettlementReader& reader,
                           const std::optional<LoggedRecord>& last, LogPosition end) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t count, CountUnclosed(reader, end));
  if (count > 0) return absl::OkStatus();
  const LogPosition begin = BeginAfter(last);
  bool is_adjusted = false;
  TRIBUTARY_ASSIGN_OR_RETURN(const auto at_end, reader.At({end.value}));
  TRIBUTARY_RETURN_IF_ERROR(ForEachRecord<AdjustmentRecord>(
      *at_end, begin, &env.cancel, [&](const LoggedRecord&, const AdjustmentRecord& adjustment) {
        is_adjusted |= adjustment.mode != AdjustmentMode::kProspective;
        return absl::OkStatus();
      }));
  if (is_adjusted) return absl::OkStatus();
  std::string found =
      StrCat(end.value, ", with no sale, end of escrow or adjustment from ", begin.value, " on");
  if (last.has_value()) {
    StrAppend(&found, ", where statement ", std::get<StatementRecord>(last->record.body).number,
              " ends, which stands at log position ", last->position.value);
  }
  return FieldError(absl::StatusCode::kFailedPrecondition, "end", found,
                    "a range with something to close, or expected_number for an empty statement");
}

absl::StatusOr<std::optional<Digest>> PolicyOf(const LedgerView& view,
                                               const std::string& policy_bytes) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto policy, OptionalDigestFromProto(policy_bytes, "policy"));
  if (policy.has_value()) {
    TRIBUTARY_RETURN_IF_ERROR(
        RequireRecord<PolicyRecord>(view, policy_bytes, "policy", "a policy").status());
  }
  return policy;
}

// The statement that a retry of this request has closed already; nullopt: none.
absl::StatusOr<std::optional<LoggedRecord>> FindClosed(const SettlementReader& reader,
                                                       const v1::CloseStatementRequest& request,
                                                       const std::optional<LoggedRecord>& last,
                                                       const std::optional<Digest>& policy) {
  if (!request.has_expected_number()) return std::optional<LoggedRecord>();
  const std::uint64_t next =
      last.has_value() ? std::get<StatementRecord>(last->record.body).number + 1 : 1;
  const std::uint64_t expected = request.expected_number();
  if (expected == next) return std::optional<LoggedRecord>();
  if (expected > next) {
    return FieldError(absl::StatusCode::kFailedPrecondition, "expected_number", StrCat(expected),
                      StrCat(next, ", the next one"));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(auto closed, FindStatement(reader, expected));
  if (closed.has_value()) {
    const auto& statement = std::get<StatementRecord>(closed->record.body);
    const bool same_end = !request.has_end() || request.end() == statement.end;
    if (same_end && statement.policy == policy) return closed;
  }
  return FieldError(absl::StatusCode::kAlreadyExists, "expected_number", StrCat(expected),
                    StrCat(next, ", or the end and policy of that statement"));
}

absl::Status CloseAndRecord(Env& env, Ledger& ledger, const SettlementReader& reader,
                            LogPosition end, const std::optional<Digest>& policy,
                            v1::RecordReceipt* receipt, v1::Statement* statement) {
  TRIBUTARY_ASSIGN_OR_RETURN(
      const ClosedStatement closed,
      InServerWords(tributary::CloseStatement(reader, end, policy, CloseOptionsOf(env))));
  const Record record = RecordOf(ledger.name(), closed.record);
  TRIBUTARY_ASSIGN_OR_RETURN(const Receipt recorded,
                             RecordWithLines(env, ledger, record, closed.lines));
  ToProto(recorded, receipt);
  ToProto(std::get<StatementRecord>(record.body), statement);
  return absl::OkStatus();
}

// --- Adjustments ---

absl::StatusOr<AdjustmentRequest> ReadRequest(const std::string& statement,
                                              const std::string& cause) {
  AdjustmentRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(request.statement, DigestFromProto(statement, "statement"));
  TRIBUTARY_ASSIGN_OR_RETURN(request.cause, DigestFromProto(cause, "cause"));
  return request;
}

// Of corrections of one sale the one in force counts, whenever it is posted.
absl::Status CheckInForce(const SettlementReader& reader, const Digest& cause) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto record, reader.FindRecord(cause));
  if (!record.has_value() || !std::holds_alternative<CorrectionRecord>(record->record.body)) {
    return absl::OkStatus();
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const auto in_force, reader.FindInForce(record->record.body));
  if (!in_force.has_value() || in_force->id == cause) return absl::OkStatus();
  return InvalidField("cause", "a correction that was superseded",
                      StrCat("the one in force, ", in_force->id.ToHex()));
}

// An adjustment rests on those before it: none may stand where the tree size does not show it.
absl::Status CheckNoLaterAdjustment(const Env& env, const SettlementReader& newest,
                                    const Digest& statement, TreeSize tree_size) {
  return ForEachRecord<AdjustmentRecord>(
      newest, LogPosition{tree_size.value}, &env.cancel,
      [&](const LoggedRecord& record, const AdjustmentRecord& adjustment) -> absl::Status {
        if (adjustment.statement != statement) return absl::OkStatus();
        return FieldError(absl::StatusCode::kFailedPrecondition, "tree_size",
                          StrCat(tree_size.value),
                          StrCat("above ", record.position.value,
                                 ", where the statement was adjusted last: preview again"));
      });
}

// A statement that is closed for an adjustment alone closes no sale: those are closed before it.
absl::Status CheckNoOpenSales(const SettlementReader& reader, LogPosition end) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t count, CountUnclosed(reader, end));
  if (count == 0) return absl::OkStatus();
  return FieldError(absl::StatusCode::kFailedPrecondition, "mode",
                    StrCat("reversal with ", count, " sales or ends of escrow that are not closed"),
                    "reversal where none is open: close a statement first, or carry forward");
}

// The statement that has the adjustment, closed now if it is not yet.
absl::Status CloseAfter(Env& env, Ledger& ledger, LogPosition adjustment,
                        v1::PostAdjustmentResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto view, ledger.ViewAt(std::nullopt, &env.cancel));
  const SettlementView reader(view);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto closed, StatementOf(reader, adjustment));
  if (closed.has_value()) {
    ToProto(ReceiptOf(*closed, view->tree_size()), response->mutable_statement_receipt());
    ToProto(std::get<StatementRecord>(closed->record.body), response->mutable_statement());
    return absl::OkStatus();
  }
  const LogPosition end{adjustment.value + 1};
  // A sale came between the check and the adjustment: the next statement has both.
  absl::Status alone = CheckNoOpenSales(reader, end);
  if (alone.ok()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto last, LastStatement(reader));
    alone = CheckMandates(env, reader, BeginAfter(last), end);
  }
  if (absl::IsFailedPrecondition(alone)) return absl::OkStatus();
  TRIBUTARY_RETURN_IF_ERROR(alone);
  return CloseAndRecord(env, ledger, reader, end, std::nullopt,
                        response->mutable_statement_receipt(), response->mutable_statement());
}

}  // namespace

absl::Status CloseStatement(Env& env, const v1::CloseStatementRequest& request,
                            v1::CloseStatementResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto ledger, env.ledgers.Find(request.ledger()));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto lock, ledger->LockSettlement(&env.cancel));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto view, ledger->ViewAt(std::nullopt, &env.cancel));
  const SettlementView reader(view);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto policy, PolicyOf(*view, request.policy()));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto last, LastStatement(reader));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto closed_before, FindClosed(reader, request, last, policy));
  if (closed_before.has_value()) {
    ToProto(ReceiptOf(*closed_before, view->tree_size()), response->mutable_receipt());
    ToProto(std::get<StatementRecord>(closed_before->record.body), response->mutable_statement());
    return absl::OkStatus();
  }
  TRIBUTARY_ASSIGN_OR_RETURN(
      const LogPosition end,
      EndOf(env, reader, last, request.has_end() ? std::optional(request.end()) : std::nullopt));
  if (!request.has_expected_number() || request.refuse_empty()) {
    TRIBUTARY_RETURN_IF_ERROR(CheckNotEmpty(env, reader, last, end));
  }
  return CloseAndRecord(env, *ledger, reader, end, policy, response->mutable_receipt(),
                        response->mutable_statement());
}

absl::Status PreviewStatement(Env& env, const v1::PreviewStatementRequest& request,
                              Sink<v1::PreviewStatementResponse>& responses) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto view, OpenView(env, request.ledger(), request.at()));
  const SettlementView reader(view);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto policy, PolicyOf(*view, request.policy()));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto last, LastStatement(reader));
  TRIBUTARY_ASSIGN_OR_RETURN(
      const LogPosition end,
      EndOf(env, reader, last, request.has_end() ? std::optional(request.end()) : std::nullopt));
  TRIBUTARY_ASSIGN_OR_RETURN(
      const ClosedStatement closed,
      InServerWords(tributary::CloseStatement(reader, end, policy, CloseOptionsOf(env))));
  v1::PreviewStatementResponse message;
  message.set_tree_size(view->tree_size().value);
  for (std::size_t i = 0; i < closed.lines.size(); ++i) {
    if (i % kLineBlockCount == 0) TRIBUTARY_RETURN_IF_ERROR(env.cancel.status());
    const std::string& bytes = closed.lines[i];
    TRIBUTARY_ASSIGN_OR_RETURN(const StatementLine line, DecodeStatementLine(bytes));
    if (!request.payee().empty() && line.payee != request.payee()) continue;
    ToProto(line, message.add_lines());
    if (message.lines_size() < static_cast<int>(kLineBlockCount)) continue;
    TRIBUTARY_RETURN_IF_ERROR(responses.Write(std::exchange(message, {})));
    message.set_tree_size(view->tree_size().value);
  }
  ToProto(closed.record, message.mutable_statement());
  return responses.Write(std::move(message));
}

absl::Status PreviewAdjustment(Env& env, const v1::PreviewAdjustmentRequest& request,
                               Sink<v1::PreviewAdjustmentResponse>& responses) {
  TRIBUTARY_ASSIGN_OR_RETURN(const AdjustmentRequest asked,
                             ReadRequest(request.statement(), request.cause()));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto view, OpenView(env, request.ledger(), request.at()));
  const SettlementView reader(view);
  TRIBUTARY_RETURN_IF_ERROR(CheckInForce(reader, asked.cause));
  TRIBUTARY_ASSIGN_OR_RETURN(
      const AdjustmentPreview preview,
      InServerWords(tributary::PreviewAdjustment(reader, asked, CloseOptionsOf(env))));
  v1::PreviewAdjustmentResponse message;
  message.set_tree_size(view->tree_size().value);
  for (const AdjustmentLine& line : preview.adjustment.lines) {
    ToProto(line, message.add_lines());
    if (message.lines_size() < static_cast<int>(kLineBlockCount)) continue;
    TRIBUTARY_RETURN_IF_ERROR(responses.Write(std::exchange(message, {})));
    message.set_tree_size(view->tree_size().value);
  }
  ToProto(preview.record, message.mutable_adjustment());
  message.mutable_adjustment()->clear_mode();
  return responses.Write(std::move(message));
}

absl::Status PostAdjustment(Env& env, const v1::PostAdjustmentRequest& request,
                            v1::PostAdjustmentResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(AdjustmentRequest asked,
                             ReadRequest(request.statement(), request.cause()));
  TRIBUTARY_ASSIGN_OR_RETURN(asked.mode, FromProto(request.mode(), "mode"));
  asked.reason = request.reason();
  asked.refuse_past_holds = true;
  TRIBUTARY_ASSIGN_OR_RETURN(const auto ledger, env.ledgers.Find(request.ledger()));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto lock, ledger->LockSettlement(&env.cancel));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto newest, ledger->ViewAt(std::nullopt, &env.cancel));
  AdjustmentRecord probe;
  probe.statement = asked.statement;
  probe.cause = asked.cause;
  TRIBUTARY_ASSIGN_OR_RETURN(const auto posted, newest->FindInForce(probe));
  LogPosition position;
  if (posted.has_value()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto adjustment, BodyOf<AdjustmentRecord>(*posted));
    if (adjustment.mode != asked.mode || adjustment.reason != asked.reason) {
      return FieldError(
          absl::StatusCode::kAlreadyExists, "cause", asked.cause.ToHex(),
          StrCat("a record that has not adjusted this statement yet; adjustment ",
                 posted->id.ToHex(), " stands at log position ", posted->position.value));
    }
    position = posted->position;
    ToProto(ReceiptOf(Logged(*posted), newest->tree_size()), response->mutable_receipt());
    ToProto(adjustment, response->mutable_adjustment());
  } else {
    const TreeSize tree_size{request.has_tree_size() ? request.tree_size()
                                                     : newest->tree_size().value};
    TRIBUTARY_ASSIGN_OR_RETURN(const auto reader, SettlementView(newest).At(tree_size));
    TRIBUTARY_RETURN_IF_ERROR(
        CheckNoLaterAdjustment(env, SettlementView(newest), asked.statement, tree_size));
    TRIBUTARY_RETURN_IF_ERROR(CheckInForce(*reader, asked.cause));
    if (asked.mode == AdjustmentMode::kReversal) {
      TRIBUTARY_RETURN_IF_ERROR(
          CheckNoOpenSales(SettlementView(newest), LogPosition{newest->tree_size().value}));
      TRIBUTARY_ASSIGN_OR_RETURN(const auto last, LastStatement(SettlementView(newest)));
      TRIBUTARY_RETURN_IF_ERROR(CheckMandates(env, SettlementView(newest), BeginAfter(last),
                                              {newest->tree_size().value + 1}));
    }
    TRIBUTARY_ASSIGN_OR_RETURN(
        const AdjustmentPreview preview,
        InServerWords(tributary::PreviewAdjustment(*reader, asked, CloseOptionsOf(env))));
    const Record record = RecordOf(ledger->name(), preview.record);
    TRIBUTARY_ASSIGN_OR_RETURN(const Receipt receipt,
                               RecordWithLines(env, *ledger, record, preview.lines));
    position = receipt.position;
    ToProto(receipt, response->mutable_receipt());
    ToProto(std::get<AdjustmentRecord>(record.body), response->mutable_adjustment());
  }
  if (asked.mode != AdjustmentMode::kReversal) return absl::OkStatus();
  return CloseAfter(env, *ledger, position, response);
}

}  // namespace tributary::server
