// tributary record derivation.

#include "client/cli/asset_ref.h"
#include "client/cli/commands.h"
#include "client/cli/derivation_input.h"
#include "client/cli/record_fact.h"
#include "client/cli/stored_record.h"
#include "client/lib/convert.h"
#include "graph/model/status.h"
#include "graph/settlement/template.h"
#include "graph/settlement/written_weights.h"

namespace tributary::cli {
namespace {

// Names who computed weights that were written as percentages or fractions. The version is that of
// the rule in written_weights.h, so that a newer program makes the same record.
constexpr std::string_view kConverter = "tributary record derivation";
constexpr std::string_view kConverterVersion = "1";

struct DerivationArguments {
  std::string generated;
  std::vector<std::string> inputs;
  std::string template_name;
  std::string retained;
  std::string unattributed;
  std::string rest;
  std::string tool;
  std::string seed;
  std::string start;
  std::string end;
  std::string parameters_digest;
  std::string code_digest;
  std::string method;
  std::string method_version;
  std::string sign_convention;
  std::string scores_digest;
  std::string effective_time;
  bool allow_unknown_inputs = false;
  RecordFlags flags;
};

void PutComputedBy(std::string_view name, std::string_view version, FactLine* line) {
  line->fields.emplace("computed_by", JsonValue::Object{{"name", name}, {"version", version}});
}

// --- Weights as written ---

absl::Status PutWeights(const DerivationArguments& arguments,
                        const std::vector<WeightedInput>& inputs, FactLine* line) {
  WrittenWeights written{
      .edges = {}, .retained = arguments.retained, .unattributed = arguments.unattributed};
  for (const WeightedInput& input : inputs) written.edges.push_back(input.weight);
  const Rest rest = arguments.rest == "kept"           ? Rest::kKept
                    : arguments.rest == "unattributed" ? Rest::kUnattributed
                                                       : Rest::kRefuse;
  const auto weights = ToExactWeights(written, rest);
  if (!weights.ok()) return UsageError(weights.status());
  PutText("retained", std::to_string(weights->retained), &line->fields);
  PutText("unattributed", std::to_string(weights->unattributed), &line->fields);
  std::string all = arguments.retained + arguments.unattributed;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    line->edges[i].weight = weights->edges[i];
    all += inputs[i].weight;
  }
  if (all.find_first_of("%./") != all.npos) PutComputedBy(kConverter, kConverterVersion, line);
  return absl::OkStatus();
}

absl::Status AddWeightedInputs(Session& session, const DerivationArguments& arguments,
                               FactLine* line) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string generated, AssetIdOf(session, arguments.generated));
  PutText("generated", generated, &line->fields);
  std::vector<WeightedInput> inputs;
  for (const std::string& text : arguments.inputs) {
    TRIBUTARY_ASSIGN_OR_RETURN(WeightedInput input, ParseWeightedInput(text));
    TRIBUTARY_ASSIGN_OR_RETURN(const std::string id, AssetIdOf(session, input.asset));
    line->edges.push_back(
        {.input = *Digest::FromHex(id), .role = input.role, .weight = 0, .basis = input.basis});
    inputs.push_back(std::move(input));
  }
  return PutWeights(arguments, inputs, line);
}

// --- Weights by a template ---

absl::StatusOr<std::vector<TemplateInput>> TemplateInputs(Session& session,
                                                          const std::vector<std::string>& texts) {
  std::vector<TemplateInput> inputs;
  for (const std::string& text : texts) {
    TRIBUTARY_ASSIGN_OR_RETURN(const RoleInput input, ParseRoleInput(text));
    TRIBUTARY_ASSIGN_OR_RETURN(const std::string id, AssetIdOf(session, input.asset));
    inputs.push_back(
        {.input = *Digest::FromHex(id), .role = input.role, .sub_weight = input.sub_weight});
  }
  return inputs;
}

absl::Status AddTemplateInputs(Session& session, const DerivationArguments& arguments,
                               FactLine* line) {
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::AssetSummary generated,
                             ResolveAsset(session, arguments.generated, 0));
  const auto kind = FromName<AssetKind>(NameOf(generated.kind()));
  if (!kind.has_value()) return absl::DataLossError("kind: the server answered none that is known");
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredFact record, FetchVersion(session, Versioned::kTemplate,
                                                                   arguments.template_name, 0));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<TemplateInput> inputs,
                             TemplateInputs(session, arguments.inputs));
  absl::StatusOr<TemplateWeights> weights =
      ApplyTemplate(std::get<TemplateRecord>(record.record.body), record.id, *kind, inputs);
  if (!weights.ok()) return UsageError(weights.status());
  line->edges = std::move(weights->edges);
  PutText("generated", ToHex(generated.asset_id()), &line->fields);
  PutText("retained", std::to_string(weights->retained), &line->fields);
  PutText("unattributed", std::to_string(weights->unattributed), &line->fields);
  PutComputedBy(weights->computed_by.name, weights->computed_by.version, line);
  return absl::OkStatus();
}

// --- The record ---

absl::Status PutMethod(const DerivationArguments& arguments, FactLine* line) {
  JsonValue::Object method;
  PutText("name", arguments.method, &method);
  PutText("version", arguments.method_version, &method);
  PutText("sign_convention", arguments.sign_convention, &method);
  PutText("scores_digest", arguments.scores_digest, &method);
  if (method.empty()) return absl::OkStatus();
  if (arguments.method.empty()) {
    return UsageError(InvalidField("method", "no name", "--method with its other options"));
  }
  line->fields.emplace("method", std::move(method));
  return absl::OkStatus();
}

void PutActivity(const DerivationArguments& arguments, FactLine* line) {
  JsonValue::Object activity;
  PutText("tool", arguments.tool, &activity);
  PutText("seed", arguments.seed, &activity);
  PutText("start", arguments.start, &activity);
  PutText("end", arguments.end, &activity);
  PutText("parameters_digest", arguments.parameters_digest, &activity);
  PutText("code_digest", arguments.code_digest, &activity);
  if (!activity.empty()) line->fields.emplace("activity", std::move(activity));
}

absl::Status RecordDerivation(Session& session, const DerivationArguments& arguments) {
  FactLine line = NewLine(TypeName(DerivationRecord{}));
  TRIBUTARY_RETURN_IF_ERROR(PutMethod(arguments, &line));
  TRIBUTARY_RETURN_IF_ERROR(arguments.template_name.empty()
                                ? AddWeightedInputs(session, arguments, &line)
                                : AddTemplateInputs(session, arguments, &line));
  line.has_edges = !line.edges.empty();
  PutActivity(arguments, &line);
  PutText("effective_time", arguments.effective_time, &line.fields);
  return RecordFact(session, std::move(line), arguments.flags, arguments.allow_unknown_inputs);
}

void AddWeightOptions(CLI::App* derivation, DerivationArguments* arguments) {
  derivation
      ->add_option("--input", arguments->inputs,
                   "ASSET:ROLE:WEIGHT[:BASIS]; may be repeated. Weights are integers, or "
                   "percentages, decimals or fractions of the whole. With --template: "
                   "ROLE:ASSET, or ROLE:ASSET=SUBWEIGHT where the role shares by weight")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  CLI::Option* retained = derivation->add_option("--retained", arguments->retained,
                                                 "Weight that the asset keeps; absent: 0");
  CLI::Option* unattributed =
      derivation->add_option("--unattributed", arguments->unattributed,
                             "Weight that belongs to nobody on record; absent: 0");
  CLI::Option* rest =
      derivation
          ->add_option("--rest", arguments->rest,
                       "Where the part goes that percentages or fractions leave open")
          ->check(CLI::IsMember({"kept", "unattributed"}));
  derivation
      ->add_option("--template", arguments->template_name,
                   "Template that computes the weights, by name (the version in force) or id; "
                   "the derivation names the version")
      ->excludes(retained)
      ->excludes(unattributed)
      ->excludes(rest);
}

void AddActivityOptions(CLI::App* derivation, DerivationArguments* arguments) {
  derivation->add_option("--tool", arguments->tool, "What made it, with its version");
  derivation->add_option("--seed", arguments->seed, "Seed of the run");
  derivation->add_option("--start", arguments->start,
                         "Begin of the run, such as 2026-01-02T03:04:05.678Z");
  derivation->add_option("--end", arguments->end, "End of the run");
  derivation->add_option("--parameters-digest", arguments->parameters_digest,
                         "SHA-256 of the run's parameters, 64 hex digits");
  derivation->add_option("--code-digest", arguments->code_digest,
                         "SHA-256 of the code that ran, 64 hex digits");
  derivation->add_option("--method", arguments->method,
                         "How the weights were found: TRAK, influence, Shapley, …");
  derivation->add_option("--method-version", arguments->method_version, "With --method");
  derivation->add_option("--sign-convention", arguments->sign_convention,
                         "With --method: what became of negative scores");
  derivation->add_option("--scores-digest", arguments->scores_digest,
                         "With --method: SHA-256 of the raw scores, 64 hex digits");
  derivation->add_option("--effective-time", arguments->effective_time,
                         "Claimed time, such as 2026-01-02T03:04:05.678Z");
}

}  // namespace

void AddDerivationRecord(CLI::App* record, Session* session) {
  CLI::App* derivation = AddCommand(
      record, "derivation", "Record how an asset was made",
      {"tributary record derivation --generated OUTPUT --input MODEL:generator:3 \\",
       "    --input PROMPT:prompt:3 --retained 4",
       "tributary record derivation --generated MODEL --input DATA:training_data:33.3% --rest kept",
       "tributary record derivation --generated OUTPUT --template example/image-output \\",
       "    --input generator:MODEL --input prompt:PROMPT",
       "tributary record derivation --generated WORK --retained 1   (nothing upstream)"});
  auto arguments = std::make_shared<DerivationArguments>();
  derivation->add_option("--generated", arguments->generated, "Asset that was made")->required();
  AddWeightOptions(derivation, arguments.get());
  AddActivityOptions(derivation, arguments.get());
  derivation->add_flag("--allow-unknown-inputs", arguments->allow_unknown_inputs,
                       "Record inputs that nothing describes as assets of kind unknown");
  OnChosen(derivation, session, arguments, &RecordDerivation);
}

}  // namespace tributary::cli
