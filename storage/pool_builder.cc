#include "storage/pool_builder.h"

#include <algorithm>

namespace tributary {

void PoolBuilder::Add(AssetNumber input) {
  run_.push_back(input.value);
  if (run_.size() == kRunSize) FlushRun();
}

void PoolBuilder::FlushRun() {
  std::sort(run_.begin(), run_.end());
  std::vector<std::uint64_t> members;
  for (std::size_t i = 0; i < run_.size(); ++i) {
    members.push_back(run_[i]);
    const std::uint64_t page = run_[i] / keys::kAssetPageSize;
    if (i + 1 < run_.size() && run_[i + 1] / keys::kAssetPageSize == page) continue;
    sink_(page, run_counts_[page]++, members);
    members.clear();
  }
  run_.clear();
}

std::vector<std::pair<std::uint64_t, std::uint32_t>> PoolBuilder::Finish() {
  FlushRun();
  return {run_counts_.begin(), run_counts_.end()};
}

}  // namespace tributary
