// Proofs in one file that a record stands in a log.

#include "graph/log/log_proof.h"

#include <string>
#include <vector>

#include "graph/model/base64.h"
#include "tests/graph/log/samples.h"
#include "tests/support/catch.h"
#include "tests/support/status_codes.h"

namespace tributary {
namespace {

using test::kInvalid;

TEST_CASE("log proof: the golden one", "[log][golden]") {
  const std::string text = test::ReadLogGolden("record.tlog-proof");
  const auto proof = ParseLogProof(text);
  REQUIRE_OK(proof);
  CHECK(FormatLogProof(*proof) == text);
  CHECK(proof->index == 1);
  CHECK(proof->nodes.size() == 2);
  CHECK(proof->extra == FormatProofTime(TimeMs{1767225600001}));
  CHECK(proof->checkpoint == test::ReadLogGolden("checkpoint.txt"));
  const auto proven = VerifyRecordProof(*proof, test::ReadLogGolden("record.json"), test::LogKeys(),
                                        test::GoldenPolicy());
  REQUIRE_OK(proven);
  CHECK(proven->leaf.record_id == Sha256("{\"record\":1}"));
  CHECK(proven->leaf.accepted_time.value == 1767225600001);
  CHECK(proven->head.checkpoint.tree_size == 3);
  CHECK(proven->head.cosigners.size() == 2);
}

TEST_CASE("log proof: no changed byte gives another answer", "[log]") {
  const std::string text = test::ReadLogGolden("record.tlog-proof");
  const std::string record = test::ReadLogGolden("record.json");
  const LogPolicy policy = test::GoldenPolicy();
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char flip : {'\x01', '\x04', '\x20', '\x80'}) {
      std::string changed = text;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      const auto proof = ParseLogProof(changed);
      if (!proof.ok()) continue;
      CAPTURE(i, changed);
      REQUIRE(FormatLogProof(*proof) == changed);
      REQUIRE_FALSE(VerifyRecordProof(*proof, record, test::LogKeys(), policy).ok());
    }
  }
}

TEST_CASE("log proof: another record, time, place or path is refused", "[log]") {
  const LogProof good = ParseLogProof(test::ReadLogGolden("record.tlog-proof")).value();
  const LogPolicy policy;
  const auto verify = [&](const LogProof& proof, std::string_view record = "{\"record\":1}") {
    return VerifyRecordProof(proof, record, test::LogKeys(), policy).status();
  };
  CHECK_STATUS(verify(good), absl::StatusCode::kOk);
  CHECK_STATUS(verify(good, "{\"record\":2}"), kInvalid);
  LogProof proof = good;
  proof.extra = FormatProofTime(TimeMs{1767225600002});
  CHECK_STATUS(verify(proof), kInvalid);
  proof.extra = "";
  CHECK_STATUS(verify(proof), kInvalid);
  proof.extra = good.extra + "x";
  CHECK_STATUS(verify(proof), kInvalid);
  proof = good;
  for (const std::uint64_t index : {0, 2, 3, 4}) {
    proof.index = index;
    CHECK_STATUS(verify(proof), kInvalid);
  }
  proof = good;
  proof.nodes.pop_back();
  CHECK_STATUS(verify(proof), kInvalid);
  proof = good;
  proof.nodes.push_back(proof.nodes[0]);
  CHECK_STATUS(verify(proof), kInvalid);
  proof = good;
  proof.checkpoint = test::ReadLogGolden("fork.txt");
  CHECK_STATUS(verify(proof), kInvalid);
  proof = good;
  CHECK_STATUS(VerifyRecordProof(good, "{\"record\":1}", {}, policy),
               absl::StatusCode::kUnauthenticated);
}

TEST_CASE("log proof: the logs are those of the policy", "[log]") {
  const LogProof proof = ParseLogProof(test::ReadLogGolden("record.tlog-proof")).value();
  const std::string record = test::ReadLogGolden("record.json");
  const std::string leaf_data = std::string(Sha256(record).view()) + proof.extra;
  CHECK_STATUS(VerifyRecordProof(proof, record, test::GoldenPolicy()), absl::StatusCode::kOk);
  CHECK_STATUS(VerifyLogProof(proof, leaf_data, test::GoldenPolicy()), absl::StatusCode::kOk);
  const auto another = VerifierKey::Create("another.example/1", NoteAlgorithm::kEd25519,
                                           test::WitnessSigningKey(9).public_key())
                           .value();
  const LogPolicy policy =
      LogPolicy::Parse("log " + another.ToString() + "\nquorum none\n").value();
  CHECK_STATUS(VerifyRecordProof(proof, record, test::LogKeys(), policy), kInvalid);
  CHECK_STATUS(VerifyLogProof(proof, leaf_data, test::LogKeys(), policy), kInvalid);
  CHECK_STATUS(VerifyRecordProof(proof, record, policy), absl::StatusCode::kUnauthenticated);
  CHECK_STATUS(VerifyRecordProof(proof, record, LogPolicy()), absl::StatusCode::kUnauthenticated);
}

TEST_CASE("log proof: a node does not pose as a leaf", "[log]") {
  const LogProof good = ParseLogProof(test::ReadLogGolden("record.tlog-proof")).value();
  // The inner node over leaves 0 and 1, shown as a leaf of a tree of two.
  const auto tile = ParseHashTile(test::ReadLogGoldenHex("tile_0_000.p_3.hex"), 3).value();
  const std::string node = std::string(tile[0].view()) + std::string(tile[1].view());
  LogProof proof{"", 0, {tile[2]}, good.checkpoint};
  CHECK_STATUS(VerifyLogProof(proof, node, test::LogKeys(), LogPolicy()), kInvalid);
  proof.checkpoint = test::SignedHead(2, NodeHash(NodeHash(tile[0], tile[1]), tile[2]));
  CHECK_STATUS(VerifyLogProof(proof, node, test::LogKeys(), LogPolicy()), kInvalid);
}

TEST_CASE("log proof: forms that are accepted", "[log]") {
  const std::string note = test::SignedHead(1, LeafHash("leaf"));
  const std::string text = GENERATE_COPY("c2sp.org/tlog-proof@v1\nindex 0\n\n" + note,
                                         "c2sp.org/tlog-proof@v1\nextra eA==\nindex 0\n\n" + note);
  CAPTURE(text);
  const auto proof = ParseLogProof(text);
  REQUIRE_OK(proof);
  CHECK(FormatLogProof(*proof) == text);
  CHECK_STATUS(VerifyLogProof(*proof, "leaf", test::LogKeys(), LogPolicy()), absl::StatusCode::kOk);
}

TEST_CASE("log proof: forms that are refused", "[log]") {
  const std::string note = test::SignedHead(1, LeafHash("leaf"));
  const std::string head = "c2sp.org/tlog-proof@v1\n";
  const std::string hash = ToBase64(LeafHash("leaf").view());
  std::string many;
  for (int i = 0; i < 64; ++i) many += hash + "\n";
  const std::string text = GENERATE_COPY(values<std::string>({
      "",
      head,
      head + "index 0\n",
      head + "index 0\n\n",
      head + "index 0\n" + note,
      head + "\nindex 0\n\n" + note,
      "c2sp.org/tlog-proof@v2\nindex 0\n\n" + note,
      "c2sp.org/tlog-proof@v1\r\nindex 0\n\n" + note,
      head + "index 00\n\n" + note,
      head + "index -1\n\n" + note,
      head + "index  0\n\n" + note,
      head + "index 9223372036854775808\n\n" + note,
      head + "extra \nindex 0\n\n" + note,
      head + "extra x\nindex 0\n\n" + note,
      head + "extra eA==\nextra eA==\nindex 0\n\n" + note,
      head + "index 0\nextra eA==\n\n" + note,
      head + "index 0\n" + hash.substr(1) + "\n\n" + note,
      head + "index 0\n" + many + "\n" + note,
      head + "index 0\n\n" + note + "\n",
      head + "index 0\n\n" + note.substr(0, note.size() - 1),
      head + "index 0\n\nnot a checkpoint\n\n\u2014 a AAAAAAA=\n",
  }));
  CAPTURE(text);
  CHECK_STATUS(ParseLogProof(text), kInvalid);
}

}  // namespace
}  // namespace tributary
