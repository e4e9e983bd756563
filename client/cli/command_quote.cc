// tributary quote: what a sale of an asset would give to whom. Leaves no trace.

#include "client/cli/asset_ref.h"
#include "client/cli/commands.h"
#include "client/cli/money.h"
#include "client/cli/percent.h"
#include "client/cli/share_lines.h"
#include "client/cli/terminal.h"
#include "client/lib/convert.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

constexpr std::uint32_t kTableLines = 50;
// Tokens of 18 decimals count 32 bits below their smallest unit, so that a total fits below 2^127.
constexpr std::uint32_t kTokenFractionBits = 32;
constexpr std::uint32_t kFractionBits = 64;

struct QuoteArguments {
  std::string asset;
  std::string amount;
  std::string minor_units;
  std::string currency;
  unsigned scale = 0;
  bool has_scale = false;
  std::uint32_t top = 0;
  bool has_top = false;
  std::uint64_t tree_size = 0;
};

// An amount of one currency.
struct Money {
  std::string minor_units;
  unsigned scale = 0;
  std::string currency;  // may be empty with --minor-units
  std::string Format(std::string_view units) const {
    const std::string amount = FormatAmount(units, scale);
    return currency.empty() ? amount : StrCat(amount, " ", EscapeForTerminal(currency));
  }
};

absl::StatusOr<Money> MoneyOf(const QuoteArguments& arguments) {
  Money money{.minor_units = {}, .scale = 0, .currency = arguments.currency};
  if (arguments.has_scale) {
    money.scale = arguments.scale;
  } else if (!arguments.currency.empty()) {
    TRIBUTARY_ASSIGN_OR_RETURN(money.scale, CurrencyScale(arguments.currency));
  } else if (!arguments.amount.empty()) {
    return InvalidField("currency", "no value", "--currency CODE, or --scale with --amount");
  }
  if (arguments.amount.empty() == arguments.minor_units.empty()) {
    return InvalidField("amount", "no amount or two", "one of --amount and --minor-units");
  }
  TRIBUTARY_ASSIGN_OR_RETURN(money.minor_units, arguments.amount.empty()
                                                    ? ParseMinorUnits(arguments.minor_units)
                                                    : ParseAmount(arguments.amount, money.scale));
  return money;
}

absl::Status CheckSum(const v1::QuoteSplitResponse& quote, const Money& money) {
  std::optional<Uint128> sum = ParseUint128(quote.others_amount());
  for (const v1::QuoteLine& line : quote.lines()) {
    const std::optional<Uint128> amount = ParseUint128(line.amount());
    TRIBUTARY_RETURN_IF_ERROR(GrainsOf(line.grains()).status());
    if (!amount.has_value() || !sum.has_value()) return absl::DataLossError("quote: no number");
    *sum += *amount;
  }
  if (sum == ParseUint128(money.minor_units)) return absl::OkStatus();
  return absl::DataLossError("quote: the lines do not add up to the amount");
}

// A quote's line has the same words as a share.
v1::ShareLine AsShareLine(const v1::QuoteLine& line) {
  v1::ShareLine share;
  share.set_kind(line.kind());
  share.set_asset_id(line.asset_id());
  share.set_party(line.party());
  share.set_grains(line.grains());
  share.set_asset_kind(line.asset_kind());
  share.set_name(line.name());
  return share;
}

Json LineJson(const v1::QuoteLine& line) {
  Json json{{"line_kind", NameOf(line.kind())}};
  if (!line.asset_id().empty()) json["asset"] = ToHex(line.asset_id());
  if (!line.party().empty()) json["party"] = line.party();
  if (!line.name().empty()) json["name"] = line.name();
  json["minor_units"] = line.amount();
  json["grains"] = GrainsText(line.grains());
  return json;
}

Json QuoteJson(const v1::AssetSummary& asset, const v1::QuoteSplitResponse& quote,
               const Money& money, std::uint32_t fraction_bits) {
  Json lines = Json::array();
  for (const v1::QuoteLine& line : quote.lines()) lines.push_back(LineJson(line));
  return Json{{"asset", ToHex(asset.asset_id())},
              {"tree_size", quote.tree_size()},
              {"currency", money.currency},
              {"scale", money.scale},
              {"fraction_bits", fraction_bits},
              {"minor_units", money.minor_units},
              {"lines", lines},
              {"others_minor_units", quote.others_amount()},
              {"others_count", quote.others_count()}};
}

std::string QuoteLineName(const v1::QuoteLine& line) {
  if (line.kind() == v1::LINE_KIND_UNATTRIBUTED) return "unattributed";
  return ShareLineName(AsShareLine(line));
}

View QuoteView(const v1::AssetSummary& asset, const v1::QuoteSplitResponse& quote,
               const Money& money) {
  View view;
  view.heading =
      StrCat("A sale of ", DescribeAsset(asset.asset_id(), asset.kind(), asset.name()), " for ",
             money.Format(money.minor_units), ", at ledger version ", quote.tree_size(), "\n");
  view.table.columns = {{"Payee", "name"},    {"As", "line_kind"},       {"Id", "id"},
                        {"Amount", "", true}, {"", "minor_units", true}, {"", "grains", true}};
  for (const v1::QuoteLine& line : quote.lines()) {
    const bool is_party = line.kind() == v1::LINE_KIND_PARTY;
    const Cell id =
        is_party ? Cell(line.party()) : Cell(ToHex(line.asset_id()), ShortId(line.asset_id()));
    view.table.rows.push_back({Cell(QuoteLineName(line)),
                               Cell(std::string(NameOf(line.kind())), LineKindWords(line.kind())),
                               id, Cell(FormatAmount(line.amount(), money.scale)),
                               Cell(line.amount()), Cell(GrainsText(line.grains()))});
  }
  if (quote.others_count() > 0) {
    view.table.rows.push_back(
        {Cell(StrCat("others (", quote.others_count(), ")")), Cell("others", " "), Cell(),
         Cell(FormatAmount(quote.others_amount(), money.scale)), Cell(quote.others_amount()),
         Cell(GrainsText(quote.others_grains()))});
  }
  view.closing = "A quote leaves no trace. The amounts add up exactly.\n";
  return view;
}

absl::Status Quote(Session& session, const QuoteArguments& arguments) {
  const absl::StatusOr<Money> money = MoneyOf(arguments);
  if (!money.ok()) return UsageError(money.status());
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::AssetSummary asset,
                             ResolveAsset(session, arguments.asset, arguments.tree_size));
  v1::QuoteSplitRequest request;
  request.set_ledger(session.ledger);
  SetReadPoint(arguments.tree_size, &request);
  request.set_asset_id(asset.asset_id());
  request.set_amount(money->minor_units);
  const std::uint32_t fraction_bits =
      money->scale == kScaleMax ? kTokenFractionBits : kFractionBits;
  request.set_fraction_bits(fraction_bits);
  const bool limit = !arguments.has_top && session.output == Output::kTable;
  request.set_top_k(limit ? kTableLines : arguments.top);
  request.set_describe(true);
  TRIBUTARY_ASSIGN_OR_RETURN(
      const v1::QuoteSplitResponse quote,
      session.client().Call(&v1::AttributionService::Stub::QuoteSplit, request));
  TRIBUTARY_RETURN_IF_ERROR(CheckSum(quote, *money));
  session.Emit([&] { return QuoteJson(asset, quote, *money, fraction_bits); },
               [&] { return QuoteView(asset, quote, *money); });
  return absl::OkStatus();
}

}  // namespace

void AddQuoteCommand(CLI::App* app, Session* session) {
  CLI::App* quote =
      AddCommand(app, "quote", "Show what a sale of an asset would give to whom; leaves no trace",
                 {"tributary quote first-sale:output --amount 125.00 --currency EUR",
                  "tributary quote first-sale:output --minor-units 12500 --currency EUR",
                  "tributary quote 3fa9c1 --amount 0.5 --currency ETH --scale 18"});
  auto arguments = std::make_shared<QuoteArguments>();
  quote->add_option("ASSET", arguments->asset, "Id, beginning of an id, alias or name")->required();
  quote->add_option("--amount", arguments->amount, "Such as 125.00; no more decimals than it has");
  quote
      ->add_option("--minor-units", arguments->minor_units, "Whole minor units instead: cents, wei")
      ->excludes("--amount");
  quote->add_option("--currency", arguments->currency, "ISO 4217 code, or any with --scale");
  CLI::Option* scale =
      quote->add_option("--scale", arguments->scale, "Decimals of the currency, 0 to 18")
          ->check(CLI::Range(0u, kScaleMax));
  CLI::Option* top =
      quote
          ->add_option("--top", arguments->top,
                       "Lines, the others in one; 0: all. Absent: 50 in tables, else "
                       "all")
          ->check(CLI::Range(0u, 10'000u));
  AddTreeSize(quote, session, &arguments->tree_size);
  quote->callback([session, arguments, scale, top] {
    arguments->has_scale = scale->count() > 0;
    arguments->has_top = top->count() > 0;
    session->action = [session, arguments] { return Quote(*session, *arguments); };
  });
}

}  // namespace tributary::cli
