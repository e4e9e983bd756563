#include "graph/log/witness.h"

#include <algorithm>
#include <utility>

#include "graph/log/lines.h"
#include "graph/merkle/merkle.h"
#include "graph/model/base64.h"
#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

constexpr std::string_view kOld = "old ";

absl::Status RequestLineError(std::size_t line, std::string_view found, std::string_view allowed) {
  return InvalidField(StrCat("add-checkpoint line ", line), Quoted(found), allowed);
}

WitnessDecision Decide(WitnessVerdict verdict, std::string reason) {
  return {verdict, std::move(reason)};
}

// Whether a key of the log whose name is the origin has signed.
absl::Status CheckSigned(const AddCheckpointRequest& request,
                         std::span<const VerifierKey> log_keys) {
  TRIBUTARY_ASSIGN_OR_RETURN(const SortedSignatures sorted,
                             VerifySignatures(request.note(), log_keys));
  const bool is_signed = std::any_of(
      sorted.verified.begin(), sorted.verified.end(), [&](const VerifiedSignature& signature) {
        return log_keys[signature.key_index].name() == request.checkpoint().origin;
      });
  if (is_signed) return absl::OkStatus();
  return absl::UnauthenticatedError("no signature by a key of the log");
}

}  // namespace

std::string FormatAddCheckpoint(std::uint64_t old_size, std::span<const Digest> proof,
                                std::string_view note) {
  TRIBUTARY_CHECK(old_size <= kTreeSizeMax && proof.size() <= kProofNodeCountMax);
  std::string body = StrCat(kOld, old_size, "\n");
  for (const Digest& node : proof) StrAppend(&body, ToBase64(node.view()), "\n");
  StrAppend(&body, "\n", note);
  return body;
}

absl::StatusOr<AddCheckpointRequest> ParseAddCheckpoint(std::string_view body) {
  std::vector<Digest> proof;
  std::size_t number = 1;
  const std::string_view first = TakeLine(&body).value_or("");
  const auto old_size =
      first.starts_with(kOld) ? ReadDecimal(first.substr(kOld.size())) : std::nullopt;
  if (!old_size.has_value()) {
    return RequestLineError(number, first, "old and a size below 2^63 without leading zeros");
  }
  while (true) {
    ++number;
    const auto line = TakeLine(&body);
    if (!line.has_value())
      return RequestLineError(number, body, "an empty line before a checkpoint");
    if (line->empty()) break;
    const auto node = ReadHash(*line);
    if (!node.has_value()) return RequestLineError(number, *line, "base64 of 32 bytes");
    if (proof.size() == kProofNodeCountMax) {
      return RequestLineError(number, *line, StrCat("at most ", kProofNodeCountMax, " hashes"));
    }
    proof.push_back(*node);
  }
  TRIBUTARY_ASSIGN_OR_RETURN(Note note, ParseNote(body));
  TRIBUTARY_ASSIGN_OR_RETURN(LogCheckpoint checkpoint, ParseCheckpoint(note.text));
  return AddCheckpointRequest(*old_size, std::move(proof), std::move(note), std::move(checkpoint));
}

WitnessDecision JudgeAddCheckpoint(const AddCheckpointRequest& request,
                                   std::span<const VerifierKey> log_keys,
                                   const WitnessedHead& stored) {
  const LogCheckpoint& checkpoint = request.checkpoint();
  if (log_keys.empty()) {
    return Decide(WitnessVerdict::kUnknownLog, StrCat("unknown log ", checkpoint.origin));
  }
  if (const absl::Status status = CheckKinds(log_keys, NoteAlgorithm::kEd25519, "log_keys");
      !status.ok()) {
    return Decide(WitnessVerdict::kNotSigned, std::string(FromAbsl(status.message())));
  }
  if (const absl::Status status = CheckSigned(request, log_keys); !status.ok()) {
    return Decide(WitnessVerdict::kNotSigned, std::string(FromAbsl(status.message())));
  }
  if (request.old_size() > checkpoint.tree_size) {
    return Decide(WitnessVerdict::kMalformed,
                  StrCat("old size ", request.old_size(), " above size ", checkpoint.tree_size));
  }
  if (request.old_size() != stored.size) {
    return Decide(WitnessVerdict::kConflict, StrCat("the last size cosigned is ", stored.size));
  }
  if (checkpoint.tree_size == 0 && checkpoint.root_hash != EmptyRoot()) {
    return Decide(WitnessVerdict::kInconsistent, "size 0 with a root that is not empty");
  }
  const absl::Status consistent = VerifyConsistency(stored.size, stored.root, checkpoint.tree_size,
                                                    checkpoint.root_hash, request.proof());
  if (!consistent.ok()) {
    return Decide(WitnessVerdict::kInconsistent, std::string(FromAbsl(consistent.message())));
  }
  return Decide(WitnessVerdict::kCosign, "consistent");
}

std::string FormatConflict(std::uint64_t size) { return StrCat(size, "\n"); }

absl::StatusOr<std::uint64_t> ParseConflict(std::string_view body) {
  std::string_view rest = body;
  const auto size = ReadDecimal(TakeLine(&rest).value_or(""));
  if (!size.has_value() || !rest.empty()) {
    return InvalidField("conflict", Quoted(body), "a size below 2^63 and a line feed");
  }
  return *size;
}

absl::StatusOr<std::vector<NoteSignature>> ReadCosignatures(
    std::string_view body, std::string_view checkpoint_text,
    std::span<const VerifierKey> witnesses) {
  TRIBUTARY_RETURN_IF_ERROR(CheckKinds(witnesses, NoteAlgorithm::kCosignatureV1, "witnesses"));
  Note note{std::string(checkpoint_text), {}};
  TRIBUTARY_ASSIGN_OR_RETURN(note.signatures, ParseSignatureLines(body));
  TRIBUTARY_ASSIGN_OR_RETURN(const SortedSignatures sorted, VerifySignatures(note, witnesses));
  if (sorted.verified.empty()) {
    return FieldError(absl::StatusCode::kUnauthenticated, "cosignatures", "none by a known witness",
                      "at least one");
  }
  std::vector<NoteSignature> cosignatures;
  for (const VerifiedSignature& signature : sorted.verified) {
    cosignatures.push_back(std::move(note.signatures[signature.signature_index]));
  }
  return cosignatures;
}

}  // namespace tributary
