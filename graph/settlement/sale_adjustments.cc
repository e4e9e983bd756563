#include "graph/settlement/sale_adjustments.h"

#include <utility>

#include "graph/model/status.h"
#include "graph/settlement/adjust.h"
#include "graph/settlement/revaluation.h"

namespace tributary {
namespace {

// Whether the cause is about one sale alone, and another one.
bool IsOfOtherSale(const LoggedRecord& cause, const Digest& sale) {
  if (const auto* reversal = As<ReversalRecord>(cause)) return reversal->sale != sale;
  if (const auto* correction = As<CorrectionRecord>(cause)) return correction->sale != sale;
  return false;
}

}  // namespace

absl::StatusOr<std::vector<SaleAdjustment>> AdjustmentsOfSale(const SettlementReader& reader,
                                                              const LoggedRecord& statement,
                                                              const LoggedRecord& sale,
                                                              const CloseOptions& options) {
  if (As<StatementRecord>(statement) == nullptr) {
    return InvalidField("statement", TypeName(statement.record.body), "a statement");
  }
  std::vector<SaleAdjustment> found;
  TRIBUTARY_ASSIGN_OR_RETURN(std::vector<LoggedRecord> adjustments,
                             AdjustmentsOf(reader, statement.id, options.cancel));
  if (adjustments.empty()) return found;
  Revaluation revaluation(reader, statement, options);
  TRIBUTARY_RETURN_IF_ERROR(revaluation.BeginWith(sale));
  std::vector<Cause> causes;
  TRIBUTARY_ASSIGN_OR_RETURN(EarnedGrains before, revaluation.Value(causes));
  for (LoggedRecord& logged : adjustments) {
    const auto& adjustment = *As<AdjustmentRecord>(logged);
    TRIBUTARY_ASSIGN_OR_RETURN(auto cause, reader.FindRecord(adjustment.cause));
    if (!cause.has_value()) {
      return absl::DataLossError(
          StrCat("adjustment ", logged.id.ToHex(), " has a cause that is not in the ledger"));
    }
    if (IsOfOtherSale(*cause, sale.id)) continue;
    causes.push_back({*std::move(cause), {adjustment.tree_size}});
    TRIBUTARY_ASSIGN_OR_RETURN(EarnedGrains after, revaluation.Value(causes));
    const bool is_concerned = revaluation.last_met_sale() || before != after;
    const bool is_prospective = adjustment.mode == AdjustmentMode::kProspective;
    SaleAdjustment one;
    if (is_concerned && !is_prospective) {
      TRIBUTARY_ASSIGN_OR_RETURN(Adjustment compared, CompareEarned(before, after));
      for (AdjustmentLine& line : compared.lines) {
        if (line.old_grains != line.new_grains) one.lines.push_back(std::move(line));
      }
    }
    // What was ruled to be prospective changed nothing, also not for later causes.
    if (is_prospective) {
      causes.pop_back();
    } else {
      before = std::move(after);
    }
    if (!is_concerned) continue;
    one.adjustment = std::move(logged);
    found.push_back(std::move(one));
  }
  return found;
}

}  // namespace tributary
