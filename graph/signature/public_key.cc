#include "graph/signature/public_key.h"

#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <utility>

#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "graph/signature/openssl.h"
#include "graph/signature/pem.h"

namespace tributary {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kPublicKeyLabel = "PUBLIC KEY";

// SubjectPublicKeyInfo is a fixed prefix and the key, so no ASN.1 of strangers is ever parsed.
struct KeyForm {
  KeyAlgorithm algorithm;
  std::string_view name;
  std::string_view prefix;  // up to the bytes of the key
  std::size_t key_size;
};
constexpr std::array kForms = {
    // SEQUENCE { SEQUENCE { id-Ed25519 }, BIT STRING }
    KeyForm{KeyAlgorithm::kEd25519, "ed25519", "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"sv,
            kEd25519KeySize},
    // SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING }
    KeyForm{KeyAlgorithm::kEcdsaP256, "ecdsa-p256",
            "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03"
            "\x01\x07\x03\x42\x00"sv,
            65},
    // SEQUENCE { SEQUENCE { id-ecPublicKey, secp384r1 }, BIT STRING }
    KeyForm{KeyAlgorithm::kEcdsaP384, "ecdsa-p384",
            "\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03"
            "\x62\x00"sv,
            97},
};

const KeyForm& FormOf(KeyAlgorithm algorithm) {
  return kForms[static_cast<std::size_t>(algorithm)];
}

const KeyForm* FindForm(std::string_view der) {
  for (const KeyForm& form : kForms) {
    if (der.size() == form.prefix.size() + form.key_size && der.starts_with(form.prefix)) {
      return &form;
    }
  }
  return nullptr;
}

// y of the points of order 1, 2, 4 and 8, little-endian, without the sign of x: under these keys
// one signature can hold for any message.
constexpr std::array<std::string_view, 5> kSmallOrder = {
    "\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv,
    "\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"sv,
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv,
    "\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0"
    "\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05"sv,
    "\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f"
    "\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a"sv,
};

absl::Status CheckEd25519(std::string_view raw) {
  std::string y(raw);
  y.back() = static_cast<char>(y.back() & 0x7f);  // the sign of x
  // 2^255 - 19 and above, for which a smaller y stands: 19 encodings.
  const bool above = static_cast<unsigned char>(y.front()) >= 0xed && y.back() == '\x7f' &&
                     std::all_of(y.begin() + 1, y.end() - 1, [](char c) { return c == '\xff'; });
  if (above) return InvalidField("public_key", "an Ed25519 y of 2^255 - 19 or more", "below it");
  if (std::find(kSmallOrder.begin(), kSmallOrder.end(), y) != kSmallOrder.end()) {
    return InvalidField("public_key", "an Ed25519 point of small order", "one of the large order");
  }
  return absl::OkStatus();
}

// Null where the bytes are of no point.
std::shared_ptr<void> MakeKey(const KeyForm& form, std::string_view der) {
  const internal::ErrorMark mark;
  if (form.algorithm == KeyAlgorithm::kEd25519) {
    const std::string_view raw = der.substr(form.prefix.size());
    return internal::OwnKey(EVP_PKEY_new_raw_public_key(
        EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(raw.data()), raw.size()));
  }
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  return internal::OwnKey(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
}

const EVP_MD* HashOf(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::kEd25519:
      return nullptr;  // part of the algorithm
    case KeyAlgorithm::kEcdsaP256:
      return EVP_sha256();
    case KeyAlgorithm::kEcdsaP384:
      return EVP_sha384();
  }
  return nullptr;
}

// Takes an INTEGER of DER off `der`: above 0, in the fewest bytes, below 2^(8 size_max).
bool TakeInteger(std::size_t size_max, std::string_view* der) {
  if (der->size() < 3 || der->front() != '\x02') return false;
  const auto size = static_cast<unsigned char>((*der)[1]);  // above 127 it is too large anyway
  if (size == 0 || size > size_max + 1 || size > der->size() - 2) return false;
  const std::string_view digits = der->substr(2, size);
  der->remove_prefix(2 + std::size_t{size});
  const auto has_sign = [&](std::size_t i) { return (digits[i] & 0x80) != 0; };
  if (digits.front() == '\0') return size > 1 && has_sign(1);
  return size <= size_max && !has_sign(0);
}

// SEQUENCE { r, s } of two integers of `integer_size` bytes.
bool IsEcdsaForm(std::size_t integer_size, std::string_view signature) {
  if (signature.size() < 2 || signature.size() > kSignatureSizeMax) return false;
  if (signature[0] != '\x30' || static_cast<std::size_t>(signature[1]) != signature.size() - 2) {
    return false;
  }
  signature.remove_prefix(2);
  return TakeInteger(integer_size, &signature) && TakeInteger(integer_size, &signature) &&
         signature.empty();
}

}  // namespace

std::string_view ToName(KeyAlgorithm algorithm) { return FormOf(algorithm).name; }

absl::StatusOr<PublicKey> PublicKey::FromDer(std::string_view der) {
  const KeyForm* form = FindForm(der);
  if (form == nullptr) {
    return InvalidField("public_key", StrCat(der.size(), " bytes of another form"),
                        "SubjectPublicKeyInfo of Ed25519, ECDSA P-256 or ECDSA P-384, named "
                        "curve, uncompressed point");
  }
  if (form->algorithm == KeyAlgorithm::kEd25519) {
    TRIBUTARY_RETURN_IF_ERROR(CheckEd25519(der.substr(form->prefix.size())));
  } else if (der[form->prefix.size()] != '\x04') {
    return InvalidField("public_key", "a point in another form", "an uncompressed point");
  }
  PublicKey key;
  key.key_ = MakeKey(*form, der);
  if (key.key_ == nullptr) {
    return InvalidField("public_key", "a point that is not on the curve", "one that is");
  }
  key.algorithm_ = form->algorithm;
  key.der_ = der;
  key.id_ = Sha256(der);
  return key;
}

absl::StatusOr<PublicKey> PublicKey::FromPem(std::string_view pem) {
  TRIBUTARY_ASSIGN_OR_RETURN(const std::string der, ReadPem(kPublicKeyLabel, pem));
  return FromDer(der);
}

absl::StatusOr<PublicKey> PublicKey::FromEd25519(std::string_view raw) {
  if (raw.size() != kEd25519KeySize) {
    return InvalidField("public_key", StrCat(raw.size(), " bytes"), "32 bytes of Ed25519");
  }
  return FromDer(StrCat(FormOf(KeyAlgorithm::kEd25519).prefix, raw));
}

std::string PublicKey::ToPem() const { return WritePem(kPublicKeyLabel, der_); }

std::string_view PublicKey::Raw() const {
  return std::string_view(der_).substr(FormOf(algorithm_).prefix.size());
}

bool PublicKey::IsSignatureForm(std::string_view signature) const {
  if (algorithm_ == KeyAlgorithm::kEd25519) return signature.size() == kEd25519SignatureSize;
  return IsEcdsaForm((FormOf(algorithm_).key_size - 1) / 2, signature);
}

absl::Status PublicKey::Verify(std::string_view message, std::string_view signature) const {
  if (!IsSignatureForm(signature)) {
    return InvalidField("signature", StrCat(signature.size(), " bytes of another form"),
                        StrCat("one of ", ToName(algorithm_)));
  }
  const internal::ErrorMark mark;
  const internal::MdContext context(EVP_MD_CTX_new());
  TRIBUTARY_CHECK(context != nullptr);
  TRIBUTARY_CHECK(EVP_DigestVerifyInit(context.get(), nullptr, HashOf(algorithm_), nullptr,
                                       static_cast<EVP_PKEY*>(key_.get())) == 1);
  const int verdict = EVP_DigestVerify(
      context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
      reinterpret_cast<const unsigned char*>(message.data()), message.size());
  if (verdict != 1) {
    return InvalidField("signature", StrCat("one that key ", id_.ToHex(), " did not make"),
                        "a signature by that key over these bytes");
  }
  return absl::OkStatus();
}

}  // namespace tributary
