// The committer: groups facts, writes them in one durable step, then answers.
//
// Two threads. One takes a group from the queue and applies it; the other writes, anchors,
// publishes and answers it. While a large group is being written the next is applied on top of it,
// seeing its rows as pending. A group's writing begins, and what it refused is answered, only once
// the group before is durable: answers never rest on more than store and anchor hold
// (docs/decisions/0019-applying-beside-writing.md).

#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "storage/ledger_impl.h"
#include "storage/not_applied.h"

namespace tributary {
namespace {

// Statuses after which the state in memory may not be what is on disk.
bool IsFatal(const absl::Status& status) {
  return status.code() == absl::StatusCode::kDataLoss ||
         status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kInternal;
}

}  // namespace

void Ledger::Impl::Start() {
  applied_head_ = published().head;
  writer_ = std::thread([this] { WriterLoop(); });
  committer_ = std::thread([this] { CommitterLoop(); });
}

void Ledger::Impl::Stop() {
  {
    std::lock_guard lock(queue_mutex_);
    stopping_ = true;
  }
  queue_changed_.notify_all();
  if (committer_.joinable()) committer_.join();
  {
    // The committer has ended, so nothing more is handed over.
    std::lock_guard lock(queue_mutex_);
    writer_stopping_ = true;
  }
  handed_over_.notify_all();
  if (writer_.joinable()) writer_.join();
}

// --- Committer's thread ---

std::vector<Ledger::Impl::Job> Ledger::Impl::TakeGroup() {
  std::unique_lock lock(queue_mutex_);
  applying_ = false;
  if (std::unique_ptr<AppliedGroup> written = std::move(written_); written != nullptr) {
    lock.unlock();
    written.reset();
    lock.lock();
  }
  // While a group is written only many facts are worth applying: others still join a few.
  queue_changed_.wait(lock, [this] {
    if (stopping_) return true;
    if (queue_.empty()) return false;
    // Not much smaller than the one that is written, or the two would take turns.
    return !writer_busy_ || (IsLarge(queued_fact_count_, queued_byte_count_) &&
                             queued_fact_count_ >= in_flight_fact_count_ / 2);
  });
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
  applying_ = !jobs.empty();
  return jobs;
}

void Ledger::Impl::CommitterLoop() {
  while (true) {
    std::vector<Job> jobs = TakeGroup();
    if (jobs.empty()) break;  // stopping, and everything accepted was taken
    if (const absl::Status failed = status(); !failed.ok()) {
      for (Job& job : jobs) Refuse(std::move(job), failed);
    } else if (jobs.front().exclusive) {
      RunAlone(std::move(jobs.front()));
    } else {
      CommitGroup(std::move(jobs));
    }
  }
  AwaitWriter();
}

std::unique_ptr<Ledger::Impl::AppliedGroup> Ledger::Impl::AwaitWriter() {
  std::unique_lock lock(queue_mutex_);
  queue_changed_.wait(lock, [this] { return !writer_busy_; });
  return std::move(written_);
}

void Ledger::Impl::RunAlone(Job job) {
  AwaitWriter();
  const absl::Status failed = status();
  if (!failed.ok()) return Refuse(std::move(job), failed);
  const absl::Status done = job.exclusive();
  applied_head_ = published().head;
  if (IsFatal(done)) Fail(done, {});
  job.exclusive_done(done);
}

void Ledger::Impl::CommitGroup(std::vector<Job> jobs) {
  auto group = std::make_unique<AppliedGroup>();
  group->jobs = std::move(jobs);
  const absl::Status applied = ApplyGroup(group.get());
  // Freed when this one is on its way: the writer need not wait for that.
  const std::unique_ptr<AppliedGroup> written = AwaitWriter();
  if (const absl::Status failed = status(); !failed.ok()) {
    for (Job& job : group->jobs) Refuse(std::move(job), failed);
    return;
  }
  if (!applied.ok()) return Fail(applied, std::move(group->jobs));
  if (group->rows == nullptr) return Answer(group.get());
  applied_head_ = group->head;
  if (!IsLarge(group->fact_count, group->byte_count)) return WriteAndAnswer(group.get());
  {
    std::lock_guard lock(queue_mutex_);
    in_flight_ = group->rows;
    in_flight_fact_count_ = group->fact_count;
    handed_ = std::move(group);
    writer_busy_ = true;
  }
  handed_over_.notify_one();
}

absl::Status Ledger::Impl::ApplyGroup(AppliedGroup* group) {
  // Before the snapshot: what is in flight now may be in it or not, and is seen either way.
  std::shared_ptr<const ChangedRows> before;
  {
    std::lock_guard lock(queue_mutex_);
    before = in_flight_;
  }
  // A snapshot of now: staged edges were written past the committer.
  TRIBUTARY_ASSIGN_OR_RETURN(const std::unique_ptr<Snapshot> snapshot, store->TakeSnapshot());
  LedgerState state(snapshot.get(), before.get(), name, applied_head_, &tree_,
                    {.cycle_test_asset_count_max = options.cycle_test_asset_count_max});
  TRIBUTARY_RETURN_IF_ERROR(ApplyFacts(&state, group));
  group->head_before = applied_head_;
  if (state.head().tree_size != applied_head_.tree_size) {
    group->rows = std::make_shared<const ChangedRows>(state.TakeRows());
    group->batch = BatchOf(*group);
  }
  group->head = state.head();
  group->changed_assets = state.TakeChangedAssets();
  return absl::OkStatus();
}

absl::Status Ledger::Impl::ApplyFacts(LedgerState* state, AppliedGroup* group) {
  const absl::StatusOr<TimeMs> now = clock_.Stamp(state->head().time);
  for (const Job& job : group->jobs) TRIBUTARY_RETURN_IF_ERROR(state->Prefetch(job.facts));
  for (const Job& job : group->jobs) {
    Outcome& outcome = group->outcomes.emplace_back();
    group->fact_count += job.facts.size();
    group->byte_count += job.byte_count;
    bool stopped = false;
    std::size_t failed = 0;
    for (const PreparedFact& fact : job.facts) {
      if (stopped) {
        outcome.results.push_back(NotApplied(failed));
        continue;
      }
      absl::StatusOr<Receipt> receipt = now.ok() || fact.accepted_time.has_value()
                                            ? state->Apply(fact, now.value_or(state->head().time),
                                                           job.options.allow_unknown_inputs)
                                            : now.status();
      if (IsFatal(receipt.status())) return receipt.status();
      if (receipt.ok() && !receipt->already_recorded && fact.stage.has_value()) {
        group->used_stages.push_back(*fact.stage);
      }
      stopped = !receipt.ok() && job.options.stop_on_error;
      if (stopped) failed = outcome.results.size();
      outcome.results.push_back(std::move(receipt));
    }
  }
  return absl::OkStatus();
}

WriteBatch Ledger::Impl::BatchOf(const AppliedGroup& group) {
  WriteBatch batch;
  // The head moves by compare-and-swap: a second writer would be refused here, not interleaved.
  const OwnedKey head_key = keys::Head();
  batch.Expect(head_key.family, head_key.row, head_key.column,
               group.head_before.tree_size.value == 0
                   ? std::optional<std::string>()
                   : std::optional(Seal(head_key.view(), EncodeHead(group.head_before))));
  group.rows->Emit(&batch);
  for (const StageId stage : group.used_stages) {
    OwnedKey key = keys::OpenStage(stage);
    batch.Delete(key.family, std::move(key.row), std::move(key.column));
  }
  return batch;
}

// --- The writer's thread, or the committer's while the writer is idle ---

void Ledger::Impl::WriterLoop() {
  while (true) {
    std::unique_lock lock(queue_mutex_);
    handed_over_.wait(lock, [this] { return handed_ != nullptr || writer_stopping_; });
    if (handed_ == nullptr) return;
    std::unique_ptr<AppliedGroup> group = std::move(handed_);
    lock.unlock();
    WriteAndAnswer(group.get());
    lock.lock();
    writer_busy_ = false;
    in_flight_.reset();
    in_flight_fact_count_ = 0;
    // A committer at work frees it later, so that this thread begins with the next group at once.
    if (applying_) written_ = std::move(group);
    queue_changed_.notify_all();
    lock.unlock();
    group.reset();
  }
}

void Ledger::Impl::WriteAndAnswer(AppliedGroup* group) {
  const absl::Status written = Write(*group);
  if (!written.ok()) return Fail(written, std::move(group->jobs));
  Answer(group);
}

absl::Status Ledger::Impl::Write(const AppliedGroup& group) {
  TRIBUTARY_RETURN_IF_ERROR(store->Commit(group.batch));
  if (!options.unsafe_acknowledge_before_anchor_for_tests) {
    TRIBUTARY_RETURN_IF_ERROR(AdvanceAnchor(group.head));
  }
  std::vector<AssetNumber> changed;
  for (const auto& [asset, row] : group.changed_assets) changed.push_back(asset);
  caches->assets.Update(group.changed_assets, group.head.tree_size);
  caches->asset_states.Update(changed, group.head.tree_size);
  return Publish(group.head);
}

void Ledger::Impl::Answer(AppliedGroup* group) {
  for (std::size_t i = 0; i < group->jobs.size(); ++i) {
    std::vector<absl::StatusOr<Receipt>>& results = group->outcomes[i].results;
    for (auto& result : results) {
      if (result.ok()) result->tree_size = group->head.tree_size;
    }
    group->jobs[i].done(std::move(results));
  }
}

void Ledger::Impl::Refuse(Job job, const absl::Status& status) {
  if (job.exclusive) return job.exclusive_done(status);
  job.done(std::vector<absl::StatusOr<Receipt>>(job.facts.size(), status));
}

void Ledger::Impl::Fail(const absl::Status& status, std::vector<Job> jobs) {
  absl::Status failure = absl::UnavailableError(StrCat(
      "the ledger takes no writes after a failure; facts that were waiting may or may not be "
      "recorded, and sending them again is safe: ",
      FromAbsl(status.message())));
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

}  // namespace tributary
