#include "graph/settlement/policy.h"

#include <algorithm>

#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/settlement/quote.h"
#include "graph/settlement/role_floors.h"
#include "graph/settlement/sale_lines.h"

namespace tributary {
namespace {

using Vertex = LineageSubgraph::Vertex;

// floor(gross * ppm / 10^6)
Grains PartOf(Grains gross, std::uint64_t ppm) {
  return ScaledDivision(gross, kPartsPerMillion).Floor(ppm);
}

struct VertexTerm {
  const BoundTerm* term = nullptr;
  Vertex vertex = 0;
};

// The terms of assets strictly upstream of the target, in ascending order of asset id.
std::vector<VertexTerm> TermsUpstream(const LineageSubgraph& subgraph,
                                      const std::vector<BoundTerm>& terms) {
  absl::flat_hash_map<std::uint64_t, const BoundTerm*> by_asset;
  for (const BoundTerm& term : terms) by_asset.emplace(term.asset.value, &term);
  std::vector<VertexTerm> upstream;
  if (by_asset.empty()) return upstream;
  for (Vertex v = LineageSubgraph::kTarget + 1; v < subgraph.vertex_count(); ++v) {
    const auto found = by_asset.find(subgraph.asset(v).value);
    if (found != by_asset.end()) upstream.push_back({found->second, v});
  }
  std::sort(upstream.begin(), upstream.end(),
            [](const VertexTerm& a, const VertexTerm& b) { return a.term->id < b.term->id; });
  return upstream;
}

// What is left of 10^6 ppm after fees and terms.
absl::StatusOr<std::uint64_t> HeadRoom(const PolicyRecord& record,
                                       const std::vector<VertexTerm>& terms) {
  std::uint64_t left = kPartsPerMillion;
  for (const Fee& fee : record.fees) left -= std::min(left, fee.ppm);
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const BoundTerm& term = *terms[i].term;
    if (term.ppm > left) {
      return InvalidField("absolute_terms",
                          StrCat(term.ppm, " ppm of gross for asset ", term.id.ToHex(), " after ",
                                 i, " other terms and the fees"),
                          StrCat("at most the head-room of ", left, " ppm"));
    }
    left -= term.ppm;
  }
  return left;
}

class SaleSplitter {
 public:
  SaleSplitter(const LineageReader& reader, const LineageSubgraph& subgraph, const SaleTerms& sale,
               const BoundPolicy& policy, std::span<const HoldView> holds,
               const SplitLimits& limits, const CancelToken* cancel)
      : reader_(reader),
        subgraph_(subgraph),
        sale_(sale),
        policy_(policy),
        holds_(holds, subgraph),
        limits_(limits),
        cancel_(cancel),
        lines_(reader, subgraph, *policy.record, holds_, limits.line_count_max, cancel) {}

  absl::StatusOr<SaleSplit> Run() {
    TRIBUTARY_ASSIGN_OR_RETURN(split_.gross, PlaceAmount(sale_.amount, sale_.fraction_bits));
    TRIBUTARY_RETURN_IF_ERROR(lines_.Begin());
    TRIBUTARY_RETURN_IF_ERROR(TakeFees());
    TRIBUTARY_RETURN_IF_ERROR(TakeAbsoluteTerms());
    split_.remainder = split_.gross - split_.fees - split_.absolute;
    TRIBUTARY_RETURN_IF_ERROR(TakeFloors());
    TRIBUTARY_RETURN_IF_ERROR(
        FlowFrom({{{LineageSubgraph::kTarget, 0}, split_.relative}}, LineReason{}));
    TRIBUTARY_ASSIGN_OR_RETURN(split_.lines, lines_.Finish());
    TRIBUTARY_RETURN_IF_ERROR(CheckSum());
    return std::move(split_);
  }

 private:
  absl::StatusOr<Grains> FeeOf(const Fee& fee) const {
    if (fee.fixed.value == 0) return PartOf(split_.gross, fee.ppm);
    if (fee.currency != sale_.currency) return Grains{0};
    const Grains gross_units = split_.gross >> sale_.fraction_bits;
    if (sale_.sale_count != 0 && fee.fixed.value > gross_units / sale_.sale_count) {
      return InvalidField("fees",
                          StrCat(ToDecimal(fee.fixed.value), " minor units to ", fee.party,
                                 " for each of ", sale_.sale_count, " sales"),
                          StrCat("at most their gross of ", ToDecimal(gross_units)));
    }
    return (fee.fixed.value * sale_.sale_count) << sale_.fraction_bits;
  }

  absl::Status TakeFees() {
    for (const Fee& fee : policy_.record->fees) {
      TRIBUTARY_ASSIGN_OR_RETURN(const Grains grains, FeeOf(fee));
      if (grains > split_.gross - split_.fees) {
        return InvalidField(
            "fees",
            StrCat("fees of ", ToDecimal(split_.fees), " and ", ToDecimal(grains), " grains"),
            StrCat("at most the gross of ", ToDecimal(split_.gross)));
      }
      split_.fees += grains;
      lines_.AddParty(fee.party, grains, {LineCause::kFee, fee.label});
    }
    return absl::OkStatus();
  }

  absl::Status TakeAbsoluteTerms() {
    const std::vector<VertexTerm> terms = TermsUpstream(subgraph_, policy_.terms);
    if (terms.empty()) return absl::OkStatus();
    TRIBUTARY_RETURN_IF_ERROR(HeadRoom(*policy_.record, terms).status());
    for (const VertexTerm& at : terms) {
      const Grains grains = PartOf(split_.gross, at.term->ppm);
      // Fixed fees are no parts per million, so the head-room alone does not show that it fits.
      const Grains left = split_.gross - split_.fees - split_.absolute;
      if (grains > left) {
        return InvalidField("absolute_terms",
                            StrCat(ToDecimal(grains), " grains for asset ", at.term->id.ToHex()),
                            StrCat("at most the head-room of ", ToDecimal(left),
                                   " grains after fees and other terms"));
      }
      split_.absolute += grains;
      TRIBUTARY_RETURN_IF_ERROR(lines_.AddRetained(
          at.vertex, grains, {LineCause::kAbsolute, at.term->id.ToHex()}, std::nullopt));
    }
    return absl::OkStatus();
  }

  absl::Status TakeFloors() {
    split_.relative = split_.remainder;
    const auto& floors = policy_.record->floors;
    if (floors.empty() || split_.remainder == 0) return absl::OkStatus();
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<FloorPart> parts,
                               DivideOverFloors(reader_, subgraph_, floors, split_.remainder,
                                                holds_.Setup(), limits_.flow, cancel_));
    for (const FloorPart& part : parts) {
      split_.floors.push_back(part.outcome);
      split_.relative -= part.outcome.deducted;
      const LineReason reason{LineCause::kFloor, std::string(ToName(part.outcome.role))};
      if (part.placed.empty()) {
        lines_.AddUnattributed(part.outcome.deducted, reason, std::nullopt);
        continue;
      }
      TRIBUTARY_RETURN_IF_ERROR(FlowFrom(part.placed, reason));
    }
    return absl::OkStatus();
  }

  absl::Status FlowFrom(const std::map<LayeredVertex, Grains>& placed, const LineReason& reason) {
    TRIBUTARY_ASSIGN_OR_RETURN(const FlowResult flow, FlowGrains(subgraph_, holds_.Setup(), placed,
                                                                 limits_.flow, cancel_));
    for (Layer layer = 0; layer < flow.layer_count; ++layer) {
      const auto hold = holds_.OfLayer(layer);
      lines_.AddUnattributed(flow.unattributed[layer], reason, hold);
      for (Vertex v = 0; v < subgraph_.vertex_count(); ++v) {
        const Grains grains = flow.at(v, layer);
        if (grains == 0) continue;
        TRIBUTARY_RETURN_IF_ERROR(subgraph_.is_undisclosed(v)
                                      ? lines_.AddUndisclosed(v, grains, reason, hold)
                                      : lines_.AddRetained(v, grains, reason, hold));
      }
    }
    return absl::OkStatus();
  }

  absl::Status CheckSum() const {
    Grains sum = 0;
    for (const SaleLine& line : split_.lines) sum += line.grains;
    if (sum == split_.gross) return absl::OkStatus();
    return absl::InternalError(StrCat("the split of a sale lost or made grains: gross ",
                                      ToDecimal(split_.gross), ", found ", ToDecimal(sum)));
  }

  const LineageReader& reader_;
  const LineageSubgraph& subgraph_;
  const SaleTerms& sale_;
  const BoundPolicy& policy_;
  const HoldIndex holds_;
  const SplitLimits& limits_;
  const CancelToken* cancel_;
  SaleLines lines_;
  SaleSplit split_;
};

}  // namespace

std::string LineReason::Text() const {
  static constexpr std::string_view kCauses[] = {"fee", "absolute", "relative", "floor"};
  static constexpr std::string_view kVias[] = {"", "/undisclosed", "/unclaimed"};
  return StrCat(kCauses[static_cast<std::size_t>(cause)], subject.empty() ? "" : ":", subject,
                kVias[static_cast<std::size_t>(via)]);
}

absl::StatusOr<SaleSplit> SplitSale(const LineageReader& reader, const LineageSubgraph& subgraph,
                                    const SaleTerms& sale, const BoundPolicy& policy,
                                    std::span<const HoldView> holds, const SplitLimits& limits,
                                    const CancelToken* cancel) {
  TRIBUTARY_CHECK(policy.record != nullptr);
  return SaleSplitter(reader, subgraph, sale, policy, holds, limits, cancel).Run();
}

absl::StatusOr<std::uint64_t> AbsoluteHeadRoom(const LineageSubgraph& subgraph,
                                               const BoundPolicy& policy) {
  TRIBUTARY_CHECK(policy.record != nullptr);
  return HeadRoom(*policy.record, TermsUpstream(subgraph, policy.terms));
}

}  // namespace tributary
