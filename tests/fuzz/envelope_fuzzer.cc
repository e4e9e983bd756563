// Property: an envelope is refused, or goes through its one written form unchanged; keys and
// statements are refused, or are what they were read from.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "graph/model/check.h"
#include "graph/signature/dsse.h"
#include "graph/signature/in_toto.h"
#include "graph/signature/public_key.h"

// The id of the one golden record that is signed.
constexpr std::string_view kSignedPayloadId =
    "b4256e2fd4d3e5b70534bdb25d20f45b7abbbfd769b7a8008dad5a4f10a21f05";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  // The key of the golden envelopes.
  static const std::vector<PublicKey>& keys = *new std::vector<PublicKey>{
      PublicKey::FromPem("-----BEGIN PUBLIC KEY-----\n"
                         "MCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n"
                         "-----END PUBLIC KEY-----\n")
          .value()};
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto envelope = ParseEnvelope(bytes);
  if (envelope.ok()) {
    const auto again = ParseEnvelope(FormatEnvelope(*envelope));
    TRIBUTARY_CHECK(again.ok() && *again == *envelope);
    if (VerifyEnvelope(*envelope, kRecordPayloadType, keys).ok()) {
      TRIBUTARY_CHECK(Sha256(envelope->payload).ToHex() == kSignedPayloadId);
    }
  }
  const auto statement = ParseInTotoStatement(envelope.ok() ? envelope->payload : bytes);
  if (statement.ok()) TRIBUTARY_CHECK(!statement->subjects.empty());
  const auto key = PublicKey::FromDer(bytes);
  if (key.ok()) {
    TRIBUTARY_CHECK(key->Der() == bytes);
    TRIBUTARY_CHECK(PublicKey::FromPem(key->ToPem()).value() == *key);
  }
  const auto from_pem = PublicKey::FromPem(bytes);
  if (from_pem.ok()) TRIBUTARY_CHECK(PublicKey::FromDer(from_pem->Der()).value() == *from_pem);
  return 0;
}
