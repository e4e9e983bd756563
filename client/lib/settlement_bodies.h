// Records of sales and what concerns them, to the messages of the wire. Internal to client/lib:
// callers use ToFact of convert.h.

#pragma once

#include "graph/model/record.h"
#include "tributary/v1/settlement_types.pb.h"

namespace tributary::internal {

void Fill(const CurrencyRecord& currency, v1::Currency* out);
void Fill(const TemplateRecord& record, v1::Template* out);
void Fill(const PolicyRecord& policy, v1::Policy* out);
void Fill(const SaleRecord& sale, v1::Sale* out);
void Fill(const EscrowRecord& escrow, v1::Escrow* out);
void Fill(const ReversalRecord& reversal, v1::Reversal* out);
void Fill(const CorrectionRecord& correction, v1::Correction* out);
void Fill(const HoldRecord& hold, v1::Hold* out);
void Fill(const HoldReleaseRecord& release, v1::HoldRelease* out);
void Fill(const MandateRecord& mandate, v1::Mandate* out);
void Fill(const AssignmentRecord& assignment, v1::Assignment* out);
void Fill(const PartyMergeRecord& merge, v1::PartyMerge* out);
void Fill(const PayoutStateRecord& state, v1::PayoutState* out);

}  // namespace tributary::internal
