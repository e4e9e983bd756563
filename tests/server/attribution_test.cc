#include "server/handlers/attribution.h"

#include <map>

#include "graph/model/status.h"
#include "graph/model/uint128.h"
#include "tests/server/test_server.h"
#include "tests/support/catch.h"

namespace tributary::test {
namespace {

Grains ToGrains(const std::string& bytes) { return FromBigEndian(bytes).value(); }

Grains SumOf(const v1::ShareList& list) {
  Grains sum = ToGrains(list.others_grains());
  for (const v1::ShareLine& line : list.lines()) sum += ToGrains(line.grains());
  return sum;
}

// What every attribution must keep, whatever is listed.
void CheckConserved(const v1::Attribution& answer) {
  for (const v1::ShareList* list : {&answer.shares(), &answer.unclaimed(), &answer.undisclosed()}) {
    CHECK(SumOf(*list) == ToGrains(list->total_grains()));
  }
  CHECK(ToGrains(answer.shares().total_grains()) + ToGrains(answer.unclaimed().total_grains()) +
            ToGrains(answer.undisclosed().total_grains()) +
            ToGrains(answer.unattributed_grains()) ==
        ToGrains(answer.placed_grains()));
}

// An output of ten works, half of them held by one party, and of a dataset nobody disclosed.
void RecordPool(server::Env& env) {
  std::vector<v1::Fact> facts = {Party("ana"), Asset("output", v1::ASSET_KIND_OUTPUT),
                                 Asset("secret", v1::ASSET_KIND_DATASET)};
  std::vector<std::pair<std::string, std::uint64_t>> inputs = {{"secret", 5}};
  for (int i = 0; i < 10; ++i) {
    const std::string work = "work" + std::to_string(i);
    facts.push_back(Asset(work, v1::ASSET_KIND_WORK));
    if (i < 5) facts.push_back(Holders(work, {{"ana", 1}}));
    inputs.emplace_back(work, i < 2 ? 2 : 1);
  }
  facts.push_back(Derivation("output", inputs, 3, 4));
  RecordFacts(env, facts);
}

v1::AttributeAssetRequest RequestFor(std::string_view asset, v1::AttributionView view,
                                     std::uint32_t top_k = 0) {
  v1::AttributeAssetRequest request;
  request.set_ledger(kLedger);
  request.set_asset_id(Id(asset));
  request.set_view(view);
  request.set_top_k(top_k);
  return request;
}

v1::Attribution Attributed(server::Env& env, const v1::AttributeAssetRequest& request) {
  v1::AttributeAssetResponse response;
  REQUIRE_OK(server::AttributeAsset(env, request, &response));
  CheckConserved(response.attribution());
  return response.attribution();
}

TEST_CASE("attribute: by asset, greatest first, ties by asset id", "[server]") {
  TestServer server;
  RecordPool(server.env());
  v1::AttributeAssetRequest request = RequestFor("output", v1::ATTRIBUTION_VIEW_ASSETS);
  request.set_describe(true);
  const v1::Attribution answer = Attributed(server.env(), request);
  REQUIRE(answer.shares().lines_size() == 11);
  CHECK(answer.shares().lines(0).name() == "output");
  for (int i = 1; i < answer.shares().lines_size(); ++i) {
    const v1::ShareLine& before = answer.shares().lines(i - 1);
    const v1::ShareLine& line = answer.shares().lines(i);
    const Grains a = ToGrains(before.grains());
    const Grains b = ToGrains(line.grains());
    CHECK((a > b || (a == b && before.asset_id() < line.asset_id())));
    CHECK(line.kind() == v1::LINE_KIND_ASSET);
  }
  REQUIRE(answer.undisclosed().lines_size() == 1);
  CHECK(answer.undisclosed().lines(0).name() == "secret");
  CHECK(answer.asset_count() == 12);
  CHECK(answer.edge_count() == 11);
}

TEST_CASE("attribute: top k and one line of others add up", "[server]") {
  TestServer server;
  RecordPool(server.env());
  for (const std::uint32_t top_k : {1u, 2u, 3u, 10u, 11u, 12u}) {
    CAPTURE(top_k);
    const auto request = RequestFor("output", v1::ATTRIBUTION_VIEW_ASSETS, top_k);
    const v1::Attribution answer = Attributed(server.env(), request);
    CHECK(answer.shares().lines_size() == static_cast<int>(std::min(top_k, 11u)));
    CHECK(answer.shares().others_count() == 11 - std::min(top_k, 11u));
  }
}

TEST_CASE("attribute: by payee, what belongs to nobody stands apart", "[server]") {
  TestServer server;
  RecordPool(server.env());
  const v1::Attribution answer =
      Attributed(server.env(), RequestFor("output", v1::ATTRIBUTION_VIEW_PAYEES));
  REQUIRE(answer.shares().lines_size() == 1);
  CHECK(answer.shares().lines(0).party() == "ana");
  CHECK(answer.unclaimed().lines_size() == 6);  // the output and five works
  CHECK(answer.undisclosed().lines_size() == 1);
  CHECK_FALSE(answer.unattributed_grains().empty());
}

TEST_CASE("attribute: too many lines are refused, never cut", "[server]") {
  TestServer server;
  RecordPool(server.env());
  server.limits().attribution_line_count_max = 5;
  v1::AttributeAssetResponse response;
  for (const auto view : {v1::ATTRIBUTION_VIEW_ASSETS, v1::ATTRIBUTION_VIEW_PAYEES}) {
    const absl::Status status =
        server::AttributeAsset(server.env(), RequestFor("output", view), &response);
    CHECK_STATUS(status, absl::StatusCode::kResourceExhausted);
    CHECK(std::string(status.message()).find("attribution_line_count_max") != std::string::npos);
    CHECK_STATUS(server::AttributeAsset(server.env(), RequestFor("output", view, 6), &response),
                 absl::StatusCode::kResourceExhausted);
    Attributed(server.env(), RequestFor("output", view, 5));
  }
}

TEST_CASE("attribute: errors name what is wrong", "[server]") {
  TestServer server;
  RecordPool(server.env());
  v1::AttributeAssetResponse response;
  absl::Status status = server::AttributeAsset(
      server.env(), RequestFor("nobody knows", v1::ATTRIBUTION_VIEW_ASSETS), &response);
  CHECK_STATUS(status, absl::StatusCode::kNotFound);
  CHECK(FieldOf(status) == "asset_id");
  v1::AttributeAssetRequest request = RequestFor("output", v1::ATTRIBUTION_VIEW_ASSETS);
  request.set_asset_id("short");
  CHECK_STATUS(server::AttributeAsset(server.env(), request, &response),
               absl::StatusCode::kInvalidArgument);
  request = RequestFor("output", static_cast<v1::AttributionView>(9));
  CHECK_STATUS(server::AttributeAsset(server.env(), request, &response),
               absl::StatusCode::kInvalidArgument);
  server.limits().walk_edge_count_max = 10;
  status = server::AttributeAsset(server.env(), RequestFor("output", v1::ATTRIBUTION_VIEW_ASSETS),
                                  &response);
  CHECK_STATUS(status, absl::StatusCode::kResourceExhausted);
  CHECK(FieldOf(status) == "walk_edge_count_max");
}

TEST_CASE("attribute: a fired token stops the call", "[server]") {
  TestServer server;
  RecordPool(server.env());
  server.cancel().Cancel(absl::StatusCode::kDeadlineExceeded);
  v1::AttributeAssetResponse response;
  CHECK_STATUS(server::AttributeAsset(server.env(),
                                      RequestFor("output", v1::ATTRIBUTION_VIEW_ASSETS), &response),
               absl::StatusCode::kDeadlineExceeded);
}

TEST_CASE("attribute stream: the same lines and totals as the unary answer", "[server]") {
  TestServer server;
  RecordPool(server.env());
  const auto view = GENERATE(v1::ATTRIBUTION_VIEW_ASSETS, v1::ATTRIBUTION_VIEW_PAYEES);
  const v1::Attribution expected = Attributed(server.env(), RequestFor("output", view));
  v1::AttributeAssetStreamRequest request;
  request.set_ledger(kLedger);
  request.set_asset_id(Id("output"));
  request.set_view(view);
  VectorSink<v1::AttributeAssetStreamResponse> sink;
  REQUIRE_OK(server::AttributeAssetStream(server.env(), request, sink));
  REQUIRE(sink.messages.front().has_header());
  REQUIRE(sink.messages.back().has_totals());

  std::map<std::string, std::string> streamed;  // id -> grains as the unary answer writes them
  for (const auto& message : sink.messages) {
    if (!message.has_block()) continue;
    const auto& block = message.block();
    std::string last;
    for (std::size_t i = 0; i * 16 < block.grains().size(); ++i) {
      const bool party = block.kind() == v1::LINE_KIND_PARTY;
      const std::string id =
          party ? block.parties(static_cast<int>(i)) : block.asset_ids().substr(i * 32, 32);
      CHECK(last < id);
      last = id;
      streamed[id] = block.grains().substr(i * 16, 16);
    }
  }
  std::uint64_t line_count = 0;
  for (const auto* list : {&expected.shares(), &expected.unclaimed(), &expected.undisclosed()}) {
    for (const v1::ShareLine& line : list->lines()) {
      const std::string& id = line.party().empty() ? line.asset_id() : line.party();
      const std::string padded = std::string(16 - line.grains().size(), '\0') + line.grains();
      CHECK(streamed[id] == padded);
      ++line_count;
    }
  }
  const auto& totals = sink.messages.back().totals();
  CHECK(totals.line_count() == line_count);
  CHECK(streamed.size() == line_count);
  CHECK(totals.shares_grains() == expected.shares().total_grains());
  CHECK(totals.unclaimed_grains() == expected.unclaimed().total_grains());
  CHECK(totals.undisclosed_grains() == expected.undisclosed().total_grains());
  CHECK(totals.unattributed_grains() == expected.unattributed_grains());
}

TEST_CASE("attribute batch: one answer each, in order, and errors of single assets", "[server]") {
  TestServer server;
  RecordPool(server.env());
  v1::AttributeBatchRequest request;
  request.set_ledger(kLedger);
  request.set_top_k(1);
  for (const char* asset : {"output", "nobody knows", "work3"}) request.add_asset_ids(Id(asset));
  VectorSink<v1::AttributeBatchResponse> sink;
  REQUIRE_OK(server::AttributeBatch(server.env(), request, sink));
  REQUIRE(sink.messages.size() == 3);
  CHECK(sink.messages[0].attribution().asset_id() == Id("output"));
  CheckConserved(sink.messages[0].attribution());
  CHECK(sink.messages[1].error().field() == "asset_ids[1]");
  CHECK(sink.messages[1].index() == 1);
  CHECK(sink.messages[2].attribution().shares().lines(0).asset_id() == Id("work3"));
}

TEST_CASE("quote: an amount is digits within its bound", "[server]") {
  TestServer server;
  RecordPool(server.env());
  v1::QuoteSplitRequest request;
  request.set_ledger(kLedger);
  request.set_asset_id(Id("output"));
  v1::QuoteSplitResponse response;
  for (const char* amount : {"", "-1", "1.5", "01", "1e3"}) {
    CAPTURE(amount);
    request.set_amount(amount);
    const absl::Status status = server::QuoteSplit(server.env(), request, &response);
    CHECK_STATUS(status, absl::StatusCode::kInvalidArgument);
    CHECK(FieldOf(status) == "amount");
  }
  request.set_amount("9223372036854775808");  // 2^63: with 64 fraction bits 2^127
  CHECK_STATUS(server::QuoteSplit(server.env(), request, &response), absl::StatusCode::kOutOfRange);
  request.set_fraction_bits(32);
  REQUIRE_OK(server::QuoteSplit(server.env(), request, &response));
  request.set_fraction_bits(65);
  CHECK_STATUS(server::QuoteSplit(server.env(), request, &response),
               absl::StatusCode::kInvalidArgument);
}

TEST_CASE("quote: what is not listed is one exact amount", "[server]") {
  TestServer server;
  RecordPool(server.env());
  v1::QuoteSplitRequest request;
  request.set_ledger(kLedger);
  request.set_asset_id(Id("output"));
  request.set_amount("9997");
  v1::QuoteSplitResponse all;
  REQUIRE_OK(server::QuoteSplit(server.env(), request, &all));
  CHECK(all.others_amount() == "0");
  request.set_top_k(2);
  v1::QuoteSplitResponse top;
  REQUIRE_OK(server::QuoteSplit(server.env(), request, &top));
  REQUIRE(top.lines_size() == 2);
  CHECK(top.others_count() == static_cast<std::uint64_t>(all.lines_size() - 2));
  std::uint64_t sum = std::stoull(top.others_amount());
  for (int i = 0; i < 2; ++i) {
    CHECK(top.lines(i).SerializeAsString() == all.lines(i).SerializeAsString());
    sum += std::stoull(top.lines(i).amount());
  }
  CHECK(sum == 9997);
}

}  // namespace
}  // namespace tributary::test
