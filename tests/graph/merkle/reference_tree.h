// RFC 6962 section 2.1 written straight from its definitions: slow, and shares no code with the
// implementation that it judges but SHA-256.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "graph/model/digest.h"

namespace tributary::test {

using Leaves = std::vector<std::string>;  // leaf data, D[n]

// The largest power of two smaller than n, for n > 1.
inline std::size_t ReferenceSplit(std::size_t n) {
  std::size_t k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

// MTH(D[n])
inline Digest ReferenceRoot(std::span<const std::string> leaves) {
  if (leaves.empty()) return Sha256("");
  if (leaves.size() == 1) return Sha256(std::string(1, '\0') + leaves[0]);
  const std::size_t k = ReferenceSplit(leaves.size());
  return Sha256({std::string_view("\x01", 1), ReferenceRoot(leaves.first(k)).view(),
                 ReferenceRoot(leaves.subspan(k)).view()});
}

// PATH(m, D[n])
inline std::vector<Digest> ReferencePath(std::size_t m, std::span<const std::string> leaves) {
  if (leaves.size() <= 1) return {};
  const std::size_t k = ReferenceSplit(leaves.size());
  const bool left = m < k;
  auto path = left ? ReferencePath(m, leaves.first(k)) : ReferencePath(m - k, leaves.subspan(k));
  path.push_back(ReferenceRoot(left ? leaves.subspan(k) : leaves.first(k)));
  return path;
}

// SUBPROOF(m, D[n], b)
inline std::vector<Digest> ReferenceSubproof(std::size_t m, std::span<const std::string> leaves,
                                             bool b) {
  if (m == leaves.size()) return b ? std::vector<Digest>() : std::vector{ReferenceRoot(leaves)};
  const std::size_t k = ReferenceSplit(leaves.size());
  if (m <= k) {
    auto proof = ReferenceSubproof(m, leaves.first(k), b);
    proof.push_back(ReferenceRoot(leaves.subspan(k)));
    return proof;
  }
  auto proof = ReferenceSubproof(m - k, leaves.subspan(k), false);
  proof.push_back(ReferenceRoot(leaves.first(k)));
  return proof;
}

// PROOF(m, D[n]), for 0 < m <= n.
inline std::vector<Digest> ReferenceConsistency(std::size_t m,
                                                std::span<const std::string> leaves) {
  return ReferenceSubproof(m, leaves, true);
}

// On the way from leaf m to the root of n leaves: is the sibling on the left?
inline std::vector<bool> ReferenceSides(std::size_t m, std::size_t n) {
  if (n <= 1) return {};
  const std::size_t k = ReferenceSplit(n);
  auto sides = m < k ? ReferenceSides(m, k) : ReferenceSides(m - k, n - k);
  sides.push_back(m >= k);
  return sides;
}

inline Leaves NumberedLeaves(std::size_t count) {
  Leaves leaves;
  for (std::size_t i = 0; i < count; ++i) leaves.push_back("leaf " + std::to_string(i));
  return leaves;
}

// The eight leaves of docs/formats/log.md, as of other implementations of RFC 6962.
inline Leaves PublishedLeaves() {
  using namespace std::string_literals;
  return {""s,
          "\x00"s,
          "\x10"s,
          "\x20\x21"s,
          "\x30\x31"s,
          "\x40\x41\x42\x43"s,
          "\x50\x51\x52\x53\x54\x55\x56\x57"s,
          "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"s};
}

// A stored tree that has `size` leaves: asking beyond them is a mistake of the caller.
class StoredTree final : public SubtreeReader {
 public:
  explicit StoredTree(std::span<const std::string> leaves) : leaves_(leaves) {}

  absl::Status ReadSubtrees(std::span<const SubtreeId> ids,
                            std::vector<Digest>* roots) const override {
    ++call_count_;
    roots->clear();
    for (const SubtreeId& id : ids) {
      const std::size_t count = std::size_t{1} << id.level;
      if ((id.index + 1) * count > leaves_.size()) return absl::DataLossError("beyond the tree");
      roots->push_back(ReferenceRoot(leaves_.subspan(id.index * count, count)));
    }
    return absl::OkStatus();
  }
  int call_count() const { return call_count_; }

 private:
  std::span<const std::string> leaves_;
  mutable int call_count_ = 0;
};

}  // namespace tributary::test
