// Pages: their bytes, and every way in which bytes are not a page.

#include "graph/map/map_page.h"

#include <string>

#include "tests/graph/map/reference_map.h"
#include "tests/support/catch.h"
#include "tests/support/hex.h"
#include "tests/support/rng.h"
#include "tests/support/status_codes.h"

namespace tributary {
namespace {

using test::kInvalid;
using test::StoredMap;

// Of the eight entries of docs/formats/map.md: two slots of the page of the root are pages.
const MapPageId kTop{{}, 0, 1};
MapPageId Below(std::uint8_t slot) { return internal::ChildOf(kTop, slot, 1); }

TEST_CASE("map page: the vectors of the documentation", "[map]") {
  StoredMap map(test::NumberedContents(2));
  CHECK(test::ToHex(map.pages.pages.at(kTop)) ==
        "0100600000"
        "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"
        "f2a69722b820ceb39ae47f76059ccbfb57584ae46c37304c6ed77f5f500b81cd"
        "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
        "65da867639080176b5998c77219e2745474aa518a04268522467322f06fbd9d9");
  StoredMap of_eight;
  of_eight.version = 6;  // so that it is written as version 7
  of_eight.Put(test::EntriesOf(test::NumberedContents(8)));
  REQUIRE(of_eight.pages.pages.size() == 3);
  const std::string& top = of_eight.pages.pages.at({{}, 0, 7});
  CHECK(test::ToHex(top.substr(0, 5 + 40)) ==
        "0120e04010"
        "00000000000000078d4d07f985f986ab5faf285c8d8bd8e6d5732dc8041ef54d0a563ab36dd69d93");
  CHECK(Sha256(top).ToHex() == "69093be9b31313c666776770b53dcf4e65c5581ccd3a18026bbfc4fac6986948");
}

// Bytes are a page exactly where writing what was read gives them again. Such bytes have another
// hash, unless they are of other versions alone: those are what no hash says.
TEST_CASE("map page: nothing but what the writer gives is read", "[map]") {
  const StoredMap map(test::NumberedContents(40));
  std::size_t refused_count = 0;
  std::size_t version_count = 0;
  for (const auto& [id, bytes] : map.pages.pages) {
    const auto good = ParseMapPage(bytes, id);
    REQUIRE_OK(good);
    REQUIRE(FormatMapPage(*good) == bytes);
    const Digest hash = internal::TreeOf(*good)[1].hash;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      REQUIRE(ParseMapPage(bytes.substr(0, size), id).status().code() == kInvalid);
    }
    REQUIRE_FALSE(ParseMapPage(bytes + '\0', id).ok());
    REQUIRE_FALSE(ParseMapPage(bytes + bytes, id).ok());
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      std::string changed = bytes;
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
      const auto page = ParseMapPage(changed, id);
      if (!page.ok()) {
        ++refused_count;
        REQUIRE(page.status().code() == kInvalid);
        continue;
      }
      REQUIRE(FormatMapPage(*page) == changed);
      if (internal::TreeOf(*page)[1].hash == hash) ++version_count;
    }
  }
  CHECK(refused_count > 1000);
  // The lowest bit of each version 1, of the pages below the top: 0 is not above it.
  CHECK(version_count == map.pages.pages.size() - 1);
}

TEST_CASE("map page: what is refused, by name", "[map]") {
  const StoredMap map(test::NumberedContents(8));
  const std::string top = map.pages.pages.at(kTop);
  const std::string below = map.pages.pages.at(Below(0x4));
  const auto message = [](std::string_view bytes, const MapPageId& id) {
    return std::string(ParseMapPage(bytes, id).status().message());
  };
  const auto with = [](std::string bytes, std::size_t at, char value) {
    bytes[at] = value;
    return bytes;
  };
  CHECK(message("", kTop) == "page @1: no page of format 1");
  CHECK(message(with(top, 0, 2), kTop) == "page @1: no page of format 1");
  CHECK(message(with(top, 4, 0x11), kTop) ==
        "page @1: 336 bytes of slots, and not as many as it names");
  CHECK(message(with(top, 4, '\xf0'), kTop) == "page @1: a slot with both an entry and a page");
  CHECK(message(std::string(5, '\0').replace(0, 1, 1, '\1'), kTop) ==
        "page @1: fewer keys than make a page");
  CHECK(message(below, Below(0x5)) == "page 5@1: slot 11 with a key of another place");
  // The same entries in the other order.
  const std::string swapped = below.substr(0, 5) + below.substr(69) + below.substr(5, 64);
  CHECK(message(swapped, Below(0x4)) == "page 4@1: slot 11 with a key of another place");
  MapPageId older = kTop;
  older.version = 0;
  CHECK(message(top, older) == "page @0: slot 4 with a page of version 1");
  MapPageId nowhere = Below(0x4);
  nowhere.level = 0;
  CHECK(message(below, nowhere) == "page @1: no place of a page");
  nowhere.level = kMapPageLevelCount;
  CHECK(message(below, nowhere).ends_with("no place of a page"));
  // One key makes no page but at the top.
  const StoredMap of_one(test::NumberedContents(1));
  const std::string& single = of_one.pages.pages.at(kTop);
  CHECK(message(single, internal::ChildOf(kTop, 0x5, 1)) ==
        "page 5@1: fewer keys than make a page");
  // Nothing is below the last bits.
  const MapKey zeros{};
  const StoredMap deep({{zeros, Digest{}}, {test::WithBitFlipped(zeros, 255), Digest{}}});
  REQUIRE(deep.pages.pages.size() == 64);
  MapPageId last{zeros, 63, 1};
  CHECK(ParseMapPage(deep.pages.pages.at(last), last).ok());
  MapPageId before_last{zeros, 62, 1};
  CHECK(ParseMapPage(deep.pages.pages.at(before_last), before_last).ok());
  CHECK(message(deep.pages.pages.at(before_last), last).ends_with("below the last bits of a key"));
}

}  // namespace
}  // namespace tributary
