#include "graph/settlement/sale_lines.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "graph/attribution/proportion.h"
#include "graph/lineage/limits.h"

namespace tributary {
namespace {

using Vertex = LineageSubgraph::Vertex;

constexpr std::size_t kReadBatchCount = 4096;  // as graph/attribution/payees.cc

LineReason Via(LineReason reason, LineVia via) {
  reason.via = via;
  return reason;
}

bool Precedes(const SaleLine& a, const SaleLine& b) {
  return std::tie(a.payee, a.reason, a.hold) < std::tie(b.payee, b.reason, b.hold);
}

bool IsSameLine(const SaleLine& a, const SaleLine& b) {
  return a.payee == b.payee && a.reason == b.reason && a.hold == b.hold;
}

}  // namespace

absl::Status SaleLines::Begin() {
  const bool is_needed = policy_.undisclosed == UndisclosedRule::kSoldAssetHolders ||
                         policy_.unclaimed == UnclaimedRule::kSoldAssetHolders;
  if (!is_needed || !subgraph_.asset_class(LineageSubgraph::kTarget).has_holders) {
    return absl::OkStatus();
  }
  const AssetNumber target = subgraph_.asset(LineageSubgraph::kTarget);
  std::vector<std::vector<Holder>> holders;
  TRIBUTARY_RETURN_IF_ERROR(reader_.ReadHolders(std::span(&target, 1), &holders));
  if (holders.size() != 1 || holders.front().empty()) {
    return absl::DataLossError("the asset sold has fewer holders than were announced");
  }
  sold_asset_holders_ = std::move(holders.front());
  return absl::OkStatus();
}

void SaleLines::AddParty(const std::string& party, Grains grains, const LineReason& reason) {
  AddLine(Payee::Party(party), grains, reason, std::nullopt);
}

void SaleLines::AddUnattributed(Grains grains, const LineReason& reason, Hold hold) {
  AddLine(Payee::Unattributed(), grains, reason, hold);
}

absl::Status SaleLines::AddRetained(Vertex vertex, Grains grains, const LineReason& reason,
                                    Hold hold) {
  if (!hold.has_value()) hold = holds_.OfAsset(subgraph_.asset(vertex));
  if (subgraph_.asset_class(vertex).has_holders) {
    return Wait({vertex, PayeeKind::kParty, grains, reason, hold});
  }
  if (policy_.unclaimed == UnclaimedRule::kSoldAssetHolders && !sold_asset_holders_.empty()) {
    return Split(sold_asset_holders_, grains, Via(reason, LineVia::kUnclaimed), hold);
  }
  return Wait({vertex, PayeeKind::kUnclaimed, grains, reason, hold});
}

absl::Status SaleLines::AddUndisclosed(Vertex vertex, Grains grains, const LineReason& reason,
                                       Hold hold) {
  if (!hold.has_value()) hold = holds_.OfAsset(subgraph_.asset(vertex));
  if (policy_.undisclosed == UndisclosedRule::kAssetHolders &&
      subgraph_.asset_class(vertex).has_holders) {
    return Wait({vertex, PayeeKind::kParty, grains, Via(reason, LineVia::kUndisclosed), hold});
  }
  if (policy_.undisclosed == UndisclosedRule::kSoldAssetHolders && !sold_asset_holders_.empty()) {
    return Split(sold_asset_holders_, grains, Via(reason, LineVia::kUndisclosed), hold);
  }
  return Wait({vertex, PayeeKind::kUndisclosed, grains, reason, hold});
}

absl::StatusOr<std::vector<SaleLine>> SaleLines::Finish() {
  TRIBUTARY_RETURN_IF_ERROR(Flush());
  TRIBUTARY_RETURN_IF_ERROR(Merge());
  return std::move(lines_);
}

absl::Status SaleLines::Wait(Waiting waiting) {
  waiting_.push_back(std::move(waiting));
  return waiting_.size() < kReadBatchCount ? absl::OkStatus() : Flush();
}

absl::Status SaleLines::ReadBatch(std::vector<std::vector<Holder>>* holders,
                                  std::vector<Digest>* ids) {
  std::vector<AssetNumber> held;
  std::vector<AssetNumber> named;
  for (const Waiting& waiting : waiting_) {
    (waiting.named == PayeeKind::kParty ? held : named).push_back(subgraph_.asset(waiting.vertex));
  }
  if (!held.empty()) TRIBUTARY_RETURN_IF_ERROR(reader_.ReadHolders(held, holders));
  if (!named.empty()) TRIBUTARY_RETURN_IF_ERROR(reader_.ReadAssetIds(named, ids));
  if (holders->size() == held.size() && ids->size() == named.size()) return absl::OkStatus();
  return absl::InternalError("the lineage reader gave another number of holders or asset ids");
}

absl::Status SaleLines::Flush() {
  TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
  std::vector<std::vector<Holder>> holders;
  std::vector<Digest> ids;
  TRIBUTARY_RETURN_IF_ERROR(ReadBatch(&holders, &ids));
  auto next_holders = holders.begin();
  auto next_id = ids.begin();
  for (const Waiting& waiting : waiting_) {
    if (waiting.named == PayeeKind::kParty) {
      TRIBUTARY_RETURN_IF_ERROR(
          Split(*next_holders++, waiting.grains, waiting.reason, waiting.hold));
      continue;
    }
    const Digest& id = *next_id++;
    AddLine(waiting.named == PayeeKind::kUnclaimed ? Payee::Unclaimed(id) : Payee::Undisclosed(id),
            waiting.grains, waiting.reason, waiting.hold);
  }
  waiting_.clear();
  return lines_.size() > line_count_max_ ? Merge() : absl::OkStatus();
}

absl::Status SaleLines::Split(const std::vector<Holder>& holders, Grains grains,
                              const LineReason& reason, Hold hold) {
  Uint128 unit_sum = 0;
  for (const Holder& holder : holders) unit_sum += holder.units;
  if (unit_sum == 0 || unit_sum > kWeightSumMax) {
    return absl::DataLossError(StrCat("holders with ", ToDecimal(unit_sum), " units"));
  }
  const Proportion proportion(grains, static_cast<std::uint64_t>(unit_sum));
  std::uint64_t units = 0;
  Grains before = 0;
  for (const Holder& holder : holders) {
    units += holder.units;
    const Grains up_to = proportion.Floor(units);
    AddLine(Payee::Party(holder.party), up_to - before, reason, hold);
    before = up_to;
  }
  return absl::OkStatus();
}

void SaleLines::AddLine(Payee payee, Grains grains, const LineReason& reason, Hold hold) {
  if (grains == 0) return;
  if (holds_.sale().has_value()) {
    hold = holds_.sale();  // met before all others
  } else if (!hold.has_value() && payee.kind() == PayeeKind::kParty) {
    hold = holds_.OfParty(payee.party());
  }
  lines_.push_back({std::move(payee), reason, hold, grains});
}

absl::Status SaleLines::Merge() {
  std::sort(lines_.begin(), lines_.end(), Precedes);
  std::size_t count = 0;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (count > 0 && IsSameLine(lines_[count - 1], lines_[i])) {
      lines_[count - 1].grains += lines_[i].grains;
    } else {
      if (count != i) lines_[count] = std::move(lines_[i]);
      ++count;
    }
  }
  lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(count), lines_.end());
  if (count <= line_count_max_) return absl::OkStatus();
  return LimitMet("line_count_max", count, line_count_max_);
}

}  // namespace tributary
