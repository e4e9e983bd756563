// Worked examples 2, 4 and 6 through sales and statements: small stories whose numbers a person can
// check by hand. Examples 3 and 5 are in statement_test.cc.

#include "graph/model/digest.h"
#include "graph/model/text.h"
#include "graph/model/uint128.h"
#include "tests/server/market.h"

namespace tributary::test {
namespace {

std::string Unclaimed(std::string_view asset) {
  return StrCat("unclaimed:", Sha256(asset).ToHex());
}
std::string Undisclosed(std::string_view asset) {
  return StrCat("undisclosed:", Sha256(asset).ToHex());
}

// What a recorded sale gives whom, in whole minor units.
Amounts SplitOf(server::Env& env, const std::string& reference) {
  const v1::GetSaleResponse response = SaleOf(env, reference);
  Amounts amounts;
  for (const v1::SaleLine& line : response.split().lines()) {
    const Uint128 grains = *FromBigEndian(line.grains());
    CAPTURE(line.payee());
    CHECK(static_cast<std::uint64_t>(grains) == 0);  // these examples leave no fraction
    amounts[line.payee()] = std::to_string(static_cast<std::uint64_t>(grains >> 64));
  }
  return amounts;
}

std::map<std::string, Uint128> Carries(const v1::ListStatementLinesResponse& response) {
  std::map<std::string, Uint128> carries;
  for (const v1::StatementLineView& line : response.lines()) {
    carries[line.line().payee()] = *FromBigEndian(line.line().carry());
  }
  return carries;
}

TEST_CASE("statement: worked example 2, a diamond is paid once",
          "[server][settlement][worked-example]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(
      env,
      {Euro(), Asset("data", v1::ASSET_KIND_WORK), Asset("base", v1::ASSET_KIND_MODEL_CHECKPOINT),
       Asset("A", v1::ASSET_KIND_MODEL_CHECKPOINT), Asset("B", v1::ASSET_KIND_MODEL_CHECKPOINT),
       Asset("output", v1::ASSET_KIND_OUTPUT), Derivation("base", {{"data", 1}}, 3, 1),
       Derivation("A", {{"base", 1}}, 1), Derivation("B", {{"base", 1}}, 1),
       Derivation("output", {{"A", 3}, {"B", 3}}, 4)});
  RecordOne(env, Sale("order 1", "output", "10000"));
  const Amounts expected{{Unclaimed("output"), "4000"}, {Unclaimed("A"), "1500"},
                         {Unclaimed("B"), "1500"},      {Unclaimed("base"), "1800"},
                         {Unclaimed("data"), "600"},    {"unattributed", "600"}};
  CHECK(SplitOf(env, "order 1") == expected);
  const v1::CloseStatementResponse closed = Close(env);
  CHECK(Paid(Lines(env, 1)) == expected);
  REQUIRE(closed.statement().totals_size() == 1);
  CHECK(closed.statement().totals(0).paid() == "10000");
  CHECK(closed.statement().totals(0).carry().empty());
}

TEST_CASE("statement: worked example 4, a source disclosed later changes no closed statement",
          "[server][settlement][worked-example]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env,
              {Party("sam"), Party("acme"), Party("ana"), Party("ben"), Euro(),
               Asset("B", v1::ASSET_KIND_DATASET), Asset("model", v1::ASSET_KIND_MODEL_CHECKPOINT),
               Asset("output", v1::ASSET_KIND_OUTPUT), Derivation("model", {{"B", 1}}, 3),
               Derivation("output", {{"model", 40}}, 60), Holders("output", {{"sam", 1}}),
               Holders("model", {{"acme", 1}})});
  const Amounts before{{Payee("sam"), "6000"}, {Payee("acme"), "3000"}, {Undisclosed("B"), "1000"}};
  RecordOne(env, Sale("order 1", "output", "10000"));
  const v1::CloseStatementResponse first = Close(env);
  const std::string first_lines = Lines(env, 1).SerializeAsString();
  CHECK(Paid(Lines(env, 1)) == before);

  RecordFacts(env, {Asset("A", v1::ASSET_KIND_DATASET), Asset("w1", v1::ASSET_KIND_WORK),
                    Asset("w2", v1::ASSET_KIND_WORK), Holders("w1", {{"ana", 1}}),
                    Holders("w2", {{"ben", 1}})});
  const std::string disclosed = RecordOne(env, Derivation("B", {{"A", 1}}, 0));
  const std::string traced = RecordOne(env, Derivation("A", {{"w1", 1}, {"w2", 1}}, 0));
  const Amounts after{{Payee("sam"), "6000"},
                      {Payee("acme"), "3000"},
                      {Payee("ana"), "500"},
                      {Payee("ben"), "500"}};
  RecordOne(env, Sale("order 2", "output", "10000"));
  v1::Fact pinned = Sale("order 3", "output", "10000");
  pinned.mutable_sale()->set_tree_size(first.statement().end());
  const std::string pinned_id = RecordOne(env, pinned);
  CHECK(SplitOf(env, "order 1") == before);
  CHECK(SplitOf(env, "order 2") == after);
  CHECK(SplitOf(env, "order 3") == before);
  v1::Fact reversal;
  reversal.mutable_reversal()->set_sale(pinned_id);
  RecordOne(env, reversal);
  Close(env);
  CHECK(Paid(Lines(env, 2)) == after);

  // What was held for the source goes to its own source, and that to the works, once somebody
  // decides so: each record is a cause by itself.
  MustPost(env, first.receipt().record_id(), disclosed, v1::ADJUSTMENT_MODE_CARRIED_FORWARD);
  MustPost(env, first.receipt().record_id(), traced, v1::ADJUSTMENT_MODE_CARRIED_FORWARD);
  Close(env);
  CHECK(Paid(Lines(env, 3)) == Amounts{{Payee("ana"), "500"}, {Payee("ben"), "500"}});
  const v1::ListStatementLinesResponse third = Lines(env, 3);
  for (const v1::StatementLineView& line : third.lines()) {
    CHECK(line.line().released() == (line.line().payee() == Undisclosed("B") ? "1000" : "0"));
  }
  CHECK(Payable(env, "ana") == "1000");
  v1::ListStatementLinesResponse again = Lines(env, 1);
  v1::ListStatementLinesResponse known;
  REQUIRE(known.ParseFromString(first_lines));
  again.set_tree_size(known.tree_size());  // asked later
  CHECK(again.SerializeAsString() == known.SerializeAsString());
}

TEST_CASE("statement: worked example 6, the thirds of a cent are carried until they make one",
          "[server][settlement][worked-example]") {
  TestServer server;
  server::Env& env = server.env();
  RecordFacts(env,
              {Party("p1"), Party("p2"), Party("p3"), Euro(), Asset("work", v1::ASSET_KIND_WORK),
               Holders("work", {{"p3", 1}, {"p1", 1}, {"p2", 1}})});
  constexpr Uint128 kCent = Uint128{1} << 64;
  RecordOne(env, Sale("order 1", "work", "100"));
  Close(env);
  // A quote of it says 34, 33, 33. A statement rounds nobody up: it carries what is left.
  CHECK(Paid(Lines(env, 1)) ==
        Amounts{{Payee("p1"), "33"}, {Payee("p2"), "33"}, {Payee("p3"), "33"}});
  auto carries = Carries(Lines(env, 1));
  CHECK(carries.at(Payee("p1")) == (kCent - 1) / 3);
  CHECK(carries.at(Payee("p2")) == (kCent - 1) / 3);
  CHECK(carries.at(Payee("p3")) == (kCent - 1) / 3 + 1);
  // Three of them in one statement leave no fraction.
  RecordFacts(env, {Sale("order 2", "work", "100"), Sale("order 3", "work", "100"),
                    Sale("order 4", "work", "100")});
  Close(env);
  CHECK(Paid(Lines(env, 2)) ==
        Amounts{{Payee("p1"), "100"}, {Payee("p2"), "100"}, {Payee("p3"), "100"}});
  CHECK(Carries(Lines(env, 2)) == carries);
  // Two more: of the grains that cutting a sale moves, p1 is short of one, and so of the cent.
  RecordFacts(env, {Sale("order 5", "work", "100"), Sale("order 6", "work", "100")});
  Close(env);
  CHECK(Paid(Lines(env, 3)) ==
        Amounts{{Payee("p1"), "66"}, {Payee("p2"), "67"}, {Payee("p3"), "67"}});
  carries = Carries(Lines(env, 3));
  CHECK(carries.at(Payee("p1")) == kCent - 1);
  CHECK(carries.at(Payee("p2")) == 0);
  CHECK(carries.at(Payee("p3")) == 1);
  CHECK(Payable(env, "p1") == "199");
  CHECK(Payable(env, "p3") == "200");
}

}  // namespace
}  // namespace tributary::test
