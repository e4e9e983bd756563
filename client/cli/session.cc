#include "client/cli/session.h"

#include <cstdio>
#include <cstdlib>

#include "client/cli/terminal.h"
#include "client/lib/convert.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "graph/model/vocabulary.h"

namespace tributary::cli {
namespace {

// Payload that marks errors of arguments or input.
constexpr std::string_view kUsagePayload = "tributary/usage";

}  // namespace

const Client& Session::client() {
  if (client_ == nullptr) {
    ClientOptions options{.server = server};
    if (deadline_s != 0) {
      options.call_deadline = std::chrono::seconds(deadline_s);
      options.stream_deadline = options.call_deadline;
    }
    client_ = std::make_unique<Client>(std::move(options));
  }
  return *client_;
}

absl::StatusOr<std::string> Session::Ledger() const {
  if (ledger.empty()) {
    return UsageError("no ledger named: give --ledger NAME or set TRIBUTARY_LEDGER");
  }
  return ledger;
}

absl::Status Session::Run() {
  if (read_time.has_value()) TRIBUTARY_RETURN_IF_ERROR(ResolveReadTime());
  return action();
}

absl::Status Session::ResolveReadTime() {
  const std::string& text = read_time->text;
  std::optional<TimeMs> time = ParseTime(text);
  if (!time.has_value() && text.ends_with('Z')) {
    time = ParseTime(StrCat(std::string_view(text).substr(0, text.size() - 1), ".000Z"));
  }
  if (!time.has_value()) {
    return UsageError(
        InvalidField("--at", Quoted(text), "a time in UTC, such as 2026-01-31T23:59:59Z"));
  }
  v1::ResolveAssetRequest request;  // the cheapest question that names what it was answered at
  TRIBUTARY_ASSIGN_OR_RETURN(*request.mutable_ledger(), Ledger());
  request.mutable_at()->set_time_ms(static_cast<std::int64_t>(time->value));
  request.set_text("-");
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::ResolveAssetResponse answer,
                             client().Call(&v1::LineageService::Stub::ResolveAsset, request));
  *read_time->tree_size = answer.tree_size();
  return absl::OkStatus();
}

bool Session::use_colour() const { return UseColour(); }

void Session::Emit(const std::function<Json()>& json, const std::function<View()>& view) const {
  if (output == Output::kJson) return WriteJson(json());
  const View shown = view();
  if (output == Output::kCsv) return WriteOut(FormatCsv(shown.table));
  // What there is of the three, an empty line between them.
  std::string text;
  for (const std::string& part :
       {shown.heading, FormatTable(shown.table, use_colour()), shown.closing}) {
    if (!part.empty() && !text.empty()) text.push_back('\n');
    text.append(part);
  }
  WriteOut(text);
}

absl::Status UsageError(absl::Status status) {
  status.SetPayload(ToAbsl(kUsagePayload), absl::Cord());
  return status;
}

absl::Status UsageError(std::string_view message) {
  return UsageError(absl::InvalidArgumentError(ToAbsl(message)));
}

int ExitCodeOf(const absl::Status& status) {
  if (status.GetPayload(ToAbsl(kUsagePayload)).has_value()) return kExitUsage;
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitOk;
    case absl::StatusCode::kNotFound:
      return kExitNotFound;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return kExitUnavailable;
    case absl::StatusCode::kDataLoss:
      return kExitDataLoss;
    default:
      return kExitFailed;
  }
}

std::string FormatError(const absl::Status& status, Output output) {
  const std::string message(FromAbsl(status.message()));
  if (output == Output::kJson) {
    Json error{{"code", CodeName(status.code())}, {"message", message}};
    if (const std::string field = FieldOf(status); !field.empty()) error["field"] = field;
    return Json{{"error", error}}.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  // Line feeds part the lines of a long report; all else is escaped.
  std::string text = "tributary: ";
  std::size_t start = 0;
  while (true) {
    const std::size_t end = message.find('\n', start);
    text.append(EscapeForTerminal(std::string_view(message).substr(start, end - start)));
    text.push_back('\n');
    if (end == message.npos) break;
    start = end + 1;
  }
  return text;
}

void WriteOut(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (written && std::fflush(stdout) == 0) return;
  std::perror("tributary: standard output");
  std::_Exit(kExitFailed);
}

void WriteJson(const Json& json) {
  WriteOut(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

CLI::App* AddCommand(CLI::App* parent, const std::string& name, const std::string& description,
                     const std::vector<std::string>& examples) {
  CLI::App* command = parent->add_subcommand(name, description);
  std::string footer = "Examples:";
  for (const std::string& example : examples) StrAppend(&footer, "\n  ", example);
  command->footer(footer);
  return command;
}

void AddTreeSize(CLI::App* command, Session* session, std::uint64_t* tree_size) {
  CLI::Option* size =
      command
          ->add_option("--tree-size", *tree_size,
                       "Answer as of this ledger version (number of records); absent: now")
          ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 62));
  const auto set_time = [session, tree_size](const std::string& text) {
    session->read_time = Session::ReadTime{text, tree_size};
  };
  command
      ->add_option_function<std::string>(
          "--at", set_time,
          "Answer as of this time, in UTC, such as 2026-01-31T23:59:59Z: with the records that "
          "were accepted until then")
      ->excludes(size)
      ->type_name("TIME");
}

}  // namespace tributary::cli
