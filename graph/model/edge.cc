// Edges of a derivation: their canonical bytes and their rules.

#include "graph/model/record.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {

void AppendEdgeBytes(const Edge& edge, std::uint64_t cumulative_weight, std::string* out) {
  // Written out by hand, since this runs once per edge of pools of millions; the golden files and a
  // test against WriteCanonicalJson hold it to the canonical form.
  StrAppend(out, R"({"basis":")", ToName(edge.basis), R"(","cumulative_weight":")",
            cumulative_weight, R"(","input":")", edge.input.ToHex(), R"(","role":")",
            ToName(edge.role));
  StrAppend(out, R"(","weight":")", edge.weight, R"("})");
}

absl::Status EdgeChecker::Add(const Edge& edge) {
  const auto at = [this](std::string_view field) { return StrCat("edges[", count_, "].", field); };
  if (count_ > 0 && edge.input <= last_input_) {
    return InvalidField(
        at("input"), edge.input.ToHex(),
        edge.input == last_input_ ? "each input once" : "ascending order of input asset ids");
  }
  if (edge.input == generated_) {
    return InvalidField(at("input"), "the generated asset itself", "another asset");
  }
  if (edge.weight != 0 && (edge.basis == Basis::kNone || edge.basis == Basis::kUnknown)) {
    return InvalidField(at("weight"), StrCat(edge.weight, " with basis ", ToName(edge.basis)),
                        "0 with basis none or unknown");
  }
  if (edge.weight > kWeightSumMax - weight_sum_) {
    return FieldError(absl::StatusCode::kInvalidArgument, at("weight"),
                      StrCat(edge.weight, " after a sum of ", weight_sum_),
                      "a sum of weights below 2^63");
  }
  last_input_ = edge.input;
  weight_sum_ += edge.weight;
  ++count_;
  return absl::OkStatus();
}

absl::Status CheckWeights(std::uint64_t edge_count, std::uint64_t weight_sum,
                          std::uint64_t retained, std::uint64_t unattributed) {
  const std::string found = StrCat("retained ", retained, " + unattributed ", unattributed,
                                   " + sum of edge weights ", weight_sum);
  if (weight_sum > kWeightSumMax || retained > kWeightSumMax - weight_sum ||
      unattributed > kWeightSumMax - weight_sum - retained) {
    return InvalidField("denominator", found, "a sum below 2^63");
  }
  if (retained + unattributed + weight_sum == 0) {
    return InvalidField("denominator", found, "a sum of at least 1");
  }
  if (edge_count == 0 && (weight_sum != 0 || unattributed != 0)) {
    return InvalidField("unattributed", found,
                        "retained weight only: a derivation without edges asserts an origin");
  }
  return absl::OkStatus();
}

}  // namespace tributary
