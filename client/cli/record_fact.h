// Recording one fact from the command line.

#pragma once

#include <string>

#include "absl/status/status.h"
#include "client/cli/fact_json.h"
#include "client/cli/session.h"

namespace tributary::cli {

// Options that every `record` command has.
struct RecordFlags {
  std::string supersedes;
  std::string private_file;  // bytes for private details
  std::string salt_file;     // of the private details
  std::string blind;         // 64 hex digits, or "random"
};
void AddRecordFlags(CLI::App* command, RecordFlags* flags);

// Checks the fact as an import would, records it and shows its receipt. `extra` is added to the
// answer: what was made here, such as a salt.
absl::Status RecordFact(Session& session, FactLine line, const RecordFlags& flags,
                        bool allow_unknown_inputs = false, const Json& extra = Json::object());

// Lets `run` be what the command does, with the flags that every record has.
template <typename Arguments>
void OnChosen(CLI::App* command, Session* session, std::shared_ptr<Arguments> arguments,
              absl::Status (*run)(Session&, const Arguments&)) {
  AddRecordFlags(command, &arguments->flags);
  command->callback([session, arguments, run] {
    session->action = [session, arguments, run] { return run(*session, *arguments); };
  });
}

// A fact of this type, such as "tributary/asset/v1", without its other fields.
FactLine NewLine(std::string_view type);

// Adds `key` where `value` is not empty.
void PutText(std::string_view key, std::string_view value, JsonValue::Object* fields);

// Adds `key` as pairs, from texts of the form KEY=VALUE. Errors: a usage error.
absl::Status PutPairs(std::string_view key, const std::vector<std::string>& texts,
                      JsonValue::Object* fields);

}  // namespace tributary::cli
