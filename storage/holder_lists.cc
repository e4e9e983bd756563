#include "storage/holder_lists.h"

#include <limits>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/hash/hash.h"
#include "graph/model/check.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

// What the list and its places in both tables take, without the text of short ids.
std::size_t SizeOfList(const std::vector<Holder>& holders) {
  constexpr std::size_t kOverhead = 64;
  std::size_t size = kOverhead + holders.size() * sizeof(Holder);
  for (const Holder& holder : holders) {
    if (holder.party.size() >= sizeof(std::string) / 2) size += holder.party.size();
  }
  return size;
}

struct HolderView {
  const Holder& holder;
  template <typename H>
  friend H AbslHashValue(H state, const HolderView& view) {
    return H::combine(std::move(state), ToAbsl(view.holder.party), view.holder.units);
  }
};

}  // namespace

std::size_t HolderLists::Hash::operator()(const std::vector<Holder>& holders) const {
  std::size_t hash = holders.size();
  for (const Holder& holder : holders) hash = absl::HashOf(hash, HolderView{holder});
  return hash;
}

std::size_t HolderLists::Hash::operator()(std::uint32_t number) const {
  return (*this)(owner->ListOf(number));
}

bool HolderLists::Equal::operator()(std::uint32_t a, const std::vector<Holder>& b) const {
  return owner->ListOf(a) == b;
}

HolderLists::Kept HolderLists::Keep(std::vector<Holder> holders) {
  std::lock_guard lock(mutex_);
  const auto found = numbers_.find(holders);
  if (found != numbers_.end()) return {*found, lists_[*found - 1]};
  const std::size_t size = SizeOfList(holders);
  HolderList list = std::make_shared<const std::vector<Holder>>(std::move(holders));
  if (size > byte_count_max_ - byte_count_ ||
      lists_.size() == std::numeric_limits<std::uint32_t>::max()) {
    return {0, std::move(list)};
  }
  byte_count_ += size;
  lists_.push_back(list);
  const auto number = static_cast<std::uint32_t>(lists_.size());
  numbers_.insert(number);
  return {number, std::move(list)};
}

void HolderLists::Find(std::span<const std::uint32_t> numbers,
                       std::vector<HolderList>* lists) const {
  TRIBUTARY_CHECK(lists->size() == numbers.size());
  std::shared_lock lock(mutex_);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] != 0) (*lists)[i] = lists_[numbers[i] - 1];
  }
}

}  // namespace tributary
