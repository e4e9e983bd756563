// What every command shares: global options, the connection, output and exit codes.

#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/table.h"
#include "client/lib/client.h"

namespace tributary::cli {

// Keys stay in the order in which they are added: docs/formats/cli-json.md states it.
using Json = nlohmann::ordered_json;

enum class Output { kTable, kJson, kCsv };

// What the process returns. `tributary --help` lists them.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // refused by the server, or failed
inline constexpr int kExitUsage = 2;   // wrong arguments or input; nothing was sent
inline constexpr int kExitNotFound = 3;
inline constexpr int kExitUnavailable = 4;  // no server, shutting down, or no answer in time
inline constexpr int kExitDataLoss = 5;     // stored bytes are damaged

// What a command shows to people.
struct View {
  std::string heading;  // lines above the table
  Table table;
  std::string closing;  // lines below it
};

class Session {
 public:
  // Set by the parser of arguments.
  std::string server;
  std::string ledger;
  bool ledger_given = false;  // on the command line, not by the environment
  Output output = Output::kTable;
  std::uint32_t deadline_s = 0;          // 0: the defaults of ClientOptions
  std::function<absl::Status()> action;  // what the chosen command does

  // A time to read at, and where the tree size that it stands for goes.
  struct ReadTime {
    std::string text;
    std::uint64_t* tree_size = nullptr;
  };
  std::optional<ReadTime> read_time;

  // Does what the command does. A time to read at is resolved by the server before, once: all
  // calls of the command then read one state. Errors: those of the command; a usage error.
  absl::Status Run();

  // Connects at the first call.
  const Client& client();

  // The ledger that the command works on. Errors: a usage error, none was named.
  absl::StatusOr<std::string> Ledger() const;

  // Writes an answer to standard output in the form that was asked for.
  void Emit(const std::function<Json()>& json, const std::function<View()>& view) const;

  bool use_colour() const;

 private:
  absl::Status ResolveReadTime();

  std::unique_ptr<Client> client_;
};

// Marks an error as one of arguments or input: exit code 2.
absl::Status UsageError(absl::Status status);
absl::Status UsageError(std::string_view message);

// The code for a status, and how standard error tells of it: words, or one JSON object.
int ExitCodeOf(const absl::Status& status);
std::string FormatError(const absl::Status& status, Output output);

// Writes text to standard output; a write that fails (a full disk, a closed pipe) ends the process
// with kExitFailed, since a cut answer must not look like a whole one.
void WriteOut(std::string_view text);
void WriteJson(const Json& json);  // indented by two blanks, UTF-8, with a line feed at its end

// Adds a subcommand whose help ends in `examples`, one a line.
CLI::App* AddCommand(CLI::App* parent, const std::string& name, const std::string& description,
                     const std::vector<std::string>& examples);

// Adds `--tree-size N` and `--at TIME`: read the ledger as it was then. 0 stays for "now". Of a
// time the tree size is known once Session::Run has asked for it.
void AddTreeSize(CLI::App* command, Session* session, std::uint64_t* tree_size);
template <typename Request>
void SetReadPoint(std::uint64_t tree_size, Request* request) {
  if (tree_size != 0) request->mutable_at()->set_tree_size(tree_size);
}

}  // namespace tributary::cli
