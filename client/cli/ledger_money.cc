#include "client/cli/ledger_money.h"

#include <algorithm>
#include <array>
#include <utility>

#include "client/cli/asset_ref.h"
#include "client/cli/money.h"
#include "client/cli/terminal.h"
#include "client/lib/settlement_answers.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

constexpr unsigned kExtraDecimals = 4;
constexpr unsigned kExtraUnits = 10'000;  // 10^kExtraDecimals

}  // namespace

absl::StatusOr<CurrencyRecord> Currencies::Find(const std::string& code) {
  if (const auto found = known_.find(code); found != known_.end()) return found->second;
  v1::ListCurrenciesRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session_.Ledger());
  request.set_ledger(ledger);
  request.set_code(code);
  SetReadPoint(tree_size_, &request);
  TRIBUTARY_ASSIGN_OR_RETURN(
      const v1::ListCurrenciesResponse response,
      session_.client().Call(&v1::SettlementService::Stub::ListCurrencies, request));
  if (response.currencies().empty()) {
    return FieldError(
        absl::StatusCode::kNotFound, "currency", Quoted(code),
        StrCat("a currency of ledger ", Quoted(ledger), "; `tributary currency record` adds one"));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(CurrencyRecord currency, FromProto(response.currencies(0).currency()));
  return known_.emplace(code, std::move(currency)).first->second;
}

std::string MajorUnits(MinorUnits amount, const CurrencyRecord& currency) {
  return FormatAmount(ToDecimal(amount.value), static_cast<unsigned>(currency.scale));
}

std::string MoneyText(MinorUnits amount, const CurrencyRecord& currency) {
  return StrCat(MajorUnits(amount, currency), " ", EscapeForTerminal(currency.code));
}

std::string GrainsMoneyText(Grains grains, const CurrencyRecord& currency) {
  const auto bits = static_cast<unsigned>(currency.fraction_bits);
  const Grains below = grains & ((Grains{1} << bits) - 1);
  // Below 2^127 grains of at least one bit a unit, 10^4 times as many units fit in 128 bits only
  // apart.
  std::string units = ToDecimal(grains >> bits);
  std::string extra = ToDecimal(below * kExtraUnits >> bits);
  extra.insert(0, kExtraDecimals - extra.size(), '0');
  if (units == "0") units.clear();
  units.append(extra);
  const std::size_t first = units.find_first_not_of('0');
  units.erase(0, std::min(first, units.size() - 1));
  return StrCat(FormatAmount(units, static_cast<unsigned>(currency.scale) + kExtraDecimals), " ",
                EscapeForTerminal(currency.code));
}

absl::StatusOr<std::string> MinorUnitsFrom(std::string_view amount, std::string_view minor_units,
                                           const CurrencyRecord& currency) {
  if (amount.empty() == minor_units.empty()) {
    return UsageError(InvalidField("amount", amount.empty() ? "no amount" : "two amounts",
                                   "one of --amount and --minor-units"));
  }
  auto parsed = amount.empty() ? ParseMinorUnits(minor_units)
                               : ParseAmount(amount, static_cast<unsigned>(currency.scale));
  if (!parsed.ok()) return UsageError(parsed.status());
  return parsed;
}

std::string PayeeWords(std::string_view key) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kHeld = {{
      {"hold:", "on hold: "},
      {"unclaimed:", "no payee on record: "},
      {"undisclosed:", "source not disclosed: "},
  }};
  for (const auto& [prefix, words] : kHeld) {
    if (!key.starts_with(prefix)) continue;
    const std::string_view id = key.substr(prefix.size());
    return StrCat(words, EscapeForTerminal(id.substr(0, kShortIdDigits)),
                  id.size() > kShortIdDigits ? "…" : "");
  }
  constexpr std::string_view kParty = "party:";
  return EscapeForTerminal(key.starts_with(kParty) ? key.substr(kParty.size()) : key);
}

}  // namespace tributary::cli
