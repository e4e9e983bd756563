#include "graph/attribution/payees.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "graph/attribution/proportion.h"
#include "graph/lineage/limits.h"
#include "graph/model/ordering.h"

namespace tributary {
namespace {

using Vertex = LineageSubgraph::Vertex;

// Holders or ids asked for at once: enough to hide a round trip, and 4,096 holders each for all of
// them are still bounded by one record's size limit times this.
constexpr std::size_t kHoldersBatchCount = 4096;

class Splitter {
 public:
  Splitter(const LineageReader& reader, const LineageSubgraph& subgraph,
           const AttributionResult& result, const PayeeLimits& limits, const CancelToken* cancel)
      : reader_(reader), subgraph_(subgraph), result_(result), limits_(limits), cancel_(cancel) {}

  absl::StatusOr<std::vector<PayeeLine>> Run() {
    for (std::size_t v = 0; v < subgraph_.vertex_count(); ++v) {
      if (v % kCancelCheckInterval == 0) TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      TRIBUTARY_RETURN_IF_ERROR(AddVertex(static_cast<Vertex>(v)));
    }
    TRIBUTARY_RETURN_IF_ERROR(SplitOverHolders());
    TRIBUTARY_RETURN_IF_ERROR(AddAssetLines());
    return Finish();
  }

 private:
  absl::Status AddVertex(Vertex vertex) {
    if (result_.kept[vertex] == 0) return absl::OkStatus();
    if (!subgraph_.is_undisclosed(vertex) && subgraph_.asset_class(vertex).has_holders) {
      held_.push_back(vertex);
      return held_.size() == kHoldersBatchCount ? SplitOverHolders() : absl::OkStatus();
    }
    unheld_.push_back(vertex);
    return unheld_.size() == kHoldersBatchCount ? AddAssetLines() : absl::OkStatus();
  }

  void NameAssets(const std::vector<Vertex>& vertices) {
    assets_.clear();
    for (const Vertex vertex : vertices) assets_.push_back(subgraph_.asset(vertex));
  }

  absl::Status SplitOverHolders() {
    if (held_.empty()) return absl::OkStatus();
    TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
    NameAssets(held_);
    TRIBUTARY_RETURN_IF_ERROR(reader_.ReadHolders(assets_, &holders_));
    if (holders_.size() != held_.size()) {
      return absl::InternalError("the lineage reader gave another number of lists of holders");
    }
    for (std::size_t i = 0; i < held_.size(); ++i) {
      if (holders_[i] == nullptr) return Disagree(held_[i], 0);
      TRIBUTARY_RETURN_IF_ERROR(Split(held_[i], *holders_[i]));
    }
    held_.clear();
    return CheckLimit();
  }

  absl::Status Disagree(Vertex vertex, Uint128 unit_sum) const {
    return absl::DataLossError(StrCat("the holders of asset number ", subgraph_.asset(vertex).value,
                                      " have ", ToDecimal(unit_sum), " units"));
  }

  absl::Status Split(Vertex vertex, const std::vector<Holder>& holders) {
    Uint128 unit_sum = 0;
    for (const Holder& holder : holders) unit_sum += holder.units;
    if (unit_sum == 0 || unit_sum > kWeightSumMax) return Disagree(vertex, unit_sum);
    const Proportion proportion(result_.kept[vertex], static_cast<std::uint64_t>(unit_sum));
    std::uint64_t units = 0;
    Grains before = 0;
    for (const Holder& holder : holders) {
      units += holder.units;
      const Grains up_to = proportion.Floor(units);
      if (up_to != before) parties_[holder.party] += up_to - before;
      before = up_to;
    }
    return absl::OkStatus();
  }

  absl::Status AddAssetLines() {
    if (unheld_.empty()) return absl::OkStatus();
    TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
    NameAssets(unheld_);
    TRIBUTARY_RETURN_IF_ERROR(reader_.ReadAssetIds(assets_, &ids_));
    if (ids_.size() != unheld_.size()) {
      return absl::InternalError("the lineage reader gave another number of asset ids");
    }
    for (std::size_t i = 0; i < unheld_.size(); ++i) {
      const bool undisclosed = subgraph_.is_undisclosed(unheld_[i]);
      lines_.push_back({undisclosed ? Payee::Undisclosed(ids_[i]) : Payee::Unclaimed(ids_[i]),
                        result_.kept[unheld_[i]]});
    }
    unheld_.clear();
    return CheckLimit();
  }

  absl::Status CheckLimit() const {
    const std::size_t count = lines_.size() + parties_.size();
    if (count <= limits_.line_count_max) return absl::OkStatus();
    return LimitMet("line_count_max", count, limits_.line_count_max);
  }

  absl::StatusOr<std::vector<PayeeLine>> Finish() {
    if (result_.unattributed_total != 0) {
      lines_.push_back({Payee::Unattributed(), result_.unattributed_total});
    }
    for (auto& [party, grains] : parties_) lines_.push_back({Payee::Party(party), grains});
    const auto less = [](const PayeeLine& a, const PayeeLine& b) { return a.payee < b.payee; };
    TRIBUTARY_RETURN_IF_ERROR(SortUnlessCancelled(std::span(lines_), less, cancel_));
    Grains sum = 0;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (i % kCancelCheckInterval == 0) TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      sum += lines_[i].grains;
    }
    if (sum == result_.placed) return std::move(lines_);
    return absl::InternalError(StrCat("the split over payees lost or made grains: placed ",
                                      ToDecimal(result_.placed), ", found ", ToDecimal(sum)));
  }

  const LineageReader& reader_;
  const LineageSubgraph& subgraph_;
  const AttributionResult& result_;
  const PayeeLimits& limits_;
  const CancelToken* cancel_;

  absl::flat_hash_map<std::string, Grains> parties_;
  std::vector<PayeeLine> lines_;
  std::vector<Vertex> held_;    // to be split by the next read of holders
  std::vector<Vertex> unheld_;  // to be named by the next read of ids
  std::vector<AssetNumber> assets_;
  std::vector<HolderList> holders_;
  std::vector<Digest> ids_;
};

}  // namespace

std::string Payee::Key() const {
  switch (kind_) {
    case PayeeKind::kParty:
      return StrCat("party:", party());
    case PayeeKind::kUnattributed:
      return "unattributed";
    case PayeeKind::kUnclaimed:
      return StrCat("unclaimed:", asset().ToHex());
    case PayeeKind::kUndisclosed:
      break;
  }
  return StrCat("undisclosed:", asset().ToHex());
}

absl::StatusOr<std::vector<PayeeLine>> SplitOverPayees(const LineageReader& reader,
                                                       const LineageSubgraph& subgraph,
                                                       const AttributionResult& result,
                                                       const PayeeLimits& limits,
                                                       const CancelToken* cancel) {
  return Splitter(reader, subgraph, result, limits, cancel).Run();
}

}  // namespace tributary
