#include "server/handlers/admission.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "graph/lineage/subgraph.h"
#include "graph/model/record_type.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "graph/model/wide.h"
#include "graph/settlement/absolute_terms.h"
#include "graph/settlement/close.h"
#include "graph/settlement/payout.h"
#include "graph/settlement/policy.h"
#include "graph/settlement/routes.h"
#include "server/handlers/settle_limits.h"
#include "server/handlers/view.h"
#include "server/handlers/walk_limits.h"
#include "server/settlement_view.h"
#include "storage/not_applied.h"

namespace tributary::server {
namespace {

// No ledger has so many derivations: what the fact depends on was not there to be checked.
constexpr std::uint64_t kUnseen = UINT64_MAX;

// How long a single record waits for a statement or a payout that is being made. Writers are few:
// all of them waiting would keep everybody else from recording.
constexpr std::chrono::seconds kLockPatience{2};

// How often a fact is checked anew because derivations were recorded meanwhile.
constexpr int kAttemptCountMax = 16;

bool IsLineageChange(const absl::Status& status) {
  return absl::IsAborted(status) && FieldOf(status) == kLineageField;
}

// Fees of one sale against its gross, where no absolute term can stand between them.
absl::Status CheckFees(const PolicyRecord& policy, const SaleRecord& sale,
                       const CurrencyRecord& currency) {
  const auto bits = static_cast<unsigned>(currency.fraction_bits);
  const Grains gross = sale.amount.value << bits;
  const Grains unit_mask = (Grains{1} << bits) - 1;
  Grains left = gross;
  Uint128 total = 0;              // of all fees, in whole minor units, parts rounded up
  const Fee* too_much = nullptr;  // the first that finds too little left
  for (const Fee& fee : policy.fees) {
    if (fee.fixed.value != 0 && fee.currency != sale.currency) continue;
    const bool fits = fee.fixed.value <= sale.amount.value;
    const Grains grains = fee.fixed.value == 0 ? *MultiplyDivide(gross, fee.ppm, kPartsPerMillion)
                          : fits               ? fee.fixed.value << bits
                                               : gross;
    const Uint128 units = fee.fixed.value != 0
                              ? fee.fixed.value
                              : (grains >> bits) + ((grains & unit_mask) != 0 ? 1 : 0);
    total += std::min(units, kUint128Max - total);
    if (too_much == nullptr && (!fits || grains > left)) too_much = &fee;
    if (too_much == nullptr) left -= grains;
  }
  if (too_much == nullptr) return absl::OkStatus();
  return InvalidField(
      "policy",
      StrCat("fees of policy ", policy.name, " of ", ToDecimal(total),
             " minor units together on a sale of ", ToDecimal(sale.amount.value), " ",
             sale.currency),
      StrCat("an amount that they fit into; the head-room is ", ToDecimal(left >> bits),
             " minor units where the fee of ", too_much->party, " comes"));
}

absl::StatusOr<std::vector<BoundTerm>> BindTerms(const LedgerView& view,
                                                 const PolicyRecord& policy) {
  std::vector<BoundTerm> terms;
  for (const AbsoluteTerm& term : policy.absolute_terms) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto asset, view.FindAsset(term.asset));
    if (asset.has_value()) terms.push_back({*asset, term.asset, term.ppm});
  }
  return terms;
}

}  // namespace

bool Admission::IsExclusive(const RecordBody& body) {
  const auto* release = std::get_if<HoldReleaseRecord>(&body);
  if (release != nullptr) return release->outcome == HoldOutcome::kRerouted;
  return std::holds_alternative<MandateRecord>(body) ||
         std::holds_alternative<AssignmentRecord>(body) ||
         std::holds_alternative<PartyMergeRecord>(body) ||
         std::holds_alternative<PayoutStateRecord>(body);
}

bool Admission::IsChecked(const PreparedFact& fact) const {
  const RecordBody& body = fact.record.body;
  if (std::holds_alternative<DerivationRecord>(body)) {
    return !term_policies_->empty() && !fact.edges.empty();
  }
  const auto* sale = std::get_if<SaleRecord>(&body);
  return IsExclusive(body) || std::holds_alternative<CorrectionRecord>(body) ||
         (sale != nullptr && sale->policy.has_value());
}

absl::Status Admission::Refresh() {
  TRIBUTARY_ASSIGN_OR_RETURN(view_, ledger_.ViewAt(std::nullopt, &env_.cancel));
  TRIBUTARY_ASSIGN_OR_RETURN(term_policies_,
                             env_.ledgers.term_policies().Find(ledger_.name(), *view_));
  return absl::OkStatus();
}

absl::StatusOr<bool> Admission::IsAnyChecked(std::span<const PreparedFact> facts) {
  TRIBUTARY_RETURN_IF_ERROR(Refresh());
  return std::any_of(facts.begin(), facts.end(),
                     [this](const PreparedFact& fact) { return IsChecked(fact); });
}

absl::Status Admission::Check(PreparedFact* fact) {
  const RecordBody& body = fact->record.body;
  if (!IsChecked(*fact) || IsExclusive(body)) return absl::OkStatus();
  TRIBUTARY_ASSIGN_OR_RETURN(const auto known, view_->FindRecord(fact->id));
  if (known.has_value()) return absl::OkStatus();  // a retry, which the ledger answers
  if (const auto* sale = std::get_if<SaleRecord>(&body)) return CheckSale(*sale, fact);
  if (std::holds_alternative<DerivationRecord>(body)) return CheckDerivation(fact);
  return CheckCorrection(std::get<CorrectionRecord>(body), fact);
}

absl::StatusOr<std::shared_ptr<const Record>> Admission::FindFixed(const Digest& id) {
  auto& known = fixed_records_[id];
  if (known != nullptr) return known;
  TRIBUTARY_ASSIGN_OR_RETURN(const auto position, view_->FindRecord(id));
  if (!position.has_value()) return known;
  TRIBUTARY_ASSIGN_OR_RETURN(StoredRecord record, view_->ReadRecord(*position));
  known = std::make_shared<const tributary::Record>(std::move(record.record));
  return known;
}

absl::StatusOr<std::shared_ptr<const CurrencyRecord>> Admission::FindCurrency(
    const std::string& code) {
  auto& known = currencies_[code];
  if (known != nullptr) return known;
  CurrencyRecord probe;
  probe.code = code;
  TRIBUTARY_ASSIGN_OR_RETURN(const auto record, view_->FindInForce(probe));
  if (!record.has_value()) return known;
  TRIBUTARY_ASSIGN_OR_RETURN(CurrencyRecord currency, BodyOf<CurrencyRecord>(*record));
  known = std::make_shared<const CurrencyRecord>(std::move(currency));
  return known;
}

absl::Status Admission::CheckSale(const SaleRecord& sale, PreparedFact* fact) {
  return sale.policy.has_value() ? CheckFit(sale, fact) : absl::OkStatus();
}

absl::Status Admission::CheckCorrection(const CorrectionRecord& correction, PreparedFact* fact) {
  const LedgerView& view = *view_;
  TRIBUTARY_ASSIGN_OR_RETURN(const auto position, view.FindRecord(correction.sale));
  if (!position.has_value()) {
    return LeaveOpen(FieldError(absl::StatusCode::kNotFound, "sale", correction.sale.ToHex(),
                                "the record id of a sale"),
                     fact);
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord record, view.ReadRecord(*position));
  const auto* recorded = std::get_if<SaleRecord>(&record.record.body);
  if (recorded == nullptr) return absl::OkStatus();  // which the ledger refuses
  SaleRecord sale = *recorded;
  // Valued where the sale stands, wherever the correction does.
  sale.tree_size = correction.tree_size.value_or(sale.tree_size.value_or(position->value));
  if (correction.amount.has_value()) sale.amount = *correction.amount;
  if (correction.asset.has_value()) sale.asset = *correction.asset;
  if (correction.policy.has_value()) sale.policy = *correction.policy;
  return CheckSale(sale, fact);
}

absl::Status Admission::LeaveOpen(absl::Status reason, PreparedFact* fact) {
  fact->derivation_count_seen = kUnseen;
  missing_ = std::move(reason);
  return absl::OkStatus();
}

absl::Status Admission::CheckFit(const SaleRecord& sale, PreparedFact* fact) {
  const LedgerView& view = *view_;
  TRIBUTARY_ASSIGN_OR_RETURN(const auto policy_record, FindFixed(*sale.policy));
  if (policy_record == nullptr) {
    return LeaveOpen(FieldError(absl::StatusCode::kNotFound, "policy", sale.policy->ToHex(),
                                "the record id of a policy"),
                     fact);
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const auto currency, FindCurrency(sale.currency));
  if (currency == nullptr) {
    return LeaveOpen(FieldError(absl::StatusCode::kNotFound, "currency", sale.currency,
                                "a currency that is recorded"),
                     fact);
  }
  const auto* policy = std::get_if<PolicyRecord>(&policy_record->body);
  const auto bits = static_cast<unsigned>(currency->fraction_bits);
  const bool is_refused = policy == nullptr || sale.amount.value > (kMoneyGrainsEnd - 1) >> bits;
  if (is_refused) return absl::OkStatus();  // by the ledger, which has the words for it
  // Also where no term's asset is recorded yet: it may be, before the sale is.
  const bool follows_lineage = !policy->absolute_terms.empty() && !sale.tree_size.has_value();
  if (follows_lineage) {
    fact->derivation_count_seen = view.head().record_counts[kRecordTypeOf<DerivationRecord>.index];
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const auto terms, BindTerms(view, *policy));
  if (terms.empty()) return CheckFees(*policy, sale, *currency);
  const TreeSize valued_at{sale.tree_size.value_or(view.tree_size().value)};
  if (valued_at > view.tree_size()) {
    return LeaveOpen(FieldError(absl::StatusCode::kOutOfRange, "tree_size", StrCat(valued_at.value),
                                StrCat("at most the tree size, ", view.tree_size().value)),
                     fact);
  }
  const auto at = view.At(valued_at);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto asset, at->FindAsset(sale.asset));
  if (!asset.has_value()) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto late, view.FindAsset(sale.asset));
    return LeaveOpen(FieldError(late.has_value() ? absl::StatusCode::kFailedPrecondition
                                                 : absl::StatusCode::kNotFound,
                                "asset", sale.asset.ToHex(),
                                StrCat("an asset recorded before tree size ", valued_at.value,
                                       ", which the sale is valued at")),
                     fact);
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const WalkGate::Permit permit, EnterWalk());
  const auto collected =
      CollectUpstream(*at, *asset, CollectLimitsOf(env_.limits), &env_.cancel, env_.scratch);
  if (!collected.ok()) return WalkError(collected.status());
  const auto split = SplitSale(
      *at, *collected,
      {.amount = sale.amount, .sale_count = 1, .currency = currency->code, .fraction_bits = bits},
      {policy, terms}, {}, SplitLimitsOf(env_.limits), &env_.cancel);
  return split.status();
}

absl::StatusOr<WalkGate::Permit> Admission::EnterWalk() {
  return env_.ledgers.check_walks().Enter(env_.limits.check_walk_count_max, env_.cancel);
}

absl::Status Admission::CheckDerivation(PreparedFact* fact) {
  std::vector<AssetNumber> inputs;
  for (const Edge& edge : fact->edges) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto input, view_->FindAsset(edge.input));
    if (input.has_value()) inputs.push_back(*input);
  }
  TRIBUTARY_RETURN_IF_ERROR(CheckInputs(inputs));
  // Facts before this one may bring the others, with lineage of their own.
  if (inputs.size() < fact->edges.size()) return LeaveOpen(absl::OkStatus(), fact);
  return absl::OkStatus();
}

absl::StatusOr<bool> Admission::ChecksLineage() {
  TRIBUTARY_RETURN_IF_ERROR(Refresh());
  return !term_policies_->empty();
}

absl::Status Admission::CheckStreamed(const Digest& id, std::span<const AssetNumber> inputs) {
  TRIBUTARY_RETURN_IF_ERROR(Refresh());
  TRIBUTARY_ASSIGN_OR_RETURN(const auto known, view_->FindRecord(id));
  return known.has_value() ? absl::OkStatus() : CheckInputs(inputs);
}

absl::Status Admission::CheckInputs(std::span<const AssetNumber> inputs) {
  if (inputs.empty()) return absl::OkStatus();
  TRIBUTARY_ASSIGN_OR_RETURN(const WalkGate::Permit permit, EnterWalk());
  const auto upstream =
      CollectUpstream(*view_, inputs, CollectLimitsOf(env_.limits), &env_.cancel, env_.scratch);
  // Too large to be seen here: the first sale finds what there is to find.
  if (absl::IsResourceExhausted(upstream.status())) return absl::OkStatus();
  if (!upstream.ok()) return WalkError(upstream.status());
  for (const auto& kept : *term_policies_) {
    const PolicyRecord& policy = kept->record;
    const absl::Status fits = CheckTerms(policy, *upstream);
    if (fits.ok()) continue;
    return WithField(
        absl::Status(fits.code(),
                     ToAbsl(StrCat("edges: no sale of what is derived could meet policy ",
                                   policy.name, ": ", FromAbsl(fits.message())))),
        "edges");
  }
  return absl::OkStatus();
}

absl::Status Admission::CheckTerms(const PolicyRecord& policy, const LineageSubgraph& upstream) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto terms, BindTerms(*view_, policy));
  HeadRoom room(policy);
  for (const VertexTerm& met : TermsIn(upstream, terms)) {
    TRIBUTARY_RETURN_IF_ERROR(room.Take(*met.term));
  }
  return absl::OkStatus();
}

std::vector<absl::StatusOr<Receipt>> Admission::Submit(std::vector<PreparedFact> facts,
                                                       const SubmitOptions& options) {
  while (true) {
    auto results = ledger_.RecordAll(facts, options);
    const bool is_full = absl::IsResourceExhausted(results.front().status()) &&
                         FieldOf(results.front().status()) == "queue";
    if (!is_full || env_.cancel.cancelled()) return results;
    std::this_thread::sleep_for(kQueueFullPause);
  }
}

absl::StatusOr<Receipt> Admission::SubmitOne(PreparedFact fact, const SubmitOptions& options) {
  std::vector<PreparedFact> facts;
  facts.push_back(std::move(fact));
  return std::move(Submit(std::move(facts), options).front());
}

absl::Status Admission::CheckExclusive(const PreparedFact& fact) {
  const SettlementView reader(view_);
  const RecordBody& body = fact.record.body;
  if (std::holds_alternative<HoldReleaseRecord>(body)) {
    // What a statement closes after the release is not held, so nothing of it would be rerouted.
    TRIBUTARY_ASSIGN_OR_RETURN(const std::uint64_t count,
                               CountUnclosed(reader, LogPosition{view_->tree_size().value}));
    if (count == 0) return absl::OkStatus();
    return FieldError(absl::StatusCode::kFailedPrecondition, "outcome",
                      StrCat("rerouted with ", count, " sales or ends of escrow not closed yet"),
                      "rerouted where a statement has closed what the hold holds");
  }
  if (const auto* state = std::get_if<PayoutStateRecord>(&body)) {
    return CheckNewPayoutState(reader, *state);
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const PartyRoutes routes, ReadRoutes(reader, &env_.cancel));
  return CheckNewRoute(reader, routes, body, &env_.cancel);
}

absl::StatusOr<Receipt> Admission::RecordExclusive(PreparedFact fact,
                                                   const SubmitOptions& options) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto lock, ledger_.LockSettlement(&env_.cancel, kLockPatience));
  TRIBUTARY_RETURN_IF_ERROR(Refresh());
  TRIBUTARY_ASSIGN_OR_RETURN(const auto known, view_->FindRecord(fact.id));
  if (known.has_value()) return SubmitOne(std::move(fact), options);
  TRIBUTARY_RETURN_IF_ERROR(CheckExclusive(fact));
  if (std::holds_alternative<HoldReleaseRecord>(fact.record.body)) {
    const auto& counts = view_->head().record_counts;
    fact.sale_count_seen =
        counts[kRecordTypeOf<SaleRecord>.index] + counts[kRecordTypeOf<EscrowRecord>.index];
  }
  return SubmitOne(std::move(fact), options);
}

absl::StatusOr<Receipt> Admission::Record(PreparedFact fact, const SubmitOptions& options) {
  if (IsExclusive(fact.record.body)) return RecordExclusive(std::move(fact), options);
  TRIBUTARY_RETURN_IF_ERROR(Refresh());
  if (!IsChecked(fact)) return SubmitOne(std::move(fact), options);
  for (int attempt = 1;; ++attempt) {
    TRIBUTARY_RETURN_IF_ERROR(env_.cancel.status());
    fact.derivation_count_seen.reset();
    TRIBUTARY_RETURN_IF_ERROR(Check(&fact));
    // Everything before this fact is recorded: what is missing now is missing.
    if (fact.derivation_count_seen == kUnseen) {
      if (!missing_.ok()) return missing_;
      fact.derivation_count_seen.reset();  // inputs that are nowhere are for the ledger to judge
    }
    auto receipt = SubmitOne(fact, options);
    if (!IsLineageChange(receipt.status()) || attempt == kAttemptCountMax) return receipt;
    TRIBUTARY_RETURN_IF_ERROR(Refresh());
  }
}

std::vector<absl::StatusOr<Receipt>> Admission::RecordAll(std::vector<PreparedFact> facts,
                                                          const SubmitOptions& options) {
  absl::Status not_applied;
  std::vector<absl::StatusOr<Receipt>> results;
  results.reserve(facts.size());
  bool stopped = false;
  const auto add = [&](absl::StatusOr<Receipt> result) {
    if (!result.ok() && options.stop_on_error && !stopped) {
      stopped = true;
      not_applied = NotApplied(results.size());
    }
    results.push_back(std::move(result));
  };
  std::vector<PreparedFact> group;
  // Records what was gathered, in order: a fact that the lineage overtook is recorded by itself
  // before anything that follows it.
  const auto flush = [&] {
    SubmitOptions one_by_one = options;
    one_by_one.stop_on_error = true;
    while (!group.empty()) {
      if (stopped) {
        for (std::size_t i = 0; i < group.size(); ++i) results.emplace_back(not_applied);
        group.clear();
        return;
      }
      auto received = Submit(group, one_by_one);
      std::size_t done = 0;
      while (done < received.size() && received[done].ok()) add(std::move(received[done++]));
      if (done < received.size()) {
        add(IsLineageChange(received[done].status()) ? Record(group[done], options)
                                                     : std::move(received[done]));
        ++done;
      }
      group.erase(group.begin(), group.begin() + static_cast<std::ptrdiff_t>(done));
    }
  };
  bool is_readable = false;
  bool group_changes_lineage = false;  // of an asset that is seen already
  const auto check = [&](PreparedFact* fact) -> absl::Status {
    if (!is_readable) TRIBUTARY_RETURN_IF_ERROR(Refresh());
    is_readable = true;
    return Check(fact);
  };
  for (PreparedFact& fact : facts) {
    absl::Status checked = check(&fact);
    const auto* made = std::get_if<DerivationRecord>(&fact.record.body);
    if (made != nullptr && checked.ok() && IsChecked(fact)) {
      // What its inputs are made of may stand before it in this batch: recorded, it is seen.
      if (fact.derivation_count_seen == kUnseen || group_changes_lineage) {
        flush();
        group_changes_lineage = false;
        is_readable = false;
        fact.derivation_count_seen.reset();
        checked = check(&fact);
        if (fact.derivation_count_seen == kUnseen) fact.derivation_count_seen.reset();
      }
      const auto generated = view_->FindAsset(made->generated);
      if (checked.ok()) checked = generated.status();
      if (checked.ok()) group_changes_lineage |= generated->has_value();
    }
    // What depends on facts before it in this batch is checked when those are recorded.
    const bool waits =
        IsExclusive(fact.record.body) || fact.derivation_count_seen == kUnseen || !checked.ok();
    if (!waits && !stopped) {
      group.push_back(std::move(fact));
      continue;
    }
    flush();
    group_changes_lineage = false;
    if (stopped) {
      results.emplace_back(not_applied);
    } else {
      add(Record(std::move(fact), options));
    }
  }
  flush();
  return results;
}

}  // namespace tributary::server
