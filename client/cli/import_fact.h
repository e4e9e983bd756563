// A fact on its way from a file to a ledger.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "client/lib/convert.h"
#include "graph/model/record.h"

namespace tributary::cli {

// Where a fact was read.
struct Origin {
  std::uint32_t file = 0;  // index into the names of the files of this import
  std::uint64_t line = 0;  // from 1
};

// A place in a fact that names an asset by alias, to be filled in once the alias is known.
struct AliasReference {
  static constexpr std::size_t kSubject = ~std::size_t{0};
  // Index into edges, or of a policy into its absolute terms; kSubject: the record's own asset.
  std::size_t index = kSubject;
  std::string alias;
};

struct ImportFact {
  Origin origin;
  Record record;  // of a derivation edge_count and weight_sum are known, edges_root is not yet
  std::vector<Edge> edges;
  std::vector<AliasReference> references;
  std::optional<PrivateBytes> details;
  Digest record_id;  // once prepared
};

// The asset that a record is about: asset, alias target, generated asset, what was sold or is held;
// nullptr where it is about none.
Digest* SubjectOf(RecordBody* body);
inline const Digest* SubjectOf(const RecordBody& body) {
  return SubjectOf(const_cast<RecordBody*>(&body));
}

}  // namespace tributary::cli
