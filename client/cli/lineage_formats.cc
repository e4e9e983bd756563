#include "client/cli/lineage_formats.h"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <algorithm>

#include "client/cli/asset_ref.h"
#include "client/cli/percent.h"
#include "client/cli/terminal.h"
#include "client/lib/convert.h"
#include "graph/model/text.h"

namespace tributary::cli {
namespace {

using EdgeList = std::vector<const v1::LineageEdge*>;

// Columns of a name in the tree: kind and id, by which people type it again, stand behind it.
constexpr std::size_t kNameWidthMax = 48;

// The tree is printed from a stack of what is still to come, so depth costs no call frames.
class TreePrinter {
 public:
  TreePrinter(const Walk& walk, bool is_utf8) : is_utf8_(is_utf8) {
    for (const v1::TraversedAsset& asset : walk.assets) assets_.emplace(asset.asset_id(), &asset);
    for (const v1::LineageEdge& edge : walk.edges) inputs_[edge.generated()].push_back(&edge);
    for (auto& [generated, edges] : inputs_) {
      // The heaviest first: that is what a person looks for.
      std::stable_sort(edges.begin(), edges.end(),
                       [](const v1::LineageEdge* a, const v1::LineageEdge* b) {
                         return a->weight() > b->weight();
                       });
    }
  }

  std::string Print(const std::string& root) {
    pending_.push_back({nullptr, root, "", true});
    std::size_t line_count = 0;
    while (!pending_.empty()) {
      if (++line_count > kTreeLinesMax) {
        StrAppend(&text_, "and more: the tree is cut at ", kTreeLinesMax,
                  " lines; --depth limits it, --output json and the other formats hold all\n");
        break;
      }
      const Line line = std::move(pending_.back());
      pending_.pop_back();
      PrintLine(line);
    }
    return std::move(text_);
  }

 private:
  struct Line {
    const v1::LineageEdge* edge;  // null: the root
    std::string asset_id;
    std::string indent;  // of this line's own branch mark
    bool is_last;
  };

  void PrintLine(const Line& line) {
    text_.append(line.indent);
    if (line.edge != nullptr) text_.append(Branch(line.is_last));
    text_.append(Label(line.asset_id));
    if (line.edge != nullptr) text_.append(EdgeWords(*line.edge));
    const auto inputs = inputs_.find(line.asset_id);
    const bool has_inputs = inputs != inputs_.end();
    if (has_inputs && !shown_.insert(line.asset_id).second)
      text_.append("  (shown above)");
    else if (has_inputs)
      PushInputs(line, inputs->second);
    else
      text_.append(EndWords(line.asset_id));
    text_.push_back('\n');
  }

  void PushInputs(const Line& line, const EdgeList& edges) {
    std::string indent = line.indent;
    if (line.edge != nullptr) indent.append(line.is_last ? "   " : is_utf8_ ? "│  " : "|  ");
    for (auto edge = edges.rbegin(); edge != edges.rend(); ++edge) {
      pending_.push_back({*edge, (*edge)->input(), indent, edge == edges.rbegin()});
    }
  }

  std::string_view Branch(bool is_last) const {
    if (!is_utf8_) return is_last ? "`- " : "|- ";
    return is_last ? "└─ " : "├─ ";
  }

  std::string Label(const std::string& asset_id) const {
    const auto found = assets_.find(asset_id);
    if (found == assets_.end()) return StrCat(ShortId(asset_id), "…");
    return DescribeAsset(asset_id, found->second->kind(), found->second->name(), kNameWidthMax);
  }

  static std::string EdgeWords(const v1::LineageEdge& edge) {
    std::string role(NameOf(edge.role()));
    std::replace(role.begin(), role.end(), '_', ' ');
    const bool exact = edge.denominator() > 0 && edge.weight() <= edge.denominator();
    return StrCat(
        "  ", role, " ", edge.weight(), "/", edge.denominator(),
        exact ? StrCat(" = ", FormatPercent(edge.weight(), edge.denominator())) : std::string());
  }

  // What stands where nothing is upstream.
  std::string_view EndWords(const std::string& asset_id) const {
    const auto found = assets_.find(asset_id);
    if (found == assets_.end()) return "";
    const v1::TraversedAsset& asset = *found->second;
    if (asset.is_derived()) return "";  // an origin, or cut by --depth
    const bool is_origin =
        asset.kind() == v1::ASSET_KIND_WORK || asset.kind() == v1::ASSET_KIND_PROMPT;
    return is_origin ? "" : "  [source not disclosed]";
  }

  bool is_utf8_;
  absl::flat_hash_map<std::string, const v1::TraversedAsset*> assets_;
  absl::flat_hash_map<std::string, EdgeList> inputs_;
  absl::flat_hash_set<std::string> shown_;
  std::vector<Line> pending_;
  std::string text_;
};

std::string DotQuoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : EscapeForTerminal(text)) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
  return out;
}

// XML 1.0 has no way to write most control characters: they are shown escaped, as on a terminal.
std::string XmlEscaped(std::string_view text) {
  std::string out;
  for (const char c : EscapeForTerminal(text)) {
    if (c == '&')
      out.append("&amp;");
    else if (c == '<')
      out.append("&lt;");
    else if (c == '>')
      out.append("&gt;");
    else if (c == '"')
      out.append("&quot;");
    else
      out.push_back(c);
  }
  return out;
}

}  // namespace

std::string FormatTree(const Walk& walk, bool is_utf8) {
  if (walk.assets.empty()) return "";
  return TreePrinter(walk, is_utf8).Print(walk.assets[0].asset_id());
}

std::string FormatDot(const Walk& walk) {
  std::string out = "digraph lineage {\n  rankdir=LR;\n  node [shape=box];\n";
  for (const v1::TraversedAsset& asset : walk.assets) {
    const std::string name = asset.name().empty() ? ShortId(asset.asset_id()) : asset.name();
    StrAppend(&out, "  \"", ToHex(asset.asset_id()), "\" [label=", DotQuoted(name),
              ", kind=", DotQuoted(NameOf(asset.kind())), "];\n");
  }
  for (const v1::LineageEdge& edge : walk.edges) {
    StrAppend(&out, "  \"", ToHex(edge.input()), "\" -> \"", ToHex(edge.generated()), "\" [role=\"",
              NameOf(edge.role()), "\", label=\"", edge.weight(), "/", edge.denominator(),
              "\"];\n");
  }
  return out + "}\n";
}

std::string FormatGraphMl(const Walk& walk) {
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n"
      "  <key id=\"kind\" for=\"node\" attr.name=\"kind\" attr.type=\"string\"/>\n"
      "  <key id=\"name\" for=\"node\" attr.name=\"name\" attr.type=\"string\"/>\n"
      "  <key id=\"role\" for=\"edge\" attr.name=\"role\" attr.type=\"string\"/>\n"
      "  <key id=\"weight\" for=\"edge\" attr.name=\"weight\" attr.type=\"long\"/>\n"
      "  <key id=\"denominator\" for=\"edge\" attr.name=\"denominator\" attr.type=\"long\"/>\n"
      "  <graph id=\"lineage\" edgedefault=\"directed\">\n";
  for (const v1::TraversedAsset& asset : walk.assets) {
    StrAppend(&out, "    <node id=\"", ToHex(asset.asset_id()), "\"><data key=\"kind\">",
              NameOf(asset.kind()), "</data><data key=\"name\">", XmlEscaped(asset.name()),
              "</data></node>\n");
  }
  for (const v1::LineageEdge& edge : walk.edges) {
    StrAppend(&out, "    <edge source=\"", ToHex(edge.input()), "\" target=\"",
              ToHex(edge.generated()), "\"><data key=\"role\">", NameOf(edge.role()),
              "</data><data key=\"weight\">", edge.weight(), "</data><data key=\"denominator\">",
              edge.denominator(), "</data></edge>\n");
  }
  return out + "  </graph>\n</graphml>\n";
}

}  // namespace tributary::cli
