// Payouts as files: what a bank gets, and what it answers.

#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/model/money.h"
#include "graph/model/settlement_records.h"

namespace tributary::cli {

// Payments to be made, from CSV with the columns party and amount (major units) or minor_units.
// Errors: kInvalidArgument, with the line.
absl::StatusOr<std::vector<PayoutLine>> ParsePayoutLines(std::string_view csv,
                                                         const CurrencyRecord& currency);

// PARTY=AMOUNT in major units. Errors: a usage error.
absl::StatusOr<PayoutLine> ParsePayoutLine(const std::string& text, const CurrencyRecord& currency);

// What became of lines, from CSV with the columns party, status and, where wanted,
// external_reference and reason; other columns are passed over, so that what `payout show --csv`
// wrote can be filled in and read back. Lines without a status are left out.
// Errors: kInvalidArgument, with the line; a status that is not sent, settled or failed.
absl::StatusOr<std::vector<PayoutStateRecord>> ParsePayoutStates(std::string_view csv,
                                                                 const Digest& batch);

}  // namespace tributary::cli
