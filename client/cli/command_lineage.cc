// tributary lineage and impact: what an asset was made from, and what depends on it.

#include "client/cli/asset_ref.h"
#include "client/cli/commands.h"
#include "client/cli/lineage_formats.h"
#include "client/cli/terminal.h"
#include "client/cli/walk.h"
#include "client/lib/convert.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

// Assets that `impact` lists to people where --top does not say.
constexpr std::size_t kImpactLines = 50;

struct WalkArguments {
  std::string asset;
  std::string format = "tree";
  std::vector<std::string> kinds;
  std::uint32_t depth = 0;
  std::size_t top = kImpactLines;
  std::uint64_t tree_size = 0;
};

Json AssetsJson(const Walk& walk) {
  Json assets = Json::array();
  for (const v1::TraversedAsset& asset : walk.assets) {
    assets.push_back({{"asset", ToHex(asset.asset_id())},
                      {"depth", asset.depth()},
                      {"kind", NameOf(asset.kind())},
                      {"name", asset.name()},
                      {"is_derived", asset.is_derived()}});
  }
  return assets;
}

Json CountsJson(const v1::TraverseSummary& summary) {
  Json counts = Json::object();
  for (int kind = 1; kind < summary.count_by_kind_size(); ++kind) {
    if (summary.count_by_kind(kind) == 0) continue;
    counts[std::string(NameOf(static_cast<v1::AssetKind>(kind)))] = summary.count_by_kind(kind);
  }
  return counts;
}

Json WalkJson(const Walk& walk, std::string_view direction, bool with_edges) {
  Json json{{"tree_size", walk.summary.tree_size()},
            {"direction", direction},
            {"asset_count", walk.summary.asset_count()},
            {"edge_count", walk.summary.edge_count()},
            {"depth", walk.summary.depth()},
            {"count_by_kind", CountsJson(walk.summary)},
            {"assets", AssetsJson(walk)}};
  if (!with_edges) return json;
  json["edges"] = Json::array();
  for (const v1::LineageEdge& edge : walk.edges) {
    json["edges"].push_back({{"generated", ToHex(edge.generated())},
                             {"input", ToHex(edge.input())},
                             {"role", NameOf(edge.role())},
                             {"basis", NameOf(edge.basis())},
                             {"weight", std::to_string(edge.weight())},
                             {"denominator", std::to_string(edge.denominator())}});
  }
  return json;
}

Table EdgesTable(const Walk& walk) {
  Table table;
  table.columns = {{"", "generated"}, {"", "input"},  {"", "role"},
                   {"", "basis"},     {"", "weight"}, {"", "denominator"}};
  for (const v1::LineageEdge& edge : walk.edges) {
    table.rows.push_back(
        {Cell(ToHex(edge.generated())), Cell(ToHex(edge.input())),
         Cell(std::string(NameOf(edge.role()))), Cell(std::string(NameOf(edge.basis()))),
         Cell(std::to_string(edge.weight())), Cell(std::to_string(edge.denominator()))});
  }
  return table;
}

std::string CountWords(std::uint64_t count, std::string_view one, std::string_view many) {
  return StrCat(count, " ", count == 1 ? one : many);
}

absl::Status Lineage(Session& session, const WalkArguments& arguments) {
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::AssetSummary asset,
                             ResolveAsset(session, arguments.asset, arguments.tree_size));
  TRIBUTARY_ASSIGN_OR_RETURN(const Walk walk,
                             CollectWalk(session, {.asset_id = asset.asset_id(),
                                                   .direction = v1::DIRECTION_UPSTREAM,
                                                   .depth_max = arguments.depth,
                                                   .kinds = {},
                                                   .include_edges = true,
                                                   .tree_size = arguments.tree_size}));
  if (arguments.format == "dot") return WriteOut(FormatDot(walk)), absl::OkStatus();
  if (arguments.format == "graphml") return WriteOut(FormatGraphMl(walk)), absl::OkStatus();
  if (arguments.format == "json") {
    return WriteJson(WalkJson(walk, "upstream", true)), absl::OkStatus();
  }
  session.Emit([&] { return WalkJson(walk, "upstream", true); },
               [&] {
                 View view;
                 view.heading = FormatTree(walk, LocaleIsUtf8());
                 view.closing =
                     StrCat(CountWords(walk.summary.asset_count(), "asset", "assets"), ", ",
                            CountWords(walk.summary.edge_count(), "input", "inputs"), ", depth ",
                            walk.summary.depth(), ", at ledger version ", walk.summary.tree_size(),
                            ". Percentages are of the asset above.\n");
                 if (session.output == Output::kCsv) view.table = EdgesTable(walk);
                 return view;
               });
  return absl::OkStatus();
}

// The asset asked about does not depend on itself.
void DropTarget(Walk* walk) {
  std::erase_if(walk->assets, [](const v1::TraversedAsset& asset) { return asset.depth() == 0; });
}

View ImpactView(const v1::AssetSummary& asset, const Walk& walk, std::size_t line_count_max) {
  View view;
  const std::uint64_t count = walk.summary.asset_count() - 1;
  view.heading = StrCat(CountWords(count, "asset depends on ", "assets depend on "),
                        DescribeAsset(asset.asset_id(), asset.kind(), asset.name()),
                        ", at ledger version ", walk.summary.tree_size(), "\n");
  for (int kind = 1; kind < walk.summary.count_by_kind_size(); ++kind) {
    const auto asset_kind = static_cast<v1::AssetKind>(kind);
    const std::uint64_t own = asset_kind == asset.kind() ? 1 : 0;
    const std::uint64_t of_kind = walk.summary.count_by_kind(kind);
    if (of_kind <= own) continue;
    StrAppend(&view.heading, "  ", KindWords(asset_kind), ": ", of_kind - own, "\n");
  }
  view.table.columns = {
      {"Distance", "depth", true}, {"Asset", "name"}, {"Kind", "kind"}, {"Id", "asset"}};
  for (const v1::TraversedAsset& found : walk.assets) {
    if (view.table.rows.size() == line_count_max) break;
    view.table.rows.push_back({Cell(std::to_string(found.depth())),
                               Cell(found.name(), found.name().empty() ? "(no name)" : ""),
                               Cell(std::string(NameOf(found.kind())), KindWords(found.kind())),
                               Cell(ToHex(found.asset_id()), ShortId(found.asset_id()))});
  }
  if (walk.assets.size() > view.table.rows.size()) {
    view.closing = StrCat(walk.assets.size() - view.table.rows.size(),
                          " more are not shown; --top 0 shows all.\n");
  }
  return view;
}

absl::Status Impact(Session& session, const WalkArguments& arguments) {
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::AssetSummary asset,
                             ResolveAsset(session, arguments.asset, arguments.tree_size));
  WalkOptions options{.asset_id = asset.asset_id(),
                      .direction = v1::DIRECTION_DOWNSTREAM,
                      .depth_max = arguments.depth,
                      .kinds = {},
                      .include_edges = false,
                      .tree_size = arguments.tree_size};
  for (const std::string& kind : arguments.kinds) {
    options.kinds.push_back(KindFromName(kind == "model" ? "model_checkpoint" : kind));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(Walk walk, CollectWalk(session, options));
  DropTarget(&walk);
  const bool all = arguments.top == 0 || session.output == Output::kCsv;
  session.Emit([&] { return WalkJson(walk, "downstream", false); },
               [&] { return ImpactView(asset, walk, all ? ~std::size_t{0} : arguments.top); });
  return absl::OkStatus();
}

std::shared_ptr<WalkArguments> AddWalkArguments(CLI::App* command, Session* session) {
  auto arguments = std::make_shared<WalkArguments>();
  command->add_option("ASSET", arguments->asset, "Id, beginning of an id, alias or name")
      ->required();
  command->add_option("--depth", arguments->depth, "Greatest distance; absent: no limit")
      ->check(CLI::Range(1u, 1u << 31));
  AddTreeSize(command, session, &arguments->tree_size);
  return arguments;
}

}  // namespace

void AddLineageCommand(CLI::App* app, Session* session) {
  CLI::App* lineage =
      AddCommand(app, "lineage", "Show what an asset was made from",
                 {"tributary lineage first-sale:output", "tributary lineage 3fa9c1 --depth 2",
                  "tributary lineage 3fa9c1 --format dot | dot -Tsvg > lineage.svg"});
  const auto arguments = AddWalkArguments(lineage, session);
  lineage->add_option("--format", arguments->format, "tree, dot, graphml or json")
      ->check(CLI::IsMember({"tree", "dot", "graphml", "json"}))
      ->default_str("tree")
      ->type_name("FORMAT");
  lineage->callback([session, arguments] {
    session->action = [session, arguments] { return Lineage(*session, *arguments); };
  });
}

void AddImpactCommand(CLI::App* app, Session* session) {
  CLI::App* impact = AddCommand(
      app, "impact", "Show what depends on an asset",
      {"tributary impact first-sale:dataset", "tributary impact 3fa9c1 --kind output --top 0"});
  const auto arguments = AddWalkArguments(impact, session);
  impact
      ->add_option("--kind", arguments->kinds,
                   "List only this kind (model is short for model_checkpoint); may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->check(CLI::IsMember(
          {"work", "dataset", "model", "model_checkpoint", "prompt", "output", "other", "unknown"}))
      ->type_name("KIND");
  impact->add_option("--top", arguments->top, "Lines of the table; 0: all")
      ->default_str(std::to_string(kImpactLines));
  impact->callback([session, arguments] {
    session->action = [session, arguments] { return Impact(*session, *arguments); };
  });
}

}  // namespace tributary::cli
