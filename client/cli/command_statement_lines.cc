// tributary statement lines: who earned what, and the proof of it.

#include "client/cli/commands.h"
#include "client/cli/pages.h"
#include "client/cli/statement_answers.h"
#include "client/lib/convert.h"
#include "client/lib/settlement_answers.h"
#include "graph/merkle/merkle.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

using Stub = v1::SettlementService::Stub;

struct LinesArguments {
  std::string statement;  // number or record id; empty: the newest
  std::string payee;
  std::string currency;
  bool proof = false;
  LimitArgument limit;
  std::uint64_t tree_size = 0;
};

struct ProvenLines {
  v1::StatementView statement;
  std::vector<v1::StatementLineView> views;
  std::vector<StatementLine> lines;
  std::vector<CurrencyRecord> currencies;
  std::uint64_t tree_size = 0;
  bool more = false;
};

// Whether the line's own bytes say what it says and stand under the statement's root.
absl::Status CheckProof(const v1::StatementLineView& view, const StatementLine& line,
                        const v1::Statement& statement) {
  if (EncodeStatementLine(line) != view.canonical_bytes()) {
    return absl::DataLossError(
        ToAbsl(StrCat("line ", view.index(), ": its bytes are not those of its figures")));
  }
  std::vector<Digest> path;
  for (const std::string& bytes : view.proof()) {
    const auto node = Digest::FromBytes(bytes);
    if (!node.has_value()) return absl::DataLossError("proof: a node that is not 32 bytes");
    path.push_back(*node);
  }
  const auto root = Digest::FromBytes(statement.lines_root());
  if (!root.has_value()) return absl::DataLossError("lines_root: not 32 bytes");
  const absl::Status status = VerifyInclusion(LeafHash(view.canonical_bytes()), view.index(),
                                              statement.line_count(), path, *root);
  if (status.ok()) return status;
  return absl::DataLossError(
      ToAbsl(StrCat("line ", view.index(), ": ", FromAbsl(status.message()))));
}

absl::StatusOr<ProvenLines> ReadLines(Session& session, const LinesArguments& arguments) {
  v1::ListStatementLinesRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  request.set_ledger(ledger);
  SetReadPoint(arguments.tree_size, &request);
  TRIBUTARY_RETURN_IF_ERROR(SetStatement(arguments.statement, &request));
  request.set_payee(arguments.payee);
  request.set_currency(arguments.currency);
  request.set_with_proof(arguments.proof);
  request.set_describe(true);
  ProvenLines lines;
  TRIBUTARY_RETURN_IF_ERROR(ReadPages(session, &Stub::ListStatementLines, request,
                                      arguments.limit.CountMax(session.output), &lines.more,
                                      [&lines](const v1::ListStatementLinesResponse& page) {
                                        for (const auto& view : page.lines()) {
                                          lines.views.push_back(view);
                                        }
                                        lines.statement = page.statement();
                                        lines.tree_size = page.tree_size();
                                        return static_cast<std::size_t>(page.lines_size());
                                      }));
  Currencies currencies(session, lines.tree_size);
  for (const v1::StatementLineView& view : lines.views) {
    TRIBUTARY_ASSIGN_OR_RETURN(StatementLine line, FromProto(view.line()));
    if (arguments.proof) {
      TRIBUTARY_RETURN_IF_ERROR(CheckProof(view, line, lines.statement.statement()));
    }
    TRIBUTARY_ASSIGN_OR_RETURN(CurrencyRecord currency, currencies.Find(line.currency));
    lines.lines.push_back(std::move(line));
    lines.currencies.push_back(std::move(currency));
  }
  return lines;
}

Json LinesJson(const ProvenLines& lines) {
  Json list = Json::array();
  for (std::size_t i = 0; i < lines.views.size(); ++i) {
    const v1::StatementLineView& view = lines.views[i];
    Json json = LineJson(lines.lines[i], lines.currencies[i]);
    json["index"] = view.index();
    if (!view.name().empty()) json["name"] = view.name();
    if (!view.canonical_bytes().empty()) {
      json["canonical"] = view.canonical_bytes();
      json["proof"] = Json::array();
      for (const std::string& node : view.proof()) json["proof"].push_back(ToHex(node));
    }
    list.push_back(std::move(json));
  }
  return Json{{"tree_size", lines.tree_size},
              {"record_id", ToHex(lines.statement.record().record_id())},
              {"statement", StatementJson(lines.statement.statement())},
              {"lines", list},
              {"more", lines.more}};
}

absl::Status ListLines(Session& session, const LinesArguments& arguments) {
  TRIBUTARY_ASSIGN_OR_RETURN(const ProvenLines lines, ReadLines(session, arguments));
  session.Emit([&] { return LinesJson(lines); },
               [&] {
                 View view;
                 view.heading = StrCat("Statement ", lines.statement.statement().number(), ", ",
                                       lines.statement.statement().line_count(), " lines\n");
                 view.table = LineTable(lines.lines, lines.currencies);
                 if (lines.lines.empty()) view.closing = "No such line.\n";
                 if (lines.more) view.closing = "There are more: --limit 0 lists all.\n";
                 if (arguments.proof && !lines.lines.empty()) {
                   StrAppend(&view.closing, "Each of these lines is proven to stand under root ",
                             ToHex(lines.statement.statement().lines_root()), ".\n");
                 }
                 return view;
               });
  return absl::OkStatus();
}

}  // namespace

void AddStatementLinesCommand(CLI::App* statement, Session* session) {
  CLI::App* command = AddCommand(
      statement, "lines", "List who earned, was paid and carries what",
      {"tributary statement lines 12", "tributary statement lines 12 --payee party:ana --proof"});
  auto arguments = std::make_shared<LinesArguments>();
  command->add_option("STATEMENT", arguments->statement,
                      "Number, or id of the record; absent: the newest");
  command->add_option("--payee", arguments->payee,
                      "Only this payee key: party:ana, hold:RECORD_ID, unattributed, …");
  command->add_option("--currency", arguments->currency, "Only this currency");
  command->add_flag("--proof", arguments->proof,
                    "Check each line against the statement's root; JSON then holds the proofs");
  AddLimit(command, &arguments->limit);
  AddTreeSize(command, session, &arguments->tree_size);
  command->callback([session, arguments] {
    session->action = [session, arguments] { return ListLines(*session, *arguments); };
  });
}

}  // namespace tributary::cli
