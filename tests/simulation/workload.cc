#include "tests/simulation/workload.h"

#include <algorithm>

#include "graph/model/check.h"
#include "graph/model/status.h"
#include "tests/support/test_facts.h"

namespace tributary::test {
namespace {

std::string PoolName(std::size_t index) { return "pool/" + std::to_string(index); }

Digest IdOf(const Fact& fact) {
  const auto prepared = PrepareFact(fact);
  TRIBUTARY_CHECK(prepared.ok());
  return prepared->id;
}

Fact FirstHolders(const std::string& work, const std::string& party) {
  return HoldersFact(work, {{party, 3}});
}

Fact FactOf(RecordBody body) {
  Fact fact;
  fact.record.ledger = std::string(kLedgerName);
  fact.record.body = std::move(body);
  return fact;
}

// A work with details that its record only names by digest.
Fact WorkFact(const std::string& name, bool has_details) {
  Fact fact = AssetFact(name);
  if (!has_details) return fact;
  fact.details = PrivateDetails{std::string(kDetailsSaltSize, 's'), "details of " + name};
  fact.record.details_digest = DetailsDigest(*fact.details);
  return fact;
}

}  // namespace

std::string Workload::OutputName(int step) const {
  return options_.writer + "/output/" + std::to_string(step);
}
std::string Workload::WorkName(int step) const {
  return options_.writer + "/work/" + std::to_string(step);
}
std::string Workload::AliasName(int step) const {
  return options_.writer + "/alias/" + std::to_string(step);
}
std::string Workload::ModelName(int step) const {
  return options_.writer + "/model/" + std::to_string(step);
}
bool Workload::IsStaged(int step) const { return step > 0 && step % options_.staged_every == 0; }

WorkStep Workload::Pool() const {
  WorkStep step;
  for (std::size_t i = 0; i < options_.pool_size; ++i) step.facts.push_back(AssetFact(PoolName(i)));
  return step;
}

StagedDerivation Workload::Staged(int step) const {
  const Fact header = DerivationFact(ModelName(step), {}, /*retained=*/1);
  StagedDerivation staged{header.record, {}};
  for (std::size_t i = 0; i < options_.pool_size; ++i) {
    const std::uint64_t weight = 1 + (i + static_cast<std::size_t>(step)) % 5;
    staged.edges.push_back({AssetId(PoolName(i)), Role::kTrainingData, weight, Basis::kDeclared});
  }
  std::sort(staged.edges.begin(), staged.edges.end(),
            [](const Edge& a, const Edge& b) { return a.input < b.input; });
  return staged;
}

std::string Workload::SaleReference(int step) const {
  return options_.writer + "/sale/" + std::to_string(step);
}

// Two fees, and a term for the holders of the first work, which is upstream of every output but the
// first.
Fact Workload::PolicyOf() const {
  PolicyRecord policy{.name = party()};
  policy.fees.push_back({.party = party(), .label = "fee", .ppm = 30'000});
  policy.fees.push_back({.party = second_party(), .label = "second fee", .ppm = 20'000});
  policy.absolute_terms.push_back({AssetId(WorkName(0)), 10'000});
  return FactOf(std::move(policy));
}

Fact Workload::Sale(int step) const {
  constexpr TimeMs kFarAway{253'402'300'799'999};  // the last millisecond of the year 9999
  SaleRecord sale{.reference = SaleReference(step),
                  .asset = AssetId(OutputName(step)),
                  .amount = {1'000 + 37 * static_cast<std::uint64_t>(step)},
                  .currency = party()};
  if (step % 2 == 1) sale.policy = IdOf(PolicyOf());
  if (IsPending(step)) sale.pending_until = kFarAway;
  return FactOf(std::move(sale));
}

Fact Workload::Hold(int step) const {
  HoldRecord hold{.reference = options_.writer + "/hold/" + std::to_string(step),
                  .reason = "claimed by somebody else"};
  if (step % 20 == 6)
    hold.asset = AssetId(WorkName(step - 1));
  else
    hold.sale = IdOf(Sale(step));
  return FactOf(std::move(hold));
}

Fact Workload::Correction(int step, std::uint64_t amount) const {
  return FactOf(CorrectionRecord{.sale = IdOf(Sale(step)), .amount = MinorUnits{amount}});
}

Fact Workload::Derivation(int step) const {
  std::vector<std::pair<std::string, std::uint64_t>> inputs = {
      {WorkName(step), 1 + static_cast<std::uint64_t>(step) % 7}};
  if (step > 0) {
    inputs.push_back({WorkName(step - 1), 2});
    inputs.push_back({OutputName(step - 1), 3});
  }
  return DerivationFact(OutputName(step), inputs,
                        /*retained=*/static_cast<std::uint64_t>(step) % 3);
}

Fact Workload::NewHolders(int step, const std::string& party) const {
  return Superseding(HoldersFact(WorkName(step), {{party, 5}}),
                     IdOf(FirstHolders(WorkName(step), this->party())));
}

// --- Rounds of settling ---

int Workload::NewestCounted(int round) const {
  const int step = round * options_.closed_every;
  return IsPending(step) ? step - 1 : step;  // what is pending counts once it was posted
}

Workload::LateChange Workload::ChangeAfter(int round) const {
  const int counted = NewestCounted(round);
  const bool is_last = counted == round * options_.closed_every;
  // A sale is reversed in the step after its own, which must not be the round's.
  if (round % 3 == 2 && is_last) return LateChange::kReversal;
  if (round % 3 == 0 && !HasNewHolders(counted)) return LateChange::kHolders;
  return LateChange::kDerivation;
}

AdjustmentMode Workload::ModeFor(int round) const {
  switch (ChangeAfter(round)) {
    case LateChange::kReversal:
      return AdjustmentMode::kReversal;
    case LateChange::kHolders:
      return AdjustmentMode::kProspective;
    case LateChange::kDerivation:
      break;
  }
  return AdjustmentMode::kCarriedForward;
}

Fact Workload::LateFact(int round) const {
  const int counted = NewestCounted(round);
  switch (ChangeAfter(round)) {
    case LateChange::kReversal:
      return FactOf(ReversalRecord{.sale = IdOf(Sale(counted))});
    case LateChange::kHolders:
      return NewHolders(counted, second_party());
    case LateChange::kDerivation:
      break;
  }
  return Superseding(DerivationFact(OutputName(counted), {{WorkName(counted), 11}},
                                    /*retained=*/0, /*unattributed=*/2),
                     IdOf(Derivation(counted)));
}

bool Workload::IsReversed(int step) const {
  if (IsPending(step)) return false;
  if (step % 6 == 2) return true;
  return IsRound(step) && ChangeAfter(step / options_.closed_every) == LateChange::kReversal;
}

std::uint64_t Workload::StatementOf(int round) const {
  std::uint64_t number = 1;
  for (int before = 1; before < round; ++before) {
    ++number;
    // The adjustment of that round got a statement of its own.
    if (before > 1 && ModeFor(before - 1) == AdjustmentMode::kReversal) ++number;
  }
  return number;
}

std::string Workload::PayoutReference(int round) const {
  return options_.writer + "/payout/" + std::to_string(round);
}

std::vector<SettlingStep> Workload::Settling(int round) const {
  std::vector<SettlingStep> steps;
  const std::uint64_t number = StatementOf(round);
  steps.push_back(CloseStep{number});
  if (round > 1) {
    const AdjustmentMode mode = ModeFor(round - 1);
    steps.push_back(AdjustStep{StatementOf(round - 1), IdOf(LateFact(round - 1)), mode});
    if (mode == AdjustmentMode::kReversal) steps.push_back(CloseStep{number + 1});
  }
  const std::string reference = PayoutReference(round);
  steps.push_back(PayStep{reference, party()});
  steps.push_back(PayoutStateStep{reference, "", PayoutState::kSent});
  // One batch fails whole; of another one line alone, and the rest is settled.
  if (round % 3 == 2) {
    steps.push_back(PayoutStateStep{reference, "", PayoutState::kFailed, PayoutState::kSent});
  } else {
    if (round % 3 == 0) {
      steps.push_back(PayoutStateStep{reference, party(), PayoutState::kFailed});
    }
    steps.push_back(PayoutStateStep{reference, "", PayoutState::kSettled, PayoutState::kSent});
  }
  return steps;
}

void Workload::AddMoney(int step, std::vector<Fact>* facts) const {
  facts->push_back(Sale(step));
  if (step > 0 && options_.sells_models && IsStaged(step - 1)) {
    facts->push_back(FactOf(SaleRecord{.reference = SaleReference(step) + "/model",
                                       .asset = AssetId(ModelName(step - 1)),
                                       .amount = {100'000},
                                       .currency = party()}));
  }
  if (step > 0 && IsPending(step - 1)) {
    const auto outcome = IsVoided(step - 1) ? EscrowOutcome::kVoided : EscrowOutcome::kPosted;
    facts->push_back(FactOf(EscrowRecord{.sale = IdOf(Sale(step - 1)), .outcome = outcome}));
  }
  if (step > 0 && IsReversed(step - 1)) {
    facts->push_back(FactOf(ReversalRecord{.sale = IdOf(Sale(step - 1))}));
  }
  // Of the sale before the last, twice: the second correction takes the place of the first.
  const int corrected = step % 5 == 4 ? step - 2 : step % 5 == 0 ? step - 3 : -1;
  if (corrected > 0 && !IsReversed(corrected) && !IsVoided(corrected)) {
    Fact first = Correction(corrected, /*amount=*/1'234);
    if (step % 5 == 4) {
      facts->push_back(std::move(first));
    } else {
      facts->push_back(Superseding(Correction(corrected, /*amount=*/4'321), IdOf(first)));
    }
  }
  if (step % 10 == 6) facts->push_back(Hold(step));
  if (step > 3 && step % 20 == 9) {
    facts->push_back(FactOf(HoldReleaseRecord{.hold = IdOf(Hold(step - 3))}));
  }
}

WorkStep Workload::Step(int number) const {
  WorkStep step;
  std::vector<Fact>& facts = step.facts;
  if (number == 0) {
    facts.push_back(PartyFact(party()));
    facts.push_back(PartyFact(second_party()));
    facts.push_back(FactOf(CurrencyRecord{.code = party(), .scale = 2}));
  }
  facts.push_back(WorkFact(WorkName(number), /*has_details=*/number % 6 == 1));
  facts.push_back(AssetFact(OutputName(number), AssetKind::kOutput));
  facts.push_back(FirstHolders(WorkName(number), party()));
  if (number == 0) facts.push_back(PolicyOf());
  if (number > 0 && HasNewHolders(number - 1)) facts.push_back(NewHolders(number - 1, party()));
  facts.push_back(Derivation(number));
  if (number % 3 == 0) facts.push_back(AliasFact(AliasName(number), OutputName(number)));
  if (number % 4 == 0) {
    facts.push_back(ConsentFact(WorkName(number), party(), ConsentStatus::kObjected));
  }
  // A step ahead: a list is staged for an asset that is durable, while other facts are in flight.
  if (IsStaged(number + 1)) {
    facts.push_back(AssetFact(ModelName(number + 1), AssetKind::kModelCheckpoint));
  }
  if (IsStaged(number)) step.staged = Staged(number);
  AddMoney(number, &facts);
  if (number > 0 && IsRound(number - 1)) {
    const int round = (number - 1) / options_.closed_every;
    // AddMoney has recorded the reversal already.
    if (ChangeAfter(round) != LateChange::kReversal) facts.push_back(LateFact(round));
  }
  if (IsRound(number)) step.settling = Settling(number / options_.closed_every);
  return step;
}

absl::StatusOr<std::vector<Receipt>> RecordFacts(Ledger& ledger, const WorkStep& step) {
  std::vector<PreparedFact> prepared;
  for (const Fact& fact : step.facts) {
    TRIBUTARY_ASSIGN_OR_RETURN(PreparedFact ready, PrepareFact(fact));
    prepared.push_back(std::move(ready));
  }
  std::vector<Receipt> receipts;
  for (const auto& result : ledger.RecordAll(std::move(prepared))) {
    TRIBUTARY_RETURN_IF_ERROR(result.status());
    receipts.push_back(*result);
  }
  return receipts;
}

absl::StatusOr<std::vector<Receipt>> RecordStaged(Ledger& ledger, const WorkStep& step) {
  if (!step.staged.has_value()) return std::vector<Receipt>();
  TRIBUTARY_ASSIGN_OR_RETURN(const auto stage, ledger.BeginDerivation(step.staged->derivation, {}));
  TRIBUTARY_RETURN_IF_ERROR(stage->Add(step.staged->edges));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto finished, stage->Finish());
  return std::vector<Receipt>{finished.receipt};
}

std::vector<WorkPart> PartsOf(const Workload& workload, int first, int end) {
  std::vector<WorkPart> parts;
  for (int number = first; number < end; ++number) {
    const WorkStep step = workload.Step(number);
    parts.push_back({step, WorkPart::Kind::kFacts, 0, number});
    if (step.staged.has_value()) parts.push_back({step, WorkPart::Kind::kStaged, 0, number});
    for (std::size_t i = 0; i < step.settling.size(); ++i) {
      parts.push_back({step, WorkPart::Kind::kSettling, i, number});
    }
  }
  return parts;
}

absl::StatusOr<std::vector<Receipt>> RecordPart(Ledger& ledger, const WorkPart& part) {
  switch (part.kind) {
    case WorkPart::Kind::kFacts:
      return RecordFacts(ledger, part.step);
    case WorkPart::Kind::kStaged:
      return RecordStaged(ledger, part.step);
    case WorkPart::Kind::kSettling:
      break;
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const Receipt receipt,
                             Settle(ledger, part.step.settling[part.settling]));
  return std::vector<Receipt>{receipt};
}

}  // namespace tributary::test
