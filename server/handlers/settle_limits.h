// The server's limits on sales and statements in the words of graph/settlement.

#pragma once

#include "graph/settlement/close.h"
#include "server/handlers/walk_limits.h"

namespace tributary::server {

inline SplitLimits SplitLimitsOf(const Limits& limits) {
  SplitLimits split;
  split.line_count_max = limits.line_count_max;
  split.visit_count_max = limits.visit_count_max;
  return split;
}

inline CloseLimits CloseLimitsOf(const Limits& limits) {
  CloseLimits close;
  close.sales.sale_count_max = limits.sale_count_max;
  close.sales.change_count_max = limits.change_count_max;
  close.holds.hold_count_max = limits.hold_count_max;
  close.valuation.collect = CollectLimitsOf(limits);
  close.valuation.split = SplitLimitsOf(limits);
  close.valuation.visit_count_max = limits.visit_count_max;
  close.figure_count_max = limits.figure_count_max;
  return close;
}

}  // namespace tributary::server
