#include "storage/asset_pages.h"

#include <algorithm>
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

const AssetPages::Page* AssetPages::FindOrAdd(std::uint64_t page) {
  std::lock_guard lock(mutex_);
  return FindOrAddLocked(page);
}

AssetPages::Page* AssetPages::FindOrAddLocked(std::uint64_t page) {
  std::unique_ptr<Page>& found = pages_[page];
  if (found == nullptr) {
    found = std::make_unique<Page>();
    found->complete_from = complete_from_;
    if (pages_.size() <= heads_count_max_) found->heads = std::make_unique<Heads>();
  }
  return found.get();
}

void AssetPages::Fill(std::span<const AssetNumber> assets, std::span<const AssetStateRow> states,
                      TreeSize read_at) {
  std::lock_guard lock(mutex_);
  Page* page = nullptr;
  std::uint64_t number = ~std::uint64_t{0};
  for (std::size_t i = 0; i < assets.size(); ++i) {
    const std::uint64_t wanted = assets[i].value / keys::kAssetPageSize;
    if (wanted != number) {
      const auto found = pages_.find(wanted);
      page = found == pages_.end() ? nullptr : found->second.get();
      number = wanted;
    }
    if (page == nullptr || read_at < page->complete_from) continue;
    // What a later commit has said of the asset stays.
    if (page->flags[assets[i].value % keys::kAssetPageSize] == 0) Set(assets[i], states[i], page);
  }
}

void AssetPages::Update(const Changed& changed, TreeSize committed) {
  std::lock_guard lock(mutex_);
  for (const auto& [asset, state] : changed) {
    const std::uint64_t number = asset.value / keys::kAssetPageSize;
    const auto found = pages_.find(number);
    if (found != pages_.end()) {
      Set(asset, state, found->second.get());
    } else if (asset.value >= newest_.value && pages_.size() < heads_count_max_) {
      Set(asset, state, FindOrAddLocked(number));
    }
  }
  newest_ = committed;
  complete_from_ = std::max(complete_from_, committed);
}

void AssetPages::Clear() {
  std::lock_guard lock(mutex_);
  // A view of the same head may still show the rows from before.
  complete_from_ = TreeSize{newest_.value + 1};
  for (const auto& [number, page] : pages_) {
    page->complete_from = complete_from_;
    for (std::atomic<Flags>& flags : page->flags) flags.store(0, std::memory_order_release);
  }
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

}  // namespace tributary
