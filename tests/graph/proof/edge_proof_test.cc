// One edge of a derivation: its proof, and everything that must spoil it.

#include "graph/proof/edge_proof.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "graph/merkle/merkle.h"
#include "tests/graph/merkle/reference_tree.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"
#include "tests/support/status_codes.h"

namespace tributary {
namespace {

using test::kInvalid;

// A derivation with all of its edges, as its issuer has it. Nothing here checks rules.
struct Issued {
  std::vector<Edge> edges;
  std::vector<std::uint64_t> cumulative;
  test::Leaves leaves;
  DerivationRecord record;

  void Seal() {
    leaves.clear();
    for (std::size_t i = 0; i < edges.size(); ++i) {
      AppendEdgeBytes(edges[i], cumulative[i], &leaves.emplace_back());
    }
    record.edge_count = edges.size();
    record.edges_root = test::ReferenceRoot(leaves);
    record.weight_sum = cumulative.back();
  }
  PlacedEdge Place(std::size_t index) const {
    return {index, edges[index], cumulative[index], test::ReferencePath(index, leaves)};
  }
  EdgeProof Prove(std::size_t index) const {
    EdgeProof proof;
    proof.edge = Place(index);
    if (index > 0) proof.predecessor = Place(index - 1);
    if (index + 1 < edges.size()) proof.last = Place(edges.size() - 1);
    return proof;
  }
};

Digest InputNumber(std::size_t number) {
  Digest input;
  input.bytes[30] = static_cast<std::uint8_t>(number >> 8);
  input.bytes[31] = static_cast<std::uint8_t>(number);
  return input;
}

Issued MakeIssued(const std::vector<std::uint64_t>& weights) {
  Issued issued;
  issued.record.generated = Sha256("generated");
  std::uint64_t sum = 0;
  for (const std::uint64_t weight : weights) {
    sum += weight;
    issued.edges.push_back(
        {InputNumber(2 * issued.edges.size() + 2), Role::kTrainingData, weight, Basis::kMeasured});
    issued.cumulative.push_back(sum);
  }
  issued.record.retained = 5;
  issued.Seal();
  return issued;
}

TEST_CASE("edge proof: every edge of lists of one to twenty", "[proof]") {
  std::vector<std::uint64_t> weights;
  for (std::uint64_t count = 1; count <= 20; ++count) {
    weights.push_back(count % 3 == 0 ? 0 : count * 7);
    const Issued issued = MakeIssued(weights);
    for (std::size_t index = 0; index < weights.size(); ++index) {
      CAPTURE(count, index);
      REQUIRE_OK(VerifyEdge(issued.record, issued.Prove(index)));
    }
  }
}

TEST_CASE("edge proof: the largest sum of weights", "[proof]") {
  const Issued issued = MakeIssued({1, kWeightSumMax - 2, 1});
  for (std::size_t index = 0; index < 3; ++index) {
    CHECK_STATUS(VerifyEdge(issued.record, issued.Prove(index)), absl::StatusCode::kOk);
  }
}

TEST_CASE("edge proof: nothing verifies with one thing changed", "[proof]") {
  const Issued issued = MakeIssued({3, 0, 5, 7, 11, 13});
  for (std::size_t index = 0; index < issued.edges.size(); ++index) {
    const EdgeProof proof = issued.Prove(index);
    const auto refused = [&](int line, const std::function<void(EdgeProof*)>& edit) {
      EdgeProof spoilt = proof;
      edit(&spoilt);
      if (spoilt == proof) return;
      CAPTURE(index, line);
      CHECK_STATUS(VerifyEdge(issued.record, spoilt), kInvalid);
    };
    using Part = std::function<PlacedEdge*(EdgeProof*)>;
    const std::vector<Part> parts = {
        [](EdgeProof* p) { return &p->edge; },
        [](EdgeProof* p) { return p->predecessor.has_value() ? &*p->predecessor : nullptr; },
        [](EdgeProof* p) { return p->last.has_value() ? &*p->last : nullptr; }};
    for (const Part& part : parts) {
      const auto change = [&](int line, const std::function<void(PlacedEdge*)>& edit) {
        refused(line, [&](EdgeProof* p) {
          if (PlacedEdge* placed = part(p); placed != nullptr) edit(placed);
        });
      };
      change(__LINE__, [](PlacedEdge* e) { e->index += 1; });
      change(__LINE__, [](PlacedEdge* e) { e->index -= 1; });
      change(__LINE__, [](PlacedEdge* e) { e->edge.weight += 1; });
      change(__LINE__, [](PlacedEdge* e) { e->edge.weight -= 1; });
      change(__LINE__, [](PlacedEdge* e) { e->cumulative_weight += 1; });
      change(__LINE__, [](PlacedEdge* e) { e->cumulative_weight -= 1; });
      change(__LINE__, [](PlacedEdge* e) { e->edge.input.bytes[31] ^= 1; });
      change(__LINE__, [](PlacedEdge* e) { e->edge.role = Role::kCode; });
      change(__LINE__, [](PlacedEdge* e) { e->edge.basis = Basis::kDeclared; });
      change(__LINE__, [](PlacedEdge* e) { e->path.pop_back(); });
      change(__LINE__, [](PlacedEdge* e) { e->path.push_back(Digest{}); });
      change(__LINE__, [](PlacedEdge* e) { e->path[0].bytes[0] ^= 1; });
      for (std::size_t other = 0; other < issued.edges.size(); ++other) {
        change(__LINE__, [&](PlacedEdge* e) { *e = issued.Place(other); });
      }
    }
    refused(__LINE__, [](EdgeProof* p) { p->predecessor.reset(); });
    refused(__LINE__, [](EdgeProof* p) { p->last.reset(); });
    refused(__LINE__, [](EdgeProof* p) { p->predecessor = p->edge; });
    refused(__LINE__, [](EdgeProof* p) { p->last = p->edge; });
  }
}

TEST_CASE("edge proof: another record of the derivation is refused", "[proof]") {
  const Issued issued = MakeIssued({3, 5, 7});
  for (std::size_t index = 0; index < 3; ++index) {
    const auto refused = [&](const std::function<void(DerivationRecord*)>& edit) {
      DerivationRecord record = issued.record;
      edit(&record);
      CAPTURE(index);
      CHECK_STATUS(VerifyEdge(record, issued.Prove(index)), kInvalid);
    };
    refused([](DerivationRecord* r) { r->edges_root.bytes[5] ^= 1; });
    refused([](DerivationRecord* r) { r->weight_sum += 1; });
    refused([](DerivationRecord* r) { r->weight_sum -= 1; });
    refused([](DerivationRecord* r) { r->edge_count -= 1; });
    refused([](DerivationRecord* r) { r->edge_count += 1; });
    refused([](DerivationRecord* r) { r->edge_count = 0; });
    refused([&](DerivationRecord* r) { r->generated = issued.edges[index].input; });
  }
}

// An issuer who breaks a rule and signs the root of it: paths alone would hold.
TEST_CASE("edge proof: a list that breaks a rule has no proof of the edges concerned", "[proof]") {
  SECTION("cumulative weights that overlap") {
    Issued issued = MakeIssued({3, 5, 7, 9});
    issued.cumulative[2] = 12;  // 3 + 5 + 7 is 15
    issued.Seal();
    CHECK_STATUS(VerifyEdge(issued.record, issued.Prove(2)), kInvalid);
    CHECK_STATUS(VerifyEdge(issued.record, issued.Prove(3)), kInvalid);
    CHECK_STATUS(VerifyEdge(issued.record, issued.Prove(1)), absl::StatusCode::kOk);  // not seen
  }
  SECTION("a first edge that starts above zero") {
    Issued issued = MakeIssued({3, 5, 7});
    for (std::uint64_t& sum : issued.cumulative) sum += 100;
    issued.Seal();
    CHECK_STATUS(VerifyEdge(issued.record, issued.Prove(0)), kInvalid);
    CHECK_STATUS(VerifyEdge(issued.record, issued.Prove(1)), kInvalid);
  }
  SECTION("a sum in the record that is not the last one's") {
    Issued issued = MakeIssued({3, 5, 7});
    issued.record.weight_sum = 16;
    for (std::size_t index = 0; index < 3; ++index) {
      CHECK_STATUS(VerifyEdge(issued.record, issued.Prove(index)), kInvalid);
    }
  }
  SECTION("inputs out of order, or twice") {
    Issued issued = MakeIssued({3, 5, 7, 9});
    issued.edges[1].input = GENERATE(InputNumber(2), InputNumber(1));  // edge 0 has 2
    issued.Seal();
    CHECK_STATUS(VerifyEdge(issued.record, issued.Prove(1)), kInvalid);
    issued = MakeIssued({3, 5, 7, 9});
    issued.edges[3].input = InputNumber(1);
    issued.Seal();
    for (std::size_t index = 0; index < 4; ++index) {
      CHECK_STATUS(VerifyEdge(issued.record, issued.Prove(index)), kInvalid);
    }
  }
  SECTION("weight on an edge whose basis gives none") {
    Issued issued = MakeIssued({3, 5, 7});
    issued.edges[1].basis = GENERATE(Basis::kNone, Basis::kUnknown);
    issued.Seal();
    CHECK_STATUS(VerifyEdge(issued.record, issued.Prove(1)), kInvalid);
    CHECK_STATUS(VerifyEdge(issued.record, issued.Prove(2)), kInvalid);
  }
  SECTION("the generated asset as its own input") {
    Issued issued = MakeIssued({3, 5, 7});
    issued.record.generated = issued.edges[1].input;
    CHECK_STATUS(VerifyEdge(issued.record, issued.Prove(1)), kInvalid);
  }
  SECTION("a cumulative weight below the edge's own weight") {
    Issued issued = MakeIssued({3, 5});
    issued.cumulative = {3, 4};
    issued.Seal();
    CHECK_STATUS(VerifyEdge(issued.record, issued.Prove(1)), kInvalid);
  }
}

TEST_CASE("edge proof: a derivation without edges has none", "[proof]") {
  DerivationRecord origin;
  origin.edges_root = EmptyRoot();
  origin.retained = 1;
  CHECK_STATUS(VerifyEdge(origin, EdgeProof{}), kInvalid);
}

}  // namespace
}  // namespace tributary
