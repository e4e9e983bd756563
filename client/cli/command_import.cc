// tributary import.

#include <algorithm>

#include "client/cli/commands.h"
#include "client/cli/csv_facts.h"
#include "client/cli/import_batch.h"
#include "client/cli/progress.h"
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
};

bool EndsIn(const std::string& path, std::string_view ending) {
  return path.size() >= ending.size() &&
         std::string_view(path).substr(path.size() - ending.size()) == ending;
}

absl::Status ReadFiles(const ImportArguments& arguments, ImportBatch* batch) {
  const Rest rest = arguments.rest == "kept"           ? Rest::kRetained
                    : arguments.rest == "unattributed" ? Rest::kUnattributed
                                                       : Rest::kRefuse;
  for (const std::string& path : arguments.files) {
    if (EndsIn(path, ".csv"))
      TRIBUTARY_RETURN_IF_ERROR(ReadCsvFacts(path, rest, batch));
    else
      TRIBUTARY_RETURN_IF_ERROR(ReadJsonLines(path, batch));
  }
  return absl::OkStatus();
}

AliasLookup LedgerAliases(Session& session, const std::string& ledger) {
  return [&session, ledger](const std::string& alias) -> absl::StatusOr<Digest> {
    v1::ResolveAliasRequest request;
    request.set_ledger(ledger);
    request.set_alias(alias);
    TRIBUTARY_ASSIGN_OR_RETURN(
        const v1::ResolveAliasResponse response,
        session.client().Call(&v1::LineageService::Stub::ResolveAlias, request));
    const auto asset = Digest::FromBytes(response.asset_id());
    if (!asset.has_value()) return absl::InternalError("asset_id: not 32 bytes in the answer");
    return *asset;
  };
}

absl::Status ProblemsError(const ImportBatch& batch, std::string_view what) {
  return absl::InvalidArgumentError(StrCat(what, "\n", FormatProblems(batch, kProblemsShown)));
}

// Reads, completes, checks and orders. Nothing is sent.
absl::StatusOr<ImportBatch> Prepare(Session& session, const ImportArguments& arguments) {
  ImportBatch batch;
  TRIBUTARY_ASSIGN_OR_RETURN(batch.ledger, session.Ledger());
  if (absl::Status status = CheckLedgerName(batch.ledger); !status.ok()) return UsageError(status);
  if (absl::Status status = ReadFiles(arguments, &batch); !status.ok()) return UsageError(status);
  TRIBUTARY_RETURN_IF_ERROR(ResolveAliases(LedgerAliases(session, batch.ledger), &batch));
  PrepareFacts(&batch);
  if (batch.problems.empty()) CheckBatch(&batch);
  if (!batch.problems.empty()) {
    return UsageError(
        ProblemsError(batch, StrCat("nothing was sent: ", batch.problems.size(), " problem",
                                    batch.problems.size() == 1 ? "" : "s", " found")));
  }
  OrderFacts(&batch);
  return batch;
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
  ResultCollector(ImportBatch* batch, Progress* progress) : batch_(batch), progress_(progress) {}

  void Add(std::uint64_t index, const v1::FactResult& result) {
    const ImportFact& fact = batch_->facts.at(index);
    if (result.has_error()) return AddError(fact.origin, result.error());
    const v1::RecordReceipt& receipt = result.receipt();
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

 private:
  void AddError(Origin origin, const v1::ItemError& error) {
    const auto code = static_cast<absl::StatusCode>(error.code());
    // Facts behind a refused one are answered ABORTED without a field of their own.
    const bool behind =
        code == absl::StatusCode::kAborted && counts_.refused > 0 && error.field().empty();
    ++(behind ? counts_.not_applied : counts_.refused);
    if (!behind) {
      batch_->AddProblem(origin,
                         absl::Status(code, ToAbsl(StrCat(CodeName(code), ": ", error.message()))));
    }
  }

  ImportBatch* batch_;
  Progress* progress_;
  Counts counts_;
  std::uint64_t done_ = 0;
};

Json CountsJson(const ImportBatch& batch, const Counts& counts, bool dry_run) {
  return Json{{"ledger", batch.ledger},
              {"dry_run", dry_run},
              {"fact_count", batch.facts.size()},
              {"recorded_count", counts.recorded},
              {"already_recorded_count", counts.already_there},
              {"refused_count", counts.refused},
              {"not_sent_count",
               batch.facts.size() - counts.recorded - counts.already_there - counts.refused},
              {"tree_size", counts.tree_size}};
}

void EmitCounts(const Session& session, const ImportBatch& batch, const Counts& counts,
                bool dry_run) {
  const Json json = CountsJson(batch, counts, dry_run);
  session.Emit([&] { return json; },
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
                   return view;
                 }
                 view.closing = StrCat(batch.facts.size(), " facts: ", counts.recorded,
                                       " recorded, ", counts.already_there, " were there already");
                 if (counts.refused > 0) StrAppend(&view.closing, ", ", counts.refused, " refused");
                 StrAppend(&view.closing, ". Ledger version ", counts.tree_size, ".\n");
                 return view;
               });
}

absl::Status SendFacts(Session& session, const ImportArguments& arguments, ImportBatch* batch) {
  Progress progress("Importing", batch->facts.size());
  ResultCollector collector(batch, &progress);
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
  EmitCounts(session, *batch, collector.counts(), /*dry_run=*/false);
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
absl::Status DryRun(Session& session, const ImportArguments& arguments, ImportBatch* batch) {
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
  EmitCounts(session, *batch, Counts{}, /*dry_run=*/true);
  return absl::OkStatus();
}

absl::Status Import(Session& session, const ImportArguments& arguments) {
  TRIBUTARY_ASSIGN_OR_RETURN(ImportBatch batch, Prepare(session, arguments));
  if (arguments.dry_run) return DryRun(session, arguments, &batch);
  return SendFacts(session, arguments, &batch);
}

}  // namespace

void AddImportCommand(CLI::App* app, Session* session) {
  CLI::App* import = AddCommand(
      app, "import",
      "Record facts from files: JSON Lines (docs/formats/records.md), or CSV of parties, assets, "
      "holders and edges (docs/formats/csv.md) where the name ends in .csv. Files are taken "
      "together, in any order, and checked before anything is sent. An import may be repeated: "
      "what is recorded already is not recorded again.",
      {"tributary import facts.jsonl --ledger example",
       "tributary import parties.csv assets.csv holders.csv edges.csv --rest kept",
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
                   "Go on behind a fact that is refused; absent: stop there");
  import->callback([session, arguments] {
    session->action = [session, arguments] { return Import(*session, *arguments);
};
}  // namespace tributary::cli
);
}

}  // namespace tributary::cli
