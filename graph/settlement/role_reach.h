// Which part of what is placed on an asset reaches inputs of a role, for all assets of a subgraph.

#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/lineage/subgraph.h"
#include "graph/model/cancel.h"
#include "graph/model/uint128.h"
#include "graph/model/vocabulary.h"
#include "graph/settlement/visit_counter.h"

namespace tributary {

// The reach of what goes to the role whole.
inline constexpr std::uint64_t kReachOne = std::uint64_t{1} << 63;

// Of what stands on an asset, the part that passes an edge of the role, met for the first time on
// its way, as a part of kReachOne.
//
// Rule:   rho(v) = ceil(sum over edges e of v's derivation of share(e) / D(v)), where
//         share(e) = w(e) * (role(e) is this one ? kReachOne : rho(input(e))); 0 without a
//         derivation. Weights add up to at most D < 2^63, so rho <= 2^63 and sums are at most
//         2^126.
//         Upwards, so that a part is never 0 where the role can be reached at all, and a role that
//         has just its floor by weights is not short of it by a rounding.
// Error:  an asset adds less than 1 to the mean error of its inputs, by weights: in all less than
//         the number of derivations on the longest way, in parts of 2^63.
struct RoleReach {
  Role role = Role::kTrainingData;
  std::vector<std::uint64_t> parts;  // by vertex

  // What an edge of the derivation's list sends towards the role, as a part of D * kReachOne.
  Uint128 ShareOf(Role edge_role, std::uint64_t weight, LineageSubgraph::Vertex input) const {
    return Uint128{weight} * (edge_role == role ? kReachOne : parts[input]);
  }
  // floor(grains * rho(vertex) / kReachOne), for grains <= 2^127.
  Grains Of(Grains grains, LineageSubgraph::Vertex vertex) const {
    const std::uint64_t part = parts[vertex];
    return (grains >> 63) * part + (((grains & (kReachOne - 1)) * part) >> 63);
  }
};

// Errors: kDataLoss  cumulative weights of a derivation descend.
//         kCancelled, kDeadlineExceeded by `cancel` (may be null).
// Cost:   O(V + E), inputs before what is made of them; 8 bytes a vertex.
absl::StatusOr<RoleReach> MeasureReach(const LineageSubgraph& subgraph, Role role,
                                       const CancelToken* cancel = nullptr);

// Passes over one subgraph, which sales of many groups share: all are counted, and the reach of a
// role is measured once. At most kRoleCount of them: 88 bytes a vertex.
class SharedPasses {
 public:
  // All outlive this; `cancel` may be null.
  SharedPasses(const LineageSubgraph& subgraph, VisitCounter* visits, const CancelToken* cancel)
      : subgraph_(subgraph), visits_(*visits), cancel_(cancel) {}

  absl::Status AddPass() { return visits_.AddPass(subgraph_); }
  absl::Status AddFlow() { return visits_.AddFlow(subgraph_); }
  // Errors: as MeasureReach, and the counter's. The result lives as long as this.
  absl::StatusOr<const RoleReach*> ReachOf(Role role);

 private:
  const LineageSubgraph& subgraph_;
  VisitCounter& visits_;
  const CancelToken* cancel_;
  std::map<Role, RoleReach> reaches_;
};

}  // namespace tributary
