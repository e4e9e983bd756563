// The command line of Tributary.

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "client/cli/commands.h"
#include "client/cli/help.h"

namespace tributary::cli {
namespace {

constexpr const char* kFooter =
    "Assets are named by id, by the beginning of an id (at least 4 digits), by alias or by name.\n"
    "\n"
    "Exit codes:\n"
    "  0  done\n"
    "  1  refused by the server, or failed\n"
    "  2  wrong arguments or input; nothing was sent\n"
    "  3  not found\n"
    "  4  no server, or no answer in time\n"
    "  5  stored data is damaged, or a statement does not come out of the log as stored\n"
    "\n"
    "Colours are used on a terminal only, and not where NO_COLOR is set. The forms of --output "
    "json\n"
    "are stated in docs/formats/cli-json.md.\n"
    "\n"
    "Examples:\n"
    "  tributary ledger create example\n"
    "  tributary import examples/first-sale.jsonl --ledger example\n"
    "  tributary attribute first-sale:output --ledger example\n"
    "  tributary quote first-sale:output --amount 125.00 --currency EUR --ledger example";

// Gives the option of the ledger. Its variable is not left to CLI11, which would not tell it from
// what the command line says.
CLI::Option* AddGlobalOptions(CLI::App* app, Session* session) {
  app->add_option("--server", session->server, "Server to talk to")
      ->envname("TRIBUTARY_SERVER")
      ->default_str("127.0.0.1:7411");
  CLI::Option* ledger = app->add_option("--ledger", session->ledger,
                                        "Ledger to work on; absent: what TRIBUTARY_LEDGER says");
  static const std::map<std::string, Output> kOutputs = {
      {"table", Output::kTable}, {"json", Output::kJson}, {"csv", Output::kCsv}};
  app->add_option("--output", session->output, "Form of the answer: table, json or csv")
      ->transform(CLI::CheckedTransformer(kOutputs).description(""))
      ->default_str("table")
      ->type_name("FORM");
  app->add_option("--deadline", session->deadline_s,
                  "Seconds to wait for an answer; absent: 30, and a day for streams and for what "
                  "takes long")
      ->check(CLI::Range(1u, 604'800u));
  return ledger;
}

void AddCommands(CLI::App* app, Session* session) {
  AddLedgerCommand(app, session);
  AddRecordCommand(app, session);
  AddImportCommand(app, session);
  AddExportCommand(app, session);
  AddReplayCommand(app, session);
  AddShowCommand(app, session);
  AddLineageCommand(app, session);
  AddImpactCommand(app, session);
  AddAttributeCommand(app, session);
  AddQuoteCommand(app, session);
  AddWhyCommand(app, session);
  AddCurrencyCommand(app, session);
  AddTemplateCommand(app, session);
  AddPolicyCommand(app, session);
  AddSaleCommand(app, session);
  AddHoldCommand(app, session);
  AddStatementCommand(app, session);
  AddAdjustmentCommand(app, session);
  AddBalanceCommand(app, session);
  AddPayoutCommand(app, session);
  AddPartyCommand(app, session);
  AddStatusCommand(app, session);
  AddVerifyStoreCommand(app, session);
  AddBackupCommands(app, session);
  AddVersionCommand(app, session);
}

int Main(int argc, char** argv) {
  // A closed pipe is an error of the write that meets it.
  std::signal(SIGPIPE, SIG_IGN);
  Session session;
  session.server = "127.0.0.1:7411";
  CLI::App app("Records lineage of assets and says who contributed to them, and how much.",
               "tributary");
  app.formatter(std::make_shared<HelpFormatter>());  // commands added later inherit it
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(kFooter);
  const CLI::Option* ledger = AddGlobalOptions(&app, &session);
  AddCommands(&app, &session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  session.ledger_given = ledger->count() > 0;
  if (const char* name = std::getenv("TRIBUTARY_LEDGER");
      name != nullptr && !session.ledger_given) {
    session.ledger = name;
  }
  const absl::Status status = session.Run();
  if (status.ok()) return kExitOk;
  std::fputs(FormatError(status, session.output).c_str(), stderr);
  return ExitCodeOf(status);
}

}  // namespace
}  // namespace tributary::cli

int main(int argc, char** argv) { return tributary::cli::Main(argc, argv); }
