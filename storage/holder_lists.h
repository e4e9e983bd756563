// Lists of holders that readers have met, each kept once: most assets of a ledger share few.

#pragma once

#include <cstddef>
#include <cstdint>
#include <shared_mutex>
#include <span>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "graph/lineage/lineage_reader.h"

namespace tributary {

// Nothing is forgotten; when the memory is used up nothing more is kept. Any thread.
class HolderLists {
 public:
  explicit HolderLists(std::size_t byte_count_max) : byte_count_max_(byte_count_max) {}

  // The list as it is kept, with its number from 1 on; with 0, as it came, where it is not kept.
  struct Kept {
    std::uint32_t number = 0;
    HolderList list;
  };
  Kept Keep(std::vector<Holder> holders);

  // Fills (*lists)[i] for each i whose numbers[i], from Keep, is not 0.
  void Find(std::span<const std::uint32_t> numbers, std::vector<HolderList>* lists) const;

 private:
  struct Hash {
    using is_transparent = void;
    const HolderLists* owner;
    std::size_t operator()(const std::vector<Holder>& holders) const;
    std::size_t operator()(std::uint32_t number) const;
  };
  struct Equal {
    using is_transparent = void;
    const HolderLists* owner;
    bool operator()(std::uint32_t a, std::uint32_t b) const { return a == b; }
    bool operator()(std::uint32_t a, const std::vector<Holder>& b) const;
  };

  const std::vector<Holder>& ListOf(std::uint32_t number) const { return *lists_[number - 1]; }

  mutable std::shared_mutex mutex_;  // guards all below
  std::vector<HolderList> lists_;    // by number - 1
  absl::flat_hash_set<std::uint32_t, Hash, Equal> numbers_{0, Hash{this}, Equal{this}};
  std::size_t byte_count_ = 0;
  const std::size_t byte_count_max_;
};

}  // namespace tributary
