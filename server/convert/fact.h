// Facts from the wire to the model. Only form is checked here (lengths of digests, known enums,
// times); the rules of the records are those of the model, which every way in shares.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/limits.h"
#include "storage/fact.h"
#include "tributary/v1/fact.pb.h"

namespace tributary::server {

// Errors of all: kInvalidArgument naming the field within the message.
absl::StatusOr<PartyRecord> FromProto(const v1::Party& party);
// An asset id left out with id method named is computed.
absl::StatusOr<AssetRecord> FromProto(const v1::Asset& asset);
absl::StatusOr<AliasRecord> FromProto(const v1::Alias& alias);
absl::StatusOr<HoldersRecord> FromProto(const v1::Holders& holders);
absl::StatusOr<ConsentRecord> FromProto(const v1::Consent& consent);
// edge_count, edges_root and weight_sum stay zero: see DeclaredFromProto.
absl::StatusOr<DerivationRecord> FromProto(const v1::Derivation& derivation);
absl::StatusOr<DeclaredEdges> DeclaredFromProto(const v1::Derivation& derivation);
absl::StatusOr<Edge> FromProto(const v1::Edge& edge);
// Appends the edges of a packed block.
absl::Status AppendEdges(const v1::EdgeBlock& block, std::uint64_t edge_count_max,
                         std::vector<Edge>* edges);
absl::StatusOr<PrivateDetails> FromProto(const v1::PrivateDetails& details, const Limits& limits);

// Sets what any record may carry. Details without a digest get theirs computed.
absl::Status ApplyOptions(const v1::RecordOptions& options, const Limits& limits, Fact* fact);

// A whole fact, checked, encoded and hashed. Errors: also those of PrepareFact.
absl::StatusOr<PreparedFact> PrepareFromProto(const v1::Fact& fact, const std::string& ledger,
                                              const Limits& limits);

}  // namespace tributary::server
