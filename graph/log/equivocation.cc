#include "graph/log/equivocation.h"

#include "graph/log/policy.h"
#include "graph/merkle/merkle.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {

absl::StatusOr<Equivocation> VerifyEquivocation(const EquivocationProof& proof,
                                                std::span<const VerifierKey> log_keys) {
  const LogPolicy no_witnesses;
  TRIBUTARY_ASSIGN_OR_RETURN(const TrustedCheckpoint smaller,
                             OpenCheckpoint(proof.smaller, log_keys, no_witnesses));
  TRIBUTARY_ASSIGN_OR_RETURN(const TrustedCheckpoint larger,
                             OpenCheckpoint(proof.larger, log_keys, no_witnesses));
  const LogCheckpoint& a = smaller.checkpoint;
  const LogCheckpoint& b = larger.checkpoint;
  if (a.origin != b.origin) {
    return InvalidField("origin", StrCat(Quoted(a.origin), " and ", Quoted(b.origin)), "one log");
  }
  if (a.tree_size > b.tree_size) {
    return InvalidField("tree size", StrCat(a.tree_size, " before ", b.tree_size),
                        "the smaller head first");
  }
  if (a.tree_size == b.tree_size && proof.prefix_root != Digest{}) {
    return InvalidField("prefix_root", proof.prefix_root.ToHex(), "zero for heads of one size");
  }
  const Digest& other = a.tree_size == b.tree_size ? b.root_hash : proof.prefix_root;
  if (other == a.root_hash) {
    return InvalidField("root", StrCat(other.ToHex(), " twice"),
                        StrCat("two roots at tree size ", a.tree_size));
  }
  // Of one size this asks for an empty proof of a root with itself.
  TRIBUTARY_RETURN_IF_ERROR(
      VerifyConsistency(a.tree_size, other, b.tree_size, b.root_hash, proof.prefix_proof));
  return Equivocation{a, b};
}

}  // namespace tributary
