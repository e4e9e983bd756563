#include "client/lib/convert.h"

#include <array>

#include "client/lib/settlement_bodies.h"
#include "graph/model/status.h"

namespace tributary {
namespace {

// An enumerator of the wire is that of the domain plus one: 0 is "unspecified".
template <typename Proto, typename Enum>
Proto ToProtoEnum(Enum value) {
  return static_cast<Proto>(static_cast<int>(value) + 1);
}

template <typename Enum>
std::string_view NameOfValue(int proto_value, std::size_t count) {
  if (proto_value < 1 || static_cast<std::size_t>(proto_value) > count) return "";
  return ToName(static_cast<Enum>(proto_value - 1));
}

template <typename List>
void FillPairs(const std::vector<Attribute>& pairs, List* out) {
  for (const auto& [key, value] : pairs) {
    v1::Attribute* attribute = out->Add();
    attribute->set_key(key);
    attribute->set_value(value);
  }
}

std::string Bytes(const Digest& digest) { return std::string(digest.view()); }
std::string Bytes(const std::optional<Digest>& digest) {
  return digest.has_value() ? Bytes(*digest) : std::string();
}

// What only a server makes has no body.
void FillBody(const LedgerRecord&, std::span<const Edge>, v1::Fact*) {}
void FillBody(const StatementRecord&, std::span<const Edge>, v1::Fact*) {}
void FillBody(const AdjustmentRecord&, std::span<const Edge>, v1::Fact*) {}
void FillBody(const PayoutBatchRecord&, std::span<const Edge>, v1::Fact*) {}

void FillBody(const PartyRecord& party, std::span<const Edge>, v1::Fact* fact) {
  v1::Party* out = fact->mutable_party();
  out->set_party(party.party);
  out->set_name(party.name);
  FillPairs(party.external_ids, out->mutable_external_ids());
  FillPairs(party.attributes, out->mutable_attributes());
}

void FillBody(const AssetRecord& asset, std::span<const Edge>, v1::Fact* fact) {
  v1::Asset* out = fact->mutable_asset();
  out->set_asset(Bytes(asset.asset));
  out->set_kind(ToProtoEnum<v1::AssetKind>(asset.kind));
  out->set_id_method(ToProtoEnum<v1::IdMethod>(asset.id_method));
  out->set_name(asset.name);
  out->set_license(asset.license);
  out->set_media_type(asset.media_type);
  for (const std::string& location : asset.locations) out->add_locations(location);
  if (asset.size.has_value()) out->set_size(*asset.size);
  if (asset.named_as.has_value()) {
    out->mutable_named_as()->set_namespace_(asset.named_as->namespace_name);
    out->mutable_named_as()->set_name(asset.named_as->name);
    out->mutable_named_as()->set_version(asset.named_as->version);
  }
  FillPairs(asset.attributes, out->mutable_attributes());
}

void FillBody(const AliasRecord& alias, std::span<const Edge>, v1::Fact* fact) {
  fact->mutable_alias()->set_alias(alias.alias);
  fact->mutable_alias()->set_asset(Bytes(alias.asset));
}

void FillBody(const HoldersRecord& holders, std::span<const Edge>, v1::Fact* fact) {
  v1::Holders* out = fact->mutable_holders();
  out->set_asset(Bytes(holders.asset));
  for (const Holder& holder : holders.holders) {
    v1::Holder* added = out->add_holders();
    added->set_party(holder.party);
    added->set_units(holder.units);
  }
}

void FillBody(const ConsentRecord& consent, std::span<const Edge>, v1::Fact* fact) {
  v1::Consent* out = fact->mutable_consent();
  out->set_asset(Bytes(consent.asset));
  out->set_party(consent.party);
  out->set_use(ToProtoEnum<v1::ConsentUse>(consent.use));
  out->set_status(ToProtoEnum<v1::ConsentStatus>(consent.status));
  out->set_constraint(consent.constraint);
  out->set_source(consent.source);
}

void FillBody(const DerivationRecord& derivation, std::span<const Edge> edges, v1::Fact* fact) {
  *fact->mutable_derivation()->mutable_derivation() = ToProto(derivation);
  for (const Edge& edge : edges) *fact->mutable_derivation()->add_edges() = ToProto(edge);
}

void FillBody(const CurrencyRecord& body, std::span<const Edge>, v1::Fact* fact) {
  internal::Fill(body, fact->mutable_currency());
}
void FillBody(const TemplateRecord& body, std::span<const Edge>, v1::Fact* fact) {
  internal::Fill(body, fact->mutable_template_());
}
void FillBody(const PolicyRecord& body, std::span<const Edge>, v1::Fact* fact) {
  internal::Fill(body, fact->mutable_policy());
}
void FillBody(const SaleRecord& body, std::span<const Edge>, v1::Fact* fact) {
  internal::Fill(body, fact->mutable_sale());
}
void FillBody(const EscrowRecord& body, std::span<const Edge>, v1::Fact* fact) {
  internal::Fill(body, fact->mutable_escrow());
}
void FillBody(const ReversalRecord& body, std::span<const Edge>, v1::Fact* fact) {
  internal::Fill(body, fact->mutable_reversal());
}
void FillBody(const CorrectionRecord& body, std::span<const Edge>, v1::Fact* fact) {
  internal::Fill(body, fact->mutable_correction());
}
void FillBody(const HoldRecord& body, std::span<const Edge>, v1::Fact* fact) {
  internal::Fill(body, fact->mutable_hold());
}
void FillBody(const HoldReleaseRecord& body, std::span<const Edge>, v1::Fact* fact) {
  internal::Fill(body, fact->mutable_hold_release());
}
void FillBody(const MandateRecord& body, std::span<const Edge>, v1::Fact* fact) {
  internal::Fill(body, fact->mutable_mandate());
}
void FillBody(const AssignmentRecord& body, std::span<const Edge>, v1::Fact* fact) {
  internal::Fill(body, fact->mutable_assignment());
}
void FillBody(const PartyMergeRecord& body, std::span<const Edge>, v1::Fact* fact) {
  internal::Fill(body, fact->mutable_party_merge());
}
void FillBody(const PayoutStateRecord& body, std::span<const Edge>, v1::Fact* fact) {
  internal::Fill(body, fact->mutable_payout_state());
}

std::int64_t Ms(TimeMs time) { return static_cast<std::int64_t>(time.value); }

void Fill(const Activity& activity, v1::Activity* out) {
  out->set_tool(activity.tool);
  out->set_parameters_digest(Bytes(activity.parameters_digest));
  out->set_code_digest(Bytes(activity.code_digest));
  out->set_seed(activity.seed);
  if (activity.start.has_value()) out->set_start_ms(Ms(*activity.start));
  if (activity.end.has_value()) out->set_end_ms(Ms(*activity.end));
}

void Fill(const WeightMethod& method, v1::WeightMethod* out) {
  out->set_name(method.name);
  out->set_version(method.version);
  out->set_sign_convention(method.sign_convention);
  out->set_scores_digest(Bytes(method.scores_digest));
}

// Entry i of a list that holds one value for each edge, one for all of them, or none.
template <typename List>
int EntryFor(const List& list, int index, int absent) {
  if (list.empty()) return absent;
  return list.size() == 1 ? list.Get(0) : list.Get(index);
}

bool FitsEdges(int list_size, int edge_count) { return list_size == edge_count || list_size == 1; }

}  // namespace

v1::Fact ToFact(const Record& record, std::span<const Edge> edges,
                const std::optional<PrivateBytes>& details) {
  v1::Fact fact;
  std::visit([&](const auto& body) { FillBody(body, edges, &fact); }, record.body);
  if (record.supersedes || record.details_digest || record.blind || details) {
    v1::RecordOptions* options = fact.mutable_options();
    options->set_supersedes(Bytes(record.supersedes));
    options->set_details_digest(Bytes(record.details_digest));
    options->set_blind(Bytes(record.blind));
    if (details.has_value()) {
      options->mutable_details()->set_salt(Bytes(details->salt));
      options->mutable_details()->set_content(details->content);
    }
  }
  return fact;
}

v1::Derivation ToProto(const DerivationRecord& derivation) {
  v1::Derivation out;
  out.set_generated(Bytes(derivation.generated));
  out.set_edge_count(derivation.edge_count);
  out.set_edges_root(Bytes(derivation.edges_root));
  out.set_weight_sum(derivation.weight_sum);
  out.set_retained(derivation.retained);
  out.set_unattributed(derivation.unattributed);
  if (derivation.activity.has_value()) Fill(*derivation.activity, out.mutable_activity());
  if (derivation.method.has_value()) Fill(*derivation.method, out.mutable_method());
  if (derivation.computed_by.has_value()) {
    out.mutable_computed_by()->set_name(derivation.computed_by->name);
    out.mutable_computed_by()->set_version(derivation.computed_by->version);
  }
  if (derivation.effective_time.has_value()) {
    out.set_effective_time_ms(Ms(*derivation.effective_time));
  }
  return out;
}

v1::Edge ToProto(const Edge& edge) {
  v1::Edge out;
  out.set_input(Bytes(edge.input));
  out.set_role(ToProtoEnum<v1::Role>(edge.role));
  out.set_weight(edge.weight);
  out.set_basis(ToProtoEnum<v1::Basis>(edge.basis));
  return out;
}

v1::EdgeBlock ToBlock(std::span<const Edge> edges) {
  v1::EdgeBlock block;
  block.mutable_inputs()->reserve(edges.size() * kDigestSize);
  for (const Edge& edge : edges) {
    block.mutable_inputs()->append(edge.input.view());
    block.add_weights(edge.weight);
    block.add_roles(ToProtoEnum<v1::Role>(edge.role));
    block.add_bases(ToProtoEnum<v1::Basis>(edge.basis));
  }
  return block;
}

absl::StatusOr<std::vector<Edge>> FromBlock(const v1::EdgeBlock& block) {
  const int count = block.weights_size();
  const bool fits = block.inputs().size() == static_cast<std::size_t>(count) * kDigestSize &&
                    (count == 0 || FitsEdges(block.roles_size(), count)) &&
                    (block.bases().empty() || FitsEdges(block.bases_size(), count));
  if (!fits) return absl::DataLossError("edges: the arrays of a block differ in length");
  std::vector<Edge> edges(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    Edge& edge = edges[static_cast<std::size_t>(i)];
    const std::string_view inputs = block.inputs();
    edge.input =
        *Digest::FromBytes(inputs.substr(static_cast<std::size_t>(i) * kDigestSize, kDigestSize));
    const int role = EntryFor(block.roles(), i, 0);
    const int basis = EntryFor(block.bases(), i, v1::BASIS_DECLARED);
    if (role < 1 || role > static_cast<int>(kRoleCount) || basis < 1 ||
        basis > static_cast<int>(kBasisCount)) {
      return absl::DataLossError("edges: a role or basis that is not known");
    }
    edge.role = static_cast<Role>(role - 1);
    edge.weight = block.weights(i);
    edge.basis = static_cast<Basis>(basis - 1);
  }
  return edges;
}

std::string_view NameOf(v1::AssetKind kind) {
  return NameOfValue<AssetKind>(kind, kAssetKindCount);
}
std::string_view NameOf(v1::IdMethod method) { return NameOfValue<IdMethod>(method, 5); }
std::string_view NameOf(v1::Role role) { return NameOfValue<Role>(role, kRoleCount); }
std::string_view NameOf(v1::Basis basis) { return NameOfValue<Basis>(basis, kBasisCount); }
std::string_view NameOf(v1::ConsentUse use) { return NameOfValue<ConsentUse>(use, 3); }
std::string_view NameOf(v1::ConsentStatus status) { return NameOfValue<ConsentStatus>(status, 3); }

std::string_view NameOf(v1::LineKind kind) {
  static constexpr std::array<std::string_view, 6> kNames = {
      "", "asset", "party", "unclaimed", "undisclosed", "unattributed"};
  const auto index = static_cast<std::size_t>(kind);
  return index < kNames.size() ? kNames[index] : "";
}

std::string_view NameOf(v1::AdjustmentMode mode) { return NameOfValue<AdjustmentMode>(mode, 3); }
std::string_view NameOf(v1::HoldOutcome outcome) { return NameOfValue<HoldOutcome>(outcome, 2); }
std::string_view NameOf(v1::PayoutStatus status) { return NameOfValue<PayoutState>(status, 3); }

std::string_view NameOf(v1::SaleStatus status) {
  static constexpr std::array<std::string_view, 6> kNames = {"",       "pending", "posted",
                                                             "voided", "expired", "reversed"};
  const auto index = static_cast<std::size_t>(status);
  return index < kNames.size() ? kNames[index] : "";
}

v1::AssetKind KindFromName(std::string_view name) {
  const auto kind = FromName<AssetKind>(name);
  return kind.has_value() ? ToProtoEnum<v1::AssetKind>(*kind) : v1::ASSET_KIND_UNSPECIFIED;
}

std::string ToHex(std::string_view raw) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(raw.size() * 2);
  for (const char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  return hex;
}

absl::StatusOr<Grains> GrainsOf(std::string_view bytes) {
  const std::optional<Uint128> grains = FromBigEndian(bytes);
  if (!grains.has_value()) {
    return absl::DataLossError(StrCat("grains: found ", bytes.size(),
                                      " bytes; allowed: at most 16, without leading zero bytes"));
  }
  return *grains;
}

}  // namespace tributary
