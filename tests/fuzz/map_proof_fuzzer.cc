// Property: the proof of some keys of a small map holds, and with one bit of it changed does not;
// and of claims and a proof of any bytes none holds for the root of that map but what is true of
// it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "graph/map/map_multi_proof.h"
#include "graph/map/map_tree.h"
#include "graph/model/check.h"
#include "tests/fuzz/input.h"

namespace {

using namespace tributary;

MapEntry NumberedEntry(std::uint64_t i) {
  return {{Sha256(std::to_string(i))}, Sha256("value " + std::to_string(i))};
}

// The map of the first 20 entries, and its pages.
class NumberedMap final : public MapPageReader {
 public:
  static constexpr std::uint64_t kCount = 20;
  NumberedMap() {
    std::vector<MapEntry> puts;
    for (std::uint64_t i = 0; i < kCount; ++i) puts.push_back(NumberedEntry(i));
    MapUpdate update = UpdateMap(*this, MapRoot(), 1, puts).value();
    root = update.root;
    for (MapPageWrite& page : update.pages) pages_[page.id] = page.bytes;
    for (const MapEntry& entry : puts) contents[entry.key] = entry.value;
  }
  absl::StatusOr<std::vector<std::string>> ReadPages(
      std::span<const MapPageId> ids) const override {
    std::vector<std::string> pages;
    for (const MapPageId& id : ids) pages.push_back(pages_.at(id));
    return pages;
  }
  MapRoot root;
  std::map<MapKey, Digest> contents;

 private:
  std::map<MapPageId, std::string> pages_;
};

void Flip(std::uint64_t bit, Digest* digest) {
  digest->bytes[bit / 8 % kDigestSize] ^= static_cast<std::uint8_t>(1u << (bit % 8));
}

void CheckHonest(const NumberedMap& map, Input* input) {
  std::vector<MapKey> keys;
  const std::uint64_t bits = input->Take(5);
  for (std::uint64_t i = 0; i < 40; ++i) {
    if ((bits >> i & 1) != 0) keys.push_back(NumberedEntry(i).key);
  }
  std::sort(keys.begin(), keys.end());
  auto proven = ProveMapKeys(map, map.root, keys);
  TRIBUTARY_CHECK(proven.ok() == !keys.empty());
  if (!proven.ok()) return;
  auto& [claims, proof] = *proven;
  TRIBUTARY_CHECK(VerifyMapMultiProof(claims, proof, map.root.hash).ok());
  std::vector<Digest*> places;
  for (MapClaim& claim : claims) {
    TRIBUTARY_CHECK(claim.value.has_value() == (map.contents.count(claim.key) == 1));
    if (claim.value.has_value()) places.push_back(&*claim.value);
  }
  for (MapEnd& end : proof.ends) {
    if (!end.other.has_value()) continue;
    places.push_back(&end.other->key.digest);
    places.push_back(&end.other->value);
  }
  for (Digest& node : proof.nodes) places.push_back(&node);
  if (places.empty()) return;
  Flip(input->Take(1), places[input->Take(1) % places.size()]);
  TRIBUTARY_CHECK(!VerifyMapMultiProof(claims, proof, map.root.hash).ok());
}

void CheckHostile(const NumberedMap& map, Input* input) {
  const auto some_digest = [&]() -> Digest {
    const std::uint64_t choice = input->Take(1);
    if (choice % 4 == 0) return EmptyMapRoot();
    if (choice % 4 == 1) return MapLeafHash(NumberedEntry(choice / 4));
    return NumberedEntry(choice / 4).value;
  };
  std::vector<MapClaim> claims;
  for (std::uint64_t count = input->Take(1) % 16; count > 0; --count) {
    const std::uint64_t choice = input->Take(1);
    MapClaim claim{NumberedEntry(choice / 2).key, {}};
    if (choice % 2 == 1) claim.value = some_digest();
    claims.push_back(claim);
  }
  if (input->Take(1) % 8 != 0) {
    std::sort(claims.begin(), claims.end(),
              [](const MapClaim& a, const MapClaim& b) { return a.key < b.key; });
  }
  MapMultiProof proof;
  for (std::uint64_t count = input->Take(1) % 32; count > 0; --count) {
    const std::uint64_t choice = input->Take(2);
    MapEnd end{static_cast<std::uint16_t>(choice % 8 == 0 ? choice >> 4 : choice >> 4 & 7), {}};
    if (choice % 2 == 1) end.other = NumberedEntry(choice >> 8);
    proof.ends.push_back(end);
  }
  while (input->left() > 0 && proof.nodes.size() < 1024) proof.nodes.push_back(some_digest());
  if (!VerifyMapMultiProof(claims, proof, map.root.hash).ok()) return;
  for (const MapClaim& claim : claims) {
    const auto entry = map.contents.find(claim.key);
    TRIBUTARY_CHECK(claim.value.has_value() == (entry != map.contents.end()));
    if (claim.value.has_value()) TRIBUTARY_CHECK(*claim.value == entry->second);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const NumberedMap& map = *new NumberedMap;
  Input honest(data, size);
  CheckHonest(map, &honest);
  Input hostile(data, size);
  CheckHostile(map, &hostile);
  return 0;
}
