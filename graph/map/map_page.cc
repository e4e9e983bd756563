#include "graph/map/map_page.h"

#include <algorithm>
#include <bit>

#include "graph/map/big_endian.h"
#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

using internal::MapSubtree;

constexpr char kFormat = '\x01';
constexpr std::size_t kHeadSize = 1 + 2 + 2;
constexpr std::size_t kEntrySize = 2 * kDigestSize;
constexpr std::size_t kRefSize = 8 + kDigestSize;

absl::Status PageError(const MapPageId& id, std::string_view what) {
  return absl::InvalidArgumentError(StrCat(ToText(id), ": ", what));
}

bool Has(std::uint16_t set, std::size_t index) { return ((set >> index) & 1) != 0; }

std::size_t CountOf(std::uint16_t set) { return static_cast<std::size_t>(std::popcount(set)); }

Digest TakeDigest(std::string_view* bytes) {
  const Digest digest = Digest::FromBytes(bytes->substr(0, kDigestSize)).value();
  bytes->remove_prefix(kDigestSize);
  return digest;
}

// Whether the key stands under this slot of the page.
bool BelongsInto(const MapKey& key, const MapPageId& id, std::size_t index) {
  return key.Prefix(std::size_t{4} * id.level) == id.prefix && key.Nibble(id.level) == index;
}

}  // namespace

std::string ToText(const MapPageId& id) {
  return StrCat("page ", id.prefix.digest.ToHex().substr(0, id.level), "@", id.version);
}

std::string FormatMapPage(const MapPage& page) {
  std::uint16_t entries = 0;
  std::uint16_t refs = 0;
  std::string contents;
  int last_index = -1;
  for (const MapSlot& slot : page.slots) {
    TRIBUTARY_CHECK(slot.index < kMapPageSlotCount && slot.index > last_index);
    last_index = slot.index;
    const auto bit = static_cast<std::uint16_t>(1u << slot.index);
    if (const auto* entry = std::get_if<MapEntry>(&slot.content)) {
      entries |= bit;
      contents.append(entry->key.digest.view());
      contents.append(entry->value.view());
    } else {
      const auto& ref = std::get<MapPageRef>(slot.content);
      refs |= bit;
      internal::AppendBigEndian64(ref.version, &contents);
      contents.append(ref.hash.view());
    }
  }
  std::string bytes;
  bytes.reserve(kHeadSize + contents.size());
  bytes.push_back(kFormat);
  internal::AppendBigEndian16(entries, &bytes);
  internal::AppendBigEndian16(refs, &bytes);
  return bytes + contents;
}

absl::StatusOr<MapPage> ParseMapPage(std::string_view bytes, const MapPageId& id) {
  if (id.level >= kMapPageLevelCount || id.prefix.Prefix(std::size_t{4} * id.level) != id.prefix) {
    return PageError(id, "no place of a page");
  }
  if (bytes.size() < kHeadSize || bytes.front() != kFormat) {
    return PageError(id, "no page of format 1");
  }
  bytes.remove_prefix(1);
  const auto entries = static_cast<std::uint16_t>(internal::TakeBigEndian(2, &bytes));
  const auto refs = static_cast<std::uint16_t>(internal::TakeBigEndian(2, &bytes));
  if ((entries & refs) != 0) return PageError(id, "a slot with both an entry and a page");
  if (bytes.size() != CountOf(entries) * kEntrySize + CountOf(refs) * kRefSize) {
    return PageError(id, StrCat(bytes.size(), " bytes of slots, and not as many as it names"));
  }
  if (refs == 0 && CountOf(entries) < (id.level == 0 ? 1 : 2)) {
    return PageError(id, "fewer keys than make a page");
  }
  if (refs != 0 && id.level + 1 == kMapPageLevelCount) {
    return PageError(id, "a page below the last bits of a key");
  }
  MapPage page;
  page.slots.reserve(CountOf(entries) + CountOf(refs));
  for (std::uint8_t index = 0; index < kMapPageSlotCount; ++index) {
    if (Has(entries, index)) {
      const MapKey key{TakeDigest(&bytes)};
      if (!BelongsInto(key, id, index)) {
        return PageError(id, StrCat("slot ", index, " with a key of another place"));
      }
      page.slots.push_back({index, MapEntry{key, TakeDigest(&bytes)}});
    } else if (Has(refs, index)) {
      const std::uint64_t version = internal::TakeBigEndian(8, &bytes);
      if (version > id.version) {
        return PageError(id, StrCat("slot ", index, " with a page of version ", version));
      }
      page.slots.push_back({index, MapPageRef{version, TakeDigest(&bytes)}});
    }
  }
  return page;
}

internal::MapPageTree internal::TreeOf(const MapPage& page) {
  MapPageTree tree;
  for (const MapSlot& slot : page.slots) {
    MapSubtree& subtree = tree[kMapPageSlotCount + slot.index];
    if (const auto* entry = std::get_if<MapEntry>(&slot.content)) {
      subtree = {MapSubtree::Kind::kLeaf, MapLeafHash(*entry)};
    } else {
      subtree = {MapSubtree::Kind::kInner, std::get<MapPageRef>(slot.content).hash};
    }
  }
  for (std::size_t i = kMapPageSlotCount; i-- > 1;) tree[i] = Join(tree[2 * i], tree[2 * i + 1]);
  return tree;
}

MapPageId internal::ChildOf(const MapPageId& id, std::uint8_t index, std::uint64_t version) {
  TRIBUTARY_CHECK(id.level + 1u < kMapPageLevelCount);
  MapPageId child{id.prefix, static_cast<std::uint8_t>(id.level + 1), version};
  child.prefix.digest.bytes[id.level / 2] |=
      static_cast<std::uint8_t>(id.level % 2 == 0 ? index << 4 : index);
  return child;
}

absl::StatusOr<std::vector<MapPage>> internal::LoadPages(const MapPageReader& reader,
                                                         std::span<const MapPageRequest> requests) {
  std::vector<MapPage> pages;
  pages.reserve(requests.size());
  while (!requests.empty()) {
    const auto part = requests.first(std::min(requests.size(), kMapPageReadCountMax));
    requests = requests.subspan(part.size());
    std::vector<MapPageId> ids;
    ids.reserve(part.size());
    for (const MapPageRequest& request : part) ids.push_back(request.id);
    TRIBUTARY_ASSIGN_OR_RETURN(const auto stored, reader.ReadPages(ids));
    TRIBUTARY_CHECK(stored.size() == part.size());
    for (std::size_t i = 0; i < part.size(); ++i) {
      auto page = ParseMapPage(stored[i], part[i].id);
      if (!page.ok()) return absl::DataLossError(page.status().message());
      if (TreeOf(*page)[1].hash != part[i].hash) {
        return absl::DataLossError(
            StrCat(ToText(part[i].id), ": not the hash that is written where it is named"));
      }
      pages.push_back(*std::move(page));
    }
  }
  return pages;
}

}  // namespace tributary
