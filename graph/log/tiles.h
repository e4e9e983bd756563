// The tree of a log cut into tiles of 256 hashes, and their names, as they are served and exported.
//
// Source: C2SP tlog-tiles. Nothing is pruned: the minimum index is 0.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/merkle/merkle.h"
#include "graph/model/digest.h"
#include "graph/model/vocabulary.h"

namespace tributary {

inline constexpr std::uint32_t kTileWidthMax = 256;
// 256^8 > 2^63 leaves: the levels above hold nothing in a tree of at most 2^63 - 1.
inline constexpr std::uint32_t kTileLevelMax = 7;
inline constexpr std::size_t kEntrySizeMax = 65'535;  // what the length of an entry can say

enum class TileKind : std::uint8_t { kHashes = 0, kEntries };

// A tile of hashes, or the bundle of entries under a tile of level 0.
struct Tile {
  TileKind kind = TileKind::kHashes;
  std::uint32_t level = 0;              // 0 to kTileLevelMax; of entries 0
  std::uint64_t index = 0;              // within the level
  std::uint32_t width = kTileWidthMax;  // 1 to 256; below 256 the tile is partial
  friend auto operator<=>(const Tile&, const Tile&) = default;
};

// "tile/0/x001/x234/067.p/5", "tile/entries/000".
std::string TilePath(const Tile& tile);
// Accepts exactly what TilePath writes, for tiles that a tree below 2^63 leaves can have.
// Errors: kInvalidArgument.
absl::StatusOr<Tile> ParseTilePath(std::string_view path);

// The tiles of one level: full ones from index 0 on, then perhaps a partial one.
struct TileLevel {
  std::uint64_t full_count = 0;
  std::uint32_t partial_width = 0;  // 0: there is none
  friend bool operator==(const TileLevel&, const TileLevel&) = default;
};
// Levels of hashes from 0 up; none of an empty tree. Entry bundles are as level 0.
std::vector<TileLevel> TileLevels(std::uint64_t tree_size);
// Whether a tree of this size has the tile: full ones, and the partial one of each level in just
// the width that it has at this size.
bool HasTile(const Tile& tile, std::uint64_t tree_size);

// Where the hash of a full subtree is found: the root over hashes [begin, end) of `tile`, their
// number a power of two.
struct HashPlace {
  Tile tile;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  friend bool operator==(const HashPlace&, const HashPlace&) = default;
};
// Errors: kOutOfRange (a tree of `tree_size` has no such full subtree).
absl::StatusOr<HashPlace> PlaceOf(const SubtreeId& id, std::uint64_t tree_size);

// The bytes of a tile of hashes: 32 each.
std::string FormatHashTile(std::span<const Digest> hashes);
// Errors: kInvalidArgument (not exactly `width` hashes).
absl::StatusOr<std::vector<Digest>> ParseHashTile(std::string_view bytes, std::uint32_t width);
// The root over a power of two of hashes: of a place in a tile, or of a whole full tile.
Digest RootOfHashes(std::span<const Digest> hashes);

// An entry bundle: each entry after its size, an unsigned 16-bit big-endian integer.
// Errors: kInvalidArgument (an entry above kEntrySizeMax).
absl::StatusOr<std::string> FormatEntryBundle(std::span<const std::string> entries);
// The entries are views into `bytes`. Errors: kInvalidArgument (not exactly `width` entries).
absl::StatusOr<std::vector<std::string_view>> ParseEntryBundle(std::string_view bytes,
                                                               std::uint32_t width);

// An entry of our log, the leaf data of its tree: record id, then the time of acceptance as an
// unsigned 64-bit big-endian integer.
inline constexpr std::size_t kLogLeafSize = 40;
struct LogLeaf {
  Digest record_id;
  TimeMs accepted_time;
  friend bool operator==(const LogLeaf&, const LogLeaf&) = default;
};
std::string FormatLogLeaf(const LogLeaf& leaf);
// Errors: kInvalidArgument (another size; a time after the year 9999).
absl::StatusOr<LogLeaf> ParseLogLeaf(std::string_view bytes);

}  // namespace tributary
