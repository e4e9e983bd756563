// Records that came after a closed statement and change it, and on which nobody has ruled yet.

#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "graph/settlement/close.h"
#include "graph/settlement/settlement_reader.h"

namespace tributary {

// The records in force at the reader's tree size that an adjustment of the statement could take up
// and none, in whichever mode, has. Ascending position.
//
// Rule:   with the adjustments of the statement so far,
//           reversal, correction    of a sale that the statement closed; a correction unless the
//                                   sale was reversed
//           hold release            of a hold with grains of the statement
//           derivation, holders, asset
//                                   of an asset upstream of a sale that is valued at its position
//                                   or below, and in force for that asset
//           party merge, assignment by which the party named earned for another than it does now,
//                                   where the statement has grains on the line that it earned for.
//                                   Found by lines: a later record in the same chain of routes is
//                                   not listed
//         What the change amounts to is not looked at: PreviewAdjustment may find that it is
//         nothing.
// Errors: kInvalidArgument, `statement` is none; those of ReadSales and VisitLineage.
// Cost:   reads the statement's sales and lines, all adjustments, and the reversals, corrections,
//         releases, merges and assignments since its end; collects the lineage of its sales as a
//         close does, without a flow, and reads the last change of each asset there: O(V + E) time
//         and 24 bytes an asset. Of what was recorded since nothing else is read.
absl::StatusOr<std::vector<LoggedRecord>> PendingCauses(const SettlementReader& reader,
                                                        const LoggedRecord& statement,
                                                        const CloseOptions& options = {});

}  // namespace tributary
