// VerifyStatement: closed statements computed once more and compared with what is stored.

#include <vector>

#include "graph/settlement/verify_statement.h"
#include "server/handlers/progress_writer.h"
#include "server/handlers/statement.h"
#include "server/handlers/statement_parts.h"

namespace tributary::server {
namespace {

v1::StatementOutcome OutcomeOf(StatementOutcome outcome) {
  switch (outcome) {
    case StatementOutcome::kIdentical:
      return v1::STATEMENT_OUTCOME_IDENTICAL;
    case StatementOutcome::kDifferent:
      return v1::STATEMENT_OUTCOME_DIFFERENT;
    case StatementOutcome::kOtherAlgorithm:
      return v1::STATEMENT_OUTCOME_OTHER_ALGORITHM;
  }
  return v1::STATEMENT_OUTCOME_UNSPECIFIED;
}

absl::Status FillVerdict(const StoredRecord& record, const StatementVerdict& verdict,
                         v1::StatementVerdict* message) {
  TRIBUTARY_RETURN_IF_ERROR(FillStatement(record, message->mutable_statement()));
  message->set_outcome(OutcomeOf(verdict.outcome));
  message->set_algorithm(std::string(kSettlementAlgorithm));
  if (verdict.computed_root.has_value()) {
    message->set_computed_lines_root(ToProto(*verdict.computed_root));
  }
  message->set_problem(verdict.problem);
  if (!verdict.difference.has_value()) return absl::OkStatus();
  v1::StatementLineDifference* difference = message->mutable_difference();
  difference->set_index(verdict.difference->index);
  if (const auto& stored = verdict.difference->stored; stored.has_value()) {
    ToProto(*stored, difference->mutable_stored());
  }
  if (const auto& computed = verdict.difference->computed; computed.has_value()) {
    ToProto(*computed, difference->mutable_computed());
  }
  return absl::OkStatus();
}

void Count(StatementOutcome outcome, v1::VerifyStatementResponse::Summary* summary) {
  summary->set_statement_count(summary->statement_count() + 1);
  switch (outcome) {
    case StatementOutcome::kIdentical:
      return summary->set_identical_count(summary->identical_count() + 1);
    case StatementOutcome::kDifferent:
      return summary->set_different_count(summary->different_count() + 1);
    case StatementOutcome::kOtherAlgorithm:
      return summary->set_other_algorithm_count(summary->other_algorithm_count() + 1);
  }
}

}  // namespace

absl::Status VerifyStatement(Env& env, const v1::VerifyStatementRequest& request,
                             Sink<v1::VerifyStatementResponse>& responses) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto view, OpenView(env, request.ledger(), request.at()));
  const SettlementView reader(view);
  const RecordType type = kRecordTypeOf<StatementRecord>;
  const bool all = request.which_case() == v1::VerifyStatementRequest::kAll && request.all();
  std::optional<StoredRecord> only;
  std::uint64_t total = 1;
  if (all) {
    TRIBUTARY_ASSIGN_OR_RETURN(total, view->CountRecordsBefore(type, {view->tree_size().value}));
  } else {
    TRIBUTARY_ASSIGN_OR_RETURN(only, FindStatementOf(*view, request));
  }
  ProgressWriter<v1::VerifyStatementResponse> progress(responses);
  v1::VerifyStatementResponse last;
  last.set_tree_size(view->tree_size().value);
  for (std::uint64_t i = 0; i < total; ++i) {
    TRIBUTARY_RETURN_IF_ERROR(env.cancel.status());
    StoredRecord record;
    if (only.has_value()) {
      record = *std::move(only);
    } else {
      TRIBUTARY_ASSIGN_OR_RETURN(const auto positions, view->ListRecords(type, i, 1));
      if (positions.size() != 1) return absl::DataLossError("the list of statements has a gap");
      TRIBUTARY_ASSIGN_OR_RETURN(record, view->ReadRecord(positions.front()));
    }
    TRIBUTARY_ASSIGN_OR_RETURN(const auto body, BodyOf<StatementRecord>(record));
    CloseOptions options = CloseOptionsOf(env);
    options.progress = [&](std::string_view phase) {
      progress.Report(StrCat("statement ", body.number, ": ", phase), i, total);
    };
    TRIBUTARY_ASSIGN_OR_RETURN(
        const StatementVerdict verdict,
        InServerWords(tributary::VerifyStatement(reader, Logged(record), options)));
    Count(verdict.outcome, last.mutable_summary());
    v1::VerifyStatementResponse message;
    message.set_tree_size(view->tree_size().value);
    message.set_done(i + 1);
    message.set_total(total);
    TRIBUTARY_RETURN_IF_ERROR(FillVerdict(record, verdict, message.mutable_verdict()));
    TRIBUTARY_RETURN_IF_ERROR(responses.Write(std::move(message)));
  }
  last.set_done(total);
  last.set_total(total);
  last.mutable_summary();
  return responses.Write(std::move(last));
}

}  // namespace tributary::server
