// Hostile shapes through a stored ledger: deep, wide, laddered, popular. Each is answered exactly.
//
// TRIBUTARY_TEST_SCALE=20 runs the sizes that the limits are made for: a chain of 1,000,000
// derivations and a derivation of 10,000,000 inputs. The default is a twentieth: the suite is
// short, and the walks themselves meet the full sizes in tests/graph.

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "graph/attribution/attribution.h"
#include "graph/attribution/payees.h"
#include "graph/attribution/top_shares.h"
#include "graph/lineage/subgraph.h"
#include "graph/lineage/traverse.h"
#include "graph/model/status.h"
#include "tests/support/catch.h"
#include "tests/support/test_ledger.h"

namespace tributary {
namespace {

using test::AssetFact;
using test::AssetId;
using test::DerivationFact;
using test::Engine;
using test::TestLedger;

std::size_t Scale() {
  const char* text = std::getenv("TRIBUTARY_TEST_SCALE");
  return text == nullptr ? 1 : std::max<std::size_t>(1, std::strtoull(text, nullptr, 10));
}

// Bytes of memory that this process has had at most.
std::size_t PeakMemory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

// Records facts in large batches.
class Recorder {
 public:
  explicit Recorder(TestLedger& ledger) : ledger_(ledger) {}
  void Add(Fact fact) {
    auto prepared = PrepareFact(std::move(fact));
    REQUIRE_OK(prepared);
    batch_.push_back(*std::move(prepared));
    if (batch_.size() == 10'000) Flush();
  }
  void Flush() {
    for (const auto& result : ledger_->RecordAll(std::move(batch_))) {
      if (!result.ok()) REQUIRE_OK(result);
    }
    batch_.clear();
  }

 private:
  TestLedger& ledger_;
  std::vector<PreparedFact> batch_;
};

AssetNumber AnswerTarget(const LedgerView& view, std::string_view target) {
  const auto number = view.RequireAsset(AssetId(target), "target");
  REQUIRE_OK(number);
  return *number;
}

struct Answer {
  LineageSubgraph graph;
  AttributionResult result;
};

Answer AnswerOf(const LedgerView& view, std::string_view target) {
  auto graph = CollectUpstream(view, AnswerTarget(view, target));
  REQUIRE_OK(graph);
  auto result = AttributeGrains(*graph, kShareGrains);
  REQUIRE_OK(result);
  return {*std::move(graph), *std::move(result)};
}

// All that an answer about shares takes: by asset and by payee, the greatest and all of them.
absl::Status AnswerAll(Ledger& ledger, std::string_view target, const CancelToken* cancel) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto view, ledger.ViewAt(std::nullopt, cancel));
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetNumber number,
                             view->RequireAsset(AssetId(target), "target"));
  TRIBUTARY_ASSIGN_OR_RETURN(const LineageSubgraph graph,
                             CollectUpstream(*view, number, {}, cancel));
  TRIBUTARY_ASSIGN_OR_RETURN(const AttributionResult result,
                             AttributeGrains(graph, kShareGrains, cancel));
  TRIBUTARY_RETURN_IF_ERROR(
      SelectTopShares(*view, graph, result, SharePart::kRetained, 10'000, cancel).status());
  return SplitOverPayees(*view, graph, result, {}, cancel).status();
}

TEST_CASE("hostile: a chain of derivations is walked without depth", "[ledger][hostile]") {
  TestLedger ledger(Engine::kRocksDb);
  const std::size_t length = 50'000 * Scale();
  {
    Recorder recorder(ledger);
    recorder.Add(AssetFact("0"));
    for (std::size_t i = 1; i <= length; ++i) {
      recorder.Add(AssetFact(std::to_string(i), AssetKind::kOther));
      recorder.Add(DerivationFact(std::to_string(i), {{std::to_string(i - 1), 1}}));
    }
    recorder.Flush();
  }
  const auto view = ledger->ViewAt(std::nullopt);
  REQUIRE_OK(view);
  const std::size_t before = PeakMemory();
  const Answer answer = AnswerOf(**view, std::to_string(length));
  INFO("memory of the walk: " << (PeakMemory() - before) / 1'000'000 << " MB");
  CHECK(answer.graph.vertex_count() == length + 1);
  // Every step passes everything on, so all of it reaches the one work.
  CHECK(answer.result.retained_total == kShareGrains);
  CHECK(answer.result.undisclosed_total == 0);
  // Closing the chain needs the test, which meets it from the side that is short.
  CHECK_STATUS(ledger->RecordFact(DerivationFact("0", {{std::to_string(length), 1}})),
               absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("hostile: a derivation of very many inputs", "[ledger][hostile]") {
  TestLedger ledger(Engine::kRocksDb);
  const std::size_t count = 500'000 * Scale();
  std::vector<Digest> ids;
  {
    Recorder recorder(ledger);
    for (std::size_t i = 0; i < count; ++i) {
      recorder.Add(AssetFact(std::to_string(i)));
      ids.push_back(AssetId(std::to_string(i)));
    }
    recorder.Add(AssetFact("model", AssetKind::kModelCheckpoint));
    recorder.Flush();
  }
  std::sort(ids.begin(), ids.end());
  {
    auto stage = ledger->BeginDerivation(DerivationFact("model", {}, count).record, {});
    REQUIRE_OK(stage);
    std::vector<Edge> block;
    for (const Digest& id : ids) {
      block.push_back({id, Role::kTrainingData, 1, Basis::kMeasured});
      if (block.size() < 8192) continue;
      REQUIRE_OK((*stage)->Add(block));
      block.clear();
    }
    REQUIRE_OK((*stage)->Add(block));
    REQUIRE_OK((*stage)->Finish());
  }
  const auto view = ledger->ViewAt(std::nullopt);
  REQUIRE_OK(view);
  const Answer answer = AnswerOf(**view, "model");
  CHECK(answer.graph.vertex_count() == count + 1);
  // Half is kept; the works share the other half, each to the grain.
  CHECK(answer.result.kept[0] == kShareGrains / 2);
  const Uint128 each = kShareGrains / (2 * count);
  for (std::size_t i = 1; i <= count; ++i) {
    if (answer.result.kept[i] - each > 1) FAIL("work " << i << " is off by more than a grain");
  }

  // Not sections, each of which would record all of it again.
  {
    INFO("a limit is met before the list is in memory");
    CollectLimits limits;
    limits.edge_count_max = count - 1;
    const auto refused = CollectUpstream(**view, AnswerTarget(**view, "model"), limits);
    CHECK_STATUS(refused, absl::StatusCode::kResourceExhausted);
    CHECK(FieldOf(refused.status()) == "edge_count_max");
  }
  {
    INFO("a cancel stops it soon, whatever it is doing");
    using Clock = std::chrono::steady_clock;
    double latency_ms_max = 0;
    int stopped_count = 0;
    for (std::size_t delay_ms = 1; delay_ms < 4 + 40 * Scale(); delay_ms += delay_ms / 4 + 1) {
      CancelToken cancel;
      Clock::time_point cancelled_at;
      std::thread canceller([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
        cancelled_at = Clock::now();
        cancel.Cancel();
      });
      const absl::Status status = AnswerAll(*ledger, "model", &cancel);
      const Clock::time_point ended_at = Clock::now();
      canceller.join();
      if (status.ok()) break;
      CHECK_STATUS(status, absl::StatusCode::kCancelled);
      ++stopped_count;
      latency_ms_max =
          std::max(latency_ms_max,
                   std::chrono::duration<double, std::milli>(ended_at - cancelled_at).count());
    }
    WARN(count << " inputs: of " << stopped_count << " cancels the slowest took " << latency_ms_max
               << " ms");
    CHECK(stopped_count > 0);
  }
}

TEST_CASE("hostile: a ladder of 64 diamonds has 2^64 paths and 129 assets", "[ledger][hostile]") {
  TestLedger ledger(Engine::kRocksDb);
  Recorder recorder(ledger);
  recorder.Add(AssetFact("0"));
  for (int i = 1; i <= 64; ++i) {
    const std::string below = std::to_string(i - 1);
    for (const char* side : {"left ", "right "}) {
      recorder.Add(AssetFact(side + std::to_string(i), AssetKind::kOther));
      recorder.Add(DerivationFact(side + std::to_string(i), {{below, 1}}));
    }
    recorder.Add(AssetFact(std::to_string(i), AssetKind::kOther));
    recorder.Add(DerivationFact(
        std::to_string(i), {{"left " + std::to_string(i), 1}, {"right " + std::to_string(i), 1}}));
  }
  recorder.Flush();
  const auto view = ledger->ViewAt(std::nullopt);
  REQUIRE_OK(view);
  const Answer answer = AnswerOf(**view, "64");
  CHECK(answer.graph.vertex_count() == 3 * 64 + 1);
  CHECK(answer.result.retained_total == kShareGrains);
}

TEST_CASE("hostile: a model of 100,000 outputs lists them all", "[ledger][hostile]") {
  TestLedger ledger(Engine::kRocksDb);
  constexpr std::size_t kCount = 100'000;
  Recorder recorder(ledger);
  recorder.Add(AssetFact("model", AssetKind::kModelCheckpoint));
  for (std::size_t i = 0; i < kCount; ++i) {
    recorder.Add(AssetFact(std::to_string(i), AssetKind::kOutput));
    recorder.Add(DerivationFact(std::to_string(i), {{"model", 1}}));
  }
  recorder.Flush();
  const auto view = ledger->ViewAt(std::nullopt);
  REQUIRE_OK(view);
  std::vector<AssetNumber> outputs;
  REQUIRE_OK((*view)->ReadConsumers(AssetNumber{1}, kCount, &outputs));
  CHECK(outputs.size() == kCount);
  CHECK(std::is_sorted(outputs.begin(), outputs.end()));
}

}  // namespace
}  // namespace tributary
