// Proofs of many leaves at once: against the definition, and against every single change.

#include "graph/merkle/multi_proof.h"

#include <algorithm>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tests/graph/merkle/reference_tree.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"
#include "tests/support/status_codes.h"

namespace tributary {
namespace {

using test::kInvalid;
using test::Leaves;
using test::StoredTree;
using Indexes = std::vector<std::uint64_t>;

// NODES of the header, straight from its definition.
std::vector<Digest> ReferenceNodes(std::span<const std::string> leaves, std::size_t begin,
                                   const std::set<std::uint64_t>& wanted) {
  const auto first = wanted.lower_bound(begin);
  if (first == wanted.end() || *first >= begin + leaves.size()) {
    return {test::ReferenceRoot(leaves)};
  }
  if (leaves.size() == 1) return {};
  const std::size_t k = test::ReferenceSplit(leaves.size());
  auto nodes = ReferenceNodes(leaves.first(k), begin, wanted);
  const auto right = ReferenceNodes(leaves.subspan(k), begin + k, wanted);
  nodes.insert(nodes.end(), right.begin(), right.end());
  return nodes;
}

std::vector<PlacedLeaf> Placed(const Indexes& indexes, std::span<const std::string> leaves) {
  std::vector<PlacedLeaf> placed;
  for (const std::uint64_t index : indexes) placed.push_back({index, LeafHash(leaves[index])});
  return placed;
}

Indexes FromBits(std::uint64_t bits) {
  Indexes indexes;
  for (std::uint64_t i = 0; bits != 0; ++i, bits >>= 1) {
    if ((bits & 1) != 0) indexes.push_back(i);
  }
  return indexes;
}

TEST_CASE("multi proof: every set of leaves of every tree of up to ten", "[merkle]") {
  const Leaves all = test::NumberedLeaves(10);
  for (std::size_t size = 1; size <= all.size(); ++size) {
    const auto leaves = std::span(all).first(size);
    const StoredTree tree(leaves);
    const Digest root = test::ReferenceRoot(leaves);
    for (std::uint64_t bits = 1; bits < std::uint64_t{1} << size; ++bits) {
      const Indexes indexes = FromBits(bits);
      CAPTURE(size, bits);
      const auto nodes = MultiInclusionProof(tree, indexes, size);
      REQUIRE_OK(nodes);
      REQUIRE(*nodes == ReferenceNodes(leaves, 0, {indexes.begin(), indexes.end()}));
      REQUIRE_OK(VerifyMultiInclusion(Placed(indexes, leaves), size, *nodes, root));
    }
    REQUIRE(tree.call_count() == (1 << size) - 1);
  }
}

TEST_CASE("multi proof: the vector of the documentation", "[merkle]") {
  const Leaves leaves = test::PublishedLeaves();
  const std::vector<std::string> hashes = {
      "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"};
  const auto nodes = MultiInclusionProof(StoredTree(leaves), Indexes{0, 5}, 8);
  REQUIRE_OK(nodes);
  REQUIRE(nodes->size() == hashes.size());
  for (std::size_t i = 0; i < hashes.size(); ++i) CHECK((*nodes)[i].ToHex() == hashes[i]);
  const Digest root = Digest::FromHex(
                          "5dc9da79a70659a9ad559cb701ded9a2"
                          "ab9d823aad2f4960cfe370eff4604328")
                          .value();
  CHECK_STATUS(VerifyMultiInclusion(Placed({0, 5}, leaves), 8, *nodes, root),
               absl::StatusCode::kOk);
}

TEST_CASE("multi proof: of one leaf it has the nodes of its inclusion proof", "[merkle]") {
  const Leaves leaves = test::NumberedLeaves(37);
  const StoredTree tree(leaves);
  for (std::uint64_t index = 0; index < leaves.size(); ++index) {
    auto nodes = MultiInclusionProof(tree, Indexes{index}, leaves.size()).value();
    auto path = InclusionProof(tree, index, leaves.size()).value();
    std::sort(nodes.begin(), nodes.end());
    std::sort(path.begin(), path.end());
    CHECK(nodes == path);
  }
}

TEST_CASE("multi proof: nothing verifies with one thing changed", "[merkle]") {
  const Leaves all = test::NumberedLeaves(9);
  for (std::size_t size = 1; size <= all.size(); ++size) {
    const auto leaves = std::span(all).first(size);
    const Digest root = test::ReferenceRoot(leaves);
    for (std::uint64_t bits = 1; bits < std::uint64_t{1} << size; ++bits) {
      CAPTURE(size, bits);
      const Indexes indexes = FromBits(bits);
      const auto placed = Placed(indexes, leaves);
      const auto nodes = ReferenceNodes(leaves, 0, {indexes.begin(), indexes.end()});
      const auto refused =
          [&](const std::function<void(std::vector<PlacedLeaf>*, std::vector<Digest>*)>& edit) {
            auto some_leaves = placed;
            auto some_nodes = nodes;
            edit(&some_leaves, &some_nodes);
            if (some_leaves == placed && some_nodes == nodes) return;
            REQUIRE_FALSE(VerifyMultiInclusion(some_leaves, size, some_nodes, root).ok());
          };
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        const auto at = static_cast<std::ptrdiff_t>(i);
        refused([&](auto*, auto* n) { (*n)[i].bytes[i] ^= 1; });
        refused([&](auto*, auto* n) { n->erase(n->begin() + at); });
        refused([&](auto*, auto* n) { n->insert(n->begin() + at, (*n)[i]); });
        if (i > 0) refused([&](auto*, auto* n) { std::swap((*n)[i - 1], (*n)[i]); });
      }
      for (std::size_t i = 0; i < placed.size(); ++i) {
        const auto at = static_cast<std::ptrdiff_t>(i);
        refused([&](auto* l, auto*) { (*l)[i].hash.bytes[31] ^= 0x80; });
        refused([&](auto* l, auto*) { (*l)[i].index ^= 1; });
        refused([&](auto* l, auto*) { (*l)[i].index += 1; });
        refused([&](auto* l, auto*) { (*l)[i].index -= 1; });
        refused([&](auto* l, auto*) { l->erase(l->begin() + at); });
        refused([&](auto* l, auto*) { l->insert(l->begin() + at, (*l)[i]); });
        if (i > 0) refused([&](auto* l, auto*) { std::swap((*l)[i - 1], (*l)[i]); });
      }
      refused([](auto*, auto* n) { n->push_back(Digest{}); });
      refused([&](auto* l, auto*) { l->push_back({size, Digest{}}); });
      REQUIRE_FALSE(VerifyMultiInclusion(placed, size, nodes, LeafHash("another")).ok());
    }
  }
}

TEST_CASE("multi proof: random leaves of larger trees", "[merkle][property]") {
  const Leaves all = test::NumberedLeaves(400);
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 150; ++trial) {
    const std::size_t size = rng.Between(1, all.size());
    const auto leaves = std::span(all).first(size);
    std::set<std::uint64_t> wanted;
    for (std::uint64_t count = rng.Between(1, 40); count > 0; --count) {
      wanted.insert(rng.Below(size));
    }
    CAPTURE(rng.seed(), trial, size);
    const Indexes indexes(wanted.begin(), wanted.end());
    const auto nodes = MultiInclusionProof(StoredTree(leaves), indexes, size);
    REQUIRE_OK(nodes);
    REQUIRE(*nodes == ReferenceNodes(leaves, 0, wanted));
    REQUIRE_OK(
        VerifyMultiInclusion(Placed(indexes, leaves), size, *nodes, test::ReferenceRoot(leaves)));
    REQUIRE(VerifyMultiInclusion(Placed(indexes, leaves), size + size, *nodes,
                                 test::ReferenceRoot(leaves))
                .code() == kInvalid);
  }
}

TEST_CASE("multi proof: what can not be asked", "[merkle]") {
  const Leaves leaves = test::NumberedLeaves(4);
  const StoredTree tree(leaves);
  CHECK_STATUS(MultiInclusionProof(tree, Indexes{}, 4), kInvalid);
  CHECK_STATUS(MultiInclusionProof(tree, Indexes{1, 1}, 4), kInvalid);
  CHECK_STATUS(MultiInclusionProof(tree, Indexes{2, 1}, 4), kInvalid);
  CHECK_STATUS(MultiInclusionProof(tree, Indexes{0, 4}, 4), absl::StatusCode::kOutOfRange);
  CHECK_STATUS(MultiInclusionProof(tree, Indexes{0}, 0), absl::StatusCode::kOutOfRange);
  CHECK_STATUS(VerifyMultiInclusion({}, 0, {}, EmptyRoot()), kInvalid);
  CHECK_STATUS(VerifyMultiInclusion({}, 1, std::vector{LeafHash("a")}, LeafHash("a")), kInvalid);
  CHECK(tree.call_count() == 0);
}

TEST_CASE("multi proof: nodes are counted before any is read", "[merkle]") {
  // Leaves that are far apart have a path of their own, each of about 43 nodes.
  Indexes indexes;
  for (std::uint64_t i = 0; i < kMultiProofNodeCountMax / 32; ++i) indexes.push_back(i << 43);
  const Leaves leaves = test::NumberedLeaves(4);
  const StoredTree tree(leaves);
  const auto proof = MultiInclusionProof(tree, indexes, std::uint64_t{1} << 62);
  CHECK_STATUS(proof, absl::StatusCode::kResourceExhausted);
  CHECK(tree.call_count() == 0);
  const std::vector<Digest> nodes(kMultiProofNodeCountMax + 1);
  CHECK(VerifyMultiInclusion(std::vector<PlacedLeaf>(1), 1, nodes, Digest{}).message() ==
        "proof: more than 16777216 nodes");
}

// The walk must end and stay small for sizes that nobody has.
TEST_CASE("multi proof: the largest sizes", "[merkle]") {
  const std::uint64_t largest = ~std::uint64_t{0};
  const std::vector<Digest> nodes(200, LeafHash("x"));
  const std::vector<PlacedLeaf> ends = {{0, LeafHash("a")}, {largest - 1, LeafHash("b")}};
  CHECK_STATUS(VerifyMultiInclusion(ends, largest, nodes, LeafHash("r")), kInvalid);
  CHECK_STATUS(VerifyMultiInclusion(ends, largest, {}, LeafHash("r")), kInvalid);
}

}  // namespace
}  // namespace tributary
