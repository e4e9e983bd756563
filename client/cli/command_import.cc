// tributary import.

#include <algorithm>
#include <array>
#include <set>

#include "client/cli/asset_ref.h"
#include "client/cli/commands.h"
#include "client/cli/csv_facts.h"
#include "client/cli/import_batch.h"
#include "client/cli/ledger_money.h"
#include "client/cli/progress.h"
#include "client/cli/sale_sums.h"
#include "client/cli/stored_record.h"
#include "client/cli/terminal.h"
#include "client/lib/fact_sender.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

// Lines of problems that are shown; the number of the others is told.
constexpr std::size_t kProblemsShown = 20;
// Names that a dry run asks the server about; each is one call.
constexpr std::size_t kOutsideChecksMax = 10'000;

struct ImportArguments {
  std::vector<std::string> files;
  std::string rest;
  bool allow_unknown_inputs = false;
  bool dry_run = false;
  bool keep_going = false;
  bool minor = false;
};

bool EndsIn(const std::string& path, std::string_view ending) {
  return path.size() >= ending.size() &&
         std::string_view(path).substr(path.size() - ending.size()) == ending;
}

// What a file of sales asks the ledger: decimals of currencies, versions of policies. *call_error
// becomes the error of a call that failed in another way than that there is no such thing.
SaleOptions LedgerSales(Session& session, bool in_minor_units, absl::Status* call_error) {
  const auto currencies = std::make_shared<Currencies>(session, 0);
  const auto checked = [call_error](auto result) {
    if (!result.ok() && !absl::IsNotFound(result.status())) *call_error = result.status();
    return result;
  };
  return {.in_minor_units = in_minor_units,
          .scale_of = [=](const std::string& code) -> absl::StatusOr<unsigned> {
            TRIBUTARY_ASSIGN_OR_RETURN(const CurrencyRecord currency,
                                       checked(currencies->Find(code)));
            return static_cast<unsigned>(currency.scale);
          },
          .policy_of =
              [=, &session](const std::string& name) {
                return checked(VersionIdOf(session, Versioned::kPolicy, name, 0));
              }};
}

// Tables come last: amounts of sales need the currencies that JSON Lines may record.
std::vector<std::string> InReadingOrder(const std::vector<std::string>& files) {
  std::vector<std::string> order;
  std::vector<std::string> tables;
  for (const std::string& path : files) (EndsIn(path, ".csv") ? tables : order).push_back(path);
  order.insert(order.end(), tables.begin(), tables.end());
  return order;
}

absl::Status ReadFiles(Session& session, const ImportArguments& arguments, ImportBatch* batch) {
  const Rest rest = arguments.rest == "kept"           ? Rest::kKept
                    : arguments.rest == "unattributed" ? Rest::kUnattributed
                                                       : Rest::kRefuse;
  absl::Status call_error;
  const SaleOptions sales = LedgerSales(session, arguments.minor, &call_error);
  for (const std::string& path : InReadingOrder(arguments.files)) {
    const absl::Status status =
        EndsIn(path, ".csv") ? ReadCsvFacts(path, rest, batch, sales) : ReadJsonLines(path, batch);
    TRIBUTARY_RETURN_IF_ERROR(call_error);
    if (!status.ok()) return UsageError(status);
  }
  return absl::OkStatus();
}

absl::Status ProblemsError(const ImportBatch& batch, std::string_view what) {
  return absl::InvalidArgumentError(StrCat(what, "\n", FormatProblems(batch, kProblemsShown)));
}

// Takes facts with problems out of the batch; their problems stay.
void DropRejected(ImportBatch* batch, SaleSums* sums, std::uint64_t* rejected_count) {
  std::set<std::pair<std::uint32_t, std::uint64_t>> wrong;
  for (const ImportProblem& problem : batch->problems) {
    wrong.emplace(problem.origin.file, problem.origin.line);
  }
  // Sales are valued where they land, for ever: not without lineage that was to come with them.
  const bool lineage_is_missing =
      std::any_of(batch->facts.begin(), batch->facts.end(), [&](const ImportFact& fact) {
        const RecordBody& body = fact.record.body;
        return wrong.contains({fact.origin.file, fact.origin.line}) &&
               (std::holds_alternative<AssetRecord>(body) ||
                std::holds_alternative<HoldersRecord>(body) ||
                std::holds_alternative<DerivationRecord>(body));
      });
  for (const ImportFact& fact : batch->facts) {
    const auto* sale = std::get_if<SaleRecord>(&fact.record.body);
    if (!lineage_is_missing || sale == nullptr || sale->tree_size.has_value()) continue;
    if (!wrong.emplace(fact.origin.file, fact.origin.line).second) continue;
    batch->AddProblem(fact.origin,
                      InvalidField("tree_size", "none, while lineage of this import is left out",
                                   "a tree size to value the sale at, or an import without gaps"));
  }
  *rejected_count = wrong.size();
  std::erase_if(batch->facts, [&](const ImportFact& fact) {
    if (!wrong.contains({fact.origin.file, fact.origin.line})) return false;
    sums->Add(fact.record.body, SaleOutcome::kRejected);
    return true;
  });
}

// Facts that can be sent, in order, and what was taken out of them.
struct PreparedBatch {
  ImportBatch batch;
  SaleSums sums;
  std::uint64_t rejected_count = 0;  // lines
};

// Reads, completes, checks and orders. Nothing is sent.
absl::StatusOr<PreparedBatch> Prepare(Session& session, const ImportArguments& arguments) {
  PreparedBatch prepared;
  ImportBatch& batch = prepared.batch;
  TRIBUTARY_ASSIGN_OR_RETURN(batch.ledger, session.Ledger());
  if (absl::Status status = CheckLedgerName(batch.ledger); !status.ok()) return UsageError(status);
  TRIBUTARY_RETURN_IF_ERROR(ReadFiles(session, arguments, &batch));
  TRIBUTARY_RETURN_IF_ERROR(ResolveAliases(LedgerAliases(session, batch.ledger), &batch));
  PrepareFacts(&batch);
  const bool skips = arguments.keep_going && !arguments.dry_run;
  if (batch.problems.empty() || skips) CheckBatch(&batch);
  if (!batch.problems.empty()) DropRejected(&batch, &prepared.sums, &prepared.rejected_count);
  if (!batch.problems.empty() && !skips) {
    std::string what = StrCat("nothing was sent: ", batch.problems.size(), " problem",
                              batch.problems.size() == 1 ? "" : "s", " found");
    const std::string sums = prepared.sums.Words(SaleOutcome::kRejected);
    if (!sums.empty()) StrAppend(&what, ", among them ", sums);
    return UsageError(ProblemsError(batch, what));
  }
  OrderFacts(&batch);
  return prepared;
}

struct Counts {
  std::uint64_t recorded = 0;
  std::uint64_t already_there = 0;
  std::uint64_t refused = 0;
  std::uint64_t not_applied = 0;
  std::uint64_t tree_size = 0;
};

// Takes results as they come from the reading thread.
class ResultCollector {
 public:
  ResultCollector(ImportBatch* batch, SaleSums* sums, Progress* progress)
      : batch_(batch), sums_(sums), progress_(progress), is_answered_(batch->facts.size()) {}

  void Add(std::uint64_t index, const v1::FactResult& result) {
    const ImportFact& fact = batch_->facts.at(index);
    if (result.has_error()) return AddError(index, result.error());
    const v1::RecordReceipt& receipt = result.receipt();
    is_answered_[index] = true;
    sums_->Add(fact.record.body,
               receipt.already_recorded() ? SaleOutcome::kAlreadyRecorded : SaleOutcome::kRecorded);
    ++(receipt.already_recorded() ? counts_.already_there : counts_.recorded);
    counts_.tree_size = std::max(counts_.tree_size, receipt.tree_size());
    if (receipt.record_id() != fact.record_id.view()) {
      batch_->AddProblem(fact.origin,
                         absl::DataLossError(StrCat("recorded as ", ToHex(receipt.record_id()),
                                                    ", which is not the id computed here, ",
                                                    fact.record_id.ToHex())));
    }
    progress_->Update(++done_);
  }

  const Counts& counts() const { return counts_; }

  // Once all results are there: sales that were not sent, or stood behind a refused fact.
  void AddNotSent() {
    for (std::size_t i = 0; i < batch_->facts.size(); ++i) {
      if (!is_answered_[i]) sums_->Add(batch_->facts[i].record.body, SaleOutcome::kNotSent);
    }
  }

 private:
  void AddError(std::uint64_t index, const v1::ItemError& error) {
    const ImportFact& fact = batch_->facts[index];
    const auto code = static_cast<absl::StatusCode>(error.code());
    // Facts behind a refused one are answered ABORTED without a field of their own.
    const bool behind =
        code == absl::StatusCode::kAborted && counts_.refused > 0 && error.field().empty();
    ++(behind ? counts_.not_applied : counts_.refused);
    if (!behind) {
      is_answered_[index] = true;
      sums_->Add(fact.record.body, SaleOutcome::kRefused);
      batch_->AddProblem(fact.origin,
                         absl::Status(code, ToAbsl(StrCat(CodeName(code), ": ", error.message()))));
    }
  }

  ImportBatch* batch_;
  SaleSums* sums_;
  Progress* progress_;
  std::vector<bool> is_answered_;  // by fact: recorded or refused
  Counts counts_;
  std::uint64_t done_ = 0;
};

Json CountsJson(const PreparedBatch& prepared, const Counts& counts, bool dry_run) {
  const ImportBatch& batch = prepared.batch;
  return Json{{"ledger", batch.ledger},
              {"dry_run", dry_run},
              {"fact_count", batch.facts.size()},
              {"recorded_count", counts.recorded},
              {"already_recorded_count", counts.already_there},
              {"refused_count", counts.refused},
              {"not_sent_count",
               batch.facts.size() - counts.recorded - counts.already_there - counts.refused},
              {"rejected_count", prepared.rejected_count},
              {"tree_size", counts.tree_size}};
}

void AppendSaleWords(const SaleSums& sums, std::string* text) {
  static constexpr std::array<std::pair<SaleOutcome, std::string_view>, kSaleOutcomeCount> kWords =
      {{{SaleOutcome::kRecorded, "Recorded"},
        {SaleOutcome::kAlreadyRecorded, "There already"},
        {SaleOutcome::kRefused, "Refused"},
        {SaleOutcome::kRejected, "Left out"},
        {SaleOutcome::kNotSent, "Not sent"}}};
  for (const auto& [outcome, words] : kWords) {
    const std::string part = sums.Words(outcome);
    if (!part.empty()) StrAppend(text, words, ": ", EscapeForTerminal(part), ".\n");
  }
}

void EmitCounts(const Session& session, const PreparedBatch& prepared, const Counts& counts,
                bool dry_run) {
  const ImportBatch& batch = prepared.batch;
  const Json json = CountsJson(prepared, counts, dry_run);
  session.Emit(
      [&] {
        Json with_sales = json;
        if (!prepared.sums.empty()) with_sales["sales"] = prepared.sums.ToJson();
        return with_sales;
      },
      [&] {
        View view;
        std::vector<Cell> row;
        for (const auto& [key, value] : json.items()) {
          view.table.columns.push_back({"", key});
          row.emplace_back(value.is_string() ? value.get<std::string>() : value.dump());
        }
        view.table.rows = {row};
        if (dry_run) {
          view.closing = StrCat(batch.facts.size(), " facts checked, nothing sent.\n");
          AppendSaleWords(prepared.sums, &view.closing);
          return view;
        }
        view.closing = StrCat(batch.facts.size(), " facts: ", counts.recorded, " recorded, ",
                              counts.already_there, " were there already");
        if (counts.refused > 0) StrAppend(&view.closing, ", ", counts.refused, " refused");
        if (prepared.rejected_count > 0) {
          StrAppend(&view.closing, "; ", prepared.rejected_count, " lines left out");
        }
        StrAppend(&view.closing, ". Ledger version ", counts.tree_size, ".\n");
        AppendSaleWords(prepared.sums, &view.closing);
        return view;
      });
}

absl::Status SendFacts(Session& session, const ImportArguments& arguments,
                       PreparedBatch* prepared) {
  ImportBatch* batch = &prepared->batch;
  Progress progress("Importing", batch->facts.size());
  ResultCollector collector(batch, &prepared->sums, &progress);
  FactSender sender(session.client(),
                    {.ledger = batch->ledger,
                     .allow_unknown_inputs = arguments.allow_unknown_inputs,
                     .stop_on_error = !arguments.keep_going},
                    [&collector](std::uint64_t index, const v1::FactResult& result) {
                      collector.Add(index, result);
                    });
  absl::Status status;
  for (const ImportFact& fact : batch->facts) {
    status = sender.Send(fact.record, fact.edges, fact.details);
    if (!status.ok()) break;
  }
  if (absl::Status finished = sender.Finish(); status.ok()) status = std::move(finished);
  // What a refusal cut short is told below, with its line.
  const bool refused = !batch->problems.empty();
  if (!status.ok() && !(refused && absl::IsAborted(status))) return status;
  collector.AddNotSent();
  EmitCounts(session, *prepared, collector.counts(), /*dry_run=*/false);
  if (!refused) return absl::OkStatus();
  for (const ImportProblem& problem : batch->problems) {
    if (absl::IsDataLoss(problem.status)) {
      return absl::DataLossError(ToAbsl(FormatProblems(*batch, kProblemsShown)));
    }
  }
  return absl::FailedPreconditionError(ToAbsl(
      StrCat("some facts were refused; what was recorded stays, so the same import can be repeated",
             "\n", FormatProblems(*batch, kProblemsShown))));
}

absl::Status CheckOutside(Session& session, const OutsideReference& reference,
                          const std::string& ledger) {
  // A party has no call of its own: no list would have to be read for a name that is in no list.
  if (!reference.party.empty()) return absl::OkStatus();
  v1::GetAssetRequest request;
  request.set_ledger(ledger);
  request.set_asset_id(std::string(reference.asset.view()));
  return session.client().Call(&v1::LineageService::Stub::GetAsset, request).status();
}

// Asks the ledger for assets that the batch names and does not record.
absl::Status DryRun(Session& session, const ImportArguments& arguments, PreparedBatch* prepared) {
  ImportBatch* batch = &prepared->batch;
  std::vector<OutsideReference> outside = FindOutsideReferences(*batch);
  if (arguments.allow_unknown_inputs) outside.clear();
  if (outside.size() > kOutsideChecksMax) {
    return absl::ResourceExhaustedError(StrCat("import: names ", outside.size(),
                                               " assets that it does not record; a dry run looks "
                                               "up at most ",
                                               kOutsideChecksMax));
  }
  for (const OutsideReference& reference : outside) {
    const absl::Status status = CheckOutside(session, reference, batch->ledger);
    if (absl::IsNotFound(status))
      batch->AddProblem(reference.origin, status);
    else
      TRIBUTARY_RETURN_IF_ERROR(status);
  }
  if (!batch->problems.empty()) return UsageError(ProblemsError(*batch, "problems found"));
  for (const ImportFact& fact : batch->facts) {
    prepared->sums.Add(fact.record.body, SaleOutcome::kNotSent);
  }
  EmitCounts(session, *prepared, Counts{}, /*dry_run=*/true);
  return absl::OkStatus();
}

absl::Status Import(Session& session, const ImportArguments& arguments) {
  TRIBUTARY_ASSIGN_OR_RETURN(PreparedBatch prepared, Prepare(session, arguments));
  if (arguments.dry_run) return DryRun(session, arguments, &prepared);
  return SendFacts(session, arguments, &prepared);
}

}  // namespace

void AddImportCommand(CLI::App* app, Session* session) {
  CLI::App* import = AddCommand(
      app, "import",
      "Record facts from files: JSON Lines (docs/formats/records.md), or CSV of parties, assets, "
      "holders, edges and sales (docs/formats/csv.md) where the name ends in .csv. Files are taken "
      "together, in any order, and checked before anything is sent. An import may be repeated: "
      "what is recorded already is not recorded again.",
      {"tributary import facts.jsonl --ledger example",
       "tributary import parties.csv assets.csv holders.csv edges.csv --rest kept",
       "tributary import sales.csv --keep-going --ledger example",
       "tributary import facts.jsonl --dry-run"});
  auto arguments = std::make_shared<ImportArguments>();
  import->add_option("FILE", arguments->files, "Files to import")->required();
  import
      ->add_option("--rest", arguments->rest,
                   "CSV: where the part goes that percentages or fractions leave open")
      ->check(CLI::IsMember({"kept", "unattributed"}));
  import->add_flag("--allow-unknown-inputs", arguments->allow_unknown_inputs,
                   "Record inputs that nothing describes as assets of kind unknown");
  import->add_flag("--dry-run", arguments->dry_run, "Check everything, send nothing");
  import->add_flag("--keep-going", arguments->keep_going,
                   "Leave out lines that are wrong and go on behind facts that are refused; "
                   "absent: send nothing if a line is wrong, and stop at a refusal");
  import->add_flag("--minor", arguments->minor,
                   "CSV of sales: amounts are whole minor units (cents, wei)");
  import->callback([session, arguments] {
    session->action = [session, arguments] { return Import(*session, *arguments);
};
}  // namespace tributary::cli
);
}

}  // namespace tributary::cli
