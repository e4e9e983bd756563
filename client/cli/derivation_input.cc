#include "client/cli/derivation_input.h"

#include <algorithm>

#include "client/cli/session.h"
#include "graph/model/status.h"
#include "graph/model/uint128.h"

namespace tributary::cli {

absl::StatusOr<WeightedInput> ParseWeightedInput(const std::string& text) {
  WeightedInput input;
  std::string rest = text;
  const auto take_last = [&rest] {
    const std::size_t colon = rest.rfind(':');
    std::string last = colon == rest.npos ? "" : rest.substr(colon + 1);
    rest.resize(colon == rest.npos ? 0 : colon);
    return last;
  };
  input.weight = take_last();
  if (const auto basis = FromName<Basis>(input.weight); basis.has_value()) {
    input.basis = *basis;
    input.weight = take_last();
  }
  const auto role = FromName<Role>(take_last());
  if (!role.has_value() || rest.empty()) {
    return UsageError(InvalidField("input", Quoted(text),
                                   StrCat("ASSET:ROLE:WEIGHT or ASSET:ROLE:WEIGHT:BASIS; roles: ",
                                          AllNames<Role>(), "; bases: ", AllNames<Basis>())));
  }
  input.role = *role;
  input.asset = rest;
  return input;
}

absl::StatusOr<RoleInput> ParseRoleInput(const std::string& text) {
  const std::size_t colon = text.find(':');
  const auto role = FromName<Role>(text.substr(0, colon));
  RoleInput input;
  input.asset = colon == text.npos ? "" : text.substr(colon + 1);
  if (const std::size_t equals = input.asset.rfind('='); equals != input.asset.npos) {
    const std::string written = input.asset.substr(equals + 1);
    const bool is_digits =
        !written.empty() && written.find_first_not_of("0123456789") == written.npos;
    if (is_digits) {
      input.sub_weight = ParseUint64(written);
      if (!input.sub_weight.has_value()) {
        return UsageError(
            InvalidField("input", Quoted(text), "a sub-weight without leading zeros, below 2^63"));
      }
      input.asset.resize(equals);
    }
  }
  if (!role.has_value() || input.asset.empty()) {
    return UsageError(InvalidField("input", Quoted(text),
                                   StrCat("with --template: ROLE:ASSET or ROLE:ASSET=SUBWEIGHT; "
                                          "roles: ",
                                          AllNames<Role>())));
  }
  input.role = *role;
  return input;
}

}  // namespace tributary::cli
