// What one sale gives whom, and why.

#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/lineage/asset_index.h"
#include "graph/settlement/close.h"
#include "graph/settlement/policy.h"
#include "graph/settlement/sale_state.h"
#include "graph/settlement/settlement_reader.h"

namespace tributary {

struct SaleValue {
  CurrencyRecord currency;
  std::optional<Digest> policy;  // that it is split by: the sale's own, else the default
  SaleSplit split;               // lines name who earns, ascending payee, then reason, then hold
  std::vector<Digest> hold_ids;  // that lines name by index
};

struct ExplainOptions {
  // Of a sale that names none; of one that was closed, its statement's counts.
  std::optional<Digest> default_policy = {};
  RouteSource routes = {};
  CloseLimits limits = {};
  const CancelToken* cancel = nullptr;
  WalkScratch* scratch = nullptr;  // may be null
};

// Splits one sale, of record or only asked about, by the lineage at state.valued_at and by the
// holds and routes at the reader's tree size. A sale that is only asked about has position 0.
//
// Split by itself it differs by single grains from its part of a statement, where remainders of
// many sales flow together. Errors: those of SaleTable::Bind, CollectUpstream, ReadHolds, SplitSale
// and the routes.
absl::StatusOr<SaleValue> ValueSale(const SettlementReader& reader, const SaleState& state,
                                    const ExplainOptions& options = {});

// The statement that counted a sale whose state is as of the reader's tree size; nullopt: none, or
// none yet.
absl::StatusOr<std::optional<LoggedRecord>> StatementOfSale(const SettlementReader& reader,
                                                            const SaleState& state);

struct SaleExplanation {
  SaleState state;                        // as of the reader's tree size
  std::optional<LoggedRecord> statement;  // that counted it
  // As that statement counted it, by what stood below its end; else as one that was closed now
  // would count it, a pending sale as if it was posted. Absent: it was voided, or reversed before a
  // statement closed it. Whether a pending one expired is not looked at.
  std::optional<SaleValue> value;
};

// Errors: kInvalidArgument, the record is no sale, or its policy does not fit it; as ValueSale.
absl::StatusOr<SaleExplanation> ExplainSale(const SettlementReader& reader,
                                            const LoggedRecord& sale,
                                            const ExplainOptions& options = {});

}  // namespace tributary
