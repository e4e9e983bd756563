#include "graph/model/record_type.h"

namespace tributary {

bool IsFinal(const RecordBody& body) {
  if (TypeOf(body) < kFirstSettlementType) return std::holds_alternative<LedgerRecord>(body);
  return !std::holds_alternative<TemplateRecord>(body) &&
         !std::holds_alternative<PolicyRecord>(body) &&
         !std::holds_alternative<CorrectionRecord>(body) &&
         !std::holds_alternative<MandateRecord>(body) &&
         !std::holds_alternative<AssignmentRecord>(body) &&
         !std::holds_alternative<PartyMergeRecord>(body) &&
         !std::holds_alternative<PayoutStateRecord>(body);
}

std::optional<StatedLineList> StatedLines(const RecordBody& body) {
  if (const auto* statement = std::get_if<StatementRecord>(&body)) {
    return StatedLineList{statement->line_count, statement->lines_root};
  }
  if (const auto* adjustment = std::get_if<AdjustmentRecord>(&body)) {
    return StatedLineList{adjustment->line_count, adjustment->lines_root};
  }
  return std::nullopt;
}

std::string_view PeekTypeName(std::string_view canonical_bytes) {
  // Quotes within a text are written with a backslash before them, so that these bytes stand only
  // where the key does; no object within a record has such a key.
  constexpr std::string_view kKey = "\"type\":\"";
  const std::size_t found = canonical_bytes.find(kKey);
  if (found == std::string_view::npos) return {};
  const std::string_view rest = canonical_bytes.substr(found + kKey.size());
  return rest.substr(0, rest.find('"'));
}

}  // namespace tributary
