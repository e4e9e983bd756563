// Proofs of one key: against the definition, and against every single change.

#include "graph/map/map_proof.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/graph/map/reference_map.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"
#include "tests/support/status_codes.h"

namespace tributary {
namespace {

using test::Contents;
using test::Entries;
using test::EntriesOf;
using test::kInvalid;
using test::RandomContents;
using test::StoredMap;
using test::WithBitFlipped;

std::string Refusal(const MapClaim& claim, const MapProof& proof, const Digest& root) {
  return std::string(VerifyMapProof(claim, proof, root).message());
}

// Keys of the map, keys beside them at every depth of their way, and keys of nothing.
std::vector<MapKey> KeysToAsk(test::Rng& rng, const Contents& contents) {
  std::vector<MapKey> keys;
  for (const auto& [key, value] : contents) {
    keys.push_back(key);
    for (std::size_t bit = 0; bit < 12; ++bit) keys.push_back(WithBitFlipped(key, bit));
    keys.push_back(WithBitFlipped(key, rng.Below(256)));
    keys.push_back(WithBitFlipped(key, 255));
  }
  for (int i = 0; i < 10; ++i) keys.push_back({test::RandomDigest(rng)});
  return keys;
}

TEST_CASE("map proof: of every key that is there, and of keys that are not", "[map][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 30; ++trial) {
    const StoredMap map(RandomContents(rng, rng.Below(25)));
    const Entries entries = EntriesOf(map.contents);
    CAPTURE(rng.seed(), trial, entries.size());
    for (const MapKey& key : KeysToAsk(rng, map.contents)) {
      const auto proven = ProveMapKey(map.pages, map.root, key);
      REQUIRE_OK(proven);
      const ProvenMapClaim expected = test::ReferenceMapProof(entries, key);
      REQUIRE(proven->claim == expected.claim);
      REQUIRE(proven->proof == expected.proof);
      REQUIRE_OK(VerifyMapProof(proven->claim, proven->proof, map.root.hash));
    }
  }
}

TEST_CASE("map proof: the vectors of the documentation", "[map]") {
  const StoredMap map(test::NumberedContents(8));
  const auto hex_of = [](const std::vector<Digest>& digests) {
    std::vector<std::string> hex;
    for (const Digest& digest : digests) hex.push_back(digest.ToHex());
    return hex;
  };
  const std::string upper = "459eae99fbfe9fb861f914045003333d61c0027aef21f641352ff270cb2b7617";
  const std::string empty = "e52d9c508c502347344d8c07ad91cbd6068afc75ff6292f062a09ca381c89e71";
  const std::string third = "afe93ccfdd0d1f3a853e4c17273f190dd4291800344c317e1329b7d58ef8125b";
  const auto of_0 = ProveMapKey(map.pages, map.root, test::NumberedEntry(0).key).value();
  CHECK(of_0.claim.value == test::NumberedEntry(0).value);
  CHECK_FALSE(of_0.proof.other.has_value());
  CHECK(
      hex_of(of_0.proof.siblings) ==
      std::vector<std::string>{upper, empty, third,
                               "8d4d07f985f986ab5faf285c8d8bd8e6d5732dc8041ef54d0a563ab36dd69d93"});
  const auto of_8 = ProveMapKey(map.pages, map.root, test::NumberedEntry(8).key).value();
  CHECK_FALSE(of_8.claim.value.has_value());
  CHECK_FALSE(of_8.proof.other.has_value());
  CHECK(hex_of(of_8.proof.siblings) ==
        std::vector<std::string>{
            upper, "f9056a8338bc5e08513a235b72721ad89d98ee4550212d9c540a86fec6927b24"});
  const auto of_11 = ProveMapKey(map.pages, map.root, test::NumberedEntry(11).key).value();
  CHECK_FALSE(of_11.claim.value.has_value());
  REQUIRE(of_11.proof.other.has_value());
  CHECK(of_11.proof.other->key.digest.ToHex() ==
        "4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce");
  CHECK(hex_of(of_11.proof.siblings) ==
        std::vector<std::string>{
            upper, empty, third, "b31d0b1f676b6c60acc840a770fdf830463bd48e03d0924c00196e4250f4de51",
            empty, "1e35de91b1a498c6541a3ab90d8f98484cb9416aa220caa4a1fe3c38591402d2"});
}

TEST_CASE("map proof: nothing verifies with one thing changed", "[map]") {
  test::Rng rng = test::SeededRng();
  for (const std::size_t count : {0u, 1u, 2u, 3u, 9u, 30u}) {
    const StoredMap map(RandomContents(rng, count));
    for (const MapKey& key : KeysToAsk(rng, map.contents)) {
      CAPTURE(rng.seed(), count, key.digest.ToHex());
      const auto good = ProveMapKey(map.pages, map.root, key).value();
      const auto refused = [&](const std::function<void(MapClaim*, MapProof*)>& edit) {
        MapClaim claim = good.claim;
        MapProof proof = good.proof;
        edit(&claim, &proof);
        if (claim == good.claim && proof == good.proof) return;
        REQUIRE(VerifyMapProof(claim, proof, map.root.hash).code() == kInvalid);
      };
      for (std::size_t i = 0; i < good.proof.siblings.size(); i += 1 + i / 8) {
        const auto at = static_cast<std::ptrdiff_t>(i);
        for (std::size_t bit = 0; bit < 256; bit += 37) {
          refused([&](auto*, auto* p) {
            p->siblings[i] = WithBitFlipped({p->siblings[i]}, bit).digest;
          });
        }
        refused([&](auto*, auto* p) { p->siblings.erase(p->siblings.begin() + at); });
        refused([&](auto*, auto* p) { p->siblings.resize(i); });
        refused(
            [&](auto*, auto* p) { p->siblings.insert(p->siblings.begin() + at, p->siblings[i]); });
        refused(
            [&](auto*, auto* p) { p->siblings.insert(p->siblings.begin() + at, EmptyMapRoot()); });
        if (i > 0) refused([&](auto*, auto* p) { std::swap(p->siblings[i - 1], p->siblings[i]); });
        // The key beside it on its way.
        refused([&](auto* c, auto*) { c->key = WithBitFlipped(c->key, i); });
      }
      refused([](auto*, auto* p) { p->siblings.push_back(EmptyMapRoot()); });
      refused([](auto*, auto* p) { p->siblings.push_back(Digest{}); });
      refused([](auto*, auto* p) { p->siblings.resize(257); });
      for (std::size_t bit = 0; bit < 256; bit += 5) {
        refused([&](auto* c, auto*) {
          c->value = WithBitFlipped({c->value.value_or(Digest{})}, bit).digest;
        });
        refused([&](auto*, auto* p) {
          if (p->other.has_value()) p->other->key = WithBitFlipped(p->other->key, bit);
        });
        refused([&](auto*, auto* p) {
          if (p->other.has_value()) {
            p->other->value = WithBitFlipped({p->other->value}, bit).digest;
          }
        });
      }
      // There for not there, and the other way round.
      refused([](auto* c, auto*) {
        c->value = c->value.has_value() ? std::nullopt : std::optional(Digest{});
      });
      refused([](auto*, auto* p) { p->other.reset(); });
      refused([](auto* c, auto* p) {
        p->other = MapEntry{c->key, c->value.value_or(Digest{})};
        c->value.reset();
      });
      refused([](auto* c, auto* p) {
        if (p->other.has_value()) c->value = p->other->value;
      });
      refused([](auto* c, auto* p) {
        if (!p->other.has_value()) return;
        c->value = p->other->value;
        p->other.reset();
      });
      REQUIRE_FALSE(VerifyMapProof(good.claim, good.proof, Digest{}).ok());
      REQUIRE_FALSE(VerifyMapProof(good.claim, good.proof, Sha256("another")).ok());
    }
  }
}

TEST_CASE("map proof: a proof is of its own key and its own root", "[map]") {
  const StoredMap map(test::NumberedContents(20));
  StoredMap later = map;
  later.Put({{test::NumberedEntry(3).key, Sha256("superseded")}});
  for (const auto& [key, value] : map.contents) {
    const auto proven = ProveMapKey(map.pages, map.root, key).value();
    CHECK_STATUS(VerifyMapProof(proven.claim, proven.proof, later.root.hash), kInvalid);
    for (const auto& [other_key, other_value] : map.contents) {
      if (other_key == key) continue;
      CHECK_STATUS(VerifyMapProof({other_key, other_value}, proven.proof, map.root.hash), kInvalid);
      CHECK_STATUS(VerifyMapProof({other_key, std::nullopt}, proven.proof, map.root.hash),
                   kInvalid);
      // The entry of `key` as the one that stands in the way of another key.
      CHECK_STATUS(VerifyMapProof({other_key, std::nullopt},
                                  {proven.proof.siblings, MapEntry{key, value}}, map.root.hash),
                   kInvalid);
    }
  }
}

// The contents of a node, 64 bytes, as the key and the value of an entry, and the reverse.
TEST_CASE("map proof: a node does not pose as an entry, nor an entry as a node", "[map]") {
  // Keys 5f… and 6b…: their first bit is 0, so the root is a node over this and nothing.
  const Entries entries = EntriesOf(test::NumberedContents(2));
  const Digest root = test::ReferenceMapRoot(entries);
  const MapEntry posed{{test::ReferenceMapRoot(entries, 1)}, EmptyMapRoot()};
  REQUIRE(MapNodeHash(posed.key.digest, posed.value) == root);
  CHECK_STATUS(VerifyMapProof({posed.key, posed.value}, {}, root), kInvalid);
  CHECK_STATUS(VerifyMapProof({{Sha256("x")}, std::nullopt}, {{}, posed}, root), kInvalid);
  // One more step than the tree has: the halves of the entry as two subtrees.
  const MapEntry& entry = entries[0];
  auto longer = test::ReferenceMapProof(entries, entry.key).proof;
  REQUIRE(longer.siblings.size() == 3);
  longer.siblings.push_back(entry.value);
  CHECK_STATUS(VerifyMapProof({entry.key, std::nullopt}, longer, root), kInvalid);
  const StoredMap of_one(test::NumberedContents(1));
  CHECK_STATUS(
      VerifyMapProof({entry.key, std::nullopt}, {{entry.value}, std::nullopt}, of_one.root.hash),
      kInvalid);
}

TEST_CASE("map proof: each refusal says what does not hold", "[map]") {
  const MapKey key = test::NumberedEntry(0).key;
  const Digest value = test::NumberedEntry(0).value;
  const Digest root = Sha256("a root");
  const MapEntry other = test::NumberedEntry(1);
  const Digest full = Sha256("a subtree");
  CHECK(Refusal({key, value}, {std::vector<Digest>(257), std::nullopt}, root) ==
        "map proof: more than 256 siblings");
  CHECK(Refusal({key, value}, {{}, other}, root) ==
        "map proof: another entry beside the one that is claimed");
  CHECK(Refusal({key, std::nullopt}, {{}, MapEntry{key, value}}, root) ==
        "map proof: an entry of a key that is said to have none");
  CHECK(Refusal({key, std::nullopt}, {{full, full, full}, other}, root) ==
        "map proof: another entry that does not stand where the way ends");
  CHECK(Refusal({key, value}, {{full, EmptyMapRoot()}, std::nullopt}, root) ==
        "map proof: a node over a single key or none");
  CHECK(Refusal({key, std::nullopt}, {{full, EmptyMapRoot()}, std::nullopt}, root) ==
        "map proof: a node over a single key or none");
  // At depth 256 nothing but one key can stand beside an empty place.
  std::vector<Digest> all_empty(256, EmptyMapRoot());
  all_empty.back() = full;
  CHECK(Refusal({key, std::nullopt}, {all_empty, std::nullopt}, root) ==
        "map proof: a node over a single key or none");
  CHECK(Refusal({key, value}, {all_empty, std::nullopt}, root) ==
        "map proof: the computed root differs from the given one");
}

// A tree that was not built by the rule: its root is made by hand, with an entry under a key's way
// where it does not belong. Even the holder of such a root shows one thing at most.
TEST_CASE("map proof: a root of another tree shows nothing twice", "[map]") {
  const MapKey key = test::NumberedEntry(0).key;  // its first bit is 0
  const MapEntry misplaced{WithBitFlipped(key, 0), Sha256("v")};
  const Digest full = Sha256("a subtree");
  const Digest root = MapNodeHash(MapLeafHash(misplaced), full);
  CHECK_STATUS(VerifyMapProof({key, std::nullopt}, {{full}, misplaced}, root), kInvalid);
  CHECK_STATUS(VerifyMapProof({misplaced.key, misplaced.value}, {{full}, std::nullopt}, root),
               kInvalid);
  // An entry that stands one level lower than its place.
  const MapEntry entry{key, Sha256("v")};
  const Digest low = MapNodeHash(MapLeafHash(entry), EmptyMapRoot());
  CHECK_STATUS(VerifyMapProof({key, entry.value}, {{EmptyMapRoot()}, std::nullopt}, low), kInvalid);
}

}  // namespace
}  // namespace tributary
