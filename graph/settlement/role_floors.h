// What a policy's role floors take from the remainder of the sales of one asset.

#pragma once

#include <span>
#include <vector>

#include "graph/settlement/policy.h"

namespace tributary {

// relative + all deducted = the remainder, exactly.
struct FloorCut {
  Grains relative = 0;
  std::vector<FloorOutcome> floors;  // in the order of the policy
};

// Rule: step 3 of SplitSales. `reached`: by floor, what the remainder would send to its role.
// Bounds: 1 <= remainder <= 2^127; reached <= remainder; floors at most 10^6 ppm together.
// Cost: O(floors^2) long divisions, none but for short floors.
FloorCut CutByFloors(const std::vector<RoleFloor>& floors, Grains remainder,
                     std::span<const Grains> reached);

}  // namespace tributary
