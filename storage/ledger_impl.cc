// The committer: groups facts, writes them in one durable step, then answers.

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

// Statuses after which the state in memory may not be what is on disk.
bool IsFatal(const absl::Status& status) {
  return status.code() == absl::StatusCode::kDataLoss ||
         status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kInternal;
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
  batch->Put(key.family, key.row, key.column, Seal(key.view(), std::move(payload)));
}

Ledger::Impl::Impl(std::unique_ptr<Store> store_in, std::unique_ptr<Anchor> anchor_in,
                   LedgerOptions options_in)
    : store(std::move(store_in)),
      anchor(std::move(anchor_in)),
      options(std::move(options_in)),
      caches(std::make_shared<LedgerCaches>(store.get(), options.edge_cache_size,
                                            options.asset_id_cache_size)),
      clock_(options.now, options.clock_jump_ms_max) {}

Ledger::Impl::~Impl() {
  {
    std::lock_guard lock(queue_mutex_);
    stopping_ = true;
  }
  queue_changed_.notify_all();
  if (committer_.joinable()) committer_.join();
}

void Ledger::Impl::Start() {
  committer_ = std::thread([this] { CommitterLoop(); });
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

// --- Committer's thread ---

std::vector<Ledger::Impl::Job> Ledger::Impl::TakeGroup() {
  std::unique_lock lock(queue_mutex_);
  queue_changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  std::vector<Job> jobs;
  std::size_t fact_count = 0;
  std::size_t byte_count = 0;
  while (!queue_.empty()) {
    Job& next = queue_.front();
    if (!jobs.empty()) {
      if (next.exclusive || jobs.front().exclusive) break;
      if (fact_count + next.facts.size() > options.group_fact_count_max) break;
      if (byte_count + next.byte_count > options.group_byte_count_max) break;
    }
    fact_count += next.facts.size();
    byte_count += next.byte_count;
    queued_fact_count_ -= next.facts.size();
    queued_byte_count_ -= next.byte_count;
    jobs.push_back(std::move(next));
    queue_.pop_front();
  }
  return jobs;
}

void Ledger::Impl::CommitterLoop() {
  while (true) {
    std::vector<Job> jobs = TakeGroup();
    if (jobs.empty()) return;  // stopping, and everything accepted is answered
    if (const absl::Status failed = status(); !failed.ok()) {
      for (Job& job : jobs) Refuse(std::move(job), failed);
    } else if (jobs.front().exclusive) {
      const absl::Status done = jobs.front().exclusive();
      if (IsFatal(done)) Fail(done, {});
      jobs.front().exclusive_done(done);
    } else {
      CommitGroup(std::move(jobs));
    }
  }
}

void Ledger::Impl::CommitGroup(std::vector<Job> jobs) {
  // A snapshot of now: staged edges were written past the committer.
  auto snapshot = store->TakeSnapshot();
  if (!snapshot.ok()) return Fail(snapshot.status(), std::move(jobs));
  const HeadRow before = published().head;
  LedgerState state(snapshot->get(), name, before, &tree_,
                    {.cycle_test_asset_count_max = options.cycle_test_asset_count_max});
  std::vector<Outcome> outcomes;
  std::vector<StageId> used_stages;
  absl::Status status = ApplyGroup(jobs, &state, &outcomes, &used_stages);
  if (status.ok() && state.head().tree_size != before.tree_size) {
    status = WriteGroup(&state, used_stages);
  }
  if (!status.ok()) return Fail(status, std::move(jobs));
  const TreeSize durable = state.head().tree_size;
  for (Outcome& outcome : outcomes) {
    for (auto& result : outcome.results) {
      if (result.ok()) result->tree_size = durable;
    }
  }
  Answer(std::move(jobs), std::move(outcomes));
}

absl::Status Ledger::Impl::ApplyGroup(const std::vector<Job>& jobs, LedgerState* state,
                                      std::vector<Outcome>* outcomes,
                                      std::vector<StageId>* used_stages) {
  const absl::StatusOr<TimeMs> now = clock_.Stamp(state->head().time);
  for (const Job& job : jobs) TRIBUTARY_RETURN_IF_ERROR(state->Prefetch(job.facts));
  for (const Job& job : jobs) {
    Outcome& outcome = outcomes->emplace_back();
    bool stopped = false;
    for (const PreparedFact& fact : job.facts) {
      if (stopped) {
        outcome.results.push_back(
            absl::AbortedError("not applied: an earlier fact of this batch failed"));
        continue;
      }
      absl::StatusOr<Receipt> receipt = now.ok() || fact.accepted_time.has_value()
                                            ? state->Apply(fact, now.value_or(state->head().time),
                                                           job.options.allow_unknown_inputs)
                                            : now.status();
      if (IsFatal(receipt.status())) return receipt.status();
      if (receipt.ok() && !receipt->already_recorded && fact.stage.has_value()) {
        used_stages->push_back(*fact.stage);
      }
      stopped = !receipt.ok() && job.options.stop_on_error;
      outcome.results.push_back(std::move(receipt));
    }
  }
  return absl::OkStatus();
}

absl::Status Ledger::Impl::WriteGroup(LedgerState* state, const std::vector<StageId>& used_stages) {
  WriteBatch batch;
  // The head moves by compare-and-swap: a second writer would be refused here, not interleaved.
  const HeadRow before = published().head;
  const OwnedKey head_key = keys::Head();
  batch.Expect(head_key.family, head_key.row, head_key.column,
               before.tree_size.value == 0
                   ? std::optional<std::string>()
                   : std::optional(Seal(head_key.view(), EncodeHead(before))));
  for (const StageId stage : used_stages) {
    OwnedKey key = keys::OpenStage(stage);
    batch.Delete(key.family, std::move(key.row), std::move(key.column));
  }
  state->Emit(&batch);
  TRIBUTARY_RETURN_IF_ERROR(store->Commit(batch));
  if (!options.unsafe_acknowledge_before_anchor_for_tests) {
    TRIBUTARY_RETURN_IF_ERROR(AdvanceAnchor(state->head()));
  }
  std::vector<AssetNumber> changed;
  for (const auto& [asset, row] : state->changed_assets()) {
    caches->flags.Update(asset, AssetFlags::FromState(row));
    changed.push_back(asset);
  }
  caches->asset_states.Update(changed, state->head().tree_size);
  return Publish(state->head());
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

void Ledger::Impl::Answer(std::vector<Job> jobs, std::vector<Outcome> outcomes) {
  for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i].done(std::move(outcomes[i].results));
}

void Ledger::Impl::Refuse(Job job, const absl::Status& status) {
  if (job.exclusive) return job.exclusive_done(status);
  job.done(std::vector<absl::StatusOr<Receipt>>(job.facts.size(), status));
}

void Ledger::Impl::Fail(const absl::Status& status, std::vector<Job> jobs) {
  absl::Status failure = absl::UnavailableError(StrCat(
      "the ledger takes no writes after a failure; facts that were waiting may or may not be "
      "recorded, and sending them again is safe: ",
      std::string_view(status.message().data(), status.message().size())));
  bool first = false;
  {
    std::lock_guard lock(queue_mutex_);
    first = failure_.ok();
    if (first) failure_ = failure;
    for (Job& job : queue_) jobs.push_back(std::move(job));
    queue_.clear();
    queued_fact_count_ = 0;
    queued_byte_count_ = 0;
  }
  if (first && options.on_failure) options.on_failure(status);
  for (Job& job : jobs) Refuse(std::move(job), failure);
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

absl::StatusOr<StageId> Ledger::Impl::AllocateStage() {
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
