// Property: the proof of some leaves of a small tree holds, and with one bit of it changed does
// not; a proof of any bytes is refused, or is of one leaf that is the root.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "graph/merkle/multi_proof.h"
#include "graph/model/check.h"
#include "tests/fuzz/input.h"

namespace {

using namespace tributary;

// A tree whose leaf i is the text of i.
class NumberedTree final : public SubtreeReader {
 public:
  absl::Status ReadSubtrees(std::span<const SubtreeId> ids,
                            std::vector<Digest>* roots) const override {
    for (const SubtreeId& id : ids) roots->push_back(Root(id));
    return absl::OkStatus();
  }
  static Digest Root(const SubtreeId& id) {
    if (id.level == 0) return LeafHash(std::to_string(id.index));
    return NodeHash(Root({id.level - 1, 2 * id.index}), Root({id.level - 1, 2 * id.index + 1}));
  }
};

void CheckHonest(Input* input) {
  const NumberedTree tree;
  const std::uint64_t size = 1 + input->Take(1) % 64;
  std::uint64_t bits = input->Take(8);
  if (size < 64) bits &= (std::uint64_t{1} << size) - 1;
  std::vector<std::uint64_t> indexes;
  std::vector<PlacedLeaf> leaves;
  for (std::uint64_t i = 0; i < size; ++i) {
    if ((bits >> i & 1) == 0) continue;
    indexes.push_back(i);
    leaves.push_back({i, NumberedTree::Root({0, i})});
  }
  auto nodes = MultiInclusionProof(tree, indexes, size);
  TRIBUTARY_CHECK(nodes.ok() == !indexes.empty());
  if (!nodes.ok()) return;
  const Digest root = RootAt(tree, size).value();
  TRIBUTARY_CHECK(VerifyMultiInclusion(leaves, size, *nodes, root).ok());
  const std::uint64_t bit = input->Take(1);
  const std::uint64_t place = input->Take(1) % (leaves.size() + nodes->size());
  Digest& changed = place < leaves.size() ? leaves[place].hash : (*nodes)[place - leaves.size()];
  changed.bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
  TRIBUTARY_CHECK(!VerifyMultiInclusion(leaves, size, *nodes, root).ok());
}

void CheckHostile(Input* input) {
  const std::uint64_t size = input->Take(8);
  std::vector<PlacedLeaf> leaves;
  std::uint64_t index = 0;
  for (std::uint64_t count = input->Take(1); count > 0 && input->left() > 0; --count) {
    index += input->Take(1 + index % 8);
    leaves.push_back({index, Digest{}});
  }
  std::vector<Digest> nodes;
  for (std::uint64_t count = std::min<std::uint64_t>(input->Take(2), 4096); count > 0; --count) {
    nodes.emplace_back();
  }
  const absl::Status status = VerifyMultiInclusion(leaves, size, nodes, Digest{});
  TRIBUTARY_CHECK(!status.ok() || (leaves.size() == 1 && nodes.empty() && size == 1));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input honest(data, size);
  CheckHonest(&honest);
  Input hostile(data, size);
  CheckHostile(&hostile);
  return 0;
}
