// What is said of facts behind one that failed, where a batch stops at the first error.

#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {

// `failed`: the index of the fact that failed, among those of the batch.
inline absl::Status NotApplied(std::size_t failed) {
  return absl::AbortedError(ToAbsl(StrCat("not applied: fact ", failed, " of the batch failed")));
}

}  // namespace tributary
