// Hashes and heads of trees.

#include "graph/merkle/merkle.h"

#include <bit>
#include <span>
#include <string>
#include <vector>

#include "tests/graph/merkle/reference_tree.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary {
namespace {

using test::Leaves;
using namespace std::string_literals;

TreeFrontier FrontierOf(std::span<const std::string> leaves) {
  TreeFrontier tree;
  for (const std::string& leaf : leaves) tree.Append(LeafHash(leaf));
  return tree;
}

// Inputs and roots that implementations of RFC 6962 are commonly tested with.
TEST_CASE("merkle: published roots of trees of up to eight leaves", "[merkle]") {
  const Leaves leaves = test::PublishedLeaves();
  const std::vector<std::string> roots = {
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  TreeFrontier tree;
  CHECK(tree.Root() == EmptyRoot());
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    CAPTURE(size);
    if (size > 0) tree.Append(LeafHash(leaves[size - 1]));
    CHECK(tree.Root().ToHex() == roots[size]);
    CHECK(test::ReferenceRoot(std::span(leaves).first(size)).ToHex() == roots[size]);
  }
}

TEST_CASE("merkle: a leaf can not pose as a node", "[merkle]") {
  const Digest left = LeafHash("a");
  const Digest right = LeafHash("b");
  const std::string both = std::string(left.view()) + std::string(right.view());
  CHECK(NodeHash(left, right) != LeafHash(both));
  CHECK(NodeHash(left, right) == Sha256("\x01" + both));
  CHECK(NodeHash(left, right) != NodeHash(right, left));
  CHECK(LeafHash("") != EmptyRoot());
}

TEST_CASE("frontier: the root of every size to 300 is that of the definition", "[merkle]") {
  const Leaves leaves = test::NumberedLeaves(300);
  TreeFrontier tree;
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    CAPTURE(size);
    if (size > 0) tree.Append(LeafHash(leaves[size - 1]));
    REQUIRE(tree.size() == size);
    REQUIRE(tree.Root() == test::ReferenceRoot(std::span(leaves).first(size)));
    REQUIRE(tree.subtree_roots().size() == static_cast<std::size_t>(std::popcount(size)));
  }
}

TEST_CASE("frontier: its subtrees are the powers of two of its size", "[merkle]") {
  const Leaves leaves = test::NumberedLeaves(8 + 4 + 1);
  const TreeFrontier tree = FrontierOf(leaves);
  const auto part = [&](std::size_t begin, std::size_t count) {
    return test::ReferenceRoot(std::span(leaves).subspan(begin, count));
  };
  CHECK(tree.subtree_roots() == std::vector{part(0, 8), part(8, 4), part(12, 1)});
}

TEST_CASE("frontier: subtrees of any level may be appended where they fit", "[merkle][property]") {
  const Leaves leaves = test::NumberedLeaves(300);
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 200; ++trial) {
    TreeFrontier tree;
    std::size_t size = 0;
    while (true) {
      const std::uint32_t alignment =
          size == 0 ? 8 : static_cast<std::uint32_t>(std::countr_zero(size));
      const auto level = static_cast<std::uint32_t>(rng.Below(std::min(alignment, 8u) + 1));
      const std::size_t count = std::size_t{1} << level;
      if (size + count > leaves.size()) break;
      tree.AppendSubtree(level, test::ReferenceRoot(std::span(leaves).subspan(size, count)));
      size += count;
      CAPTURE(rng.seed(), trial, size);
      REQUIRE(tree.size() == size);
      REQUIRE(tree.Root() == test::ReferenceRoot(std::span(leaves).first(size)));
    }
  }
}

TEST_CASE("frontier: 2^62 leaves are counted", "[merkle]") {
  TreeFrontier tree;
  const Digest root = LeafHash("a subtree");
  tree.AppendSubtree(62, root);
  CHECK(tree.size() == std::uint64_t{1} << 62);
  CHECK(tree.Root() == root);
  tree.Append(LeafHash("b"));
  CHECK(tree.Root() == NodeHash(root, LeafHash("b")));
}

}  // namespace
}  // namespace tributary
