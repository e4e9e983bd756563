#include "graph/model/settlement_codec.h"

namespace tributary::internal {
namespace {

// --- Entries of sets ---

void Write(const TemplateRole& role, ObjectWriter* out) {
  out->Text("absent", ToName(role.absent));
  out->Text("role", ToName(role.role));
  out->Text("sharing", ToName(role.sharing));
  out->Decimal("weight", role.weight);
}

TemplateRole ReadTemplateRole(ObjectReader* in) {
  TemplateRole role;
  role.absent = in->Name<AbsentPart>("absent");
  role.role = in->Name<Role>("role");
  role.sharing = in->Name<RoleSharing>("sharing");
  role.weight = in->RequiredDecimal("weight");
  return role;
}

template <typename Entry>
JsonValue::List EntryList(const std::vector<Entry>& entries);

// Reads a list of objects, each with `read`.
template <typename Entry>
std::vector<Entry> ReadEntries(ObjectReader* in, std::string_view key,
                               Entry (*read)(ObjectReader*)) {
  std::vector<Entry> entries;
  for (const JsonValue& item : in->List(key)) {
    ObjectReader entry(item, std::string(key));
    entries.push_back(read(&entry));
    in->Keep(entry.Finish());
  }
  return entries;
}

void Write(const TemplateRule& rule, ObjectWriter* out) {
  out->Text("generated", ToName(rule.generated));
  out->Decimal("retained", rule.retained);
  out->List("roles", EntryList(rule.roles));
  out->Decimal("unattributed", rule.unattributed);
}

TemplateRule ReadTemplateRule(ObjectReader* in) {
  TemplateRule rule;
  rule.generated = in->Name<AssetKind>("generated");
  rule.retained = in->RequiredDecimal("retained");
  rule.roles = ReadEntries(in, "roles", ReadTemplateRole);
  rule.unattributed = in->RequiredDecimal("unattributed");
  return rule;
}

// A fee has one of two forms, and the other's keys are left out.
void Write(const Fee& fee, ObjectWriter* out) {
  out->Text("currency", fee.currency);
  if (fee.fixed.value != 0) out->Decimal128("fixed", fee.fixed.value);
  out->Text("label", fee.label);
  out->Text("party", fee.party);
  if (fee.ppm != 0) out->Integer("ppm", fee.ppm);
}

Fee ReadFee(ObjectReader* in) {
  Fee fee;
  fee.currency = in->Text("currency");
  fee.fixed.value = in->Decimal128("fixed").value_or(0);
  fee.label = in->Text("label");
  fee.party = in->RequiredText("party");
  fee.ppm = in->Integer("ppm").value_or(0);
  return fee;
}

void Write(const AbsoluteTerm& term, ObjectWriter* out) {
  out->Hex("asset", term.asset);
  out->Integer("ppm", term.ppm);
}

AbsoluteTerm ReadAbsoluteTerm(ObjectReader* in) {
  return {.asset = in->RequiredHex("asset"), .ppm = in->RequiredInteger("ppm")};
}

void Write(const RoleFloor& floor, ObjectWriter* out) {
  out->Integer("ppm", floor.ppm);
  out->Text("role", ToName(floor.role));
}

RoleFloor ReadRoleFloor(ObjectReader* in) {
  return {.role = in->Name<Role>("role"), .ppm = in->RequiredInteger("ppm")};
}

void Write(const StatementTotal& total, ObjectWriter* out) {
  out->Decimal128("adjusted_down", total.adjusted_down);
  out->Decimal128("adjusted_up", total.adjusted_up);
  out->Decimal128("amount", total.amount.value);
  out->Decimal128("carry", total.carry);
  out->Text("currency", total.currency);
  out->Decimal128("debt", total.debt);
  out->Integer("fraction_bits", total.fraction_bits);
  out->Decimal128("opening_carry", total.opening_carry);
  out->Decimal128("opening_debt", total.opening_debt);
  out->Decimal128("paid", total.paid.value);
  out->Decimal128("released", total.released.value);
  out->Integer("sale_count", total.sale_count);
}

StatementTotal ReadStatementTotal(ObjectReader* in) {
  StatementTotal total;
  total.adjusted_down = in->RequiredDecimal128("adjusted_down");
  total.adjusted_up = in->RequiredDecimal128("adjusted_up");
  total.amount.value = in->RequiredDecimal128("amount");
  total.carry = in->RequiredDecimal128("carry");
  total.currency = in->RequiredText("currency");
  total.debt = in->RequiredDecimal128("debt");
  total.fraction_bits = in->RequiredInteger("fraction_bits");
  total.opening_carry = in->RequiredDecimal128("opening_carry");
  total.opening_debt = in->RequiredDecimal128("opening_debt");
  total.paid.value = in->RequiredDecimal128("paid");
  total.released.value = in->RequiredDecimal128("released");
  total.sale_count = in->RequiredInteger("sale_count");
  return total;
}

void Write(const AdjustmentTotal& total, ObjectWriter* out) {
  out->Text("currency", total.currency);
  out->Decimal128("decrease", total.decrease);
  out->Decimal128("increase", total.increase);
}

AdjustmentTotal ReadAdjustmentTotal(ObjectReader* in) {
  return {.currency = in->RequiredText("currency"),
          .increase = in->RequiredDecimal128("increase"),
          .decrease = in->RequiredDecimal128("decrease")};
}

void Write(const PayoutLine& line, ObjectWriter* out) {
  out->Decimal128("amount", line.amount.value);
  out->Text("party", line.party);
}

PayoutLine ReadPayoutLine(ObjectReader* in) {
  return {.party = in->RequiredText("party"), .amount = {in->RequiredDecimal128("amount")}};
}

void Write(const Holder& holder, ObjectWriter* out) {
  out->Text("party", holder.party);
  out->Decimal("units", holder.units);
}

Holder ReadRecipient(ObjectReader* in) {
  return {.party = in->RequiredText("party"), .units = in->RequiredDecimal("units")};
}

template <typename Entry>
JsonValue EntryObject(const Entry& entry) {
  ObjectWriter out;
  Write(entry, &out);
  return out.Take();
}

template <typename Entry>
JsonValue::List EntryList(const std::vector<Entry>& entries) {
  JsonValue::List list;
  for (const Entry& entry : entries) list.push_back(EntryObject(entry));
  return list;
}

// --- Bodies ---

std::optional<MinorUnits> ReadAmount(ObjectReader* in) {
  const auto amount = in->Decimal128("amount");
  return amount.has_value() ? std::optional(MinorUnits{*amount}) : std::nullopt;
}

CurrencyRecord ReadCurrency(ObjectReader* in) {
  return {.code = in->RequiredText("code"),
          .name = in->Text("name"),
          .scale = in->RequiredInteger("scale"),
          .fraction_bits = in->RequiredInteger("fraction_bits")};
}

TemplateRecord ReadTemplate(ObjectReader* in) {
  return {.name = in->RequiredText("template"),
          .description = in->Text("description"),
          .rules = ReadEntries(in, "rules", ReadTemplateRule)};
}

PolicyRecord ReadPolicy(ObjectReader* in) {
  return {.name = in->RequiredText("policy"),
          .description = in->Text("description"),
          .fees = ReadEntries(in, "fees", ReadFee),
          .absolute_terms = ReadEntries(in, "absolute_terms", ReadAbsoluteTerm),
          .floors = ReadEntries(in, "floors", ReadRoleFloor),
          .undisclosed = in->Name<UndisclosedRule>("undisclosed"),
          .unclaimed = in->Name<UnclaimedRule>("unclaimed")};
}

SaleRecord ReadSale(ObjectReader* in) {
  SaleRecord sale;
  sale.reference = in->RequiredText("reference");
  sale.asset = in->RequiredHex("asset");
  sale.amount.value = in->RequiredDecimal128("amount");
  sale.currency = in->RequiredText("currency");
  sale.tree_size = in->Integer("tree_size");
  sale.policy = in->Hex("policy");
  sale.pending_until = in->Time("pending_until");
  sale.sold_at = in->Time("sold_at");
  sale.attributes = in->Pairs("attributes");
  return sale;
}

EscrowRecord ReadEscrow(ObjectReader* in) {
  return {.sale = in->RequiredHex("sale"),
          .outcome = in->Name<EscrowOutcome>("outcome"),
          .reason = in->Text("reason")};
}

ReversalRecord ReadReversal(ObjectReader* in) {
  return {.sale = in->RequiredHex("sale"), .reason = in->Text("reason")};
}

CorrectionRecord ReadCorrection(ObjectReader* in) {
  return {.sale = in->RequiredHex("sale"),
          .amount = ReadAmount(in),
          .asset = in->Hex("asset"),
          .tree_size = in->Integer("tree_size"),
          .policy = in->Hex("policy"),
          .reason = in->Text("reason")};
}

StatementRecord ReadStatement(ObjectReader* in) {
  StatementRecord statement;
  statement.number = in->RequiredInteger("number");
  statement.previous = in->Hex("previous");
  statement.begin = in->RequiredInteger("begin");
  statement.end = in->RequiredInteger("end");
  statement.policy = in->Hex("policy");
  statement.algorithm = in->RequiredText("algorithm");
  statement.line_count = in->RequiredInteger("line_count");
  statement.lines_root = in->RequiredHex("lines_root");
  statement.totals = ReadEntries(in, "totals", ReadStatementTotal);
  return statement;
}

AdjustmentRecord ReadAdjustment(ObjectReader* in) {
  AdjustmentRecord adjustment;
  adjustment.statement = in->RequiredHex("statement");
  adjustment.cause = in->RequiredHex("cause");
  adjustment.mode = in->Name<AdjustmentMode>("mode");
  adjustment.tree_size = in->RequiredInteger("tree_size");
  adjustment.algorithm = in->RequiredText("algorithm");
  adjustment.line_count = in->RequiredInteger("line_count");
  adjustment.lines_root = in->RequiredHex("lines_root");
  adjustment.totals = ReadEntries(in, "totals", ReadAdjustmentTotal);
  adjustment.reason = in->Text("reason");
  return adjustment;
}

HoldRecord ReadHold(ObjectReader* in) {
  HoldRecord hold;
  hold.reference = in->RequiredText("reference");
  hold.asset = in->Hex("asset");
  hold.party = in->Text("party");
  hold.derivation = in->Hex("derivation");
  hold.sale = in->Hex("sale");
  hold.claimant = in->Text("claimant");
  hold.reason = in->RequiredText("reason");
  hold.evidence_digest = in->Hex("evidence_digest");
  return hold;
}

HoldReleaseRecord ReadHoldRelease(ObjectReader* in) {
  return {.hold = in->RequiredHex("hold"),
          .outcome = in->Name<HoldOutcome>("outcome"),
          .recipients = ReadEntries(in, "recipients", ReadRecipient),
          .reason = in->Text("reason"),
          .evidence_digest = in->Hex("evidence_digest")};
}

MandateRecord ReadMandate(ObjectReader* in) {
  return {.party = in->RequiredText("party"),
          .collector = in->RequiredText("collector"),
          .begin = in->RequiredInteger("begin"),
          .end = in->Integer("end"),
          .reason = in->Text("reason")};
}

AssignmentRecord ReadAssignment(ObjectReader* in) {
  return {.party = in->RequiredText("party"),
          .assignee = in->RequiredText("assignee"),
          .begin = in->RequiredInteger("begin"),
          .end = in->Integer("end"),
          .reason = in->Text("reason")};
}

PartyMergeRecord ReadPartyMerge(ObjectReader* in) {
  return {
      .party = in->RequiredText("party"), .into = in->Text("into"), .reason = in->Text("reason")};
}

PayoutBatchRecord ReadPayoutBatch(ObjectReader* in) {
  return {.reference = in->RequiredText("reference"),
          .currency = in->RequiredText("currency"),
          .tree_size = in->RequiredInteger("tree_size"),
          .lines = ReadEntries(in, "lines", ReadPayoutLine)};
}

PayoutStateRecord ReadPayoutState(ObjectReader* in) {
  return {.batch = in->RequiredHex("batch"),
          .party = in->Text("party"),
          .state = in->Name<PayoutState>("state"),
          .external_reference = in->Text("external_reference"),
          .reason = in->Text("reason")};
}

// Tries one type; true if it is the one that `type` names.
template <typename Body>
bool ReadAs(std::string_view type, Body (*read)(ObjectReader*), ObjectReader* in,
            RecordBody* body) {
  if (type != TypeName(Body{})) return false;
  *body = read(in);
  return true;
}

}  // namespace

void WriteBody(const CurrencyRecord& currency, ObjectWriter* out) {
  out->Text("code", currency.code);
  out->Integer("fraction_bits", currency.fraction_bits);
  out->Text("name", currency.name);
  out->Integer("scale", currency.scale);
}

void WriteBody(const TemplateRecord& record, ObjectWriter* out) {
  out->Text("description", record.description);
  out->List("rules", EntryList(record.rules));
  out->Text("template", record.name);
}

void WriteBody(const PolicyRecord& policy, ObjectWriter* out) {
  out->List("absolute_terms", EntryList(policy.absolute_terms));
  out->Text("description", policy.description);
  out->List("fees", EntryList(policy.fees));
  out->List("floors", EntryList(policy.floors));
  out->Text("policy", policy.name);
  out->Text("unclaimed", ToName(policy.unclaimed));
  out->Text("undisclosed", ToName(policy.undisclosed));
}

void WriteBody(const SaleRecord& sale, ObjectWriter* out) {
  out->Decimal128("amount", sale.amount.value);
  out->Hex("asset", sale.asset);
  out->Pairs("attributes", sale.attributes);
  out->Text("currency", sale.currency);
  out->Time("pending_until", sale.pending_until);
  out->Hex("policy", sale.policy);
  out->Text("reference", sale.reference);
  out->Time("sold_at", sale.sold_at);
  out->Integer("tree_size", sale.tree_size);
}

void WriteBody(const EscrowRecord& escrow, ObjectWriter* out) {
  out->Text("outcome", ToName(escrow.outcome));
  out->Text("reason", escrow.reason);
  out->Hex("sale", escrow.sale);
}

void WriteBody(const ReversalRecord& reversal, ObjectWriter* out) {
  out->Text("reason", reversal.reason);
  out->Hex("sale", reversal.sale);
}

void WriteBody(const CorrectionRecord& correction, ObjectWriter* out) {
  if (correction.amount.has_value()) out->Decimal128("amount", correction.amount->value);
  out->Hex("asset", correction.asset);
  out->Hex("policy", correction.policy);
  out->Text("reason", correction.reason);
  out->Hex("sale", correction.sale);
  out->Integer("tree_size", correction.tree_size);
}

void WriteBody(const StatementRecord& statement, ObjectWriter* out) {
  out->Text("algorithm", statement.algorithm);
  out->Integer("begin", statement.begin);
  out->Integer("end", statement.end);
  out->Integer("line_count", statement.line_count);
  out->Hex("lines_root", statement.lines_root);
  out->Integer("number", statement.number);
  out->Hex("policy", statement.policy);
  out->Hex("previous", statement.previous);
  out->List("totals", EntryList(statement.totals));
}

void WriteBody(const AdjustmentRecord& adjustment, ObjectWriter* out) {
  out->Text("algorithm", adjustment.algorithm);
  out->Hex("cause", adjustment.cause);
  out->Integer("line_count", adjustment.line_count);
  out->Hex("lines_root", adjustment.lines_root);
  out->Text("mode", ToName(adjustment.mode));
  out->Text("reason", adjustment.reason);
  out->Hex("statement", adjustment.statement);
  out->List("totals", EntryList(adjustment.totals));
  out->Integer("tree_size", adjustment.tree_size);
}

void WriteBody(const HoldRecord& hold, ObjectWriter* out) {
  out->Hex("asset", hold.asset);
  out->Text("claimant", hold.claimant);
  out->Hex("derivation", hold.derivation);
  out->Hex("evidence_digest", hold.evidence_digest);
  out->Text("party", hold.party);
  out->Text("reason", hold.reason);
  out->Text("reference", hold.reference);
  out->Hex("sale", hold.sale);
}

void WriteBody(const HoldReleaseRecord& release, ObjectWriter* out) {
  out->Hex("evidence_digest", release.evidence_digest);
  out->Hex("hold", release.hold);
  out->Text("outcome", ToName(release.outcome));
  out->Text("reason", release.reason);
  out->List("recipients", EntryList(release.recipients));
}

void WriteBody(const MandateRecord& mandate, ObjectWriter* out) {
  out->Integer("begin", mandate.begin);
  out->Text("collector", mandate.collector);
  out->Integer("end", mandate.end);
  out->Text("party", mandate.party);
  out->Text("reason", mandate.reason);
}

void WriteBody(const AssignmentRecord& assignment, ObjectWriter* out) {
  out->Text("assignee", assignment.assignee);
  out->Integer("begin", assignment.begin);
  out->Integer("end", assignment.end);
  out->Text("party", assignment.party);
  out->Text("reason", assignment.reason);
}

void WriteBody(const PartyMergeRecord& merge, ObjectWriter* out) {
  out->Text("into", merge.into);
  out->Text("party", merge.party);
  out->Text("reason", merge.reason);
}

void WriteBody(const PayoutBatchRecord& batch, ObjectWriter* out) {
  out->Text("currency", batch.currency);
  out->List("lines", EntryList(batch.lines));
  out->Text("reference", batch.reference);
  out->Integer("tree_size", batch.tree_size);
}

void WriteBody(const PayoutStateRecord& state, ObjectWriter* out) {
  out->Hex("batch", state.batch);
  out->Text("external_reference", state.external_reference);
  out->Text("party", state.party);
  out->Text("reason", state.reason);
  out->Text("state", ToName(state.state));
}

std::string EntryBytes(const TemplateRole& role) { return WriteCanonicalJson(EntryObject(role)); }
std::string EntryBytes(const TemplateRule& rule) { return WriteCanonicalJson(EntryObject(rule)); }
std::string EntryBytes(const Fee& fee) { return WriteCanonicalJson(EntryObject(fee)); }
std::string EntryBytes(const AbsoluteTerm& term) { return WriteCanonicalJson(EntryObject(term)); }
std::string EntryBytes(const RoleFloor& floor) { return WriteCanonicalJson(EntryObject(floor)); }
std::string EntryBytes(const StatementTotal& total) {
  return WriteCanonicalJson(EntryObject(total));
}
std::string EntryBytes(const AdjustmentTotal& total) {
  return WriteCanonicalJson(EntryObject(total));
}
std::string EntryBytes(const PayoutLine& line) { return WriteCanonicalJson(EntryObject(line)); }

bool ReadSettlementBody(std::string_view type, ObjectReader* in, RecordBody* body) {
  return ReadAs(type, ReadCurrency, in, body) || ReadAs(type, ReadTemplate, in, body) ||
         ReadAs(type, ReadPolicy, in, body) || ReadAs(type, ReadSale, in, body) ||
         ReadAs(type, ReadEscrow, in, body) || ReadAs(type, ReadReversal, in, body) ||
         ReadAs(type, ReadCorrection, in, body) || ReadAs(type, ReadStatement, in, body) ||
         ReadAs(type, ReadAdjustment, in, body) || ReadAs(type, ReadHold, in, body) ||
         ReadAs(type, ReadHoldRelease, in, body) || ReadAs(type, ReadMandate, in, body) ||
         ReadAs(type, ReadAssignment, in, body) || ReadAs(type, ReadPartyMerge, in, body) ||
         ReadAs(type, ReadPayoutBatch, in, body) || ReadAs(type, ReadPayoutState, in, body);
}

}  // namespace tributary::internal
