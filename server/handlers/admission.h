// What a fact may not say that neither its record nor few rows show: a policy that does not fit the
// lineage of the asset sold, a route that closes a cycle, a payout that was settled already.

#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/lineage/subgraph.h"
#include "server/env.h"
#include "server/walk_gate.h"
#include "storage/ledger.h"

namespace tributary::server {

// How long facts wait before they are offered again to a ledger whose queue is full: a commit of
// some thousand takes about that long.
inline constexpr std::chrono::milliseconds kQueueFullPause{5};

// For one ledger and one call.
class Admission {
 public:
  Admission(Env& env, Ledger& ledger) : env_(env), ledger_(ledger) {}

  // Whether such a record is checked against others of its kind, and so recorded with nothing in
  // between: mandates, assignments, merges, states of payouts, and holds that are rerouted.
  static bool IsExclusive(const RecordBody& body);
  // Whether one of the facts is checked at all: if not, they may go to the ledger at once.
  absl::StatusOr<bool> IsAnyChecked(std::span<const PreparedFact> facts);

  // Checks and records one fact, again where the lineage changed meanwhile.
  // Errors: those of the checks and of Ledger::Submit.
  absl::StatusOr<Receipt> Record(PreparedFact fact, const SubmitOptions& options);

  // The same for many, in order. Errors of single facts are in the result.
  std::vector<absl::StatusOr<Receipt>> RecordAll(std::vector<PreparedFact> facts,
                                                 const SubmitOptions& options);

  // Whether the edges of streamed derivations are checked: a policy in force could forbid some.
  absl::StatusOr<bool> ChecksLineage();
  // Checks a derivation whose edges were streamed, before its record is made, by the assets that it
  // was made from. A record that is there already is not checked again.
  // Errors: kInvalidArgument on `edges`, as of derivations that are sent whole.
  absl::Status CheckStreamed(const Digest& id, std::span<const AssetNumber> inputs);

 private:
  absl::Status Refresh();
  bool IsChecked(const PreparedFact& fact) const;
  // Checks a fact that is not exclusive by the state that was read last. One that depends on the
  // lineage, or names what is not there yet, is marked so that the ledger refuses it with kAborted
  // on kLineageField unless the state is still the same; Record then decides. Errors:
  // kInvalidArgument, the policy does not fit the sale.
  absl::Status Check(PreparedFact* fact);
  absl::StatusOr<Receipt> RecordExclusive(PreparedFact fact, const SubmitOptions& options);
  // Waits while the ledger's queue is full.
  std::vector<absl::StatusOr<Receipt>> Submit(std::vector<PreparedFact> facts,
                                              const SubmitOptions& options);
  absl::StatusOr<Receipt> SubmitOne(PreparedFact fact, const SubmitOptions& options);
  // Marks a fact as one that can not be checked yet, and keeps why; OK: the ledger may take it as
  // it is, should nothing come before it.
  absl::Status LeaveOpen(absl::Status reason, PreparedFact* fact);
  absl::Status CheckSale(const SaleRecord& sale, PreparedFact* fact);
  absl::Status CheckCorrection(const CorrectionRecord& correction, PreparedFact* fact);
  absl::Status CheckFit(const SaleRecord& sale, PreparedFact* fact);
  // Waits for a place among the walks that check.
  absl::StatusOr<WalkGate::Permit> EnterWalk();
  // Whether a policy in force could not be met by any sale of what is derived.
  absl::Status CheckDerivation(PreparedFact* fact);
  absl::Status CheckInputs(std::span<const AssetNumber> inputs);
  absl::Status CheckTerms(const PolicyRecord& policy, const LineageSubgraph& upstream);
  absl::Status CheckExclusive(const PreparedFact& fact);
  // A record by its id, and a currency: null where there is none yet.
  absl::StatusOr<std::shared_ptr<const tributary::Record>> FindFixed(const Digest& id);
  absl::StatusOr<std::shared_ptr<const CurrencyRecord>> FindCurrency(const std::string& code);

  Env& env_;
  Ledger& ledger_;
  std::shared_ptr<LedgerView> view_;                         // that checks are made by
  std::shared_ptr<const TermPolicies::List> term_policies_;  // in force there
  absl::Status missing_;  // why the fact checked last can not be checked yet
  // What never changes once it is there.
  absl::flat_hash_map<Digest, std::shared_ptr<const tributary::Record>> fixed_records_;
  absl::flat_hash_map<std::string, std::shared_ptr<const CurrencyRecord>> currencies_;
};

}  // namespace tributary::server
