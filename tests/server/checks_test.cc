// What is checked when it is recorded: policies kept, streamed derivations, how many walks at once.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "graph/model/status.h"
#include "graph/model/text.h"
#include "server/handlers/record.h"
#include "server/walk_gate.h"
#include "tests/server/market.h"

namespace tributary::test {
namespace {

v1::Fact TermPolicy(const std::string& name, std::uint64_t ppm) {
  v1::Fact fact = PolicyWithTerm("data", ppm);
  fact.mutable_policy()->set_policy(name);
  return fact;
}

std::shared_ptr<const server::TermPolicies::List> Kept(server::Env& env) {
  const auto ledger = *env.ledgers.Find(kLedger);
  const auto view = ledger->ViewAt(std::nullopt);
  REQUIRE_OK(view);
  auto kept = env.ledgers.term_policies().Find(kLedger, **view);
  REQUIRE_OK(kept);
  return *std::move(kept);
}

TEST_CASE("term policies: only what was recorded since is read", "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  CHECK(Kept(env)->empty());
  RecordOne(env, TermPolicy("first", 600'000));
  const std::string second = RecordOne(env, TermPolicy("second", 700'000));
  RecordOne(env, TermPolicy("fits-every-sale", 100'000));
  const auto two = Kept(env);
  REQUIRE(two->size() == 2);
  CHECK(Kept(env) == two);
  v1::Fact changed = TermPolicy("second", 800'000);
  changed.mutable_options()->set_supersedes(second);
  const std::string third = RecordOne(env, changed);
  const auto changed_two = Kept(env);
  REQUIRE(changed_two->size() == 2);
  // The very object: it was not read again.
  CHECK(changed_two->at(0) == two->at(0));
  CHECK(changed_two->at(1)->record.absolute_terms.front().ppm == 800'000);
  // One that no longer can be broken is not looked at any more.
  v1::Fact harmless = TermPolicy("second", 100'000);
  harmless.mutable_options()->set_supersedes(third);
  RecordOne(env, harmless);
  CHECK(Kept(env)->size() == 1);
}

TEST_CASE("term policies: of many the oldest in force are kept, however they came to be",
          "[server][settlement]") {
  constexpr std::size_t kMax = server::TermPolicies::kPolicyCountMax;
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  std::string first;
  std::vector<v1::Fact> others;
  for (std::size_t i = 0; i <= kMax; ++i) {
    v1::Fact policy = TermPolicy(StrCat("policy-", i), 600'000);
    if (i == 0) {
      first = RecordOne(env, policy);
    } else {
      others.push_back(policy);
    }
  }
  const auto begun = Kept(env);
  RecordFacts(env, others);
  const auto full = Kept(env);
  REQUIRE(full->size() == kMax);
  CHECK(full->back()->record.name == StrCat("policy-", kMax - 1));
  v1::Fact harmless = TermPolicy("policy-0", 100'000);
  harmless.mutable_options()->set_supersedes(first);
  RecordOne(env, harmless);
  const auto moved = Kept(env);
  REQUIRE(moved->size() == kMax);
  CHECK(moved->front()->record.name == "policy-1");
  CHECK(moved->back()->record.name == StrCat("policy-", kMax));
}

absl::Status Stream(server::Env& env, const v1::Fact& fact) {
  std::vector<v1::RecordDerivationStreamRequest> messages(1);
  v1::RecordDerivationStreamRequest::Header* header = messages[0].mutable_header();
  header->set_ledger(kLedger);
  *header->mutable_derivation() = fact.derivation().derivation();
  std::vector<v1::Edge> edges(fact.derivation().edges().begin(), fact.derivation().edges().end());
  std::sort(edges.begin(), edges.end(),
            [](const v1::Edge& a, const v1::Edge& b) { return a.input() < b.input(); });
  for (const v1::Edge& edge : edges) {
    v1::EdgeBlock* block = messages.emplace_back().mutable_edges();
    block->set_inputs(edge.input());
    block->add_weights(edge.weight());
    block->add_roles(edge.role());
    block->add_bases(edge.basis());
  }
  VectorSource<v1::RecordDerivationStreamRequest> source(std::move(messages));
  v1::RecordDerivationStreamResponse response;
  return server::RecordDerivationStream(env, source, &response);
}

TEST_CASE("policy: streamed lineage under which no sale could meet it is refused, too",
          "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  RecordFacts(env, {Asset("before", v1::ASSET_KIND_OUTPUT), Asset("after", v1::ASSET_KIND_OUTPUT)});
  const v1::Fact before = Derivation("before", {{"data", 1}, {"base", 1}}, 1);
  const v1::Fact after = Derivation("after", {{"data", 1}, {"base", 1}}, 1);
  REQUIRE_OK(Stream(env, before));
  v1::Fact policy = PolicyWithTerm("data", 300'000);
  v1::AbsoluteTerm* term = policy.mutable_policy()->add_absolute_terms();
  term->set_asset(Id("base"));
  term->set_ppm(200'001);
  const std::string id = RecordOne(env, policy);
  const absl::Status refused = Stream(env, after);
  CHECK_STATUS(refused, absl::StatusCode::kInvalidArgument);
  CHECK(FieldOf(refused) == "edges");
  // A retry of what was recorded before the policy is answered with its place.
  REQUIRE_OK(Stream(env, before));
  v1::Fact smaller = policy;
  smaller.mutable_policy()->mutable_absolute_terms(1)->set_ppm(200'000);
  smaller.mutable_options()->set_supersedes(id);
  RecordOne(env, smaller);
  REQUIRE_OK(Stream(env, after));
}

// Two terms that no sale can meet together.
v1::Fact ClashingTerms() {
  v1::Fact policy = PolicyWithTerm("data", 300'000);
  v1::AbsoluteTerm* term = policy.mutable_policy()->add_absolute_terms();
  term->set_asset(Id("base"));
  term->set_ppm(300'000);
  return policy;
}

TEST_CASE("policy: lineage that comes in one batch is seen as a whole", "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env, WrongWeights());
  RecordFacts(env, {Asset("known", v1::ASSET_KIND_MODEL_CHECKPOINT)});
  RecordOne(env, ClashingTerms());
  const auto is_last_refused = [&env](const std::vector<v1::Fact>& facts) {
    const v1::IngestResponse answer = IngestAll(env, facts);
    for (int i = 0; i + 1 < answer.results_size(); ++i) {
      INFO(answer.results(i).error().message());
      CHECK(answer.results(i).has_receipt());
    }
    const v1::FactResult& last = answer.results(answer.results_size() - 1);
    return last.error().code() == static_cast<int>(absl::StatusCode::kInvalidArgument) &&
           last.error().field() == "edges";
  };
  SECTION("of assets that come with it") {
    CHECK(
        is_last_refused({Asset("model", v1::ASSET_KIND_MODEL_CHECKPOINT),
                         Asset("out", v1::ASSET_KIND_OUTPUT), Derivation("model", {{"data", 1}}, 1),
                         Derivation("out", {{"model", 1}, {"base", 1}}, 1)}));
  }
  SECTION("of an asset that was there") {
    CHECK(
        is_last_refused({Asset("out", v1::ASSET_KIND_OUTPUT), Derivation("known", {{"data", 1}}, 1),
                         Derivation("out", {{"known", 1}, {"base", 1}}, 1)}));
  }
  SECTION("but what meets the policy is recorded") {
    RecordFacts(
        env, {Asset("model", v1::ASSET_KIND_MODEL_CHECKPOINT), Asset("out", v1::ASSET_KIND_OUTPUT),
              Derivation("model", {{"data", 1}}, 1), Derivation("out", {{"model", 1}}, 1)});
  }
}

TEST_CASE("walk gate: who finds it full waits for a place, or for the deadline", "[server]") {
  server::WalkGate gate;
  CancelToken cancel;
  auto first = gate.Enter(/*count_max=*/1, cancel);
  REQUIRE_OK(first);
  CancelToken expired;
  expired.Cancel(absl::StatusCode::kDeadlineExceeded);
  CHECK_STATUS(gate.Enter(1, expired), absl::StatusCode::kDeadlineExceeded);
  REQUIRE_OK(gate.Enter(2, cancel));
  std::atomic<bool> is_inside = false;
  std::thread second([&] {
    const auto permit = gate.Enter(1, cancel);
    is_inside = permit.ok();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  CHECK_FALSE(is_inside);
  { const auto gone = *std::move(first); }
  second.join();
  CHECK(is_inside);
}

TEST_CASE("sale: its check waits for a place among the walks", "[server][settlement]") {
  TestServer server;
  server::Env& env = server.env();
  server.limits().check_walk_count_max = 1;
  RecordFacts(env, WrongWeights());
  v1::Fact sale = Sale("order 1", "output", "1000");
  sale.mutable_sale()->set_policy(RecordOne(env, PolicyWithTerm("data", 100'000)));
  auto busy = env.ledgers.check_walks().Enter(1, env.cancel);
  REQUIRE_OK(busy);
  v1::RecordSaleRequest request;
  request.set_ledger(kLedger);
  *request.mutable_sale() = sale.sale();
  std::atomic<bool> is_recorded = false;
  std::thread writer([&] {
    v1::RecordSaleResponse response;
    is_recorded = server::RecordSale(env, request, &response).ok();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  CHECK_FALSE(is_recorded);
  { const auto gone = *std::move(busy); }
  writer.join();
  CHECK(is_recorded);
}

}  // namespace
}  // namespace tributary::test
