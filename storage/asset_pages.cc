#include "storage/asset_pages.h"

#include <utility>

namespace tributary {

AssetPages::Flags AssetPages::FlagsOf(const AssetStateRow& state) {
  Flags flags = kKnown | static_cast<Flags>(state.kind);
  if (state.derivation.count > 0) flags |= kDerived;
  if (state.holders.count > 0) flags |= kHeld;
  if (state.asset.count > 1) flags |= kSuperseded;
  return flags;
}

const AssetPages::Page* AssetPages::Find(std::uint64_t page) const {
  std::lock_guard lock(mutex_);
  const auto found = pages_.find(page);
  return found == pages_.end() ? nullptr : found->second.get();
}

absl::StatusOr<const AssetPages::Page*> AssetPages::Load(std::uint64_t page, const ReadPage& read) {
  std::lock_guard lock(mutex_);
  const auto found = pages_.find(page);
  if (found != pages_.end()) return found->second.get();
  auto loaded = std::make_unique<Page>();
  if (pages_.size() < heads_count_max_) loaded->heads = std::make_unique<Heads>();
  if (absl::Status status = read(page, loaded.get()); !status.ok()) return status;
  return pages_.emplace(page, std::move(loaded)).first->second.get();
}

absl::Status AssetPages::Reload(const ReadPage& read) {
  std::lock_guard lock(mutex_);
  for (const auto& [number, page] : pages_) {
    if (absl::Status status = read(number, page.get()); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void AssetPages::Set(AssetNumber asset, const AssetStateRow& state, Page* page) {
  const std::size_t index = asset.value % keys::kAssetPageSize;
  const auto newest = [](const VersionHead& head) {
    return head.count == 0 ? std::uint64_t{0} : head.newest.value;
  };
  if (page->heads != nullptr) {
    page->heads->derivation[index].store(newest(state.derivation), std::memory_order_release);
    page->heads->holders[index].store(newest(state.holders), std::memory_order_release);
  }
  // Last: who sees that there is a derivation sees where it stands.
  page->flags[index].store(FlagsOf(state), std::memory_order_release);
}

void AssetPages::Update(AssetNumber asset, const AssetStateRow& state) {
  std::lock_guard lock(mutex_);
  const auto found = pages_.find(asset.value / keys::kAssetPageSize);
  if (found != pages_.end()) Set(asset, state, found->second.get());
}

}  // namespace tributary
