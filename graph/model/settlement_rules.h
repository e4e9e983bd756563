// Rules of the records of sales and statements: content, order of lists, identity. Internal to
// graph/model; Validate, SortLists and IdentityOf are the way in.

#pragma once

#include <string>

#include "absl/status/status.h"
#include "graph/model/record.h"

namespace tributary::internal {

absl::Status CheckBody(const CurrencyRecord& currency);
absl::Status CheckBody(const TemplateRecord& record);
absl::Status CheckBody(const PolicyRecord& policy);
absl::Status CheckBody(const SaleRecord& sale);
absl::Status CheckBody(const EscrowRecord& escrow);
absl::Status CheckBody(const ReversalRecord& reversal);
absl::Status CheckBody(const CorrectionRecord& correction);
absl::Status CheckBody(const StatementRecord& statement);
absl::Status CheckBody(const AdjustmentRecord& adjustment);
absl::Status CheckBody(const HoldRecord& hold);
absl::Status CheckBody(const HoldReleaseRecord& release);
absl::Status CheckBody(const MandateRecord& mandate);
absl::Status CheckBody(const AssignmentRecord& assignment);
absl::Status CheckBody(const PartyMergeRecord& merge);
absl::Status CheckBody(const PayoutBatchRecord& batch);
absl::Status CheckBody(const PayoutStateRecord& state);

std::string Identity(const CurrencyRecord& currency);
std::string Identity(const TemplateRecord& record);
std::string Identity(const PolicyRecord& policy);
std::string Identity(const SaleRecord& sale);
std::string Identity(const EscrowRecord& escrow);
std::string Identity(const ReversalRecord& reversal);
std::string Identity(const CorrectionRecord& correction);
std::string Identity(const StatementRecord& statement);
std::string Identity(const AdjustmentRecord& adjustment);
std::string Identity(const HoldRecord& hold);
std::string Identity(const HoldReleaseRecord& release);
std::string Identity(const MandateRecord& mandate);
std::string Identity(const AssignmentRecord& assignment);
std::string Identity(const PartyMergeRecord& merge);
std::string Identity(const PayoutBatchRecord& batch);
std::string Identity(const PayoutStateRecord& state);

// Whether the record may have the key supersedes that it has, of any type.
absl::Status CheckSupersedes(const Record& record);

// Does nothing for bodies of other types.
void SortSettlementLists(RecordBody* body);

}  // namespace tributary::internal
