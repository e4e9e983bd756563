#include "tests/simulation/ledger_files.h"

#include <set>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "rocksdb/file_system.h"
#include "storage/ledger_replay.h"
#include "storage/memory/memory_store.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/test_facts.h"

namespace tributary::test {
namespace {

FileIo& IoOf(const LedgerFiles& files) {
  return files.disk == nullptr ? PosixFileIo() : files.disk->file_io();
}

LedgerOptions OptionsOf(const LedgerFiles& files) {
  LedgerOptions options;
  if (files.fixed_time) options.now = [] { return TimeMs{1'700'000'000'000}; };
  if (files.overlaps != nullptr) files.overlaps->Set(&options);
  options.unsafe_acknowledge_before_anchor_for_tests = files.unsafe_acknowledge_before_anchor;
  return options;
}

absl::StatusOr<std::set<std::string>> StagedRows(const Snapshot& snapshot, std::uint64_t size) {
  std::set<std::string> rows;
  for (std::uint64_t position = 0; position < size; ++position) {
    const auto row = ReadDerivationRow(snapshot, LogPosition{position});
    if (row.ok() && row->stage.has_value()) rows.insert(keys::EdgeChunkRow(*row->stage));
    TRIBUTARY_ASSIGN_OR_RETURN(const auto lines,
                               ReadPayload(snapshot, keys::LineList(LogPosition{position})));
    const auto list = DecodeLineList(lines.value_or(""));
    if (list.has_value() && list->line_count > 0) rows.insert(keys::LineChunkRow(list->stage));
  }
  return rows;
}

}  // namespace

SimulatedDisk::SimulatedDisk()
    : file_system_(NewFaultFileSystem(disk_)), file_io_(NewFaultFileIo(disk_)) {}
SimulatedDisk::~SimulatedDisk() = default;

std::string StorePath(const LedgerFiles& files) { return files.directory + "/store"; }
std::string AnchorPath(const LedgerFiles& files) { return files.directory + "/anchor"; }

absl::StatusOr<std::unique_ptr<Store>> OpenStoreOf(const LedgerFiles& files, bool create) {
  RocksDbOptions options;
  options.path = StorePath(files);
  options.create_if_missing = create;
  options.write_buffer_size = files.file_size;
  options.table_file_size = files.file_size;
  options.block_cache_size = 4u << 20;
  if (files.disk != nullptr) options.file_system = files.disk->file_system();
  options.unsafe_no_sync_for_tests = files.unsafe_no_sync;
  auto store = OpenRocksDbStore(options);
  if (!store.ok() || files.overlaps == nullptr) return store;
  return files.overlaps->Watch(*std::move(store));
}

absl::StatusOr<std::unique_ptr<Ledger>> CreateLedger(const LedgerFiles& files) {
  TRIBUTARY_ASSIGN_OR_RETURN(auto store, OpenStoreOf(files, /*create=*/true));
  TRIBUTARY_ASSIGN_OR_RETURN(auto anchor, Anchor::Create(IoOf(files), AnchorPath(files),
                                                         Sha256(kLedgerName), /*epoch=*/1));
  Record record;
  record.ledger = std::string(kLedgerName);
  record.body = LedgerRecord{};
  return Ledger::Create(std::move(store), std::move(anchor), record, std::nullopt,
                        OptionsOf(files));
}

absl::StatusOr<std::unique_ptr<Ledger>> OpenLedger(const LedgerFiles& files) {
  TRIBUTARY_ASSIGN_OR_RETURN(auto store, OpenStoreOf(files, /*create=*/false));
  TRIBUTARY_ASSIGN_OR_RETURN(auto anchor,
                             Anchor::Open(IoOf(files), AnchorPath(files), Sha256(kLedgerName)));
  return Ledger::Open(std::move(store), std::move(anchor), OptionsOf(files));
}

absl::Status AnchorCopy(const LedgerFiles& copy, const HeadRow& head) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto anchor, Anchor::Create(IoOf(copy), AnchorPath(copy),
                                                               Sha256(kLedgerName), /*epoch=*/1));
  return anchor->Advance({1, head.tree_size.value, head.root});
}

absl::StatusOr<std::string> FindStrayStages(const LedgerFiles& files) {
  constexpr std::size_t kRowCountMax = 1'000'000;
  TRIBUTARY_ASSIGN_OR_RETURN(const auto store, OpenStoreOf(files, /*create=*/false));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto snapshot, store->TakeSnapshot());
  TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadPayload(*snapshot, keys::Head()));
  const auto head = DecodeHead(payload.value_or(""));
  if (!head.has_value()) return std::string("no head");
  TRIBUTARY_ASSIGN_OR_RETURN(const auto real, StagedRows(*snapshot, head->tree_size.value));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto rows,
                             snapshot->ListRows(Family::kUpstream, "", kRowCountMax));
  std::size_t staged_count = 0;
  for (const std::string& row : rows) {
    const bool is_staged = row.front() == keys::EdgeChunkRow(StageId{0}).front() ||
                           row.front() == keys::LineChunkRow(StageId{0}).front();
    if (!is_staged) continue;
    ++staged_count;
    if (!real.contains(row)) return std::string("a stage that no record made real");
  }
  if (staged_count != real.size()) return StrCat(staged_count, " staged lists of ", real.size());
  TRIBUTARY_ASSIGN_OR_RETURN(const auto open_stages,
                             snapshot->Scan({Family::kMeta, keys::OpenStageRow(), "", 1}));
  if (!open_stages.empty()) return std::string("a marker of an unfinished stage");
  return std::string();
}

absl::StatusOr<std::string> FindDamage(const Ledger& ledger) {
  const auto scratch = NewMemoryStore();
  TRIBUTARY_ASSIGN_OR_RETURN(const VerifyResult result,
                             ledger.Verify(scratch.get(), {}, /*cancel=*/nullptr));
  if (result.problem_count == 0) return std::string();
  return result.problems.front().where + ": " + result.problems.front().what;
}

}  // namespace tributary::test
