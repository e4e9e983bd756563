// tributary payout create, show, list, mark.

#include <fstream>
#include <optional>

#include "client/cli/commands.h"
#include "client/cli/csv_facts.h"
#include "client/cli/file_id.h"
#include "client/cli/ledger_money.h"
#include "client/cli/pages.h"
#include "client/cli/payout_file.h"
#include "client/cli/terminal.h"
#include "client/lib/convert.h"
#include "client/lib/fact_sender.h"
#include "client/lib/settlement_answers.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

using Stub = v1::SettlementService::Stub;

struct PayoutArguments {
  std::string reference;
  std::string currency;
  std::vector<std::string> pay;
  std::string file;  // CSV that is read
  bool all = false;
  std::string payable_min;
  std::string csv;  // files that are written
  std::string json;
  std::string status;
  std::string party;
  std::string external_reference;
  std::string reason;
  LimitArgument limit;
  std::uint64_t tree_size = 0;
};

// All pages of a batch as one.
absl::StatusOr<v1::GetPayoutBatchResponse> FetchLines(Session& session,
                                                      const v1::GetPayoutBatchRequest& request) {
  v1::GetPayoutBatchResponse whole;
  bool more = false;
  TRIBUTARY_RETURN_IF_ERROR(ReadPages(session, &Stub::GetPayoutBatch, request, /*count_max=*/0,
                                      &more, [&](const v1::GetPayoutBatchResponse& page) {
                                        whole.MergeFrom(page);
                                        return static_cast<std::size_t>(page.lines_size());
                                      }));
  return whole;
}

absl::StatusOr<v1::GetPayoutBatchResponse> FetchBatch(Session& session,
                                                      const std::string& reference,
                                                      std::uint64_t tree_size) {
  v1::GetPayoutBatchRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  request.set_ledger(ledger);
  request.set_reference(reference);
  SetReadPoint(tree_size, &request);
  auto response = FetchLines(session, request);
  const auto id = Digest::FromHex(reference);
  if (!absl::IsNotFound(response.status()) || !id.ok()) return response;
  request.set_record_id(std::string(id->view()));
  return FetchLines(session, request);
}

// --- One batch as it is shown ---

struct Batch {
  Json json;
  Table table;
  std::string heading;
  std::string status_words;
};

std::string StatusWords(v1::PayoutStatus status) {
  return status == v1::PAYOUT_STATUS_UNSPECIFIED ? "not sent yet" : std::string(NameOf(status));
}

absl::StatusOr<Json> BatchJson(const v1::PayoutBatchView& view, const CurrencyRecord& currency) {
  TRIBUTARY_ASSIGN_OR_RETURN(const MinorUnits total, AmountOf(view.total()));
  TRIBUTARY_ASSIGN_OR_RETURN(const MinorUnits failed, AmountOf(view.failed_total()));
  Json json{
      {"reference", view.reference()},          {"record_id", ToHex(view.record().record_id())},
      {"position", view.record().position()},   {"currency", currency.code},
      {"balances_at", view.tree_size()},        {"line_count", view.line_count()},
      {"total", MajorUnits(total, currency)},   {"total_minor_units", view.total()},
      {"failed", MajorUnits(failed, currency)}, {"failed_minor_units", view.failed_total()}};
  if (view.status() != v1::PAYOUT_STATUS_UNSPECIFIED) json["status"] = NameOf(view.status());
  return json;
}

absl::StatusOr<Batch> BatchOf(const v1::GetPayoutBatchResponse& response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const CurrencyRecord currency, FromProto(response.batch().currency()));
  Batch batch;
  batch.json = Json{{"tree_size", response.tree_size()}};
  TRIBUTARY_ASSIGN_OR_RETURN(batch.json["batch"], BatchJson(response.batch(), currency));
  batch.json["lines"] = Json::array();
  batch.table.columns = {{"Party", "party"},   {"Amount", "amount", true},
                         {"", "minor_units"},  {"", "currency"},
                         {"Status", "status"}, {"Their reference", "external_reference"},
                         {"Reason", "reason"}};
  for (const v1::PayoutLineView& view : response.lines()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const MinorUnits amount, AmountOf(view.line().amount()));
    const std::string major = MajorUnits(amount, currency);
    Json line{
        {"party", view.line().party()}, {"amount", major}, {"minor_units", view.line().amount()}};
    if (view.status() != v1::PAYOUT_STATUS_UNSPECIFIED) line["status"] = NameOf(view.status());
    if (!view.external_reference().empty()) line["external_reference"] = view.external_reference();
    if (!view.reason().empty()) line["reason"] = view.reason();
    batch.json["lines"].push_back(std::move(line));
    batch.table.rows.push_back(
        {Cell(view.line().party()), Cell(major, MoneyText(amount, currency)),
         Cell(view.line().amount()), Cell(currency.code),
         Cell(std::string(NameOf(view.status())), StatusWords(view.status())),
         Cell(view.external_reference()), Cell(view.reason())});
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const MinorUnits total, AmountOf(response.batch().total()));
  batch.heading = StrCat("Payout ", EscapeForTerminal(response.batch().reference()), ": ",
                         response.batch().line_count(), " payments, ", MoneyText(total, currency),
                         ", ", StatusWords(response.batch().status()), "\n");
  return batch;
}

absl::Status WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.flush();
  if (file.good()) return absl::OkStatus();
  return absl::UnavailableError(ToAbsl(StrCat(path, ": writing failed")));
}

absl::Status WriteFiles(const PayoutArguments& arguments, const Batch& batch) {
  if (!arguments.csv.empty()) {
    TRIBUTARY_RETURN_IF_ERROR(WriteFile(arguments.csv, FormatCsv(batch.table)));
  }
  if (arguments.json.empty()) return absl::OkStatus();
  return WriteFile(arguments.json,
                   batch.json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

// --- create ---

// Who was left out because of a hold.
absl::StatusOr<Json> SkippedJson(const v1::CreatePayoutBatchResponse& created,
                                 const CurrencyRecord& currency) {
  Json list = Json::array();
  for (const v1::SkippedPayment& skipped : created.skipped()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const MinorUnits payable, AmountOf(skipped.payable()));
    list.push_back({{"party", skipped.party()},
                    {"payable", MajorUnits(payable, currency)},
                    {"payable_minor_units", skipped.payable()},
                    {"hold", ToHex(skipped.hold())}});
  }
  return list;
}

std::string SkippedText(const Json& skipped, const std::string& currency) {
  std::string text;
  for (const Json& one : skipped) {
    StrAppend(&text, "Not paid, on hold: ", EscapeForTerminal(one["party"].get<std::string>()),
              ", ", one["payable"].get<std::string>(), " ", currency, ", by hold ",
              one["hold"].get<std::string>(), "\n");
  }
  return text;
}

absl::Status FillListed(const PayoutArguments& arguments, const CurrencyRecord& currency,
                        v1::CreatePayoutBatchRequest* request) {
  std::vector<PayoutLine> lines;
  if (!arguments.file.empty()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const std::string text, ReadFile(arguments.file, kCsvSizeMax));
    auto parsed = ParsePayoutLines(text, currency);
    if (!parsed.ok()) return UsageError(parsed.status());
    lines = *std::move(parsed);
  }
  for (const std::string& text : arguments.pay) {
    TRIBUTARY_ASSIGN_OR_RETURN(PayoutLine line, ParsePayoutLine(text, currency));
    lines.push_back(std::move(line));
  }
  if (lines.empty()) {
    return UsageError(InvalidField("payees", "none", "--all, --pay PARTY=AMOUNT or --file CSV"));
  }
  for (const PayoutLine& line : lines) {
    v1::PayoutLine* added = request->mutable_listed()->add_lines();
    added->set_party(line.party);
    added->set_amount(ToDecimal(line.amount.value));
  }
  return absl::OkStatus();
}

absl::Status FillPayees(Session& session, const PayoutArguments& arguments,
                        v1::CreatePayoutBatchRequest* request) {
  const bool listed = !arguments.pay.empty() || !arguments.file.empty();
  if (arguments.all && listed) {
    return UsageError(InvalidField("payees", "--all and a list", "one of them"));
  }
  CurrencyRecord currency{.code = arguments.currency};
  if (listed || !arguments.payable_min.empty()) {
    Currencies currencies(session, 0);
    TRIBUTARY_ASSIGN_OR_RETURN(currency, currencies.Find(arguments.currency));
  }
  if (!arguments.all) return FillListed(arguments, currency, request);
  request->mutable_everybody();
  if (arguments.payable_min.empty()) return absl::OkStatus();
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string min,
                             MinorUnitsFrom(arguments.payable_min, "", currency));
  request->mutable_everybody()->set_payable_min(min);
  return absl::OkStatus();
}

absl::Status CreateBatch(Session& session, const PayoutArguments& arguments) {
  v1::CreatePayoutBatchRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  request.set_ledger(ledger);
  request.set_reference(arguments.reference);
  request.set_currency(arguments.currency);
  TRIBUTARY_RETURN_IF_ERROR(FillPayees(session, arguments, &request));
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::CreatePayoutBatchResponse created,
                             session.client().CallLong(&Stub::CreatePayoutBatch, request));
  const v1::RecordReceipt& receipt = created.receipt();
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::GetPayoutBatchResponse found,
                             FetchBatch(session, ToHex(receipt.record_id()), receipt.tree_size()));
  TRIBUTARY_ASSIGN_OR_RETURN(Batch batch, BatchOf(found));
  batch.json["already_recorded"] = receipt.already_recorded();
  batch.json["more"] = created.more();
  TRIBUTARY_ASSIGN_OR_RETURN(const CurrencyRecord currency, FromProto(found.batch().currency()));
  TRIBUTARY_ASSIGN_OR_RETURN(const Json skipped, SkippedJson(created, currency));
  batch.json["skipped"] = skipped;
  TRIBUTARY_RETURN_IF_ERROR(WriteFiles(arguments, batch));
  session.Emit([&] { return batch.json; },
               [&] {
                 View view;
                 view.heading = batch.heading;
                 view.table = batch.table;
                 view.closing =
                     receipt.already_recorded() ? "Was created already.\n" : "Created.\n";
                 if (created.more()) {
                   view.closing.append("Others may be paid too: create a further batch.\n");
                 }
                 view.closing.append(SkippedText(skipped, currency.code));
                 return view;
               });
  return absl::OkStatus();
}

// --- show ---

absl::Status ShowBatch(Session& session, const PayoutArguments& arguments) {
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::GetPayoutBatchResponse found,
                             FetchBatch(session, arguments.reference, arguments.tree_size));
  TRIBUTARY_ASSIGN_OR_RETURN(const Batch batch, BatchOf(found));
  TRIBUTARY_RETURN_IF_ERROR(WriteFiles(arguments, batch));
  session.Emit([&] { return batch.json; },
               [&] {
                 View view;
                 view.heading = batch.heading;
                 view.table = batch.table;
                 return view;
               });
  return absl::OkStatus();
}

// --- list ---

absl::Status ListBatches(Session& session, const PayoutArguments& arguments) {
  v1::ListPayoutBatchesRequest request;
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string ledger, session.Ledger());
  request.set_ledger(ledger);
  SetReadPoint(arguments.tree_size, &request);
  std::vector<v1::PayoutBatchView> batches;
  std::uint64_t tree_size = 0;
  bool more = false;
  TRIBUTARY_RETURN_IF_ERROR(ReadPages(session, &Stub::ListPayoutBatches, request,
                                      arguments.limit.CountMax(session.output), &more,
                                      [&](const v1::ListPayoutBatchesResponse& page) {
                                        for (const auto& each : page.batches()) {
                                          batches.push_back(each);
                                        }
                                        tree_size = page.tree_size();
                                        return static_cast<std::size_t>(page.batches_size());
                                      }));
  Json list = Json::array();
  Table table;
  table.columns = {{"Reference", "reference"}, {"Payments", "line_count", true},
                   {"Total", "total", true},   {"", "total_minor_units"},
                   {"", "currency"},           {"Status", "status"},
                   {"", "record_id"}};
  for (const v1::PayoutBatchView& each : batches) {
    TRIBUTARY_ASSIGN_OR_RETURN(const CurrencyRecord currency, FromProto(each.currency()));
    TRIBUTARY_ASSIGN_OR_RETURN(const MinorUnits total, AmountOf(each.total()));
    TRIBUTARY_ASSIGN_OR_RETURN(Json json, BatchJson(each, currency));
    list.push_back(std::move(json));
    table.rows.push_back({Cell(each.reference()), Cell(std::to_string(each.line_count())),
                          Cell(MajorUnits(total, currency), MoneyText(total, currency)),
                          Cell(each.total()), Cell(currency.code),
                          Cell(std::string(NameOf(each.status())), StatusWords(each.status())),
                          Cell(ToHex(each.record().record_id()))});
  }
  session.Emit(
      [&] {
        return Json{{"tree_size", tree_size}, {"batches", list}, {"more", more}};
      },
      [&] {
        View view;
        view.table = table;
        if (batches.empty())
          view.closing = "No payout was created yet.\n";
        else if (more)
          view.closing = "There are more: --limit 0 lists all.\n";
        return view;
      });
  return absl::OkStatus();
}

// --- mark ---

// The state that a batch or one of its lines has of its own; nullopt: none.
struct OwnState {
  v1::PayoutStatus status = v1::PAYOUT_STATUS_UNSPECIFIED;
  std::string external_reference;
  std::string reason;
  std::string record_id;  // raw
};

template <typename Message>
OwnState StateIn(const Message& message) {
  return {message.status(), message.external_reference(), message.reason(),
          message.state_record().record_id()};
}

std::optional<OwnState> OwnStateOf(const v1::GetPayoutBatchResponse& batch,
                                   const std::string& party) {
  if (party.empty()) {
    return batch.batch().has_state_record() ? std::optional(StateIn(batch.batch())) : std::nullopt;
  }
  for (const v1::PayoutLineView& line : batch.lines()) {
    if (line.line().party() == party && line.has_own_state()) return StateIn(line);
  }
  return std::nullopt;
}

bool SaysSame(const OwnState& known, const PayoutStateRecord& state) {
  return NameOf(known.status) == ToName(state.state) &&
         known.external_reference == state.external_reference && known.reason == state.reason;
}

// What is to be recorded, each in place of the state that is there.
struct Marks {
  std::vector<Record> records;
  std::uint64_t already_there = 0;
};

absl::StatusOr<Marks> MarksOf(const std::string& ledger, const v1::GetPayoutBatchResponse& batch,
                              const std::vector<PayoutStateRecord>& states) {
  Marks marks;
  for (const PayoutStateRecord& state : states) {
    const std::optional<OwnState> known = OwnStateOf(batch, state.party);
    // A line without a state of its own has the batch's, as files of lines show it.
    const std::optional<OwnState> shown = known.has_value() ? known : OwnStateOf(batch, "");
    if (shown.has_value() && SaysSame(*shown, state)) {
      ++marks.already_there;
      continue;
    }
    Record record;
    record.ledger = ledger;
    record.body = state;
    if (known.has_value()) record.supersedes = Digest::FromBytes(known->record_id);
    if (absl::Status status = Validate(record); !status.ok()) return UsageError(status);
    marks.records.push_back(std::move(record));
  }
  return marks;
}

struct MarkCounts {
  std::uint64_t recorded = 0;
  std::uint64_t already_there = 0;
  std::uint64_t refused = 0;
  std::string refusals;  // one a line
};

absl::Status SendMarks(Session& session, const std::vector<Record>& records, MarkCounts* counts) {
  FactSender sender(
      session.client(), {.ledger = session.ledger, .stop_on_error = false},
      [&](std::uint64_t index, const v1::FactResult& result) {
        if (!result.has_error()) {
          ++(result.receipt().already_recorded() ? counts->already_there : counts->recorded);
          return;
        }
        ++counts->refused;
        StrAppend(&counts->refusals, "\n", std::get<PayoutStateRecord>(records[index].body).party,
                  ": ", result.error().message());
      });
  absl::Status status;
  for (const Record& record : records) {
    status = sender.Send(record, {}, std::nullopt);
    if (!status.ok()) break;
  }
  absl::Status finished = sender.Finish();
  return status.ok() ? finished : status;
}

absl::StatusOr<std::vector<PayoutStateRecord>> StatesOf(const PayoutArguments& arguments,
                                                        const Digest& batch) {
  if (arguments.file.empty()) {
    return std::vector<PayoutStateRecord>{{.batch = batch,
                                           .party = arguments.party,
                                           .state = *FromName<PayoutState>(arguments.status),
                                           .external_reference = arguments.external_reference,
                                           .reason = arguments.reason}};
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string text, ReadFile(arguments.file, kCsvSizeMax));
  auto states = ParsePayoutStates(text, batch);
  if (!states.ok()) return UsageError(states.status());
  return states;
}

absl::Status MarkBatch(Session& session, const PayoutArguments& arguments) {
  if (arguments.status.empty() == arguments.file.empty()) {
    return UsageError(InvalidField("status", arguments.status.empty() ? "none" : "one and a file",
                                   "STATUS, or --file CSV"));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::GetPayoutBatchResponse found,
                             FetchBatch(session, arguments.reference, 0));
  const auto batch = Digest::FromBytes(found.batch().record().record_id());
  if (!batch.has_value()) return absl::DataLossError("record_id: not 32 bytes in the answer");
  TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<PayoutStateRecord> states,
                             StatesOf(arguments, *batch));
  TRIBUTARY_ASSIGN_OR_RETURN(const Marks marks, MarksOf(session.ledger, found, states));
  MarkCounts counts;
  counts.already_there = marks.already_there;
  TRIBUTARY_RETURN_IF_ERROR(SendMarks(session, marks.records, &counts));
  const Json json{{"batch", batch->ToHex()},
                  {"recorded_count", counts.recorded},
                  {"already_recorded_count", counts.already_there},
                  {"refused_count", counts.refused}};
  session.Emit([&] { return json; },
               [&] {
                 View view;
                 std::vector<Cell> row;
                 for (const auto& [key, value] : json.items()) {
                   view.table.columns.push_back({"", key});
                   row.emplace_back(value.is_string() ? value.get<std::string>() : value.dump());
                 }
                 view.table.rows = {row};
                 view.closing = StrCat(counts.recorded, " marked, ", counts.already_there,
                                       " were marked so already.\n");
                 return view;
               });
  if (counts.refused == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(ToAbsl(StrCat("some were refused", counts.refusals)));
}

// --- The commands ---

using Run = absl::Status (*)(Session&, const PayoutArguments&);

void Choose(CLI::App* command, Session* session, std::shared_ptr<PayoutArguments> arguments,
            Run run) {
  command->callback([session, arguments, run] {
    session->action = [session, arguments, run] { return run(*session, *arguments); };
  });
}

void AddFiles(CLI::App* command, PayoutArguments* arguments) {
  command->add_option("--csv", arguments->csv, "Also write the payments to this file, as CSV");
  command->add_option("--json", arguments->json, "Also write the payments to this file, as JSON");
}

void AddCreate(CLI::App* payout, Session* session) {
  CLI::App* create = AddCommand(
      payout, "create", "Take amounts from balances into a batch of payments",
      {"tributary payout create 2026-01 --currency EUR --all --min 10.00 --csv bank.csv",
       "tributary payout create 2026-01b --currency EUR --pay ana=12.50 --pay ben=3.00"});
  auto arguments = std::make_shared<PayoutArguments>();
  create->add_option("REFERENCE", arguments->reference, "A name of your own for the batch")
      ->required();
  create->add_option("--currency", arguments->currency, "Code of the currency")->required();
  CLI::Option* all =
      create->add_flag("--all", arguments->all,
                       "Everybody's payable balance, 4096 at most; nobody's who is on hold");
  create
      ->add_option("--min", arguments->payable_min,
                   "With --all: only with at least so much payable, in major units")
      ->needs(all);
  create->add_option("--pay", arguments->pay, "PARTY=AMOUNT in major units; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  create->add_option("--file", arguments->file,
                     "CSV with the columns party and amount (or minor_units)");
  AddFiles(create, arguments.get());
  Choose(create, session, arguments, &CreateBatch);
}

void AddMark(CLI::App* payout, Session* session) {
  CLI::App* mark =
      AddCommand(payout, "mark", "Record what became of a batch, or of single payments",
                 {"tributary payout mark 2026-01 sent --external-reference pain.001/77",
                  "tributary payout mark 2026-01 failed --party ana --reason 'account closed'",
                  "tributary payout mark 2026-01 --file bank-answer.csv"});
  auto arguments = std::make_shared<PayoutArguments>();
  mark->add_option("PAYOUT", arguments->reference, "Reference, or the id of its record")
      ->required();
  mark->add_option("STATUS", arguments->status, "sent, settled or failed")
      ->check(CLI::IsMember({"sent", "settled", "failed"}));
  mark->add_option("--party", arguments->party, "Only this party's payment");
  mark->add_option("--external-reference", arguments->external_reference, "Such as a bank's");
  mark->add_option("--reason", arguments->reason, "Why");
  mark->add_option("--file", arguments->file,
                   "CSV with the columns party and status, and external_reference and reason");
  Choose(mark, session, arguments, &MarkBatch);
}

}  // namespace

void AddPayoutCommand(CLI::App* app, Session* session) {
  CLI::App* payout = app->add_subcommand("payout", "Batches of payments, taken from balances");
  payout->require_subcommand(1);
  AddCreate(payout, session);
  AddMark(payout, session);

  CLI::App* list = AddCommand(payout, "list", "List payouts", {"tributary payout list"});
  auto arguments = std::make_shared<PayoutArguments>();
  AddLimit(list, &arguments->limit);
  AddTreeSize(list, session, &arguments->tree_size);
  Choose(list, session, arguments, &ListBatches);

  CLI::App* show =
      AddCommand(payout, "show", "Show a payout and what became of each payment",
                 {"tributary payout show 2026-01", "tributary payout show 2026-01 --csv bank.csv"});
  arguments = std::make_shared<PayoutArguments>();
  show->add_option("PAYOUT", arguments->reference, "Reference, or the id of its record")
      ->required();
  AddFiles(show, arguments.get());
  AddTreeSize(show, session, &arguments->tree_size);
  Choose(show, session, arguments, &ShowBatch);
}

}  // namespace tributary::cli
