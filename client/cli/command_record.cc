// tributary record party, asset, alias, holders, consent, derivation.

#include <array>

#include "client/cli/asset_ref.h"
#include "client/cli/commands.h"
#include "client/cli/file_id.h"
#include "client/cli/record_fact.h"
#include "client/lib/convert.h"
#include "graph/model/status.h"
#include "graph/settlement/written_weights.h"

namespace tributary::cli {
namespace {

// --- party ---

struct PartyArguments {
  std::string party;
  std::string name;
  std::vector<std::string> external_ids;
  std::vector<std::string> attributes;
  RecordFlags flags;
};

absl::Status RecordParty(Session& session, const PartyArguments& arguments) {
  FactLine line = NewLine(TypeName(PartyRecord{}));
  PutText("party", arguments.party, &line.fields);
  PutText("name", arguments.name, &line.fields);
  TRIBUTARY_RETURN_IF_ERROR(PutPairs("external_ids", arguments.external_ids, &line.fields));
  TRIBUTARY_RETURN_IF_ERROR(PutPairs("attributes", arguments.attributes, &line.fields));
  return RecordFact(session, std::move(line), arguments.flags);
}

void AddParty(CLI::App* record, Session* session) {
  CLI::App* party = AddCommand(record, "party", "Record who may be paid or held responsible",
                               {"tributary record party ana --name 'Ana' --external-id isni=0000"});
  auto arguments = std::make_shared<PartyArguments>();
  party->add_option("PARTY", arguments->party, "Party id")->required();
  party->add_option("--name", arguments->name, "Name; personal names belong in private details");
  party->add_option("--external-id", arguments->external_ids, "SCHEME=ID, such as did=… or isni=…")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  party->add_option("--attribute", arguments->attributes, "KEY=VALUE; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  OnChosen(party, session, arguments, &RecordParty);
}

// --- asset ---

struct AssetArguments {
  std::string kind;
  std::string id;
  std::string file;
  std::string directory;
  std::string named;
  std::string namespace_name;
  std::string version;
  bool salted = false;
  bool unsalted = false;
  std::string salt_file;
  std::string name;
  std::string license;
  std::string media_type;
  std::vector<std::string> locations;
  std::vector<std::string> attributes;
  RecordFlags flags;
};

// How the arguments say the id is formed, with the id where it is one of bytes seen here.
struct Identity {
  IdMethod method = IdMethod::kBare;
  std::string id = {};  // empty for named: computed from the name
  std::optional<std::uint64_t> size = {};
};

absl::StatusOr<Identity> IdentityOfFile(const AssetArguments& arguments, Json* extra) {
  const bool salted = arguments.salted || !arguments.salt_file.empty() ||
                      (arguments.kind == "prompt" && !arguments.unsalted);
  if (!salted) {
    TRIBUTARY_ASSIGN_OR_RETURN(const FileId file, HashFile(arguments.file));
    return Identity{.method = IdMethod::kContent, .id = file.id.ToHex(), .size = file.size};
  }
  const absl::StatusOr<Digest> salt =
      arguments.salt_file.empty() ? RandomSalt() : SaltFromFile(arguments.salt_file);
  TRIBUTARY_RETURN_IF_ERROR(salt.status());
  TRIBUTARY_ASSIGN_OR_RETURN(const FileId file, HashFile(arguments.file, *salt));
  (*extra)["salt"] = salt->ToHex();
  // The size is left out: it would help whoever guesses at the words.
  return Identity{.method = IdMethod::kSalted, .id = file.id.ToHex(), .size = std::nullopt};
}

absl::StatusOr<Identity> IdentityOfAsset(const AssetArguments& arguments, Json* extra) {
  const std::array<const std::string*, 4> sources = {&arguments.id, &arguments.file,
                                                     &arguments.directory, &arguments.named};
  std::size_t given = 0;
  for (const std::string* source : sources) given += source->empty() ? 0u : 1u;
  if (given != 1) {
    return UsageError(InvalidField("asset", StrCat(given, " ways to form its id"),
                                   "one of --file, --files, --named and --id"));
  }
  if (!arguments.id.empty()) return Identity{.id = arguments.id};
  if (!arguments.file.empty()) return IdentityOfFile(arguments, extra);
  if (arguments.directory.empty()) return Identity{.method = IdMethod::kNamed};
  TRIBUTARY_ASSIGN_OR_RETURN(const FileId files, HashDirectory(arguments.directory));
  return Identity{.method = IdMethod::kFiles, .id = files.id.ToHex(), .size = files.size};
}

absl::Status RecordAsset(Session& session, const AssetArguments& arguments) {
  Json extra = Json::object();
  TRIBUTARY_ASSIGN_OR_RETURN(const Identity identity, IdentityOfAsset(arguments, &extra));
  FactLine line = NewLine(TypeName(AssetRecord{}));
  PutText("kind", arguments.kind == "model" ? "model_checkpoint" : arguments.kind, &line.fields);
  PutText("id_method", ToName(identity.method), &line.fields);
  PutText("asset", identity.id, &line.fields);
  PutText("name", arguments.name, &line.fields);
  PutText("license", arguments.license, &line.fields);
  PutText("media_type", arguments.media_type, &line.fields);
  if (identity.size.has_value()) line.fields.emplace("size", *identity.size);
  if (identity.method == IdMethod::kNamed) {
    JsonValue::Object named;
    PutText("name", arguments.named, &named);
    PutText("namespace", arguments.namespace_name, &named);
    PutText("version", arguments.version, &named);
    line.fields.emplace("named_as", std::move(named));
  }
  if (!arguments.locations.empty()) {
    line.fields.emplace("locations",
                        JsonValue::List(arguments.locations.begin(), arguments.locations.end()));
  }
  TRIBUTARY_RETURN_IF_ERROR(PutPairs("attributes", arguments.attributes, &line.fields));
  return RecordFact(session, std::move(line), arguments.flags, false, extra);
}

void AddAssetIdentity(CLI::App* asset, AssetArguments* arguments) {
  asset->add_option("--file", arguments->file, "File that is hashed here; its bytes are not sent");
  asset->add_option("--files", arguments->directory, "Directory whose files are hashed here");
  asset->add_option("--named", arguments->named, "Name of a thing whose bytes nobody here has");
  asset->add_option("--namespace", arguments->namespace_name, "With --named: who gave the name");
  asset->add_option("--version", arguments->version, "With --named: which version");
  asset->add_option("--id", arguments->id, "A digest of unknown origin, 64 hex digits");
  CLI::Option* salted =
      asset->add_flag("--salted", arguments->salted,
                      "With --file: hash a random salt before the bytes (the default for prompts)");
  asset
      ->add_option("--salt-file", arguments->salt_file,
                   "With --file: the salt, read from here, or made and written here")
      ->needs("--file");
  asset->add_flag("--unsalted", arguments->unsalted, "With --kind prompt: hash the bytes alone")
      ->excludes(salted)
      ->excludes("--salt-file");
}

void AddAsset(CLI::App* record, Session* session) {
  CLI::App* asset =
      AddCommand(record, "asset", "Record one immutable version of a thing",
                 {"tributary record asset --file model.safetensors --kind model --name 'My model'",
                  "tributary record asset --files checkpoint/ --kind model --license Apache-2.0",
                  "tributary record asset --file prompt.txt --kind prompt --salt-file prompt.salt",
                  "tributary record asset --named stable-diffusion-v1-5 --namespace hf:runwayml "
                  "--kind model"});
  auto arguments = std::make_shared<AssetArguments>();
  asset
      ->add_option(
          "--kind", arguments->kind,
          "work, dataset, model (short for model_checkpoint), prompt, output, other, unknown")
      ->required()
      ->check(CLI::IsMember(
          {"work", "dataset", "model", "model_checkpoint", "prompt", "output", "other", "unknown"}))
      ->type_name("KIND");
  AddAssetIdentity(asset, arguments.get());
  asset->add_option("--name", arguments->name, "Name for people");
  asset->add_option("--license", arguments->license,
                    "SPDX expression, such as MIT OR Apache-2.0; LicenseRef-Name for terms that "
                    "SPDX does not list");
  asset->add_option("--media-type", arguments->media_type, "Such as image/png");
  asset->add_option("--location", arguments->locations, "Where it can be had; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  asset->add_option("--attribute", arguments->attributes, "KEY=VALUE; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  OnChosen(asset, session, arguments, &RecordAsset);
}

// --- alias ---

struct AliasArguments {
  std::string alias;
  std::string asset;
  RecordFlags flags;
};

absl::Status RecordAlias(Session& session, const AliasArguments& arguments) {
  FactLine line = NewLine(TypeName(AliasRecord{}));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string asset, AssetIdOf(session, arguments.asset));
  PutText("alias", arguments.alias, &line.fields);
  PutText("asset", asset, &line.fields);
  return RecordFact(session, std::move(line), arguments.flags);
}

void AddAlias(CLI::App* record, Session* session) {
  CLI::App* alias = AddCommand(record, "alias", "Record another name of an asset",
                               {"tributary record alias hf:example/model@main 3fa9c1"});
  auto arguments = std::make_shared<AliasArguments>();
  alias->add_option("ALIAS", arguments->alias, "CID, CAIP-19 token, hf:owner/name@rev, URL, …")
      ->required();
  alias->add_option("ASSET", arguments->asset, "Asset that it points to")->required();
  OnChosen(alias, session, arguments, &RecordAlias);
}

// --- holders ---

struct HoldersArguments {
  std::string asset;
  std::vector<std::string> holders;
  RecordFlags flags;
};

absl::Status RecordHolders(Session& session, const HoldersArguments& arguments) {
  FactLine line = NewLine(TypeName(HoldersRecord{}));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string asset, AssetIdOf(session, arguments.asset));
  PutText("asset", asset, &line.fields);
  std::vector<std::string> written;
  for (const std::string& holder : arguments.holders) {
    // A party id may hold `=`; units never do.
    const std::size_t equals = holder.rfind('=');
    if (equals == holder.npos) {
      return UsageError(InvalidField("holders", Quoted(holder), "PARTY=UNITS"));
    }
    written.push_back(holder.substr(equals + 1));
  }
  const auto units = ToExactUnits(written);
  if (!units.ok()) return UsageError(units.status());
  JsonValue::List holders;
  for (std::size_t i = 0; i < units->size(); ++i) {
    const std::string& holder = arguments.holders[i];
    holders.push_back(JsonValue::Object{{"party", holder.substr(0, holder.rfind('='))},
                                        {"units", std::to_string((*units)[i])}});
  }
  if (!holders.empty()) line.fields.emplace("holders", std::move(holders));
  return RecordFact(session, std::move(line), arguments.flags);
}

void AddHolders(CLI::App* record, Session* session) {
  CLI::App* holders = AddCommand(record, "holders", "Record the rights split of an asset",
                                 {"tributary record holders 3fa9c1 ana=2 ben=1",
                                  "tributary record holders 3fa9c1 ana=66.5% ben=33.5%",
                                  "tributary record holders 3fa9c1 ana=1 --supersedes RECORD_ID"});
  auto arguments = std::make_shared<HoldersArguments>();
  holders->add_option("ASSET", arguments->asset, "Asset whose rights are split")->required();
  holders->add_option("HOLDERS", arguments->holders,
                      "PARTY=UNITS: integers of any scale, or percentages or fractions that add up "
                      "to 1; none gives the rights up again, with --supersedes");
  OnChosen(holders, session, arguments, &RecordHolders);
}

// --- consent ---

struct ConsentArguments {
  std::string asset;
  std::string party;
  std::string use;
  std::string status;
  std::string constraint;
  std::string source;
  RecordFlags flags;
};

absl::Status RecordConsent(Session& session, const ConsentArguments& arguments) {
  FactLine line = NewLine(TypeName(ConsentRecord{}));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string asset, AssetIdOf(session, arguments.asset));
  PutText("asset", asset, &line.fields);
  PutText("party", arguments.party, &line.fields);
  PutText("use", arguments.use, &line.fields);
  PutText("status", arguments.status, &line.fields);
  PutText("constraint", arguments.constraint, &line.fields);
  PutText("source", arguments.source, &line.fields);
  return RecordFact(session, std::move(line), arguments.flags);
}

void AddConsent(CLI::App* record, Session* session) {
  CLI::App* consent = AddCommand(
      record, "consent", "Record a party's consent or objection to a use of an asset",
      {"tributary record consent 3fa9c1 ana --use training --status objected --source robots.txt"});
  auto arguments = std::make_shared<ConsentArguments>();
  consent->add_option("ASSET", arguments->asset, "Asset that is used")->required();
  consent->add_option("PARTY", arguments->party, "Who consents or objects")->required();
  consent->add_option("--use", arguments->use, "training, inference or commercial")
      ->required()
      ->check(CLI::IsMember({"training", "inference", "commercial"}))
      ->type_name("USE");
  consent->add_option("--status", arguments->status, "allowed, objected or constrained")
      ->required()
      ->check(CLI::IsMember({"allowed", "objected", "constrained"}))
      ->type_name("STATUS");
  consent->add_option("--constraint", arguments->constraint, "With constrained: under which terms");
  consent->add_option("--source", arguments->source, "Where this is known from");
  OnChosen(consent, session, arguments, &RecordConsent);
}

}  // namespace

void AddRecordCommand(CLI::App* app, Session* session) {
  CLI::App* record = AddCommand(
      app, "record", "Record one fact",
      {"tributary record party ana --name 'Ana Example' --ledger example",
       "tributary record asset --file photo.jpg --kind work --license CC-BY-4.0",
       "tributary record holders 3fa9c1 ana=2 ben=1", "tributary record derivation --help"});
  record->require_subcommand(1);
  AddParty(record, session);
  AddAsset(record, session);
  AddAlias(record, session);
  AddHolders(record, session);
  AddConsent(record, session);
  AddDerivationRecord(record, session);
}

}  // namespace tributary::cli
