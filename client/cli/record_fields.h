// A record as lines of field and value, to show it and to compare two versions.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tributary::cli {

struct FieldValue {
  std::string field;  // "rules[output].roles[prompt].weight"
  std::string value;
  friend bool operator==(const FieldValue&, const FieldValue&) = default;
};

// The fields of canonical bytes but for those of every record (type, ledger, supersedes, …), in
// ascending order of keys. An entry of a set of objects is named by what tells it from the others
// (generated, role, asset, label, party, currency), with #2, #3, … where that is not one alone;
// any other entry by its place.
// Errors: kDataLoss, the bytes are not canonical JSON.
absl::StatusOr<std::vector<FieldValue>> FieldsOf(std::string_view canonical_bytes);

struct FieldChange {
  std::string field;
  std::optional<std::string> old_value;  // absent: the field is new
  std::optional<std::string> new_value;  // absent: the field is gone
  friend bool operator==(const FieldChange&, const FieldChange&) = default;
};

// Fields that differ: those of `before` in their order, then new ones in theirs.
std::vector<FieldChange> CompareFields(const std::vector<FieldValue>& before,
                                       const std::vector<FieldValue>& after);

}  // namespace tributary::cli
