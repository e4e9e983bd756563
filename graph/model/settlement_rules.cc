#include "graph/model/settlement_rules.h"

#include <set>

#include "graph/model/canonical_json.h"
#include "graph/model/record_checks.h"
#include "graph/model/record_type.h"
#include "graph/model/settlement_codec.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "graph/model/wide.h"

namespace tributary::internal {
namespace {

constexpr auto kEntryBytes = [](const auto& entry) { return EntryBytes(entry); };

// A set in order, in which `key_of` is different for each entry.
template <typename Entry, typename KeyOf>
absl::Status CheckKeyedSet(std::string_view field, std::string_view key_name,
                           const std::vector<Entry>& entries, std::size_t count_max, KeyOf key_of) {
  TRIBUTARY_RETURN_IF_ERROR(CheckSet(field, entries, count_max, kEntryBytes));
  std::set<std::string> keys;
  for (const Entry& entry : entries) {
    const std::string key(key_of(entry));
    if (keys.insert(key).second) continue;
    return InvalidField(StrCat(field, ".", key_name), StrCat(key, " twice"), "each once");
  }
  return absl::OkStatus();
}

absl::Status CheckAmount(std::string_view field, MinorUnits amount, Uint128 min) {
  if (amount.value >= min && amount.value <= kAmountMax) return absl::OkStatus();
  return InvalidField(field, ToDecimal(amount.value),
                      StrCat(ToDecimal(min), " to 2^126 - 1 minor units"));
}

absl::Status CheckGrains(std::string_view field, Grains grains) {
  if (grains < kMoneyGrainsEnd) return absl::OkStatus();
  return InvalidField(field, ToDecimal(grains), "below 2^127 grains");
}

absl::Status CheckPpm(std::string_view field, std::uint64_t ppm) {
  return CheckInteger(field, ppm, 1, kPartsPerMillion);
}

absl::Status CheckReason(const std::string& reason) {
  return CheckText("reason", reason, kLongTextSizeMax);
}

// A range of log positions; an absent end is open.
absl::Status CheckRange(std::uint64_t begin, std::optional<std::uint64_t> end) {
  TRIBUTARY_RETURN_IF_ERROR(CheckInteger("begin", begin, 0, kJsonIntegerMax));
  if (!end.has_value()) return absl::OkStatus();
  TRIBUTARY_RETURN_IF_ERROR(CheckInteger("end", *end, 0, kJsonIntegerMax));
  if (*end > begin) return absl::OkStatus();
  return InvalidField("end", StrCat(*end), StrCat("above begin, which is ", begin));
}

absl::Status CheckTreeSize(std::optional<std::uint64_t> tree_size) {
  if (!tree_size.has_value()) return absl::OkStatus();
  return CheckInteger("tree_size", *tree_size, 1, kJsonIntegerMax);
}

absl::Status CheckOtherParty(std::string_view field, const std::string& other,
                             const std::string& party) {
  TRIBUTARY_RETURN_IF_ERROR(CheckPartyId(other, field));
  if (other != party) return absl::OkStatus();
  return InvalidField(field, StrCat(other, ", the party itself"), "another party");
}

// --- Templates and policies ---

absl::Status CheckRule(const TemplateRule& rule) {
  if (rule.roles.empty()) {
    return InvalidField("rules.roles", "no role", "at least one role of inputs");
  }
  TRIBUTARY_RETURN_IF_ERROR(CheckKeyedSet("rules.roles", "role", rule.roles, kTemplateRoleCountMax,
                                          [](const auto& role) { return ToName(role.role); }));
  Uint128 sum = Uint128{rule.retained} + rule.unattributed;
  for (const TemplateRole& role : rule.roles) sum += role.weight;
  if (sum >= 1 && sum <= kWeightSumMax) return absl::OkStatus();
  return InvalidField(
      "rules", StrCat("weights that add up to ", ToDecimal(sum), " for ", ToName(rule.generated)),
      "a sum of at least 1, below 2^63");
}

absl::Status CheckFee(const Fee& fee) {
  TRIBUTARY_RETURN_IF_ERROR(CheckPartyId(fee.party, "fees.party"));
  TRIBUTARY_RETURN_IF_ERROR(CheckText("fees.label", fee.label, kShortTextSizeMax));
  const bool is_fixed = fee.fixed.value != 0;
  if (is_fixed == (fee.ppm != 0)) {
    return InvalidField("fees", is_fixed ? "both ppm and fixed" : "neither ppm nor fixed",
                        "one of them, at least 1");
  }
  if (!is_fixed) {
    TRIBUTARY_RETURN_IF_ERROR(CheckPpm("fees.ppm", fee.ppm));
    if (fee.currency.empty()) return absl::OkStatus();
    return InvalidField("fees.currency", Quoted(fee.currency), "a currency with fixed only");
  }
  TRIBUTARY_RETURN_IF_ERROR(CheckAmount("fees.fixed", fee.fixed, 1));
  return CheckCurrencyCode(fee.currency, "fees.currency");
}

absl::Status CheckFees(const std::vector<Fee>& fees) {
  TRIBUTARY_RETURN_IF_ERROR(CheckSet("fees", fees, kFeeCountMax, kEntryBytes));
  std::uint64_t ppm_sum = 0;
  for (const Fee& fee : fees) {
    TRIBUTARY_RETURN_IF_ERROR(CheckFee(fee));
    ppm_sum += fee.ppm;
  }
  if (ppm_sum <= kPartsPerMillion) return absl::OkStatus();
  return InvalidField("fees.ppm", StrCat("a sum of ", ppm_sum), "at most 1000000 together");
}

absl::Status CheckTerms(const std::vector<AbsoluteTerm>& terms) {
  for (const AbsoluteTerm& term : terms) {
    TRIBUTARY_RETURN_IF_ERROR(CheckPpm("absolute_terms.ppm", term.ppm));
  }
  return CheckKeyedSet("absolute_terms", "asset", terms, kAbsoluteTermCountMax,
                       [](const auto& term) { return term.asset.ToHex(); });
}

absl::Status CheckFloors(const std::vector<RoleFloor>& floors) {
  TRIBUTARY_RETURN_IF_ERROR(CheckKeyedSet("floors", "role", floors, kFloorCountMax,
                                          [](const auto& floor) { return ToName(floor.role); }));
  std::uint64_t ppm_sum = 0;
  for (const RoleFloor& floor : floors) {
    TRIBUTARY_RETURN_IF_ERROR(CheckPpm("floors.ppm", floor.ppm));
    ppm_sum += floor.ppm;
  }
  if (ppm_sum <= kPartsPerMillion) return absl::OkStatus();
  return InvalidField("floors.ppm", StrCat("a sum of ", ppm_sum), "at most 1000000 together");
}

// --- Statements ---

absl::Status CheckTotalBounds(const StatementTotal& total) {
  TRIBUTARY_RETURN_IF_ERROR(CheckCurrencyCode(total.currency, "totals.currency"));
  TRIBUTARY_RETURN_IF_ERROR(CheckInteger("totals.fraction_bits", total.fraction_bits,
                                         kFractionBitsMin, kFractionBitsMax));
  TRIBUTARY_RETURN_IF_ERROR(
      CheckInteger("totals.sale_count", total.sale_count, 0, kJsonIntegerMax));
  TRIBUTARY_RETURN_IF_ERROR(CheckGrains("totals.opening_carry", total.opening_carry));
  TRIBUTARY_RETURN_IF_ERROR(CheckGrains("totals.opening_debt", total.opening_debt));
  TRIBUTARY_RETURN_IF_ERROR(CheckGrains("totals.adjusted_up", total.adjusted_up));
  TRIBUTARY_RETURN_IF_ERROR(CheckGrains("totals.adjusted_down", total.adjusted_down));
  TRIBUTARY_RETURN_IF_ERROR(CheckGrains("totals.carry", total.carry));
  TRIBUTARY_RETURN_IF_ERROR(CheckGrains("totals.debt", total.debt));
  TRIBUTARY_RETURN_IF_ERROR(CheckAmount("totals.amount", total.amount, 0));
  TRIBUTARY_RETURN_IF_ERROR(CheckGrains("totals.paid", total.paid.value));
  return CheckGrains("totals.released", total.released.value);
}

absl::Status CheckTotal(const StatementTotal& total) {
  TRIBUTARY_RETURN_IF_ERROR(CheckTotalBounds(total));
  const auto bits = static_cast<unsigned>(total.fraction_bits);
  WideSum given;
  given.Add(total.opening_carry);
  given.Add(total.adjusted_up);
  given.Add(total.debt);
  given.AddShifted(total.amount.value, bits);
  given.AddShifted(total.released.value, bits);
  WideSum taken;
  taken.Add(total.opening_debt);
  taken.Add(total.adjusted_down);
  taken.Add(total.carry);
  taken.AddShifted(total.paid.value, bits);
  if (given == taken) return absl::OkStatus();
  return InvalidField("totals", StrCat("figures of ", total.currency, " that do not add up"),
                      "opening_carry - opening_debt + amount * 2^s + adjusted_up - adjusted_down "
                      "= (paid - released) * 2^s + carry - debt");
}

absl::Status CheckLines(std::uint64_t line_count, const Digest& lines_root) {
  TRIBUTARY_RETURN_IF_ERROR(CheckInteger("line_count", line_count, 0, kJsonIntegerMax));
  if (line_count != 0 || lines_root == Sha256("")) return absl::OkStatus();
  return InvalidField("lines_root", lines_root.ToHex(), "SHA-256 of nothing without lines");
}

absl::Status CheckAlgorithm(const std::string& algorithm) {
  return CheckPrintable("algorithm", algorithm, kShortTextSizeMax);
}

constexpr auto kCurrencyOf = [](const auto& total) { return std::string_view(total.currency); };

}  // namespace

absl::Status CheckBody(const CurrencyRecord& currency) {
  TRIBUTARY_RETURN_IF_ERROR(CheckCurrencyCode(currency.code, "code"));
  TRIBUTARY_RETURN_IF_ERROR(CheckText("name", currency.name, kNameSizeMax));
  TRIBUTARY_RETURN_IF_ERROR(CheckInteger("scale", currency.scale, 0, kCurrencyScaleMax));
  return CheckInteger("fraction_bits", currency.fraction_bits, kFractionBitsMin, kFractionBitsMax);
}

absl::Status CheckBody(const TemplateRecord& record) {
  TRIBUTARY_RETURN_IF_ERROR(CheckPartyId(record.name, "template"));
  TRIBUTARY_RETURN_IF_ERROR(CheckText("description", record.description, kLongTextSizeMax));
  if (record.rules.empty()) return InvalidField("rules", "no rule", "at least one rule");
  TRIBUTARY_RETURN_IF_ERROR(CheckKeyedSet("rules", "generated", record.rules, kTemplateRuleCountMax,
                                          [](const auto& rule) { return ToName(rule.generated); }));
  for (const TemplateRule& rule : record.rules) TRIBUTARY_RETURN_IF_ERROR(CheckRule(rule));
  return absl::OkStatus();
}

absl::Status CheckBody(const PolicyRecord& policy) {
  TRIBUTARY_RETURN_IF_ERROR(CheckPartyId(policy.name, "policy"));
  TRIBUTARY_RETURN_IF_ERROR(CheckText("description", policy.description, kLongTextSizeMax));
  TRIBUTARY_RETURN_IF_ERROR(CheckFees(policy.fees));
  TRIBUTARY_RETURN_IF_ERROR(CheckTerms(policy.absolute_terms));
  return CheckFloors(policy.floors);
}

absl::Status CheckBody(const SaleRecord& sale) {
  TRIBUTARY_RETURN_IF_ERROR(CheckReference(sale.reference));
  TRIBUTARY_RETURN_IF_ERROR(CheckAmount("amount", sale.amount, 1));
  TRIBUTARY_RETURN_IF_ERROR(CheckCurrencyCode(sale.currency));
  TRIBUTARY_RETURN_IF_ERROR(CheckTreeSize(sale.tree_size));
  TRIBUTARY_RETURN_IF_ERROR(CheckTime("pending_until", sale.pending_until));
  TRIBUTARY_RETURN_IF_ERROR(CheckTime("sold_at", sale.sold_at));
  return CheckPairs("attributes", sale.attributes);
}

absl::Status CheckBody(const EscrowRecord& escrow) { return CheckReason(escrow.reason); }

absl::Status CheckBody(const ReversalRecord& reversal) { return CheckReason(reversal.reason); }

absl::Status CheckBody(const CorrectionRecord& correction) {
  if (!correction.amount && !correction.asset && !correction.tree_size && !correction.policy) {
    return InvalidField("correction", "nothing that it changes",
                        "at least one of amount, asset, policy, tree_size");
  }
  if (correction.amount) TRIBUTARY_RETURN_IF_ERROR(CheckAmount("amount", *correction.amount, 1));
  TRIBUTARY_RETURN_IF_ERROR(CheckTreeSize(correction.tree_size));
  return CheckReason(correction.reason);
}

absl::Status CheckBody(const StatementRecord& statement) {
  TRIBUTARY_RETURN_IF_ERROR(CheckInteger("number", statement.number, 1, kJsonIntegerMax));
  if (statement.previous.has_value() != (statement.number > 1)) {
    return InvalidField("previous", statement.previous ? "a statement" : "no statement",
                        "the statement before, in every one but the first");
  }
  TRIBUTARY_RETURN_IF_ERROR(CheckRange(statement.begin, statement.end));
  TRIBUTARY_RETURN_IF_ERROR(CheckAlgorithm(statement.algorithm));
  TRIBUTARY_RETURN_IF_ERROR(CheckLines(statement.line_count, statement.lines_root));
  for (const StatementTotal& total : statement.totals) {
    TRIBUTARY_RETURN_IF_ERROR(CheckTotal(total));
  }
  return CheckKeyedSet("totals", "currency", statement.totals, kStatementTotalCountMax,
                       kCurrencyOf);
}

absl::Status CheckBody(const AdjustmentRecord& adjustment) {
  TRIBUTARY_RETURN_IF_ERROR(CheckTreeSize(adjustment.tree_size));
  TRIBUTARY_RETURN_IF_ERROR(CheckAlgorithm(adjustment.algorithm));
  TRIBUTARY_RETURN_IF_ERROR(CheckLines(adjustment.line_count, adjustment.lines_root));
  for (const AdjustmentTotal& total : adjustment.totals) {
    TRIBUTARY_RETURN_IF_ERROR(CheckCurrencyCode(total.currency, "totals.currency"));
    TRIBUTARY_RETURN_IF_ERROR(CheckGrains("totals.increase", total.increase));
    TRIBUTARY_RETURN_IF_ERROR(CheckGrains("totals.decrease", total.decrease));
  }
  TRIBUTARY_RETURN_IF_ERROR(
      CheckKeyedSet("totals", "currency", adjustment.totals, kStatementTotalCountMax, kCurrencyOf));
  return CheckReason(adjustment.reason);
}

absl::Status CheckBody(const HoldRecord& hold) {
  TRIBUTARY_RETURN_IF_ERROR(CheckReference(hold.reference));
  const int subject_count = (hold.asset ? 1 : 0) + (hold.party.empty() ? 0 : 1) +
                            (hold.derivation ? 1 : 0) + (hold.sale ? 1 : 0);
  if (subject_count != 1) {
    return InvalidField("hold", StrCat(subject_count, " subjects"),
                        "exactly one of asset, derivation, party, sale");
  }
  if (!hold.party.empty()) TRIBUTARY_RETURN_IF_ERROR(CheckPartyId(hold.party));
  if (!hold.claimant.empty()) TRIBUTARY_RETURN_IF_ERROR(CheckPartyId(hold.claimant, "claimant"));
  if (hold.reason.empty()) return InvalidField("reason", "no text", "a text");
  return CheckReason(hold.reason);
}

absl::Status CheckBody(const HoldReleaseRecord& release) {
  if ((release.outcome == HoldOutcome::kRerouted) == release.recipients.empty()) {
    return InvalidField(
        "recipients", StrCat(release.recipients.size(), " with outcome ", ToName(release.outcome)),
        "recipients with outcome rerouted, and only then");
  }
  TRIBUTARY_RETURN_IF_ERROR(CheckHolders("recipients", release.recipients));
  return CheckReason(release.reason);
}

absl::Status CheckBody(const MandateRecord& mandate) {
  TRIBUTARY_RETURN_IF_ERROR(CheckPartyId(mandate.party));
  TRIBUTARY_RETURN_IF_ERROR(CheckOtherParty("collector", mandate.collector, mandate.party));
  TRIBUTARY_RETURN_IF_ERROR(CheckRange(mandate.begin, mandate.end));
  return CheckReason(mandate.reason);
}

absl::Status CheckBody(const AssignmentRecord& assignment) {
  TRIBUTARY_RETURN_IF_ERROR(CheckPartyId(assignment.party));
  TRIBUTARY_RETURN_IF_ERROR(CheckOtherParty("assignee", assignment.assignee, assignment.party));
  TRIBUTARY_RETURN_IF_ERROR(CheckRange(assignment.begin, assignment.end));
  return CheckReason(assignment.reason);
}

absl::Status CheckBody(const PartyMergeRecord& merge) {
  TRIBUTARY_RETURN_IF_ERROR(CheckPartyId(merge.party));
  if (!merge.into.empty()) {
    TRIBUTARY_RETURN_IF_ERROR(CheckOtherParty("into", merge.into, merge.party));
  }
  return CheckReason(merge.reason);
}

absl::Status CheckBody(const PayoutBatchRecord& batch) {
  TRIBUTARY_RETURN_IF_ERROR(CheckReference(batch.reference));
  TRIBUTARY_RETURN_IF_ERROR(CheckCurrencyCode(batch.currency));
  TRIBUTARY_RETURN_IF_ERROR(CheckTreeSize(batch.tree_size));
  if (batch.lines.empty()) return InvalidField("lines", "no line", "at least one line");
  for (const PayoutLine& line : batch.lines) {
    TRIBUTARY_RETURN_IF_ERROR(CheckPartyId(line.party, "lines.party"));
    TRIBUTARY_RETURN_IF_ERROR(CheckAmount("lines.amount", line.amount, 1));
  }
  return CheckKeyedSet("lines", "party", batch.lines, kPayoutLineCountMax,
                       [](const auto& line) { return std::string_view(line.party); });
}

absl::Status CheckBody(const PayoutStateRecord& state) {
  if (!state.party.empty()) TRIBUTARY_RETURN_IF_ERROR(CheckPartyId(state.party));
  TRIBUTARY_RETURN_IF_ERROR(
      CheckText("external_reference", state.external_reference, kNameSizeMax));
  return CheckReason(state.reason);
}

// --- Identity ---

std::string Identity(const CurrencyRecord& currency) { return StrCat("currency:", currency.code); }
std::string Identity(const TemplateRecord& record) { return StrCat("template:", record.name); }
std::string Identity(const PolicyRecord& policy) { return StrCat("policy:", policy.name); }
std::string Identity(const SaleRecord& sale) { return StrCat("sale:", sale.reference); }
std::string Identity(const EscrowRecord& escrow) { return StrCat("escrow:", escrow.sale.view()); }
std::string Identity(const ReversalRecord& reversal) {
  return StrCat("reversal:", reversal.sale.view());
}
std::string Identity(const CorrectionRecord& correction) {
  return StrCat("correction:", correction.sale.view());
}
std::string Identity(const StatementRecord& statement) {
  return StrCat("statement:", statement.number);
}
std::string Identity(const AdjustmentRecord& adjustment) {
  return StrCat("adjustment:", adjustment.statement.view(), adjustment.cause.view());
}
std::string Identity(const HoldRecord& hold) { return StrCat("hold:", hold.reference); }
std::string Identity(const HoldReleaseRecord& release) {
  return StrCat("hold_release:", release.hold.view());
}
std::string Identity(const MandateRecord& mandate) {
  return StrCat("mandate:", mandate.begin, ":", mandate.party);
}
std::string Identity(const AssignmentRecord& assignment) {
  return StrCat("assignment:", assignment.begin, ":", assignment.party);
}
std::string Identity(const PartyMergeRecord& merge) { return StrCat("party_merge:", merge.party); }
std::string Identity(const PayoutBatchRecord& batch) {
  return StrCat("payout_batch:", batch.reference);
}
std::string Identity(const PayoutStateRecord& state) {
  return StrCat("payout_state:", state.batch.view(), state.party);
}

absl::Status CheckSupersedes(const Record& record) {
  const RecordBody& body = record.body;
  const auto* merge = std::get_if<PartyMergeRecord>(&body);
  if (!record.supersedes.has_value()) {
    if (merge == nullptr || !merge->into.empty()) return absl::OkStatus();
    return InvalidField("into", "no party", "a party, or supersedes to part the two again");
  }
  if (!IsFinal(body)) return absl::OkStatus();
  return InvalidField("supersedes", record.supersedes->ToHex(),
                      StrCat("nothing: ", TypeName(body), " is never superseded"));
}

void SortSettlementLists(RecordBody* body) {
  if (auto* record = std::get_if<TemplateRecord>(body)) {
    for (TemplateRule& rule : record->rules) SortByBytes(&rule.roles, kEntryBytes);
    SortByBytes(&record->rules, kEntryBytes);
  } else if (auto* policy = std::get_if<PolicyRecord>(body)) {
    SortByBytes(&policy->fees, kEntryBytes);
    SortByBytes(&policy->absolute_terms, kEntryBytes);
    SortByBytes(&policy->floors, kEntryBytes);
  } else if (auto* sale = std::get_if<SaleRecord>(body)) {
    SortByBytes(&sale->attributes, PairBytes);
  } else if (auto* statement = std::get_if<StatementRecord>(body)) {
    SortByBytes(&statement->totals, kEntryBytes);
  } else if (auto* adjustment = std::get_if<AdjustmentRecord>(body)) {
    SortByBytes(&adjustment->totals, kEntryBytes);
  } else if (auto* release = std::get_if<HoldReleaseRecord>(body)) {
    SortHolders(&release->recipients);
  } else if (auto* batch = std::get_if<PayoutBatchRecord>(body)) {
    SortByBytes(&batch->lines, kEntryBytes);
  }
}

}  // namespace tributary::internal
