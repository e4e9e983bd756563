// A ledger and its heads, for tests of the anchor alone.

#pragma once

#include <cstdint>
#include <string>

#include "graph/model/digest.h"
#include "storage/anchor.h"

namespace tributary::test {

inline const Digest kAnchorLedger = Sha256("lineage.example.com/acme");

inline AnchorHead HeadOf(std::uint64_t tree_size) {
  return {1, tree_size, Sha256("root of " + std::to_string(tree_size))};
}

}  // namespace tributary::test
