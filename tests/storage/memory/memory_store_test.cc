// What the memory engine does beyond the conformance suite: it is the referee.

#include "storage/memory/memory_store.h"

#include "tests/support/catch.h"

namespace tributary::test {
namespace {

WriteBatch PutBatch(Family family, std::string value) {
  WriteBatch batch;
  batch.Put(family, "row", "column", std::move(value));
  return batch;
}

std::uint64_t SizeOf(Store& store, Family family) {
  return store.ApproximateSizes()[static_cast<std::size_t>(family)].approximate_size;
}

TEST_CASE("memory store: a change of an immutable cell fails and writes nothing",
          "[storage][memory]") {
  const Family family = GENERATE(Family::kLog, Family::kUpstream);
  CAPTURE(FamilyName(family));
  const auto store = NewMemoryStore();
  REQUIRE_OK(store->Commit(PutBatch(family, "first")));
  WriteBatch change = PutBatch(family, "second");
  change.Put(Family::kMeta, "row", "beside it", "value");
  CHECK_STATUS(store->Commit(change), absl::StatusCode::kInternal);
  WriteBatch replacement;
  replacement.Delete(family, "row", "column");
  replacement.Put(family, "row", "column", "second");
  CHECK_STATUS(store->Commit(replacement), absl::StatusCode::kInternal);
  const auto snapshot = store->TakeSnapshot();
  REQUIRE(*(*snapshot)->Get({family, "row", "column"}) == "first");
  REQUIRE_FALSE((*snapshot)->Get({Family::kMeta, "row", "beside it"})->has_value());
}

TEST_CASE("memory store: staged edges may be deleted, log entries never", "[storage][memory]") {
  const auto store = NewMemoryStore();
  REQUIRE_OK(store->Commit(PutBatch(Family::kUpstream, "edges")));
  REQUIRE_OK(store->Commit(PutBatch(Family::kLog, "entry")));
  WriteBatch edges;
  edges.Delete(Family::kUpstream, "row", "column");
  REQUIRE_OK(store->Commit(edges));
  WriteBatch entry;
  entry.Delete(Family::kLog, "row", "column");
  CHECK_STATUS(store->Commit(entry), absl::StatusCode::kInternal);
}

TEST_CASE("memory store: other families may change", "[storage][memory]") {
  const auto store = NewMemoryStore();
  REQUIRE_OK(store->Commit(PutBatch(Family::kAsset, "first")));
  REQUIRE_OK(store->Commit(PutBatch(Family::kAsset, "second")));
}

TEST_CASE("memory store: old versions go when no snapshot sees them", "[storage][memory]") {
  const auto store = NewMemoryStore();
  REQUIRE_OK(store->Commit(PutBatch(Family::kAsset, std::string(1'000, 'a'))));
  const std::uint64_t size_of_one = SizeOf(*store, Family::kAsset);
  auto snapshot = store->TakeSnapshot();
  for (int i = 0; i < 5; ++i) {
    REQUIRE_OK(store->Commit(PutBatch(Family::kAsset, std::string(1'000, 'b'))));
  }
  REQUIRE(SizeOf(*store, Family::kAsset) > size_of_one);
  REQUIRE(*(*snapshot)->Get({Family::kAsset, "row", "column"}) == std::string(1'000, 'a'));
  snapshot->reset();
  REQUIRE_OK(store->Compact());
  REQUIRE(SizeOf(*store, Family::kAsset) == size_of_one);
  WriteBatch removal;
  removal.Delete(Family::kAsset, "row", "column");
  REQUIRE_OK(store->Commit(removal));
  REQUIRE(SizeOf(*store, Family::kAsset) == 0);
}

TEST_CASE("memory store: has no files to copy", "[storage][memory]") {
  CHECK_STATUS(NewMemoryStore()->CopyTo("/nowhere"), absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace tributary::test
