// Signed notes: a text with signatures below it, as heads of logs are published.
//
// Source: C2SP signed-note and tlog-cosignature; docs/formats/log.md states every byte.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/signature/public_key.h"
#include "graph/signature/signing_key.h"

namespace tributary {

// 64 signatures cover a log and the 32 witnesses that a policy should allow, each with a second,
// unknown kind; 5 KiB is the size of large post-quantum ones. Both fit in a note, with its text.
inline constexpr std::size_t kNoteSizeMax = 512u << 10;
inline constexpr std::size_t kNoteSignatureCountMax = 64;
inline constexpr std::size_t kNoteSignatureSizeMax = 5u << 10;  // bytes after the key id
inline constexpr std::size_t kKeyNameSizeMax = 512;

// The kinds of signature that are verified here; any other is of an unknown key.
enum class NoteAlgorithm : std::uint8_t {
  kEd25519 = 0x01,        // over the text
  kCosignatureV1 = 0x04,  // Ed25519 over the text of a checkpoint and a time
};

// Not empty, at most kKeyNameSizeMax bytes of UTF-8 without Unicode spaces, control characters
// or "+".
bool IsKeyName(std::string_view name);

// Who may sign notes: name, kind and public key. An immutable value.
class VerifierKey {
 public:
  // Errors: kInvalidArgument  not a key name; not an Ed25519 key.
  static absl::StatusOr<VerifierKey> Create(std::string_view name, NoteAlgorithm algorithm,
                                            const PublicKey& public_key);
  // <name>+<key id in hex>+<base64 of the kind and the key>.
  // Errors: kInvalidArgument; the key id must be the one that Create computes.
  static absl::StatusOr<VerifierKey> Parse(std::string_view vkey);
  std::string ToString() const;

  const std::string& name() const { return name_; }
  // The first four bytes of SHA-256(name || 0x0A || kind || key): a label, not a check.
  std::uint32_t key_id() const { return key_id_; }
  NoteAlgorithm algorithm() const { return algorithm_; }
  const PublicKey& public_key() const { return public_key_; }

 private:
  VerifierKey(std::string_view name, NoteAlgorithm algorithm, const PublicKey& public_key);

  std::string name_;
  std::uint32_t key_id_ = 0;
  NoteAlgorithm algorithm_;
  PublicKey public_key_;
};

// Whether all `keys` are of this kind: a cosignature says something else than a log's signature.
// Errors: kInvalidArgument with the first that is not, as an element of `field`.
absl::Status CheckKinds(std::span<const VerifierKey> keys, NoteAlgorithm algorithm,
                        std::string_view field);

// One signature line.
struct NoteSignature {
  std::string name;
  std::uint32_t key_id = 0;
  std::string bytes;  // after the key id; at least one
  friend bool operator==(const NoteSignature&, const NoteSignature&) = default;
};

struct Note {
  std::string text;  // ends in a line feed
  std::vector<NoteSignature> signatures;
  friend bool operator==(const Note&, const Note&) = default;
};

// Reads a note without verifying anything. Accepts exactly what FormatNote writes.
// Errors: kInvalidArgument, with the line where it stands.
absl::StatusOr<Note> ParseNote(std::string_view bytes);
std::string FormatNote(const Note& note);

// Signature lines alone, as witnesses answer: at least one.
absl::StatusOr<std::vector<NoteSignature>> ParseSignatureLines(std::string_view lines);
std::string FormatSignatureLine(const NoteSignature& signature);

struct VerifiedSignature {
  std::size_t key_index = 0;            // in the keys given
  std::size_t signature_index = 0;      // in the note
  std::optional<std::uint64_t> time_s;  // POSIX seconds above 0; of a cosignature
  friend bool operator==(const VerifiedSignature&, const VerifiedSignature&) = default;
};

struct SortedSignatures {
  // One of each key that has signed, in the order of its first signature: of a key that signed more
  // than once, the cosignature with the newest time, else the first.
  std::vector<VerifiedSignature> verified;
  std::vector<NoteSignature> unknown;  // of keys that were not given; they say nothing
};

// Verifies each signature of `note` whose name and key id are those of a key given.
//
// Errors: kUnauthenticated  one of them does not hold. That none is by a key given is not an error
//                           here: see the size of `verified`.
absl::StatusOr<SortedSignatures> VerifySignatures(const Note& note,
                                                  std::span<const VerifierKey> keys);

// Signs `text` under `name`, which must be a key name; the key must be Ed25519.
NoteSignature SignNote(std::string_view text, std::string_view name, const SigningKey& key);
// A cosignature/v1: "at time_s this was the largest consistent tree that I know". `text` must be
// that of a checkpoint, and time_s from 1 to 2^63 - 1.
NoteSignature SignCosignature(std::string_view text, std::string_view name, const SigningKey& key,
                              std::uint64_t time_s);

}  // namespace tributary
