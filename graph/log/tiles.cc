#include "graph/log/tiles.h"

#include <bit>
#include <optional>

#include "graph/log/lines.h"
#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

constexpr std::uint32_t kTileHeight = 8;  // 2^8 hashes
constexpr std::size_t kPathSizeMax = 64;  // "tile/entries/" and seven groups of five: 60
constexpr std::size_t kEntrySizeBytes = 2;

std::uint64_t HashCount(std::uint32_t level, std::uint64_t tree_size) {
  return tree_size >> (kTileHeight * level);
}
std::uint32_t PartialWidth(std::uint64_t hash_count) {
  return static_cast<std::uint32_t>(hash_count % kTileWidthMax);
}

// "x001/x234/067" for 1234067.
std::string FormatIndex(std::uint64_t index) {
  std::string path;
  for (bool last = true; last || index > 0; last = false, index /= 1000) {
    const std::uint64_t group = index % 1000;
    const std::string digits = StrCat(group / 100, group / 10 % 10, group % 10);
    path = last ? digits : StrCat("x", digits, "/", path);
  }
  return path;
}

// The digits of all groups, read as one number; the form is left to ParseTilePath, which compares.
std::optional<std::uint64_t> ReadIndex(std::string_view path) {
  std::uint64_t index = 0;
  for (const char c : path) {
    if (c == 'x' || c == '/') continue;
    if (c < '0' || c > '9' || index > kTreeSizeMax / 10) return std::nullopt;
    index = index * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return index;
}

absl::Status PathError(std::string_view path) {
  return InvalidField("tile path", Quoted(path),
                      "tile/<level>/<index>[.p/<width>] or tile/entries/<index>[.p/<width>]");
}

// Takes `prefix` off `text` if it stands there.
bool TakePrefix(std::string_view prefix, std::string_view* text) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

}  // namespace

std::string TilePath(const Tile& tile) {
  const std::string level =
      tile.kind == TileKind::kEntries ? std::string("entries") : StrCat(tile.level);
  std::string path = StrCat("tile/", level, "/", FormatIndex(tile.index));
  if (tile.width < kTileWidthMax) StrAppend(&path, ".p/", tile.width);
  return path;
}

absl::StatusOr<Tile> ParseTilePath(std::string_view path) {
  if (path.size() > kPathSizeMax) return PathError(path);
  Tile tile;
  std::string_view rest = path;
  if (!TakePrefix("tile/", &rest)) return PathError(path);
  if (TakePrefix("entries/", &rest)) {
    tile.kind = TileKind::kEntries;
  } else {
    const std::size_t slash = rest.find('/');
    const auto level = ReadDecimal(rest.substr(0, slash), kTileLevelMax);
    if (!level.has_value() || slash == std::string_view::npos) return PathError(path);
    tile.level = static_cast<std::uint32_t>(*level);
    rest.remove_prefix(slash + 1);
  }
  if (const std::size_t partial = rest.find(".p/"); partial != std::string_view::npos) {
    const auto width = ReadDecimal(rest.substr(partial + 3), kTileWidthMax - 1);
    if (!width.has_value() || *width == 0) return PathError(path);
    tile.width = static_cast<std::uint32_t>(*width);
    rest = rest.substr(0, partial);
  }
  const auto index = ReadIndex(rest);
  if (!index.has_value()) return PathError(path);
  tile.index = *index;
  if (TilePath(tile) != path) return PathError(path);
  const std::uint64_t hash_count = HashCount(tile.level, kTreeSizeMax);
  if (tile.index > hash_count / kTileWidthMax ||
      tile.width > hash_count - tile.index * kTileWidthMax) {
    return InvalidField("tile path", Quoted(path), "a tile of a tree of less than 2^63 leaves");
  }
  return tile;
}

std::vector<TileLevel> TileLevels(std::uint64_t tree_size) {
  std::vector<TileLevel> levels;
  for (std::uint64_t count = tree_size; count > 0; count /= kTileWidthMax) {
    levels.push_back({count / kTileWidthMax, PartialWidth(count)});
  }
  return levels;
}

bool HasTile(const Tile& tile, std::uint64_t tree_size) {
  if (tile.level > kTileLevelMax) return false;
  if (tile.kind == TileKind::kEntries && tile.level != 0) return false;
  const std::uint64_t count = HashCount(tile.level, tree_size);
  if (tile.width == kTileWidthMax) return tile.index < count / kTileWidthMax;
  return tile.width > 0 && tile.index == count / kTileWidthMax && tile.width == PartialWidth(count);
}

absl::StatusOr<HashPlace> PlaceOf(const SubtreeId& id, std::uint64_t tree_size) {
  if (id.level > 62 || id.index >= tree_size >> id.level) {
    return FieldError(absl::StatusCode::kOutOfRange, "subtree",
                      StrCat("level ", id.level, ", index ", id.index),
                      StrCat("a full subtree of a tree of ", tree_size, " leaves"));
  }
  HashPlace place;
  place.tile.level = id.level / kTileHeight;
  const std::uint32_t height = id.level % kTileHeight;
  const std::uint64_t first = id.index << height;
  place.tile.index = first / kTileWidthMax;
  place.begin = static_cast<std::uint32_t>(first % kTileWidthMax);
  place.end = place.begin + (std::uint32_t{1} << height);
  const std::uint64_t count = HashCount(place.tile.level, tree_size);
  if (place.tile.index == count / kTileWidthMax) place.tile.width = PartialWidth(count);
  return place;
}

std::string FormatHashTile(std::span<const Digest> hashes) {
  std::string bytes;
  bytes.reserve(hashes.size() * kDigestSize);
  for (const Digest& hash : hashes) bytes += hash.view();
  return bytes;
}

absl::StatusOr<std::vector<Digest>> ParseHashTile(std::string_view bytes, std::uint32_t width) {
  if (bytes.size() != width * kDigestSize) {
    return InvalidField("tile", StrCat(bytes.size(), " bytes"),
                        StrCat(width * kDigestSize, " for ", width, " hashes"));
  }
  std::vector<Digest> hashes;
  hashes.reserve(width);
  for (std::size_t at = 0; at < bytes.size(); at += kDigestSize) {
    hashes.push_back(*Digest::FromBytes(bytes.substr(at, kDigestSize)));
  }
  return hashes;
}

Digest RootOfHashes(std::span<const Digest> hashes) {
  TRIBUTARY_CHECK(std::has_single_bit(hashes.size()));
  std::vector<Digest> row(hashes.begin(), hashes.end());
  while (row.size() > 1) {
    for (std::size_t i = 0; i < row.size() / 2; ++i) row[i] = NodeHash(row[2 * i], row[2 * i + 1]);
    row.resize(row.size() / 2);
  }
  return row.front();
}

absl::StatusOr<std::string> FormatEntryBundle(std::span<const std::string> entries) {
  std::string bytes;
  for (const std::string& entry : entries) {
    if (entry.size() > kEntrySizeMax) {
      return InvalidField("entry", StrCat(entry.size(), " bytes"),
                          StrCat("at most ", kEntrySizeMax));
    }
    AppendBigEndian(entry.size(), kEntrySizeBytes, &bytes);
    bytes += entry;
  }
  return bytes;
}

absl::StatusOr<std::vector<std::string_view>> ParseEntryBundle(std::string_view bytes,
                                                               std::uint32_t width) {
  std::vector<std::string_view> entries;
  while (!bytes.empty() && entries.size() < width) {
    const std::uint64_t size = ReadBigEndian(bytes.substr(0, kEntrySizeBytes));
    if (bytes.size() < kEntrySizeBytes || bytes.size() - kEntrySizeBytes < size) {
      return InvalidField("entry bundle", StrCat("an end within entry ", entries.size()),
                          "whole entries");
    }
    entries.push_back(bytes.substr(kEntrySizeBytes, size));
    bytes.remove_prefix(kEntrySizeBytes + size);
  }
  if (entries.size() != width || !bytes.empty()) {
    return InvalidField("entry bundle",
                        StrCat(entries.size(), " entries and ", bytes.size(), " bytes"),
                        StrCat("exactly ", width, " entries"));
  }
  return entries;
}

std::string FormatLogLeaf(const LogLeaf& leaf) {
  std::string bytes(leaf.record_id.view());
  AppendBigEndian(leaf.accepted_time.value, kLogLeafSize - kDigestSize, &bytes);
  return bytes;
}

absl::StatusOr<LogLeaf> ParseLogLeaf(std::string_view bytes) {
  if (bytes.size() != kLogLeafSize) {
    return InvalidField("log leaf", StrCat(bytes.size(), " bytes"), StrCat(kLogLeafSize));
  }
  const TimeMs time{ReadBigEndian(bytes.substr(kDigestSize))};
  if (time.value > kTimeMsMax) {
    return InvalidField("log leaf", StrCat("a time of ", time.value, " ms"),
                        StrCat("at most ", kTimeMsMax));
  }
  return LogLeaf{*Digest::FromBytes(bytes.substr(0, kDigestSize)), time};
}

}  // namespace tributary
