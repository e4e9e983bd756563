// Question: what do a million sales over a lineage of a million edges cost beside the bare numbers?
// Data:     200,000 works of 50,000 parties in 500 data sets under 100 models; 180,000 outputs,
// each
//           of a model and three works; each asset has one holder; 1,000,000 sales of them, each at
//           a tree size of its own. Seed 42.
// Ceiling:  BM_BareSales, the same sales, divisions and parties as dense indices over flat arrays,
//           in one order known beforehand; nothing is collected, named, checked or compared.

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "graph/attribution/proportion.h"
#include "graph/settlement/valuation.h"
#include "tests/support/rng.h"

namespace tributary {
namespace {

constexpr std::size_t kSaleCount = 1'000'000;
constexpr std::size_t kWorkCount = 200'000;
constexpr std::size_t kPartyCount = 50'000;
constexpr std::size_t kDataSetCount = 500;
constexpr std::size_t kModelCount = 100;
constexpr std::size_t kOutputCount = 180'000;
constexpr std::uint64_t kAssetCount = kWorkCount + kDataSetCount + kModelCount + kOutputCount;

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "wrong answer: %s\n", what);
  std::abort();
}

std::string PartyName(std::uint32_t party) { return "rights-holder-" + std::to_string(party); }

struct Sale {
  std::uint32_t asset = 0;
  std::uint32_t amount = 0;
};

// Flat arrays; assets stand after their inputs. Asset i has number i + 1.
struct World {
  World() {
    test::Rng rng(42);
    views.resize(kAssetCount);
    for (std::uint32_t i = 0; i < kPartyCount; ++i) holders.push_back({{PartyName(i), 1}});
    for (std::size_t i = 0; i < kAssetCount; ++i) {
      parties.push_back(static_cast<std::uint32_t>(rng.Below(kPartyCount)));
    }
    std::size_t next = kWorkCount;
    for (std::size_t i = 0; i < kDataSetCount; ++i) Make(&rng, next++, 0, kWorkCount, 560, 0);
    const std::size_t models = next + kModelCount;
    for (; next < models;) Make(&rng, next++, kWorkCount, kDataSetCount, 20, 0);
    for (; next < kAssetCount;) Make(&rng, next++, 0, kWorkCount, 3, models - kModelCount);
    for (std::size_t i = 0; i < kSaleCount; ++i) {
      const std::size_t asset = models + rng.Below(kOutputCount);
      sales.push_back(
          {static_cast<std::uint32_t>(asset), static_cast<std::uint32_t>(rng.Between(100, 5'000))});
    }
  }

  // `count` inputs of a range of assets, in ascending order, and one model where it says so.
  void Make(test::Rng* rng, std::size_t asset, std::size_t first, std::size_t range,
            std::size_t count, std::size_t models) {
    auto edges = std::make_shared<EdgeList>();
    std::uint64_t weight_sum = 0;
    for (std::size_t i = 0; i < count + (models != 0 ? 1 : 0); ++i) {
      const std::size_t input = i < count ? first + range * i / count + rng->Below(range / count)
                                          : models + rng->Below(kModelCount);
      edges->inputs.push_back({input + 1});
      edges->cumulative_weights.push_back(weight_sum += rng->Between(1, 1'000'000));
      edges->roles.push_back(Role::kTrainingData);
      edges->bases.push_back(Basis::kMeasured);
    }
    edge_count += edges->count();
    views[asset] = {{asset + 1}, 1'000'000, 0, weight_sum + 1'000'000, edges};
  }

  std::vector<std::uint32_t> parties;        // by asset: its one holder
  std::vector<std::vector<Holder>> holders;  // by party
  std::vector<DerivationView> views;
  std::vector<Sale> sales;
  std::size_t edge_count = 0;
};

const World& TheWorld() {
  static const World& world = *new World;
  return world;
}

Digest IdOf(std::uint64_t asset) {
  Digest id;
  for (int i = 0; i < 8; ++i) id.bytes[i] = static_cast<std::uint8_t>(asset >> (8 * i));
  return id;
}

class FlatLineage final : public LineageReader {
 public:
  explicit FlatLineage(TreeSize size) : size_(size) {}
  TreeSize tree_size() const override { return size_; }
  absl::Status Classify(std::span<const AssetNumber> assets,
                        std::vector<AssetClass>* classes) const override {
    classes->clear();
    for (const AssetNumber asset : assets) {
      const bool is_work = asset.value <= kWorkCount;
      classes->push_back({is_work ? AssetKind::kWork : AssetKind::kOutput, !is_work, true});
    }
    return absl::OkStatus();
  }
  absl::Status ReadDerivations(std::span<const AssetNumber> assets, std::size_t,
                               std::vector<DerivationView>* derivations) const override {
    derivations->clear();
    for (const AssetNumber asset : assets) {
      derivations->push_back(TheWorld().views[asset.value - 1]);
    }
    return absl::OkStatus();
  }
  absl::Status ReadHolders(std::span<const AssetNumber> assets,
                           std::vector<std::vector<Holder>>* holders) const override {
    holders->resize(assets.size());
    for (std::size_t i = 0; i < assets.size(); ++i) {
      (*holders)[i] = TheWorld().holders[TheWorld().parties[assets[i].value - 1]];
    }
    return absl::OkStatus();
  }
  absl::Status ReadAssetIds(std::span<const AssetNumber> assets,
                            std::vector<Digest>* ids) const override {
    ids->clear();
    for (const AssetNumber asset : assets) ids->push_back(IdOf(asset.value));
    return absl::OkStatus();
  }
  absl::Status ReadConsumers(AssetNumber, std::size_t, std::vector<AssetNumber>*) const override {
    return absl::UnimplementedError("");
  }

 private:
  const TreeSize size_;
};

class FlatReader final : public SettlementReader {
 public:
  explicit FlatReader(TreeSize size) : size_(size), lineage_(size) {}
  TreeSize tree_size() const override { return size_; }
  const LineageReader& lineage() const override { return lineage_; }
  absl::StatusOr<std::shared_ptr<const SettlementReader>> At(TreeSize size) const override {
    return std::make_shared<FlatReader>(size);
  }
  absl::StatusOr<std::uint64_t> CountBefore(RecordType, LogPosition) const override { return 0; }
  absl::StatusOr<std::vector<LogPosition>> ListPositions(RecordType, std::uint64_t,
                                                         std::size_t) const override {
    return std::vector<LogPosition>();
  }
  absl::Status ReadRecords(std::span<const LogPosition>,
                           std::vector<LoggedRecord>*) const override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<std::optional<LoggedRecord>> FindRecord(const Digest&) const override {
    return std::optional<LoggedRecord>();
  }
  absl::StatusOr<std::optional<LoggedRecord>> FindInForce(const RecordBody&) const override {
    LoggedRecord logged;
    logged.record.body = CurrencyRecord{.code = "EUR", .scale = 2};
    return std::optional(logged);
  }
  absl::StatusOr<std::optional<AssetNumber>> FindAsset(const Digest&) const override {
    return std::optional(AssetNumber{1});
  }
  absl::Status ReadLastChanges(std::span<const AssetNumber> assets,
                               std::vector<LogPosition>* positions) const override {
    positions->clear();
    for (const AssetNumber asset : assets) positions->push_back({asset.value});
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<std::string>> ReadLines(LogPosition, std::uint64_t,
                                                     std::size_t) const override {
    return std::vector<std::string>();
  }

 private:
  const TreeSize size_;
  const FlatLineage lineage_;
};

// All sales, each valued at its own log position.
void FillSales(SaleTable* table) {
  SaleState state;
  state.currency = "EUR";
  state.valued_at = {2};
  const CountedSale first = table->Bind(state).value();
  std::uint64_t position = kAssetCount + 1;
  for (const Sale& sale : TheWorld().sales) {
    table->sales.push_back({{position},
                            {position},
                            {position},
                            {sale.asset + 1},
                            {sale.amount},
                            first.currency,
                            first.policy});
    ++position;
  }
}

// What each asset kept and each party got, by index.
struct Bare {
  std::vector<Grains> kept;
  std::vector<Grains> by_party;
};

struct Csr {
  Csr() {
    const World& world = TheWorld();
    for (std::size_t asset = kWorkCount; asset < kAssetCount; ++asset) {
      const DerivationView& view = world.views[asset];
      begins.push_back(inputs.size());
      denominators.push_back(view.denominator);
      for (std::size_t i = 0; i < view.edges->count(); ++i) {
        inputs.push_back(static_cast<std::uint32_t>(view.edges->inputs[i].value - 1));
        weights.push_back(view.edges->cumulative_weights[i]);
      }
    }
    begins.push_back(inputs.size());
  }
  std::vector<std::size_t> begins;
  std::vector<std::uint64_t> denominators;
  std::vector<std::uint32_t> inputs;
  std::vector<std::uint64_t> weights;
};

void BarePass(const Csr& csr, Bare* bare) {
  const World& world = TheWorld();
  bare->kept.assign(kAssetCount, 0);
  bare->by_party.assign(kPartyCount, 0);
  for (const Sale& sale : world.sales) bare->kept[sale.asset] += Grains{sale.amount} << 64;
  for (std::size_t asset = kAssetCount; asset-- > kWorkCount;) {
    const std::size_t d = asset - kWorkCount;
    const Proportion proportion(bare->kept[asset], csr.denominators[d]);
    Grains before = 0;
    for (std::size_t i = csr.begins[d]; i < csr.begins[d + 1]; ++i) {
      const Grains up_to = proportion.Floor(csr.weights[i]);
      bare->kept[csr.inputs[i]] += up_to - before;
      before = up_to;
    }
    bare->kept[asset] -= before;
  }
  for (std::size_t asset = 0; asset < kAssetCount; ++asset) {
    bare->by_party[world.parties[asset]] += bare->kept[asset];
  }
}

void CheckAnswer(const Valuation& valuation, const Bare& bare) {
  Require(valuation.pass_count == 1 && valuation.currencies.size() == 1, "one pass");
  absl::flat_hash_map<std::string, Grains> wanted;
  for (std::uint32_t party = 0; party < kPartyCount; ++party) {
    if (bare.by_party[party] != 0) wanted["party:" + PartyName(party)] = bare.by_party[party];
  }
  Require(wanted.size() == valuation.currencies[0].earnings.size(), "payees");
  for (const auto& earning : valuation.currencies[0].earnings) {
    Require(wanted[earning.payee] == earning.grains, "grains of a payee");
  }
}

void BM_ValueSales(benchmark::State& state) {
  const FlatReader reader({kAssetCount + kSaleCount + 1});
  SaleTable table(reader, {});
  FillSales(&table);
  Bare bare;
  BarePass(Csr(), &bare);
  CheckAnswer(ValueSales(table, {}, {}).value(), bare);
  for (auto _ : state) benchmark::DoNotOptimize(ValueSales(table, {}, {}));
  state.counters["edges"] = static_cast<double>(TheWorld().edge_count);
  state.counters["sales"] = static_cast<double>(kSaleCount);
}
BENCHMARK(BM_ValueSales)->Unit(benchmark::kMillisecond);

void BM_BareSales(benchmark::State& state) {
  const Csr csr;
  Bare bare;
  for (auto _ : state) {
    BarePass(csr, &bare);
    benchmark::DoNotOptimize(bare.by_party.data());
  }
}
BENCHMARK(BM_BareSales)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tributary
