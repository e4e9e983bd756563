// Weights by template written a second time, in exact fractions. Shares no code with the
// implementation that it judges.

#pragma once

#include <map>
#include <span>

#include "boost/multiprecision/cpp_int.hpp"
#include "graph/model/record.h"
#include "graph/settlement/template.h"

namespace tributary::test {

struct ReferenceTemplateShares {
  std::map<Digest, boost::multiprecision::cpp_rational> edges;
  boost::multiprecision::cpp_rational retained;
  boost::multiprecision::cpp_rational unattributed;
};

// The shares of one: every input's, what is kept and what is unattributed. The inputs must be ones
// that the rule allows.
inline ReferenceTemplateShares ReferenceTemplate(const TemplateRule& rule,
                                                 std::span<const TemplateInput> inputs) {
  using Rational = boost::multiprecision::cpp_rational;
  Rational whole = Rational(rule.retained) + rule.unattributed;
  for (const TemplateRole& role : rule.roles) whole += role.weight;
  ReferenceTemplateShares shares;
  shares.retained = Rational(rule.retained) / whole;
  shares.unattributed = Rational(rule.unattributed) / whole;
  for (const TemplateRole& role : rule.roles) {
    const Rational part = Rational(role.weight) / whole;
    Rational sum = 0;
    const auto sub = [&](const TemplateInput& input) {
      return role.sharing == RoleSharing::kEqual ? Rational(1) : Rational(*input.sub_weight);
    };
    bool is_present = false;
    for (const TemplateInput& input : inputs) {
      if (input.role != role.role) continue;
      is_present = true;
      sum += sub(input);
    }
    if (!is_present) {
      (role.absent == AbsentPart::kKept ? shares.retained : shares.unattributed) += part;
      continue;
    }
    for (const TemplateInput& input : inputs) {
      if (input.role != role.role) continue;
      shares.edges[input.input] =
          role.weight == 0 ? Rational(0) : Rational(part * sub(input) / sum);
    }
  }
  return shares;
}

}  // namespace tributary::test
