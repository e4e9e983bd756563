#include "graph/settlement/adjustment.h"

#include <optional>

#include "graph/model/canonical_json.h"
#include "graph/model/status.h"

namespace tributary {
namespace {

absl::Status AddEarned(const std::string& currency, Grains grains, Grains* sum) {
  if (grains < kMoneyGrainsEnd - *sum) {
    *sum += grains;
    return absl::OkStatus();
  }
  return FieldError(absl::StatusCode::kOutOfRange, "earned",
                    StrCat("2^127 grains of ", currency, " or more"), "below 2^127 grains");
}

// Old and new of each payee, side by side.
std::map<std::pair<std::string, std::string>, AdjustmentLine> Pair(const EarnedGrains& old_earned,
                                                                   const EarnedGrains& new_earned) {
  std::map<std::pair<std::string, std::string>, AdjustmentLine> lines;
  for (const auto& [key, grains] : old_earned) lines[key].old_grains = grains;
  for (const auto& [key, grains] : new_earned) lines[key].new_grains = grains;
  return lines;
}

}  // namespace

std::string EncodeAdjustmentLine(const AdjustmentLine& line) {
  return WriteCanonicalJson(JsonValue::Object{{"currency", line.currency},
                                              {"decrease", ToDecimal(line.decrease())},
                                              {"increase", ToDecimal(line.increase())},
                                              {"new", ToDecimal(line.new_grains)},
                                              {"old", ToDecimal(line.old_grains)},
                                              {"payee", line.payee}});
}

absl::StatusOr<AdjustmentLine> DecodeAdjustmentLine(std::string_view bytes) {
  TRIBUTARY_ASSIGN_OR_RETURN(const JsonValue json, ParseCanonicalJson(bytes));
  const auto text = [&json](std::string_view key) -> std::string {
    if (json.AsObject() == nullptr) return {};
    const auto found = json.AsObject()->find(key);
    const bool is_text = found != json.AsObject()->end() && found->second.AsString() != nullptr;
    return is_text ? *found->second.AsString() : std::string();
  };
  const AdjustmentLine line{text("payee"), text("currency"), ParseUint128(text("old")).value_or(0),
                            ParseUint128(text("new")).value_or(0)};
  // Differences that are not the numbers' own come back as other bytes, like all else that is
  // wrong.
  if (EncodeAdjustmentLine(line) == bytes) return line;
  return InvalidField("line", Quoted(bytes), "the canonical bytes of an adjustment's line");
}

absl::StatusOr<Adjustment> CompareEarned(const EarnedGrains& old_earned,
                                         const EarnedGrains& new_earned) {
  Adjustment adjustment;
  TreeFrontier tree;
  Grains old_sum = 0;
  Grains new_sum = 0;
  for (auto& [key, line] : Pair(old_earned, new_earned)) {
    if (line.old_grains == 0 && line.new_grains == 0) continue;
    AdjustmentLine named{key.second, key.first, line.old_grains, line.new_grains};
    if (adjustment.totals.empty() || adjustment.totals.back().currency != key.first) {
      adjustment.totals.push_back({.currency = key.first});
      old_sum = new_sum = 0;
    }
    TRIBUTARY_RETURN_IF_ERROR(AddEarned(key.first, line.old_grains, &old_sum));
    TRIBUTARY_RETURN_IF_ERROR(AddEarned(key.first, line.new_grains, &new_sum));
    adjustment.totals.back().increase += named.increase();
    adjustment.totals.back().decrease += named.decrease();
    tree.Append(LeafHash(EncodeAdjustmentLine(named)));
    adjustment.lines.push_back(std::move(named));
  }
  adjustment.lines_root = tree.Root();
  return adjustment;
}

absl::StatusOr<EarnedGrains> RerouteEarned(EarnedGrains earned, const Digest& hold_id,
                                           std::span<const Holder> recipients,
                                           const HeldParties& held) {
  Uint128 unit_sum = 0;
  for (const Holder& recipient : recipients) unit_sum += recipient.units;
  if (unit_sum == 0 || unit_sum > kWeightSumMax) {
    return InvalidField("recipients.units", StrCat("a sum of ", ToDecimal(unit_sum)),
                        "at least 1, below 2^63");
  }
  const std::string hold = HoldKey(hold_id);
  EarnedGrains rerouted = earned;
  for (const auto& [key, grains] : earned) {
    if (key.second != hold) continue;
    rerouted.erase(key);
    const ScaledDivision parts(grains, static_cast<std::uint64_t>(unit_sum));
    std::uint64_t units = 0;
    Grains before = 0;
    for (const Holder& recipient : recipients) {
      units += recipient.units;
      const Grains up_to = parts.Floor(units);
      const auto on_hold = held.find(recipient.party);
      rerouted[{key.first, on_hold == held.end() ? StrCat("party:", recipient.party)
                                                 : HoldKey(on_hold->second)}] += up_to - before;
      before = up_to;
    }
  }
  return rerouted;
}

absl::Status PostAdjustment(const Adjustment& adjustment, AdjustmentMode mode,
                            StatementBuilder* statement) {
  if (mode == AdjustmentMode::kProspective) return absl::OkStatus();
  for (const AdjustmentLine& line : adjustment.lines) {
    if (line.old_grains == line.new_grains) continue;
    TRIBUTARY_RETURN_IF_ERROR(
        statement->AddAdjustment(line.currency, line.payee, line.increase(), line.decrease()));
  }
  return absl::OkStatus();
}

}  // namespace tributary
