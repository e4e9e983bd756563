// The map written straight from its definition: slow, and shares no code with the implementation
// that it judges but SHA-256. With entries for tests, and pages in memory.

#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graph/map/map_multi_proof.h"
#include "graph/map/map_page.h"
#include "graph/map/map_proof.h"
#include "graph/map/map_tree.h"
#include "graph/model/digest.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary::test {

using Contents = std::map<MapKey, Digest>;
using Entries = std::vector<MapEntry>;

inline Entries EntriesOf(const Contents& contents) {
  Entries entries;
  for (const auto& [key, value] : contents) entries.push_back({key, value});
  return entries;
}

inline bool ReferenceBit(const MapKey& key, std::size_t i) {
  const int byte = key.digest.bytes[i / 8];
  return byte / (1 << (7 - i % 8)) % 2 == 1;
}

// The entries whose key has `bit` at `depth`.
inline Entries ReferenceHalf(const Entries& entries, std::size_t depth, bool bit) {
  Entries half;
  for (const MapEntry& entry : entries) {
    if (ReferenceBit(entry.key, depth) == bit) half.push_back(entry);
  }
  return half;
}

inline Digest ReferenceMapRoot(const Entries& entries, std::size_t depth = 0) {
  if (entries.empty()) return Sha256("\x04");
  if (entries.size() == 1) {
    return Sha256({"\x02", entries[0].key.digest.view(), entries[0].value.view()});
  }
  return Sha256({"\x03", ReferenceMapRoot(ReferenceHalf(entries, depth, false), depth + 1).view(),
                 ReferenceMapRoot(ReferenceHalf(entries, depth, true), depth + 1).view()});
}

inline ProvenMapClaim ReferenceMapProof(Entries entries, const MapKey& key) {
  ProvenMapClaim proven{{key, std::nullopt}, {}};
  for (std::size_t depth = 0; entries.size() > 1; ++depth) {
    const bool bit = ReferenceBit(key, depth);
    proven.proof.siblings.push_back(
        ReferenceMapRoot(ReferenceHalf(entries, depth, !bit), depth + 1));
    entries = ReferenceHalf(entries, depth, bit);
  }
  if (entries.empty()) return proven;
  if (entries[0].key == key) {
    proven.claim.value = entries[0].value;
  } else {
    proven.proof.other = entries[0];
  }
  return proven;
}

// Ends and nodes of the ways of `claims`, by the definition in map_multi_proof.h.
inline void ReferenceMultiProof(const Entries& entries, const std::vector<MapClaim>& claims,
                                std::size_t depth, MapMultiProof* proof) {
  if (claims.empty()) {
    proof->nodes.push_back(ReferenceMapRoot(entries, depth));
    return;
  }
  if (entries.size() <= 1) {
    proof->ends.push_back({static_cast<std::uint16_t>(depth), std::nullopt});
    if (entries.empty()) return;
    proof->ends.back().other = entries[0];
    for (const MapClaim& claim : claims) {
      if (claim.key == entries[0].key) proof->ends.back().other.reset();
    }
    return;
  }
  for (const bool bit : {false, true}) {
    std::vector<MapClaim> half;
    for (const MapClaim& claim : claims) {
      if (ReferenceBit(claim.key, depth) == bit) half.push_back(claim);
    }
    ReferenceMultiProof(ReferenceHalf(entries, depth, bit), half, depth + 1, proof);
  }
}

// The entries of docs/formats/map.md: SHA-256 of a number, SHA-256 of "value " and the number.
inline MapEntry NumberedEntry(std::size_t i) {
  return {{Sha256(std::to_string(i))}, Sha256("value " + std::to_string(i))};
}
inline Contents NumberedContents(std::size_t count) {
  Contents contents;
  for (std::size_t i = 0; i < count; ++i) {
    contents[NumberedEntry(i).key] = NumberedEntry(i).value;
  }
  return contents;
}

inline Digest RandomDigest(Rng& rng) { return Sha256(std::to_string(rng())); }

// `key` with one bit turned over.
inline MapKey WithBitFlipped(MapKey key, std::size_t i) {
  key.digest.bytes[i / 8] ^= static_cast<std::uint8_t>(0x80u >> (i % 8));
  return key;
}

// A random key, or one that agrees with a key of the map in as many bits as chance wants: up to
// 255. Nobody can make such keys with SHA-256, and the tree must be right for them too.
inline MapKey RandomKey(Rng& rng, const Contents& contents) {
  if (contents.empty() || rng.OneIn(3)) return {RandomDigest(rng)};
  auto near = contents.begin();
  std::advance(near, static_cast<std::ptrdiff_t>(rng.Below(contents.size())));
  const std::size_t bit = rng.OneIn(2) ? rng.Below(256) : 255 - rng.Below(6);
  return rng.OneIn(4) ? near->first : WithBitFlipped(near->first, bit);
}

// Pages in memory. A referee: no page is ever written twice.
class MemoryPages final : public MapPageReader {
 public:
  absl::StatusOr<std::vector<std::string>> ReadPages(
      std::span<const MapPageId> ids) const override {
    ++call_count;
    page_count += ids.size();
    std::vector<std::string> result;
    for (const MapPageId& id : ids) {
      const auto page = pages.find(id);
      if (page == pages.end()) return absl::DataLossError(ToText(id) + ": not there");
      result.push_back(page->second);
    }
    return result;
  }
  void Write(const MapPageWrite& page) { REQUIRE(pages.emplace(page.id, page.bytes).second); }

  std::map<MapPageId, std::string> pages;
  mutable std::size_t call_count = 0;
  mutable std::size_t page_count = 0;
};

inline Contents RandomContents(Rng& rng, std::size_t count) {
  Contents contents;
  while (contents.size() < count) {
    contents[RandomKey(rng, contents)] = RandomDigest(rng);
  }
  return contents;
}

// A map, its pages and what is in it.
class StoredMap {
 public:
  StoredMap() = default;
  explicit StoredMap(const Contents& entries) { Put(EntriesOf(entries)); }

  void Put(const Entries& puts) {
    const auto update = UpdateMap(pages, root, ++version, puts);
    REQUIRE_OK(update);
    for (const MapPageWrite& page : update->pages) pages.Write(page);
    root = update->root;
    for (const MapEntry& entry : puts) contents[entry.key] = entry.value;
  }

  MemoryPages pages;
  MapRoot root;
  std::uint64_t version = 0;
  Contents contents;
};

}  // namespace tributary::test
