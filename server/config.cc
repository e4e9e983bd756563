#include "server/config.h"

#include <CLI/CLI.hpp>
#include <array>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>
#include <vector>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "graph/model/uint128.h"
#include "server/server_info.h"

namespace tributary::server {
namespace {

using Json = nlohmann::json;

struct TextKey {
  std::string_view name;
  std::string Config::*value;
};
constexpr std::array kTextKeys = {
    TextKey{"data_dir", &Config::data_dir},     TextKey{"anchor_dir", &Config::anchor_dir},
    TextKey{"backup_dir", &Config::backup_dir}, TextKey{"listen", &Config::listen},
    TextKey{"log_format", &Config::log_format}, TextKey{"log_level", &Config::log_level}};

absl::Status ApplyLimits(const Json& limits, Config* config) {
  if (!limits.is_object()) {
    return InvalidField("limits", limits.type_name(), "an object of names and integers");
  }
  for (const auto& [name, value] : limits.items()) {
    if (!value.is_number_unsigned()) {
      return InvalidField(StrCat("limits.", name), Quoted(value.dump()), "a positive integer");
    }
    TRIBUTARY_RETURN_IF_ERROR(SetLimit(name, value.get<std::uint64_t>(), &config->limits));
  }
  return absl::OkStatus();
}

absl::Status ApplyKey(const std::string& name, const Json& value, Config* config) {
  if (name == "limits") return ApplyLimits(value, config);
  if (name == "allow_remote") {
    if (!value.is_boolean()) return InvalidField(name, value.type_name(), "true or false");
    config->allow_remote = value.get<bool>();
    return absl::OkStatus();
  }
  for (const TextKey& key : kTextKeys) {
    if (key.name != name) continue;
    if (!value.is_string()) return InvalidField(name, value.type_name(), "a text");
    config->*(key.value) = value.get<std::string>();
    return absl::OkStatus();
  }
  return InvalidField("configuration file", Quoted(name),
                      "data_dir anchor_dir backup_dir listen allow_remote log_format log_level "
                      "limits");
}

absl::Status ApplyConfigFile(const std::string& path, Config* config) {
  std::ifstream file(path);
  if (!file) return InvalidField("--config", Quoted(path), "a file that can be read");
  std::ostringstream text;
  text << file.rdbuf();
  return ApplyConfigText(text.str(), config);
}

// "name=value"
absl::Status ApplyLimitFlag(const std::string& flag, Config* config) {
  const std::size_t equals = flag.find('=');
  const auto value = equals == std::string::npos
                         ? std::nullopt
                         : ParseUint64(std::string_view(flag).substr(equals + 1));
  if (!value.has_value()) return InvalidField("--limit", Quoted(flag), "NAME=INTEGER");
  return SetLimit(std::string_view(flag).substr(0, equals), *value, &config->limits);
}

std::string LimitTable() {
  const Limits defaults;
  std::string table;
  for (const LimitInfo& limit : AllLimits()) {
    StrAppend(&table, limit.name, " = ", defaults.*(limit.value), " (", limit.value_min, " to ",
              limit.value_max, ")\n    ", limit.reason, "\n");
  }
  return table;
}

absl::Status Check(const Config& config) {
  if (config.data_dir.empty()) {
    return InvalidField("--data-dir", "none", "the directory where ledgers are kept");
  }
  if (config.log_format != "text" && config.log_format != "json") {
    return InvalidField("--log-format", Quoted(config.log_format), "text json");
  }
  constexpr std::array<std::string_view, 5> kLevels = {"debug", "info", "warn", "error", "off"};
  for (const std::string_view level : kLevels) {
    if (config.log_level == level) return absl::OkStatus();
  }
  return InvalidField("--log-level", Quoted(config.log_level), "debug info warn error off");
}

// Flags as given, each absent unless the command line has it.
struct Flags {
  std::string config_file;
  std::array<std::string, kTextKeys.size()> texts;
  std::array<CLI::Option*, kTextKeys.size()> text_options{};
  std::vector<std::string> limits;
  bool allow_remote = false;
  bool print_limits = false;
  bool version = false;
};

void Describe(CLI::App& app, Flags& flags) {
  constexpr std::array<const char*, kTextKeys.size()> kHelp = {
      "directory where ledgers are kept; made if its parent exists",
      "directory for anchors, best on another disk (default: beside each store)",
      "directory for backups (default: none can be made)",
      "address: host:port or unix:/path (default: 127.0.0.1:7411)",
      "log lines: text or json (default: text)",
      "least level logged: debug, info, warn, error, off (default: info)"};
  constexpr std::array<const char*, kTextKeys.size()> kFlag = {
      "--data-dir", "--anchor-dir", "--backup-dir", "--listen", "--log-format", "--log-level"};
  for (std::size_t i = 0; i < kTextKeys.size(); ++i) {
    flags.text_options[i] = app.add_option(kFlag[i], flags.texts[i], kHelp[i]);
  }
  app.add_option("--config", flags.config_file, "JSON file with the same names, see also limits");
  app.add_option("--limit", flags.limits, "NAME=INTEGER, may be given several times");
  app.add_flag("--allow-remote", flags.allow_remote,
               "allow an address that other machines reach; nothing guards it yet");
  app.add_flag("--print-limits", flags.print_limits, "print every limit with its reason");
  app.add_flag("--version", flags.version, "print the version");
  app.footer(
      "Example: tributaryd --data-dir /var/lib/tributary --listen 127.0.0.1:7411\n"
      "Exit codes: 0 stopped by a signal; 2 wrong configuration; 3 the data directory is in use;\n"
      "4 the data directory cannot be opened; 5 the address cannot be listened on;\n"
      "6 a write failed: start it again, what was acknowledged is there.\n"
      "Another command: tributaryd restore --help puts a backup in its place.");
}

absl::Status Apply(const Flags& flags, Config* config) {
  if (!flags.config_file.empty()) {
    TRIBUTARY_RETURN_IF_ERROR(ApplyConfigFile(flags.config_file, config));
  }
  for (std::size_t i = 0; i < kTextKeys.size(); ++i) {
    if (flags.text_options[i]->count() > 0) config->*(kTextKeys[i].value) = flags.texts[i];
  }
  if (flags.allow_remote) config->allow_remote = true;
  for (const std::string& limit : flags.limits) {
    TRIBUTARY_RETURN_IF_ERROR(ApplyLimitFlag(limit, config));
  }
  return Check(*config);
}

}  // namespace

absl::Status ApplyConfigText(const std::string& text, Config* config) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    return InvalidField("configuration file", json.is_discarded() ? "no JSON" : json.type_name(),
                        "a JSON object");
  }
  for (const auto& [name, value] : json.items()) {
    TRIBUTARY_RETURN_IF_ERROR(ApplyKey(name, value, config));
  }
  return absl::OkStatus();
}

absl::StatusOr<CommandLine> ParseCommandLine(int argc, const char* const* argv) {
  CLI::App app("tributaryd: the server of the provenance graph database Tributary");
  Flags flags;
  Describe(app, flags);
  CommandLine line;
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    line.print = app.help();
    return line;
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }
  if (flags.version) {
    line.print = StrCat("tributaryd ", kServerVersion, "\n");
  } else if (flags.print_limits) {
    line.print = LimitTable();
  } else {
    TRIBUTARY_RETURN_IF_ERROR(Apply(flags, &line.config));
  }
  return line;
}

absl::StatusOr<RestoreCommandLine> ParseRestoreCommandLine(int argc, const char* const* argv) {
  CLI::App app("Puts a backup of one ledger in its place in a data directory that no server uses");
  RestoreCommandLine line;
  app.add_option("--backup", line.backup, "directory of one backup, <backups>/<ledger>/<name>")
      ->required();
  app.add_option("--ledger", line.ledger, "name of the ledger")->required();
  app.add_option("--data-dir", line.data_dir, "data directory; made if its parent exists")
      ->required();
  app.add_option("--anchor-dir", line.anchor_dir,
                 "directory for anchors, if the server is started with one");
  app.footer(
      "The copy is verified in full before it gets its name. Nothing is overwritten: a ledger "
      "that\n"
      "is there must be moved away first. A backup older than an anchor kept elsewhere is "
      "refused.\n"
      "Example: tributaryd restore --backup /backups/example/2026-01-02 --ledger example \\\n"
      "           --data-dir /var/lib/tributary\n"
      "Exit codes: 0 restored; 2 wrong arguments; 4 refused or failed, and nothing is in place.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    line.print = app.help();
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }
  return line;
}

}  // namespace tributary::server
