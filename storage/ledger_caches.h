// What a ledger's readers keep in memory: hints that are never needed and never wrong.
//
// Everything cached is immutable (edge lists of a log position, asset ids, lists of holders), or
// says by log positions for which views it holds. Losing all of it changes no answer.

#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "graph/lineage/lineage_reader.h"
#include "storage/asset_pages.h"
#include "storage/cache_sizes.h"
#include "storage/holder_lists.h"
#include "storage/row_codec.h"

namespace tributary {

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
  explicit LedgerCaches(const CacheSizes& sizes)
      : assets(sizes.asset_heads),
        holder_lists(sizes.holder_lists),
        asset_states(kStateCacheSize),
        derivations(sizes.edges),
        asset_ids(sizes.asset_ids) {}

  AssetPages assets;
  HolderLists holder_lists;
  AssetStateCache asset_states;
  LruCache<DerivationView> derivations;                    // by log position
  LruCache<std::shared_ptr<const AssetIdPage>> asset_ids;  // by page

 private:
  // Some 150,000 assets: what a marketplace sells from on one day.
  static constexpr std::size_t kStateCacheSize = 32u << 20;
};

}  // namespace tributary
