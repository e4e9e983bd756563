// What adjustments changed of one closed sale.

#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "graph/settlement/adjustment.h"
#include "graph/settlement/close.h"
#include "graph/settlement/settlement_reader.h"

namespace tributary {

struct SaleAdjustment {
  LoggedRecord adjustment;
  // Payees whose grains of this sale it changed, ascending currency, then payee; none where it was
  // prospective.
  std::vector<AdjustmentLine> lines;
};

// The adjustments of a statement that concern one of its sales, in the order of the log.
//
// Rule:   the sale is valued by itself with the causes of the adjustments one after the other, as
//         PreviewAdjustment values all sales of the statement. An adjustment concerns it if its
//         cause meets it or changes a grain of it. Valued by itself a sale differs by single grains
//         from its part of a statement; so may these lines.
// Errors: kInvalidArgument, `statement` is none; as PreviewAdjustment, about the sale alone.
// Cost:   reads all adjustments; values the sale once, and once more for each adjustment of the
//         statement but those for reversals and corrections of other sales.
absl::StatusOr<std::vector<SaleAdjustment>> AdjustmentsOfSale(const SettlementReader& reader,
                                                              const LoggedRecord& statement,
                                                              const LoggedRecord& sale,
                                                              const CloseOptions& options = {});

}  // namespace tributary
