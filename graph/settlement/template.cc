#include "graph/settlement/template.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "graph/model/status.h"
#include "graph/model/uint128.h"

namespace tributary {
namespace {

// The inputs of one role.
struct RoleInputs {
  const TemplateRole* rule = nullptr;
  std::uint64_t count = 0;
  Uint128 sub_sum = 0;               // of their sub-weights; of 1 each where they share equally
  std::uint64_t sub_divisor = 0;     // the greatest that divides every sub-weight
  std::uint64_t weight_per_sub = 0;  // once scaled, an edge's weight for each sub_divisor it has
};

std::string KindsOf(const TemplateRecord& record) {
  std::string kinds;
  for (const TemplateRule& rule : record.rules) {
    StrAppend(&kinds, kinds.empty() ? "" : " ", ToName(rule.generated));
  }
  return kinds;
}

std::string RolesOf(const TemplateRule& rule) {
  std::string roles;
  for (const TemplateRole& role : rule.roles) {
    StrAppend(&roles, roles.empty() ? "" : " ", ToName(role.role));
  }
  return roles;
}

class Application {
 public:
  Application(const TemplateRule& rule, std::span<const TemplateInput> inputs)
      : rule_(rule), inputs_(inputs.begin(), inputs.end()) {
    std::sort(inputs_.begin(), inputs_.end(),
              [](const TemplateInput& a, const TemplateInput& b) { return a.input < b.input; });
    for (const TemplateRole& role : rule.roles) At(role.role).rule = &role;
  }

  absl::StatusOr<TemplateWeights> Run() {
    if (inputs_.empty()) return InvalidField("inputs", "no input", "at least one input");
    for (std::size_t i = 0; i < inputs_.size(); ++i) TRIBUTARY_RETURN_IF_ERROR(Count(i));
    TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t scale, FindScale());
    return Weigh(scale);
  }

 private:
  RoleInputs& At(Role role) { return roles_[static_cast<std::size_t>(role)]; }

  std::uint64_t SubWeight(const TemplateInput& input) const { return input.sub_weight.value_or(1); }

  // Adds one input to its role.
  absl::Status Count(std::size_t i) {
    const TemplateInput& input = inputs_[i];
    if (i > 0 && input.input == inputs_[i - 1].input) {
      return InvalidField("inputs.input", StrCat(input.input.ToHex(), " twice"), "each input once");
    }
    RoleInputs& role = At(input.role);
    if (role.rule == nullptr) {
      return InvalidField("inputs.role", ToName(input.role),
                          StrCat("the roles of the template: ", RolesOf(rule_)));
    }
    const bool by_weight = role.rule->sharing == RoleSharing::kByWeight;
    if (by_weight != input.sub_weight.has_value()) {
      return InvalidField("inputs.sub_weight",
                          StrCat(by_weight ? "none" : "one", " for ", input.input.ToHex()),
                          StrCat("a sub-weight exactly where inputs share by weight, and role ",
                                 ToName(input.role), " shares ", ToName(role.rule->sharing)));
    }
    if (SubWeight(input) > kWeightSumMax) {
      return InvalidField("inputs.sub_weight", StrCat(SubWeight(input)), "below 2^63");
    }
    ++role.count;
    role.sub_sum += SubWeight(input);
    role.sub_divisor = std::gcd(role.sub_divisor, SubWeight(input));
    return absl::OkStatus();
  }

  absl::Status TooFine() const {
    return InvalidField("inputs", "parts whose common denominator reaches 2^63",
                        "fewer inputs, or sub-weights with simpler ratios");
  }

  // The smallest factor of all weights that makes every edge's weight whole.
  absl::StatusOr<std::uint64_t> FindScale() {
    std::uint64_t scale = 1;
    for (RoleInputs& role : roles_) {
      if (role.count == 0 || role.rule->weight == 0) continue;
      if (role.sub_sum == 0) {
        return InvalidField("inputs.sub_weight", "a sum of 0",
                            StrCat("a sum of at least 1 for role ", ToName(role.rule->role)));
      }
      const Uint128 parts = role.sub_sum / role.sub_divisor;
      if (parts > kWeightSumMax) return TooFine();
      const auto part_count = static_cast<std::uint64_t>(parts);
      const std::uint64_t needed = part_count / std::gcd(part_count, role.rule->weight);
      const std::uint64_t factor = needed / std::gcd(scale, needed);
      if (factor > kWeightSumMax / scale) return TooFine();
      scale *= factor;
    }
    Uint128 sum = Uint128{rule_.retained} + rule_.unattributed;
    for (const TemplateRole& role : rule_.roles) sum += role.weight;
    if (sum > kWeightSumMax / scale) return TooFine();
    return scale;
  }

  TemplateWeights Weigh(std::uint64_t scale) {
    TemplateWeights weights;
    weights.retained = rule_.retained * scale;
    weights.unattributed = rule_.unattributed * scale;
    for (RoleInputs& role : roles_) {
      if (role.rule == nullptr || role.rule->weight == 0) continue;
      const std::uint64_t weight = role.rule->weight * scale;
      if (role.count == 0) {
        (role.rule->absent == AbsentPart::kKept ? weights.retained : weights.unattributed) +=
            weight;
      } else {
        role.weight_per_sub = weight / static_cast<std::uint64_t>(role.sub_sum / role.sub_divisor);
      }
    }
    for (const TemplateInput& input : inputs_) {
      const RoleInputs& role = At(input.role);
      // Of a role of weight 0 the factor is 0, and so may be the divisor.
      const std::uint64_t subs = role.weight_per_sub == 0 ? 0 : SubWeight(input) / role.sub_divisor;
      weights.edges.push_back(
          {input.input, input.role, role.weight_per_sub * subs, Basis::kTemplate});
    }
    return weights;
  }

  const TemplateRule& rule_;
  std::vector<TemplateInput> inputs_;
  std::array<RoleInputs, kRoleCount> roles_{};
};

}  // namespace

absl::StatusOr<TemplateWeights> ApplyTemplate(const TemplateRecord& record,
                                              const Digest& template_id, AssetKind generated,
                                              std::span<const TemplateInput> inputs) {
  const auto rule =
      std::find_if(record.rules.begin(), record.rules.end(),
                   [generated](const TemplateRule& r) { return r.generated == generated; });
  if (rule == record.rules.end()) {
    return InvalidField("generated", ToName(generated),
                        StrCat("the kinds of the template: ", KindsOf(record)));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(TemplateWeights weights, Application(*rule, inputs).Run());
  weights.computed_by = {record.name, template_id.ToHex()};
  return weights;
}

}  // namespace tributary
