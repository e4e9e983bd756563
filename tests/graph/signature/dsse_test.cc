// Envelopes: what is read, what is signed, who has signed.

#include "graph/signature/dsse.h"

#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "graph/model/record.h"
#include "graph/signature/in_toto.h"
#include "tests/graph/signature/sample_keys.h"
#include "tests/support/catch.h"
#include "tests/support/hex.h"
#include "tests/support/status_codes.h"

namespace tributary {
namespace {

using test::kInvalid;
using test::kUnauthenticated;

std::vector<SigningKey> SampleSigningKeys() {
  std::vector<SigningKey> keys;
  for (const test::SampleKey& sample : test::kSampleKeys) {
    keys.push_back(SigningKey::FromPem(sample.private_pem).value());
  }
  return keys;
}
std::vector<PublicKey> SamplePublicKeys() {
  std::vector<PublicKey> keys;
  for (const SigningKey& key : SampleSigningKeys()) keys.push_back(key.public_key());
  return keys;
}

// The example of the protocol, whose signature is r and s joined; in an envelope that we take it
// is DER, as the implementations in use write it.
TEST_CASE("dsse: the example of the protocol", "[signature]") {
  const std::string type = "http://example.com/HelloWorld";
  CHECK(PreAuthenticationEncoding(type, "hello world") ==
        "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  CHECK(PreAuthenticationEncoding("", "") == "DSSEv1 0  0 ");
  const auto key = PublicKey::FromPem(
      "-----BEGIN PUBLIC KEY-----\n"
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZ805D3eqNZywjCI19lInBJOp7YMr\n"
      "CrzAH3CVTAOQ0jgMeCvVTiaRJaRPRDOv8UMs6U4SvKc6pnrIDOoSYI3fdA==\n"
      "-----END PUBLIC KEY-----\n");
  REQUIRE_OK(key);
  const std::string head =
      R"({"payload": "aGVsbG8gd29ybGQ=", "payloadType": "http://example.com/HelloWorld",
          "signatures": [{"sig": ")";
  const auto raw = ParseEnvelope(head +
                                 "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJP"
                                 "cIAriEGAHTVeCUjW2JIZA==\"}]}");
  REQUIRE_OK(raw);
  CHECK(raw->payload == "hello world");
  CHECK_STATUS(VerifyEnvelope(*raw, type, std::vector{*key}), kUnauthenticated);
  const auto der = ParseEnvelope(head +
                                 "MEQCIANyarEBrVbCdjtsaqyOSHJ14qeRk6CdxfhZ2fjvPEo7AiBR6rDAajabZKciJ"
                                 "TfUiHqJPcIAriEGAHTVeCUjW2JIZA==\"}]}");
  REQUIRE_OK(der);
  CHECK(VerifyEnvelope(*der, type, std::vector{*key}).value() == std::vector<std::size_t>{0});
}

// Written by another program.
constexpr std::string_view kRecordEnvelope =
    R"({"payload":"eyJyZWNvcmQiOjF9","payloadType":"application/vnd.tributary.record.v1+json",)"
    R"("signatures":[{"keyid":"a050837d85070582ccf7394b0988847cc312cb88259b894899f6f239cf1791a5",)"
    R"("sig":"o0i2IPgPljke+2LRi27l2UKyh/+PQM76tYITkddCrBKrYrJGjQxuPSXDr7FP5AgL2FibkdNDDXJAf9Bt+r6)"
    R"(+CA=="}]})";

TEST_CASE("dsse: a record signed with Ed25519", "[signature]") {
  const auto envelope = ParseEnvelope(kRecordEnvelope);
  REQUIRE_OK(envelope);
  CHECK(envelope->payload_type == kRecordPayloadType);
  CHECK(envelope->payload == "{\"record\":1}");
  CHECK(FormatEnvelope(*envelope) == kRecordEnvelope);
  CHECK(VerifyEnvelope(*envelope, kRecordPayloadType, SamplePublicKeys()).value() ==
        std::vector<std::size_t>{0});
  CHECK(SignPayload(kRecordPayloadType, "{\"record\":1}", SampleSigningKeys()[0]) ==
        envelope->signatures[0]);
}

std::string ReadGolden(const std::string& name) {
  std::ifstream in(std::string(TRIBUTARY_ENVELOPES_FOLDER "/") + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST_CASE("dsse: the golden envelopes", "[signature][golden]") {
  const std::vector keys = {PublicKey::FromPem(ReadGolden("public_key.pem")).value()};
  const auto record = ParseEnvelope(ReadGolden("record.json"));
  REQUIRE_OK(record);
  CHECK(record->payload_type == kRecordPayloadType);
  CHECK(FormatEnvelope(*record) == ReadGolden("record.json"));
  CHECK_STATUS(DecodeRecord(record->payload), absl::StatusCode::kOk);
  CHECK(VerifyEnvelope(*record, kRecordPayloadType, keys).value() == std::vector<std::size_t>{0});
  const auto in_toto = ParseEnvelope(ReadGolden("in_toto.json"));
  REQUIRE_OK(in_toto);
  CHECK(in_toto->payload_type == kInTotoPayloadType);
  CHECK(in_toto->payload == ReadGolden("statement.json"));
  CHECK(VerifyEnvelope(*in_toto, kInTotoPayloadType, keys).value() == std::vector<std::size_t>{0});
  const auto statement = ParseInTotoStatement(in_toto->payload);
  REQUIRE_OK(statement);
  CHECK(statement->subjects[0].name == "model");
}

TEST_CASE("dsse: no changed byte is verified", "[signature]") {
  const auto keys = SamplePublicKeys();
  const Envelope good = ParseEnvelope(kRecordEnvelope).value();
  for (std::size_t i = 0; i < kRecordEnvelope.size(); ++i) {
    for (const char flip : {'\x01', '\x20'}) {
      std::string changed(kRecordEnvelope);
      changed[i] = static_cast<char>(changed[i] ^ flip);
      const auto envelope = ParseEnvelope(changed);
      if (!envelope.ok() || !VerifyEnvelope(*envelope, kRecordPayloadType, keys).ok()) continue;
      CAPTURE(i, changed);  // the key id is but a hint
      REQUIRE(envelope->payload == good.payload);
      REQUIRE(envelope->payload_type == good.payload_type);
      REQUIRE(envelope->signatures[0].bytes == good.signatures[0].bytes);
    }
  }
}

TEST_CASE("dsse: many signatures, each key once", "[signature]") {
  const auto signing_keys = SampleSigningKeys();
  Envelope envelope{"t", "p", {}};
  for (const std::size_t i : {2, 0, 0, 2}) {
    envelope.signatures.push_back(SignPayload("t", "p", signing_keys[i]));
  }
  envelope.signatures.push_back(SignPayload("t", "other", signing_keys[1]));
  envelope.signatures.push_back({"", "nonsense"});
  const auto keys = SamplePublicKeys();
  CHECK(VerifyEnvelope(envelope, envelope.payload_type, keys).value() ==
        std::vector<std::size_t>{0, 2});
  CHECK_STATUS(VerifyEnvelope(envelope, "t", std::vector{keys[1]}), kUnauthenticated);
  CHECK_STATUS(VerifyEnvelope(envelope, "t", {}), kUnauthenticated);
  CHECK(ParseEnvelope(FormatEnvelope(envelope)).value() == envelope);
}

TEST_CASE("dsse: a key id narrows the search and proves nothing", "[signature]") {
  const auto signing_keys = SampleSigningKeys();
  const auto keys = SamplePublicKeys();
  Envelope envelope{"t", "p", {SignPayload("t", "p", signing_keys[0])}};
  for (const std::string& hint : {std::string(), std::string("my key"), keys[0].id().ToHex()}) {
    envelope.signatures[0].key_id = hint;
    CHECK(VerifyEnvelope(envelope, envelope.payload_type, keys).value() ==
          std::vector<std::size_t>{0});
  }
  envelope.signatures[0].key_id = keys[1].id().ToHex();  // names another key that we know
  CHECK_STATUS(VerifyEnvelope(envelope, envelope.payload_type, keys), kUnauthenticated);
}

TEST_CASE("dsse: a signature over one type is none over another", "[signature]") {
  const auto keys = SamplePublicKeys();
  Envelope envelope = ParseEnvelope(kRecordEnvelope).value();
  envelope.payload_type = kInTotoPayloadType;
  CHECK_STATUS(VerifyEnvelope(envelope, envelope.payload_type, keys), kUnauthenticated);
  // The lengths keep type and payload apart.
  const SigningKey key = SampleSigningKeys()[0];
  envelope = {"t 1 x", "y", {SignPayload("t", "1 x 1 y", key)}};
  CHECK_STATUS(VerifyEnvelope(envelope, envelope.payload_type, keys), kUnauthenticated);
}

TEST_CASE("dsse: forms that are accepted", "[signature]") {
  const std::string json = GENERATE(values<std::string>({
      R"({"payload":"-_8=","payloadType":"t","signatures":[{"sig":"-_8="}]})",
      R"({"payload":"-_8","payloadType":"t","signatures":[{"sig":"-_8"}]})",
      R"( {"signatures" : [ {"sig":"+/8=","keyid":"","other":{}} ],
          "payloadType":"t", "more":[null,1.5], "payload":"+\/8="} )",
  }));
  CAPTURE(json);
  const auto envelope = ParseEnvelope(json);
  REQUIRE_OK(envelope);
  CHECK(*envelope == Envelope{"t", "\xfb\xff", {{"", "\xfb\xff"}}});
  CHECK_STATUS(ParseEnvelope(R"({"payload":"","payloadType":"t","signatures":[{"sig":""}]})"),
               absl::StatusCode::kOk);
}

TEST_CASE("dsse: forms that are refused", "[signature]") {
  const std::string long_type(256, 't');
  const std::string json = GENERATE_COPY(values<std::string>({
      "",
      "[]",
      R"({"payloadType":"t","signatures":[{"sig":""}]})",
      R"({"payload":"","signatures":[{"sig":""}]})",
      R"({"payload":"","payloadType":"t"})",
      R"({"payload":"","payloadType":"t","signatures":[]})",
      R"({"payload":"","payloadType":"t","signatures":{}})",
      R"({"payload":"","payloadType":"t","signatures":[""]})",
      R"({"payload":"","payloadType":"t","signatures":[{}]})",
      R"({"payload":"","payloadType":"t","signatures":[{"sig":null}]})",
      R"({"payload":"","payloadType":"t","signatures":[{"sig":"","keyid":null}]})",
      R"({"payload":"","payloadType":"t","signatures":[{"sig":"","sig":""}]})",
      R"({"payload":"","payload":"","payloadType":"t","signatures":[{"sig":""}]})",
      R"({"payload":"","payloadType":"","signatures":[{"sig":""}]})",
      R"({"payload":"","payloadType":")" + long_type + R"(","signatures":[{"sig":""}]})",
      R"({"payload":"+_8=","payloadType":"t","signatures":[{"sig":""}]})",
      R"({"payload":"Zh==","payloadType":"t","signatures":[{"sig":""}]})",
      R"({"payload":"Zm 9","payloadType":"t","signatures":[{"sig":""}]})",
      R"({"payload":["Zg=="],"payloadType":"t","signatures":[{"sig":""}]})",
      R"({"payload":"","payloadType":"t","signatures":[{"sig":""}]} x)",
  }));
  CAPTURE(json);
  CHECK_STATUS(ParseEnvelope(json), kInvalid);
}

TEST_CASE("dsse: limits by name", "[signature]") {
  Envelope envelope{"t", "", {}};
  envelope.signatures.assign(kEnvelopeSignatureCountMax, {"", "s"});
  CHECK_STATUS(ParseEnvelope(FormatEnvelope(envelope)), absl::StatusCode::kOk);
  envelope.signatures.push_back({"", "s"});
  CHECK_STATUS(ParseEnvelope(FormatEnvelope(envelope)), kInvalid);
  envelope.signatures.assign(1, {"", std::string(kEnvelopeSignatureSizeMax + 1, 's')});
  CHECK_STATUS(ParseEnvelope(FormatEnvelope(envelope)), kInvalid);
  envelope.signatures.assign(1, {std::string(kEnvelopeKeyIdSizeMax + 1, 'k'), "s"});
  CHECK_STATUS(ParseEnvelope(FormatEnvelope(envelope)), kInvalid);
  envelope.signatures.assign(1, {"", "s"});
  envelope.payload.assign(kEnvelopePayloadSizeMax, 'p');
  CHECK_STATUS(ParseEnvelope(FormatEnvelope(envelope)), absl::StatusCode::kOk);
  envelope.payload.push_back('p');
  CHECK_STATUS(ParseEnvelope(FormatEnvelope(envelope)), kInvalid);
  CHECK_STATUS(ParseEnvelope(std::string(kEnvelopeSizeMax + 1, ' ')), kInvalid);
  envelope.payload.clear();
  std::vector<PublicKey> many;
  for (std::size_t i = 0; i <= kEnvelopeKeyCountMax; ++i) {
    many.push_back(SigningKey::Generate(KeyAlgorithm::kEd25519).public_key());
  }
  const std::span<const PublicKey> most = std::span(many).first(kEnvelopeKeyCountMax);
  CHECK_STATUS(VerifyEnvelope(envelope, "t", most), kUnauthenticated);
  CHECK_STATUS(VerifyEnvelope(envelope, "t", many), kInvalid);
  envelope.signatures.assign(kEnvelopeSignatureCountMax + 1, {"", "s"});
  CHECK_STATUS(VerifyEnvelope(envelope, "t", most), kInvalid);
}

TEST_CASE("dsse: a key given twice does not make two signers of one", "[signature]") {
  const SigningKey key = SampleSigningKeys()[0];
  EnvelopeSignature unnamed = SignPayload("t", "p", key);
  unnamed.key_id.clear();
  const Envelope envelope{"t", "p", {unnamed, unnamed}};
  const auto twice = VerifyEnvelope(envelope, "t", std::vector(2, key.public_key()));
  CHECK_STATUS(twice, kInvalid);
  CHECK(std::string(twice.status().message()).starts_with("keys[1]: found key a050837d"));
}

TEST_CASE("dsse: an envelope of another type than the one expected is refused", "[signature]") {
  const Envelope envelope = ParseEnvelope(kRecordEnvelope).value();
  const auto other = VerifyEnvelope(envelope, kInTotoPayloadType, SamplePublicKeys());
  CHECK_STATUS(other, kInvalid);
  CHECK(std::string(other.status().message()).starts_with("payloadType: found "));
}

TEST_CASE("dsse: foreign signatures of other algorithms are passed over", "[signature]") {
  const SigningKey key = SampleSigningKeys()[0];
  for (const std::size_t size : {256, 512, 2420, 3309, 4627}) {  // RSA, ML-DSA
    const Envelope envelope{
        "t", "p", {{"", std::string(size, '\x30')}, SignPayload("t", "p", key)}};
    const auto read = ParseEnvelope(FormatEnvelope(envelope));
    CAPTURE(size);
    REQUIRE_OK(read);
    CHECK(VerifyEnvelope(*read, "t", SamplePublicKeys()).value() == std::vector<std::size_t>{0});
  }
}

// Each attempt hashes the payload.
TEST_CASE("dsse: the work that an envelope may ask for is bounded", "[signature]") {
  std::vector<PublicKey> keys;
  for (std::size_t i = 0; i + 1 < kEnvelopeKeyCountMax; ++i) {
    keys.push_back(SigningKey::Generate(KeyAlgorithm::kEd25519).public_key());
  }
  const SigningKey signer = SigningKey::Generate(KeyAlgorithm::kEd25519);
  keys.push_back(signer.public_key());
  const EnvelopeSignature foreign{"", std::string(kEd25519SignatureSize, '\x01')};
  Envelope envelope{"t", std::string(kEnvelopePayloadSizeMax, 'p'), {}};
  const EnvelopeSignature good = SignPayload("t", envelope.payload, signer);
  // Signatures that name their key, and such that no key given could have made, cost little.
  envelope.signatures.assign(kEnvelopeSignatureCountMax - 1, {"", "nonsense"});
  envelope.signatures.push_back(good);
  CHECK(VerifyEnvelope(envelope, "t", keys).value() == std::vector{keys.size() - 1});
  envelope.signatures.assign(kEnvelopeSignatureCountMax - 1, foreign);
  envelope.signatures.push_back(good);
  CHECK_STATUS(VerifyEnvelope(envelope, "t", keys), absl::StatusCode::kResourceExhausted);
  envelope.signatures.erase(envelope.signatures.begin(), envelope.signatures.end() - 4);
  CHECK(VerifyEnvelope(envelope, "t", keys).value() == std::vector{keys.size() - 1});
  // No small payload meets the limit.
  envelope.payload.resize(kEnvelopeHashedSizeMax / kEnvelopeSignatureCountMax /
                          kEnvelopeKeyCountMax / 64);
  envelope.signatures.assign(kEnvelopeSignatureCountMax - 1, foreign);
  envelope.signatures.push_back(SignPayload("t", envelope.payload, signer));
  CHECK(VerifyEnvelope(envelope, "t", keys).value() == std::vector{keys.size() - 1});
}

}  // namespace
}  // namespace tributary
