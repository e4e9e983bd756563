// Public keys of three kinds, and the check of a signature.
//
// docs/formats/signatures.md states every byte; docs/decisions/0016 which doubtful keys and
// signatures are refused, and why.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/model/digest.h"

namespace tributary {

// Each fixes its hash and the form of its signatures:
//   Ed25519     RFC 8032, 64 bytes
//   ECDSA P-256 with SHA-256, ASN.1 DER of (r, s)
//   ECDSA P-384 with SHA-384, ASN.1 DER of (r, s)
enum class KeyAlgorithm : std::uint8_t { kEd25519 = 0, kEcdsaP256, kEcdsaP384 };

// "ed25519", "ecdsa-p256", "ecdsa-p384".
std::string_view ToName(KeyAlgorithm algorithm);

inline constexpr std::size_t kEd25519KeySize = 32;
inline constexpr std::size_t kEd25519SignatureSize = 64;
inline constexpr std::size_t kSignatureSizeMax = 104;  // DER of two integers of 49 bytes
inline constexpr std::size_t kPemSizeMax = 4096;

// An immutable value, cheap to copy. Any thread.
class PublicKey {
 public:
  // SubjectPublicKeyInfo (RFC 5280; RFC 8410, RFC 5480) in the one DER form that Der() writes:
  // named curve, uncompressed point.
  //
  // Errors: kInvalidArgument  another algorithm or encoding, a point that is not on the curve, an
  //                           Ed25519 key that is not canonical or of small order.
  static absl::StatusOr<PublicKey> FromDer(std::string_view der);
  // "-----BEGIN PUBLIC KEY-----" (RFC 7468), lines of any length, LF or CRLF.
  static absl::StatusOr<PublicKey> FromPem(std::string_view pem);
  // The 32 bytes of RFC 8032.
  static absl::StatusOr<PublicKey> FromEd25519(std::string_view raw);

  KeyAlgorithm algorithm() const { return algorithm_; }
  const std::string& Der() const { return der_; }
  std::string ToPem() const;
  // The bytes of the key itself: 32 of Ed25519, else the uncompressed point.
  std::string_view Raw() const;
  // SHA-256 of Der(): what names the key everywhere.
  const Digest& id() const { return id_; }

  // Whether `signature` has the form of one by a key of this algorithm: for Ed25519 its size, for
  // ECDSA the shortest DER of two positive integers, none larger than the curve's. Costs nothing
  // beside Verify, which says no wherever this does.
  bool IsSignatureForm(std::string_view signature) const;

  // Whether `signature` is one by this key over `message`.
  //
  // Errors: kInvalidArgument "signature: …" where it is not, or is not in its one encoding.
  // Cost:   of the order of 0.1 ms for Ed25519 and P-256, 1 ms for P-384; O(message) for the hash.
  absl::Status Verify(std::string_view message, std::string_view signature) const;

  friend bool operator==(const PublicKey& a, const PublicKey& b) { return a.der_ == b.der_; }

 private:
  PublicKey() = default;

  KeyAlgorithm algorithm_ = KeyAlgorithm::kEd25519;
  std::string der_;
  Digest id_;
  std::shared_ptr<void> key_;  // EVP_PKEY
};

}  // namespace tributary
