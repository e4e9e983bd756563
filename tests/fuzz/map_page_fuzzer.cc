// Property: bytes are refused as a page, or they are exactly what the writer gives for the page
// read from them; of the place that the first bytes name, and of the top.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "graph/map/map_page.h"
#include "graph/model/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto check = [](std::string_view page_bytes, const MapPageId& id) {
    const auto page = ParseMapPage(page_bytes, id);
    if (!page.ok()) return;
    TRIBUTARY_CHECK(FormatMapPage(*page) == page_bytes && !page->slots.empty());
    TRIBUTARY_CHECK(page_bytes.size() <= kMapPageSizeMax);
    const internal::MapPageTree tree = internal::TreeOf(*page);
    TRIBUTARY_CHECK(tree[1].kind == internal::MapSubtree::Kind::kInner || id.level == 0);
  };
  check(bytes, {MapKey{}, 0, ~std::uint64_t{0}});
  // A level, and the bytes of a key that lies in the page.
  if (size < 1 + kDigestSize) return 0;
  const MapKey key{Digest::FromBytes(bytes.substr(1, kDigestSize)).value()};
  const auto level = static_cast<std::uint8_t>(data[0] % (kMapPageLevelCount + 1));
  check(bytes.substr(1 + kDigestSize), {key.Prefix(4u * level), level, ~std::uint64_t{0}});
  return 0;
}
