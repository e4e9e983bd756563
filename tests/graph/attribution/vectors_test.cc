// The published vectors: 88 lineages with the grains and minor units that everyone must find.

#include <fstream>
#include <map>
#include <string>

#include "graph/attribution/attribution.h"
#include "graph/attribution/payees.h"
#include "graph/lineage/subgraph.h"
#include "graph/settlement/quote.h"
#include "nlohmann/json.hpp"
#include "tests/support/catch.h"
#include "tests/support/memory_lineage_reader.h"
#include "tests/support/reference_attribution.h"

namespace tributary::test {
namespace {

using Json = nlohmann::json;
using Lines = std::map<std::string, std::string>;

const Json& Vectors() {
  static const auto& vectors =
      *new Json(Json::parse(std::ifstream(TRIBUTARY_VECTORS_FOLDER "/attribution.json")));
  return vectors;
}

std::uint64_t ParseWeight(const Json& text) { return ParseUint64(text.get<std::string>()).value(); }

PlainDerivation ParseDerivation(const Json& json, const std::map<std::string, std::size_t>& index) {
  PlainDerivation derivation{ParseWeight(json["retained"]), ParseWeight(json["unattributed"]), {}};
  for (const Json& edge : json["edges"]) {
    derivation.edges.push_back(
        {.input = index.at(edge["input"]), .weight = ParseWeight(edge["weight"])});
  }
  return derivation;
}

struct VectorCase {
  PlainLineage lineage;
  std::size_t target = 0;
};

VectorCase ParseCase(const Json& json) {
  VectorCase result;
  std::map<std::string, std::size_t> index;
  for (const Json& asset : json["assets"]) index.emplace(asset["id"], index.size());
  for (const Json& asset : json["assets"]) {
    PlainAsset plain{.id = Digest::FromHex(asset["id"].get<std::string>()).value(),
                     .kind = FromName<AssetKind>(asset["kind"].get<std::string>()).value(),
                     .derivation = {},
                     .holders = {}};
    if (asset.contains("derivation")) {
      plain.derivation = ParseDerivation(asset["derivation"], index);
    }
    const Json holders = asset.value("holders", Json::object());
    for (const auto& [party, units] : holders.items()) {
      plain.holders.push_back({party, ParseWeight(units)});
    }
    result.lineage.assets.push_back(std::move(plain));
  }
  result.target = index.at(json["target"]);
  return result;
}

// Retained or undisclosed grains by asset id, for every asset that the subgraph has of that part.
Lines KeptGrains(const PlainLineage& lineage, const LineageSubgraph& subgraph,
                 const AttributionResult& result, bool undisclosed) {
  Lines lines;
  for (LineageSubgraph::Vertex v = 0; v < subgraph.vertex_count(); ++v) {
    if (subgraph.is_undisclosed(v) != undisclosed) continue;
    const std::size_t index = MemoryLineageReader::IndexOf(subgraph.asset(v));
    lines[lineage.assets[index].id.ToHex()] = ToDecimal(result.kept[v]);
  }
  return lines;
}

Lines PayeeGrains(const std::vector<PayeeLine>& payees) {
  Lines lines;
  for (const PayeeLine& line : payees) lines[line.payee.Key()] = ToDecimal(line.grains);
  return lines;
}

// A quote of `amount`, from the placing of grains to the minor units of each payee.
Lines QuoteLines(const MemoryLineageReader& reader, const LineageSubgraph& subgraph,
                 MinorUnits amount, unsigned fraction_bits) {
  const auto result = AttributeGrains(subgraph, PlaceAmount(amount, fraction_bits).value()).value();
  const auto payees = SplitOverPayees(reader, subgraph, result).value();
  std::vector<Grains> grains;
  for (const PayeeLine& line : payees) grains.push_back(line.grains);
  const auto parts = ApportionQuote(amount, fraction_bits, grains).value();
  Lines lines;
  for (std::size_t i = 0; i < payees.size(); ++i) {
    lines[payees[i].payee.Key()] = ToDecimal(parts[i].value);
  }
  return lines;
}

Lines ToLines(const std::map<std::string, BigInt>& amounts) {
  Lines lines;
  for (const auto& [payee, amount] : amounts) lines[payee] = amount.str();
  return lines;
}

TEST_CASE("vectors: there are 88 of six kinds", "[attribution][vectors]") {
  std::map<std::string, int> counts;
  for (const Json& json : Vectors()) ++counts[json["kind"]];
  CHECK(counts ==
        std::map<std::string, int>{
            {"chain", 8}, {"extreme", 8}, {"ladder", 8}, {"random", 48}, {"ties", 8}, {"wide", 8}});
}

TEST_CASE("vectors: every grain of every share query", "[attribution][vectors]") {
  for (std::size_t i = 0; i < Vectors().size(); ++i) {
    CAPTURE(i);
    const Json& expected = Vectors()[i]["expected"];
    const VectorCase vector = ParseCase(Vectors()[i]);
    const MemoryLineageReader reader(vector.lineage);
    const auto subgraph = CollectUpstream(reader, MemoryLineageReader::Number(vector.target));
    REQUIRE_OK(subgraph);
    const auto result = AttributeGrains(*subgraph, kShareGrains);
    REQUIRE_OK(result);
    CHECK(KeptGrains(vector.lineage, *subgraph, *result, /*undisclosed=*/false) ==
          expected["retained_grains"].get<Lines>());
    CHECK(KeptGrains(vector.lineage, *subgraph, *result, /*undisclosed=*/true) ==
          expected["undisclosed_grains"].get<Lines>());
    CHECK(ToDecimal(result->unattributed_total) == expected["unattributed_grains"]);
    const auto payees = SplitOverPayees(reader, *subgraph, *result);
    REQUIRE_OK(payees);
    CHECK(PayeeGrains(*payees) == expected["payee_grains"].get<Lines>());
  }
}

TEST_CASE("vectors: every minor unit of every quote", "[settlement][vectors]") {
  for (std::size_t i = 0; i < Vectors().size(); ++i) {
    CAPTURE(i);
    const Json& expected = Vectors()[i]["expected"];
    const VectorCase vector = ParseCase(Vectors()[i]);
    const MemoryLineageReader reader(vector.lineage);
    const auto subgraph = CollectUpstream(reader, MemoryLineageReader::Number(vector.target));
    REQUIRE_OK(subgraph);
    const MinorUnits amount{ParseUint128(expected["amount"].get<std::string>()).value()};
    const auto fraction_bits = expected["fraction_bits"].get<unsigned>();
    CHECK(QuoteLines(reader, *subgraph, amount, fraction_bits) ==
          expected["payee_minor_units"].get<Lines>());
  }
}

// The reference judges a million random lineages, so it is judged here itself.
TEST_CASE("vectors: the slow reference finds them too", "[attribution][vectors]") {
  for (std::size_t i = 0; i < Vectors().size(); ++i) {
    CAPTURE(i);
    const Json& expected = Vectors()[i]["expected"];
    const VectorCase vector = ParseCase(Vectors()[i]);
    const auto result = ReferenceAttribute(vector.lineage, vector.target, ToBigInt(kShareGrains));
    CHECK(result.unattributed.str() == expected["unattributed_grains"]);
    CHECK(ToLines(ReferencePayees(vector.lineage, result)) ==
          expected["payee_grains"].get<Lines>());
    const BigInt amount(expected["amount"].get<std::string>());
    CHECK(ToLines(ReferenceQuote(vector.lineage, vector.target, amount,
                                 expected["fraction_bits"].get<unsigned>())) ==
          expected["payee_minor_units"].get<Lines>());
  }
}

}  // namespace
}  // namespace tributary::test
