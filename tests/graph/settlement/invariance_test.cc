// What must not matter to a payee: how a total is cut into sales and statements, how a holding is
// divided, what a thing is called on its way.

#include <map>
#include <optional>

#include "graph/settlement/close.h"
#include "tests/support/catch.h"
#include "tests/support/memory_settlement_ledger.h"
#include "tests/support/random_lineage.h"
#include "tests/support/reference_attribution.h"
#include "tests/support/rng.h"

namespace tributary::test {
namespace {

using Has = std::map<std::string, BigInt>;  // grains paid and carried, by payee

constexpr std::uint64_t kMoves = 4;  // single grains by edge, holder or vertex that a sale may move

class LineageLedger : public MemorySettlementLedger {
 public:
  explicit LineageLedger(const PlainLineage& lineage) {
    Append(CurrencyRecord{.code = "EUR", .scale = 2});
    for (const PlainAsset& asset : lineage.assets) {
      AssetRecord record;
      record.asset = asset.id;
      record.kind = asset.kind;
      Append(record);
      if (!asset.holders.empty()) Append(HoldersRecord{asset.id, asset.holders});
      size_ += 1 + asset.holders.size();
    }
    for (const PlainAsset& asset : lineage.assets) {
      if (!asset.derivation) continue;
      std::vector<LedgerEdge> edges;
      for (const PlainEdge& edge : asset.derivation->edges) {
        edges.push_back({lineage.assets[edge.input].id, edge.weight, edge.role});
      }
      size_ += edges.size();
      Derive(asset.id, edges, asset.derivation->retained, asset.derivation->unattributed);
    }
  }

  void Sell(const Digest& asset, std::uint64_t amount) {
    ++sale_count_;
    Append(SaleRecord{.reference = std::to_string(tree_size().value),
                      .asset = asset,
                      .amount = {amount},
                      .currency = "EUR"});
  }

  void Close() {
    const ClosedStatement closed =
        CloseStatement(*Reader(), {tree_size().value}, std::nullopt).value();
    rest_.clear();
    for (const std::string& bytes : closed.lines) {
      const StatementLine line = DecodeStatementLine(bytes).value();
      units_[line.payee] += ToBigInt(line.paid.value);
      rest_[line.payee] = ToBigInt(line.carry);
    }
    Append(closed.record, closed.lines);
  }

  Has Balances() const {
    Has has = rest_;
    for (const auto& [payee, units] : units_) has[payee] += units << 64;
    return has;
  }
  BigInt GrainsMoved() const { return BigInt(sale_count_) * size_ * kMoves; }

 private:
  std::uint64_t size_ = 1;
  std::uint64_t sale_count_ = 0;
  Has units_;
  Has rest_;
};

// The largest difference of any payee.
BigInt Distance(const Has& a, const Has& b) {
  Has differences = a;
  for (const auto& [payee, grains] : b) differences[payee] -= grains;
  BigInt largest = 0;
  for (const auto& [payee, grains] : differences) largest = std::max(largest, BigInt(abs(grains)));
  return largest;
}

RandomCase SmallLineage(Rng& rng) {
  RandomCase random = RandomLineage(rng);
  while (random.lineage.assets.size() > 40) random = RandomLineage(rng);
  return random;
}

TEST_CASE("invariance: a total may be cut into any sales and statements",
          "[settlement][property]") {
  Rng rng = SeededRng();
  for (int trial = 0; trial < 1'500; ++trial) {
    const RandomCase random = SmallLineage(rng);
    const Digest sold = random.lineage.assets[random.target].id;
    const std::uint64_t total = rng.Between(1, rng.OneIn(2) ? 20 : 1'000'000);
    LineageLedger whole(random.lineage);
    whole.Sell(sold, total);
    whole.Close();
    LineageLedger cut(random.lineage);
    for (std::uint64_t left = total; left > 0;) {
      const std::uint64_t part = rng.OneIn(12) ? left : rng.Between(1, left);
      cut.Sell(sold, part);
      left -= part;
      if (left == 0 || rng.OneIn(3)) cut.Close();
    }
    CAPTURE(rng.seed(), trial);
    REQUIRE(Distance(whole.Balances(), cut.Balances()) <= cut.GrainsMoved());
  }
}

TEST_CASE("invariance: a holding may be divided", "[settlement][property]") {
  Rng rng = SeededRng();
  int divided_count = 0;
  for (int trial = 0; trial < 1'500; ++trial) {
    const RandomCase random = SmallLineage(rng);
    PlainLineage divided = random.lineage;
    PlainAsset& asset = divided.assets[rng.Below(divided.assets.size())];
    if (asset.holders.empty() || asset.holders[0].units < 2) continue;
    ++divided_count;
    const Holder whole = asset.holders[0];
    const std::uint64_t first = rng.Between(1, whole.units - 1);
    asset.holders[0] = {"one half", first};
    asset.holders.push_back({"zother half", whole.units - first});
    LineageLedger before(random.lineage);
    LineageLedger after(divided);
    for (LineageLedger* ledger : {&before, &after}) {
      ledger->Sell(random.lineage.assets[random.target].id, 1 + trial);
      ledger->Close();
    }
    Has merged = after.Balances();
    for (const char* half : {"party:one half", "party:zother half"}) {
      merged["party:" + whole.party] += merged[half];
      merged[half] = 0;
    }
    CAPTURE(rng.seed(), trial);
    REQUIRE(Distance(before.Balances(), merged) <= after.GrainsMoved());
  }
  CHECK(divided_count > 100);
}

TEST_CASE("invariance: a thing under two ids changes nobody", "[settlement][property]") {
  Rng rng = SeededRng();
  for (int trial = 0; trial < 1'500; ++trial) {
    const RandomCase random = SmallLineage(rng);
    PlainLineage longer = random.lineage;
    // Whoever used the asset now uses another id of it.
    const std::size_t original = rng.Below(longer.assets.size());
    PlainAsset alias{Sha256("alias " + std::to_string(trial)), AssetKind::kOther, {}, {}};
    alias.derivation = PlainDerivation{0, 0, {{.input = original, .weight = 1}}};
    const std::size_t place = longer.assets.size();
    for (PlainAsset& asset : longer.assets) {
      if (!asset.derivation) continue;
      for (PlainEdge& edge : asset.derivation->edges) {
        if (edge.input == original) edge.input = place;
      }
    }
    longer.assets.push_back(alias);
    LineageLedger before(random.lineage);
    LineageLedger after(longer);
    for (LineageLedger* ledger : {&before, &after}) {
      ledger->Sell(random.lineage.assets[random.target].id, 1 + trial);
      ledger->Close();
    }
    CAPTURE(rng.seed(), trial);
    REQUIRE(Distance(before.Balances(), after.Balances()) <= after.GrainsMoved());
  }
}

TEST_CASE("invariance: what comes late changes no sale valued earlier", "[settlement][property]") {
  Rng rng = SeededRng();
  for (int trial = 0; trial < 1'500; ++trial) {
    const RandomCase random = SmallLineage(rng);
    const Digest sold = random.lineage.assets[random.target].id;
    LineageLedger quiet(random.lineage);
    LineageLedger busy(random.lineage);
    for (LineageLedger* ledger : {&quiet, &busy}) {
      for (int i = 0; i < 3; ++i) ledger->Sell(sold, 7 + i);
    }
    for (const PlainAsset& asset : random.lineage.assets) {
      if (rng.OneIn(2)) busy.Append(HoldersRecord{asset.id, {{"late", 1}}});
      if (rng.OneIn(2)) busy.Derive(asset.id, {}, /*retained=*/1);
    }
    busy.Sell(TestId(255), 1);
    AssetRecord other;
    other.asset = TestId(255);
    busy.Append(other);
    busy.Append(ReversalRecord{.sale = busy.id({busy.tree_size().value - 2})});
    quiet.Close();
    busy.Close();
    CAPTURE(rng.seed(), trial);
    // To the grain: the sales flow together in one state, as they do without all that.
    REQUIRE(quiet.Balances() == busy.Balances());
  }
}

}  // namespace
}  // namespace tributary::test
