#include "graph/settlement/written_weights.h"

#include "boost/multiprecision/cpp_int.hpp"
#include "graph/model/status.h"
#include "graph/model/vocabulary.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary {
namespace {

using Rational = boost::multiprecision::cpp_rational;

TEST_CASE("written numbers: known answers", "[settlement]") {
  struct KnownAnswer {
    std::string_view text;
    WrittenNumber number;
  };
  const auto known = GENERATE(values<KnownAnswer>({
      {"0", {0, 1, false}},
      {"3", {3, 1, false}},
      {"9223372036854775807", {9223372036854775807u, 1, false}},
      {"20%", {1, 5, true}},
      {"0%", {0, 1, true}},
      {"100%", {1, 1, true}},
      {"33.3%", {333, 1000, true}},
      {"0.05%", {1, 2000, true}},
      {"0.2", {1, 5, true}},
      {"0.20", {1, 5, true}},
      {"1.0", {1, 1, true}},
      {"1.5", {3, 2, true}},
      {"0.000000000000000001", {1, 1'000'000'000'000'000'000u, true}},
      {"1/3", {1, 3, true}},
      {"2/6", {1, 3, true}},
      {"0/7", {0, 1, true}},
      {"3/9223372036854775807", {3, 9223372036854775807u, true}},
  }));
  CAPTURE(known.text);
  const auto number = ParseWrittenNumber(known.text, "weight");
  REQUIRE_OK(number);
  CHECK(*number == known.number);
}

TEST_CASE("written numbers: other forms are refused, by field", "[settlement]") {
  const auto text = GENERATE(values<std::string>({"",
                                                  " 1",
                                                  "1 ",
                                                  "-1",
                                                  "+1",
                                                  "1e3",
                                                  "0x1",
                                                  "1,5",
                                                  "٣",
                                                  "%",
                                                  "1%%",
                                                  "%1",
                                                  ".5",
                                                  "5.",
                                                  "1.2.3",
                                                  "1.x",
                                                  "0.0000000000000000001",
                                                  "1/0",
                                                  "1/",
                                                  "/3",
                                                  "1/2/3",
                                                  "1/3%",
                                                  "01",
                                                  "01%",
                                                  "0.5/2",
                                                  "9223372036854775808",
                                                  "9223372036854775808/3",
                                                  "1/9223372036854775808",
                                                  "9223372036854775807.5",
                                                  "0.00000000000000001%",
                                                  "NaN",
                                                  "nan",
                                                  "１",
                                                  "1.",
                                                  "1/2%",
                                                  "1_000"}));
  CAPTURE(text);
  const auto refused = ParseWrittenNumber(text, "weight[3]");
  CHECK_STATUS(refused, absl::StatusCode::kInvalidArgument);
  CHECK(FieldOf(refused.status()) == "weight[3]");
}

TEST_CASE("written weights: known answers", "[settlement]") {
  struct KnownAnswer {
    std::string_view name;
    WrittenWeights written;
    Rest rest;
    ExactWeights exact;
  };
  const auto known = GENERATE(values<KnownAnswer>({
      {"integers stay", {{"3", "3"}, "4", ""}, Rest::kRefuse, {{3, 3}, 4, 0}},
      {"a rest that is kept", {{"20%", "1/3"}, "", ""}, Rest::kKept, {{3, 5}, 7, 0}},
      {"a rest of no source", {{"20%", "1/3"}, "", ""}, Rest::kUnattributed, {{3, 5}, 0, 7}},
      {"kept and a rest", {{"0.5"}, "25%", ""}, Rest::kUnattributed, {{2}, 1, 1}},
      {"no rest is left", {{"0.2", "80%"}, "", ""}, Rest::kRefuse, {{1, 4}, 0, 0}},
      {"no rest is left to place", {{"100%"}, "", ""}, Rest::kKept, {{1}, 0, 0}},
      {"0 beside parts", {{"0", "1/2"}, "1/2", ""}, Rest::kRefuse, {{0, 1}, 1, 0}},
      {"no edge", {{}, "7", ""}, Rest::kRefuse, {{}, 7, 0}},
      {"integers are not reduced", {{"30", "30"}, "40", ""}, Rest::kRefuse, {{30, 30}, 40, 0}},
      {"parts that fill one", {{"30%", "0.3"}, "2/5", ""}, Rest::kRefuse, {{3, 3}, 4, 0}},
      {"a rest is added to what is kept", {{"1/4"}, "1/4", ""}, Rest::kKept, {{1}, 3, 0}},
      {"0 of no source", {{"0", "1/2"}, "1/2", "0"}, Rest::kRefuse, {{0, 1}, 1, 0}},
  }));
  CAPTURE(known.name);
  const auto exact = ToExactWeights(known.written, known.rest);
  REQUIRE_OK(exact);
  CHECK(*exact == known.exact);
}

TEST_CASE("written weights: what is refused", "[settlement]") {
  struct Refused {
    std::string_view name;
    std::string field;
    WrittenWeights written;
    Rest rest;
  };
  const std::string largest = "9223372036854775807";
  const auto refused = GENERATE_COPY(values<Refused>({
      {"integers beside parts", "weights", {{"3", "20%"}, "", ""}, Rest::kKept},
      {"above one", "weights", {{"60%", "1/2"}, "", ""}, Rest::kKept},
      {"below one without a place", "weights", {{"60%"}, "", ""}, Rest::kRefuse},
      {"a rest of integers", "rest", {{"3"}, "", ""}, Rest::kKept},
      {"no number", "weight[1]", {{"1", "x"}, "", ""}, Rest::kRefuse},
      {"no number kept", "retained", {{"1"}, "x", ""}, Rest::kRefuse},
      {"no number unattributed", "unattributed", {{"1"}, "", "x"}, Rest::kRefuse},
      {"a sum of 2^63", "weights", {{largest, "1"}, "", ""}, Rest::kRefuse},
      {"a denominator of 2^63", "weights", {{"1/4294967296", "1/4294967295"}, "", ""}, Rest::kKept},
  }));
  CAPTURE(refused.name);
  const auto exact = ToExactWeights(refused.written, refused.rest);
  CHECK_STATUS(exact, absl::StatusCode::kInvalidArgument);
  CHECK(FieldOf(exact.status()) == refused.field);
}

TEST_CASE("written weights: a refusal says what is wrong", "[settlement]") {
  struct Refused {
    std::string_view name;
    WrittenWeights written;
    Rest rest;
    std::string said;
  };
  const auto refused = GENERATE(values<Refused>({
      {"what is left open", {{"1/3"}, "1/3", ""}, Rest::kRefuse, "2/3"},
      {"what is too much", {{"60%", "60%"}, "", ""}, Rest::kKept, "6/5"},
      {"two forms", {{"3", "20%"}, "", ""}, Rest::kKept, "integers beside"},
      {"1 is an integer, not a whole", {{"1/2"}, "1", ""}, Rest::kRefuse, "integers beside"},
      {"a rest of integers", {{"3"}, "4", ""}, Rest::kKept, "integers, which have no rest"},
      {"integers too large", {{"9223372036854775807", "1"}, "", ""}, Rest::kRefuse, "2^63"},
      {"denominators too fine",
       {{"1/4294967291", "1/4294967279"}, "", ""},
       Rest::kKept,
       "least common denominator"},
  }));
  CAPTURE(refused.name);
  const auto exact = ToExactWeights(refused.written, refused.rest);
  CHECK_STATUS(exact, absl::StatusCode::kInvalidArgument);
  CHECK_THAT(exact.status().ToString(), Catch::Matchers::Contains(refused.said));
}

TEST_CASE("written weights: exactly the fractions that were written", "[settlement][property]") {
  test::Rng rng = test::SeededRng();
  int refused_count = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    CAPTURE(rng.seed(), trial);
    WrittenWeights written;
    std::vector<Rational> fractions;
    Rational sum = 0;
    for (std::uint64_t i = rng.Between(1, 6); i > 0; --i) {
      const std::uint64_t below = rng.OneIn(3) ? rng.Between(1, 1u << 20) : rng.Between(1, 12);
      const std::uint64_t above = rng.Below(below + 1);
      written.edges.push_back(std::to_string(above) + "/" + std::to_string(below));
      fractions.emplace_back(above, below);
      sum += fractions.back();
    }
    const Rest rest = rng.OneIn(2) ? Rest::kKept : Rest::kUnattributed;
    const auto exact = ToExactWeights(written, rest);
    if (!exact.ok()) {
      // Above one, or too fine for 63 bits: six denominators of 20 bits may be.
      if (sum <= 1) REQUIRE(exact.status().message().find("2^63") != std::string_view::npos);
      ++refused_count;
      continue;
    }
    REQUIRE(sum <= 1);
    Rational whole = Rational(exact->retained) + exact->unattributed;
    for (const std::uint64_t weight : exact->edges) whole += weight;
    REQUIRE(whole <= kWeightSumMax);
    for (std::size_t i = 0; i < fractions.size(); ++i) {
      REQUIRE(Rational(exact->edges[i]) / whole == fractions[i]);
    }
    const std::uint64_t open = rest == Rest::kKept ? exact->retained : exact->unattributed;
    REQUIRE(Rational(open) / whole == 1 - sum);
  }
  CHECK(refused_count > 1'000);
  CHECK(refused_count < 19'000);
}

TEST_CASE("written units: parts must add up to one", "[settlement]") {
  CHECK(ToExactUnits({"50%", "1/4", "0.25"}).value() == std::vector<std::uint64_t>{2, 1, 1});
  CHECK(ToExactUnits({"66.5%", "33.5%"}).value() == std::vector<std::uint64_t>{133, 67});
  CHECK(ToExactUnits({"1/3", "1/3", "1/3"}).value() == std::vector<std::uint64_t>{1, 1, 1});
  CHECK_STATUS(ToExactUnits({"33.3%", "33.3%", "33.3%"}), absl::StatusCode::kInvalidArgument);
  CHECK(ToExactUnits({"7", "1"}).value() == std::vector<std::uint64_t>{7, 1});
  CHECK_STATUS(ToExactUnits({"50%"}), absl::StatusCode::kInvalidArgument);
  CHECK_STATUS(ToExactUnits({"50%", "2/3"}), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tributary
