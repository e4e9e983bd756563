// Statements and adjustments as they are shown: as JSON, and as rows for people.

#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/ledger_money.h"
#include "client/cli/session.h"
#include "graph/model/status.h"
#include "graph/model/uint128.h"
#include "graph/settlement/adjustment.h"
#include "graph/settlement/statement.h"
#include "tributary/v1/settlement_service.pb.h"

namespace tributary::cli {

// One currency of a statement, which must be that of `currency`.
// Errors: kDataLoss, a figure is no number.
absl::StatusOr<Json> TotalJson(const v1::StatementTotal& total, const CurrencyRecord& currency);

// Everything that a statement's record says but its totals.
Json StatementJson(const v1::Statement& statement);
Json AdjustmentJson(const v1::Adjustment& adjustment);

Json LineJson(const StatementLine& line, const CurrencyRecord& currency);
Json LineJson(const AdjustmentLine& line);

// Columns and rows of lines. Shape: currencies[i] is that of lines[i].
Table LineTable(const std::vector<StatementLine>& lines,
                const std::vector<CurrencyRecord>& currencies);
Table LineTable(const std::vector<AdjustmentLine>& lines,
                const std::vector<CurrencyRecord>& currencies);

// Rows of totals. Shape: currencies[i] is that of totals[i].
absl::StatusOr<Table> TotalTable(const v1::Statement& statement,
                                 const std::vector<CurrencyRecord>& currencies);

// The currencies of a statement's totals, in their order.
absl::StatusOr<std::vector<CurrencyRecord>> CurrenciesOf(const v1::Statement& statement,
                                                         Currencies* currencies);

// Sets which statement a request means: a number, a record id in hex, or, empty, the newest.
// Errors: a usage error.
template <typename Request>
absl::Status SetStatement(const std::string& text, Request* request) {
  if (text.empty()) return absl::OkStatus();
  if (const auto id = Digest::FromHex(text); id.ok()) {
    request->set_record_id(std::string(id->view()));
    return absl::OkStatus();
  }
  const std::optional<std::uint64_t> number = ParseUint64(text);
  if (!number.has_value()) {
    return UsageError(
        InvalidField("statement", Quoted(text), "a number, or a record id of 64 hex digits"));
  }
  request->set_number(*number);
  return absl::OkStatus();
}

}  // namespace tributary::cli
