#include "graph/settlement/policy.h"

#include <algorithm>
#include <bit>
#include <map>
#include <utility>

#include "graph/model/check.h"
#include "graph/model/ordering.h"
#include "graph/model/status.h"
#include "graph/settlement/absolute_terms.h"
#include "graph/settlement/payee_totals.h"
#include "graph/settlement/quote.h"
#include "graph/settlement/role_floors.h"
#include "graph/settlement/role_flow.h"
#include "graph/settlement/role_reach.h"
#include "graph/settlement/sale_lines.h"

namespace tributary {
namespace {

using Vertex = LineageSubgraph::Vertex;

// floor(gross * ppm / 10^6)
Grains PartOf(Grains gross, std::uint64_t ppm) {
  return ScaledDivision(gross, kPartsPerMillion).Floor(ppm);
}

absl::Status AboutPlacement(absl::Status status, std::size_t placement) {
  status.SetPayload(ToAbsl(kPlacementPayload), absl::Cord(std::to_string(placement)));
  return status;
}

class SaleSplitter {
 public:
  // What becomes of grains that a hold on a derivation has caught: their payees are remembered, or
  // only how many they are.
  enum class Caught { kFlows, kIsSummed };

  // Fills `lines` and the figures of the split, all but its lines.
  SaleSplitter(const LineageReader& reader, const LineageSubgraph& subgraph,
               std::span<const Placement> placements, const SalesTerms& sales,
               const BoundPolicy& policy, std::span<const HoldView> holds,
               const SplitLimits& limits, const CancelToken* cancel, LineSink* lines, Caught caught,
               SharedPasses* passes = nullptr)
      : reader_(reader),
        subgraph_(subgraph),
        placements_(placements),
        sales_(sales),
        policy_(policy),
        holds_(holds, subgraph),
        caught_(caught),
        cancel_(cancel),
        own_visits_(limits.visit_count_max),
        own_passes_(subgraph, &own_visits_, cancel),
        passes_(passes == nullptr ? own_passes_ : *passes),
        watched_(lines),
        lines_(reader, subgraph, *policy.record, holds_, cancel, &watched_) {}

  absl::StatusOr<SaleSplit> Run() {
    TRIBUTARY_RETURN_IF_ERROR(CheckPlacements());
    TRIBUTARY_RETURN_IF_ERROR(lines_.Begin());
    TRIBUTARY_RETURN_IF_ERROR(Place());
    TRIBUTARY_RETURN_IF_ERROR(TakeFees());
    TRIBUTARY_RETURN_IF_ERROR(TakeAbsoluteTerms());
    split_.remainder = split_.gross - split_.fees - split_.absolute;
    TRIBUTARY_RETURN_IF_ERROR(TakeFloors());
    TRIBUTARY_RETURN_IF_ERROR(FlowRemainders());
    TRIBUTARY_RETURN_IF_ERROR(lines_.Flush());
    TRIBUTARY_RETURN_IF_ERROR(CheckSum());
    return std::move(split_);
  }

 private:
  // Passes lines on and adds them up, to be compared with what was placed.
  class Watched final : public LineSink {
   public:
    explicit Watched(LineSink* lines) : lines_(lines) {}
    void Add(const PayeeView& payee, const LineReason& reason, Hold hold, Grains grains) override {
      sum_ += grains;
      lines_->Add(payee, reason, hold, grains);
    }
    absl::Status EndBatch() override { return lines_->EndBatch(); }
    Grains sum() const { return sum_; }

   private:
    LineSink* lines_;
    Grains sum_ = 0;
  };

  absl::Status CheckPlacements() const {
    const bool needs_target = DependsOnAssetSold(*policy_.record);
    for (const Placement& placement : placements_) {
      TRIBUTARY_CHECK(placement.vertex < subgraph_.vertex_count());
      if (!needs_target || placement.vertex == LineageSubgraph::kTarget) continue;
      return absl::InternalError("a policy that depends on the asset sold met several of them");
    }
    return absl::OkStatus();
  }

  absl::Status Place() {
    remainders_.reserve(placements_.size());
    for (std::size_t i = 0; i < placements_.size(); ++i) {
      const auto gross = PlaceAmount(placements_[i].amount, sales_.fraction_bits);
      if (!gross.ok()) return AboutPlacement(gross.status(), i);
      if (*gross >= kMoneyGrainsEnd - split_.gross) {
        return AboutPlacement(
            FieldError(absl::StatusCode::kOutOfRange, "amount",
                       StrCat(ToDecimal(*gross), " grains after ", ToDecimal(split_.gross)),
                       "sales of less than 2^127 grains together"),
            i);
      }
      split_.gross += *gross;
      remainders_.push_back({placements_[i].vertex, *gross});
    }
    return absl::OkStatus();
  }

  Grains GrossOf(const Placement& placement) const {
    return placement.amount.value << sales_.fraction_bits;
  }

  absl::StatusOr<Grains> FeeOf(const Fee& fee, const Placement& placement) const {
    if (fee.fixed.value == 0) return PartOf(GrossOf(placement), fee.ppm);
    if (fee.currency != sales_.currency) return Grains{0};
    const std::uint64_t sale_count = placement.sale_count;
    if (sale_count != 0 && fee.fixed.value > placement.amount.value / sale_count) {
      return InvalidField("fees",
                          StrCat(ToDecimal(fee.fixed.value), " minor units to ", fee.party,
                                 " for each of ", sale_count, " sales"),
                          StrCat("at most their gross of ", ToDecimal(placement.amount.value)));
    }
    return (fee.fixed.value * sale_count) << sales_.fraction_bits;
  }

  absl::Status TakeFee(const Fee& fee, std::size_t i, Grains* sum) {
    TRIBUTARY_ASSIGN_OR_RETURN(const Grains grains, FeeOf(fee, placements_[i]));
    Grains& left = remainders_[i].grains;
    if (grains > left) {
      const Grains gross = GrossOf(placements_[i]);
      return InvalidField(
          "fees",
          StrCat("fees of ", ToDecimal(gross - left), " and ", ToDecimal(grains), " grains"),
          StrCat("at most the gross of ", ToDecimal(gross)));
    }
    left -= grains;
    *sum += grains;
    return absl::OkStatus();
  }

  absl::Status TakeFees() {
    for (const Fee& fee : policy_.record->fees) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      Grains sum = 0;
      for (std::size_t i = 0; i < placements_.size(); ++i) {
        absl::Status status = TakeFee(fee, i, &sum);
        if (!status.ok()) return AboutPlacement(std::move(status), i);
      }
      split_.fees += sum;
      lines_.AddParty(fee.party, sum, {LineCause::kFee, fee.label});
    }
    return absl::OkStatus();
  }

  absl::Status TakeAbsoluteTerms() {
    const std::vector<VertexTerm> terms = TermsIn(subgraph_, policy_.terms);
    if (terms.empty()) return absl::OkStatus();
    std::vector<HeadRoom> head_rooms(placements_.size(), HeadRoom(*policy_.record));
    for (std::size_t begin = 0; begin < terms.size(); begin += kTermChunkCount) {
      const auto chunk =
          std::span(terms).subspan(begin, std::min(kTermChunkCount, terms.size() - begin));
      TRIBUTARY_RETURN_IF_ERROR(TakeChunk(chunk, &head_rooms));
    }
    return absl::OkStatus();
  }

  absl::Status TakeChunk(std::span<const VertexTerm> terms, std::vector<HeadRoom>* head_rooms) {
    TRIBUTARY_RETURN_IF_ERROR(passes_.AddPass());
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> masks,
                               TermsUpstream(subgraph_, terms, cancel_));
    std::vector<Grains> sums(terms.size());
    for (std::size_t i = 0; i < placements_.size(); ++i) {
      if (i % kCancelCheckInterval == 0) TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      const Vertex sold = placements_[i].vertex;
      for (std::uint64_t mask = masks[sold]; mask != 0; mask &= mask - 1) {
        const auto t = static_cast<std::size_t>(std::countr_zero(mask));
        if (terms[t].vertex == sold) continue;  // strictly upstream
        absl::Status status = TakeTerm(*terms[t].term, i, &(*head_rooms)[i], &sums[t]);
        if (!status.ok()) return AboutPlacement(std::move(status), i);
      }
    }
    for (std::size_t t = 0; t < terms.size(); ++t) {
      split_.absolute += sums[t];
      TRIBUTARY_RETURN_IF_ERROR(
          lines_.AddRetained(terms[t].vertex, sums[t],
                             {LineCause::kAbsolute, terms[t].term->id.ToHex()}, std::nullopt));
    }
    return absl::OkStatus();
  }

  absl::Status TakeTerm(const BoundTerm& term, std::size_t i, HeadRoom* head_room, Grains* sum) {
    TRIBUTARY_RETURN_IF_ERROR(head_room->Take(term));
    const Grains grains = PartOf(GrossOf(placements_[i]), term.ppm);
    // Fixed fees are no parts per million, so the head-room alone does not show that it fits.
    Grains& left = remainders_[i].grains;
    if (grains > left) {
      return InvalidField("absolute_terms",
                          StrCat(ToDecimal(grains), " grains for asset ", term.id.ToHex()),
                          StrCat("at most the head-room of ", ToDecimal(left),
                                 " grains after fees and other terms"));
    }
    left -= grains;
    *sum += grains;
    return absl::OkStatus();
  }

  // A floor is of the sales of one asset together.
  absl::Status AddRemaindersByAsset() {
    const auto before = [](const PlacedGrains& a, const PlacedGrains& b) {
      return a.vertex < b.vertex;
    };
    if (!std::is_sorted(remainders_.begin(), remainders_.end(), before)) {
      TRIBUTARY_RETURN_IF_ERROR(SortUnlessCancelled(std::span(remainders_), before, cancel_));
    }
    std::size_t kept = 0;
    for (const PlacedGrains& one : remainders_) {
      if (kept > 0 && remainders_[kept - 1].vertex == one.vertex) {
        remainders_[kept - 1].grains += one.grains;
      } else {
        remainders_[kept++] = one;
      }
    }
    remainders_.resize(kept);
    return absl::OkStatus();
  }

  // Leaves in `remainders_` what flows freely.
  absl::Status TakeFloors() {
    split_.relative = split_.remainder;
    const auto& floors = policy_.record->floors;
    if (floors.empty() || split_.remainder == 0) return absl::OkStatus();
    std::vector<const RoleReach*> reaches;
    for (const RoleFloor& floor : floors) {
      TRIBUTARY_ASSIGN_OR_RETURN(const RoleReach* reach, passes_.ReachOf(floor.role));
      reaches.push_back(reach);
      split_.floors.push_back({.role = floor.role});
    }
    TRIBUTARY_RETURN_IF_ERROR(AddRemaindersByAsset());
    std::vector<std::vector<PlacedGrains>> deducted(floors.size());
    std::vector<Grains> reached(floors.size());
    for (std::size_t place = 0; place < remainders_.size(); ++place) {
      if (place % kCancelCheckInterval == 0) TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(cancel_));
      PlacedGrains& left = remainders_[place];
      if (left.grains == 0) continue;
      for (std::size_t i = 0; i < floors.size(); ++i) {
        reached[i] = reaches[i]->Of(left.grains, left.vertex);
      }
      const FloorCut cut = CutByFloors(floors, left.grains, reached);
      left.grains = cut.relative;
      for (std::size_t i = 0; i < floors.size(); ++i) {
        const FloorOutcome& floor = cut.floors[i];
        split_.floors[i].budget += floor.budget;
        split_.floors[i].reached += floor.reached;
        split_.floors[i].deducted += floor.deducted;
        split_.relative -= floor.deducted;
        if (floor.deducted != 0) deducted[i].push_back({left.vertex, floor.deducted});
      }
    }
    for (std::size_t i = 0; i < floors.size(); ++i) {
      if (!deducted[i].empty()) {
        TRIBUTARY_RETURN_IF_ERROR(FlowToFloor(*reaches[i], deducted[i]));
      }
    }
    return absl::OkStatus();
  }

  // What holds have caught, by layer.
  using CaughtByLayer = std::map<Layer, std::vector<PlacedGrains>>;

  static CaughtByLayer ByLayer(const std::vector<CaughtGrains>& caught) {
    CaughtByLayer by_layer;
    for (const CaughtGrains& one : caught) by_layer[one.layer].push_back(one.at);
    return by_layer;
  }

  absl::Status FlowToFloor(const RoleReach& reach, std::span<const PlacedGrains> deducted) {
    const LineReason reason{LineCause::kFloor, std::string(ToName(reach.role))};
    TRIBUTARY_ASSIGN_OR_RETURN(RoleFlow to_role,
                               GoToRole(reach, holds_.catches(), deducted, reason, std::nullopt));
    TRIBUTARY_RETURN_IF_ERROR(passes_.AddFlow());
    TRIBUTARY_ASSIGN_OR_RETURN(
        const FlowResult flow,
        FlowCells(subgraph_, holds_.catches(), std::move(to_role.stopped), cancel_));
    TRIBUTARY_RETURN_IF_ERROR(AddLines(flow, reason, std::nullopt));
    if (caught_ == Caught::kIsSummed) {
      AddCaught(to_role.caught, reason);
      AddCaught(flow.caught, reason);
      return absl::OkStatus();
    }
    // What a hold caught before the role and what it caught after it flow on together.
    CaughtByLayer before = ByLayer(to_role.caught);
    CaughtByLayer after = ByLayer(flow.caught);
    for (const auto& [layer, placed] : before) after.try_emplace(layer);
    for (const auto& [layer, placed] : after) {
      const auto hold = holds_.OfLayer(layer);
      TRIBUTARY_ASSIGN_OR_RETURN(RoleFlow own, GoToRole(reach, {}, before[layer], reason, hold));
      for (const PlacedGrains& one : placed) own.stopped[one.vertex] += one.grains;
      TRIBUTARY_RETURN_IF_ERROR(FlowOn(std::move(own.stopped), reason, hold));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<RoleFlow> GoToRole(const RoleReach& reach, Catches catches,
                                    std::span<const PlacedGrains> placed, const LineReason& reason,
                                    LineSink::Hold hold) {
    TRIBUTARY_RETURN_IF_ERROR(passes_.AddFlow());
    TRIBUTARY_ASSIGN_OR_RETURN(RoleFlow to_role,
                               FlowToRole(subgraph_, catches, reach, placed, cancel_));
    lines_.AddUnattributed(to_role.unattributed, reason, hold);
    return to_role;
  }

  absl::Status FlowRemainders() {
    TRIBUTARY_RETURN_IF_ERROR(passes_.AddFlow());
    TRIBUTARY_ASSIGN_OR_RETURN(const FlowResult flow,
                               FlowGrains(subgraph_, holds_.catches(),
                                          std::span<const PlacedGrains>(remainders_), cancel_));
    TRIBUTARY_RETURN_IF_ERROR(AddLines(flow, LineReason{}, std::nullopt));
    if (caught_ == Caught::kIsSummed) {
      AddCaught(flow.caught, LineReason{});
      return absl::OkStatus();
    }
    for (const auto& [layer, placed] : ByLayer(flow.caught)) {
      TRIBUTARY_ASSIGN_OR_RETURN(std::vector<Grains> cells, PlaceGrains(subgraph_, placed));
      TRIBUTARY_RETURN_IF_ERROR(FlowOn(std::move(cells), LineReason{}, holds_.OfLayer(layer)));
    }
    return absl::OkStatus();
  }

  // Lets what one hold has caught come to rest: no other catches it.
  absl::Status FlowOn(std::vector<Grains> cells, const LineReason& reason, LineSink::Hold hold) {
    TRIBUTARY_RETURN_IF_ERROR(passes_.AddFlow());
    TRIBUTARY_ASSIGN_OR_RETURN(const FlowResult flow,
                               FlowCells(subgraph_, {}, std::move(cells), cancel_));
    return AddLines(flow, reason, hold);
  }

  // A held line names no payee, so any will do.
  void AddCaught(const std::vector<CaughtGrains>& caught, const LineReason& reason) {
    for (const CaughtGrains& one : caught) {
      lines_.AddUnattributed(one.at.grains, reason, holds_.OfLayer(one.layer));
    }
  }

  // All that came to rest.
  absl::Status AddLines(const FlowResult& flow, const LineReason& reason, LineSink::Hold hold) {
    lines_.AddUnattributed(flow.unattributed, reason, hold);
    for (Vertex v = 0; v < subgraph_.vertex_count(); ++v) {
      const Grains grains = flow.kept[v];
      if (grains == 0) continue;
      TRIBUTARY_RETURN_IF_ERROR(subgraph_.is_undisclosed(v)
                                    ? lines_.AddUndisclosed(v, grains, reason, hold)
                                    : lines_.AddRetained(v, grains, reason, hold));
    }
    return absl::OkStatus();
  }

  absl::Status CheckSum() const {
    if (watched_.sum() == split_.gross) return absl::OkStatus();
    return absl::InternalError(StrCat("the split of a sale lost or made grains: gross ",
                                      ToDecimal(split_.gross), ", found ",
                                      ToDecimal(watched_.sum())));
  }

  const LineageReader& reader_;
  const LineageSubgraph& subgraph_;
  const std::span<const Placement> placements_;
  const SalesTerms& sales_;
  const BoundPolicy& policy_;
  const HoldIndex holds_;
  const Caught caught_;
  const CancelToken* cancel_;
  VisitCounter own_visits_;
  SharedPasses own_passes_;
  SharedPasses& passes_;
  Watched watched_;
  LineCollector lines_;
  // By placement: what is left of its gross. By asset, once floors are taken.
  std::vector<PlacedGrains> remainders_;
  SaleSplit split_;
};

}  // namespace

std::string LineReason::Text() const {
  static constexpr std::string_view kCauses[] = {"fee", "absolute", "relative", "floor"};
  static constexpr std::string_view kVias[] = {"", "/undisclosed", "/unclaimed"};
  return StrCat(kCauses[static_cast<std::size_t>(cause)], subject.empty() ? "" : ":", subject,
                kVias[static_cast<std::size_t>(via)]);
}

bool DependsOnAssetSold(const PolicyRecord& policy) {
  return policy.undisclosed == UndisclosedRule::kSoldAssetHolders ||
         policy.unclaimed == UnclaimedRule::kSoldAssetHolders;
}

std::optional<std::size_t> PlacementOf(const absl::Status& status) {
  const auto placement = status.GetPayload(ToAbsl(kPlacementPayload));
  if (!placement.has_value()) return std::nullopt;
  return ParseUint64(std::string(*placement));
}

absl::StatusOr<SaleSplit> SplitSales(const LineageReader& reader, const LineageSubgraph& subgraph,
                                     std::span<const Placement> placements, const SalesTerms& sales,
                                     const BoundPolicy& policy, std::span<const HoldView> holds,
                                     const SplitLimits& limits, const CancelToken* cancel) {
  TRIBUTARY_CHECK(policy.record != nullptr);
  ReasonedLines lines(limits.line_count_max);
  SaleSplitter splitter(reader, subgraph, placements, sales, policy, holds, limits, cancel, &lines,
                        SaleSplitter::Caught::kFlows);
  TRIBUTARY_ASSIGN_OR_RETURN(SaleSplit split, splitter.Run());
  TRIBUTARY_ASSIGN_OR_RETURN(split.lines, lines.Finish());
  return split;
}

absl::StatusOr<SaleSplit> SplitSale(const LineageReader& reader, const LineageSubgraph& subgraph,
                                    const SaleTerms& sale, const BoundPolicy& policy,
                                    std::span<const HoldView> holds, const SplitLimits& limits,
                                    const CancelToken* cancel) {
  const Placement placement{LineageSubgraph::kTarget, sale.amount, sale.sale_count};
  return SplitSales(reader, subgraph, std::span(&placement, 1), {sale.currency, sale.fraction_bits},
                    policy, holds, limits, cancel);
}

absl::Status AddSales(const LineageReader& reader, const LineageSubgraph& subgraph,
                      std::span<const Placement> placements, const SalesTerms& sales,
                      const BoundPolicy& policy, std::span<const HoldView> holds,
                      const SplitLimits& limits, const CancelToken* cancel, PayeeTotals* totals,
                      SharedPasses* passes) {
  TRIBUTARY_CHECK(policy.record != nullptr);
  return SaleSplitter(reader, subgraph, placements, sales, policy, holds, limits, cancel, totals,
                      SaleSplitter::Caught::kIsSummed, passes)
      .Run()
      .status();
}

absl::StatusOr<std::uint64_t> AbsoluteHeadRoom(const LineageSubgraph& subgraph,
                                               const BoundPolicy& policy) {
  TRIBUTARY_CHECK(policy.record != nullptr);
  HeadRoom head_room(*policy.record);
  for (const VertexTerm& at : TermsIn(subgraph, policy.terms)) {
    if (at.vertex == LineageSubgraph::kTarget) continue;  // all others are upstream of it
    TRIBUTARY_RETURN_IF_ERROR(head_room.Take(*at.term));
  }
  return head_room.left();
}

}  // namespace tributary
