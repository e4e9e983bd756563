// tributary export: facts in the import format, or the whole log.

#include <cstdio>
#include <fstream>
#include <unordered_set>

#include "client/cli/commands.h"
#include "client/cli/fact_json.h"
#include "client/cli/log_lines.h"
#include "client/cli/progress.h"
#include "client/lib/convert.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

struct ExportArguments {
  std::string file;  // empty: standard output
  bool log = false;
  bool in_force = false;
  std::uint64_t tree_size = 0;
};

// Where the lines go. A file appears under its name only once it is whole.
class LineSink {
 public:
  explicit LineSink(const std::string& path) : path_(path), partial_(path + ".partial") {
    if (!path_.empty()) file_.open(partial_, std::ios::binary | std::ios::trunc);
  }
  absl::Status Write(std::string_view text) {
    if (path_.empty()) return WriteOut(text), absl::OkStatus();
    file_.write(text.data(), static_cast<std::streamsize>(text.size()));
    return file_ ? absl::OkStatus() : Failed();
  }
  absl::Status Finish() {
    if (path_.empty()) return absl::OkStatus();
    file_.close();
    if (!file_ || std::rename(partial_.c_str(), path_.c_str()) != 0) return Failed();
    return absl::OkStatus();
  }

 private:
  absl::Status Failed() const {
    return absl::UnavailableError(StrCat(partial_, ": writing failed"));
  }

  std::string path_;
  std::string partial_;
  std::ofstream file_;
};

v1::StreamRecordsRequest RequestFor(const std::string& ledger, std::uint64_t tree_size,
                                    bool with_all) {
  v1::StreamRecordsRequest request;
  request.set_ledger(ledger);
  SetReadPoint(tree_size, &request);
  request.set_include_edges(with_all);
  request.set_include_details(with_all);
  return request;
}

// The newest tree size, so that several reads see one state.
absl::StatusOr<std::uint64_t> NewestTreeSize(Session& session, const std::string& ledger) {
  v1::GetStatusRequest request;
  request.set_ledger(ledger);
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::GetStatusResponse status,
                             session.client().Call(&v1::AdminService::Stub::GetStatus, request));
  if (status.ledgers().empty()) return absl::NotFoundError(StrCat("ledger: ", Quoted(ledger)));
  if (!status.ledgers(0).problem().empty()) {
    return absl::UnavailableError(StrCat("ledger: ", status.ledgers(0).problem()));
  }
  return status.ledgers(0).tree_size();
}

// Ids of all records that another one replaces, as raw bytes.
absl::StatusOr<std::unordered_set<std::string>> FindSuperseded(Session& session,
                                                               const std::string& ledger,
                                                               std::uint64_t tree_size) {
  std::unordered_set<std::string> superseded;
  bool complete = false;
  TRIBUTARY_RETURN_IF_ERROR(session.client().Stream(
      &v1::LineageService::Stub::StreamRecords, RequestFor(ledger, tree_size, false),
      [&](const v1::StreamRecordsResponse& response) -> absl::Status {
        complete |= response.has_summary();
        for (const v1::LogItem& item : response.items()) {
          if (!item.has_record()) continue;
          TRIBUTARY_ASSIGN_OR_RETURN(const Record record,
                                     DecodeRecord(item.record().canonical_bytes()));
          if (record.supersedes) superseded.emplace(record.supersedes->view());
        }
        return absl::OkStatus();
      }));
  if (!complete) return absl::DataLossError("export: the stream ended without its summary");
  return superseded;
}

absl::Status Export(Session& session, const ExportArguments& arguments) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  std::uint64_t tree_size = arguments.tree_size;
  if (tree_size == 0) {
    TRIBUTARY_ASSIGN_OR_RETURN(tree_size, NewestTreeSize(session, ledger));
  }
  LogLineOptions options{
      .log = arguments.log, .drop_superseded = arguments.in_force, .superseded = {}};
  if (arguments.in_force) {
    TRIBUTARY_ASSIGN_OR_RETURN(options.superseded, FindSuperseded(session, ledger, tree_size));
  }
  LineSink sink(arguments.file);
  Progress progress("Exporting", tree_size);
  LogLineWriter writer(std::move(options),
                       [&sink](std::string_view text) { return sink.Write(text); });
  if (arguments.log) TRIBUTARY_RETURN_IF_ERROR(writer.WriteHeader(ledger));
  const auto add = [&](const v1::StreamRecordsResponse& response) -> absl::Status {
    for (const v1::LogItem& item : response.items()) {
      TRIBUTARY_RETURN_IF_ERROR(writer.Add(item));
    }
    progress.Update(writer.record_count());
    return response.has_summary() ? writer.Finish(response.summary()) : absl::OkStatus();
  };
  TRIBUTARY_RETURN_IF_ERROR(session.client().Stream(&v1::LineageService::Stub::StreamRecords,
                                                    RequestFor(ledger, tree_size, true), add));
  if (!writer.is_finished()) {
    return absl::DataLossError("export: the stream ended without its summary");
  }
  return sink.Finish();
}

}  // namespace

void AddExportCommand(CLI::App* app, Session* session) {
  CLI::App* command = AddCommand(
      app, "export",
      "Write all facts of a ledger in the import format, in order of acceptance, superseded ones "
      "included. Imported into an empty ledger of the same name they make the same records. With "
      "--log also positions and times: what `replay` turns into an identical ledger.",
      {"tributary export --ledger example > facts.jsonl",
       "tributary export --in-force --file facts.jsonl --ledger example",
       "tributary export --log --file example.log.jsonl --ledger example"});
  auto arguments = std::make_shared<ExportArguments>();
  command->add_option("--file", arguments->file, "File to write; absent: standard output");
  CLI::Option* log = command->add_flag("--log", arguments->log, "The whole log, for `replay`");
  command
      ->add_flag(
          "--in-force", arguments->in_force,
          "Only what is in force, without what it replaced: to seed a ledger of another name")
      ->excludes(log);
  AddTreeSize(command, session, &arguments->tree_size);
  command->callback([session, arguments] {
    session->action = [session, arguments] { return Export(*session, *arguments); };
  });
}

}  // namespace tributary::cli
