// Configuration of tributaryd: defaults, then a JSON file, then flags; the later one wins.

#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/limits.h"

namespace tributary::server {

struct Config {
  std::string data_dir;
  std::string anchor_dir;  // empty: each anchor beside its store
  std::string backup_dir;  // empty: no backups
  std::string listen = "127.0.0.1:7411";
  bool allow_remote = false;  // an address that other machines can reach
  std::string log_format = "text";
  std::string log_level = "info";
  Limits limits;
};

// What a command line asks for.
struct CommandLine {
  Config config;
  // Text to print instead of serving: help, version, the table of limits. Empty: serve.
  std::string print;
};

// Errors: kInvalidArgument saying which flag or key, what was found and what is allowed.
absl::StatusOr<CommandLine> ParseCommandLine(int argc, const char* const* argv);

// What `tributaryd restore` is asked to do.
struct RestoreCommandLine {
  std::string backup;      // directory of one backup
  std::string ledger;      // its name
  std::string data_dir;    // where it goes; no server may use it
  std::string anchor_dir;  // empty: the anchor stands beside the store
  std::string print;       // as in CommandLine
};
absl::StatusOr<RestoreCommandLine> ParseRestoreCommandLine(int argc, const char* const* argv);

// Applies the keys of a configuration file: those of Config, and "limits", an object.
absl::Status ApplyConfigText(const std::string& json, Config* config);

}  // namespace tributary::server
