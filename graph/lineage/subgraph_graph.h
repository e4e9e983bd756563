// Makes LineageSubgraph a graph of the Boost Graph Library: VertexListGraph, IncidenceGraph and
// EdgeListGraph. Edges lead from a generated asset to its inputs. Included by .cc files only.

#pragma once

#include <cstdint>
#include <utility>

#include "boost/graph/graph_traits.hpp"
#include "boost/graph/properties.hpp"
#include "boost/iterator/counting_iterator.hpp"
#include "boost/iterator/iterator_facade.hpp"
#include "boost/property_map/property_map.hpp"
#include "graph/lineage/subgraph.h"

namespace tributary {

// An edge by its derivation and its index there. Defaults order edges as the subgraph stores them.
struct SubgraphEdge {
  std::uint32_t derivation_index = 0;
  std::uint32_t edge_index = 0;
  friend auto operator<=>(const SubgraphEdge&, const SubgraphEdge&) = default;
};

// Walks the edges of one derivation, or of all from one on, stepping over those without edges.
class SubgraphEdgeIterator
    : public boost::iterator_facade<SubgraphEdgeIterator, SubgraphEdge,
                                    boost::forward_traversal_tag, SubgraphEdge> {
 public:
  SubgraphEdgeIterator() = default;
  // Stays within one derivation; past its last edge it equals the end of out_edges().
  SubgraphEdgeIterator(const LineageSubgraph* subgraph, SubgraphEdge edge, bool crosses)
      : subgraph_(subgraph), edge_(edge), crosses_(crosses) {
    SkipEmpty();
  }

 private:
  friend class boost::iterator_core_access;

  SubgraphEdge dereference() const { return edge_; }
  bool equal(const SubgraphEdgeIterator& other) const { return edge_ == other.edge_; }
  void increment() {
    ++edge_.edge_index;
    SkipEmpty();
  }
  void SkipEmpty() {
    if (!crosses_) return;
    const auto derivations = subgraph_->derivations();
    while (edge_.derivation_index < derivations.size() &&
           edge_.edge_index == derivations[edge_.derivation_index].view.edges->count()) {
      edge_ = {edge_.derivation_index + 1, 0};
    }
  }

  const LineageSubgraph* subgraph_ = nullptr;
  SubgraphEdge edge_;
  bool crosses_ = false;
};

struct SubgraphTraversal : boost::vertex_list_graph_tag,
                           boost::incidence_graph_tag,
                           boost::edge_list_graph_tag {};

}  // namespace tributary

namespace boost {

template <>
struct graph_traits<tributary::LineageSubgraph> {
  using vertex_descriptor = tributary::LineageSubgraph::Vertex;
  using edge_descriptor = tributary::SubgraphEdge;
  using directed_category = directed_tag;
  using edge_parallel_category = disallow_parallel_edge_tag;
  using traversal_category = tributary::SubgraphTraversal;
  using vertices_size_type = std::uint32_t;
  using edges_size_type = std::size_t;
  using degree_size_type = std::uint32_t;
  using vertex_iterator = counting_iterator<vertex_descriptor>;
  using edge_iterator = tributary::SubgraphEdgeIterator;
  using out_edge_iterator = tributary::SubgraphEdgeIterator;
  static vertex_descriptor null_vertex() { return ~vertex_descriptor{0}; }
};

template <>
struct property_map<tributary::LineageSubgraph, vertex_index_t> {
  using type = typed_identity_property_map<tributary::LineageSubgraph::Vertex>;
  using const_type = type;
};

}  // namespace boost

namespace tributary {

// Found by argument lookup; names and forms are those of the library.

using SubgraphTraits = boost::graph_traits<LineageSubgraph>;

inline SubgraphTraits::vertices_size_type num_vertices(const LineageSubgraph& subgraph) {
  return static_cast<SubgraphTraits::vertices_size_type>(subgraph.vertex_count());
}

inline std::pair<SubgraphTraits::vertex_iterator, SubgraphTraits::vertex_iterator> vertices(
    const LineageSubgraph& subgraph) {
  return {SubgraphTraits::vertex_iterator(0),
          SubgraphTraits::vertex_iterator(num_vertices(subgraph))};
}

inline SubgraphTraits::degree_size_type out_degree(LineageSubgraph::Vertex vertex,
                                                   const LineageSubgraph& subgraph) {
  const std::uint32_t index = subgraph.derivation_index(vertex);
  if (index == LineageSubgraph::kNoDerivation) return 0;
  return static_cast<std::uint32_t>(subgraph.derivations()[index].view.edges->count());
}

inline std::pair<SubgraphEdgeIterator, SubgraphEdgeIterator> out_edges(
    LineageSubgraph::Vertex vertex, const LineageSubgraph& subgraph) {
  const std::uint32_t index = subgraph.derivation_index(vertex);
  return {SubgraphEdgeIterator(&subgraph, {index, 0}, /*crosses=*/false),
          SubgraphEdgeIterator(&subgraph, {index, out_degree(vertex, subgraph)}, false)};
}

inline std::size_t num_edges(const LineageSubgraph& subgraph) { return subgraph.edge_count(); }

inline std::pair<SubgraphEdgeIterator, SubgraphEdgeIterator> edges(
    const LineageSubgraph& subgraph) {
  const auto end = static_cast<std::uint32_t>(subgraph.derivations().size());
  return {SubgraphEdgeIterator(&subgraph, {0, 0}, /*crosses=*/true),
          SubgraphEdgeIterator(&subgraph, {end, 0}, /*crosses=*/true)};
}

inline LineageSubgraph::Vertex source(const SubgraphEdge& edge, const LineageSubgraph& subgraph) {
  return subgraph.derivations()[edge.derivation_index].vertex;
}

inline LineageSubgraph::Vertex target(const SubgraphEdge& edge, const LineageSubgraph& subgraph) {
  return subgraph.edge_targets(subgraph.derivations()[edge.derivation_index])[edge.edge_index];
}

inline boost::typed_identity_property_map<LineageSubgraph::Vertex> get(boost::vertex_index_t,
                                                                       const LineageSubgraph&) {
  return {};
}
inline LineageSubgraph::Vertex get(boost::vertex_index_t, const LineageSubgraph&,
                                   LineageSubgraph::Vertex vertex) {
  return vertex;
}

}  // namespace tributary
