// Short words for ledgers in tests of valuation, statements and adjustments.

#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "graph/settlement/close.h"
#include "tests/support/memory_lineage_reader.h"
#include "tests/support/memory_settlement_ledger.h"

namespace tributary::test {

// A ledger with the currency EUR, and assets by number: asset n has TestId(n).
struct LedgerStory : MemorySettlementLedger {
  LedgerStory() { Append(CurrencyRecord{.code = "EUR", .scale = 2}); }

  LogPosition Asset(std::uint8_t n, AssetKind kind, const std::string& holder = "") {
    AssetRecord record;
    record.asset = TestId(n);
    record.kind = kind;
    const LogPosition position = Append(record);
    if (!holder.empty()) Hold(n, {{holder, 1}});
    return position;
  }
  LogPosition Hold(std::uint8_t n, std::vector<Holder> holders) {
    return Append(HoldersRecord{TestId(n), std::move(holders)});
  }
  LogPosition Make(std::uint8_t n, std::uint64_t kept,
                   const std::vector<std::pair<std::uint8_t, std::uint64_t>>& inputs,
                   std::uint64_t unattributed = 0) {
    std::vector<LedgerEdge> edges;
    for (const auto& [input, weight] : inputs) edges.push_back({TestId(input), weight});
    return Derive(TestId(n), edges, kept, unattributed);
  }
  LogPosition Sell(std::uint8_t n, std::uint64_t amount, SaleRecord more = {}) {
    more.reference = "sale at " + std::to_string(tree_size().value);
    more.asset = TestId(n);
    more.amount = {amount};
    if (more.currency.empty()) more.currency = "EUR";
    return Append(more);
  }
  // Closes up to now and appends the statement.
  absl::StatusOr<ClosedStatement> Close(const CloseOptions& options = {}) {
    auto closed = CloseStatement(*Reader(), {tree_size().value}, policy, options);
    if (closed.ok()) Append(closed->record, closed->lines);
    return closed;
  }

  std::optional<Digest> policy;  // of statements
};

using Cents = std::map<std::string, std::uint64_t>;

// What a statement paid, less what it released, by payee in its one currency; zeros left out.
inline Cents PaidBy(const ClosedStatement& closed) {
  Cents cents;
  for (const std::string& bytes : closed.lines) {
    const StatementLine line = DecodeStatementLine(bytes).value();
    if (line.paid.value != 0) cents[line.payee] = static_cast<std::uint64_t>(line.paid.value);
  }
  return cents;
}

inline StatementLine LineOf(const ClosedStatement& closed, const std::string& payee) {
  for (const std::string& bytes : closed.lines) {
    StatementLine line = DecodeStatementLine(bytes).value();
    if (line.payee == payee) return line;
  }
  return {};
}

}  // namespace tributary::test
