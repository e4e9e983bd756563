// Tiles: their names, which there are, and what is in them.

#include "graph/log/tiles.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/graph/log/samples.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"
#include "tests/support/status_codes.h"

namespace tributary {
namespace {

using test::kInvalid;

Tile Hashes(std::uint32_t level, std::uint64_t index, std::uint32_t width = kTileWidthMax) {
  return {TileKind::kHashes, level, index, width};
}
Tile Entries(std::uint64_t index, std::uint32_t width = kTileWidthMax) {
  return {TileKind::kEntries, 0, index, width};
}

TEST_CASE("tiles: paths", "[log]") {
  struct KnownAnswer {
    Tile tile;
    std::string path;
  };
  const auto known = GENERATE(values<KnownAnswer>({
      {Hashes(0, 0), "tile/0/000"},
      {Hashes(0, 7, 1), "tile/0/007.p/1"},
      {Hashes(1, 999, 255), "tile/1/999.p/255"},
      {Hashes(0, 1000), "tile/0/x001/000"},
      {Hashes(0, 1234067), "tile/0/x001/x234/067"},  // the specification's example
      {Hashes(2, 1000000, 10), "tile/2/x001/x000/000.p/10"},
      {Entries(0, 3), "tile/entries/000.p/3"},
      {Entries(1234067), "tile/entries/x001/x234/067"},
      {Hashes(7, 0, 127), "tile/7/000.p/127"},
      // The last tiles of a tree of 2^63 - 1 leaves.
      {Hashes(0, (std::uint64_t{1} << 55) - 1, 255), "tile/0/x036/x028/x797/x018/x963/967.p/255"},
      {Hashes(0, (std::uint64_t{1} << 55) - 2), "tile/0/x036/x028/x797/x018/x963/966"},
  }));
  CAPTURE(known.path);
  CHECK(TilePath(known.tile) == known.path);
  const auto tile = ParseTilePath(known.path);
  REQUIRE_OK(tile);
  CHECK(*tile == known.tile);
}

TEST_CASE("tiles: paths that are refused", "[log]") {
  const std::string_view path = GENERATE(
      values<std::string_view>({"",
                                "tile",
                                "tile/",
                                "tile/0",
                                "tile/0/",
                                "/tile/0/000",
                                "tile/0/0",
                                "tile/0/00",
                                "tile/0/0000",
                                "tile/0/x000/000",
                                "tile/0/x000/001",
                                "tile/0/001/000",
                                "tile/0/x001/x000",
                                "tile/0/x001/00",
                                "tile/0/x1/000",
                                "tile/0/1000",
                                "tile/00/000",
                                "tile/01/000",
                                "tile/-1/000",
                                "tile/8/000",
                                "tile/63/000",
                                "tile/0/000.p/0",
                                "tile/0/000.p/256",
                                "tile/0/000.p/01",
                                "tile/0/000.p/",
                                "tile/0/000.p",
                                "tile/0/000.p/1/",
                                "tile/0/000.p/1.p/1",
                                "tile/0/000/",
                                "tile/0//000",
                                "tile/0/000 ",
                                "tile/entries",
                                "tile/entries/",
                                "tile/entries/0/000",
                                "tile/data/000",
                                "tile/0/x036/x028/x797/x018/x963/967",
                                "tile/0/x036/x028/x797/x018/x963/968.p/1",
                                "tile/7/000.p/128",
                                "tile/7/000",
                                "tile/0/x999/x999/x999/x999/x999/x999/999",
                                "tile/0/../000",
                                "tile/0/%30%30%30",
                                "tile/0/x999/x999/x999/x999/x999/x999/x999/x999/x999/x999/999"}));
  CAPTURE(path);
  CHECK_STATUS(ParseTilePath(path), kInvalid);
}

TEST_CASE("tiles: those of the specification's tree of 70,000 leaves", "[log]") {
  CHECK(TileLevels(70'000) == std::vector<TileLevel>{{273, 112}, {1, 17}, {0, 1}});
  CHECK(TileLevels(256) == std::vector<TileLevel>{{1, 0}, {0, 1}});
  CHECK(TileLevels(255) == std::vector<TileLevel>{{0, 255}});
  CHECK(TileLevels(0).empty());
  CHECK(TileLevels((std::uint64_t{1} << 63) - 1).size() == kTileLevelMax + 1);
  CHECK(HasTile(Hashes(0, 272), 70'000));
  CHECK_FALSE(HasTile(Hashes(0, 273), 70'000));
  CHECK(HasTile(Hashes(0, 273, 112), 70'000));
  CHECK_FALSE(HasTile(Hashes(0, 273, 111), 70'000));
  CHECK_FALSE(HasTile(Hashes(0, 272, 112), 70'000));
  CHECK(HasTile(Hashes(2, 0, 1), 70'000));
  CHECK_FALSE(HasTile(Hashes(3, 0, 1), 70'000));
  CHECK(HasTile(Entries(273, 112), 70'000));
  CHECK(HasTile(Hashes(1, 0), 70'000));
  Tile entries_of_hashes = Hashes(1, 0);  // which TilePath would write as the entries of level 0
  entries_of_hashes.kind = TileKind::kEntries;
  CHECK_FALSE(HasTile(entries_of_hashes, 70'000));
  CHECK_FALSE(HasTile(Hashes(0, 0, 0), 0));
  CHECK_FALSE(HasTile(Hashes(1, 0), 256));
}

// Tiles made from the definition: the root of every full subtree is where PlaceOf says.
TEST_CASE("tiles: every full subtree of a tree is found in its tile", "[log]") {
  const std::size_t size = 256 * 5 + 77;
  const auto leaves = test::NumberedLeaves(size);
  const auto hashes_of = [&](const Tile& tile) {
    std::vector<Digest> hashes;
    const std::size_t count = std::size_t{1} << (8 * tile.level);
    for (std::uint32_t i = 0; i < tile.width; ++i) {
      hashes.push_back(
          test::ReferenceRoot(std::span(leaves).subspan((tile.index * 256 + i) * count, count)));
    }
    return hashes;
  };
  for (std::uint32_t level = 0; level <= 10; ++level) {
    const std::size_t count = std::size_t{1} << level;
    // All subtrees of high levels, and a sample of the low ones.
    for (std::uint64_t index = 0; index < size / count;
         index += std::max<std::uint64_t>(1, (64 >> level) - 1)) {
      CAPTURE(level, index);
      const auto place = PlaceOf({level, index}, size);
      REQUIRE_OK(place);
      REQUIRE(HasTile(place->tile, size));
      const auto hashes = hashes_of(place->tile);
      REQUIRE(RootOfHashes(std::span(hashes).subspan(place->begin, place->end - place->begin)) ==
              test::ReferenceRoot(std::span(leaves).subspan(index * count, count)));
    }
    CHECK_STATUS(PlaceOf({level, size / count}, size), absl::StatusCode::kOutOfRange);
  }
  CHECK_STATUS(PlaceOf({63, 0}, ~std::uint64_t{0}), absl::StatusCode::kOutOfRange);
  CHECK(PlaceOf({62, 0}, std::uint64_t{1} << 62).value().tile == Hashes(7, 0, 64));
}

TEST_CASE("tiles: the golden tile and bundle", "[log][golden]") {
  const std::string tile = test::ReadLogGoldenHex("tile_0_000.p_3.hex");
  const std::string bundle = test::ReadLogGoldenHex("entries_000.p_3.hex");
  const auto hashes = ParseHashTile(tile, 3);
  REQUIRE_OK(hashes);
  CHECK(FormatHashTile(*hashes) == tile);
  const auto entries = ParseEntryBundle(bundle, 3);
  REQUIRE_OK(entries);
  const std::vector<std::uint64_t> times = {1767225600000, 1767225600001, 1767225601000};
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(LeafHash((*entries)[i]) == (*hashes)[i]);
    const auto leaf = ParseLogLeaf((*entries)[i]);
    REQUIRE_OK(leaf);
    CHECK(leaf->record_id == Sha256("{\"record\":" + std::to_string(i) + "}"));
    CHECK(leaf->accepted_time.value == times[i]);
    CHECK(FormatLogLeaf(*leaf) == (*entries)[i]);
  }
  CHECK(FormatEntryBundle(std::vector<std::string>(entries->begin(), entries->end())).value() ==
        bundle);
}

TEST_CASE("tiles: bundles and tiles of another width are refused", "[log]") {
  const std::string bundle = test::ReadLogGoldenHex("entries_000.p_3.hex");
  CHECK_STATUS(ParseEntryBundle(bundle, 2), kInvalid);
  CHECK_STATUS(ParseEntryBundle(bundle, 4), kInvalid);
  CHECK_STATUS(ParseEntryBundle(bundle + '\0', 3), kInvalid);
  for (std::size_t size = 0; size < bundle.size(); ++size) {
    CHECK_STATUS(ParseEntryBundle(bundle.substr(0, size), 3), kInvalid);
  }
  CHECK_STATUS(ParseEntryBundle("", 0), absl::StatusCode::kOk);
  CHECK_STATUS(ParseHashTile(std::string(95, 'x'), 3), kInvalid);
  CHECK_STATUS(ParseHashTile(std::string(97, 'x'), 3), kInvalid);
  const std::vector<std::string> large = {std::string(kEntrySizeMax, 'e'), ""};
  const auto bytes = FormatEntryBundle(large);
  REQUIRE_OK(bytes);
  CHECK(ParseEntryBundle(*bytes, 2).value() ==
        std::vector<std::string_view>(large.begin(), large.end()));
  CHECK_STATUS(FormatEntryBundle(std::vector{std::string(kEntrySizeMax + 1, 'e')}), kInvalid);
}

TEST_CASE("log leaf: another size or a time past the year 9999 is refused", "[log]") {
  const std::string good = FormatLogLeaf({Sha256("r"), TimeMs{kTimeMsMax}});
  CHECK(good.size() == kLogLeafSize);
  CHECK_STATUS(ParseLogLeaf(good), absl::StatusCode::kOk);
  CHECK_STATUS(ParseLogLeaf(FormatLogLeaf({Sha256("r"), TimeMs{kTimeMsMax + 1}})), kInvalid);
  CHECK_STATUS(ParseLogLeaf(good.substr(1)), kInvalid);
  CHECK_STATUS(ParseLogLeaf(good + "x"), kInvalid);
}

TEST_CASE("tiles: whatever path is read is written again", "[log][property]") {
  test::Rng rng = test::SeededRng();
  constexpr std::string_view kLetters = "0123456789x/.p";
  int accepted = 0;
  for (int trial = 0; trial < 50'000; ++trial) {
    std::string path = TilePath({TileKind::kHashes, static_cast<std::uint32_t>(rng.Below(8)),
                                 rng.Below(2'000'000) >> rng.Below(21),
                                 static_cast<std::uint32_t>(rng.Between(1, 256))});
    if (rng.OneIn(2)) path[rng.Below(path.size())] = kLetters[rng.Below(kLetters.size())];
    const auto tile = ParseTilePath(path);
    if (!tile.ok()) continue;
    ++accepted;
    CAPTURE(rng.seed(), trial, path);
    REQUIRE(TilePath(*tile) == path);
  }
  CHECK(accepted > 10'000);
}

}  // namespace
}  // namespace tributary
