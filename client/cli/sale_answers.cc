#include "client/cli/sale_answers.h"

#include <array>

#include "client/cli/asset_ref.h"
#include "client/cli/share_lines.h"
#include "client/cli/statement_answers.h"
#include "client/cli/terminal.h"
#include "client/lib/convert.h"
#include "client/lib/settlement_answers.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

void PutHex(std::string_view key, const std::string& bytes, Json* json) {
  if (!bytes.empty()) (*json)[std::string(key)] = ToHex(bytes);
}

void PutTime(std::string_view key, std::int64_t ms, Json* json) {
  (*json)[std::string(key)] = FormatTime(TimeMs{static_cast<std::uint64_t>(ms < 0 ? 0 : ms)});
}

Grains Unchecked(const std::string& bytes) { return *GrainsOf(bytes); }

absl::Status SplitError(std::string_view what) {
  return absl::DataLossError(ToAbsl(StrCat("sale: ", what, " do not add up")));
}

Json FloorJson(const v1::FloorOutcome& floor) {
  return Json{{"role", NameOf(floor.role())},
              {"budget", GrainsText(floor.budget())},
              {"reached", GrainsText(floor.reached())},
              {"deducted", GrainsText(floor.deducted())}};
}

}  // namespace

absl::StatusOr<Json> SaleJson(const v1::SaleView& view, const CurrencyRecord& currency) {
  const v1::Sale& sale = view.sale();
  TRIBUTARY_ASSIGN_OR_RETURN(const MinorUnits amount, AmountOf(view.amount()));
  TRIBUTARY_ASSIGN_OR_RETURN(const MinorUnits recorded, AmountOf(sale.amount()));
  Json json{{"reference", sale.reference()},
            {"record_id", ToHex(view.record().record_id())},
            {"position", view.record().position()}};
  PutTime("accepted", view.record().accepted_ms(), &json);
  json["status"] = NameOf(view.status());
  json["asset"] = ToHex(view.asset());
  json["amount"] = MajorUnits(amount, currency);
  json["minor_units"] = view.amount();
  json["currency"] = sale.currency();
  json["valued_at"] = view.tree_size();
  PutHex("policy", view.policy(), &json);
  if (recorded.value != amount.value) json["recorded_minor_units"] = sale.amount();
  if (view.asset() != sale.asset()) json["recorded_asset"] = ToHex(sale.asset());
  if (sale.has_pending_until_ms()) PutTime("pending_until", sale.pending_until_ms(), &json);
  if (sale.has_sold_at_ms()) PutTime("sold_at", sale.sold_at_ms(), &json);
  if (!sale.attributes().empty()) {
    json["attributes"] = Json::array();
    for (const v1::Attribute& pair : sale.attributes()) {
      json["attributes"].push_back({pair.key(), pair.value()});
    }
  }
  PutHex("escrow_record_id", view.escrow_record().record_id(), &json);
  PutHex("reversal_record_id", view.reversal_record().record_id(), &json);
  PutHex("correction_record_id", view.correction_record().record_id(), &json);
  if (view.statement_number() != 0) json["statement"] = view.statement_number();
  if (!view.nothing_owed().empty()) json["nothing_owed"] = view.nothing_owed();
  return json;
}

absl::Status CheckSplit(const v1::SaleSplit& split) {
  for (const std::string* grains :
       {&split.gross(), &split.fees(), &split.absolute(), &split.remainder(), &split.relative(),
        &split.others_grains()}) {
    TRIBUTARY_RETURN_IF_ERROR(GrainsOf(*grains).status());
  }
  // Parts are taken off the whole, so that no sum of strangers can wrap.
  Grains left = Unchecked(split.gross());
  for (const std::string* part : {&split.fees(), &split.absolute(), &split.remainder()}) {
    if (Unchecked(*part) > left) return SplitError("fees, absolute terms and the remainder");
    left -= Unchecked(*part);
  }
  if (left != 0) return SplitError("fees, absolute terms and the remainder");
  left = Unchecked(split.remainder());
  if (Unchecked(split.relative()) > left) return SplitError("the parts of the remainder");
  left -= Unchecked(split.relative());
  for (const v1::FloorOutcome& floor : split.floors()) {
    TRIBUTARY_RETURN_IF_ERROR(GrainsOf(floor.budget()).status());
    TRIBUTARY_RETURN_IF_ERROR(GrainsOf(floor.reached()).status());
    TRIBUTARY_ASSIGN_OR_RETURN(const Grains deducted, GrainsOf(floor.deducted()));
    if (deducted > left) return SplitError("the parts of the remainder");
    left -= deducted;
  }
  if (left != 0) return SplitError("the parts of the remainder");
  left = Unchecked(split.gross());
  for (const v1::SaleLine& line : split.lines()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const Grains grains, GrainsOf(line.grains()));
    if (grains > left) return SplitError("the lines");
    left -= grains;
  }
  return left == Unchecked(split.others_grains()) ? absl::OkStatus() : SplitError("the lines");
}

Json SplitJson(const v1::SaleSplit& split, const CurrencyRecord& currency) {
  Json json{{"currency", currency.code},
            {"scale", currency.scale},
            {"fraction_bits", currency.fraction_bits}};
  PutHex("policy", split.policy(), &json);
  json["gross"] = GrainsText(split.gross());
  json["fees"] = GrainsText(split.fees());
  json["absolute"] = GrainsText(split.absolute());
  json["remainder"] = GrainsText(split.remainder());
  json["relative"] = GrainsText(split.relative());
  json["floors"] = Json::array();
  for (const v1::FloorOutcome& floor : split.floors()) json["floors"].push_back(FloorJson(floor));
  json["lines"] = Json::array();
  for (const v1::SaleLine& line : split.lines()) {
    Json one{{"payee", line.payee()}};
    if (!line.name().empty()) one["name"] = line.name();
    one["reason"] = line.reason();
    PutHex("hold", line.hold(), &one);
    one["grains"] = GrainsText(line.grains());
    json["lines"].push_back(one);
  }
  json["others_grains"] = GrainsText(split.others_grains());
  json["others_count"] = split.others_count();
  return json;
}

Table SplitTable(const v1::SaleSplit& split, const CurrencyRecord& currency) {
  Table table;
  table.columns = {{"Payee", "payee"},   {"Name", "name"}, {"Why", "reason"},
                   {"Amount", "", true}, {"Held", "hold"}, {"", "grains", true}};
  for (const v1::SaleLine& line : split.lines()) {
    table.rows.push_back({Cell(line.payee(), PayeeWords(line.payee())), Cell(line.name()),
                          Cell(line.reason()),
                          Cell("", GrainsMoneyText(Unchecked(line.grains()), currency)),
                          line.hold().empty() ? Cell() : Cell(ToHex(line.hold()), "on hold"),
                          Cell(GrainsText(line.grains()))});
  }
  if (split.others_count() > 0) {
    table.rows.push_back({Cell("others", StrCat("others (", split.others_count(), ")")), Cell(),
                          Cell(),
                          Cell("", GrainsMoneyText(Unchecked(split.others_grains()), currency)),
                          Cell(), Cell(GrainsText(split.others_grains()))});
  }
  return table;
}

absl::StatusOr<Json> SaleAdjustmentsJson(const v1::GetSaleResponse& response) {
  Json list = Json::array();
  for (const v1::SaleAdjustment& one : response.adjustments()) {
    const v1::AdjustmentView& view = one.adjustment();
    Json json{{"record_id", ToHex(view.record().record_id())},
              {"position", view.record().position()},
              {"mode", NameOf(view.adjustment().mode())},
              {"cause", ToHex(view.adjustment().cause())},
              {"statement_number", view.statement_number()}};
    if (view.posted_number() != 0) json["posted_number"] = view.posted_number();
    if (!view.adjustment().reason().empty()) json["reason"] = view.adjustment().reason();
    json["lines"] = Json::array();
    for (const v1::AdjustmentLine& message : one.lines()) {
      TRIBUTARY_ASSIGN_OR_RETURN(const AdjustmentLine line, FromProto(message));
      json["lines"].push_back(LineJson(line));
    }
    list.push_back(std::move(json));
  }
  return list;
}

absl::StatusOr<std::string> SaleAdjustmentsText(const v1::GetSaleResponse& response,
                                                const CurrencyRecord& currency) {
  std::string text;
  for (const v1::SaleAdjustment& one : response.adjustments()) {
    const v1::AdjustmentView& view = one.adjustment();
    const bool is_prospective = view.adjustment().mode() == v1::ADJUSTMENT_MODE_PROSPECTIVE;
    StrAppend(
        &text, "Adjusted later (", NameOf(view.adjustment().mode()), ", ",
        ShortId(view.record().record_id()), "…)",
        is_prospective              ? ", which moves nothing"
        : view.posted_number() == 0 ? ", waits for the next statement"
                                    : "",
        view.posted_number() == 0 ? std::string() : StrCat(", in statement ", view.posted_number()),
        one.lines().empty() ? ".\n" : ":\n");
    for (const v1::AdjustmentLine& message : one.lines()) {
      TRIBUTARY_ASSIGN_OR_RETURN(const AdjustmentLine line, FromProto(message));
      StrAppend(&text, "  ", PayeeWords(line.payee), " ",
                GrainsMoneyText(line.old_grains, currency), " -> ",
                GrainsMoneyText(line.new_grains, currency), "\n");
    }
  }
  return text;
}

std::string SplitSummary(const v1::SaleSplit& split, const CurrencyRecord& currency) {
  std::string text = StrCat(GrainsMoneyText(Unchecked(split.gross()), currency), " in all: fees ",
                            GrainsMoneyText(Unchecked(split.fees()), currency), ", absolute terms ",
                            GrainsMoneyText(Unchecked(split.absolute()), currency), ", by weights ",
                            GrainsMoneyText(Unchecked(split.relative()), currency));
  for (const v1::FloorOutcome& floor : split.floors()) {
    StrAppend(&text, ", for ", NameOf(floor.role()), " ",
              GrainsMoneyText(Unchecked(floor.deducted()), currency));
  }
  StrAppend(&text,
            ".\nAmounts below a minor unit are shown with four more decimals, cut off; "
            "statements carry them exactly.\n");
  return text;
}

}  // namespace tributary::cli
