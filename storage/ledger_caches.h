// What a ledger's readers keep in memory: hints that are never needed and never wrong.
//
// Everything cached is immutable (edge lists of a log position, asset ids), or a flag that only
// ever sends a reader to the stored rows. Losing all of it changes no answer.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "graph/lineage/lineage_reader.h"
#include "storage/row_codec.h"

namespace tributary {

// One byte for each log position: what an asset with that number is, where that is simple.
class AssetFlags {
 public:
  using Flags = std::uint8_t;
  static constexpr Flags kKindMask = 0x07;
  static constexpr Flags kDerived = 0x08;     // a derivation was recorded at some time
  static constexpr Flags kHeld = 0x10;        // holders were recorded at some time
  static constexpr Flags kSuperseded = 0x20;  // the asset has more than one record
  static constexpr Flags kKnown = 0x80;       // this position is the first record of an asset

  static Flags FromState(const AssetStateRow& state);

  // Flags of one page of keys::kAssetPageSize positions.
  struct Page {
    std::array<std::atomic<Flags>, keys::kAssetPageSize> flags{};
  };

  // The page, or nullptr if it is not loaded. Valid for the life of this object.
  const Page* Find(std::uint64_t page) const;

  // Loads a page with `read`, which returns flags for every position of it. Commits that change the
  // page wait meanwhile, so that none is lost between reading and publishing.
  using ReadPage = std::function<absl::Status(std::uint64_t page, Page* out)>;
  absl::StatusOr<const Page*> Load(std::uint64_t page, const ReadPage& read);

  // Says what a commit made of an asset. Called before its tree size is published.
  void Update(AssetNumber asset, Flags flags);

 private:
  mutable std::mutex mutex_;
  absl::flat_hash_map<std::uint64_t, std::unique_ptr<Page>> pages_;
};

// A map with a byte budget that forgets what was used longest ago. Any thread.
template <typename Value>
class LruCache {
 public:
  explicit LruCache(std::size_t byte_count_max) : byte_count_max_(byte_count_max) {}

  std::optional<Value> Find(std::uint64_t key) {
    std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found == index_.end()) return std::nullopt;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->value;
  }

  void Insert(std::uint64_t key, Value value, std::size_t byte_count) {
    if (byte_count > byte_count_max_) return;
    std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found != index_.end()) Remove(found->second);
    entries_.push_front({key, std::move(value), byte_count});
    index_[key] = entries_.begin();
    byte_count_ += byte_count;
    while (byte_count_ > byte_count_max_) Remove(std::prev(entries_.end()));
  }

  void Erase(std::uint64_t key) {
    std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found != index_.end()) Remove(found->second);
  }

  void Clear() {
    std::lock_guard lock(mutex_);
    while (!entries_.empty()) Remove(entries_.begin());
  }

 private:
  struct Entry {
    std::uint64_t key;
    Value value;
    std::size_t byte_count;
  };
  using Position = typename std::list<Entry>::iterator;

  void Remove(Position entry) {
    byte_count_ -= entry->byte_count;
    index_.erase(entry->key);
    entries_.erase(entry);
  }

  std::mutex mutex_;
  std::list<Entry> entries_;  // most recently used first
  absl::flat_hash_map<std::uint64_t, Position> index_;
  std::size_t byte_count_ = 0;
  const std::size_t byte_count_max_;
};

// Asset ids of one page of numbers, as far as they were recorded below `bound`.
struct AssetIdPage {
  std::uint64_t bound = 0;
  std::vector<Digest> ids;  // keys::kAssetPageSize of them; of positions that are no asset, zero
};

// Rows of assets that small walks meet again and again, as of the newest commit.
//
// A row is kept only while no commit has changed it: commits announce what they changed before
// their tree size is published, and a row that was read before the last commit comes too late.
class AssetStateCache {
 public:
  explicit AssetStateCache(std::size_t byte_count_max) : rows_(byte_count_max) {}

  // The row, or one that is newer than the caller's view: versions at or above its tree size show.
  std::optional<AssetStateRow> Find(AssetNumber asset) { return rows_.Find(asset.value); }

  // Keeps rows that were read at a head of this size.
  void Insert(std::span<const AssetNumber> assets, std::span<const AssetStateRow> rows,
              TreeSize read_at);

  // A commit moved the head to this size and changed these assets.
  void Update(std::span<const AssetNumber> changed, TreeSize committed);

  // Forgets all and keeps nothing before the next commit.
  void Clear();

 private:
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  std::mutex mutex_;  // between looking at newest_ and inserting
  std::uint64_t newest_ = kNever;
  LruCache<AssetStateRow> rows_;
};

class LedgerCaches {
 public:
  LedgerCaches(Store* backing_store, std::size_t edge_cache_size, std::size_t asset_id_cache_size)
      : store(backing_store),
        asset_states(kStateCacheSize),
        derivations(edge_cache_size),
        asset_ids(asset_id_cache_size) {}

  // Flags of a page, loaded from the newest state if need be.
  absl::StatusOr<const AssetFlags::Page*> LoadFlags(std::uint64_t page);

  Store* const store;  // outlives the caches

  AssetFlags flags;
  AssetStateCache asset_states;
  LruCache<DerivationView> derivations;                    // by log position
  LruCache<std::shared_ptr<const AssetIdPage>> asset_ids;  // by page

 private:
  // Some 150,000 assets: what a marketplace sells from on one day.
  static constexpr std::size_t kStateCacheSize = 32u << 20;
};

}  // namespace tributary
