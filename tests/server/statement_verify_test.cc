// VerifyStatement through the handlers: what is sound is said to be, and a planted lie is found.

#include "graph/merkle/merkle.h"
#include "graph/model/uint128.h"
#include "graph/settlement/close.h"
#include "server/handlers/statement_parts.h"
#include "tests/server/market.h"

namespace tributary::test {
namespace {

using Messages = std::vector<v1::VerifyStatementResponse>;

Messages Verify(server::Env& env, v1::VerifyStatementRequest request) {
  request.set_ledger(kLedger);
  VectorSink<v1::VerifyStatementResponse> sink;
  REQUIRE_OK(server::VerifyStatement(env, request, sink));
  return std::move(sink.messages);
}

std::vector<v1::StatementVerdict> VerdictsOf(const Messages& messages) {
  std::vector<v1::StatementVerdict> verdicts;
  for (const auto& message : messages) {
    if (message.has_verdict()) verdicts.push_back(message.verdict());
  }
  return verdicts;
}

v1::VerifyStatementRequest All() {
  v1::VerifyStatementRequest request;
  request.set_all(true);
  return request;
}

// Records a statement of what waits, with a grain of its second payee given to its third: record,
// root and sums all fit.
void PlantLie(server::Env& env) {
  const auto ledger = *env.ledgers.Find(kLedger);
  const auto view = *ledger->ViewAt(std::nullopt);
  const server::SettlementView reader(view);
  ClosedStatement closed =
      CloseStatement(reader, {view->tree_size().value}, {}, server::CloseOptionsOf(env)).value();
  REQUIRE(closed.lines.size() >= 3);
  TreeFrontier tree;
  for (std::size_t i = 0; i < closed.lines.size(); ++i) {
    StatementLine line = DecodeStatementLine(closed.lines[i]).value();
    if (i == 1) line.earned -= 1, line.carry -= 1;
    if (i == 2) line.earned += 1, line.carry += 1;
    closed.lines[i] = EncodeStatementLine(line);
    tree.Append(LeafHash(closed.lines[i]));
  }
  closed.record.lines_root = tree.Root();
  Record record;
  record.ledger = kLedger;
  record.body = closed.record;
  const auto stage = *ledger->BeginLines();
  REQUIRE_OK(stage->Add(closed.lines));
  REQUIRE_OK(stage->Finish(record).status());
}

TEST_CASE("verify statement: each is identical, with progress and a summary",
          "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  const Messages none = Verify(env, All());
  REQUIRE(none.size() == 1);
  CHECK(none.back().has_summary());
  CHECK(none.back().summary().statement_count() == 0);
  RecordFacts(env, WrongWeights());
  for (const char* reference : {"order 1", "order 2", "order 3"}) {
    RecordOne(env, Sale(reference, "output", "101"));
    Close(env);
  }
  const Messages messages = Verify(env, All());
  const auto verdicts = VerdictsOf(messages);
  REQUIRE(verdicts.size() == 3);
  for (std::uint64_t i = 0; i < 3; ++i) {
    const v1::StatementVerdict& verdict = verdicts[i];
    CHECK(verdict.statement().statement().number() == i + 1);
    CHECK(verdict.outcome() == v1::STATEMENT_OUTCOME_IDENTICAL);
    CHECK(verdict.computed_lines_root() == verdict.statement().statement().lines_root());
    CHECK(verdict.algorithm() == kSettlementAlgorithm);
    CHECK(verdict.statement().statement().algorithm() == kSettlementAlgorithm);
    CHECK(verdict.problem().empty());
    CHECK_FALSE(verdict.has_difference());
  }
  CHECK_FALSE(messages.front().phase().empty());
  CHECK(messages.back().summary().identical_count() == 3);
  CHECK(messages.back().done() == 3);

  v1::VerifyStatementRequest one;
  CHECK(VerdictsOf(Verify(env, one)).at(0).statement().statement().number() == 3);
  one.set_number(2);
  const auto second = VerdictsOf(Verify(env, one));
  REQUIRE(second.size() == 1);
  one.set_record_id(second[0].statement().record().record_id());
  CHECK(VerdictsOf(Verify(env, one)).at(0).SerializeAsString() == second[0].SerializeAsString());
  one.set_ledger(kLedger);
  one.set_number(4);
  VectorSink<v1::VerifyStatementResponse> sink;
  CHECK_STATUS(server::VerifyStatement(env, one, sink), absl::StatusCode::kNotFound);
}

TEST_CASE("verify statement: a consistent lie in the store is found at its first line",
          "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  RecordOne(env, Sale("order 1", "output", "9997"));
  Close(env);
  RecordOne(env, Sale("order 2", "output", "9997"));
  PlantLie(env);
  RecordOne(env, Sale("order 3", "output", "9997"));
  Close(env);
  const Messages messages = Verify(env, All());
  const auto verdicts = VerdictsOf(messages);
  REQUIRE(verdicts.size() == 3);
  CHECK(verdicts[0].outcome() == v1::STATEMENT_OUTCOME_IDENTICAL);
  CHECK(verdicts[1].outcome() == v1::STATEMENT_OUTCOME_DIFFERENT);
  // What it brings forward is the lie; what it computes from it is right.
  CHECK(verdicts[2].outcome() == v1::STATEMENT_OUTCOME_IDENTICAL);
  const v1::StatementVerdict& lie = verdicts[1];
  REQUIRE(lie.has_difference());
  CHECK(lie.difference().index() == 1);
  CHECK(lie.difference().stored().payee() == Payee("dan"));
  CHECK(lie.difference().computed().payee() == Payee("dan"));
  CHECK(FromBigEndian(lie.difference().computed().earned()).value() ==
        FromBigEndian(lie.difference().stored().earned()).value() + 1);
  CHECK(lie.problem().find("earned") != std::string::npos);
  CHECK(lie.computed_lines_root() != lie.statement().statement().lines_root());
  CHECK(messages.back().summary().different_count() == 1);
  CHECK(messages.back().summary().identical_count() == 2);
}

}  // namespace
}  // namespace tributary::test
