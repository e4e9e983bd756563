// What one sale gave whom, and why.

#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/settlement/close.h"
#include "graph/settlement/policy.h"
#include "graph/settlement/sale_state.h"
#include "graph/settlement/settlement_reader.h"

namespace tributary {

struct SaleExplanation {
  LoggedRecord sale;
  SaleState state;
  // The policy it is split by: its own, else that of the statement that closed it, else the default
  // asked for.
  std::optional<Digest> policy;
  CurrencyRecord currency;
  // By the lineage at state.valued_at and the holds in force now. Absent for a sale that was voided
  // or reversed; for a pending one it is what it will earn once posted.
  std::optional<SaleSplit> split;
  std::vector<Digest> hold_ids;           // that lines of the split name by index
  std::optional<LoggedRecord> statement;  // that closed it
  std::vector<LoggedRecord> adjustments;  // of that statement, which concern this sale
};

struct ExplainOptions {
  std::optional<Digest> default_policy = {};
  CloseLimits limits = {};
  const CancelToken* cancel = nullptr;
};

// The sale as of the reader's tree size; at the end of the statement that closed it, the sale as it
// was closed. Parties are those of the lineage, whoever is paid for them. Split by itself it
// differs by single grains from its part of a statement, where remainders of many sales flow
// together. Errors: kNotFound, no sale has this id or reference; those of SaleTable::Bind,
// CollectUpstream,
//         ReadHolds and SplitSale.
absl::StatusOr<SaleExplanation> ExplainSale(const SettlementReader& reader, const Digest& sale,
                                            const ExplainOptions& options = {});
absl::StatusOr<SaleExplanation> ExplainSale(const SettlementReader& reader,
                                            std::string_view reference,
                                            const ExplainOptions& options = {});

}  // namespace tributary
