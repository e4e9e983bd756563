// What the durability tests record: a writer's step has the same facts whenever it is asked for.
//
// So a step that was refused, or cut off by a crash, can be sent again, and what was recorded can
// be compared with what should have been.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/ledger.h"
#include "tests/simulation/settling.h"

namespace tributary::test {

struct StagedDerivation {
  Record derivation;
  std::vector<Edge> edges;  // ascending input
};

// Facts of one batch, then perhaps one derivation whose edges are staged, then what is settled.
struct WorkStep {
  std::vector<Fact> facts;
  std::optional<StagedDerivation> staged;
  std::vector<SettlingStep> settling;
};

struct WorkloadOptions {
  std::string writer = "writer";  // writers of different names never touch each other's facts
  int staged_every = 10;          // steps from one staged derivation to the next
  // Works that staged derivations draw upon. Above kEdgeChunkSize, a staged list has two chunks.
  std::size_t pool_size = 300;
  int closed_every = 12;  // steps from one round of settling to the next; 0: somebody else settles
  // Whether what staged derivations made is sold: every statement from then on has a line for each
  // work of the pool, which makes the lines of 300 works two chunks.
  bool sells_models = true;
};

class Workload {
 public:
  explicit Workload(WorkloadOptions options) : options_(std::move(options)) {}

  // The pool, shared by all writers: to be recorded before step 0.
  WorkStep Pool() const;
  // Step 0 introduces the writer, its currency and its policy. Later ones record works, outputs
  // derived from them and from the step before, holders, aliases, consents, private details, and
  // records that supersede others; sales of the outputs, their reversals, corrections and ends of
  // escrow; holds and their release. In each round a statement is closed, the one of the round
  // before is adjusted for a record that came after it, and there are payouts.
  WorkStep Step(int number) const;

  std::string OutputName(int step) const;
  std::string WorkName(int step) const;
  std::string AliasName(int step) const;
  std::string ModelName(int step) const;  // of a step with a staged derivation
  std::string SaleReference(int step) const;
  bool IsStaged(int step) const;
  const std::string& party() const { return options_.writer; }
  std::string second_party() const { return options_.writer + "-second"; }
  // The number of the statement that a round closes over what was recorded since the last.
  std::uint64_t StatementOf(int round) const;
  std::string PayoutReference(int round) const;

 private:
  // What comes after the statement of a round and changes it.
  enum class LateChange { kDerivation, kReversal, kHolders };
  bool IsRound(int step) const {
    return options_.closed_every > 0 && step > 0 && step % options_.closed_every == 0;
  }
  // The step of the newest sale that a round's statement counts.
  int NewestCounted(int round) const;
  LateChange ChangeAfter(int round) const;
  AdjustmentMode ModeFor(int round) const;
  // The record that ChangeAfter names, recorded in the step after the round's.
  Fact LateFact(int round) const;
  Fact Derivation(int step) const;
  Fact NewHolders(int step, const std::string& party) const;
  bool HasNewHolders(int step) const { return step % 5 == 1; }
  std::vector<SettlingStep> Settling(int round) const;
  StagedDerivation Staged(int step) const;
  Fact PolicyOf() const;
  Fact Sale(int step) const;
  Fact Hold(int step) const;
  Fact Correction(int step, std::uint64_t amount) const;
  bool IsPending(int step) const { return step % 8 == 4; }   // until the step after it
  bool IsVoided(int step) const { return step % 16 == 12; }  // there
  bool IsReversed(int step) const;
  void AddMoney(int step, std::vector<Fact>* facts) const;

  WorkloadOptions options_;
};

// Records one part of a step. OK means that all of it was acknowledged, in one commit; receipts
// stand in the order of the facts. On an error some of the facts may have been recorded.
absl::StatusOr<std::vector<Receipt>> RecordFacts(Ledger& ledger, const WorkStep& step);
absl::StatusOr<std::vector<Receipt>> RecordStaged(Ledger& ledger, const WorkStep& step);

// One part of a step, which is acknowledged as a whole.
struct WorkPart {
  enum class Kind { kFacts, kStaged, kSettling };
  WorkStep step;
  Kind kind = Kind::kFacts;
  std::size_t settling = 0;  // index, of kSettling
  int number = 0;            // of the step
};

// The parts of steps [first, end) in their order.
std::vector<WorkPart> PartsOf(const Workload& workload, int first, int end);
absl::StatusOr<std::vector<Receipt>> RecordPart(Ledger& ledger, const WorkPart& part);

}  // namespace tributary::test
