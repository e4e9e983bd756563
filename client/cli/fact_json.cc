#include "client/cli/fact_json.h"

#include <absl/strings/escaping.h>

#include <algorithm>
#include <array>
#include <set>

#include "graph/model/status.h"
#include "graph/model/uint128.h"

namespace tributary::cli {
namespace {

using InputJson = nlohmann::json;

absl::Status LineError(std::string_view found, std::string_view allowed) {
  return InvalidField("line", found, allowed);
}

// Stands for an asset that is named by an alias until the alias is known.
Digest PlaceholderFor(std::string_view alias) { return Sha256({"alias reference: ", alias}); }

bool IsDigestText(std::string_view text) { return Digest::FromHex(text).ok(); }

// --- JSON to the values of the profile ---

absl::StatusOr<JsonValue> ToValue(const InputJson& json, std::string_view field);

absl::StatusOr<JsonValue::Object> ToObject(const InputJson& json) {
  JsonValue::Object object;
  for (const auto& [key, value] : json.items()) {
    // Absent, empty string and empty list are one thing.
    if ((value.is_string() || value.is_structured()) &&
        (value.is_string() ? value.get_ref<const std::string&>().empty() : value.empty())) {
      continue;
    }
    TRIBUTARY_ASSIGN_OR_RETURN(JsonValue converted, ToValue(value, key));
    object.emplace(key, std::move(converted));
  }
  return object;
}

absl::StatusOr<JsonValue> ToValue(const InputJson& json, std::string_view field) {
  if (json.is_string()) return JsonValue(json.get<std::string>());
  if (json.is_number_unsigned()) return JsonValue(json.get<std::uint64_t>());
  if (json.is_object()) {
    TRIBUTARY_ASSIGN_OR_RETURN(JsonValue::Object object, ToObject(json));
    return JsonValue(std::move(object));
  }
  if (json.is_array()) {
    JsonValue::List list;
    for (const InputJson& item : json) {
      TRIBUTARY_ASSIGN_OR_RETURN(JsonValue value, ToValue(item, field));
      list.push_back(std::move(value));
    }
    return JsonValue(std::move(list));
  }
  const std::string_view found = json.is_null()      ? "null"
                                 : json.is_boolean() ? "a boolean"
                                                     : "a number that is not a natural one";
  return InvalidField(field, found, "a string, a natural number, a list or an object");
}

// --- Edges ---

absl::StatusOr<std::uint64_t> WeightOf(const InputJson& value, std::string_view field) {
  const auto weight = value.is_number_unsigned() ? std::optional(value.get<std::uint64_t>())
                      : value.is_string()        ? ParseUint64(value.get_ref<const std::string&>())
                                                 : std::nullopt;
  if (!weight.has_value() || *weight > kWeightSumMax) {
    return InvalidField(field, value.is_structured() ? "another type" : value.dump(),
                        "an integer or decimal string from 0 to 2^63 - 1");
  }
  return *weight;
}

template <typename Enum>
absl::StatusOr<Enum> EnumOf(const InputJson& value, std::string_view field) {
  const auto parsed =
      value.is_string() ? FromName<Enum>(value.get_ref<const std::string&>()) : std::nullopt;
  if (!parsed.has_value()) {
    return InvalidField(field, value.is_structured() ? "another type" : value.dump(),
                        AllNames<Enum>());
  }
  return *parsed;
}

absl::Status AddEdge(const InputJson& json, FactLine* line) {
  const std::string path = StrCat("edges[", line->edges.size(), "]");
  Edge edge;
  int required_count = 0;
  for (const auto& [key, value] : json.items()) {
    const std::string field = StrCat(path, ".", key);
    if (key == "input" && value.is_string() && !value.get_ref<const std::string&>().empty()) {
      const auto& text = value.get_ref<const std::string&>();
      const auto id = Digest::FromHex(text);
      edge.input = id.ok() ? *id : PlaceholderFor(text);
      if (!id.ok()) line->references.push_back({line->edges.size(), text});
      ++required_count;
    } else if (key == "role") {
      TRIBUTARY_ASSIGN_OR_RETURN(edge.role, EnumOf<Role>(value, field));
      ++required_count;
    } else if (key == "weight") {
      TRIBUTARY_ASSIGN_OR_RETURN(edge.weight, WeightOf(value, field));
      ++required_count;
    } else if (key == "basis") {
      TRIBUTARY_ASSIGN_OR_RETURN(edge.basis, EnumOf<Basis>(value, field));
    } else {
      return InvalidField(field, value.dump().substr(0, 80), "input, role, weight and basis");
    }
  }
  if (required_count != 3) {
    return InvalidField(path, "a key left out", "input, role, weight and, where wanted, basis");
  }
  line->edges.push_back(edge);
  return absl::OkStatus();
}

// Watches the parser: refuses a key twice, and takes each element of the top-level list `edges` out
// of the tree as soon as it is complete.
class LineParser {
 public:
  explicit LineParser(FactLine* line) : line_(line) {}

  bool operator()(int depth, InputJson::parse_event_t event, InputJson& parsed) {
    using Event = InputJson::parse_event_t;
    if (!status_.ok()) return false;
    const auto level = static_cast<std::size_t>(depth);
    if (level >= kJsonDepthMax) {
      status_ = LineError("too many levels", StrCat("at most ", kJsonDepthMax));
      return false;
    }
    if (event == Event::object_start) keys_[level + 1].clear();
    if (event == Event::key) OnKey(level, parsed.get_ref<const std::string&>());
    if (event == Event::array_start && level == 1 && in_edges_) line_->has_edges = true;
    if (event == Event::object_end && level == 2 && in_edges_) {
      status_ = AddEdge(parsed, line_);
      return false;
    }
    return true;
  }

  const absl::Status& status() const { return status_; }

 private:
  void OnKey(std::size_t level, const std::string& key) {
    if (level == 1) in_edges_ = key == "edges";
    if (!keys_[level].insert(key).second) status_ = InvalidField(key, "the key twice", "once");
  }

  FactLine* line_;
  bool in_edges_ = false;
  std::array<std::set<std::string>, kJsonDepthMax + 1> keys_;
  absl::Status status_;
};

// --- From fields to a record ---

// Writes an integer as the decimal string that the schema wants.
void ToDecimalString(JsonValue::Object* object, std::string_view key) {
  const auto found = object->find(key);
  if (found == object->end() || found->second.AsInteger() == nullptr) return;
  found->second = JsonValue(std::to_string(*found->second.AsInteger()));
}

// Sets are sorted by the bytes of their canonical form, inner ones first. Only lists that are the
// value of a key are sets: a pair keeps its order. Levels are bounded by kJsonDepthMax.
void SortSets(JsonValue::Object* object) {
  for (auto& [key, value] : *object) {
    if (value.AsList() == nullptr) continue;
    JsonValue::List list = *value.AsList();
    for (JsonValue& item : list) {
      if (item.AsObject() == nullptr) continue;
      JsonValue::Object sorted = *item.AsObject();
      SortSets(&sorted);
      item = JsonValue(std::move(sorted));
    }
    std::sort(list.begin(), list.end(), [](const JsonValue& a, const JsonValue& b) {
      return WriteCanonicalJson(a) < WriteCanonicalJson(b);
    });
    value = JsonValue(std::move(list));
  }
}

// Calls `edit` on each object of the list at `key`; anything else is left for the decoder to
// refuse.
template <typename Edit>
void EditObjects(JsonValue::Object* fields, std::string_view key, Edit&& edit) {
  const auto found = fields->find(key);
  if (found == fields->end() || found->second.AsList() == nullptr) return;
  JsonValue::List list = *found->second.AsList();
  for (JsonValue& item : list) {
    if (item.AsObject() == nullptr) continue;
    JsonValue::Object object = *item.AsObject();
    edit(&object);
    item = JsonValue(std::move(object));
  }
  found->second = JsonValue(std::move(list));
}

// Weights, units and amounts may be written as JSON integers.
void FixDecimals(std::string_view type, JsonValue::Object* fields) {
  const auto fix = [](std::string_view key) {
    return [key](JsonValue::Object* object) { ToDecimalString(object, key); };
  };
  if (type == TypeName(HoldersRecord{})) {
    EditObjects(fields, "holders", fix("units"));
  } else if (type == TypeName(HoldReleaseRecord{})) {
    EditObjects(fields, "recipients", fix("units"));
  } else if (type == TypeName(SaleRecord{}) || type == TypeName(CorrectionRecord{})) {
    ToDecimalString(fields, "amount");
  } else if (type == TypeName(PolicyRecord{})) {
    EditObjects(fields, "fees", fix("fixed"));
  } else if (type == TypeName(TemplateRecord{})) {
    EditObjects(fields, "rules", [&fix](JsonValue::Object* rule) {
      for (const std::string_view key : {"retained", "unattributed"}) ToDecimalString(rule, key);
      EditObjects(rule, "roles", fix("weight"));
    });
  }
}

// Adds what an import computes. The root follows once every input is known by its id.
void FixDerivation(const FactLine& line, JsonValue::Object* fields) {
  for (const std::string_view key : {"retained", "unattributed"}) ToDecimalString(fields, key);
  Uint128 sum = 0;
  for (const Edge& edge : line.edges) sum += edge.weight;
  fields->emplace("edge_count", std::uint64_t{line.edges.size()});
  fields->emplace("edges_root", Sha256("").ToHex());
  fields->emplace("weight_sum", ToDecimal(sum));
}

std::string TextAt(const JsonValue::Object& object, std::string_view key) {
  const auto found = object.find(key);
  if (found == object.end() || found->second.AsString() == nullptr) return {};
  return *found->second.AsString();
}

// Fills in the id of a named asset that left it out.
void FixNamedAsset(JsonValue::Object* fields) {
  const auto named = fields->find("named_as");
  if (named == fields->end() || named->second.AsObject() == nullptr) return;
  const JsonValue::Object& parts = *named->second.AsObject();
  const NamedAs named_as{.namespace_name = TextAt(parts, "namespace"),
                         .name = TextAt(parts, "name"),
                         .version = TextAt(parts, "version")};
  fields->emplace("asset", NamedAssetId(named_as).ToHex());
}

// Takes out the asset that the record is about where it is given by alias.
void TakeSubjectReference(JsonValue::Object* fields, std::vector<AliasReference>* references) {
  for (const std::string_view key : {"asset", "generated"}) {
    const auto found = fields->find(key);
    if (found == fields->end() || found->second.AsString() == nullptr) continue;
    const std::string text = *found->second.AsString();
    if (IsDigestText(text)) continue;
    references->push_back({AliasReference::kSubject, text});
    found->second = JsonValue(PlaceholderFor(text).ToHex());
  }
}

// Takes out the assets of a policy's absolute terms that are given by alias.
void TakeTermReferences(JsonValue::Object* fields, std::vector<std::string>* aliases) {
  EditObjects(fields, "absolute_terms", [aliases](JsonValue::Object* term) {
    const std::string text = TextAt(*term, "asset");
    if (text.empty() || IsDigestText(text)) return;
    aliases->push_back(text);
    term->insert_or_assign("asset", JsonValue(PlaceholderFor(text).ToHex()));
  });
}

// Says where in the record, whose terms are sorted, the placeholders of the aliases stand.
void AddTermReferences(const PolicyRecord& policy, const std::vector<std::string>& aliases,
                       std::vector<AliasReference>* references) {
  for (const std::string& alias : aliases) {
    const Digest placeholder = PlaceholderFor(alias);
    for (std::size_t i = 0; i < policy.absolute_terms.size(); ++i) {
      if (policy.absolute_terms[i].asset == placeholder) references->push_back({i, alias});
    }
  }
}

// What only a server makes is no fact.
absl::Status CheckType(std::string_view type) {
  if (type == TypeName(LedgerRecord{})) {
    return InvalidField("type", type, "a fact: the ledger's own record is made by `ledger create`");
  }
  for (const std::string_view made :
       {TypeName(StatementRecord{}), TypeName(AdjustmentRecord{}), TypeName(PayoutBatchRecord{})}) {
    if (type != made) continue;
    return InvalidField("type", type,
                        "a fact: the server makes statements, adjustments and payout batches; "
                        "`export --log` and `replay` carry them to another store");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<PrivateBytes>> TakeDetails(JsonValue::Object* fields) {
  const auto found = fields->find("details");
  if (found == fields->end()) return std::nullopt;
  const JsonValue::Object* object = found->second.AsObject();
  if (object == nullptr) return InvalidField("details", "another type", "an object");
  PrivateBytes details;
  TRIBUTARY_ASSIGN_OR_RETURN(details.salt,
                             Digest::FromHex(TextAt(*object, "salt"), "details.salt"));
  const std::string base64 = TextAt(*object, "bytes");
  if (object->size() > 2 || !absl::Base64Unescape(base64, &details.content)) {
    return InvalidField("details", "another form", "{\"salt\":hex,\"bytes\":base64}");
  }
  fields->erase(found);
  const std::string digest = details.ComputeDigest().ToHex();
  const std::string stated = TextAt(*fields, "details_digest");
  if (!stated.empty() && stated != digest) {
    return InvalidField("details_digest", stated, StrCat(digest, ", as computed from details"));
  }
  fields->emplace("details_digest", digest);
  return std::optional(std::move(details));
}

}  // namespace

Digest* SubjectOf(RecordBody* body) {
  if (auto* asset = std::get_if<AssetRecord>(body)) return &asset->asset;
  if (auto* alias = std::get_if<AliasRecord>(body)) return &alias->asset;
  if (auto* holders = std::get_if<HoldersRecord>(body)) return &holders->asset;
  if (auto* consent = std::get_if<ConsentRecord>(body)) return &consent->asset;
  if (auto* derivation = std::get_if<DerivationRecord>(body)) return &derivation->generated;
  if (auto* sale = std::get_if<SaleRecord>(body)) return &sale->asset;
  if (auto* correction = std::get_if<CorrectionRecord>(body)) {
    return correction->asset.has_value() ? &*correction->asset : nullptr;
  }
  if (auto* hold = std::get_if<HoldRecord>(body)) {
    return hold->asset.has_value() ? &*hold->asset : nullptr;
  }
  return nullptr;
}

absl::StatusOr<FactLine> ParseFactLine(std::string_view line) {
  FactLine result;
  LineParser parser(&result);
  InputJson json;
  try {
    json = InputJson::parse(line.begin(), line.end(), std::ref(parser));
  } catch (const InputJson::exception& error) {
    if (parser.status().ok()) return LineError(error.what(), "one JSON object");
  }
  TRIBUTARY_RETURN_IF_ERROR(parser.status());
  if (!json.is_object()) return LineError("another JSON value", "one JSON object");
  if (const auto edges = json.find("edges"); edges != json.end()) {
    // Objects were taken out as they came; what is left is something else.
    if (!edges->is_array() || !edges->empty()) {
      return InvalidField("edges", "another form", "a list of objects");
    }
    json.erase(edges);
  }
  TRIBUTARY_ASSIGN_OR_RETURN(result.fields, ToObject(json));
  return result;
}

absl::StatusOr<ImportFact> FactFromLine(std::string_view line, std::string_view ledger) {
  TRIBUTARY_ASSIGN_OR_RETURN(FactLine parsed, ParseFactLine(line));
  return FactFromFields(std::move(parsed), ledger);
}

absl::StatusOr<ImportFact> FactFromFields(FactLine line, std::string_view ledger) {
  JsonValue::Object& fields = line.fields;
  const std::string type = TextAt(fields, "type");
  TRIBUTARY_RETURN_IF_ERROR(CheckType(type));
  if (const auto stated = fields.find("ledger"); stated != fields.end()) {
    return InvalidField("ledger", "a value", "none: --ledger names it");
  }
  ImportFact fact;
  TRIBUTARY_ASSIGN_OR_RETURN(fact.details, TakeDetails(&fields));
  fact.references = std::move(line.references);
  TakeSubjectReference(&fields, &fact.references);
  std::vector<std::string> term_aliases;
  if (type == TypeName(PolicyRecord{})) TakeTermReferences(&fields, &term_aliases);
  if (type == TypeName(AssetRecord{})) FixNamedAsset(&fields);
  FixDecimals(type, &fields);
  if (type == TypeName(DerivationRecord{}))
    FixDerivation(line, &fields);
  else if (line.has_edges)
    return InvalidField("edges", "a list", "none but in a derivation");
  SortSets(&fields);
  fields.emplace("ledger", ledger);
  TRIBUTARY_ASSIGN_OR_RETURN(fact.record, DecodeRecord(WriteCanonicalJson(std::move(fields))));
  fact.edges = std::move(line.edges);
  if (const auto* policy = std::get_if<PolicyRecord>(&fact.record.body)) {
    AddTermReferences(*policy, term_aliases, &fact.references);
  }
  return fact;
}

absl::Status AppendFactFields(std::string_view canonical_bytes, std::string* out) {
  absl::StatusOr<JsonValue> value = ParseCanonicalJson(canonical_bytes);
  if (!value.ok() || value->AsObject() == nullptr) {
    return absl::DataLossError("record: the bytes are not canonical JSON");
  }
  const JsonValue::Object& fields = *value->AsObject();
  const bool is_derivation = TextAt(fields, "type") == TypeName(DerivationRecord{});
  out->append("{\"type\":");
  AppendJsonString(TextAt(fields, "type"), out);
  for (const auto& [key, field] : fields) {
    const bool computed = key == "edge_count" || key == "edges_root" || key == "weight_sum";
    if (key == "type" || key == "ledger" || (is_derivation && computed)) continue;
    StrAppend(out, ",\"", key, "\":", WriteCanonicalJson(field));
  }
  return absl::OkStatus();
}

void AppendEdgeObject(const Edge& edge, std::string* out) {
  StrAppend(out, "{\"input\":\"", edge.input.ToHex(), "\",\"role\":\"", ToName(edge.role),
            "\",\"weight\":\"", edge.weight, "\"");
  if (edge.basis != Basis::kDeclared) StrAppend(out, ",\"basis\":\"", ToName(edge.basis), "\"");
  out->push_back('}');
}

void AppendDetails(std::string_view salt, std::string_view content, std::string* out) {
  StrAppend(out, "\"details\":{\"salt\":\"", ToHex(salt), "\",\"bytes\":\"",
            absl::Base64Escape(ToAbsl(content)), "\"}");
}

}  // namespace tributary::cli
