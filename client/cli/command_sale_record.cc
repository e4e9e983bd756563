// tributary sale record, post, void, reverse, correct.

#include "client/cli/asset_ref.h"
#include "client/cli/commands.h"
#include "client/cli/ledger_money.h"
#include "client/cli/record_fact.h"
#include "client/cli/sale_ref.h"
#include "client/cli/stored_record.h"
#include "client/lib/convert.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

struct SaleArguments {
  std::string sale;  // reference; of the others than `record` also a record id
  std::string asset;
  std::string amount;
  std::string minor_units;
  std::string currency;
  std::string policy;
  std::optional<std::uint64_t> valued_at;
  std::string pending_until;
  std::string sold_at;
  std::vector<std::string> attributes;
  std::string reason;
  RecordFlags flags;
};

// What a sale and a correction of one have in common.
absl::Status PutTerms(Session& session, const SaleArguments& arguments, JsonValue::Object* fields) {
  if (!arguments.asset.empty()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const std::string asset, AssetIdOf(session, arguments.asset));
    PutText("asset", asset, fields);
  }
  if (!arguments.policy.empty()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const Digest policy,
                               VersionIdOf(session, Versioned::kPolicy, arguments.policy, 0));
    PutText("policy", policy.ToHex(), fields);
  }
  if (arguments.valued_at.has_value()) fields->emplace("tree_size", *arguments.valued_at);
  return absl::OkStatus();
}

// Minor units are taken as they are; major units need the currency's decimals.
absl::StatusOr<std::string> AmountIn(Session& session, const SaleArguments& arguments,
                                     const std::string& code) {
  CurrencyRecord currency{.code = code};
  if (!arguments.amount.empty()) {
    Currencies currencies(session, 0);
    TRIBUTARY_ASSIGN_OR_RETURN(currency, currencies.Find(code));
  }
  return MinorUnitsFrom(arguments.amount, arguments.minor_units, currency);
}

absl::Status RecordSale(Session& session, const SaleArguments& arguments) {
  FactLine line = NewLine(TypeName(SaleRecord{}));
  PutText("reference", arguments.sale, &line.fields);
  TRIBUTARY_RETURN_IF_ERROR(PutTerms(session, arguments, &line.fields));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string amount,
                             AmountIn(session, arguments, arguments.currency));
  PutText("amount", amount, &line.fields);
  PutText("currency", arguments.currency, &line.fields);
  PutText("pending_until", arguments.pending_until, &line.fields);
  PutText("sold_at", arguments.sold_at, &line.fields);
  TRIBUTARY_RETURN_IF_ERROR(PutPairs("attributes", arguments.attributes, &line.fields));
  return RecordFact(session, std::move(line), arguments.flags);
}

absl::Status RecordOutcome(Session& session, const SaleArguments& arguments,
                           std::string_view outcome) {
  FactLine line = NewLine(TypeName(EscrowRecord{}));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string id, SaleIdOf(session, arguments.sale));
  PutText("sale", id, &line.fields);
  PutText("outcome", outcome, &line.fields);
  PutText("reason", arguments.reason, &line.fields);
  return RecordFact(session, std::move(line), arguments.flags);
}

absl::Status PostSale(Session& session, const SaleArguments& arguments) {
  return RecordOutcome(session, arguments, ToName(EscrowOutcome::kPosted));
}

absl::Status VoidSale(Session& session, const SaleArguments& arguments) {
  return RecordOutcome(session, arguments, ToName(EscrowOutcome::kVoided));
}

absl::Status ReverseSale(Session& session, const SaleArguments& arguments) {
  FactLine line = NewLine(TypeName(ReversalRecord{}));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string id, SaleIdOf(session, arguments.sale));
  PutText("sale", id, &line.fields);
  PutText("reason", arguments.reason, &line.fields);
  return RecordFact(session, std::move(line), arguments.flags);
}

absl::Status CorrectSale(Session& session, const SaleArguments& arguments) {
  FactLine line = NewLine(TypeName(CorrectionRecord{}));
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::GetSaleResponse sale,
                             FetchSale(session, arguments.sale, v1::GetSaleRequest()));
  PutText("sale", ToHex(sale.sale().record().record_id()), &line.fields);
  TRIBUTARY_RETURN_IF_ERROR(PutTerms(session, arguments, &line.fields));
  if (!arguments.amount.empty() || !arguments.minor_units.empty()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const std::string amount,
                               AmountIn(session, arguments, sale.sale().sale().currency()));
    PutText("amount", amount, &line.fields);
  }
  PutText("reason", arguments.reason, &line.fields);
  return RecordFact(session, std::move(line), arguments.flags);
}

void AddTerms(CLI::App* command, SaleArguments* arguments) {
  CLI::Option* amount = command->add_option("--amount", arguments->amount,
                                            "Such as 125.00; no more decimals than it has");
  command
      ->add_option("--minor-units", arguments->minor_units, "Whole minor units instead: cents, wei")
      ->excludes(amount);
  command->add_option("--policy", arguments->policy,
                      "How it is cut: name (the version in force) or id of a policy");
  command->add_option("--valued-at", arguments->valued_at,
                      "Ledger version whose lineage counts; absent: the sale's own");
}

void AddRecord(CLI::App* sale, Session* session) {
  CLI::App* record = AddCommand(
      sale, "record", "Record a sale; the same reference and content may be sent again",
      {"tributary sale record order-123 --asset first-sale:output --amount 125.00 --currency EUR",
       "tributary sale record order-124 --asset 3fa9c1 --minor-units 500 --currency JPY \\",
       "    --policy example/market --pending-until 2026-02-01T00:00:00.000Z"});
  auto arguments = std::make_shared<SaleArguments>();
  record->add_option("REFERENCE", arguments->sale, "The seller's own, such as an order number")
      ->required();
  record->add_option("--asset", arguments->asset, "What was sold")->required();
  record->add_option("--currency", arguments->currency, "Code of a currency of the ledger")
      ->required();
  AddTerms(record, arguments.get());
  record->add_option("--pending-until", arguments->pending_until,
                     "It counts only if it is posted before this time");
  record->add_option("--sold-at", arguments->sold_at, "Time of the sale, for information");
  record->add_option("--attribute", arguments->attributes, "KEY=VALUE; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  OnChosen(record, session, arguments, &RecordSale);
}

void AddOutcome(CLI::App* sale, Session* session, const std::string& name,
                const std::string& description,
                absl::Status (*run)(Session&, const SaleArguments&)) {
  CLI::App* command =
      AddCommand(sale, name, description, {StrCat("tributary sale ", name, " order-123")});
  auto arguments = std::make_shared<SaleArguments>();
  command->add_option("SALE", arguments->sale, "Reference, or the id of its record")->required();
  command->add_option("--reason", arguments->reason, "Why");
  OnChosen(command, session, arguments, run);
}

void AddCorrect(CLI::App* sale, Session* session) {
  CLI::App* correct = AddCommand(
      sale, "correct",
      "Record what a sale should have said; a later correction starts from the sale again",
      {"tributary sale correct order-123 --amount 12.50 --reason 'wrong price'",
       "tributary sale correct order-123 --asset 3fa9c1 --supersedes RECORD_ID"});
  auto arguments = std::make_shared<SaleArguments>();
  correct->add_option("SALE", arguments->sale, "Reference, or the id of its record")->required();
  correct->add_option("--asset", arguments->asset, "What was sold");
  AddTerms(correct, arguments.get());
  correct->add_option("--reason", arguments->reason, "Why");
  OnChosen(correct, session, arguments, &CorrectSale);
}

}  // namespace

void AddSaleRecordCommands(CLI::App* sale, Session* session) {
  AddRecord(sale, session);
  AddOutcome(sale, session, "post", "Let a pending sale count", &PostSale);
  AddOutcome(sale, session, "void", "Let a pending sale never count", &VoidSale);
  AddOutcome(sale, session, "reverse", "Take a sale back whole", &ReverseSale);
  AddCorrect(sale, session);
}

}  // namespace tributary::cli
