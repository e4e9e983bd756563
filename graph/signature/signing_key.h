// Private keys: made, read, written, and used to sign.

#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "graph/signature/public_key.h"

namespace tributary {

// Bytes that are overwritten before they are given back. Moved, never copied.
class SecretBytes {
 public:
  SecretBytes() = default;
  // Takes what `bytes` holds and overwrites it there.
  explicit SecretBytes(std::string* bytes);
  ~SecretBytes();
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;

  // Valid while this object is.
  std::string_view view() const { return {data_.get(), size_}; }

 private:
  void Wipe();

  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
};

// A private key and its public key. An immutable value; copies share one secret, which is
// overwritten when the last of them goes. Any thread.
class SigningKey {
 public:
  // A new key from OpenSSL's private random generator.
  static SigningKey Generate(KeyAlgorithm algorithm);
  // Of the 32 secret bytes of RFC 8032. Errors: kInvalidArgument.
  static absl::StatusOr<SigningKey> FromEd25519Seed(std::string_view seed);
  // "-----BEGIN PRIVATE KEY-----": PKCS #8 without a password (RFC 5958, RFC 8410, RFC 5915).
  // Errors: kInvalidArgument; no message contains anything of the text.
  static absl::StatusOr<SigningKey> FromPem(std::string_view pem);

  SecretBytes ToPem() const;
  const PublicKey& public_key() const { return public_key_; }

  // A signature that public_key().Verify accepts. Ed25519 gives the same bytes for the same
  // message; ECDSA does not.
  std::string Sign(std::string_view message) const;

 private:
  SigningKey(PublicKey public_key, std::shared_ptr<void> key)
      : public_key_(std::move(public_key)), key_(std::move(key)) {}
  static absl::StatusOr<SigningKey> Wrap(std::shared_ptr<void> key);

  PublicKey public_key_;
  std::shared_ptr<void> key_;  // EVP_PKEY, which OpenSSL overwrites when it frees it
};

}  // namespace tributary
