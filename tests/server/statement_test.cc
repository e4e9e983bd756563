// Statements and adjustments through the handlers: what an auditor and a payee see.

#include <algorithm>

#include "graph/merkle/merkle.h"
#include "graph/model/status.h"
#include "graph/model/uint128.h"
#include "graph/settlement/statement.h"
#include "server/directory_home.h"
#include "server/handlers/admin.h"
#include "server/handlers/read.h"
#include "tests/server/market.h"
#include "tests/support/temp_directory.h"

namespace tributary::test {
namespace {

TEST_CASE("statement: worked example 3 is closed, corrected and carried forward",
          "[server][settlement][worked-example]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  // Sent again, a fact is answered with its own record.
  const std::string wrong = RecordOne(env, Derivation("output", {{"base", 50}, {"data", 10}}, 40));
  RecordOne(env, Sale("order 1", "output", "9997"));
  const v1::CloseStatementResponse first = Close(env);
  CHECK(first.statement().number() == 1);
  // 9997 in parts of 100 leaves less than a cent with each, which is carried.
  CHECK(Paid(Lines(env, 1)) ==
        Amounts{{Payee("bea"), "4998"}, {Payee("dan"), "999"}, {Payee("sam"), "3998"}});

  const std::string cause = RecordOne(env, CorrectedWeights(wrong));
  v1::PreviewAdjustmentRequest preview;
  preview.set_ledger(kLedger);
  preview.set_statement(first.receipt().record_id());
  preview.set_cause(cause);
  VectorSink<v1::PreviewAdjustmentResponse> previewed;
  REQUIRE_OK(server::PreviewAdjustment(env, preview, previewed));
  REQUIRE(previewed.messages.size() == 1);
  const Uint128 thirty_percent = (Uint128{9997} << 64) * 3 / 10;
  for (const v1::AdjustmentLine& line : previewed.messages[0].lines()) {
    CAPTURE(line.payee());
    const Uint128 decrease = *FromBigEndian(line.decrease());
    const Uint128 increase = *FromBigEndian(line.increase());
    if (line.payee() == Payee("bea")) {
      CHECK((decrease >= thirty_percent && decrease <= thirty_percent + 1));
    } else if (line.payee() == Payee("dan")) {
      CHECK((increase >= thirty_percent && increase <= thirty_percent + 1));
    } else {
      CHECK(increase + decrease <= 1);  // the kept part moves by a grain at most
    }
  }

  v1::PostAdjustmentRequest post;
  post.set_ledger(kLedger);
  post.set_statement(first.receipt().record_id());
  post.set_cause(cause);
  post.set_mode(v1::ADJUSTMENT_MODE_CARRIED_FORWARD);
  post.set_reason("measured again");
  v1::PostAdjustmentResponse posted;
  REQUIRE_OK(server::PostAdjustment(env, post, &posted));
  v1::PostAdjustmentResponse again;
  REQUIRE_OK(server::PostAdjustment(env, post, &again));
  CHECK(again.receipt().already_recorded());
  post.set_reason("another reason");
  CHECK_STATUS(server::PostAdjustment(env, post, &again), absl::StatusCode::kAlreadyExists);

  CHECK(Paid(Lines(env, 1)) ==
        Amounts{{Payee("bea"), "4998"}, {Payee("dan"), "999"}, {Payee("sam"), "3998"}});
  Close(env);
  const v1::ListStatementLinesResponse second = Lines(env, 2);
  CHECK(Paid(second) == Amounts{{Payee("dan"), "2999"}});
  CHECK(Payable(env, "dan") == "3998");
  // Her debt of 29.991 is met by later sales: of what was paid she may keep 49.98 - 30.00.
  CHECK(Payable(env, "bea") == "1999");
  // The sale is still what it was.
  CHECK(SaleOf(env, "order 1").sale().statement_number() == 1);
}

TEST_CASE("statement: worked example 5, a payee of 0.4 % of many small sales",
          "[server][settlement][worked-example]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, {Party("kay"), Party("mo"), Party("cleo"), Euro(),
                    Asset("model", v1::ASSET_KIND_WORK), Asset("piece", v1::ASSET_KIND_WORK),
                    Asset("output", v1::ASSET_KIND_OUTPUT), Holders("output", {{"kay", 1}}),
                    Holders("model", {{"mo", 1}}), Holders("piece", {{"cleo", 1}}),
                    Derivation("output", {{"model", 396}, {"piece", 4}}, 600)});
  std::vector<v1::Fact> sales;
  for (int i = 0; i < 10'000; ++i)
    sales.push_back(Sale("order " + std::to_string(i), "output", "100"));
  RecordFacts(env, sales);
  Close(env);
  CHECK(Paid(Lines(env, 1)) ==
        Amounts{{Payee("kay"), "600000"}, {Payee("mo"), "396000"}, {Payee("cleo"), "4000"}});
  const v1::GetSaleResponse one = SaleOf(env, "order 77");
  CHECK(one.sale().status() == v1::SALE_STATUS_POSTED);
  CHECK(one.sale().statement_number() == 1);
  REQUIRE(one.split().lines_size() == 3);
  CHECK(one.split().lines(0).payee() == Payee("kay"));
  CHECK(one.split().lines(0).reason() == "relative");
}

TEST_CASE("statement: a preview is what closing records, and leaves no trace",
          "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  RecordFacts(env, {Sale("order 1", "output", "101"), Sale("order 2", "data", "7")});
  v1::PreviewStatementRequest preview;
  preview.set_ledger(kLedger);
  VectorSink<v1::PreviewStatementResponse> previewed;
  REQUIRE_OK(server::PreviewStatement(env, preview, previewed));
  VectorSink<v1::PreviewStatementResponse> once_more;
  REQUIRE_OK(server::PreviewStatement(env, preview, once_more));
  REQUIRE(previewed.messages.size() == 1);
  CHECK(previewed.messages[0].SerializeAsString() == once_more.messages[0].SerializeAsString());
  const v1::CloseStatementResponse closed = Close(env);
  CHECK(previewed.messages[0].statement().SerializeAsString() ==
        closed.statement().SerializeAsString());
  const v1::ListStatementLinesResponse lines = Lines(env, 1);
  REQUIRE(lines.lines_size() == previewed.messages[0].lines_size());
  for (int i = 0; i < lines.lines_size(); ++i) {
    CHECK(lines.lines(i).line().SerializeAsString() ==
          previewed.messages[0].lines(i).SerializeAsString());
  }
}

TEST_CASE("statement: a retry with its number closes nothing twice", "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  RecordOne(env, Sale("order 1", "output", "100"));
  v1::CloseStatementRequest request;
  request.set_ledger(kLedger);
  request.set_expected_number(1);
  v1::CloseStatementResponse first;
  REQUIRE_OK(server::CloseStatement(env, request, &first));
  v1::CloseStatementResponse again;
  REQUIRE_OK(server::CloseStatement(env, request, &again));
  CHECK(again.receipt().already_recorded());
  CHECK(again.receipt().record_id() == first.receipt().record_id());
  request.set_end(3);
  CHECK_STATUS(server::CloseStatement(env, request, &again), absl::StatusCode::kAlreadyExists);
  request.set_expected_number(4);
  request.clear_end();
  CHECK_STATUS(server::CloseStatement(env, request, &again), absl::StatusCode::kFailedPrecondition);
  request.clear_expected_number();
  request.set_end(first.statement().end());
  CHECK_STATUS(server::CloseStatement(env, request, &again), absl::StatusCode::kFailedPrecondition);
  request.set_end(1'000);
  CHECK_STATUS(server::CloseStatement(env, request, &again), absl::StatusCode::kOutOfRange);
}

TEST_CASE("statement: sent twice without a number it closes nothing twice",
          "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  const std::string sale = RecordOne(env, Sale("order 1", "output", "100"));
  v1::CloseStatementRequest request;
  request.set_ledger(kLedger);
  v1::CloseStatementResponse response;
  const auto is_refused = [&] {
    const absl::Status again = server::CloseStatement(env, request, &response);
    CHECK_STATUS(again, absl::StatusCode::kFailedPrecondition);
    CHECK(FieldOf(again) == "end");
  };
  REQUIRE_OK(server::CloseStatement(env, request, &response));
  const std::string first = response.receipt().record_id();
  is_refused();
  // Nor is there anything to close in what gives nobody anything.
  RecordFacts(env, {Party("zoe")});
  v1::Fact correction;
  correction.mutable_correction()->set_sale(sale);
  correction.mutable_correction()->set_amount("50");
  const std::string cause = RecordOne(env, correction);
  MustPost(env, first, cause, v1::ADJUSTMENT_MODE_PROSPECTIVE);
  is_refused();
  request.set_expected_number(2);
  request.set_refuse_empty(true);
  is_refused();
  // Who says which one it is may close a month without sales.
  request.set_refuse_empty(false);
  REQUIRE_OK(server::CloseStatement(env, request, &response));
  CHECK(response.statement().number() == 2);
  request.clear_expected_number();
  is_refused();
  RecordOne(env, Sale("order 2", "output", "100"));
  REQUIRE_OK(server::CloseStatement(env, request, &response));
  CHECK(response.statement().number() == 3);
}

TEST_CASE("statement: a mandate counts from position to position", "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  RecordFacts(env, {Party("society")});
  RecordOne(env, Sale("order 1", "data", "1"));
  const std::uint64_t begin = (*env.ledgers.Find(kLedger))->head().tree_size.value;
  RecordOne(env, Sale("order 2", "data", "20"));
  const std::uint64_t end = (*env.ledgers.Find(kLedger))->head().tree_size.value;
  RecordOne(env, Sale("order 3", "data", "300"));
  v1::Fact mandate;
  mandate.mutable_mandate()->set_party("dan");
  mandate.mutable_mandate()->set_collector("society");
  mandate.mutable_mandate()->set_begin(begin);
  mandate.mutable_mandate()->set_end(end);
  RecordOne(env, mandate);
  v1::CloseStatementRequest request;
  request.set_ledger(kLedger);
  v1::CloseStatementResponse response;
  const absl::Status whole = server::CloseStatement(env, request, &response);
  CHECK_STATUS(whole, absl::StatusCode::kFailedPrecondition);
  CHECK(FieldOf(whole) == "end");
  v1::PreviewStatementRequest preview;
  preview.set_ledger(kLedger);
  VectorSink<v1::PreviewStatementResponse> previewed;
  CHECK_STATUS(server::PreviewStatement(env, preview, previewed),
               absl::StatusCode::kFailedPrecondition);
  request.set_end(begin);
  REQUIRE_OK(server::CloseStatement(env, request, &response));
  request.set_end(end + 1);
  CHECK_STATUS(server::CloseStatement(env, request, &response),
               absl::StatusCode::kFailedPrecondition);
  request.set_end(end);
  REQUIRE_OK(server::CloseStatement(env, request, &response));
  Close(env);
  CHECK(Payable(env, "society") == "20");
  CHECK(Payable(env, "dan") == "301");
}

TEST_CASE("statement: every line is proved by itself", "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  std::vector<v1::Fact> facts = {Euro(), Asset("set", v1::ASSET_KIND_DATASET)};
  std::vector<std::pair<std::string, std::uint64_t>> inputs;
  for (int i = 0; i < 700; ++i) {
    const std::string name = "w" + std::to_string(i);
    facts.push_back(Party(name));
    facts.push_back(Asset(name, v1::ASSET_KIND_WORK));
    facts.push_back(Holders(name, {{name, 1}}));
    inputs.emplace_back(name, 1);
  }
  facts.push_back(Derivation("set", inputs, 0));
  facts.push_back(Sale("order 1", "set", "100000"));
  RecordFacts(env, facts);
  Close(env);
  const v1::ListStatementLinesResponse response = Lines(env, 1, /*with_proof=*/true);
  REQUIRE(response.lines_size() == 700);
  const v1::Statement& statement = response.statement().statement();
  const Digest root = *Digest::FromBytes(statement.lines_root());
  for (const v1::StatementLineView& line : response.lines()) {
    std::vector<Digest> proof;
    for (const std::string& node : line.proof()) proof.push_back(*Digest::FromBytes(node));
    REQUIRE_OK(VerifyInclusion(LeafHash(line.canonical_bytes()), line.index(),
                               statement.line_count(), proof, root));
    REQUIRE(DecodeStatementLine(line.canonical_bytes())->payee == line.line().payee());
  }
  // Of one payee, found among all.
  v1::ListStatementLinesRequest request;
  request.set_ledger(kLedger);
  request.set_payee(Payee("w321"));
  v1::ListStatementLinesResponse one;
  REQUIRE_OK(server::ListStatementLines(env, request, &one));
  REQUIRE(one.lines_size() == 1);
  CHECK(one.lines(0).line().payee() == Payee("w321"));
  CHECK(one.lines(0).index() > 0);
  request.set_payee(Payee("nobody"));
  one.Clear();
  REQUIRE_OK(server::ListStatementLines(env, request, &one));
  CHECK(one.lines_size() == 0);
  // By pages of 300, each line once.
  request.set_payee("");
  request.set_currency("EUR");
  request.set_page_size(300);
  std::vector<std::string> payees;
  do {
    v1::ListStatementLinesResponse page;
    REQUIRE_OK(server::ListStatementLines(env, request, &page));
    for (const auto& line : page.lines()) payees.push_back(line.line().payee());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  CHECK(payees.size() == 700);
  CHECK(std::is_sorted(payees.begin(), payees.end()));
  request.set_currency("USD");
  one.Clear();
  REQUIRE_OK(server::ListStatementLines(env, request, &one));
  CHECK(one.lines_size() == 0);
}

TEST_CASE("statement: a hold keeps a party's part until it is released", "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  v1::Fact hold;
  hold.mutable_hold()->set_reference("claim 1");
  hold.mutable_hold()->set_party("dan");
  hold.mutable_hold()->set_reason("not his");
  const std::string hold_id = RecordOne(env, hold);
  RecordOne(env, Sale("order 1", "output", "10000"));
  v1::Fact early;
  early.mutable_hold_release()->set_hold(hold_id);
  early.mutable_hold_release()->set_outcome(v1::HOLD_OUTCOME_REROUTED);
  early.mutable_hold_release()->add_recipients()->set_party("bea");
  early.mutable_hold_release()->mutable_recipients(0)->set_units(1);
  // Nothing is held yet that could be rerouted: the sale is not closed.
  CHECK(IngestAll(env, {early}).results(0).error().field() == "outcome");
  const v1::CloseStatementResponse first = Close(env);
  const std::string held = "hold:" + Digest::FromBytes(hold_id)->ToHex();
  CHECK(Paid(Lines(env, 1)) ==
        Amounts{{Payee("bea"), "5000"}, {Payee("sam"), "4000"}, {held, "1000"}});
  CHECK(Payable(env, "dan").empty());

  v1::ListHoldsRequest list;
  list.set_ledger(kLedger);
  v1::ListHoldsResponse holds;
  REQUIRE_OK(server::ListHolds(env, list, &holds));
  REQUIRE(holds.holds_size() == 1);
  REQUIRE(holds.holds(0).held_size() == 1);
  CHECK(holds.holds(0).held(0).held() == "1000");

  v1::Fact release;
  release.mutable_hold_release()->set_hold(hold_id);
  release.mutable_hold_release()->set_outcome(v1::HOLD_OUTCOME_REROUTED);
  v1::Holder* recipient = release.mutable_hold_release()->add_recipients();
  recipient->set_party("bea");
  recipient->set_units(1);
  const std::string release_id = RecordOne(env, release);
  const auto posted =
      MustPost(env, first.receipt().record_id(), release_id, v1::ADJUSTMENT_MODE_REVERSAL);
  CHECK(posted.statement().number() == 2);
  CHECK(Payable(env, "bea") == "6000");
  holds.Clear();
  REQUIRE_OK(server::ListHolds(env, list, &holds));
  CHECK(holds.holds_size() == 0);
  list.set_include_released(true);
  holds.Clear();
  REQUIRE_OK(server::ListHolds(env, list, &holds));
  REQUIRE(holds.holds_size() == 1);
  CHECK(holds.holds(0).held_size() == 0);
}

TEST_CASE("adjustment: none is valued where an earlier one does not show", "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  const std::string wrong = RecordOne(env, Derivation("output", {{"base", 50}, {"data", 10}}, 40));
  const std::string sale = RecordOne(env, Sale("order 1", "output", "10000"));
  const std::string statement = Close(env).receipt().record_id();
  const std::string lineage = RecordOne(env, CorrectedWeights(wrong));
  v1::Fact reversal;
  reversal.mutable_reversal()->set_sale(sale);
  const std::string reversed = RecordOne(env, reversal);
  const std::uint64_t tree_size = (*env.ledgers.Find(kLedger))->head().tree_size.value;
  v1::PostAdjustmentRequest post;
  post.set_ledger(kLedger);
  post.set_statement(statement);
  post.set_mode(v1::ADJUSTMENT_MODE_CARRIED_FORWARD);
  post.set_tree_size(tree_size);
  post.set_cause(lineage);
  v1::PostAdjustmentResponse response;
  REQUIRE_OK(server::PostAdjustment(env, post, &response));
  post.set_cause(reversed);
  const absl::Status refused = server::PostAdjustment(env, post, &response);
  CHECK_STATUS(refused, absl::StatusCode::kFailedPrecondition);
  CHECK(FieldOf(refused) == "tree_size");
  post.clear_tree_size();
  REQUIRE_OK(server::PostAdjustment(env, post, &response));
  Close(env);
  for (const char* party : {"sam", "bea", "dan"}) CHECK(Payable(env, party) == "0");
}

TEST_CASE("adjustment: a superseded correction is no cause", "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  const std::string sale = RecordOne(env, Sale("order 1", "output", "10000"));
  const std::string statement = Close(env).receipt().record_id();
  v1::Fact first;
  first.mutable_correction()->set_sale(sale);
  first.mutable_correction()->set_amount("8000");
  const std::string first_id = RecordOne(env, first);
  v1::Fact second = first;
  second.mutable_correction()->set_amount("9000");
  second.mutable_options()->set_supersedes(first_id);
  const std::string second_id = RecordOne(env, second);
  v1::PostAdjustmentRequest post;
  post.set_ledger(kLedger);
  post.set_statement(statement);
  post.set_mode(v1::ADJUSTMENT_MODE_CARRIED_FORWARD);
  post.set_cause(first_id);
  v1::PostAdjustmentResponse response;
  CHECK_STATUS(server::PostAdjustment(env, post, &response), absl::StatusCode::kInvalidArgument);
  MustPost(env, statement, second_id, v1::ADJUSTMENT_MODE_CARRIED_FORWARD);
  Close(env);
  CHECK(Payable(env, "bea") == "4500");
}

TEST_CASE("adjustment: lineage that changed before the close, and a mode that freezes",
          "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  const std::string wrong = RecordOne(env, Derivation("output", {{"base", 50}, {"data", 10}}, 40));
  const std::string sale = RecordOne(env, Sale("order 1", "output", "10000"));
  const std::string cause = RecordOne(env, CorrectedWeights(wrong));
  const std::string statement = Close(env).receipt().record_id();
  CHECK(Paid(Lines(env, 1)) ==
        Amounts{{Payee("bea"), "5000"}, {Payee("dan"), "1000"}, {Payee("sam"), "4000"}});
  MustPost(env, statement, cause, v1::ADJUSTMENT_MODE_CARRIED_FORWARD);
  v1::Fact reversal;
  reversal.mutable_reversal()->set_sale(sale);
  v1::PostAdjustmentRequest post;
  post.set_ledger(kLedger);
  post.set_statement(statement);
  post.set_cause(RecordOne(env, reversal));
  post.set_mode(v1::ADJUSTMENT_MODE_PROSPECTIVE);
  v1::PostAdjustmentResponse response;
  const absl::Status refused = server::PostAdjustment(env, post, &response);
  CHECK_STATUS(refused, absl::StatusCode::kInvalidArgument);
  CHECK(FieldOf(refused) == "mode");
  Close(env);
  CHECK(Payable(env, "dan") == "4000");
}

TEST_CASE("statement: none is closed at an end below a hold on its sales", "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  RecordOne(env, Sale("order 1", "output", "10000"));
  v1::CloseStatementRequest request;
  request.set_ledger(kLedger);
  request.set_end((*env.ledgers.Find(kLedger))->head().tree_size.value);
  v1::Fact hold;
  hold.mutable_hold()->set_reference("claim 1");
  hold.mutable_hold()->set_party("dan");
  hold.mutable_hold()->set_reason("not his");
  RecordOne(env, hold);
  v1::CloseStatementResponse response;
  const absl::Status refused = server::CloseStatement(env, request, &response);
  CHECK_STATUS(refused, absl::StatusCode::kFailedPrecondition);
  CHECK(FieldOf(refused) == "end");
  Close(env);
  CHECK(Payable(env, "dan").empty());
}

TEST_CASE("statement: a ledger replayed from its log has the same statements",
          "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  RecordOne(env, Sale("order 1", "output", "9997"));
  Close(env);
  PayEverybody(env, "run 1");
  v1::StreamRecordsRequest stream;
  stream.set_ledger(kLedger);
  stream.set_include_edges(true);
  stream.set_include_details(true);
  VectorSink<v1::StreamRecordsResponse> log;
  REQUIRE_OK(server::StreamRecords(env, stream, log));
  std::vector<v1::ReplayLogRequest> requests;
  for (const v1::StreamRecordsResponse& message : log.messages) {
    v1::ReplayLogRequest& request = requests.emplace_back();
    request.set_ledger(kLedger);
    *request.mutable_items() = message.items();
    if (message.has_summary()) request.set_expected_root_hash(message.summary().root_hash());
  }

  const auto ledgers = server::Ledgers::Open(NewMemoryHome());
  REQUIRE_OK(ledgers);
  server::Env target{**ledgers, server.limits(), env.info, server.cancel()};
  VectorSource<v1::ReplayLogRequest> source(requests);
  v1::ReplayLogResponse replayed;
  REQUIRE_OK(server::ReplayLog(target, source, &replayed));
  CHECK(Lines(target, 1).SerializeAsString() == Lines(env, 1).SerializeAsString());
  CHECK(BalanceOf(target, "bea").SerializeAsString() == BalanceOf(env, "bea").SerializeAsString());
}

// A market with something of everything: late lineage, a hold, corrections, escrow, an adjustment.
std::string RecordMarket(server::Env& env) {
  RecordFacts(env, WrongWeights());
  const std::string wrong = RecordOne(env, Derivation("output", {{"base", 50}, {"data", 10}}, 40));
  const std::string policy = RecordOne(env, PolicyWithTerm("data", 100'000));
  for (int i = 0; i < 40; ++i) {
    v1::Fact sale = Sale("order " + std::to_string(i), i % 3 == 0 ? "base" : "output",
                         std::to_string(100 + 7 * i));
    if (i % 4 == 0) sale.mutable_sale()->set_policy(policy);
    RecordOne(env, sale);
  }
  const v1::CloseStatementResponse first = Close(env);
  const std::string cause = RecordOne(env, CorrectedWeights(wrong));
  MustPost(env, first.receipt().record_id(), cause, v1::ADJUSTMENT_MODE_CARRIED_FORWARD);
  v1::Fact hold;
  hold.mutable_hold()->set_reference("claim");
  hold.mutable_hold()->set_asset(Id("data"));
  hold.mutable_hold()->set_reason("claimed");
  RecordOne(env, hold);
  for (int i = 0; i < 10; ++i) RecordOne(env, Sale("late " + std::to_string(i), "output", "1001"));
  Close(env, policy);
  PayEverybody(env, "run 1");
  std::string all;
  for (const std::uint64_t number : {1, 2}) {
    const v1::ListStatementLinesResponse lines = Lines(env, number, /*with_proof=*/true);
    all += lines.statement().statement().SerializeAsString();
    all += lines.statement().record().record_id();
    for (const auto& line : lines.lines()) all += line.SerializeAsString();
  }
  for (const char* party : {"sam", "bea", "dan"}) all += BalanceOf(env, party).SerializeAsString();
  return all;
}

// The clock differs from run to run, and is in no record.
TEST_CASE("statement: both engines give the same bytes, also after a restart",
          "[server][settlement]") {
  TestServer in_memory;
  const std::string expected = RecordMarket(in_memory.env());

  const TempDirectory directory;
  server::DirectoryHomeOptions options;
  options.data_directory = directory.path() + "/data";
  const auto open = [&] {
    auto home = server::OpenDirectoryHome(options);
    REQUIRE_OK(home);
    auto ledgers = server::Ledgers::Open(*std::move(home));
    REQUIRE_OK(ledgers);
    return *std::move(ledgers);
  };
  auto ledgers = open();
  tributary::Record ledger;
  ledger.ledger = kLedger;
  ledger.body = LedgerRecord{};
  REQUIRE_OK(ledgers->Create(ledger, std::nullopt));
  server::Env on_disk{*ledgers, in_memory.limits(), in_memory.env().info, in_memory.cancel()};
  CHECK(RecordMarket(on_disk) == expected);

  ledgers.reset();
  ledgers = open();
  server::Env again{*ledgers, in_memory.limits(), in_memory.env().info, in_memory.cancel()};
  v1::ListStatementLinesResponse before = Lines(in_memory.env(), 2);
  v1::ListStatementLinesResponse after = Lines(again, 2);
  before.mutable_statement()->mutable_record()->clear_accepted_ms();
  after.mutable_statement()->mutable_record()->clear_accepted_ms();
  CHECK(after.SerializeAsString() == before.SerializeAsString());
  CHECK(BalanceOf(again, "bea").SerializeAsString() ==
        BalanceOf(in_memory.env(), "bea").SerializeAsString());
}

}  // namespace
}  // namespace tributary::test
