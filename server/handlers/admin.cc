#include "server/handlers/admin.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "server/convert/scalars.h"
#include "server/handlers/progress_writer.h"
#include "storage/keys.h"

namespace tributary::server {
namespace {

// Names of record types by their index in RecordBody.
template <std::size_t... I>
std::vector<std::string> TypeNames(std::index_sequence<I...>) {
  return {std::string(TypeName(RecordBody(std::in_place_index<I>)))...};
}

void FillCounts(const HeadRow& head, v1::LedgerStatus* status) {
  static const std::vector<std::string> kTypes =
      TypeNames(std::make_index_sequence<kRecordTypeCount>());
  for (std::size_t i = 0; i < kTypes.size(); ++i) {
    if (head.record_counts[i] == 0) continue;
    v1::RecordCount* count = status->add_record_counts();
    count->set_type(kTypes[i]);
    count->set_count(head.record_counts[i]);
  }
  std::sort(status->mutable_record_counts()->begin(), status->mutable_record_counts()->end(),
            [](const v1::RecordCount& a, const v1::RecordCount& b) { return a.type() < b.type(); });
}

void FillLedgerStatus(Ledgers& ledgers, const std::string& name, v1::LedgerStatus* status) {
  status->set_ledger(name);
  status->set_disk_size(ledgers.home().DiskSize(name));
  const auto ledger = ledgers.Find(name);
  if (!ledger.ok()) {
    status->set_problem(ledger.status().ToString());
    return;
  }
  const HeadRow head = (*ledger)->head();
  status->set_epoch((*ledger)->epoch());
  status->set_tree_size(head.tree_size.value);
  status->set_root_hash(ToProto(head.root));
  status->set_last_accepted_ms(ToProto(head.time));
  FillCounts(head, status);
  status->set_asset_count(head.asset_count);
  status->set_edge_count(head.edge_count);
  status->set_format_version(kStoreFormatVersion);
  const absl::Status writing = (*ledger)->status();
  if (!writing.ok()) status->set_problem(writing.ToString());
  for (std::string& warning : (*ledger)->Warnings()) status->add_warnings(std::move(warning));
}

// The ledger's own record, as a receipt for whoever asked to create it.
absl::Status FillReceipt(const Ledger& ledger, bool created, v1::RecordReceipt* message) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<LedgerView> view, ledger.ViewAt(std::nullopt));
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord first, view->ReadRecord(LogPosition{0}));
  ToProto(Receipt{first.id, first.position, first.accepted_time, view->tree_size(), !created},
          message);
  return absl::OkStatus();
}

absl::Status CheckSameRecord(const Record& asked, const v1::RecordReceipt& existing) {
  const Digest id = RecordId(EncodeRecord(asked));
  if (existing.record_id() == id.view()) return absl::OkStatus();
  return FieldError(absl::StatusCode::kAlreadyExists, "created_ms", "another time of creation",
                    StrCat("what the ledger ", asked.ledger, " was created with"));
}

void FillResult(const VerifyResult& result, v1::VerifyStoreResponse::Result* message) {
  message->set_tree_size(result.tree_size.value);
  message->set_root_hash(ToProto(result.root_hash));
  message->set_record_count(result.record_count);
  message->set_edge_count(result.edge_count);
  message->set_problem_count(result.problem_count);
  for (const VerifyProblem& problem : result.problems) {
    v1::VerifyStoreResponse::Problem* line = message->add_problems();
    line->set_where(problem.where);
    line->set_what(problem.what);
  }
}

}  // namespace

absl::Status GetStatus(Env& env, const v1::GetStatusRequest& request,
                       v1::GetStatusResponse* response) {
  std::vector<std::string> names = env.ledgers.Names();
  if (!request.ledger().empty()) {
    if (std::find(names.begin(), names.end(), request.ledger()) == names.end()) {
      return env.ledgers.Find(request.ledger()).status();
    }
    names = {request.ledger()};
  }
  const auto uptime = std::chrono::steady_clock::now() - env.info.started;
  response->set_version(std::string(kServerVersion));
  response->set_format_version(kStoreFormatVersion);
  response->set_started_ms(env.info.started_ms);
  response->set_uptime_ms(std::chrono::duration_cast<std::chrono::milliseconds>(uptime).count());
  for (const std::string& name : names) {
    FillLedgerStatus(env.ledgers, name, response->add_ledgers());
  }
  return absl::OkStatus();
}

absl::Status CreateLedger(Env& env, const v1::CreateLedgerRequest& request,
                          v1::CreateLedgerResponse* response) {
  LedgerRecord body;
  if (request.has_created_ms()) {
    TRIBUTARY_ASSIGN_OR_RETURN(body.created, TimeFromProto(request.created_ms(), "created_ms"));
  }
  Record record;
  record.ledger = request.ledger();
  record.body = body;
  TRIBUTARY_RETURN_IF_ERROR(Validate(record));
  TRIBUTARY_ASSIGN_OR_RETURN(const Ledgers::Created made, env.ledgers.Create(record, std::nullopt));
  TRIBUTARY_RETURN_IF_ERROR(FillReceipt(*made.ledger, made.created, response->mutable_receipt()));
  return made.created ? absl::OkStatus() : CheckSameRecord(record, response->receipt());
}

absl::Status ListLedgers(Env& env, const v1::ListLedgersRequest&,
                         v1::ListLedgersResponse* response) {
  const std::vector<std::string> names = env.ledgers.Names();
  response->mutable_ledgers()->Assign(names.begin(), names.end());
  return absl::OkStatus();
}

absl::Status Backup(Env& env, const v1::BackupRequest& request, v1::BackupResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<Ledger> ledger,
                             env.ledgers.Find(request.ledger()));
  TRIBUTARY_ASSIGN_OR_RETURN(const LedgerHome::Backup made,
                             env.ledgers.home().MakeBackup(*ledger, request.name(), env.cancel));
  response->set_directory(made.directory);
  response->set_tree_size(made.verified.tree_size.value);
  response->set_root_hash(ToProto(made.verified.root_hash));
  response->set_size(made.size);
  return absl::OkStatus();
}

absl::Status VerifyStore(Env& env, const v1::VerifyStoreRequest& request,
                         Sink<v1::VerifyStoreResponse>& responses) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<Ledger> ledger,
                             env.ledgers.Find(request.ledger()));
  TRIBUTARY_ASSIGN_OR_RETURN(const std::unique_ptr<Store> scratch,
                             env.ledgers.home().MakeScratch());
  ProgressWriter<v1::VerifyStoreResponse> progress(responses);
  TRIBUTARY_ASSIGN_OR_RETURN(
      const VerifyResult result,
      ledger->Verify(
          scratch.get(),
          [&progress](std::string_view phase, std::uint64_t done, std::uint64_t total) {
            progress.Report(phase, done, total);
          },
          &env.cancel));
  v1::VerifyStoreResponse last;
  FillResult(result, last.mutable_result());
  return responses.Write(std::move(last));
}

absl::Status RebuildIndexes(Env& env, const v1::RebuildIndexesRequest& request,
                            v1::RebuildIndexesResponse* response) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::shared_ptr<Ledger> ledger,
                             env.ledgers.Find(request.ledger()));
  TRIBUTARY_RETURN_IF_ERROR(
      ledger->RebuildIndexes([](std::string_view, std::uint64_t, std::uint64_t) {}));
  const std::uint64_t tree_size = ledger->head().tree_size.value;
  response->set_tree_size(tree_size);
  response->set_record_count(tree_size);
  return absl::OkStatus();
}

}  // namespace tributary::server
