// What a ledger promises to those who record and read, on both engines.

#include "graph/attribution/attribution.h"
#include "graph/lineage/subgraph.h"
#include "tests/storage/ledger/market.h"
#include "tests/support/catch.h"
#include "tests/support/test_ledger.h"

namespace tributary {
namespace {

using test::AssetFact;
using test::AssetId;
using test::DerivationFact;
using test::Engine;
using test::MustRecord;
using test::MustView;
using test::TestLedger;

TEST_CASE("ledger: the same fact again appends nothing", "[ledger]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  const Receipt first = MustRecord(ledger, AssetFact("w1"));
  const Receipt again = MustRecord(ledger, AssetFact("w1"));
  CHECK(first.position.value == 1);
  CHECK_FALSE(first.already_recorded);
  CHECK(again.position == first.position);
  CHECK(again.record_id == first.record_id);
  CHECK(again.already_recorded);
  CHECK(ledger->head().tree_size.value == 2);
}

TEST_CASE("ledger: other content under an identity in force is refused and shows both",
          "[ledger]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  const Receipt first = MustRecord(ledger, AssetFact("w1"));
  const auto refused = ledger->RecordFact(AssetFact("w1", AssetKind::kDataset));
  CHECK_STATUS(refused, absl::StatusCode::kAlreadyExists);
  const std::string message(refused.status().message());
  CHECK(message.find(first.record_id.ToHex()) != std::string::npos);
  CHECK(message.find("\"kind\":\"dataset\"") != std::string::npos);
  CHECK(message.find("\"kind\":\"work\"") != std::string::npos);
  CHECK(ledger->head().tree_size.value == 2);
}

TEST_CASE("ledger: a chain of superseding records never forks", "[ledger]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  const Receipt first = MustRecord(ledger, AssetFact("a", AssetKind::kUnknown));
  const Receipt second =
      MustRecord(ledger, test::Superseding(AssetFact("a", AssetKind::kWork), first.record_id));
  const auto stale =
      ledger->RecordFact(test::Superseding(AssetFact("a", AssetKind::kDataset), first.record_id));
  CHECK_STATUS(stale, absl::StatusCode::kAborted);
  MustRecord(ledger, test::Superseding(AssetFact("a", AssetKind::kDataset), second.record_id));

  // Each state answers as it did, for ever.
  const auto kind_at = [&](std::uint64_t size) {
    const auto view = MustView(ledger, TreeSize{size});
    std::vector<AssetClass> classes;
    const auto number = view->FindAsset(AssetId("a"));
    REQUIRE_OK(number);
    REQUIRE(number->has_value());
    const AssetNumber asset = **number;
    REQUIRE_OK(view->Classify(std::span(&asset, 1), &classes));
    return classes.front().kind;
  };
  CHECK(kind_at(2) == AssetKind::kUnknown);
  CHECK(kind_at(3) == AssetKind::kWork);
  CHECK(kind_at(4) == AssetKind::kDataset);
  const auto before = MustView(ledger, TreeSize{1})->FindAsset(AssetId("a"));
  REQUIRE_OK(before);
  CHECK_FALSE(before->has_value());
}

TEST_CASE("ledger: a derivation names recorded inputs, or asks for unknown ones", "[ledger]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  MustRecord(ledger, AssetFact("out", AssetKind::kOutput));
  const auto refused = ledger->RecordFact(DerivationFact("out", {{"w1", 1}}));
  CHECK_STATUS(refused, absl::StatusCode::kNotFound);
  CHECK(std::string(refused.status().message()).find("edges[0].input") != std::string::npos);
  CHECK(ledger->head().tree_size.value == 2);
  const Receipt receipt =
      MustRecord(ledger, DerivationFact("out", {{"w1", 1}}), {.allow_unknown_inputs = true});
  CHECK(receipt.position.value == 3);  // behind the record of the unknown input
}

TEST_CASE("ledger: a cycle is refused with its path", "[ledger]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  for (const char* name : {"a", "b", "c"}) MustRecord(ledger, AssetFact(name, AssetKind::kOther));
  MustRecord(ledger, DerivationFact("b", {{"a", 1}}));
  MustRecord(ledger, DerivationFact("c", {{"b", 1}}));
  const HeadRow before = ledger->head();
  const auto refused = ledger->RecordFact(DerivationFact("a", {{"c", 1}}));
  CHECK_STATUS(refused, absl::StatusCode::kFailedPrecondition);
  for (const char* name : {"a", "b", "c"}) {
    CHECK(std::string(refused.status().message()).find(AssetId(name).ToHex()) != std::string::npos);
  }
  CHECK(ledger->head() == before);
}

TEST_CASE("ledger: superseding opens and closes cycles by what is in force", "[ledger]") {
  TestLedger ledger;
  for (const char* name : {"a", "b"}) MustRecord(ledger, AssetFact(name, AssetKind::kOther));
  const Receipt b = MustRecord(ledger, DerivationFact("b", {{"a", 1}}));
  CHECK_STATUS(ledger->RecordFact(DerivationFact("a", {{"b", 1}})),
               absl::StatusCode::kFailedPrecondition);
  MustRecord(ledger, test::Superseding(DerivationFact("b", {}, 1), b.record_id));
  MustRecord(ledger, DerivationFact("a", {{"b", 1}}));
}

TEST_CASE("ledger: a batch is applied in order, each fact by itself", "[ledger]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  const bool stop_on_error = GENERATE(false, true);
  std::vector<PreparedFact> facts;
  for (Fact fact : {AssetFact("out", AssetKind::kOutput), DerivationFact("out", {{"missing", 1}}),
                    AssetFact("w1"), DerivationFact("out", {{"w1", 1}})}) {
    facts.push_back(*PrepareFact(std::move(fact)));
  }
  const auto results = ledger->RecordAll(std::move(facts), {.stop_on_error = stop_on_error});
  REQUIRE(results.size() == 4);
  CHECK(results[0].ok());
  CHECK_STATUS(results[1], absl::StatusCode::kNotFound);
  CHECK(results[2].ok() == !stop_on_error);
  CHECK(results[3].ok() == !stop_on_error);
  if (!stop_on_error) return;
  CHECK_STATUS(results[2], absl::StatusCode::kAborted);
  CHECK(results[3].status().message() == "not applied: fact 1 of the batch failed");
}

TEST_CASE("ledger: reopening finds everything again", "[ledger]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  for (int i = 0; i < 600; ++i) MustRecord(ledger, AssetFact(std::to_string(i)));
  const HeadRow before = ledger->head();
  REQUIRE_OK(ledger.Reopen());
  CHECK(ledger->head() == before);
  CHECK(*MustView(ledger)->RootHash() == before.root);
  const auto view = MustView(ledger, TreeSize{300});
  const auto root = view->RootHash();
  REQUIRE_OK(root);
  TreeFrontier tree;
  for (std::uint64_t i = 0; i < 300; ++i) {
    const auto record = view->ReadRecord(LogPosition{i});
    REQUIRE_OK(record);
    tree.Append(LeafHash(LeafData(record->id, record->accepted_time)));
  }
  CHECK(*root == tree.Root());
}

TEST_CASE("ledger: staged edges are one derivation, or nothing", "[ledger]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  constexpr std::size_t kCount = 10'000;
  std::vector<PreparedFact> works;
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < kCount; ++i) {
    works.push_back(*PrepareFact(AssetFact(std::to_string(i))));
    edges.push_back({AssetId(std::to_string(i)), Role::kMember, i % 7, Basis::kDeclared});
  }
  std::sort(edges.begin(), edges.end(),
            [](const Edge& a, const Edge& b) { return a.input < b.input; });
  for (const auto& result : ledger->RecordAll(std::move(works))) REQUIRE_OK(result);
  MustRecord(ledger, AssetFact("set", AssetKind::kDataset));
  const Fact header = DerivationFact("set", {}, 5);

  SECTION("finished") {
    auto stage = ledger->BeginDerivation(header.record, {});
    REQUIRE_OK(stage);
    REQUIRE_OK((*stage)->Add(edges));
    const auto finished = (*stage)->Finish();
    REQUIRE_OK(finished);
    CHECK(finished->derivation.edge_count == kCount);
    stage->reset();
    REQUIRE_OK(ledger.Reopen());
    const auto view = MustView(ledger);
    const auto derivation = view->ReadDerivationAt(finished->receipt.position);
    REQUIRE_OK(derivation);
    const auto stored = view->ReadEdges(*derivation, 0, kCount);
    REQUIRE_OK(stored);
    CHECK(*stored == edges);
    std::vector<AssetNumber> consumers;
    REQUIRE_OK(view->ReadConsumers(AssetNumber{1234}, 10, &consumers));
    CHECK(consumers.size() == 1);
    const auto target = view->FindAsset(AssetId("set"));
    const auto graph = CollectUpstream(*view, **target);
    REQUIRE_OK(graph);
    CHECK(graph->vertex_count() == kCount + 1);
  }
  SECTION("abandoned") {
    const HeadRow before = ledger->head();
    {
      auto stage = ledger->BeginDerivation(header.record, {});
      REQUIRE_OK(stage);
      REQUIRE_OK((*stage)->Add(std::span(edges).first(9000)));
    }
    REQUIRE_OK(ledger.Reopen());
    CHECK(ledger->head() == before);
    std::vector<AssetNumber> consumers;
    REQUIRE_OK(MustView(ledger)->ReadConsumers(AssetNumber{1234}, 10, &consumers));
    CHECK(consumers.empty());
  }
  SECTION("out of order") {
    std::swap(edges[5000], edges[5001]);
    auto stage = ledger->BeginDerivation(header.record, {});
    REQUIRE_OK(stage);
    CHECK_STATUS((*stage)->Add(edges), absl::StatusCode::kInvalidArgument);
    CHECK_STATUS((*stage)->Finish(), absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("ledger: verification finds a sound store sound, and a rebuild changes nothing",
          "[ledger]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  MustRecord(ledger, test::PartyFact("ana"));
  for (int i = 0; i < 300; ++i) {
    MustRecord(ledger, AssetFact(std::to_string(i), AssetKind::kOther));
    if (i > 1) {
      MustRecord(ledger,
                 DerivationFact(std::to_string(i), {{std::to_string(i - 1), 1}, {"0", 2}}, 3));
    }
  }
  MustRecord(ledger, test::AliasFact("the first", "0"));
  MustRecord(ledger, test::HoldersFact("0", {{"ana", 1}}));
  MustRecord(ledger, test::ConsentFact("0", "ana", ConsentStatus::kObjected));
  const auto verify = [&] {
    const auto scratch = NewMemoryStore();
    auto result = ledger->Verify(scratch.get(), {}, nullptr);
    REQUIRE_OK(result);
    for (const auto& problem : result->problems)
      UNSCOPED_INFO(problem.where << ": " << problem.what);
    CHECK(result->problem_count == 0);
    CHECK(result->root_hash == ledger->head().root);
  };
  verify();
  const HeadRow before = ledger->head();
  REQUIRE_OK(ledger->RebuildIndexes({}));
  CHECK(ledger->head() == before);
  verify();
  REQUIRE_OK(ledger.Reopen());
  CHECK(ledger->head() == before);
}

TEST_CASE("ledger: things are found by alias, name, id prefix and party", "[ledger]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  MustRecord(ledger, test::PartyFact("ana"));
  MustRecord(ledger, AssetFact("w1"));
  MustRecord(ledger, AssetFact("w2"));
  MustRecord(ledger, test::AliasFact("hf:a/b", "w1"));
  MustRecord(ledger, test::AliasFact("hf:a/c", "w2"));
  MustRecord(ledger, test::HoldersFact("w2", {{"ana", 7}}));
  MustRecord(ledger, test::ConsentFact("w2", "ana", ConsentStatus::kConstrained));
  const auto view = MustView(ledger);
  const AssetNumber w1 = **view->FindAsset(AssetId("w1"));
  const AssetNumber w2 = **view->FindAsset(AssetId("w2"));
  CHECK(std::get<AliasRecord>((*view->FindAlias("hf:a/b"))->record.body).asset == AssetId("w1"));
  CHECK_FALSE(view->FindAlias("hf:a")->has_value());
  CHECK(*view->ListAliases("hf:a/", "", 10) == std::vector<std::string>{"hf:a/b", "hf:a/c"});
  CHECK(*view->ListAliases("hf:a/b", "", 10) == std::vector<std::string>{"hf:a/b"});
  CHECK(*view->ListAliases("hf:", "hf:a/b", 10) == std::vector<std::string>{"hf:a/c"});
  CHECK(*view->ReadAliases(w1, 10) == std::vector<std::string>{"hf:a/b"});
  CHECK(*view->FindByName("w2", 10) == std::vector<AssetNumber>{w2});
  const std::string hex = AssetId("w1").ToHex();
  for (const std::size_t size : {2u, 7u, 8u, 63u, 64u}) {
    CAPTURE(size);
    CHECK(*view->FindByIdPrefix(hex.substr(0, size), 10) == std::vector<AssetNumber>{w1});
  }
  CHECK(*view->ListPartyAssets("ana", std::nullopt, 10) == std::vector<AssetNumber>{w2});
  CHECK(view->ReadConsents(w2)->size() == 1);
  const auto page = view->ListAssets(LogPosition{0}, 1, 1000);
  REQUIRE_OK(page);
  REQUIRE(page->assets.size() == 1);
  CHECK(page->assets[0].number == w1);
  REQUIRE(page->next.has_value());
  const auto rest = view->ListAssets(*page->next, 10, 1000);
  REQUIRE(rest->assets.size() == 1);
  CHECK(rest->assets[0].state.has_holders);
  CHECK_FALSE(rest->next.has_value());
}

TEST_CASE("ledger: consumers beyond one block are all found", "[ledger]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  MustRecord(ledger, AssetFact("model", AssetKind::kModelCheckpoint));
  std::vector<PreparedFact> facts;
  constexpr std::size_t kCount = 3 * kPositionBlockSize + 5;
  for (std::size_t i = 0; i < kCount; ++i) {
    facts.push_back(*PrepareFact(AssetFact("out" + std::to_string(i), AssetKind::kOutput)));
    facts.push_back(*PrepareFact(DerivationFact("out" + std::to_string(i), {{"model", 1}})));
  }
  for (const auto& result : ledger->RecordAll(std::move(facts))) REQUIRE_OK(result);
  const auto view = MustView(ledger);
  std::vector<AssetNumber> consumers;
  REQUIRE_OK(view->ReadConsumers(AssetNumber{1}, kCount, &consumers));
  CHECK(consumers.size() == kCount);
  CHECK_STATUS(view->ReadConsumers(AssetNumber{1}, kCount - 1, &consumers),
               absl::StatusCode::kResourceExhausted);
}

TEST_CASE("ledger: a clock that jumped records nothing", "[ledger]") {
  TestLedger ledger;
  MustRecord(ledger, AssetFact("w1"));
  ledger.set_time(TimeMs{1'700'000'000'000 - 30'000});
  const Receipt early = MustRecord(ledger, AssetFact("w2"));
  CHECK(early.accepted_time == TimeMs{1'700'000'000'000});  // never decreasing
  ledger.set_time(TimeMs{1'600'000'000'000});
  CHECK_STATUS(ledger->RecordFact(AssetFact("w3")), absl::StatusCode::kFailedPrecondition);
  ledger.set_time(TimeMs{1'700'000'000'001});
  MustRecord(ledger, AssetFact("w3"));
}

TEST_CASE("ledger: private details are kept apart", "[ledger]") {
  TestLedger ledger(GENERATE(Engine::kMemory, Engine::kRocksDb));
  Fact fact = AssetFact("prompt", AssetKind::kPrompt);
  fact.details = PrivateDetails{std::string(32, 's'), "the words"};
  CHECK_STATUS(ledger->RecordFact(fact), absl::StatusCode::kInvalidArgument);
  fact.record.details_digest = DetailsDigest(*fact.details);
  MustRecord(ledger, fact);
  const auto details = MustView(ledger)->ReadDetails(*fact.record.details_digest);
  REQUIRE_OK(details);
  CHECK((*details)->bytes == "the words");
}

}  // namespace
}  // namespace tributary
