// Inside of a ledger: what its committer, its stages and its maintenance share. Private to storage.

#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "storage/commit_clock.h"
#include "storage/ledger.h"
#include "storage/ledger_caches.h"
#include "storage/ledger_state.h"
#include "storage/log_tree.h"

namespace tributary {

class Ledger::Impl {
 public:
  Impl(std::unique_ptr<Store> store, std::unique_ptr<Anchor> anchor, LedgerOptions options);
  ~Impl();

  // --- Opening; before any thread runs ---
  absl::Status Load();         // rows -> head, tree; compares with the anchor
  absl::Status ClearStages();  // discards staged edges that no record made real
  void Start();                // the committer and its writer
  void Stop();                 // finishes what is queued

  // --- Any thread ---
  absl::Status Submit(std::vector<PreparedFact> facts, const SubmitOptions& options,
                      SubmitDone done);
  std::vector<absl::StatusOr<Receipt>> RecordAll(std::vector<PreparedFact> facts,
                                                 const SubmitOptions& options);
  // Runs `work` in the committer's thread, between two groups, and waits for it.
  absl::Status RunExclusive(std::function<absl::Status()> work);
  // The newest durable head with the snapshot that shows it.
  struct Published {
    HeadRow head;
    std::shared_ptr<const Snapshot> snapshot;
  };
  Published published() const;
  std::shared_ptr<LedgerView> View(const Published& state, TreeSize tree_size,
                                   const CancelToken* cancel) const;
  absl::Status status() const;
  absl::StatusOr<StageId> AllocateStage();
  // Streamed derivations write index rows before their record: they and a rebuild of the indexes
  // keep each other out. Errors: kUnavailable during a rebuild; kFailedPrecondition during streams.
  absl::Status EnterStage();
  void LeaveStage();
  absl::Status BeginRebuild();
  void EndRebuild();
  absl::Status DiscardStage(StageId stage);

  // --- The one thread that writes at the time, or before any runs ---
  absl::Status Publish(const HeadRow& head);
  absl::Status RebuildIndexes(const VerifyProgress& progress);
  absl::Status AdvanceAnchor(const HeadRow& head);

  std::unique_ptr<Store> store;
  std::unique_ptr<Anchor> anchor;
  LedgerOptions options;
  std::string name;
  std::uint64_t epoch = 1;
  std::shared_ptr<LedgerCaches> caches;

 private:
  struct Job {
    std::vector<PreparedFact> facts;
    SubmitOptions options;
    SubmitDone done;
    std::function<absl::Status()> exclusive;  // instead of facts
    std::function<void(absl::Status)> exclusive_done;
    std::size_t byte_count = 0;
  };
  struct Outcome {
    std::vector<absl::StatusOr<Receipt>> results;
  };

  // A group and what came of it. What it answers waits for its rows to be written.
  struct AppliedGroup {
    std::vector<Job> jobs;
    std::vector<Outcome> outcomes;  // by job
    std::size_t fact_count = 0;
    std::size_t byte_count = 0;
    HeadRow head_before;
    HeadRow head;                             // with this group
    std::shared_ptr<const ChangedRows> rows;  // null: nothing changed
    WriteBatch batch;                         // `rows` and what goes with them, as written
    std::vector<StageId> used_stages;         // made real by its facts
    absl::flat_hash_map<AssetNumber, AssetStateRow> changed_assets;
  };

  void CommitterLoop();
  std::vector<Job> TakeGroup();
  void RunAlone(Job job);
  void CommitGroup(std::vector<Job> jobs);
  absl::Status ApplyGroup(AppliedGroup* group);
  absl::Status ApplyFacts(LedgerState* state, AppliedGroup* group);
  // Whether so much is worth applying while another group is being written.
  bool IsLarge(std::size_t fact_count, std::size_t byte_count) const {
    return fact_count >= options.overlap_fact_count_min ||
           byte_count >= options.overlap_byte_count_min;
  }
  // Waits until nothing is in flight. Returns what was left to free, or null.
  std::unique_ptr<AppliedGroup> AwaitWriter();
  void WriterLoop();
  void WriteAndAnswer(AppliedGroup* group);
  static WriteBatch BatchOf(const AppliedGroup& group);
  absl::Status Write(const AppliedGroup& group);
  static void Answer(AppliedGroup* group);
  // Latches the ledger closed for writing and refuses all that waits.
  void Fail(const absl::Status& status, std::vector<Job> jobs);
  static void Refuse(Job job, const absl::Status& status);

  mutable std::mutex publish_mutex_;
  Published published_;

  mutable std::mutex queue_mutex_;
  std::condition_variable queue_changed_;  // or the writer became idle
  std::deque<Job> queue_;
  std::size_t queued_fact_count_ = 0;
  std::size_t queued_byte_count_ = 0;
  bool stopping_ = false;
  absl::Status failure_;
  std::condition_variable handed_over_;
  std::unique_ptr<AppliedGroup> handed_;  // to the writer, until it takes it
  bool writer_busy_ = false;              // from handing over until it was answered
  bool writer_stopping_ = false;
  bool applying_ = false;                         // the committer has a group
  std::unique_ptr<AppliedGroup> written_;         // by the writer, for the committer to free
  std::shared_ptr<const ChangedRows> in_flight_;  // what the writer is writing
  std::size_t in_flight_fact_count_ = 0;

  std::mutex stage_mutex_;
  std::uint64_t next_stage_ = 1;
  std::size_t open_stage_count_ = 0;
  bool rebuilding_ = false;

  // The committer's own.
  LogTreeAppender tree_;  // of the last group applied
  HeadRow applied_head_;  // of the last group applied, durable or in flight
  CommitClock clock_;

  std::thread committer_;
  std::thread writer_;
};

// The payload of one row of a snapshot; nullopt: absent.
absl::StatusOr<std::optional<std::string>> ReadPayload(const Snapshot& snapshot,
                                                       const OwnedKey& key);
// Brings a store of an older format to kStoreFormatVersion, step by step, each one commit.
absl::Status UpgradeFormat(std::uint64_t version, const Snapshot& snapshot, Store* store);
void PutRow(const OwnedKey& key, std::string payload, WriteBatch* batch);

}  // namespace tributary
