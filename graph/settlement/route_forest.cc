#include "graph/settlement/route_forest.h"

#include "graph/model/check.h"

namespace tributary {

bool RouteForest::IsSplayRoot(std::uint32_t vertex) const {
  const std::uint32_t up = nodes_[vertex].up;
  return up == kNone || (nodes_[up].down[0] != vertex && nodes_[up].down[1] != vertex);
}

void RouteForest::Rotate(std::uint32_t vertex) {
  const std::uint32_t up = nodes_[vertex].up;
  const std::size_t side = nodes_[up].down[1] == vertex ? 1 : 0;
  const std::uint32_t inner = nodes_[vertex].down[1 - side];
  const std::uint32_t above = nodes_[up].up;
  if (!IsSplayRoot(up)) nodes_[above].down[nodes_[above].down[1] == up ? 1 : 0] = vertex;
  nodes_[vertex].up = above;
  nodes_[vertex].down[1 - side] = up;
  nodes_[up].up = vertex;
  nodes_[up].down[side] = inner;
  if (inner != kNone) nodes_[inner].up = up;
}

void RouteForest::Splay(std::uint32_t vertex) {
  while (!IsSplayRoot(vertex)) {
    const std::uint32_t up = nodes_[vertex].up;
    if (!IsSplayRoot(up)) {
      const std::uint32_t above = nodes_[up].up;
      const bool is_straight = (nodes_[up].down[1] == vertex) == (nodes_[above].down[1] == up);
      Rotate(is_straight ? up : vertex);
    }
    Rotate(vertex);
  }
}

void RouteForest::Expose(std::uint32_t vertex) {
  std::uint32_t below = kNone;
  for (std::uint32_t at = vertex; at != kNone; at = nodes_[at].up) {
    Splay(at);
    nodes_[at].down[1] = below;
    below = at;
  }
  Splay(vertex);
}

std::uint32_t RouteForest::Root(std::uint32_t vertex) {
  Expose(vertex);
  std::uint32_t top = vertex;
  while (nodes_[top].down[0] != kNone) top = nodes_[top].down[0];
  Splay(top);
  return top;
}

bool RouteForest::Link(std::uint32_t vertex, std::uint32_t above) {
  if (Root(above) == vertex) return false;
  Expose(vertex);
  TRIBUTARY_CHECK(nodes_[vertex].down[0] == kNone);  // it is under none
  nodes_[vertex].up = above;
  return true;
}

void RouteForest::Cut(std::uint32_t vertex) {
  Expose(vertex);
  const std::uint32_t rest = nodes_[vertex].down[0];
  if (rest == kNone) return;
  nodes_[rest].up = kNone;
  nodes_[vertex].down[0] = kNone;
}

}  // namespace tributary
