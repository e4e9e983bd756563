#include "tests/graph/model/sample_records.h"

#include <array>
#include <fstream>
#include <iterator>
#include <set>

#include "graph/model/check.h"
#include "graph/model/status.h"
#include "tests/graph/model/sample_values.h"
#include "tests/graph/model/settlement_samples.h"

namespace tributary::test {
namespace {

Record WithEveryCommonKey(Record record) {
  record.supersedes = IdOf("before");
  record.details_digest = IdOf("details");
  record.blind = IdOf("blind");
  return record;
}

Record Superseding(Record record) {
  record.supersedes = IdOf("before");
  return record;
}

Record FullLedger() {
  Record record = MakeRecord(LedgerRecord{3, Time("2026-01-02T03:04:05.678Z")});
  record.details_digest = IdOf("details");
  record.blind = IdOf("blind");
  return record;
}

Record FullParty() {
  PartyRecord party;
  party.party = "did:web:mira.example#key-1";
  party.name = "Mira \"Löwe\" \\ 画家\n\t\x01\x1f\x7f";
  party.external_ids = {{"ipi", "00014107338"}, {"isni", "0000000121032683"}};
  party.attributes = {{"note", ""}, {"note", "first\r\b\f"}, {"region", "EU"}};
  return WithEveryCommonKey(MakeRecord(party));
}

Record FullAsset() {
  AssetRecord asset;
  asset.asset = IdOf("checkpoint");
  asset.kind = AssetKind::kModelCheckpoint;
  asset.id_method = IdMethod::kFiles;
  asset.name = "Kestrel 2";
  asset.license = "Apache-2.0 OR MIT";
  asset.media_type = "application/x-safetensors";
  asset.locations = {"https://models.example.com/kestrel-2",
                     "https://models.example.com/kestrel-2/\"mirror\"", "s3://acme/kestrel-2"};
  asset.size = 9007199254740991;
  asset.attributes = {{"format", "safetensors"}, {"precision", "bf16"}, {"precision", "fp8"}};
  return WithEveryCommonKey(MakeRecord(asset));
}

Record SimpleAsset(std::string_view id, AssetKind kind, IdMethod method,
                   std::optional<std::uint64_t> size = std::nullopt) {
  AssetRecord asset;
  asset.asset = IdOf(id);
  asset.kind = kind;
  asset.id_method = method;
  asset.size = size;
  return MakeRecord(asset);
}

Record NamedAsset(AssetKind kind, NamedAs named) {
  AssetRecord asset;
  asset.asset = NamedAssetId(named);
  asset.kind = kind;
  asset.id_method = IdMethod::kNamed;
  asset.named_as = std::move(named);
  return MakeRecord(asset);
}

Record Consent(ConsentUse use, ConsentStatus status, std::string constraint, std::string source) {
  return MakeRecord(
      ConsentRecord{IdOf("work"), "mira", use, status, std::move(constraint), std::move(source)});
}

Record OriginDerivation() {
  DerivationRecord derivation;
  derivation.generated = IdOf("work");
  derivation.edges_root = Sha256("");
  derivation.retained = 1;
  return MakeRecord(derivation);
}

Record FullDerivation() {
  DerivationRecord derivation;
  derivation.generated = IdOf("output");
  derivation.edge_count = 4;
  derivation.edges_root =
      Digest::FromHex("172917cd0e912e03c449404b0aa7514d28d017ee431f4e7f591148c25485cf08").value();
  derivation.weight_sum = 93;
  derivation.retained = 5;
  derivation.unattributed = 2;
  derivation.activity = Activity{"sdxl 1.0",
                                 IdOf("parameters"),
                                 IdOf("code"),
                                 "1234567890123456789012",
                                 Time("2026-01-02T03:04:05.000Z"),
                                 Time("2026-01-02T03:04:07.125Z")};
  derivation.method = WeightMethod{"trak", "0.3.1", "positive helps", IdOf("scores")};
  derivation.computed_by = ComputedBy{"trak-import", "2"};
  derivation.effective_time = Time("2025-12-31T23:59:59.999Z");
  return WithEveryCommonKey(MakeRecord(derivation));
}

Record LargestDerivation() {
  DerivationRecord derivation;
  derivation.generated = IdOf("output");
  derivation.edge_count = 9007199254740991;
  derivation.edges_root = IdOf("edges");
  derivation.weight_sum = 4611686018427387904;
  derivation.retained = 4611686018427387903;
  derivation.activity = Activity{};
  derivation.activity->seed = "7";
  derivation.method = WeightMethod{"shapley", "", "", std::nullopt};
  derivation.computed_by = ComputedBy{"template", ""};
  return MakeRecord(derivation);
}

// --- Random content ---

RecordBody RandomParty(Rng& rng) {
  return PartyRecord{RandomPartyId(rng), RandomText(rng, 30), RandomPairs(rng), RandomPairs(rng)};
}

RecordBody RandomAsset(Rng& rng) {
  AssetRecord asset;
  asset.asset = RandomDigest(rng);
  asset.kind = static_cast<AssetKind>(rng.Below(kAssetKindCount));
  asset.id_method = rng.OneIn(2) ? IdMethod::kBare : IdMethod::kNamed;
  if (asset.id_method == IdMethod::kNamed) {
    asset.named_as = NamedAs{RandomText(rng, 9), "n" + RandomText(rng, 9), RandomText(rng, 9)};
    asset.asset = NamedAssetId(*asset.named_as);
  }
  asset.name = RandomText(rng, 30);
  // The server takes expressions alone.
  if (rng.OneIn(2)) asset.license = StrCat("LicenseRef-", rng.Below(1'000));
  asset.media_type = RandomText(rng, 10);
  std::set<std::string> locations;
  for (std::uint64_t i = rng.Below(5); i > 0; --i) locations.insert("l" + RandomText(rng, 9));
  asset.locations = {locations.begin(), locations.end()};
  if (rng.OneIn(2)) asset.size = RandomNumber(rng, (std::uint64_t{1} << 53) - 1);
  asset.attributes = RandomPairs(rng);
  return asset;
}

RecordBody RandomHolders(Rng& rng) {
  HoldersRecord holders{RandomDigest(rng), {}};
  std::set<std::string> parties;
  for (std::uint64_t i = rng.Between(1, 6); i > 0; --i) parties.insert(RandomPartyId(rng));
  for (const std::string& party : parties) {
    holders.holders.push_back({party, 1 + RandomNumber(rng, kWeightSumMax / 8)});
  }
  return holders;
}

RecordBody RandomConsent(Rng& rng) {
  ConsentRecord consent{RandomDigest(rng),
                        RandomPartyId(rng),
                        static_cast<ConsentUse>(rng.Below(3)),
                        static_cast<ConsentStatus>(rng.Below(3)),
                        "",
                        RandomText(rng, 20)};
  if (consent.status == ConsentStatus::kConstrained) {
    consent.constraint = "c" + RandomText(rng, 20);
  }
  return consent;
}

RecordBody RandomDerivation(Rng& rng) {
  DerivationRecord derivation;
  derivation.generated = RandomDigest(rng);
  derivation.edge_count = RandomNumber(rng, (std::uint64_t{1} << 53) - 1);
  derivation.edges_root = derivation.edge_count == 0 ? Sha256("") : RandomDigest(rng);
  derivation.retained = 1 + RandomNumber(rng, kWeightSumMax / 4);
  if (derivation.edge_count > 0) {
    derivation.weight_sum = RandomNumber(rng, kWeightSumMax / 4);
    derivation.unattributed = RandomNumber(rng, kWeightSumMax / 4);
  }
  if (rng.OneIn(2)) {
    derivation.activity = Activity{"t" + RandomText(rng, 9), MaybeDigest(rng), MaybeDigest(rng),
                                   RandomText(rng, 9),       MaybeTime(rng),   MaybeTime(rng)};
  }
  if (rng.OneIn(2)) {
    derivation.method = WeightMethod{"m" + RandomText(rng, 9), RandomText(rng, 9),
                                     RandomText(rng, 9), MaybeDigest(rng)};
  }
  if (rng.OneIn(2)) {
    derivation.computed_by = ComputedBy{"c" + RandomText(rng, 9), RandomText(rng, 9)};
  }
  derivation.effective_time = MaybeTime(rng);
  return derivation;
}

RecordBody RandomBody(Rng& rng) {
  if (rng.OneIn(2)) return RandomSettlementBody(rng);
  switch (rng.Below(7)) {
    case 0:
      return LedgerRecord{1 + RandomNumber(rng, 1'000'000), MaybeTime(rng)};
    case 1:
      return RandomParty(rng);
    case 2:
      return RandomAsset(rng);
    case 3:
      return AliasRecord{"alias:" + RandomPartyId(rng), RandomDigest(rng)};
    case 4:
      return RandomHolders(rng);
    case 5:
      return RandomConsent(rng);
    default:
      return RandomDerivation(rng);
  }
}

}  // namespace

std::string RandomPartyId(Rng& rng) {
  static constexpr std::string_view kAllowed = "abcXYZ019._:@/+%#=~-";
  std::string party;
  for (std::uint64_t i = rng.Between(1, 20); i > 0; --i) {
    party.push_back(kAllowed[rng.Below(kAllowed.size())]);
  }
  return party;
}

Digest RandomDigest(Rng& rng) { return Sha256(std::to_string(rng())); }

std::optional<Digest> MaybeDigest(Rng& rng) {
  return rng.OneIn(2) ? std::optional(RandomDigest(rng)) : std::nullopt;
}

std::optional<TimeMs> MaybeTime(Rng& rng) {
  return rng.OneIn(2) ? std::optional(TimeMs{rng.Below(kTimeMsMax + 1)}) : std::nullopt;
}

// Of any order of magnitude, so that short numbers are as likely as long ones.
std::uint64_t RandomNumber(Rng& rng, std::uint64_t max) {
  return std::min(max, rng() >> rng.Below(64));
}

std::vector<Attribute> RandomPairs(Rng& rng) {
  std::set<Attribute> pairs;
  for (std::uint64_t i = rng.Below(5); i > 0; --i) {
    pairs.insert({"k" + RandomText(rng, 6), RandomText(rng, 12)});
  }
  return {pairs.begin(), pairs.end()};
}

Record MakeRecord(RecordBody body) {
  Record record;
  record.ledger = "lineage.example.com/acme";
  record.body = std::move(body);
  return record;
}

std::vector<Edge> SampleEdges() {
  return {{IdOf("work"), Role::kTrainingData, 3, Basis::kDeclared},
          {IdOf("checkpoint"), Role::kGenerator, 50, Basis::kMeasured},
          {IdOf("unseen"), Role::kReference, 0, Basis::kUnknown},
          {IdOf("prompt"), Role::kPrompt, 40, Basis::kContractual}};
}

std::vector<SampleRecord> SampleRecords() {
  std::vector<SampleRecord> samples = {
      {"ledger_minimal", MakeRecord(LedgerRecord{})},
      {"ledger_full", FullLedger()},
      {"party_minimal", MakeRecord(PartyRecord{"mira", "", {}, {}})},
      {"party_full", FullParty()},
      {"asset_minimal", SimpleAsset("work", AssetKind::kWork, IdMethod::kContent)},
      {"asset_full", FullAsset()},
      {"asset_named", NamedAsset(AssetKind::kDataset, {"laion.ai", "laion2B-en", "2022-03"})},
      {"asset_named_only", NamedAsset(AssetKind::kUnknown, {"", "Bücher 📚", ""})},
      {"asset_unknown", SimpleAsset("unseen", AssetKind::kUnknown, IdMethod::kBare)},
      {"asset_prompt", SimpleAsset("prompt", AssetKind::kPrompt, IdMethod::kSalted, 0)},
      {"alias_minimal",
       MakeRecord(AliasRecord{"hf:stabilityai/stable-diffusion-2@main", IdOf("checkpoint")})},
      {"alias_superseding",
       Superseding(MakeRecord(AliasRecord{"ürl: https://example.com/a b?c=\"d\"", IdOf("work")}))},
      {"holders_full",
       MakeRecord(HoldersRecord{
           IdOf("work"),
           {{"did:web:mira.example#key-1", 9223372036854775805}, {"mira", 1}, {"studio/a", 1}}})},
      {"holders_given_up", Superseding(MakeRecord(HoldersRecord{IdOf("work"), {}}))},
      {"consent_minimal", Consent(ConsentUse::kTraining, ConsentStatus::kObjected, "", "")},
      {"consent_constrained",
       Consent(ConsentUse::kCommercial, ConsentStatus::kConstrained, "with credit, EU only",
               "https://example.com/.well-known/tdmrep.json")},
      {"consent_allowed",
       Consent(ConsentUse::kInference, ConsentStatus::kAllowed, "", "e-mail of 2026-01-02")},
      {"derivation_origin", OriginDerivation()},
      {"derivation_full", FullDerivation()},
      {"derivation_largest", LargestDerivation()},
  };
  for (SampleRecord& sample : SettlementSamples()) samples.push_back(std::move(sample));
  return samples;
}

std::string ReadGolden(std::string_view file) {
  std::ifstream in(std::string(TRIBUTARY_RECORDS_FOLDER "/").append(file), std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  TRIBUTARY_CHECK(!bytes.empty() && bytes.back() == '\n');
  bytes.pop_back();
  return bytes;
}

std::string RandomText(Rng& rng, std::size_t size_max) {
  static constexpr std::array<std::string_view, 14> kPieces = {
      "a", "Z", "7", " ", "\"", "\\", "\n", "\x01", "\x1f", "\x7f", "/", "é", "画", "📚"};
  std::string text;
  const std::size_t size = rng.Below(size_max + 1);
  while (true) {
    const std::string_view piece = kPieces[rng.Below(kPieces.size())];
    if (text.size() + piece.size() > size) return text;
    text.append(piece);
  }
}

Record RandomRecord(Rng& rng) {
  Record record = MakeRecord(RandomBody(rng));
  record.supersedes = MaybeDigest(rng);
  if (const auto* merge = std::get_if<PartyMergeRecord>(&record.body)) {
    if (merge->into.empty()) record.supersedes = RandomDigest(rng);
  }
  record.details_digest = MaybeDigest(rng);
  record.blind = MaybeDigest(rng);
  SortLists(&record);
  // Many types are never superseded.
  if (FieldOf(Validate(record)) == "supersedes") record.supersedes.reset();
  return record;
}

}  // namespace tributary::test
