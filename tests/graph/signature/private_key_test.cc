// Private keys that strangers wrote, and what is left of them in memory.

#include <openssl/err.h>

#include <memory>
#include <string>
#include <vector>

#include "graph/model/base64.h"
#include "graph/signature/pem.h"
#include "graph/signature/signing_key.h"
#include "tests/graph/signature/freed_memory.h"
#include "tests/graph/signature/sample_keys.h"
#include "tests/support/catch.h"
#include "tests/support/hex.h"
#include "tests/support/status_codes.h"

namespace tributary {
namespace {

using test::FreedMemory;
using test::FromHex;
using test::kInvalid;

std::string Der(char tag, const std::string& content) {
  std::string der(1, tag);
  if (content.size() >= 0x80) der.push_back('\x81');
  der.push_back(static_cast<char>(content.size()));
  return der + content;
}

struct Curve {
  std::string algorithm;  // AlgorithmIdentifier
  std::string order;      // n
  std::string generator;  // the public key of scalar 1, uncompressed
};
Curve P256() {
  return {FromHex("301306072a8648ce3d020106082a8648ce3d030107"),
          FromHex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
          FromHex("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                  "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")};
}
Curve P384() {
  return {FromHex("301006072a8648ce3d020106052b81040022"),
          FromHex("ffffffffffffffffffffffffffffffffffffffffffffffff"
                  "c7634d81f4372ddf581a0db248b0a77aecec196accc52973"),
          ""};
}

// PKCS #8 of an elliptic curve key, with the public key where one is given.
std::string EcPem(const Curve& curve, const std::string& scalar, const std::string& point = "") {
  std::string key = FromHex("020101") + Der('\x04', scalar);
  if (!point.empty()) key += Der('\xa1', Der('\x03', '\0' + point));
  const std::string der =
      Der('\x30', FromHex("020100") + curve.algorithm + Der('\x04', Der('\x30', key)));
  return WritePem("PRIVATE KEY", der);
}

// A number as large as n and `more`, below the next carry.
std::string Above(std::string order, int more) {
  order.back() = static_cast<char>(order.back() + more);
  return order;
}

TEST_CASE("private keys: a scalar is from 1 to n - 1", "[signature]") {
  for (const Curve& curve : {P256(), P384()}) {
    const std::string zero(curve.order.size(), '\0');
    for (const std::string& good : {Above(zero, 1), Above(curve.order, -1)}) {
      const auto key = SigningKey::FromPem(EcPem(curve, good));
      REQUIRE_OK(key);
      CHECK_STATUS(key->public_key().Verify("m", key->Sign("m")), absl::StatusCode::kOk);
    }
    for (const std::string& bad :
         {zero, curve.order, Above(curve.order, 5), std::string(curve.order.size(), '\xff'),
          std::string(curve.order.size() + 1, '\x01'), std::string(40, '\x01') + curve.order}) {
      CAPTURE(test::ToHex(bad));
      const auto key = SigningKey::FromPem(EcPem(curve, bad));
      CHECK_STATUS(key, kInvalid);
      if (key.ok()) continue;
      CHECK(std::string(key.status().message()).starts_with("private_key: found "));
    }
  }
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("private keys: a public key that is stated is that of the scalar", "[signature]") {
  const Curve curve = P256();
  const std::string one = std::string(31, '\0') + '\x01';
  CHECK_STATUS(SigningKey::FromPem(EcPem(curve, one, curve.generator)), absl::StatusCode::kOk);
  for (const std::string& other :
       {std::string(31, '\0') + '\x02', std::string(40, '\x01'), Above(curve.order, 1)}) {
    CAPTURE(test::ToHex(other));
    CHECK_STATUS(SigningKey::FromPem(EcPem(curve, other, curve.generator)), kInvalid);
  }
  std::string off_curve = curve.generator;
  off_curve.back() = static_cast<char>(off_curve.back() ^ 1);
  CHECK_STATUS(SigningKey::FromPem(EcPem(curve, one, off_curve)), kInvalid);
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("private keys: nothing of one is left in memory that is given back", "[signature]") {
  if (!FreedMemory::kIsWatching) return;
  std::string seed;
  for (char byte = 0; byte < 32; ++byte) seed.push_back(byte);
  const std::string body = "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
  const std::string head = "-----BEGIN PRIVATE KEY-----\n";
  const std::string tail = "-----END PRIVATE KEY-----\n";
  const std::string text_part = body.substr(40, 16);
  const std::string byte_part = seed.substr(8, 12);
  const SigningKey key = SigningKey::FromEd25519Seed(seed).value();
  // The watcher sees what it is made to see.
  {
    const FreedMemory freed(byte_part);
    std::make_unique<std::string>(seed).reset();
    REQUIRE(freed.FoundCount() == 1);
  }
  const std::vector<std::string> texts = {
      head + body + "\n" + tail,
      head + body + "\n",                    // no last line
      head + body + "\n" + tail + "more\n",  // text after the block
      head + body + "AAA\n" + tail,          // no base64 in the end
      head + body + "AB==\n" + tail,         // bits left over
      head + body + "*AAA\n" + tail,         // a character of another alphabet
      head + body + "AAAA\n" + tail,         // base64 of more than a key
      head + "AAAA" + body + "\n" + tail,    // of no key
      "-----BEGIN KEY-----\n" + body + "\n" + tail,
  };
  for (const std::string& part : {text_part, byte_part}) {
    for (const std::string& text : texts) {
      CAPTURE(text, part.size());
      bool ok = false;
      int found_count = 0;
      {
        const FreedMemory freed(part);
        ok = SigningKey::FromPem(text).ok();
        found_count = freed.FoundCount();
      }
      CHECK(found_count == 0);
      CHECK(ok == (text == texts[0]));
    }
    int found_count = 0;
    {
      const FreedMemory freed(part);
      { const SecretBytes pem = key.ToPem(); }
      found_count = freed.FoundCount();
    }
    CHECK(found_count == 0);
  }
}

}  // namespace
}  // namespace tributary
