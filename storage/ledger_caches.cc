#include "storage/ledger_caches.h"

namespace tributary {

AssetFlags::Flags AssetFlags::FromState(const AssetStateRow& state) {
  Flags flags = kKnown | static_cast<Flags>(state.kind);
  if (state.derivation.count > 0) flags |= kDerived;
  if (state.holders.count > 0) flags |= kHeld;
  if (state.asset.count > 1) flags |= kSuperseded;
  return flags;
}

const AssetFlags::Page* AssetFlags::Find(std::uint64_t page) const {
  std::lock_guard lock(mutex_);
  const auto found = pages_.find(page);
  return found == pages_.end() ? nullptr : found->second.get();
}

absl::StatusOr<const AssetFlags::Page*> AssetFlags::Load(std::uint64_t page, const ReadPage& read) {
  std::lock_guard lock(mutex_);
  const auto found = pages_.find(page);
  if (found != pages_.end()) return found->second.get();
  auto loaded = std::make_unique<Page>();
  if (absl::Status status = read(page, loaded.get()); !status.ok()) return status;
  return pages_.emplace(page, std::move(loaded)).first->second.get();
}

void AssetFlags::Update(AssetNumber asset, Flags flags) {
  std::lock_guard lock(mutex_);
  const auto found = pages_.find(asset.value / keys::kAssetPageSize);
  if (found == pages_.end()) return;
  found->second->flags[asset.value % keys::kAssetPageSize].store(flags, std::memory_order_release);
}

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
