// Property: a share does not depend on where and how its lineage is stored.
// Method:   random lineages are recorded on both engines; every answer is compared with the slow
//           reference, and its bytes again after a restart, a compaction, a backup, and a replay of
//           the log into an empty store.

#include <algorithm>
#include <map>
#include <numeric>

#include "graph/attribution/attribution.h"
#include "graph/attribution/payees.h"
#include "graph/lineage/subgraph.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "tests/support/catch.h"
#include "tests/support/random_lineage.h"
#include "tests/support/reference_attribution.h"
#include "tests/support/test_ledger.h"

namespace tributary {
namespace {

using test::Engine;
using test::PlainAsset;
using test::PlainLineage;
using test::TestLedger;

Record MakeRecord(RecordBody body) {
  Record record;
  record.ledger = std::string(test::kLedgerName);
  record.body = std::move(body);
  return record;
}

Fact AssetFactOf(const PlainAsset& asset) {
  AssetRecord body;
  body.asset = asset.id;
  body.kind = asset.kind;
  return {MakeRecord(std::move(body)), {}, std::nullopt};
}

Fact DerivationFactOf(const PlainLineage& lineage, const PlainAsset& asset) {
  DerivationRecord body;
  body.generated = asset.id;
  body.retained = asset.derivation->retained;
  body.unattributed = asset.derivation->unattributed;
  Fact fact{MakeRecord(std::move(body)), {}, std::nullopt};
  for (const test::PlainEdge& edge : asset.derivation->edges) {
    fact.edges.push_back({lineage.assets[edge.input].id, edge.role, edge.weight, edge.basis});
  }
  return fact;
}

// Facts of a lineage; derivations in a random order, so that some need the cycle test.
std::vector<Fact> FactsOf(const PlainLineage& lineage, test::Rng& rng) {
  std::vector<Fact> facts;
  std::map<std::string, bool> parties;
  for (const PlainAsset& asset : lineage.assets) {
    facts.push_back(AssetFactOf(asset));
    for (const Holder& holder : asset.holders) parties[holder.party] = true;
  }
  for (const auto& [party, known] : parties) facts.push_back(test::PartyFact(party));
  std::vector<Fact> later;
  for (const PlainAsset& asset : lineage.assets) {
    if (asset.derivation.has_value()) later.push_back(DerivationFactOf(lineage, asset));
    if (!asset.holders.empty()) {
      later.push_back({MakeRecord(HoldersRecord{asset.id, asset.holders}), {}, std::nullopt});
    }
  }
  for (std::size_t i = later.size(); i > 1; --i) std::swap(later[i - 1], later[rng.Below(i)]);
  for (Fact& fact : later) facts.push_back(std::move(fact));
  return facts;
}

void RecordAllOf(Ledger& ledger, const std::vector<Fact>& facts, test::Rng& rng) {
  std::vector<PreparedFact> batch;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    auto prepared = PrepareFact(facts[i]);
    REQUIRE_OK(prepared);
    batch.push_back(*std::move(prepared));
    if (i + 1 < facts.size() && !rng.OneIn(5)) continue;
    for (const auto& result : ledger.RecordAll(std::move(batch))) REQUIRE_OK(result);
    batch.clear();
  }
}

using Lines = std::map<std::string, test::BigInt>;

Lines AnswerOf(const LedgerView& view, const Digest& target) {
  const auto number = view.RequireAsset(target, "target");
  REQUIRE_OK(number);
  const auto graph = CollectUpstream(view, *number);
  REQUIRE_OK(graph);
  const auto result = AttributeGrains(*graph, kShareGrains);
  REQUIRE_OK(result);
  const auto lines = SplitOverPayees(view, *graph, *result);
  REQUIRE_OK(lines);
  Lines answer;
  for (const PayeeLine& line : *lines) answer[line.payee.Key()] = test::ToBigInt(line.grains);
  return answer;
}

std::string Printed(const Lines& lines) {
  std::string text;
  for (const auto& [key, grains] : lines) text += key + " " + grains.str() + "\n";
  return text;
}

// Every answer that a view gives, as text.
std::string AllAnswers(const Ledger& ledger, const std::vector<Digest>& targets) {
  std::string text;
  const std::uint64_t size = ledger.head().tree_size.value;
  for (const std::uint64_t at : {size, size / 2 + 1, size / 3 + 1}) {
    const auto view = ledger.ViewAt(TreeSize{at});
    REQUIRE_OK(view);
    const auto root = (*view)->RootHash();
    REQUIRE_OK(root);
    text += std::to_string(at) + " " + root->ToHex() + "\n";
    for (const Digest& target : targets) {
      const auto number = (*view)->FindAsset(target);
      REQUIRE_OK(number);
      if (number->has_value()) text += Printed(AnswerOf(**view, target));
    }
  }
  return text;
}

// The log of one ledger, recorded into another as it stands.
void Replay(const Ledger& from, Ledger& to) {
  const auto view = from.ViewAt(std::nullopt);
  REQUIRE_OK(view);
  std::vector<PreparedFact> facts;
  for (std::uint64_t i = 1; i < (*view)->tree_size().value; ++i) {
    auto record = (*view)->ReadRecord(LogPosition{i});
    REQUIRE_OK(record);
    Fact fact{record->record, {}, std::nullopt};
    if (std::holds_alternative<DerivationRecord>(fact.record.body)) {
      const auto derivation = (*view)->ReadDerivationAt(LogPosition{i});
      REQUIRE_OK(derivation);
      auto edges = (*view)->ReadEdges(*derivation, 0, derivation->edges->count());
      REQUIRE_OK(edges);
      fact.edges = *std::move(edges);
    }
    auto prepared = PrepareFact(std::move(fact));
    REQUIRE_OK(prepared);
    REQUIRE(prepared->id == record->id);
    prepared->accepted_time = record->accepted_time;
    facts.push_back(*std::move(prepared));
  }
  for (const auto& result : to.RecordAll(std::move(facts))) REQUIRE_OK(result);
}

TEST_CASE("equivalence: both engines agree with the reference", "[ledger][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 60; ++trial) {
    CAPTURE(rng.seed(), trial);
    const test::RandomCase random = test::RandomLineage(rng);
    const std::vector<Fact> facts = FactsOf(random.lineage, rng);
    const Digest target = random.lineage.assets[random.target].id;
    const auto expected = test::ReferencePayees(
        random.lineage,
        test::ReferenceAttribute(random.lineage, random.target, test::BigInt(1) << 96));
    TestLedger memory(Engine::kMemory);
    TestLedger rocksdb(Engine::kRocksDb);
    RecordAllOf(*memory, facts, rng);
    RecordAllOf(*rocksdb, facts, rng);
    REQUIRE(AnswerOf(**memory->ViewAt(std::nullopt), target) == expected);
    REQUIRE(AnswerOf(**rocksdb->ViewAt(std::nullopt), target) == expected);
    // The clock of the tests stands still, so even the trees are equal, whatever the batches.
    REQUIRE(memory->head().root == rocksdb->head().root);
  }
}

TEST_CASE("equivalence: restart, compaction, backup and replay change no answer",
          "[ledger][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 5; ++trial) {
    CAPTURE(rng.seed(), trial);
    TestLedger ledger(Engine::kRocksDb);
    std::vector<Digest> targets;
    for (int part = 0; part < 5; ++part) {
      const test::RandomCase random = test::RandomLineage(rng);
      // Lineages of one ledger share parties but no assets: ids are random.
      for (const Fact& fact : FactsOf(random.lineage, rng)) {
        const auto receipt = ledger->RecordFact(fact);
        if (!receipt.ok()) REQUIRE(absl::IsAlreadyExists(receipt.status()));
      }
      targets.push_back(random.lineage.assets[random.target].id);
      // A correction: later states differ, earlier ones do not.
      const auto view = ledger->ViewAt(std::nullopt);
      const auto number = (*view)->FindAsset(targets.back());
      const auto position = (*view)->DerivationPosition(**number);
      REQUIRE_OK(position);
      if (position->has_value()) {
        const auto old = (*view)->ReadRecord(**position);
        DerivationRecord origin;
        origin.generated = targets.back();
        origin.retained = 1;
        Fact fact{MakeRecord(std::move(origin)), {}, std::nullopt};
        if (!std::get<DerivationRecord>(old->record.body).edge_count) continue;
        REQUIRE_OK(ledger->RecordFact(test::Superseding(std::move(fact), old->id)));
      }
    }
    const std::string answers = AllAnswers(*ledger, targets);
    const HeadRow head = ledger->head();

    REQUIRE_OK(ledger.Reopen());
    CHECK(AllAnswers(*ledger, targets) == answers);
    REQUIRE_OK(ledger->Compact());
    CHECK(AllAnswers(*ledger, targets) == answers);

    test::TempDirectory backup;
    REQUIRE_OK(ledger->CopyTo(backup.path() + "/store"));
    {
      RocksDbOptions options;
      options.path = backup.path() + "/store";
      auto store = OpenRocksDbStore(options);
      REQUIRE_OK(store);
      auto anchor =
          Anchor::Create(PosixFileIo(), backup.path() + "/anchor", Sha256(test::kLedgerName), 1);
      REQUIRE_OK(anchor);
      auto restored = Ledger::Open(*std::move(store), *std::move(anchor), {});
      REQUIRE_OK(restored);
      CHECK((*restored)->head() == head);
      CHECK(AllAnswers(**restored, targets) == answers);
    }
    for (const Engine engine : {Engine::kMemory, Engine::kRocksDb}) {
      TestLedger replayed(engine);
      Replay(*ledger, *replayed);
      CHECK(replayed->head().root == head.root);
      CHECK(AllAnswers(*replayed, targets) == answers);
    }
  }
}

}  // namespace
}  // namespace tributary
