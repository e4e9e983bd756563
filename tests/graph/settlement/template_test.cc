#include "graph/settlement/template.h"

#include <algorithm>

#include "graph/model/status.h"
#include "tests/support/catch.h"
#include "tests/support/reference_template.h"
#include "tests/support/rng.h"

namespace tributary::test {
namespace {

using Rational = boost::multiprecision::cpp_rational;

Digest Id(std::uint8_t first) {
  Digest id;
  id.bytes[0] = first;
  return id;
}

// Image output: model 30, prompt 20, references 10 by weight, kept 40.
TemplateRecord ImageTemplate() {
  TemplateRule output{AssetKind::kOutput, 40, 0, {}};
  output.roles = {{Role::kGenerator, 30, RoleSharing::kEqual, AbsentPart::kUnattributed},
                  {Role::kPrompt, 20, RoleSharing::kEqual, AbsentPart::kKept},
                  {Role::kReference, 10, RoleSharing::kByWeight, AbsentPart::kKept},
                  {Role::kTool, 0, RoleSharing::kEqual, AbsentPart::kKept}};
  TemplateRule model{AssetKind::kModelCheckpoint, 1, 0, {{Role::kBaseModel, 1}}};
  return {"example/image-output", "", {output, model}};
}

absl::StatusOr<TemplateWeights> Apply(const std::vector<TemplateInput>& inputs,
                                      AssetKind kind = AssetKind::kOutput) {
  return ApplyTemplate(ImageTemplate(), Id(0xee), kind, inputs);
}

TEST_CASE("template: every role present", "[settlement]") {
  const auto weights = Apply({{Id(4), Role::kReference, 3},
                              {Id(3), Role::kReference, 1},
                              {Id(1), Role::kGenerator},
                              {Id(2), Role::kPrompt},
                              {Id(5), Role::kTool}});
  REQUIRE_OK(weights);
  // References share 10 as 1 : 3, so all is doubled.
  CHECK(weights->edges == std::vector<Edge>{{Id(1), Role::kGenerator, 60, Basis::kTemplate},
                                            {Id(2), Role::kPrompt, 40, Basis::kTemplate},
                                            {Id(3), Role::kReference, 5, Basis::kTemplate},
                                            {Id(4), Role::kReference, 15, Basis::kTemplate},
                                            {Id(5), Role::kTool, 0, Basis::kTemplate}});
  CHECK(weights->retained == 80);
  CHECK(weights->unattributed == 0);
  CHECK(weights->computed_by == ComputedBy{"example/image-output", Id(0xee).ToHex()});
}

TEST_CASE("template: absent roles are kept or unattributed, as each says", "[settlement]") {
  const auto weights = Apply({{Id(2), Role::kPrompt}});
  REQUIRE_OK(weights);
  CHECK(weights->edges.size() == 1);
  CHECK(weights->edges[0].weight == 20);
  CHECK(weights->retained == 50);      // 40 and the references' 10
  CHECK(weights->unattributed == 30);  // the model's
}

TEST_CASE("template: three prompts share 20 exactly", "[settlement]") {
  const auto weights =
      Apply({{Id(1), Role::kPrompt}, {Id(2), Role::kPrompt}, {Id(3), Role::kPrompt}});
  REQUIRE_OK(weights);
  for (const Edge& edge : weights->edges) CHECK(edge.weight == 20);
  CHECK(weights->retained == 150);
  CHECK(weights->unattributed == 90);
}

TEST_CASE("template: what is refused", "[settlement]") {
  struct Refused {
    std::string_view name;
    std::string field;
    AssetKind kind;
    std::vector<TemplateInput> inputs;
  };
  const std::uint64_t huge = kWeightSumMax;
  const std::vector<Refused> all = {
      {"a kind without a rule", "generated", AssetKind::kDataset, {{Id(1), Role::kMember}}},
      {"no input", "inputs", AssetKind::kOutput, {}},
      {"an input twice",
       "inputs.input",
       AssetKind::kOutput,
       {{Id(1), Role::kPrompt}, {Id(1), Role::kGenerator}}},
      {"a role that the rule lacks", "inputs.role", AssetKind::kOutput, {{Id(1), Role::kCode}}},
      {"a sub-weight that is missing",
       "inputs.sub_weight",
       AssetKind::kOutput,
       {{Id(1), Role::kReference}}},
      {"a sub-weight that does not count",
       "inputs.sub_weight",
       AssetKind::kOutput,
       {{Id(1), Role::kPrompt, 1}}},
      {"sub-weights of nothing",
       "inputs.sub_weight",
       AssetKind::kOutput,
       {{Id(1), Role::kReference, 0}}},
      {"a sub-weight of 2^63",
       "inputs.sub_weight",
       AssetKind::kOutput,
       {{Id(1), Role::kReference, huge + 1}}},
      {"sub-weights that need 2^63 parts",
       "inputs",
       AssetKind::kOutput,
       {{Id(1), Role::kReference, huge}, {Id(2), Role::kReference, huge - 1}}},
      {"a denominator of 2^63",
       "inputs",
       AssetKind::kOutput,
       {{Id(1), Role::kReference, huge - 8}, {Id(2), Role::kReference, 1}}},
  };
  for (const Refused& refused : all) {
    CAPTURE(refused.name);
    const auto weights = Apply(refused.inputs, refused.kind);
    CHECK_STATUS(weights, absl::StatusCode::kInvalidArgument);
    CHECK(FieldOf(weights.status()) == refused.field);
  }
}

TemplateRule RandomRule(Rng& rng) {
  const bool is_huge = rng.OneIn(10);
  const auto weight = [&] {
    return is_huge ? kWeightSumMax / 16 - rng.Below(5) : rng.Below(rng.OneIn(2) ? 4 : 1000);
  };
  TemplateRule rule{AssetKind::kOutput, weight(), weight(), {}};
  for (std::size_t role = rng.Below(2); role < kRoleCount; role += rng.Between(1, 4)) {
    rule.roles.push_back({static_cast<Role>(role), weight(),
                          rng.OneIn(2) ? RoleSharing::kEqual : RoleSharing::kByWeight,
                          rng.OneIn(2) ? AbsentPart::kKept : AbsentPart::kUnattributed});
  }
  if (rule.retained + rule.unattributed == 0) rule.retained = 1;
  return rule;
}

std::vector<TemplateInput> RandomInputs(Rng& rng, const TemplateRule& rule) {
  std::vector<TemplateInput> inputs;
  for (std::uint64_t i = rng.Between(1, 12); i > 0; --i) {
    const TemplateRole& role = rule.roles[rng.Below(rule.roles.size())];
    TemplateInput input{Sha256(std::to_string(rng())), role.role};
    if (role.sharing == RoleSharing::kByWeight) input.sub_weight = rng.Below(50) + (i == 1 ? 1 : 0);
    inputs.push_back(input);
  }
  return inputs;
}

// The sum of sub-weights of some role with a weight is 0.
bool HasEmptyRole(const TemplateRule& rule, const std::vector<TemplateInput>& inputs) {
  return std::any_of(rule.roles.begin(), rule.roles.end(), [&](const TemplateRole& role) {
    bool is_present = false;
    std::uint64_t sum = 0;
    for (const TemplateInput& input : inputs) {
      if (input.role != role.role) continue;
      is_present = true;
      sum += input.sub_weight.value_or(1);
    }
    return is_present && sum == 0 && role.weight > 0;
  });
}

TEST_CASE("template: exactly the reference's fractions", "[settlement][property]") {
  Rng rng = SeededRng();
  int applied_count = 0;
  int too_fine_count = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    CAPTURE(rng.seed(), trial);
    const TemplateRecord record{"t", "", {RandomRule(rng)}};
    const std::vector<TemplateInput> inputs = RandomInputs(rng, record.rules[0]);
    const auto weights = ApplyTemplate(record, Id(1), AssetKind::kOutput, inputs);
    if (!weights.ok()) {
      const bool too_fine = weights.status().message().find("2^63") != std::string_view::npos;
      too_fine_count += too_fine ? 1 : 0;
      REQUIRE((too_fine || HasEmptyRole(record.rules[0], inputs)));
      continue;
    }
    ++applied_count;
    const ReferenceTemplateShares wanted = ReferenceTemplate(record.rules[0], inputs);
    EdgeChecker checker(Id(0));
    for (const Edge& edge : weights->edges) REQUIRE_OK(checker.Add(edge));
    REQUIRE_OK(CheckWeights(checker.count(), checker.weight_sum(), weights->retained,
                            weights->unattributed));
    const Rational whole(checker.weight_sum() + weights->retained + weights->unattributed);
    REQUIRE(weights->edges.size() == wanted.edges.size());
    for (const Edge& edge : weights->edges) {
      REQUIRE(Rational(edge.weight) / whole == wanted.edges.at(edge.input));
    }
    REQUIRE(Rational(weights->retained) / whole == wanted.retained);
    REQUIRE(Rational(weights->unattributed) / whole == wanted.unattributed);
  }
  CHECK(applied_count > 10'000);
  CHECK(too_fine_count > 100);
}

}  // namespace
}  // namespace tributary::test
