// Rules of records: order of lists, limits, identity.

#include "graph/model/record.h"

#include <algorithm>
#include <set>

#include "graph/model/canonical_json.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool ConsistsOf(std::string_view text, std::string_view punctuation) {
  return std::all_of(text.begin(), text.end(), [punctuation](char c) {
    return IsAlphanumeric(c) || punctuation.find(c) != std::string_view::npos;
  });
}

absl::Status CheckText(std::string_view field, std::string_view text, std::size_t size_max) {
  if (text.size() > size_max) {
    return InvalidField(field, StrCat(text.size(), " bytes"),
                        StrCat("at most ", size_max, " bytes"));
  }
  if (!IsValidUtf8(text) || text.find('\0') != std::string_view::npos) {
    return InvalidField(field, Quoted(text), "valid UTF-8 without U+0000");
  }
  return absl::OkStatus();
}

// The canonical form of a pair, by which pairs are sorted.
std::string PairBytes(const Attribute& pair) {
  std::string bytes = "[";
  AppendJsonString(pair.first, &bytes);
  bytes.push_back(',');
  AppendJsonString(pair.second, &bytes);
  bytes.push_back(']');
  return bytes;
}

std::string TextBytes(const std::string& text) {
  std::string bytes;
  AppendJsonString(text, &bytes);
  return bytes;
}

template <typename T, typename ToBytes>
void SortByBytes(std::vector<T>* list, ToBytes to_bytes) {
  std::sort(list->begin(), list->end(),
            [&](const T& a, const T& b) { return to_bytes(a) < to_bytes(b); });
}

template <typename T, typename ToBytes>
absl::Status CheckSet(std::string_view field, const std::vector<T>& list, std::size_t count_max,
                      ToBytes to_bytes) {
  if (list.size() > count_max) {
    return InvalidField(field, StrCat(list.size(), " entries"),
                        StrCat("at most ", count_max, " entries"));
  }
  for (std::size_t i = 1; i < list.size(); ++i) {
    const std::string previous = to_bytes(list[i - 1]);
    const std::string current = to_bytes(list[i]);
    if (previous == current) {
      return InvalidField(field, StrCat(Quoted(current), " twice"), "each entry once");
    }
    if (previous > current) {
      return InvalidField(field, StrCat(Quoted(current), " out of order"),
                          "entries in ascending order of their canonical bytes");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckPairs(std::string_view field, const std::vector<Attribute>& pairs) {
  for (const auto& [key, value] : pairs) {
    if (key.empty()) return InvalidField(field, "an empty key", "keys of 1 to 128 bytes");
    TRIBUTARY_RETURN_IF_ERROR(CheckText(field, key, kAttributeKeySizeMax));
    TRIBUTARY_RETURN_IF_ERROR(CheckText(field, value, kAttributeValueSizeMax));
  }
  return CheckSet(field, pairs, kAttributeCountMax, PairBytes);
}

absl::Status CheckTime(std::string_view field, const std::optional<TimeMs>& time) {
  if (time.has_value() && time->value > kTimeMsMax) {
    return InvalidField(field, StrCat(time->value, " ms"), "a time up to the year 9999");
  }
  return absl::OkStatus();
}

absl::Status CheckBody(const LedgerRecord& ledger) {
  if (ledger.epoch < 1 || ledger.epoch > kJsonIntegerMax) {
    return InvalidField("epoch", StrCat(ledger.epoch), "1 to 2^53 - 1");
  }
  return CheckTime("created", ledger.created);
}

absl::Status CheckBody(const PartyRecord& party) {
  TRIBUTARY_RETURN_IF_ERROR(CheckPartyId(party.party));
  TRIBUTARY_RETURN_IF_ERROR(CheckText("name", party.name, kNameSizeMax));
  TRIBUTARY_RETURN_IF_ERROR(CheckPairs("external_ids", party.external_ids));
  return CheckPairs("attributes", party.attributes);
}

absl::Status CheckNamedAs(const AssetRecord& asset) {
  if (asset.id_method != IdMethod::kNamed) {
    if (!asset.named_as.has_value()) return absl::OkStatus();
    return InvalidField("named_as", StrCat("a name with id_method ", ToName(asset.id_method)),
                        "named_as only with id_method named");
  }
  if (!asset.named_as.has_value() || asset.named_as->name.empty()) {
    return InvalidField("named_as", "no name", "named_as.name, required by id_method named");
  }
  TRIBUTARY_RETURN_IF_ERROR(CheckText("named_as.name", asset.named_as->name, kNameSizeMax));
  TRIBUTARY_RETURN_IF_ERROR(
      CheckText("named_as.namespace", asset.named_as->namespace_name, kNameSizeMax));
  TRIBUTARY_RETURN_IF_ERROR(CheckText("named_as.version", asset.named_as->version, kNameSizeMax));
  const Digest id = NamedAssetId(*asset.named_as);
  if (id != asset.asset) {
    return InvalidField("asset", asset.asset.ToHex(),
                        StrCat("the id that named_as gives: ", id.ToHex()));
  }
  return absl::OkStatus();
}

absl::Status CheckBody(const AssetRecord& asset) {
  if (asset.kind == AssetKind::kUnknown && asset.id_method != IdMethod::kNamed &&
      asset.id_method != IdMethod::kBare) {
    return InvalidField("id_method", ToName(asset.id_method), "named or bare for kind unknown");
  }
  TRIBUTARY_RETURN_IF_ERROR(CheckText("name", asset.name, kNameSizeMax));
  TRIBUTARY_RETURN_IF_ERROR(CheckText("license", asset.license, kNameSizeMax));
  TRIBUTARY_RETURN_IF_ERROR(CheckText("media_type", asset.media_type, kShortTextSizeMax));
  for (const std::string& location : asset.locations) {
    if (location.empty())
      return InvalidField("locations", "an empty text", "texts of 1 byte or more");
    TRIBUTARY_RETURN_IF_ERROR(CheckText("locations", location, kLongTextSizeMax));
  }
  TRIBUTARY_RETURN_IF_ERROR(CheckSet("locations", asset.locations, kAttributeCountMax, TextBytes));
  if (asset.size.has_value() && *asset.size > kJsonIntegerMax) {
    return InvalidField("size", StrCat(*asset.size), "0 to 2^53 - 1");
  }
  TRIBUTARY_RETURN_IF_ERROR(CheckNamedAs(asset));
  return CheckPairs("attributes", asset.attributes);
}

absl::Status CheckBody(const AliasRecord& alias) { return CheckAliasText(alias.alias); }

absl::Status CheckBody(const HoldersRecord& record) {
  if (record.holders.size() > kHolderCountMax) {
    return InvalidField("holders", StrCat(record.holders.size(), " holders"),
                        StrCat("at most ", kHolderCountMax));
  }
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < record.holders.size(); ++i) {
    const Holder& holder = record.holders[i];
    TRIBUTARY_RETURN_IF_ERROR(CheckPartyId(holder.party, "holders.party"));
    if (i > 0 && holder.party == record.holders[i - 1].party) {
      return InvalidField("holders.party", StrCat(holder.party, " twice"), "each party once");
    }
    if (i > 0 && holder.party < record.holders[i - 1].party) {
      return InvalidField("holders", StrCat(holder.party, " out of order"),
                          "ascending byte order of party ids");
    }
    if (holder.units < 1 || holder.units > kWeightSumMax - sum) {
      return InvalidField("holders.units", StrCat(holder.units, " for ", holder.party),
                          "at least 1 each, the sum below 2^63");
    }
    sum += holder.units;
  }
  return absl::OkStatus();
}

absl::Status CheckBody(const ConsentRecord& consent) {
  TRIBUTARY_RETURN_IF_ERROR(CheckPartyId(consent.party));
  TRIBUTARY_RETURN_IF_ERROR(CheckText("constraint", consent.constraint, kLongTextSizeMax));
  TRIBUTARY_RETURN_IF_ERROR(CheckText("source", consent.source, kLongTextSizeMax));
  if ((consent.status == ConsentStatus::kConstrained) == consent.constraint.empty()) {
    return InvalidField("constraint", consent.constraint.empty() ? "no text" : "a text",
                        "a text with status constrained, and only then");
  }
  return absl::OkStatus();
}

absl::Status CheckBody(const DerivationRecord& derivation) {
  if (derivation.edge_count > kJsonIntegerMax) {
    return InvalidField("edge_count", StrCat(derivation.edge_count), "0 to 2^53 - 1");
  }
  if (derivation.edge_count == 0 && derivation.edges_root != Sha256("")) {
    return InvalidField("edges_root", derivation.edges_root.ToHex(),
                        "SHA-256 of nothing for a derivation without edges");
  }
  TRIBUTARY_RETURN_IF_ERROR(CheckWeights(derivation.edge_count, derivation.weight_sum,
                                         derivation.retained, derivation.unattributed));
  if (derivation.activity.has_value()) {
    const Activity& activity = *derivation.activity;
    if (activity.IsEmpty()) return InvalidField("activity", "nothing in it", "at least one key");
    TRIBUTARY_RETURN_IF_ERROR(CheckText("activity.tool", activity.tool, kNameSizeMax));
    TRIBUTARY_RETURN_IF_ERROR(CheckText("activity.seed", activity.seed, kShortTextSizeMax));
    TRIBUTARY_RETURN_IF_ERROR(CheckTime("activity.start", activity.start));
    TRIBUTARY_RETURN_IF_ERROR(CheckTime("activity.end", activity.end));
  }
  if (derivation.method.has_value()) {
    const WeightMethod& method = *derivation.method;
    if (method.name.empty()) return InvalidField("method.name", "no text", "a text");
    TRIBUTARY_RETURN_IF_ERROR(CheckText("method.name", method.name, kShortTextSizeMax));
    TRIBUTARY_RETURN_IF_ERROR(CheckText("method.version", method.version, kShortTextSizeMax));
    TRIBUTARY_RETURN_IF_ERROR(
        CheckText("method.sign_convention", method.sign_convention, kShortTextSizeMax));
  }
  if (derivation.computed_by.has_value()) {
    const ComputedBy& by = *derivation.computed_by;
    if (by.name.empty()) return InvalidField("computed_by.name", "no text", "a text");
    TRIBUTARY_RETURN_IF_ERROR(CheckText("computed_by.name", by.name, kShortTextSizeMax));
    TRIBUTARY_RETURN_IF_ERROR(CheckText("computed_by.version", by.version, kShortTextSizeMax));
  }
  return CheckTime("effective_time", derivation.effective_time);
}

// --- Size ---

std::size_t TextSize(const std::vector<Attribute>& pairs) {
  std::size_t size = 0;
  for (const auto& [key, value] : pairs) size += key.size() + value.size();
  return size;
}

// Bytes of text in the lists that can make a record too large. The rest of a record, and a full
// list of holders, fit whatever they hold.
std::size_t ListTextSize(const RecordBody& body) {
  std::size_t size = 0;
  if (const auto* party = std::get_if<PartyRecord>(&body)) {
    size = TextSize(party->external_ids) + TextSize(party->attributes);
  } else if (const auto* asset = std::get_if<AssetRecord>(&body)) {
    size = TextSize(asset->attributes);
    for (const std::string& location : asset->locations) size += location.size();
  }
  return size;
}

// A record whose lists keep their bounds is still too large if they are full of control characters,
// which are written as six bytes each. Only a record that may be so is encoded to see.
absl::Status CheckSize(const Record& record) {
  constexpr std::size_t kEscapedSizeMax = 6;                 // of one byte of text
  constexpr std::size_t kRestSizeMax = kRecordSizeMax / 16;  // all other keys, also escaped
  if (ListTextSize(record.body) * kEscapedSizeMax <= kRecordSizeMax - kRestSizeMax) {
    return absl::OkStatus();
  }
  const std::size_t size = EncodeRecord(record).size();
  if (size <= kRecordSizeMax) return absl::OkStatus();
  return InvalidField("record", StrCat(size, " canonical bytes"),
                      StrCat("at most ", kRecordSizeMax, " bytes"));
}

// --- Identity ---

std::string Identity(const LedgerRecord&) { return "ledger"; }
std::string Identity(const PartyRecord& party) { return StrCat("party:", party.party); }
std::string Identity(const AssetRecord& asset) { return StrCat("asset:", asset.asset.view()); }
std::string Identity(const AliasRecord& alias) { return StrCat("alias:", alias.alias); }
std::string Identity(const HoldersRecord& holders) {
  return StrCat("holders:", holders.asset.view());
}
std::string Identity(const ConsentRecord& consent) {
  return StrCat("consent:", consent.asset.view(), ToName(consent.use), ":", consent.party);
}
std::string Identity(const DerivationRecord& derivation) {
  return StrCat("derivation:", derivation.generated.view());
}

}  // namespace

std::string_view TypeName(const RecordBody& body) {
  static constexpr std::string_view kNames[] = {"tributary/ledger/v1",    "tributary/party/v1",
                                                "tributary/asset/v1",     "tributary/alias/v1",
                                                "tributary/holders/v1",   "tributary/consent/v1",
                                                "tributary/derivation/v1"};
  static_assert(std::size(kNames) == std::variant_size_v<RecordBody>);
  return kNames[body.index()];
}

void SortLists(Record* record) {
  if (auto* party = std::get_if<PartyRecord>(&record->body)) {
    SortByBytes(&party->external_ids, PairBytes);
    SortByBytes(&party->attributes, PairBytes);
  } else if (auto* asset = std::get_if<AssetRecord>(&record->body)) {
    SortByBytes(&asset->locations, TextBytes);
    SortByBytes(&asset->attributes, PairBytes);
  } else if (auto* holders = std::get_if<HoldersRecord>(&record->body)) {
    std::sort(holders->holders.begin(), holders->holders.end(),
              [](const Holder& a, const Holder& b) { return a.party < b.party; });
  }
}

absl::Status Validate(const Record& record) {
  TRIBUTARY_RETURN_IF_ERROR(CheckLedgerName(record.ledger));
  TRIBUTARY_RETURN_IF_ERROR(
      std::visit([](const auto& body) { return CheckBody(body); }, record.body));
  if (record.supersedes.has_value() && std::holds_alternative<LedgerRecord>(record.body)) {
    return InvalidField("supersedes", record.supersedes->ToHex(),
                        "nothing: a ledger has one record");
  }
  const auto* holders = std::get_if<HoldersRecord>(&record.body);
  if (holders != nullptr && holders->holders.empty() && !record.supersedes.has_value()) {
    return InvalidField("holders", "no holder",
                        "at least one holder, or supersedes to give the rights up again");
  }
  return CheckSize(record);
}

std::string IdentityOf(const RecordBody& body) {
  return std::visit([](const auto& value) { return Identity(value); }, body);
}

absl::Status CheckLedgerName(std::string_view name) {
  if (name.empty() || name.size() > kLedgerNameSizeMax || !ConsistsOf(name, "._~/-")) {
    return InvalidField("ledger", Quoted(name), "1 to 255 characters of A-Z a-z 0-9 . _ ~ / -");
  }
  return absl::OkStatus();
}

absl::Status CheckPartyId(std::string_view party, std::string_view field) {
  if (party.empty() || party.size() > kPartyIdSizeMax || !ConsistsOf(party, "._:@/+%#=~-")) {
    return InvalidField(field, Quoted(party),
                        "1 to 255 characters of A-Z a-z 0-9 . _ : @ / + % # = ~ -");
  }
  return absl::OkStatus();
}

absl::Status CheckAliasText(std::string_view alias) {
  if (alias.empty()) return InvalidField("alias", "no text", "1 to 1024 bytes");
  TRIBUTARY_RETURN_IF_ERROR(CheckText("alias", alias, kNameSizeMax));
  const bool printable = std::none_of(alias.begin(), alias.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (!printable) return InvalidField("alias", Quoted(alias), "printable characters");
  // Else "0123…" could mean an asset id or an alias.
  if (Digest::FromHex(alias).ok()) {
    return InvalidField("alias", Quoted(alias), "a text that is not itself an asset id");
  }
  return absl::OkStatus();
}

}  // namespace tributary
