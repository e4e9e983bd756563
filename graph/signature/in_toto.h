// Statements of in-toto about files: who says what about which digests.
//
// Source: in-toto attestation framework, Statement v1.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/model/digest.h"
#include "graph/model/json.h"

namespace tributary {

inline constexpr std::string_view kInTotoStatementType = "https://in-toto.io/Statement/v1";
inline constexpr std::size_t kInTotoSubjectCountMax = 1024;

struct InTotoSubject {
  std::string name;  // may be empty; says nothing that a digest does not
  Digest sha256;
  friend bool operator==(const InTotoSubject&, const InTotoSubject&) = default;
};

struct InTotoStatement {
  std::vector<InTotoSubject> subjects;  // at least one, in the order given
  std::string predicate_type;
  ForeignJson::Object predicate;  // empty: none
  friend bool operator==(const InTotoStatement&, const InTotoStatement&) = default;
};

// Reads the payload of an envelope of type kInTotoPayloadType. Each subject must have a SHA-256;
// digests of other algorithms and fields of other names are passed over.
// Errors: kInvalidArgument, naming the field.
absl::StatusOr<InTotoStatement> ParseInTotoStatement(std::string_view payload);

}  // namespace tributary
