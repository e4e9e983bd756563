// How much a ledger keeps in memory for its readers.

#pragma once

#include <cstddef>

namespace tributary {

// Bytes of each.
struct CacheSizes {
  std::size_t edges = 512u << 20;      // decoded edge lists
  std::size_t asset_ids = 512u << 20;  // 32 an asset
  // Where the newest derivation and holders of assets stand: 24 a log position.
  std::size_t asset_heads = 256u << 20;
  std::size_t holder_lists = 256u << 20;  // each once
};

}  // namespace tributary
