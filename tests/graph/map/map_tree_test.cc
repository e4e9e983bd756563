// Updates and bulk builds, against the definition.

#include "graph/map/map_tree.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "graph/map/map_multi_proof.h"
#include "graph/map/map_proof.h"
#include "tests/graph/map/reference_map.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"
#include "tests/support/status_codes.h"

namespace tributary {
namespace {

using test::Contents;
using test::Entries;
using test::EntriesOf;
using test::kInvalid;
using test::MemoryPages;
using test::ReferenceMapRoot;
using test::StoredMap;

void Shuffle(test::Rng& rng, Entries* entries) {
  for (std::size_t i = entries->size(); i > 1; --i) {
    std::swap((*entries)[i - 1], (*entries)[rng.Below(i)]);
  }
}

// Everything that hangs on a root, by reading all of its pages.
Contents ReadAll(const MemoryPages& pages, const MapRoot& root) {
  Contents contents;
  std::vector<internal::MapPageRequest> open;
  if (root.hash != EmptyMapRoot()) open.push_back({{{}, 0, root.version}, root.hash});
  while (!open.empty()) {
    const auto request = open.back();
    open.pop_back();
    const auto page = internal::LoadPages(pages, std::vector{request});
    REQUIRE_OK(page);
    for (const MapSlot& slot : page->front().slots) {
      if (const auto* entry = std::get_if<MapEntry>(&slot.content)) {
        contents[entry->key] = entry->value;
      } else {
        const auto& ref = std::get<MapPageRef>(slot.content);
        open.push_back({internal::ChildOf(request.id, slot.index, ref.version), ref.hash});
      }
    }
  }
  return contents;
}

TEST_CASE("map tree: known roots", "[map]") {
  const std::vector<std::pair<std::size_t, std::string>> known = {
      {0, "e52d9c508c502347344d8c07ad91cbd6068afc75ff6292f062a09ca381c89e71"},
      {1, "b31d0b1f676b6c60acc840a770fdf830463bd48e03d0924c00196e4250f4de51"},
      {2, "bfa027f33109f17f7b92a08b915ba33b50111c766023bf41c68f978f75e8f9ad"},
      {3, "bece78458d8de6f95e9d511f0b3bf9c9236e9d06c1501f88e87ac490a7721d05"},
      {8, "b5b6dc354a0dbf3396dd9277f3d0ed241bffc1e46edce4742a7973b68b3afeac"},
      {1000, "37b15dcd6f0ce2be90dd32a5a6efe637cd2e92812cf4ed7b08b68405459c6b52"}};
  for (const auto& [count, root] : known) {
    CAPTURE(count);
    const Contents contents = test::NumberedContents(count);
    CHECK(StoredMap(contents).root.hash.ToHex() == root);
    CHECK(ReferenceMapRoot(EntriesOf(contents)).ToHex() == root);
  }
}

TEST_CASE("map tree: however entries come, the root is of the set", "[map][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 60; ++trial) {
    Contents contents;
    for (std::uint64_t count = rng.Between(1, 60); count > 0; --count) {
      contents[test::RandomKey(rng, contents)] = test::RandomDigest(rng);
    }
    CAPTURE(rng.seed(), trial, contents.size());
    const Digest root = ReferenceMapRoot(EntriesOf(contents));
    for (int order = 0; order < 5; ++order) {
      Entries entries = EntriesOf(contents);
      Shuffle(rng, &entries);
      StoredMap map;
      while (!entries.empty()) {
        const auto count = static_cast<std::ptrdiff_t>(rng.Between(1, entries.size()));
        Entries batch(entries.end() - count, entries.end());
        entries.resize(entries.size() - batch.size());
        // Some values are put wrongly first, and some that are there are put again.
        if (rng.OneIn(2)) {
          Entries wrong = batch;
          for (MapEntry& entry : wrong) entry.value = test::RandomDigest(rng);
          map.Put(wrong);
        }
        for (const auto& [key, value] : map.contents) {
          const bool in_batch = std::any_of(batch.begin(), batch.end(),
                                            [&](const MapEntry& e) { return e.key == key; });
          if (!in_batch && rng.OneIn(3)) batch.push_back({key, value});
        }
        Shuffle(rng, &batch);
        map.Put(batch);
      }
      REQUIRE(map.root.hash == root);
      REQUIRE(ReadAll(map.pages, map.root) == contents);
    }
  }
}

TEST_CASE("map tree: a history, and every root of it for ever", "[map][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 12; ++trial) {
    StoredMap map;
    std::vector<std::pair<MapRoot, Contents>> past = {{map.root, {}}};
    for (int step = 0; step < 25; ++step) {
      CAPTURE(rng.seed(), trial, step);
      Contents puts;
      for (std::uint64_t count = rng.Below(20); count > 0; --count) {
        puts[test::RandomKey(rng, map.contents)] = test::RandomDigest(rng);
      }
      map.version += rng.Below(5);
      map.Put(EntriesOf(puts));
      REQUIRE(map.root.hash == ReferenceMapRoot(EntriesOf(map.contents)));
      past.emplace_back(map.root, map.contents);
    }
    for (const auto& [root, contents] : past) {
      REQUIRE(ReadAll(map.pages, root) == contents);
      const MapKey key = test::RandomKey(rng, map.contents);
      const auto proven = ProveMapKey(map.pages, root, key);
      REQUIRE_OK(proven);
      REQUIRE(proven->claim.value.has_value() == (contents.count(key) == 1));
      REQUIRE_OK(VerifyMapProof(proven->claim, proven->proof, root.hash));
    }
  }
}

TEST_CASE("map tree: a page is read and written once, and not without need", "[map]") {
  StoredMap map(test::NumberedContents(5000));
  const auto pages_before = map.pages.pages;
  map.pages.call_count = map.pages.page_count = 0;
  Entries puts;
  for (std::size_t i = 0; i < 300; ++i) puts.push_back({test::NumberedEntry(i).key, Sha256("new")});
  const auto update = UpdateMap(map.pages, map.root, 2, puts);
  REQUIRE_OK(update);
  std::set<MapPageId> written;
  for (const MapPageWrite& page : update->pages) {
    written.insert(page.id);
    CHECK(page.id.version == 2);
    MapPageId old = page.id;
    old.version = 1;
    CHECK(pages_before.count(old) == 1);  // no key is new, so no place is
  }
  CHECK(written.size() == update->pages.size());
  CHECK(map.pages.page_count == written.size());
  CHECK(map.pages.call_count <= 6);  // one for each level
  CHECK(std::is_sorted(
      update->pages.begin(), update->pages.end(), [](const MapPageWrite& a, const MapPageWrite& b) {
        return std::pair(a.id.level, a.id.prefix) < std::pair(b.id.level, b.id.prefix);
      }));
  // What is there already changes nothing.
  for (MapEntry& entry : puts) entry.value = map.contents.at(entry.key);
  const auto same = UpdateMap(map.pages, map.root, 3, puts);
  REQUIRE_OK(same);
  CHECK(same->pages.empty());
  CHECK(same->root == map.root);
  // One new value among them: the pages on its way alone.
  puts.front().value = Sha256("another");
  const auto one = UpdateMap(map.pages, map.root, 3, puts);
  REQUIRE_OK(one);
  CHECK(one->pages.size() <= 5);
  CHECK(one->root.version == 3);
}

TEST_CASE("map tree: nothing put into nothing", "[map]") {
  const MemoryPages pages;
  for (const MapRoot& root : {MapRoot{}, MapRoot{17, EmptyMapRoot()}}) {
    const auto update = UpdateMap(pages, root, 5, {});
    REQUIRE_OK(update);
    CHECK(update->root == root);
    CHECK(update->pages.empty());
    CHECK_STATUS(UpdateMap(pages, root, 5, {test::NumberedEntry(0)}), absl::StatusCode::kOk);
  }
  CHECK(pages.call_count == 0);
}

TEST_CASE("map tree: what can not be put", "[map]") {
  StoredMap map(test::NumberedContents(3));
  const MapEntry entry = test::NumberedEntry(1);
  CHECK_STATUS(UpdateMap(map.pages, map.root, 1, {entry}), kInvalid);
  CHECK_STATUS(UpdateMap(map.pages, map.root, 0, {}), kInvalid);
  CHECK_STATUS(UpdateMap(map.pages, map.root, 2, {entry, test::NumberedEntry(2), entry}), kInvalid);
  CHECK_STATUS(UpdateMap(map.pages, map.root, 2, {entry, {entry.key, Sha256("other")}}), kInvalid);
  CHECK_STATUS(UpdateMap(map.pages, map.root, 2, Entries(kMapPutCountMax + 1)),
               absl::StatusCode::kResourceExhausted);
}

// Whatever is changed in a stored page, an answer that needs the page is refused.
TEST_CASE("map tree: damaged pages are found before they are used", "[map]") {
  StoredMap map(test::NumberedContents(60));
  map.Put({{test::NumberedEntry(7).key, Sha256("new")}});
  const MemoryPages good = map.pages;
  const auto lost = absl::StatusCode::kDataLoss;
  std::size_t damage_count = 0;
  for (std::size_t i = 0; i < map.contents.size(); i += 6) {
    const MapKey key = test::NumberedEntry(i).key;
    const auto refused = [&] {
      ++damage_count;
      CHECK_STATUS(ProveMapKey(map.pages, map.root, key), lost);
      CHECK_STATUS(ProveMapKeys(map.pages, map.root, std::vector{key}), lost);
      CHECK_STATUS(UpdateMap(map.pages, map.root, 9, {{key, Sha256("x")}}), lost);
    };
    for (const auto& [id, bytes] : good.pages) {
      const bool newest = id.version == 2 || good.pages.count({id.prefix, id.level, 2}) == 0;
      if (!newest || key.Prefix(std::size_t{4} * id.level) != id.prefix) continue;
      CAPTURE(ToText(id));
      for (std::size_t at = 0; at < bytes.size(); at += 1 + at / 40) {
        map.pages.pages[id][at] = static_cast<char>(bytes[at] ^ 0x10);
        refused();
        map.pages.pages[id] = bytes;
      }
      map.pages.pages[id] += '\0';
      refused();
      map.pages.pages.erase(id);
      refused();
      map.pages.pages[id] = bytes;
    }
  }
  CHECK(damage_count > 500);
  // A version is no part of a hash. One that is wrong leads to a page that is not there, or to one
  // of another hash.
  MapPage top = ParseMapPage(good.pages.at({{}, 0, 2}), {{}, 0, 2}).value();
  const MapKey changed = test::NumberedEntry(7).key;
  for (MapSlot& slot : top.slots) {
    if (slot.index == changed.Nibble(0)) std::get<MapPageRef>(slot.content).version = 1;
  }
  map.pages.pages[{{}, 0, 2}] = FormatMapPage(top);
  CHECK_STATUS(ProveMapKey(map.pages, map.root, changed), lost);
  // The page of another version in the place of the newest.
  map.pages.pages[{{}, 0, 2}] = good.pages.at({{}, 0, 1});
  CHECK_STATUS(ProveMapKey(map.pages, map.root, test::NumberedEntry(0).key), lost);
}

TEST_CASE("map builder: the root and the pages of an update of nothing", "[map][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 100; ++trial) {
    Contents contents;
    for (std::uint64_t count = rng.Below(trial < 50 ? 6 : 400); count > 0; --count) {
      contents[test::RandomKey(rng, contents)] = test::RandomDigest(rng);
    }
    CAPTURE(rng.seed(), trial, contents.size());
    MemoryPages built;
    MapBuilder builder(1, [&](MapPageWrite page) {
      built.Write(page);
      return absl::OkStatus();
    });
    for (const MapEntry& entry : EntriesOf(contents)) REQUIRE_OK(builder.Add(entry));
    const auto root = builder.Finish();
    REQUIRE_OK(root);
    const auto update = UpdateMap(MemoryPages(), MapRoot(), 1, EntriesOf(contents));
    REQUIRE_OK(update);
    REQUIRE(*root == update->root);
    MemoryPages updated;
    for (const MapPageWrite& page : update->pages) updated.Write(page);
    REQUIRE(built.pages == updated.pages);
  }
}

TEST_CASE("map builder: entries out of order, and a sink that fails", "[map]") {
  const auto keep = [](const MapPageWrite&) { return absl::OkStatus(); };
  MapBuilder builder(1, keep);
  const Entries entries = EntriesOf(test::NumberedContents(3));
  REQUIRE_OK(builder.Add(entries[1]));
  CHECK_STATUS(builder.Add(entries[1]), kInvalid);
  CHECK_STATUS(builder.Add(entries[0]), kInvalid);
  MapBuilder broken(1, [](const MapPageWrite&) { return absl::UnavailableError("full"); });
  REQUIRE_OK(broken.Add(entries[0]));
  CHECK_STATUS(broken.Finish(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace tributary
