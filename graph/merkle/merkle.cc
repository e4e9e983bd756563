#include "graph/merkle/merkle.h"

#include <bit>

#include "graph/merkle/ranges.h"
#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

using internal::LeafRange;
using internal::ProofError;
using internal::ReadRanges;
using internal::SplitPoint;

// Cuts a range that starts at a multiple of its own largest power of two into full subtrees.
void AppendSubtrees(LeafRange range, std::vector<SubtreeId>* ids) {
  while (range.begin < range.end) {
    const std::uint64_t size = std::bit_floor(range.end - range.begin);
    const auto level = static_cast<std::uint32_t>(std::countr_zero(size));
    ids->push_back({level, range.begin >> level});
    range.begin += size;
  }
}

// The root over subtrees given largest first.
Digest FoldRight(std::span<const Digest> roots) {
  if (roots.empty()) return EmptyRoot();
  Digest root = roots.back();
  for (std::size_t i = roots.size() - 1; i-- > 0;) root = NodeHash(roots[i], root);
  return root;
}

}  // namespace

absl::StatusOr<std::vector<Digest>> internal::ReadRanges(const SubtreeReader& reader,
                                                         std::span<const LeafRange> ranges) {
  std::vector<SubtreeId> ids;
  std::vector<std::size_t> ends;
  ids.reserve(ranges.size());  // proofs may have millions of nodes
  ends.reserve(ranges.size());
  for (const LeafRange& range : ranges) {
    AppendSubtrees(range, &ids);
    ends.push_back(ids.size());
  }
  std::vector<Digest> roots;
  TRIBUTARY_RETURN_IF_ERROR(reader.ReadSubtrees(ids, &roots));
  TRIBUTARY_CHECK(roots.size() == ids.size());
  std::vector<Digest> folded;
  folded.reserve(ranges.size());
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    folded.push_back(FoldRight(std::span(roots).subspan(begin, end - begin)));
    begin = end;
  }
  return folded;
}

Digest LeafHash(std::string_view leaf_data) {
  return Sha256({std::string_view("\x00", 1), leaf_data});
}
Digest NodeHash(const Digest& left, const Digest& right) {
  return Sha256({std::string_view("\x01", 1), left.view(), right.view()});
}
Digest EmptyRoot() { return Sha256(""); }

void TreeFrontier::Append(const Digest& leaf_hash) { AppendSubtree(0, leaf_hash); }

void TreeFrontier::AppendSubtree(std::uint32_t level, const Digest& root) {
  TRIBUTARY_CHECK(level < 63 && (size_ & ((std::uint64_t{1} << level) - 1)) == 0);
  Digest merged = root;
  // Each full subtree of the same size to the left merges with the new one.
  for (std::uint64_t rest = size_ >> level; (rest & 1) != 0; rest >>= 1) {
    merged = NodeHash(roots_.back(), merged);
    roots_.pop_back();
  }
  roots_.push_back(merged);
  size_ += std::uint64_t{1} << level;
}

Digest TreeFrontier::Root() const { return FoldRight(roots_); }

absl::StatusOr<Digest> RootAt(const SubtreeReader& reader, std::uint64_t size) {
  const LeafRange all{0, size};
  TRIBUTARY_ASSIGN_OR_RETURN(const auto roots, ReadRanges(reader, std::span(&all, 1)));
  return roots.front();
}

absl::StatusOr<std::vector<Digest>> InclusionProof(const SubtreeReader& reader, std::uint64_t index,
                                                   std::uint64_t size) {
  if (index >= size) {
    return FieldError(absl::StatusCode::kOutOfRange, "index", StrCat(index),
                      StrCat("below the tree size ", size));
  }
  std::vector<LeafRange> siblings;  // from the root downwards
  LeafRange at{0, size};
  while (at.end - at.begin > 1) {
    const std::uint64_t middle = at.begin + SplitPoint(at.end - at.begin);
    if (index < middle) {
      siblings.push_back({middle, at.end});
      at.end = middle;
    } else {
      siblings.push_back({at.begin, middle});
      at.begin = middle;
    }
  }
  return ReadRanges(reader, std::vector<LeafRange>(siblings.rbegin(), siblings.rend()));
}

absl::StatusOr<std::vector<Digest>> ConsistencyProof(const SubtreeReader& reader,
                                                     std::uint64_t old_size, std::uint64_t size) {
  if (old_size > size) {
    return FieldError(absl::StatusCode::kOutOfRange, "old_size", StrCat(old_size),
                      StrCat("at most the tree size ", size));
  }
  if (old_size == 0 || old_size == size) return std::vector<Digest>();
  std::vector<LeafRange> ranges;  // from the root downwards
  LeafRange at{0, size};
  bool whole_old_tree = true;  // RFC 6962's b: the old tree is still one known subtree
  while (at.end != old_size) {
    const std::uint64_t middle = at.begin + SplitPoint(at.end - at.begin);
    if (old_size <= middle) {
      ranges.push_back({middle, at.end});
      at.end = middle;
    } else {
      ranges.push_back({at.begin, middle});
      at.begin = middle;
      whole_old_tree = false;
    }
  }
  if (!whole_old_tree) ranges.push_back(at);
  return ReadRanges(reader, std::vector<LeafRange>(ranges.rbegin(), ranges.rend()));
}

absl::Status VerifyInclusion(const Digest& leaf_hash, std::uint64_t index, std::uint64_t size,
                             std::span<const Digest> proof, const Digest& root) {
  if (index >= size) return ProofError(StrCat("index ", index, " is not below size ", size));
  std::uint64_t node = index;
  std::uint64_t last = size - 1;
  Digest hash = leaf_hash;
  for (const Digest& sibling : proof) {
    if (last == 0) return ProofError("more nodes than the tree is high");
    if ((node & 1) != 0 || node == last) {
      hash = NodeHash(sibling, hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = NodeHash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return ProofError("fewer nodes than the tree is high");
  if (hash != root) return ProofError("the computed root differs from the given one");
  return absl::OkStatus();
}

absl::Status VerifyConsistency(std::uint64_t old_size, const Digest& old_root, std::uint64_t size,
                               const Digest& root, std::span<const Digest> proof) {
  if (old_size > size) return ProofError("the old tree is larger than the new one");
  if (old_size == size || old_size == 0) {
    if (!proof.empty()) return ProofError("nodes where none are needed");
    if (old_size == size && old_root != root) return ProofError("equal sizes with other roots");
    if (old_size == 0 && old_root != EmptyRoot())
      return ProofError("not the root of an empty tree");
    return absl::OkStatus();
  }
  // A power of two: the old root itself is the first node, left out of the proof.
  std::vector<Digest> path(proof.begin(), proof.end());
  if (std::has_single_bit(old_size)) path.insert(path.begin(), old_root);
  if (path.empty()) return ProofError("no nodes");
  std::uint64_t node = old_size - 1;
  std::uint64_t last = size - 1;
  while ((node & 1) != 0) {
    node >>= 1;
    last >>= 1;
  }
  Digest old_hash = path.front();
  Digest new_hash = path.front();
  for (const Digest& next : std::span(path).subspan(1)) {
    if (last == 0) return ProofError("more nodes than the tree is high");
    if ((node & 1) != 0 || node == last) {
      old_hash = NodeHash(next, old_hash);
      new_hash = NodeHash(next, new_hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      new_hash = NodeHash(new_hash, next);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return ProofError("fewer nodes than the tree is high");
  if (old_hash != old_root) return ProofError("the old root does not follow");
  if (new_hash != root) return ProofError("the new root does not follow");
  return absl::OkStatus();
}

}  // namespace tributary
