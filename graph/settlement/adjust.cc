#include "graph/settlement/adjust.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "graph/lineage/cycle.h"
#include "graph/model/status.h"
#include "graph/settlement/cause_overlay.h"
#include "graph/settlement/record_scan.h"

namespace tributary {
namespace {

// A record that changes a statement, and the tree size at which it was valued.
struct Cause {
  LoggedRecord record;
  TreeSize tree_size;
};

template <typename Body>
const Body* As(const LoggedRecord& logged) {
  return std::get_if<Body>(&logged.record.body);
}

absl::Status NoSaleConcerned(const Cause& cause, const StatementRecord& statement) {
  return InvalidField("cause",
                      StrCat(TypeName(cause.record.record.body), " ", cause.record.id.ToHex(),
                             ", which concerns no sale of statement ", statement.number),
                      "a record that changes what a sale of the statement earned");
}

// The sales of one statement, valued with any list of causes.
class Revaluation {
 public:
  Revaluation(const SettlementReader& reader, const LoggedRecord& statement,
              const CloseOptions& options)
      : reader_(reader),
        statement_(*As<StatementRecord>(statement)),
        options_(options),
        lineage_(reader),
        overlay_(reader, lineage_),
        table_(overlay_, statement_.policy) {}

  absl::Status Begin() {
    TRIBUTARY_ASSIGN_OR_RETURN(at_end_, reader_.At({statement_.end}));
    TRIBUTARY_RETURN_IF_ERROR(
        ReadSales(*at_end_, {statement_.begin}, options_.limits.sales, options_.cancel, &table_));
    closed_ = table_.sales;
    return absl::OkStatus();
  }

  absl::StatusOr<EarnedGrains> Value(const std::vector<Cause>& causes) {
    last_met_sale_ = false;
    TRIBUTARY_RETURN_IF_ERROR(ChangeSales(causes));
    TRIBUTARY_RETURN_IF_ERROR(ChangeLineage(causes));
    TRIBUTARY_ASSIGN_OR_RETURN(std::optional<LineageWatch> watch, WatchLast(causes));
    TRIBUTARY_ASSIGN_OR_RETURN(const HoldSet holds, HoldsWithout(*at_end_, causes));
    TRIBUTARY_ASSIGN_OR_RETURN(const EarnerRoutes routes, RoutesFor(causes));
    TRIBUTARY_ASSIGN_OR_RETURN(const Valuation valuation,
                               ValueSales(table_, holds, routes, options_.limits.valuation,
                                          options_.cancel, watch ? &*watch : nullptr));
    if (watch.has_value()) last_met_sale_ = watch->met;
    return Reroute(ToEarnedGrains(valuation), causes);
  }

  // After Value: whether the last cause met a sale, as far as that is seen without grains.
  bool last_met_sale() const { return last_met_sale_; }
  // After Value: the smallest tree size that a sale is valued at; nullopt: there is none.
  std::optional<TreeSize> oldest() const { return oldest_; }

 private:
  // Reversals and corrections; forgets what an earlier call did.
  absl::Status ChangeSales(const std::vector<Cause>& causes) {
    table_.sales = closed_;
    std::vector<bool> is_dropped(closed_.size());
    for (const Cause& cause : causes) {
      const auto* reversal = As<ReversalRecord>(cause.record);
      const auto* correction = As<CorrectionRecord>(cause.record);
      last_met_sale_ = false;
      if (reversal == nullptr && correction == nullptr) continue;
      TRIBUTARY_ASSIGN_OR_RETURN(
          const auto logged,
          reader_.FindRecord(reversal != nullptr ? reversal->sale : correction->sale));
      if (!logged.has_value()) return absl::DataLossError("a cause names a sale that is not there");
      const auto sale = FindSale(logged->position);
      if (!sale.has_value()) continue;
      last_met_sale_ = true;
      if (reversal != nullptr) {
        is_dropped[*sale] = true;
      } else {
        TRIBUTARY_ASSIGN_OR_RETURN(table_.sales[*sale], Corrected(*logged, *correction, *sale));
      }
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < closed_.size(); ++i) {
      if (!is_dropped[i]) table_.sales[kept++] = table_.sales[i];
    }
    table_.sales.resize(kept);
    return absl::OkStatus();
  }

  std::optional<std::size_t> FindSale(LogPosition position) const {
    const auto found = std::lower_bound(
        closed_.begin(), closed_.end(), position,
        [](const CountedSale& sale, LogPosition at) { return sale.position < at; });
    if (found == closed_.end() || found->position != position) return std::nullopt;
    return static_cast<std::size_t>(found - closed_.begin());
  }

  absl::StatusOr<CountedSale> Corrected(const LoggedRecord& logged,
                                        const CorrectionRecord& correction, std::size_t sale) {
    SaleChanges changes;
    changes.escrow = EscrowOutcome::kPosted;  // of one that was in escrow, since it was closed
    changes.escrow_position = closed_[sale].earned_at;
    changes.correction = correction;
    TRIBUTARY_ASSIGN_OR_RETURN(const SaleState state, StateOf(logged, changes));
    return table_.Bind(state);
  }

  // Lays derivations, holders and asset records over what the sales are valued at.
  absl::Status ChangeLineage(const std::vector<Cause>& causes) {
    lineage_.Clear();
    oldest_ = std::nullopt;
    for (const CountedSale& sale : table_.sales) {
      oldest_ = std::min(oldest_.value_or(sale.valued_at), sale.valued_at);
    }
    for (const Cause& cause : causes) {
      if (!ChangeOf(cause.record.record.body).has_value()) continue;
      TRIBUTARY_RETURN_IF_ERROR(lineage_.Add(cause.record, oldest_.value_or(reader_.tree_size()),
                                             options_.limits.valuation.collect, options_.cancel));
    }
    return absl::OkStatus();
  }

  // Asks which sales the last cause concerns, if it changes lineage.
  absl::StatusOr<std::optional<LineageWatch>> WatchLast(const std::vector<Cause>& causes) const {
    if (causes.empty()) return std::optional<LineageWatch>();
    const auto change = ChangeOf(causes.back().record.record.body);
    if (!change.has_value()) return std::optional<LineageWatch>();
    TRIBUTARY_ASSIGN_OR_RETURN(const auto asset, reader_.FindAsset(change->asset));
    if (!asset.has_value()) return absl::DataLossError("a cause names an asset that is not there");
    return std::optional(LineageWatch{*asset, causes.back().record.position});
  }

  absl::StatusOr<HoldSet> HoldsWithout(const SettlementReader& reader,
                                       const std::vector<Cause>& causes) const {
    std::vector<Digest> released;
    for (const Cause& cause : causes) {
      const auto* release = As<HoldReleaseRecord>(cause.record);
      if (release != nullptr && release->outcome == HoldOutcome::kReleased) {
        released.push_back(release->hold);
      }
    }
    return ReadHolds(reader, released, options_.limits.holds, options_.cancel);
  }

  absl::StatusOr<EarnerRoutes> RoutesFor(const std::vector<Cause>& causes) const {
    if (options_.routes == nullptr) return EarnerRoutes{};
    std::shared_ptr<const SettlementReader> reader = at_end_;
    for (const Cause& cause : causes) {
      if (As<PartyMergeRecord>(cause.record) == nullptr &&
          As<AssignmentRecord>(cause.record) == nullptr) {
        continue;
      }
      TRIBUTARY_ASSIGN_OR_RETURN(reader, reader_.At(cause.tree_size));
    }
    return options_.routes(*reader);
  }

  absl::StatusOr<EarnedGrains> Reroute(EarnedGrains earned,
                                       const std::vector<Cause>& causes) const {
    for (const Cause& cause : causes) {
      const auto* release = As<HoldReleaseRecord>(cause.record);
      if (release == nullptr || release->outcome != HoldOutcome::kRerouted) continue;
      TRIBUTARY_ASSIGN_OR_RETURN(const HeldParties held, PartiesOnHold(cause.tree_size, causes));
      TRIBUTARY_ASSIGN_OR_RETURN(
          earned, RerouteEarned(std::move(earned), release->hold, release->recipients, held));
    }
    return earned;
  }

  // As of the adjustment: recipients get nothing before it, so what they get is not paid yet.
  absl::StatusOr<HeldParties> PartiesOnHold(TreeSize tree_size,
                                            const std::vector<Cause>& causes) const {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto reader, reader_.At(tree_size));
    TRIBUTARY_ASSIGN_OR_RETURN(const HoldSet holds, HoldsWithout(*reader, causes));
    HeldParties held;
    for (std::size_t i = 0; i < holds.ids.size(); ++i) {
      if (!holds.views[i].party.empty()) held.try_emplace(holds.views[i].party, holds.ids[i]);
    }
    return held;
  }

  const SettlementReader& reader_;
  const StatementRecord& statement_;
  const CloseOptions& options_;
  std::shared_ptr<const SettlementReader> at_end_;
  LineageCauses lineage_;
  const CauseOverlay overlay_;
  SaleTable table_;
  std::vector<CountedSale> closed_;
  bool last_met_sale_ = false;
  std::optional<TreeSize> oldest_;
};

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
