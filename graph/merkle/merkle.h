// The Merkle tree of RFC 6962: leaf and node hashes, heads, inclusion and consistency proofs.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/model/digest.h"

namespace tributary {

// SHA-256(0x00 || data) and SHA-256(0x01 || left || right): the prefixes keep a leaf from posing as
// a node. The root of no leaves is SHA-256 of nothing.
Digest LeafHash(std::string_view leaf_data);
Digest NodeHash(const Digest& left, const Digest& right);
Digest EmptyRoot();

// A full subtree: 2^level leaves from leaf index (index << level) on. Level 0 is one leaf.
struct SubtreeId {
  std::uint32_t level = 0;
  std::uint64_t index = 0;
  friend auto operator<=>(const SubtreeId&, const SubtreeId&) = default;
};

// The head of a growing tree: the roots of its full subtrees from left to right, at most 63 of
// them.
//
// Cost: Append is O(1) on average; Root is O(log size). Memory O(log size).
class TreeFrontier {
 public:
  TreeFrontier() = default;

  std::uint64_t size() const { return size_; }
  void Append(const Digest& leaf_hash);
  // Appends a full subtree of 2^level leaves. size() must be a multiple of 2^level.
  void AppendSubtree(std::uint32_t level, const Digest& root);
  Digest Root() const;
  // Largest first; sizes are the powers of two in size().
  const std::vector<Digest>& subtree_roots() const { return roots_; }

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> roots_;
};

// Gives the roots of full subtrees of a stored tree.
class SubtreeReader {
 public:
  virtual ~SubtreeReader() = default;
  // Shape: (*roots)[i] belongs to ids[i]. Errors: kDataLoss, kUnavailable.
  virtual absl::Status ReadSubtrees(std::span<const SubtreeId> ids,
                                    std::vector<Digest>* roots) const = 0;
};

// The root of the first `size` leaves. Cost: one read of at most 63 subtrees.
absl::StatusOr<Digest> RootAt(const SubtreeReader& reader, std::uint64_t size);

// The proof that leaf `index` is in the tree of `size` leaves: PATH(index, D[size]) of RFC 6962.
// Errors: kOutOfRange (index >= size), those of the reader.
absl::StatusOr<std::vector<Digest>> InclusionProof(const SubtreeReader& reader, std::uint64_t index,
                                                   std::uint64_t size);

// The proof that the tree of `old_size` leaves is a prefix of that of `size`: PROOF(old_size,
// D[size]). Empty for equal sizes and for old_size 0. Errors: kOutOfRange (old_size > size).
absl::StatusOr<std::vector<Digest>> ConsistencyProof(const SubtreeReader& reader,
                                                     std::uint64_t old_size, std::uint64_t size);

// Checks of RFC 9162 sections 2.1.3.2 and 2.1.4.2. Errors: kInvalidArgument says what does not
// hold.
absl::Status VerifyInclusion(const Digest& leaf_hash, std::uint64_t index, std::uint64_t size,
                             std::span<const Digest> proof, const Digest& root);
absl::Status VerifyConsistency(std::uint64_t old_size, const Digest& old_root, std::uint64_t size,
                               const Digest& root, std::span<const Digest> proof);

}  // namespace tributary
