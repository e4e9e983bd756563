#include "graph/settlement/role_floors.h"

#include <algorithm>
#include <utility>

#include "graph/model/check.h"
#include "graph/model/wide.h"

namespace tributary {
namespace {

// floor(a * b / d) where it is known to fit.
Grains Proportional(Grains a, Grains b, Grains d) {
  const auto result = MultiplyDivide(a, b, d);
  TRIBUTARY_CHECK(result.has_value());
  return *result;
}

class Divider {
 public:
  Divider(const std::vector<RoleFloor>& floors, Grains remainder, std::span<const Grains> reached)
      : remainder_(remainder), relative_(remainder), is_short_(floors.size()) {
    const ScaledDivision parts(remainder, kPartsPerMillion);
    floors_.reserve(floors.size());
    for (std::size_t i = 0; i < floors.size(); ++i) {
      floors_.push_back({floors[i].role, parts.Floor(floors[i].ppm), reached[i], 0});
    }
  }

  FloorCut Run() {
    while (FindShort()) LowerRelative();
    Deduct();
    FloorCut cut{remainder_, std::move(floors_)};
    for (const FloorOutcome& floor : cut.floors) cut.relative -= floor.deducted;
    return cut;
  }

 private:
  // What reaches a role when `relative_` flows.
  Grains Reached(std::size_t i) const {
    if (relative_ == remainder_) return floors_[i].reached;
    return Proportional(floors_[i].reached, relative_, remainder_);
  }

  // Marks the floors that are short and were not before; false if there is none.
  bool FindShort() {
    bool found = false;
    for (std::size_t i = 0; i < floors_.size(); ++i) {
      if (is_short_[i] || Reached(i) >= floors_[i].budget) continue;
      is_short_[i] = true;
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
      if (!is_short_[i]) continue;
      budgets += floors_[i].budget;
      reaches_all |= floors_[i].reached >= remainder_ - reached;
      if (!reaches_all) reached += floors_[i].reached;
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
      floors_[i].deducted = up_to - before;
      before = up_to;
    }
  }

  // At most the budget, so all needs together are at most the remainder.
  Grains Need(std::size_t i) const {
    if (!is_short_[i]) return 0;
    return floors_[i].budget - std::min(floors_[i].budget, Reached(i));
  }

  const Grains remainder_;
  Grains relative_;
  std::vector<bool> is_short_;
  std::vector<FloorOutcome> floors_;
};

}  // namespace

FloorCut CutByFloors(const std::vector<RoleFloor>& floors, Grains remainder,
                     std::span<const Grains> reached) {
  TRIBUTARY_CHECK(remainder != 0 && reached.size() == floors.size());
  return Divider(floors, remainder, reached).Run();
}

}  // namespace tributary
