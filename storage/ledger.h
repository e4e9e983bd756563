// A ledger: one tenant's append-only history in one store, with one committer and one anchor.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/model/cancel.h"
#include "storage/anchor.h"
#include "storage/cache_sizes.h"
#include "storage/fact.h"
#include "storage/ledger_view.h"
#include "storage/row_codec.h"
#include "storage/store.h"

namespace tributary {

// Named limits and tools of one ledger; each default states its reason.
struct LedgerOptions {
  // The clock that stamps records. Tests replace it.
  std::function<TimeMs()> now;  // absent: the system clock
  // What that clock is compared with; see ClockSources.
  std::function<std::chrono::milliseconds()> since_boot;
  // A difference between the two above which nothing is recorded: a wrong time in an append-only
  // log can not be taken back.
  std::uint64_t clock_jump_ms_max = 3'600'000;
  // Facts and bytes waiting for the committer: about a second of work.
  std::size_t queue_fact_count_max = 100'000;
  std::size_t queue_byte_count_max = 256u << 20;
  // Facts in one commit: beyond some thousands a larger group gains nothing and delays the first.
  std::size_t group_fact_count_max = 20'000;
  // Bytes of records in one commit, so that a WriteBatch stays below 64 MiB.
  std::size_t group_byte_count_max = 16u << 20;
  // Facts waiting from which on the next group is applied while the one before is still being
  // written: from about here on that takes longer than a sync, and smaller groups gain more from
  // what joins them meanwhile.
  std::size_t overlap_fact_count_min = 1'000;
  // The same for few facts of many edges.
  std::size_t overlap_byte_count_min = 1u << 20;
  // Assets looked at by the cycle test of one derivation, on both sides together: a second's work.
  std::size_t cycle_test_asset_count_max = 5'000'000;
  CacheSizes cache_sizes;
  // Answers before the anchor is durable. Exists so that the power-cut tests can show that they
  // notice; nothing else may set it.
  bool unsafe_acknowledge_before_anchor_for_tests = false;
  // Called once when a write of the opened ledger failed, in a call or in the background: it
  // answers no further write (fail-stop). On any thread; must not block.
  std::function<void(const absl::Status&)> on_failure;
  // Asked before facts are queued, edges or lines staged, indexes rebuilt: its error refuses them.
  // Absent: all is admitted. Any thread; quick.
  std::function<absl::Status()> admit_write;
  absl::Status CheckAdmitted() const { return admit_write ? admit_write() : absl::OkStatus(); }
};

struct SubmitOptions {
  bool allow_unknown_inputs = false;
  bool stop_on_error = false;  // facts after the first failed one are refused with kAborted
};

// Edges on their way into the store, unseen until a derivation makes them real. One thread.
class EdgeStage;
// Lines of a statement or adjustment on their way, unseen until its record makes them real.
class LineStage;

struct VerifyProblem {
  std::string where;
  std::string what;
};
struct VerifyResult {
  TreeSize tree_size;
  Digest root_hash;  // recomputed
  std::uint64_t record_count = 0;
  std::uint64_t edge_count = 0;
  std::uint64_t problem_count = 0;
  std::vector<VerifyProblem> problems;  // the first kVerifyProblemCountMax
};
inline constexpr std::size_t kVerifyProblemCountMax = 100;
using VerifyProgress =
    std::function<void(std::string_view phase, std::uint64_t done, std::uint64_t total)>;

// Any thread may call any method.
class Ledger {
 public:
  // Makes a new ledger in an empty store: `record_bytes` is its ledger record, at log position 0.
  // Durable on return. Errors: kInvalidArgument, kAlreadyExists (the store is not empty).
  static absl::StatusOr<std::unique_ptr<Ledger>> Create(std::unique_ptr<Store> store,
                                                        std::unique_ptr<Anchor> anchor,
                                                        const Record& ledger_record,
                                                        std::optional<TimeMs> accepted_time,
                                                        LedgerOptions options);

  // Opens an existing one and compares it with its anchor: a store behind the anchor, or with
  // another root at the anchor's tree size, is refused with kDataLoss that says what is missing.
  // Staged edges that no record made real are cleared. Errors: kDataLoss, kFailedPrecondition (a
  // newer format), kNotFound (an empty store).
  static absl::StatusOr<std::unique_ptr<Ledger>> Open(std::unique_ptr<Store> store,
                                                      std::unique_ptr<Anchor> anchor,
                                                      LedgerOptions options);

  // Finishes what is queued, then stops the committer.
  ~Ledger();

  const std::string& name() const { return name_; }
  std::uint64_t epoch() const { return epoch_; }

  // Queues facts, applied in order; `done` gets one result per fact once all that was accepted is
  // durable (called from one of the ledger's own threads: it must not block).
  // Each fact is all or nothing by itself. Errors of one fact:
  //   kAlreadyExists       other content is in force under its identity; both are shown
  //   kAborted             supersedes names a record that is not in force; or stop_on_error; or
  //                        the lineage changed since the caller checked it
  //   kNotFound            an asset, party, currency or record that it names is not recorded
  //   kOutOfRange          an amount or a tree size beyond what the ledger allows
  //   kFailedPrecondition  it would close a cycle (the path is shown); the clock jumped; what it
  //                        names can not take it, such as a sale that expired
  //   kResourceExhausted   the cycle test met its limit
  //   kUnavailable         the write failed: it may or may not be recorded; sending again is safe
  // Returns kResourceExhausted naming `queue` (nothing queued) when the queue is full, kUnavailable
  // after a failed write or during shutdown, and what admit_write says; `done` is then not called.
  using SubmitDone = std::function<void(std::vector<absl::StatusOr<Receipt>>)>;
  absl::Status Submit(std::vector<PreparedFact> facts, const SubmitOptions& options,
                      SubmitDone done);

  // Submit and wait.
  absl::StatusOr<Receipt> RecordFact(Fact fact, const SubmitOptions& options = {});
  std::vector<absl::StatusOr<Receipt>> RecordAll(std::vector<PreparedFact> facts,
                                                 const SubmitOptions& options = {});

  // Starts a derivation of many inputs; edges follow in ascending order of input id.
  // `accepted_time` is for replay only. The stage must not outlive the ledger.
  absl::StatusOr<std::unique_ptr<EdgeStage>> BeginDerivation(
      const Record& derivation, const SubmitOptions& options,
      std::optional<PrivateDetails> details = std::nullopt,
      std::optional<TimeMs> accepted_time = std::nullopt);

  // Held from reading what a statement, an adjustment, a payout or a route is computed from or
  // checked against until it is recorded: these are made one at a time.
  // Errors: the token's own (null: none); kUnavailable, others hold it for longer than `patience`.
  absl::StatusOr<std::unique_lock<std::timed_mutex>> LockSettlement(
      const CancelToken* cancel,
      std::chrono::milliseconds patience = std::chrono::milliseconds::max());

  // Starts the record of a statement or an adjustment; its lines follow in their order. The stage
  // must not outlive the ledger.
  absl::StatusOr<std::unique_ptr<LineStage>> BeginLines();

  // The state at a tree size (absent: the newest durable one). `cancel` may be null and must
  // outlive the view. Errors: kOutOfRange outside 1..durable tree size.
  absl::StatusOr<std::shared_ptr<LedgerView>> ViewAt(std::optional<TreeSize> tree_size,
                                                     const CancelToken* cancel = nullptr) const;
  HeadRow head() const;  // durable
  // OK, or why no write is taken any more.
  absl::Status status() const;
  // What whoever runs it should know though it serves, in words: what was wrong with its anchor
  // when it was opened, and why writes are not admitted just now.
  std::vector<std::string> Warnings() const;

  // Reads everything again: every digest, the whole tree, every edge list; then recomputes every
  // index row from log and records in `scratch` (an empty store) and compares. Damage is in the
  // result; an error means that verification itself could not be done.
  absl::StatusOr<VerifyResult> Verify(Store* scratch, const VerifyProgress& progress,
                                      const CancelToken* cancel) const;

  // Writes every index row anew from log and records. Writers wait meanwhile. A crash in between
  // leaves a ledger that finishes the rebuild when it is opened. Errors: kFailedPrecondition while
  // derivations are being streamed, which write indexes before their record; none begins meanwhile.
  absl::Status RebuildIndexes(const VerifyProgress& progress);

  // A copy of the store and its anchor in the new directory `path`, of one durable state.
  absl::StatusOr<HeadRow> CopyTo(const std::string& path);

  absl::Status Compact();
  // Re-reads all stored bytes and checks the engine's own checksums.
  absl::Status VerifyChecksums();
  std::vector<FamilySize> ApproximateSizes() const;

  // Internal: see EdgeStage.
  class Impl;

 private:
  explicit Ledger(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
  std::string name_;
  std::uint64_t epoch_ = 1;
  std::timed_mutex settlement_mutex_;
};

// Destroying a stage that was not finished discards its edges.
class EdgeStage {
 public:
  ~EdgeStage();
  // Checks, resolves and stores edges; written in chunks. Errors: kInvalidArgument (order, basis,
  // sum), kNotFound (an unknown input), kResourceExhausted (kEdgeCountMax), kUnavailable.
  // `inputs`, unless null, gets the assets behind these edges.
  absl::Status Add(std::span<const Edge> edges, std::vector<AssetNumber>* inputs = nullptr);
  // Makes the derivation with all edges so far visible and durable, or fails as Submit does.
  struct Finished {
    Receipt receipt;
    DerivationRecord derivation;
  };
  // `check`, unless empty, is asked with the record's id before anything is made visible, and its
  // error is given.
  using Check = std::function<absl::Status(const Digest& id)>;
  absl::StatusOr<Finished> Finish(const DeclaredEdges& declared = {}, const Check& check = {});

 private:
  friend class Ledger;
  class Impl;
  explicit EdgeStage(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Destroying a stage that was not finished discards its lines. One thread.
class LineStage {
 public:
  ~LineStage();
  // Stores lines; written in chunks. Errors: kInvalidArgument (above kLineSizeMax),
  // kResourceExhausted (kLineCountMax), kUnavailable.
  absl::Status Add(std::span<const std::string> lines);
  // Makes the record with all lines so far visible and durable, or fails as Submit does. It must
  // state their count and root (kInvalidArgument). `accepted_time` is for replay only.
  absl::StatusOr<Receipt> Finish(const Record& record,
                                 std::optional<TimeMs> accepted_time = std::nullopt);

 private:
  friend class Ledger;
  class Impl;
  explicit LineStage(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tributary
