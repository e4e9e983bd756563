// tributary template, tributary policy: records with a name, in versions.

#include "client/cli/commands.h"
#include "client/cli/file_id.h"
#include "client/cli/pages.h"
#include "client/cli/percent.h"
#include "client/cli/record_fact.h"
#include "client/cli/record_fields.h"
#include "client/cli/stored_record.h"
#include "client/cli/terminal.h"
#include "client/lib/convert.h"
#include "graph/model/money.h"
#include "graph/model/status.h"
#include "graph/model/uint128.h"

namespace tributary::cli {
namespace {

using Stub = v1::SettlementService::Stub;

struct VersionArguments {
  Versioned type = Versioned::kTemplate;
  std::string first;   // name or id
  std::string second;  // the same; of diff
  std::string file;
  std::uint64_t tree_size = 0;
  LimitArgument limit;
  RecordFlags flags;
};

std::string_view WordOf(Versioned type) {
  return type == Versioned::kTemplate ? "template" : "policy";
}

// --- list ---

// One version in a list, whichever its type.
struct VersionRow {
  std::string name;
  std::string description;
  v1::RecordRef record;
  std::string superseded_by;
};

void Append(const v1::ListTemplatesResponse& page, std::vector<VersionRow>* rows) {
  for (const v1::TemplateView& view : page.templates()) {
    rows->push_back({view.template_().template_(), view.template_().description(), view.record(),
                     view.superseded_by()});
  }
}
void Append(const v1::ListPoliciesResponse& page, std::vector<VersionRow>* rows) {
  for (const v1::PolicyView& view : page.policies()) {
    rows->push_back(
        {view.policy().policy(), view.policy().description(), view.record(), view.superseded_by()});
  }
}

struct VersionList {
  std::vector<VersionRow> rows;
  std::uint64_t tree_size = 0;
  bool more = false;
};

template <typename Request, typename Response>
absl::StatusOr<VersionList> ReadVersions(Session& session, const VersionArguments& arguments,
                                         grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                      const Request&, Response*)) {
  VersionList list;
  Request request;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  request.set_ledger(ledger);
  request.set_name(arguments.first);
  SetReadPoint(arguments.tree_size, &request);
  TRIBUTARY_RETURN_IF_ERROR(ReadPages(session, method, request,
                                      arguments.limit.CountMax(session.output), &list.more,
                                      [&list](const Response& page) {
                                        const std::size_t before = list.rows.size();
                                        Append(page, &list.rows);
                                        list.tree_size = page.tree_size();
                                        return list.rows.size() - before;
                                      }));
  return list;
}

Json RowJson(const VersionRow& row) {
  Json json{{"name", row.name},
            {"record_id", ToHex(row.record.record_id())},
            {"position", row.record.position()},
            {"accepted", FormatTime(TimeMs{static_cast<std::uint64_t>(row.record.accepted_ms())})}};
  if (!row.superseded_by.empty()) json["superseded_by"] = ToHex(row.superseded_by);
  if (!row.description.empty()) json["description"] = row.description;
  return json;
}

absl::Status ListVersions(Session& session, const VersionArguments& arguments) {
  const bool is_template = arguments.type == Versioned::kTemplate;
  TRIBUTARY_ASSIGN_OR_RETURN(const VersionList list,
                             is_template ? ReadVersions(session, arguments, &Stub::ListTemplates)
                                         : ReadVersions(session, arguments, &Stub::ListPolicies));
  session.Emit(
      [&] {
        Json rows = Json::array();
        for (const VersionRow& row : list.rows) rows.push_back(RowJson(row));
        return Json{{"tree_size", list.tree_size},
                    {is_template ? "templates" : "policies", rows},
                    {"more", list.more}};
      },
      [&] {
        View view;
        view.table.columns = {{"Name", "name"},
                              {"Id of the version", "record_id"},
                              {"Position", "position", true},
                              {"In force", "superseded_by"},
                              {"Description", "description"}};
        for (const VersionRow& row : list.rows) {
          view.table.rows.push_back(
              {Cell(row.name), Cell(ToHex(row.record.record_id())),
               Cell(std::to_string(row.record.position())),
               Cell(ToHex(row.superseded_by), row.superseded_by.empty() ? "yes" : "superseded"),
               Cell(row.description)});
        }
        if (list.rows.empty()) {
          view.closing = StrCat("No ", WordOf(arguments.type), " on record.\n");
        } else if (list.more) {
          view.closing = "There are more: --limit 0 lists all.\n";
        }
        return view;
      });
  return absl::OkStatus();
}

// --- show ---

// A value with what helps people to read it: parts per million as a percentage.
Cell ValueCell(const std::string& field, const std::string& value) {
  const std::optional<std::uint64_t> ppm = ParseUint64(value);
  if (!field.ends_with("ppm") || !ppm.has_value() || *ppm > kPartsPerMillion) return Cell(value);
  return Cell(value, StrCat(value, " (", FormatPercent(*ppm, kPartsPerMillion), ")"));
}

absl::Status ShowVersion(Session& session, const VersionArguments& arguments) {
  TRIBUTARY_ASSIGN_OR_RETURN(
      const StoredFact fact,
      FetchVersion(session, arguments.type, arguments.first, arguments.tree_size));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<FieldValue> fields, FieldsOf(fact.bytes));
  session.Emit(
      [&] {
        return Json{{"record_id", fact.id.ToHex()},
                    {"record", Json::parse(fact.bytes, nullptr, false)}};
      },
      [&] {
        View view;
        view.heading = StrCat("Version ", fact.id.ToHex(), " of a ", WordOf(arguments.type), "\n");
        view.table.columns = {{"Field", "field"}, {"Value", "value"}};
        for (const FieldValue& field : fields) {
          view.table.rows.push_back({Cell(field.field), ValueCell(field.field, field.value)});
        }
        return view;
      });
  return absl::OkStatus();
}

// --- diff ---

absl::StatusOr<StoredFact> FetchBefore(Session& session, const StoredFact& fact,
                                       const VersionArguments& arguments) {
  if (fact.record.supersedes.has_value()) {
    return FetchRecord(session, *fact.record.supersedes, arguments.tree_size);
  }
  return FieldError(absl::StatusCode::kFailedPrecondition, WordOf(arguments.type),
                    StrCat(fact.id.ToHex(), ", the first version"),
                    "two versions, or one that supersedes another");
}

Json ChangeJson(const FieldChange& change) {
  Json json{{"field", change.field}};
  if (change.old_value.has_value()) json["old"] = *change.old_value;
  if (change.new_value.has_value()) json["new"] = *change.new_value;
  return json;
}

absl::Status DiffVersions(Session& session, const VersionArguments& arguments) {
  TRIBUTARY_ASSIGN_OR_RETURN(StoredFact before, FetchVersion(session, arguments.type,
                                                             arguments.first, arguments.tree_size));
  absl::StatusOr<StoredFact> after =
      arguments.second.empty()
          ? absl::StatusOr<StoredFact>(before)
          : FetchVersion(session, arguments.type, arguments.second, arguments.tree_size);
  TRIBUTARY_RETURN_IF_ERROR(after.status());
  if (arguments.second.empty()) {
    TRIBUTARY_ASSIGN_OR_RETURN(before, FetchBefore(session, *after, arguments));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<FieldValue> old_fields, FieldsOf(before.bytes));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<FieldValue> new_fields, FieldsOf(after->bytes));
  const std::vector<FieldChange> changes = CompareFields(old_fields, new_fields);
  session.Emit(
      [&] {
        Json list = Json::array();
        for (const FieldChange& change : changes) list.push_back(ChangeJson(change));
        return Json{{"old_record_id", before.id.ToHex()},
                    {"new_record_id", after->id.ToHex()},
                    {"changes", list}};
      },
      [&] {
        View view;
        view.heading = StrCat("From ", before.id.ToHex(), "\nto   ", after->id.ToHex(), "\n");
        view.table.columns = {{"Field", "field"}, {"Old", "old"}, {"New", "new"}};
        for (const FieldChange& change : changes) {
          const auto cell = [&](const std::optional<std::string>& value) {
            return value.has_value() ? ValueCell(change.field, *value) : Cell("", "-");
          };
          view.table.rows.push_back(
              {Cell(change.field), cell(change.old_value), cell(change.new_value)});
        }
        if (changes.empty()) view.closing = "They say the same.\n";
        return view;
      });
  return absl::OkStatus();
}

// --- record ---

absl::Status RecordVersion(Session& session, const VersionArguments& arguments) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string text, ReadFile(arguments.file, kRecordSizeMax));
  TRIBUTARY_ASSIGN_OR_RETURN(FactLine line, ParseVersionFile(arguments.type, text));
  return RecordFact(session, std::move(line), arguments.flags);
}

// --- The commands ---

using Run = absl::Status (*)(Session&, const VersionArguments&);

void Choose(CLI::App* command, Session* session, std::shared_ptr<VersionArguments> arguments,
            Run run) {
  command->callback([session, arguments, run] {
    session->action = [session, arguments, run] { return run(*session, *arguments); };
  });
}

void AddVersioned(CLI::App* app, Session* session, Versioned type, const std::string& description,
                  const std::string& example) {
  const std::string word(WordOf(type));
  const std::string prefix = StrCat("tributary ", word, " ");
  CLI::App* parent = app->add_subcommand(word, description);
  parent->require_subcommand(1);
  const auto new_arguments = [type] {
    auto arguments = std::make_shared<VersionArguments>();
    arguments->type = type;
    return arguments;
  };

  auto arguments = new_arguments();
  CLI::App* list = AddCommand(parent, "list", "List those in force, or all versions of one",
                              {prefix + "list", prefix + "list " + example});
  list->add_option("NAME", arguments->first, "All versions of this one, oldest first");
  AddLimit(list, &arguments->limit);
  AddTreeSize(list, session, &arguments->tree_size);
  Choose(list, session, arguments, &ListVersions);

  arguments = new_arguments();
  CLI::App* show = AddCommand(parent, "show", "Show one version",
                              {prefix + "show " + example, prefix + "show RECORD_ID"});
  show->add_option("NAME|ID", arguments->first, "Name: the version in force; or a version's id")
      ->required();
  AddTreeSize(show, session, &arguments->tree_size);
  Choose(show, session, arguments, &ShowVersion);

  arguments = new_arguments();
  CLI::App* diff = AddCommand(parent, "diff", "Compare two versions, field by field",
                              {prefix + "diff " + example, prefix + "diff OLD_ID NEW_ID"});
  diff->add_option("OLD", arguments->first, "Name or id; alone: compared with what it supersedes")
      ->required();
  diff->add_option("NEW", arguments->second, "Name or id");
  AddTreeSize(diff, session, &arguments->tree_size);
  Choose(diff, session, arguments, &DiffVersions);

  arguments = new_arguments();
  CLI::App* record = AddCommand(
      parent, "record", "Record a version from a file",
      {StrCat(prefix, "record --file examples/",
              type == Versioned::kTemplate ? "template-image-output" : "policy-market", ".json"),
       prefix + "record --file v2.json --supersedes RECORD_ID"});
  record
      ->add_option("--file", arguments->file,
                   "JSON object with the keys of the record: docs/formats/records.md")
      ->required();
  AddRecordFlags(record, &arguments->flags);
  Choose(record, session, arguments, &RecordVersion);
}

}  // namespace

void AddTemplateCommand(CLI::App* app, Session* session) {
  AddVersioned(app, session, Versioned::kTemplate,
               "Weights for derivations whose shares nobody measured", "example/image-output");
}

void AddPolicyCommand(CLI::App* app, Session* session) {
  AddVersioned(app, session, Versioned::kPolicy,
               "How a sale's amount is cut: fees, absolute terms, floors", "example/market");
}

}  // namespace tributary::cli
