// tributary show: what is in force about an asset, or one record.

#include "client/cli/asset_ref.h"
#include "client/cli/commands.h"
#include "client/cli/percent.h"
#include "client/cli/terminal.h"
#include "client/lib/convert.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

struct ShowArguments {
  std::string what;
  std::uint64_t tree_size = 0;
};

std::string TimeText(std::int64_t ms) {
  return FormatTime(TimeMs{static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 0))});
}

Json RefJson(const v1::RecordRef& ref) {
  return Json{{"record_id", ToHex(ref.record_id())},
              {"position", ref.position()},
              {"accepted", TimeText(ref.accepted_ms())}};
}

template <typename List>
Json PairsJson(const List& pairs) {
  Json json = Json::array();
  for (const v1::Attribute& pair : pairs) json.push_back({pair.key(), pair.value()});
  return json;
}

void PutIf(std::string_view key, const std::string& value, Json* json) {
  if (!value.empty()) (*json)[std::string(key)] = value;
}

// --- As JSON ---

Json AssetJson(const v1::Asset& asset) {
  Json json{{"asset", ToHex(asset.asset())},
            {"kind", NameOf(asset.kind())},
            {"id_method", NameOf(asset.id_method())}};
  PutIf("name", asset.name(), &json);
  PutIf("license", asset.license(), &json);
  PutIf("media_type", asset.media_type(), &json);
  if (asset.has_size()) json["size"] = asset.size();
  if (asset.has_named_as()) {
    Json named = Json::object();
    PutIf("namespace", asset.named_as().namespace_(), &named);
    PutIf("name", asset.named_as().name(), &named);
    PutIf("version", asset.named_as().version(), &named);
    json["named_as"] = named;
  }
  if (asset.locations_size() > 0) {
    json["locations"] = Json::array();
    for (const std::string& location : asset.locations()) json["locations"].push_back(location);
  }
  if (asset.attributes_size() > 0) json["attributes"] = PairsJson(asset.attributes());
  return json;
}

Json DerivationJson(const v1::Derivation& derivation) {
  Json json{{"edge_count", derivation.edge_count()},
            {"edges_root", ToHex(derivation.edges_root())},
            {"weight_sum", std::to_string(derivation.weight_sum())},
            {"retained", std::to_string(derivation.retained())},
            {"unattributed", std::to_string(derivation.unattributed())}};
  PutIf("tool", derivation.activity().tool(), &json);
  PutIf("method", derivation.method().name(), &json);
  PutIf("computed_by", derivation.computed_by().name(), &json);
  if (derivation.has_effective_time_ms()) {
    json["effective_time"] = TimeText(derivation.effective_time_ms());
  }
  return json;
}

Json ShowJson(const v1::GetAssetResponse& response) {
  Json json{{"tree_size", response.tree_size()},
            {"asset", AssetJson(response.asset())},
            {"record", RefJson(response.record())},
            {"first_position", response.first_position()}};
  json["aliases"] = Json::array();
  for (const std::string& alias : response.aliases()) json["aliases"].push_back(alias);
  if (response.has_derivation()) {
    json["derivation"] = DerivationJson(response.derivation());
    json["derivation_record"] = RefJson(response.derivation_record());
  }
  if (response.has_holders()) {
    json["holders"] = Json::array();
    for (const v1::Holder& holder : response.holders().holders()) {
      json["holders"].push_back(
          {{"party", holder.party()}, {"units", std::to_string(holder.units())}});
    }
    json["holders_record"] = RefJson(response.holders_record());
  }
  json["consents"] = Json::array();
  for (const v1::Consent& consent : response.consents()) {
    Json one{{"party", consent.party()},
             {"use", NameOf(consent.use())},
             {"status", NameOf(consent.status())}};
    PutIf("constraint", consent.constraint(), &one);
    PutIf("source", consent.source(), &one);
    json["consents"].push_back(one);
  }
  return json;
}

// --- For people ---

class Lines {
 public:
  void Add(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    table_.rows.push_back({Cell(std::string(key)), Cell(std::string(value))});
  }
  Table Take() && {
    table_.columns = {{"About", "key"}, {"Value", "value"}};
    return std::move(table_);
  }

 private:
  Table table_;
};

std::string_view MethodWords(v1::IdMethod method) {
  switch (method) {
    case v1::ID_METHOD_CONTENT:
      return "digest of one file";
    case v1::ID_METHOD_FILES:
      return "digest of several files";
    case v1::ID_METHOD_SALTED:
      return "salted digest of a file";
    case v1::ID_METHOD_NAMED:
      return "named, file not seen";
    case v1::ID_METHOD_BARE:
      return "a digest of unknown origin";
    default:
      return "";
  }
}

void AddAssetLines(const v1::GetAssetResponse& response, Lines* lines) {
  const v1::Asset& asset = response.asset();
  lines->Add("id", ToHex(asset.asset()));
  lines->Add("id formed as", MethodWords(asset.id_method()));
  lines->Add("kind", KindWords(asset.kind()));
  lines->Add("name", asset.name());
  lines->Add("license", asset.license());
  lines->Add("media type", asset.media_type());
  if (asset.has_size()) lines->Add("size", StrCat(asset.size(), " bytes"));
  for (const std::string& location : asset.locations()) lines->Add("location", location);
  for (const v1::Attribute& attribute : asset.attributes()) {
    lines->Add("attribute", StrCat(attribute.key(), " = ", attribute.value()));
  }
  for (const std::string& alias : response.aliases()) lines->Add("alias", alias);
  lines->Add("recorded", StrCat(TimeText(response.record().accepted_ms()), ", log position ",
                                response.record().position()));
  lines->Add("record id", ToHex(response.record().record_id()));
}

void AddRightsLines(const v1::GetAssetResponse& response, Lines* lines) {
  if (!response.has_holders() || response.holders().holders().empty()) {
    lines->Add("rights holders", "no payee on record");
  }
  for (const v1::Holder& holder : response.holders().holders()) {
    lines->Add("rights holder", StrCat(holder.party(), ": ", holder.units(), " units"));
  }
  for (const v1::Consent& consent : response.consents()) {
    std::string text =
        StrCat(consent.party(), ": ", NameOf(consent.use()), " ", NameOf(consent.status()));
    if (!consent.constraint().empty()) StrAppend(&text, ", ", consent.constraint());
    if (!consent.source().empty()) StrAppend(&text, " (", consent.source(), ")");
    lines->Add("consent", text);
  }
}

void AddDerivationLines(const v1::GetAssetResponse& response, Lines* lines) {
  const v1::AssetKind kind = response.asset().kind();
  if (!response.has_derivation()) {
    const bool is_origin = kind == v1::ASSET_KIND_WORK || kind == v1::ASSET_KIND_PROMPT;
    lines->Add("how it was made", is_origin ? "nothing upstream" : "source not disclosed");
    return;
  }
  const v1::Derivation& derivation = response.derivation();
  const std::uint64_t denominator =
      derivation.retained() + derivation.unattributed() + derivation.weight_sum();
  const auto part = [denominator](std::uint64_t weight) {
    return denominator == 0 || weight > denominator
               ? std::to_string(weight)
               : StrCat(weight, "/", denominator, " (", FormatPercent(weight, denominator), ")");
  };
  lines->Add("how it was made", StrCat("from ", derivation.edge_count(),
                                       derivation.edge_count() == 1 ? " input" : " inputs"));
  lines->Add("kept share", part(derivation.retained()));
  lines->Add("passed to inputs", part(derivation.weight_sum()));
  if (derivation.unattributed() > 0) lines->Add("unattributed", part(derivation.unattributed()));
  lines->Add("tool", derivation.activity().tool());
  lines->Add("weights found by", derivation.method().name());
  lines->Add("weights computed by", derivation.computed_by().name());
}

View ShowView(const v1::GetAssetResponse& response) {
  Lines lines;
  AddAssetLines(response, &lines);
  AddDerivationLines(response, &lines);
  AddRightsLines(response, &lines);
  View view;
  view.heading = StrCat(
      DescribeAsset(response.asset().asset(), response.asset().kind(), response.asset().name()),
      ", at ledger version ", response.tree_size(), "\n");
  view.table = std::move(lines).Take();
  return view;
}

absl::Status ShowAsset(Session& session, const std::string& asset_id, std::uint64_t tree_size) {
  v1::GetAssetRequest request;
  request.set_ledger(session.ledger);
  request.set_asset_id(asset_id);
  SetReadPoint(tree_size, &request);
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::GetAssetResponse response,
                             session.client().Call(&v1::LineageService::Stub::GetAsset, request));
  session.Emit([&] { return ShowJson(response); }, [&] { return ShowView(response); });
  return absl::OkStatus();
}

absl::Status ShowRecord(Session& session, const Digest& record_id, std::uint64_t tree_size) {
  v1::GetRecordRequest request;
  request.set_ledger(session.ledger);
  request.set_record_id(std::string(record_id.view()));
  SetReadPoint(tree_size, &request);
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::GetRecordResponse response,
                             session.client().Call(&v1::LineageService::Stub::GetRecord, request));
  const v1::LogRecord& record = response.record();
  if (RecordId(record.canonical_bytes()) != record_id) {
    return absl::DataLossError("record: the bytes that the server sent do not have this id");
  }
  session.Emit(
      [&] {
        Json json{{"tree_size", response.tree_size()},
                  {"record_id", record_id.ToHex()},
                  {"position", record.position()},
                  {"accepted", TimeText(record.accepted_ms())}};
        PutIf("superseded_by", ToHex(response.superseded_by()), &json);
        json["record"] = Json::parse(record.canonical_bytes(), nullptr, false);
        return json;
      },
      [&] {
        Lines lines;
        lines.Add("record id", record_id.ToHex());
        lines.Add("log position", std::to_string(record.position()));
        lines.Add("recorded", TimeText(record.accepted_ms()));
        lines.Add("superseded by", ToHex(response.superseded_by()));
        const Json body = Json::parse(record.canonical_bytes(), nullptr, false);
        for (const auto& [key, value] : body.items()) {
          lines.Add(key, value.is_string() ? value.get<std::string>() : value.dump());
        }
        View view;
        view.table = std::move(lines).Take();
        return view;
      });
  return absl::OkStatus();
}

absl::Status Show(Session& session, const ShowArguments& arguments) {
  const auto asset = ResolveAsset(session, arguments.what, arguments.tree_size);
  if (asset.ok()) return ShowAsset(session, asset->asset_id(), arguments.tree_size);
  const auto id = Digest::FromHex(arguments.what);
  if (!absl::IsNotFound(asset.status()) || !id.ok()) return asset.status();
  const absl::Status status = ShowRecord(session, *id, arguments.tree_size);
  if (!absl::IsNotFound(status)) return status;
  return absl::NotFoundError(StrCat("found ", arguments.what, ", which is neither an asset nor a ",
                                    "record of ledger ", Quoted(session.ledger)));
}

}  // namespace

void AddShowCommand(CLI::App* app, Session* session) {
  CLI::App* show = AddCommand(
      app, "show", "Show what is in force about an asset, or one record",
      {"tributary show first-sale:output", "tributary show 3fa9c1 --tree-size 812 --output json"});
  auto arguments = std::make_shared<ShowArguments>();
  show->add_option("ASSET|RECORD", arguments->what, "Asset, or the id of a record")->required();
  AddTreeSize(show, session, &arguments->tree_size);
  show->callback([session, arguments] {
    session->action = [session, arguments] { return Show(*session, *arguments); };
  });
}

}  // namespace tributary::cli
