// What the engines check alike: the bounds that the storage port states, and preconditions.

#pragma once

#include "absl/status/status.h"
#include "storage/store.h"

namespace tributary {

// kInvalidArgument names the part, its size and its bound.
absl::Status CheckBounds(const CellKey& key);
absl::Status CheckBounds(const ScanRange& range);
absl::Status CheckBounds(const WriteBatch& batch);

// kAborted: the precondition on `key` does not hold.
absl::Status PreconditionError(const CellKey& key);

}  // namespace tributary
