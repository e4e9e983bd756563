// What a ledger's readers keep of every asset in memory, so that a frontier of millions needs no
// row: hints that are never needed and never wrong.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>

#include "absl/container/flat_hash_map.h"
#include "graph/lineage/lineage_reader.h"
#include "storage/keys.h"
#include "storage/row_codec.h"

namespace tributary {

// One entry for each log position, in pages of keys::kAssetPageSize: what an asset with that number
// is, as of the newest commit. A view of an older state finds versions that it must not see by
// their positions, and reads the rows then. Any thread.
class AssetPages {
 public:
  using Flags = std::uint8_t;
  static constexpr Flags kKindMask = 0x07;
  static constexpr Flags kDerived = 0x08;     // a derivation was recorded at some time
  static constexpr Flags kHeld = 0x10;        // holders were recorded at some time
  static constexpr Flags kSuperseded = 0x20;  // the asset has more than one record
  static constexpr Flags kKnown = 0x80;       // this position is the first record of an asset,
                                              // and the rest says what it is

  static Flags FlagsOf(const AssetStateRow& state);

  // Newest records of one page's assets.
  struct Heads {
    using Positions = std::array<std::atomic<std::uint64_t>, keys::kAssetPageSize>;
    Positions derivation{};  // log position; 0: none
    Positions holders{};     // the same
    // Which list that holders record gives: see HolderListAt.
    Positions holder_list{};
  };

  struct Page {
    std::array<std::atomic<Flags>, keys::kAssetPageSize> flags{};
    std::unique_ptr<Heads> heads;  // null: the memory for heads is used up
    TreeSize complete_from;        // changes of every later commit are in it
  };

  // `heads_byte_count_max` bounds all heads together; of later pages only flags are kept.
  explicit AssetPages(std::size_t heads_byte_count_max)
      : heads_count_max_(heads_byte_count_max / sizeof(Heads)) {}

  // The page, or nullptr if there is none. Valid for the life of this object.
  const Page* Find(std::uint64_t page) const;
  // The page, made if there is none: its assets are not known yet.
  const Page* FindOrAdd(std::uint64_t page);

  // Adds what is not known of assets whose pages there are, from rows that were read at `read_at`.
  // Rows from before a page are left out: commits between the two have passed the page by.
  void Fill(std::span<const AssetNumber> assets, std::span<const AssetStateRow> states,
            TreeSize read_at);

  // A commit moved the head to this size and made `changed` of these assets. Called before the head
  // is published. Pages are made for new assets, so that what was recorded while this runs is never
  // read for its first question.
  using Changed = absl::flat_hash_map<AssetNumber, AssetStateRow>;
  void Update(const Changed& changed, TreeSize committed);

  // Forgets what is known of all assets, for rows that were made anew. Nobody may commit meanwhile.
  void Clear();

  // The number under which HolderLists keeps the list of an asset's holders record; 0: not known.
  // It is kept with the low half of the record's position, so that one that was noted for an older
  // record is never taken for the newer one's.
  static std::uint32_t HolderListAt(const Heads& heads, std::size_t index, LogPosition holders) {
    const std::uint64_t noted = heads.holder_list[index].load(std::memory_order_acquire);
    return IsNotable(holders) && noted >> 32 == holders.value ? static_cast<std::uint32_t>(noted)
                                                              : 0;
  }
  static void NoteHolderList(std::size_t index, LogPosition holders, std::uint32_t number,
                             Heads* heads) {
    if (!IsNotable(holders) || number == 0) return;
    heads->holder_list[index].store(holders.value << 32 | number, std::memory_order_release);
  }

 private:
  static bool IsNotable(LogPosition position) { return position.value >> 32 == 0; }

  Page* FindOrAddLocked(std::uint64_t page);
  static void Set(AssetNumber asset, const AssetStateRow& state, Page* page);

  const std::size_t heads_count_max_;
  mutable std::mutex mutex_;  // guards all below, and changes of pages
  TreeSize newest_;           // head of the last commit
  TreeSize complete_from_;    // of a page that is made now
  absl::flat_hash_map<std::uint64_t, std::unique_ptr<Page>> pages_;
};

}  // namespace tributary
