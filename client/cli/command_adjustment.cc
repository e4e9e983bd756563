// tributary adjustment preview, post, list, pending, lines: what a later record changes in a closed
// statement.

#include "client/cli/commands.h"
#include "client/cli/pages.h"
#include "client/cli/statement_answers.h"
#include "client/lib/convert.h"
#include "client/lib/settlement_answers.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

using Stub = v1::SettlementService::Stub;

struct AdjustmentArguments {
  std::string statement;   // number or record id
  std::string cause;       // record id
  std::string adjustment;  // record id
  std::string mode;
  std::string reason;
  std::string payee;
  std::optional<std::uint64_t> valued_at;
  LimitArgument limit;
  std::uint64_t tree_size = 0;
};

absl::StatusOr<std::string> RecordIdIn(const std::string& text, std::string_view field) {
  const auto id = Digest::FromHex(text);
  if (id.ok()) return std::string(id->view());
  return UsageError(InvalidField(field, Quoted(text), "a record id: 64 lowercase hex digits"));
}

absl::StatusOr<std::string> StatementIdOf(Session& session, const std::string& text,
                                          std::uint64_t tree_size) {
  if (const auto id = Digest::FromHex(text); id.ok()) return std::string(id->view());
  v1::GetStatementRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  request.set_ledger(ledger);
  SetReadPoint(tree_size, &request);
  TRIBUTARY_RETURN_IF_ERROR(SetStatement(text, &request));
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::GetStatementResponse response,
                             session.client().Call(&Stub::GetStatement, request));
  return response.statement().record().record_id();
}

// Lines with their currencies.
struct Lines {
  std::uint64_t tree_size = 0;
  std::vector<AdjustmentLine> lines;
  std::vector<CurrencyRecord> currencies;
  bool more = false;
  v1::Adjustment adjustment;
};

absl::Status FindCurrencies(Session& session, Lines* lines) {
  Currencies currencies(session, lines->tree_size);
  for (const AdjustmentLine& line : lines->lines) {
    TRIBUTARY_ASSIGN_OR_RETURN(CurrencyRecord currency, currencies.Find(line.currency));
    lines->currencies.push_back(std::move(currency));
  }
  return absl::OkStatus();
}

void EmitLines(const Session& session, const Lines& lines, const std::string& heading,
               const std::string& closing) {
  session.Emit(
      [&] {
        Json list = Json::array();
        for (const AdjustmentLine& line : lines.lines) list.push_back(LineJson(line));
        return Json{{"tree_size", lines.tree_size},
                    {"adjustment", AdjustmentJson(lines.adjustment)},
                    {"lines", list},
                    {"more", lines.more}};
      },
      [&] {
        View view;
        view.heading = heading;
        view.table = LineTable(lines.lines, lines.currencies);
        if (lines.lines.empty()) view.closing = "Nobody's earnings change. ";
        if (lines.more) view.closing = "There are more lines: --limit 0 shows all. ";
        view.closing.append(closing);
        return view;
      });
}

// --- preview ---

absl::Status Preview(Session& session, const AdjustmentArguments& arguments) {
  v1::PreviewAdjustmentRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string cause, RecordIdIn(arguments.cause, "cause"));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string statement,
                             StatementIdOf(session, arguments.statement, arguments.tree_size));
  request.set_ledger(ledger);
  request.set_statement(statement);
  request.set_cause(cause);
  SetReadPoint(arguments.tree_size, &request);
  const std::uint64_t count_max = arguments.limit.CountMax(session.output);
  Lines lines;
  bool complete = false;
  TRIBUTARY_RETURN_IF_ERROR(session.client().Stream(
      &Stub::PreviewAdjustment, request,
      [&](const v1::PreviewAdjustmentResponse& response) -> absl::Status {
        for (const v1::AdjustmentLine& message : response.lines()) {
          lines.more |= count_max != 0 && lines.lines.size() == count_max;
          if (lines.more) break;
          TRIBUTARY_ASSIGN_OR_RETURN(AdjustmentLine line, FromProto(message));
          lines.lines.push_back(std::move(line));
        }
        lines.tree_size = response.tree_size();
        complete |= response.has_adjustment();
        if (response.has_adjustment()) lines.adjustment = response.adjustment();
        return absl::OkStatus();
      }));
  if (!complete) {
    return absl::DataLossError("adjustment: the stream ended without its last message");
  }
  TRIBUTARY_RETURN_IF_ERROR(FindCurrencies(session, &lines));
  EmitLines(session, lines,
            StrCat("Valued anew at ledger version ", lines.adjustment.tree_size(), ": ",
                   lines.adjustment.line_count(), " lines, with payees whose grains stay.\n"),
            "Nothing was recorded.\n");
  return absl::OkStatus();
}

// --- post ---

v1::AdjustmentMode ModeOf(std::string_view name) {
  for (int i = v1::AdjustmentMode_MIN; i <= v1::AdjustmentMode_MAX; ++i) {
    const auto mode = static_cast<v1::AdjustmentMode>(i);
    if (!name.empty() && NameOf(mode) == name) return mode;
  }
  return v1::ADJUSTMENT_MODE_UNSPECIFIED;
}

absl::Status Post(Session& session, const AdjustmentArguments& arguments) {
  v1::PostAdjustmentRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string cause, RecordIdIn(arguments.cause, "cause"));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string statement,
                             StatementIdOf(session, arguments.statement, 0));
  request.set_ledger(ledger);
  request.set_statement(statement);
  request.set_cause(cause);
  request.set_mode(ModeOf(arguments.mode));
  request.set_reason(arguments.reason);
  if (arguments.valued_at.has_value()) request.set_tree_size(*arguments.valued_at);
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::PostAdjustmentResponse response,
                             session.client().CallLong(&Stub::PostAdjustment, request));
  const v1::RecordReceipt& receipt = response.receipt();
  Json json{{"record_id", ToHex(receipt.record_id())},
            {"position", receipt.position()},
            {"tree_size", receipt.tree_size()},
            {"already_recorded", receipt.already_recorded()},
            {"adjustment", AdjustmentJson(response.adjustment())}};
  if (response.has_statement()) {
    json["statement_record_id"] = ToHex(response.statement_receipt().record_id());
    json["statement"] = StatementJson(response.statement());
  }
  session.Emit([&] { return json; },
               [&] {
                 View view;
                 view.table.columns = {{"", "record_id"}, {"", "line_count"}, {"", "tree_size"}};
                 view.table.rows = {{Cell(ToHex(receipt.record_id())),
                                     Cell(std::to_string(response.adjustment().line_count())),
                                     Cell(std::to_string(receipt.tree_size()))}};
                 view.closing =
                     StrCat(receipt.already_recorded() ? "Was posted already: " : "Posted: ",
                            response.adjustment().line_count(), " lines, record ",
                            ToHex(receipt.record_id()), "\n");
                 if (response.has_statement()) {
                   StrAppend(&view.closing, "Statement ", response.statement().number(),
                             " was closed for it.\n");
                 }
                 return view;
               });
  return absl::OkStatus();
}

// --- list ---

absl::Status List(Session& session, const AdjustmentArguments& arguments) {
  v1::ListAdjustmentsRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  request.set_ledger(ledger);
  SetReadPoint(arguments.tree_size, &request);
  if (!arguments.statement.empty()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const std::string statement,
                               StatementIdOf(session, arguments.statement, arguments.tree_size));
    request.set_statement(statement);
  }
  std::vector<v1::AdjustmentView> adjustments;
  std::uint64_t tree_size = 0;
  bool more = false;
  TRIBUTARY_RETURN_IF_ERROR(ReadPages(session, &Stub::ListAdjustments, request,
                                      arguments.limit.CountMax(session.output), &more,
                                      [&](const v1::ListAdjustmentsResponse& page) {
                                        for (const auto& each : page.adjustments()) {
                                          adjustments.push_back(each);
                                        }
                                        tree_size = page.tree_size();
                                        return static_cast<std::size_t>(page.adjustments_size());
                                      }));
  session.Emit(
      [&] {
        Json list = Json::array();
        for (const v1::AdjustmentView& each : adjustments) {
          Json json = AdjustmentJson(each.adjustment());
          json["record_id"] = ToHex(each.record().record_id());
          json["position"] = each.record().position();
          json["statement_number"] = each.statement_number();
          if (each.posted_number() != 0) json["posted_number"] = each.posted_number();
          list.push_back(std::move(json));
        }
        return Json{{"tree_size", tree_size}, {"adjustments", list}, {"more", more}};
      },
      [&] {
        View view;
        view.table.columns = {{"Of statement", "statement_number", true},
                              {"Mode", "mode"},
                              {"Posted to", "posted_number", true},
                              {"Lines", "line_count", true},
                              {"Reason", "reason"},
                              {"", "cause"},
                              {"Record", "record_id"}};
        for (const v1::AdjustmentView& each : adjustments) {
          const std::string posted =
              each.posted_number() == 0 ? "" : std::to_string(each.posted_number());
          view.table.rows.push_back(
              {Cell(std::to_string(each.statement_number())),
               Cell(std::string(NameOf(each.adjustment().mode()))), Cell(posted),
               Cell(std::to_string(each.adjustment().line_count())),
               Cell(each.adjustment().reason()), Cell(ToHex(each.adjustment().cause())),
               Cell(ToHex(each.record().record_id()))});
        }
        if (adjustments.empty())
          view.closing = "No adjustment was posted.\n";
        else if (more)
          view.closing = "There are more: --limit 0 lists all.\n";
        return view;
      });
  return absl::OkStatus();
}

// --- lines ---

absl::Status ShowLines(Session& session, const AdjustmentArguments& arguments) {
  v1::ListAdjustmentLinesRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string id, RecordIdIn(arguments.adjustment, "adjustment"));
  request.set_ledger(ledger);
  request.set_record_id(id);
  request.set_payee(arguments.payee);
  SetReadPoint(arguments.tree_size, &request);
  std::vector<v1::AdjustmentLine> messages;
  Lines lines;
  TRIBUTARY_RETURN_IF_ERROR(ReadPages(session, &Stub::ListAdjustmentLines, request,
                                      arguments.limit.CountMax(session.output), &lines.more,
                                      [&](const v1::ListAdjustmentLinesResponse& page) {
                                        for (const auto& view : page.lines()) {
                                          messages.push_back(view.line());
                                        }
                                        lines.adjustment = page.adjustment().adjustment();
                                        lines.tree_size = page.tree_size();
                                        return static_cast<std::size_t>(page.lines_size());
                                      }));
  for (const v1::AdjustmentLine& message : messages) {
    TRIBUTARY_ASSIGN_OR_RETURN(AdjustmentLine line, FromProto(message));
    lines.lines.push_back(std::move(line));
  }
  TRIBUTARY_RETURN_IF_ERROR(FindCurrencies(session, &lines));
  EmitLines(session, lines, StrCat(lines.adjustment.line_count(), " lines\n"), "");
  return absl::OkStatus();
}

// --- pending ---

absl::Status ListPending(Session& session, const AdjustmentArguments& arguments) {
  v1::ListPendingCausesRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(*request.mutable_ledger(), session.Ledger());
  SetReadPoint(arguments.tree_size, &request);
  if (!arguments.statement.empty()) {
    const std::optional<std::uint64_t> number = ParseUint64(arguments.statement);
    if (!number.has_value()) {
      return UsageError(
          InvalidField("statement", Quoted(arguments.statement), "the number of a statement"));
    }
    request.set_statement_number(*number);
  }
  std::vector<v1::PendingCause> causes;
  std::uint64_t tree_size = 0;
  bool more = false;
  TRIBUTARY_RETURN_IF_ERROR(ReadPages(session, &Stub::ListPendingCauses, request,
                                      arguments.limit.CountMax(session.output), &more,
                                      [&](const v1::ListPendingCausesResponse& page) {
                                        for (const auto& each : page.causes()) {
                                          causes.push_back(each);
                                        }
                                        tree_size = page.tree_size();
                                        return static_cast<std::size_t>(page.causes_size());
                                      }));
  session.Emit(
      [&] {
        Json list = Json::array();
        for (const v1::PendingCause& cause : causes) {
          list.push_back(Json{{"statement_number", cause.statement_number()},
                              {"statement", ToHex(cause.statement())},
                              {"cause", ToHex(cause.record().record_id())},
                              {"type", cause.type()},
                              {"position", cause.record().position()}});
        }
        return Json{{"tree_size", tree_size}, {"causes", list}, {"more", more}};
      },
      [&] {
        View view;
        view.table.columns = {{"Of statement", "statement_number", true},
                              {"Type", "type"},
                              {"Position", "position", true},
                              {"Cause", "cause"}};
        for (const v1::PendingCause& cause : causes) {
          view.table.rows.push_back({Cell(std::to_string(cause.statement_number())),
                                     Cell(cause.type()),
                                     Cell(std::to_string(cause.record().position())),
                                     Cell(ToHex(cause.record().record_id()))});
        }
        if (causes.empty()) {
          view.closing = "Nothing waits: every later change was adjusted for or ruled on.\n";
        } else {
          view.closing = "`tributary adjustment preview STATEMENT CAUSE` shows what one changes.\n";
        }
        if (more) view.closing.append("There are more: --limit 0 lists all.\n");
        return view;
      });
  return absl::OkStatus();
}

// --- The commands ---

using Run = absl::Status (*)(Session&, const AdjustmentArguments&);

void Choose(CLI::App* command, Session* session, std::shared_ptr<AdjustmentArguments> arguments,
            Run run) {
  command->callback([session, arguments, run] {
    session->action = [session, arguments, run] { return run(*session, *arguments); };
  });
}

void AddSubject(CLI::App* command, AdjustmentArguments* arguments) {
  command
      ->add_option("STATEMENT", arguments->statement,
                   "Number, or id of the record, of the statement that is adjusted")
      ->required();
  command
      ->add_option("CAUSE", arguments->cause,
                   "Id of the record that came later: a derivation, holders, a reversal, a "
                   "correction, a release, …")
      ->required();
}

void AddPreview(CLI::App* adjustment, Session* session) {
  CLI::App* preview = AddCommand(adjustment, "preview",
                                 "Show what a later record changes for whom; leaves no trace",
                                 {"tributary adjustment preview 12 RECORD_ID"});
  auto arguments = std::make_shared<AdjustmentArguments>();
  AddSubject(preview, arguments.get());
  AddLimit(preview, &arguments->limit);
  AddTreeSize(preview, session, &arguments->tree_size);
  Choose(preview, session, arguments, &Preview);
}

void AddPost(CLI::App* adjustment, Session* session) {
  CLI::App* post = AddCommand(
      adjustment, "post", "Record an adjustment; the statement itself never changes",
      {"tributary adjustment post 12 RECORD_ID --mode carried_forward --reason 'wrong weights'"});
  auto arguments = std::make_shared<AdjustmentArguments>();
  AddSubject(post, arguments.get());
  post->add_option("--mode", arguments->mode,
                   "prospective: moves nothing, only sales valued later see the change, for good; "
                   "not for reversals and releases of holds. carried_forward: into the next "
                   "statement. reversal: into one that is closed for it alone, where no sale waits "
                   "to be closed")
      ->required()
      ->check(CLI::IsMember({"prospective", "carried_forward", "reversal"}))
      ->type_name("MODE");
  post->add_option("--reason", arguments->reason, "Why");
  post->add_option("--valued-at", arguments->valued_at,
                   "Ledger version to value at, as the preview said; absent: now");
  Choose(post, session, arguments, &Post);
}

}  // namespace

void AddAdjustmentCommand(CLI::App* app, Session* session) {
  CLI::App* adjustment =
      app->add_subcommand("adjustment", "Corrections of what closed statements say");
  adjustment->require_subcommand(1);
  AddPreview(adjustment, session);
  AddPost(adjustment, session);

  CLI::App* list = AddCommand(adjustment, "list", "List adjustments, all or those of a statement",
                              {"tributary adjustment list", "tributary adjustment list 12"});
  auto arguments = std::make_shared<AdjustmentArguments>();
  list->add_option("STATEMENT", arguments->statement, "Number, or id of the record");
  AddLimit(list, &arguments->limit);
  AddTreeSize(list, session, &arguments->tree_size);
  Choose(list, session, arguments, &List);

  CLI::App* pending =
      AddCommand(adjustment, "pending",
                 "List what changes closed statements and was neither adjusted for nor ruled on",
                 {"tributary adjustment pending", "tributary adjustment pending 12 --limit 0"});
  arguments = std::make_shared<AdjustmentArguments>();
  pending->add_option("STATEMENT", arguments->statement, "Number; absent: of all statements");
  AddLimit(pending, &arguments->limit);
  AddTreeSize(pending, session, &arguments->tree_size);
  Choose(pending, session, arguments, &ListPending);

  CLI::App* lines = AddCommand(adjustment, "lines", "List old, new and difference of each payee",
                               {"tributary adjustment lines RECORD_ID"});
  arguments = std::make_shared<AdjustmentArguments>();
  lines->add_option("ADJUSTMENT", arguments->adjustment, "Id of the record")->required();
  lines->add_option("--payee", arguments->payee, "Only the lines of this payee key");
  AddLimit(lines, &arguments->limit);
  AddTreeSize(lines, session, &arguments->tree_size);
  Choose(lines, session, arguments, &ShowLines);
}

}  // namespace tributary::cli
