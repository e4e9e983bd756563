// DSSE envelopes: bytes, what kind of bytes they are, and signatures over both.
//
// Source: secure-systems-lab/dsse protocol 1.0.2; docs/formats/signatures.md.

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/model/vocabulary.h"
#include "graph/signature/public_key.h"
#include "graph/signature/signing_key.h"

namespace tributary {

// The canonical bytes of one record.
inline constexpr std::string_view kRecordPayloadType = "application/vnd.tributary.record.v1+json";
// An in-toto Statement: in_toto.h.
inline constexpr std::string_view kInTotoPayloadType = "application/vnd.in-toto+json";

inline constexpr std::size_t kEnvelopeSignatureCountMax = 16;
inline constexpr std::size_t kEnvelopePayloadSizeMax = kRecordSizeMax;
// The largest payload in base64, and half a megabyte for signatures and what we do not read.
inline constexpr std::size_t kEnvelopeSizeMax = kEnvelopePayloadSizeMax / 3 * 4 + (512u << 10);
inline constexpr std::size_t kEnvelopeKeyIdSizeMax = 512;
// As in notes: the size of large post-quantum signatures, which others may set beside ours.
inline constexpr std::size_t kEnvelopeSignatureSizeMax = 5u << 10;
inline constexpr std::size_t kEnvelopeKeyCountMax = 32;
// Payload bytes to hash for one envelope. Each attempt hashes the payload again: 16 signatures that
// name no key, against 32 keys, are 512 attempts, which would hash 1 GiB of the largest payload.
// With this limit the attempts take a second or so. It is met by payloads above 512 KiB only.
inline constexpr std::size_t kEnvelopeHashedSizeMax = std::size_t{256} << 20;

struct EnvelopeSignature {
  std::string key_id;  // a hint that nothing may rest on; empty: none
  std::string bytes;
  friend bool operator==(const EnvelopeSignature&, const EnvelopeSignature&) = default;
};

struct Envelope {
  std::string payload_type;
  std::string payload;
  std::vector<EnvelopeSignature> signatures;
  friend bool operator==(const Envelope&, const Envelope&) = default;
};

// What is signed: PAE(type, payload).
std::string PreAuthenticationEncoding(std::string_view payload_type, std::string_view payload);

// Reads the JSON form. Base64 of either alphabet is taken; fields of other names are passed over,
// as the specification wants, but no name may come twice.
// Errors: kInvalidArgument, naming the field.
absl::StatusOr<Envelope> ParseEnvelope(std::string_view json);
// The same in one form: canonical JSON, standard base64, `keyid` left out where it is empty.
std::string FormatEnvelope(const Envelope& envelope);

// Signs as one more signature of an envelope; the key id is the hex of key.public_key().id().
EnvelopeSignature SignPayload(std::string_view payload_type, std::string_view payload,
                              const SigningKey& key);

// Which of `keys` have signed an envelope of type `expected_type`: their indexes, ascending, each
// once however often it signed. A key id that is the hex of a given key's id narrows the search to
// that key. Signatures that hold under no key given say nothing, and those that have not the form
// of a key's signatures are not tried with it. The payload to go on with is the one of this
// envelope.
//
// Errors: kInvalidArgument    another payload type; more than kEnvelopeKeyCountMax keys, or one
//                             twice; more than kEnvelopeSignatureCountMax signatures.
//         kUnauthenticated    none of the keys has signed.
//         kResourceExhausted  to answer would take hashing more than kEnvelopeHashedSizeMax bytes.
// Cost:   an attempt for each signature that names a given key, else for each key: at most 512,
//         each as PublicKey::Verify.
absl::StatusOr<std::vector<std::size_t>> VerifyEnvelope(const Envelope& envelope,
                                                        std::string_view expected_type,
                                                        std::span<const PublicKey> keys);

}  // namespace tributary
