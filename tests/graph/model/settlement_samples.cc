#include "tests/graph/model/settlement_samples.h"
#include "tests/graph/model/sample_values.h"

#include <set>

namespace tributary::test {
namespace {

// With the keys that any record may have, but for supersedes.
Record Final(RecordBody body) {
  Record record = MakeRecord(std::move(body));
  record.details_digest = IdOf("details");
  record.blind = IdOf("blind");
  SortLists(&record);
  return record;
}

Record Superseding(RecordBody body) {
  Record record = Final(std::move(body));
  record.supersedes = IdOf("before");
  return record;
}

CurrencyRecord FullCurrency() {
  return {.code = "eip155:1/erc20:0x6b175474e89094c44da98b954eedeac495271d0f",
          .name = "Dai — \"stable\"",
          .scale = 18,
          .fraction_bits = 32};
}

TemplateRecord MinimalTemplate() {
  return {.name = "t",
          .description = "",
          .rules = {{.roles = {{.role = Role::kGenerator, .weight = 1}}}}};
}

TemplateRecord FullTemplate() {
  const TemplateRule output{
      .generated = AssetKind::kOutput,
      .retained = 40,
      .unattributed = 0,
      .roles = {{Role::kGenerator, 30, RoleSharing::kEqual, AbsentPart::kUnattributed},
                {Role::kPrompt, 20, RoleSharing::kEqual, AbsentPart::kKept},
                {Role::kReference, 10, RoleSharing::kByWeight, AbsentPart::kKept}}};
  const TemplateRule model{
      .generated = AssetKind::kModelCheckpoint,
      .retained = 9223372036854775805,
      .unattributed = 1,
      .roles = {{Role::kTrainingData, 0, RoleSharing::kByWeight, AbsentPart::kUnattributed},
                {Role::kBaseModel, 1, RoleSharing::kEqual, AbsentPart::kKept}}};
  return {.name = "example/image-output",
          .description = "An illustration\nnot advice",
          .rules = {output, model}};
}

PolicyRecord FullPolicy() {
  PolicyRecord policy;
  policy.name = "market/eu";
  policy.description = "Fees, then terms";
  policy.fees = {{.party = "market", .label = "VAT & \"co\"", .ppm = 150'000},
                 {.party = "market", .fixed = {kAmountMax}, .currency = "EUR"}};
  policy.absolute_terms = {{IdOf("checkpoint"), 20'000}, {IdOf("work"), 1'000'000}};
  policy.floors = {{Role::kPrompt, 900'000}, {Role::kTrainingData, 100'000}};
  policy.undisclosed = UndisclosedRule::kAssetHolders;
  policy.unclaimed = UnclaimedRule::kSoldAssetHolders;
  return policy;
}

SaleRecord MinimalSale() {
  SaleRecord sale;
  sale.reference = "order 1";
  sale.asset = IdOf("output");
  sale.amount = {1};
  sale.currency = "EUR";
  return sale;
}

SaleRecord FullSale() {
  SaleRecord sale = MinimalSale();
  sale.reference = "Bestellung №123/ä";
  sale.amount = {kAmountMax};
  sale.tree_size = 9007199254740991;
  sale.policy = IdOf("policy");
  sale.pending_until = Time("2026-02-01T00:00:00.000Z");
  sale.sold_at = Time("2026-01-02T03:04:05.678Z");
  sale.attributes = {{"channel", "web"}, {"region", "EU"}};
  return sale;
}

CorrectionRecord FullCorrection() {
  return {.sale = IdOf("sale"),
          .amount = MinorUnits{1},
          .asset = IdOf("work"),
          .tree_size = 1,
          .policy = IdOf("policy"),
          .reason = "wrong picture"};
}

StatementRecord FirstStatement() {
  StatementRecord statement;
  statement.end = 1;
  statement.algorithm = "tributary/settlement/v1";
  statement.lines_root = Sha256("");
  return statement;
}

StatementRecord FullStatement() {
  StatementRecord statement = FirstStatement();
  statement.number = 2;
  statement.previous = IdOf("statement");
  statement.begin = 17;
  statement.end = 9007199254740991;
  statement.line_count = 3;
  statement.lines_root = IdOf("lines");
  statement.policy = IdOf("policy");
  StatementTotal euro;
  euro.currency = "EUR";
  euro.sale_count = 100'000;
  euro.amount = {10'000'000};
  euro.opening_carry = 5;
  euro.opening_debt = 7;
  euro.adjusted_up = 11;
  euro.adjusted_down = 2;
  euro.paid = {9'999'999};
  euro.carry = (Uint128{1} << 64) + 8;
  euro.debt = 1;
  StatementTotal ether;
  ether.currency = "ETH";
  ether.fraction_bits = 32;
  ether.adjusted_down = Uint128{3} << 32;
  ether.released = {3};
  statement.totals = {euro, ether};
  return statement;
}

AdjustmentRecord MinimalAdjustment() {
  AdjustmentRecord adjustment;
  adjustment.statement = IdOf("statement");
  adjustment.cause = IdOf("derivation");
  adjustment.mode = AdjustmentMode::kProspective;
  adjustment.tree_size = 1;
  adjustment.algorithm = "tributary/settlement/v1";
  adjustment.lines_root = Sha256("");
  return adjustment;
}

AdjustmentRecord FullAdjustment() {
  AdjustmentRecord adjustment = MinimalAdjustment();
  adjustment.mode = AdjustmentMode::kCarriedForward;
  adjustment.tree_size = 99;
  adjustment.line_count = 2;
  adjustment.lines_root = IdOf("lines");
  adjustment.reason = "weights were wrong";
  adjustment.totals = {{"JPY", 0, 1}, {"EUR", kMoneyGrainsEnd - 1, kMoneyGrainsEnd - 1}};
  return adjustment;
}

HoldRecord Hold(std::string reference, std::string reason) {
  HoldRecord hold;
  hold.reference = std::move(reference);
  hold.reason = std::move(reason);
  return hold;
}

Record HoldOn(std::string reference, std::string reason, std::optional<Digest> HoldRecord::*id,
              std::string_view name) {
  HoldRecord hold = Hold(std::move(reference), std::move(reason));
  hold.*id = IdOf(name);
  return MakeRecord(hold);
}

HoldRecord HoldOnSale() {
  HoldRecord hold = Hold("claim 4", "chargeback");
  hold.sale = IdOf("sale");
  hold.claimant = "studio/a";
  hold.evidence_digest = IdOf("evidence");
  return hold;
}

HoldRecord HoldOnParty() {
  HoldRecord hold = Hold("claim 2", "bank details");
  hold.party = "mira";
  return hold;
}

HoldReleaseRecord Rerouted() {
  return {.hold = IdOf("hold"),
          .outcome = HoldOutcome::kRerouted,
          .recipients = {{"studio/a", 1}, {"mira", 9223372036854775806}},
          .reason = "settled",
          .evidence_digest = IdOf("evidence")};
}

PayoutStateRecord FullPayoutState() {
  return {.batch = IdOf("batch"),
          .party = "mira",
          .state = PayoutState::kFailed,
          .external_reference = "pain.002/7",
          .reason = "account closed"};
}

// --- Random content ---

template <typename Enum>
Enum RandomName(Rng& rng, std::uint64_t count) {
  return static_cast<Enum>(rng.Below(count));
}

std::uint64_t RandomPpm(Rng& rng) { return 1 + RandomNumber(rng, 80'000); }

MinorUnits RandomAmount(Rng& rng) {
  return {1 + ((Uint128{rng()} << 64 | rng()) >> rng.Between(3, 127))};
}

TemplateRule RandomRule(Rng& rng, AssetKind kind) {
  TemplateRule rule{
      kind, RandomNumber(rng, kWeightSumMax / 16), 1 + RandomNumber(rng, kWeightSumMax / 16), {}};
  for (std::size_t role = rng.Below(3); role < kRoleCount; role += rng.Between(1, 5)) {
    rule.roles.push_back({static_cast<Role>(role), RandomNumber(rng, kWeightSumMax / 16),
                          RandomName<RoleSharing>(rng, 2), RandomName<AbsentPart>(rng, 2)});
  }
  return rule;
}

RecordBody RandomTemplate(Rng& rng) {
  TemplateRecord record{RandomPartyId(rng), RandomText(rng, 20), {}};
  for (std::size_t kind = rng.Below(3); kind < kAssetKindCount; kind += rng.Between(1, 5)) {
    record.rules.push_back(RandomRule(rng, static_cast<AssetKind>(kind)));
  }
  return record;
}

RecordBody RandomPolicy(Rng& rng) {
  PolicyRecord policy;
  policy.name = RandomPartyId(rng);
  policy.description = RandomText(rng, 20);
  for (std::uint64_t i = rng.Below(4); i > 0; --i) {
    Fee fee{.party = RandomPartyId(rng), .label = "f" + std::to_string(i) + RandomText(rng, 9)};
    if (rng.OneIn(2)) {
      fee.ppm = RandomPpm(rng);
    } else {
      fee.fixed = RandomAmount(rng);
      fee.currency = RandomPartyId(rng);
    }
    policy.fees.push_back(fee);
  }
  for (std::uint64_t i = rng.Below(4); i > 0; --i) {
    policy.absolute_terms.push_back({RandomDigest(rng), RandomPpm(rng)});
  }
  for (std::size_t role = rng.Below(9); role < kRoleCount; role += rng.Between(1, 9)) {
    policy.floors.push_back({static_cast<Role>(role), RandomPpm(rng)});
  }
  policy.undisclosed = RandomName<UndisclosedRule>(rng, 3);
  policy.unclaimed = RandomName<UnclaimedRule>(rng, 2);
  return policy;
}

std::optional<std::uint64_t> MaybeSize(Rng& rng) {
  return rng.OneIn(2) ? std::optional(1 + RandomNumber(rng, 1'000'000)) : std::nullopt;
}

RecordBody RandomSale(Rng& rng) {
  SaleRecord sale;
  sale.reference = "r" + RandomPartyId(rng);
  sale.asset = RandomDigest(rng);
  sale.amount = RandomAmount(rng);
  sale.currency = RandomPartyId(rng);
  sale.tree_size = MaybeSize(rng);
  sale.policy = MaybeDigest(rng);
  sale.pending_until = MaybeTime(rng);
  sale.sold_at = MaybeTime(rng);
  sale.attributes = RandomPairs(rng);
  return sale;
}

RecordBody RandomCorrection(Rng& rng) {
  CorrectionRecord correction{RandomDigest(rng), std::nullopt,     MaybeDigest(rng),
                              MaybeSize(rng),    MaybeDigest(rng), RandomText(rng, 20)};
  if (rng.OneIn(2) || (!correction.asset && !correction.tree_size && !correction.policy)) {
    correction.amount = RandomAmount(rng);
  }
  return correction;
}

RecordBody RandomStatement(Rng& rng) {
  StatementRecord statement;
  statement.number = 1 + RandomNumber(rng, 1000);
  if (statement.number > 1) statement.previous = RandomDigest(rng);
  statement.begin = RandomNumber(rng, 1'000'000);
  statement.end = statement.begin + 1 + RandomNumber(rng, 1'000'000);
  statement.algorithm = "a" + RandomPartyId(rng);
  statement.line_count = 1 + RandomNumber(rng, 1'000'000);
  statement.lines_root = RandomDigest(rng);
  statement.policy = MaybeDigest(rng);
  for (std::uint64_t i = rng.Below(4); i > 0; --i) {
    StatementTotal total;
    total.currency = "c" + std::to_string(i);
    total.fraction_bits = rng.Between(1, 64);
    total.sale_count = RandomNumber(rng, 1'000'000);
    total.amount = {RandomAmount(rng).value >> 64};
    total.paid = total.amount;
    total.opening_carry = rng();
    total.adjusted_down = total.opening_carry;
    total.opening_debt = rng();
    total.debt = total.opening_debt;
    total.adjusted_up = rng();
    total.carry = total.adjusted_up;
    statement.totals.push_back(total);
  }
  return statement;
}

RecordBody RandomAdjustment(Rng& rng) {
  AdjustmentRecord adjustment = MinimalAdjustment();
  adjustment.cause = RandomDigest(rng);
  adjustment.mode = RandomName<AdjustmentMode>(rng, 3);
  adjustment.tree_size = 1 + RandomNumber(rng, 1'000'000);
  adjustment.line_count = 1 + RandomNumber(rng, 1'000'000);
  adjustment.lines_root = RandomDigest(rng);
  adjustment.reason = RandomText(rng, 20);
  for (std::uint64_t i = rng.Below(4); i > 0; --i) {
    adjustment.totals.push_back(
        {"c" + std::to_string(i), RandomAmount(rng).value, RandomAmount(rng).value});
  }
  return adjustment;
}

RecordBody RandomHold(Rng& rng) {
  HoldRecord hold = Hold("h" + RandomPartyId(rng), "r" + RandomText(rng, 20));
  switch (rng.Below(4)) {
    case 0:
      hold.asset = RandomDigest(rng);
      break;
    case 1:
      hold.party = RandomPartyId(rng);
      break;
    case 2:
      hold.derivation = RandomDigest(rng);
      break;
    default:
      hold.sale = RandomDigest(rng);
  }
  if (rng.OneIn(2)) hold.claimant = RandomPartyId(rng);
  hold.evidence_digest = MaybeDigest(rng);
  return hold;
}

RecordBody RandomRelease(Rng& rng) {
  HoldReleaseRecord release{
      RandomDigest(rng), RandomName<HoldOutcome>(rng, 2), {}, RandomText(rng, 9), MaybeDigest(rng)};
  if (release.outcome == HoldOutcome::kReleased) return release;
  std::set<std::string> parties;
  for (std::uint64_t i = rng.Between(1, 4); i > 0; --i) parties.insert(RandomPartyId(rng));
  for (const std::string& party : parties) {
    release.recipients.push_back({party, 1 + RandomNumber(rng, kWeightSumMax / 8)});
  }
  return release;
}

std::optional<std::uint64_t> MaybeEnd(Rng& rng, std::uint64_t begin) {
  return rng.OneIn(2) ? std::optional(begin + 1 + RandomNumber(rng, 1000)) : std::nullopt;
}

RecordBody RandomMandate(Rng& rng) {
  const std::uint64_t begin = RandomNumber(rng, 1'000'000);
  const std::string party = RandomPartyId(rng);
  if (rng.OneIn(2)) {
    return MandateRecord{party, party + "x", begin, MaybeEnd(rng, begin), RandomText(rng, 9)};
  }
  return AssignmentRecord{party, party + "x", begin, MaybeEnd(rng, begin), RandomText(rng, 9)};
}

RecordBody RandomPayout(Rng& rng) {
  if (rng.OneIn(2)) {
    return PayoutStateRecord{RandomDigest(rng), rng.OneIn(2) ? RandomPartyId(rng) : "",
                             RandomName<PayoutState>(rng, 3), RandomText(rng, 9),
                             RandomText(rng, 9)};
  }
  PayoutBatchRecord batch{
      "b" + RandomPartyId(rng), RandomPartyId(rng), 1 + RandomNumber(rng, 1'000'000), {}};
  for (std::uint64_t i = rng.Between(1, 5); i > 0; --i) {
    batch.lines.push_back({std::to_string(i) + RandomPartyId(rng), RandomAmount(rng)});
  }
  return batch;
}

}  // namespace

std::vector<SampleRecord> SettlementSamples() {
  const Digest sale = IdOf("sale");
  return {
      {"currency_minimal", MakeRecord(CurrencyRecord{"JPY", "", 0, 64})},
      {"currency_full", Final(FullCurrency())},
      {"template_minimal", MakeRecord(MinimalTemplate())},
      {"template_full", Superseding(FullTemplate())},
      {"policy_minimal", MakeRecord(PolicyRecord{.name = "plain"})},
      {"policy_full", Superseding(FullPolicy())},
      {"sale_minimal", MakeRecord(MinimalSale())},
      {"sale_full", Final(FullSale())},
      {"escrow_posted", MakeRecord(EscrowRecord{sale, EscrowOutcome::kPosted, ""})},
      {"escrow_voided", Final(EscrowRecord{sale, EscrowOutcome::kVoided, "not delivered"})},
      {"reversal_minimal", MakeRecord(ReversalRecord{sale, ""})},
      {"reversal_full", Final(ReversalRecord{sale, "returned"})},
      {"correction_amount", MakeRecord(CorrectionRecord{.sale = sale, .amount = MinorUnits{9997}})},
      {"correction_full", Superseding(FullCorrection())},
      {"statement_first", MakeRecord(FirstStatement())},
      {"statement_full", Final(FullStatement())},
      {"adjustment_minimal", MakeRecord(MinimalAdjustment())},
      {"adjustment_full", Final(FullAdjustment())},
      {"hold_asset", HoldOn("claim 1", "not theirs", &HoldRecord::asset, "work")},
      {"hold_party", MakeRecord(HoldOnParty())},
      {"hold_derivation",
       HoldOn("claim 3", "weights disputed", &HoldRecord::derivation, "derivation")},
      {"hold_sale", Final(HoldOnSale())},
      {"holdrelease_released", MakeRecord(HoldReleaseRecord{.hold = IdOf("hold")})},
      {"holdrelease_rerouted", Final(Rerouted())},
      {"mandate_minimal", MakeRecord(MandateRecord{"mira", "society", 0, std::nullopt, ""})},
      {"mandate_full", Superseding(MandateRecord{"mira", "society", 7, 8, "contract 5"})},
      {"assignment_minimal", MakeRecord(AssignmentRecord{"mira", "bank", 0, std::nullopt, ""})},
      {"assignment_full",
       Superseding(AssignmentRecord{"mira", "bank", 7, 9007199254740991, "loan"})},
      {"partymerge_minimal", MakeRecord(PartyMergeRecord{"mira-old", "mira", ""})},
      {"partymerge_undone", Superseding(PartyMergeRecord{"mira-old", "", "two people"})},
      {"payoutbatch_minimal", MakeRecord(PayoutBatchRecord{"2026-01", "EUR", 1, {{"mira", {1}}}})},
      {"payoutbatch_full",
       Final(PayoutBatchRecord{
           "2026-02", "EUR", 100, {{"studio/a", {9}}, {"mira", {250}}, {"ana", {250}}}})},
      {"payoutstate_minimal",
       MakeRecord(PayoutStateRecord{.batch = IdOf("batch"), .state = PayoutState::kSent})},
      {"payoutstate_full", Superseding(FullPayoutState())},
  };
}

RecordBody RandomSettlementBody(Rng& rng) {
  switch (rng.Below(14)) {
    case 0:
      return CurrencyRecord{RandomPartyId(rng), RandomText(rng, 9), rng.Below(31),
                            rng.Between(1, 64)};
    case 1:
      return RandomTemplate(rng);
    case 2:
      return RandomPolicy(rng);
    case 3:
      return RandomSale(rng);
    case 4:
      return EscrowRecord{RandomDigest(rng), RandomName<EscrowOutcome>(rng, 2), RandomText(rng, 9)};
    case 5:
      return ReversalRecord{RandomDigest(rng), RandomText(rng, 9)};
    case 6:
      return RandomCorrection(rng);
    case 7:
      return RandomStatement(rng);
    case 8:
      return RandomAdjustment(rng);
    case 9:
      return RandomHold(rng);
    case 10:
      return RandomRelease(rng);
    case 11:
      return RandomMandate(rng);
    case 12:
      return PartyMergeRecord{"a" + RandomPartyId(rng), rng.OneIn(2) ? "" : "b", ""};
    default:
      return RandomPayout(rng);
  }
}

}  // namespace tributary::test
