// How much of the lineage a computation may visit in all its passes, and how much it did.

#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "graph/lineage/limits.h"
#include "graph/lineage/subgraph.h"

namespace tributary {

class VisitCounter {
 public:
  explicit VisitCounter(std::uint64_t visit_count_max = UINT64_MAX)
      : visit_count_max_(visit_count_max) {}

  // Before a pass that looks at each asset and edge. Errors: kResourceExhausted, visit_count_max.
  absl::Status AddPass(const LineageSubgraph& subgraph) {
    visit_count_ += subgraph.vertex_count() + subgraph.edge_count();
    if (visit_count_ <= visit_count_max_) return absl::OkStatus();
    return LimitMet("visit_count_max", visit_count_, visit_count_max_);
  }

  // Before a flow, which is a pass.
  absl::Status AddFlow(const LineageSubgraph& subgraph) {
    ++flow_count_;
    return AddPass(subgraph);
  }

  std::uint64_t visit_count() const { return visit_count_; }
  std::uint64_t flow_count() const { return flow_count_; }

 private:
  std::uint64_t visit_count_max_;
  std::uint64_t visit_count_ = 0;
  std::uint64_t flow_count_ = 0;
};

}  // namespace tributary
