#include "graph/map/map_proof.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <variant>

#include "graph/map/map_end.h"
#include "graph/model/check.h"
#include "graph/model/status.h"

namespace tributary {

using internal::MapSubtree;

absl::StatusOr<MapSubtree> internal::SubtreeAtEnd(std::span<const MapClaim> claims,
                                                  std::size_t depth,
                                                  const std::optional<MapEntry>& other) {
  const MapClaim* present = nullptr;
  for (const MapClaim& claim : claims) {
    if (!claim.value.has_value()) continue;
    if (present != nullptr) return MapProofError("two keys with a value end in one place");
    present = &claim;
  }
  if (present != nullptr) {
    if (other.has_value()) return MapProofError("another entry beside the one that is claimed");
    return MapSubtree{MapSubtree::Kind::kLeaf, MapLeafHash({present->key, *present->value})};
  }
  if (!other.has_value()) return MapSubtree{};
  if (CommonBitCount(other->key, claims.front().key) < depth) {
    return MapProofError("another entry that does not stand where the way ends");
  }
  for (const MapClaim& claim : claims) {
    if (claim.key == other->key)
      return MapProofError("an entry of a key that is said to have none");
  }
  return MapSubtree{MapSubtree::Kind::kLeaf, MapLeafHash(*other)};
}

MapSubtree internal::StatedSubtree(const Digest& hash, std::size_t depth) {
  if (hash == EmptyMapRoot()) return {};
  return {depth == kMapDepthMax ? MapSubtree::Kind::kLeaf : MapSubtree::Kind::kInner, hash};
}

absl::StatusOr<MapSubtree> internal::JoinStrictly(const MapSubtree& left, const MapSubtree& right) {
  if (!MakesNode(left, right)) return MapProofError("a node over a single key or none");
  return Join(left, right);
}

const MapEntry& internal::EntryUnder(const MapPage& page, std::size_t node) {
  const int height = std::countl_zero(node) - std::countl_zero(kMapPageSlotCount);
  const auto slot =
      std::find_if(page.slots.begin(), page.slots.end(), [&](const MapSlot& candidate) {
        return (kMapPageSlotCount + candidate.index) >> height == node;
      });
  TRIBUTARY_CHECK(slot != page.slots.end());
  return std::get<MapEntry>(slot->content);
}

absl::StatusOr<ProvenMapClaim> ProveMapKey(const MapPageReader& reader, const MapRoot& root,
                                           const MapKey& key) {
  ProvenMapClaim proven{{key, std::nullopt}, {}};
  if (root.hash == EmptyMapRoot()) return proven;
  internal::MapPageRequest request{{MapKey{}, 0, root.version}, root.hash};
  while (true) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto pages,
                               internal::LoadPages(reader, std::span(&request, 1)));
    const MapPage& page = pages.front();
    const internal::MapPageTree tree = internal::TreeOf(page);
    std::size_t node = 1;
    while (tree[node].kind == MapSubtree::Kind::kInner && node < kMapPageSlotCount) {
      node = 2 * node + (key.Bit(proven.proof.siblings.size()) ? 1 : 0);
      proven.proof.siblings.push_back(tree[node ^ 1].hash);
    }
    if (tree[node].kind == MapSubtree::Kind::kInner) {
      const auto index = static_cast<std::uint8_t>(node - kMapPageSlotCount);
      const auto slot = std::find_if(page.slots.begin(), page.slots.end(),
                                     [&](const MapSlot& s) { return s.index == index; });
      const auto& ref = std::get<MapPageRef>(slot->content);
      request = {internal::ChildOf(request.id, index, ref.version), ref.hash};
      continue;
    }
    if (tree[node].kind == MapSubtree::Kind::kLeaf) {
      const MapEntry& entry = internal::EntryUnder(page, node);
      if (entry.key == key) {
        proven.claim.value = entry.value;
      } else {
        proven.proof.other = entry;
      }
    }
    return proven;
  }
}

absl::Status VerifyMapProof(const MapClaim& claim, const MapProof& proof, const Digest& root_hash) {
  std::size_t depth = proof.siblings.size();
  if (depth > kMapDepthMax) {
    return internal::MapProofError(StrCat("more than ", kMapDepthMax, " siblings"));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(MapSubtree subtree,
                             internal::SubtreeAtEnd(std::span(&claim, 1), depth, proof.other));
  for (; depth > 0; --depth) {
    const MapSubtree sibling = internal::StatedSubtree(proof.siblings[depth - 1], depth);
    const bool right = claim.key.Bit(depth - 1);
    TRIBUTARY_ASSIGN_OR_RETURN(subtree, right ? internal::JoinStrictly(sibling, subtree)
                                              : internal::JoinStrictly(subtree, sibling));
  }
  if (subtree.hash != root_hash) {
    return internal::MapProofError("the computed root differs from the given one");
  }
  return absl::OkStatus();
}

}  // namespace tributary
