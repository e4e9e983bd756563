// How a log asks a witness for its cosignature, and how a witness decides.
//
// Source: C2SP tlog-witness, add-checkpoint.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/log/checkpoint.h"
#include "graph/log/note.h"
#include "graph/merkle/merkle.h"
#include "graph/model/digest.h"

namespace tributary {

// The body of a request. "old" is the size of the head that the witness cosigned last.
class AddCheckpointRequest {
 public:
  std::uint64_t old_size() const { return old_size_; }
  // Of consistency, from old_size on; none from 0.
  const std::vector<Digest>& proof() const { return proof_; }
  const Note& note() const { return note_; }
  // Of the note's text: what is judged is what was signed.
  const LogCheckpoint& checkpoint() const { return checkpoint_; }

 private:
  friend absl::StatusOr<AddCheckpointRequest> ParseAddCheckpoint(std::string_view body);
  AddCheckpointRequest(std::uint64_t old_size, std::vector<Digest> proof, Note note,
                       LogCheckpoint checkpoint)
      : old_size_(old_size),
        proof_(std::move(proof)),
        note_(std::move(note)),
        checkpoint_(std::move(checkpoint)) {}

  std::uint64_t old_size_;
  std::vector<Digest> proof_;
  Note note_;
  LogCheckpoint checkpoint_;
};

// `note` is the signed note of the head.
std::string FormatAddCheckpoint(std::uint64_t old_size, std::span<const Digest> proof,
                                std::string_view note);
// Accepts exactly what FormatAddCheckpoint writes. Nothing is verified.
// Errors: kInvalidArgument with the line; a witness answers 400.
absl::StatusOr<AddCheckpointRequest> ParseAddCheckpoint(std::string_view body);

// --- The witness ---

// What a witness keeps of one log. It must store `size` and `root` before it answers, and do that
// in one step with the comparison: two requests at a time must not roll it back. It starts as that
// of a log not seen yet.
struct WitnessedHead {
  std::uint64_t size = 0;
  Digest root = EmptyRoot();
  friend bool operator==(const WitnessedHead&, const WitnessedHead&) = default;
};

// The answer's status of HTTP.
enum class WitnessVerdict : int {
  kCosign = 200,
  kMalformed = 400,  // the old size is above that of the checkpoint, or the body is not one
  kNotSigned = 403,  // by a key of the log
  kUnknownLog = 404,
  kConflict = 409,      // the witness has another size; the answer's body is that size
  kInconsistent = 422,  // the proof does not hold, or another root stands at this size
};

struct WitnessDecision {
  WitnessVerdict verdict = WitnessVerdict::kMalformed;
  std::string reason;  // for people
};

// Decides on a request. `log_keys` are those of the request's origin, none for an unknown log;
// `stored` is what the witness keeps of it. Where a key is not of kind 01 the verdict is
// kNotSigned.
WitnessDecision JudgeAddCheckpoint(const AddCheckpointRequest& request,
                                   std::span<const VerifierKey> log_keys,
                                   const WitnessedHead& stored);

// --- The log's reading of the answer ---

inline constexpr std::string_view kConflictContentType = "text/x.tlog.size";

// The body of 409: the size that the witness has.
std::string FormatConflict(std::uint64_t size);
absl::StatusOr<std::uint64_t> ParseConflict(std::string_view body);

// The body of 200: signature lines. Gives those by `witnesses` that hold for the checkpoint with
// this text, of each witness the newest; those of other keys are passed over.
// Errors: kInvalidArgument   not signature lines; a witness's key is not of kind 04.
//         kUnauthenticated   one does not hold or states the time 0; there is none by a witness
//                            given.
absl::StatusOr<std::vector<NoteSignature>> ReadCosignatures(std::string_view body,
                                                            std::string_view checkpoint_text,
                                                            std::span<const VerifierKey> witnesses);

}  // namespace tributary
