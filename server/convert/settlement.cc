#include "server/convert/settlement.h"

#include <utility>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "server/convert/enums.h"
#include "server/convert/scalars.h"

namespace tributary::server {
namespace {

// "rules[3].roles"
std::string ItemField(std::string_view list, std::size_t index, std::string_view key) {
  return StrCat(list, "[", index, "].", key);
}

absl::StatusOr<TemplateRole> RoleFrom(const v1::TemplateRole& message, std::string_view path) {
  TemplateRole role;
  TRIBUTARY_ASSIGN_OR_RETURN(role.role, FromProto(message.role(), StrCat(path, ".role")));
  role.weight = message.weight();
  TRIBUTARY_ASSIGN_OR_RETURN(role.sharing, FromProto(message.sharing(), StrCat(path, ".sharing")));
  TRIBUTARY_ASSIGN_OR_RETURN(role.absent, FromProto(message.absent(), StrCat(path, ".absent")));
  return role;
}

absl::StatusOr<TemplateRule> RuleFrom(const v1::TemplateRule& message, std::size_t index) {
  TemplateRule rule;
  TRIBUTARY_ASSIGN_OR_RETURN(
      rule.generated, FromProto(message.generated(), ItemField("rules", index, "generated")));
  rule.retained = message.retained();
  rule.unattributed = message.unattributed();
  for (const v1::TemplateRole& role : message.roles()) {
    const std::string path =
        StrCat(ItemField("rules", index, "roles"), "[", rule.roles.size(), "]");
    TRIBUTARY_ASSIGN_OR_RETURN(TemplateRole parsed, RoleFrom(role, path));
    rule.roles.push_back(parsed);
  }
  return rule;
}

absl::StatusOr<Fee> FeeFrom(const v1::Fee& message, std::size_t index) {
  Fee fee{.party = message.party(),
          .label = message.label(),
          .ppm = message.ppm(),
          .currency = message.currency()};
  TRIBUTARY_ASSIGN_OR_RETURN(fee.fixed,
                             AmountFromProto(message.fixed(), ItemField("fees", index, "fixed")));
  return fee;
}

}  // namespace

absl::StatusOr<MinorUnits> AmountFromProto(std::string_view digits, std::string_view field) {
  if (digits.empty()) return MinorUnits{};
  const std::optional<Uint128> value = ParseUint128(digits);
  if (value.has_value()) return MinorUnits{*value};
  return InvalidField(field, Quoted(digits),
                      "minor units: digits without sign, point or leading zeros");
}

absl::StatusOr<CurrencyRecord> FromProto(const v1::Currency& message) {
  return CurrencyRecord{.code = message.code(),
                        .name = message.name(),
                        .scale = message.scale(),
                        .fraction_bits = message.fraction_bits()};
}

absl::StatusOr<TemplateRecord> FromProto(const v1::Template& message) {
  TemplateRecord record{
      .name = message.template_(), .description = message.description(), .rules = {}};
  for (const v1::TemplateRule& rule : message.rules()) {
    TRIBUTARY_ASSIGN_OR_RETURN(TemplateRule parsed, RuleFrom(rule, record.rules.size()));
    record.rules.push_back(std::move(parsed));
  }
  return record;
}

absl::StatusOr<PolicyRecord> FromProto(const v1::Policy& message) {
  PolicyRecord policy;
  policy.name = message.policy();
  policy.description = message.description();
  for (const v1::Fee& fee : message.fees()) {
    TRIBUTARY_ASSIGN_OR_RETURN(Fee parsed, FeeFrom(fee, policy.fees.size()));
    policy.fees.push_back(std::move(parsed));
  }
  for (const v1::AbsoluteTerm& term : message.absolute_terms()) {
    const std::size_t index = policy.absolute_terms.size();
    TRIBUTARY_ASSIGN_OR_RETURN(
        const Digest asset,
        DigestFromProto(term.asset(), ItemField("absolute_terms", index, "asset")));
    policy.absolute_terms.push_back({asset, term.ppm()});
  }
  for (const v1::RoleFloor& floor : message.floors()) {
    const std::size_t index = policy.floors.size();
    TRIBUTARY_ASSIGN_OR_RETURN(const Role role,
                               FromProto(floor.role(), ItemField("floors", index, "role")));
    policy.floors.push_back({role, floor.ppm()});
  }
  TRIBUTARY_ASSIGN_OR_RETURN(policy.undisclosed, FromProto(message.undisclosed(), "undisclosed"));
  TRIBUTARY_ASSIGN_OR_RETURN(policy.unclaimed, FromProto(message.unclaimed(), "unclaimed"));
  return policy;
}

absl::StatusOr<SaleRecord> FromProto(const v1::Sale& message) {
  SaleRecord sale;
  sale.reference = message.reference();
  TRIBUTARY_ASSIGN_OR_RETURN(sale.asset, DigestFromProto(message.asset(), "asset"));
  TRIBUTARY_ASSIGN_OR_RETURN(sale.amount, AmountFromProto(message.amount(), "amount"));
  sale.currency = message.currency();
  if (message.has_tree_size()) sale.tree_size = message.tree_size();
  TRIBUTARY_ASSIGN_OR_RETURN(sale.policy, OptionalDigestFromProto(message.policy(), "policy"));
  if (message.has_pending_until_ms()) {
    TRIBUTARY_ASSIGN_OR_RETURN(sale.pending_until,
                               TimeFromProto(message.pending_until_ms(), "pending_until_ms"));
  }
  if (message.has_sold_at_ms()) {
    TRIBUTARY_ASSIGN_OR_RETURN(sale.sold_at, TimeFromProto(message.sold_at_ms(), "sold_at_ms"));
  }
  for (const v1::Attribute& attribute : message.attributes()) {
    sale.attributes.emplace_back(attribute.key(), attribute.value());
  }
  return sale;
}

absl::StatusOr<EscrowRecord> FromProto(const v1::Escrow& message) {
  EscrowRecord escrow;
  TRIBUTARY_ASSIGN_OR_RETURN(escrow.sale, DigestFromProto(message.sale(), "sale"));
  TRIBUTARY_ASSIGN_OR_RETURN(escrow.outcome, FromProto(message.outcome(), "outcome"));
  escrow.reason = message.reason();
  return escrow;
}

absl::StatusOr<ReversalRecord> FromProto(const v1::Reversal& message) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Digest sale, DigestFromProto(message.sale(), "sale"));
  return ReversalRecord{sale, message.reason()};
}

absl::StatusOr<CorrectionRecord> FromProto(const v1::Correction& message) {
  CorrectionRecord correction;
  TRIBUTARY_ASSIGN_OR_RETURN(correction.sale, DigestFromProto(message.sale(), "sale"));
  if (!message.amount().empty()) {
    TRIBUTARY_ASSIGN_OR_RETURN(correction.amount, AmountFromProto(message.amount(), "amount"));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(correction.asset, OptionalDigestFromProto(message.asset(), "asset"));
  TRIBUTARY_ASSIGN_OR_RETURN(correction.policy,
                             OptionalDigestFromProto(message.policy(), "policy"));
  if (message.has_tree_size()) correction.tree_size = message.tree_size();
  correction.reason = message.reason();
  return correction;
}

absl::StatusOr<HoldRecord> FromProto(const v1::Hold& message) {
  HoldRecord hold;
  hold.reference = message.reference();
  TRIBUTARY_ASSIGN_OR_RETURN(hold.asset, OptionalDigestFromProto(message.asset(), "asset"));
  hold.party = message.party();
  TRIBUTARY_ASSIGN_OR_RETURN(hold.derivation,
                             OptionalDigestFromProto(message.derivation(), "derivation"));
  TRIBUTARY_ASSIGN_OR_RETURN(hold.sale, OptionalDigestFromProto(message.sale(), "sale"));
  hold.reason = message.reason();
  hold.claimant = message.claimant();
  TRIBUTARY_ASSIGN_OR_RETURN(hold.evidence_digest,
                             OptionalDigestFromProto(message.evidence_digest(), "evidence_digest"));
  return hold;
}

absl::StatusOr<HoldReleaseRecord> FromProto(const v1::HoldRelease& message) {
  HoldReleaseRecord release;
  TRIBUTARY_ASSIGN_OR_RETURN(release.hold, DigestFromProto(message.hold(), "hold"));
  TRIBUTARY_ASSIGN_OR_RETURN(release.outcome, FromProto(message.outcome(), "outcome"));
  for (const v1::Holder& holder : message.recipients()) {
    release.recipients.push_back({holder.party(), holder.units()});
  }
  release.reason = message.reason();
  TRIBUTARY_ASSIGN_OR_RETURN(release.evidence_digest,
                             OptionalDigestFromProto(message.evidence_digest(), "evidence_digest"));
  return release;
}

absl::StatusOr<MandateRecord> FromProto(const v1::Mandate& message) {
  return MandateRecord{.party = message.party(),
                       .collector = message.collector(),
                       .begin = message.begin(),
                       .end = message.has_end() ? std::optional(message.end()) : std::nullopt,
                       .reason = message.reason()};
}

absl::StatusOr<AssignmentRecord> FromProto(const v1::Assignment& message) {
  return AssignmentRecord{.party = message.party(),
                          .assignee = message.assignee(),
                          .begin = message.begin(),
                          .end = message.has_end() ? std::optional(message.end()) : std::nullopt,
                          .reason = message.reason()};
}

absl::StatusOr<PartyMergeRecord> FromProto(const v1::PartyMerge& message) {
  return PartyMergeRecord{message.party(), message.into(), message.reason()};
}

absl::StatusOr<PayoutStateRecord> FromProto(const v1::PayoutState& message) {
  PayoutStateRecord state;
  TRIBUTARY_ASSIGN_OR_RETURN(state.batch, DigestFromProto(message.batch(), "batch"));
  state.party = message.party();
  TRIBUTARY_ASSIGN_OR_RETURN(state.state, FromProto(message.status(), "status"));
  state.external_reference = message.external_reference();
  state.reason = message.reason();
  return state;
}

}  // namespace tributary::server
