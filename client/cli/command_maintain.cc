// tributary verify-store, rebuild-indexes, backup, restore.

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "client/cli/commands.h"
#include "client/cli/progress.h"
#include "client/cli/terminal.h"
#include "client/lib/convert.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

// --- verify-store ---

absl::StatusOr<v1::VerifyStoreResponse::Result> RunVerification(Session& session,
                                                                const std::string& ledger) {
  v1::VerifyStoreRequest request;
  request.set_ledger(ledger);
  Progress progress("Verifying", 0);
  std::string phase;
  std::optional<v1::VerifyStoreResponse::Result> result;
  TRIBUTARY_RETURN_IF_ERROR(session.client().Stream(&v1::AdminService::Stub::VerifyStore, request,
                                                    [&](const v1::VerifyStoreResponse& response) {
                                                      if (response.phase() != phase) {
                                                        phase = response.phase();
                                                        progress.Restart(phase, response.total());
                                                      }
                                                      progress.Update(response.done());
                                                      if (response.has_result())
                                                        result = response.result();
                                                      return absl::OkStatus();
                                                    }));
  if (!result.has_value()) return absl::UnknownError("verify: the stream ended without its result");
  return *result;
}

Json ResultJson(const std::string& ledger, const v1::VerifyStoreResponse::Result& result) {
  Json problems = Json::array();
  for (const v1::VerifyStoreResponse::Problem& problem : result.problems()) {
    problems.push_back({{"where", problem.where()}, {"what", problem.what()}});
  }
  return Json{{"ledger", ledger},
              {"tree_size", result.tree_size()},
              {"root_hash", ToHex(result.root_hash())},
              {"record_count", result.record_count()},
              {"edge_count", result.edge_count()},
              {"problem_count", result.problem_count()},
              {"problems", problems}};
}

View ResultView(const std::string& ledger, const v1::VerifyStoreResponse::Result& result) {
  View view;
  view.table.columns = {{"Where", "where"}, {"What", "what"}};
  for (const v1::VerifyStoreResponse::Problem& problem : result.problems()) {
    view.table.rows.push_back({Cell(problem.where()), Cell(problem.what())});
  }
  view.closing = StrCat("Ledger ", EscapeForTerminal(ledger), ": ", result.record_count(),
                        " records and ", result.edge_count(), " inputs read, ledger version ",
                        result.tree_size(), ", root ", ToHex(result.root_hash()), ". ");
  if (result.problem_count() == 0)
    view.closing.append("All is as it must be.\n");
  else
    StrAppend(&view.closing, result.problem_count(), " problems found.\n");
  return view;
}

absl::Status VerifyStore(Session& session) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  TRIBUTARY_ASSIGN_OR_RETURN(const auto result, RunVerification(session, ledger));
  session.Emit([&] { return ResultJson(ledger, result); },
               [&] { return ResultView(ledger, result); });
  if (result.problem_count() == 0) return absl::OkStatus();
  return absl::DataLossError(
      StrCat("ledger ", ledger, ": ", result.problem_count(), " problems found"));
}

// --- rebuild-indexes ---

absl::Status RebuildIndexes(Session& session) {
  v1::RebuildIndexesRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(*request.mutable_ledger(), session.Ledger());
  TRIBUTARY_ASSIGN_OR_RETURN(
      const v1::RebuildIndexesResponse response,
      session.client().CallLong(&v1::AdminService::Stub::RebuildIndexes, request));
  session.Emit(
      [&] {
        return Json{{"ledger", request.ledger()},
                    {"tree_size", response.tree_size()},
                    {"record_count", response.record_count()}};
      },
      [&] {
        View view;
        view.table.columns = {{"", "ledger"}, {"", "tree_size"}, {"", "record_count"}};
        view.table.rows = {{Cell(request.ledger()), Cell(std::to_string(response.tree_size())),
                            Cell(std::to_string(response.record_count()))}};
        view.closing = StrCat("Indexes written anew from ", response.record_count(),
                              " records, ledger version ", response.tree_size(), ".\n");
        return view;
      });
  return absl::OkStatus();
}

// --- backup and restore ---

absl::Status Backup(Session& session, const std::string& name) {
  v1::BackupRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(*request.mutable_ledger(), session.Ledger());
  request.set_name(name);
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::BackupResponse response,
                             session.client().CallLong(&v1::AdminService::Stub::Backup, request));
  session.Emit(
      [&] {
        return Json{{"ledger", request.ledger()},
                    {"directory", response.directory()},
                    {"tree_size", response.tree_size()},
                    {"root_hash", ToHex(response.root_hash())},
                    {"size", response.size()}};
      },
      [&] {
        View view;
        view.table.columns = {
            {"", "ledger"}, {"", "directory"}, {"", "tree_size"}, {"", "root_hash"}, {"", "size"}};
        view.table.rows = {{Cell(request.ledger()), Cell(response.directory()),
                            Cell(std::to_string(response.tree_size())),
                            Cell(ToHex(response.root_hash())),
                            Cell(std::to_string(response.size()))}};
        const std::string directory = EscapeForTerminal(response.directory());
        view.closing =
            StrCat("Backup of ledger version ", response.tree_size(), " stands in ", directory,
                   " on the server. To restore it there:\n  tributary restore --backup ", directory,
                   " --ledger ", EscapeForTerminal(request.ledger()), " --data-dir DIRECTORY\n");
        return view;
      });
  return absl::OkStatus();
}

// The server's program: beside this one, or where the build puts it, else found in PATH.
std::string ServerProgram() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return "tributaryd";
  const std::filesystem::path directory = self.parent_path();
  for (const std::filesystem::path& candidate :
       {directory / "tributaryd", directory.parent_path() / "server" / "tributaryd"}) {
    if (std::filesystem::exists(candidate, error)) return candidate.string();
  }
  return "tributaryd";
}

// Restoring writes a data directory that no server may hold open: the server's own program does it.
absl::Status Restore(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {ServerProgram(), "restore"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& text : command) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  ::execvp(pointers[0], pointers.data());
  return absl::NotFoundError(
      StrCat("restore: ", command[0], " cannot be run: ", std::strerror(errno)));
}

}  // namespace

void AddVerifyStoreCommand(CLI::App* app, Session* session) {
  CLI::App* verify = AddCommand(
      app, "verify-store",
      "Read everything that a ledger stores and check it against its digests; exit code 5 if "
      "something is damaged",
      {"tributary verify-store --ledger example"});
  verify->callback([session] { session->action = [session] { return VerifyStore(*session); }; });

  CLI::App* rebuild =
      AddCommand(app, "rebuild-indexes",
                 "Write every index of a ledger anew from its log and records. Once begun it "
                 "goes on in the server even if this program is stopped.",
                 {"tributary rebuild-indexes --ledger example"});
  rebuild->callback(
      [session] { session->action = [session] { return RebuildIndexes(*session); }; });
}

void AddBackupCommands(CLI::App* app, Session* session) {
  CLI::App* backup = AddCommand(app, "backup",
                                "Write a verified copy of a ledger, while it stays in use, below "
                                "the server's backup directory",
                                {"tributary backup 2026-01-02 --ledger example"});
  auto name = std::make_shared<std::string>();
  backup->add_option("NAME", *name, "Name of the backup: letters, digits and . _ -")->required();
  backup->callback(
      [session, name] { session->action = [session, name] { return Backup(*session, *name); }; });

  CLI::App* restore = AddCommand(
      app, "restore",
      "Turn a backup into a ledger of a data directory that no server uses. Runs `tributaryd "
      "restore`, which takes all arguments from here on and whose exit codes these are.",
      {"tributary restore --help",
       "tributary restore --backup /backups/example/2026-01-02 --ledger example --data-dir DIR"});
  restore->prefix_command();
  restore->fallthrough(false);
  restore->set_help_flag();
  restore->callback([session, restore] {
    const std::vector<std::string> arguments = restore->remaining();
    session->action = [arguments] { return Restore(arguments); };
  });
}

}  // namespace tributary::cli
