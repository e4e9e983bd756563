// Proofs of many keys at once: against the definition, and against every single change.

#include "graph/map/map_multi_proof.h"

#include <algorithm>
#include <functional>
#include <set>
#include <span>
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
using test::EntriesOf;
using test::kInvalid;
using test::RandomContents;
using test::StoredMap;
using test::WithBitFlipped;
using Claims = std::vector<MapClaim>;

std::vector<MapKey> RandomKeys(test::Rng& rng, const Contents& contents, std::uint64_t count) {
  std::set<MapKey> keys;
  while (keys.size() < count) keys.insert(test::RandomKey(rng, contents));
  return {keys.begin(), keys.end()};
}

void CheckProven(const StoredMap& map, std::span<const MapKey> keys,
                 const ProvenMapClaims& proven) {
  REQUIRE(proven.claims.size() == keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    REQUIRE(proven.claims[i].key == keys[i]);
    const auto value = map.contents.find(keys[i]);
    REQUIRE(proven.claims[i].value.has_value() == (value != map.contents.end()));
    if (value != map.contents.end()) REQUIRE(proven.claims[i].value == value->second);
  }
  MapMultiProof expected;
  test::ReferenceMultiProof(EntriesOf(map.contents), proven.claims, 0, &expected);
  REQUIRE(proven.proof == expected);
  REQUIRE_OK(VerifyMapMultiProof(proven.claims, proven.proof, map.root.hash));
}

TEST_CASE("map multi proof: every set of keys of a small map", "[map]") {
  const StoredMap map(test::NumberedContents(6));
  std::vector<MapKey> keys;
  for (std::size_t i = 0; i < 10; ++i) keys.push_back(test::NumberedEntry(i).key);
  std::sort(keys.begin(), keys.end());
  for (std::size_t bits = 1; bits < std::size_t{1} << keys.size(); ++bits) {
    CAPTURE(bits);
    std::vector<MapKey> some;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if ((bits >> i & 1) != 0) some.push_back(keys[i]);
    }
    const auto proven = ProveMapKeys(map.pages, map.root, some);
    REQUIRE_OK(proven);
    CheckProven(map, some, *proven);
  }
}

TEST_CASE("map multi proof: random keys of random maps", "[map][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 200; ++trial) {
    StoredMap map(RandomContents(rng, rng.Below(60)));
    if (rng.OneIn(2)) map.Put(EntriesOf(RandomContents(rng, rng.Below(20))));
    CAPTURE(rng.seed(), trial, map.contents.size());
    const auto keys = RandomKeys(rng, map.contents, rng.Between(1, 40));
    const auto proven = ProveMapKeys(map.pages, map.root, keys);
    REQUIRE_OK(proven);
    CheckProven(map, keys, *proven);
  }
}

TEST_CASE("map multi proof: of one key it is the proof of that key", "[map]") {
  test::Rng rng = test::SeededRng();
  const StoredMap map(RandomContents(rng, 40));
  for (int trial = 0; trial < 200; ++trial) {
    const MapKey key = test::RandomKey(rng, map.contents);
    const auto one = ProveMapKey(map.pages, map.root, key).value();
    auto many = ProveMapKeys(map.pages, map.root, std::vector{key}).value();
    REQUIRE(many.claims == Claims{one.claim});
    REQUIRE(many.proof.ends ==
            std::vector{
                MapEnd{static_cast<std::uint16_t>(one.proof.siblings.size()), one.proof.other}});
    auto siblings = one.proof.siblings;
    std::sort(siblings.begin(), siblings.end());
    std::sort(many.proof.nodes.begin(), many.proof.nodes.end());
    REQUIRE(many.proof.nodes == siblings);
  }
}

TEST_CASE("map multi proof: all keys of a map need no node but empty ones", "[map]") {
  const StoredMap map(test::NumberedContents(3000));
  std::vector<MapKey> keys;
  for (const auto& [key, value] : map.contents) keys.push_back(key);
  map.pages.call_count = 0;
  const auto proven = ProveMapKeys(map.pages, map.root, keys);
  REQUIRE_OK(proven);
  CHECK(map.pages.call_count <= 7);  // one for each level of pages
  CHECK(proven->proof.ends.size() == keys.size());
  for (const Digest& node : proven->proof.nodes) CHECK(node == EmptyMapRoot());
  REQUIRE_OK(VerifyMapMultiProof(proven->claims, proven->proof, map.root.hash));
}

TEST_CASE("map multi proof: nothing verifies with one thing changed", "[map]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 40; ++trial) {
    const StoredMap map(RandomContents(rng, rng.Below(12)));
    const auto keys = RandomKeys(rng, map.contents, rng.Between(1, 8));
    CAPTURE(rng.seed(), trial, map.contents.size(), keys.size());
    const auto good = ProveMapKeys(map.pages, map.root, keys).value();
    const auto refused = [&](const std::function<void(Claims*, MapMultiProof*)>& edit) {
      Claims claims = good.claims;
      MapMultiProof proof = good.proof;
      edit(&claims, &proof);
      if (claims == good.claims && proof == good.proof) return;
      REQUIRE(VerifyMapMultiProof(claims, proof, map.root.hash).code() == kInvalid);
    };
    const auto flip = [&](Digest* digest) {
      *digest = WithBitFlipped({*digest}, rng.Below(256)).digest;
    };
    for (std::size_t i = 0; i < good.proof.nodes.size(); i += 1 + i / 16) {
      const auto at = static_cast<std::ptrdiff_t>(i);
      refused([&](auto*, auto* p) { flip(&p->nodes[i]); });
      refused([&](auto*, auto* p) { p->nodes.erase(p->nodes.begin() + at); });
      refused([&](auto*, auto* p) { p->nodes.insert(p->nodes.begin() + at, p->nodes[i]); });
      refused([&](auto*, auto* p) { p->nodes.insert(p->nodes.begin() + at, EmptyMapRoot()); });
      if (i > 0) refused([&](auto*, auto* p) { std::swap(p->nodes[i - 1], p->nodes[i]); });
    }
    for (std::size_t i = 0; i < good.proof.ends.size(); ++i) {
      const auto at = static_cast<std::ptrdiff_t>(i);
      refused([&](auto*, auto* p) { p->ends[i].depth += 1; });
      refused([&](auto*, auto* p) { p->ends[i].depth -= 1; });
      refused([&](auto*, auto* p) { p->ends[i].depth = 256; });
      refused([&](auto*, auto* p) { p->ends[i].depth = 257; });
      refused([&](auto*, auto* p) { p->ends[i].depth = 0; });
      refused([&](auto*, auto* p) { p->ends[i].other.reset(); });
      refused([&](auto*, auto* p) { p->ends[i].other = test::NumberedEntry(1); });
      refused([&](auto*, auto* p) { p->ends.erase(p->ends.begin() + at); });
      refused([&](auto*, auto* p) { p->ends.insert(p->ends.begin() + at, p->ends[i]); });
      if (i > 0) refused([&](auto*, auto* p) { std::swap(p->ends[i - 1], p->ends[i]); });
      if (!good.proof.ends[i].other.has_value()) continue;
      refused([&](auto*, auto* p) { flip(&p->ends[i].other->key.digest); });
      refused([&](auto*, auto* p) { flip(&p->ends[i].other->value); });
    }
    for (std::size_t i = 0; i < good.claims.size(); ++i) {
      const auto at = static_cast<std::ptrdiff_t>(i);
      refused([&](auto* c, auto*) {
        (*c)[i].value = (*c)[i].value.has_value() ? std::nullopt : std::optional(Digest{});
      });
      refused([&](auto* c, auto*) {
        if ((*c)[i].value.has_value()) flip(&*(*c)[i].value);
      });
      // Said to be absent, with its own entry as the one that stands in its way.
      refused([&](auto* c, auto* p) {
        if (!(*c)[i].value.has_value()) return;
        for (MapEnd& end : p->ends) {
          if (!end.other.has_value()) end.other = MapEntry{(*c)[i].key, *(*c)[i].value};
        }
        (*c)[i].value.reset();
      });
      refused([&](auto* c, auto*) { c->insert(c->begin() + at, (*c)[i]); });
      if (i > 0) refused([&](auto* c, auto*) { std::swap((*c)[i - 1], (*c)[i]); });
      // A claim that has its end for itself leaves it over when it goes.
      if (good.claims.size() == good.proof.ends.size()) {
        refused([&](auto* c, auto*) { c->erase(c->begin() + at); });
      }
    }
    refused([](auto*, auto* p) { p->nodes.push_back(Digest{}); });
    refused([](auto*, auto* p) { p->ends.emplace_back(); });
    REQUIRE_FALSE(VerifyMapMultiProof(good.claims, good.proof, Digest{}).ok());
  }
}

TEST_CASE("map multi proof: what can not be asked", "[map]") {
  const StoredMap map(test::NumberedContents(4));
  const MapKey low{Digest{}};
  const MapKey high = WithBitFlipped(low, 255);
  using Keys = std::vector<MapKey>;
  CHECK_STATUS(ProveMapKeys(map.pages, map.root, Keys{}), kInvalid);
  CHECK_STATUS(ProveMapKeys(map.pages, map.root, Keys{low, low}), kInvalid);
  CHECK_STATUS(ProveMapKeys(map.pages, map.root, Keys{high, low}), kInvalid);
  CHECK_STATUS(ProveMapKeys(map.pages, map.root, Keys(kMapClaimCountMax + 1)),
               absl::StatusCode::kResourceExhausted);
  CHECK(map.pages.call_count == 0);
}

TEST_CASE("map multi proof: each refusal says what does not hold", "[map]") {
  const auto message = [](const Claims& claims, const MapMultiProof& proof) {
    return std::string(VerifyMapMultiProof(claims, proof, Sha256("a root")).message());
  };
  const MapKey zero{Digest{}};
  const MapKey one = WithBitFlipped(zero, 255);
  const MapKey high = WithBitFlipped(zero, 0);
  const Digest value = Sha256("value");
  const Digest full = Sha256("a subtree");
  CHECK(message({}, {}) == "map proof: no claim");
  CHECK(message(Claims(kMapClaimCountMax + 1), {}) == "map proof: more than 1048576 claims");
  CHECK(message({{zero, value}}, {{{0, {}}}, std::vector<Digest>(kMapNodeCountMax + 1)}) ==
        "map proof: more than 16777216 nodes");
  CHECK(message({{high, value}, {zero, value}}, {{{0, {}}}, {}}) ==
        "map proof: claims that are not in ascending order of key, each once");
  CHECK(message({{zero, value}}, {}) == "map proof: fewer ends than the claims need");
  CHECK(message({{zero, value}}, {{{1, {}}}, {}}) == "map proof: fewer nodes than the claims need");
  CHECK(message({{zero, value}}, {{{0, {}}, {0, {}}}, {}}) ==
        "map proof: more ends than the claims need");
  CHECK(message({{zero, value}}, {{{0, {}}}, {full}}) ==
        "map proof: more nodes than the claims need");
  CHECK(message({{zero, value}}, {{{257, {}}}, {full}}) ==
        "map proof: an end at depth 257, above 256");
  CHECK(message({{zero, value}, {high, value}}, {{{1, {}}, {0, {}}}, {}}) ==
        "map proof: an end at depth 0 for keys that part below it");
  CHECK(message({{zero, value}, {high, value}}, {{{0, {}}}, {}}) ==
        "map proof: two keys with a value end in one place");
  CHECK(message({{zero, value}}, {{{2, {}}}, {EmptyMapRoot(), full}}) ==
        "map proof: a node over a single key or none");
  CHECK(message({{zero, value}, {one, value}}, {{{0, {}}}, {}}) ==
        "map proof: two keys with a value end in one place");
  CHECK(message({{zero, value}}, {{{0, {}}}, {}}) ==
        "map proof: the computed root differs from the given one");
}

// The walk must end, and soon, whatever depths are claimed.
TEST_CASE("map multi proof: the deepest ends", "[map]") {
  Claims claims;
  for (std::size_t i = 0; i < 2000; ++i) {
    claims.push_back({test::NumberedEntry(i).key, Sha256("v")});
  }
  std::sort(claims.begin(), claims.end(),
            [](const MapClaim& a, const MapClaim& b) { return a.key < b.key; });
  MapMultiProof proof;
  proof.ends.assign(claims.size(), MapEnd{256, std::nullopt});
  proof.nodes.assign(100'000, Sha256("n"));
  CHECK_STATUS(VerifyMapMultiProof(claims, proof, Sha256("r")), kInvalid);
  proof.nodes.assign(600'000, Sha256("n"));
  CHECK_STATUS(VerifyMapMultiProof(claims, proof, Sha256("r")), kInvalid);
}

}  // namespace
}  // namespace tributary
