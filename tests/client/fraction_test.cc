// Weights as people write them.

#include "client/cli/fraction.h"

#include "graph/model/uint128.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary::cli {
namespace {

TEST_CASE("written number: known answers", "[client][fraction]") {
  struct KnownAnswer {
    std::string text;
    std::uint64_t numerator, denominator;
    bool is_part;
  };
  const auto known = GENERATE(values<KnownAnswer>({
      {"0", 0, 1, false},
      {"3", 3, 1, false},
      {"9223372036854775807", 9223372036854775807u, 1, false},
      {"20%", 1, 5, true},
      {"33.3%", 333, 1000, true},
      {"0.05%", 1, 2000, true},
      {"0.2", 1, 5, true},
      {"1.0", 1, 1, true},
      {"1/3", 1, 3, true},
      {"2/6", 1, 3, true},
      {"0/7", 0, 1, true},
  }));
  CAPTURE(known.text);
  const auto number = ParseWrittenNumber(known.text, "weight");
  REQUIRE_OK(number);
  CHECK(number->numerator == known.numerator);
  CHECK(number->denominator == known.denominator);
  CHECK(number->is_part == known.is_part);
}

TEST_CASE("written number: what is no number is refused, and its field named",
          "[client][fraction]") {
  const std::string text = GENERATE(as<std::string>(), "", "-1", "+1", "01", "1e3", "1.", ".5", "%",
                                    "1/0", "1/", "/3", "1/2/3", "1/2%", "0x10", " 1", "1 ", "１",
                                    "9223372036854775808", "0.0000000000000000001", "1,5", "nan");
  CAPTURE(text);
  const auto number = ParseWrittenNumber(text, "edges[4].weight");
  CHECK_STATUS(number, absl::StatusCode::kInvalidArgument);
  CHECK(number.status().ToString().find("edges[4].weight") != std::string::npos);
}

TEST_CASE("exact weights: known answers", "[client][fraction]") {
  struct KnownAnswer {
    std::string name;
    WrittenWeights written;
    Rest rest;
    ExactWeights exact;
  };
  const auto known = GENERATE(values<KnownAnswer>({
      {"integers stay", {{"3", "3"}, "4", ""}, Rest::kRefuse, {{3, 3}, 4, 0}},
      {"integers are not reduced", {{"30", "30"}, "40", ""}, Rest::kRefuse, {{30, 30}, 40, 0}},
      {"parts that fill 1", {{"30%", "0.3"}, "2/5", ""}, Rest::kRefuse, {{3, 3}, 4, 0}},
      {"the rest is kept", {{"1/3", "20%"}, "", ""}, Rest::kRetained, {{5, 3}, 7, 0}},
      {"the rest is unattributed", {{"1/3"}, "1/3", ""}, Rest::kUnattributed, {{1}, 1, 1}},
      {"a rest is added to what stands there", {{"1/4"}, "1/4", ""}, Rest::kRetained, {{1}, 3, 0}},
      {"zero beside parts", {{"0", "1/2"}, "1/2", "0"}, Rest::kRefuse, {{0, 1}, 1, 0}},
      {"all of it passes on", {{"100%"}, "", ""}, Rest::kRefuse, {{1}, 0, 0}},
      {"an origin", {{}, "1", ""}, Rest::kRefuse, {{}, 1, 0}},
  }));
  CAPTURE(known.name);
  const auto exact = ToExactWeights(known.written, known.rest);
  REQUIRE_OK(exact);
  CHECK(*exact == known.exact);
}

TEST_CASE("exact weights: refusals say what is wrong", "[client][fraction]") {
  struct Refusal {
    std::string name;
    WrittenWeights written;
    Rest rest;
    std::string said;
  };
  const auto known = GENERATE(values<Refusal>({
      {"less than 1 without a place", {{"1/3"}, "1/3", ""}, Rest::kRefuse, "2/3"},
      {"more than 1", {{"60%", "60%"}, "", ""}, Rest::kRetained, "6/5"},
      {"two forms", {{"3", "20%"}, "", ""}, Rest::kRetained, "integers beside"},
      {"1 is an integer, not a whole", {{"1/2"}, "1", ""}, Rest::kRefuse, "integers beside"},
      {"a rest of integers", {{"3"}, "4", ""}, Rest::kRetained, "integers, which have no rest"},
      {"integers beyond 2^63", {{"9223372036854775807", "1"}, "", ""}, Rest::kRefuse, "2^63"},
      {"a common denominator beyond 2^63",
       {{"1/4294967291", "1/4294967279"}, "", ""},
       Rest::kRetained,
       "least common denominator"},
  }));
  CAPTURE(known.name);
  const auto exact = ToExactWeights(known.written, known.rest);
  CHECK_STATUS(exact, absl::StatusCode::kInvalidArgument);
  CHECK_THAT(exact.status().ToString(), Catch::Matchers::Contains(known.said));
}

TEST_CASE("exact weights: parts keep their proportion exactly", "[client][fraction][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 2'000; ++trial) {
    WrittenWeights written;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> parts;
    const std::uint64_t count = rng.Between(1, 6);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t denominator = rng.Between(count, 60);
      const std::uint64_t numerator = rng.Below(denominator / count + 1);
      parts.emplace_back(numerator, denominator);
      written.edges.push_back(std::to_string(numerator) + "/" + std::to_string(denominator));
    }
    CAPTURE(rng.seed(), trial, written.edges);
    const auto exact = ToExactWeights(written, Rest::kRetained);
    REQUIRE_OK(exact);
    Uint128 whole = Uint128{exact->retained} + exact->unattributed;
    for (const std::uint64_t weight : exact->edges) whole += weight;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      REQUIRE(Uint128{exact->edges[i]} * parts[i].second == whole * parts[i].first);
    }
  }
}

TEST_CASE("exact units: parts must add up to 1", "[client][fraction]") {
  CHECK(*ToExactUnits({"2", "1"}) == std::vector<std::uint64_t>{2, 1});
  CHECK(*ToExactUnits({"66.5%", "33.5%"}) == std::vector<std::uint64_t>{133, 67});
  CHECK(*ToExactUnits({"1/3", "1/3", "1/3"}) == std::vector<std::uint64_t>{1, 1, 1});
  CHECK_STATUS(ToExactUnits({"33.3%", "33.3%", "33.3%"}), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tributary::cli
