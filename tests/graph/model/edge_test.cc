#include <string>
#include <vector>

#include "graph/merkle/merkle.h"
#include "graph/model/canonical_json.h"
#include "graph/model/record.h"
#include "graph/model/status.h"
#include "tests/graph/model/sample_records.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary {
namespace {

Digest Id(std::uint8_t first_byte) {
  Digest id;
  id.bytes[0] = first_byte;
  return id;
}

Edge MakeEdge(std::uint8_t first_byte, std::uint64_t weight = 1, Basis basis = Basis::kDeclared) {
  return {Id(first_byte), Role::kTrainingData, weight, basis};
}

TEST_CASE("edges: golden bytes, and the root that their derivation states", "[model][golden]") {
  std::string bytes;
  EdgeChecker checker(Sha256("output"));
  TreeFrontier tree;
  for (const Edge& edge : test::SampleEdges()) {
    REQUIRE_OK(checker.Add(edge));
    std::string leaf;
    AppendEdgeBytes(edge, checker.weight_sum(), &leaf);
    tree.Append(LeafHash(leaf));
    if (!bytes.empty()) bytes += "\n";
    bytes += leaf;
  }
  CHECK(bytes == test::ReadGolden("derivation_full.edges"));
  const auto record = DecodeRecord(test::ReadGolden("derivation_full.json"));
  REQUIRE_OK(record);
  const auto& derivation = std::get<DerivationRecord>(record->body);
  CHECK(tree.Root() == derivation.edges_root);
  CHECK(checker.count() == derivation.edge_count);
  CHECK(checker.weight_sum() == derivation.weight_sum);
}

TEST_CASE("edges: bytes are the canonical JSON of the same object", "[model][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 2'000; ++trial) {
    const Edge edge{Sha256(std::to_string(rng())), static_cast<Role>(rng.Below(kRoleCount)),
                    (rng() >> 1) >> rng.Below(64), static_cast<Basis>(rng.Below(kBasisCount))};
    const std::uint64_t cumulative = (rng() >> 1) >> rng.Below(64);
    std::string bytes = "kept:";
    AppendEdgeBytes(edge, cumulative, &bytes);
    const JsonValue expected = JsonValue::Object{{"basis", ToName(edge.basis)},
                                                 {"cumulative_weight", std::to_string(cumulative)},
                                                 {"input", edge.input.ToHex()},
                                                 {"role", ToName(edge.role)},
                                                 {"weight", std::to_string(edge.weight)}};
    CAPTURE(rng.seed(), trial);
    REQUIRE(bytes == "kept:" + WriteCanonicalJson(expected));
  }
}

TEST_CASE("edge checker: counts and sums what it accepts", "[model]") {
  EdgeChecker checker(Id(9));
  CHECK(checker.count() == 0);
  CHECK(checker.weight_sum() == 0);
  REQUIRE_OK(checker.Add(MakeEdge(0, 5)));
  REQUIRE_OK(checker.Add(MakeEdge(1, 0, Basis::kNone)));
  REQUIRE_OK(checker.Add(MakeEdge(2, 0, Basis::kUnknown)));
  REQUIRE_OK(checker.Add(MakeEdge(3, 0, Basis::kDeclared)));
  REQUIRE_OK(checker.Add(MakeEdge(200, 7)));
  CHECK(checker.count() == 5);
  CHECK(checker.weight_sum() == 12);
}

TEST_CASE("edge checker: refusals name the edge and change nothing", "[model]") {
  struct Refused {
    std::string_view name;
    Edge edge;
    std::string field;
  };
  const auto refused = GENERATE(values<Refused>({
      {"a lower input", MakeEdge(4), "edges[1].input"},
      {"the same input again", MakeEdge(5), "edges[1].input"},
      {"the generated asset", MakeEdge(9), "edges[1].input"},
      {"a weight with basis none", MakeEdge(6, 1, Basis::kNone), "edges[1].weight"},
      {"a weight with basis unknown", MakeEdge(6, 1, Basis::kUnknown), "edges[1].weight"},
      {"a sum of 2^63", MakeEdge(6, kWeightSumMax), "edges[1].weight"},
      {"a sum above 2^64", MakeEdge(6, ~std::uint64_t{0}), "edges[1].weight"},
  }));
  CAPTURE(refused.name);
  EdgeChecker checker(Id(9));
  REQUIRE_OK(checker.Add(MakeEdge(5, 1)));
  const absl::Status status = checker.Add(refused.edge);
  CHECK_STATUS(status, absl::StatusCode::kInvalidArgument);
  CHECK(FieldOf(status) == refused.field);
  CHECK(checker.count() == 1);
  CHECK(checker.weight_sum() == 1);
  CHECK_STATUS(checker.Add(MakeEdge(6, kWeightSumMax - 1)), absl::StatusCode::kOk);
  CHECK(checker.weight_sum() == kWeightSumMax);
}

TEST_CASE("edge checker: the lowest input may be all zeros, and may be the generated one's not",
          "[model]") {
  CHECK_STATUS(EdgeChecker(Id(1)).Add(MakeEdge(0)), absl::StatusCode::kOk);
  CHECK_STATUS(EdgeChecker(Id(0)).Add(MakeEdge(0)), absl::StatusCode::kInvalidArgument);
}

TEST_CASE("weights: a sum from 1 to 2^63 - 1", "[model]") {
  struct Case {
    std::string_view name;
    std::uint64_t edge_count, weight_sum, retained, unattributed;
    bool allowed;
  };
  constexpr std::uint64_t kMax = kWeightSumMax;
  constexpr std::uint64_t kAll = ~std::uint64_t{0};
  const auto known = GENERATE(values<Case>({
      {"one of each", 3, 1, 1, 1, true},
      {"nothing", 1, 0, 0, 0, false},
      {"2^63 - 1 in edges", 1, kMax, 0, 0, true},
      {"2^63 - 1 kept", 1, 0, kMax, 0, true},
      {"2^63 - 1 unattributed", 1, 0, 0, kMax, true},
      {"2^63 - 1 in three parts", 1, kMax - 2, 1, 1, true},
      {"2^63 in edges", 1, kMax + 1, 0, 0, false},
      {"2^63 kept", 1, 0, kMax + 1, 0, false},
      {"2^63 unattributed", 1, 0, 0, kMax + 1, false},
      {"2^63 in three parts", 1, kMax - 1, 1, 1, false},
      {"a sum that is 0 in 64 bits", 1, kAll, 1, 0, false},
      {"a sum that is 1 in 64 bits", 1, 2, kAll, 0, false},
      {"an origin", 0, 0, 1, 0, true},
      {"an origin of any weight", 0, 0, kMax, 0, true},
      {"an origin that keeps nothing", 0, 0, 0, 0, false},
      {"an origin with a part unattributed", 0, 0, 1, 1, false},
      {"weight without edges", 0, 1, 1, 0, false},
  }));
  CAPTURE(known.name);
  const absl::Status status =
      CheckWeights(known.edge_count, known.weight_sum, known.retained, known.unattributed);
  CHECK_STATUS(status, known.allowed ? absl::StatusCode::kOk : absl::StatusCode::kInvalidArgument);
  if (!known.allowed) {
    // Both figures stand in the message.
    const std::string message = status.ToString();
    CHECK(message.find(std::to_string(known.weight_sum)) != std::string::npos);
    CHECK(message.find(std::to_string(known.retained)) != std::string::npos);
  }
}

}  // namespace
}  // namespace tributary
