// Turns the inputs of a staged edge list into rows for the way downstream.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "graph/lineage/lineage_reader.h"
#include "storage/keys.h"

namespace tributary {

// Groups asset numbers by page and gives out one sorted row of members per page and run. A run is
// kRunSize inputs, which bounds the memory whatever the length of the list.
class PoolBuilder {
 public:
  static constexpr std::size_t kRunSize = std::size_t{1} << 20;  // 8 MiB of numbers
  using Sink = std::function<void(std::uint64_t page, std::uint32_t run,
                                  const std::vector<std::uint64_t>& members)>;

  explicit PoolBuilder(Sink sink) : sink_(std::move(sink)) {}
  void Add(AssetNumber input);
  // Gives out what is left. The result: each page with its number of runs, ascending.
  std::vector<std::pair<std::uint64_t, std::uint32_t>> Finish();

 private:
  void FlushRun();

  Sink sink_;
  std::vector<std::uint64_t> run_;
  std::map<std::uint64_t, std::uint32_t> run_counts_;
};

}  // namespace tributary
