// Question: what do the steps of the core cost, and does each stay linear in its input?
// Data:     a pool of works under one model, seed 42; one asset record; one edge.

#include <benchmark/benchmark.h>

#include <cstdlib>

#include "graph/attribution/attribution.h"
#include "graph/lineage/subgraph.h"
#include "graph/merkle/merkle.h"
#include "graph/model/record.h"
#include "storage/fact.h"
#include "tests/support/memory_lineage_reader.h"
#include "tests/support/rng.h"

namespace tributary {
namespace {

// Output <- model <- `count` works of random weights.
test::PlainLineage Pool(std::size_t count) {
  test::Rng rng(42);
  test::PlainLineage lineage;
  test::PlainDerivation made;
  made.retained = 1;
  for (std::size_t i = 0; i < count; ++i) {
    lineage.assets.push_back({Sha256(std::to_string(i)), AssetKind::kWork, std::nullopt, {}});
    made.edges.push_back({i, rng.Between(1, 1'000'000)});
  }
  lineage.assets.push_back({Sha256("model"), AssetKind::kModelCheckpoint, made, {}});
  lineage.assets.push_back(
      {Sha256("output"), AssetKind::kOutput, test::PlainDerivation{1, 0, {{count, 3}}}, {}});
  return lineage;
}

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "wrong answer: %s\n", what);
  std::abort();
}

void BM_Sha256(benchmark::State& state) {
  const std::string data(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(Sha256(data));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Sha256)->Arg(40)->Arg(256)->Arg(65536);

Record SampleRecord() {
  AssetRecord asset;
  asset.asset = Sha256("asset");
  asset.kind = AssetKind::kModelCheckpoint;
  asset.id_method = IdMethod::kContent;
  asset.name = "A model of some name";
  asset.license = "Apache-2.0";
  Record record;
  record.ledger = "bench.example/ledger";
  record.body = asset;
  return record;
}

void BM_EncodeRecord(benchmark::State& state) {
  const Record record = SampleRecord();
  Require(DecodeRecord(EncodeRecord(record)).value() == record, "record");
  for (auto _ : state) benchmark::DoNotOptimize(EncodeRecord(record));
}
BENCHMARK(BM_EncodeRecord);

void BM_DecodeRecord(benchmark::State& state) {
  const std::string bytes = EncodeRecord(SampleRecord());
  for (auto _ : state) benchmark::DoNotOptimize(DecodeRecord(bytes));
}
BENCHMARK(BM_DecodeRecord);

void BM_EdgeLeaf(benchmark::State& state) {
  const Edge edge{Sha256("input"), Role::kTrainingData, 12345, Basis::kDeclared};
  std::string bytes;
  for (auto _ : state) {
    bytes.clear();
    AppendEdgeBytes(edge, 99999, &bytes);
    benchmark::DoNotOptimize(LeafHash(bytes));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_EdgeLeaf);

void BM_Collect(benchmark::State& state) {
  const test::PlainLineage lineage = Pool(static_cast<std::size_t>(state.range(0)));
  const test::MemoryLineageReader reader(lineage);
  const AssetNumber target = test::MemoryLineageReader::Number(lineage.assets.size() - 1);
  Require(CollectUpstream(reader, target)->vertex_count() == lineage.assets.size(), "closure");
  for (auto _ : state) benchmark::DoNotOptimize(CollectUpstream(reader, target));
  state.SetItemsProcessed(state.iterations() * state.range(0));  // edges, but two
}
BENCHMARK(BM_Collect)->Arg(1'000)->Arg(32'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void BM_Attribute(benchmark::State& state) {
  const test::PlainLineage lineage = Pool(static_cast<std::size_t>(state.range(0)));
  const test::MemoryLineageReader reader(lineage);
  const AssetNumber target = test::MemoryLineageReader::Number(lineage.assets.size() - 1);
  const auto graph = CollectUpstream(reader, target);
  const auto result = AttributeGrains(*graph, kShareGrains);
  Grains sum = result->unattributed_total;
  for (const Grains kept : result->kept) sum += kept;
  Require(sum == kShareGrains, "conservation");
  for (auto _ : state) benchmark::DoNotOptimize(AttributeGrains(*graph, kShareGrains));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Attribute)->Arg(1'000)->Arg(32'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

// The ceiling of BM_Attribute: the same divisions over flat arrays, nothing collected or checked.
void BM_FlatPass(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  test::Rng rng(42);
  std::vector<std::uint64_t> cumulative(count);
  std::vector<std::uint32_t> target(count);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    cumulative[i] = sum += rng.Between(1, 1'000'000);
    target[i] = static_cast<std::uint32_t>(i);
  }
  std::vector<std::uint64_t> inflow(count);
  for (auto _ : state) {
    const std::uint64_t remainder = sum / 3;
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto upto = static_cast<std::uint64_t>(Uint128{remainder} * cumulative[i] / (sum + 1));
      inflow[target[i]] += upto - before;
      before = upto;
    }
    benchmark::DoNotOptimize(inflow.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_FlatPass)->Arg(1'000)->Arg(32'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tributary
