#include "graph/settlement/role_floors.h"

#include <algorithm>

#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/wide.h"

namespace tributary {
namespace {

// What the remainder would send to one floor's role.
struct Measured {
  std::map<LayeredVertex, Grains> absorbed;
  bool is_short = false;
};

// Grains that reached one input of the role.
struct Arrival {
  Digest id;
  LayeredVertex at;
  Grains grains = 0;
};

// floor(a * b / d) where it is known to fit.
Grains Proportional(Grains a, Grains b, Grains d) {
  const auto result = MultiplyDivide(a, b, d);
  TRIBUTARY_CHECK(result.has_value());
  return *result;
}

class Divider {
 public:
  Divider(const std::vector<RoleFloor>& floors, Grains remainder)
      : floors_(floors), remainder_(remainder), relative_(remainder), parts_(floors.size()) {}

  absl::StatusOr<std::vector<FloorPart>> Run(const LineageReader& reader,
                                             const LineageSubgraph& subgraph, FlowSetup setup,
                                             const FlowLimits& limits, const CancelToken* cancel) {
    for (std::size_t i = 0; i < floors_.size(); ++i) {
      setup.absorbing_role = floors_[i].role;
      TRIBUTARY_ASSIGN_OR_RETURN(
          FlowResult flow,
          FlowGrains(subgraph, setup, {{{LineageSubgraph::kTarget, 0}, remainder_}}, limits,
                     cancel));
      const Grains budget = ScaledDivision(remainder_, kPartsPerMillion).Floor(floors_[i].ppm);
      parts_[i].outcome = {floors_[i].role, budget, flow.absorbed_total, 0};
      measured_.push_back({std::move(flow.absorbed)});
    }
    while (FindShort()) LowerRelative();
    Deduct();
    for (std::size_t i = 0; i < floors_.size(); ++i) {
      TRIBUTARY_RETURN_IF_ERROR(Place(reader, subgraph, i));
    }
    return std::move(parts_);
  }

 private:
  // What reaches a role when `relative_` flows.
  Grains Reached(std::size_t i) const {
    return Proportional(parts_[i].outcome.reached, relative_, remainder_);
  }

  // Marks the floors that are short and were not before; false if there is none.
  bool FindShort() {
    bool found = false;
    for (std::size_t i = 0; i < floors_.size(); ++i) {
      if (measured_[i].is_short || Reached(i) >= parts_[i].outcome.budget) continue;
      measured_[i].is_short = true;
      found = true;
    }
    return found;
  }

  // The budgets are at most the remainder together; what reaches roles may be counted twice where
  // one role lies upstream of another.
  void LowerRelative() {
    Grains budgets = 0;
    Grains reached = 0;
    bool reaches_all = false;
    for (std::size_t i = 0; i < floors_.size(); ++i) {
      if (!measured_[i].is_short) continue;
      budgets += parts_[i].outcome.budget;
      reaches_all |= parts_[i].outcome.reached >= remainder_ - reached;
      if (!reaches_all) reached += parts_[i].outcome.reached;
    }
    const Grains free =
        reaches_all ? 0 : Proportional(remainder_ - budgets, remainder_, remainder_ - reached);
    relative_ = std::min(relative_, free);
  }

  void Deduct() {
    Grains need_sum = 0;
    for (std::size_t i = 0; i < floors_.size(); ++i) need_sum += Need(i);
    const Grains deducted = remainder_ - relative_;
    Grains need = 0;
    Grains before = 0;
    for (std::size_t i = 0; i < floors_.size() && need_sum != 0; ++i) {
      need += Need(i);
      const Grains up_to = Proportional(deducted, need, need_sum);
      parts_[i].outcome.deducted = up_to - before;
      before = up_to;
    }
  }

  // At most the budget, so all needs together are at most the remainder.
  Grains Need(std::size_t i) const {
    if (!measured_[i].is_short) return 0;
    return parts_[i].outcome.budget - std::min(parts_[i].outcome.budget, Reached(i));
  }

  // Divides what was deducted for a floor over where its role was reached.
  absl::Status Place(const LineageReader& reader, const LineageSubgraph& subgraph, std::size_t i) {
    const std::map<LayeredVertex, Grains>& absorbed = measured_[i].absorbed;
    FloorPart& part = parts_[i];
    if (part.outcome.deducted == 0 || absorbed.empty()) return absl::OkStatus();
    std::vector<AssetNumber> assets;
    for (const auto& [at, grains] : absorbed) assets.push_back(subgraph.asset(at.vertex));
    std::vector<Digest> ids;
    TRIBUTARY_RETURN_IF_ERROR(reader.ReadAssetIds(assets, &ids));
    if (ids.size() != assets.size()) {
      return absl::InternalError("the lineage reader gave another number of asset ids");
    }
    std::vector<Arrival> arrivals;
    arrivals.reserve(ids.size());
    for (const auto& [at, grains] : absorbed) {
      arrivals.push_back({ids[arrivals.size()], at, grains});
    }
    std::sort(arrivals.begin(), arrivals.end(), [](const Arrival& a, const Arrival& b) {
      return a.id != b.id ? a.id < b.id : a.at.layer < b.at.layer;
    });
    Grains cumulative = 0;
    Grains before = 0;
    for (const Arrival& arrival : arrivals) {
      cumulative += arrival.grains;
      const Grains up_to = Proportional(part.outcome.deducted, cumulative, part.outcome.reached);
      if (up_to != before) part.placed[arrival.at] = up_to - before;
      before = up_to;
    }
    return absl::OkStatus();
  }

  const std::vector<RoleFloor>& floors_;
  const Grains remainder_;
  Grains relative_;
  std::vector<FloorPart> parts_;
  std::vector<Measured> measured_;
};

}  // namespace

absl::StatusOr<std::vector<FloorPart>> DivideOverFloors(const LineageReader& reader,
                                                        const LineageSubgraph& subgraph,
                                                        const std::vector<RoleFloor>& floors,
                                                        Grains remainder, const FlowSetup& setup,
                                                        const FlowLimits& limits,
                                                        const CancelToken* cancel) {
  TRIBUTARY_CHECK(remainder != 0);
  return Divider(floors, remainder).Run(reader, subgraph, setup, limits, cancel);
}

}  // namespace tributary
