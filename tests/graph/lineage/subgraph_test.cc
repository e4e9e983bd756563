#include "graph/lineage/subgraph.h"

#include <map>
#include <numeric>
#include <set>

#include "boost/graph/topological_sort.hpp"
#include "graph/lineage/subgraph_graph.h"
#include "graph/model/status.h"
#include "tests/graph/lineage/hostile_readers.h"
#include "tests/support/catch.h"
#include "tests/support/memory_lineage_reader.h"
#include "tests/support/random_lineage.h"

namespace tributary::test {
namespace {

BOOST_CONCEPT_ASSERT((boost::VertexListGraphConcept<LineageSubgraph>));
BOOST_CONCEPT_ASSERT((boost::IncidenceGraphConcept<LineageSubgraph>));
BOOST_CONCEPT_ASSERT((boost::EdgeListGraphConcept<LineageSubgraph>));

using Vertex = LineageSubgraph::Vertex;

AssetNumber Number(std::size_t index) { return MemoryLineageReader::Number(index); }

PlainAsset Derived(std::uint8_t id, std::vector<PlainEdge> edges) {
  return {TestId(id), AssetKind::kModelCheckpoint, PlainDerivation{1, 0, std::move(edges)}, {}};
}
PlainAsset Work(std::uint8_t id) { return {TestId(id), AssetKind::kWork, {}, {}}; }

// 0 from 1 and 2, both from 3, which is from the work 4; 5 is elsewhere. Ids descend.
PlainLineage Diamond() {
  return {{Derived(9, {{.input = 1, .weight = 2}, {.input = 2, .weight = 3}}),
           Derived(8, {{.input = 3, .weight = 1}}), Derived(7, {{.input = 3, .weight = 1}}),
           Derived(6, {{.input = 4, .weight = 1}}), Work(5), Work(4)}};
}

std::vector<std::size_t> Indices(const LineageSubgraph& subgraph) {
  std::vector<std::size_t> indices;
  for (const AssetNumber asset : subgraph.assets()) {
    indices.push_back(MemoryLineageReader::IndexOf(asset));
  }
  return indices;
}

// Every derivation once, and none after one of its inputs.
void RequireTopological(const LineageSubgraph& subgraph) {
  std::vector<std::size_t> place(subgraph.derivations().size(), ~std::size_t{0});
  const auto order = subgraph.topological_order();
  REQUIRE(order.size() == place.size());
  for (std::size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
  for (const auto& derivation : subgraph.derivations()) {
    for (const Vertex input : subgraph.edge_targets(derivation)) {
      const std::uint32_t index = subgraph.derivation_index(input);
      if (index == LineageSubgraph::kNoDerivation) continue;
      REQUIRE(place[subgraph.derivation_index(derivation.vertex)] < place[index]);
    }
  }
}

// What the subgraph says of its vertices as a whole is what it says of each.
void RequireSummaries(const LineageSubgraph& subgraph) {
  bool has_undisclosed = false;
  for (Vertex v = 0; v < subgraph.vertex_count(); ++v) {
    has_undisclosed = has_undisclosed || subgraph.is_undisclosed(v);
  }
  REQUIRE(subgraph.has_undisclosed() == has_undisclosed);
  Vertex next_fresh = 1;  // vertices are numbered as the edges name them
  for (const auto& derivation : subgraph.derivations()) {
    const auto inputs = subgraph.edge_targets(derivation);
    bool all_fresh = !inputs.empty();
    for (const Vertex input : inputs) {
      all_fresh = all_fresh && input == next_fresh;
      if (input == next_fresh) ++next_fresh;
    }
    REQUIRE(derivation.has_consecutive_inputs == all_fresh);
  }
}

TEST_CASE("collect: inputs are consecutive where none was met before", "[lineage]") {
  const PlainLineage lineage = Diamond();
  const MemoryLineageReader reader(lineage);
  const auto subgraph = CollectUpstream(reader, Number(0));
  REQUIRE_OK(subgraph);
  std::vector<bool> found;
  for (const auto& derivation : subgraph->derivations()) {
    found.push_back(derivation.has_consecutive_inputs);
  }
  CHECK(found == std::vector<bool>{true, true, false, true});  // 1 and 2 share their input
  RequireSummaries(*subgraph);
}

TEST_CASE("collect: a diamond, nearest first and then in the order of edges", "[lineage]") {
  const PlainLineage lineage = Diamond();
  const MemoryLineageReader reader(lineage);
  const auto subgraph = CollectUpstream(reader, Number(0));
  REQUIRE_OK(subgraph);
  CHECK(Indices(*subgraph) == std::vector<std::size_t>{0, 2, 1, 3, 4});
  CHECK(subgraph->edge_count() == 5);
  CHECK(subgraph->tree_size() == reader.tree_size());
  CHECK(subgraph->Find(Number(3)) == std::optional<Vertex>(3));
  CHECK(subgraph->Find(Number(5)) == std::nullopt);
  CHECK(subgraph->asset_class(4).kind == AssetKind::kWork);
  CHECK(subgraph->derivation_index(4) == LineageSubgraph::kNoDerivation);
  const auto& target = subgraph->derivations()[0];
  CHECK(target.view.denominator == 6);
  CHECK(std::vector<Vertex>(subgraph->edge_targets(target).begin(),
                            subgraph->edge_targets(target).end()) == std::vector<Vertex>{1, 2});
  RequireTopological(*subgraph);
}

TEST_CASE("collect: one read of each sort for a frontier", "[lineage]") {
  const PlainLineage lineage = Diamond();
  const MemoryLineageReader reader(lineage);
  REQUIRE_OK(CollectUpstream(reader, Number(0)));
  CHECK(reader.classify_call_count() == 4);
  CHECK(reader.derivations_call_count() == 3);
}

TEST_CASE("collect: an asset with nothing upstream is a subgraph of one", "[lineage]") {
  const PlainLineage lineage = Diamond();
  const MemoryLineageReader reader(lineage);
  const auto subgraph = CollectUpstream(reader, Number(5));
  REQUIRE_OK(subgraph);
  CHECK(subgraph->vertex_count() == 1);
  CHECK(subgraph->edge_count() == 0);
  CHECK(subgraph->topological_order().empty());
}

TEST_CASE("collect: what has no disclosed source depends on kind and derivation", "[lineage]") {
  for (std::size_t kind = 0; kind < kAssetKindCount; ++kind) {
    for (const bool derived : {false, true}) {
      PlainLineage lineage{{{TestId(1), static_cast<AssetKind>(kind), {}, {}}}};
      if (derived) lineage.assets[0].derivation = PlainDerivation{1, 0, {}};
      const MemoryLineageReader reader(lineage);
      const auto subgraph = CollectUpstream(reader, Number(0));
      REQUIRE_OK(subgraph);
      const bool retains = static_cast<AssetKind>(kind) == AssetKind::kWork ||
                           static_cast<AssetKind>(kind) == AssetKind::kPrompt || derived;
      CAPTURE(kind, derived);
      CHECK(subgraph->is_undisclosed(0) == !retains);
      CHECK(subgraph->has_undisclosed() == !retains);
    }
  }
}

TEST_CASE("collect: a limit that is met is named, and the last size below it is served",
          "[lineage]") {
  const PlainLineage lineage = Diamond();
  const MemoryLineageReader reader(lineage);
  struct Limit {
    std::string_view name;
    CollectLimits met;
    CollectLimits not_met;
  };
  const auto memory_size = CollectUpstream(reader, Number(0)).value().memory_size();
  for (const Limit& limit :
       {Limit{"asset_count_max", {.asset_count_max = 4}, {.asset_count_max = 5}},
        Limit{"edge_count_max", {.edge_count_max = 4}, {.edge_count_max = 5}},
        Limit{"memory_size_max", {.memory_size_max = memory_size - 1}, {}}}) {
    CAPTURE(limit.name);
    const auto met = CollectUpstream(reader, Number(0), limit.met);
    CHECK_STATUS(met, absl::StatusCode::kResourceExhausted);
    CHECK(FieldOf(met.status()) == limit.name);
    CHECK_STATUS(CollectUpstream(reader, Number(0), limit.not_met), absl::StatusCode::kOk);
  }
}

TEST_CASE("collect: a stored cycle is data loss that names its oldest asset", "[lineage]") {
  PlainLineage lineage = Diamond();
  lineage.assets[4] = Derived(5, {{.input = 2, .weight = 1}});  // 2 <- 3 <- 4 <- 2
  const MemoryLineageReader reader(lineage);
  const auto subgraph = CollectUpstream(reader, Number(0));
  CHECK_STATUS(subgraph, absl::StatusCode::kDataLoss);
  CHECK(std::string(subgraph.status().message()).find(TestId(7).ToHex()) != std::string::npos);
}

TEST_CASE("collect: cycles at the target and self-loops are data loss too", "[lineage]") {
  PlainLineage through_target = Diamond();
  through_target.assets[4] = Derived(5, {{.input = 0, .weight = 1}});
  CHECK_STATUS(CollectUpstream(MemoryLineageReader(through_target), Number(0)),
               absl::StatusCode::kDataLoss);
  PlainLineage loop = Diamond();
  loop.assets[4] = Derived(5, {{.input = 4, .weight = 1}});
  const auto subgraph = CollectUpstream(MemoryLineageReader(loop), Number(0));
  CHECK_STATUS(subgraph, absl::StatusCode::kDataLoss);
  CHECK(std::string(subgraph.status().message()).find(TestId(5).ToHex()) != std::string::npos);
}

TEST_CASE("collect: a target the ledger never gave out is internal", "[lineage]") {
  const PlainLineage lineage = Diamond();
  const MemoryLineageReader reader(lineage);
  CHECK_STATUS(CollectUpstream(reader, {999}), absl::StatusCode::kInternal);
  CHECK_STATUS(CollectUpstream(reader, {2}), absl::StatusCode::kInternal);
}

// Hands out derivations spoilt in one way.
class SpoiltReader : public MemoryLineageReader {
 public:
  using Spoil = void (*)(EdgeList*, DerivationView*);
  SpoiltReader(const PlainLineage& lineage, Spoil spoil)
      : MemoryLineageReader(lineage), spoil_(spoil) {}

  absl::Status ReadDerivations(std::span<const AssetNumber> assets, std::size_t edge_count_max,
                               std::vector<DerivationView>* derivations) const override {
    const absl::Status status =
        MemoryLineageReader::ReadDerivations(assets, edge_count_max, derivations);
    for (DerivationView& view : *derivations) {
      const auto edges = std::make_shared<EdgeList>(*view.edges);
      view.edges = edges;
      spoil_(edges.get(), &view);
    }
    return status;
  }

 private:
  Spoil spoil_;
};

TEST_CASE("collect: a derivation that does not fit its edges is data loss", "[lineage]") {
  const PlainLineage lineage = Diamond();
  const SpoiltReader::Spoil spoil = GENERATE(values<SpoiltReader::Spoil>({
      [](EdgeList*, DerivationView* view) { view->edges = nullptr; },
      [](EdgeList*, DerivationView* view) { view->denominator += 1; },
      [](EdgeList*, DerivationView* view) { view->retained += 1; },
      [](EdgeList*, DerivationView* view) {
        *view = {{}, 0, 0, 0, view->edges};
      },
      [](EdgeList* edges, DerivationView*) { edges->inputs.pop_back(); },
      [](EdgeList* edges, DerivationView*) { edges->cumulative_weights.push_back(9); },
      [](EdgeList* edges, DerivationView*) { edges->cumulative_weights.back() += 1; },
      [](EdgeList* edges, DerivationView*) { edges->roles.pop_back(); },
      [](EdgeList* edges, DerivationView*) { edges->bases.pop_back(); },
      [](EdgeList* edges, DerivationView*) { edges->inputs.back() = {1'000}; },
  }));
  CHECK_STATUS(CollectUpstream(SpoiltReader(lineage, spoil), Number(0)),
               absl::StatusCode::kDataLoss);
}

TEST_CASE("collect: the reader's own error is passed on", "[lineage]") {
  class FailingReader : public MemoryLineageReader {
   public:
    using MemoryLineageReader::MemoryLineageReader;
    absl::Status ReadDerivations(std::span<const AssetNumber>, std::size_t,
                                 std::vector<DerivationView>*) const override {
      return absl::UnavailableError("gone");
    }
  };
  const PlainLineage lineage = Diamond();
  CHECK_STATUS(CollectUpstream(FailingReader(lineage), Number(0)), absl::StatusCode::kUnavailable);
}

TEST_CASE("collect: a cancel is seen before the next read", "[lineage]") {
  const PlainLineage lineage = Diamond();
  const MemoryLineageReader memory(lineage);
  CancelToken never;
  const CancellingReader counting(memory, &never, /*at_read=*/0);
  REQUIRE_OK(CollectUpstream(counting, Number(0)));
  // The last read is a Classify of sources, after which ordering still looks at the token.
  for (std::size_t at_read = 1; at_read <= counting.read_count(); ++at_read) {
    CancelToken token;
    const CancellingReader reader(memory, &token, at_read);
    CHECK_STATUS(CollectUpstream(reader, Number(0), {}, &token), absl::StatusCode::kCancelled);
    // A Classify is followed by the ReadDerivations of the same frontier at most.
    CHECK(reader.read_count() <= at_read + 1);
  }
}

TEST_CASE("collect: with scratch memory, once and again, everything is the same", "[lineage]") {
  WalkScratch scratch;
  Rng rng = SeededRng();
  for (int trial = 0; trial < 2'000; ++trial) {
    CAPTURE(rng.seed(), trial);
    const RandomCase random = RandomLineage(rng);
    const MemoryLineageReader reader(random.lineage);
    const auto plain = CollectUpstream(reader, Number(random.target));
    const auto scratched = CollectUpstream(reader, Number(random.target), {}, nullptr, &scratch);
    REQUIRE_OK(plain);
    REQUIRE_OK(scratched);
    REQUIRE(Indices(*plain) == Indices(*scratched));
    REQUIRE(plain->edge_count() == scratched->edge_count());
    RequireTopological(*scratched);
    // A walk that ends early must not leave marks for the next.
    const auto cut =
        CollectUpstream(reader, Number(random.target), {.asset_count_max = 1}, nullptr, &scratch);
    REQUIRE(cut.ok() == (plain->vertex_count() == 1));
  }
}

TEST_CASE("collect: hashed and direct indices give the same vertices", "[lineage]") {
  // 40,000 inputs make the index an array; in a ledger 10,000 times as large they do not.
  class SparseReader : public WideReader {
   public:
    using WideReader::WideReader;
    TreeSize tree_size() const override { return {10'000 * WideReader::tree_size().value}; }
  };
  const WideReader dense(40'000);
  const SparseReader sparse(40'000);
  const auto a = CollectUpstream(dense, dense.pool());
  const auto b = CollectUpstream(sparse, sparse.pool());
  REQUIRE_OK(a);
  REQUIRE_OK(b);
  REQUIRE(a->vertex_count() == 40'001);
  CHECK(std::equal(a->assets().begin(), a->assets().end(), b->assets().begin(), b->assets().end()));
}

TEST_CASE("collect: Boost's topological sort agrees on random lineages", "[lineage][property]") {
  Rng rng = SeededRng();
  for (int trial = 0; trial < 2'000; ++trial) {
    CAPTURE(rng.seed(), trial);
    const RandomCase random = RandomLineage(rng);
    const MemoryLineageReader reader(random.lineage);
    const auto subgraph = CollectUpstream(reader, Number(random.target));
    REQUIRE_OK(subgraph);
    RequireTopological(*subgraph);
    RequireSummaries(*subgraph);
    std::vector<Vertex> inputs_first;
    boost::topological_sort(*subgraph, std::back_inserter(inputs_first));
    std::vector<std::size_t> place(subgraph->vertex_count());
    for (std::size_t i = 0; i < inputs_first.size(); ++i) place[inputs_first[i]] = i;
    std::size_t edge_count = 0;
    for (auto [edge, end] = edges(*subgraph); edge != end; ++edge, ++edge_count) {
      REQUIRE(place[source(*edge, *subgraph)] > place[target(*edge, *subgraph)]);
    }
    REQUIRE(edge_count == num_edges(*subgraph));
  }
}

}  // namespace
}  // namespace tributary::test
