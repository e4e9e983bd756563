#include "graph/settlement/pending_causes.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "graph/model/status.h"
#include "graph/settlement/adjust.h"
#include "graph/settlement/record_scan.h"
#include "graph/settlement/revaluation.h"

namespace tributary {
namespace {

constexpr std::size_t kAssetBatchCount = 65'536;

class Finder {
 public:
  Finder(const SettlementReader& reader, const LoggedRecord& statement, const CloseOptions& options)
      : reader_(reader),
        statement_(statement),
        body_(*As<StatementRecord>(statement)),
        options_(options),
        revaluation_(reader, statement, options) {}

  absl::StatusOr<std::vector<LoggedRecord>> Run() {
    TRIBUTARY_RETURN_IF_ERROR(ReadBooks());
    TRIBUTARY_RETURN_IF_ERROR(revaluation_.Begin());
    TRIBUTARY_RETURN_IF_ERROR(FindSaleChanges());
    TRIBUTARY_RETURN_IF_ERROR(FindReleases());
    TRIBUTARY_RETURN_IF_ERROR(FindRoutes());
    TRIBUTARY_RETURN_IF_ERROR(FindLineage());
    std::sort(found_.begin(), found_.end(),
              [](const LoggedRecord& a, const LoggedRecord& b) { return a.position < b.position; });
    return std::move(found_);
  }

 private:
  // What the statement and its adjustments gave each payee, and their causes.
  absl::Status ReadBooks() {
    TRIBUTARY_RETURN_IF_ERROR(ForEachLine(
        reader_, statement_.position, options_.cancel, [this](const std::string& bytes) {
          TRIBUTARY_ASSIGN_OR_RETURN(const StatementLine line, DecodeStatementLine(bytes));
          earned_[{line.payee, line.currency}] += line.earned;
          return absl::OkStatus();
        }));
    TRIBUTARY_ASSIGN_OR_RETURN(const std::vector<LoggedRecord> adjustments,
                               AdjustmentsOf(reader_, statement_.id, options_.cancel));
    for (const LoggedRecord& logged : adjustments) {
      const auto& adjustment = *As<AdjustmentRecord>(logged);
      ruled_.insert(adjustment.cause);
      if (adjustment.mode == AdjustmentMode::kProspective) continue;
      TRIBUTARY_ASSIGN_OR_RETURN(auto cause, reader_.FindRecord(adjustment.cause));
      if (!cause.has_value()) return absl::DataLossError("an adjustment's cause is not there");
      causes_.push_back({*std::move(cause), {adjustment.tree_size}});
      TRIBUTARY_RETURN_IF_ERROR(
          ForEachLine(reader_, logged.position, options_.cancel, [this](const std::string& bytes) {
            TRIBUTARY_ASSIGN_OR_RETURN(const AdjustmentLine line, DecodeAdjustmentLine(bytes));
            Grains& grains = earned_[{line.payee, line.currency}];
            grains = grains + line.increase() - line.decrease();
            return absl::OkStatus();
          }));
    }
    return absl::OkStatus();
  }

  bool HasGrains(const std::string& payee) const {
    for (auto it = earned_.lower_bound({payee, ""}); it != earned_.end(); ++it) {
      if (it->first.first != payee) return false;
      if (it->second != 0) return true;
    }
    return false;
  }

  void Take(const LoggedRecord& record) {
    if (!ruled_.contains(record.id)) found_.push_back(record);
  }

  absl::StatusOr<bool> IsInForce(const LoggedRecord& record) const {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto in_force, reader_.FindInForce(record.record.body));
    return in_force.has_value() && in_force->id == record.id;
  }

  absl::StatusOr<bool> HasSale(const Digest& sale) const {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto logged, reader_.FindRecord(sale));
    if (!logged.has_value()) return absl::DataLossError("a change of a sale names none");
    return revaluation_.HasSale(logged->position);
  }

  absl::Status FindSaleChanges() {
    TRIBUTARY_RETURN_IF_ERROR(ForEachRecord<ReversalRecord>(
        reader_, {body_.end}, options_.cancel,
        [&](const LoggedRecord& logged, const ReversalRecord& reversal) -> absl::Status {
          TRIBUTARY_ASSIGN_OR_RETURN(const bool is_closed, HasSale(reversal.sale));
          if (is_closed) Take(logged);
          return absl::OkStatus();
        }));
    return ForEachRecord<CorrectionRecord>(
        reader_, {body_.end}, options_.cancel,
        [&](const LoggedRecord& logged, const CorrectionRecord& correction) -> absl::Status {
          TRIBUTARY_ASSIGN_OR_RETURN(const bool is_closed, HasSale(correction.sale));
          if (!is_closed) return absl::OkStatus();
          TRIBUTARY_ASSIGN_OR_RETURN(const bool is_in_force, IsInForce(logged));
          TRIBUTARY_ASSIGN_OR_RETURN(const auto reversal,
                                     reader_.FindInForce(ReversalRecord{.sale = correction.sale}));
          if (is_in_force && !reversal.has_value()) Take(logged);
          return absl::OkStatus();
        });
  }

  absl::Status FindReleases() {
    return ForEachRecord<HoldReleaseRecord>(
        reader_, {body_.end}, options_.cancel,
        [&](const LoggedRecord& logged, const HoldReleaseRecord& release) {
          if (HasGrains(HoldKey(release.hold))) Take(logged);
          return absl::OkStatus();
        });
  }

  absl::Status FindRoutes() {
    if (options_.routes == nullptr) return absl::OkStatus();
    TRIBUTARY_ASSIGN_OR_RETURN(const EarnerRoutes before, revaluation_.RoutesFor(causes_));
    TRIBUTARY_ASSIGN_OR_RETURN(const EarnerRoutes now, options_.routes(reader_));
    const auto earner = [](const EarnerRoutes& routes, const std::string& party, LogPosition at) {
      return routes.earner_of == nullptr ? party : routes.earner_of(party, at);
    };
    std::vector<LogPosition> segments{{body_.begin}};
    for (const auto& boundaries : {before.boundaries, now.boundaries}) {
      for (const LogPosition at : boundaries) {
        if (body_.begin < at.value && at.value < body_.end) segments.push_back(at);
      }
    }
    const auto use = [&](const LoggedRecord& logged, const std::string& party) -> absl::Status {
      bool is_other = false;
      for (const LogPosition at : segments) {
        const std::string earned_by = earner(before, party, at);
        is_other |= earned_by != earner(now, party, at) && HasGrains(StrCat("party:", earned_by));
      }
      if (!is_other) return absl::OkStatus();
      TRIBUTARY_ASSIGN_OR_RETURN(const bool is_in_force, IsInForce(logged));
      if (is_in_force) Take(logged);
      return absl::OkStatus();
    };
    TRIBUTARY_RETURN_IF_ERROR(ForEachRecord<PartyMergeRecord>(
        reader_, {body_.end}, options_.cancel,
        [&](const LoggedRecord& logged, const PartyMergeRecord& merge) {
          return use(logged, merge.party);
        }));
    return ForEachRecord<AssignmentRecord>(
        reader_, {body_.end}, options_.cancel,
        [&](const LoggedRecord& logged, const AssignmentRecord& assignment) {
          const bool is_later = assignment.begin >= body_.end;
          const bool is_earlier = assignment.end.has_value() && *assignment.end <= body_.begin;
          return is_later || is_earlier ? absl::OkStatus() : use(logged, assignment.party);
        });
  }

  absl::Status FindLineage() {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto uses, revaluation_.OldestUses(causes_));
    std::vector<AssetNumber> assets;
    assets.reserve(uses.size());
    for (const auto& [asset, oldest] : uses) assets.push_back({asset});
    std::sort(assets.begin(), assets.end());
    std::vector<LogPosition> changes;
    std::vector<Digest> ids;
    for (std::size_t begin = 0; begin < assets.size(); begin += kAssetBatchCount) {
      TRIBUTARY_RETURN_IF_ERROR(CheckCancelled(options_.cancel));
      const auto batch =
          std::span(assets).subspan(begin, std::min(kAssetBatchCount, assets.size() - begin));
      TRIBUTARY_RETURN_IF_ERROR(reader_.ReadLastChanges(batch, &changes));
      if (changes.size() != batch.size()) {
        return absl::InternalError("the settlement reader gave another number of positions");
      }
      std::vector<AssetNumber> changed;
      for (std::size_t i = 0; i < batch.size(); ++i) {
        if (changes[i].value >= uses.at(batch[i].value).value) changed.push_back(batch[i]);
      }
      if (changed.empty()) continue;
      TRIBUTARY_RETURN_IF_ERROR(reader_.lineage().ReadAssetIds(changed, &ids));
      if (ids.size() != changed.size()) {
        return absl::InternalError("the lineage reader gave another number of asset ids");
      }
      for (std::size_t i = 0; i < changed.size(); ++i) {
        TRIBUTARY_RETURN_IF_ERROR(FindChanges(changed[i], ids[i], uses.at(changed[i].value)));
      }
    }
    return absl::OkStatus();
  }

  // What is in force for an asset now, and not yet where the oldest sale looks.
  absl::Status FindChanges(AssetNumber asset, const Digest& id, TreeSize oldest) {
    const std::array<RecordBody, kLineageAspectCount> probes = AspectsOf(id);
    for (std::size_t i = 0; i < probes.size(); ++i) {
      TRIBUTARY_ASSIGN_OR_RETURN(const auto in_force, reader_.FindInForce(probes[i]));
      if (!in_force.has_value()) continue;
      TRIBUTARY_ASSIGN_OR_RETURN(const TreeSize seen_at,
                                 revaluation_.SeenAt(asset, static_cast<LineageAspect>(i), oldest));
      if (in_force->position.value >= seen_at.value) Take(*in_force);
    }
    return absl::OkStatus();
  }

  const SettlementReader& reader_;
  const LoggedRecord& statement_;
  const StatementRecord& body_;
  const CloseOptions& options_;
  Revaluation revaluation_;
  std::map<std::pair<std::string, std::string>, Grains> earned_;  // by payee key and currency
  absl::flat_hash_set<Digest> ruled_;  // causes of adjustments, prospective ones too
  std::vector<Cause> causes_;          // of the others, in their order
  std::vector<LoggedRecord> found_;
};

}  // namespace

absl::StatusOr<std::vector<LoggedRecord>> PendingCauses(const SettlementReader& reader,
                                                        const LoggedRecord& statement,
                                                        const CloseOptions& options) {
  if (As<StatementRecord>(statement) == nullptr) {
    return InvalidField("statement", TypeName(statement.record.body), "a statement");
  }
  return Finder(reader, statement, options).Run();
}

}  // namespace tributary
