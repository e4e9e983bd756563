#include "graph/settlement/sale_lines.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "graph/attribution/proportion.h"
#include "graph/lineage/limits.h"

namespace tributary {
namespace {

using Vertex = LineageSubgraph::Vertex;

constexpr std::size_t kSplitBatchCount = 4096;  // as graph/attribution/payees.cc

LineReason Via(LineReason reason, LineVia via) {
  reason.via = via;
  return reason;
}

bool PrecedesInSplit(const SaleLine& a, const SaleLine& b) {
  return std::tie(a.payee, a.reason, a.hold) < std::tie(b.payee, b.reason, b.hold);
}

bool IsSameLine(const SaleLine& a, const SaleLine& b) {
  return a.payee == b.payee && a.reason == b.reason && a.hold == b.hold;
}

Payee PayeeOf(const PayeeView& payee) {
  switch (payee.kind) {
    case PayeeKind::kParty:
      return Payee::Party(std::string(payee.party));
    case PayeeKind::kUnclaimed:
      return Payee::Unclaimed(*payee.asset);
    case PayeeKind::kUndisclosed:
      return Payee::Undisclosed(*payee.asset);
    case PayeeKind::kUnattributed:
      break;
  }
  return Payee::Unattributed();
}

}  // namespace

void ReasonedLines::Add(const PayeeView& payee, const LineReason& reason, Hold hold,
                        Grains grains) {
  lines_.push_back({PayeeOf(payee), reason, hold, grains});
}

absl::Status ReasonedLines::EndBatch() {
  return lines_.size() > line_count_max_ ? Merge() : absl::OkStatus();
}

absl::StatusOr<std::vector<SaleLine>> ReasonedLines::Finish() {
  TRIBUTARY_RETURN_IF_ERROR(Merge());
  return std::move(lines_);
}

absl::Status ReasonedLines::Merge() {
  std::sort(lines_.begin(), lines_.end(), PrecedesInSplit);
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

absl::Status LineCollector::Begin() {
  const bool is_needed = policy_.undisclosed == UndisclosedRule::kSoldAssetHolders ||
                         policy_.unclaimed == UnclaimedRule::kSoldAssetHolders;
  if (!is_needed || !subgraph_.asset_class(LineageSubgraph::kTarget).has_holders) {
    return absl::OkStatus();
  }
  const AssetNumber target = subgraph_.asset(LineageSubgraph::kTarget);
  std::vector<HolderList> holders;
  TRIBUTARY_RETURN_IF_ERROR(reader_.ReadHolders(std::span(&target, 1), &holders));
  if (holders.size() != 1 || holders.front() == nullptr || holders.front()->empty()) {
    return absl::DataLossError("the asset sold has fewer holders than were announced");
  }
  sold_asset_holders_ = std::move(holders.front());
  return absl::OkStatus();
}

void LineCollector::AddParty(const std::string& party, Grains grains, const LineReason& reason) {
  AddLine({PayeeKind::kParty, party}, grains, reason, std::nullopt);
}

void LineCollector::AddUnattributed(Grains grains, const LineReason& reason, Hold hold) {
  AddLine({PayeeKind::kUnattributed}, grains, reason, hold);
}

absl::Status LineCollector::AddRetained(Vertex vertex, Grains grains, const LineReason& reason,
                                        Hold hold) {
  if (!hold.has_value()) hold = holds_.OfAsset(subgraph_.asset(vertex));
  if (subgraph_.asset_class(vertex).has_holders) {
    return Wait({vertex, PayeeKind::kParty, grains, reason, hold});
  }
  if (policy_.unclaimed == UnclaimedRule::kSoldAssetHolders && sold_asset_holders_ != nullptr) {
    return SplitOverSold(grains, Via(reason, LineVia::kUnclaimed), hold);
  }
  return Wait({vertex, PayeeKind::kUnclaimed, grains, reason, hold});
}

absl::Status LineCollector::AddUndisclosed(Vertex vertex, Grains grains, const LineReason& reason,
                                           Hold hold) {
  if (!hold.has_value()) hold = holds_.OfAsset(subgraph_.asset(vertex));
  if (policy_.undisclosed == UndisclosedRule::kAssetHolders &&
      subgraph_.asset_class(vertex).has_holders) {
    return Wait({vertex, PayeeKind::kParty, grains, Via(reason, LineVia::kUndisclosed), hold});
  }
  if (policy_.undisclosed == UndisclosedRule::kSoldAssetHolders && sold_asset_holders_ != nullptr) {
    return SplitOverSold(grains, Via(reason, LineVia::kUndisclosed), hold);
  }
  return Wait({vertex, PayeeKind::kUndisclosed, grains, reason, hold});
}

// What goes to the holders of the asset sold waits for no batch, but is counted as one. They have
// it as they have what their asset keeps, so a hold on their asset catches it.
absl::Status LineCollector::SplitOverSold(Grains grains, const LineReason& reason, Hold hold) {
  if (!hold.has_value()) hold = holds_.OfAsset(subgraph_.asset(LineageSubgraph::kTarget));
  TRIBUTARY_RETURN_IF_ERROR(Split(*sold_asset_holders_, grains, reason, hold));
  split_count_ += sold_asset_holders_->size();
  if (split_count_ < kSplitBatchCount) return absl::OkStatus();
  split_count_ = 0;
  return Flush();
}

absl::Status LineCollector::Wait(Waiting waiting) {
  waiting_.push_back(std::move(waiting));
  return waiting_.size() < kSplitBatchCount ? absl::OkStatus() : Flush();
}

absl::Status LineCollector::ReadBatch() {
  held_.clear();
  named_.clear();
  for (const Waiting& waiting : waiting_) {
    (waiting.named == PayeeKind::kParty ? held_ : named_)
        .push_back(subgraph_.asset(waiting.vertex));
  }
  if (held_.empty()) {
    holders_read_.clear();
  } else {
    TRIBUTARY_RETURN_IF_ERROR(reader_.ReadHolders(held_, &holders_read_));
  }
  if (named_.empty()) {
    ids_read_.clear();
  } else {
    TRIBUTARY_RETURN_IF_ERROR(reader_.ReadAssetIds(named_, &ids_read_));
  }
  if (holders_read_.size() == held_.size() && ids_read_.size() == named_.size()) {
    return absl::OkStatus();
  }
  return absl::InternalError("the lineage reader gave another number of holders or asset ids");
}

absl::Status LineCollector::Flush() {
  TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
  TRIBUTARY_RETURN_IF_ERROR(ReadBatch());
  auto next_holders = holders_read_.begin();
  auto next_id = ids_read_.begin();
  for (const Waiting& waiting : waiting_) {
    if (waiting.named == PayeeKind::kParty) {
      TRIBUTARY_RETURN_IF_ERROR(
          SplitOver(*next_holders++, waiting.grains, waiting.reason, waiting.hold));
    } else {
      AddLine({waiting.named, {}, &*next_id++}, waiting.grains, waiting.reason, waiting.hold);
    }
  }
  waiting_.clear();
  return sink_->EndBatch();
}

absl::Status LineCollector::SplitOver(const HolderList& holders, Grains grains,
                                      const LineReason& reason, Hold hold) {
  return Split(holders == nullptr ? std::span<const Holder>() : *holders, grains, reason, hold);
}

absl::Status LineCollector::Split(std::span<const Holder> holders, Grains grains,
                                  const LineReason& reason, Hold hold) {
  Uint128 unit_sum = 0;
  for (const Holder& holder : holders) unit_sum += holder.units;
  if (unit_sum == 0 || unit_sum > kWeightSumMax) {
    return absl::DataLossError(StrCat("holders with ", ToDecimal(unit_sum), " units"));
  }
  if (holders.size() == 1) {
    AddLine({PayeeKind::kParty, holders[0].party}, grains, reason, hold);
    return absl::OkStatus();
  }
  const Proportion proportion(grains, static_cast<std::uint64_t>(unit_sum));
  std::uint64_t units = 0;
  Grains before = 0;
  for (const Holder& holder : holders) {
    units += holder.units;
    const Grains up_to = proportion.Floor(units);
    AddLine({PayeeKind::kParty, holder.party}, up_to - before, reason, hold);
    before = up_to;
  }
  return absl::OkStatus();
}

void LineCollector::AddLine(const PayeeView& payee, Grains grains, const LineReason& reason,
                            Hold hold) {
  if (grains == 0) return;
  if (holds_.sale().has_value()) {
    hold = holds_.sale();  // met before all others
  } else if (!hold.has_value() && payee.kind == PayeeKind::kParty) {
    hold = holds_.OfParty(payee.party);
  }
  sink_->Add(payee, reason, hold, grains);
}

}  // namespace tributary
