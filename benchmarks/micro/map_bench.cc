// Question: what does a state of the map cost, by how much changed since the one before?
// Data:     1,000,000 random keys in memory; batches that give random keys of them a new value.
//           The ceiling is the same pages hashed twice, once to check and once to change them.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "graph/map/map_tree.h"
#include "tests/support/rng.h"

namespace tributary {
namespace {

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "wrong answer: %s\n", what);
  std::abort();
}

class LargeMap final : public MapPageReader {
 public:
  static constexpr std::size_t kCount = 1'000'000;
  LargeMap() {
    for (std::size_t i = 0; i < kCount; ++i) {
      entries.push_back({{Sha256(std::to_string(i))}, Sha256("value")});
    }
    std::sort(entries.begin(), entries.end());
    root = Build(entries, [&](MapPageWrite page) {
      byte_count += page.bytes.size();
      pages_[page.id] = std::move(page.bytes);
      return absl::OkStatus();
    });
    std::printf("map of %zu keys: %zu pages, %zu bytes\n", kCount, pages_.size(), byte_count);
  }
  static MapRoot Build(std::span<const MapEntry> sorted, MapBuilder::Sink sink) {
    MapBuilder builder(1, std::move(sink));
    for (const MapEntry& entry : sorted) Require(builder.Add(entry).ok(), "order");
    return builder.Finish().value();
  }
  absl::StatusOr<std::vector<std::string>> ReadPages(
      std::span<const MapPageId> ids) const override {
    std::vector<std::string> pages;
    pages.reserve(ids.size());
    for (const MapPageId& id : ids) pages.push_back(pages_.at(id));
    return pages;
  }

  std::vector<MapEntry> entries;
  MapRoot root;
  std::size_t byte_count = 0;

 private:
  std::map<MapPageId, std::string> pages_;
};

const LargeMap& Large() {
  static const LargeMap& map = *new LargeMap;
  return map;
}

// The places of the changed entries.
std::set<std::size_t> Places(std::size_t count) {
  test::Rng rng(42);
  std::set<std::size_t> places;
  while (places.size() < count) places.insert(rng.Below(LargeMap::kCount));
  return places;
}

void BM_UpdateMap(benchmark::State& state) {
  const LargeMap& map = Large();
  std::vector<MapEntry> puts;
  std::vector<MapEntry> changed = map.entries;
  for (const std::size_t place : Places(static_cast<std::size_t>(state.range(0)))) {
    changed[place].value = Sha256("new");
    puts.push_back(changed[place]);
  }
  const auto once = UpdateMap(map, map.root, 2, puts);
  const MapRoot built =
      LargeMap::Build(changed, [](const MapPageWrite&) { return absl::OkStatus(); });
  Require(once.ok() && once->root.hash == built.hash, "root");
  for (auto _ : state) benchmark::DoNotOptimize(UpdateMap(map, map.root, 2, puts));
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["pages"] = static_cast<double>(once->pages.size());
}
BENCHMARK(BM_UpdateMap)->Arg(1)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);

void BM_HashedPages(benchmark::State& state) {
  const LargeMap& map = Large();
  std::vector<MapEntry> puts;
  for (const std::size_t place : Places(static_cast<std::size_t>(state.range(0)))) {
    puts.push_back({map.entries[place].key, Sha256("new")});
  }
  const MapUpdate update = UpdateMap(map, map.root, 2, puts).value();
  std::vector<MapPage> pages;
  for (const MapPageWrite& page : update.pages) {
    pages.push_back(ParseMapPage(page.bytes, page.id).value());
  }
  for (auto _ : state) {
    for (const MapPage& page : pages) {
      benchmark::DoNotOptimize(internal::TreeOf(page));
      benchmark::DoNotOptimize(internal::TreeOf(page));
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_HashedPages)->Arg(1)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tributary
