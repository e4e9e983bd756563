// Inputs of a derivation as they are written on a command line.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "graph/model/vocabulary.h"

namespace tributary::cli {

struct WeightedInput {
  std::string asset;
  Role role = Role::kOther;
  std::string weight;  // as written
  Basis basis = Basis::kDeclared;
  friend bool operator==(const WeightedInput&, const WeightedInput&) = default;
};

// ASSET:ROLE:WEIGHT or ASSET:ROLE:WEIGHT:BASIS. An asset may hold colons, so it is read from the
// end. Errors: a usage error naming `input`.
absl::StatusOr<WeightedInput> ParseWeightedInput(const std::string& text);

// An input whose weight a template computes.
struct RoleInput {
  Role role = Role::kOther;
  std::string asset;
  std::optional<std::uint64_t> sub_weight;
  friend bool operator==(const RoleInput&, const RoleInput&) = default;
};

// ROLE:ASSET or ROLE:ASSET=SUBWEIGHT. An asset may hold colons and equals signs: only digits behind
// the last equals sign are a sub-weight. Errors: a usage error naming `input`.
absl::StatusOr<RoleInput> ParseRoleInput(const std::string& text);

}  // namespace tributary::cli
