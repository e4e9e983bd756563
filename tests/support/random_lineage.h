// Random lineages of many shapes, and a measure of which shapes they have.

#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "tests/support/memory_lineage_reader.h"
#include "tests/support/rng.h"

namespace tributary::test {

struct RandomCase {
  PlainLineage lineage;
  std::size_t target = 0;
};

// A lineage of 1 to some 200 assets with ids in random order, and one asset to ask about. Valid: no
// cycle, every denominator from 1 to 2^63 - 1.
RandomCase RandomLineage(Rng& rng);

// What can be seen in the part of a lineage upstream of its target.
enum class LineageClass : std::size_t {
  kDiamond = 0,      // an asset with two consumers
  kWideFanIn,        // 16 inputs or more
  kDeepChain,        // 12 edges or more in a row
  kLadder,           // eight paths or more to one asset
  kEqualRemainders,  // equal weights that the denominator does not divide
  kSharedHolder,     // one party holds two assets
  kRetained,
  kUnattributed,
  kZeroWeight,
  kHugeWeights,  // a denominator of 2^62 or more
  kUndisclosed,
  kOrigin,
  kPassThrough,
};
inline constexpr std::size_t kLineageClassCount = 13;
std::string_view ToName(LineageClass lineage_class);

using LineageClasses = std::array<bool, kLineageClassCount>;
LineageClasses ClassesOf(const PlainLineage& lineage, std::size_t target);

}  // namespace tributary::test
