#include "graph/model/status.h"
#include "server/convert/enums.h"
#include "server/convert/fact.h"
#include "server/convert/record.h"
#include "server/convert/scalars.h"
#include "tests/server/test_server.h"
#include "tests/support/catch.h"

namespace tributary::test {
namespace {

using server::FromProto;
using server::Limits;
using server::PrepareFromProto;

std::string FieldOfRefusal(const v1::Fact& fact) {
  const auto prepared = PrepareFromProto(fact, kLedger, Limits{});
  CHECK_STATUS(prepared, absl::StatusCode::kInvalidArgument);
  return FieldOf(prepared.status());
}

TEST_CASE("convert: an enum number of a later version is refused, not guessed", "[server]") {
  const auto kind = FromProto(static_cast<v1::AssetKind>(99), "kind");
  CHECK_STATUS(kind, absl::StatusCode::kInvalidArgument);
  CHECK(FieldOf(kind.status()) == "kind");
  CHECK_STATUS(FromProto(v1::ROLE_UNSPECIFIED, "role"), absl::StatusCode::kInvalidArgument);
  CHECK(FromProto(v1::BASIS_UNSPECIFIED, "basis").value() == Basis::kDeclared);
}

TEST_CASE("convert: a refusal names the path of the field", "[server]") {
  v1::Fact fact = Asset("a", v1::ASSET_KIND_WORK);
  fact.mutable_asset()->set_asset("short");
  CHECK(FieldOfRefusal(fact) == "asset.asset");

  fact = Asset("a", v1::ASSET_KIND_UNSPECIFIED);
  CHECK(FieldOfRefusal(fact) == "asset.kind");

  fact = Derivation("g", {{"a", 1}, {"b", 1}}, 1);
  fact.mutable_derivation()->mutable_edges(1)->set_role(v1::ROLE_UNSPECIFIED);
  CHECK(FieldOfRefusal(fact) == "derivation.edges[1].role");

  fact = Holders("a", {{"p", 0}});
  CHECK(FieldOfRefusal(fact) == "holders.holders.units");

  fact = Party("p");
  fact.mutable_options()->set_blind("x");
  CHECK(FieldOfRefusal(fact) == "options.blind");
  fact.mutable_options()->clear_blind();
  fact.mutable_options()->mutable_details()->set_salt("too short");
  CHECK(FieldOfRefusal(fact) == "options.details.salt");

  CHECK(FieldOfRefusal(v1::Fact()) == "body");
}

TEST_CASE("convert: declared numbers that do not fit are refused with both figures", "[server]") {
  v1::Fact fact = Derivation("g", {{"a", 2}, {"b", 3}}, 1);
  fact.mutable_derivation()->mutable_derivation()->set_weight_sum(6);
  const auto prepared = PrepareFromProto(fact, kLedger, Limits{});
  CHECK_STATUS(prepared, absl::StatusCode::kInvalidArgument);
  const std::string message(prepared.status().message());
  CHECK(message.find("6") != std::string::npos);
  CHECK(message.find("5") != std::string::npos);
}

TEST_CASE("convert: details without a digest get theirs", "[server]") {
  v1::Fact fact = Party("p");
  v1::PrivateDetails* details = fact.mutable_options()->mutable_details();
  details->set_salt(std::string(32, 's'));
  details->set_content("Ana Example");
  const auto prepared = PrepareFromProto(fact, kLedger, Limits{});
  REQUIRE_OK(prepared);
  CHECK(prepared->record.details_digest == Sha256(std::string(32, 's') + "Ana Example"));
}

TEST_CASE("convert: a packed block gives the edges it was made from", "[server]") {
  std::vector<Edge> edges(3);
  for (std::size_t i = 0; i < edges.size(); ++i) {
    edges[i].input = Sha256(std::string(1, static_cast<char>('a' + i)));
    edges[i].weight = i;
    edges[i].role = i == 1 ? Role::kPrompt : Role::kMember;
    edges[i].basis = Basis::kMeasured;
  }
  v1::EdgeBlock block;
  server::ToProto(edges, &block);
  CHECK(block.roles_size() == 3);
  CHECK(block.bases_size() == 1);  // one holds for all
  std::vector<Edge> back;
  REQUIRE_OK(server::AppendEdges(block, 3, &back));
  CHECK(back == edges);
  CHECK_STATUS(server::AppendEdges(block, 2, &back), absl::StatusCode::kResourceExhausted);
}

TEST_CASE("convert: a block whose arrays differ in length is refused", "[server]") {
  v1::EdgeBlock block;
  block.set_inputs(std::string(64, 'x'));
  block.add_weights(1);
  block.add_weights(1);
  block.add_roles(v1::ROLE_MEMBER);
  std::vector<Edge> edges;
  REQUIRE_OK(server::AppendEdges(block, 10, &edges));
  const auto field_of = [&edges](const v1::EdgeBlock& spoilt) {
    const absl::Status status = server::AppendEdges(spoilt, 10, &edges);
    CHECK_STATUS(status, absl::StatusCode::kInvalidArgument);
    return FieldOf(status);
  };
  v1::EdgeBlock spoilt = block;
  spoilt.mutable_inputs()->pop_back();
  CHECK(field_of(spoilt) == "edges.inputs");
  spoilt = block;
  spoilt.add_weights(1);
  CHECK(field_of(spoilt) == "edges.weights");
  spoilt = block;
  spoilt.clear_roles();
  CHECK(field_of(spoilt) == "edges.roles");
  spoilt = block;
  for (int i = 0; i < 3; ++i) spoilt.add_bases(v1::BASIS_DECLARED);
  CHECK(field_of(spoilt) == "edges.bases");
}

TEST_CASE("convert: a text is shortened between two characters", "[server]") {
  CHECK(server::Shortened("abc", 3) == "abc");
  CHECK(server::Shortened("abcd", 3) == "abc…");
  CHECK(server::Shortened("aä", 2) == "a…");  // the second character has two bytes
  CHECK(server::Shortened("ä", 1) == "…");
}

TEST_CASE("convert: fixed grains are 16 big-endian bytes", "[server]") {
  std::string bytes;
  server::AppendFixedGrains(kShareGrains, &bytes);
  CHECK(bytes == std::string(3, '\0') + "\x01" + std::string(12, '\0'));
  server::AppendFixedGrains(0x0102, &bytes);
  CHECK(bytes.substr(16) == std::string(14, '\0') + "\x01\x02");
}

}  // namespace
}  // namespace tributary::test
