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
#include "benchmarks/data/sales_world.h"
#include "graph/settlement/valuation.h"

namespace tributary {
namespace {

using bench::BarePass;
using bench::BareResult;
using bench::SalesWorld;

constexpr std::uint64_t kAssetCount = SalesWorld::kAssetCount;
constexpr std::uint64_t kWorkCount = SalesWorld::kWorkCount;

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "wrong answer: %s\n", what);
  std::abort();
}

// The world as the port gives it. Asset i has number i + 1.
struct World {
  World() {
    views.resize(kAssetCount);
    for (std::uint32_t i = 0; i < SalesWorld::kPartyCount; ++i) {
      holders.push_back(std::make_shared<const std::vector<Holder>>(
          std::vector<Holder>{{SalesWorld::PartyName(i), 1}}));
    }
    for (std::size_t d = 0; d < flat.derivation_count(); ++d) {
      auto edges = std::make_shared<EdgeList>();
      for (std::size_t i = flat.begins[d]; i < flat.begins[d + 1]; ++i) {
        edges->inputs.push_back({flat.inputs[i] + std::uint64_t{1}});
        edges->cumulative_weights.push_back(flat.cumulative_weights[i]);
        edges->roles.push_back(Role::kTrainingData);
        edges->bases.push_back(Basis::kMeasured);
      }
      const std::uint64_t asset = kWorkCount + d;
      views[asset] = {{asset + 1}, SalesWorld::kRetained, 0, flat.denominators[d], edges};
    }
  }

  SalesWorld flat;
  std::vector<HolderList> holders;  // by party
  std::vector<DerivationView> views;
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
                           std::vector<HolderList>* holders) const override {
    holders->resize(assets.size());
    for (std::size_t i = 0; i < assets.size(); ++i) {
      (*holders)[i] = TheWorld().holders[TheWorld().flat.parties[assets[i].value - 1]];
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
  for (const SalesWorld::Sale& sale : TheWorld().flat.sales) {
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

void CheckAnswer(const Valuation& valuation, const BareResult& bare) {
  Require(valuation.pass_count == 1 && valuation.currencies.size() == 1, "one pass");
  absl::flat_hash_map<std::string, Grains> wanted;
  for (std::uint32_t party = 0; party < SalesWorld::kPartyCount; ++party) {
    if (bare.by_party[party] != 0)
      wanted["party:" + SalesWorld::PartyName(party)] = bare.by_party[party];
  }
  Require(wanted.size() == valuation.currencies[0].earnings.size(), "payees");
  for (const auto& earning : valuation.currencies[0].earnings) {
    Require(wanted[earning.payee] == earning.grains, "grains of a payee");
  }
}

void BM_ValueSales(benchmark::State& state) {
  const FlatReader reader({kAssetCount + SalesWorld::kSaleCount + 1});
  SaleTable table(reader, {});
  FillSales(&table);
  BareResult bare;
  BarePass(TheWorld().flat, &bare);
  CheckAnswer(ValueSales(table, {}, {}).value(), bare);
  for (auto _ : state) benchmark::DoNotOptimize(ValueSales(table, {}, {}));
  state.counters["edges"] = static_cast<double>(TheWorld().flat.inputs.size());
  state.counters["sales"] = static_cast<double>(SalesWorld::kSaleCount);
}
BENCHMARK(BM_ValueSales)->Unit(benchmark::kMillisecond);

void BM_BareSales(benchmark::State& state) {
  BareResult bare;
  for (auto _ : state) {
    BarePass(TheWorld().flat, &bare);
    benchmark::DoNotOptimize(bare.by_party.data());
  }
}
BENCHMARK(BM_BareSales)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tributary
