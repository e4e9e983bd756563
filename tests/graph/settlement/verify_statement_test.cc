// A statement that is not what the log says must be found, whatever it says of itself.

#include "graph/settlement/verify_statement.h"

#include "graph/settlement/adjust.h"
#include "graph/settlement/statement_lines.h"
#include "tests/graph/settlement/ledger_story.h"
#include "tests/support/catch.h"

namespace tributary::test {
namespace {

StatementVerdict Verify(const LedgerStory& ledger, std::uint64_t number) {
  const auto reader = ledger.Reader();
  const LoggedRecord statement = FindStatement(*reader, number).value().value();
  return VerifyStatement(*reader, statement).value();
}

// Two works and one output of both, sold once.
void SellOutput(LedgerStory& ledger) {
  ledger.Asset(0, AssetKind::kWork, "ana");
  ledger.Asset(1, AssetKind::kWork, "ben");
  ledger.Asset(2, AssetKind::kOutput, "cleo");
  ledger.Make(2, 1, {{0, 1}, {1, 1}});
  ledger.Sell(2, 100);
}

// The statement that `closed` would be, had its lines been these: root, count and totals fit them.
ClosedStatement WithLines(ClosedStatement closed, const std::vector<StatementLine>& lines) {
  closed.lines.clear();
  TreeFrontier tree;
  for (const StatementLine& line : lines) {
    closed.lines.push_back(EncodeStatementLine(line));
    tree.Append(LeafHash(closed.lines.back()));
  }
  closed.record.line_count = lines.size();
  closed.record.lines_root = tree.Root();
  return closed;
}

std::vector<StatementLine> LinesOf(const ClosedStatement& closed) {
  std::vector<StatementLine> lines;
  for (const std::string& bytes : closed.lines) {
    lines.push_back(DecodeStatementLine(bytes).value());
  }
  return lines;
}

TEST_CASE("verify statement: what was closed comes out again, whatever came later",
          "[settlement]") {
  LedgerStory ledger;
  SellOutput(ledger);
  REQUIRE(ledger.Close().ok());
  ledger.Make(2, 0, {{0, 1}});
  ledger.Append(HoldRecord{.reference = "h", .party = "ana"});
  ledger.Sell(2, 7);
  REQUIRE(ledger.Close().ok());
  for (const std::uint64_t number : {1u, 2u}) {
    const StatementVerdict verdict = Verify(ledger, number);
    CAPTURE(number, verdict.problem);
    CHECK(verdict.outcome == StatementOutcome::kIdentical);
    CHECK(verdict.computed_root.has_value());
    CHECK_FALSE(verdict.difference.has_value());
  }
}

TEST_CASE("verify statement: a consistent lie is found at its first line", "[settlement]") {
  LedgerStory ledger;
  SellOutput(ledger);
  const ClosedStatement honest =
      CloseStatement(*ledger.Reader(), {ledger.tree_size().value}, {}).value();
  std::vector<StatementLine> lines = LinesOf(honest);
  REQUIRE(lines.size() == 3);
  // A grain from ben to cleo: all sums stay what they are.
  lines[1].earned -= 1;
  lines[1].carry -= 1;
  lines[2].earned += 1;
  lines[2].carry += 1;
  const ClosedStatement forged = WithLines(honest, lines);
  REQUIRE(CheckStatementLines(forged.record, lines).ok());
  ledger.Append(forged.record, forged.lines);
  const StatementVerdict verdict = Verify(ledger, 1);
  CHECK(verdict.outcome == StatementOutcome::kDifferent);
  CHECK(verdict.computed_root == honest.record.lines_root);
  REQUIRE(verdict.difference.has_value());
  CHECK(verdict.difference->index == 1);
  CHECK(verdict.difference->stored == lines[1]);
  CHECK(verdict.difference->computed == LinesOf(honest)[1]);
  CHECK(verdict.problem.find("party:ben in EUR: stored: earned") != std::string::npos);
}

TEST_CASE("verify statement: lines that are missing or too many are found", "[settlement]") {
  const bool is_missing = GENERATE(true, false);
  LedgerStory ledger;
  SellOutput(ledger);
  const ClosedStatement honest =
      CloseStatement(*ledger.Reader(), {ledger.tree_size().value}, {}).value();
  std::vector<std::string> lines = honest.lines;
  if (is_missing) {
    lines.pop_back();
  } else {
    lines.push_back("{}");
  }
  ledger.Append(honest.record, lines);  // the record is right, the rows are not
  const StatementVerdict verdict = Verify(ledger, 1);
  CHECK(verdict.outcome == StatementOutcome::kDifferent);
  REQUIRE(verdict.difference.has_value());
  CHECK(verdict.difference->index == (is_missing ? 2u : 3u));
  CHECK_FALSE(verdict.difference->stored.has_value());
  CHECK(verdict.difference->computed.has_value() == is_missing);
}

TEST_CASE("verify statement: a record that is not that of its lines is found", "[settlement]") {
  LedgerStory ledger;
  SellOutput(ledger);
  ClosedStatement closed = CloseStatement(*ledger.Reader(), {ledger.tree_size().value}, {}).value();
  REQUIRE(closed.record.totals.size() == 1);
  closed.record.totals[0].sale_count = 2;
  ledger.Append(closed.record, closed.lines);
  const StatementVerdict verdict = Verify(ledger, 1);
  CHECK(verdict.outcome == StatementOutcome::kDifferent);
  CHECK_FALSE(verdict.difference.has_value());
  CHECK(verdict.problem.find("totals") != std::string::npos);
}

TEST_CASE("verify statement: another algorithm is contradicted by nothing, and may be identical",
          "[settlement]") {
  LedgerStory ledger;
  SellOutput(ledger);
  ClosedStatement closed = CloseStatement(*ledger.Reader(), {ledger.tree_size().value}, {}).value();
  closed.record.algorithm = "tributary/settlement/v1";
  SECTION("the same grains") {
    ledger.Append(closed.record, closed.lines);
    const StatementVerdict verdict = Verify(ledger, 1);
    CHECK(verdict.outcome == StatementOutcome::kIdentical);
    CHECK(verdict.problem.empty());
  }
  SECTION("other grains, which are not adjusted either") {
    std::vector<StatementLine> lines = LinesOf(closed);
    lines[1].earned -= 1;
    lines[1].carry -= 1;
    lines[2].earned += 1;
    lines[2].carry += 1;
    closed = WithLines(std::move(closed), lines);
    const LogPosition statement = ledger.Append(closed.record, closed.lines);
    const StatementVerdict verdict = Verify(ledger, 1);
    CHECK(verdict.outcome == StatementOutcome::kOtherAlgorithm);
    CHECK(verdict.difference.has_value());
    const LogPosition cause = ledger.Make(2, 0, {{0, 1}});
    const auto adjusted = PreviewAdjustment(
        *ledger.Reader(), {.statement = ledger.id(statement), .cause = ledger.id(cause)});
    CHECK(adjusted.status().code() == absl::StatusCode::kFailedPrecondition);
  }
}

TEST_CASE("verify statement: one that can not be computed is a verdict", "[settlement]") {
  LedgerStory ledger;
  SellOutput(ledger);
  ClosedStatement closed = CloseStatement(*ledger.Reader(), {ledger.tree_size().value}, {}).value();
  closed.record.policy = ledger.id({0});  // no policy
  ledger.Append(closed.record, closed.lines);
  const StatementVerdict verdict = Verify(ledger, 1);
  CHECK(verdict.outcome == StatementOutcome::kDifferent);
  CHECK_FALSE(verdict.computed_root.has_value());
  CHECK(verdict.problem.find("policy") != std::string::npos);
}

TEST_CASE("verify statement: a limit is an error, not a verdict", "[settlement]") {
  LedgerStory ledger;
  SellOutput(ledger);
  REQUIRE(ledger.Close().ok());
  const auto reader = ledger.Reader();
  CloseOptions options;
  options.limits.figure_count_max = 2;
  const LoggedRecord statement = FindStatement(*reader, 1).value().value();
  CHECK(VerifyStatement(*reader, statement, options).status().code() ==
        absl::StatusCode::kResourceExhausted);
  CHECK(VerifyStatement(*reader, ledger.at({0})).status().code() ==
        absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tributary::test
