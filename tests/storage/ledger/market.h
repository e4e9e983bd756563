// A small market in a ledger: what tests of sales and statements begin with.

#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/merkle/merkle.h"
#include "graph/model/status.h"
#include "tests/support/catch.h"
#include "tests/support/test_ledger.h"

namespace tributary::test {

inline constexpr std::uint64_t kTime = 1'700'000'000'000;  // of a TestLedger that nobody moved

inline Fact FactOf(RecordBody body, std::optional<Digest> supersedes = std::nullopt) {
  Fact fact;
  fact.record.ledger = std::string(test::kLedgerName);
  fact.record.supersedes = supersedes;
  fact.record.body = std::move(body);
  return fact;
}

inline Receipt MustRecord(TestLedger& ledger, Fact fact, const SubmitOptions& options = {}) {
  auto receipt = ledger->RecordFact(std::move(fact), options);
  REQUIRE_OK(receipt);
  return *receipt;
}

inline std::shared_ptr<LedgerView> MustView(TestLedger& ledger,
                                            std::optional<TreeSize> tree_size = std::nullopt) {
  auto view = ledger->ViewAt(tree_size);
  REQUIRE_OK(view);
  return *view;
}

inline SaleRecord Sale(std::string reference, std::string_view asset = "out") {
  SaleRecord sale;
  sale.reference = std::move(reference);
  sale.asset = AssetId(asset);
  sale.amount = {100};
  sale.currency = "EUR";
  return sale;
}

inline CurrencyRecord Euro() { return {.code = "EUR", .name = "Euro", .scale = 2}; }

// An output, two parties, a currency: log positions 1 to 4. Position 0 is the ledger's record.
inline void RecordMarket(TestLedger& ledger) {
  MustRecord(ledger, AssetFact("out", AssetKind::kOutput));
  MustRecord(ledger, test::PartyFact("ana"));
  MustRecord(ledger, test::PartyFact("ben"));
  MustRecord(ledger, FactOf(Euro()));
}

template <typename Body>
std::optional<StoredRecord> MustFind(const LedgerView& view, const Body& probe) {
  auto found = view.FindInForce(probe);
  REQUIRE_OK(found);
  return *std::move(found);
}

inline bool Says(const absl::Status& status, std::string_view part) {
  return FromAbsl(status.message()).find(part) != std::string_view::npos;
}

inline std::vector<std::string> SomeLines(std::size_t count) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < count; ++i) lines.push_back("line " + std::to_string(i));
  return lines;
}

inline Digest RootOf(const std::vector<std::string>& lines) {
  TreeFrontier tree;
  for (const std::string& line : lines) tree.Append(LeafHash(line));
  return tree.Root();
}

inline StatementRecord StatementOver(std::uint64_t begin, std::uint64_t end,
                                     const std::vector<std::string>& lines) {
  StatementRecord statement;
  statement.begin = begin;
  statement.end = end;
  statement.algorithm = "test/v1";
  statement.line_count = lines.size();
  statement.lines_root = RootOf(lines);
  return statement;
}

inline absl::StatusOr<Receipt> RecordLines(TestLedger& ledger, RecordBody body,
                                           const std::vector<std::string>& lines) {
  auto stage = ledger->BeginLines();
  if (!stage.ok()) return stage.status();
  // In uneven pieces, as a stream brings them.
  for (std::size_t at = 0; at < lines.size(); at += 100) {
    const auto part = std::span(lines).subspan(at, std::min<std::size_t>(100, lines.size() - at));
    if (const absl::Status added = (*stage)->Add(part); !added.ok()) return added;
  }
  return (*stage)->Finish(FactOf(std::move(body)).record);
}

}  // namespace tributary::test
