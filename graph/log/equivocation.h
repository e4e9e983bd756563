// Proof that a log has shown two histories, from what it signed itself.

#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/log/checkpoint.h"
#include "graph/log/note.h"
#include "graph/model/digest.h"

namespace tributary {

// Two heads of one log, as signed notes, the smaller first.
//
// Of one size, they contradict each other where their roots differ. Of two sizes, they do where the
// tree of the larger one has another root at the smaller size: `prefix_root`, with the proof of
// consistency from it to the larger head. Whoever holds the larger tree can make that proof, and
// nobody can make one against an honest log without a collision of SHA-256.
struct EquivocationProof {
  std::string smaller;
  std::string larger;
  Digest prefix_root;  // of two sizes; else zero
  std::vector<Digest> prefix_proof;
};

struct Equivocation {
  LogCheckpoint smaller;
  LogCheckpoint larger;
};

// Whether `proof` shows that the holder of one of `log_keys`, whose names are the log's origin, has
// signed two histories. Two epochs are two logs with origins of their own.
//
// Errors: kInvalidArgument  not two heads; two origins; sizes in the other order; nothing that
//                           contradicts; a log key that is not of kind 01.
//         kUnauthenticated  one of them is not signed by a key of the log.
absl::StatusOr<Equivocation> VerifyEquivocation(const EquivocationProof& proof,
                                                std::span<const VerifierKey> log_keys);

}  // namespace tributary
