// Runs the log of a ledger through LedgerState again, to say what its index rows must be.

#pragma once

#include <functional>

#include "absl/status/status.h"
#include "storage/ledger_impl.h"

namespace tributary {

// Applies records [0, view.tree_size()) to `target`, an empty store: every row but edge chunks,
// details and bookkeeping is written anew there. Records, edge lists and pool members are read
// through `view`, whose store is `source`.
//
// Errors: kDataLoss when a record or an edge list can not be read, or does not apply as it did.
absl::Status ReplayLog(const LedgerView& view, const Snapshot& source, Store* target,
                       const VerifyProgress& progress, const CancelToken* cancel);

// The edges root that stored edges give. Checks chunk roots of staged lists on the way.
absl::StatusOr<Digest> RecomputeEdgesRoot(const LedgerView& view, const DerivationView& derivation);

// The stage of a derivation row, if its edges were staged. Reads past the view's caches.
absl::StatusOr<DerivationRow> ReadDerivationRow(const Snapshot& source, LogPosition position);

}  // namespace tributary
