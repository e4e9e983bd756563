// Records as the log holds them, checked against their ids.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "client/cli/fact_json.h"
#include "client/cli/session.h"
#include "graph/model/record.h"

namespace tributary::cli {

struct StoredFact {
  Digest id;
  std::string bytes;  // canonical
  Record record;
};

// Errors: kNotFound; kDataLoss, the bytes do not have this id or are no record.
absl::StatusOr<StoredFact> FetchRecord(Session& session, const Digest& id, std::uint64_t tree_size);

// Templates and policies: records with a name, in versions of which each has its id.
enum class Versioned { kTemplate, kPolicy };

// A version as a file holds it: a JSON object with the keys of the record; `type` may be left out.
// Errors: a usage error naming the field.
absl::StatusOr<FactLine> ParseVersionFile(Versioned type, std::string_view text);

// The record of one version: that with this id, or, for any other text, the one in force under this
// name. Errors: kNotFound; kFailedPrecondition, the id is of a record of another type.
absl::StatusOr<StoredFact> FetchVersion(Session& session, Versioned type, const std::string& text,
                                        std::uint64_t tree_size);

// The same, only its id: an id is not looked up, the server judges it.
absl::StatusOr<Digest> VersionIdOf(Session& session, Versioned type, const std::string& text,
                                   std::uint64_t tree_size);

}  // namespace tributary::cli
