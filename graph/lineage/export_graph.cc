#include "graph/lineage/export_graph.h"

#include <sstream>
#include <string_view>

#include "boost/graph/graphml.hpp"
#include "boost/graph/graphviz.hpp"
#include "boost/property_map/dynamic_property_map.hpp"
#include "boost/property_map/function_property_map.hpp"
#include "graph/lineage/subgraph_graph.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

using Vertex = LineageSubgraph::Vertex;

// A DOT string for any text: always quoted, since a bare word may be a keyword; a backslash would
// start one of Graphviz's own escapes.
std::string DotString(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    // A control character has no business in a label; a line break stays one.
    if (c == '\n') {
      quoted += "\\n";
    } else {
      quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return quoted + '"';
}

// XML 1.0 has no way to write U+0000..U+001F except tab and line ends, nor U+FFFE and U+FFFF.
std::string XmlText(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::string clean;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') {
      clean += kReplacement;
    } else if (text.substr(i, 3) == "\xEF\xBF\xBE" || text.substr(i, 3) == "\xEF\xBF\xBF") {
      clean += kReplacement;
      i += 2;
    } else {
      clean += text[i];
    }
  }
  return clean;
}

const LineageSubgraph::Derivation& DerivationOf(const LineageSubgraph& subgraph,
                                                const SubgraphEdge& edge) {
  return subgraph.derivations()[edge.derivation_index];
}

std::string EdgeLabel(const LineageSubgraph& subgraph, const SubgraphEdge& edge) {
  const DerivationView& view = DerivationOf(subgraph, edge).view;
  return StrCat(ToName(view.edges->roles[edge.edge_index]), " ",
                view.edges->weight(edge.edge_index), "/", view.denominator);
}

// A stream whose numbers no locale of the process can change.
std::ostringstream ExactStream() {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  return out;
}

}  // namespace

std::string WriteDot(const LineageSubgraph& subgraph, const ExportLabeller& label) {
  std::ostringstream out = ExactStream();
  const auto write_vertex = [&](std::ostream& to, Vertex vertex) {
    const ExportLabel text = label(vertex);
    const std::string_view kind = ToName(subgraph.asset_class(vertex).kind);
    to << "[label=" << DotString(StrCat(text.name.empty() ? text.asset_id : text.name, "\n", kind))
       << ", tooltip=" << DotString(text.asset_id) << "]";
  };
  const auto write_edge = [&](std::ostream& to, const SubgraphEdge& edge) {
    to << "[label=" << DotString(EdgeLabel(subgraph, edge)) << "]";
  };
  boost::write_graphviz(out, subgraph, write_vertex, write_edge);
  return std::move(out).str();
}

std::string WriteGraphml(const LineageSubgraph& subgraph, const ExportLabeller& label) {
  const auto vertex_text = [](auto function) {
    return boost::make_function_property_map<Vertex, std::string>(function);
  };
  const auto edge_text = [](auto function) {
    return boost::make_function_property_map<SubgraphEdge, std::string>(function);
  };
  // Weights stay text: GraphML tools read numbers as doubles, which hold 53 bits of our 63.
  boost::dynamic_properties properties;
  properties.property("asset", vertex_text([&](Vertex v) { return XmlText(label(v).asset_id); }));
  properties.property("name", vertex_text([&](Vertex v) { return XmlText(label(v).name); }));
  properties.property("kind", vertex_text([&](Vertex v) {
                        return std::string(ToName(subgraph.asset_class(v).kind));
                      }));
  properties.property("role", edge_text([&](const SubgraphEdge& e) {
                        const auto& view = DerivationOf(subgraph, e).view;
                        return std::string(ToName(view.edges->roles[e.edge_index]));
                      }));
  properties.property("basis", edge_text([&](const SubgraphEdge& e) {
                        const auto& view = DerivationOf(subgraph, e).view;
                        return std::string(ToName(view.edges->bases[e.edge_index]));
                      }));
  properties.property("weight", edge_text([&](const SubgraphEdge& e) {
                        return StrCat(DerivationOf(subgraph, e).view.edges->weight(e.edge_index));
                      }));
  properties.property("denominator", edge_text([&](const SubgraphEdge& e) {
                        return StrCat(DerivationOf(subgraph, e).view.denominator);
                      }));
  std::ostringstream out = ExactStream();
  boost::write_graphml(out, subgraph, boost::typed_identity_property_map<Vertex>(), properties,
                       /*ordered_vertices=*/true);
  return std::move(out).str();
}

}  // namespace tributary
