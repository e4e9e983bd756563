// The example lineage is what examples/README.md says it is, read by the importer itself.

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "client/cli/fact_json.h"
#include "client/cli/import_batch.h"
#include "client/cli/stored_record.h"
#include "graph/settlement/template.h"
#include "tests/support/catch.h"

namespace tributary::cli {
namespace {

using Files = std::vector<std::string>;

const Files& AllFiles() {
  static const auto& files = *new Files{"stable-diffusion.jsonl", "llama.jsonl",
                                        "illustrations.jsonl", "first-sale.jsonl"};
  return files;
}

// Reads, resolves and checks `files` as an import into an empty ledger would.
ImportBatch Load(const Files& files) {
  ImportBatch batch;
  batch.ledger = "example";
  for (const std::string& file : files) {
    REQUIRE_OK(ReadJsonLines(std::string(TRIBUTARY_EXAMPLES_DIR) + "/" + file, &batch));
  }
  const AliasLookup nothing_recorded = [](const std::string& alias) -> absl::StatusOr<Digest> {
    return absl::NotFoundError(alias);
  };
  REQUIRE_OK(ResolveAliases(nothing_recorded, &batch));
  PrepareFacts(&batch);
  CheckBatch(&batch);
  return batch;
}

using Inputs = std::vector<Digest>;

// The derivations of a batch: generated asset -> its inputs.
std::map<Digest, Inputs> Lineage(const ImportBatch& batch) {
  std::map<Digest, Inputs> lineage;
  for (const ImportFact& fact : batch.facts) {
    const auto* derivation = std::get_if<DerivationRecord>(&fact.record.body);
    if (derivation == nullptr) continue;
    for (const Edge& edge : fact.edges) lineage[derivation->generated].push_back(edge.input);
  }
  return lineage;
}

std::size_t Depth(const std::map<Digest, Inputs>& lineage, const Digest& asset) {
  const auto found = lineage.find(asset);
  if (found == lineage.end()) return 0;
  std::size_t depth = 0;
  for (const Digest& input : found->second) depth = std::max(depth, 1 + Depth(lineage, input));
  return depth;
}

std::set<Digest> Upstream(const std::map<Digest, Inputs>& lineage, const Digest& asset) {
  std::set<Digest> upstream;
  Inputs left = {asset};
  while (!left.empty()) {
    const Digest next = left.back();
    left.pop_back();
    if (!upstream.insert(next).second) continue;
    const auto found = lineage.find(next);
    if (found != lineage.end()) left.insert(left.end(), found->second.begin(), found->second.end());
  }
  return upstream;
}

// Whether two inputs of `asset` have something upstream in common, or one is upstream of the other.
bool IsDiamond(const std::map<Digest, Inputs>& lineage, const Inputs& inputs) {
  std::set<Digest> seen;
  for (const Digest& input : inputs) {
    for (const Digest& asset : Upstream(lineage, input)) {
      if (!seen.insert(asset).second) return true;
    }
  }
  return false;
}

bool IsMerge(const ImportFact& fact) {
  return std::count_if(fact.edges.begin(), fact.edges.end(),
                       [](const Edge& edge) { return edge.role == Role::kMergedModel; }) >= 2;
}

bool IsMarkedIllustration(std::string_view name, const std::vector<Attribute>& attributes) {
  const Attribute mark("illustration", "true");
  return name.starts_with("Illustration: ") &&
         std::find(attributes.begin(), attributes.end(), mark) != attributes.end();
}

TEST_CASE("examples: the importer accepts each family alone and all files together", "[examples]") {
  const auto files = GENERATE(values<Files>(
      {{"stable-diffusion.jsonl"}, {"llama.jsonl"}, {"first-sale.jsonl"}, AllFiles()}));
  const ImportBatch batch = Load(files);
  INFO(FormatProblems(batch, 20));
  CHECK(batch.problems.empty());
  CHECK(FindOutsideReferences(batch).empty());
}

TEST_CASE("examples: the two families have the shapes that a lineage must be shown with",
          "[examples]") {
  const ImportBatch batch = Load({"stable-diffusion.jsonl", "llama.jsonl"});
  std::set<Digest> assets;
  std::size_t merge_count = 0;
  for (const ImportFact& fact : batch.facts) {
    if (const auto* asset = std::get_if<AssetRecord>(&fact.record.body)) {
      assets.insert(asset->asset);
    }
    if (IsMerge(fact)) ++merge_count;
  }
  const std::map<Digest, Inputs> lineage = Lineage(batch);
  std::size_t diamond_count = 0;
  for (const auto& [generated, inputs] : lineage) {
    if (IsDiamond(lineage, inputs)) ++diamond_count;
  }
  CHECK(assets.size() == 201);
  CHECK(lineage.size() == 148);
  CHECK(merge_count == 8);
  CHECK(diamond_count >= 10);
}

TEST_CASE("examples: an output stands at least eight steps from a source", "[examples]") {
  const ImportBatch batch = Load(AllFiles());
  const std::map<Digest, Inputs> lineage = Lineage(batch);
  const Digest output = NamedAssetId({"illustration.example", "output/lighthouse-at-dusk", ""});
  REQUIRE(lineage.count(output) == 1);
  CHECK(Depth(lineage, output) >= 8);
}

TEST_CASE("examples: what is invented is marked, and no weight pretends to be measured",
          "[examples]") {
  const ImportBatch invented =
      Load({"stable-diffusion.jsonl", "llama.jsonl", "illustrations.jsonl", "first-sale.jsonl"});
  for (const ImportFact& fact : invented.facts) {
    CAPTURE(invented.Where(fact.origin));
    const bool is_family = fact.origin.file < 2;
    if (const auto* asset = std::get_if<AssetRecord>(&fact.record.body)) {
      CHECK(IsMarkedIllustration(asset->name, asset->attributes) == !is_family);
    }
    if (const auto* party = std::get_if<PartyRecord>(&fact.record.body)) {
      CHECK(IsMarkedIllustration(party->name, party->attributes));
      CHECK(!is_family);
    }
    if (const auto* derivation = std::get_if<DerivationRecord>(&fact.record.body)) {
      REQUIRE(derivation->method.has_value());
      CHECK(derivation->method->name == "illustration");
    }
    for (const Edge& edge : fact.edges) CHECK(edge.basis == Basis::kDeclared);
  }
}

// The record in a file of a template or a policy.
Record RecordIn(Versioned type, const std::string& file) {
  std::ifstream in(std::string(TRIBUTARY_EXAMPLES_DIR) + "/" + file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  absl::StatusOr<FactLine> line = ParseVersionFile(type, text);
  REQUIRE_OK(line);
  const absl::StatusOr<ImportFact> fact = FactFromFields(*std::move(line), "example");
  REQUIRE_OK(fact);
  REQUIRE_OK(Validate(fact->record));
  return fact->record;
}

TEST_CASE("examples: templates and policies are records, and marked as illustrations",
          "[examples]") {
  for (const char* file : {"template-image-output.json", "template-fine-tune.json"}) {
    CAPTURE(file);
    const auto record = std::get<TemplateRecord>(RecordIn(Versioned::kTemplate, file).body);
    CHECK(record.name.starts_with("example/"));
    CHECK(record.description.starts_with("An illustration, not advice"));
  }
  const auto policy =
      std::get<PolicyRecord>(RecordIn(Versioned::kPolicy, "policy-market.json").body);
  CHECK(policy.name.starts_with("example/"));
  CHECK(policy.description.starts_with("An illustration, not advice"));
}

TEST_CASE("examples: the template of a picture weighs model, prompt, references and what is kept",
          "[examples]") {
  const Record record = RecordIn(Versioned::kTemplate, "template-image-output.json");
  const Digest id = RecordId(EncodeRecord(record));
  const TemplateInput model{.input = Sha256("model"), .role = Role::kGenerator};
  const TemplateInput prompt{.input = Sha256("prompt"), .role = Role::kPrompt};
  const TemplateInput reference{.input = Sha256("reference"), .role = Role::kReference};
  const auto weigh = [&](const std::vector<TemplateInput>& inputs) {
    return ApplyTemplate(std::get<TemplateRecord>(record.body), id, AssetKind::kOutput, inputs)
        .value();
  };
  CHECK(weigh({model, prompt, reference}).retained == 40);
  CHECK(weigh({model, prompt}).retained == 50);  // no reference: its part is kept
  CHECK(weigh({prompt}).unattributed == 30);     // no model on record: nobody's
  CHECK(weigh({prompt}).computed_by == ComputedBy{"example/image-output", id.ToHex()});
}

TEST_CASE("examples: the template of a fine-tune shares data by sub-weights", "[examples]") {
  const Record record = RecordIn(Versioned::kTemplate, "template-fine-tune.json");
  const std::vector<TemplateInput> inputs = {
      {.input = Sha256("base"), .role = Role::kBaseModel},
      {.input = Sha256("a"), .role = Role::kTrainingData, .sub_weight = 2},
      {.input = Sha256("b"), .role = Role::kTrainingData, .sub_weight = 1}};
  const auto weights = ApplyTemplate(std::get<TemplateRecord>(record.body), Digest{},
                                     AssetKind::kModelCheckpoint, inputs);
  REQUIRE_OK(weights);
  CHECK(weights->retained == 20);
  for (const Edge& edge : weights->edges) {
    const std::uint64_t expected = edge.role == Role::kBaseModel ? 50
                                   : edge.input == Sha256("a")   ? 20
                                                                 : 10;
    CHECK(edge.weight == expected);
    CHECK(edge.basis == Basis::kTemplate);
  }
}

}  // namespace
}  // namespace tributary::cli
