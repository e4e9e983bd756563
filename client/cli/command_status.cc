// tributary status, version.

#include "client/cli/commands.h"
#include "client/cli/terminal.h"
#include "client/lib/convert.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

std::string FormatSize(std::uint64_t size) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  std::uint64_t tenths = size * 10;
  for (; tenths >= 10'240 && unit < 4; ++unit) tenths /= 1'024;
  if (unit == 0) return StrCat(size, " B");
  return StrCat(tenths / 10, ".", tenths % 10, " ", kUnits[unit]);
}

std::string FormatUptime(std::int64_t ms) {
  const std::int64_t s = ms / 1000;
  if (s < 60) return StrCat(s, " s");
  if (s < 3'600) return StrCat(s / 60, " min ", s % 60, " s");
  return StrCat(s / 3'600, " h ", s / 60 % 60, " min");
}

std::string FormatMs(std::int64_t ms) {
  return FormatTime(TimeMs{static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 0))});
}

Json LedgerJson(const v1::LedgerStatus& ledger) {
  Json counts = Json::object();
  for (const v1::RecordCount& count : ledger.record_counts()) counts[count.type()] = count.count();
  Json warnings = Json::array();
  for (const std::string& warning : ledger.warnings()) warnings.push_back(warning);
  return Json{{"ledger", ledger.ledger()},
              {"epoch", ledger.epoch()},
              {"tree_size", ledger.tree_size()},
              {"root_hash", ToHex(ledger.root_hash())},
              {"last_accepted", FormatMs(ledger.last_accepted_ms())},
              {"record_counts", counts},
              {"asset_count", ledger.asset_count()},
              {"edge_count", ledger.edge_count()},
              {"disk_size", ledger.disk_size()},
              {"format_version", ledger.format_version()},
              {"problem", ledger.problem()},
              {"warnings", warnings}};
}

Json StatusJson(const v1::GetStatusResponse& status) {
  Json ledgers = Json::array();
  for (const v1::LedgerStatus& ledger : status.ledgers()) ledgers.push_back(LedgerJson(ledger));
  return Json{{"version", status.version()},
              {"format_version", status.format_version()},
              {"started", FormatMs(status.started_ms())},
              {"uptime_ms", status.uptime_ms()},
              {"ledgers", ledgers}};
}

View StatusView(const Session& session, const v1::GetStatusResponse& status) {
  View view;
  view.heading =
      StrCat("tributaryd ", EscapeForTerminal(status.version()), " at ",
             EscapeForTerminal(session.server), ", up ", FormatUptime(status.uptime_ms()), "\n");
  view.table.columns = {{"Ledger", "ledger"},
                        {"Ledger version", "tree_size", true},
                        {"Assets", "asset_count", true},
                        {"Inputs", "edge_count", true},
                        {"Disk", "disk_size", true},
                        {"Newest record", "last_accepted"},
                        {"", "root_hash"},
                        {"State", "problem"}};
  for (const v1::LedgerStatus& ledger : status.ledgers()) {
    // Every ledger has a record; where none could be counted, no number is shown.
    const auto known = [&](std::string text) {
      return Cell(ledger.tree_size() == 0 ? std::string() : std::move(text));
    };
    view.table.rows.push_back(
        {Cell(ledger.ledger()), known(std::to_string(ledger.tree_size())),
         known(std::to_string(ledger.asset_count())), known(std::to_string(ledger.edge_count())),
         Cell(std::to_string(ledger.disk_size()), FormatSize(ledger.disk_size())),
         known(FormatMs(ledger.last_accepted_ms())), known(ToHex(ledger.root_hash())),
         Cell(ledger.problem(),
              ledger.problem().empty() ? "serving" : EscapeForTerminal(ledger.problem()))});
  }
  if (status.ledgers().empty()) view.closing = "No ledgers yet.\n";
  for (const v1::LedgerStatus& ledger : status.ledgers()) {
    for (const std::string& warning : ledger.warnings()) {
      StrAppend(&view.closing, "Ledger ", EscapeForTerminal(ledger.ledger()), ": ",
                EscapeForTerminal(warning), "\n");
    }
  }
  return view;
}

absl::Status ShowStatus(Session& session, bool every_ledger) {
  v1::GetStatusRequest request;
  if (!every_ledger) request.set_ledger(session.ledger);
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::GetStatusResponse status,
                             session.client().Call(&v1::AdminService::Stub::GetStatus, request));
  session.Emit([&] { return StatusJson(status); }, [&] { return StatusView(session, status); });
  return absl::OkStatus();
}

absl::Status ShowVersion(const Session& session) {
  session.Emit(
      [] {
        return Json{{"version", TRIBUTARY_VERSION}};
      },
      [] {
        View view;
        view.closing = "tributary " TRIBUTARY_VERSION "\n";
        view.table.columns = {{"", "version"}};
        view.table.rows = {{Cell(TRIBUTARY_VERSION)}};
        return view;
      });
  return absl::OkStatus();
}

}  // namespace

void AddStatusCommand(CLI::App* app, Session* session) {
  CLI::App* status = AddCommand(
      app, "status", "Show what the server runs and how much its ledgers hold",
      {"tributary status", "tributary status --ledger example", "tributary status --output json"});
  // A ledger of the environment must not make the server look dead where it does not exist yet.
  auto one_ledger = std::make_shared<bool>(false);
  status->add_flag("--one", *one_ledger,
                   "Only the ledger that --ledger or TRIBUTARY_LEDGER names; not needed where "
                   "--ledger is given");
  status->callback([session, one_ledger] {
    session->action = [session, one_ledger] {
      return ShowStatus(*session, !*one_ledger && !session->ledger_given);
    };
  });
}

void AddVersionCommand(CLI::App* app, Session* session) {
  CLI::App* version =
      AddCommand(app, "version", "Show the version of this program", {"tributary version"});
  version->callback([session] { session->action = [session] { return ShowVersion(*session); }; });
}

}  // namespace tributary::cli
