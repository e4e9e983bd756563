// Policies: what is read, what makes a quorum, and which heads hold.

#include "graph/log/policy.h"

#include <string>
#include <vector>

#include "tests/graph/log/samples.h"
#include "tests/support/catch.h"
#include "tests/support/status_codes.h"

namespace tributary {
namespace {

using test::kInvalid;

std::string Witness(const std::string& name, char number) {
  return "witness " + name + " " + test::WitnessKey(number).ToString() + "\n";
}
std::string Log() { return "log " + std::string(test::kLogVkey) + "\n"; }

TEST_CASE("policy: the golden file", "[log][golden]") {
  const auto policy = LogPolicy::Parse(test::ReadLogGolden("policy.txt"));
  REQUIRE_OK(policy);
  REQUIRE(policy->logs().size() == 1);
  CHECK(policy->logs()[0].key.name() == test::kOrigin);
  REQUIRE(policy->witnesses().size() == 3);
  CHECK(policy->witnesses()[0].name == "one");
  CHECK(policy->witnesses()[0].url == "https://witness.example/w1");
  CHECK(policy->witnesses()[2].key.name() == "witness.example/w3");
  CHECK(policy->IsQuorum({true, false, true}));
  CHECK(policy->IsQuorum({true, true, true}));
  CHECK_FALSE(policy->IsQuorum({false, false, true}));
}

TEST_CASE("policy: groups of groups", "[log]") {
  std::string text = Log();
  for (char i = 1; i <= 3; ++i)
    text += Witness("X" + std::string(1, static_cast<char>('0' + i)), i);
  for (char i = 4; i <= 6; ++i)
    text += Witness("Y" + std::string(1, static_cast<char>('0' + i)), i);
  text += "group X 2 X1 X2 X3\ngroup Y any Y4 Y5 Y6\ngroup both all X Y\nquorum both\n";
  const auto policy = LogPolicy::Parse(text);
  REQUIRE_OK(policy);
  for (unsigned bits = 0; bits < 64; ++bits) {
    std::vector<bool> cosigned;
    for (unsigned i = 0; i < 6; ++i) cosigned.push_back((bits >> i & 1) != 0);
    const int x = cosigned[0] + cosigned[1] + cosigned[2];
    const int y = cosigned[3] + cosigned[4] + cosigned[5];
    CAPTURE(bits);
    CHECK(policy->IsQuorum(cosigned) == (x >= 2 && y >= 1));
  }
}

TEST_CASE("policy: forms that are accepted", "[log]") {
  const std::string text = GENERATE_COPY(values<std::string>({
      "quorum none\n",
      "# only a comment\n\n \t \n  # another\nquorum\tnone\n",
      Witness("a", 1) + "quorum a\n",
      "  " + Witness("a", 1) + Witness("b", 2) + "group g 1 a\nquorum g\ngroup h any g b\n",
      Witness("w\xff", 1) + "quorum w\xff\n",  // bytes above 7F are opaque
      Log() + "quorum none\n" + Witness("a", 1),
      Witness("a#b", 1) + "quorum a#b\n",
  }));
  CAPTURE(text);
  CHECK_STATUS(LogPolicy::Parse(text), absl::StatusCode::kOk);
}

TEST_CASE("policy: forms that are refused, with the line", "[log]") {
  struct Refused {
    std::string text;
    int line;
  };
  const auto refused = GENERATE_COPY(values<Refused>({
      {"", 1},
      {"# nothing\n", 2},
      {"quorum none", 1},
      {"quorum none\nquorum none\n", 2},
      {"quorum\n", 1},
      {"quorum none none\n", 1},
      {"quorum a\n", 1},
      {"quorum a\n" + Witness("a", 1), 1},
      {"quorum none\r\n", 1},
      {"quorum\vnone\n", 1},
      {"quorum none\x7f\n", 1},
      {"Quorum none\n", 1},
      {"log\nquorum none\n", 1},
      {"log x\nquorum none\n", 1},
      {Log() + Log() + "quorum none\n", 2},
      {"log " + test::WitnessKey(1).ToString() + "\nquorum none\n", 1},
      {"witness a " + std::string(test::kLogVkey) + "\nquorum none\n", 1},
      {"witness a\nquorum none\n", 1},
      {Witness("a", 1).substr(0, 60) + "\nquorum none\n", 1},
      {Witness("none", 1) + "quorum none\n", 1},
      {Witness("a", 1) + Witness("a", 2) + "quorum a\n", 2},
      {Witness("a", 1) + Witness("b", 1) + "quorum a\n", 2},
      {Log() + "witness a " + test::CosigningLogKey().ToString() + "\nquorum a\n", 2},
      {"witness a " + test::CosigningLogKey().ToString() + "\n" + Log() + "quorum a\n", 2},
      {Witness("a", 1) + "group a any a\nquorum a\n", 2},
      {Witness("a", 1) + "group g any a a\nquorum g\n", 2},
      {Witness("a", 1) + "group g any a\ngroup h any a\nquorum g\n", 3},
      {Witness("a", 1) + "group g any g\nquorum g\n", 2},
      {Witness("a", 1) + "group g any none\nquorum g\n", 2},
      {Witness("a", 1) + "group g any\nquorum g\n", 2},
      {Witness("a", 1) + "group g 0 a\nquorum g\n", 2},
      {Witness("a", 1) + "group g 2 a\nquorum g\n", 2},
      {Witness("a", 1) + "group g 01 a\nquorum g\n", 2},
      {Witness("a", 1) + "group g most a\nquorum g\n", 2},
      {Witness("a", 1) + "group none any a\nquorum none\n", 2},
      {"log " + std::string(test::kLogVkey) + " https://a.example more\nquorum none\n", 1},
  }));
  CAPTURE(refused.text);
  const auto policy = LogPolicy::Parse(refused.text);
  CHECK_STATUS(policy, kInvalid);
  CHECK(std::string(policy.status().message())
            .starts_with("policy line " + std::to_string(refused.line) + ":"));
}

TEST_CASE("policy: entries and size are bounded", "[log]") {
  std::string text;
  for (std::size_t i = 0; i < kPolicyEntryCountMax; ++i) {
    text += Witness("w" + std::to_string(i), static_cast<char>(i + 1));
  }
  CHECK_STATUS(LogPolicy::Parse(text + "quorum w0\n"), absl::StatusCode::kOk);
  CHECK_STATUS(LogPolicy::Parse(text + Witness("more", 65) + "quorum w0\n"), kInvalid);
  CHECK_STATUS(LogPolicy::Parse("#" + std::string(kPolicySizeMax, 'x') + "\nquorum none\n"),
               kInvalid);
}

TEST_CASE("open checkpoint: the golden head", "[log][golden]") {
  const auto head = OpenCheckpoint(test::ReadLogGolden("checkpoint.txt"), test::GoldenPolicy());
  REQUIRE_OK(head);
  CHECK(head->checkpoint.origin == test::kOrigin);
  CHECK(head->checkpoint.tree_size == 3);
  using Cosigner = TrustedCheckpoint::Cosigner;
  CHECK(head->cosigners == std::vector<Cosigner>{{"one", 1767225700}, {"two", 1767225701}});
  CHECK(head->unknown_count == 0);
}

TEST_CASE("open checkpoint: too few witnesses make no quorum", "[log]") {
  Note note = ParseNote(test::ReadLogGolden("checkpoint.txt")).value();
  note.signatures.pop_back();
  CHECK_STATUS(OpenCheckpoint(FormatNote(note), test::GoldenPolicy()),
               absl::StatusCode::kFailedPrecondition);
  // One who is not in the policy does not count.
  note.signatures.push_back(
      SignCosignature(note.text, "witness.example/w4", test::WitnessSigningKey(4), 9));
  CHECK_STATUS(OpenCheckpoint(FormatNote(note), test::GoldenPolicy()),
               absl::StatusCode::kFailedPrecondition);
  note.signatures.push_back(
      SignCosignature(note.text, "witness.example/w3", test::WitnessSigningKey(3), 9));
  const auto head = OpenCheckpoint(FormatNote(note), test::GoldenPolicy());
  REQUIRE_OK(head);
  CHECK(head->unknown_count == 1);
}

TEST_CASE("open checkpoint: witnesses alone, or another log, do not make it good", "[log]") {
  const Note good = ParseNote(test::ReadLogGolden("checkpoint.txt")).value();
  Note note = good;
  note.signatures.erase(note.signatures.begin());
  CHECK_STATUS(OpenCheckpoint(FormatNote(note), test::GoldenPolicy()),
               absl::StatusCode::kUnauthenticated);
  CHECK_STATUS(OpenCheckpoint(FormatNote(good), {}, test::GoldenPolicy()),
               absl::StatusCode::kUnauthenticated);
  // The log's own key under a head that names another log.
  note = good;
  note.text = FormatCheckpoint({"lineage.example.com/other/1", 3, Sha256("r"), {}});
  note.signatures = {SignNote(note.text, test::kOrigin, test::LogSigningKey())};
  CHECK_STATUS(OpenCheckpoint(FormatNote(note), std::vector{test::LogKey()}, LogPolicy()),
               absl::StatusCode::kUnauthenticated);
  note = good;
  note.signatures[0].bytes[3] = static_cast<char>(note.signatures[0].bytes[3] ^ 1);
  CHECK_STATUS(OpenCheckpoint(FormatNote(note), test::GoldenPolicy()),
               absl::StatusCode::kUnauthenticated);
}

TEST_CASE("open checkpoint: a cosignature of the log's key is not the log's word", "[log]") {
  const std::string text = FormatCheckpoint({std::string(test::kOrigin), 1, Sha256("r"), {}});
  const std::string note =
      FormatNote({text, {SignCosignature(text, test::kOrigin, test::LogSigningKey(), 5)}});
  const auto opened = OpenCheckpoint(note, std::vector{test::CosigningLogKey()}, LogPolicy());
  CHECK_STATUS(opened, kInvalid);
  CHECK(opened.status().message() == "log_keys[0]: found a key of kind 4; allowed: kind 1");
  CHECK_STATUS(OpenCheckpoint(test::ReadLogGolden("checkpoint.txt"),
                              std::vector{test::LogKey(), test::CosigningLogKey()}, LogPolicy()),
               kInvalid);
}

TEST_CASE("open checkpoint: a log key is one of the policy's, and of none of its witnesses",
          "[log]") {
  const std::string other = "lineage.example.com/other/1";
  const auto key =
      VerifierKey::Create(other, NoteAlgorithm::kEd25519, test::LogSigningKey().public_key())
          .value();
  const std::string note = test::SignedHead(1, Sha256("r"), other);
  const auto opens = [&](const std::string& policy) {
    return OpenCheckpoint(note, std::vector{key}, LogPolicy::Parse(policy).value()).status();
  };
  CHECK_STATUS(opens("quorum none\n"), absl::StatusCode::kOk);
  CHECK_STATUS(opens("log " + key.ToString() + "\nquorum none\n"), absl::StatusCode::kOk);
  CHECK_STATUS(opens(Log() + "quorum none\n"), kInvalid);
  CHECK_STATUS(opens("witness w " + test::CosigningLogKey().ToString() + "\nquorum none\n"),
               kInvalid);
  CHECK_STATUS(OpenCheckpoint(test::ReadLogGolden("checkpoint.txt"), std::vector{test::LogKey()},
                              test::GoldenPolicy()),
               absl::StatusCode::kOk);
  // A policy without logs knows none by itself.
  CHECK_STATUS(OpenCheckpoint(note, LogPolicy()), absl::StatusCode::kUnauthenticated);
}

TEST_CASE("open checkpoint: a witness that cosigned twice counts once", "[log]") {
  Note note = ParseNote(test::ReadLogGolden("checkpoint.txt")).value();
  note.signatures[2] =
      SignCosignature(note.text, "witness.example/w1", test::WitnessSigningKey(1), 1767225799);
  CHECK_STATUS(OpenCheckpoint(FormatNote(note), test::GoldenPolicy()),
               absl::StatusCode::kFailedPrecondition);
  note.signatures.push_back(
      SignCosignature(note.text, "witness.example/w2", test::WitnessSigningKey(2), 5));
  const auto head = OpenCheckpoint(FormatNote(note), test::GoldenPolicy());
  REQUIRE_OK(head);
  using Cosigner = TrustedCheckpoint::Cosigner;
  CHECK(head->cosigners == std::vector<Cosigner>{{"one", 1767225799}, {"two", 5}});
}

TEST_CASE("open checkpoint: an empty tree has the empty root", "[log]") {
  const std::vector keys = {test::LogKey()};
  CHECK_STATUS(OpenCheckpoint(test::SignedHead(0, EmptyRoot()), keys, LogPolicy()),
               absl::StatusCode::kOk);
  CHECK_STATUS(OpenCheckpoint(test::SignedHead(0, Sha256("x")), keys, LogPolicy()), kInvalid);
}

}  // namespace
}  // namespace tributary
