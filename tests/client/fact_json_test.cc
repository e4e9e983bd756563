// Import lines: what they mean, what is refused, and that writing is the inverse of reading.

#include "client/cli/fact_json.h"

#include "tests/support/catch.h"

namespace tributary::cli {
namespace {

constexpr const char* kIdA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
constexpr const char* kIdB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

std::string WithIds(std::string text) {
  for (const auto& [mark, id] : {std::pair("$A", kIdA), std::pair("$B", kIdB)}) {
    for (std::size_t at; (at = text.find(mark)) != text.npos;) text.replace(at, 2, id);
  }
  return text;
}

TEST_CASE("fact line: order of keys, blanks and integers are free", "[client][fact_json]") {
  const auto a =
      FactFromLine(WithIds(R"({"type":"tributary/holders/v1","asset":"$A","holders":)"
                           R"([{"party":"ana","units":2},{"party":"ben","units":"1"}]})"),
                   "test");
  const auto b = FactFromLine(
      WithIds(R"(  {"holders" : [{"units":"1","party":"ben"}, {"units":2,"party":"ana"}],)"
              R"( "asset":"$A", "type":"tributary/holders/v1", "blind":""} )"),
      "test");
  REQUIRE_OK(a);
  REQUIRE_OK(b);
  CHECK(a->record == b->record);
  CHECK(a->record.ledger == "test");
}

TEST_CASE("fact line: the id of a named asset is computed", "[client][fact_json]") {
  const auto fact =
      FactFromLine(R"({"type":"tributary/asset/v1","kind":"work","id_method":"named",)"
                   R"("named_as":{"namespace":"n","name":"x","version":""}})",
                   "test");
  REQUIRE_OK(fact);
  CHECK(std::get<AssetRecord>(fact->record.body).asset ==
        NamedAssetId({.namespace_name = "n", .name = "x", .version = {}}));
}

TEST_CASE("fact line: a derivation brings its edges", "[client][fact_json]") {
  const auto fact = FactFromLine(
      WithIds(R"({"type":"tributary/derivation/v1","generated":"some:alias","retained":4,)"
              R"("unattributed":"0","edges":[{"input":"$B","role":"prompt","weight":3},)"
              R"({"input":"other alias","role":"generator","weight":"3","basis":"measured"}]})"),
      "test");
  REQUIRE_OK(fact);
  const auto& derivation = std::get<DerivationRecord>(fact->record.body);
  CHECK(derivation.retained == 4);
  CHECK(derivation.edge_count == 2);
  CHECK(derivation.weight_sum == 6);
  REQUIRE(fact->edges.size() == 2);
  CHECK(fact->edges[0].input.ToHex() == kIdB);
  CHECK(fact->edges[0].basis == Basis::kDeclared);
  CHECK(fact->edges[1].basis == Basis::kMeasured);
  REQUIRE(fact->references.size() == 2);
  CHECK(fact->references[0].alias == "other alias");
  CHECK(fact->references[0].index == 1);
  CHECK(fact->references[1].alias == "some:alias");
  CHECK(fact->references[1].index == AliasReference::kSubject);
}

TEST_CASE("fact line: details are bound to the record", "[client][fact_json]") {
  const std::string line = WithIds(
      R"({"type":"tributary/party/v1","party":"ana","details":{"salt":"$A","bytes":"QW5h"}})");
  const auto fact = FactFromLine(line, "test");
  REQUIRE_OK(fact);
  REQUIRE(fact->details.has_value());
  CHECK(fact->details->content == "Ana");
  CHECK(fact->record.details_digest == Sha256({fact->details->salt.view(), "Ana"}));
  std::string wrong = line;
  wrong.insert(1, WithIds(R"("details_digest":"$B",)"));
  CHECK_STATUS(FactFromLine(wrong, "test"), absl::StatusCode::kInvalidArgument);
}

TEST_CASE("fact line: refusals name the field", "[client][fact_json]") {
  struct Refusal {
    std::string line, said;
  };
  const std::string derivation = R"({"type":"tributary/derivation/v1","generated":"$A",)";
  const auto known = GENERATE_COPY(values<Refusal>({
      {"", "line"},
      {"[]", "line"},
      {"{", "line"},
      {R"({"type":"tributary/party/v1","party":"a"} x)", "line"},
      {R"({"type":"tributary/party/v1","party":"a","party":"b"})", "party: found the key twice"},
      {R"({"type":"tributary/party/v1","party":null})", "party: found null"},
      {R"({"type":"tributary/party/v1","party":true})", "party: found a boolean"},
      {R"({"type":"tributary/party/v1","party":1.5})", "party"},
      {R"({"type":"tributary/party/v1","party":-1})", "party"},
      {R"({"type":"tributary/party/v1","party":"a b"})", "party"},
      {R"({"type":"tributary/party/v1","party":"a","colour":"red"})", "unknown key"},
      {R"({"type":"tributary/party/v1","party":"a","ledger":"other"})", "ledger"},
      {R"({"type":"tributary/ledger/v1","epoch":1})", "ledger create"},
      {R"({"type":"tributary/song/v1"})", "type"},
      {R"({"party":"a"})", "type"},
      {R"({"type":"tributary/party/v1","party":"a","edges":[]})", "edges"},
      {derivation + R"("retained":"1"})", "unattributed"},
      {derivation + R"("retained":"1","unattributed":"0","edges":{}})", "edges"},
      {derivation + R"("retained":"1","unattributed":"0","edges":[1]})", "edges"},
      {derivation + R"("retained":"1","unattributed":"0","edges":[{"input":"$B","weight":1}]})",
       "edges[0]"},
      {derivation +
           R"("retained":"1","unattributed":"0","edges":[{"input":"$B","role":"x","weight":1}]})",
       "edges[0].role"},
      {derivation + R"("retained":"1","unattributed":"0",)"
                    R"("edges":[{"input":"$B","role":"tool","weight":1.5}]})",
       "edges[0].weight"},
      {derivation + R"("retained":"1","unattributed":"0",)"
                    R"("edges":[{"input":"$B","role":"tool","weight":"01"}]})",
       "edges[0].weight"},
      {derivation + R"("retained":1,"unattributed":0,)"
                    R"("edges":[{"input":"$B","role":"tool","weight":9223372036854775807}]})",
       "2^63"},
      {derivation + R"("retained":9223372036854775808,"unattributed":0})", "retained"},
  }));
  CAPTURE(known.line);
  const auto fact = FactFromLine(WithIds(known.line), "test");
  CHECK_STATUS(fact, absl::StatusCode::kInvalidArgument);
  CHECK_THAT(fact.status().ToString(), Catch::Matchers::Contains(known.said));
}

TEST_CASE("fact line: depth is limited before it costs anything", "[client][fact_json]") {
  const std::string deep = R"({"type":)" + std::string(100'000, '[');
  CHECK_STATUS(FactFromLine(deep, "test"), absl::StatusCode::kInvalidArgument);
}

TEST_CASE("fact line: what is written is read again as the same record", "[client][fact_json]") {
  const std::string line = GENERATE(
      as<std::string>(),
      R"({"type":"tributary/party/v1","external_ids":[["did","x"],["isni",""]],"party":"ana"})",
      R"({"type":"tributary/asset/v1","asset":"$A","attributes":[["b","1"],["a","2"]],)"
      R"("id_method":"content","kind":"work","locations":["u","t"],"name":"\"\\\u0001ü","size":0})",
      R"({"type":"tributary/consent/v1","asset":"$A","constraint":"c","party":"ana",)"
      R"("status":"constrained","supersedes":"$B","use":"training"})");
  const auto fact = FactFromLine(WithIds(line), "test");
  REQUIRE_OK(fact);
  std::string written;
  REQUIRE_OK(AppendFactFields(EncodeRecord(fact->record), &written));
  written.push_back('}');
  CAPTURE(written);
  const auto again = FactFromLine(written, "test");
  REQUIRE_OK(again);
  CHECK(again->record == fact->record);
}

}  // namespace
}  // namespace tributary::cli
