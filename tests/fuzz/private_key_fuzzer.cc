// Property: a text, or the bytes within one, is refused as a private key, or it signs what its
// public key verifies and is written as a text of the same key.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "graph/model/check.h"
#include "graph/signature/pem.h"
#include "graph/signature/signing_key.h"

namespace {

void CheckKey(std::string_view pem) {
  using namespace tributary;
  const auto key = SigningKey::FromPem(pem);
  if (!key.ok()) return;
  TRIBUTARY_CHECK(key->public_key().Verify("message", key->Sign("message")).ok());
  const auto again = SigningKey::FromPem(key->ToPem().view());
  TRIBUTARY_CHECK(again.ok() && again->public_key() == key->public_key());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  CheckKey(bytes);
  CheckKey(tributary::WritePem("PRIVATE KEY", bytes));
  return 0;
}
