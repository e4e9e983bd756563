#include "server/handlers/admission.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "graph/lineage/subgraph.h"
#include "graph/model/record_type.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "graph/model/wide.h"
#include "graph/settlement/absolute_terms.h"
#include "graph/settlement/payout.h"
#include "graph/settlement/policy.h"
#include "graph/settlement/routes.h"
#include "server/handlers/view.h"
#include "server/handlers/walk_limits.h"
#include "server/settlement_view.h"

namespace tributary::server {
namespace {

// No ledger has so many derivations: what the fact depends on was not there to be checked.
constexpr std::uint64_t kUnseen = UINT64_MAX;

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
  Grains left = gross;
  for (const Fee& fee : policy.fees) {
    if (fee.fixed.value != 0 && fee.currency != sale.currency) continue;
    const bool fits = fee.fixed.value <= sale.amount.value;
    const Grains grains = fee.fixed.value == 0 ? *MultiplyDivide(gross, fee.ppm, kPartsPerMillion)
                          : fits               ? fee.fixed.value << bits
                                               : gross;
    if (!fits || grains > left) {
      return InvalidField("policy",
                          StrCat("fees of policy ", policy.name, " above the amount of ",
                                 ToDecimal(sale.amount.value), " ", sale.currency),
                          "an amount that its fees fit into");
    }
    left -= grains;
  }
  return absl::OkStatus();
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
  if (std::holds_alternative<DerivationRecord>(body)) return CheckDerivation(*fact);
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
    fact->derivation_count_seen = kUnseen;
    return absl::OkStatus();
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

absl::Status Admission::CheckFit(const SaleRecord& sale, PreparedFact* fact) {
  const LedgerView& view = *view_;
  const auto leave_open = [fact] {
    fact->derivation_count_seen = kUnseen;
    return absl::OkStatus();
  };
  TRIBUTARY_ASSIGN_OR_RETURN(const auto policy_record, FindFixed(*sale.policy));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto currency, FindCurrency(sale.currency));
  if (policy_record == nullptr || currency == nullptr) return leave_open();
  const auto* policy = std::get_if<PolicyRecord>(&policy_record->body);
  const auto bits = static_cast<unsigned>(currency->fraction_bits);
  const bool is_refused = policy == nullptr || sale.amount.value > (kMoneyGrainsEnd - 1) >> bits;
  if (is_refused) return absl::OkStatus();  // by the ledger, which has the words for it
  TRIBUTARY_ASSIGN_OR_RETURN(const auto terms, BindTerms(view, *policy));
  if (terms.empty()) return CheckFees(*policy, sale, *currency);
  const TreeSize valued_at{sale.tree_size.value_or(view.tree_size().value)};
  if (valued_at > view.tree_size()) return leave_open();
  const auto at = view.At(valued_at);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto asset, at->FindAsset(sale.asset));
  if (!asset.has_value()) return leave_open();
  const auto collected =
      CollectUpstream(*at, *asset, CollectLimitsOf(env_.limits), &env_.cancel, env_.scratch);
  if (!collected.ok()) return WalkError(collected.status());
  const auto split = SplitSale(
      *at, *collected,
      {.amount = sale.amount, .sale_count = 1, .currency = currency->code, .fraction_bits = bits},
      {policy, terms}, {}, {.line_count_max = env_.limits.walk_asset_count_max}, &env_.cancel);
  TRIBUTARY_RETURN_IF_ERROR(split.status());
  if (!sale.tree_size.has_value()) {
    fact->derivation_count_seen = view.head().record_counts[kRecordTypeOf<DerivationRecord>.index];
  }
  return absl::OkStatus();
}

absl::Status Admission::CheckDerivation(const PreparedFact& fact) {
  std::vector<AssetNumber> inputs;
  for (const Edge& edge : fact.edges) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto input, view_->FindAsset(edge.input));
    if (input.has_value()) inputs.push_back(*input);  // others have no lineage that is seen here
  }
  if (inputs.empty()) return absl::OkStatus();
  const auto upstream = CollectUpstream(*view_, std::span<const AssetNumber>(inputs),
                                        CollectLimitsOf(env_.limits), &env_.cancel, env_.scratch);
  if (!upstream.ok()) return WalkError(upstream.status());
  for (const PolicyRecord& policy : *term_policies_) {
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

absl::StatusOr<Receipt> Admission::Submit(PreparedFact fact, const SubmitOptions& options) {
  std::vector<PreparedFact> facts;
  facts.push_back(std::move(fact));
  return std::move(ledger_.RecordAll(std::move(facts), options).front());
}

absl::Status Admission::CheckExclusive(const PreparedFact& fact) {
  const SettlementView reader(view_);
  const RecordBody& body = fact.record.body;
  if (const auto* state = std::get_if<PayoutStateRecord>(&body)) {
    return CheckNewPayoutState(reader, *state);
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const PartyRoutes routes, ReadRoutes(reader, &env_.cancel));
  return CheckNewRoute(reader, routes, body);
}

absl::StatusOr<Receipt> Admission::RecordExclusive(PreparedFact fact,
                                                   const SubmitOptions& options) {
  TRIBUTARY_ASSIGN_OR_RETURN(const auto lock, ledger_.LockSettlement(&env_.cancel));
  TRIBUTARY_RETURN_IF_ERROR(Refresh());
  TRIBUTARY_ASSIGN_OR_RETURN(const auto known, view_->FindRecord(fact.id));
  if (!known.has_value()) TRIBUTARY_RETURN_IF_ERROR(CheckExclusive(fact));
  return Submit(std::move(fact), options);
}

absl::StatusOr<Receipt> Admission::Record(PreparedFact fact, const SubmitOptions& options) {
  if (IsExclusive(fact.record.body)) return RecordExclusive(std::move(fact), options);
  TRIBUTARY_RETURN_IF_ERROR(Refresh());
  if (!IsChecked(fact)) return Submit(std::move(fact), options);
  for (int attempt = 1;; ++attempt) {
    TRIBUTARY_RETURN_IF_ERROR(env_.cancel.status());
    fact.derivation_count_seen.reset();
    TRIBUTARY_RETURN_IF_ERROR(Refresh());
    TRIBUTARY_RETURN_IF_ERROR(Check(&fact));
    // Everything before this fact is recorded: what is missing now is missing.
    if (fact.derivation_count_seen == kUnseen) fact.derivation_count_seen.reset();
    auto receipt = Submit(fact, options);
    if (!IsLineageChange(receipt.status()) || attempt == kAttemptCountMax) return receipt;
  }
}

std::vector<absl::StatusOr<Receipt>> Admission::RecordAll(std::vector<PreparedFact> facts,
                                                          const SubmitOptions& options) {
  const absl::Status not_applied =
      absl::AbortedError("not applied: an earlier fact of the batch failed");
  std::vector<absl::StatusOr<Receipt>> results;
  results.reserve(facts.size());
  bool stopped = false;
  const auto add = [&](absl::StatusOr<Receipt> result) {
    stopped = stopped || (!result.ok() && options.stop_on_error);
    results.push_back(std::move(result));
  };
  std::vector<PreparedFact> group;
  // Records what was gathered in one go, and one by one what the lineage overtook.
  const auto flush = [&] {
    if (group.empty()) return;
    std::vector<PreparedFact> sent = group;
    auto received = ledger_.RecordAll(std::exchange(group, {}), options);
    bool one_by_one = false;
    for (std::size_t i = 0; i < received.size(); ++i) {
      one_by_one = one_by_one || IsLineageChange(received[i].status());
      if (stopped) {
        results.emplace_back(not_applied);
      } else if (one_by_one && !received[i].ok()) {
        add(Record(std::move(sent[i]), options));
      } else {
        add(std::move(received[i]));
      }
    }
  };
  absl::Status readable = Refresh();
  for (PreparedFact& fact : facts) {
    const bool is_exclusive = IsExclusive(fact.record.body);
    const absl::Status checked = readable.ok() ? Check(&fact) : readable;
    if (checked.ok() && !is_exclusive && !stopped) {
      group.push_back(std::move(fact));
      continue;
    }
    flush();
    if (stopped) {
      results.emplace_back(not_applied);
    } else if (!checked.ok()) {
      add(checked);
    } else {
      add(Record(std::move(fact), options));
    }
  }
  flush();
  return results;
}

}  // namespace tributary::server
