#include "graph/settlement/adjust.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "graph/lineage/cycle.h"
#include "graph/model/status.h"
#include "graph/settlement/cause_overlay.h"
#include "graph/settlement/record_scan.h"
#include "graph/settlement/revaluation.h"

namespace tributary {
namespace {

absl::Status NoSaleConcerned(const Cause& cause, const StatementRecord& statement) {
  return InvalidField("cause",
                      StrCat(TypeName(cause.record.record.body), " ", cause.record.id.ToHex(),
                             ", which concerns no sale of statement ", statement.number),
                      "a record that changes what a sale of the statement earned");
}

bool ChangesStatements(const RecordBody& body) {
  return ChangeOf(body).has_value() || std::holds_alternative<ReversalRecord>(body) ||
         std::holds_alternative<CorrectionRecord>(body) ||
         std::holds_alternative<HoldReleaseRecord>(body) ||
         std::holds_alternative<PartyMergeRecord>(body) ||
         std::holds_alternative<AssignmentRecord>(body);
}

// Whether a change that moves nothing would mean something. Later sales see lineage and routes, and
// a correction may be superseded by another; but nothing comes after a reversal, and what a hold
// has moves by its release alone.
bool MayBeProspective(const RecordBody& body) {
  return !std::holds_alternative<ReversalRecord>(body) &&
         !std::holds_alternative<HoldReleaseRecord>(body);
}

class Adjuster {
 public:
  Adjuster(const SettlementReader& reader, const AdjustmentRequest& request,
           const CloseOptions& options)
      : reader_(reader), request_(request), options_(options) {}

  absl::StatusOr<AdjustmentPreview> Run() {
    TRIBUTARY_RETURN_IF_ERROR(FindSubjects());
    TRIBUTARY_RETURN_IF_ERROR(ReadEarlier());
    Revaluation revaluation(reader_, statement_, options_);
    TRIBUTARY_RETURN_IF_ERROR(revaluation.Begin());
    TRIBUTARY_ASSIGN_OR_RETURN(EarnedGrains before, revaluation.Value(causes_));
    std::erase_if(before, [](const auto& entry) { return entry.second == 0; });
    std::erase_if(recorded_, [](const auto& entry) { return entry.second == 0; });
    if (before != recorded_) {
      TRIBUTARY_RETURN_IF_ERROR(CheckAlgorithms());
      return absl::InternalError(
          StrCat("statement ", number(), " and its adjustments do not come out as recorded"));
    }
    causes_.push_back(cause_);
    const absl::StatusOr<EarnedGrains> valued = revaluation.Value(causes_);
    if (IsCycle(valued.status())) return ClosesCycle(valued.status());
    TRIBUTARY_RETURN_IF_ERROR(valued.status());
    const EarnedGrains& after = *valued;
    if (!revaluation.last_met_sale() && before == after) return Unconcerned(revaluation);
    if (request_.refuse_past_holds && request_.mode != AdjustmentMode::kProspective) {
      TRIBUTARY_RETURN_IF_ERROR(CheckLateHolds(before, after, &revaluation));
    }
    AdjustmentPreview preview;
    TRIBUTARY_ASSIGN_OR_RETURN(preview.adjustment, CompareEarned(before, after));
    FillRecord(&preview);
    return preview;
  }

 private:
  std::uint64_t number() const { return As<StatementRecord>(statement_)->number; }

  absl::StatusOr<LoggedRecord> Find(const Digest& id, std::string_view field) const {
    TRIBUTARY_ASSIGN_OR_RETURN(auto logged, reader_.FindRecord(id));
    if (logged.has_value()) return *std::move(logged);
    return FieldError(absl::StatusCode::kNotFound, field, id.ToHex(),
                      "the id of a record of this ledger");
  }

  absl::Status FindSubjects() {
    TRIBUTARY_ASSIGN_OR_RETURN(statement_, Find(request_.statement, "statement"));
    if (As<StatementRecord>(statement_) == nullptr) {
      return InvalidField("statement", TypeName(statement_.record.body), "a statement");
    }
    TRIBUTARY_ASSIGN_OR_RETURN(cause_.record, Find(request_.cause, "cause"));
    cause_.tree_size = reader_.tree_size();
    if (!ChangesStatements(cause_.record.record.body)) {
      return InvalidField("cause", TypeName(cause_.record.record.body),
                          "a derivation, holders, asset, reversal, correction, hold release, party "
                          "merge or assignment");
    }
    if (request_.mode == AdjustmentMode::kProspective &&
        !MayBeProspective(cause_.record.record.body)) {
      return InvalidField("mode", StrCat("prospective for a ", TypeName(cause_.record.record.body)),
                          "carried_forward or reversal: what it frees would never move");
    }
    // Lineage counts up to where each sale is valued, which is seen with the sales.
    const std::uint64_t end = As<StatementRecord>(statement_)->end;
    if (cause_.record.position.value < end && !ChangeOf(cause_.record.record.body).has_value()) {
      return CountsAlready("at or above its end", end);
    }
    TRIBUTARY_ASSIGN_OR_RETURN(const auto adjusted,
                               reader_.FindInForce(AdjustmentRecord{.statement = request_.statement,
                                                                    .cause = request_.cause}));
    if (!adjusted.has_value()) return absl::OkStatus();
    return FieldError(absl::StatusCode::kAlreadyExists, "cause",
                      StrCat("adjusted by record ", adjusted->id.ToHex()),
                      "a cause for which the statement was not adjusted yet");
  }

  absl::Status CountsAlready(std::string_view allowed, std::uint64_t bound) const {
    return InvalidField("cause",
                        StrCat("log position ", cause_.record.position.value, ", which statement ",
                               number(), " counts already"),
                        StrCat(allowed, " ", bound));
  }

  absl::Status Unconcerned(const Revaluation& revaluation) const {
    const auto oldest = revaluation.oldest();
    const LogPosition position = cause_.record.position;
    if (ChangeOf(cause_.record.record.body).has_value() && oldest.has_value() &&
        position.value < oldest->value) {
      return CountsAlready("at or above the smallest tree size that its sales are valued at,",
                           oldest->value);
    }
    return NoSaleConcerned(cause_, *As<StatementRecord>(statement_));
  }

  // What was paid can not be held, but what is still to be given can. Flows with and without a hold
  // differ by single grains, so less than a minor unit is no dispute.
  absl::Status CheckLateHolds(const EarnedGrains& before, const EarnedGrains& after,
                              Revaluation* revaluation) const {
    TRIBUTARY_ASSIGN_OR_RETURN(const std::optional<EarnedGrains> with_holds,
                               revaluation->ValueWithLateHolds(causes_));
    if (!with_holds.has_value()) return absl::OkStatus();
    const auto at = [](const EarnedGrains& earned, const EarnedGrains::key_type& key) {
      const auto found = earned.find(key);
      return found == earned.end() ? Grains{0} : found->second;
    };
    for (const auto& [key, grains] : after) {
      const auto& [currency, payee] = key;
      const Grains kept = std::max(at(before, key), at(*with_holds, key));
      if (!IsPaidOut(payee) || grains <= kept) continue;
      if (grains - kept < revaluation->UnitOf(currency)) continue;
      std::string holds;
      for (const auto& [line, held] : *with_holds) {
        if (line.first != currency || !line.second.starts_with("hold:")) continue;
        if (held > at(after, line)) StrAppend(&holds, holds.empty() ? "" : ", ", line.second);
      }
      return FieldError(
          absl::StatusCode::kFailedPrecondition, "cause",
          StrCat(cause_.record.id.ToHex(), ", which gives ", payee, " more ", currency,
                 " that is in dispute (", holds, ")"),
          "one that gives nothing past a hold: release the hold first, or rule it prospective");
    }
    return absl::OkStatus();
  }

  // Each derivation was recorded where it closed no cycle, but not all of them stood together.
  absl::Status ClosesCycle(const absl::Status& found) const {
    return InvalidField(
        "cause",
        StrCat(TypeName(cause_.record.record.body), " ", cause_.record.id.ToHex(),
               ", with which the lineage that the sales are valued at has a cycle (",
               FromAbsl(found.message()), ")"),
        "one that fits it: adjust first for the derivation that took the other way out");
  }

  // What other rules computed need not come out again, so it has no difference to anything.
  absl::Status CheckAlgorithms() const {
    for (const std::string& algorithm : algorithms_) {
      if (algorithm == kSettlementAlgorithm) continue;
      return FieldError(
          absl::StatusCode::kFailedPrecondition, "statement",
          StrCat("statement ", number(), ", computed by ", algorithm, ", with other grains"),
          StrCat("one that comes out the same by ", kSettlementAlgorithm));
    }
    return absl::OkStatus();
  }

  // What the statement and its adjustments recorded as earned.
  absl::Status ReadEarlier() {
    algorithms_.push_back(As<StatementRecord>(statement_)->algorithm);
    TRIBUTARY_RETURN_IF_ERROR(ForEachLine(
        reader_, statement_.position, options_.cancel, [this](const std::string& bytes) {
          TRIBUTARY_ASSIGN_OR_RETURN(const StatementLine line, DecodeStatementLine(bytes));
          recorded_[{line.currency, line.payee}] = line.earned;
          return absl::OkStatus();
        }));
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<LoggedRecord> adjustments,
                               AdjustmentsOf(reader_, request_.statement, options_.cancel));
    for (const LoggedRecord& logged : adjustments) {
      const auto& adjustment = *As<AdjustmentRecord>(logged);
      if (adjustment.mode == AdjustmentMode::kProspective) continue;
      algorithms_.push_back(adjustment.algorithm);
      TRIBUTARY_ASSIGN_OR_RETURN(LoggedRecord cause, Find(adjustment.cause, "cause"));
      causes_.push_back({std::move(cause), {adjustment.tree_size}});
      TRIBUTARY_RETURN_IF_ERROR(
          ForEachLine(reader_, logged.position, options_.cancel, [this](const std::string& bytes) {
            TRIBUTARY_ASSIGN_OR_RETURN(const AdjustmentLine line, DecodeAdjustmentLine(bytes));
            Grains& grains = recorded_[{line.currency, line.payee}];
            grains = grains + line.increase() - line.decrease();
            return absl::OkStatus();
          }));
    }
    return absl::OkStatus();
  }

  void FillRecord(AdjustmentPreview* preview) const {
    const Adjustment& adjustment = preview->adjustment;
    preview->lines.reserve(adjustment.lines.size());
    for (const AdjustmentLine& line : adjustment.lines) {
      preview->lines.push_back(EncodeAdjustmentLine(line));
    }
    Record sorted;
    sorted.body = AdjustmentRecord{.statement = request_.statement,
                                   .cause = request_.cause,
                                   .mode = request_.mode,
                                   .tree_size = reader_.tree_size().value,
                                   .algorithm = std::string(kSettlementAlgorithm),
                                   .line_count = adjustment.lines.size(),
                                   .lines_root = adjustment.lines_root,
                                   .totals = adjustment.totals,
                                   .reason = request_.reason};
    SortLists(&sorted);
    preview->record = std::get<AdjustmentRecord>(std::move(sorted.body));
  }

  const SettlementReader& reader_;
  const AdjustmentRequest& request_;
  const CloseOptions& options_;
  LoggedRecord statement_;
  Cause cause_;
  std::vector<Cause> causes_;
  EarnedGrains recorded_;
  std::vector<std::string> algorithms_;  // that computed what is recorded
};

}  // namespace

absl::StatusOr<AdjustmentPreview> PreviewAdjustment(const SettlementReader& reader,
                                                    const AdjustmentRequest& request,
                                                    const CloseOptions& options) {
  return Adjuster(reader, request, options).Run();
}

absl::StatusOr<std::vector<LoggedRecord>> AdjustmentsOf(const SettlementReader& reader,
                                                        const Digest& statement,
                                                        const CancelToken* cancel) {
  std::vector<LoggedRecord> adjustments;
  TRIBUTARY_RETURN_IF_ERROR(ForEachRecord<AdjustmentRecord>(
      reader, {0}, cancel, [&](const LoggedRecord& logged, const AdjustmentRecord& adjustment) {
        if (adjustment.statement == statement) adjustments.push_back(logged);
        return absl::OkStatus();
      }));
  return adjustments;
}

}  // namespace tributary
