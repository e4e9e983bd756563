// How a walk reports that the lineage which it read goes round in a circle.

#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "graph/model/text.h"

namespace tributary {

// Payload of such a status. Stored lineage has no cycle, so there it is damage; lineage that is put
// together of several states may have one.
inline constexpr std::string_view kCyclePayload = "tributary/cycle";

inline bool IsCycle(const absl::Status& status) {
  return status.GetPayload(ToAbsl(kCyclePayload)).has_value();
}

}  // namespace tributary
