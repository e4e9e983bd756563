// What a witness is asked, how it decides, and how the log reads its answer.

#include "graph/log/witness.h"

#include <span>
#include <string>
#include <vector>

#include "graph/log/lines.h"
#include "graph/model/base64.h"
#include "tests/graph/log/samples.h"
#include "tests/support/catch.h"
#include "tests/support/status_codes.h"

namespace tributary {
namespace {

using test::kInvalid;

const test::Leaves& AllLeaves() {
  static const test::Leaves leaves = test::NumberedLeaves(20);
  return leaves;
}
std::span<const std::string> First(std::size_t size) { return std::span(AllLeaves()).first(size); }
WitnessedHead Seen(std::size_t size) { return {size, test::ReferenceRoot(First(size))}; }

std::string Body(std::size_t old_size, std::size_t size) {
  const auto proof = old_size == 0 || old_size == size
                         ? std::vector<Digest>()
                         : test::ReferenceConsistency(old_size, First(size));
  return FormatAddCheckpoint(old_size, proof, test::SignedHead(First(size)));
}

int Judge(const std::string& body, const WitnessedHead& stored,
          const std::vector<VerifierKey>& keys = {test::LogKey()}) {
  const auto request = ParseAddCheckpoint(body);
  if (!request.ok()) return 400;
  return static_cast<int>(JudgeAddCheckpoint(*request, keys, stored).verdict);
}

TEST_CASE("witness: the golden request", "[log][golden]") {
  const std::string body = test::ReadLogGolden("add_checkpoint.txt");
  const auto request = ParseAddCheckpoint(body);
  REQUIRE_OK(request);
  CHECK(request->old_size() == 2);
  CHECK(request->proof().size() == 1);
  CHECK(request->checkpoint().tree_size == 3);
  CHECK(FormatAddCheckpoint(2, request->proof(), FormatNote(request->note())) == body);
  const auto before = ParseCheckpoint(ParseNote(test::ReadLogGolden("checkpoint_2.txt"))->text);
  REQUIRE_OK(before);
  CHECK(Judge(body, {2, before->root_hash}) == 200);
  // The cosignature that the golden head carries.
  const NoteSignature cosignature = SignCosignature(request->note().text, "witness.example/w1",
                                                    test::WitnessSigningKey(1), 1767225700);
  CHECK(cosignature == ParseNote(test::ReadLogGolden("checkpoint.txt"))->signatures[1]);
}

TEST_CASE("witness: cosigns every step of an honest log", "[log]") {
  for (std::size_t size = 0; size <= AllLeaves().size(); ++size) {
    for (std::size_t old_size = 0; old_size <= size; ++old_size) {
      CAPTURE(old_size, size);
      CHECK(Judge(Body(old_size, size), Seen(old_size)) == 200);
    }
  }
  CHECK(WitnessedHead{} == Seen(0));
}

TEST_CASE("witness: the status of every refusal", "[log]") {
  const std::string good = Body(5, 9);
  REQUIRE(Judge(good, Seen(5)) == 200);
  CHECK(Judge("", Seen(5)) == 400);
  CHECK(Judge(good, Seen(5), {}) == 404);
  CHECK(Judge(good, Seen(4)) == 409);
  CHECK(Judge(good, WitnessedHead{}) == 409);
  CHECK(Judge(Body(0, 9), Seen(5)) == 409);
  CHECK(Judge(good, {5, Sha256("another")}) == 422);
  // The old size is above that of the checkpoint, even where the witness has it.
  CHECK(Judge(FormatAddCheckpoint(9, {}, test::SignedHead(First(5))), Seen(9)) == 400);
  // A smaller tree: a rollback. The log must own up to what the witness has.
  CHECK(Judge(Body(3, 4), Seen(9)) == 409);
  // The same size with another root: a fork.
  CHECK(Judge(FormatAddCheckpoint(5, {}, test::SignedHead(5, Sha256("fork"))), Seen(5)) == 422);
  // A proof where none belongs, none where one does, one of another step.
  const auto proof = test::ReferenceConsistency(5, First(9));
  CHECK(Judge(FormatAddCheckpoint(0, proof, test::SignedHead(First(9))), WitnessedHead{}) == 422);
  CHECK(Judge(FormatAddCheckpoint(5, {}, test::SignedHead(First(9))), Seen(5)) == 422);
  CHECK(Judge(FormatAddCheckpoint(5, proof, test::SignedHead(First(10))), Seen(5)) == 422);
  CHECK(Judge(FormatAddCheckpoint(0, {}, test::SignedHead(0, Sha256("x"))), WitnessedHead{}) ==
        422);
}

TEST_CASE("witness: who has not signed as the log gets 403", "[log]") {
  const std::string text = FormatCheckpoint({std::string(test::kOrigin), 1, Sha256("r"), {}});
  const auto body = [&](const NoteSignature& signature) {
    return FormatAddCheckpoint(0, {}, FormatNote({text, {signature}}));
  };
  REQUIRE(Judge(body(SignNote(text, test::kOrigin, test::LogSigningKey())), WitnessedHead{}) ==
          200);
  CHECK(Judge(body(SignNote(text, test::kOrigin, test::WitnessSigningKey(1))), WitnessedHead{}) ==
        403);
  CHECK(Judge(body(SignNote(text, "another", test::LogSigningKey())), WitnessedHead{}) == 403);
  NoteSignature bad = SignNote(text, test::kOrigin, test::LogSigningKey());
  bad.bytes[0] = static_cast<char>(bad.bytes[0] ^ 1);
  CHECK(Judge(body(bad), WitnessedHead{}) == 403);
  // A trusted key, but of another origin.
  const auto other =
      VerifierKey::Create("another", NoteAlgorithm::kEd25519, test::LogSigningKey().public_key());
  CHECK(Judge(body(SignNote(text, "another", test::LogSigningKey())), WitnessedHead{}, {*other}) ==
        403);
}

TEST_CASE("witness: a cosignature is no signature of the log", "[log]") {
  const std::string text = FormatCheckpoint({std::string(test::kOrigin), 1, Sha256("r"), {}});
  const std::string body = FormatAddCheckpoint(
      0, {}, FormatNote({text, {SignCosignature(text, test::kOrigin, test::LogSigningKey(), 5)}}));
  CHECK(Judge(body, WitnessedHead{}, {test::CosigningLogKey()}) == 403);
  CHECK(Judge(Body(0, 1), WitnessedHead{}, {test::LogKey(), test::CosigningLogKey()}) == 403);
}

TEST_CASE("witness: requests that are refused", "[log]") {
  const std::string note = test::SignedHead(First(9));
  const std::string hash = ToBase64(Sha256("x").view()) + "\n";
  std::string many;
  for (std::size_t i = 0; i <= kProofNodeCountMax; ++i) many += hash;
  const std::string body = GENERATE_COPY(values<std::string>({
      "old 5",
      "old 5\n",
      "old 5\n\n",
      "old 05\n\n" + note,
      "old -1\n\n" + note,
      "old  5\n\n" + note,
      "old 5 \n\n" + note,
      "old\n\n" + note,
      "new 5\n\n" + note,
      "old 9223372036854775808\n\n" + note,
      "old 5\n" + hash.substr(1) + "\n" + note,
      "old 5\n" + hash + note,
      "old 5\n" + many + "\n" + note,
      "old 5\n\n" + note + "\n",
      "old 5\r\n\n" + note,
      "\nold 5\n\n" + note,
  }));
  CAPTURE(body);
  CHECK_STATUS(ParseAddCheckpoint(body), kInvalid);
}

TEST_CASE("witness: the size in a conflict", "[log]") {
  CHECK(FormatConflict(20852014) == "20852014\n");
  CHECK(ParseConflict("20852014\n").value() == 20852014);
  CHECK(ParseConflict("0\n").value() == 0);
  const std::string_view bad = GENERATE(values<std::string_view>(
      {"", "\n", "5", "05\n", "5\n\n", "5 \n", "-5\n", "9223372036854775808\n"}));
  CAPTURE(bad);
  CHECK_STATUS(ParseConflict(bad), kInvalid);
}

TEST_CASE("witness: the log takes only cosignatures that it can check", "[log]") {
  const std::string text = FormatCheckpoint({std::string(test::kOrigin), 1, Sha256("r"), {}});
  const std::vector keys = {test::WitnessKey(1), test::WitnessKey(2)};
  const auto line = [&](char number, std::uint64_t time_s) {
    return FormatSignatureLine(SignCosignature(text, test::WitnessKey(number).name(),
                                               test::WitnessSigningKey(number), time_s));
  };
  const auto both = ReadCosignatures(line(1, 7) + line(3, 8) + line(2, 9), text, keys);
  REQUIRE_OK(both);
  REQUIRE(both->size() == 2);
  CHECK(FormatSignatureLine((*both)[0]) + FormatSignatureLine((*both)[1]) ==
        line(1, 7) + line(2, 9));
  CHECK_STATUS(ReadCosignatures("", text, keys), kInvalid);
  CHECK_STATUS(ReadCosignatures(line(1, 7) + "\n", text, keys), kInvalid);
  CHECK_STATUS(ReadCosignatures(line(3, 7), text, keys), absl::StatusCode::kUnauthenticated);
  const auto newest = ReadCosignatures(line(1, 7) + line(1, 9) + line(1, 8), text, keys);
  REQUIRE_OK(newest);
  REQUIRE(newest->size() == 1);
  CHECK(FormatSignatureLine((*newest)[0]) == line(1, 9));
  NoteSignature timeless = ParseSignatureLines(line(1, 7))->front();
  timeless.bytes =
      std::string(8, '\0') + test::WitnessSigningKey(1).Sign("cosignature/v1\ntime 0\n" + text);
  CHECK_STATUS(ReadCosignatures(FormatSignatureLine(timeless), text, keys),
               absl::StatusCode::kUnauthenticated);
  CHECK_STATUS(ReadCosignatures(line(1, 7), text, std::vector{test::LogKey()}), kInvalid);
  CHECK_STATUS(ReadCosignatures(line(1, 7), text + "x\n", keys),
               absl::StatusCode::kUnauthenticated);
}

}  // namespace
}  // namespace tributary
