#include "graph/proof/edge_proof.h"

#include <string>
#include <string_view>

#include "graph/merkle/merkle.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

// Of one edge: its own rules, and its place under the root.
absl::Status CheckPlaced(std::string_view name, const DerivationRecord& derivation,
                         const PlacedEdge& placed, std::uint64_t index) {
  const auto field = [&](std::string_view part) { return StrCat(name, ".", part); };
  const Edge& edge = placed.edge;
  if (placed.index != index)
    return InvalidField(field("index"), StrCat(placed.index), StrCat(index));
  if (edge.input == derivation.generated) {
    return InvalidField(field("input"), "the generated asset itself", "another asset");
  }
  if (edge.weight != 0 && (edge.basis == Basis::kNone || edge.basis == Basis::kUnknown)) {
    return InvalidField(field("weight"), StrCat(edge.weight, " with basis ", ToName(edge.basis)),
                        "0 with basis none or unknown");
  }
  if (placed.cumulative_weight < edge.weight || placed.cumulative_weight > derivation.weight_sum) {
    return InvalidField(
        field("cumulative_weight"), StrCat(placed.cumulative_weight),
        StrCat("the edge's weight ", edge.weight, " up to the sum ", derivation.weight_sum));
  }
  std::string bytes;
  AppendEdgeBytes(edge, placed.cumulative_weight, &bytes);
  const absl::Status path = VerifyInclusion(LeafHash(bytes), index, derivation.edge_count,
                                            placed.path, derivation.edges_root);
  if (path.ok()) return path;
  return InvalidField(field("path"), FromAbsl(path.message()),
                      "a path from the edge to the derivation's edges_root");
}

// Of two edges in order: `later` is right after `earlier`, or edges that are not seen lie between.
absl::Status CheckOrder(std::string_view later_name, const PlacedEdge& earlier,
                        const PlacedEdge& later) {
  if (earlier.edge.input >= later.edge.input) {
    return InvalidField(StrCat(later_name, ".input"), later.edge.input.ToHex(),
                        StrCat("above ", earlier.edge.input.ToHex(), ", which stands before it"));
  }
  const std::uint64_t before = later.cumulative_weight - later.edge.weight;
  const bool adjacent = later.index == earlier.index + 1;
  if (adjacent ? before != earlier.cumulative_weight : before < earlier.cumulative_weight) {
    return InvalidField(
        StrCat(later_name, ".cumulative_weight"), StrCat(later.cumulative_weight),
        StrCat(adjacent ? "" : "at least ", earlier.cumulative_weight, " + ", later.edge.weight));
  }
  return absl::OkStatus();
}

// Nothing stands before the first edge.
absl::Status CheckFirst(std::string_view name, const PlacedEdge& placed) {
  if (placed.index != 0 || placed.cumulative_weight == placed.edge.weight) return absl::OkStatus();
  return InvalidField(StrCat(name, ".cumulative_weight"), StrCat(placed.cumulative_weight),
                      StrCat(placed.edge.weight, ", the weight of the first edge"));
}

absl::Status CheckPresence(std::string_view name, bool present, bool wanted) {
  if (present == wanted) return absl::OkStatus();
  return InvalidField(name, present ? "one" : "none", wanted ? "one" : "none");
}

}  // namespace

absl::Status VerifyEdge(const DerivationRecord& derivation, const EdgeProof& proof) {
  const PlacedEdge& edge = proof.edge;
  if (edge.index >= derivation.edge_count) {
    return InvalidField("edge.index", StrCat(edge.index),
                        StrCat("below the derivation's ", derivation.edge_count, " edges"));
  }
  const std::uint64_t last_index = derivation.edge_count - 1;
  TRIBUTARY_RETURN_IF_ERROR(
      CheckPresence("predecessor", proof.predecessor.has_value(), edge.index > 0));
  TRIBUTARY_RETURN_IF_ERROR(CheckPresence("last", proof.last.has_value(), edge.index < last_index));
  TRIBUTARY_RETURN_IF_ERROR(CheckPlaced("edge", derivation, edge, edge.index));
  TRIBUTARY_RETURN_IF_ERROR(CheckFirst("edge", edge));
  if (proof.predecessor.has_value()) {
    TRIBUTARY_RETURN_IF_ERROR(
        CheckPlaced("predecessor", derivation, *proof.predecessor, edge.index - 1));
    TRIBUTARY_RETURN_IF_ERROR(CheckFirst("predecessor", *proof.predecessor));
    TRIBUTARY_RETURN_IF_ERROR(CheckOrder("edge", *proof.predecessor, edge));
  }
  if (proof.last.has_value()) {
    TRIBUTARY_RETURN_IF_ERROR(CheckPlaced("last", derivation, *proof.last, last_index));
    TRIBUTARY_RETURN_IF_ERROR(CheckOrder("last", edge, *proof.last));
  }
  const PlacedEdge& last = proof.last.has_value() ? *proof.last : edge;
  if (last.cumulative_weight != derivation.weight_sum) {
    return InvalidField("last.cumulative_weight", StrCat(last.cumulative_weight),
                        StrCat("the derivation's weight_sum ", derivation.weight_sum));
  }
  return absl::OkStatus();
}

}  // namespace tributary
