// Rebuilding: every index row is thrown away and written anew from log, records and edge lists.

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "storage/ledger_impl.h"
#include "storage/ledger_replay.h"

namespace tributary {
namespace {

constexpr std::size_t kRowPageSize = 1000;

// Indexes that can be thrown away: the truth does not need them to be read. Derivation rows hold
// inline edges and the tree's tiles are checked against the head, so both stay.
constexpr Family kRebuilt[] = {Family::kRecord, Family::kDownstream, Family::kIdentity,
                               Family::kAsset};

absl::Status DeleteRows(Store* store, Family family) {
  while (true) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto snapshot, store->TakeSnapshot());
    TRIBUTARY_ASSIGN_OR_RETURN(const auto rows, snapshot->ListRows(family, "", kRowPageSize));
    if (rows.empty()) return absl::OkStatus();
    WriteBatch batch;
    for (const std::string& row : rows) {
      TRIBUTARY_ASSIGN_OR_RETURN(const auto cells, snapshot->Scan({family, row, "", kRowPageSize}));
      for (const Cell& cell : cells) batch.Delete(family, row, cell.column);
    }
    TRIBUTARY_RETURN_IF_ERROR(store->Commit(batch));
  }
}

// A store that takes the index rows of a replay and passes over everything else, which is there.
class IndexWriter final : public Store {
 public:
  explicit IndexWriter(Store* store) : store_(store) {}

  absl::StatusOr<std::unique_ptr<Snapshot>> TakeSnapshot() override {
    return store_->TakeSnapshot();
  }
  absl::Status Commit(const WriteBatch& batch) override {
    WriteBatch indexes;
    for (const WriteBatch::Operation& operation : batch.operations()) {
      if (!IsIndex(operation.family)) continue;
      indexes.Put(operation.family, operation.row, operation.column, *operation.value);
    }
    return store_->Commit(indexes);
  }
  absl::Status CopyTo(const std::string&) override { return Unused(); }
  absl::Status VerifyChecksums() override { return Unused(); }
  absl::Status Compact() override { return Unused(); }
  std::vector<FamilySize> ApproximateSizes() override { return {}; }

 private:
  static bool IsIndex(Family family) {
    for (const Family rebuilt : kRebuilt) {
      if (family == rebuilt) return true;
    }
    return false;
  }
  static absl::Status Unused() { return absl::UnimplementedError("a rebuild does not need this"); }

  Store* store_;
};

}  // namespace

absl::Status Ledger::Impl::RebuildIndexes(const VerifyProgress& progress) {
  const Published before = published();
  // Asset ids come from the log: after a crash in a rebuild there may be no asset rows.
  CacheSizes id_cache = {.edges = 0, .asset_heads = 0, .holder_lists = 0};
  id_cache.asset_ids = options.cache_sizes.asset_ids;
  const auto view_caches = std::make_shared<LedgerCaches>(id_cache);
  const LedgerView view(before.snapshot, before.head, before.head.tree_size, view_caches, nullptr,
                        LedgerView::IdSource::kLog);
  WriteBatch mark;
  PutRow(keys::Rebuilding(), "", &mark);
  TRIBUTARY_RETURN_IF_ERROR(store->Commit(mark));
  for (const Family family : kRebuilt) TRIBUTARY_RETURN_IF_ERROR(DeleteRows(store.get(), family));
  IndexWriter writer(store.get());
  TRIBUTARY_RETURN_IF_ERROR(ReplayLog(view, *before.snapshot, &writer, progress, nullptr));
  WriteBatch done;
  OwnedKey key = keys::Rebuilding();
  done.Delete(key.family, std::move(key.row), std::move(key.column));
  TRIBUTARY_RETURN_IF_ERROR(store->Commit(done));
  // What was read before may be what the rebuild has mended.
  caches->asset_states.Clear();
  caches->assets.Clear();
  return Publish(before.head);
}

}  // namespace tributary
