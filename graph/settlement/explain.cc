#include "graph/settlement/explain.h"

#include <algorithm>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "graph/model/status.h"
#include "graph/settlement/valuation.h"

namespace tributary {
namespace {

// Names the earner of each line in the place of the party that the lineage names.
void RouteLines(const EarnerRoutes& routes, LogPosition earned_at, std::vector<SaleLine>* lines) {
  if (!routes.earner_of) return;
  for (SaleLine& line : *lines) {
    if (line.payee.kind() != PayeeKind::kParty) continue;
    line.payee = Payee::Party(routes.earner_of(line.payee.party(), earned_at));
  }
  const auto place = [](const SaleLine& line) {
    return std::tie(line.payee, line.reason, line.hold);
  };
  std::sort(lines->begin(), lines->end(),
            [&](const SaleLine& a, const SaleLine& b) { return place(a) < place(b); });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < lines->size(); ++i) {
    SaleLine& line = (*lines)[i];
    if (kept > 0 && place((*lines)[kept - 1]) == place(line)) {
      (*lines)[kept - 1].grains += line.grains;
    } else {
      if (kept != i) (*lines)[kept] = std::move(line);
      ++kept;
    }
  }
  lines->erase(lines->begin() + static_cast<std::ptrdiff_t>(kept), lines->end());
}

}  // namespace

absl::StatusOr<SaleValue> ValueSale(const SettlementReader& reader, const SaleState& state,
                                    const ExplainOptions& options) {
  SaleTable table(reader, options.default_policy);
  TRIBUTARY_ASSIGN_OR_RETURN(const CountedSale sale, table.Bind(state));
  TRIBUTARY_ASSIGN_OR_RETURN(HoldSet holds,
                             ReadHolds(reader, {}, options.limits.holds, options.cancel));
  // Of holds on sales only one on this very sale counts.
  const auto held = holds.held_sales.find(state.position.value);
  if (held != holds.held_sales.end()) {
    holds.views[held->second] = {.subject = HoldSubject::kSale};
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const auto at_sale, reader.At(state.valued_at));
  const ValuationLimits& limits = options.limits.valuation;
  TRIBUTARY_ASSIGN_OR_RETURN(const LineageSubgraph subgraph,
                             CollectUpstream(at_sale->lineage(), sale.asset, limits.collect,
                                             options.cancel, options.scratch));
  SaleValue value;
  value.currency = table.currencies()[sale.currency];
  value.policy = state.policy ? state.policy : options.default_policy;
  const SaleTable::Policy& policy = table.policies()[sale.policy];
  const SaleTerms terms{.amount = sale.amount,
                        .sale_count = 1,
                        .currency = value.currency.code,
                        .fraction_bits = static_cast<unsigned>(value.currency.fraction_bits)};
  TRIBUTARY_ASSIGN_OR_RETURN(
      value.split, SplitSale(at_sale->lineage(), subgraph, terms, {&policy.record, policy.terms},
                             holds.views, limits.split, options.cancel));
  if (options.routes) {
    TRIBUTARY_ASSIGN_OR_RETURN(const EarnerRoutes routes, options.routes(reader));
    RouteLines(routes, state.earned_at, &value.split.lines);
  }
  value.hold_ids = std::move(holds.ids);
  return value;
}

absl::StatusOr<std::optional<LoggedRecord>> StatementOfSale(const SettlementReader& reader,
                                                            const SaleState& state) {
  const bool never_earned =
      state.standing == SaleStanding::kPending || state.standing == SaleStanding::kVoided;
  if (never_earned) return std::optional<LoggedRecord>();
  TRIBUTARY_ASSIGN_OR_RETURN(auto statement, StatementOf(reader, state.earned_at));
  if (!statement.has_value() || state.standing == SaleStanding::kCounts) return statement;
  // Of a sale that was reversed before the end of its range the statement counts nothing.
  TRIBUTARY_ASSIGN_OR_RETURN(const auto reversal,
                             reader.FindInForce(ReversalRecord{.sale = state.id}));
  const std::uint64_t end = std::get<StatementRecord>(statement->record.body).end;
  if (reversal.has_value() && reversal->position.value < end) statement.reset();
  return statement;
}

absl::StatusOr<SaleExplanation> ExplainSale(const SettlementReader& reader,
                                            const LoggedRecord& sale,
                                            const ExplainOptions& options) {
  SaleExplanation explanation;
  TRIBUTARY_ASSIGN_OR_RETURN(explanation.state, ReadSaleState(reader, sale));
  TRIBUTARY_ASSIGN_OR_RETURN(explanation.statement, StatementOfSale(reader, explanation.state));
  if (explanation.statement.has_value()) {
    // As it was counted: with the records below the statement's end, and its policy.
    const auto& closed = std::get<StatementRecord>(explanation.statement->record.body);
    TRIBUTARY_ASSIGN_OR_RETURN(const auto at_end, reader.At({closed.end}));
    TRIBUTARY_ASSIGN_OR_RETURN(const SaleState counted, ReadSaleState(*at_end, sale));
    ExplainOptions as_closed = options;
    as_closed.default_policy = closed.policy;
    TRIBUTARY_ASSIGN_OR_RETURN(explanation.value, ValueSale(*at_end, counted, as_closed));
  } else if (explanation.state.standing == SaleStanding::kCounts ||
             explanation.state.standing == SaleStanding::kPending) {
    TRIBUTARY_ASSIGN_OR_RETURN(explanation.value, ValueSale(reader, explanation.state, options));
  }
  return explanation;
}

}  // namespace tributary
