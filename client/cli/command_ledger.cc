// tributary ledger create, ledger list.

#include <chrono>

#include "client/cli/commands.h"
#include "client/cli/terminal.h"
#include "client/lib/convert.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

struct CreateArguments {
  std::string name;
  bool state_time = false;
};

std::int64_t NowMs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

absl::Status CreateLedger(Session& session, const CreateArguments& arguments) {
  v1::CreateLedgerRequest request;
  request.set_ledger(arguments.name);
  if (arguments.state_time) request.set_created_ms(NowMs());
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::CreateLedgerResponse response,
                             session.client().Call(&v1::AdminService::Stub::CreateLedger, request));
  const v1::RecordReceipt& receipt = response.receipt();
  session.Emit(
      [&] {
        return Json{{"ledger", arguments.name},
                    {"record_id", ToHex(receipt.record_id())},
                    {"already_recorded", receipt.already_recorded()}};
      },
      [&] {
        View view;
        view.closing =
            StrCat(receipt.already_recorded() ? "Ledger was there: " : "Ledger created: ",
                   EscapeForTerminal(arguments.name), "\n");
        view.table.columns = {{"", "ledger"}, {"", "record_id"}, {"", "already_recorded"}};
        view.table.rows = {{Cell(arguments.name), Cell(ToHex(receipt.record_id())),
                            Cell(receipt.already_recorded() ? "true" : "false")}};
        return view;
      });
  return absl::OkStatus();
}

absl::Status ListLedgers(Session& session) {
  TRIBUTARY_ASSIGN_OR_RETURN(
      const v1::ListLedgersResponse response,
      session.client().Call(&v1::AdminService::Stub::ListLedgers, v1::ListLedgersRequest()));
  session.Emit(
      [&] {
        Json ledgers = Json::array();
        for (const std::string& ledger : response.ledgers()) ledgers.push_back(ledger);
        return Json{{"ledgers", ledgers}};
      },
      [&] {
        View view;
        view.table.columns = {{"Ledger", "ledger"}};
        for (const std::string& ledger : response.ledgers()) view.table.rows.push_back({ledger});
        if (response.ledgers().empty()) {
          view.closing = "No ledgers yet: `tributary ledger create NAME` makes one.\n";
        }
        return view;
      });
  return absl::OkStatus();
}

}  // namespace

void AddLedgerCommand(CLI::App* app, Session* session) {
  CLI::App* ledger = app->add_subcommand("ledger", "Create and list ledgers");
  ledger->require_subcommand(1);

  CLI::App* create = AddCommand(ledger, "create", "Create a ledger; does nothing if it exists",
                                {"tributary ledger create lineage.example.com/acme"});
  auto arguments = std::make_shared<CreateArguments>();
  create
      ->add_option("NAME", arguments->name,
                   "Its name for ever: 1..255 bytes of letters, digits and . _ ~ / -")
      ->required();
  create->add_flag("--state-time", arguments->state_time,
                   "Write the time of creation into the ledger's record");
  create->callback([session, arguments] {
    session->action = [session, arguments] { return CreateLedger(*session, *arguments); };
  });

  CLI::App* list = AddCommand(ledger, "list", "List the ledgers of the server",
                              {"tributary ledger list", "tributary ledger list --output json"});
  list->callback([session] { session->action = [session] { return ListLedgers(*session); }; });
}

}  // namespace tributary::cli
