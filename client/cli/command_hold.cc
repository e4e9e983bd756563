// tributary hold place, release, list.

#include "client/cli/asset_ref.h"
#include "client/cli/commands.h"
#include "client/cli/file_id.h"
#include "client/cli/ledger_money.h"
#include "client/cli/pages.h"
#include "client/cli/record_fact.h"
#include "client/cli/sale_ref.h"
#include "client/lib/convert.h"
#include "client/lib/settlement_answers.h"
#include "graph/model/status.h"
#include "graph/settlement/written_weights.h"

namespace tributary::cli {
namespace {

using Stub = v1::SettlementService::Stub;

struct HoldArguments {
  std::string hold;
  std::string asset;
  std::string party;
  std::string derivation;
  std::string sale;
  std::string claimant;
  std::string evidence_digest;
  std::string evidence_file;
  std::vector<std::string> recipients;
  std::string reason;
  bool all = false;
  LimitArgument limit;
  std::uint64_t tree_size = 0;
  RecordFlags flags;
};

absl::Status PutEvidence(const HoldArguments& arguments, JsonValue::Object* fields) {
  PutText("evidence_digest", arguments.evidence_digest, fields);
  if (arguments.evidence_file.empty()) return absl::OkStatus();
  TRIBUTARY_ASSIGN_OR_RETURN(const FileId file, HashFile(arguments.evidence_file));
  PutText("evidence_digest", file.id.ToHex(), fields);
  return absl::OkStatus();
}

// --- place ---

absl::Status PlaceHold(Session& session, const HoldArguments& arguments) {
  FactLine line = NewLine(TypeName(HoldRecord{}));
  PutText("reference", arguments.hold, &line.fields);
  if (!arguments.asset.empty()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const std::string asset, AssetIdOf(session, arguments.asset));
    PutText("asset", asset, &line.fields);
  }
  if (!arguments.sale.empty()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const std::string sale, SaleIdOf(session, arguments.sale));
    PutText("sale", sale, &line.fields);
  }
  PutText("party", arguments.party, &line.fields);
  PutText("derivation", arguments.derivation, &line.fields);
  PutText("claimant", arguments.claimant, &line.fields);
  PutText("reason", arguments.reason, &line.fields);
  TRIBUTARY_RETURN_IF_ERROR(PutEvidence(arguments, &line.fields));
  return RecordFact(session, std::move(line), arguments.flags);
}

// --- list ---

struct HoldList {
  std::vector<v1::HoldView> holds;
  std::uint64_t tree_size = 0;
  bool more = false;
};

absl::StatusOr<HoldList> ReadHolds(Session& session, bool include_released, std::uint64_t tree_size,
                                   std::uint64_t count_max) {
  v1::ListHoldsRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  request.set_ledger(ledger);
  request.set_include_released(include_released);
  SetReadPoint(tree_size, &request);
  HoldList list;
  TRIBUTARY_RETURN_IF_ERROR(ReadPages(session, &Stub::ListHolds, request, count_max, &list.more,
                                      [&list](const v1::ListHoldsResponse& page) {
                                        for (const auto& each : page.holds()) {
                                          list.holds.push_back(each);
                                        }
                                        list.tree_size = page.tree_size();
                                        return static_cast<std::size_t>(page.holds_size());
                                      }));
  return list;
}

// What a hold is on: the key of the record, and its value.
std::pair<std::string_view, std::string> SubjectOf(const v1::Hold& hold) {
  if (!hold.asset().empty()) return {"asset", ToHex(hold.asset())};
  if (!hold.party().empty()) return {"party", hold.party()};
  if (!hold.derivation().empty()) return {"derivation", ToHex(hold.derivation())};
  return {"sale", ToHex(hold.sale())};
}

// The amounts on the line of a hold. Errors: kDataLoss.
absl::StatusOr<Json> HeldJson(const v1::HoldView& view) {
  Json list = Json::array();
  for (const v1::HeldAmount& held : view.held()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const CurrencyRecord currency, FromProto(held.currency()));
    TRIBUTARY_ASSIGN_OR_RETURN(const MinorUnits amount, AmountOf(held.held()));
    TRIBUTARY_ASSIGN_OR_RETURN(const Grains carry, GrainsOf(held.carry()));
    list.push_back({{"currency", currency.code},
                    {"amount", MajorUnits(amount, currency)},
                    {"minor_units", held.held()},
                    {"carry", ToDecimal(carry)}});
  }
  return list;
}

absl::StatusOr<Json> HoldJson(const v1::HoldView& view) {
  const v1::Hold& hold = view.hold();
  const auto [key, subject] = SubjectOf(hold);
  Json json{{"reference", hold.reference()},
            {"record_id", ToHex(view.record().record_id())},
            {"position", view.record().position()},
            {std::string(key), subject},
            {"reason", hold.reason()}};
  if (!hold.claimant().empty()) json["claimant"] = hold.claimant();
  if (!hold.evidence_digest().empty()) json["evidence_digest"] = ToHex(hold.evidence_digest());
  TRIBUTARY_ASSIGN_OR_RETURN(json["held"], HeldJson(view));
  if (!view.has_release()) return json;
  json["outcome"] = NameOf(view.release().outcome());
  json["release_record_id"] = ToHex(view.release_record().record_id());
  return json;
}

std::string HeldWords(const Json& held) {
  std::string text;
  for (const Json& each : held) {
    StrAppend(&text, text.empty() ? "" : ", ", each["amount"].get<std::string>(), " ",
              each["currency"].get<std::string>());
  }
  return text;
}

absl::Status ListHolds(Session& session, const HoldArguments& arguments) {
  TRIBUTARY_ASSIGN_OR_RETURN(const HoldList list,
                             ReadHolds(session, arguments.all, arguments.tree_size,
                                       arguments.limit.CountMax(session.output)));
  Json holds = Json::array();
  for (const v1::HoldView& hold : list.holds) {
    TRIBUTARY_ASSIGN_OR_RETURN(Json json, HoldJson(hold));
    holds.push_back(std::move(json));
  }
  session.Emit(
      [&] {
        return Json{{"tree_size", list.tree_size}, {"holds", holds}, {"more", list.more}};
      },
      [&] {
        View view;
        view.table.columns = {{"Reference", "reference"},
                              {"On", "subject_kind"},
                              {"", "subject"},
                              {"Subject", ""},
                              {"Held", "held"},
                              {"Reason", "reason"},
                              {"State", "state"},
                              {"", "record_id"}};
        for (std::size_t i = 0; i < list.holds.size(); ++i) {
          const v1::HoldView& hold = list.holds[i];
          const auto [key, subject] = SubjectOf(hold.hold());
          const bool is_id = key != "party";
          view.table.rows.push_back(
              {Cell(hold.hold().reference()), Cell(std::string(key)), Cell(subject),
               Cell(is_id ? subject.substr(0, kShortIdDigits) : subject),
               Cell(HeldWords(holds[i]["held"])), Cell(hold.hold().reason()),
               Cell(hold.has_release() ? std::string(NameOf(hold.release().outcome()))
                                       : "in force"),
               Cell(ToHex(hold.record().record_id()))});
        }
        if (list.holds.empty())
          view.closing = arguments.all ? "No hold on record.\n" : "No hold is in force.\n";
        else if (list.more)
          view.closing = "There are more: --limit 0 lists all.\n";
        return view;
      });
  return absl::OkStatus();
}

// --- release ---

// The id of the hold with this reference; where there is none, the text as an id.
absl::StatusOr<std::string> HoldIdOf(Session& session, const std::string& text) {
  v1::GetHoldRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  request.set_ledger(ledger);
  request.set_reference(text);
  const auto response = session.client().Call(&Stub::GetHold, request);
  if (response.ok()) return ToHex(response->hold().record().record_id());
  if (absl::IsNotFound(response.status()) && Digest::FromHex(text).ok()) return text;
  return response.status();
}

absl::Status PutRecipients(const std::vector<std::string>& texts, JsonValue::Object* fields) {
  std::vector<std::string> written;
  for (const std::string& text : texts) {
    // A party id may hold `=`; units never do.
    const std::size_t equals = text.rfind('=');
    if (equals == text.npos) {
      return UsageError(InvalidField("recipients", Quoted(text), "PARTY=UNITS"));
    }
    written.push_back(text.substr(equals + 1));
  }
  const auto units = ToExactUnits(written);
  if (!units.ok()) return UsageError(units.status());
  JsonValue::List recipients;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    recipients.push_back(JsonValue::Object{{"party", texts[i].substr(0, texts[i].rfind('='))},
                                           {"units", std::to_string((*units)[i])}});
  }
  fields->emplace("recipients", std::move(recipients));
  return absl::OkStatus();
}

absl::Status ReleaseHold(Session& session, const HoldArguments& arguments) {
  FactLine line = NewLine(TypeName(HoldReleaseRecord{}));
  const bool rerouted = !arguments.recipients.empty();
  if (rerouted) TRIBUTARY_RETURN_IF_ERROR(PutRecipients(arguments.recipients, &line.fields));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string hold, HoldIdOf(session, arguments.hold));
  PutText("hold", hold, &line.fields);
  PutText("outcome", ToName(rerouted ? HoldOutcome::kRerouted : HoldOutcome::kReleased),
          &line.fields);
  PutText("reason", arguments.reason, &line.fields);
  TRIBUTARY_RETURN_IF_ERROR(PutEvidence(arguments, &line.fields));
  return RecordFact(session, std::move(line), arguments.flags);
}

// --- The commands ---

void AddEvidence(CLI::App* command, HoldArguments* arguments) {
  CLI::Option* file = command->add_option("--evidence-file", arguments->evidence_file,
                                          "File that is hashed here; its bytes are not sent");
  command
      ->add_option("--evidence-digest", arguments->evidence_digest,
                   "SHA-256 of the evidence, 64 hex digits")
      ->excludes(file);
}

void AddPlace(CLI::App* hold, Session* session) {
  CLI::App* place =
      AddCommand(hold, "place", "Keep money from being paid while it is in dispute",
                 {"tributary hold place claim-7 --asset 3fa9c1 --reason 'not theirs' \\",
                  "    --claimant ana --evidence-file complaint.pdf",
                  "tributary hold place claim-8 --sale order-123 --reason chargeback"});
  auto arguments = std::make_shared<HoldArguments>();
  place->add_option("REFERENCE", arguments->hold, "A name of your own for the hold")->required();
  CLI::Option_group* subject = place->add_option_group("Subject", "What is held; exactly one");
  subject->add_option("--asset", arguments->asset, "What this asset keeps itself");
  subject->add_option("--party", arguments->party, "What would be paid to this party");
  subject->add_option("--derivation", arguments->derivation,
                      "Id of a derivation's record: all that reaches what it generated");
  subject->add_option("--sale", arguments->sale, "All of this sale");
  subject->require_option(1);
  place->add_option("--reason", arguments->reason, "Why")->required();
  place->add_option("--claimant", arguments->claimant, "Party that claims it");
  AddEvidence(place, arguments.get());
  OnChosen(place, session, arguments, &PlaceHold);
}

void AddRelease(CLI::App* hold, Session* session) {
  CLI::App* release = AddCommand(
      hold, "release",
      "End a hold. What closed statements hold moves by an adjustment of which this record is the "
      "cause",
      {"tributary hold release claim-7 --reason settled",
       "tributary hold release claim-7 --to ana=2 --to ben=1"});
  auto arguments = std::make_shared<HoldArguments>();
  release->add_option("HOLD", arguments->hold, "Reference, or the id of its record")->required();
  release
      ->add_option("--to", arguments->recipients,
                   "PARTY=UNITS: who gets it instead; may be repeated. Absent: who would have "
                   "got it without the hold")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  release->add_option("--reason", arguments->reason, "Why");
  AddEvidence(release, arguments.get());
  OnChosen(release, session, arguments, &ReleaseHold);
}

void AddList(CLI::App* hold, Session* session) {
  CLI::App* list = AddCommand(hold, "list", "List holds and what they hold",
                              {"tributary hold list", "tributary hold list --all"});
  auto arguments = std::make_shared<HoldArguments>();
  list->add_flag("--all", arguments->all, "Also holds that were released");
  AddLimit(list, &arguments->limit);
  AddTreeSize(list, session, &arguments->tree_size);
  list->callback([session, arguments] {
    session->action = [session, arguments] { return ListHolds(*session, *arguments); };
  });
}

}  // namespace

void AddHoldCommand(CLI::App* app, Session* session) {
  CLI::App* hold = app->add_subcommand("hold", "Disputes: money that is kept back");
  hold->require_subcommand(1);
  AddPlace(hold, session);
  AddRelease(hold, session);
  AddList(hold, session);
}

}  // namespace tributary::cli
