// One proof for many leaves of one tree: no hash is stated that follows from others.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/merkle/merkle.h"
#include "graph/model/digest.h"

namespace tributary {

// Leaves of one proof: an output of a model of a million works has as many, with room for four.
inline constexpr std::size_t kMultiProofLeafCountMax = std::size_t{1} << 22;
// Nodes of one proof: enough for a million leaves anywhere among 2^33. 512 MiB of hashes; leaves
// that are further apart go into proofs of their own.
inline constexpr std::size_t kMultiProofNodeCountMax = std::size_t{1} << 24;

// Of a tree D[0:size] and the leaves to prove, its nodes are the roots of the largest ranges that
// hold none of these leaves, of the ranges into which RFC 6962 splits the tree:
//
//   NODES(D[b:e])  the empty list where e - b = 1 and leaf b is to be proven
//                  MTH(D[b:e]) where no leaf of D[b:e] is to be proven
//                  else NODES(D[b:b+k]) then NODES(D[b+k:e]), k the largest power of two below e -
//                  b
//
// So they stand from left to right, and for one leaf they are its inclusion proof in another order.
// At most leaf count * 63, and never more than leaf count * (log2(size / leaf count) + 2).

// A leaf and its place.
struct PlacedLeaf {
  std::uint64_t index = 0;
  Digest hash;
  friend bool operator==(const PlacedLeaf&, const PlacedLeaf&) = default;
};

// Gives the nodes for the leaves at `indexes`, in ascending order, each once.
//
// Errors: kInvalidArgument  no index, an index that is not above the one before it, more than
//                           kMultiProofLeafCountMax.
//         kOutOfRange       an index is not below `size`.
//         kResourceExhausted  more than kMultiProofNodeCountMax nodes; nothing is read.
//         those of the reader.
// Cost:   O(n log(size / n)) for n indexes; one read. Memory: about 104 bytes for each node, as
//         its range, its place, its hash as read and as returned are held at a time: 1.8 GB for the
//         largest proof, of which the result keeps 0.5 GB.
absl::StatusOr<std::vector<Digest>> MultiInclusionProof(const SubtreeReader& reader,
                                                        std::span<const std::uint64_t> indexes,
                                                        std::uint64_t size);

// Whether all `leaves`, in ascending order of index, are in the tree with this root. As everywhere,
// a root does not fix the size: both must come from one signed head.
//
// Errors: kInvalidArgument says what does not hold.
// Cost:   O(n log(size / n)) hashes; O(log size) memory beside the arguments; no recursion.
absl::Status VerifyMultiInclusion(std::span<const PlacedLeaf> leaves, std::uint64_t size,
                                  std::span<const Digest> nodes, const Digest& root);

}  // namespace tributary
