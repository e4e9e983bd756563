// When a row of an asset may be kept in memory, and when it must be forgotten.

#include "storage/ledger_caches.h"

#include "tests/support/catch.h"

namespace tributary {
namespace {

constexpr AssetNumber kAsset{3};
constexpr AssetNumber kOther{5};

AssetStateRow RowWithDerivations(std::uint32_t count) {
  AssetStateRow row;
  row.derivation.count = count;
  return row;
}

void Insert(AssetStateCache& cache, AssetNumber asset, std::uint32_t count, std::uint64_t size) {
  const AssetStateRow row = RowWithDerivations(count);
  cache.Insert(std::span(&asset, 1), std::span(&row, 1), TreeSize{size});
}

TEST_CASE("asset states: a row is kept until a commit changes it", "[ledger]") {
  AssetStateCache cache(1u << 20);
  Insert(cache, kAsset, 1, 10);
  CHECK_FALSE(cache.Find(kAsset).has_value());  // no head is known yet
  cache.Update({}, TreeSize{10});
  Insert(cache, kAsset, 1, 10);
  Insert(cache, kOther, 1, 10);
  REQUIRE(cache.Find(kAsset) == RowWithDerivations(1));
  cache.Update(std::span(&kAsset, 1), TreeSize{11});
  CHECK_FALSE(cache.Find(kAsset).has_value());
  CHECK(cache.Find(kOther) == RowWithDerivations(1));
}

TEST_CASE("asset states: a row that was read before the last commit comes too late", "[ledger]") {
  AssetStateCache cache(1u << 20);
  cache.Update(std::span(&kAsset, 1), TreeSize{11});
  Insert(cache, kAsset, 1, 10);
  CHECK_FALSE(cache.Find(kAsset).has_value());
  Insert(cache, kAsset, 2, 11);
  CHECK(cache.Find(kAsset) == RowWithDerivations(2));
}

TEST_CASE("asset states: nothing is kept between a clearing and the next commit", "[ledger]") {
  AssetStateCache cache(1u << 20);
  cache.Update({}, TreeSize{10});
  Insert(cache, kAsset, 1, 10);
  cache.Clear();
  CHECK_FALSE(cache.Find(kAsset).has_value());
  Insert(cache, kAsset, 1, 10);
  CHECK_FALSE(cache.Find(kAsset).has_value());
  cache.Update({}, TreeSize{11});
  Insert(cache, kAsset, 1, 11);
  CHECK(cache.Find(kAsset).has_value());
}

}  // namespace
}  // namespace tributary
