// tributary statement verify: closed statements computed once more and compared.

#include "client/cli/commands.h"
#include "client/cli/progress.h"
#include "client/cli/statement_answers.h"
#include "client/cli/terminal.h"
#include "client/lib/convert.h"
#include "client/lib/settlement_answers.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

struct VerifyArguments {
  std::string statement;  // number or record id; empty: the newest
  bool all = false;
  std::uint64_t tree_size = 0;
};

struct Verification {
  std::uint64_t tree_size = 0;
  std::vector<v1::StatementVerdict> verdicts;
  v1::VerifyStatementResponse::Summary summary;
};

absl::StatusOr<Verification> ReadVerdicts(Session& session, const VerifyArguments& arguments) {
  v1::VerifyStatementRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(*request.mutable_ledger(), session.Ledger());
  SetReadPoint(arguments.tree_size, &request);
  if (arguments.all && !arguments.statement.empty()) {
    return UsageError("statement verify: a statement or --all, not both");
  }
  if (arguments.all) {
    request.set_all(true);
  } else {
    TRIBUTARY_RETURN_IF_ERROR(SetStatement(arguments.statement, &request));
  }
  Verification found;
  bool complete = false;
  std::string phase;
  Progress progress("Verifying", 0);
  TRIBUTARY_RETURN_IF_ERROR(
      session.client().Stream(&v1::SettlementService::Stub::VerifyStatement, request,
                              [&](const v1::VerifyStatementResponse& response) {
                                if (!response.phase().empty() && response.phase() != phase) {
                                  phase = response.phase();
                                  progress.Restart(phase, response.total());
                                }
                                progress.Update(response.done());
                                if (response.has_verdict())
                                  found.verdicts.push_back(response.verdict());
                                complete |= response.has_summary();
                                if (response.has_summary()) {
                                  found.summary = response.summary();
                                  found.tree_size = response.tree_size();
                                }
                                return absl::OkStatus();
                              }));
  if (complete && found.summary.statement_count() == found.verdicts.size()) return found;
  return absl::DataLossError("statement: the stream ended without all of its verdicts");
}

std::string_view WordsOf(v1::StatementOutcome outcome) {
  switch (outcome) {
    case v1::STATEMENT_OUTCOME_IDENTICAL:
      return "identical";
    case v1::STATEMENT_OUTCOME_DIFFERENT:
      return "different";
    case v1::STATEMENT_OUTCOME_OTHER_ALGORITHM:
      return "other_algorithm";
    default:
      return "unknown";
  }
}

absl::StatusOr<Json> LineOrNothing(bool is_there, const v1::StatementLine& message,
                                   Currencies* currencies) {
  if (!is_there) return Json();
  TRIBUTARY_ASSIGN_OR_RETURN(const StatementLine line, FromProto(message));
  TRIBUTARY_ASSIGN_OR_RETURN(const CurrencyRecord currency, currencies->Find(line.currency));
  return LineJson(line, currency);
}

absl::StatusOr<Json> VerdictJson(const v1::StatementVerdict& verdict, Currencies* currencies) {
  const v1::Statement& statement = verdict.statement().statement();
  Json json{{"number", statement.number()},
            {"record_id", ToHex(verdict.statement().record().record_id())},
            {"outcome", WordsOf(verdict.outcome())},
            {"algorithm", statement.algorithm()},
            {"computed_by", verdict.algorithm()},
            {"line_count", statement.line_count()},
            {"lines_root", ToHex(statement.lines_root())}};
  if (!verdict.computed_lines_root().empty()) {
    json["computed_lines_root"] = ToHex(verdict.computed_lines_root());
  }
  if (!verdict.problem().empty()) json["problem"] = verdict.problem();
  if (!verdict.has_difference()) return json;
  const v1::StatementLineDifference& difference = verdict.difference();
  Json lines{{"index", difference.index()}};
  TRIBUTARY_ASSIGN_OR_RETURN(
      Json stored, LineOrNothing(difference.has_stored(), difference.stored(), currencies));
  if (!stored.is_null()) lines["stored"] = std::move(stored);
  TRIBUTARY_ASSIGN_OR_RETURN(
      Json computed, LineOrNothing(difference.has_computed(), difference.computed(), currencies));
  if (!computed.is_null()) lines["computed"] = std::move(computed);
  json["difference"] = std::move(lines);
  return json;
}

View VerdictView(const Verification& found) {
  View view;
  view.table.columns = {{"Number", "number", true},
                        {"Outcome", "outcome"},
                        {"Lines", "line_count", true},
                        {"Algorithm", "algorithm"},
                        {"Lines root", "lines_root"},
                        {"Record", "record_id"},
                        {"", "problem"}};
  for (const v1::StatementVerdict& verdict : found.verdicts) {
    const v1::Statement& statement = verdict.statement().statement();
    view.table.rows.push_back(
        {Cell(std::to_string(statement.number())), Cell(std::string(WordsOf(verdict.outcome()))),
         Cell(std::to_string(statement.line_count())), Cell(statement.algorithm()),
         Cell(ToHex(statement.lines_root())), Cell(ToHex(verdict.statement().record().record_id())),
         Cell(verdict.problem())});
  }
  const auto& summary = found.summary;
  for (const v1::StatementVerdict& verdict : found.verdicts) {
    if (verdict.problem().empty()) continue;
    StrAppend(&view.closing, "Statement ", verdict.statement().statement().number(), ": ",
              EscapeForTerminal(verdict.problem()), "\n");
  }
  StrAppend(&view.closing, summary.identical_count(), " of ", summary.statement_count(),
            summary.statement_count() == 1 ? " statement came" : " statements came",
            " out of the log once more, byte for byte.\n");
  if (summary.other_algorithm_count() != 0) {
    StrAppend(&view.closing, summary.other_algorithm_count(),
              " of another algorithm came out with other grains, which shows nothing: verify them "
              "with a server of their version.\n");
  }
  return view;
}

absl::Status VerifyStatements(Session& session, const VerifyArguments& arguments) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Verification found, ReadVerdicts(session, arguments));
  Currencies currencies(session, found.tree_size);
  Json statements = Json::array();
  for (const v1::StatementVerdict& verdict : found.verdicts) {
    TRIBUTARY_ASSIGN_OR_RETURN(Json json, VerdictJson(verdict, &currencies));
    statements.push_back(std::move(json));
  }
  const auto& summary = found.summary;
  session.Emit(
      [&] {
        return Json{{"tree_size", found.tree_size},
                    {"statement_count", summary.statement_count()},
                    {"identical_count", summary.identical_count()},
                    {"different_count", summary.different_count()},
                    {"other_algorithm_count", summary.other_algorithm_count()},
                    {"statements", statements}};
      },
      [&] { return VerdictView(found); });
  if (summary.different_count() != 0) {
    return absl::DataLossError(StrCat("statement: ", summary.different_count(), " of ",
                                      summary.statement_count(),
                                      " do not come out as they are stored"));
  }
  if (summary.identical_count() == summary.statement_count()) return absl::OkStatus();
  return absl::FailedPreconditionError(StrCat("statement: ", summary.other_algorithm_count(),
                                              " of another algorithm could not be verified"));
}

}  // namespace

void AddStatementVerifyCommand(CLI::App* statement, Session* session) {
  CLI::App* command = AddCommand(
      statement, "verify",
      "Compute a closed statement once more and compare every line; exit code 5 if it differs, 1 "
      "if it is of another algorithm and could not be compared",
      {"tributary statement verify 12", "tributary statement verify --all --deadline 3600"});
  auto arguments = std::make_shared<VerifyArguments>();
  command->add_option("STATEMENT", arguments->statement,
                      "Number, or id of the record; absent: the newest");
  command->add_flag("--all", arguments->all,
                    "Every statement: what one brings forward is taken from the one before");
  AddTreeSize(command, session, &arguments->tree_size);
  command->callback([session, arguments] {
    session->action = [session, arguments] { return VerifyStatements(*session, *arguments); };
  });
}

}  // namespace tributary::cli
