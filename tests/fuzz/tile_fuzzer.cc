// Property: a path of a tile or a bundle of entries is refused, or it is exactly what the writer
// gives for what was parsed.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/log/tiles.h"
#include "graph/model/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto tile = ParseTilePath(bytes);
  if (tile.ok()) TRIBUTARY_CHECK(TilePath(*tile) == bytes);
  const auto hashes = ParseHashTile(bytes, static_cast<std::uint32_t>(size / kDigestSize));
  if (hashes.ok()) TRIBUTARY_CHECK(FormatHashTile(*hashes) == bytes);
  for (const std::uint32_t width : {1u, 3u, kTileWidthMax}) {
    const auto entries = ParseEntryBundle(bytes, width);
    if (!entries.ok()) continue;
    const std::vector<std::string> copies(entries->begin(), entries->end());
    TRIBUTARY_CHECK(FormatEntryBundle(copies).value() == bytes);
    for (const std::string& entry : copies) {
      const auto leaf = ParseLogLeaf(entry);
      if (leaf.ok()) TRIBUTARY_CHECK(FormatLogLeaf(*leaf) == entry);
    }
  }
  return 0;
}
