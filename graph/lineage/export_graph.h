// Writes a collected subgraph for tools that draw and analyse graphs.

#pragma once

#include <functional>
#include <string>

#include "graph/lineage/subgraph.h"

namespace tributary {

// What people see of an asset. Any bytes: the writers escape and clean them.
struct ExportLabel {
  std::string asset_id;
  std::string name;
};
using ExportLabeller = std::function<ExportLabel(LineageSubgraph::Vertex)>;

// Graphviz DOT. Edges lead from what was generated to its inputs, labelled role and weight over
// denominator. The same subgraph and labels give the same bytes.
std::string WriteDot(const LineageSubgraph& subgraph, const ExportLabeller& label);

// GraphML with node data `asset`, `name`, `kind` and edge data `role`, `basis`, `weight`,
// `denominator`. Characters that XML 1.0 cannot hold become U+FFFD.
std::string WriteGraphml(const LineageSubgraph& subgraph, const ExportLabeller& label);

}  // namespace tributary
