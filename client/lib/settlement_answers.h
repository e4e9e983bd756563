// Figures of statements and adjustments, from the wire to the model that computes with them.

#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "graph/model/record.h"
#include "graph/settlement/adjustment.h"
#include "graph/settlement/statement.h"
#include "tributary/v1/settlement_service.pb.h"

namespace tributary {

// Errors of all: kDataLoss, a figure that is no number of the wire's form.
absl::StatusOr<MinorUnits> AmountOf(std::string_view digits);
absl::StatusOr<StatementLine> FromProto(const v1::StatementLine& message);
absl::StatusOr<StatementTotal> FromProto(const v1::StatementTotal& message);
// Also: the differences are not those of old and new.
absl::StatusOr<AdjustmentLine> FromProto(const v1::AdjustmentLine& message);

// Also: a scale above 30, or fraction bits that are not 1 to 64.
absl::StatusOr<CurrencyRecord> FromProto(const v1::Currency& message);

}  // namespace tributary
