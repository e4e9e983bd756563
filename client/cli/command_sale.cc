// tributary sale show, list; what records is in command_sale_record.cc.

#include "client/cli/asset_ref.h"
#include "client/cli/commands.h"
#include "client/cli/pages.h"
#include "client/cli/sale_answers.h"
#include "client/cli/sale_ref.h"
#include "client/cli/stored_record.h"
#include "client/cli/terminal.h"
#include "client/lib/convert.h"
#include "client/lib/settlement_answers.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

constexpr std::uint32_t kTableLines = 50;

// --- show ---

struct ShowSaleArguments {
  std::string sale;
  std::uint32_t top = 0;
  bool has_top = false;
  std::uint64_t tree_size = 0;
};

std::string StatusWords(const v1::SaleView& sale) {
  switch (sale.status()) {
    case v1::SALE_STATUS_PENDING:
      return "waits to be posted; counts in no statement yet";
    case v1::SALE_STATUS_POSTED:
      return sale.statement_number() == 0
                 ? "counts in the next statement"
                 : StrCat("counted in statement ", sale.statement_number());
    case v1::SALE_STATUS_VOIDED:
      return "voided; never counts";
    case v1::SALE_STATUS_EXPIRED:
      return "was not posted in time; never counts";
    case v1::SALE_STATUS_REVERSED:
      return sale.statement_number() == 0
                 ? "taken back; never counts"
                 : StrCat("taken back after statement ", sale.statement_number(), " counted it");
    default:
      return "";
  }
}

absl::StatusOr<View> SaleShown(const v1::GetSaleResponse& response,
                               const CurrencyRecord& currency) {
  const v1::SaleView& sale = response.sale();
  TRIBUTARY_ASSIGN_OR_RETURN(const MinorUnits amount, AmountOf(sale.amount()));
  View view;
  view.heading =
      StrCat("Sale ", EscapeForTerminal(sale.sale().reference()), " of ", ShortId(sale.asset()),
             "… for ", MoneyText(amount, currency), ", valued at ledger version ", sale.tree_size(),
             ": ", StatusWords(sale), "\n");
  if (sale.has_correction_record()) view.heading.append("Corrected after it was recorded.\n");
  if (!sale.nothing_owed().empty()) {
    view.closing =
        StrCat("Nothing is owed to anybody: ", EscapeForTerminal(sale.nothing_owed()), ".\n");
    return view;
  }
  view.table = SplitTable(response.split(), currency);
  view.closing = SplitSummary(response.split(), currency);
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string adjusted, SaleAdjustmentsText(response, currency));
  view.closing.append(adjusted);
  return view;
}

absl::Status ShowSale(Session& session, const ShowSaleArguments& arguments) {
  v1::GetSaleRequest request;
  SetReadPoint(arguments.tree_size, &request);
  request.set_with_split(true);
  request.set_with_adjustments(true);
  request.set_describe(true);
  const bool limit = !arguments.has_top && session.output == Output::kTable;
  request.set_top_k(limit ? kTableLines : arguments.top);
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::GetSaleResponse response,
                             FetchSale(session, arguments.sale, std::move(request)));
  TRIBUTARY_ASSIGN_OR_RETURN(const CurrencyRecord currency, FromProto(response.split().currency()));
  TRIBUTARY_RETURN_IF_ERROR(CheckSplit(response.split()));
  TRIBUTARY_ASSIGN_OR_RETURN(const Json sale, SaleJson(response.sale(), currency));
  TRIBUTARY_ASSIGN_OR_RETURN(const Json adjustments, SaleAdjustmentsJson(response));
  TRIBUTARY_ASSIGN_OR_RETURN(const View view, SaleShown(response, currency));
  session.Emit(
      [&] {
        return Json{{"tree_size", response.tree_size()},
                    {"sale", sale},
                    {"split", SplitJson(response.split(), currency)},
                    {"adjustments", adjustments}};
      },
      [&] { return view; });
  return absl::OkStatus();
}

// --- quote ---

struct QuoteArguments {
  std::string asset;
  std::string amount;
  std::string minor_units;
  std::string currency;
  std::string policy;
  std::uint32_t top = 0;
  bool has_top = false;
  std::uint64_t tree_size = 0;
};

absl::Status QuoteSale(Session& session, const QuoteArguments& arguments) {
  v1::QuoteSaleRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::AssetSummary asset,
                             ResolveAsset(session, arguments.asset, arguments.tree_size));
  Currencies currencies(session, arguments.tree_size);
  TRIBUTARY_ASSIGN_OR_RETURN(const CurrencyRecord currency, currencies.Find(arguments.currency));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string amount,
                             MinorUnitsFrom(arguments.amount, arguments.minor_units, currency));
  request.set_ledger(session.ledger);
  SetReadPoint(arguments.tree_size, &request);
  request.set_asset(asset.asset_id());
  request.set_amount(amount);
  request.set_currency(arguments.currency);
  if (!arguments.policy.empty()) {
    TRIBUTARY_ASSIGN_OR_RETURN(
        const Digest policy,
        VersionIdOf(session, Versioned::kPolicy, arguments.policy, arguments.tree_size));
    request.set_policy(std::string(policy.view()));
  }
  const bool limit = !arguments.has_top && session.output == Output::kTable;
  request.set_top_k(limit ? kTableLines : arguments.top);
  request.set_describe(true);
  TRIBUTARY_ASSIGN_OR_RETURN(
      const v1::QuoteSaleResponse response,
      session.client().Call(&v1::SettlementService::Stub::QuoteSale, request));
  TRIBUTARY_RETURN_IF_ERROR(CheckSplit(response.split()));
  session.Emit(
      [&] {
        return Json{{"tree_size", response.tree_size()},
                    {"asset", ToHex(asset.asset_id())},
                    {"minor_units", amount},
                    {"split", SplitJson(response.split(), currency)}};
      },
      [&] {
        View view;
        view.heading =
            StrCat("A sale of ", DescribeAsset(asset.asset_id(), asset.kind(), asset.name()),
                   " for ", MoneyText({*ParseUint128(amount)}, currency), ", at ledger version ",
                   response.tree_size(), "\n");
        view.table = SplitTable(response.split(), currency);
        view.closing = StrCat(SplitSummary(response.split(), currency), "Nothing was recorded.\n");
        return view;
      });
  return absl::OkStatus();
}

// --- list ---

struct ListArguments {
  std::string asset;
  std::vector<std::string> statuses;
  std::optional<std::uint64_t> begin;
  std::optional<std::uint64_t> end;
  LimitArgument limit;
  std::uint64_t tree_size = 0;
};

absl::StatusOr<v1::ListSalesRequest> ListRequest(Session& session, const ListArguments& arguments) {
  v1::ListSalesRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  request.set_ledger(ledger);
  SetReadPoint(arguments.tree_size, &request);
  if (!arguments.asset.empty()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const std::string asset, AssetIdOf(session, arguments.asset));
    request.set_asset(std::string(Digest::FromHex(asset)->view()));
  }
  for (const std::string& name : arguments.statuses) {
    for (int i = v1::SaleStatus_MIN; i <= v1::SaleStatus_MAX; ++i) {
      const auto status = static_cast<v1::SaleStatus>(i);
      if (NameOf(status) == name) request.add_statuses(status);
    }
  }
  if (arguments.begin.has_value()) request.set_begin(*arguments.begin);
  if (arguments.end.has_value()) request.set_end(*arguments.end);
  return request;
}

struct SaleRow {
  v1::SaleView sale;
  CurrencyRecord currency;
  MinorUnits amount;
  Json json;
};

View SalesView(const std::vector<SaleRow>& rows, bool more) {
  View view;
  view.table.columns = {{"Reference", "reference"},
                        {"Status", "status"},
                        {"Asset", "asset"},
                        {"Amount", "amount", true},
                        {"", "minor_units", true},
                        {"", "currency"},
                        {"Valued at", "valued_at", true},
                        {"Statement", "statement", true},
                        {"", "position", true},
                        {"", "record_id"}};
  for (const SaleRow& row : rows) {
    const v1::SaleView& sale = row.sale;
    const std::string statement =
        sale.statement_number() == 0 ? "" : std::to_string(sale.statement_number());
    view.table.rows.push_back(
        {Cell(sale.sale().reference()), Cell(std::string(NameOf(sale.status()))),
         Cell(ToHex(sale.asset()), ShortId(sale.asset())),
         Cell(MajorUnits(row.amount, row.currency), MoneyText(row.amount, row.currency)),
         Cell(sale.amount()), Cell(sale.sale().currency()), Cell(std::to_string(sale.tree_size())),
         Cell(statement), Cell(std::to_string(sale.record().position())),
         Cell(ToHex(sale.record().record_id()))});
  }
  if (rows.empty())
    view.closing = "No such sale on record.\n";
  else if (more)
    view.closing = "There are more: --limit 0 lists all.\n";
  return view;
}

absl::Status ListSales(Session& session, const ListArguments& arguments) {
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::ListSalesRequest request, ListRequest(session, arguments));
  std::vector<SaleRow> rows;
  std::uint64_t tree_size = 0;
  bool more = false;
  TRIBUTARY_RETURN_IF_ERROR(ReadPages(
      session, &v1::SettlementService::Stub::ListSales, request,
      arguments.limit.CountMax(session.output), &more, [&](const v1::ListSalesResponse& page) {
        for (const v1::SaleView& sale : page.sales()) {
          rows.push_back({.sale = sale, .currency = {}, .amount = {}, .json = {}});
        }
        tree_size = page.tree_size();
        return static_cast<std::size_t>(page.sales_size());
      }));
  Currencies currencies(session, tree_size);
  for (SaleRow& row : rows) {
    TRIBUTARY_ASSIGN_OR_RETURN(row.currency, currencies.Find(row.sale.sale().currency()));
    TRIBUTARY_ASSIGN_OR_RETURN(row.amount, AmountOf(row.sale.amount()));
    TRIBUTARY_ASSIGN_OR_RETURN(row.json, SaleJson(row.sale, row.currency));
  }
  session.Emit(
      [&] {
        Json sales = Json::array();
        for (const SaleRow& row : rows) sales.push_back(row.json);
        return Json{{"tree_size", tree_size}, {"sales", sales}, {"more", more}};
      },
      [&] { return SalesView(rows, more); });
  return absl::OkStatus();
}

void AddShow(CLI::App* sale, Session* session) {
  CLI::App* show = AddCommand(
      sale, "show", "Show what a sale gave to whom, and why",
      {"tributary sale show order-123", "tributary sale show order-123 --top 0 --output csv"});
  auto arguments = std::make_shared<ShowSaleArguments>();
  show->add_option("SALE", arguments->sale, "Reference, or the id of its record")->required();
  CLI::Option* top = show->add_option("--top", arguments->top,
                                      "Lines, the others in one; 0: all. Absent: 50 in tables, "
                                      "else all")
                         ->check(CLI::Range(0u, 10'000u));
  AddTreeSize(show, session, &arguments->tree_size);
  show->callback([session, arguments, top] {
    arguments->has_top = top->count() > 0;
    session->action = [session, arguments] { return ShowSale(*session, *arguments); };
  });
}

void AddQuote(CLI::App* sale, Session* session) {
  CLI::App* quote = AddCommand(
      sale, "quote", "Show what a sale would give to whom under a policy; leaves no trace",
      {"tributary sale quote first-sale:output --amount 125.00 --currency EUR \\",
       "    --policy example/market"});
  auto arguments = std::make_shared<QuoteArguments>();
  quote->add_option("ASSET", arguments->asset, "Id, beginning of an id, alias or name")->required();
  CLI::Option* amount = quote->add_option("--amount", arguments->amount,
                                          "Such as 125.00; no more decimals than it has");
  quote
      ->add_option("--minor-units", arguments->minor_units, "Whole minor units instead: cents, wei")
      ->excludes(amount);
  quote->add_option("--currency", arguments->currency, "Code of a currency of the ledger")
      ->required();
  quote->add_option("--policy", arguments->policy,
                    "Name (the version in force) or id of a policy; absent: by weights alone");
  CLI::Option* top = quote
                         ->add_option("--top", arguments->top,
                                      "Lines, the others in one; 0: all. Absent: 50 in tables, "
                                      "else all")
                         ->check(CLI::Range(0u, 10'000u));
  AddTreeSize(quote, session, &arguments->tree_size);
  quote->callback([session, arguments, top] {
    arguments->has_top = top->count() > 0;
    session->action = [session, arguments] { return QuoteSale(*session, *arguments); };
  });
}

void AddList(CLI::App* sale, Session* session) {
  CLI::App* list = AddCommand(
      sale, "list", "List sales in the order in which they were recorded",
      {"tributary sale list --asset first-sale:output", "tributary sale list --status pending"});
  auto arguments = std::make_shared<ListArguments>();
  list->add_option("--asset", arguments->asset, "Only sales of this asset");
  list->add_option("--status", arguments->statuses,
                   "Only these: pending, posted, voided, expired, reversed; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->check(CLI::IsMember({"pending", "posted", "voided", "expired", "reversed"}));
  list->add_option("--begin", arguments->begin, "Only sales at or above this log position");
  list->add_option("--end", arguments->end, "Only sales below this log position");
  AddLimit(list, &arguments->limit);
  AddTreeSize(list, session, &arguments->tree_size);
  list->callback([session, arguments] {
    session->action = [session, arguments] { return ListSales(*session, *arguments); };
  });
}

}  // namespace

void AddSaleCommand(CLI::App* app, Session* session) {
  CLI::App* sale = app->add_subcommand("sale", "Sales: record them, and see what they gave whom");
  sale->require_subcommand(1);
  AddSaleRecordCommands(sale, session);
  AddQuote(sale, session);
  AddShow(sale, session);
  AddList(sale, session);
}

}  // namespace tributary::cli
