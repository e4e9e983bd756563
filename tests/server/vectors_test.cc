// The published vectors through the handlers: recorded as facts, read back as answers.

#include <cctype>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "graph/model/digest.h"
#include "graph/model/text.h"
#include "graph/model/uint128.h"
#include "nlohmann/json.hpp"
#include "server/handlers/attribution.h"
#include "tests/server/test_server.h"
#include "tests/support/catch.h"

namespace tributary::test {
namespace {

using Json = nlohmann::json;
using VectorLines = std::map<std::string, std::string>;  // payee key or asset id -> decimal digits

Json Vectors() { return Json::parse(std::ifstream(TRIBUTARY_VECTORS_FOLDER "/attribution.json")); }

std::string RawId(const Json& hex) {
  return std::string(Digest::FromHex(hex.get<std::string>()).value().view());
}
std::string HexOf(const std::string& raw) { return Digest::FromBytes(raw).value().ToHex(); }
std::uint64_t Number(const Json& text) { return ParseUint64(text.get<std::string>()).value(); }
std::string Decimal(const std::string& bytes) { return ToDecimal(FromBigEndian(bytes).value()); }

v1::AssetKind KindOf(const Json& json) {
  std::string name = "ASSET_KIND_";
  for (const char c : json.get<std::string>()) {
    name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  v1::AssetKind kind = v1::ASSET_KIND_UNSPECIFIED;
  REQUIRE(v1::AssetKind_Parse(name, &kind));
  return kind;
}

v1::Fact AssetOf(const Json& asset) {
  v1::Fact fact;
  fact.mutable_asset()->set_asset(RawId(asset["id"]));
  fact.mutable_asset()->set_kind(KindOf(asset["kind"]));
  fact.mutable_asset()->set_id_method(v1::ID_METHOD_BARE);
  return fact;
}

v1::Fact HoldersOf(const Json& asset) {
  v1::Fact fact;
  fact.mutable_holders()->set_asset(RawId(asset["id"]));
  for (const auto& [party, units] : asset["holders"].items()) {
    v1::Holder* holder = fact.mutable_holders()->add_holders();
    holder->set_party(party);
    holder->set_units(Number(units));
  }
  return fact;
}

v1::Fact DerivationOf(const Json& asset) {
  v1::Fact fact;
  v1::Derivation* derivation = fact.mutable_derivation()->mutable_derivation();
  derivation->set_generated(RawId(asset["id"]));
  derivation->set_retained(Number(asset["derivation"]["retained"]));
  derivation->set_unattributed(Number(asset["derivation"]["unattributed"]));
  for (const Json& given : asset["derivation"]["edges"]) {
    v1::Edge* edge = fact.mutable_derivation()->add_edges();
    edge->set_input(RawId(given["input"]));
    edge->set_role(v1::ROLE_TRAINING_DATA);
    edge->set_weight(Number(given["weight"]));
  }
  return fact;
}

void RecordVector(server::Env& env, const Json& vector) {
  std::vector<v1::Fact> facts;
  std::set<std::string> parties;
  for (const Json& asset : vector["assets"]) {
    facts.push_back(AssetOf(asset));
    if (!asset.contains("holders")) continue;
    for (const auto& [party, units] : asset["holders"].items()) parties.insert(party);
  }
  for (const std::string& party : parties) facts.push_back(Party(party));
  for (const Json& asset : vector["assets"]) {
    if (asset.contains("holders")) facts.push_back(HoldersOf(asset));
    if (asset.contains("derivation")) facts.push_back(DerivationOf(asset));
  }
  RecordFacts(env, std::move(facts));
}

// Answers list no lines of nothing.
VectorLines WithoutZeros(const Json& json) {
  VectorLines lines;
  for (const auto& [key, value] : json.items()) {
    if (value != "0") lines[key] = value;
  }
  return lines;
}

VectorLines LinesOf(const v1::ShareList& list) {
  VectorLines lines;
  for (const v1::ShareLine& line : list.lines()) {
    lines[HexOf(line.asset_id())] = Decimal(line.grains());
  }
  return lines;
}

template <typename Line>
std::string PayeeKey(const Line& line) {
  switch (line.kind()) {
    case v1::LINE_KIND_PARTY:
      return "party:" + line.party();
    case v1::LINE_KIND_UNCLAIMED:
      return "unclaimed:" + HexOf(line.asset_id());
    case v1::LINE_KIND_UNDISCLOSED:
      return "undisclosed:" + HexOf(line.asset_id());
    default:
      return "unattributed";
  }
}

v1::Attribution AttributionOf(server::Env& env, const Json& target, v1::AttributionView view) {
  v1::AttributeAssetRequest request;
  request.set_ledger(kLedger);
  request.set_asset_id(RawId(target));
  request.set_view(view);
  v1::AttributeAssetResponse response;
  REQUIRE_OK(server::AttributeAsset(env, request, &response));
  return response.attribution();
}

VectorLines VectorPayees(const v1::Attribution& answer) {
  VectorLines lines;
  for (const v1::ShareList* list : {&answer.shares(), &answer.unclaimed(), &answer.undisclosed()}) {
    for (const v1::ShareLine& line : list->lines()) lines[PayeeKey(line)] = Decimal(line.grains());
  }
  const std::string unattributed = Decimal(answer.unattributed_grains());
  if (unattributed != "0") lines["unattributed"] = unattributed;
  return lines;
}

VectorLines VectorQuote(server::Env& env, const Json& target, const Json& expected) {
  v1::QuoteSplitRequest request;
  request.set_ledger(kLedger);
  request.set_asset_id(RawId(target));
  request.set_amount(expected["amount"].get<std::string>());
  request.set_fraction_bits(expected["fraction_bits"].get<std::uint32_t>());
  v1::QuoteSplitResponse response;
  REQUIRE_OK(server::QuoteSplit(env, request, &response));
  VectorLines lines;
  for (const v1::QuoteLine& line : response.lines()) {
    if (line.amount() != "0") lines[PayeeKey(line)] = line.amount();
  }
  return lines;
}

TEST_CASE("vectors: every grain and minor unit through the handlers", "[server][vectors]") {
  const Json vectors = Vectors();
  REQUIRE(vectors.size() == 88);
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    CAPTURE(i);
    const Json& target = vectors[i]["target"];
    const Json& expected = vectors[i]["expected"];
    TestServer server;
    RecordVector(server.env(), vectors[i]);
    const v1::Attribution assets = AttributionOf(server.env(), target, v1::ATTRIBUTION_VIEW_ASSETS);
    CHECK(LinesOf(assets.shares()) == WithoutZeros(expected["retained_grains"]));
    CHECK(LinesOf(assets.undisclosed()) == WithoutZeros(expected["undisclosed_grains"]));
    CHECK(Decimal(assets.unattributed_grains()) == expected["unattributed_grains"]);
    CHECK(VectorPayees(AttributionOf(server.env(), target, v1::ATTRIBUTION_VIEW_PAYEES)) ==
          WithoutZeros(expected["payee_grains"]));
    CHECK(VectorQuote(server.env(), target, expected) ==
          WithoutZeros(expected["payee_minor_units"]));
  }
}

}  // namespace
}  // namespace tributary::test
