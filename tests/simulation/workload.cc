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

WorkStep Workload::Step(int number) const {
  WorkStep step;
  std::vector<Fact>& facts = step.facts;
  if (number == 0) facts.push_back(PartyFact(party()));
  facts.push_back(WorkFact(WorkName(number), /*has_details=*/number % 6 == 1));
  facts.push_back(AssetFact(OutputName(number), AssetKind::kOutput));
  facts.push_back(FirstHolders(WorkName(number), party()));
  if (number % 5 == 2) {
    Fact changed = HoldersFact(WorkName(number - 1), {{party(), 5}});
    changed.record.supersedes = IdOf(FirstHolders(WorkName(number - 1), party()));
    facts.push_back(std::move(changed));
  }
  std::vector<std::pair<std::string, std::uint64_t>> inputs = {
      {WorkName(number), 1 + static_cast<std::uint64_t>(number) % 7}};
  if (number > 0) {
    inputs.push_back({WorkName(number - 1), 2});
    inputs.push_back({OutputName(number - 1), 3});
  }
  facts.push_back(DerivationFact(OutputName(number), inputs,
                                 /*retained=*/static_cast<std::uint64_t>(number) % 3));
  if (number % 3 == 0) facts.push_back(AliasFact(AliasName(number), OutputName(number)));
  if (number % 4 == 0) {
    facts.push_back(ConsentFact(WorkName(number), party(), ConsentStatus::kObjected));
  }
  if (IsStaged(number)) {
    facts.push_back(AssetFact(ModelName(number), AssetKind::kModelCheckpoint));
    step.staged = Staged(number);
  }
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

}  // namespace tributary::test
