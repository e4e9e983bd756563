// What a policy's role floors take from the remainder of a sale, and where it goes.

#pragma once

#include <map>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/settlement/flow.h"
#include "graph/settlement/policy.h"

namespace tributary {

struct FloorPart {
  FloorOutcome outcome;
  // outcome.deducted, divided over the inputs of the role. Empty where nothing reaches any, or
  // nothing is deducted.
  std::map<LayeredVertex, Grains> placed;
};

// Rule, errors and cost: step 3 of SplitSale. Parts are in the order of `floors`; remainder >= 1.
absl::StatusOr<std::vector<FloorPart>> DivideOverFloors(const LineageReader& reader,
                                                        const LineageSubgraph& subgraph,
                                                        const std::vector<RoleFloor>& floors,
                                                        Grains remainder, const FlowSetup& setup,
                                                        const FlowLimits& limits,
                                                        const CancelToken* cancel);

}  // namespace tributary
