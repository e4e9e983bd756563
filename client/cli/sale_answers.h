// Sales as they are shown: as JSON, and as rows for people.

#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/cli/ledger_money.h"
#include "client/cli/session.h"
#include "tributary/v1/settlement_service.pb.h"

namespace tributary::cli {

// One sale; amounts as major units beside the exact minor units.
// Errors: kDataLoss, an amount that is no number.
absl::StatusOr<Json> SaleJson(const v1::SaleView& sale, const CurrencyRecord& currency);

// Checks that the parts of a split add up as its message says. Errors: kDataLoss.
absl::Status CheckSplit(const v1::SaleSplit& split);

// The split must have passed CheckSplit.
Json SplitJson(const v1::SaleSplit& split, const CurrencyRecord& currency);
// One row for each line and one for the others.
Table SplitTable(const v1::SaleSplit& split, const CurrencyRecord& currency);
// What adjustments changed of the sale: as JSON, and one line of words each, or none.
// Errors: kDataLoss, a figure that is no number.
absl::StatusOr<Json> SaleAdjustmentsJson(const v1::GetSaleResponse& response);
absl::StatusOr<std::string> SaleAdjustmentsText(const v1::GetSaleResponse& response,
                                                const CurrencyRecord& currency);
// "1000.00 EUR = fees 150.00 EUR + …", one line.
std::string SplitSummary(const v1::SaleSplit& split, const CurrencyRecord& currency);

}  // namespace tributary::cli
