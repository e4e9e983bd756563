#include "storage/ledger_caches.h"

namespace tributary {

void AssetStateCache::Insert(std::span<const AssetNumber> assets,
                             std::span<const AssetStateRow> rows, TreeSize read_at) {
  constexpr std::size_t kEntrySize = sizeof(AssetStateRow) + 96;  // and what finds it
  std::lock_guard lock(mutex_);
  if (newest_ != read_at.value) return;
  for (std::size_t i = 0; i < assets.size(); ++i) {
    rows_.Insert(assets[i].value, rows[i], kEntrySize);
  }
}

void AssetStateCache::Update(std::span<const AssetNumber> changed, TreeSize committed) {
  std::lock_guard lock(mutex_);
  newest_ = committed.value;
  for (const AssetNumber asset : changed) rows_.Erase(asset.value);
}

void AssetStateCache::Clear() {
  std::lock_guard lock(mutex_);
  newest_ = kNever;
  rows_.Clear();
}

}  // namespace tributary
