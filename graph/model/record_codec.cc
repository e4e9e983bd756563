// Canonical bytes of records: Record -> JSON -> bytes and back.

#include <algorithm>

#include "graph/model/canonical_json.h"
#include "graph/model/record.h"
#include "graph/model/status.h"
#include "graph/model/uint128.h"

namespace tributary {
namespace {

// --- Encoding ---

// Builds one object; what is empty or absent is left out.
class ObjectWriter {
 public:
  void Text(std::string_view key, std::string_view text) {
    if (!text.empty()) object_.emplace(key, text);
  }
  void Hex(std::string_view key, const Digest& digest) { object_.emplace(key, digest.ToHex()); }
  void Hex(std::string_view key, const std::optional<Digest>& digest) {
    if (digest.has_value()) Hex(key, *digest);
  }
  void Decimal(std::string_view key, std::uint64_t value) {
    object_.emplace(key, std::to_string(value));
  }
  void Integer(std::string_view key, std::uint64_t value) { object_.emplace(key, value); }
  void Time(std::string_view key, const std::optional<TimeMs>& time) {
    if (time.has_value()) object_.emplace(key, FormatTime(*time));
  }
  void Pairs(std::string_view key, const std::vector<Attribute>& pairs) {
    JsonValue::List list;
    for (const auto& [name, value] : pairs) {
      // Not from an initializer list: g++ 12 at -O2 then reports array bounds that nobody
      // oversteps.
      JsonValue::List pair;
      pair.emplace_back(name);
      pair.emplace_back(value);
      list.emplace_back(std::move(pair));
    }
    List(key, std::move(list));
  }
  void List(std::string_view key, JsonValue::List list) {
    if (!list.empty()) object_.emplace(key, std::move(list));
  }
  void Object(std::string_view key, JsonValue::Object object) {
    object_.emplace(key, std::move(object));
  }
  JsonValue::Object Take() { return std::move(object_); }

 private:
  JsonValue::Object object_;
};

void WriteBody(const LedgerRecord& ledger, ObjectWriter* out) {
  out->Time("created", ledger.created);
  out->Integer("epoch", ledger.epoch);
}

void WriteBody(const PartyRecord& party, ObjectWriter* out) {
  out->Pairs("attributes", party.attributes);
  out->Pairs("external_ids", party.external_ids);
  out->Text("name", party.name);
  out->Text("party", party.party);
}

JsonValue::Object NamedAsObject(const NamedAs& named) {
  ObjectWriter out;
  out.Text("name", named.name);
  out.Text("namespace", named.namespace_name);
  out.Text("version", named.version);
  return out.Take();
}

void WriteBody(const AssetRecord& asset, ObjectWriter* out) {
  out->Hex("asset", asset.asset);
  out->Pairs("attributes", asset.attributes);
  out->Text("id_method", ToName(asset.id_method));
  out->Text("kind", ToName(asset.kind));
  out->Text("license", asset.license);
  out->List("locations", JsonValue::List(asset.locations.begin(), asset.locations.end()));
  out->Text("media_type", asset.media_type);
  out->Text("name", asset.name);
  if (asset.named_as.has_value()) out->Object("named_as", NamedAsObject(*asset.named_as));
  if (asset.size.has_value()) out->Integer("size", *asset.size);
}

void WriteBody(const AliasRecord& alias, ObjectWriter* out) {
  out->Text("alias", alias.alias);
  out->Hex("asset", alias.asset);
}

void WriteBody(const HoldersRecord& holders, ObjectWriter* out) {
  out->Hex("asset", holders.asset);
  JsonValue::List list;
  for (const Holder& holder : holders.holders) {
    list.push_back(
        JsonValue::Object{{"party", holder.party}, {"units", std::to_string(holder.units)}});
  }
  out->List("holders", std::move(list));
}

void WriteBody(const ConsentRecord& consent, ObjectWriter* out) {
  out->Hex("asset", consent.asset);
  out->Text("constraint", consent.constraint);
  out->Text("party", consent.party);
  out->Text("source", consent.source);
  out->Text("status", ToName(consent.status));
  out->Text("use", ToName(consent.use));
}

JsonValue::Object ActivityObject(const Activity& activity) {
  ObjectWriter out;
  out.Hex("code_digest", activity.code_digest);
  out.Time("end", activity.end);
  out.Hex("parameters_digest", activity.parameters_digest);
  out.Text("seed", activity.seed);
  out.Time("start", activity.start);
  out.Text("tool", activity.tool);
  return out.Take();
}

JsonValue::Object MethodObject(const WeightMethod& method) {
  ObjectWriter out;
  out.Text("name", method.name);
  out.Hex("scores_digest", method.scores_digest);
  out.Text("sign_convention", method.sign_convention);
  out.Text("version", method.version);
  return out.Take();
}

void WriteBody(const DerivationRecord& derivation, ObjectWriter* out) {
  if (derivation.activity.has_value())
    out->Object("activity", ActivityObject(*derivation.activity));
  if (derivation.computed_by.has_value()) {
    ObjectWriter by;
    by.Text("name", derivation.computed_by->name);
    by.Text("version", derivation.computed_by->version);
    out->Object("computed_by", by.Take());
  }
  out->Integer("edge_count", derivation.edge_count);
  out->Hex("edges_root", derivation.edges_root);
  out->Time("effective_time", derivation.effective_time);
  out->Hex("generated", derivation.generated);
  if (derivation.method.has_value()) out->Object("method", MethodObject(*derivation.method));
  out->Decimal("retained", derivation.retained);
  out->Decimal("unattributed", derivation.unattributed);
  out->Decimal("weight_sum", derivation.weight_sum);
}

// --- Decoding ---

// Takes the keys of one object; the first error is kept. Keys that nobody took are unknown.
class ObjectReader {
 public:
  ObjectReader(const JsonValue& value, std::string path) : path_(std::move(path)) {
    object_ = value.AsObject();
    if (object_ == nullptr) Fail(path_.empty() ? "record" : path_, "another type", "an object");
  }

  std::string Text(std::string_view key) {
    const JsonValue* value = Take(key);
    if (value == nullptr) return {};
    const std::string* text = value->AsString();
    if (text == nullptr) return Fail(key, "another type", "a string"), std::string();
    if (text->empty()) Fail(key, "an empty string", "the key left out");
    return *text;
  }
  std::string RequiredText(std::string_view key) {
    std::string text = Text(key);
    if (text.empty()) FailMissing(key);
    return text;
  }
  std::optional<Digest> Hex(std::string_view key) {
    const std::string text = Text(key);
    if (text.empty()) return std::nullopt;
    auto digest = Digest::FromHex(text, Path(key));
    if (!digest.ok()) return Keep(digest.status()), std::nullopt;
    return *digest;
  }
  Digest RequiredHex(std::string_view key) {
    const auto digest = Hex(key);
    if (!digest.has_value()) FailMissing(key);
    return digest.value_or(Digest{});
  }
  std::optional<std::uint64_t> Integer(std::string_view key) {
    const JsonValue* value = Take(key);
    if (value == nullptr) return std::nullopt;
    if (value->AsInteger() == nullptr) {
      return Fail(key, "another type", "an integer from 0 to 2^53 - 1"), std::nullopt;
    }
    return *value->AsInteger();
  }
  std::uint64_t RequiredInteger(std::string_view key) {
    const auto value = Integer(key);
    if (!value.has_value()) FailMissing(key);
    return value.value_or(0);
  }
  std::uint64_t RequiredDecimal(std::string_view key) {
    const std::string text = RequiredText(key);
    const auto value = ParseUint64(text);
    if (!value.has_value() || *value > kWeightSumMax) {
      Fail(key, Quoted(text), "a decimal string from 0 to 2^63 - 1 without sign or leading zeros");
    }
    return value.value_or(0);
  }
  std::optional<TimeMs> Time(std::string_view key) {
    const std::string text = Text(key);
    if (text.empty()) return std::nullopt;
    const auto time = ParseTime(text);
    if (!time.has_value()) Fail(key, Quoted(text), "RFC 3339 UTC with three decimals");
    return time;
  }
  template <typename Enum>
  Enum Name(std::string_view key) {
    const std::string text = RequiredText(key);
    const auto value = FromName<Enum>(text);
    if (!value.has_value()) Fail(key, Quoted(text), AllNames<Enum>());
    return value.value_or(Enum{});
  }
  const JsonValue::List& List(std::string_view key) {
    static const JsonValue::List kEmpty;
    const JsonValue* value = Take(key);
    if (value == nullptr) return kEmpty;
    if (value->AsList() == nullptr) return Fail(key, "another type", "a list"), kEmpty;
    if (value->AsList()->empty()) Fail(key, "an empty list", "the key left out");
    return *value->AsList();
  }
  std::vector<Attribute> Pairs(std::string_view key) {
    std::vector<Attribute> pairs;
    for (const JsonValue& item : List(key)) {
      const JsonValue::List* pair = item.AsList();
      if (pair == nullptr || pair->size() != 2 || (*pair)[0].AsString() == nullptr ||
          (*pair)[1].AsString() == nullptr) {
        Fail(key, "another form", "a list of [key, value] string pairs");
        break;
      }
      pairs.emplace_back(*(*pair)[0].AsString(), *(*pair)[1].AsString());
    }
    return pairs;
  }
  const JsonValue* Take(std::string_view key) {
    if (object_ == nullptr) return nullptr;
    const auto found = object_->find(key);
    if (found == object_->end()) return nullptr;
    taken_.push_back(found->first);
    return &found->second;
  }

  void Fail(std::string_view key, std::string_view found, std::string_view allowed) {
    Keep(InvalidField(Path(key), found, allowed));
  }
  void FailMissing(std::string_view key) { Fail(key, "no value", "a value: the key is required"); }
  const absl::Status& status() const { return status_; }
  void Keep(absl::Status status) {
    if (status_.ok()) status_ = std::move(status);
  }
  // The first error; else an error if a key was not taken. Each key may be taken once only.
  absl::Status Finish() {
    if (!status_.ok() || object_ == nullptr || taken_.size() == object_->size()) return status_;
    for (const auto& [key, value] : *object_) {
      if (std::find(taken_.begin(), taken_.end(), key) != taken_.end()) continue;
      Fail(path_.empty() ? "record" : path_, StrCat("the unknown key ", Quoted(key)),
           "the keys of the schema");
    }
    return status_;
  }

 private:
  std::string Path(std::string_view key) const {
    return path_.empty() || path_ == key ? std::string(key) : StrCat(path_, ".", key);
  }

  const JsonValue::Object* object_;
  std::string path_;
  std::vector<std::string_view> taken_;
  absl::Status status_;
};

LedgerRecord ReadLedger(ObjectReader* in) {
  return {.epoch = in->RequiredInteger("epoch"), .created = in->Time("created")};
}

PartyRecord ReadParty(ObjectReader* in) {
  return {.party = in->RequiredText("party"),
          .name = in->Text("name"),
          .external_ids = in->Pairs("external_ids"),
          .attributes = in->Pairs("attributes")};
}

AssetRecord ReadAsset(ObjectReader* in) {
  AssetRecord asset;
  asset.asset = in->RequiredHex("asset");
  asset.kind = in->Name<AssetKind>("kind");
  asset.id_method = in->Name<IdMethod>("id_method");
  asset.name = in->Text("name");
  asset.license = in->Text("license");
  asset.media_type = in->Text("media_type");
  for (const JsonValue& location : in->List("locations")) {
    if (location.AsString() == nullptr)
      in->Fail("locations", "another type", "a list of strings");
    else
      asset.locations.push_back(*location.AsString());
  }
  asset.size = in->Integer("size");
  asset.attributes = in->Pairs("attributes");
  if (const JsonValue* value = in->Take("named_as")) {
    ObjectReader named(*value, "named_as");
    asset.named_as = NamedAs{.namespace_name = named.Text("namespace"),
                             .name = named.RequiredText("name"),
                             .version = named.Text("version")};
    in->Keep(named.Finish());
  }
  return asset;
}

AliasRecord ReadAlias(ObjectReader* in) {
  return {.alias = in->RequiredText("alias"), .asset = in->RequiredHex("asset")};
}

HoldersRecord ReadHolders(ObjectReader* in) {
  HoldersRecord record{.asset = in->RequiredHex("asset"), .holders = {}};
  for (const JsonValue& item : in->List("holders")) {
    ObjectReader holder(item, "holders");
    record.holders.push_back(
        {.party = holder.RequiredText("party"), .units = holder.RequiredDecimal("units")});
    in->Keep(holder.Finish());
  }
  return record;
}

ConsentRecord ReadConsent(ObjectReader* in) {
  return {.asset = in->RequiredHex("asset"),
          .party = in->RequiredText("party"),
          .use = in->Name<ConsentUse>("use"),
          .status = in->Name<ConsentStatus>("status"),
          .constraint = in->Text("constraint"),
          .source = in->Text("source")};
}

Activity ReadActivity(const JsonValue& value, ObjectReader* parent) {
  ObjectReader in(value, "activity");
  Activity activity{.tool = in.Text("tool"),
                    .parameters_digest = in.Hex("parameters_digest"),
                    .code_digest = in.Hex("code_digest"),
                    .seed = in.Text("seed"),
                    .start = in.Time("start"),
                    .end = in.Time("end")};
  parent->Keep(in.Finish());
  return activity;
}

WeightMethod ReadMethod(const JsonValue& value, ObjectReader* parent) {
  ObjectReader in(value, "method");
  WeightMethod method{.name = in.RequiredText("name"),
                      .version = in.Text("version"),
                      .sign_convention = in.Text("sign_convention"),
                      .scores_digest = in.Hex("scores_digest")};
  parent->Keep(in.Finish());
  return method;
}

ComputedBy ReadComputedBy(const JsonValue& value, ObjectReader* parent) {
  ObjectReader in(value, "computed_by");
  ComputedBy by{.name = in.RequiredText("name"), .version = in.Text("version")};
  parent->Keep(in.Finish());
  return by;
}

DerivationRecord ReadDerivation(ObjectReader* in) {
  DerivationRecord derivation;
  derivation.generated = in->RequiredHex("generated");
  derivation.edge_count = in->RequiredInteger("edge_count");
  derivation.edges_root = in->RequiredHex("edges_root");
  derivation.weight_sum = in->RequiredDecimal("weight_sum");
  derivation.retained = in->RequiredDecimal("retained");
  derivation.unattributed = in->RequiredDecimal("unattributed");
  if (const JsonValue* value = in->Take("activity")) derivation.activity = ReadActivity(*value, in);
  if (const JsonValue* value = in->Take("method")) derivation.method = ReadMethod(*value, in);
  if (const JsonValue* value = in->Take("computed_by")) {
    derivation.computed_by = ReadComputedBy(*value, in);
  }
  derivation.effective_time = in->Time("effective_time");
  return derivation;
}

// Reads the body that `type` names; false if no type has that name.
bool ReadBody(std::string_view type, ObjectReader* in, RecordBody* body) {
  if (type == TypeName(LedgerRecord{}))
    *body = ReadLedger(in);
  else if (type == TypeName(PartyRecord{}))
    *body = ReadParty(in);
  else if (type == TypeName(AssetRecord{}))
    *body = ReadAsset(in);
  else if (type == TypeName(AliasRecord{}))
    *body = ReadAlias(in);
  else if (type == TypeName(HoldersRecord{}))
    *body = ReadHolders(in);
  else if (type == TypeName(ConsentRecord{}))
    *body = ReadConsent(in);
  else if (type == TypeName(DerivationRecord{}))
    *body = ReadDerivation(in);
  else
    return false;
  return true;
}

}  // namespace

Digest NamedAssetId(const NamedAs& named) {
  JsonValue::Object object = NamedAsObject(named);
  object.emplace("type", "tributary/named_asset/v1");
  return Sha256(WriteCanonicalJson(std::move(object)));
}

std::string EncodeRecord(const Record& record) {
  ObjectWriter out;
  out.Text("type", TypeName(record.body));
  out.Text("ledger", record.ledger);
  out.Hex("supersedes", record.supersedes);
  out.Hex("details_digest", record.details_digest);
  out.Hex("blind", record.blind);
  std::visit([&out](const auto& body) { WriteBody(body, &out); }, record.body);
  return WriteCanonicalJson(out.Take());
}

absl::StatusOr<Record> DecodeRecord(std::string_view bytes) {
  if (bytes.size() > kRecordSizeMax) {
    return InvalidField("record", StrCat(bytes.size(), " bytes"),
                        StrCat("at most ", kRecordSizeMax, " bytes"));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const JsonValue json, ParseCanonicalJson(bytes));
  ObjectReader in(json, "");
  TRIBUTARY_RETURN_IF_ERROR(in.status());
  Record record;
  const std::string type = in.RequiredText("type");
  record.ledger = in.RequiredText("ledger");
  record.supersedes = in.Hex("supersedes");
  record.details_digest = in.Hex("details_digest");
  record.blind = in.Hex("blind");
  if (!ReadBody(type, &in, &record.body)) {
    return InvalidField("type", Quoted(type), "a record type of version 1");
  }
  TRIBUTARY_RETURN_IF_ERROR(in.Finish());
  TRIBUTARY_RETURN_IF_ERROR(Validate(record));
  // Lists out of order, and a map key taken for another type's, would not come back as they were.
  if (EncodeRecord(record) != bytes) {
    return InvalidField("record", "bytes in another form",
                        "the canonical form of the same content");
  }
  return record;
}

}  // namespace tributary
