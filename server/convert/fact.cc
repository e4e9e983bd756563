#include "server/convert/fact.h"

#include <optional>
#include <utility>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "server/convert/enums.h"
#include "server/convert/scalars.h"
#include "server/convert/settlement.h"
#include "server/convert/spdx.h"

namespace tributary::server {
namespace {

std::vector<Attribute> PairsFrom(
    const google::protobuf::RepeatedPtrField<v1::Attribute>& attributes) {
  std::vector<Attribute> pairs;
  pairs.reserve(static_cast<std::size_t>(attributes.size()));
  for (const v1::Attribute& attribute : attributes) {
    pairs.emplace_back(attribute.key(), attribute.value());
  }
  return pairs;
}

absl::StatusOr<Activity> ActivityFromProto(const v1::Activity& message) {
  Activity activity;
  activity.tool = message.tool();
  activity.seed = message.seed();
  TRIBUTARY_ASSIGN_OR_RETURN(
      activity.parameters_digest,
      OptionalDigestFromProto(message.parameters_digest(), "activity.parameters_digest"));
  TRIBUTARY_ASSIGN_OR_RETURN(
      activity.code_digest, OptionalDigestFromProto(message.code_digest(), "activity.code_digest"));
  if (message.has_start_ms()) {
    TRIBUTARY_ASSIGN_OR_RETURN(activity.start,
                               TimeFromProto(message.start_ms(), "activity.start_ms"));
  }
  if (message.has_end_ms()) {
    TRIBUTARY_ASSIGN_OR_RETURN(activity.end, TimeFromProto(message.end_ms(), "activity.end_ms"));
  }
  return activity;
}

absl::StatusOr<WeightMethod> MethodFromProto(const v1::WeightMethod& message) {
  WeightMethod method{message.name(), message.version(), message.sign_convention(), {}};
  TRIBUTARY_ASSIGN_OR_RETURN(method.scores_digest, OptionalDigestFromProto(message.scores_digest(),
                                                                           "method.scores_digest"));
  return method;
}

// The body of a fact, the name of its field, and what is declared of its edges.
struct ParsedBody {
  RecordBody body;
  std::string_view field;
  std::vector<Edge> edges;
  DeclaredEdges declared;
};

template <typename Message>
absl::StatusOr<ParsedBody> ParseSimple(const Message& message, std::string_view field) {
  auto body = server::FromProto(message);
  if (!body.ok()) return WithPrefix(body.status(), field);
  return ParsedBody{*std::move(body), field, {}, {}};
}

absl::StatusOr<std::vector<Edge>> EdgesFrom(
    const google::protobuf::RepeatedPtrField<v1::Edge>& messages, const Limits& limits) {
  const auto count = static_cast<std::uint64_t>(messages.size());
  if (count > limits.inline_edge_count_max) {
    return LimitExceeded("edges", count, "inline_edge_count_max", limits.inline_edge_count_max);
  }
  std::vector<Edge> edges;
  edges.reserve(count);
  for (const v1::Edge& message : messages) {
    absl::StatusOr<Edge> edge = server::FromProto(message);
    if (!edge.ok()) return WithPrefix(edge.status(), StrCat("edges[", edges.size(), "]"));
    edges.push_back(*edge);
  }
  return edges;
}

absl::StatusOr<ParsedBody> ParseDerivation(const v1::DerivationFact& message,
                                           const Limits& limits) {
  ParsedBody parsed;
  parsed.field = "derivation";
  TRIBUTARY_ASSIGN_OR_RETURN(parsed.body, server::FromProto(message.derivation()));
  TRIBUTARY_ASSIGN_OR_RETURN(parsed.declared, DeclaredFromProto(message.derivation()));
  TRIBUTARY_ASSIGN_OR_RETURN(parsed.edges, EdgesFrom(message.edges(), limits));
  return parsed;
}

absl::StatusOr<ParsedBody> ParseBody(const v1::Fact& fact, const Limits& limits) {
  switch (fact.body_case()) {
    case v1::Fact::kParty:
      return ParseSimple(fact.party(), "party");
    case v1::Fact::kAsset:
      return ParseSimple(fact.asset(), "asset");
    case v1::Fact::kAlias:
      return ParseSimple(fact.alias(), "alias");
    case v1::Fact::kHolders:
      return ParseSimple(fact.holders(), "holders");
    case v1::Fact::kConsent:
      return ParseSimple(fact.consent(), "consent");
    case v1::Fact::kDerivation: {
      auto parsed = ParseDerivation(fact.derivation(), limits);
      if (!parsed.ok()) return WithPrefix(parsed.status(), "derivation");
      return parsed;
    }
    case v1::Fact::kCurrency:
      return ParseSimple(fact.currency(), "currency");
    case v1::Fact::kTemplate:
      return ParseSimple(fact.template_(), "template");
    case v1::Fact::kPolicy:
      return ParseSimple(fact.policy(), "policy");
    case v1::Fact::kSale:
      return ParseSimple(fact.sale(), "sale");
    case v1::Fact::kEscrow:
      return ParseSimple(fact.escrow(), "escrow");
    case v1::Fact::kReversal:
      return ParseSimple(fact.reversal(), "reversal");
    case v1::Fact::kCorrection:
      return ParseSimple(fact.correction(), "correction");
    case v1::Fact::kHold:
      return ParseSimple(fact.hold(), "hold");
    case v1::Fact::kHoldRelease:
      return ParseSimple(fact.hold_release(), "hold_release");
    case v1::Fact::kMandate:
      return ParseSimple(fact.mandate(), "mandate");
    case v1::Fact::kAssignment:
      return ParseSimple(fact.assignment(), "assignment");
    case v1::Fact::kPartyMerge:
      return ParseSimple(fact.party_merge(), "party_merge");
    case v1::Fact::kPayoutState:
      return ParseSimple(fact.payout_state(), "payout_state");
    case v1::Fact::BODY_NOT_SET:
      break;
  }
  return InvalidField("body", "none", "one of the bodies of a fact, such as asset or sale");
}

}  // namespace

absl::StatusOr<PartyRecord> FromProto(const v1::Party& party) {
  return PartyRecord{party.party(), party.name(), PairsFrom(party.external_ids()),
                     PairsFrom(party.attributes())};
}

absl::StatusOr<AssetRecord> FromProto(const v1::Asset& message) {
  AssetRecord asset;
  TRIBUTARY_ASSIGN_OR_RETURN(asset.kind, FromProto(message.kind(), "kind"));
  TRIBUTARY_ASSIGN_OR_RETURN(asset.id_method, FromProto(message.id_method(), "id_method"));
  asset.name = message.name();
  // New facts alone: records that are there stay what they are.
  TRIBUTARY_RETURN_IF_ERROR(CheckLicenseExpression(message.license()));
  asset.license = message.license();
  asset.media_type = message.media_type();
  asset.locations.assign(message.locations().begin(), message.locations().end());
  if (message.has_size()) asset.size = message.size();
  if (message.has_named_as()) {
    const v1::NamedAs& named = message.named_as();
    asset.named_as = NamedAs{named.namespace_(), named.name(), named.version()};
  }
  asset.attributes = PairsFrom(message.attributes());
  if (message.asset().empty() && asset.named_as.has_value()) {
    asset.asset = NamedAssetId(*asset.named_as);
  } else {
    TRIBUTARY_ASSIGN_OR_RETURN(asset.asset, DigestFromProto(message.asset(), "asset"));
  }
  return asset;
}

absl::StatusOr<AliasRecord> FromProto(const v1::Alias& message) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Digest asset, DigestFromProto(message.asset(), "asset"));
  return AliasRecord{message.alias(), asset};
}

absl::StatusOr<HoldersRecord> FromProto(const v1::Holders& message) {
  HoldersRecord record;
  TRIBUTARY_ASSIGN_OR_RETURN(record.asset, DigestFromProto(message.asset(), "asset"));
  record.holders.reserve(static_cast<std::size_t>(message.holders_size()));
  for (const v1::Holder& holder : message.holders()) {
    record.holders.push_back(Holder{holder.party(), holder.units()});
  }
  return record;
}

absl::StatusOr<ConsentRecord> FromProto(const v1::Consent& message) {
  ConsentRecord consent;
  TRIBUTARY_ASSIGN_OR_RETURN(consent.asset, DigestFromProto(message.asset(), "asset"));
  consent.party = message.party();
  TRIBUTARY_ASSIGN_OR_RETURN(consent.use, FromProto(message.use(), "use"));
  TRIBUTARY_ASSIGN_OR_RETURN(consent.status, FromProto(message.status(), "status"));
  consent.constraint = message.constraint();
  consent.source = message.source();
  return consent;
}

absl::StatusOr<DerivationRecord> FromProto(const v1::Derivation& message) {
  DerivationRecord derivation;
  TRIBUTARY_ASSIGN_OR_RETURN(derivation.generated,
                             DigestFromProto(message.generated(), "generated"));
  derivation.retained = message.retained();
  derivation.unattributed = message.unattributed();
  if (message.has_activity()) {
    TRIBUTARY_ASSIGN_OR_RETURN(derivation.activity, ActivityFromProto(message.activity()));
  }
  if (message.has_method()) {
    TRIBUTARY_ASSIGN_OR_RETURN(derivation.method, MethodFromProto(message.method()));
  }
  if (message.has_computed_by()) {
    derivation.computed_by =
        ComputedBy{message.computed_by().name(), message.computed_by().version()};
  }
  if (message.has_effective_time_ms()) {
    TRIBUTARY_ASSIGN_OR_RETURN(derivation.effective_time,
                               TimeFromProto(message.effective_time_ms(), "effective_time_ms"));
  }
  return derivation;
}

absl::StatusOr<DeclaredEdges> DeclaredFromProto(const v1::Derivation& message) {
  DeclaredEdges declared;
  if (message.has_edge_count()) declared.edge_count = message.edge_count();
  TRIBUTARY_ASSIGN_OR_RETURN(declared.edges_root,
                             OptionalDigestFromProto(message.edges_root(), "edges_root"));
  if (message.has_weight_sum()) declared.weight_sum = message.weight_sum();
  return declared;
}

absl::StatusOr<Edge> FromProto(const v1::Edge& message) {
  Edge edge;
  TRIBUTARY_ASSIGN_OR_RETURN(edge.input, DigestFromProto(message.input(), "input"));
  TRIBUTARY_ASSIGN_OR_RETURN(edge.role, FromProto(message.role(), "role"));
  edge.weight = message.weight();
  TRIBUTARY_ASSIGN_OR_RETURN(edge.basis, FromProto(message.basis(), "basis"));
  return edge;
}

absl::Status AppendEdges(const v1::EdgeBlock& block, std::uint64_t edge_count_max,
                         std::vector<Edge>* edges) {
  const std::string& inputs = block.inputs();
  if (inputs.size() % kDigestSize != 0) {
    return InvalidField("edges.inputs", StrCat(inputs.size(), " bytes"), "a multiple of 32 bytes");
  }
  const std::size_t count = inputs.size() / kDigestSize;
  if (count > edge_count_max) {
    return LimitExceeded("edges.inputs", count, "stream_block_edge_count_max", edge_count_max);
  }
  const auto weight_count = static_cast<std::size_t>(block.weights_size());
  if (weight_count != count) {
    return InvalidField("edges.weights", StrCat(weight_count, " weights"),
                        StrCat(count, ", one for each input"));
  }
  const auto role_count = static_cast<std::size_t>(block.roles_size());
  if (role_count != count && role_count != 1) {
    return InvalidField("edges.roles", StrCat(role_count, " roles"),
                        StrCat("1, or ", count, ", one for each input"));
  }
  const auto basis_count = static_cast<std::size_t>(block.bases_size());
  if (basis_count != count && basis_count > 1) {
    return InvalidField("edges.bases", StrCat(basis_count, " bases"),
                        StrCat("0, 1, or ", count, ", one for each input"));
  }
  edges->reserve(edges->size() + count);
  for (std::size_t i = 0; i < count; ++i) {
    Edge edge;
    edge.input = *Digest::FromBytes(std::string_view(inputs).substr(i * kDigestSize, kDigestSize));
    edge.weight = block.weights(static_cast<int>(i));
    const auto role = block.roles(role_count == 1 ? 0 : static_cast<int>(i));
    TRIBUTARY_ASSIGN_OR_RETURN(edge.role, FromProto(static_cast<v1::Role>(role), "edges.roles"));
    if (basis_count > 0) {
      const auto basis = block.bases(basis_count == 1 ? 0 : static_cast<int>(i));
      TRIBUTARY_ASSIGN_OR_RETURN(edge.basis,
                                 FromProto(static_cast<v1::Basis>(basis), "edges.bases"));
    }
    edges->push_back(edge);
  }
  return absl::OkStatus();
}

absl::StatusOr<PrivateDetails> FromProto(const v1::PrivateDetails& message, const Limits& limits) {
  if (message.salt().size() != kDetailsSaltSize) {
    return InvalidField("details.salt", StrCat(message.salt().size(), " bytes"), "32 bytes");
  }
  if (message.content().size() > limits.details_size_max) {
    return LimitExceeded("details.content", message.content().size(), "details_size_max",
                         limits.details_size_max);
  }
  return PrivateDetails{message.salt(), message.content()};
}

absl::Status ApplyOptions(const v1::RecordOptions& options, const Limits& limits, Fact* fact) {
  Record& record = fact->record;
  TRIBUTARY_ASSIGN_OR_RETURN(record.supersedes,
                             OptionalDigestFromProto(options.supersedes(), "options.supersedes"));
  TRIBUTARY_ASSIGN_OR_RETURN(
      record.details_digest,
      OptionalDigestFromProto(options.details_digest(), "options.details_digest"));
  TRIBUTARY_ASSIGN_OR_RETURN(record.blind,
                             OptionalDigestFromProto(options.blind(), "options.blind"));
  if (!options.has_details()) return absl::OkStatus();
  auto details = FromProto(options.details(), limits);
  if (!details.ok()) return WithPrefix(details.status(), "options");
  if (!record.details_digest.has_value()) record.details_digest = DetailsDigest(*details);
  fact->details = *std::move(details);
  return absl::OkStatus();
}

absl::StatusOr<PreparedFact> PrepareFromProto(const v1::Fact& message, const std::string& ledger,
                                              const Limits& limits) {
  TRIBUTARY_ASSIGN_OR_RETURN(ParsedBody parsed, ParseBody(message, limits));
  Fact fact;
  fact.record.ledger = ledger;
  fact.record.body = std::move(parsed.body);
  fact.edges = std::move(parsed.edges);
  TRIBUTARY_RETURN_IF_ERROR(ApplyOptions(message.options(), limits, &fact));
  auto prepared = PrepareFact(std::move(fact), parsed.declared);
  if (!prepared.ok()) return WithPrefix(prepared.status(), parsed.field);
  return prepared;
}

}  // namespace tributary::server
