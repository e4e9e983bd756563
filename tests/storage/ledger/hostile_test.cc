// Hostile shapes through a stored ledger: deep, wide, laddered, popular. Each is answered exactly.
//
// TRIBUTARY_TEST_SCALE=20 runs the sizes that the limits are made for: a chain of 1,000,000
// derivations and a derivation of 10,000,000 inputs. The default is a twentieth: the suite is
// short, and the walks themselves meet the full sizes in tests/graph.

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
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

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kIsInstrumented = true;
#else
constexpr bool kIsInstrumented = false;
#endif

// Bytes of one line of /proc/self/status, such as "VmHWM:".
std::size_t MemoryLine(std::string_view name) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::size_t kilobytes = 0;
    if (word == name && status >> kilobytes) return kilobytes * 1024;
  }
  FAIL("no line " << name);
  return 0;
}

// Bytes that `work` needs at its peak beside what the process had, and beside the engine's caches:
// it is run once before, and fills them.
std::size_t MemoryOf(const std::function<void()>& work) {
  work();
  ::malloc_trim(0);  // else memory freed before would be taken again unseen
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
  const std::size_t before = MemoryLine("VmRSS:");
  work();
  const std::size_t peak = MemoryLine("VmHWM:");
  return peak > before ? peak - before : 0;
}

// A collection, its attribution and what passes by may take so much for an asset, and a few large
// blocks beside.
void CheckMemory(std::string_view what, std::size_t size, std::size_t asset_count) {
  constexpr std::size_t kAssetSize = 400;
  constexpr std::size_t kOtherSize = 4u << 20;
  const std::size_t size_max = asset_count * kAssetSize + kOtherSize;
  WARN(what << ": " << size / 1'000'000 << " MB of " << size_max / 1'000'000);
  if (!kIsInstrumented) CHECK(size <= size_max);
}

// Runs `work` again and again, cancelled after longer and longer, until it ends before its cancel.
// Each cancel must stop it soon, at least in one of some tries: the machine may be busy.
void CheckCancels(std::string_view what,
                  const std::function<absl::Status(const CancelToken*)>& work) {
  using Clock = std::chrono::steady_clock;
  constexpr double kLatencyMsMax = 50;
  constexpr int kTryCount = 5;
  CancelToken cancelled;
  cancelled.Cancel();
  CHECK_STATUS(work(&cancelled), absl::StatusCode::kCancelled);
  double slowest_ms = 0;
  int stopped_count = 0;
  bool has_ended = false;
  for (std::size_t delay_ms = 0; !has_ended; delay_ms += delay_ms / 2 + 1) {
    double best_ms = 0;
    for (int attempt = 0; attempt < kTryCount && !has_ended; ++attempt) {
      CancelToken cancel;
      Clock::time_point cancelled_at;
      std::thread canceller([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
        cancelled_at = Clock::now();
        cancel.Cancel();
      });
      const absl::Status status = work(&cancel);
      const Clock::time_point ended_at = Clock::now();
      canceller.join();
      has_ended = status.ok();
      if (has_ended) break;
      CHECK_STATUS(status, absl::StatusCode::kCancelled);
      ++stopped_count;
      const double latency_ms =
          std::chrono::duration<double, std::milli>(ended_at - cancelled_at).count();
      best_ms = attempt == 0 ? latency_ms : std::min(best_ms, latency_ms);
      if (best_ms <= kLatencyMsMax) break;
    }
    CAPTURE(what, delay_ms);
    if (!kIsInstrumented && Scale() == 1) CHECK(best_ms <= kLatencyMsMax);
    slowest_ms = std::max(slowest_ms, best_ms);
  }
  WARN(what << ": of " << stopped_count << " cancels the slowest took " << slowest_ms << " ms");
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

// All that stands downstream of an asset, itself first.
absl::StatusOr<std::vector<TraverseVisit>> ImpactOf(Ledger& ledger, std::string_view asset,
                                                    const CancelToken* cancel) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto view, ledger.ViewAt(std::nullopt, cancel));
  TRIBUTARY_ASSIGN_OR_RETURN(const AssetNumber number, view->RequireAsset(AssetId(asset), "asset"));
  std::vector<TraverseVisit> visits;
  TRIBUTARY_RETURN_IF_ERROR(Traverse(
                                *view, number, {.direction = Direction::kDownstream},
                                [&](const TraverseVisit& visit) {
                                  visits.push_back(visit);
                                  return absl::OkStatus();
                                },
                                cancel)
                                .status());
  return visits;
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
  std::optional<Answer> answered;
  const std::size_t size = MemoryOf([&] { answered = AnswerOf(**view, std::to_string(length)); });
  CheckMemory("a chain", size, length + 1);
  const Answer& answer = *answered;
  CHECK(answer.graph.vertex_count() == length + 1);
  // Every step passes everything on, so all of it reaches the one work.
  CHECK(answer.result.retained_total == kShareGrains);
  CHECK(answer.result.undisclosed_total == 0);
  // Closing the chain needs the test, which meets it from the side that is short.
  CHECK_STATUS(ledger->RecordFact(DerivationFact("0", {{std::to_string(length), 1}})),
               absl::StatusCode::kFailedPrecondition);
  CheckCancels("a chain", [&](const CancelToken* cancel) {
    return AnswerAll(*ledger, std::to_string(length), cancel);
  });
  const auto impact = ImpactOf(*ledger, "0", nullptr);
  REQUIRE_OK(impact);
  CHECK(impact->size() == length + 1);
  CheckCancels("the impact along a chain",
               [&](const CancelToken* cancel) { return ImpactOf(*ledger, "0", cancel).status(); });
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
  std::optional<Answer> answered;
  const std::size_t size = MemoryOf([&] { answered = AnswerOf(**view, "model"); });
  CheckMemory("very many inputs", size, count + 1);
  const Answer& answer = *answered;
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
  CheckCancels("very many inputs",
               [&](const CancelToken* cancel) { return AnswerAll(*ledger, "model", cancel); });
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
  std::optional<Answer> answered;
  const std::size_t size = MemoryOf([&] { answered = AnswerOf(**view, "64"); });
  CheckMemory("a ladder", size, 3 * 64 + 1);
  const Answer& answer = *answered;
  CHECK(answer.graph.vertex_count() == 3 * 64 + 1);
  CHECK(answer.result.retained_total == kShareGrains);
  CheckCancels("a ladder",
               [&](const CancelToken* cancel) { return AnswerAll(*ledger, "64", cancel); });
  CheckCancels("the impact up a ladder",
               [&](const CancelToken* cancel) { return ImpactOf(*ledger, "0", cancel).status(); });
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

  absl::StatusOr<std::vector<TraverseVisit>> impact = absl::UnknownError("");
  const std::size_t size = MemoryOf([&] { impact = ImpactOf(*ledger, "model", nullptr); });
  CheckMemory("the impact of a model", size, kCount + 1);
  REQUIRE_OK(impact);
  REQUIRE(impact->size() == kCount + 1);
  CHECK(impact->front() == TraverseVisit{AssetNumber{1}, {}, 0});
  for (std::size_t i = 0; i < kCount; ++i) {
    const TraverseVisit& visit = (*impact)[i + 1];
    if (visit.asset != outputs[i] || visit.depth != 1) FAIL("output " << i << " is another");
  }
  CheckCancels("the impact of a model", [&](const CancelToken* cancel) {
    return ImpactOf(*ledger, "model", cancel).status();
  });
}

}  // namespace
}  // namespace tributary
