// Records of sales and statements between the wire and the model. As in fact.h only form is checked
// here; the rules of the records are those of the model.

#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "graph/model/record.h"
#include "graph/settlement/adjustment.h"
#include "graph/settlement/statement.h"
#include "tributary/v1/settlement_service.pb.h"
#include "tributary/v1/settlement_types.pb.h"

namespace tributary::server {

// --- From the wire: what a client may send ---

// Decimal digits; empty is 0. Errors: kInvalidArgument naming `field`.
absl::StatusOr<MinorUnits> AmountFromProto(std::string_view digits, std::string_view field);

// Errors of all: kInvalidArgument naming the field within the message.
absl::StatusOr<CurrencyRecord> FromProto(const v1::Currency& message);
absl::StatusOr<TemplateRecord> FromProto(const v1::Template& message);
absl::StatusOr<PolicyRecord> FromProto(const v1::Policy& message);
absl::StatusOr<SaleRecord> FromProto(const v1::Sale& message);
absl::StatusOr<EscrowRecord> FromProto(const v1::Escrow& message);
absl::StatusOr<ReversalRecord> FromProto(const v1::Reversal& message);
absl::StatusOr<CorrectionRecord> FromProto(const v1::Correction& message);
absl::StatusOr<HoldRecord> FromProto(const v1::Hold& message);
absl::StatusOr<HoldReleaseRecord> FromProto(const v1::HoldRelease& message);
absl::StatusOr<MandateRecord> FromProto(const v1::Mandate& message);
absl::StatusOr<AssignmentRecord> FromProto(const v1::Assignment& message);
absl::StatusOr<PartyMergeRecord> FromProto(const v1::PartyMerge& message);
absl::StatusOr<PayoutStateRecord> FromProto(const v1::PayoutState& message);

// --- To the wire: what answers hold ---

inline std::string ToProto(MinorUnits amount) { return ToDecimal(amount.value); }

void ToProto(const CurrencyRecord& currency, v1::Currency* message);
void ToProto(const TemplateRecord& record, v1::Template* message);
void ToProto(const PolicyRecord& policy, v1::Policy* message);
void ToProto(const SaleRecord& sale, v1::Sale* message);
void ToProto(const StatementRecord& statement, v1::Statement* message);
void ToProto(const AdjustmentRecord& adjustment, v1::Adjustment* message);
void ToProto(const HoldRecord& hold, v1::Hold* message);
void ToProto(const HoldReleaseRecord& release, v1::HoldRelease* message);
void ToProto(const PayoutBatchRecord& batch, v1::PayoutBatch* message);

void ToProto(const StatementLine& line, v1::StatementLine* message);
void ToProto(const AdjustmentLine& line, v1::AdjustmentLine* message);

}  // namespace tributary::server
