// tributary attribute: what each asset keeps of what another one is worth, or what each party
// holds.

#include "client/cli/all_shares.h"
#include "client/cli/asset_ref.h"
#include "client/cli/commands.h"
#include "client/cli/percent.h"
#include "client/cli/share_lines.h"
#include "client/cli/terminal.h"
#include "client/lib/convert.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

// Lines that a person is shown where --top does not say; the others are one line.
constexpr std::uint32_t kTableLines = 50;

struct AttributeArguments {
  std::string asset;
  std::string by = "asset";
  std::uint32_t top = 0;
  bool has_top = false;
  bool exact = false;
  bool all = false;
  std::uint64_t tree_size = 0;
};

// The lists of an answer, in the order in which they are shown.
struct Part {
  std::string name;  // of the JSON key
  const v1::ShareList* list;
};

std::vector<Part> PartsOf(const v1::Attribution& attribution) {
  return {{"shares", &attribution.shares()},
          {"unclaimed", &attribution.unclaimed()},
          {"undisclosed", &attribution.undisclosed()}};
}

absl::Status CheckSum(const v1::Attribution& attribution) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Grains placed, GrainsOf(attribution.placed_grains()));
  TRIBUTARY_ASSIGN_OR_RETURN(Grains sum, GrainsOf(attribution.unattributed_grains()));
  for (const Part& part : PartsOf(attribution)) {
    TRIBUTARY_ASSIGN_OR_RETURN(const Grains total, GrainsOf(part.list->total_grains()));
    TRIBUTARY_ASSIGN_OR_RETURN(Grains listed, GrainsOf(part.list->others_grains()));
    for (const v1::ShareLine& line : part.list->lines()) {
      TRIBUTARY_ASSIGN_OR_RETURN(const Grains grains, GrainsOf(line.grains()));
      listed += grains;
    }
    if (listed != total) return absl::DataLossError(StrCat(part.name, ": lines do not add up"));
    sum += total;
  }
  if (placed == kShareGrains && sum == placed) return absl::OkStatus();
  return absl::DataLossError("attribution: parts do not add up to what was placed");
}

Json ListJson(const v1::ShareList& list) {
  Json lines = Json::array();
  for (const v1::ShareLine& line : list.lines()) lines.push_back(ShareLineJson(line, kShareGrains));
  Json json{{"lines", lines},
            {"total_grains", GrainsText(list.total_grains())},
            {"others_grains", GrainsText(list.others_grains())}};
  if (list.has_others_count()) json["others_count"] = list.others_count();
  return json;
}

Json AttributionJson(const v1::AttributeAssetResponse& response, std::string_view by) {
  const v1::Attribution& attribution = response.attribution();
  Json json{{"asset", ToHex(attribution.asset_id())},
            {"tree_size", response.tree_size()},
            {"by", by},
            {"placed_grains", GrainsText(attribution.placed_grains())}};
  for (const Part& part : PartsOf(attribution)) json[part.name] = ListJson(*part.list);
  json["unattributed_grains"] = GrainsText(attribution.unattributed_grains());
  json["asset_count"] = attribution.asset_count();
  json["edge_count"] = attribution.edge_count();
  return json;
}

class AttributionTable {
 public:
  AttributionTable(bool by_party, bool exact) : by_party_(by_party), is_utf8_(LocaleIsUtf8()) {
    table_.columns = {{"", "line_kind"},
                      {by_party ? "Payee" : "Asset", "name"},
                      {by_party ? "As" : "Kind", "asset_kind"},
                      {"Id", "id"},
                      {by_party ? "Share" : "Kept share", "percent", true},
                      {" ", ""},  // the bar
                      {exact ? "Exact, of 2^96" : "", "grains", true}};
  }

  void AddList(const v1::ShareList& list, std::string_view others_words) {
    for (const v1::ShareLine& line : list.lines()) {
      AddRow(NameOf(line.kind()), ShareLineName(line),
             Cell(std::string(NameOf(line.asset_kind())), ShareLineWords(line, by_party_)),
             IdOf(line), *GrainsOf(line.grains()));
    }
    const Grains others = *GrainsOf(list.others_grains());
    if (others == 0) return;
    std::string name = "others";
    if (list.has_others_count()) StrAppend(&name, " (", list.others_count(), ")");
    AddRow("others", std::move(name), Cell("", std::string(others_words)), Cell(), others);
  }

  void AddUnattributed(Grains grains) {
    if (grains == 0) return;
    const v1::LineKind kind = v1::LINE_KIND_UNATTRIBUTED;
    AddRow(NameOf(kind), "unattributed", Cell("", LineKindWords(kind)), Cell(), grains);
  }

  Table Take() && { return std::move(table_); }

 private:
  static Cell IdOf(const v1::ShareLine& line) {
    if (line.kind() == v1::LINE_KIND_PARTY) return Cell(line.party());
    return Cell(ToHex(line.asset_id()), ShortId(line.asset_id()));
  }

  void AddRow(std::string_view line_kind, std::string name, Cell kind, Cell id, Grains grains) {
    table_.rows.push_back({Cell(std::string(line_kind)), Cell(std::move(name)), std::move(kind),
                           std::move(id), Cell(FormatPercent(grains, kShareGrains)),
                           Cell(Bar(grains, kShareGrains, kBarWidth, is_utf8_)),
                           Cell(ToDecimal(grains))});
  }

  static constexpr std::size_t kBarWidth = 20;
  bool by_party_;
  bool is_utf8_;
  Table table_;
};

View AttributionView(const v1::AssetSummary& asset, const v1::AttributeAssetResponse& response,
                     const AttributeArguments& arguments) {
  const v1::Attribution& attribution = response.attribution();
  const bool by_party = arguments.by == "party";
  AttributionTable table(by_party, arguments.exact);
  table.AddList(attribution.shares(), "");
  table.AddList(attribution.unclaimed(), "no payee on record");
  table.AddList(attribution.undisclosed(), "source not disclosed");
  table.AddUnattributed(*GrainsOf(attribution.unattributed_grains()));
  View view;
  view.heading = StrCat(by_party ? "Who holds " : "What is kept of ",
                        DescribeAsset(asset.asset_id(), asset.kind(), asset.name()),
                        ", at ledger version ", response.tree_size(), "\n");
  view.table = std::move(table).Take();
  view.closing =
      StrCat("Assets seen: ", attribution.asset_count(), ", inputs: ", attribution.edge_count(),
             ". Percentages are rounded; the exact shares add up.\n");
  return view;
}

v1::AttributionView ViewOf(const AttributeArguments& arguments) {
  return arguments.by == "party" ? v1::ATTRIBUTION_VIEW_PAYEES : v1::ATTRIBUTION_VIEW_ASSETS;
}

absl::Status Attribute(Session& session, const AttributeArguments& arguments) {
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::AssetSummary asset,
                             ResolveAsset(session, arguments.asset, arguments.tree_size));
  if (arguments.all) {
    return WriteAllShares(session, asset.asset_id(), ViewOf(arguments), arguments.tree_size);
  }
  v1::AttributeAssetRequest request;
  request.set_ledger(session.ledger);
  SetReadPoint(arguments.tree_size, &request);
  request.set_asset_id(asset.asset_id());
  request.set_view(ViewOf(arguments));
  const bool limit = !arguments.has_top && session.output == Output::kTable;
  request.set_top_k(limit ? kTableLines : arguments.top);
  request.set_describe(true);
  TRIBUTARY_ASSIGN_OR_RETURN(
      const v1::AttributeAssetResponse response,
      session.client().Call(&v1::AttributionService::Stub::AttributeAsset, request));
  TRIBUTARY_RETURN_IF_ERROR(CheckSum(response.attribution()));
  session.Emit([&] { return AttributionJson(response, arguments.by); },
               [&] { return AttributionView(asset, response, arguments); });
  return absl::OkStatus();
}

}  // namespace

void AddAttributeCommand(CLI::App* app, Session* session) {
  CLI::App* attribute = AddCommand(app, "attribute",
                                   "Show which assets contributed to an asset and how much each "
                                   "keeps, or who holds these shares",
                                   {"tributary attribute hf:example/model@main",
                                    "tributary attribute 3fa9c1 --by party --top 20",
                                    "tributary attribute 3fa9c1 --tree-size 812 --output json",
                                    "tributary attribute 3fa9c1 --all > shares.csv"});
  auto arguments = std::make_shared<AttributeArguments>();
  attribute->add_option("ASSET", arguments->asset, "Id, beginning of an id, alias or name")
      ->required();
  attribute->add_option("--by", arguments->by, "Lines for each asset, or for each party")
      ->check(CLI::IsMember({"asset", "party"}))
      ->default_str("asset");
  CLI::Option* top =
      attribute
          ->add_option(
              "--top", arguments->top,
              "Lines of each sort, the others in one; 0: all. Absent: 50 in tables, else all")
          ->check(CLI::Range(0u, 10'000u));
  attribute
      ->add_flag("--all", arguments->all,
                 "Every line as CSV, however many: line_kind, id, grains, in order of id")
      ->excludes(top);
  attribute->add_flag("--exact", arguments->exact, "Show also the exact share, of 2^96");
  AddTreeSize(attribute, session, &arguments->tree_size);
  attribute->callback([session, arguments, top] {
    arguments->has_top = top->count() > 0;
    session->action = [session, arguments] { return Attribute(*session, *arguments); };
  });
}

}  // namespace tributary::cli
