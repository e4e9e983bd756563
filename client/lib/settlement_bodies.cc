#include "client/lib/settlement_bodies.h"

namespace tributary::internal {
namespace {

// An enumerator of the wire is that of the domain plus one: 0 is "unspecified".
template <typename Proto, typename Enum>
Proto ToProtoEnum(Enum value) {
  return static_cast<Proto>(static_cast<int>(value) + 1);
}

std::string Bytes(const Digest& digest) { return std::string(digest.view()); }
std::string Bytes(const std::optional<Digest>& digest) {
  return digest.has_value() ? Bytes(*digest) : std::string();
}
std::string Digits(MinorUnits amount) { return ToDecimal(amount.value); }
std::int64_t Ms(TimeMs time) { return static_cast<std::int64_t>(time.value); }

void FillRule(const TemplateRule& rule, v1::TemplateRule* out) {
  out->set_generated(ToProtoEnum<v1::AssetKind>(rule.generated));
  out->set_retained(rule.retained);
  out->set_unattributed(rule.unattributed);
  for (const TemplateRole& role : rule.roles) {
    v1::TemplateRole* added = out->add_roles();
    added->set_role(ToProtoEnum<v1::Role>(role.role));
    added->set_weight(role.weight);
    added->set_sharing(ToProtoEnum<v1::RoleSharing>(role.sharing));
    added->set_absent(ToProtoEnum<v1::AbsentPart>(role.absent));
  }
}

void FillFee(const Fee& fee, v1::Fee* out) {
  out->set_party(fee.party);
  out->set_label(fee.label);
  out->set_ppm(fee.ppm);
  if (fee.fixed.value != 0) out->set_fixed(Digits(fee.fixed));
  out->set_currency(fee.currency);
}

}  // namespace

void Fill(const CurrencyRecord& currency, v1::Currency* out) {
  out->set_code(currency.code);
  out->set_name(currency.name);
  out->set_scale(static_cast<std::uint32_t>(currency.scale));
  out->set_fraction_bits(static_cast<std::uint32_t>(currency.fraction_bits));
}

void Fill(const TemplateRecord& record, v1::Template* out) {
  out->set_template_(record.name);
  out->set_description(record.description);
  for (const TemplateRule& rule : record.rules) FillRule(rule, out->add_rules());
}

void Fill(const PolicyRecord& policy, v1::Policy* out) {
  out->set_policy(policy.name);
  out->set_description(policy.description);
  for (const Fee& fee : policy.fees) FillFee(fee, out->add_fees());
  for (const AbsoluteTerm& term : policy.absolute_terms) {
    v1::AbsoluteTerm* added = out->add_absolute_terms();
    added->set_asset(Bytes(term.asset));
    added->set_ppm(term.ppm);
  }
  for (const RoleFloor& floor : policy.floors) {
    v1::RoleFloor* added = out->add_floors();
    added->set_role(ToProtoEnum<v1::Role>(floor.role));
    added->set_ppm(floor.ppm);
  }
  out->set_undisclosed(ToProtoEnum<v1::UndisclosedRule>(policy.undisclosed));
  out->set_unclaimed(ToProtoEnum<v1::UnclaimedRule>(policy.unclaimed));
}

void Fill(const SaleRecord& sale, v1::Sale* out) {
  out->set_reference(sale.reference);
  out->set_asset(Bytes(sale.asset));
  out->set_amount(Digits(sale.amount));
  out->set_currency(sale.currency);
  if (sale.tree_size.has_value()) out->set_tree_size(*sale.tree_size);
  out->set_policy(Bytes(sale.policy));
  if (sale.pending_until.has_value()) out->set_pending_until_ms(Ms(*sale.pending_until));
  if (sale.sold_at.has_value()) out->set_sold_at_ms(Ms(*sale.sold_at));
  for (const auto& [key, value] : sale.attributes) {
    v1::Attribute* attribute = out->add_attributes();
    attribute->set_key(key);
    attribute->set_value(value);
  }
}

void Fill(const EscrowRecord& escrow, v1::Escrow* out) {
  out->set_sale(Bytes(escrow.sale));
  out->set_outcome(ToProtoEnum<v1::EscrowOutcome>(escrow.outcome));
  out->set_reason(escrow.reason);
}

void Fill(const ReversalRecord& reversal, v1::Reversal* out) {
  out->set_sale(Bytes(reversal.sale));
  out->set_reason(reversal.reason);
}

void Fill(const CorrectionRecord& correction, v1::Correction* out) {
  out->set_sale(Bytes(correction.sale));
  if (correction.amount.has_value()) out->set_amount(Digits(*correction.amount));
  out->set_asset(Bytes(correction.asset));
  out->set_policy(Bytes(correction.policy));
  if (correction.tree_size.has_value()) out->set_tree_size(*correction.tree_size);
  out->set_reason(correction.reason);
}

void Fill(const HoldRecord& hold, v1::Hold* out) {
  out->set_reference(hold.reference);
  out->set_asset(Bytes(hold.asset));
  out->set_party(hold.party);
  out->set_derivation(Bytes(hold.derivation));
  out->set_sale(Bytes(hold.sale));
  out->set_reason(hold.reason);
  out->set_claimant(hold.claimant);
  out->set_evidence_digest(Bytes(hold.evidence_digest));
}

void Fill(const HoldReleaseRecord& release, v1::HoldRelease* out) {
  out->set_hold(Bytes(release.hold));
  out->set_outcome(ToProtoEnum<v1::HoldOutcome>(release.outcome));
  for (const Holder& holder : release.recipients) {
    v1::Holder* added = out->add_recipients();
    added->set_party(holder.party);
    added->set_units(holder.units);
  }
  out->set_reason(release.reason);
  out->set_evidence_digest(Bytes(release.evidence_digest));
}

void Fill(const MandateRecord& mandate, v1::Mandate* out) {
  out->set_party(mandate.party);
  out->set_collector(mandate.collector);
  out->set_begin(mandate.begin);
  if (mandate.end.has_value()) out->set_end(*mandate.end);
  out->set_reason(mandate.reason);
}

void Fill(const AssignmentRecord& assignment, v1::Assignment* out) {
  out->set_party(assignment.party);
  out->set_assignee(assignment.assignee);
  out->set_begin(assignment.begin);
  if (assignment.end.has_value()) out->set_end(*assignment.end);
  out->set_reason(assignment.reason);
}

void Fill(const PartyMergeRecord& merge, v1::PartyMerge* out) {
  out->set_party(merge.party);
  out->set_into(merge.into);
  out->set_reason(merge.reason);
}

void Fill(const PayoutStateRecord& state, v1::PayoutState* out) {
  out->set_batch(Bytes(state.batch));
  out->set_party(state.party);
  out->set_status(ToProtoEnum<v1::PayoutStatus>(state.state));
  out->set_external_reference(state.external_reference);
  out->set_reason(state.reason);
}

}  // namespace tributary::internal
