#include "graph/model/digest.h"

#include <openssl/evp.h>

#include "absl/strings/escaping.h"
#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

const EVP_MD* Sha256Algorithm() {
  // Fetched once and never freed: fetching per call costs more than hashing 100 bytes.
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  TRIBUTARY_CHECK(algorithm != nullptr);
  return algorithm;
}

struct ThreadContext {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~ThreadContext() { EVP_MD_CTX_free(context); }
};

EVP_MD_CTX* ContextOfThread() {
  thread_local ThreadContext holder;
  TRIBUTARY_CHECK(holder.context != nullptr);
  return holder.context;
}

void Begin(EVP_MD_CTX* context) {
  TRIBUTARY_CHECK(EVP_DigestInit_ex2(context, Sha256Algorithm(), nullptr) == 1);
}
void Add(EVP_MD_CTX* context, std::string_view piece) {
  TRIBUTARY_CHECK(EVP_DigestUpdate(context, piece.data(), piece.size()) == 1);
}
Digest End(EVP_MD_CTX* context) {
  Digest digest;
  TRIBUTARY_CHECK(EVP_DigestFinal_ex(context, digest.bytes.data(), nullptr) == 1);
  return digest;
}

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

Digest Sha256(std::string_view data) {
  EVP_MD_CTX* context = ContextOfThread();
  Begin(context);
  Add(context, data);
  return End(context);
}

Digest Sha256(std::initializer_list<std::string_view> pieces) {
  EVP_MD_CTX* context = ContextOfThread();
  Begin(context);
  for (const std::string_view piece : pieces) Add(context, piece);
  return End(context);
}

Sha256Stream::Sha256Stream() : context_(EVP_MD_CTX_new()) {
  TRIBUTARY_CHECK(context_ != nullptr);
  Begin(static_cast<EVP_MD_CTX*>(context_));
}
Sha256Stream::~Sha256Stream() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }
void Sha256Stream::Update(std::string_view piece) {
  Add(static_cast<EVP_MD_CTX*>(context_), piece);
}
Digest Sha256Stream::Finish() { return End(static_cast<EVP_MD_CTX*>(context_)); }

}  // namespace tributary
