// Reads of assets, records, lists and walks, through the handlers.

#include <algorithm>
#include <set>

#include "graph/model/status.h"
#include "graph/model/uint128.h"
#include "server/handlers/list.h"
#include "server/handlers/read.h"
#include "server/handlers/record.h"
#include "server/handlers/walk.h"
#include "tests/server/test_server.h"
#include "tests/support/catch.h"

namespace tributary::test {
namespace {

template <typename Request>
Request For(std::string_view asset = "") {
  Request request;
  request.set_ledger(kLedger);
  if constexpr (requires { request.set_asset_id(Id(asset)); }) {
    if (!asset.empty()) request.set_asset_id(Id(asset));
  }
  return request;
}

// Two works, a dataset of both, a model of the dataset and a prompt, an output of both.
void RecordFamily(server::Env& env) {
  RecordFacts(
      env,
      {Party("acme"), Party("dora"), Asset("w1", v1::ASSET_KIND_WORK),
       Asset("w2", v1::ASSET_KIND_WORK), Asset("dataset", v1::ASSET_KIND_DATASET),
       Asset("model", v1::ASSET_KIND_MODEL_CHECKPOINT), Asset("prompt", v1::ASSET_KIND_PROMPT),
       Asset("output", v1::ASSET_KIND_OUTPUT), Derivation("dataset", {{"w1", 3}, {"w2", 1}}, 0),
       Derivation("model", {{"dataset", 1}}, 1),
       Derivation("output", {{"model", 2}, {"prompt", 1}}, 1), Holders("dataset", {{"dora", 1}}),
       Holders("model", {{"acme", 2}, {"dora", 1}}), Alias("hf:acme/model@1", "model"),
       Alias("hf:acme/model@main", "model"), Alias("hf:dora/dataset", "dataset")});
}

TEST_CASE("get asset: shows all that is in force", "[server]") {
  TestServer server;
  RecordFamily(server.env());
  v1::GetAssetResponse answer;
  REQUIRE_OK(server::GetAsset(server.env(), For<v1::GetAssetRequest>("model"), &answer));
  CHECK(answer.tree_size() == 17);
  CHECK(answer.asset().name() == "model");
  CHECK(answer.asset().asset() == Id("model"));
  CHECK(answer.first_position() == 6);
  CHECK(answer.derivation().retained() == 1);
  CHECK(answer.derivation().edge_count() == 1);
  CHECK(answer.derivation_record().position() == 10);
  REQUIRE(answer.holders().holders_size() == 2);
  CHECK(answer.holders().holders(0).party() == "acme");
  CHECK(std::vector<std::string>(answer.aliases().begin(), answer.aliases().end()) ==
        std::vector<std::string>{"hf:acme/model@1", "hf:acme/model@main"});
}

TEST_CASE("reads: the same tree size has the same answer for ever", "[server]") {
  TestServer server;
  RecordFamily(server.env());
  v1::GetAssetRequest request = For<v1::GetAssetRequest>("model");
  v1::GetAssetResponse before;
  REQUIRE_OK(server::GetAsset(server.env(), request, &before));
  v1::Fact changed = Asset("model", v1::ASSET_KIND_MODEL_CHECKPOINT);
  changed.mutable_asset()->set_name("renamed");
  changed.mutable_options()->set_supersedes(before.record().record_id());
  RecordFacts(server.env(), {changed});

  v1::GetAssetResponse now;
  REQUIRE_OK(server::GetAsset(server.env(), request, &now));
  CHECK(now.asset().name() == "renamed");
  CHECK(now.first_position() == before.first_position());
  request.mutable_at()->set_tree_size(before.tree_size());
  v1::GetAssetResponse again;
  REQUIRE_OK(server::GetAsset(server.env(), request, &again));
  CHECK(again.SerializeAsString() == before.SerializeAsString());

  v1::GetRecordRequest record_request = For<v1::GetRecordRequest>();
  record_request.set_record_id(before.record().record_id());
  v1::GetRecordResponse record;
  REQUIRE_OK(server::GetRecord(server.env(), record_request, &record));
  CHECK(record.superseded_by() == now.record().record_id());
  CHECK(Sha256(record.record().canonical_bytes()).view() == before.record().record_id());
  record_request.mutable_at()->set_tree_size(before.tree_size());
  record.Clear();
  REQUIRE_OK(server::GetRecord(server.env(), record_request, &record));
  CHECK(record.superseded_by().empty());
}

TEST_CASE("reads: a read point outside the ledger names its field", "[server]") {
  TestServer server;
  v1::ListAssetsRequest request = For<v1::ListAssetsRequest>();
  v1::ListAssetsResponse answer;
  for (const std::uint64_t tree_size : {0, 2}) {
    request.mutable_at()->set_tree_size(tree_size);
    const absl::Status status = server::ListAssets(server.env(), request, &answer);
    CHECK_STATUS(status, absl::StatusCode::kOutOfRange);
    CHECK(FieldOf(status) == "at.tree_size");
  }
  request.mutable_at()->set_time_ms(1);
  const absl::Status status = server::ListAssets(server.env(), request, &answer);
  CHECK_STATUS(status, absl::StatusCode::kOutOfRange);
  CHECK(FieldOf(status) == "at.time_ms");
  request.set_ledger("no/such");
  CHECK_STATUS(server::ListAssets(server.env(), request, &answer), absl::StatusCode::kNotFound);
}

TEST_CASE("reads: a time stands for the records accepted until then", "[server]") {
  std::uint64_t now = 1'000;
  LedgerOptions options;
  options.now = [&now] { return TimeMs{now}; };
  TestServer server(options);
  now = 2'000;
  RecordFacts(server.env(), {Asset("a", v1::ASSET_KIND_WORK), Asset("b", v1::ASSET_KIND_WORK)});
  now = 3'000;
  RecordFacts(server.env(), {Asset("c", v1::ASSET_KIND_WORK)});
  RecordFacts(server.env(), {Asset("d", v1::ASSET_KIND_WORK)});
  v1::ListAssetsRequest request = For<v1::ListAssetsRequest>();
  v1::ListAssetsResponse by_time;
  v1::ListAssetsResponse by_size;
  struct Known {
    std::int64_t time_ms;
    std::uint64_t tree_size;
  };
  for (const Known& known : {Known{1'000, 1}, Known{1'999, 1}, Known{2'000, 3}, Known{2'001, 3},
                             Known{2'999, 3}, Known{3'000, 5}, Known{253'402'300'799'999, 5}}) {
    CAPTURE(known.time_ms);
    by_time.Clear();
    by_size.Clear();
    request.mutable_at()->set_time_ms(known.time_ms);
    REQUIRE_OK(server::ListAssets(server.env(), request, &by_time));
    CHECK(by_time.tree_size() == known.tree_size);
    CHECK(static_cast<std::uint64_t>(by_time.assets_size()) == known.tree_size - 1);
    request.mutable_at()->set_tree_size(known.tree_size);
    REQUIRE_OK(server::ListAssets(server.env(), request, &by_size));
    CHECK(by_time.SerializeAsString() == by_size.SerializeAsString());
  }
  request.mutable_at()->set_time_ms(999);
  CHECK_STATUS(server::ListAssets(server.env(), request, &by_time), absl::StatusCode::kOutOfRange);
  for (const std::int64_t never : {std::int64_t{-1}, std::int64_t{253'402'300'800'000}}) {
    request.mutable_at()->set_time_ms(never);
    const absl::Status status = server::ListAssets(server.env(), request, &by_time);
    CHECK_STATUS(status, absl::StatusCode::kInvalidArgument);
    CHECK(FieldOf(status) == "at.time_ms");
  }
}

TEST_CASE("details: read by a call of their own, and absent is not an error of form", "[server]") {
  TestServer server;
  v1::Fact party = Party("ana");
  party.mutable_options()->mutable_details()->set_salt(std::string(32, 's'));
  party.mutable_options()->mutable_details()->set_content("Ana Example, Example Street 1");
  const v1::IngestResponse answer = IngestAll(server.env(), {party, Party("ben")});
  v1::GetDetailsRequest request = For<v1::GetDetailsRequest>();
  request.set_record_id(answer.results(0).receipt().record_id());
  v1::GetDetailsResponse details;
  REQUIRE_OK(server::GetDetails(server.env(), request, &details));
  CHECK(details.details().content() == "Ana Example, Example Street 1");
  CHECK(details.tree_size() == 3);
  request.mutable_at()->set_tree_size(1);  // before the record
  CHECK_STATUS(server::GetDetails(server.env(), request, &details), absl::StatusCode::kNotFound);
  request.clear_at();
  request.set_record_id(answer.results(1).receipt().record_id());
  CHECK_STATUS(server::GetDetails(server.env(), request, &details), absl::StatusCode::kNotFound);
}

std::vector<std::string> NamesOf(
    const google::protobuf::RepeatedPtrField<v1::AssetSummary>& assets) {
  std::vector<std::string> names;
  for (const v1::AssetSummary& asset : assets) names.push_back(asset.name());
  return names;
}

TEST_CASE("resolve asset: id, alias, name and id prefix, in this order", "[server]") {
  TestServer server;
  RecordFamily(server.env());
  const auto resolve = [&server](const std::string& text) {
    v1::ResolveAssetRequest request = For<v1::ResolveAssetRequest>();
    request.set_text(text);
    v1::ResolveAssetResponse answer;
    REQUIRE_OK(server::ResolveAsset(server.env(), request, &answer));
    return answer;
  };
  const std::string hex = Sha256("model").ToHex();
  for (const auto& [text, by] :
       {std::pair(hex, v1::ResolveAssetResponse::MATCHED_BY_ID),
        std::pair(std::string("hf:acme/model@1"), v1::ResolveAssetResponse::MATCHED_BY_ALIAS),
        std::pair(std::string("model"), v1::ResolveAssetResponse::MATCHED_BY_NAME),
        std::pair(hex.substr(0, 9), v1::ResolveAssetResponse::MATCHED_BY_ID_PREFIX)}) {
    CAPTURE(text);
    const v1::ResolveAssetResponse answer = resolve(text);
    CHECK(answer.matched_by() == by);
    CHECK(NamesOf(answer.matches()) == std::vector<std::string>{"model"});
    CHECK_FALSE(answer.more());
  }
  CHECK(resolve("nothing of the kind").matches().empty());
  CHECK(resolve(hex.substr(0, 3)).matches().empty());  // too short to mean an id
}

// All pages of a list, each of at most `page_size`.
std::vector<std::string> AllPages(server::Env& env, v1::ListAssetsRequest request,
                                  std::uint32_t page_size) {
  request.set_page_size(page_size);
  std::vector<std::string> names;
  for (int page = 0; page < 100; ++page) {
    v1::ListAssetsResponse answer;
    REQUIRE_OK(server::ListAssets(env, request, &answer));
    CHECK(answer.assets_size() <= static_cast<int>(page_size));
    for (const std::string& name : NamesOf(answer.assets())) names.push_back(name);
    if (answer.next_page_token().empty()) return names;
    request.set_page_token(answer.next_page_token());
  }
  FAIL("the list does not end");
  return names;
}

TEST_CASE("list assets: pages of any size give the same list, once", "[server]") {
  TestServer server;
  RecordFamily(server.env());
  const std::uint32_t page_size = GENERATE(1u, 2u, 3u, 100u);
  CAPTURE(page_size);
  v1::ListAssetsRequest request = For<v1::ListAssetsRequest>();
  CHECK(AllPages(server.env(), request, page_size) ==
        std::vector<std::string>{"w1", "w2", "dataset", "model", "prompt", "output"});
  request.add_kinds(v1::ASSET_KIND_WORK);
  request.add_kinds(v1::ASSET_KIND_OUTPUT);
  CHECK(AllPages(server.env(), request, page_size) ==
        std::vector<std::string>{"w1", "w2", "output"});
  request = For<v1::ListAssetsRequest>();
  request.set_party("dora");
  CHECK(AllPages(server.env(), request, page_size) == std::vector<std::string>{"dataset", "model"});
  request.add_kinds(v1::ASSET_KIND_DATASET);
  CHECK(AllPages(server.env(), request, page_size) == std::vector<std::string>{"dataset"});
  request = For<v1::ListAssetsRequest>();
  request.set_alias_prefix("hf:");
  CHECK(AllPages(server.env(), request, page_size) == std::vector<std::string>{"model", "dataset"});
  request.set_alias_prefix("hf:dora/");
  CHECK(AllPages(server.env(), request, page_size) == std::vector<std::string>{"dataset"});
  request = For<v1::ListAssetsRequest>();
  request.set_accepted_from_ms(0);
  CHECK(AllPages(server.env(), request, page_size).size() == 6);
  request.set_accepted_before_ms(1'000);
  CHECK(AllPages(server.env(), request, page_size).empty());
}

TEST_CASE("list assets: a page ends before it is too large to send", "[server]") {
  TestServer server;
  std::vector<v1::Fact> facts;
  constexpr int kAssetCount = 4'000;
  for (int i = 0; i < kAssetCount; ++i) {
    facts.push_back(Asset("asset" + std::to_string(i), v1::ASSET_KIND_WORK));
    facts.back().mutable_asset()->mutable_name()->resize(1'000, 'x');
  }
  RecordFacts(server.env(), facts);
  v1::ListAssetsRequest request = For<v1::ListAssetsRequest>();
  request.set_page_size(kAssetCount);
  v1::ListAssetsResponse page;
  REQUIRE_OK(server::ListAssets(server.env(), request, &page));
  CHECK(page.assets_size() < kAssetCount);
  CHECK(page.ByteSizeLong() < (3u << 20));
  CHECK(AllPages(server.env(), request, kAssetCount).size() == kAssetCount);
}

TEST_CASE("list assets: pages show the state of the first page", "[server]") {
  TestServer server;
  RecordFamily(server.env());
  v1::ListAssetsRequest request = For<v1::ListAssetsRequest>();
  request.set_page_size(4);
  v1::ListAssetsResponse first;
  REQUIRE_OK(server::ListAssets(server.env(), request, &first));
  RecordFacts(server.env(), {Asset("late", v1::ASSET_KIND_WORK)});
  request.set_page_token(first.next_page_token());
  v1::ListAssetsResponse second;
  REQUIRE_OK(server::ListAssets(server.env(), request, &second));
  CHECK(second.tree_size() == first.tree_size());
  CHECK(NamesOf(second.assets()) == std::vector<std::string>{"prompt", "output"});
}

TEST_CASE("list assets: a page token fits its own request alone", "[server]") {
  TestServer server;
  RecordFamily(server.env());
  v1::ListAssetsRequest request = For<v1::ListAssetsRequest>();
  request.set_page_size(1);
  v1::ListAssetsResponse answer;
  REQUIRE_OK(server::ListAssets(server.env(), request, &answer));
  const std::string token = answer.next_page_token();
  REQUIRE_FALSE(token.empty());
  request.set_page_token(token);
  request.add_kinds(v1::ASSET_KIND_WORK);
  absl::Status status = server::ListAssets(server.env(), request, &answer);
  CHECK_STATUS(status, absl::StatusCode::kInvalidArgument);
  CHECK(FieldOf(status) == "page_token");
  request.clear_kinds();
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string spoilt = token;
    spoilt[i] = static_cast<char>(spoilt[i] ^ 1);
    request.set_page_token(spoilt);
    status = server::ListAssets(server.env(), request, &answer);
    CHECK_STATUS(status, absl::StatusCode::kInvalidArgument);
  }
  request.clear_page_token();
  request.set_page_size(1'000'000);
  CHECK_STATUS(server::ListAssets(server.env(), request, &answer),
               absl::StatusCode::kResourceExhausted);
}

TEST_CASE("list edges: upstream and downstream, by pages", "[server]") {
  TestServer server;
  RecordFamily(server.env());
  v1::ListEdgesRequest request = For<v1::ListEdgesRequest>("dataset");
  request.set_direction(v1::DIRECTION_UPSTREAM);
  request.set_page_size(1);
  std::vector<v1::LineageEdge> edges;
  do {
    v1::ListEdgesResponse page;
    REQUIRE_OK(server::ListEdges(server.env(), request, &page));
    REQUIRE(page.edges_size() == 1);
    edges.push_back(page.edges(0));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  REQUIRE(edges.size() == 2);
  CHECK(edges[0].input() < edges[1].input());
  CHECK(edges[0].generated() == Id("dataset"));
  CHECK(edges[1].cumulative_weight() == 4);
  CHECK(edges[0].cumulative_weight() == edges[0].weight());
  CHECK(edges[1].edge_index() == 1);
  CHECK(edges[0].denominator() == 4);

  request = For<v1::ListEdgesRequest>("dataset");
  request.set_direction(v1::DIRECTION_DOWNSTREAM);
  v1::ListEdgesResponse downstream;
  REQUIRE_OK(server::ListEdges(server.env(), request, &downstream));
  REQUIRE(downstream.edges_size() == 1);
  CHECK(downstream.edges(0).generated() == Id("model"));
  CHECK(downstream.edges(0).input() == Id("dataset"));
  request.set_direction(v1::DIRECTION_UNSPECIFIED);
  CHECK_STATUS(server::ListEdges(server.env(), request, &downstream),
               absl::StatusCode::kInvalidArgument);
}

TEST_CASE("get edges: pages of a derivation, in force or superseded", "[server]") {
  TestServer server;
  RecordFamily(server.env());
  v1::GetEdgesRequest request = For<v1::GetEdgesRequest>();
  request.set_generated(Id("dataset"));
  request.set_first_index(1);
  v1::GetEdgesResponse page;
  REQUIRE_OK(server::GetEdges(server.env(), request, &page));
  CHECK(page.derivation().edge_count() == 2);
  CHECK(page.edges().inputs() == std::max(Id("w1"), Id("w2")));
  CHECK(page.cumulative_before() + page.edges().weights(0) == 4);
  const std::string old_record = page.record().record_id();

  v1::Fact changed = Derivation("dataset", {{"w1", 1}}, 1);
  changed.mutable_options()->set_supersedes(old_record);
  RecordFacts(server.env(), {changed});
  request.clear_generated();
  request.set_first_index(0);
  request.set_record_id(old_record);
  page.Clear();
  REQUIRE_OK(server::GetEdges(server.env(), request, &page));
  CHECK(page.edges().weights_size() == 2);
  request.set_first_index(3);
  CHECK_STATUS(server::GetEdges(server.env(), request, &page), absl::StatusCode::kOutOfRange);
}

std::vector<v1::TraverseResponse> Walk(server::Env& env, const v1::TraverseRequest& request) {
  VectorSink<v1::TraverseResponse> sink;
  REQUIRE_OK(server::TraverseLineage(env, request, sink));
  REQUIRE(sink.messages.back().has_summary());
  return sink.messages;
}

TEST_CASE("traverse: each asset once with its distance, edges once, and a summary", "[server]") {
  TestServer server;
  RecordFamily(server.env());
  v1::TraverseRequest request = For<v1::TraverseRequest>("output");
  request.set_direction(v1::DIRECTION_UPSTREAM);
  request.set_include_edges(true);
  request.set_describe(true);
  std::vector<std::pair<std::string, std::uint32_t>> met;
  std::set<std::pair<std::string, std::string>> edges;
  const auto messages = Walk(server.env(), request);
  for (const v1::TraverseResponse& message : messages) {
    for (const auto& asset : message.assets()) met.emplace_back(asset.name(), asset.depth());
    for (const auto& edge : message.edges()) {
      CHECK(edges.emplace(edge.generated(), edge.input()).second);
    }
  }
  CHECK(met ==
        std::vector<std::pair<std::string, std::uint32_t>>{
            {"output", 0}, {"model", 1}, {"prompt", 1}, {"dataset", 2}, {"w1", 3}, {"w2", 3}});
  CHECK(edges.size() == 5);
  CHECK(edges.contains({Id("output"), Id("prompt")}));
  const v1::TraverseSummary& summary = messages.back().summary();
  CHECK(summary.asset_count() == 6);
  CHECK(summary.edge_count() == 5);
  CHECK(summary.depth() == 3);
  CHECK(summary.count_by_kind(v1::ASSET_KIND_WORK) == 2);
}

TEST_CASE("traverse: kinds filter what is listed, depth where the walk ends", "[server]") {
  TestServer server;
  RecordFamily(server.env());
  v1::TraverseRequest request = For<v1::TraverseRequest>("w1");
  request.set_direction(v1::DIRECTION_DOWNSTREAM);
  request.add_kinds(v1::ASSET_KIND_OUTPUT);
  auto messages = Walk(server.env(), request);
  CHECK(messages.back().summary().asset_count() == 4);
  CHECK(messages.back().summary().listed_count() == 1);
  CHECK(messages[0].assets(0).asset_id() == Id("output"));

  request.clear_kinds();
  request.set_depth_max(1);
  request.set_include_edges(true);
  messages = Walk(server.env(), request);
  CHECK(messages.back().summary().asset_count() == 2);
  CHECK(messages.back().summary().unexpanded_count() == 1);
  int edge_count = 0;
  for (const auto& message : messages) edge_count += message.edges_size();
  CHECK(edge_count == 1);
}

TEST_CASE("traverse: a limit is an error that names it", "[server]") {
  TestServer server;
  RecordFamily(server.env());
  server.limits().walk_asset_count_max = 3;
  v1::TraverseRequest request = For<v1::TraverseRequest>("output");
  request.set_direction(v1::DIRECTION_UPSTREAM);
  VectorSink<v1::TraverseResponse> sink;
  const absl::Status status = server::TraverseLineage(server.env(), request, sink);
  CHECK_STATUS(status, absl::StatusCode::kResourceExhausted);
  CHECK(FieldOf(status) == "walk_asset_count_max");
}

TEST_CASE("explain path: heaviest first, with what they cover", "[server]") {
  TestServer server;
  RecordFamily(server.env());
  // A second way from the output to w1, lighter than the first.
  RecordFacts(server.env(), {Asset("remix", v1::ASSET_KIND_OUTPUT),
                             Derivation("remix", {{"output", 6}, {"w1", 1}}, 1)});
  v1::ExplainPathRequest request = For<v1::ExplainPathRequest>();
  request.set_target(Id("remix"));
  request.set_source(Id("w1"));
  request.set_path_count(1);
  request.set_describe(true);
  v1::ExplainPathResponse answer;
  REQUIRE_OK(server::ExplainPath(server.env(), request, &answer));
  REQUIRE(answer.paths_size() == 1);
  CHECK(answer.more());
  // remix 6/8 output 2/4 model 1/2 dataset 3/4 w1 = 9/64, against 1/8 = 8/64 directly.
  CHECK(answer.paths(0).steps_size() == 5);
  CHECK(answer.paths(0).grains() == ToBigEndian(kShareGrains / 64 * 9));
  CHECK(answer.inflow_grains() == ToBigEndian(kShareGrains / 64 * 17));
  CHECK(answer.paths(0).steps(1).name() == "output");
  CHECK(answer.paths(0).steps(1).weight() == 6);
  CHECK(answer.paths(0).steps(1).denominator() == 8);

  request.set_path_count(2);
  REQUIRE_OK(server::ExplainPath(server.env(), request, &(answer = {})));
  CHECK(answer.paths_size() == 2);
  CHECK_FALSE(answer.more());
  CHECK(answer.covered_grains() == answer.inflow_grains());

  request.set_source(Id("remix"));
  request.set_target(Id("w1"));
  REQUIRE_OK(server::ExplainPath(server.env(), request, &(answer = {})));
  CHECK(answer.paths().empty());
  request.set_path_count(1'000);
  CHECK_STATUS(server::ExplainPath(server.env(), request, &answer),
               absl::StatusCode::kResourceExhausted);
}

TEST_CASE("record: one call a fact, idempotent, and its conflicts shown", "[server]") {
  TestServer server;
  v1::RecordAssetRequest request = For<v1::RecordAssetRequest>();
  request.mutable_asset()->set_kind(v1::ASSET_KIND_MODEL_CHECKPOINT);
  request.mutable_asset()->set_id_method(v1::ID_METHOD_NAMED);
  request.mutable_asset()->mutable_named_as()->set_name("llama");
  v1::RecordAssetResponse first;
  REQUIRE_OK(server::RecordAsset(server.env(), request, &first));
  CHECK(first.asset_id() == NamedAssetId({"", "llama", ""}).view());
  v1::RecordAssetResponse second;
  REQUIRE_OK(server::RecordAsset(server.env(), request, &second));
  CHECK(second.receipt().already_recorded());
  CHECK(second.receipt().position() == first.receipt().position());

  request.mutable_asset()->set_license("MIT");
  const absl::Status conflict = server::RecordAsset(server.env(), request, &second);
  CHECK_STATUS(conflict, absl::StatusCode::kAlreadyExists);
  request.mutable_options()->set_supersedes(first.receipt().record_id());
  REQUIRE_OK(server::RecordAsset(server.env(), request, &second));
  request.mutable_asset()->set_license("Apache-2.0");
  CHECK_STATUS(server::RecordAsset(server.env(), request, &second), absl::StatusCode::kAborted);
}

TEST_CASE("record derivation: a cycle is refused", "[server]") {
  TestServer server;
  RecordFamily(server.env());
  v1::RecordDerivationRequest request = For<v1::RecordDerivationRequest>();
  *request.mutable_derivation() = Derivation("w1", {{"output", 1}}, 1).derivation();
  v1::RecordDerivationResponse response;
  CHECK_STATUS(server::RecordDerivation(server.env(), request, &response),
               absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace tributary::test
