// tributary statement preview, close, show, list; lines and verify are in files of their own.

#include "client/cli/commands.h"
#include "client/cli/pages.h"
#include "client/cli/statement_answers.h"
#include "client/cli/stored_record.h"
#include "client/cli/terminal.h"
#include "client/lib/close_statement.h"
#include "client/lib/convert.h"
#include "client/lib/settlement_answers.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

using Stub = v1::SettlementService::Stub;

struct StatementArguments {
  std::string statement;  // number or record id; empty: the newest
  std::optional<std::uint64_t> end;
  std::string policy;
  std::string payee;
  std::optional<std::uint64_t> expected_number;
  LimitArgument limit;
  std::uint64_t tree_size = 0;
};

template <typename Request>
absl::Status FillClosing(Session& session, const StatementArguments& arguments, Request* request) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  request->set_ledger(ledger);
  if (arguments.end.has_value()) request->set_end(*arguments.end);
  if (arguments.policy.empty()) return absl::OkStatus();
  TRIBUTARY_ASSIGN_OR_RETURN(
      const Digest policy,
      VersionIdOf(session, Versioned::kPolicy, arguments.policy, arguments.tree_size));
  request->set_policy(std::string(policy.view()));
  return absl::OkStatus();
}

absl::StatusOr<Json> TotalsJson(const v1::Statement& statement,
                                const std::vector<CurrencyRecord>& currencies) {
  Json totals = Json::array();
  for (int i = 0; i < statement.totals_size(); ++i) {
    TRIBUTARY_ASSIGN_OR_RETURN(
        Json total, TotalJson(statement.totals(i), currencies[static_cast<std::size_t>(i)]));
    totals.push_back(std::move(total));
  }
  return totals;
}

std::string RangeWords(const v1::Statement& statement) {
  return StrCat("log positions ", statement.begin(), " to ", statement.end() - 1, ", ",
                statement.line_count(), statement.line_count() == 1 ? " line" : " lines");
}

// --- preview ---

struct Preview {
  std::uint64_t tree_size = 0;
  std::vector<StatementLine> lines;
  bool more = false;  // lines that are not kept
  v1::Statement statement;
};

absl::StatusOr<Preview> ReadPreview(Session& session, const StatementArguments& arguments) {
  v1::PreviewStatementRequest request;
  TRIBUTARY_RETURN_IF_ERROR(FillClosing(session, arguments, &request));
  request.set_payee(arguments.payee);
  SetReadPoint(arguments.tree_size, &request);
  const std::uint64_t count_max = arguments.limit.CountMax(session.output);
  Preview preview;
  bool complete = false;
  TRIBUTARY_RETURN_IF_ERROR(session.client().Stream(
      &Stub::PreviewStatement, request,
      [&](const v1::PreviewStatementResponse& response) -> absl::Status {
        for (const v1::StatementLine& message : response.lines()) {
          preview.more |= count_max != 0 && preview.lines.size() == count_max;
          if (preview.more) break;
          TRIBUTARY_ASSIGN_OR_RETURN(StatementLine line, FromProto(message));
          preview.lines.push_back(std::move(line));
        }
        preview.tree_size = response.tree_size();
        complete |= response.has_statement();
        if (response.has_statement()) preview.statement = response.statement();
        return absl::OkStatus();
      }));
  if (complete) return preview;
  return absl::DataLossError("statement: the stream ended without its last message");
}

absl::Status PreviewStatement(Session& session, const StatementArguments& arguments) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Preview preview, ReadPreview(session, arguments));
  Currencies currencies(session, preview.tree_size);
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<CurrencyRecord> of_totals,
                             CurrenciesOf(preview.statement, &currencies));
  TRIBUTARY_ASSIGN_OR_RETURN(const Json totals, TotalsJson(preview.statement, of_totals));
  std::vector<CurrencyRecord> of_lines;
  Json lines = Json::array();
  for (const StatementLine& line : preview.lines) {
    TRIBUTARY_ASSIGN_OR_RETURN(CurrencyRecord currency, currencies.Find(line.currency));
    lines.push_back(LineJson(line, currency));
    of_lines.push_back(std::move(currency));
  }
  session.Emit(
      [&] {
        Json json{{"tree_size", preview.tree_size}};
        json["statement"] = StatementJson(preview.statement);
        json["totals"] = totals;
        json["lines"] = lines;
        json["more"] = preview.more;
        return json;
      },
      [&] {
        View view;
        view.heading = StrCat("Statement ", preview.statement.number(), " would close ",
                              RangeWords(preview.statement), ".\n");
        view.table = LineTable(preview.lines, of_lines);
        view.closing = preview.more ? "There are more lines: --limit 0 shows all. " : "";
        view.closing.append("Nothing was recorded.\n");
        return view;
      });
  return absl::OkStatus();
}

// --- close, show ---

absl::Status EmitStatement(Session& session, const v1::Statement& statement, const Json& about,
                           const std::string& heading, std::uint64_t tree_size) {
  Currencies currencies(session, tree_size);
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<CurrencyRecord> of_totals,
                             CurrenciesOf(statement, &currencies));
  TRIBUTARY_ASSIGN_OR_RETURN(const Json totals, TotalsJson(statement, of_totals));
  TRIBUTARY_ASSIGN_OR_RETURN(const Table table, TotalTable(statement, of_totals));
  session.Emit(
      [&] {
        Json json = about;
        json["statement"] = StatementJson(statement);
        json["totals"] = totals;
        return json;
      },
      [&] {
        View view;
        view.heading = heading;
        view.table = table;
        if (statement.totals().empty()) view.closing = "No money moved.\n";
        return view;
      });
  return absl::OkStatus();
}

absl::Status CloseStatement(Session& session, const StatementArguments& arguments) {
  v1::CloseStatementRequest request;
  TRIBUTARY_RETURN_IF_ERROR(FillClosing(session, arguments, &request));
  if (arguments.expected_number.has_value()) {
    request.set_expected_number(*arguments.expected_number);
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::CloseStatementResponse response,
                             CloseNextStatement(session.client(), std::move(request)));
  const v1::RecordReceipt& receipt = response.receipt();
  const Json about{{"record_id", ToHex(receipt.record_id())},
                   {"position", receipt.position()},
                   {"tree_size", receipt.tree_size()},
                   {"already_recorded", receipt.already_recorded()}};
  const std::string heading =
      StrCat("Statement ", response.statement().number(),
             receipt.already_recorded() ? " was closed already: " : " is closed: ",
             RangeWords(response.statement()), ".\nRecord ", ToHex(receipt.record_id()), "\n");
  return EmitStatement(session, response.statement(), about, heading, receipt.tree_size());
}

absl::Status ShowStatement(Session& session, const StatementArguments& arguments) {
  v1::GetStatementRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  request.set_ledger(ledger);
  SetReadPoint(arguments.tree_size, &request);
  TRIBUTARY_RETURN_IF_ERROR(SetStatement(arguments.statement, &request));
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::GetStatementResponse response,
                             session.client().Call(&Stub::GetStatement, request));
  const v1::StatementView& found = response.statement();
  const Json about{{"tree_size", response.tree_size()},
                   {"record_id", ToHex(found.record().record_id())},
                   {"position", found.record().position()}};
  const std::string heading =
      StrCat("Statement ", found.statement().number(), ": ", RangeWords(found.statement()),
             ".\nRecord ", ToHex(found.record().record_id()), "\n");
  return EmitStatement(session, found.statement(), about, heading, response.tree_size());
}

// --- list ---

absl::Status ListStatements(Session& session, const StatementArguments& arguments) {
  v1::ListStatementsRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  request.set_ledger(ledger);
  SetReadPoint(arguments.tree_size, &request);
  std::vector<v1::StatementView> statements;
  std::uint64_t tree_size = 0;
  bool more = false;
  TRIBUTARY_RETURN_IF_ERROR(ReadPages(session, &Stub::ListStatements, request,
                                      arguments.limit.CountMax(session.output), &more,
                                      [&](const v1::ListStatementsResponse& page) {
                                        for (const auto& each : page.statements()) {
                                          statements.push_back(each);
                                        }
                                        tree_size = page.tree_size();
                                        return static_cast<std::size_t>(page.statements_size());
                                      }));
  session.Emit(
      [&] {
        Json list = Json::array();
        for (const v1::StatementView& each : statements) {
          Json json = StatementJson(each.statement());
          json["record_id"] = ToHex(each.record().record_id());
          json["position"] = each.record().position();
          list.push_back(std::move(json));
        }
        return Json{{"tree_size", tree_size}, {"statements", list}, {"more", more}};
      },
      [&] {
        View view;
        view.table.columns = {{"Number", "number", true}, {"From", "begin", true},
                              {"Before", "end", true},    {"Lines", "line_count", true},
                              {"Currencies", ""},         {"Record", "record_id"}};
        for (const v1::StatementView& each : statements) {
          std::string codes;
          for (const v1::StatementTotal& total : each.statement().totals()) {
            StrAppend(&codes, codes.empty() ? "" : " ", total.currency());
          }
          view.table.rows.push_back({Cell(std::to_string(each.statement().number())),
                                     Cell(std::to_string(each.statement().begin())),
                                     Cell(std::to_string(each.statement().end())),
                                     Cell(std::to_string(each.statement().line_count())),
                                     Cell(codes), Cell(ToHex(each.record().record_id()))});
        }
        if (statements.empty())
          view.closing = "No statement was closed yet.\n";
        else if (more)
          view.closing = "There are more: --limit 0 lists all.\n";
        return view;
      });
  return absl::OkStatus();
}

// --- The commands ---

using Run = absl::Status (*)(Session&, const StatementArguments&);

void Choose(CLI::App* command, Session* session, std::shared_ptr<StatementArguments> arguments,
            Run run) {
  command->callback([session, arguments, run] {
    session->action = [session, arguments, run] { return run(*session, *arguments); };
  });
}

void AddClosing(CLI::App* command, StatementArguments* arguments) {
  command->add_option("--end", arguments->end,
                      "Log position before which it ends; absent: everything recorded");
  command->add_option("--policy", arguments->policy,
                      "Policy of sales that name none: name (the version in force) or id");
}

void AddPreview(CLI::App* statement, Session* session) {
  CLI::App* preview =
      AddCommand(statement, "preview", "Show what `close` would record; leaves no trace",
                 {"tributary statement preview", "tributary statement preview --payee party:ana"});
  auto arguments = std::make_shared<StatementArguments>();
  AddClosing(preview, arguments.get());
  preview->add_option("--payee", arguments->payee, "Only the lines of this payee key");
  AddLimit(preview, &arguments->limit);
  AddTreeSize(preview, session, &arguments->tree_size);
  Choose(preview, session, arguments, &PreviewStatement);
}

void AddClose(CLI::App* statement, Session* session) {
  CLI::App* close = AddCommand(
      statement, "close", "Close all sales since the last statement; what is closed never changes",
      {"tributary statement close", "tributary statement close --policy example/market \\",
       "    --expected-number 12   (sent again it closes nothing twice)"});
  auto arguments = std::make_shared<StatementArguments>();
  AddClosing(close, arguments.get());
  close->add_option("--expected-number", arguments->expected_number,
                    "The number that it must get, else nothing is closed; also one without sales");
  Choose(close, session, arguments, &CloseStatement);
}

}  // namespace

void AddStatementCommand(CLI::App* app, Session* session) {
  CLI::App* statement =
      app->add_subcommand("statement", "Statements: what sales earned whom, closed and paid");
  statement->require_subcommand(1);
  AddPreview(statement, session);
  AddClose(statement, session);

  CLI::App* list = AddCommand(statement, "list", "List statements", {"tributary statement list"});
  auto arguments = std::make_shared<StatementArguments>();
  AddLimit(list, &arguments->limit);
  AddTreeSize(list, session, &arguments->tree_size);
  Choose(list, session, arguments, &ListStatements);

  CLI::App* show =
      AddCommand(statement, "show", "Show a statement's range and totals",
                 {"tributary statement show", "tributary statement show 12 --output json"});
  arguments = std::make_shared<StatementArguments>();
  show->add_option("STATEMENT", arguments->statement,
                   "Number, or id of the record; absent: the newest");
  AddTreeSize(show, session, &arguments->tree_size);
  Choose(show, session, arguments, &ShowStatement);

  AddStatementLinesCommand(statement, session);
  AddStatementVerifyCommand(statement, session);
}

}  // namespace tributary::cli
