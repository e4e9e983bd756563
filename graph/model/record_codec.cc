// Canonical bytes of records: Record -> JSON -> bytes and back.

#include "graph/model/canonical_json.h"
#include "graph/model/record.h"
#include "graph/model/record_fields.h"
#include "graph/model/settlement_codec.h"
#include "graph/model/status.h"

namespace tributary {
namespace {

using internal::ObjectReader;
using internal::ObjectWriter;

// --- Encoding ---

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
    return internal::ReadSettlementBody(type, in, body);
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
