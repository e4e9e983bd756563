// Shapes that break recursive, path-counting or quadratic walks.
//
// Memory, as the subgraph itself states it: the chain 0.35 GiB (each of a million edge lists is
// five small allocations), the pool 0.34 GiB (0.17 of it the edge list), with as much again in
// passing.
// Every walk runs on a stack of 128 KiB.

#include <pthread.h>

#include <functional>

#include "graph/attribution/attribution.h"
#include "graph/attribution/heaviest_paths.h"
#include "graph/attribution/payees.h"
#include "graph/lineage/reachability.h"
#include "graph/lineage/subgraph.h"
#include "graph/lineage/traverse.h"
#include "tests/graph/lineage/hostile_readers.h"
#include "tests/support/catch.h"
#include "tests/support/memory_lineage_reader.h"

namespace tributary::test {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kStackSize = 1024 * 1024;  // instrumented frames are several times as large
#else
constexpr std::size_t kStackSize = 128 * 1024;
#endif

// Runs `work` on a small stack: whatever grows with the graph overruns it and ends the process.
void OnSmallStack(std::function<void()> work) {
  pthread_attr_t attributes;
  REQUIRE(pthread_attr_init(&attributes) == 0);
  REQUIRE(pthread_attr_setstacksize(&attributes, kStackSize) == 0);
  pthread_t thread;
  const auto run = [](void* argument) -> void* {
    (*static_cast<std::function<void()>*>(argument))();
    return nullptr;
  };
  REQUIRE(pthread_create(&thread, &attributes, run, &work) == 0);
  REQUIRE(pthread_join(thread, nullptr) == 0);
  pthread_attr_destroy(&attributes);
}

constexpr std::size_t kGibibyte = std::size_t{1} << 30;

TEST_CASE("hostile: a chain of 1,000,000 derivations", "[lineage][hostile]") {
  const ChainReader reader(1'000'000);
  absl::StatusOr<LineageSubgraph> subgraph = absl::UnknownError("");
  absl::StatusOr<AttributionResult> result = absl::UnknownError("");
  OnSmallStack([&] {
    subgraph = CollectUpstream(reader, reader.last());
    if (subgraph.ok()) result = AttributeGrains(*subgraph, kShareGrains);
  });
  REQUIRE_OK(subgraph);
  REQUIRE_OK(result);
  CHECK(subgraph->vertex_count() == 1'000'001);
  CHECK(subgraph->memory_size() < kGibibyte / 2);
  // Halves, until after 96 steps the last grain stays where it is.
  CHECK((result->kept[0] == kShareGrains / 2));
  CHECK((result->kept[1] == kShareGrains / 4));
  CHECK((result->kept[95] == 1));
  CHECK((result->kept[96] == 1));
  CHECK((result->kept[97] == 0));
  CHECK((result->kept[1'000'000] == 0));
}

TEST_CASE("hostile: walking a chain of 1,000,000 derivations", "[lineage][hostile]") {
  const ChainReader reader(1'000'000);
  for (const Direction direction : {Direction::kUpstream, Direction::kDownstream}) {
    const AssetNumber start = direction == Direction::kUpstream ? reader.last() : AssetNumber{0};
    absl::StatusOr<TraverseSummary> summary = absl::UnknownError("");
    std::uint64_t visit_count = 0;
    OnSmallStack([&] {
      summary = Traverse(reader, start, {.direction = direction}, [&](const TraverseVisit& visit) {
        return visit.depth == visit_count++ ? absl::OkStatus() : absl::InternalError("depth");
      });
    });
    REQUIRE_OK(summary);
    CHECK(visit_count == 1'000'001);
    CHECK(summary->depth == 1'000'000);
  }
}

TEST_CASE("hostile: a cycle of 1,000,001 derivations would be found", "[lineage][hostile]") {
  const ChainReader reader(1'000'000);
  absl::StatusOr<std::vector<AssetNumber>> path = absl::UnknownError("");
  OnSmallStack([&] { path = FindPathUpstream(reader, std::vector{reader.last()}, {0}); });
  REQUIRE_OK(path);
  REQUIRE(path->size() == 1'000'001);
  CHECK(path->front() == reader.last());
  CHECK(path->back() == AssetNumber{0});
}

TEST_CASE("hostile: a derivation of 10,000,000 inputs", "[lineage][hostile]") {
  constexpr std::uint64_t kInputCount = 10'000'000;
  const WideReader reader(kInputCount);
  absl::StatusOr<LineageSubgraph> subgraph = absl::UnknownError("");
  absl::StatusOr<AttributionResult> result = absl::UnknownError("");
  OnSmallStack([&] {
    subgraph = CollectUpstream(reader, reader.pool());
    if (subgraph.ok()) result = AttributeGrains(*subgraph, kShareGrains);
  });
  REQUIRE_OK(subgraph);
  REQUIRE_OK(result);
  CHECK(subgraph->vertex_count() == kInputCount + 1);
  CHECK(subgraph->memory_size() < kGibibyte / 2);
  // Edge i gets floor(P * (i + 1) / n) - floor(P * i / n), and P / n rounded either way.
  const Grains part = kShareGrains / kInputCount;
  std::uint64_t wrong_count = 0;
  for (std::uint64_t i = 0; i < kInputCount; ++i) {
    const Grains kept = result->kept[i + 1];
    wrong_count += kept != part && kept != part + 1 ? 1 : 0;
  }
  CHECK(wrong_count == 0);
  CHECK((result->retained_total == kShareGrains));
}

TEST_CASE("hostile: a new derivation of 10,000,000 inputs needs no search", "[lineage][hostile]") {
  const WideReader reader(10'000'000);
  std::vector<AssetNumber> inputs;
  for (std::uint64_t i = 0; i < 10'000'000; ++i) inputs.push_back({i});
  CancelToken token;
  const CancellingReader counting(reader, &token, /*at_read=*/0);
  const auto path = FindPathUpstream(counting, inputs, reader.pool());
  REQUIRE_OK(path);
  CHECK(path->empty());
  CHECK(counting.read_count() == 1);
}

TEST_CASE("hostile: the impact of a hub with 1,000,000 consumers", "[lineage][hostile]") {
  const WideReader reader(1'000'000);
  std::uint64_t visit_count = 0;
  const auto summary = Traverse(reader, WideReader::hub(), {.direction = Direction::kDownstream},
                                [&](const TraverseVisit&) {
                                  ++visit_count;
                                  return absl::OkStatus();
                                });
  REQUIRE_OK(summary);
  CHECK(visit_count == 1'000'001);
  CHECK(summary->edge_count == 1'000'000);
}

// 64 diamonds in a row: 2^64 paths, 193 assets. Both arms of a rung carry half.
PlainLineage Ladder() {
  PlainLineage lineage;
  const auto derived = [](std::vector<PlainEdge> edges) {
    return PlainAsset{{}, AssetKind::kModelCheckpoint, PlainDerivation{0, 0, std::move(edges)}, {}};
  };
  for (std::size_t rung = 0; rung < 64; ++rung) {
    const std::size_t i = 3 * rung;
    lineage.assets.push_back(
        derived({{.input = i + 1, .weight = 1}, {.input = i + 2, .weight = 1}}));
    lineage.assets.push_back(derived({{.input = i + 3, .weight = 1}}));
    lineage.assets.push_back(derived({{.input = i + 3, .weight = 1}}));
  }
  lineage.assets.push_back({{}, AssetKind::kWork, {}, {}});
  for (std::size_t i = 0; i < lineage.assets.size(); ++i) {
    lineage.assets[i].id = TestId(static_cast<std::uint8_t>(i));
  }
  return lineage;
}

TEST_CASE("hostile: a ladder of 2^64 paths", "[lineage][hostile]") {
  const PlainLineage lineage = Ladder();
  const MemoryLineageReader reader(lineage);
  const auto subgraph = CollectUpstream(reader, MemoryLineageReader::Number(0));
  REQUIRE_OK(subgraph);
  CHECK(subgraph->edge_count() == 256);
  const auto result = AttributeGrains(*subgraph, kShareGrains);
  REQUIRE_OK(result);
  const auto last = subgraph->Find(MemoryLineageReader::Number(192));
  REQUIRE(last.has_value());
  CHECK((result->kept[*last] == kShareGrains));
}

TEST_CASE("hostile: the heaviest of 2^64 equal paths are the smallest sequences", "[hostile]") {
  const PlainLineage lineage = Ladder();
  const MemoryLineageReader reader(lineage);
  const auto subgraph = CollectUpstream(reader, MemoryLineageReader::Number(0)).value();
  const auto last = subgraph.Find(MemoryLineageReader::Number(192)).value();
  const auto paths = FindHeaviestPaths(subgraph, last, 4);
  REQUIRE_OK(paths);
  REQUIRE(paths->paths.size() == 4);
  // Binary numbers of 64 digits, one a rung: 0...000, 0...001, 0...010, 0...011.
  for (std::size_t n = 0; n < 4; ++n) {
    const WeightedPath& path = paths->paths[n];
    CHECK((path.weight == kShareGrains >> 64));
    REQUIRE(path.vertices.size() == 129);
    for (std::size_t rung = 0; rung < 64; ++rung) {
      const bool upper = rung >= 62 && (n >> (63 - rung) & 1) != 0;
      const AssetNumber arm = subgraph.asset(path.vertices[2 * rung + 1]);
      CHECK(MemoryLineageReader::IndexOf(arm) == 3 * rung + (upper ? 2 : 1));
    }
  }
  CHECK((paths->covered == 4 * (kShareGrains >> 64)));
  CHECK((paths->inflow == kShareGrains));
}

// How much work is done after a cancel, in edges: the reader cancels, and the walk must stop before
// it has gone through another kCancelCheckInterval of them. Seen from what it asked for and kept.
TEST_CASE("hostile: a cancel stops a wide derivation before its next thousand edges",
          "[lineage][hostile]") {
  const WideReader wide(1'000'000);
  CancelToken token;
  const CancellingReader reader(wide, &token, /*at_read=*/2);  // ReadDerivations of the pool
  CHECK_STATUS(CollectUpstream(reader, wide.pool(), {}, &token), absl::StatusCode::kCancelled);
  CHECK(reader.read_count() == 2);

  std::uint64_t visit_count = 0;
  CancelToken walk_token;
  const auto summary = Traverse(
      wide, wide.pool(), {},
      [&](const TraverseVisit&) {
        if (++visit_count == 5'000) walk_token.Cancel(absl::StatusCode::kDeadlineExceeded);
        return absl::OkStatus();
      },
      &walk_token);
  CHECK_STATUS(summary, absl::StatusCode::kDeadlineExceeded);
  CHECK(visit_count < 5'000 + kCancelCheckInterval);
}

TEST_CASE("hostile: a cancelled token stops attribution, payees and paths", "[hostile]") {
  const WideReader reader(10'000);
  const auto subgraph = CollectUpstream(reader, reader.pool()).value();
  const auto result = AttributeGrains(subgraph, kShareGrains).value();
  CancelToken token;
  token.Cancel();
  CHECK_STATUS(AttributeGrains(subgraph, 1, &token), absl::StatusCode::kCancelled);
  CHECK_STATUS(SplitOverPayees(reader, subgraph, result, {}, &token), absl::StatusCode::kCancelled);
  CHECK_STATUS(FindHeaviestPaths(subgraph, 1, 1, {}, &token), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace tributary::test
