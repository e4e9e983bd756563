#include "client/cli/lineage_formats.h"

#include "tests/support/catch.h"

namespace tributary::cli {
namespace {

std::string Id(char letter) { return std::string(32, letter); }

v1::TraversedAsset Asset(char letter, v1::AssetKind kind, const std::string& name) {
  v1::TraversedAsset asset;
  asset.set_asset_id(Id(letter));
  asset.set_kind(kind);
  asset.set_name(name);
  return asset;
}

v1::LineageEdge WalkEdge(char generated, char input, std::uint64_t weight, v1::Role role) {
  v1::LineageEdge edge;
  edge.set_generated(Id(generated));
  edge.set_input(Id(input));
  edge.set_weight(weight);
  edge.set_denominator(4);
  edge.set_role(role);
  return edge;
}

// o was made from a and b, both of them from the dataset d.
Walk Diamond() {
  Walk walk;
  walk.assets = {
      Asset('o', v1::ASSET_KIND_OUTPUT, "o"), Asset('a', v1::ASSET_KIND_MODEL_CHECKPOINT, "a"),
      Asset('b', v1::ASSET_KIND_WORK, "b\x1b\"<&"), Asset('d', v1::ASSET_KIND_DATASET, "d")};
  walk.edges = {
      WalkEdge('o', 'a', 1, v1::ROLE_GENERATOR), WalkEdge('o', 'b', 2, v1::ROLE_REFERENCE),
      WalkEdge('a', 'd', 3, v1::ROLE_TRAINING_DATA), WalkEdge('b', 'd', 4, v1::ROLE_TRAINING_DATA)};
  walk.edges.push_back(WalkEdge('d', 'w', 1, v1::ROLE_MEMBER));
  return walk;
}

TEST_CASE("lineage tree: heaviest first, a repeated subtree once", "[client][lineage]") {
  CHECK(FormatTree(Diamond(), true) ==
        "o (output, 6f6f6f6f6f6f…)\n"
        "├─ b\\u{1b}\"<& (work, 626262626262…)  reference 2/4 = 50.0000%\n"
        "│  └─ d (dataset, 646464646464…)  training data 4/4 = 100.0000%\n"
        "│     └─ 777777777777…  member 1/4 = 25.0000%\n"
        "└─ a (model checkpoint, 616161616161…)  generator 1/4 = 25.0000%\n"
        "   └─ d (dataset, 646464646464…)  training data 3/4 = 75.0000%  (shown above)\n");
  CHECK_THAT(FormatTree(Diamond(), false), Catch::Matchers::Contains("\n`- a"));
}

TEST_CASE("lineage tree: a source that is not disclosed is said to be so", "[client][lineage]") {
  Walk walk;
  walk.assets = {Asset('d', v1::ASSET_KIND_DATASET, "d")};
  CHECK(FormatTree(walk, true) == "d (dataset, 646464646464…)  [source not disclosed]\n");
}

TEST_CASE("lineage tree: long trees are cut, and say so", "[client][lineage]") {
  Walk walk;
  walk.assets = {Asset('o', v1::ASSET_KIND_OUTPUT, "o")};
  for (std::size_t i = 0; i < kTreeLinesMax + 5; ++i) {
    walk.edges.push_back(WalkEdge('o', 'w', 1, v1::ROLE_MEMBER));
  }
  CHECK_THAT(FormatTree(walk, true), Catch::Matchers::Contains("the tree is cut at"));
}

TEST_CASE("lineage tree: depth costs no stack", "[client][lineage]") {
  Walk walk;
  constexpr int kDepth = 900;
  for (int i = 0; i <= kDepth; ++i) {
    walk.assets.push_back(Asset('x', v1::ASSET_KIND_OTHER, "n"));
    walk.assets.back().set_asset_id(std::to_string(i));
    if (i == 0) continue;
    walk.edges.push_back(WalkEdge('x', 'x', 1, v1::ROLE_OTHER));
    walk.edges.back().set_generated(std::to_string(i - 1));
    walk.edges.back().set_input(std::to_string(i));
  }
  const std::string tree = FormatTree(walk, true);
  CHECK(std::count(tree.begin(), tree.end(), '\n') == kDepth + 1);
}

TEST_CASE("lineage: names cannot break DOT or GraphML", "[client][lineage]") {
  const std::string dot = FormatDot(Diamond());
  CHECK_THAT(dot, Catch::Matchers::Contains(R"(label="b\\u{1b}\"<&")"));
  const std::string xml = FormatGraphMl(Diamond());
  CHECK_THAT(xml, Catch::Matchers::Contains("b\\u{1b}&quot;&lt;&amp;"));
  CHECK(xml.find('\x1b') == std::string::npos);
}

}  // namespace
}  // namespace tributary::cli
