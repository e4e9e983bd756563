// What readers of large frontiers keep in memory, and that it answers as the rows do.

#include "storage/asset_pages.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <thread>
#include <utility>

#include "storage/holder_lists.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"
#include "tests/support/test_ledger.h"

namespace tributary {
namespace {

using test::AssetFact;
using test::AssetId;
using test::Engine;
using test::TestLedger;

AssetStateRow StateWith(VersionHead derivation, VersionHead holders) {
  AssetStateRow state;
  state.kind = AssetKind::kWork;
  state.asset = {1, LogPosition{7}};
  state.derivation = derivation;
  state.holders = holders;
  return state;
}

void Fill(AssetPages& pages, AssetNumber asset, const AssetStateRow& state, std::uint64_t size) {
  pages.Fill(std::span(&asset, 1), std::span(&state, 1), TreeSize{size});
}

constexpr AssetNumber kPaged{7};
constexpr AssetNumber kFarPaged{keys::kAssetPageSize + 3};
constexpr auto kWorkFlags = static_cast<AssetPages::Flags>(
    AssetPages::kKnown | static_cast<AssetPages::Flags>(AssetKind::kWork));

TEST_CASE("asset pages: filled from rows, then by commits", "[ledger]") {
  AssetPages pages(sizeof(AssetPages::Heads));
  pages.Update({}, TreeSize{20});
  CHECK(pages.Find(0) == nullptr);
  const AssetPages::Page& page = *pages.FindOrAdd(0);
  CHECK(pages.Find(0) == &page);
  REQUIRE(page.heads != nullptr);
  CHECK(page.flags[7] == 0);  // not known yet

  Fill(pages, kPaged, StateWith({}, {1, LogPosition{9}}), 20);
  CHECK(page.flags[7] == (kWorkFlags | AssetPages::kHeld));
  CHECK(page.heads->derivation[7] == 0);
  CHECK(page.heads->holders[7] == 9);
  pages.Update({{kPaged, StateWith({1, LogPosition{20}}, {1, LogPosition{9}})}}, TreeSize{21});
  CHECK(page.flags[7] == (kWorkFlags | AssetPages::kHeld | AssetPages::kDerived));
  CHECK(page.heads->derivation[7] == 20);
  // Rows that were read before that commit change nothing.
  Fill(pages, kPaged, StateWith({}, {1, LogPosition{9}}), 20);
  CHECK(page.heads->derivation[7] == 20);
}

TEST_CASE("asset pages: rows from before a page may lack commits that passed it by", "[ledger]") {
  AssetPages pages(sizeof(AssetPages::Heads));
  pages.Update({}, TreeSize{20});
  pages.Update({{kPaged, StateWith({1, LogPosition{20}}, {})}}, TreeSize{21});
  const AssetPages::Page& page = *pages.FindOrAdd(0);
  Fill(pages, kPaged, StateWith({}, {}), 20);
  CHECK(page.flags[7] == 0);
  Fill(pages, kPaged, StateWith({1, LogPosition{20}}, {}), 21);
  CHECK(page.heads->derivation[7] == 20);
}

TEST_CASE("asset pages: new assets are known at once, while there is memory for heads",
          "[ledger]") {
  AssetPages pages(sizeof(AssetPages::Heads));
  pages.Update({}, TreeSize{7});
  pages.Update({{kPaged, StateWith({}, {})}, {AssetNumber{2}, StateWith({}, {})}}, TreeSize{8});
  REQUIRE(pages.Find(0) != nullptr);
  CHECK(pages.Find(0)->flags[7] == kWorkFlags);
  pages.Update({}, TreeSize{kFarPaged.value});
  pages.Update({{kFarPaged, StateWith({}, {})}}, TreeSize{kFarPaged.value + 1});
  CHECK(pages.Find(1) == nullptr);
  // Who asks for the page gets one with flags alone.
  const AssetPages::Page& page = *pages.FindOrAdd(1);
  CHECK(page.heads == nullptr);
  pages.Update({{kFarPaged, StateWith({1, LogPosition{kFarPaged.value + 1}}, {})}},
               TreeSize{kFarPaged.value + 2});
  CHECK(page.flags[3] == (kWorkFlags | AssetPages::kDerived));
}

TEST_CASE("asset pages: after a rebuild rows from before it are not kept", "[ledger]") {
  AssetPages pages(sizeof(AssetPages::Heads));
  pages.Update({}, TreeSize{20});
  const AssetPages::Page& page = *pages.FindOrAdd(0);
  Fill(pages, kPaged, StateWith({}, {}), 20);
  pages.Clear();
  CHECK(page.flags[7] == 0);
  Fill(pages, kPaged, StateWith({}, {}), 20);
  CHECK(page.flags[7] == 0);
  pages.Update({}, TreeSize{21});
  Fill(pages, kPaged, StateWith({}, {}), 21);
  CHECK(page.flags[7] == kWorkFlags);
}

TEST_CASE("asset pages: the list of an older holders record is not taken for the newer's",
          "[ledger]") {
  AssetPages::Heads heads;
  CHECK(AssetPages::HolderListAt(heads, 3, LogPosition{9}) == 0);
  AssetPages::NoteHolderList(3, LogPosition{9}, 4, &heads);
  CHECK(AssetPages::HolderListAt(heads, 3, LogPosition{9}) == 4);
  CHECK(AssetPages::HolderListAt(heads, 3, LogPosition{10}) == 0);
  CHECK(AssetPages::HolderListAt(heads, 4, LogPosition{9}) == 0);
  // Positions that share their low half with another one are not noted.
  AssetPages::NoteHolderList(5, LogPosition{(std::uint64_t{1} << 32) + 9}, 4, &heads);
  CHECK(AssetPages::HolderListAt(heads, 5, LogPosition{9}) == 0);
  CHECK(AssetPages::HolderListAt(heads, 3, LogPosition{(std::uint64_t{1} << 32) + 9}) == 0);
}

TEST_CASE("holder lists: equal ones are one, until the memory is used up", "[ledger]") {
  HolderLists lists(400);
  const std::vector<Holder> pair = {{"ana", 1}, {"bob", 2}};
  const auto first = lists.Keep(pair);
  CHECK(first.number == 1);
  CHECK(*first.list == pair);
  CHECK(lists.Keep(pair).list == first.list);
  CHECK(lists.Keep({{"ana", 2}, {"bob", 2}}).number == 2);
  const auto last = lists.Keep({{std::string(300, 'x'), 1}});
  CHECK(last.number == 0);
  CHECK(last.list->front().party == std::string(300, 'x'));
  const std::vector<std::uint32_t> numbers = {0, 1, 2};
  std::vector<HolderList> found(3);
  lists.Find(numbers, &found);
  CHECK(found[0] == nullptr);
  CHECK(found[1] == first.list);
  CHECK(found[2]->front().units == 2);
}

// Two ledgers with one history: one keeps much in memory, the other reads rows.
class TwoLedgers {
 public:
  TwoLedgers(test::Rng& rng, Engine engine)
      : rng_(rng), kept_(engine), plain_(engine, WithoutMemory()) {
    for (std::size_t i = 0; i < kAssetCount; ++i) facts_.push_back(AssetFact(Name(i)));
    for (int i = 0; i < 5; ++i) facts_.push_back(test::PartyFact("party-" + std::to_string(i)));
    Send();
  }

  // New derivations, holders and asset records, some of them superseding.
  void Record() {
    for (int i = 0; i < 40; ++i) {
      const std::size_t asset = rng_.Below(kAssetCount - 1) + 1;
      if (rng_.OneIn(3)) {
        Add(asset, 0,
            test::DerivationFact(Name(asset), {{Name(rng_.Below(asset)), 1 + rng_.Below(100)}}));
      } else if (rng_.OneIn(8)) {
        Add(asset, 1, AssetFact(Name(asset), AssetKind::kDataset));
      } else {
        Add(asset, 2, test::HoldersFact(Name(asset), {{Party(), 1 + rng_.Below(3)}}));
      }
    }
    Send();
  }

  // Empty, or what they disagree on, of many assets at once and of few.
  std::string Compare(TreeSize size) {
    const auto kept = kept_->ViewAt(size);
    const auto plain = plain_->ViewAt(size);
    REQUIRE_OK(kept);
    REQUIRE_OK(plain);
    std::vector<AssetNumber> all;
    for (std::uint64_t i = 1; i <= kAssetCount; ++i) all.push_back(AssetNumber{i});
    const std::string problem = Compare(**kept, **plain, all);
    if (!problem.empty()) return problem;
    return Compare(**kept, **plain, std::span(all).subspan(rng_.Below(kAssetCount - 5), 5));
  }

  TreeSize size() { return kept_->head().tree_size; }

 private:
  static constexpr std::size_t kAssetCount = 400;

  static LedgerOptions WithoutMemory() {
    LedgerOptions options;
    options.cache_sizes = {.edges = 0, .asset_ids = 0, .asset_heads = 0, .holder_lists = 0};
    return options;
  }
  static std::string Name(std::size_t i) { return "asset " + std::to_string(i); }
  std::string Party() { return "party-" + std::to_string(rng_.Below(5)); }

  void Add(std::size_t asset, int aspect, Fact fact) {
    std::optional<Digest>& newest = newest_[asset * 3 + static_cast<std::size_t>(aspect)];
    if (aspect == 1 && !newest.has_value()) {
      newest = PrepareFact(AssetFact(Name(asset)))->id;  // its first record
    }
    if (newest.has_value()) fact = test::Superseding(std::move(fact), *newest);
    const auto prepared = PrepareFact(fact);
    REQUIRE_OK(prepared);
    newest = prepared->id;
    facts_.push_back(std::move(fact));
  }

  void Send() {
    for (TestLedger* ledger : {&kept_, &plain_}) {
      std::vector<PreparedFact> prepared;
      for (const Fact& fact : facts_) prepared.push_back(PrepareFact(fact).value());
      for (const auto& result : (*ledger)->RecordAll(std::move(prepared), {})) REQUIRE_OK(result);
    }
    facts_.clear();
  }

  static std::string Compare(const LedgerView& kept, const LedgerView& plain,
                             std::span<const AssetNumber> assets) {
    std::vector<AssetClass> classes[2];
    std::vector<HolderList> holders[2];
    std::vector<LogPosition> changes[2];
    const LedgerView* const views[2] = {&kept, &plain};
    for (int i = 0; i < 2; ++i) {
      REQUIRE_OK(views[i]->Classify(assets, &classes[i]));
      REQUIRE_OK(views[i]->ReadHolders(assets, &holders[i]));
      REQUIRE_OK(views[i]->ReadLastChanges(assets, &changes[i]));
    }
    std::vector<AssetNumber> derived;
    for (std::size_t i = 0; i < assets.size(); ++i) {
      const AssetClass& a = classes[0][i];
      const AssetClass& b = classes[1][i];
      if (a.kind != b.kind || a.is_derived != b.is_derived || a.has_holders != b.has_holders) {
        return "class of " + std::to_string(assets[i].value);
      }
      if ((holders[0][i] == nullptr) == a.has_holders) return "holders announced";
      if ((holders[0][i] == nullptr) != (holders[1][i] == nullptr) ||
          (holders[0][i] != nullptr && *holders[0][i] != *holders[1][i])) {
        return "holders of " + std::to_string(assets[i].value);
      }
      if (changes[0][i] != changes[1][i]) return "changes of " + std::to_string(assets[i].value);
      if (a.is_derived) derived.push_back(assets[i]);
    }
    std::vector<DerivationView> derivations[2];
    for (int i = 0; i < 2; ++i) {
      REQUIRE_OK(views[i]->ReadDerivations(derived, 1'000'000, &derivations[i]));
    }
    for (std::size_t i = 0; i < derived.size(); ++i) {
      if (derivations[0][i].position != derivations[1][i].position) {
        return "derivation of " + std::to_string(derived[i].value);
      }
    }
    return "";
  }

  test::Rng& rng_;
  TestLedger kept_;
  TestLedger plain_;
  std::vector<Fact> facts_;  // to be sent
  std::array<std::optional<Digest>, kAssetCount * 3> newest_;
};

TEST_CASE("asset pages: every view answers as the rows do, before and after commits",
          "[ledger][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 6; ++trial) {
    TwoLedgers ledgers(rng, trial % 2 == 0 ? Engine::kMemory : Engine::kRocksDb);
    for (int round = 0; round < 12; ++round) {
      ledgers.Record();
      CAPTURE(rng.seed(), trial, round);
      // The newest twice: what the first reading left in memory serves the second.
      CHECK(ledgers.Compare(ledgers.size()) == "");
      CHECK(ledgers.Compare(ledgers.size()) == "");
      const std::uint64_t older = 406 + rng.Below(ledgers.size().value - 405);
      CHECK(ledgers.Compare(TreeSize{older}) == "");
    }
  }
}

// Fact number k gives asset k % kCount holders with k + 1 units, so a view says by its tree size
// what each asset must have.
TEST_CASE("asset pages: readers of many assets while holders change", "[ledger][threads]") {
  constexpr std::uint64_t kCount = 300;
  constexpr std::uint64_t kFactCount = 3'000;
  TestLedger ledger(Engine::kMemory);
  std::vector<PreparedFact> first = {PrepareFact(test::PartyFact("ana")).value()};
  std::vector<AssetNumber> assets;
  for (std::uint64_t i = 0; i < kCount; ++i) {
    assets.push_back(AssetNumber{first.size() + 1});
    first.push_back(PrepareFact(AssetFact("asset " + std::to_string(i))).value());
  }
  for (const auto& result : ledger->RecordAll(std::move(first), {})) REQUIRE_OK(result);
  const std::uint64_t base = ledger->head().tree_size.value;

  std::atomic<bool> is_done = false;
  std::atomic<int> wrong_count = 0;
  std::atomic<int> read_count = 0;
  const auto read = [&](std::uint64_t seed) {
    test::Rng rng(seed);
    while (!is_done) {
      const std::uint64_t head = ledger->head().tree_size.value;
      const std::uint64_t size = rng.OneIn(3) ? base + rng.Below(head - base + 1) : head;
      const auto view = ledger->ViewAt(TreeSize{size});
      std::vector<HolderList> holders;
      if (!view.ok() || !(*view)->ReadHolders(assets, &holders).ok()) {
        ++wrong_count;
        continue;
      }
      const std::uint64_t recorded = size - base;
      for (std::uint64_t i = 0; i < kCount; ++i) {
        const std::uint64_t round_count = recorded / kCount + (i < recorded % kCount ? 1 : 0);
        const std::uint64_t units = round_count == 0 ? 0 : (round_count - 1) * kCount + i + 1;
        const bool is_right = units == 0 ? holders[i] == nullptr
                                         : holders[i] != nullptr && holders[i]->size() == 1 &&
                                               holders[i]->front().units == units;
        if (!is_right) ++wrong_count;
      }
      ++read_count;
    }
  };
  std::vector<std::thread> readers;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) readers.emplace_back(read, seed);

  std::vector<Digest> newest(kCount);
  std::vector<PreparedFact> batch;
  bool all_recorded = true;
  for (std::uint64_t k = 0; k < kFactCount; ++k) {
    Fact fact = test::HoldersFact("asset " + std::to_string(k % kCount), {{"ana", k + 1}});
    if (k >= kCount) fact = test::Superseding(std::move(fact), newest[k % kCount]);
    batch.push_back(PrepareFact(fact).value());
    newest[k % kCount] = batch.back().id;
    if (batch.size() < 7 && k + 1 < kFactCount) continue;
    for (const auto& result : ledger->RecordAll(std::exchange(batch, {}), {})) {
      all_recorded = all_recorded && result.ok();
    }
  }
  while (read_count < 10 && wrong_count == 0) std::this_thread::yield();
  is_done = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(all_recorded);
  CHECK(wrong_count == 0);
}

}  // namespace
}  // namespace tributary
