// Gives assets met on a walk small local indices, fast from one asset to tens of millions.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include "absl/container/flat_hash_map.h"
#include "graph/lineage/lineage_reader.h"

namespace tributary {

// Memory that one walk after another may borrow, so that none has to build an index of its own.
// Keep one for each thread that walks often. It holds 4 bytes for every log position, or nothing
// when the ledger has more than kSlotCountMax of them. Not for two walks at once.
class WalkScratch {
 public:
  static constexpr std::size_t kSlotCountMax = std::size_t{1} << 26;  // 256 MiB

 private:
  friend class AssetIndex;
  struct Free {
    void operator()(std::uint32_t* slots) const { std::free(slots); }
  };
  using Slots = std::unique_ptr<std::uint32_t[], Free>;

  // Zeroed slots. calloc takes zero pages from the system without touching them.
  static Slots MakeSlots(std::size_t count) {
    return Slots(static_cast<std::uint32_t*>(std::calloc(count, sizeof(std::uint32_t))));
  }

  // At least `count` zeroed slots, or null where they are too many or there is no memory.
  std::uint32_t* Borrow(std::size_t count) {
    if (count > kSlotCountMax) return nullptr;
    if (count > slot_count_ || is_borrowed_) {
      // A quarter more, since the ledger grows between walks.
      slot_count_ = std::min(kSlotCountMax, count + count / 4);
      slots_ = MakeSlots(slot_count_);
      if (slots_ == nullptr) slot_count_ = 0;
    }
    is_borrowed_ = slots_ != nullptr;
    return slots_.get();
  }

  Slots slots_;
  std::size_t slot_count_ = 0;
  bool is_borrowed_ = false;  // still set later: a walk ended without giving back zeroed slots
};

// A map from asset number to local index. Small walks hash; a walk that meets a good part of the
// ledger gets an array with one slot per asset number, whose untouched pages cost nothing. With
// scratch memory every walk has the array.
class AssetIndex {
 public:
  static constexpr std::uint32_t kNone = 0xffff'ffff;

  // `scratch` may be null; it outlives the index.
  explicit AssetIndex(TreeSize tree_size, WalkScratch* scratch = nullptr)
      : tree_size_(tree_size), scratch_(scratch) {
    if (scratch_ != nullptr) dense_ = scratch_->Borrow(tree_size.value);
    if (dense_ == nullptr) scratch_ = nullptr;
  }
  AssetIndex(const AssetIndex&) = delete;
  AssetIndex& operator=(const AssetIndex&) = delete;

  // Gives the scratch memory back, given all assets that were put in. The index is then spent.
  void Release(std::span<const AssetNumber> assets) {
    if (scratch_ == nullptr) return;
    if (assets.size() > tree_size_.value / 16) {  // a slot to a cache line: clear it in one run
      std::fill_n(dense_, tree_size_.value, 0);
    } else {
      for (const AssetNumber asset : assets) dense_[asset.value] = 0;
    }
    scratch_->is_borrowed_ = false;
    dense_ = nullptr;
  }

  // Announces up to `count` further assignments, so that the form fits them.
  void Prepare(std::size_t count) {
    if (dense_ == nullptr && IsDenseWorthwhile(sparse_.size() + count)) MakeDense();
  }

  // The index of `number`, which must be below the tree size. If it has none yet, it gets `fresh`
  // (below kNone) and that is returned.
  std::uint32_t FindOrAssign(AssetNumber number, std::uint32_t fresh) {
    if (dense_ == nullptr) return sparse_.try_emplace(number.value, fresh).first->second;
    std::uint32_t& slot = dense_[number.value];
    if (slot == 0) slot = fresh + 1;
    return slot - 1;
  }

  // kNone where nothing was assigned.
  std::uint32_t Find(AssetNumber number) const {
    if (number.value >= tree_size_.value) return kNone;
    if (dense_ != nullptr) return dense_[number.value] - 1;  // 0 - 1 is kNone
    const auto found = sparse_.find(number.value);
    return found == sparse_.end() ? kNone : found->second;
  }

  // Starts loading what FindOrAssign(number) will touch. Any number may be given.
  void Prefetch(AssetNumber number) const {
    if (dense_ != nullptr) __builtin_prefetch(dense_ + number.value, /*rw=*/1);
  }

  // An upper bound of the bytes held, but for scratch memory.
  std::size_t memory_size() const {
    return owned_ != nullptr ? tree_size_.value * sizeof(std::uint32_t)
                             : sparse_.capacity() * kSparseSlotSize;
  }

 private:
  // The hash table costs some 40 ns and 17 to 34 bytes an asset. From 1,024 assets on the array
  // pays, unless it would spend more than 32 slots of 4 bytes on an asset met.
  static constexpr std::size_t kDenseCountMin = 1024;
  static constexpr std::size_t kDenseSlotsPerAssetMax = 32;
  static constexpr std::size_t kSparseSlotSize = 16 + 1;

  bool IsDenseWorthwhile(std::size_t count) const {
    return count >= kDenseCountMin && tree_size_.value / kDenseSlotsPerAssetMax <= count;
  }

  void MakeDense() {
    owned_ = WalkScratch::MakeSlots(tree_size_.value);
    if (owned_ == nullptr) return;  // no memory for the fast form: hashing stays right
    dense_ = owned_.get();
    for (const auto& [number, index] : sparse_) dense_[number] = index + 1;
    sparse_ = {};
  }

  TreeSize tree_size_;
  absl::flat_hash_map<std::uint64_t, std::uint32_t> sparse_;
  WalkScratch* scratch_;
  WalkScratch::Slots owned_;
  std::uint32_t* dense_ = nullptr;  // index + 1 by asset number, 0 where none: owned or borrowed
};

}  // namespace tributary
