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
  // Refuse to give anybody a minor unit more that a hold in force at T disputes: one that was
  // placed after the statement's end holds nothing of what the statement closed.
  bool refuse_past_holds = false;
};

struct AdjustmentPreview {
  AdjustmentRecord record;  // as it would be appended
  Adjustment adjustment;
  std::vector<std::string> lines;  // the bytes of its lines, in their order
};

// Values the sales of a closed statement once as they stand, with its earlier adjustments, and once
// with the cause too, at the reader's tree size T.
//
// Rule:   the sales are those that the statement closed, each at its own N. In the order of the
//         adjustments
//           reversal     drops its sale
//           correction   gives its sale other fields, starting from the sale's own record
//           derivation, holders, asset
//                        is laid over the lineage of the sales valued at its position or below
//                        (graph/settlement/cause_overlay.h); nothing else that is newer counts
//           hold_release that hold holds no longer; or, rerouted, what it has goes to recipients,
//                        or to the first hold on such a party that is in force at T
//           party_merge, assignment
//                        everything earned goes to the earners as of T
//         An adjustment that is prospective only has changed nothing and is left out. Holds and
//         routes are otherwise those of the statement's end (docs/decisions/0013).
// Errors: kNotFound         statement or cause are not in the ledger.
//         kInvalidArgument  `statement` is none; a cause of a type that changes no statement; one
//                           that it counts already, below the statement's end or, of lineage, below
//                           what all its sales are valued at; one that concerns none of its sales,
//                           or makes their lineage a cycle; a prospective reversal or release; a
//                           sale that no longer fits its policy, by name.
//         kAlreadyExists    the statement was adjusted for this cause.
//         kFailedPrecondition  statement or adjustments do not come out as recorded, and another
//                           algorithm than kSettlementAlgorithm computed some of them; it would be
//                           paid past a hold (refuse_past_holds).
//         kInternal         the statement and its adjustments do not come out as recorded.
//         Those of ReadSales, ReadHolds and ValueSales.
// Cost:   twice that of the statement, and one collection for each derivation among the causes;
// once
//         more to refuse what is paid past a hold, where there is one.
absl::StatusOr<AdjustmentPreview> PreviewAdjustment(const SettlementReader& reader,
                                                    const AdjustmentRequest& request,
                                                    const CloseOptions& options = {});

// The adjustments of one statement, in the order of the log. Cost: reads all adjustments.
absl::StatusOr<std::vector<LoggedRecord>> AdjustmentsOf(const SettlementReader& reader,
                                                        const Digest& statement,
                                                        const CancelToken* cancel = nullptr);

}  // namespace tributary
