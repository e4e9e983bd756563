// Small stories whose numbers a person can check by hand, through the handlers.

#include <map>

#include "server/handlers/attribution.h"
#include "tests/server/test_server.h"
#include "tests/support/catch.h"

namespace tributary::test {
namespace {

// Payee -> minor units, without lines of nothing. Payees are named as people write them here.
using QuotedSplit = std::map<std::string, std::string>;

std::string PayeeName(const v1::QuoteLine& line) {
  switch (line.kind()) {
    case v1::LINE_KIND_PARTY:
      return line.party();
    case v1::LINE_KIND_UNCLAIMED:
      return "no payee: " + line.name();
    case v1::LINE_KIND_UNDISCLOSED:
      return "not disclosed: " + line.name();
    case v1::LINE_KIND_UNATTRIBUTED:
      return "unattributed";
    default:
      return "?";
  }
}

QuotedSplit Quote(server::Env& env, std::string_view asset, std::string_view amount,
                  std::optional<std::uint64_t> tree_size = std::nullopt) {
  v1::QuoteSplitRequest request;
  request.set_ledger(kLedger);
  request.set_asset_id(Id(asset));
  request.set_amount(std::string(amount));
  request.set_describe(true);
  if (tree_size.has_value()) request.mutable_at()->set_tree_size(*tree_size);
  v1::QuoteSplitResponse response;
  REQUIRE_OK(server::QuoteSplit(env, request, &response));
  QuotedSplit split;
  std::uint64_t sum = 0;
  for (const v1::QuoteLine& line : response.lines()) {
    sum += std::stoull(line.amount());
    if (line.amount() != "0") split[PayeeName(line)] = line.amount();
  }
  REQUIRE(std::to_string(sum) == amount);
  return split;
}

std::uint64_t TreeSizeOf(server::Env& env) {
  return (*env.ledgers.Find(kLedger))->head().tree_size.value;
}

TEST_CASE("worked example 1: the first sale", "[server][worked-example]") {
  TestServer server;
  RecordFacts(server.env(), {Party("sam"),
                             Party("acme"),
                             Party("dora"),
                             Party("pia"),
                             Party("ana"),
                             Party("ben"),
                             Asset("w1", v1::ASSET_KIND_WORK),
                             Asset("w2", v1::ASSET_KIND_WORK),
                             Asset("w3", v1::ASSET_KIND_WORK),
                             Asset("dataset", v1::ASSET_KIND_DATASET),
                             Asset("model", v1::ASSET_KIND_MODEL_CHECKPOINT),
                             Asset("prompt", v1::ASSET_KIND_PROMPT),
                             Asset("output", v1::ASSET_KIND_OUTPUT),
                             Derivation("dataset", {{"w1", 3}, {"w2", 3}, {"w3", 3}}, 1),
                             Derivation("model", {{"dataset", 1}}, 2),
                             Derivation("output", {{"model", 3}, {"prompt", 3}}, 4),
                             Holders("output", {{"sam", 1}}),
                             Holders("model", {{"acme", 1}}),
                             Holders("dataset", {{"dora", 1}}),
                             Holders("prompt", {{"pia", 1}}),
                             Holders("w1", {{"ana", 1}}),
                             Holders("w2", {{"ben", 1}})});
  REQUIRE(Quote(server.env(), "output", "12500") == QuotedSplit{{"sam", "5000"},
                                                                {"pia", "3750"},
                                                                {"acme", "2500"},
                                                                {"ana", "375"},
                                                                {"ben", "375"},
                                                                {"dora", "125"},
                                                                {"no payee: w3", "375"}});
}

TEST_CASE("worked example 2: a diamond is counted once", "[server][worked-example]") {
  TestServer server;
  RecordFacts(server.env(),
              {Asset("data", v1::ASSET_KIND_WORK), Asset("base", v1::ASSET_KIND_MODEL_CHECKPOINT),
               Asset("A", v1::ASSET_KIND_MODEL_CHECKPOINT),
               Asset("B", v1::ASSET_KIND_MODEL_CHECKPOINT), Asset("output", v1::ASSET_KIND_OUTPUT),
               Derivation("base", {{"data", 1}}, 3, 1), Derivation("A", {{"base", 1}}, 1),
               Derivation("B", {{"base", 1}}, 1), Derivation("output", {{"A", 3}, {"B", 3}}, 4)});
  REQUIRE(Quote(server.env(), "output", "10000") == QuotedSplit{{"no payee: output", "4000"},
                                                                {"no payee: A", "1500"},
                                                                {"no payee: B", "1500"},
                                                                {"no payee: base", "1800"},
                                                                {"no payee: data", "600"},
                                                                {"unattributed", "600"}});
}

TEST_CASE("worked example 4: a source disclosed later changes no older answer",
          "[server][worked-example]") {
  TestServer server;
  RecordFacts(
      server.env(),
      {Party("sam"), Party("acme"), Party("ana"), Party("ben"), Asset("B", v1::ASSET_KIND_DATASET),
       Asset("model", v1::ASSET_KIND_MODEL_CHECKPOINT), Asset("output", v1::ASSET_KIND_OUTPUT),
       Derivation("model", {{"B", 1}}, 3), Derivation("output", {{"model", 40}}, 60),
       Holders("output", {{"sam", 1}}), Holders("model", {{"acme", 1}})});
  const QuotedSplit before{{"sam", "6000"}, {"acme", "3000"}, {"not disclosed: B", "1000"}};
  REQUIRE(Quote(server.env(), "output", "10000") == before);
  const std::uint64_t old_size = TreeSizeOf(server.env());

  RecordFacts(server.env(), {Asset("A", v1::ASSET_KIND_DATASET), Asset("w1", v1::ASSET_KIND_WORK),
                             Asset("w2", v1::ASSET_KIND_WORK), Holders("w1", {{"ana", 1}}),
                             Holders("w2", {{"ben", 1}}), Derivation("B", {{"A", 1}}, 0),
                             Derivation("A", {{"w1", 1}, {"w2", 1}}, 0)});
  REQUIRE(Quote(server.env(), "output", "10000") ==
          QuotedSplit{{"sam", "6000"}, {"acme", "3000"}, {"ana", "500"}, {"ben", "500"}});
  REQUIRE(Quote(server.env(), "output", "10000", old_size) == before);
}

TEST_CASE("worked example 6: the spare cent of equal thirds goes to the smaller payee",
          "[server][worked-example]") {
  TestServer server;
  RecordFacts(server.env(),
              {Party("p1"), Party("p2"), Party("p3"), Asset("work", v1::ASSET_KIND_WORK),
               Holders("work", {{"p3", 1}, {"p1", 1}, {"p2", 1}})});
  REQUIRE(Quote(server.env(), "work", "100") ==
          QuotedSplit{{"p1", "34"}, {"p2", "33"}, {"p3", "33"}});
}

}  // namespace
}  // namespace tributary::test
