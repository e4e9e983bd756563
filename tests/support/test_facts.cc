#include "tests/support/test_facts.h"

#include "graph/model/digest.h"

namespace tributary::test {
namespace {

Record MakeRecord(RecordBody body) {
  Record record;
  record.ledger = std::string(kLedgerName);
  record.body = std::move(body);
  return record;
}

}  // namespace

Fact PartyFact(std::string_view party) {
  PartyRecord body;
  body.party = std::string(party);
  return {MakeRecord(std::move(body)), {}, std::nullopt};
}

Fact AssetFact(std::string_view name, AssetKind kind) {
  AssetRecord body;
  body.asset = AssetId(name);
  body.kind = kind;
  body.id_method = kind == AssetKind::kUnknown ? IdMethod::kBare : IdMethod::kContent;
  body.name = std::string(name);
  return {MakeRecord(std::move(body)), {}, std::nullopt};
}

Fact AliasFact(std::string_view alias, std::string_view asset) {
  return {MakeRecord(AliasRecord{std::string(alias), AssetId(asset)}), {}, std::nullopt};
}

Fact HoldersFact(std::string_view asset, std::vector<Holder> holders) {
  return {MakeRecord(HoldersRecord{AssetId(asset), std::move(holders)}), {}, std::nullopt};
}

Fact ConsentFact(std::string_view asset, std::string_view party, ConsentStatus status) {
  ConsentRecord body;
  body.asset = AssetId(asset);
  body.party = std::string(party);
  body.status = status;
  if (status == ConsentStatus::kConstrained) body.constraint = "with credit";
  return {MakeRecord(std::move(body)), {}, std::nullopt};
}

Fact DerivationFact(std::string_view generated,
                    const std::vector<std::pair<std::string, std::uint64_t>>& inputs,
                    std::uint64_t retained, std::uint64_t unattributed) {
  DerivationRecord body;
  body.generated = AssetId(generated);
  body.retained = retained;
  body.unattributed = unattributed;
  Fact fact{MakeRecord(std::move(body)), {}, std::nullopt};
  for (const auto& [input, weight] : inputs) {
    fact.edges.push_back({AssetId(input), Role::kTrainingData, weight, Basis::kDeclared});
  }
  return fact;
}

Fact Superseding(Fact fact, const Digest& record_id) {
  fact.record.supersedes = record_id;
  return fact;
}

}  // namespace tributary::test
