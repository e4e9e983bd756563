#include "graph/settlement/payee_totals.h"

#include "graph/lineage/limits.h"
#include "graph/model/text.h"

namespace tributary {

void PayeeTotals::Add(const PayeeView& payee, const LineReason& /*reason*/, Hold hold,
                      Grains grains) {
  if (hold.has_value()) return AddHeld(*hold, grains);
  switch (payee.kind) {
    case PayeeKind::kParty:
      // Keyed by a view, so that a party met before costs no string.
      parties_.try_emplace(ToAbsl(payee.party), 0).first->second += grains;
      return;
    case PayeeKind::kUnclaimed:
      unclaimed_[*payee.asset] += grains;
      return;
    case PayeeKind::kUndisclosed:
      undisclosed_[*payee.asset] += grains;
      return;
    case PayeeKind::kUnattributed:
      unattributed_ += grains;
      return;
  }
}

void PayeeTotals::AddHeld(std::uint32_t hold, Grains grains) {
  if (hold >= held_.size()) held_.resize(hold + 1);
  held_[hold] += grains;
}

absl::Status PayeeTotals::EndBatch() {
  const std::size_t count =
      parties_.size() + unclaimed_.size() + undisclosed_.size() + held_.size() + 1;
  if (count <= line_count_max_) return absl::OkStatus();
  return LimitMet("line_count_max", count, line_count_max_);
}

}  // namespace tributary
