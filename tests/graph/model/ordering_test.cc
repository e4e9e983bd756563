#include "graph/model/ordering.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary::test {
namespace {

using Values = std::vector<std::uint32_t>;

// Shapes on which a sort by partition may stumble.
Values MakeValues(const std::string& shape, std::size_t count) {
  Rng rng(count);
  Values values(count);
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = static_cast<std::uint32_t>(rng());
    if (shape == "equal") values[i] = 7;
    if (shape == "two values") values[i] = i % 2;
    if (shape == "ascending") values[i] = static_cast<std::uint32_t>(i);
    if (shape == "descending") values[i] = static_cast<std::uint32_t>(count - i);
    if (shape == "organ pipe") values[i] = static_cast<std::uint32_t>(std::min(i, count - i));
    if (shape == "few values") values[i] %= 100;
    if (shape == "largest last") values[i] = i + 1 == count ? 9 : 1;
    if (shape == "largest first") values[i] = i == 0 ? 9 : 1;
  }
  return values;
}

TEST_CASE("ordering: as the standard library sorts and selects", "[model]") {
  const std::string shape =
      GENERATE(as<std::string>{}, "random", "equal", "two values", "ascending", "descending",
               "organ pipe", "few values", "largest last", "largest first");
  const std::size_t count = GENERATE(0, 1, 2, 8192, 8193, 8200, 100'000);
  const Values values = MakeValues(shape, count);
  Values expected = values;
  std::sort(expected.begin(), expected.end());
  CAPTURE(shape, count);
  Values sorted = values;
  REQUIRE_OK(SortUnlessCancelled(std::span(sorted), std::less<>(), nullptr));
  REQUIRE(sorted == expected);
  for (const std::size_t front : {std::size_t{0}, std::size_t{1}, count / 3, count, count + 1}) {
    Values selected = values;
    REQUIRE_OK(SelectUnlessCancelled(std::span(selected), front, std::less<>(), nullptr));
    const auto end = static_cast<std::ptrdiff_t>(std::min(front, count));
    REQUIRE(std::equal(selected.begin(), selected.begin() + end, expected.begin()));
    std::sort(selected.begin(), selected.end());
    REQUIRE(selected == expected);
  }
}

// Values that answer the comparisons so that every cut is a bad one (McIlroy's adversary).
TEST_CASE("ordering: a chosen worst case stays near n log n", "[model]") {
  constexpr std::size_t kCount = 50'000;
  std::vector<std::size_t> rank(kCount, kCount);  // kCount: not decided yet
  std::size_t solid_count = 0;
  std::size_t candidate = 0;
  std::size_t comparison_count = 0;
  const auto less = [&](std::size_t a, std::size_t b) {
    ++comparison_count;
    if (rank[a] == kCount && rank[b] == kCount) rank[a == candidate ? a : b] = solid_count++;
    if (rank[a] == kCount) candidate = a;
    if (rank[b] == kCount) candidate = b;
    return rank[a] < rank[b];
  };
  std::vector<std::size_t> items(kCount);
  std::iota(items.begin(), items.end(), std::size_t{0});
  REQUIRE_OK(SortUnlessCancelled(std::span(items), less, nullptr));
  CHECK(comparison_count < 200 * kCount);  // n log2 n is 16 a value; a square would be 25,000
  for (std::size_t i = 1; i < kCount; ++i) {
    if (rank[items[i - 1]] > rank[items[i]]) FAIL("not sorted at " << i);
  }
}

TEST_CASE("ordering: stops with the token's reason", "[model]") {
  Values values = MakeValues("random", 2'000'000);
  CancelToken token;
  token.Cancel(absl::StatusCode::kDeadlineExceeded);
  CHECK_STATUS(SortUnlessCancelled(std::span(values), std::less<>(), &token),
               absl::StatusCode::kDeadlineExceeded);
  CHECK_STATUS(SelectUnlessCancelled(std::span(values), 10, std::less<>(), &token),
               absl::StatusCode::kDeadlineExceeded);
  // In the midst of it: the comparison cancels, and few more are made.
  CancelToken late;
  std::size_t comparison_count = 0;
  const auto less = [&](std::uint32_t a, std::uint32_t b) {
    if (++comparison_count == 1'000'000) late.Cancel();
    return a < b;
  };
  CHECK_STATUS(SortUnlessCancelled(std::span(values), less, &late), absl::StatusCode::kCancelled);
  CHECK(comparison_count < 1'400'000);
}

}  // namespace
}  // namespace tributary::test
