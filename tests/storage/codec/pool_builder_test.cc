#include "storage/pool_builder.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary {
namespace {

using PageAndRun = std::pair<std::uint64_t, std::uint32_t>;

// Collects what a builder gives out.
struct Rows {
  std::map<PageAndRun, std::vector<std::uint64_t>> members;
  PoolBuilder::Sink Sink() {
    return [this](std::uint64_t page, std::uint32_t run, const std::vector<std::uint64_t>& row) {
      REQUIRE(members.emplace(PageAndRun{page, run}, row).second);
    };
  }
};

// Every input stands in exactly one row of its page, rows are ascending, runs are counted from 0.
void CheckRows(const Rows& rows, const std::vector<PageAndRun>& pages,
               const std::vector<std::uint64_t>& inputs) {
  std::vector<std::uint64_t> all;
  std::map<std::uint64_t, std::uint32_t> run_counts;
  for (const auto& [key, row] : rows.members) {
    REQUIRE_FALSE(row.empty());
    REQUIRE(std::is_sorted(row.begin(), row.end()));
    REQUIRE(row.front() / keys::kAssetPageSize == key.first);
    REQUIRE(row.back() / keys::kAssetPageSize == key.first);
    REQUIRE(key.second == run_counts[key.first]++);
    all.insert(all.end(), row.begin(), row.end());
  }
  std::sort(all.begin(), all.end());
  std::vector<std::uint64_t> expected = inputs;
  std::sort(expected.begin(), expected.end());
  CHECK(all == expected);
  CHECK(pages == std::vector<PageAndRun>(run_counts.begin(), run_counts.end()));
}

TEST_CASE("pool builder: no inputs, no rows", "[storage][codec]") {
  Rows rows;
  PoolBuilder pool(rows.Sink());
  CHECK(pool.Finish().empty());
  CHECK(rows.members.empty());
}

TEST_CASE("pool builder: pages are cut at multiples of their size", "[storage][codec]") {
  Rows rows;
  PoolBuilder pool(rows.Sink());
  for (const std::uint64_t input : {8192u, 4095u, 4096u, 0u}) pool.Add(AssetNumber{input});
  CHECK(pool.Finish() == std::vector<PageAndRun>{{0, 1}, {1, 1}, {2, 1}});
  CHECK(rows.members.at({0, 0}) == std::vector<std::uint64_t>{0, 4095});
  CHECK(rows.members.at({1, 0}) == std::vector<std::uint64_t>{4096});
  CHECK(rows.members.at({2, 0}) == std::vector<std::uint64_t>{8192});
}

TEST_CASE("pool builder: every input stands once in a row of its page",
          "[storage][codec][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 50; ++trial) {
    std::set<std::uint64_t> distinct;
    const std::uint64_t bound = 1 + (rng() >> rng.Between(24, 60));
    for (std::uint64_t i = rng.Below(2'000); i > 0; --i) distinct.insert(rng.Below(bound));
    std::vector<std::uint64_t> inputs(distinct.begin(), distinct.end());
    for (std::size_t i = inputs.size(); i > 1; --i) std::swap(inputs[i - 1], inputs[rng.Below(i)]);
    Rows rows;
    PoolBuilder pool(rows.Sink());
    for (const std::uint64_t input : inputs) pool.Add(AssetNumber{input});
    CAPTURE(rng.seed(), trial);
    CheckRows(rows, pool.Finish(), inputs);
  }
}

TEST_CASE("pool builder: a list longer than a run gives a page several runs", "[storage][codec]") {
  // Every second number first, the others then: each page is met in both runs.
  const std::uint64_t count = PoolBuilder::kRunSize + 5'000;
  std::vector<std::uint64_t> inputs;
  for (std::uint64_t i = 0; i < count; i += 2) inputs.push_back(i);
  for (std::uint64_t i = 1; i < count; i += 2) inputs.push_back(i);
  Rows rows;
  PoolBuilder pool(rows.Sink());
  for (const std::uint64_t input : inputs) pool.Add(AssetNumber{input});
  const auto pages = pool.Finish();
  CheckRows(rows, pages, inputs);
  CHECK(pages.back().second == 2);
  CHECK(pages.front().second == 1);
}

}  // namespace
}  // namespace tributary
