// Whether a merge of parties may be undone, or led elsewhere.

#pragma once

#include "absl/status/status.h"
#include "graph/model/cancel.h"
#include "graph/model/record.h"
#include "graph/settlement/routes.h"
#include "graph/settlement/settlement_reader.h"

namespace tributary {

// While parties are one account, its payouts pay any of them for what any of them has. Apart again,
// the one that was not named by a payout would have all of its own once more. So from the first
// payout after the merge on, it may be changed only where no currency has more payable to the two
// apart than to the account that they are, and none of the two was paid out more than it was given.
//
// Once another merge was changed, payouts before this one count as well: the accounts are then not
// those that were merged.
//
// `routes` are those of the reader's tree size. A first merge, or one that leads where it did, is
// never refused here. Errors: kFailedPrecondition; as ReadRoutes and ReadBalances.
absl::Status CheckMergeChange(const SettlementReader& reader, const PartyRoutes& routes,
                              const PartyMergeRecord& record, const CancelToken* cancel = nullptr);

}  // namespace tributary
