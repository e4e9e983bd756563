// tributary balance: what may be paid to whom.

#include "client/cli/commands.h"
#include "client/cli/ledger_money.h"
#include "client/cli/pages.h"
#include "client/cli/statement_answers.h"
#include "client/cli/terminal.h"
#include "client/lib/convert.h"
#include "client/lib/settlement_answers.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

using Stub = v1::SettlementService::Stub;

struct BalanceArguments {
  std::string party;
  std::string currency;
  bool entries = false;
  std::string payable_min;
  LimitArgument limit;
  std::uint64_t tree_size = 0;
};

// One balance, its figures parsed.
struct BalanceRow {
  std::string party;
  CurrencyRecord currency;
  MinorUnits paid;
  MinorUnits paid_out;
  MinorUnits payable;
  Grains carry = 0;
  Grains debt = 0;
  MinorUnits failed;
  MinorUnits overpaid;
  Grains pending_decrease = 0;
};

absl::StatusOr<BalanceRow> RowOf(const v1::Balance& message) {
  BalanceRow row;
  row.party = message.party();
  TRIBUTARY_ASSIGN_OR_RETURN(row.currency, FromProto(message.currency()));
  TRIBUTARY_ASSIGN_OR_RETURN(row.paid, AmountOf(message.paid()));
  TRIBUTARY_ASSIGN_OR_RETURN(row.paid_out, AmountOf(message.paid_out()));
  TRIBUTARY_ASSIGN_OR_RETURN(row.payable, AmountOf(message.payable()));
  TRIBUTARY_ASSIGN_OR_RETURN(row.carry, GrainsOf(message.carry()));
  TRIBUTARY_ASSIGN_OR_RETURN(row.debt, GrainsOf(message.debt()));
  TRIBUTARY_ASSIGN_OR_RETURN(row.failed, AmountOf(message.failed()));
  TRIBUTARY_ASSIGN_OR_RETURN(row.overpaid, AmountOf(message.overpaid()));
  TRIBUTARY_ASSIGN_OR_RETURN(row.pending_decrease, GrainsOf(message.pending_decrease()));
  return row;
}

Json RowJson(const BalanceRow& row) {
  return Json{{"party", row.party},
              {"currency", row.currency.code},
              {"paid", MajorUnits(row.paid, row.currency)},
              {"paid_minor_units", ToDecimal(row.paid.value)},
              {"paid_out", MajorUnits(row.paid_out, row.currency)},
              {"paid_out_minor_units", ToDecimal(row.paid_out.value)},
              {"payable", MajorUnits(row.payable, row.currency)},
              {"payable_minor_units", ToDecimal(row.payable.value)},
              {"carry", ToDecimal(row.carry)},
              {"debt", ToDecimal(row.debt)},
              {"pending_decrease", ToDecimal(row.pending_decrease)},
              {"failed", MajorUnits(row.failed, row.currency)},
              {"failed_minor_units", ToDecimal(row.failed.value)},
              {"overpaid", MajorUnits(row.overpaid, row.currency)},
              {"overpaid_minor_units", ToDecimal(row.overpaid.value)}};
}

Table BalanceTable(const std::vector<BalanceRow>& rows) {
  Table table;
  table.columns = {{"Party", "party"},
                   {"", "currency"},
                   {"By statements", "paid_minor_units", true},
                   {"Paid out", "paid_out_minor_units", true},
                   {"Payable", "payable_minor_units", true},
                   {"Carried", "carry", true},
                   {"Owed", "debt", true},
                   {"To be taken back", "pending_decrease", true},
                   {"Came back", "failed_minor_units", true},
                   {"Overpaid", "overpaid_minor_units", true}};
  for (const BalanceRow& row : rows) {
    const auto money = [&row](MinorUnits amount) {
      return Cell(ToDecimal(amount.value), MoneyText(amount, row.currency));
    };
    const auto grains = [&row](Grains value) {
      return Cell(ToDecimal(value), value == 0 ? " " : GrainsMoneyText(value, row.currency));
    };
    const auto rare = [&row](MinorUnits amount) {
      return Cell(ToDecimal(amount.value),
                  amount.value == 0 ? " " : MoneyText(amount, row.currency));
    };
    table.rows.push_back({Cell(row.party), Cell(row.currency.code), money(row.paid),
                          money(row.paid_out), money(row.payable), grains(row.carry),
                          grains(row.debt), grains(row.pending_decrease), rare(row.failed),
                          rare(row.overpaid)});
  }
  return table;
}

// --- All parties ---

absl::Status ListBalances(Session& session, const BalanceArguments& arguments) {
  v1::ListBalancesRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  request.set_ledger(ledger);
  request.set_currency(arguments.currency);
  request.set_payable_min(arguments.payable_min);
  SetReadPoint(arguments.tree_size, &request);
  std::vector<v1::Balance> balances;
  std::uint64_t tree_size = 0;
  bool more = false;
  TRIBUTARY_RETURN_IF_ERROR(ReadPages(session, &Stub::ListBalances, request,
                                      arguments.limit.CountMax(session.output), &more,
                                      [&](const v1::ListBalancesResponse& page) {
                                        for (const auto& each : page.balances()) {
                                          balances.push_back(each);
                                        }
                                        tree_size = page.tree_size();
                                        return static_cast<std::size_t>(page.balances_size());
                                      }));
  std::vector<BalanceRow> rows;
  for (const v1::Balance& balance : balances) {
    TRIBUTARY_ASSIGN_OR_RETURN(BalanceRow row, RowOf(balance));
    rows.push_back(std::move(row));
  }
  session.Emit(
      [&] {
        Json list = Json::array();
        for (const BalanceRow& row : rows) list.push_back(RowJson(row));
        return Json{{"tree_size", tree_size}, {"balances", list}, {"more", more}};
      },
      [&] {
        View view;
        view.table = BalanceTable(rows);
        if (rows.empty())
          view.closing = "Nobody has a balance.\n";
        else if (more)
          view.closing = "There are more: --limit 0 lists all.\n";
        return view;
      });
  return absl::OkStatus();
}

// --- One party ---

struct Entry {
  std::uint64_t statement_number = 0;
  std::string party;
  std::string route;  // hex
  StatementLine line;
  CurrencyRecord currency;
};

struct PartyBalance {
  std::uint64_t tree_size = 0;
  std::vector<BalanceRow> rows;
  std::vector<Entry> entries;
  bool more = false;
};

absl::StatusOr<PartyBalance> ReadParty(Session& session, const BalanceArguments& arguments) {
  v1::GetBalanceRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  request.set_ledger(ledger);
  request.set_party(arguments.party);
  request.set_currency(arguments.currency);
  request.set_with_entries(arguments.entries);
  SetReadPoint(arguments.tree_size, &request);
  std::vector<v1::BalanceEntry> entries;
  std::vector<v1::Balance> balances;
  PartyBalance found;
  TRIBUTARY_RETURN_IF_ERROR(
      ReadPages(session, &Stub::GetBalance, request, arguments.limit.CountMax(session.output),
                &found.more, [&](const v1::GetBalanceResponse& page) {
                  balances.assign(page.balances().begin(), page.balances().end());
                  entries.insert(entries.end(), page.entries().begin(), page.entries().end());
                  found.tree_size = page.tree_size();
                  return static_cast<std::size_t>(page.entries_size());
                }));
  std::map<std::string, CurrencyRecord> currencies;
  for (const v1::Balance& balance : balances) {
    TRIBUTARY_ASSIGN_OR_RETURN(BalanceRow row, RowOf(balance));
    currencies.emplace(row.currency.code, row.currency);
    found.rows.push_back(std::move(row));
  }
  for (const v1::BalanceEntry& message : entries) {
    const auto currency = currencies.find(message.currency());
    if (currency == currencies.end()) {
      return absl::DataLossError("balance: an entry in a currency without a balance");
    }
    TRIBUTARY_ASSIGN_OR_RETURN(StatementLine line, FromProto(message.line()));
    found.entries.push_back({message.statement_number(), message.party(), ToHex(message.route()),
                             std::move(line), currency->second});
  }
  return found;
}

Json EntryJson(const Entry& entry) {
  Json json{{"statement", entry.statement_number}, {"party", entry.party}};
  if (!entry.route.empty()) json["route"] = entry.route;
  json["line"] = LineJson(entry.line, entry.currency);
  return json;
}

std::string EntriesText(const Session& session, const PartyBalance& found) {
  Table table;
  table.columns = {{"Statement", "statement", true}, {"Of", "party"},
                   {"Earned", "earned", true},       {"Paid", "paid", true},
                   {"Carried", "carry", true},       {"Owed", "debt", true}};
  for (const Entry& entry : found.entries) {
    const StatementLine& line = entry.line;
    const auto grains = [&entry](Grains value) {
      return Cell("", value == 0 ? " " : GrainsMoneyText(value, entry.currency));
    };
    table.rows.push_back({Cell(std::to_string(entry.statement_number)), Cell(entry.party),
                          grains(line.earned), Cell("", MoneyText(line.paid, entry.currency)),
                          grains(line.carry), grains(line.debt)});
  }
  return FormatTable(table, session.use_colour());
}

absl::Status ShowBalance(Session& session, const BalanceArguments& arguments) {
  if (arguments.party.empty()) return ListBalances(session, arguments);
  TRIBUTARY_ASSIGN_OR_RETURN(const PartyBalance found, ReadParty(session, arguments));
  session.Emit(
      [&] {
        Json balances = Json::array();
        for (const BalanceRow& row : found.rows) balances.push_back(RowJson(row));
        Json json{
            {"tree_size", found.tree_size}, {"party", arguments.party}, {"balances", balances}};
        if (!arguments.entries) return json;
        json["entries"] = Json::array();
        for (const Entry& entry : found.entries) json["entries"].push_back(EntryJson(entry));
        json["more"] = found.more;
        return json;
      },
      [&] {
        View view;
        view.table = BalanceTable(found.rows);
        if (found.rows.empty()) {
          view.closing = StrCat(EscapeForTerminal(arguments.party), " has no balance.\n");
        }
        if (arguments.entries) view.closing.append(EntriesText(session, found));
        if (found.more) view.closing.append("There are more: --limit 0 lists all.\n");
        return view;
      });
  return absl::OkStatus();
}

}  // namespace

void AddBalanceCommand(CLI::App* app, Session* session) {
  CLI::App* balance =
      AddCommand(app, "balance", "Show what a party may be paid, or the balances of all",
                 {"tributary balance ana --entries", "tributary balance --currency EUR --limit 0"});
  auto arguments = std::make_shared<BalanceArguments>();
  CLI::Option* party = balance->add_option("PARTY", arguments->party, "Party id; absent: all");
  balance->add_option("--currency", arguments->currency, "Only this currency");
  balance
      ->add_flag("--entries", arguments->entries,
                 "With PARTY: also the statements that it comes from")
      ->needs(party);
  balance->add_option("--payable-min", arguments->payable_min,
                      "Without PARTY: only with at least so many minor units payable");
  AddLimit(balance, &arguments->limit);
  AddTreeSize(balance, session, &arguments->tree_size);
  balance->callback([session, arguments] {
    session->action = [session, arguments] { return ShowBalance(*session, *arguments); };
  });
}

}  // namespace tributary::cli
