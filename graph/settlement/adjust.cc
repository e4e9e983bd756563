#include "graph/settlement/adjust.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "graph/model/status.h"
#include "graph/settlement/record_scan.h"
#include "graph/settlement/state_reach.h"

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
        table_(reader, statement_.policy) {}

  absl::Status Begin() {
    TRIBUTARY_ASSIGN_OR_RETURN(at_end_, reader_.At({statement_.end}));
    TRIBUTARY_RETURN_IF_ERROR(
        ReadSales(*at_end_, {statement_.begin}, options_.limits.sales, options_.cancel, &table_));
    closed_ = table_.sales;
    return absl::OkStatus();
  }

  absl::StatusOr<EarnedGrains> Value(const std::vector<Cause>& causes) {
    TRIBUTARY_RETURN_IF_ERROR(ChangeSales(causes));
    for (std::size_t i = 0; i < causes.size(); ++i) {
      TRIBUTARY_RETURN_IF_ERROR(ChangeLineage(causes[i], i));
    }
    std::vector<CountedSale> kept;
    for (std::size_t i = 0; i < table_.sales.size(); ++i) {
      if (!is_dropped_[i]) kept.push_back(table_.sales[i]);
    }
    table_.sales = std::move(kept);
    TRIBUTARY_ASSIGN_OR_RETURN(const HoldSet holds, HoldsWithout(causes));
    TRIBUTARY_ASSIGN_OR_RETURN(const EarnerRoutes routes, RoutesFor(causes));
    TRIBUTARY_ASSIGN_OR_RETURN(
        const Valuation valuation,
        ValueSales(table_, holds, routes, options_.limits.valuation, options_.cancel));
    return Reroute(ToEarnedGrains(valuation), causes);
  }

  // After Value: whether the last cause met a sale, as far as that is seen without grains.
  bool last_met_sale() const { return !met_sale_.empty() && met_sale_.back(); }

 private:
  // Reversals and corrections; forgets what an earlier call did.
  absl::Status ChangeSales(const std::vector<Cause>& causes) {
    table_.sales = closed_;
    is_dropped_.assign(closed_.size(), false);
    pinned_by_.assign(closed_.size(), 0);
    met_sale_.assign(causes.size(), false);
    for (std::size_t i = 0; i < causes.size(); ++i) {
      const auto* reversal = As<ReversalRecord>(causes[i].record);
      const auto* correction = As<CorrectionRecord>(causes[i].record);
      if (reversal == nullptr && correction == nullptr) continue;
      TRIBUTARY_ASSIGN_OR_RETURN(
          const auto logged,
          reader_.FindRecord(reversal != nullptr ? reversal->sale : correction->sale));
      if (!logged.has_value()) return absl::DataLossError("a cause names a sale that is not there");
      const auto sale = FindSale(logged->position);
      if (!sale.has_value()) continue;
      met_sale_[i] = true;
      if (reversal != nullptr) {
        is_dropped_[*sale] = true;
      } else {
        TRIBUTARY_RETURN_IF_ERROR(Correct(*logged, *correction, *sale, i));
      }
    }
    return absl::OkStatus();
  }

  std::optional<std::size_t> FindSale(LogPosition position) const {
    const auto found = std::lower_bound(
        closed_.begin(), closed_.end(), position,
        [](const CountedSale& sale, LogPosition at) { return sale.position < at; });
    if (found == closed_.end() || found->position != position) return std::nullopt;
    return static_cast<std::size_t>(found - closed_.begin());
  }

  absl::Status Correct(const LoggedRecord& logged, const CorrectionRecord& correction,
                       std::size_t sale, std::size_t order) {
    SaleChanges changes;
    changes.escrow = EscrowOutcome::kPosted;  // of one that was in escrow, since it was closed
    changes.escrow_position = closed_[sale].earned_at;
    changes.correction = correction;
    TRIBUTARY_ASSIGN_OR_RETURN(const SaleState state, StateOf(logged, changes));
    TRIBUTARY_ASSIGN_OR_RETURN(table_.sales[sale], table_.Bind(state));
    pinned_by_[sale] = correction.tree_size ? order + 1 : 0;
    return absl::OkStatus();
  }

  // Values what lies downstream of a changed asset anew.
  absl::Status ChangeLineage(const Cause& cause, std::size_t order) {
    const std::optional<Digest> changed = ChangedAsset(cause.record.record.body);
    if (!changed.has_value()) return absl::OkStatus();
    TRIBUTARY_ASSIGN_OR_RETURN(const auto at_cause, reader_.At(cause.tree_size));
    TRIBUTARY_ASSIGN_OR_RETURN(const auto asset, at_cause->FindAsset(*changed));
    if (!asset.has_value()) return absl::DataLossError("a cause names an asset that is not there");
    absl::flat_hash_map<AssetNumber, LineageSubgraph::Vertex> vertices;
    std::vector<AssetNumber> sold;
    for (std::size_t i = 0; i < table_.sales.size(); ++i) {
      const AssetNumber number = table_.sales[i].asset;
      if (is_dropped_[i] || number.value >= cause.tree_size.value) continue;
      const auto fresh = static_cast<LineageSubgraph::Vertex>(sold.size());
      if (vertices.try_emplace(number, fresh).second) sold.push_back(number);
    }
    TRIBUTARY_ASSIGN_OR_RETURN(const LineageSubgraph subgraph,
                               CollectUpstream(at_cause->lineage(), sold,
                                               options_.limits.valuation.collect, options_.cancel));
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<bool> is_downstream,
                               IsAtOrDownstreamOf(*asset, subgraph, options_.cancel));
    for (std::size_t i = 0; i < table_.sales.size(); ++i) {
      const auto vertex = vertices.find(table_.sales[i].asset);
      if (is_dropped_[i] || vertex == vertices.end() || !is_downstream[vertex->second]) continue;
      met_sale_[order] = true;
      if (pinned_by_[i] <= order) table_.sales[i].valued_at = cause.tree_size;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<HoldSet> HoldsWithout(const std::vector<Cause>& causes) const {
    std::vector<Digest> released;
    for (const Cause& cause : causes) {
      const auto* release = As<HoldReleaseRecord>(cause.record);
      if (release != nullptr && release->outcome == HoldOutcome::kReleased) {
        released.push_back(release->hold);
      }
    }
    return ReadHolds(*at_end_, released, options_.limits.holds, options_.cancel);
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

  static absl::StatusOr<EarnedGrains> Reroute(EarnedGrains earned,
                                              const std::vector<Cause>& causes) {
    for (const Cause& cause : causes) {
      const auto* release = As<HoldReleaseRecord>(cause.record);
      if (release == nullptr || release->outcome != HoldOutcome::kRerouted) continue;
      TRIBUTARY_ASSIGN_OR_RETURN(
          earned, RerouteEarned(std::move(earned), release->hold, release->recipients));
    }
    return earned;
  }

  const SettlementReader& reader_;
  const StatementRecord& statement_;
  const CloseOptions& options_;
  std::shared_ptr<const SettlementReader> at_end_;
  SaleTable table_;
  std::vector<CountedSale> closed_;
  // By place in closed_: taken out by a reversal; 1 + place of the correction that pinned it.
  std::vector<bool> is_dropped_;
  std::vector<std::size_t> pinned_by_;
  std::vector<bool> met_sale_;  // by cause
};

bool ChangesStatements(const RecordBody& body) {
  return ChangedAsset(body).has_value() || std::holds_alternative<ReversalRecord>(body) ||
         std::holds_alternative<CorrectionRecord>(body) ||
         std::holds_alternative<HoldReleaseRecord>(body) ||
         std::holds_alternative<PartyMergeRecord>(body) ||
         std::holds_alternative<AssignmentRecord>(body);
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
      return absl::InternalError(
          StrCat("statement ", number(), " and its adjustments do not come out as recorded"));
    }
    causes_.push_back(cause_);
    TRIBUTARY_ASSIGN_OR_RETURN(const EarnedGrains after, revaluation.Value(causes_));
    if (!IsConcerned(revaluation, before, after)) {
      return NoSaleConcerned(cause_, *As<StatementRecord>(statement_));
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
    const std::uint64_t end = As<StatementRecord>(statement_)->end;
    if (cause_.record.position.value < end) {
      return InvalidField("cause",
                          StrCat("log position ", cause_.record.position.value,
                                 ", which statement ", number(), " counts already"),
                          StrCat("at or above its end ", end));
    }
    TRIBUTARY_ASSIGN_OR_RETURN(const auto adjusted,
                               reader_.FindInForce(AdjustmentRecord{.statement = request_.statement,
                                                                    .cause = request_.cause}));
    if (!adjusted.has_value()) return absl::OkStatus();
    return FieldError(absl::StatusCode::kAlreadyExists, "cause",
                      StrCat("adjusted by record ", adjusted->id.ToHex()),
                      "a cause for which the statement was not adjusted yet");
  }

  // What the statement and its adjustments recorded as earned.
  absl::Status ReadEarlier() {
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

  bool IsConcerned(const Revaluation& revaluation, const EarnedGrains& before,
                   const EarnedGrains& after) const {
    return revaluation.last_met_sale() || before != after;
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

std::optional<Digest> ChangedAsset(const RecordBody& body) {
  if (const auto* derivation = std::get_if<DerivationRecord>(&body)) return derivation->generated;
  if (const auto* holders = std::get_if<HoldersRecord>(&body)) return holders->asset;
  if (const auto* asset = std::get_if<AssetRecord>(&body)) return asset->asset;
  return std::nullopt;
}

}  // namespace tributary
