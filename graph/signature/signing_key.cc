#include "graph/signature/signing_key.h"

#include <openssl/crypto.h>
#include <openssl/x509.h>

#include <cstring>
#include <utility>

#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "graph/signature/openssl.h"
#include "graph/signature/pem.h"

namespace tributary {
namespace {

constexpr std::string_view kPrivateKeyLabel = "PRIVATE KEY";

using Pkcs8 = std::unique_ptr<PKCS8_PRIV_KEY_INFO, internal::FreeWith<PKCS8_PRIV_KEY_INFO_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, internal::FreeWith<EVP_PKEY_CTX_free>>;

EVP_PKEY* KeyOf(const std::shared_ptr<void>& key) { return static_cast<EVP_PKEY*>(key.get()); }

EVP_PKEY* MakePair(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::kEd25519:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    case KeyAlgorithm::kEcdsaP256:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    case KeyAlgorithm::kEcdsaP384:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384");
  }
  return nullptr;
}

// The bytes that an i2d function of OpenSSL writes.
template <typename Object, typename Encode>
std::string Encoded(const Object* object, Encode encode) {
  const int size = encode(object, nullptr);
  TRIBUTARY_CHECK(size > 0);
  std::string bytes(static_cast<std::size_t>(size), '\0');
  auto* at = reinterpret_cast<unsigned char*>(bytes.data());
  TRIBUTARY_CHECK(encode(object, &at) == size);
  return bytes;
}

// Whether a private key is one that signs: OpenSSL reads scalars of any size from PKCS #8.
bool IsInRange(EVP_PKEY* key) {
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  TRIBUTARY_CHECK(context != nullptr);
  return EVP_PKEY_private_check(context.get()) == 1;
}

void Cleanse(std::string* bytes) { OPENSSL_cleanse(bytes->data(), bytes->size()); }

}  // namespace

SecretBytes::SecretBytes(std::string* bytes)
    : data_(std::make_unique<char[]>(bytes->size())), size_(bytes->size()) {
  std::memcpy(data_.get(), bytes->data(), size_);
  Cleanse(bytes);
  bytes->clear();
}
SecretBytes::~SecretBytes() { Wipe(); }
SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this == &other) return *this;
  Wipe();
  data_ = std::move(other.data_);
  size_ = std::exchange(other.size_, 0);
  return *this;
}
void SecretBytes::Wipe() {
  if (data_ != nullptr) OPENSSL_cleanse(data_.get(), size_);
}

absl::StatusOr<SigningKey> SigningKey::Wrap(std::shared_ptr<void> key) {
  TRIBUTARY_ASSIGN_OR_RETURN(PublicKey public_key,
                             PublicKey::FromDer(Encoded(KeyOf(key), i2d_PUBKEY)));
  return SigningKey(std::move(public_key), std::move(key));
}

SigningKey SigningKey::Generate(KeyAlgorithm algorithm) {
  std::shared_ptr<void> key = internal::OwnKey(MakePair(algorithm));
  TRIBUTARY_CHECK(key != nullptr);
  auto pair = Wrap(std::move(key));
  TRIBUTARY_CHECK(pair.ok());
  return *std::move(pair);
}

absl::StatusOr<SigningKey> SigningKey::FromEd25519Seed(std::string_view seed) {
  if (seed.size() != kEd25519KeySize) {
    return InvalidField("seed", StrCat(seed.size(), " bytes"), "32 bytes");
  }
  std::shared_ptr<void> key = internal::OwnKey(EVP_PKEY_new_raw_private_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(seed.data()), seed.size()));
  TRIBUTARY_CHECK(key != nullptr);
  return Wrap(std::move(key));
}

absl::StatusOr<SigningKey> SigningKey::FromPem(std::string_view pem) {
  TRIBUTARY_ASSIGN_OR_RETURN(std::string der, ReadPem(kPrivateKeyLabel, pem));
  const internal::ErrorMark mark;
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const Pkcs8 info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  const bool whole =
      info != nullptr && at == reinterpret_cast<const unsigned char*>(der.data()) + der.size();
  std::shared_ptr<void> key = whole ? internal::OwnKey(EVP_PKCS82PKEY(info.get())) : nullptr;
  Cleanse(&der);
  const int kind = key == nullptr ? EVP_PKEY_NONE : EVP_PKEY_get_base_id(KeyOf(key));
  if (kind != EVP_PKEY_ED25519 && kind != EVP_PKEY_EC) {
    return InvalidField("private_key", "another form",
                        "PKCS #8 without a password, of Ed25519, ECDSA P-256 or ECDSA P-384");
  }
  if (!IsInRange(KeyOf(key))) {
    return InvalidField("private_key", "a scalar out of range", "1 to the order of the curve - 1");
  }
  TRIBUTARY_ASSIGN_OR_RETURN(SigningKey pair, Wrap(std::move(key)));
  // The text may state a public key beside the private one: they must be a pair.
  if (!pair.public_key_.Verify(kPrivateKeyLabel, pair.Sign(kPrivateKeyLabel)).ok()) {
    return InvalidField("private_key", "a public key of another private key", "its own");
  }
  return pair;
}

SecretBytes SigningKey::ToPem() const {
  const Pkcs8 info(EVP_PKEY2PKCS8(KeyOf(key_)));
  TRIBUTARY_CHECK(info != nullptr);
  std::string der = Encoded(info.get(), i2d_PKCS8_PRIV_KEY_INFO);
  std::string pem = WritePem(kPrivateKeyLabel, der);
  Cleanse(&der);
  return SecretBytes(&pem);
}

std::string SigningKey::Sign(std::string_view message) const {
  const EVP_MD* hash = nullptr;
  if (public_key_.algorithm() == KeyAlgorithm::kEcdsaP256) hash = EVP_sha256();
  if (public_key_.algorithm() == KeyAlgorithm::kEcdsaP384) hash = EVP_sha384();
  const internal::MdContext context(EVP_MD_CTX_new());
  TRIBUTARY_CHECK(context != nullptr);
  TRIBUTARY_CHECK(EVP_DigestSignInit(context.get(), nullptr, hash, nullptr, KeyOf(key_)) == 1);
  std::string signature(kSignatureSizeMax, '\0');
  std::size_t size = signature.size();
  TRIBUTARY_CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                                 &size, reinterpret_cast<const unsigned char*>(message.data()),
                                 message.size()) == 1);
  signature.resize(size);
  return signature;
}

}  // namespace tributary
