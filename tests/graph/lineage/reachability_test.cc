#include "graph/lineage/reachability.h"

#include <set>

#include "graph/model/status.h"
#include "tests/graph/lineage/hostile_readers.h"
#include "tests/support/catch.h"
#include "tests/support/memory_lineage_reader.h"
#include "tests/support/random_lineage.h"
#include "tests/support/reference_attribution.h"

namespace tributary::test {
namespace {

bool IsInputOf(const PlainLineage& lineage, std::size_t input, std::size_t generated) {
  const auto& derivation = lineage.assets[generated].derivation;
  return derivation && std::any_of(derivation->edges.begin(), derivation->edges.end(),
                                   [&](const PlainEdge& edge) { return edge.input == input; });
}

TEST_CASE("cycle test: an input that is the generated asset itself", "[lineage]") {
  const ChainReader reader(3);
  const auto path = FindPathUpstream(reader, std::vector<AssetNumber>{{1}, {2}}, {2});
  REQUIRE_OK(path);
  CHECK(*path == std::vector<AssetNumber>{{2}});
}

TEST_CASE("cycle test: the path leads from an input to the generated asset", "[lineage]") {
  const ChainReader reader(5);
  const auto path = FindPathUpstream(reader, std::vector<AssetNumber>{{0}, {4}}, {1});
  REQUIRE_OK(path);
  CHECK(*path == std::vector<AssetNumber>{{4}, {3}, {2}, {1}});
  // The other way round is an ordinary derivation.
  CHECK(FindPathUpstream(reader, std::vector<AssetNumber>{{0}, {1}}, {4}).value().empty());
  CHECK(FindPathUpstream(reader, {}, {4}).value().empty());
}

TEST_CASE("cycle test: limits are named when neither side can decide", "[lineage]") {
  const ChainReader reader(1'000);
  for (const auto& [name, limits] :
       {std::pair<std::string_view, ReachabilityLimits>{"asset_count_max", {.asset_count_max = 9}},
        {"edge_count_max", {.edge_count_max = 9}}}) {
    CAPTURE(name);
    const auto path = FindPathUpstream(reader, std::vector<AssetNumber>{{900}}, {100}, limits);
    CHECK_STATUS(path, absl::StatusCode::kResourceExhausted);
    CHECK(FieldOf(path.status()) == name);
  }
}

TEST_CASE("cycle test: a hub too wide to follow is decided from the other side", "[lineage]") {
  // The hub has 1,000 consumers, the input nothing upstream.
  const WideReader reader(1'000);
  const std::vector<AssetNumber> inputs = {{1}};
  const auto path = FindPathUpstream(reader, inputs, WideReader::hub(), {.edge_count_max = 100});
  REQUIRE_OK(path);
  CHECK(path->empty());
}

TEST_CASE("cycle test: a cancelled token stops it", "[lineage]") {
  const ChainReader reader(1'000);
  CancelToken token;
  const CancellingReader cancelling(reader, &token, /*at_read=*/5);
  const std::vector<AssetNumber> inputs = {{900}};
  CHECK_STATUS(FindPathUpstream(cancelling, inputs, {100}, {}, &token),
               absl::StatusCode::kCancelled);
  CHECK(cancelling.read_count() <= 6);
}

TEST_CASE("cycle test: finds a path exactly where there is one", "[lineage][property]") {
  Rng rng = SeededRng();
  std::size_t found_count = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    CAPTURE(rng.seed(), trial);
    const RandomCase random = RandomLineage(rng);
    const PlainLineage& lineage = random.lineage;
    const MemoryLineageReader reader(lineage);
    const std::size_t generated = rng.Below(lineage.assets.size());
    std::set<std::size_t> inputs;
    std::vector<AssetNumber> numbers;
    bool expected = false;
    for (std::uint64_t i = rng.Below(4); i > 0; --i) {
      inputs.insert(rng.Below(lineage.assets.size()));
    }
    for (const std::size_t input : inputs) {
      numbers.push_back(MemoryLineageReader::Number(input));
      for (const std::size_t asset : ReferenceOrder(lineage, input)) {
        expected |= asset == generated;
      }
    }
    const auto path = FindPathUpstream(reader, numbers, MemoryLineageReader::Number(generated));
    REQUIRE_OK(path);
    REQUIRE(!path->empty() == expected);
    if (path->empty()) continue;
    ++found_count;
    REQUIRE(inputs.contains(MemoryLineageReader::IndexOf(path->front())));
    REQUIRE(MemoryLineageReader::IndexOf(path->back()) == generated);
    for (std::size_t i = 1; i < path->size(); ++i) {
      REQUIRE(IsInputOf(lineage, MemoryLineageReader::IndexOf((*path)[i]),
                        MemoryLineageReader::IndexOf((*path)[i - 1])));
    }
  }
  CHECK(found_count > 1'000);
}

}  // namespace
}  // namespace tributary::test
