#include "graph/model/digest.h"

#define OPENSSL_SUPPRESS_DEPRECATED  // see Begin
#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

// The functions of libcrypto that keep their state in a plain struct: they are marked as old, but
// for hashes of some hundred bytes EVP costs as much again as the hashing, in allocations.
void Begin(SHA256_CTX* context) { TRIBUTARY_CHECK(SHA256_Init(context) == 1); }
void Add(SHA256_CTX* context, std::string_view piece) {
  TRIBUTARY_CHECK(SHA256_Update(context, piece.data(), piece.size()) == 1);
}
Digest End(SHA256_CTX* context) {
  Digest digest;
  TRIBUTARY_CHECK(SHA256_Final(digest.bytes.data(), context) == 1);
  return digest;
}

SHA256_CTX* AsContext(void* context) { return static_cast<SHA256_CTX*>(context); }

}  // namespace

std::string Digest::ToHex() const { return absl::BytesToHexString(ToAbsl(view())); }

std::optional<Digest> Digest::FromBytes(std::string_view raw) {
  if (raw.size() != kDigestSize) return std::nullopt;
  Digest digest;
  std::memcpy(digest.bytes.data(), raw.data(), kDigestSize);
  return digest;
}

absl::StatusOr<Digest> Digest::FromHex(std::string_view hex, std::string_view field) {
  const auto nibble = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  };
  Digest digest;
  bool valid = hex.size() == 2 * kDigestSize;
  for (std::size_t i = 0; valid && i < kDigestSize; ++i) {
    const int high = nibble(hex[2 * i]);
    const int low = nibble(hex[2 * i + 1]);
    valid = high >= 0 && low >= 0;
    digest.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  if (!valid) return InvalidField(field, Quoted(hex), "64 lowercase hex digits");
  return digest;
}

Digest Sha256(std::string_view data) { return Sha256({data}); }

Digest Sha256(std::initializer_list<std::string_view> pieces) {
  SHA256_CTX context;
  Begin(&context);
  for (const std::string_view piece : pieces) Add(&context, piece);
  return End(&context);
}

Sha256Stream::Sha256Stream() : context_(new SHA256_CTX) { Begin(AsContext(context_)); }
Sha256Stream::~Sha256Stream() { delete AsContext(context_); }
void Sha256Stream::Update(std::string_view piece) { Add(AsContext(context_), piece); }
Digest Sha256Stream::Finish() { return End(AsContext(context_)); }

}  // namespace tributary
