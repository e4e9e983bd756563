// Weights of a derivation whose issuer measured none: a template applied to its inputs.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/model/record.h"

namespace tributary {

struct TemplateInput {
  Digest input;
  Role role = Role::kOther;
  // With a role that shares by weight, and only there.
  std::optional<std::uint64_t> sub_weight = {};
};

// What a derivation takes from a template. All weights have one denominator.
struct TemplateWeights {
  std::vector<Edge> edges;  // ascending order of input, basis template
  std::uint64_t retained = 0;
  std::uint64_t unattributed = 0;
  ComputedBy computed_by;  // the template's name; its id as version
  friend bool operator==(const TemplateWeights&, const TemplateWeights&) = default;
};

// Applies the template's rule for `generated` to inputs in any order.
//
// Rule:   with T the sum of the rule's weights, an input of a role of weight W gets W / T, divided
//         by the number of the role's inputs, or by its part of their sub-weights. The weight of a
//         role without inputs is kept or unattributed, as the role says. All becomes integers over
//         the smallest multiple of T for which they are whole, so that
//         retained + unattributed + edge weights = that multiple, exactly.
// Errors: kInvalidArgument  no rule for the kind; no input; an input twice; a role that the rule
//                           does not name; a sub-weight missing, or given where none counts;
//                           sub-weights that add up to 0; the multiple of T reaches 2^63.
absl::StatusOr<TemplateWeights> ApplyTemplate(const TemplateRecord& record,
                                              const Digest& template_id, AssetKind generated,
                                              std::span<const TemplateInput> inputs);

}  // namespace tributary
