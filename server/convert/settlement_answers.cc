// Records of sales and statements to the wire.

#include "server/convert/enums.h"
#include "server/convert/scalars.h"
#include "server/convert/settlement.h"

namespace tributary::server {
namespace {

std::string OptionalToProto(const std::optional<Digest>& digest) {
  return digest.has_value() ? ToProto(*digest) : std::string();
}

void TotalTo(const StatementTotal& total, v1::StatementTotal* message) {
  message->set_currency(total.currency);
  message->set_fraction_bits(static_cast<std::uint32_t>(total.fraction_bits));
  message->set_sale_count(total.sale_count);
  message->set_amount(ToProto(total.amount));
  message->set_opening_carry(ToBigEndian(total.opening_carry));
  message->set_opening_debt(ToBigEndian(total.opening_debt));
  message->set_adjusted_up(ToBigEndian(total.adjusted_up));
  message->set_adjusted_down(ToBigEndian(total.adjusted_down));
  message->set_paid(ToProto(total.paid));
  message->set_released(ToProto(total.released));
  message->set_carry(ToBigEndian(total.carry));
  message->set_debt(ToBigEndian(total.debt));
}

void RuleTo(const TemplateRule& rule, v1::TemplateRule* message) {
  message->set_generated(ToProto(rule.generated));
  message->set_retained(rule.retained);
  message->set_unattributed(rule.unattributed);
  for (const TemplateRole& role : rule.roles) {
    v1::TemplateRole* added = message->add_roles();
    added->set_role(ToProto(role.role));
    added->set_weight(role.weight);
    added->set_sharing(ToProto(role.sharing));
    added->set_absent(ToProto(role.absent));
  }
}

}  // namespace

void ToProto(const CurrencyRecord& currency, v1::Currency* message) {
  message->set_code(currency.code);
  message->set_name(currency.name);
  message->set_scale(static_cast<std::uint32_t>(currency.scale));
  message->set_fraction_bits(static_cast<std::uint32_t>(currency.fraction_bits));
}

void ToProto(const TemplateRecord& record, v1::Template* message) {
  message->set_template_(record.name);
  message->set_description(record.description);
  for (const TemplateRule& rule : record.rules) RuleTo(rule, message->add_rules());
}

void ToProto(const PolicyRecord& policy, v1::Policy* message) {
  message->set_policy(policy.name);
  message->set_description(policy.description);
  for (const Fee& fee : policy.fees) {
    v1::Fee* added = message->add_fees();
    added->set_party(fee.party);
    added->set_label(fee.label);
    added->set_ppm(fee.ppm);
    if (fee.fixed.value != 0) added->set_fixed(ToProto(fee.fixed));
    added->set_currency(fee.currency);
  }
  for (const AbsoluteTerm& term : policy.absolute_terms) {
    v1::AbsoluteTerm* added = message->add_absolute_terms();
    added->set_asset(ToProto(term.asset));
    added->set_ppm(term.ppm);
  }
  for (const RoleFloor& floor : policy.floors) {
    v1::RoleFloor* added = message->add_floors();
    added->set_role(ToProto(floor.role));
    added->set_ppm(floor.ppm);
  }
  message->set_undisclosed(ToProto(policy.undisclosed));
  message->set_unclaimed(ToProto(policy.unclaimed));
}

void ToProto(const SaleRecord& sale, v1::Sale* message) {
  message->set_reference(sale.reference);
  message->set_asset(ToProto(sale.asset));
  message->set_amount(ToProto(sale.amount));
  message->set_currency(sale.currency);
  if (sale.tree_size.has_value()) message->set_tree_size(*sale.tree_size);
  message->set_policy(OptionalToProto(sale.policy));
  if (sale.pending_until.has_value()) message->set_pending_until_ms(ToProto(*sale.pending_until));
  if (sale.sold_at.has_value()) message->set_sold_at_ms(ToProto(*sale.sold_at));
  for (const auto& [key, value] : sale.attributes) {
    v1::Attribute* attribute = message->add_attributes();
    attribute->set_key(key);
    attribute->set_value(value);
  }
}

void ToProto(const StatementRecord& statement, v1::Statement* message) {
  message->set_number(statement.number);
  message->set_previous(OptionalToProto(statement.previous));
  message->set_begin(statement.begin);
  message->set_end(statement.end);
  message->set_algorithm(statement.algorithm);
  message->set_line_count(statement.line_count);
  message->set_lines_root(ToProto(statement.lines_root));
  message->set_policy(OptionalToProto(statement.policy));
  for (const StatementTotal& total : statement.totals) TotalTo(total, message->add_totals());
}

void ToProto(const AdjustmentRecord& adjustment, v1::Adjustment* message) {
  message->set_statement(ToProto(adjustment.statement));
  message->set_cause(ToProto(adjustment.cause));
  message->set_mode(ToProto(adjustment.mode));
  message->set_tree_size(adjustment.tree_size);
  message->set_algorithm(adjustment.algorithm);
  message->set_line_count(adjustment.line_count);
  message->set_lines_root(ToProto(adjustment.lines_root));
  for (const AdjustmentTotal& total : adjustment.totals) {
    v1::AdjustmentTotal* added = message->add_totals();
    added->set_currency(total.currency);
    added->set_increase(ToBigEndian(total.increase));
    added->set_decrease(ToBigEndian(total.decrease));
  }
  message->set_reason(adjustment.reason);
}

void ToProto(const HoldRecord& hold, v1::Hold* message) {
  message->set_reference(hold.reference);
  message->set_asset(OptionalToProto(hold.asset));
  message->set_party(hold.party);
  message->set_derivation(OptionalToProto(hold.derivation));
  message->set_sale(OptionalToProto(hold.sale));
  message->set_reason(hold.reason);
  message->set_claimant(hold.claimant);
  message->set_evidence_digest(OptionalToProto(hold.evidence_digest));
}

void ToProto(const HoldReleaseRecord& release, v1::HoldRelease* message) {
  message->set_hold(ToProto(release.hold));
  message->set_outcome(ToProto(release.outcome));
  for (const Holder& holder : release.recipients) {
    v1::Holder* added = message->add_recipients();
    added->set_party(holder.party);
    added->set_units(holder.units);
  }
  message->set_reason(release.reason);
  message->set_evidence_digest(OptionalToProto(release.evidence_digest));
}

void ToProto(const PayoutBatchRecord& batch, v1::PayoutBatch* message) {
  message->set_reference(batch.reference);
  message->set_currency(batch.currency);
  message->set_tree_size(batch.tree_size);
  for (const PayoutLine& line : batch.lines) {
    v1::PayoutLine* added = message->add_lines();
    added->set_party(line.party);
    added->set_amount(ToProto(line.amount));
  }
}

void ToProto(const StatementLine& line, v1::StatementLine* message) {
  message->set_payee(line.payee);
  message->set_currency(line.currency);
  message->set_opening_carry(ToBigEndian(line.opening_carry));
  message->set_opening_debt(ToBigEndian(line.opening_debt));
  message->set_earned(ToBigEndian(line.earned));
  message->set_adjusted_up(ToBigEndian(line.adjusted_up));
  message->set_adjusted_down(ToBigEndian(line.adjusted_down));
  message->set_paid(ToProto(line.paid));
  message->set_released(ToProto(line.released));
  message->set_carry(ToBigEndian(line.carry));
  message->set_debt(ToBigEndian(line.debt));
}

void ToProto(const AdjustmentLine& line, v1::AdjustmentLine* message) {
  message->set_payee(line.payee);
  message->set_currency(line.currency);
  message->set_old_grains(ToBigEndian(line.old_grains));
  message->set_new_grains(ToBigEndian(line.new_grains));
  message->set_increase(ToBigEndian(line.increase()));
  message->set_decrease(ToBigEndian(line.decrease()));
}

}  // namespace tributary::server
