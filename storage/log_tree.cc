#include "storage/log_tree.h"

#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "storage/row_codec.h"

namespace tributary {

std::string EncodeTile(std::span<const Digest> hashes) {
  std::string payload;
  payload.reserve(hashes.size() * kDigestSize);
  for (const Digest& hash : hashes) payload.append(hash.view());
  return payload;
}

std::optional<std::vector<Digest>> DecodeTile(std::string_view payload) {
  if (payload.size() % kDigestSize != 0 || payload.size() > kTileSize * kDigestSize) {
    return std::nullopt;
  }
  std::vector<Digest> hashes;
  for (; !payload.empty(); payload.remove_prefix(kDigestSize)) {
    hashes.push_back(*Digest::FromBytes(payload.substr(0, kDigestSize)));
  }
  return hashes;
}

Digest RootOfFullSubtree(std::span<const Digest> hashes) {
  TreeFrontier tree;
  for (const Digest& hash : hashes) tree.Append(hash);
  return tree.Root();
}

absl::StatusOr<LogTreeAppender> LogTreeAppender::Load(std::uint64_t size,
                                                      std::span<const Digest> leaf_hashes,
                                                      const RowSource& source) {
  TRIBUTARY_CHECK(leaf_hashes.size() == size % kTileSize);
  LogTreeAppender tree;
  for (std::uint32_t level = 0; size >> (kTileHeight * level) != 0; ++level) {
    const std::uint64_t hash_count = size >> (kTileHeight * level);
    Level& edge = tree.levels_.emplace_back();
    edge.tile_index = hash_count / kTileSize;
    const std::size_t partial = hash_count % kTileSize;
    if (level == 0) {
      edge.hashes.assign(leaf_hashes.begin(), leaf_hashes.end());
    } else if (partial != 0) {
      const OwnedKey key = keys::Tile(level, edge.tile_index);
      TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, source(key));
      const auto hashes = DecodeTile(payload.value_or(""));
      if (!hashes.has_value() || hashes->size() != partial) {
        return DamagedRow(key.view(), StrCat("a tile of ", partial, " hashes is expected"));
      }
      edge.hashes = *hashes;
    }
  }
  // Largest subtrees first: those of the highest level, left to right.
  for (std::size_t level = tree.levels_.size(); level-- > 0;) {
    for (const Digest& hash : tree.levels_[level].hashes) {
      tree.frontier_.AppendSubtree(static_cast<std::uint32_t>(kTileHeight * level), hash);
    }
  }
  TRIBUTARY_CHECK(tree.frontier_.size() == size);
  return tree;
}

void LogTreeAppender::Append(const Digest& leaf_hash, const RowSink& sink) {
  frontier_.Append(leaf_hash);
  AppendToLevel(0, leaf_hash, sink);
}

void LogTreeAppender::AppendToLevel(std::uint32_t level, const Digest& hash, const RowSink& sink) {
  if (level == levels_.size()) levels_.emplace_back();
  Level& edge = levels_[level];
  edge.hashes.push_back(hash);
  edge.grown = true;
  if (edge.hashes.size() < kTileSize) return;
  sink(keys::Tile(level, edge.tile_index), EncodeTile(edge.hashes));
  const Digest root = RootOfFullSubtree(edge.hashes);
  edge.hashes.clear();
  edge.grown = false;
  ++edge.tile_index;
  AppendToLevel(level + 1, root, sink);
}

void LogTreeAppender::Flush(const RowSink& sink) {
  for (std::uint32_t level = 1; level < levels_.size(); ++level) {
    Level& edge = levels_[level];
    if (edge.grown) sink(keys::Tile(level, edge.tile_index), EncodeTile(edge.hashes));
    edge.grown = false;
  }
}

}  // namespace tributary
