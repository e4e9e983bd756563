#include "client/lib/convert.h"

#include "graph/model/uint128.h"
#include "tests/support/catch.h"

namespace tributary {
namespace {

std::vector<Edge> SomeEdges() {
  return {
      {.input = Sha256("a"), .role = Role::kTrainingData, .weight = 7, .basis = Basis::kMeasured},
      {.input = Sha256("b"), .role = Role::kOther, .weight = 0, .basis = Basis::kUnknown}};
}

TEST_CASE("edge block: what is packed is unpacked", "[client][convert]") {
  const auto edges = FromBlock(ToBlock(SomeEdges()));
  REQUIRE_OK(edges);
  CHECK(*edges == SomeEdges());
  CHECK(FromBlock(v1::EdgeBlock())->empty());
}

TEST_CASE("edge block: one role for all, and no basis", "[client][convert]") {
  v1::EdgeBlock block = ToBlock(SomeEdges());
  block.clear_roles();
  block.add_roles(v1::ROLE_MEMBER);
  block.clear_bases();
  const auto edges = FromBlock(block);
  REQUIRE_OK(edges);
  CHECK((*edges)[1].role == Role::kMember);
  CHECK((*edges)[1].basis == Basis::kDeclared);
}

TEST_CASE("edge block: arrays that do not fit are damage, not a crash", "[client][convert]") {
  v1::EdgeBlock block = ToBlock(SomeEdges());
  SECTION("inputs") { block.mutable_inputs()->pop_back(); }
  SECTION("weights") { block.add_weights(1); }
  SECTION("roles") { block.clear_roles(); }
  SECTION("bases") { block.add_bases(v1::BASIS_DECLARED); }
  SECTION("unknown role") { block.set_roles(0, static_cast<v1::Role>(99)); }
  SECTION("unspecified basis") { block.set_bases(0, v1::BASIS_UNSPECIFIED); }
  CHECK_STATUS(FromBlock(block), absl::StatusCode::kDataLoss);
}

TEST_CASE("names: those of the wire are those of records", "[client][convert]") {
  CHECK(NameOf(v1::ASSET_KIND_WORK) == "work");
  CHECK(NameOf(v1::ASSET_KIND_UNKNOWN) == "unknown");
  CHECK(NameOf(v1::ASSET_KIND_UNSPECIFIED) == "");
  CHECK(NameOf(static_cast<v1::AssetKind>(99)) == "");
  CHECK(NameOf(v1::ID_METHOD_BARE) == "bare");
  CHECK(NameOf(v1::ROLE_OTHER) == "other");
  CHECK(NameOf(v1::BASIS_UNKNOWN) == "unknown");
  CHECK(NameOf(v1::CONSENT_USE_COMMERCIAL) == "commercial");
  CHECK(NameOf(v1::CONSENT_STATUS_CONSTRAINED) == "constrained");
  CHECK(KindFromName("model_checkpoint") == v1::ASSET_KIND_MODEL_CHECKPOINT);
  CHECK(KindFromName("model") == v1::ASSET_KIND_UNSPECIFIED);
}

TEST_CASE("grains: at most 16 bytes without leading zeros", "[client][convert]") {
  CHECK(*GrainsOf("") == 0);
  CHECK(*GrainsOf(ToBigEndian(kShareGrains)) == kShareGrains);
  CHECK_STATUS(GrainsOf(std::string(17, '\1')), absl::StatusCode::kDataLoss);
  CHECK_STATUS(GrainsOf(std::string("\0\1", 2)), absl::StatusCode::kDataLoss);
}

TEST_CASE("fact: every option of a record goes along", "[client][convert]") {
  Record record{.ledger = "test",
                .supersedes = Sha256("s"),
                .details_digest = Sha256("d"),
                .blind = Sha256("b"),
                .body = AliasRecord{.alias = "a", .asset = Sha256("x")}};
  const v1::Fact fact = ToFact(record, {}, PrivateBytes{.salt = Sha256("salt"), .content = "c"});
  CHECK(fact.alias().alias() == "a");
  CHECK(fact.options().supersedes() == Sha256("s").view());
  CHECK(fact.options().details_digest() == Sha256("d").view());
  CHECK(fact.options().blind() == Sha256("b").view());
  CHECK(fact.options().details().content() == "c");
  record.supersedes = record.details_digest = record.blind = std::nullopt;
  CHECK_FALSE(ToFact(record, {}, std::nullopt).has_options());
}

}  // namespace
}  // namespace tributary
