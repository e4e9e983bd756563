#include "storage/log_tree.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "storage/row_codec.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary {
namespace {

Digest LeafOf(std::uint64_t i) { return LeafHash(std::to_string(i)); }

// Rows as a store would hold them, with how often each was written.
class Tiles {
 public:
  RowSink Sink() {
    return [this](const OwnedKey& key, std::string payload) {
      REQUIRE(key.family == Family::kTree);
      ++write_counts_[{key.row, key.column}];
      rows_[{key.row, key.column}] = std::move(payload);
    };
  }
  RowSource Source() const {
    return [this](const OwnedKey& key) -> absl::StatusOr<std::optional<std::string>> {
      const auto found = rows_.find({key.row, key.column});
      if (found == rows_.end()) return std::optional<std::string>();
      return std::optional(found->second);
    };
  }
  std::string* Find(std::uint32_t level, std::uint64_t index) {
    const OwnedKey key = keys::Tile(level, index);
    const auto found = rows_.find({key.row, key.column});
    return found == rows_.end() ? nullptr : &found->second;
  }
  void Erase(std::uint32_t level, std::uint64_t index) {
    const OwnedKey key = keys::Tile(level, index);
    rows_.erase({key.row, key.column});
  }
  int WriteCount(std::uint32_t level, std::uint64_t index) const {
    const OwnedKey key = keys::Tile(level, index);
    const auto found = write_counts_.find({key.row, key.column});
    return found == write_counts_.end() ? 0 : found->second;
  }
  std::size_t size() const { return rows_.size(); }

 private:
  std::map<std::pair<std::string, std::string>, std::string> rows_;
  std::map<std::pair<std::string, std::string>, int> write_counts_;
};

// What the log itself gives at opening: the leaves after the last full tile.
std::vector<Digest> PartialLeaves(std::uint64_t size) {
  std::vector<Digest> leaves;
  for (std::uint64_t i = size - size % kTileSize; i < size; ++i) leaves.push_back(LeafOf(i));
  return leaves;
}

TEST_CASE("log tree: loaded at any size it has the tree's root and goes on", "[storage][codec]") {
  // Around one tile, around several, and where a third level begins.
  const std::set<std::uint64_t> sizes = {0,     1,     2,     255,   256,   257,   511,
                                         512,   513,   1000,  4096,  65279, 65280, 65281,
                                         65535, 65536, 65537, 65792, 65793, 66000};
  Tiles tiles;
  LogTreeAppender tree;
  TreeFrontier expected;
  for (std::uint64_t size = 0; size <= *sizes.rbegin(); ++size) {
    if (size > 0) {
      tree.Append(LeafOf(size - 1), tiles.Sink());
      expected.Append(LeafOf(size - 1));
    }
    if (!sizes.contains(size)) continue;
    CAPTURE(size);
    tree.Flush(tiles.Sink());
    REQUIRE(tree.size() == size);
    REQUIRE(tree.Root() == expected.Root());
    auto loaded = LogTreeAppender::Load(size, PartialLeaves(size), tiles.Source());
    REQUIRE_OK(loaded);
    REQUIRE(loaded->size() == size);
    REQUIRE(loaded->Root() == expected.Root());
    tree = *std::move(loaded);  // what follows is appended to the loaded one
  }
}

TEST_CASE("log tree: every size to 600, flushed and loaded each time", "[storage][codec]") {
  Tiles tiles;
  LogTreeAppender tree;
  TreeFrontier expected;
  for (std::uint64_t size = 1; size <= 600; ++size) {
    tree.Append(LeafOf(size - 1), tiles.Sink());
    tree.Flush(tiles.Sink());
    expected.Append(LeafOf(size - 1));
    const auto loaded = LogTreeAppender::Load(size, PartialLeaves(size), tiles.Source());
    CAPTURE(size);
    REQUIRE_OK(loaded);
    REQUIRE(loaded->Root() == expected.Root());
  }
}

TEST_CASE("log tree: tiles hold the hashes of their level", "[storage][codec]") {
  Tiles tiles;
  LogTreeAppender tree;
  for (std::uint64_t i = 0; i < 700; ++i) tree.Append(LeafOf(i), tiles.Sink());
  CHECK(tiles.size() == 2);  // level 1 is written when it is flushed
  tree.Flush(tiles.Sink());
  CHECK(tiles.size() == 3);
  std::vector<Digest> above;
  for (std::uint64_t index = 0; index < 2; ++index) {
    REQUIRE(tiles.Find(0, index) != nullptr);
    const auto hashes = DecodeTile(*tiles.Find(0, index));
    REQUIRE(hashes.has_value());
    REQUIRE(hashes->size() == kTileSize);
    for (std::uint64_t i = 0; i < kTileSize; ++i) {
      REQUIRE((*hashes)[i] == LeafOf(index * kTileSize + i));
    }
    above.push_back(RootOfFullSubtree(*hashes));
  }
  REQUIRE(tiles.Find(1, 0) != nullptr);
  CHECK(DecodeTile(*tiles.Find(1, 0)) == above);
  CHECK(tiles.Find(0, 2) == nullptr);  // 188 leaves, which follow from the log
}

TEST_CASE("log tree: a tile of level 0 is written once; others once a flush that grew them",
          "[storage][codec]") {
  Tiles tiles;
  LogTreeAppender tree;
  for (std::uint64_t i = 0; i < 1024; ++i) {
    tree.Append(LeafOf(i), tiles.Sink());
    tree.Flush(tiles.Sink());
  }
  for (std::uint64_t index = 0; index < 4; ++index) CHECK(tiles.WriteCount(0, index) == 1);
  CHECK(tiles.WriteCount(1, 0) == 4);
}

TEST_CASE("log tree: a missing or short tile is data loss", "[storage][codec]") {
  Tiles tiles;
  LogTreeAppender tree;
  const std::uint64_t size = 3 * kTileSize + 5;
  for (std::uint64_t i = 0; i < size; ++i) tree.Append(LeafOf(i), tiles.Sink());
  tree.Flush(tiles.Sink());
  REQUIRE(tiles.Find(1, 0) != nullptr);
  const std::string whole = *tiles.Find(1, 0);
  const auto load = [&] {
    return LogTreeAppender::Load(size, PartialLeaves(size), tiles.Source()).status();
  };
  CHECK_STATUS(load(), absl::StatusCode::kOk);
  *tiles.Find(1, 0) = whole.substr(kDigestSize);
  CHECK_STATUS(load(), absl::StatusCode::kDataLoss);
  *tiles.Find(1, 0) = whole + std::string(kDigestSize, 'x');
  CHECK_STATUS(load(), absl::StatusCode::kDataLoss);
  *tiles.Find(1, 0) = whole.substr(1);
  CHECK_STATUS(load(), absl::StatusCode::kDataLoss);
  tiles.Erase(1, 0);
  CHECK_STATUS(load(), absl::StatusCode::kDataLoss);
}

TEST_CASE("log tree: an error of the source is passed on", "[storage][codec]") {
  const auto failing = [](const OwnedKey&) -> absl::StatusOr<std::optional<std::string>> {
    return absl::UnavailableError("the disk is gone");
  };
  CHECK_STATUS(LogTreeAppender::Load(kTileSize, {}, failing), absl::StatusCode::kUnavailable);
}

TEST_CASE("tile: whole hashes, at most 256", "[storage][codec]") {
  CHECK(DecodeTile("") == std::vector<Digest>());
  CHECK(DecodeTile(Sha256("a").view()) == std::vector{Sha256("a")});
  CHECK_FALSE(DecodeTile(std::string(kDigestSize - 1, 'x')).has_value());
  CHECK_FALSE(DecodeTile(std::string(kDigestSize + 1, 'x')).has_value());
  CHECK(DecodeTile(std::string(kTileSize * kDigestSize, 'x')).has_value());
  CHECK_FALSE(DecodeTile(std::string((kTileSize + 1) * kDigestSize, 'x')).has_value());
}

}  // namespace
}  // namespace tributary
