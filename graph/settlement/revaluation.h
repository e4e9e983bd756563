// The sales of one closed statement, valued with any list of records that came later.

#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/settlement/adjustment.h"
#include "graph/settlement/cause_overlay.h"
#include "graph/settlement/close.h"
#include "graph/settlement/sale_state.h"
#include "graph/settlement/valuation.h"

namespace tributary {

// A record that changes a statement, and the tree size at which it was valued.
struct Cause {
  LoggedRecord record;
  TreeSize tree_size;
};

// The record's body, if it is of this type; null otherwise.
template <typename Body>
const Body* As(const LoggedRecord& logged) {
  return std::get_if<Body>(&logged.record.body);
}

// Rule: graph/settlement/adjust.h. One thread at a time.
class Revaluation {
 public:
  // All outlive this; `statement` is one.
  Revaluation(const SettlementReader& reader, const LoggedRecord& statement,
              const CloseOptions& options);

  // Reads the sales that the statement closed, or takes one of them as it counted it.
  absl::Status Begin();
  absl::Status BeginWith(const LoggedRecord& sale);

  // What they earn with these causes, of which the adjustments come in their order. Forgets what an
  // earlier call did. Cost: as a close, and a collection for each derivation among the causes.
  absl::StatusOr<EarnedGrains> Value(const std::vector<Cause>& causes);

  // The same with the holds too that stand between the statement's end and the reader's tree size
  // and are in force there. nullopt: there is none. Changes nothing that is said after Value.
  absl::StatusOr<std::optional<EarnedGrains>> ValueWithLateHolds(const std::vector<Cause>& causes);

  // Grains of one minor unit of a currency in which a sale is.
  Grains UnitOf(std::string_view currency) const;

  // After Value: whether the last cause met a sale, as far as that is seen without grains.
  bool last_met_sale() const { return last_met_sale_; }
  // After Value: the smallest tree size that a sale is valued at; nullopt: there is none.
  std::optional<TreeSize> oldest() const { return oldest_; }

  // By asset: the smallest tree size of the sales of it or of what is made of it, for all assets
  // upstream of the sales with these causes. Cost: as Value, without its flows.
  absl::StatusOr<absl::flat_hash_map<std::uint64_t, TreeSize>> OldestUses(
      const std::vector<Cause>& causes);

  // After OldestUses, of an asset that it gave: the tree size as of which a sale valued at `state`
  // reads this aspect of it.
  absl::StatusOr<TreeSize> SeenAt(AssetNumber asset, LineageAspect aspect, TreeSize state) const;

  // Whether the statement closed the sale recorded there.
  bool HasSale(LogPosition position) const { return FindSale(position).has_value(); }

  // Who is paid for whom with these causes.
  absl::StatusOr<EarnerRoutes> RoutesFor(const std::vector<Cause>& causes) const;

 private:
  absl::Status ChangeSales(const std::vector<Cause>& causes);
  std::optional<std::size_t> FindSale(LogPosition position) const;
  absl::StatusOr<CountedSale> Corrected(const LoggedRecord& logged,
                                        const CorrectionRecord& correction, std::size_t sale);
  absl::Status ChangeLineage(const std::vector<Cause>& causes);
  absl::StatusOr<std::optional<LineageWatch>> WatchLast(const std::vector<Cause>& causes) const;
  absl::StatusOr<HoldSet> HoldsWithout(const SettlementReader& reader,
                                       const std::vector<Cause>& causes) const;
  absl::StatusOr<EarnedGrains> Reroute(EarnedGrains earned, const std::vector<Cause>& causes) const;
  absl::StatusOr<HeldParties> PartiesOnHold(TreeSize tree_size,
                                            const std::vector<Cause>& causes) const;

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

}  // namespace tributary
