// Signed notes: what is read, what is refused, whose signatures count.

#include "graph/log/note.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "tests/graph/log/samples.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"
#include "tests/support/status_codes.h"

namespace tributary {
namespace {

using test::kInvalid;
using test::kUnauthenticated;

// The example of C2SP signed-note.
constexpr std::string_view kExampleVkey =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
constexpr std::string_view kExampleNote =
    "This is an example message.\n\n\u2014 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
    "\n";

std::vector<VerifierKey> AllKeys() {
  return {test::LogKey(), test::WitnessKey(1), test::WitnessKey(2)};
}

TEST_CASE("note: the example of the specification", "[log]") {
  const auto key = VerifierKey::Parse(kExampleVkey);
  REQUIRE_OK(key);
  CHECK(key->name() == "example.com/foo");
  CHECK(key->key_id() == 0x530d903a);
  CHECK(key->ToString() == kExampleVkey);
  const auto note = ParseNote(kExampleNote);
  REQUIRE_OK(note);
  CHECK(note->text == "This is an example message.\n");
  CHECK(FormatNote(*note) == kExampleNote);
  const auto sorted = VerifySignatures(*note, std::vector{*key});
  REQUIRE_OK(sorted);
  CHECK(sorted->verified == std::vector<VerifiedSignature>{{0, 0, std::nullopt}});
  CHECK(sorted->unknown.empty());
}

TEST_CASE("note: the golden head, its signature and cosignatures", "[log][golden]") {
  const std::string bytes = test::ReadLogGolden("checkpoint.txt");
  const auto note = ParseNote(bytes);
  REQUIRE_OK(note);
  CHECK(FormatNote(*note) == bytes);
  const auto sorted = VerifySignatures(*note, AllKeys());
  REQUIRE_OK(sorted);
  CHECK(sorted->verified == std::vector<VerifiedSignature>{
                                {0, 0, std::nullopt}, {1, 1, 1767225700}, {2, 2, 1767225701}});
  // Ed25519 gives the same bytes: the same head signed here.
  const Note again{
      note->text,
      {SignNote(note->text, test::kOrigin, test::LogSigningKey()),
       SignCosignature(note->text, "witness.example/w1", test::WitnessSigningKey(1), 1767225700),
       SignCosignature(note->text, "witness.example/w2", test::WitnessSigningKey(2), 1767225701)}};
  CHECK(FormatNote(again) == bytes);
  CHECK(test::WitnessKey(1).ToString() == test::kWitnessVkey1);
  CHECK(test::WitnessKey(2).ToString() == test::kWitnessVkey2);
}

TEST_CASE("note: no changed byte is both read and verified by all", "[log]") {
  const std::string bytes = test::ReadLogGolden("checkpoint.txt");
  const auto keys = AllKeys();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const char flip : {'\x01', '\x20', '\x80'}) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      const auto note = ParseNote(changed);
      if (!note.ok()) continue;
      CAPTURE(i, changed);
      REQUIRE(FormatNote(*note) == changed);
      const auto sorted = VerifySignatures(*note, keys);
      REQUIRE((!sorted.ok() || sorted->verified.size() < keys.size()));
    }
  }
}

TEST_CASE("note: a signature of an unknown key says nothing", "[log]") {
  const auto note = ParseNote(test::ReadLogGolden("checkpoint.txt")).value();
  const auto sorted = VerifySignatures(note, std::vector{test::WitnessKey(2)});
  REQUIRE_OK(sorted);
  CHECK(sorted->verified == std::vector<VerifiedSignature>{{0, 2, 1767225701}});
  CHECK(sorted->unknown == std::vector{note.signatures[0], note.signatures[1]});
  CHECK(VerifySignatures(note, {})->verified.empty());
}

TEST_CASE("note: the same name with another key id, and the other way, is another key", "[log]") {
  Note note = ParseNote(test::ReadLogGolden("checkpoint.txt")).value();
  note.signatures.resize(1);
  note.signatures[0].key_id ^= 1;
  CHECK(VerifySignatures(note, AllKeys())->unknown.size() == 1);
  note.signatures[0].key_id ^= 1;
  note.signatures[0].name += "x";
  CHECK(VerifySignatures(note, AllKeys())->unknown.size() == 1);
}

TEST_CASE("note: a known key's signature that does not hold spoils the note", "[log]") {
  const Note good = ParseNote(test::ReadLogGolden("checkpoint.txt")).value();
  for (std::size_t i = 0; i < good.signatures.size(); ++i) {
    CAPTURE(i);
    Note note = good;
    note.signatures[i].bytes.back() = static_cast<char>(note.signatures[i].bytes.back() ^ 1);
    CHECK_STATUS(VerifySignatures(note, AllKeys()), kUnauthenticated);
    note = good;
    note.signatures[i].bytes.pop_back();
    CHECK_STATUS(VerifySignatures(note, AllKeys()), kUnauthenticated);
    note = good;
    note.text = "x" + note.text;
    CHECK_STATUS(VerifySignatures(note, AllKeys()), kUnauthenticated);
    // A second one is verified too, though the first would do.
    note = good;
    note.signatures.push_back(note.signatures[i]);
    note.signatures.back().bytes.back() =
        static_cast<char>(note.signatures.back().bytes.back() ^ 1);
    CHECK_STATUS(VerifySignatures(note, AllKeys()), kUnauthenticated);
  }
  Note other_time = good;
  other_time.signatures[1].bytes[7] = static_cast<char>(other_time.signatures[1].bytes[7] ^ 1);
  CHECK_STATUS(VerifySignatures(other_time, AllKeys()), kUnauthenticated);
  Note late = good;
  late.signatures[1].bytes[0] = '\x80';  // 2^63 s
  CHECK_STATUS(VerifySignatures(late, AllKeys()), kUnauthenticated);
}

TEST_CASE("note: a signature of one kind is none of the other", "[log]") {
  const std::string text = FormatCheckpoint({"a", 1, Sha256("r"), {}});
  const SigningKey key = test::WitnessSigningKey(1);
  NoteSignature plain = SignNote(text, "witness.example/w1", key);
  plain.key_id = test::WitnessKey(1).key_id();
  CHECK_STATUS(VerifySignatures({text, {plain}}, std::vector{test::WitnessKey(1)}),
               kUnauthenticated);
  const auto as_log =
      VerifierKey::Create("witness.example/w1", NoteAlgorithm::kEd25519, key.public_key()).value();
  NoteSignature cosignature = SignCosignature(text, "witness.example/w1", key, 5);
  CHECK(cosignature.key_id != as_log.key_id());
  cosignature.key_id = as_log.key_id();
  CHECK_STATUS(VerifySignatures({text, {cosignature}}, std::vector{as_log}), kUnauthenticated);
}

TEST_CASE("note: a known key counts once, and its newest cosignature wins", "[log]") {
  const std::string text = FormatCheckpoint({std::string(test::kOrigin), 1, Sha256("r"), {}});
  const auto cosign = [&](char number, std::uint64_t time_s) {
    return SignCosignature(text, test::WitnessKey(number).name(), test::WitnessSigningKey(number),
                           time_s);
  };
  const NoteSignature log = SignNote(text, test::kOrigin, test::LogSigningKey());
  const Note note{text,
                  {cosign(1, 7), log, cosign(2, 5), cosign(1, 9), cosign(3, 1), log, cosign(1, 8)}};
  const auto sorted = VerifySignatures(note, AllKeys());
  REQUIRE_OK(sorted);
  CHECK(sorted->verified ==
        std::vector<VerifiedSignature>{{1, 3, 9}, {0, 1, std::nullopt}, {2, 2, 5}});
  CHECK(sorted->unknown == std::vector{note.signatures[4]});
}

TEST_CASE("note: a cosignature of time 0 does not hold", "[log]") {
  const std::string text = FormatCheckpoint({std::string(test::kOrigin), 1, Sha256("r"), {}});
  const SigningKey key = test::WitnessSigningKey(1);
  const auto with_time = [&](char time_s) {
    NoteSignature signature = SignCosignature(text, "witness.example/w1", key, 1);
    signature.bytes = std::string(7, '\0') + time_s +
                      key.Sign("cosignature/v1\ntime " + std::to_string(time_s) + "\n" + text);
    return VerifySignatures({text, {signature}}, std::vector{test::WitnessKey(1)}).status();
  };
  CHECK_STATUS(with_time(1), absl::StatusCode::kOk);
  CHECK_STATUS(with_time(0), kUnauthenticated);
}

// Whether `call` ends its process by SIGABRT.
template <typename Call>
bool Aborts(const Call& call) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);
    ::close(STDERR_FILENO);
    call();
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

TEST_CASE("note: nothing is cosigned but a checkpoint, at a time", "[log]") {
  const std::string text = FormatCheckpoint({std::string(test::kOrigin), 1, Sha256("r"), {}});
  const auto sign = [](std::string_view some_text, std::uint64_t time_s) {
    return Aborts([&] {
      SignCosignature(some_text, "witness.example/w1", test::WitnessSigningKey(1), time_s);
    });
  };
  CHECK_FALSE(sign(text, 1));
  CHECK(sign(text, 0));
  CHECK(sign(text, std::uint64_t{1} << 63));
  CHECK(sign("a\n1\nx\n", 1));
  CHECK(sign("hello\n", 1));
}

constexpr std::string_view kLine = "\u2014 a AAAAAAA=\n";  // 5 bytes

TEST_CASE("note: forms that are accepted", "[log]") {
  const std::string line(kLine);
  const std::string bytes = GENERATE_COPY(values<std::string>({
      "text\n\n" + line,
      "\n\n" + line,                 // one empty line of text
      "a\n\n\nb\n\n" + line + line,  // the last empty line splits
      "a\n\n" + line + "\n" + line,  // signature lines within the text
      "t\x7f\n\n" + line,
      "t\n\n\u2014 na\u00efve.example/\u6c34 AAAAAAA=\n",
  }));
  CAPTURE(bytes);
  const auto note = ParseNote(bytes);
  REQUIRE_OK(note);
  CHECK(FormatNote(*note) == bytes);
}

TEST_CASE("note: forms that are refused", "[log]") {
  const std::string line(kLine);
  const std::string bytes = GENERATE_COPY(values<std::string>({
      "",
      "\n",
      "\n" + line,
      "text\n" + line,
      "text\n\n",
      "text\n\n" + line + "\n",
      "text\n\n" + line.substr(0, line.size() - 1),
      "text\r\n\n" + line,
      "te\txt\n\n" + line,
      std::string("te\0xt\n\n", 7) + line,
      "te\xff\n\n" + line,
      "te\xed\xa0\x80\n\n" + line,  // a surrogate
      "text\n\n- a AAAAAAA=\n",
      "text\n\n\u2014  a AAAAAAA=\n",
      "text\n\n\u2014 AAAAAAA=\n",
      "text\n\n\u2014 a AAAAAAA=\n\n\u2014 b\n",
      "text\n\n\u2014 a  AAAAAAA=\n",
      "text\n\n\u2014 a AAAAAAA= \n",
      "text\n\n\u2014 a+b AAAAAAA=\n",
      "text\n\n\u2014 a\u00a0b AAAAAAA=\n",
      "text\n\n\u2014 a\u3000 AAAAAAA=\n",
      "text\n\n\u2014 a AAAAAA==\n",  // a key id alone
      "text\n\n\u2014 a AAAAAAB=\n",  // bits left over
      "text\n\n\u2014 a AAAAAAA\n",
      "text\n\n\u2014 a AAAAA-A=\n",
  }));
  CAPTURE(bytes);
  CHECK_STATUS(ParseNote(bytes), kInvalid);
}

TEST_CASE("note: limits by name", "[log]") {
  std::string lines;
  for (std::size_t i = 0; i < kNoteSignatureCountMax; ++i) lines += kLine;
  CHECK_STATUS(ParseNote("t\n\n" + lines), absl::StatusCode::kOk);
  CHECK_STATUS(ParseNote("t\n\n" + lines + std::string(kLine)), kInvalid);
  const auto with_name = [](std::size_t size) {
    return "t\n\n\u2014 " + std::string(size, 'n') + " AAAAAAA=\n";
  };
  CHECK_STATUS(ParseNote(with_name(kKeyNameSizeMax)), absl::StatusCode::kOk);
  CHECK_STATUS(ParseNote(with_name(kKeyNameSizeMax + 1)), kInvalid);
  const auto with_signature = [](std::size_t size) {
    return FormatNote({"t\n", {{"n", 1, std::string(size, 's')}}});
  };
  CHECK_STATUS(ParseNote(with_signature(kNoteSignatureSizeMax)), absl::StatusCode::kOk);
  CHECK_STATUS(ParseNote(with_signature(kNoteSignatureSizeMax + 1)), kInvalid);
  const std::string line(kLine);
  const std::string full(kNoteSizeMax - line.size() - 2, 't');
  CHECK_STATUS(ParseNote(full + "\n\n" + line), absl::StatusCode::kOk);
  CHECK_STATUS(ParseNote(full + "t\n\n" + line), kInvalid);
}

TEST_CASE("vkey: what is refused", "[log]") {
  const std::string good(test::kLogVkey);
  REQUIRE_OK(VerifierKey::Parse(good));
  const std::string text = GENERATE_COPY(values<std::string>({
      "",
      "+",
      "++",
      good.substr(0, good.size() - 1),
      good + "=",
      " " + good,
      good + "\n",
      "lineage.example.com/acme/2" + good.substr(26),           // the id is of the name
      "lineage.example.com/acme/1+BEE55819" + good.substr(35),  // upper case
      "lineage.example.com/acme/1+bee5581a" + good.substr(35),
      "lineage.example.com/acme/1+bee55819+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
      "lineage.example.com/acme/1+bee55819+AgOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
      "lineage.example.com/acme/1+bee55819+AQ==",
      "+bee55819+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
  }));
  CAPTURE(text);
  CHECK_STATUS(VerifierKey::Parse(text), kInvalid);
}

TEST_CASE("key name: every space of Unicode is refused", "[log]") {
  for (const char* space :
       {" ",      "\t",     "\n",     "\v",     "\f",     "\r",     "\u0085", "\u00a0", "\u1680",
        "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008",
        "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "+"}) {
    CAPTURE(space);
    CHECK_FALSE(IsKeyName("a" + std::string(space) + "b"));
  }
  CHECK_FALSE(IsKeyName(""));
  CHECK_FALSE(IsKeyName("\xff"));
  CHECK(IsKeyName("a\u200bb"));  // zero width space has no White_Space property
  CHECK(IsKeyName("a"));
}

TEST_CASE("vkey: ECDSA keys have none here", "[log]") {
  const SigningKey key = SigningKey::Generate(KeyAlgorithm::kEcdsaP256);
  CHECK_STATUS(VerifierKey::Create("a", NoteAlgorithm::kEd25519, key.public_key()), kInvalid);
  CHECK_STATUS(
      VerifierKey::Create("a b", NoteAlgorithm::kEd25519, test::LogSigningKey().public_key()),
      kInvalid);
}

TEST_CASE("note: whatever is read is written again", "[log][property]") {
  test::Rng rng = test::SeededRng();
  const std::string good = test::ReadLogGolden("checkpoint.txt");
  int accepted = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    std::string bytes = good;
    for (std::uint64_t edits = rng.Between(1, 3); edits > 0; --edits) {
      const std::size_t at = rng.Below(bytes.size());
      switch (rng.Below(3)) {
        case 0:
          bytes.erase(at, rng.Between(1, 30));
          break;
        case 1:
          bytes.insert(at, bytes.substr(rng.Below(bytes.size()), rng.Between(1, 30)));
          break;
        default:
          bytes[at] = static_cast<char>(rng.Below(256));
      }
      if (bytes.empty()) bytes = good;
    }
    const auto note = ParseNote(bytes);
    if (!note.ok()) continue;
    ++accepted;
    CAPTURE(rng.seed(), trial, bytes);
    REQUIRE(FormatNote(*note) == bytes);
  }
  CHECK(accepted > 100);
}

}  // namespace
}  // namespace tributary
