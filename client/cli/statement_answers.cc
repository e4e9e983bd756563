#include "client/cli/statement_answers.h"

#include "client/lib/convert.h"
#include "client/lib/settlement_answers.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

// Grains as an amount for people and exactly for programs; one that is 0 shows as nothing.
Cell GrainsCell(Grains grains, const CurrencyRecord& currency) {
  return Cell(ToDecimal(grains), grains == 0 ? " " : GrainsMoneyText(grains, currency));
}

Cell MoneyCell(MinorUnits amount, const CurrencyRecord& currency) {
  return Cell(ToDecimal(amount.value), MoneyText(amount, currency));
}

}  // namespace

absl::StatusOr<Json> TotalJson(const v1::StatementTotal& message, const CurrencyRecord& currency) {
  TRIBUTARY_ASSIGN_OR_RETURN(const StatementTotal total, FromProto(message));
  return Json{{"currency", total.currency},
              {"scale", currency.scale},
              {"fraction_bits", total.fraction_bits},
              {"sale_count", total.sale_count},
              {"amount", MajorUnits(total.amount, currency)},
              {"minor_units", ToDecimal(total.amount.value)},
              {"opening_carry", ToDecimal(total.opening_carry)},
              {"opening_debt", ToDecimal(total.opening_debt)},
              {"adjusted_up", ToDecimal(total.adjusted_up)},
              {"adjusted_down", ToDecimal(total.adjusted_down)},
              {"paid", MajorUnits(total.paid, currency)},
              {"paid_minor_units", ToDecimal(total.paid.value)},
              {"released", MajorUnits(total.released, currency)},
              {"released_minor_units", ToDecimal(total.released.value)},
              {"carry", ToDecimal(total.carry)},
              {"debt", ToDecimal(total.debt)}};
}

Json StatementJson(const v1::Statement& statement) {
  Json json{{"number", statement.number()}};
  if (!statement.previous().empty()) json["previous"] = ToHex(statement.previous());
  json["begin"] = statement.begin();
  json["end"] = statement.end();
  if (!statement.policy().empty()) json["policy"] = ToHex(statement.policy());
  json["algorithm"] = statement.algorithm();
  json["line_count"] = statement.line_count();
  json["lines_root"] = ToHex(statement.lines_root());
  return json;
}

Json AdjustmentJson(const v1::Adjustment& adjustment) {
  Json json{{"statement", ToHex(adjustment.statement())}, {"cause", ToHex(adjustment.cause())}};
  if (adjustment.mode() != v1::ADJUSTMENT_MODE_UNSPECIFIED) {
    json["mode"] = NameOf(adjustment.mode());
  }
  json["tree_size"] = adjustment.tree_size();
  json["algorithm"] = adjustment.algorithm();
  json["line_count"] = adjustment.line_count();
  json["lines_root"] = ToHex(adjustment.lines_root());
  if (!adjustment.reason().empty()) json["reason"] = adjustment.reason();
  return json;
}

Json LineJson(const StatementLine& line, const CurrencyRecord& currency) {
  return Json{{"payee", line.payee},
              {"currency", line.currency},
              {"opening_carry", ToDecimal(line.opening_carry)},
              {"opening_debt", ToDecimal(line.opening_debt)},
              {"earned", ToDecimal(line.earned)},
              {"adjusted_up", ToDecimal(line.adjusted_up)},
              {"adjusted_down", ToDecimal(line.adjusted_down)},
              {"paid", MajorUnits(line.paid, currency)},
              {"paid_minor_units", ToDecimal(line.paid.value)},
              {"released", MajorUnits(line.released, currency)},
              {"released_minor_units", ToDecimal(line.released.value)},
              {"carry", ToDecimal(line.carry)},
              {"debt", ToDecimal(line.debt)}};
}

Json LineJson(const AdjustmentLine& line) {
  return Json{{"payee", line.payee},
              {"currency", line.currency},
              {"old", ToDecimal(line.old_grains)},
              {"new", ToDecimal(line.new_grains)},
              {"increase", ToDecimal(line.increase())},
              {"decrease", ToDecimal(line.decrease())}};
}

// What adjustments add, or take with a sign; a blank where there is none.
std::string Adjusted(const StatementLine& line, const CurrencyRecord& currency) {
  if (line.adjusted_up > line.adjusted_down) {
    return GrainsMoneyText(line.adjusted_up - line.adjusted_down, currency);
  }
  if (line.adjusted_up == line.adjusted_down) return " ";
  return "-" + GrainsMoneyText(line.adjusted_down - line.adjusted_up, currency);
}

std::string TakenBack(const StatementLine& line, const CurrencyRecord& currency) {
  if (line.released.value == 0) return " ";
  return StrCat(MajorUnits(line.released, currency), " ", currency.code);
}

Table LineTable(const std::vector<StatementLine>& lines,
                const std::vector<CurrencyRecord>& currencies) {
  Table table;
  table.columns = {{"Payee", "payee"},
                   {"", "currency"},
                   {"", "opening_carry"},
                   {"", "opening_debt"},
                   {"Brought forward", "", true},
                   {"Earned", "earned", true},
                   {"", "adjusted_up"},
                   {"", "adjusted_down"},
                   {"Adjusted", "", true},
                   {"Paid or held", "paid_minor_units", true},
                   {"", "released_minor_units"},
                   {"Taken back", "", true},
                   {"Carried", "carry", true},
                   {"Owed", "debt", true}};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const StatementLine& line = lines[i];
    const CurrencyRecord& currency = currencies[i];
    const std::string forward =
        line.opening_debt != 0    ? "-" + GrainsMoneyText(line.opening_debt, currency)
        : line.opening_carry != 0 ? GrainsMoneyText(line.opening_carry, currency)
                                  : " ";
    table.rows.push_back({Cell(line.payee, PayeeWords(line.payee)), Cell(line.currency),
                          Cell(ToDecimal(line.opening_carry)), Cell(ToDecimal(line.opening_debt)),
                          Cell("", forward), GrainsCell(line.earned, currency),
                          Cell(ToDecimal(line.adjusted_up)), Cell(ToDecimal(line.adjusted_down)),
                          Cell("", Adjusted(line, currency)), MoneyCell(line.paid, currency),
                          Cell(ToDecimal(line.released.value)), Cell("", TakenBack(line, currency)),
                          GrainsCell(line.carry, currency), GrainsCell(line.debt, currency)});
  }
  return table;
}

Table LineTable(const std::vector<AdjustmentLine>& lines,
                const std::vector<CurrencyRecord>& currencies) {
  Table table;
  table.columns = {{"Payee", "payee"},   {"", "currency"},           {"Old", "old", true},
                   {"New", "new", true}, {"More", "increase", true}, {"Less", "decrease", true}};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const AdjustmentLine& line = lines[i];
    table.rows.push_back(
        {Cell(line.payee, PayeeWords(line.payee)), Cell(line.currency),
         GrainsCell(line.old_grains, currencies[i]), GrainsCell(line.new_grains, currencies[i]),
         GrainsCell(line.increase(), currencies[i]), GrainsCell(line.decrease(), currencies[i])});
  }
  return table;
}

absl::StatusOr<Table> TotalTable(const v1::Statement& statement,
                                 const std::vector<CurrencyRecord>& currencies) {
  Table table;
  table.columns = {{"Currency", "currency"},
                   {"Sales", "sale_count", true},
                   {"Sold", "minor_units", true},
                   {"Paid or held", "paid_minor_units", true},
                   {"Taken back", "released_minor_units", true},
                   {"Carried", "carry", true},
                   {"Owed", "debt", true}};
  for (int i = 0; i < statement.totals_size(); ++i) {
    TRIBUTARY_ASSIGN_OR_RETURN(const StatementTotal total, FromProto(statement.totals(i)));
    const CurrencyRecord& currency = currencies[static_cast<std::size_t>(i)];
    table.rows.push_back({Cell(total.currency), Cell(std::to_string(total.sale_count)),
                          MoneyCell(total.amount, currency), MoneyCell(total.paid, currency),
                          MoneyCell(total.released, currency), GrainsCell(total.carry, currency),
                          GrainsCell(total.debt, currency)});
  }
  return table;
}

absl::StatusOr<std::vector<CurrencyRecord>> CurrenciesOf(const v1::Statement& statement,
                                                         Currencies* currencies) {
  std::vector<CurrencyRecord> found;
  for (const v1::StatementTotal& total : statement.totals()) {
    TRIBUTARY_ASSIGN_OR_RETURN(CurrencyRecord currency, currencies->Find(total.currency()));
    found.push_back(std::move(currency));
  }
  return found;
}

}  // namespace tributary::cli
