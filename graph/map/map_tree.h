// Changes to the map: a new root, and the pages that have to be written for it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/map/map_page.h"

namespace tributary {

// Entries of one update. Each may have two pages to itself, a full one being 1.3 KB in memory and
// 1 KB of bytes: below 1 GB for hashed keys. More entries at once, of a first state, are built.
inline constexpr std::size_t kMapPutCountMax = std::size_t{1} << 18;

struct MapPageWrite {
  MapPageId id;
  std::string bytes;
  friend bool operator==(const MapPageWrite&, const MapPageWrite&) = default;
};

struct MapUpdate {
  MapRoot root;
  std::vector<MapPageWrite> pages;  // in ascending order of level, then prefix
};

// Puts entries into the map of `root`: each replaces the value of its key, or adds it. Pages that
// come out as they were are not written, so the root keeps its version where nothing changed.
// Everything that `root` needs stays where it is: written pages have ids of their own.
//
// Shape:  `puts` in any order; the result depends on the set alone.
// Errors: kInvalidArgument  a key twice; `version` not above that of a `root` with entries.
//         kResourceExhausted  more than kMapPutCountMax entries.
//         kDataLoss  a page is not what its place and hash say. Those of the reader.
// Cost:   each page is read, checked and hashed once: O(n log(size / n) / 4) pages for n entries,
//         in one round of reads for each level, of which random keys have log16(size) + 1 or so.
//         Memory: the pages touched.
absl::StatusOr<MapUpdate> UpdateMap(const MapPageReader& reader, const MapRoot& root,
                                    std::uint64_t version, std::vector<MapEntry> puts);

// Builds the map of many entries, which come in ascending order of key; the same root and pages as
// UpdateMap of an empty map. Memory: one page for each level.
class MapBuilder {
 public:
  // Takes each page once, when it is complete: pages below come before the page that names them.
  using Sink = std::function<absl::Status(MapPageWrite)>;
  MapBuilder(std::uint64_t version, Sink sink) : version_(version), sink_(std::move(sink)) {}

  // Errors: kInvalidArgument (a key not above the one before), those of the sink. The builder is
  // of no use after an error.
  absl::Status Add(const MapEntry& entry);
  // Once, at the end.
  absl::StatusOr<MapRoot> Finish();

 private:
  absl::StatusOr<MapPageRef> WriteLast();
  absl::Status CloseBelow(std::size_t level);

  std::uint64_t version_;
  Sink sink_;
  std::vector<MapPage> open_;  // on the way to the newest entry, which is the last slot of the last
  MapEntry newest_;
};

}  // namespace tributary
