// Ranges of leaves whose roots proofs are made of. For the .cc files of this folder.

#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/merkle/merkle.h"
#include "graph/model/digest.h"
#include "graph/model/text.h"

namespace tributary::internal {

inline absl::Status ProofError(std::string_view what) {
  return absl::InvalidArgumentError(StrCat("proof: ", what));
}

// A run of leaves [begin, end) whose root a proof needs; not always a full subtree.
struct LeafRange {
  std::uint64_t begin;
  std::uint64_t end;
};

// The largest power of two below n, for n >= 2.
inline std::uint64_t SplitPoint(std::uint64_t n) { return std::bit_floor(n - 1); }

// Where RFC 6962 splits a range of at least two leaves.
inline std::uint64_t Middle(const LeafRange& range) {
  return range.begin + SplitPoint(range.end - range.begin);
}

// Reads the subtrees of every range in one call and folds each range to its root. Each range must
// start at a multiple of its own largest power of two.
absl::StatusOr<std::vector<Digest>> ReadRanges(const SubtreeReader& reader,
                                               std::span<const LeafRange> ranges);

}  // namespace tributary::internal
