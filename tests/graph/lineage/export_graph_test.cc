#include "graph/lineage/export_graph.h"

#include "tests/support/catch.h"
#include "tests/support/memory_lineage_reader.h"

namespace tributary::test {
namespace {

PlainLineage TwoAssets() {
  return {{{TestId(1),
            AssetKind::kOutput,
            PlainDerivation{1,
                            0,
                            {{.input = 1,
                              .weight = 9'223'372'036'854'775'806,
                              .role = Role::kGenerator,
                              .basis = Basis::kMeasured}}},
            {}},
           {TestId(2), AssetKind::kModelCheckpoint, {}, {}}}};
}

LineageSubgraph Collect(const PlainLineage& lineage) {
  return CollectUpstream(MemoryLineageReader(lineage), MemoryLineageReader::Number(0)).value();
}

bool Contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("export: DOT in full", "[lineage]") {
  const std::string dot = WriteDot(Collect(TwoAssets()), [](LineageSubgraph::Vertex v) {
    return v == 0 ? ExportLabel{"aa", "picture"} : ExportLabel{"bb", ""};
  });
  CHECK(dot ==
        "digraph G {\n"
        "0[label=\"picture\\noutput\", tooltip=\"aa\"];\n"
        "1[label=\"bb\\nmodel_checkpoint\", tooltip=\"bb\"];\n"
        "0->1 [label=\"generator 9223372036854775806/9223372036854775807\"];\n"
        "}\n");
}

TEST_CASE("export: names cannot leave their DOT string", "[lineage]") {
  const std::string dot = WriteDot(Collect(TwoAssets()), [](LineageSubgraph::Vertex v) {
    return ExportLabel{"graph", v == 0 ? "\"]; evil [x=\"" : "tail\\"};
  });
  CHECK(Contains(dot, "label=\"\\\"]; evil [x=\\\"\\noutput\""));
  CHECK(Contains(dot, "label=\"tail\\\\\\nmodel_checkpoint\""));
  CHECK(Contains(dot, "tooltip=\"graph\""));
}

TEST_CASE("export: GraphML carries every number exactly", "[lineage]") {
  const std::string xml = WriteGraphml(Collect(TwoAssets()), [](LineageSubgraph::Vertex) {
    return ExportLabel{"aa", "picture"};
  });
  for (const std::string_view part :
       {"<node id=\"n0\">", "<node id=\"n1\">", "source=\"n0\" target=\"n1\"",
        ">9223372036854775806<", ">9223372036854775807<", ">generator<", ">measured<", ">output<",
        ">model_checkpoint<", ">picture<"}) {
    CAPTURE(part);
    CHECK(Contains(xml, part));
  }
}

TEST_CASE("export: names cannot leave their XML text", "[lineage]") {
  const std::string xml = WriteGraphml(Collect(TwoAssets()), [](LineageSubgraph::Vertex) {
    return ExportLabel{"</data>", "a\x01&\"<b>\xEF\xBF\xBF"};
  });
  CHECK(Contains(xml, ">&lt;/data&gt;<"));
  CHECK(Contains(xml, "a\xEF\xBF\xBD&amp;&quot;&lt;b&gt;\xEF\xBF\xBD<"));
  CHECK(!Contains(xml, "\x01"));
}

}  // namespace
}  // namespace tributary::test
