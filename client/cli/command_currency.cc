// tributary currency record, currency list.

#include "client/cli/commands.h"
#include "client/cli/money.h"
#include "client/cli/pages.h"
#include "client/cli/record_fact.h"
#include "client/lib/convert.h"
#include "client/lib/settlement_answers.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

// Tokens of 18 decimals count 32 bits below their smallest unit, so that a total fits below 2^127.
constexpr unsigned kTokenScale = 18;
constexpr std::uint64_t kTokenFractionBits = 32;

struct CurrencyArguments {
  std::string code;
  std::string name;
  std::optional<std::uint64_t> scale;
  std::optional<std::uint64_t> fraction_bits;
  std::uint64_t tree_size = 0;
  RecordFlags flags;
};

absl::Status RecordCurrency(Session& session, const CurrencyArguments& arguments) {
  std::uint64_t scale = arguments.scale.value_or(0);
  if (!arguments.scale.has_value()) {
    const absl::StatusOr<unsigned> known = CurrencyScale(arguments.code);
    if (!known.ok()) return UsageError(known.status());
    scale = *known;
  }
  FactLine line = NewLine(TypeName(CurrencyRecord{}));
  PutText("code", arguments.code, &line.fields);
  PutText("name", arguments.name, &line.fields);
  line.fields.emplace("scale", scale);
  line.fields.emplace("fraction_bits",
                      arguments.fraction_bits.value_or(scale >= kTokenScale ? kTokenFractionBits
                                                                            : kFractionBitsMax));
  return RecordFact(session, std::move(line), arguments.flags);
}

Json CurrencyJson(const v1::CurrencyView& view) {
  Json json{{"code", view.currency().code()},
            {"scale", view.currency().scale()},
            {"fraction_bits", view.currency().fraction_bits()}};
  if (!view.currency().name().empty()) json["name"] = view.currency().name();
  json["record_id"] = ToHex(view.record().record_id());
  json["position"] = view.record().position();
  return json;
}

absl::Status ListCurrencies(Session& session, const CurrencyArguments& arguments) {
  v1::ListCurrenciesRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  request.set_ledger(ledger);
  SetReadPoint(arguments.tree_size, &request);
  std::vector<v1::CurrencyView> currencies;
  std::uint64_t tree_size = 0;
  bool more = false;
  TRIBUTARY_RETURN_IF_ERROR(ReadPages(session, &v1::SettlementService::Stub::ListCurrencies,
                                      request, 0, &more,
                                      [&](const v1::ListCurrenciesResponse& page) {
                                        for (const auto& each : page.currencies())
                                          currencies.push_back(each);
                                        tree_size = page.tree_size();
                                        return static_cast<std::size_t>(page.currencies_size());
                                      }));
  session.Emit(
      [&] {
        Json list = Json::array();
        for (const v1::CurrencyView& view : currencies) list.push_back(CurrencyJson(view));
        return Json{{"tree_size", tree_size}, {"currencies", list}};
      },
      [&] {
        View view;
        view.table.columns = {{"Currency", "code"},        {"Name", "name"},
                              {"Decimals", "scale", true}, {"", "fraction_bits"},
                              {"", "record_id"},           {"Position", "position", true}};
        for (const v1::CurrencyView& each : currencies) {
          view.table.rows.push_back({Cell(each.currency().code()), Cell(each.currency().name()),
                                     Cell(std::to_string(each.currency().scale())),
                                     Cell(std::to_string(each.currency().fraction_bits())),
                                     Cell(ToHex(each.record().record_id())),
                                     Cell(std::to_string(each.record().position()))});
        }
        if (currencies.empty()) view.closing = "No currency on record.\n";
        return view;
      });
  return absl::OkStatus();
}

}  // namespace

void AddCurrencyCommand(CLI::App* app, Session* session) {
  CLI::App* currency = app->add_subcommand("currency", "Currencies in which a ledger counts sales");
  currency->require_subcommand(1);

  CLI::App* record =
      AddCommand(currency, "record", "Register a currency; it is fixed for ever",
                 {"tributary currency record EUR",
                  "tributary currency record eip155:1/slip44:60 --name Ether --scale 18"});
  auto arguments = std::make_shared<CurrencyArguments>();
  record->add_option("CODE", arguments->code, "ISO 4217 code, or the CAIP-19 asset type of a token")
      ->required();
  record->add_option("--scale", arguments->scale,
                     "Decimals of the major unit, 0 to 30; absent: as ISO 4217 says");
  record->add_option("--fraction-bits", arguments->fraction_bits,
                     "Bits of a minor unit that are counted, 1 to 64; absent: 64, or 32 from 18 "
                     "decimals on");
  record->add_option("--name", arguments->name, "Name for people");
  OnChosen(record, session, arguments, &RecordCurrency);

  CLI::App* list =
      AddCommand(currency, "list", "List the ledger's currencies", {"tributary currency list"});
  auto list_arguments = std::make_shared<CurrencyArguments>();
  AddTreeSize(list, session, &list_arguments->tree_size);
  list->callback([session, list_arguments] {
    session->action = [session, list_arguments] {
      return ListCurrencies(*session, *list_arguments);
    };
  });
}

}  // namespace tributary::cli
