#include "graph/merkle/multi_proof.h"

#include <algorithm>
#include <optional>

#include "graph/merkle/ranges.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

using internal::LeafRange;
using internal::ProofError;

// Walks the ranges of a tree from left to right, each after those that it is made of:
//   visitor.Skip()   a range without leaves to prove, the largest such
//   visitor.Take(i)  the range of leaf i of those to prove
//   visitor.Join()   the two ranges before make one
// Skip gets the range too. The walk ends early where a call gives false.
class Walk {
 public:
  explicit Walk(std::uint64_t size) { steps_.push_back({{0, size}, false}); }

  // `index_at(i)` gives the index of leaf i of `leaf_count`, in ascending order.
  template <typename IndexAt, typename Visitor>
  bool Run(std::size_t leaf_count, const IndexAt& index_at, Visitor* visitor) {
    std::size_t next = 0;  // the first leaf that is not behind the walk
    while (!steps_.empty()) {
      const Step step = steps_.back();
      steps_.pop_back();
      if (step.join) {
        if (!visitor->Join()) return false;
      } else if (next == leaf_count || index_at(next) >= step.range.end) {
        if (!visitor->Skip(step.range)) return false;
      } else if (step.range.end - step.range.begin == 1) {
        if (!visitor->Take(next++)) return false;
      } else {
        const std::uint64_t middle = internal::Middle(step.range);
        steps_.push_back({step.range, true});
        steps_.push_back({{middle, step.range.end}, false});
        steps_.push_back({{step.range.begin, middle}, false});
      }
    }
    return true;
  }

 private:
  struct Step {
    LeafRange range;
    bool join;
  };
  std::vector<Step> steps_;  // at most two for each level of the tree
};

struct Collector {
  std::vector<LeafRange> ranges;
  bool Skip(const LeafRange& range) {
    ranges.push_back(range);
    return true;
  }
  bool Take(std::size_t) { return true; }
  bool Join() { return true; }
};

// Counts nodes, up to one more than the limit.
struct Counter {
  std::size_t count = 0;
  bool Skip(const LeafRange&) { return ++count <= kMultiProofNodeCountMax; }
  bool Take(std::size_t) { return true; }
  bool Join() { return true; }
};

struct Folder {
  std::span<const PlacedLeaf> leaves;
  std::span<const Digest> nodes;
  std::vector<Digest> roots;  // of ranges that wait for their neighbour; one for each level
  bool Skip(const LeafRange&) {
    if (nodes.empty()) return false;
    roots.push_back(nodes.front());
    nodes = nodes.subspan(1);
    return true;
  }
  bool Take(std::size_t i) {
    roots.push_back(leaves[i].hash);
    return true;
  }
  bool Join() {
    const Digest right = roots.back();
    roots.pop_back();
    roots.back() = NodeHash(roots.back(), right);
    return true;
  }
};

// The place in the list of the first index that breaks the order.
template <typename IndexAt>
std::optional<std::size_t> FirstUnordered(std::size_t count, const IndexAt& index_at) {
  for (std::size_t i = 1; i < count; ++i) {
    if (index_at(i) <= index_at(i - 1)) return i;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<std::vector<Digest>> MultiInclusionProof(const SubtreeReader& reader,
                                                        std::span<const std::uint64_t> indexes,
                                                        std::uint64_t size) {
  const auto index_at = [&](std::size_t i) { return indexes[i]; };
  if (indexes.empty() || indexes.size() > kMultiProofLeafCountMax) {
    return InvalidField("indexes", StrCat(indexes.size(), " of them"),
                        StrCat("1 to ", kMultiProofLeafCountMax));
  }
  if (const auto at = FirstUnordered(indexes.size(), index_at)) {
    return InvalidField(StrCat("indexes[", *at, "]"), StrCat(indexes[*at]),
                        "ascending order, each once");
  }
  if (indexes.back() >= size) {
    return FieldError(absl::StatusCode::kOutOfRange, "index", StrCat(indexes.back()),
                      StrCat("below the tree size ", size));
  }
  Counter counter;
  if (!Walk(size).Run(indexes.size(), index_at, &counter)) {
    return FieldError(absl::StatusCode::kResourceExhausted, "indexes",
                      StrCat(indexes.size(), " of them, so far apart that they need more nodes"),
                      StrCat("as many as need at most ", kMultiProofNodeCountMax, " nodes"));
  }
  Collector collector;
  collector.ranges.reserve(counter.count);
  Walk(size).Run(indexes.size(), index_at, &collector);
  return internal::ReadRanges(reader, collector.ranges);
}

absl::Status VerifyMultiInclusion(std::span<const PlacedLeaf> leaves, std::uint64_t size,
                                  std::span<const Digest> nodes, const Digest& root) {
  const auto index_at = [&](std::size_t i) { return leaves[i].index; };
  if (leaves.empty()) return ProofError("no leaf");
  if (leaves.size() > kMultiProofLeafCountMax) {
    return ProofError(StrCat("more than ", kMultiProofLeafCountMax, " leaves"));
  }
  if (nodes.size() > kMultiProofNodeCountMax) {
    return ProofError(StrCat("more than ", kMultiProofNodeCountMax, " nodes"));
  }
  if (FirstUnordered(leaves.size(), index_at).has_value()) {
    return ProofError("leaves that are not in ascending order, each once");
  }
  if (leaves.back().index >= size) {
    return ProofError(StrCat("index ", leaves.back().index, " is not below size ", size));
  }
  Folder folder{leaves, nodes, {}};
  if (!Walk(size).Run(leaves.size(), index_at, &folder)) {
    return ProofError("fewer nodes than the leaves need");
  }
  if (!folder.nodes.empty()) return ProofError("more nodes than the leaves need");
  if (folder.roots.front() != root) {
    return ProofError("the computed root differs from the given one");
  }
  return absl::OkStatus();
}

}  // namespace tributary
