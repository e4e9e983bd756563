#include "graph/map/map_tree.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

using internal::ChildOf;
using internal::MapPageRequest;
using internal::TreeOf;

// A page that entries go into.
struct Touched {
  MapPageId id;  // with its new version
  MapPage page;  // as it was, then as it becomes
  std::span<const MapEntry> puts;
  std::size_t parent = 0;            // its place in the level above
  std::optional<MapPageRef> stored;  // absent: it is new
  bool changed = false;
};

// The slot of the page, or where it would stand.
std::vector<MapSlot>::iterator FindSlot(MapPage* page, std::uint8_t index) {
  return std::lower_bound(page->slots.begin(), page->slots.end(), index,
                          [](const MapSlot& slot, std::uint8_t i) { return slot.index < i; });
}

class Update {
 public:
  Update(const MapPageReader& reader, std::uint64_t version) : reader_(reader), version_(version) {}

  absl::StatusOr<MapUpdate> Run(const MapRoot& root, std::span<const MapEntry> puts) {
    Touched top;
    top.id.version = version_;
    top.puts = puts;
    if (root.hash != EmptyMapRoot()) top.stored = root;
    if (!puts.empty()) levels_.emplace_back().push_back(std::move(top));
    while (!levels_.empty() && !levels_.back().empty()) {
      TRIBUTARY_RETURN_IF_ERROR(Load(&levels_.back()));
      levels_.push_back(PutIntoLevel(&levels_.back()));
    }
    return Finish(root);
  }

 private:
  // Reads the pages that are stored already.
  absl::Status Load(std::vector<Touched>* level) const {
    std::vector<MapPageRequest> requests;
    for (const Touched& touched : *level) {
      if (!touched.stored.has_value()) continue;
      MapPageId id = touched.id;
      id.version = touched.stored->version;
      requests.push_back({id, touched.stored->hash});
    }
    TRIBUTARY_ASSIGN_OR_RETURN(auto pages, internal::LoadPages(reader_, requests));
    auto page = pages.begin();
    for (Touched& touched : *level) {
      if (touched.stored.has_value()) touched.page = std::move(*page++);
    }
    return absl::OkStatus();
  }

  // Puts entries into their slots, and gives the pages of the next level that take the others.
  static std::vector<Touched> PutIntoLevel(std::vector<Touched>* level) {
    std::vector<Touched> next;
    for (std::size_t i = 0; i < level->size(); ++i) {
      std::span<const MapEntry> puts = (*level)[i].puts;
      const std::size_t nibble = (*level)[i].id.level;
      while (!puts.empty()) {
        const std::uint8_t index = puts.front().key.Nibble(nibble);
        const auto end = std::find_if(puts.begin(), puts.end(), [&](const MapEntry& entry) {
          return entry.key.Nibble(nibble) != index;
        });
        const auto run = puts.first(static_cast<std::size_t>(end - puts.begin()));
        puts = puts.subspan(run.size());
        auto child = PutIntoSlot(&(*level)[i], index, run);
        if (!child.has_value()) continue;
        child->parent = i;
        next.push_back(*std::move(child));
      }
    }
    return next;
  }

  // Puts entries that share a slot into it, or gives the page below it that takes them.
  static std::optional<Touched> PutIntoSlot(Touched* touched, std::uint8_t index,
                                            std::span<const MapEntry> run) {
    MapPage& page = touched->page;
    const auto slot = FindSlot(&page, index);
    const bool found = slot != page.slots.end() && slot->index == index;
    if (!found && run.size() == 1) {
      page.slots.insert(slot, {index, run.front()});
      touched->changed = true;
      return std::nullopt;
    }
    auto* entry = found ? std::get_if<MapEntry>(&slot->content) : nullptr;
    if (entry != nullptr && run.size() == 1 && run.front().key == entry->key) {
      touched->changed |= run.front().value != entry->value;
      *entry = run.front();
      return std::nullopt;
    }
    Touched child;
    child.id = ChildOf(touched->id, index, touched->id.version);
    child.puts = run;
    if (entry != nullptr) {
      child.page.slots.push_back({entry->key.Nibble(child.id.level), *entry});
    } else if (found) {
      child.stored = std::get<MapPageRef>(slot->content);
      return child;
    }
    // The new page's hash is filled in when it is known.
    if (found) {
      slot->content = MapPageRef{};
    } else {
      page.slots.insert(slot, {index, MapPageRef{}});
    }
    return child;
  }

  // Hashes what changed from the lowest level up, and writes it down from the highest.
  absl::StatusOr<MapUpdate> Finish(const MapRoot& root) {
    MapUpdate update{root, {}};
    for (std::size_t level = levels_.size(); level-- > 0;) {
      for (const Touched& touched : levels_[level]) {
        if (!touched.changed) continue;
        const MapPageRef ref{version_, TreeOf(touched.page)[1].hash};
        if (level == 0) {
          update.root = ref;
          continue;
        }
        Touched& parent = levels_[level - 1][touched.parent];
        FindSlot(&parent.page, touched.id.prefix.Nibble(level - 1))->content = ref;
        parent.changed = true;
      }
    }
    for (const auto& level : levels_) {
      for (const Touched& touched : level) {
        if (touched.changed) update.pages.push_back({touched.id, FormatMapPage(touched.page)});
      }
    }
    return update;
  }

  const MapPageReader& reader_;
  std::uint64_t version_;
  std::vector<std::vector<Touched>> levels_;
};

}  // namespace

absl::StatusOr<MapUpdate> UpdateMap(const MapPageReader& reader, const MapRoot& root,
                                    std::uint64_t version, std::vector<MapEntry> puts) {
  if (puts.size() > kMapPutCountMax) {
    return FieldError(absl::StatusCode::kResourceExhausted, "puts", StrCat(puts.size(), " entries"),
                      StrCat("at most ", kMapPutCountMax));
  }
  if (root.hash != EmptyMapRoot() && version <= root.version) {
    return InvalidField("version", StrCat(version), StrCat("above ", root.version));
  }
  std::sort(puts.begin(), puts.end());
  const auto twice =
      std::adjacent_find(puts.begin(), puts.end(),
                         [](const MapEntry& a, const MapEntry& b) { return a.key == b.key; });
  if (twice != puts.end()) {
    return InvalidField("puts", StrCat("the key ", twice->key.digest.ToHex(), " twice"),
                        "each key once");
  }
  return Update(reader, version).Run(root, puts);
}

absl::Status MapBuilder::Add(const MapEntry& entry) {
  if (open_.empty()) {
    open_.push_back({{{entry.key.Nibble(0), entry}}});
    newest_ = entry;
    return absl::OkStatus();
  }
  if (entry.key <= newest_.key) {
    return InvalidField("key", entry.key.digest.ToHex(),
                        StrCat("above ", newest_.key.digest.ToHex()));
  }
  const std::size_t level = CommonBitCount(entry.key, newest_.key) / 4;  // where the two part
  TRIBUTARY_RETURN_IF_ERROR(CloseBelow(level));
  while (open_.size() <= level) {
    open_.back().slots.back().content = MapPageRef{};
    open_.push_back({{{newest_.key.Nibble(open_.size()), newest_}}});
  }
  open_.back().slots.push_back({entry.key.Nibble(level), entry});
  newest_ = entry;
  return absl::OkStatus();
}

absl::StatusOr<MapRoot> MapBuilder::Finish() {
  if (open_.empty()) return MapRoot{};
  TRIBUTARY_RETURN_IF_ERROR(CloseBelow(0));
  return WriteLast();
}

absl::Status MapBuilder::CloseBelow(std::size_t level) {
  while (open_.size() > level + 1) {
    TRIBUTARY_ASSIGN_OR_RETURN(const MapPageRef ref, WriteLast());
    open_.pop_back();
    open_.back().slots.back().content = ref;
  }
  return absl::OkStatus();
}

absl::StatusOr<MapPageRef> MapBuilder::WriteLast() {
  const std::size_t level = open_.size() - 1;
  const MapPageId id{newest_.key.Prefix(4 * level), static_cast<std::uint8_t>(level), version_};
  const MapPageRef ref{version_, TreeOf(open_.back())[1].hash};
  TRIBUTARY_RETURN_IF_ERROR(sink_({id, FormatMapPage(open_.back())}));
  return ref;
}

}  // namespace tributary
