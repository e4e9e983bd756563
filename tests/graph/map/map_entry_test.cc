// Keys, values and the three kinds of hash of the map.

#include "graph/map/map_entry.h"

#include <set>
#include <string>
#include <vector>

#include "graph/map/asset_in_force.h"
#include "graph/merkle/merkle.h"
#include "tests/graph/map/reference_map.h"
#include "tests/support/catch.h"
#include "tests/support/hex.h"

namespace tributary {
namespace {

Digest Repeated(std::uint8_t byte) {
  Digest digest;
  digest.bytes.fill(byte);
  return digest;
}

TEST_CASE("map entry: bits, nibbles and prefixes agree with a slow reading", "[map]") {
  const MapKey key{Sha256("a key")};
  std::string bits;
  for (std::size_t i = 0; i < kMapDepthMax; ++i) {
    bits += key.Bit(i) ? '1' : '0';
    CHECK(key.Bit(i) == test::ReferenceBit(key, i));
    CHECK(CommonBitCount(key, test::WithBitFlipped(key, i)) == i);
    const MapKey prefix = key.Prefix(i);
    for (std::size_t j = 0; j < kMapDepthMax; ++j) {
      REQUIRE(prefix.Bit(j) == (j < i && key.Bit(j)));
    }
  }
  CHECK(key.Prefix(kMapDepthMax) == key);
  CHECK(CommonBitCount(key, key) == kMapDepthMax);
  for (std::size_t i = 0; i < kMapDepthMax / 4; ++i) {
    CHECK(key.Nibble(i) == std::stoi(bits.substr(4 * i, 4), nullptr, 2));
  }
}

TEST_CASE("map entry: no kind of hash is another one", "[map]") {
  const Digest a = Sha256("a");
  const Digest b = Sha256("b");
  const std::string both = std::string(a.view()) + std::string(b.view());
  const std::set<Digest> hashes = {MapLeafHash({{a}, b}), MapNodeHash(a, b), MapNodeHash(b, a),
                                   MapLeafHash({{b}, a}), LeafHash(both),    NodeHash(a, b),
                                   EmptyMapRoot(),        EmptyRoot(),       Digest{}};
  CHECK(hashes.size() == 9);
  CHECK(EmptyMapRoot().ToHex() ==
        "e52d9c508c502347344d8c07ad91cbd6068afc75ff6292f062a09ca381c89e71");
}

TEST_CASE("asset in force: the vector of the documentation", "[map]") {
  const Digest asset = Sha256("asset");
  const AssetInForce in_force{{Repeated(0x11), 1}, PlacedRecord{Repeated(0x22), 300}, std::nullopt};
  CHECK(test::ToHex(AssetInForceBytes(in_force)) ==
        "7472696275746172792f6d61702f696e5f666f7263652f763100"
        "0111111111111111111111111111111111111111111111111111111111111111110000000000000001"
        "012222222222222222222222222222222222222222222222222222222222222222000000000000012c"
        "00");
  CHECK(AssetMapKey(asset).digest.ToHex() ==
        "7c139dd972fb18b44dfa6c4a035b4fcea7cc26bd11b8584cd50f25cd1d0ee9d6");
  const MapEntry entry = AssetMapEntry(asset, in_force);
  CHECK(entry.key == AssetMapKey(asset));
  CHECK(entry.value.ToHex() == "8e8a7e46c7138c42e7918ca4157519ce40afda5d34a3611db0f4333f1dddffa1");
}

TEST_CASE("asset in force: whatever differs has another value", "[map]") {
  const std::vector<std::optional<PlacedRecord>> some = {
      std::nullopt, PlacedRecord{Repeated(1), 1}, PlacedRecord{Repeated(1), 2},
      PlacedRecord{Repeated(2), 1}, PlacedRecord{Repeated(0), 0}};
  std::set<std::string> bytes;
  std::set<Digest> values;
  std::size_t count = 0;
  for (const auto& asset : some) {
    if (!asset.has_value()) continue;
    for (const auto& derivation : some) {
      for (const auto& holders : some) {
        const AssetInForce in_force{*asset, derivation, holders};
        bytes.insert(AssetInForceBytes(in_force));
        values.insert(AssetMapEntry(Sha256("asset"), in_force).value);
        ++count;
      }
    }
  }
  CHECK(bytes.size() == count);
  CHECK(values.size() == count);
  // Of two values none is the beginning of the other: each part says whether it is there.
  for (auto one = bytes.begin(), next = std::next(one); next != bytes.end(); ++one, ++next) {
    CHECK_FALSE(next->starts_with(*one));
  }
}

}  // namespace
}  // namespace tributary
