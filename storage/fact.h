// Facts on their way into a ledger.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/model/record.h"
#include "storage/keys.h"

namespace tributary {

inline constexpr std::size_t kDetailsSaltSize = 32;
inline constexpr std::size_t kDetailsSizeMax = 64u << 10;
// Edges of a derivation sent in one piece: 4,096 of about 80 bytes fit a message of 1 MiB.
inline constexpr std::size_t kInlineEdgeCountMax = 4096;
// Inputs of one derivation: 2^26 edges are 2 GiB on the wire and some 400 MB stored.
inline constexpr std::uint64_t kEdgeCountMax = std::uint64_t{1} << 26;

// Private bytes behind a record's details_digest = SHA-256(salt || bytes).
struct PrivateDetails {
  std::string salt;  // 32 bytes
  std::string bytes;
  friend bool operator==(const PrivateDetails&, const PrivateDetails&) = default;
};
Digest DetailsDigest(const PrivateDetails& details);

// A record with what belongs to it. For a derivation, edge_count, edges_root and weight_sum of the
// record are computed from `edges`.
struct Fact {
  Record record;
  std::vector<Edge> edges;  // of a derivation, any order
  std::optional<PrivateDetails> details;
};

inline constexpr std::string_view kLineageField = "lineage";

// A fact that keeps all rules that can be seen without the ledger, with its canonical bytes and id.
// Made in the caller's thread, so that the committer hashes nothing twice.
struct PreparedFact {
  Record record;
  std::string bytes;
  Digest id;
  std::vector<Edge> edges;  // ascending input
  std::optional<PrivateDetails> details;
  // Edges, or the lines of a statement, were staged: where, and which pages of asset numbers the
  // edges touch, with how many runs of members each.
  std::optional<StageId> stage;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> pool_pages;
  std::optional<TimeMs> accepted_time;  // replay only: the time that the log states
  // The number of derivations that the caller's checks have seen: with another one in the ledger
  // the fact is refused with kAborted on kLineageField, and the caller checks again.
  std::optional<std::uint64_t> derivation_count_seen;
  // The same for sales and ends of escrow together.
  std::optional<std::uint64_t> sale_count_seen;
};

// What a caller declared about computed numbers; what is given must be right.
struct DeclaredEdges {
  std::optional<std::uint64_t> edge_count;
  std::optional<Digest> edges_root;
  std::optional<std::uint64_t> weight_sum;
};

// Sorts, checks, encodes and hashes. Errors: kInvalidArgument naming the field; kResourceExhausted
// above kInlineEdgeCountMax edges.
absl::StatusOr<PreparedFact> PrepareFact(Fact fact, const DeclaredEdges& declared = {});

// Compares what a caller declared with what was computed; shows both figures.
absl::Status CheckDeclared(const DeclaredEdges& declared, const DerivationRecord& computed);

// Says that a fact is in the log, durable, and where.
struct Receipt {
  Digest record_id;
  LogPosition position;
  TimeMs accepted_time;
  TreeSize tree_size;  // durable, above position
  bool already_recorded = false;
};

}  // namespace tributary
