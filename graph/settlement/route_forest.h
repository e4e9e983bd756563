// A forest whose trees are joined and cut, and which knows the root of each vertex.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tributary {

// Vertices 0..count-1, each under at most one other.
//
// Cost:   O(log n) a call, amortized, however long the chains are: a walk up a chain of a million
//         merges for each of them would take hours.
// Source: Sleator & Tarjan, "Self-adjusting binary search trees" (1985), link/cut trees.
class RouteForest {
 public:
  explicit RouteForest(std::size_t count) : nodes_(count) {}

  // The end of the way up from `vertex`; itself if it is under none.
  std::uint32_t Root(std::uint32_t vertex);

  // Puts `vertex`, which must be under none, under `above`. False, and nothing changes, where the
  // way up from `above` ends at `vertex`: that would be a cycle.
  bool Link(std::uint32_t vertex, std::uint32_t above);

  // Takes `vertex` from under what it is under, if anything.
  void Cut(std::uint32_t vertex);

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // One vertex of a splay tree, which holds one path in the order from its top to its bottom. The
  // splay root's `up` is the vertex that the path's top is under.
  struct Node {
    std::uint32_t up = kNone;
    std::array<std::uint32_t, 2> down = {kNone, kNone};
  };

  bool IsSplayRoot(std::uint32_t vertex) const;
  void Rotate(std::uint32_t vertex);
  void Splay(std::uint32_t vertex);
  // Makes the way from the root down to `vertex` one path, with `vertex` as splay root.
  void Expose(std::uint32_t vertex);

  std::vector<Node> nodes_;
};

}  // namespace tributary
