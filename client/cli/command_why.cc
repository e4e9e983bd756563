// tributary why: the heaviest paths by which one asset contributed to another.

#include <algorithm>

#include "client/cli/asset_ref.h"
#include "client/cli/commands.h"
#include "client/cli/percent.h"
#include "client/cli/share_lines.h"
#include "client/cli/terminal.h"
#include "client/lib/convert.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

struct WhyArguments {
  std::string target;
  std::string source;
  std::uint32_t paths = 3;
  std::uint64_t tree_size = 0;
};

absl::Status CheckGrains(const v1::ExplainPathResponse& response) {
  TRIBUTARY_RETURN_IF_ERROR(GrainsOf(response.covered_grains()).status());
  TRIBUTARY_RETURN_IF_ERROR(GrainsOf(response.inflow_grains()).status());
  for (const v1::ExplainedPath& path : response.paths()) {
    TRIBUTARY_RETURN_IF_ERROR(GrainsOf(path.grains()).status());
  }
  return absl::OkStatus();
}

Json WhyJson(const v1::AssetSummary& target, const v1::AssetSummary& source,
             const v1::ExplainPathResponse& response) {
  Json paths = Json::array();
  for (const v1::ExplainedPath& path : response.paths()) {
    Json steps = Json::array();
    for (const v1::PathStep& step : path.steps()) {
      Json one{
          {"asset", ToHex(step.asset_id())}, {"kind", NameOf(step.kind())}, {"name", step.name()}};
      if (!steps.empty()) {
        one["role"] = NameOf(step.role());
        one["weight"] = std::to_string(step.weight());
        one["denominator"] = std::to_string(step.denominator());
      }
      steps.push_back(one);
    }
    paths.push_back({{"grains", GrainsText(path.grains())},
                     {"percent", FormatPercent(*GrainsOf(path.grains()), kShareGrains)},
                     {"steps", steps}});
  }
  return Json{{"tree_size", response.tree_size()},
              {"target", ToHex(target.asset_id())},
              {"source", ToHex(source.asset_id())},
              {"paths", paths},
              {"covered_grains", GrainsText(response.covered_grains())},
              {"inflow_grains", GrainsText(response.inflow_grains())},
              {"more", response.more()}};
}

std::string StepWords(const v1::PathStep& step, bool is_first) {
  const std::string name = DescribeAsset(step.asset_id(), step.kind(), step.name());
  if (is_first) return name;
  std::string role(NameOf(step.role()));
  std::replace(role.begin(), role.end(), '_', ' ');
  return StrCat("from ", name, ", ", role, " ", step.weight(), "/", step.denominator());
}

Table StepsTable(const v1::ExplainPathResponse& response) {
  Table table;
  table.columns = {{"", "path"}, {"", "step"},   {"", "asset"},       {"", "kind"},  {"", "name"},
                   {"", "role"}, {"", "weight"}, {"", "denominator"}, {"", "grains"}};
  for (int path = 0; path < response.paths_size(); ++path) {
    const v1::ExplainedPath& found = response.paths(path);
    for (int step = 0; step < found.steps_size(); ++step) {
      const v1::PathStep& at = found.steps(step);
      table.rows.push_back(
          {Cell(std::to_string(path + 1)), Cell(std::to_string(step)), Cell(ToHex(at.asset_id())),
           Cell(std::string(NameOf(at.kind()))), Cell(at.name()),
           Cell(std::string(NameOf(at.role()))), Cell(std::to_string(at.weight())),
           Cell(std::to_string(at.denominator())), Cell(GrainsText(found.grains()))});
    }
  }
  return table;
}

View WhyView(const Session& session, const v1::AssetSummary& target, const v1::AssetSummary& source,
             const v1::ExplainPathResponse& response) {
  View view;
  if (session.output == Output::kCsv) {
    view.table = StepsTable(response);
    return view;
  }
  const std::string source_words = DescribeAsset(source.asset_id(), source.kind(), source.name());
  const std::string target_words = DescribeAsset(target.asset_id(), target.kind(), target.name());
  if (response.paths().empty()) {
    view.closing = StrCat(source_words, " is not upstream of ", target_words,
                          ", at ledger version ", response.tree_size(), ".\n");
    return view;
  }
  const auto percent = [](const std::string& grains) {
    return FormatPercent(*GrainsOf(grains), kShareGrains);
  };
  view.heading = StrCat(percent(response.inflow_grains()), " of ", target_words, " passes through ",
                        source_words, ", at ledger version ", response.tree_size(), "\n");
  for (int i = 0; i < response.paths_size(); ++i) {
    const v1::ExplainedPath& path = response.paths(i);
    StrAppend(&view.heading, "\nPath ", i + 1, ": ", percent(path.grains()), "\n");
    for (int step = 0; step < path.steps_size(); ++step) {
      StrAppend(&view.heading, "  ", StepWords(path.steps(step), step == 0), "\n");
    }
  }
  view.closing =
      StrCat("These paths make up ", percent(response.covered_grains()),
             response.more() ? "; there are more (--paths).\n" : "; there are no more.\n");
  return view;
}

absl::Status Why(Session& session, const WhyArguments& arguments) {
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::AssetSummary target,
                             ResolveAsset(session, arguments.target, arguments.tree_size));
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::AssetSummary source,
                             ResolveAsset(session, arguments.source, arguments.tree_size));
  v1::ExplainPathRequest request;
  request.set_ledger(session.ledger);
  SetReadPoint(arguments.tree_size, &request);
  request.set_target(target.asset_id());
  request.set_source(source.asset_id());
  request.set_path_count(arguments.paths);
  request.set_describe(true);
  TRIBUTARY_ASSIGN_OR_RETURN(
      const v1::ExplainPathResponse response,
      session.client().Call(&v1::LineageService::Stub::ExplainPath, request));
  TRIBUTARY_RETURN_IF_ERROR(CheckGrains(response));
  session.Emit([&] { return WhyJson(target, source, response); },
               [&] { return WhyView(session, target, source, response); });
  return absl::OkStatus();
}

}  // namespace

void AddWhyCommand(CLI::App* app, Session* session) {
  CLI::App* why =
      AddCommand(app, "why", "Show the heaviest paths by which an asset contributed to another",
                 {"tributary why first-sale:output first-sale:w1",
                  "tributary why 3fa9c1 0c44e2 --paths 10 --output json"});
  auto arguments = std::make_shared<WhyArguments>();
  why->add_option("ASSET", arguments->target, "Asset asked about")->required();
  why->add_option("UPSTREAM", arguments->source, "Asset that it was made from, near or far")
      ->required();
  why->add_option("--paths", arguments->paths, "How many paths at most")
      ->check(CLI::Range(1u, 100u))
      ->default_str("3");
  AddTreeSize(why, session, &arguments->tree_size);
  why->callback([session, arguments] {
    session->action = [session, arguments] { return Why(*session, *arguments); };
  });
}

}  // namespace tributary::cli
