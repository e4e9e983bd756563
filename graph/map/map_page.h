// The tree of the map as it is stored: immutable pages of four levels, each named by its place and
// the state that wrote it.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/map/map_entry.h"
#include "graph/model/digest.h"

namespace tributary {

inline constexpr std::size_t kMapPageSlotCount = 16;   // four bits of a key
inline constexpr std::size_t kMapPageLevelCount = 64;  // pages on the longest path
// Version, two sets of slots, and 16 leaves of 64 bytes.
inline constexpr std::size_t kMapPageSizeMax = 1 + 2 + 2 + kMapPageSlotCount * 2 * kDigestSize;

// The page of the subtree whose keys share their first 4 * level bits, as the state record at log
// position `version` left it.
struct MapPageId {
  MapKey prefix;           // bits from 4 * level on are 0
  std::uint8_t level = 0;  // below kMapPageLevelCount
  std::uint64_t version = 0;
  friend auto operator<=>(const MapPageId&, const MapPageId&) = default;
};

// The place in hexadecimal digits, and the version: "page 0a3@17". For messages.
std::string ToText(const MapPageId& id);

// A subtree of two keys or more that has a page of its own. The hash is of the subtree; versions
// are hashed nowhere, as they tell how a set of entries came to be, not what it is.
struct MapPageRef {
  std::uint64_t version = 0;
  Digest hash = EmptyMapRoot();
  friend auto operator<=>(const MapPageRef&, const MapPageRef&) = default;
};

// A root is like any other reference to a page, but for a map of one key, which has one too, and of
// none, which has no page whatever its version.
using MapRoot = MapPageRef;

// The part of a page under one value of the next four bits: one entry, or a page of more.
struct MapSlot {
  std::uint8_t index = 0;  // below kMapPageSlotCount
  std::variant<MapEntry, MapPageRef> content;
  friend bool operator==(const MapSlot&, const MapSlot&) = default;
};

struct MapPage {
  std::vector<MapSlot> slots;  // in ascending order of index, each once; empty ones are left out
  friend bool operator==(const MapPage&, const MapPage&) = default;
};

// Canonical bytes: 0x01, the set of slots with an entry, the set of slots with a page (2 bytes
// each, big-endian, slot 0 the lowest bit), then in order of slots an entry as key and value, a
// page as version (8 bytes, big-endian) and hash.
std::string FormatMapPage(const MapPage& page);

// Accepts exactly what FormatMapPage gives for a page of this place: keys that belong into their
// slots, no page newer than the one that names it, none below the last level, and two keys or more
// but in the page of level 0, which has one or more.
// Errors: kInvalidArgument, naming page, slot and what does not hold.
absl::StatusOr<MapPage> ParseMapPage(std::string_view bytes, const MapPageId& id);

// Gives stored pages. Implemented by whoever stores them.
class MapPageReader {
 public:
  virtual ~MapPageReader() = default;
  // Shape:  result[i] is the bytes of ids[i]. At most kMapPageReadCountMax ids.
  // Errors: kDataLoss (a page is not there), kUnavailable.
  virtual absl::StatusOr<std::vector<std::string>> ReadPages(
      std::span<const MapPageId> ids) const = 0;
};
inline constexpr std::size_t kMapPageReadCountMax = 4096;  // 4 MiB of full pages

namespace internal {

// For the .cc files of this folder: the subtrees of one page as a heap. 1 is its root, 2 * i and
// 2 * i + 1 are the halves of i, 16 + s is slot s.
using MapPageTree = std::array<MapSubtree, 2 * kMapPageSlotCount>;
MapPageTree TreeOf(const MapPage& page);

// A page to read, and the hash that whoever names it says it has.
struct MapPageRequest {
  MapPageId id;
  Digest hash;
};

// The id of the page in slot `index` of the page of `id`.
MapPageId ChildOf(const MapPageId& id, std::uint8_t index, std::uint64_t version);

// Shape:  result[i] belongs to requests[i]. Read kMapPageReadCountMax at a time.
// Errors: those of the reader; kDataLoss: not a page of this place, or of another hash.
absl::StatusOr<std::vector<MapPage>> LoadPages(const MapPageReader& reader,
                                               std::span<const MapPageRequest> requests);

}  // namespace internal
}  // namespace tributary
