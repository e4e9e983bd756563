// Keys: their encodings, and which signatures hold.

#include <openssl/err.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "graph/signature/public_key.h"
#include "graph/signature/signing_key.h"
#include "tests/graph/signature/sample_keys.h"
#include "tests/support/catch.h"
#include "tests/support/hex.h"
#include "tests/support/rng.h"
#include "tests/support/status_codes.h"

namespace tributary {
namespace {

using test::FromHex;
using test::kInvalid;
using test::kSampleKeys;
using test::kSampleMessage;
using test::SampleKey;

TEST_CASE("keys: those of another implementation are read, sign and verify", "[signature]") {
  for (const SampleKey& sample : kSampleKeys) {
    CAPTURE(sample.public_pem);
    const auto key = PublicKey::FromPem(sample.public_pem);
    REQUIRE_OK(key);
    CHECK(key->algorithm() == sample.algorithm);
    CHECK(key->ToPem() == sample.public_pem);
    CHECK(key->id().ToHex() == sample.id);
    CHECK(key->id() == Sha256(key->Der()));
    CHECK(PublicKey::FromDer(key->Der()).value() == *key);
    CHECK_STATUS(key->Verify(kSampleMessage, FromHex(sample.signature)), absl::StatusCode::kOk);

    const auto signing_key = SigningKey::FromPem(sample.private_pem);
    REQUIRE_OK(signing_key);
    CHECK(signing_key->public_key() == *key);
    CHECK(signing_key->ToPem().view() == sample.private_pem);
    const std::string signature = signing_key->Sign(kSampleMessage);
    CHECK_STATUS(key->Verify(kSampleMessage, signature), absl::StatusCode::kOk);
    if (sample.algorithm == KeyAlgorithm::kEd25519) CHECK(signature == FromHex(sample.signature));
  }
}

TEST_CASE("keys: Ed25519 gives the signatures of RFC 8032 section 7.1", "[signature]") {
  struct Vector {
    std::string_view seed;
    std::string_view public_key;
    std::string_view message;
    std::string_view signature;
  };
  const auto known = GENERATE(values<Vector>({
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
       "f9b46bd25bf5f0595bbe24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0"
       "f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f76098"
       "4dc6594a7c15e9716ed28dc027beceea1ec40a"},
  }));
  CAPTURE(known.public_key);
  const auto key = SigningKey::FromEd25519Seed(FromHex(known.seed));
  REQUIRE_OK(key);
  CHECK(test::ToHex(key->public_key().Raw()) == known.public_key);
  CHECK(PublicKey::FromEd25519(FromHex(known.public_key)).value() == key->public_key());
  CHECK(test::ToHex(key->Sign(FromHex(known.message))) == known.signature);
  CHECK_STATUS(key->public_key().Verify(FromHex(known.message), FromHex(known.signature)),
               absl::StatusCode::kOk);
}

TEST_CASE("keys: no changed bit of a signature, and no other message, verifies", "[signature]") {
  for (const SampleKey& sample : kSampleKeys) {
    const auto key = PublicKey::FromPem(sample.public_pem);
    REQUIRE_OK(key);
    const std::string signature = FromHex(sample.signature);
    for (std::size_t bit = 0; bit < 8 * signature.size(); ++bit) {
      CAPTURE(sample.public_pem, bit);
      std::string changed = signature;
      changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
      REQUIRE_FALSE(key->Verify(kSampleMessage, changed).ok());
    }
    CHECK_STATUS(key->Verify("hello worle", signature), kInvalid);
    CHECK_STATUS(key->Verify("", signature), kInvalid);
    CHECK_STATUS(key->Verify(kSampleMessage, signature + '\0'), kInvalid);
    CHECK_STATUS(key->Verify(kSampleMessage, std::string_view(signature).substr(1)), kInvalid);
    CHECK_STATUS(key->Verify(kSampleMessage, ""), kInvalid);
  }
  CHECK(ERR_peek_error() == 0);  // a TLS connection of this thread would take it for its own
}

TEST_CASE("keys: a signature by one key is none by another", "[signature]") {
  for (const SampleKey& one : kSampleKeys) {
    for (const SampleKey& other : kSampleKeys) {
      if (one.algorithm == other.algorithm) continue;
      const auto key = PublicKey::FromPem(one.public_pem);
      CHECK_STATUS(key->Verify(kSampleMessage, FromHex(other.signature)), kInvalid);
    }
    const SigningKey stranger = SigningKey::Generate(one.algorithm);
    CHECK_STATUS(stranger.public_key().Verify(kSampleMessage, FromHex(one.signature)), kInvalid);
  }
}

// P-384 goes with SHA-384. This is a signature over the SHA-256 of the same message.
TEST_CASE("keys: the hash belongs to the curve", "[signature]") {
  const auto key = PublicKey::FromPem(kSampleKeys[2].public_pem);
  const std::string signature = FromHex(
      "30640230150cd5b915e03eeb1c16ba1ad0e74b6fee089f1b775ecd525a4bd1531def95381441688ce2b777a75562"
      "12574e780d72023049e90abc26912d89d33ca9dccee91e0aef0104c79fd3d9273b0fa8c878cabef83527e7816705"
      "f8cd2c8c80f3163efbb4");
  CHECK_STATUS(key->Verify(kSampleMessage, signature), kInvalid);
}

// The group order L of edwards25519, little-endian.
constexpr std::string_view kOrder =
    "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

TEST_CASE("keys: an Ed25519 signature has one encoding", "[signature]") {
  const auto key = PublicKey::FromPem(kSampleKeys[0].public_pem);
  std::string signature = FromHex(kSampleKeys[0].signature);
  const std::string order = FromHex(kOrder);
  unsigned carry = 0;  // S + L is the same scalar
  for (std::size_t i = 0; i < 32; ++i) {
    carry += static_cast<unsigned char>(signature[32 + i]);
    carry += static_cast<unsigned char>(order[i]);
    signature[32 + i] = static_cast<char>(carry);
    carry >>= 8;
  }
  CHECK(carry == 0);
  CHECK_STATUS(key->Verify(kSampleMessage, signature), kInvalid);
}

TEST_CASE("keys: (r, -s) of ECDSA also verifies, so a signature's bytes name nothing",
          "[signature]") {
  const auto key = PublicKey::FromPem(kSampleKeys[1].public_pem);
  // n - s for the s of the sample, whose first byte then needs a zero before it.
  const std::string signature = FromHex(
      "3045022063496d2762a76e14478ddf011dd5cef68e282b8eb1e11cb8268a92c5b0f83d7d"
      "022100bd5a02e04a98cb636fc56e61fc7082f16f6ca396989549f5365aa074ce700429");
  CHECK_STATUS(key->Verify(kSampleMessage, signature), absl::StatusCode::kOk);
}

TEST_CASE("keys: ECDSA signatures are DER, not BER or r and s joined", "[signature]") {
  const auto key = PublicKey::FromPem(kSampleKeys[1].public_pem);
  const std::string r = "63496d2762a76e14478ddf011dd5cef68e282b8eb1e11cb8268a92c5b0f83d7d";
  const std::string s = "42a5fd1eb567349d903a919e038f7d0e4d7a57170e82548fbd5f2a4e2df32128";
  REQUIRE_OK(key->Verify(kSampleMessage, FromHex("30440220" + r + "0220" + s)));
  const std::string other = GENERATE_COPY(values<std::string>({
      r + s,
      "3081440220" + r + "0220" + s,  // a long form of the length
      "3045022100" + r + "0220" + s,  // a zero that is not needed
      "30450220" + r + "0221" + "00" + s,
      "30800220" + r + "0220" + s + "0000",  // indefinite length
      "30440220" + r + "0220" + s + "00",
  }));
  CAPTURE(other);
  CHECK_FALSE(key->IsSignatureForm(FromHex(other)));
  CHECK_STATUS(key->Verify(kSampleMessage, FromHex(other)), kInvalid);
}

TEST_CASE("keys: what has the form of a signature is known before anything is hashed",
          "[signature]") {
  for (const SampleKey& sample : kSampleKeys) {
    const PublicKey key = PublicKey::FromPem(sample.public_pem).value();
    for (const SampleKey& other : kSampleKeys) {
      // A smaller curve's integers also fit in a larger one's.
      const bool fits =
          other.algorithm == sample.algorithm || (sample.algorithm == KeyAlgorithm::kEcdsaP384 &&
                                                  other.algorithm == KeyAlgorithm::kEcdsaP256);
      CHECK(key.IsSignatureForm(FromHex(other.signature)) == fits);
    }
  }
  for (const KeyAlgorithm algorithm : {KeyAlgorithm::kEcdsaP256, KeyAlgorithm::kEcdsaP384}) {
    const SigningKey key = SigningKey::Generate(algorithm);
    for (int trial = 0; trial < 300; ++trial) {  // of all sizes that come up
      REQUIRE(key.public_key().IsSignatureForm(key.Sign(kSampleMessage)));
    }
  }
}

TEST_CASE("keys: the bounds of the form of an ECDSA signature", "[signature]") {
  const PublicKey p256 = PublicKey::FromPem(kSampleKeys[1].public_pem).value();
  const std::string most(64, 'f');
  CHECK(p256.IsSignatureForm(FromHex("3006020101020101")));
  CHECK(p256.IsSignatureForm(FromHex("3046022100" + most + "022100" + most)));
  const std::string bad = GENERATE_COPY(values<std::string>({
      "", "30", "3000", "3003020101", "3006020100020101", "3006020101020100", "3006020181020101",
      "300702020001020101", "3006020101020102ff", "3007020101020101ff", "3006020101020201",
      "3006030101020101", "3106020101020101", "3080020101020101", "300602010102ff01",
      "3045022100" + most + "0220" + most,  // negative
      "3027022201" + most + "00020101",     // above 2^256
  }));
  CAPTURE(bad);
  CHECK_FALSE(p256.IsSignatureForm(FromHex(bad)));
}

TEST_CASE("keys: Ed25519 keys of small order or in another encoding are refused", "[signature]") {
  const std::vector<std::string> small_order = {
      "0100000000000000000000000000000000000000000000000000000000000000",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "0000000000000000000000000000000000000000000000000000000000000000",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"};
  for (const std::string& hex : small_order) {
    CAPTURE(hex);
    std::string raw = FromHex(hex);
    CHECK_STATUS(PublicKey::FromEd25519(raw), kInvalid);
    raw[31] = static_cast<char>(raw[31] | 0x80);  // the other sign of x
    CHECK_STATUS(PublicKey::FromEd25519(raw), kInvalid);
  }
  for (int low = 0xed; low <= 0xff; ++low) {  // y of p to p + 18
    std::string raw(32, '\xff');
    raw[0] = static_cast<char>(low);
    CHECK_STATUS(PublicKey::FromEd25519(raw), kInvalid);
    raw[31] = '\x7f';
    CHECK_STATUS(PublicKey::FromEd25519(raw), kInvalid);
  }
  // The largest y in the field but p - 1: of some order, and in its one encoding.
  std::string raw(32, '\xff');
  raw[0] = '\xeb';
  raw[31] = '\x7f';
  CHECK_STATUS(PublicKey::FromEd25519(raw), absl::StatusCode::kOk);
  CHECK_STATUS(PublicKey::FromEd25519(""), kInvalid);
  CHECK_STATUS(PublicKey::FromEd25519(std::string(33, '\x09')), kInvalid);
}

TEST_CASE("keys: an Ed25519 y of no point is a key under which nothing holds", "[signature]") {
  std::string raw(32, '\0');
  raw[0] = '\x02';  // x^2 = 3 / (4 d + 1) has no root
  const auto key = PublicKey::FromEd25519(raw);
  REQUIRE_OK(key);
  const std::string sample = FromHex(kSampleKeys[0].signature);
  std::string neutral(64, '\0');  // R of order 1, S of 0
  neutral[0] = '\x01';
  for (const std::string& signature : {sample, neutral, std::string(64, '\0')}) {
    CHECK_STATUS(key->Verify(kSampleMessage, signature), kInvalid);
    CHECK_STATUS(key->Verify("", signature), kInvalid);
  }
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("keys: an elliptic curve key has one encoding", "[signature]") {
  const PublicKey key = PublicKey::FromPem(kSampleKeys[1].public_pem).value();
  const std::string point(key.Raw());
  const std::string prefix = key.Der().substr(0, key.Der().size() - point.size());
  CHECK_STATUS(PublicKey::FromDer(prefix + point), absl::StatusCode::kOk);
  std::string off_curve = point;
  off_curve.back() = static_cast<char>(off_curve.back() ^ 1);
  CHECK_STATUS(PublicKey::FromDer(prefix + off_curve), kInvalid);
  CHECK_STATUS(PublicKey::FromDer(prefix + std::string(65, '\x04')), kInvalid);
  std::string hybrid = point;  // X9.62 hybrid form of the same point
  hybrid.front() = (point.back() & 1) != 0 ? '\x07' : '\x06';
  CHECK_STATUS(PublicKey::FromDer(prefix + hybrid), kInvalid);
  CHECK_STATUS(PublicKey::FromDer(
                   FromHex("3039301306072a8648ce3d020106082a8648ce3d03010703220002"
                           "f9ebe464147cc102d92324d099d927c1a50e42d57a08a116ffec0a29819d8c65")),
               kInvalid);  // compressed
  CHECK_STATUS(PublicKey::FromDer(key.Der() + '\0'), kInvalid);
  CHECK_STATUS(PublicKey::FromDer(key.Der().substr(1)), kInvalid);
  CHECK_STATUS(PublicKey::FromDer(""), kInvalid);
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("keys: any changed byte of a key makes another key or none", "[signature]") {
  for (const SampleKey& sample : kSampleKeys) {
    const PublicKey key = PublicKey::FromPem(sample.public_pem).value();
    for (std::size_t i = 0; i < key.Der().size(); ++i) {
      std::string der = key.Der();
      der[i] = static_cast<char>(der[i] ^ 0x11);
      const auto other = PublicKey::FromDer(der);
      CAPTURE(sample.public_pem, i);
      if (!other.ok()) continue;
      REQUIRE(sample.algorithm == KeyAlgorithm::kEd25519);  // of a curve, the point leaves it
      REQUIRE(other->Der() == der);
      REQUIRE(other->id() != key.id());
      REQUIRE_FALSE(other->Verify(kSampleMessage, FromHex(sample.signature)).ok());
    }
  }
}

TEST_CASE("pem: line ends and line lengths are free, all else is not", "[signature]") {
  const std::string head = "-----BEGIN PUBLIC KEY-----";
  const std::string tail = "-----END PUBLIC KEY-----";
  const std::string text = "MCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=";
  for (const std::string& good :
       {head + "\n" + text + "\n" + tail, head + "\r\n" + text + "\r\n" + tail + "\r\n",
        "\n" + head + "\n" + text.substr(0, 10) + "\n" + text.substr(10) + "\n" + tail + "\n\n"}) {
    CAPTURE(good);
    CHECK_STATUS(PublicKey::FromPem(good), absl::StatusCode::kOk);
  }
  const std::string bad = GENERATE_COPY(values<std::string>({
      "",
      text,
      head,
      head + "\n" + text + "\n",
      head + "\n" + text + tail,
      head + "\n" + tail + "\n",
      head + "\n" + text + "\n" + tail + "\nmore",
      "more\n" + head + "\n" + text + "\n" + tail,
      head + "\n" + text.substr(1) + "\n" + tail,
      head + "\n" + text + text + "\n" + tail,
      head + "\n " + text + "\n" + tail,
      head + "\nProc-Type: 4,ENCRYPTED\n\n" + text + "\n" + tail,
      "-----BEGIN PRIVATE KEY-----\n" + text + "\n-----END PRIVATE KEY-----",
      head + "\n" + text + "\n" + tail + std::string(5'000, '\n'),
  }));
  CAPTURE(bad);
  CHECK_STATUS(PublicKey::FromPem(bad), kInvalid);
}

TEST_CASE("keys: what is not a private key is refused, and no message repeats it", "[signature]") {
  const std::string secret = "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
  const auto pem = [](const std::string& body) {
    return "-----BEGIN PRIVATE KEY-----\n" + body + "\n-----END PRIVATE KEY-----\n";
  };
  REQUIRE_OK(SigningKey::FromPem(pem(secret)));
  for (const std::string& bad : {secret, pem(secret.substr(4)), pem(secret + "AAAA"), pem(""),
                                 pem(std::string(64, 'A')), pem(secret).substr(0, 60)}) {
    const auto key = SigningKey::FromPem(bad);
    CHECK_STATUS(key, kInvalid);
    CHECK(key.status().ToString().find("CwwNDg8QERITFBUW") == std::string::npos);
  }
  // RSA and other curves are of no use here. This one is secp256k1, with a scalar of 1.
  CHECK_STATUS(
      SigningKey::FromPem(pem("MD4CAQAwEAYHKoZIzj0CAQYFK4EEAAoEJzAlAgEBBCAAAAAAAAAAAAAAAAAA"
                              "AAAAAAAAAAAAAAAAAAAAAAAAAQ==")),
      kInvalid);
  CHECK_STATUS(SigningKey::FromEd25519Seed("short"), kInvalid);
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("keys: a private key with the public key of another is refused", "[signature]") {
  // The sample P-256 key, its embedded public point replaced by that of the generator.
  const std::string der = FromHex(
      "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420"
      "000000000000000000000000000000001234567890abcdef1234567890abcdefa14403420004"
      "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
      "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
  std::string base64;
  base64 = absl::Base64Escape(ToAbsl(der));
  CHECK_STATUS(SigningKey::FromPem("-----BEGIN PRIVATE KEY-----\n" + base64 +
                                   "\n-----END PRIVATE KEY-----\n"),
               kInvalid);
}

TEST_CASE("keys: new keys differ, and go through their text", "[signature]") {
  for (const KeyAlgorithm algorithm :
       {KeyAlgorithm::kEd25519, KeyAlgorithm::kEcdsaP256, KeyAlgorithm::kEcdsaP384}) {
    const SigningKey key = SigningKey::Generate(algorithm);
    CHECK(key.public_key().algorithm() == algorithm);
    CHECK(SigningKey::Generate(algorithm).public_key().id() != key.public_key().id());
    const auto again = SigningKey::FromPem(key.ToPem().view());
    REQUIRE_OK(again);
    CHECK(again->public_key() == key.public_key());
    CHECK_STATUS(key.public_key().Verify("m", again->Sign("m")), absl::StatusCode::kOk);
  }
}

TEST_CASE("secret bytes: what they are made from is overwritten", "[signature]") {
  std::string text = "short";
  const char* at = text.data();  // the string keeps its buffer
  SecretBytes secret(&text);
  CHECK(secret.view() == "short");
  CHECK(text.empty());
  CHECK(std::all_of(at, at + 5, [](char c) { return c == '\0'; }));
  SecretBytes moved = std::move(secret);
  CHECK(moved.view() == "short");
  CHECK(secret.view().empty());  // NOLINT: a moved secret is empty
}

}  // namespace
}  // namespace tributary
