// The log's Merkle tree in stored tiles of 256 hashes (tile height 8, as in C2SP tlog-tiles).
//
// A tile of level 0 is written once, when it is full: until then its hashes follow from the log
// itself. Tiles of higher levels are written again as they grow, once per 256 hashes below.

#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/merkle/merkle.h"
#include "storage/keys.h"

namespace tributary {

inline constexpr std::uint32_t kTileHeight = 8;
inline constexpr std::uint64_t kTileSize = std::uint64_t{1} << kTileHeight;

// Gives the payload of a row; nullopt: absent.
using RowSource = std::function<absl::StatusOr<std::optional<std::string>>(const OwnedKey&)>;
using RowSink = std::function<void(const OwnedKey&, std::string payload)>;

// The right edge of the tree, to append to.
class LogTreeAppender {
 public:
  // Loads the right edge at `size`. The hashes of the last, partial tile of level 0 are given by
  // `leaf_hashes` (size % 256 of them). Errors: kDataLoss (a tile is missing or too short).
  static absl::StatusOr<LogTreeAppender> Load(std::uint64_t size,
                                              std::span<const Digest> leaf_hashes,
                                              const RowSource& source);
  LogTreeAppender() = default;

  void Append(const Digest& leaf_hash, const RowSink& sink);
  // Writes the grown tiles of higher levels. Call once per commit.
  void Flush(const RowSink& sink);

  std::uint64_t size() const { return frontier_.size(); }
  Digest Root() const { return frontier_.Root(); }

 private:
  void AppendToLevel(std::uint32_t level, const Digest& hash, const RowSink& sink);

  struct Level {
    std::uint64_t tile_index = 0;
    std::vector<Digest> hashes;  // of the tile that is not full yet
    bool grown = false;
  };
  std::vector<Level> levels_;
  TreeFrontier frontier_;
};

std::string EncodeTile(std::span<const Digest> hashes);
// nullopt unless it is a whole number of hashes, at most 256.
std::optional<std::vector<Digest>> DecodeTile(std::string_view payload);

// The root over a power of two of hashes.
Digest RootOfFullSubtree(std::span<const Digest> hashes);

}  // namespace tributary
