#include "client/cli/payout_file.h"

#include "client/cli/csv.h"
#include "client/cli/money.h"
#include "client/cli/session.h"
#include "graph/model/status.h"
#include "graph/model/uint128.h"

namespace tributary::cli {
namespace {

absl::Status OnLine(const absl::Status& status, std::uint64_t line) {
  return WithField(
      absl::Status(status.code(), ToAbsl(StrCat("line ", line, ": ", FromAbsl(status.message())))),
      FieldOf(status));
}

// Digits that were checked already.
MinorUnits Units(const std::string& digits) { return {*ParseUint128(digits)}; }

}  // namespace

absl::StatusOr<std::vector<PayoutLine>> ParsePayoutLines(std::string_view csv,
                                                         const CurrencyRecord& currency) {
  TRIBUTARY_ASSIGN_OR_RETURN(const CsvTable table, CsvTable::Parse(csv));
  const bool in_minor_units = table.HasColumn("minor_units");
  const char* column = in_minor_units ? "minor_units" : "amount";
  TRIBUTARY_RETURN_IF_ERROR(table.CheckColumns({"party", column}, {"party", column}));
  std::vector<PayoutLine> lines;
  for (const CsvRow& row : table.rows()) {
    const std::string written = table.Get(row, column);
    const auto digits = in_minor_units
                            ? ParseMinorUnits(written)
                            : ParseAmount(written, static_cast<unsigned>(currency.scale));
    if (!digits.ok()) return OnLine(digits.status(), row.line);
    lines.push_back({.party = table.Get(row, "party"), .amount = Units(*digits)});
  }
  return lines;
}

absl::StatusOr<PayoutLine> ParsePayoutLine(const std::string& text,
                                           const CurrencyRecord& currency) {
  // A party id may hold `=`; an amount never does.
  const std::size_t equals = text.rfind('=');
  if (equals == text.npos || equals == 0) {
    return UsageError(InvalidField("pay", Quoted(text), "PARTY=AMOUNT"));
  }
  const auto digits = ParseAmount(text.substr(equals + 1), static_cast<unsigned>(currency.scale));
  if (!digits.ok()) return UsageError(digits.status());
  return PayoutLine{.party = text.substr(0, equals), .amount = Units(*digits)};
}

absl::StatusOr<std::vector<PayoutStateRecord>> ParsePayoutStates(std::string_view csv,
                                                                 const Digest& batch) {
  TRIBUTARY_ASSIGN_OR_RETURN(const CsvTable table, CsvTable::Parse(csv));
  for (const char* column : {"party", "status"}) {
    if (!table.HasColumn(column)) {
      return InvalidField("line 1", "other columns", "party and status, at least");
    }
  }
  std::vector<PayoutStateRecord> states;
  for (const CsvRow& row : table.rows()) {
    const std::string status = table.Get(row, "status");
    if (status.empty()) continue;
    PayoutStateRecord state{.batch = batch,
                            .party = table.Get(row, "party"),
                            .external_reference = table.Get(row, "external_reference"),
                            .reason = table.Get(row, "reason")};
    const auto parsed = FromName<PayoutState>(status);
    if (!parsed.has_value()) {
      return OnLine(InvalidField("status", Quoted(status), AllNames<PayoutState>()), row.line);
    }
    if (state.party.empty()) {
      return OnLine(InvalidField("party", "no value", "a party of the batch"), row.line);
    }
    state.state = *parsed;
    states.push_back(std::move(state));
  }
  return states;
}

}  // namespace tributary::cli
