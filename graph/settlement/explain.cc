#include "graph/settlement/explain.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "graph/model/status.h"
#include "graph/settlement/adjust.h"
#include "graph/settlement/valuation.h"

namespace tributary {
namespace {

struct OneSplit {
  SaleSplit split;
  std::vector<Digest> hold_ids;
};

// Splits one sale by the lineage that it is valued at and the holds in force at `reader`.
absl::StatusOr<OneSplit> SplitAt(const SettlementReader& reader, const SaleState& state,
                                 const std::optional<Digest>& policy,
                                 const ExplainOptions& options) {
  SaleTable table(reader, policy);
  TRIBUTARY_ASSIGN_OR_RETURN(const CountedSale sale, table.Bind(state));
  TRIBUTARY_ASSIGN_OR_RETURN(HoldSet holds,
                             ReadHolds(reader, {}, options.limits.holds, options.cancel));
  const auto held = holds.held_sales.find(state.position.value);
  if (held != holds.held_sales.end()) {
    holds.views[held->second] = {.subject = HoldSubject::kSale};
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const auto at_sale, reader.At(state.valued_at));
  TRIBUTARY_ASSIGN_OR_RETURN(const LineageSubgraph subgraph,
                             CollectUpstream(at_sale->lineage(), sale.asset,
                                             options.limits.valuation.collect, options.cancel));
  const SaleTable::Policy& by = table.policies()[sale.policy];
  const SaleTerms terms{sale.amount, 1, state.currency,
                        static_cast<unsigned>(table.currencies()[sale.currency].fraction_bits)};
  auto split = SplitSale(at_sale->lineage(), subgraph, terms, {&by.record, by.terms}, holds.views,
                         options.limits.valuation.split, options.cancel);
  if (!split.ok()) {
    // Limits and damage are not the sale's fault.
    return absl::IsInvalidArgument(split.status())
               ? AboutSale(split.status(), state.reference, state.id)
               : split.status();
  }
  return OneSplit{*std::move(split), std::move(holds.ids)};
}

// Finds which adjustments of a statement concern one of its sales.
class ConcernFinder {
 public:
  ConcernFinder(const SettlementReader& reader, const SaleExplanation& sale,
                const ExplainOptions& options)
      : reader_(reader), sale_(sale), options_(options) {}

  absl::StatusOr<bool> IsConcerned(const AdjustmentRecord& adjustment) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto cause, reader_.FindRecord(adjustment.cause));
    if (!cause.has_value()) return absl::DataLossError("an adjustment names no record");
    const RecordBody& body = cause->record.body;
    if (const auto* reversal = std::get_if<ReversalRecord>(&body)) {
      return reversal->sale == sale_.sale.id;
    }
    if (const auto* correction = std::get_if<CorrectionRecord>(&body)) {
      return correction->sale == sale_.sale.id;
    }
    if (const auto changed = ChangedAsset(body)) {
      return IsUpstream(*changed, {adjustment.tree_size});
    }
    TRIBUTARY_RETURN_IF_ERROR(SplitAsClosed());
    if (const auto* release = std::get_if<HoldReleaseRecord>(&body)) {
      return HasLine([&](const SaleLine& line) {
        return line.hold && closed_->hold_ids[*line.hold] == release->hold;
      });
    }
    const auto* merge = std::get_if<PartyMergeRecord>(&body);
    const auto* assignment = std::get_if<AssignmentRecord>(&body);
    if (merge == nullptr && assignment == nullptr) return false;
    const std::string& party = merge != nullptr ? merge->party : assignment->party;
    return HasLine([&](const SaleLine& line) {
      return line.payee.kind() == PayeeKind::kParty && line.payee.party() == party;
    });
  }

 private:
  absl::StatusOr<bool> IsUpstream(const Digest& changed, TreeSize at) const {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto reader, reader_.At(at));
    TRIBUTARY_ASSIGN_OR_RETURN(const auto asset, reader->FindAsset(changed));
    TRIBUTARY_ASSIGN_OR_RETURN(const auto sold, reader->FindAsset(sale_.state.asset));
    if (!asset.has_value() || !sold.has_value()) return false;
    TRIBUTARY_ASSIGN_OR_RETURN(const LineageSubgraph subgraph,
                               CollectUpstream(reader->lineage(), *sold,
                                               options_.limits.valuation.collect, options_.cancel));
    return subgraph.Find(*asset).has_value();
  }

  absl::Status SplitAsClosed() {
    if (closed_.has_value()) return absl::OkStatus();
    const auto& statement = std::get<StatementRecord>(sale_.statement->record.body);
    TRIBUTARY_ASSIGN_OR_RETURN(const auto at_end, reader_.At({statement.end}));
    TRIBUTARY_ASSIGN_OR_RETURN(const SaleState state, ReadSaleState(*at_end, sale_.sale));
    TRIBUTARY_ASSIGN_OR_RETURN(
        closed_, SplitAt(*at_end, state, state.policy ? state.policy : statement.policy, options_));
    return absl::OkStatus();
  }

  template <typename Predicate>
  bool HasLine(const Predicate& predicate) const {
    return std::any_of(closed_->split.lines.begin(), closed_->split.lines.end(), predicate);
  }

  const SettlementReader& reader_;
  const SaleExplanation& sale_;
  const ExplainOptions& options_;
  std::optional<OneSplit> closed_;
};

// The statement that closed the sale, if it counted at that statement's end.
absl::StatusOr<std::optional<LoggedRecord>> FindClosing(const SettlementReader& reader,
                                                        const SaleExplanation& sale) {
  if (sale.state.standing == SaleStanding::kPending ||
      sale.state.standing == SaleStanding::kVoided) {
    return std::optional<LoggedRecord>();
  }
  TRIBUTARY_ASSIGN_OR_RETURN(auto statement, StatementOf(reader, sale.state.earned_at));
  if (!statement.has_value()) return statement;
  const auto& record = std::get<StatementRecord>(statement->record.body);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto at_end, reader.At({record.end}));
  TRIBUTARY_ASSIGN_OR_RETURN(const SaleState closed, ReadSaleState(*at_end, sale.sale));
  if (closed.standing != SaleStanding::kCounts) statement.reset();
  return statement;
}

absl::StatusOr<SaleExplanation> Explain(const SettlementReader& reader, LoggedRecord sale,
                                        const ExplainOptions& options) {
  SaleExplanation explanation;
  explanation.sale = std::move(sale);
  SaleState& state = explanation.state;
  TRIBUTARY_ASSIGN_OR_RETURN(state, ReadSaleState(reader, explanation.sale));
  TRIBUTARY_ASSIGN_OR_RETURN(explanation.statement, FindClosing(reader, explanation));
  explanation.policy = state.policy;
  if (!explanation.policy) {
    explanation.policy = explanation.statement
                             ? std::get<StatementRecord>(explanation.statement->record.body).policy
                             : options.default_policy;
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const auto currency,
                             reader.FindInForce(CurrencyRecord{.code = state.currency}));
  if (currency.has_value()) explanation.currency = std::get<CurrencyRecord>(currency->record.body);
  if (state.standing == SaleStanding::kCounts || state.standing == SaleStanding::kPending) {
    TRIBUTARY_ASSIGN_OR_RETURN(OneSplit one, SplitAt(reader, state, explanation.policy, options));
    explanation.split = std::move(one.split);
    explanation.hold_ids = std::move(one.hold_ids);
  }
  if (!explanation.statement) return explanation;
  TRIBUTARY_ASSIGN_OR_RETURN(std::vector<LoggedRecord> adjustments,
                             AdjustmentsOf(reader, explanation.statement->id, options.cancel));
  ConcernFinder finder(reader, explanation, options);
  for (LoggedRecord& adjustment : adjustments) {
    TRIBUTARY_ASSIGN_OR_RETURN(
        const bool is_concerned,
        finder.IsConcerned(std::get<AdjustmentRecord>(adjustment.record.body)));
    if (is_concerned) explanation.adjustments.push_back(std::move(adjustment));
  }
  return explanation;
}

absl::Status NoSuchSale(std::string_view found) {
  return FieldError(absl::StatusCode::kNotFound, "sale", found,
                    "the record id or reference of a sale of this ledger");
}

}  // namespace

absl::StatusOr<SaleExplanation> ExplainSale(const SettlementReader& reader, const Digest& sale,
                                            const ExplainOptions& options) {
  TRIBUTARY_ASSIGN_OR_RETURN(auto logged, reader.FindRecord(sale));
  if (!logged || !std::holds_alternative<SaleRecord>(logged->record.body)) {
    return NoSuchSale(sale.ToHex());
  }
  return Explain(reader, *std::move(logged), options);
}

absl::StatusOr<SaleExplanation> ExplainSale(const SettlementReader& reader,
                                            std::string_view reference,
                                            const ExplainOptions& options) {
  TRIBUTARY_ASSIGN_OR_RETURN(auto logged,
                             reader.FindInForce(SaleRecord{.reference = std::string(reference)}));
  if (!logged) return NoSuchSale(Quoted(reference));
  return Explain(reader, *std::move(logged), options);
}

}  // namespace tributary
