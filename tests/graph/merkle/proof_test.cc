// Proofs against the definition, and their verification against every single change.

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "graph/merkle/merkle.h"
#include "tests/graph/merkle/reference_tree.h"
#include "tests/support/catch.h"

namespace tributary {
namespace {

using test::Leaves;
using test::StoredTree;
using Proof = std::vector<Digest>;

constexpr std::size_t kSizeMax = 70;  // past 64, so that the last subtree is several levels lower

class FailingTree final : public SubtreeReader {
 public:
  absl::Status ReadSubtrees(std::span<const SubtreeId>, std::vector<Digest>*) const override {
    return absl::DataLossError("a damaged tile");
  }
};

// Roots of every size, from the definition.
struct Fixture {
  Leaves leaves = test::NumberedLeaves(kSizeMax);
  std::vector<Digest> roots;
  Fixture() {
    for (std::size_t size = 0; size <= kSizeMax; ++size) {
      roots.push_back(test::ReferenceRoot(First(size)));
    }
  }
  std::span<const std::string> First(std::size_t size) const {
    return std::span(leaves).first(size);
  }
};

const Fixture& Trees() {
  static const Fixture fixture;
  return fixture;
}

// Every proof that differs from `proof` in one place: a bit flipped, a node dropped, doubled, added
// or swapped with its neighbour.
std::vector<Proof> Spoilt(const Proof& proof) {
  std::vector<Proof> all;
  const auto add = [&](const std::function<void(Proof*)>& edit) {
    Proof copy = proof;
    edit(&copy);
    if (copy != proof) all.push_back(std::move(copy));
  };
  for (std::size_t i = 0; i < proof.size(); ++i) {
    const auto at = static_cast<std::ptrdiff_t>(i);
    add([&](Proof* p) { (*p)[i].bytes[i % kDigestSize] ^= 1; });
    add([&](Proof* p) { p->erase(p->begin() + at); });
    add([&](Proof* p) { p->insert(p->begin() + at, (*p)[i]); });
    if (i > 0) add([&](Proof* p) { std::swap((*p)[i - 1], (*p)[i]); });
  }
  add([](Proof* p) { p->push_back(Digest{}); });
  add([](Proof* p) { p->insert(p->begin(), LeafHash("another")); });
  return all;
}

TEST_CASE("root at: every size, in one read", "[merkle]") {
  const StoredTree tree(Trees().leaves);
  for (std::size_t size = 0; size <= kSizeMax; ++size) {
    const auto root = RootAt(tree, size);
    REQUIRE_OK(root);
    REQUIRE(*root == Trees().roots[size]);
    REQUIRE(tree.call_count() == static_cast<int>(size) + 1);
  }
  CHECK_STATUS(RootAt(tree, kSizeMax + 1), absl::StatusCode::kDataLoss);
}

TEST_CASE("proofs: an error of the reader is passed on", "[merkle]") {
  const FailingTree tree;
  CHECK_STATUS(RootAt(tree, 3), absl::StatusCode::kDataLoss);
  CHECK_STATUS(InclusionProof(tree, 1, 3), absl::StatusCode::kDataLoss);
  CHECK_STATUS(ConsistencyProof(tree, 2, 3), absl::StatusCode::kDataLoss);
}

TEST_CASE("inclusion: proofs are those of the definition and verify", "[merkle]") {
  for (std::size_t size = 1; size <= kSizeMax; ++size) {
    const StoredTree tree(Trees().First(size));
    for (std::size_t index = 0; index < size; ++index) {
      CAPTURE(index, size);
      const auto proof = InclusionProof(tree, index, size);
      REQUIRE_OK(proof);
      REQUIRE(*proof == test::ReferencePath(index, Trees().First(size)));
      REQUIRE_OK(VerifyInclusion(LeafHash(Trees().leaves[index]), index, size, *proof,
                                 Trees().roots[size]));
    }
    REQUIRE(tree.call_count() == static_cast<int>(size));
    REQUIRE(InclusionProof(tree, size, size).status().code() == absl::StatusCode::kOutOfRange);
  }
}

TEST_CASE("inclusion: nothing verifies with one thing changed", "[merkle]") {
  for (std::size_t size = 1; size <= kSizeMax; ++size) {
    const Digest& root = Trees().roots[size];
    for (std::size_t index = 0; index < size; ++index) {
      CAPTURE(index, size);
      const Digest leaf = LeafHash(Trees().leaves[index]);
      const Proof proof = test::ReferencePath(index, Trees().First(size));
      for (const Proof& spoilt : Spoilt(proof)) {
        REQUIRE_FALSE(VerifyInclusion(leaf, index, size, spoilt, root).ok());
      }
      REQUIRE_FALSE(VerifyInclusion(LeafHash("another"), index, size, proof, root).ok());
      REQUIRE_FALSE(VerifyInclusion(leaf, index, size, proof, LeafHash("another")).ok());
      for (std::size_t other = 0; other <= size; ++other) {
        if (other == index) continue;
        REQUIRE_FALSE(VerifyInclusion(leaf, other, size, proof, root).ok());
      }
    }
  }
}

// A root does not say its size: a proof also holds under another size that puts the same siblings
// on the same sides. Size and root are therefore signed together.
TEST_CASE("inclusion: another size verifies only where the tree has the same shape", "[merkle]") {
  for (std::size_t size = 1; size <= 33; ++size) {
    for (std::size_t index = 0; index < size; ++index) {
      const Digest leaf = LeafHash(Trees().leaves[index]);
      const Proof proof = test::ReferencePath(index, Trees().First(size));
      for (std::size_t other = 0; other <= kSizeMax; ++other) {
        CAPTURE(index, size, other);
        const bool same_shape = index < other && test::ReferenceSides(index, size) ==
                                                     test::ReferenceSides(index, other);
        REQUIRE(VerifyInclusion(leaf, index, other, proof, Trees().roots[size]).ok() == same_shape);
        if (other == size) continue;
        REQUIRE_FALSE(VerifyInclusion(leaf, index, other, proof, Trees().roots[other]).ok());
      }
    }
  }
}

TEST_CASE("inclusion: the proof of one leaf alone is empty", "[merkle]") {
  CHECK_STATUS(VerifyInclusion(LeafHash("a"), 0, 1, {}, LeafHash("a")), absl::StatusCode::kOk);
  CHECK_STATUS(VerifyInclusion(EmptyRoot(), 0, 0, {}, EmptyRoot()),
               absl::StatusCode::kInvalidArgument);
}

TEST_CASE("inclusion: a proof of any length ends", "[merkle]") {
  const Proof proof(1'000, LeafHash("x"));
  const std::uint64_t largest = ~std::uint64_t{0};
  for (const std::uint64_t index : {std::uint64_t{0}, largest / 2, largest - 1}) {
    CHECK_STATUS(VerifyInclusion(LeafHash("a"), index, largest, proof, LeafHash("r")),
                 absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("consistency: proofs are those of the definition and verify", "[merkle]") {
  for (std::size_t size = 0; size <= kSizeMax; ++size) {
    const StoredTree tree(Trees().First(size));
    for (std::size_t old_size = 0; old_size <= size; ++old_size) {
      CAPTURE(old_size, size);
      const auto proof = ConsistencyProof(tree, old_size, size);
      REQUIRE_OK(proof);
      const Proof expected =
          old_size == 0 ? Proof() : test::ReferenceConsistency(old_size, Trees().First(size));
      REQUIRE(*proof == expected);
      REQUIRE_OK(
          VerifyConsistency(old_size, Trees().roots[old_size], size, Trees().roots[size], *proof));
    }
    REQUIRE(ConsistencyProof(tree, size + 1, size).status().code() ==
            absl::StatusCode::kOutOfRange);
  }
}

TEST_CASE("consistency: nothing verifies with one thing changed", "[merkle]") {
  for (std::size_t size = 1; size <= kSizeMax; ++size) {
    const Digest& root = Trees().roots[size];
    for (std::size_t old_size = 1; old_size <= size; ++old_size) {
      CAPTURE(old_size, size);
      const Digest& old_root = Trees().roots[old_size];
      const Proof proof = test::ReferenceConsistency(old_size, Trees().First(size));
      for (const Proof& spoilt : Spoilt(proof)) {
        REQUIRE_FALSE(VerifyConsistency(old_size, old_root, size, root, spoilt).ok());
      }
      const Digest other = LeafHash("another");
      REQUIRE_FALSE(VerifyConsistency(old_size, other, size, root, proof).ok());
      REQUIRE_FALSE(VerifyConsistency(old_size, old_root, size, other, proof).ok());
      REQUIRE_FALSE(VerifyConsistency(old_size, old_root, old_size - 1, root, proof).ok());
      if (old_size != size) {
        REQUIRE_FALSE(VerifyConsistency(size, root, old_size, old_root, proof).ok());
      }
    }
  }
}

// With the right roots of other sizes, a proof holds only if it is their proof too.
TEST_CASE("consistency: a proof holds between its own two sizes", "[merkle]") {
  constexpr std::size_t kLargest = 24;
  for (std::size_t size = 1; size <= kLargest; ++size) {
    for (std::size_t old_size = 1; old_size <= size; ++old_size) {
      const Proof proof = test::ReferenceConsistency(old_size, Trees().First(size));
      for (std::size_t other = 1; other <= kLargest; ++other) {
        for (std::size_t other_old = 1; other_old <= other; ++other_old) {
          CAPTURE(old_size, size, other_old, other);
          const bool same = test::ReferenceConsistency(other_old, Trees().First(other)) == proof;
          REQUIRE(VerifyConsistency(other_old, Trees().roots[other_old], other,
                                    Trees().roots[other], proof)
                      .ok() == same);
        }
      }
    }
  }
}

TEST_CASE("consistency: equal sizes need equal roots, size 0 the empty root", "[merkle]") {
  const Digest a = LeafHash("a");
  const Digest b = LeafHash("b");
  CHECK_STATUS(VerifyConsistency(5, a, 5, a, {}), absl::StatusCode::kOk);
  CHECK_STATUS(VerifyConsistency(5, a, 5, b, {}), absl::StatusCode::kInvalidArgument);
  CHECK_STATUS(VerifyConsistency(0, EmptyRoot(), 5, a, {}), absl::StatusCode::kOk);
  CHECK_STATUS(VerifyConsistency(0, a, 5, a, {}), absl::StatusCode::kInvalidArgument);
  CHECK_STATUS(VerifyConsistency(0, EmptyRoot(), 0, EmptyRoot(), {}), absl::StatusCode::kOk);
  CHECK_STATUS(VerifyConsistency(0, EmptyRoot(), 0, a, {}), absl::StatusCode::kInvalidArgument);
  CHECK_STATUS(VerifyConsistency(3, a, 5, b, {}), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tributary
