// What a record that came after a closed statement changes in what its sales earned.

#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/settlement/adjustment.h"
#include "graph/settlement/close.h"
#include "graph/settlement/settlement_reader.h"

namespace tributary {

struct AdjustmentRequest {
  Digest statement;  // record id
  Digest cause;      // record id
  AdjustmentMode mode = AdjustmentMode::kCarriedForward;
  std::string reason = {};
};

struct AdjustmentPreview {
  AdjustmentRecord record;  // as it would be appended
  Adjustment adjustment;
  std::vector<std::string> lines;  // the bytes of its lines, in their order
};

// Values the sales of a closed statement once as they stand, with its earlier adjustments, and once
// with the cause too, at the reader's tree size T.
//
// Rule:   the sales are those that the statement closed. In the order of the adjustments
//           reversal     drops its sale
//           correction   gives its sale other fields, starting from the sale's own record
//           derivation, holders, asset
//                        values the sales that have its asset upstream at T, or are of it, at T
//                        instead of N; a later correction that names a tree size undoes that
//           hold_release that hold holds no longer; or, rerouted, what it has goes to recipients
//           party_merge, assignment
//                        everything earned goes to the earners as of T
//         An adjustment that is prospective only has changed nothing and is left out. Holds and
//         routes are otherwise those of the statement's end (docs/decisions/0013).
// Errors: kNotFound         statement or cause are not in the ledger.
//         kInvalidArgument  `statement` is none; a cause of a type that changes no statement; one
//                           below the statement's end, which it counts already; one that concerns
//                           none of its sales; a sale that no longer fits its policy, by name.
//         kAlreadyExists    the statement was adjusted for this cause.
//         kInternal         the statement and its adjustments do not come out as recorded.
//         Those of ReadSales, ReadHolds and ValueSales.
// Cost:   twice that of the statement, and one collection for each lineage cause.
absl::StatusOr<AdjustmentPreview> PreviewAdjustment(const SettlementReader& reader,
                                                    const AdjustmentRequest& request,
                                                    const CloseOptions& options = {});

// The adjustments of one statement, in the order of the log. Cost: reads all adjustments.
absl::StatusOr<std::vector<LoggedRecord>> AdjustmentsOf(const SettlementReader& reader,
                                                        const Digest& statement,
                                                        const CancelToken* cancel = nullptr);

// The asset whose lineage a derivation, holders or asset record changes; nullopt for other records.
std::optional<Digest> ChangedAsset(const RecordBody& body);

}  // namespace tributary
