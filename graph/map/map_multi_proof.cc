#include "graph/map/map_multi_proof.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "graph/map/map_end.h"
#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

using internal::MapPageRequest;
using internal::MapPageTree;
using internal::MapProofError;
using internal::MapSubtree;

// Of claims or keys that agree in all bits before `bit`, how many have 0 there.
template <typename T, typename KeyOf>
std::size_t CountOnLeft(std::span<const T> items, std::size_t bit, const KeyOf& key_of) {
  const auto end = std::partition_point(items.begin(), items.end(),
                                        [&](const T& item) { return !key_of(item).Bit(bit); });
  return static_cast<std::size_t>(end - items.begin());
}

// A page through which ways go.
struct Visited {
  MapPageId id;
  MapPage page;
  std::span<const MapKey> keys;
  std::size_t next_child = 0;  // of its children that are visited, in order, the first not used yet
};

// Adds the children of `visited` through which ways go, from left to right.
void AddChildren(const Visited& visited, std::vector<Visited>* next,
                 std::vector<MapPageRequest>* requests) {
  const std::size_t level = visited.id.level;
  for (const MapSlot& slot : visited.page.slots) {
    const auto* ref = std::get_if<MapPageRef>(&slot.content);
    if (ref == nullptr) continue;
    const auto first =
        std::partition_point(visited.keys.begin(), visited.keys.end(),
                             [&](const MapKey& key) { return key.Nibble(level) < slot.index; });
    const auto last = std::partition_point(first, visited.keys.end(), [&](const MapKey& key) {
      return key.Nibble(level) == slot.index;
    });
    if (first == last) continue;
    const MapPageId id = internal::ChildOf(visited.id, slot.index, ref->version);
    next->push_back({id, {}, std::span<const MapKey>(first, last)});
    requests->push_back({id, ref->hash});
  }
}

// The pages of all ways, level by level and from left to right.
absl::StatusOr<std::vector<Visited>> CollectPages(const MapPageReader& reader, const MapRoot& root,
                                                  std::span<const MapKey> keys) {
  std::vector<Visited> visited;
  std::vector<Visited> level;
  std::vector<MapPageRequest> requests;
  if (root.hash != EmptyMapRoot()) {
    level.push_back({{MapKey{}, 0, root.version}, {}, keys});
    requests.push_back({level.back().id, root.hash});
  }
  while (!level.empty()) {
    TRIBUTARY_ASSIGN_OR_RETURN(auto pages, internal::LoadPages(reader, requests));
    requests.clear();
    const std::size_t level_end = visited.size() + level.size();
    std::vector<Visited> next;
    auto page = pages.begin();
    for (Visited& visit : level) {
      visit.page = std::move(*page++);
      visit.next_child = level_end + next.size();
      AddChildren(visit, &next, &requests);
      visited.push_back(std::move(visit));
    }
    level = std::move(next);
  }
  return visited;
}

// Writes ends, nodes and claims of the visited pages down from left to right. It calls itself for
// each level of the tree, so at most 256 times.
class ProofWriter {
 public:
  ProofWriter(std::vector<Visited>* visited, ProvenMapClaims* proven)
      : visited_(*visited), proven_(*proven) {}

  bool WritePage(std::size_t index) {
    Visited& visited = visited_[index];
    const MapPageTree tree = internal::TreeOf(visited.page);
    return WriteSubtree({&visited, &tree}, 1, std::size_t{4} * visited.id.level, visited.keys);
  }

  void WriteEnd(std::size_t depth, const MapEntry* entry, std::span<const MapKey> keys) {
    MapEnd end{static_cast<std::uint16_t>(depth), std::nullopt};
    if (entry != nullptr) end.other = *entry;
    for (const MapKey& key : keys) {
      MapClaim claim{key, std::nullopt};
      if (entry != nullptr && entry->key == key) {
        claim.value = entry->value;
        end.other.reset();
      }
      proven_.claims.push_back(claim);
    }
    proven_.proof.ends.push_back(end);
  }

 private:
  struct Place {
    Visited* visited;
    const MapPageTree* tree;
  };

  // False where there are too many nodes.
  bool WriteSubtree(const Place& place, std::size_t node, std::size_t depth,
                    std::span<const MapKey> keys) {
    const MapSubtree& subtree = (*place.tree)[node];
    if (keys.empty()) {
      proven_.proof.nodes.push_back(subtree.hash);
      return proven_.proof.nodes.size() <= kMapNodeCountMax;
    }
    if (subtree.kind != MapSubtree::Kind::kInner) {
      const bool leaf = subtree.kind == MapSubtree::Kind::kLeaf;
      WriteEnd(depth, leaf ? &internal::EntryUnder(place.visited->page, node) : nullptr, keys);
      return true;
    }
    if (node >= kMapPageSlotCount) return WritePage(place.visited->next_child++);
    const std::size_t left =
        CountOnLeft(keys, depth, [](const MapKey& key) -> const MapKey& { return key; });
    return WriteSubtree(place, 2 * node, depth + 1, keys.first(left)) &&
           WriteSubtree(place, 2 * node + 1, depth + 1, keys.subspan(left));
  }

  std::vector<Visited>& visited_;
  ProvenMapClaims& proven_;
};

// Makes the root of claims and a proof, from left to right.
class Folder {
 public:
  Folder(std::span<const MapClaim> claims, const MapMultiProof& proof)
      : claims_(claims), ends_(proof.ends), nodes_(proof.nodes) {}

  absl::StatusOr<Digest> Run() {
    std::vector<Step> steps = {{0, claims_, false}};  // at most two for each level, and one
    while (!steps.empty()) {
      const Step step = steps.back();
      steps.pop_back();
      if (step.join) {
        TRIBUTARY_RETURN_IF_ERROR(JoinLast());
      } else if (step.claims.empty()) {
        TRIBUTARY_RETURN_IF_ERROR(TakeNode(step.depth));
      } else {
        TRIBUTARY_ASSIGN_OR_RETURN(const bool ended, TakeEnd(step));
        if (ended) continue;
        const std::size_t left =
            CountOnLeft(step.claims, step.depth,
                        [](const MapClaim& claim) -> const MapKey& { return claim.key; });
        steps.push_back({step.depth, {}, true});
        steps.push_back({step.depth + 1, step.claims.subspan(left), false});
        steps.push_back({step.depth + 1, step.claims.first(left), false});
      }
    }
    if (!ends_.empty()) return MapProofError("more ends than the claims need");
    if (!nodes_.empty()) return MapProofError("more nodes than the claims need");
    return subtrees_.front().hash;
  }

 private:
  struct Step {
    std::size_t depth;
    std::span<const MapClaim> claims;
    bool join;
  };

  absl::Status JoinLast() {
    const MapSubtree right = subtrees_.back();
    subtrees_.pop_back();
    TRIBUTARY_ASSIGN_OR_RETURN(subtrees_.back(), internal::JoinStrictly(subtrees_.back(), right));
    return absl::OkStatus();
  }

  absl::Status TakeNode(std::size_t depth) {
    if (nodes_.empty()) return MapProofError("fewer nodes than the claims need");
    subtrees_.push_back(internal::StatedSubtree(nodes_.front(), depth));
    nodes_ = nodes_.subspan(1);
    return absl::OkStatus();
  }

  // Whether the claims end here; else they go on below.
  absl::StatusOr<bool> TakeEnd(const Step& step) {
    if (ends_.empty()) return MapProofError("fewer ends than the claims need");
    const MapEnd& end = ends_.front();
    if (end.depth > kMapDepthMax) {
      return MapProofError(StrCat("an end at depth ", end.depth, ", above ", kMapDepthMax));
    }
    if (end.depth < step.depth) {
      return MapProofError(StrCat("an end at depth ", end.depth, " for keys that part below it"));
    }
    if (end.depth > step.depth) return false;
    TRIBUTARY_ASSIGN_OR_RETURN(auto subtree,
                               internal::SubtreeAtEnd(step.claims, step.depth, end.other));
    subtrees_.push_back(subtree);
    ends_ = ends_.subspan(1);
    return true;
  }

  std::span<const MapClaim> claims_;
  std::span<const MapEnd> ends_;
  std::span<const Digest> nodes_;
  std::vector<MapSubtree> subtrees_;  // that wait for their right neighbour; one for each level
};

absl::Status CheckKeys(std::span<const MapKey> keys) {
  if (keys.empty()) return InvalidField("keys", "none", "one or more");
  if (keys.size() > kMapClaimCountMax) {
    return FieldError(absl::StatusCode::kResourceExhausted, "keys", StrCat(keys.size(), " of them"),
                      StrCat("at most ", kMapClaimCountMax));
  }
  for (std::size_t i = 1; i < keys.size(); ++i) {
    if (keys[i] <= keys[i - 1]) {
      return InvalidField(StrCat("keys[", i, "]"), keys[i].digest.ToHex(),
                          "ascending order, each once");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ProvenMapClaims> ProveMapKeys(const MapPageReader& reader, const MapRoot& root,
                                             std::span<const MapKey> keys) {
  TRIBUTARY_RETURN_IF_ERROR(CheckKeys(keys));
  TRIBUTARY_ASSIGN_OR_RETURN(std::vector<Visited> visited, CollectPages(reader, root, keys));
  ProvenMapClaims proven;
  proven.claims.reserve(keys.size());
  ProofWriter writer(&visited, &proven);
  if (visited.empty()) {
    writer.WriteEnd(0, nullptr, keys);
  } else if (!writer.WritePage(0)) {
    return FieldError(absl::StatusCode::kResourceExhausted, "keys",
                      StrCat(keys.size(), " of them, so far apart that they need more nodes"),
                      StrCat("as many as need at most ", kMapNodeCountMax, " nodes"));
  }
  return proven;
}

absl::Status VerifyMapMultiProof(std::span<const MapClaim> claims, const MapMultiProof& proof,
                                 const Digest& root_hash) {
  if (claims.empty()) return MapProofError("no claim");
  if (claims.size() > kMapClaimCountMax) {
    return MapProofError(StrCat("more than ", kMapClaimCountMax, " claims"));
  }
  if (proof.nodes.size() > kMapNodeCountMax) {
    return MapProofError(StrCat("more than ", kMapNodeCountMax, " nodes"));
  }
  for (std::size_t i = 1; i < claims.size(); ++i) {
    if (claims[i].key <= claims[i - 1].key) {
      return MapProofError("claims that are not in ascending order of key, each once");
    }
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const Digest computed, Folder(claims, proof).Run());
  if (computed != root_hash) return MapProofError("the computed root differs from the given one");
  return absl::OkStatus();
}

}  // namespace tributary
