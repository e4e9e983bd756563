// A ledger from its opening on: what it is loaded from, and what any thread may ask of it.

#include "storage/ledger_impl.h"

#include <future>

#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

// Bytes that a fact will take in the write batch, roughly: rows of an edge are about this large.
constexpr std::size_t kEdgeRowSize = 96;
constexpr std::size_t kFactRowSize = 256;

std::size_t ByteCount(const std::vector<PreparedFact>& facts) {
  std::size_t count = 0;
  for (const PreparedFact& fact : facts) {
    count += fact.bytes.size() + fact.edges.size() * kEdgeRowSize + kFactRowSize;
    if (fact.details.has_value()) count += fact.details->bytes.size();
  }
  return count;
}

absl::Status ShuttingDown() {
  return absl::UnavailableError("the ledger is shutting down; nothing was recorded by this call");
}

}  // namespace

absl::StatusOr<std::optional<std::string>> ReadPayload(const Snapshot& snapshot,
                                                       const OwnedKey& key) {
  TRIBUTARY_ASSIGN_OR_RETURN(auto value, snapshot.Get(key.view()));
  if (!value.has_value()) return std::optional<std::string>();
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string_view payload, Unseal(key.view(), *value));
  value->resize(payload.size());
  return value;
}

void PutRow(const OwnedKey& key, std::string payload, WriteBatch* batch) {
  batch->Put(key.family, key.row, key.column, Seal(key.view(), payload));
}

Ledger::Impl::Impl(std::unique_ptr<Store> store_in, std::unique_ptr<Anchor> anchor_in,
                   LedgerOptions options_in)
    : store(std::move(store_in)),
      anchor(std::move(anchor_in)),
      options(std::move(options_in)),
      caches(std::make_shared<LedgerCaches>(options.cache_sizes)),
      clock_({options.now, options.since_boot}, options.clock_jump_ms_max) {
  // A store may fail on a thread of its own while nobody writes.
  store->SetFailureListener([this](const absl::Status& status) { Fail(status, {}); });
}

Ledger::Impl::~Impl() {
  Stop();
  // The store goes last, and may fail while it closes.
  store->SetFailureListener({});
}

// --- Any thread ---

Ledger::Impl::Published Ledger::Impl::published() const {
  std::lock_guard lock(publish_mutex_);
  return published_;
}

absl::Status Ledger::Impl::status() const {
  std::lock_guard lock(queue_mutex_);
  return failure_;
}

std::shared_ptr<LedgerView> Ledger::Impl::View(const Published& state, TreeSize tree_size,
                                               const CancelToken* cancel) const {
  return std::make_shared<LedgerView>(state.snapshot, state.head, tree_size, caches, cancel);
}

absl::Status Ledger::Impl::Submit(std::vector<PreparedFact> facts,
                                  const SubmitOptions& submit_options, SubmitDone done) {
  TRIBUTARY_RETURN_IF_ERROR(options.CheckAdmitted());
  Job job;
  job.byte_count = ByteCount(facts);
  job.facts = std::move(facts);
  job.options = submit_options;
  job.done = std::move(done);
  {
    std::lock_guard lock(queue_mutex_);
    if (!failure_.ok()) return failure_;
    if (stopping_) return ShuttingDown();
    // One job is always taken when nothing waits, however large.
    const bool full = queued_fact_count_ + job.facts.size() > options.queue_fact_count_max ||
                      queued_byte_count_ + job.byte_count > options.queue_byte_count_max;
    if (full && !queue_.empty()) {
      return FieldError(
          absl::StatusCode::kResourceExhausted, "queue",
          StrCat(queued_fact_count_, " facts of ", queued_byte_count_, " bytes waiting"),
          StrCat("queue_fact_count_max = ", options.queue_fact_count_max,
                 ", queue_byte_count_max = ", options.queue_byte_count_max, "; send again later"));
    }
    queued_fact_count_ += job.facts.size();
    queued_byte_count_ += job.byte_count;
    queue_.push_back(std::move(job));
  }
  queue_changed_.notify_one();
  return absl::OkStatus();
}

std::vector<absl::StatusOr<Receipt>> Ledger::Impl::RecordAll(std::vector<PreparedFact> facts,
                                                             const SubmitOptions& submit_options) {
  const std::size_t count = facts.size();
  std::promise<std::vector<absl::StatusOr<Receipt>>> promise;
  auto future = promise.get_future();
  const absl::Status queued = Submit(std::move(facts), submit_options,
                                     [&promise](std::vector<absl::StatusOr<Receipt>> results) {
                                       promise.set_value(std::move(results));
                                     });
  if (!queued.ok()) return std::vector<absl::StatusOr<Receipt>>(count, queued);
  return future.get();
}

absl::Status Ledger::Impl::RunExclusive(std::function<absl::Status()> work) {
  TRIBUTARY_RETURN_IF_ERROR(options.CheckAdmitted());
  std::promise<absl::Status> promise;
  auto future = promise.get_future();
  Job job;
  job.exclusive = std::move(work);
  job.exclusive_done = [&promise](absl::Status status) { promise.set_value(std::move(status)); };
  {
    std::lock_guard lock(queue_mutex_);
    if (!failure_.ok()) return failure_;
    if (stopping_) return ShuttingDown();
    queue_.push_back(std::move(job));
  }
  queue_changed_.notify_one();
  return future.get();
}

absl::Status Ledger::Impl::AdvanceAnchor(const HeadRow& head) {
  return anchor->Advance(
      {.epoch = epoch, .tree_size = head.tree_size.value, .root_hash = head.root});
}

absl::Status Ledger::Impl::Publish(const HeadRow& head) {
  TRIBUTARY_ASSIGN_OR_RETURN(std::shared_ptr<const Snapshot> snapshot, store->TakeSnapshot());
  std::lock_guard lock(publish_mutex_);
  published_ = {head, std::move(snapshot)};
  return absl::OkStatus();
}

// --- Opening ---

absl::Status Ledger::Impl::Load() {
  TRIBUTARY_ASSIGN_OR_RETURN(std::shared_ptr<const Snapshot> snapshot, store->TakeSnapshot());
  TRIBUTARY_ASSIGN_OR_RETURN(const auto format, ReadPayload(*snapshot, keys::Format()));
  const AnchorHead anchored = anchor->head();
  if (!format.has_value()) {
    if (anchored.tree_size == 0) return absl::NotFoundError("the store is empty");
    return absl::DataLossError(StrCat("the store is empty, but its anchor says that ",
                                      anchored.tree_size, " records were acknowledged"));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const auto version, Decoded(DecodePosition(*format), keys::Format()));
  if (version > kStoreFormatVersion) {
    return FieldError(absl::StatusCode::kFailedPrecondition, "store format", StrCat(version),
                      StrCat("at most ", kStoreFormatVersion, ", which this program knows"));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadPayload(*snapshot, keys::Head()));
  if (!payload.has_value()) return MissingRow(keys::Head());
  TRIBUTARY_ASSIGN_OR_RETURN(
      const HeadRow head,
      Decoded(version == 1 ? DecodeHeadV1(*payload) : DecodeHead(*payload), keys::Head()));
  if (anchored.tree_size > head.tree_size.value) {
    return absl::DataLossError(
        StrCat("acknowledged records are missing: the anchor stands at tree size ",
               anchored.tree_size, ", the store at ", head.tree_size.value, "; positions ",
               head.tree_size.value, " to ", anchored.tree_size - 1,
               " are lost. The files are left as they are: restore a newer backup"));
  }

  const LedgerView view(snapshot, head, head.tree_size, caches, nullptr);
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord first, view.ReadRecord(LogPosition{0}));
  const auto* ledger = std::get_if<LedgerRecord>(&first.record.body);
  if (ledger == nullptr) return absl::DataLossError("log position 0 is not the ledger's record");
  name = first.record.ledger;
  epoch = ledger->epoch;

  const std::uint64_t partial = head.tree_size.value % kTileSize;
  std::vector<Digest> leaf_hashes;
  std::vector<LogPosition> positions;
  for (std::uint64_t i = head.tree_size.value - partial; i < head.tree_size.value; ++i) {
    positions.push_back(LogPosition{i});
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const auto records, view.ReadRecords(positions));
  for (const StoredRecord& record : records) {
    leaf_hashes.push_back(LeafHash(LeafData(record.id, record.accepted_time)));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(
      tree_, LogTreeAppender::Load(head.tree_size.value, leaf_hashes, [&](const OwnedKey& key) {
        return ReadPayload(*snapshot, key);
      }));
  if (tree_.Root() != head.root) {
    return absl::DataLossError(StrCat("the log's tree gives root ", tree_.Root().ToHex(),
                                      " at tree size ", head.tree_size.value, ", its head says ",
                                      head.root.ToHex()));
  }
  if (anchored.epoch != epoch) {
    return absl::DataLossError(
        StrCat("the store is of epoch ", epoch, ", its anchor of epoch ", anchored.epoch));
  }
  if (anchored.tree_size > 0) {
    TRIBUTARY_ASSIGN_OR_RETURN(const Digest root, RootAt(view, anchored.tree_size));
    if (root != anchored.root_hash) {
      return absl::DataLossError(StrCat("the store is another history: at tree size ",
                                        anchored.tree_size, " its root is ", root.ToHex(),
                                        ", the anchor's is ", anchored.root_hash.ToHex()));
    }
  }
  // Not before all is known to be well: files that are refused are left as they are.
  if (version < kStoreFormatVersion) {
    TRIBUTARY_RETURN_IF_ERROR(UpgradeFormat(version, *snapshot, store.get()));
  }
  if (anchored.tree_size < head.tree_size.value) TRIBUTARY_RETURN_IF_ERROR(AdvanceAnchor(head));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto counter, ReadPayload(*snapshot, keys::StageCounter()));
  if (counter.has_value()) {
    TRIBUTARY_ASSIGN_OR_RETURN(next_stage_,
                               Decoded(DecodePosition(*counter), keys::StageCounter()));
  }
  caches->assets.Update({}, head.tree_size);
  caches->asset_states.Update({}, head.tree_size);
  return Publish(head);
}

absl::Status Ledger::Impl::ClearStages() {
  constexpr std::size_t kPageSize = 1000;
  const std::string row = keys::OpenStageRow();
  while (true) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto snapshot, store->TakeSnapshot());
    TRIBUTARY_ASSIGN_OR_RETURN(const auto stages,
                               snapshot->Scan({Family::kMeta, row, "", kPageSize}));
    if (stages.empty()) return Publish(published().head);
    for (const Cell& cell : stages) {
      TRIBUTARY_RETURN_IF_ERROR(DiscardStage(StageId{ReadBigEndian64(cell.column)}));
    }
  }
}

absl::Status Ledger::Impl::EnterStage() {
  std::lock_guard lock(stage_mutex_);
  if (rebuilding_) {
    return absl::UnavailableError(
        "the indexes of the ledger are being rebuilt: nothing was recorded, send again later");
  }
  ++open_stage_count_;
  return absl::OkStatus();
}

void Ledger::Impl::LeaveStage() {
  std::lock_guard lock(stage_mutex_);
  --open_stage_count_;
}

absl::Status Ledger::Impl::BeginRebuild() {
  std::lock_guard lock(stage_mutex_);
  if (rebuilding_ || open_stage_count_ > 0) {
    return FieldError(absl::StatusCode::kFailedPrecondition, "ledger",
                      rebuilding_ ? std::string("a rebuild of its indexes")
                                  : StrCat(open_stage_count_, " derivations being streamed"),
                      "neither, while its indexes are rebuilt: try again later");
  }
  rebuilding_ = true;
  return absl::OkStatus();
}

void Ledger::Impl::EndRebuild() {
  std::lock_guard lock(stage_mutex_);
  rebuilding_ = false;
}

absl::StatusOr<StageId> Ledger::Impl::AllocateStage() {
  TRIBUTARY_RETURN_IF_ERROR(options.CheckAdmitted());
  std::lock_guard lock(stage_mutex_);
  const StageId stage{next_stage_};
  WriteBatch batch;
  PutRow(keys::StageCounter(), EncodePosition(stage.value + 1), &batch);
  PutRow(keys::OpenStage(stage), "", &batch);
  TRIBUTARY_RETURN_IF_ERROR(store->Commit(batch));
  ++next_stage_;
  return stage;
}

absl::Status Ledger::Impl::DiscardStage(StageId stage) {
  constexpr std::size_t kPageSize = 1000;
  // Members of its pools are named by no list of pages here: they are found chunk by chunk.
  while (true) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto snapshot, store->TakeSnapshot());
    TRIBUTARY_ASSIGN_OR_RETURN(
        const auto chunks,
        snapshot->Scan({Family::kUpstream, keys::EdgeChunkRow(stage), "", kPageSize}));
    TRIBUTARY_ASSIGN_OR_RETURN(
        const auto lines,
        snapshot->Scan({Family::kUpstream, keys::LineChunkRow(stage), "", kPageSize}));
    TRIBUTARY_ASSIGN_OR_RETURN(
        const auto members,
        snapshot->Scan({Family::kMeta, keys::StagePoolRow(stage), "", kPageSize}));
    WriteBatch batch;
    for (const Cell& cell : lines)
      batch.Delete(Family::kUpstream, keys::LineChunkRow(stage), cell.column);
    for (const Cell& cell : chunks)
      batch.Delete(Family::kUpstream, keys::EdgeChunkRow(stage), cell.column);
    for (const Cell& cell : members) {
      // The column names page and run of one row of members.
      const std::uint64_t page = ReadBigEndian64(cell.column);
      OwnedKey key = keys::PoolMembers(page, stage, ReadBigEndian32(cell.column.substr(8)));
      batch.Delete(key.family, std::move(key.row), std::move(key.column));
      batch.Delete(Family::kMeta, keys::StagePoolRow(stage), cell.column);
    }
    if (batch.empty()) break;
    TRIBUTARY_RETURN_IF_ERROR(store->Commit(batch));
  }
  OwnedKey marker = keys::OpenStage(stage);
  WriteBatch batch;
  batch.Delete(marker.family, std::move(marker.row), std::move(marker.column));
  return store->Commit(batch);
}

}  // namespace tributary
