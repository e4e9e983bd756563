// Between the domain of graph/model and the messages of the wire.

#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "graph/model/record.h"
#include "graph/model/uint128.h"
#include "tributary/v1/fact.pb.h"
#include "tributary/v1/settlement_service.pb.h"

namespace tributary {

// Bytes that belong to a record but stand in no canonical answer.
struct PrivateBytes {
  Digest salt;  // 32 random bytes
  std::string content;
  // What the record carries as details_digest: SHA-256(salt, then content).
  Digest ComputeDigest() const { return Sha256({salt.view(), content}); }
};

// The fact that, sent to the record's ledger, is recorded as exactly this record. `edges` belong to
// a derivation. What only a server makes (ledger, statement, adjustment, payout_batch) is no fact
// and gives one without a body.
v1::Fact ToFact(const Record& record, std::span<const Edge> edges,
                const std::optional<PrivateBytes>& details);

v1::Derivation ToProto(const DerivationRecord& derivation);
v1::Edge ToProto(const Edge& edge);
// Packs edges that ascend by input id.
v1::EdgeBlock ToBlock(std::span<const Edge> edges);
// Errors: kDataLoss, the arrays of the block do not fit together.
absl::StatusOr<std::vector<Edge>> FromBlock(const v1::EdgeBlock& block);

// Names as records spell them, such as "model_checkpoint"; "" for a value without a name.
std::string_view NameOf(v1::AssetKind kind);
std::string_view NameOf(v1::IdMethod method);
std::string_view NameOf(v1::Role role);
std::string_view NameOf(v1::Basis basis);
std::string_view NameOf(v1::ConsentUse use);
std::string_view NameOf(v1::ConsentStatus status);
std::string_view NameOf(v1::LineKind kind);
std::string_view NameOf(v1::AdjustmentMode mode);
std::string_view NameOf(v1::HoldOutcome outcome);
std::string_view NameOf(v1::PayoutStatus status);
std::string_view NameOf(v1::SaleStatus status);
// ASSET_KIND_UNSPECIFIED for any other text.
v1::AssetKind KindFromName(std::string_view name);

// Hex digits of raw bytes of any length.
std::string ToHex(std::string_view raw);

// Grains of the wire. Errors: kDataLoss, more than 16 bytes or a leading zero byte.
absl::StatusOr<Grains> GrainsOf(std::string_view bytes);

}  // namespace tributary
