#include "graph/log/note.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/escaping.h"
#include "graph/log/checkpoint.h"
#include "graph/log/lines.h"
#include "graph/model/canonical_json.h"
#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

constexpr std::string_view kSignatureStart = "\u2014 ";  // em dash
constexpr std::size_t kKeyIdSize = 4;
constexpr std::size_t kTimeSize = 8;

// White space of Unicode in UTF-8, but for control characters, which no name may have anyway.
constexpr std::array<std::string_view, 20> kSpaces = {
    " ",      "\u0085", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002",
    "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009",
    "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};

bool HasSpace(std::string_view text) {
  return std::any_of(kSpaces.begin(), kSpaces.end(), [&](std::string_view space) {
    return text.find(space) != std::string_view::npos;
  });
}

// Of any text, the one that C2SP wants to see: valid UTF-8 and no control character but "\n".
bool IsNoteText(std::string_view text) {
  return IsValidUtf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 && c != '\n';
         });
}

std::uint32_t ComputeKeyId(std::string_view name, NoteAlgorithm algorithm,
                           std::string_view raw_key) {
  const char kind = static_cast<char>(algorithm);
  const Digest digest = Sha256({name, "\n", std::string_view(&kind, 1), raw_key});
  return static_cast<std::uint32_t>(ReadBigEndian(digest.view().substr(0, kKeyIdSize)));
}

absl::Status NoteLineError(std::size_t line, std::string_view found, std::string_view allowed) {
  return InvalidField(StrCat("note line ", line), found, allowed);
}

std::size_t LineCount(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// `line_number` counts from 1, for messages.
absl::StatusOr<NoteSignature> ParseSignatureLine(std::string_view line, std::size_t line_number) {
  if (!line.starts_with(kSignatureStart)) {
    return NoteLineError(line_number, Quoted(line),
                         "a signature: an em dash, a space, a key name …");
  }
  line.remove_prefix(kSignatureStart.size());
  const std::size_t space = line.find(' ');
  const std::string_view name = line.substr(0, space);
  if (space == std::string_view::npos || !IsKeyName(name)) {
    return NoteLineError(line_number, Quoted(line), "a key name, a space and base64");
  }
  const auto bytes = FromBase64(line.substr(space + 1));
  if (!bytes.has_value() || bytes->size() <= kKeyIdSize) {
    return NoteLineError(line_number, Quoted(line.substr(space + 1)),
                         "base64 of a key id (4 bytes) and a signature");
  }
  if (bytes->size() > kKeyIdSize + kNoteSignatureSizeMax) {
    return NoteLineError(line_number, StrCat(bytes->size() - kKeyIdSize, " bytes of signature"),
                         StrCat("at most ", kNoteSignatureSizeMax));
  }
  return NoteSignature{
      std::string(name),
      static_cast<std::uint32_t>(ReadBigEndian(std::string_view(*bytes).substr(0, kKeyIdSize))),
      bytes->substr(kKeyIdSize)};
}

absl::StatusOr<std::vector<NoteSignature>> ParseLines(std::string_view lines,
                                                      std::size_t line_number) {
  std::vector<NoteSignature> signatures;
  while (!lines.empty()) {
    const auto line = TakeLine(&lines);
    if (!line.has_value()) return NoteLineError(line_number, "no line feed", "one at the end");
    if (signatures.size() == kNoteSignatureCountMax) {
      return NoteLineError(line_number, "another signature",
                           StrCat("at most ", kNoteSignatureCountMax));
    }
    TRIBUTARY_ASSIGN_OR_RETURN(NoteSignature signature, ParseSignatureLine(*line, line_number));
    signatures.push_back(std::move(signature));
    ++line_number;
  }
  if (signatures.empty()) return NoteLineError(line_number, "no signature", "at least one");
  return signatures;
}

// What is signed by a cosignature/v1.
std::string CosignedMessage(std::string_view text, std::uint64_t time_s) {
  return StrCat("cosignature/v1\ntime ", time_s, "\n", text);
}

absl::StatusOr<VerifiedSignature> VerifyOne(std::string_view text, const NoteSignature& signature,
                                            const VerifierKey& key, std::size_t key_index,
                                            std::size_t signature_index) {
  VerifiedSignature verified{key_index, signature_index, std::nullopt};
  std::string_view bytes = signature.bytes;
  absl::Status status;
  if (key.algorithm() == NoteAlgorithm::kEd25519) {
    status = key.public_key().Verify(text, bytes);
  } else if (bytes.size() != kTimeSize + kEd25519SignatureSize) {
    status = InvalidField("signature", StrCat(bytes.size(), " bytes"),
                          "a time of 8 bytes and 64 bytes of Ed25519");
  } else {
    const std::uint64_t time_s = ReadBigEndian(bytes.substr(0, kTimeSize));
    if (time_s == 0 || time_s > kTreeSizeMax) {
      status = InvalidField("time", StrCat(time_s), "1 to 2^63 - 1");
    } else {
      verified.time_s = time_s;
      status = key.public_key().Verify(CosignedMessage(text, time_s), bytes.substr(kTimeSize));
    }
  }
  if (!status.ok()) {
    return FieldError(absl::StatusCode::kUnauthenticated, StrCat("signature by ", key.name()),
                      FromAbsl(status.message()), "one that holds");
  }
  return verified;
}

}  // namespace

bool IsKeyName(std::string_view name) {
  return !name.empty() && name.size() <= kKeyNameSizeMax && IsNoteText(name) && !HasSpace(name) &&
         name.find_first_of("+\n") == std::string_view::npos;
}

VerifierKey::VerifierKey(std::string_view name, NoteAlgorithm algorithm,
                         const PublicKey& public_key)
    : name_(name),
      key_id_(ComputeKeyId(name, algorithm, public_key.Raw())),
      algorithm_(algorithm),
      public_key_(public_key) {}

absl::StatusOr<VerifierKey> VerifierKey::Create(std::string_view name, NoteAlgorithm algorithm,
                                                const PublicKey& public_key) {
  if (!IsKeyName(name)) {
    return InvalidField("key name", Quoted(name),
                        "UTF-8 without spaces, control characters or \"+\"");
  }
  if (public_key.algorithm() != KeyAlgorithm::kEd25519) {
    return InvalidField("public_key", ToName(public_key.algorithm()), "ed25519");
  }
  return VerifierKey(name, algorithm, public_key);
}

absl::StatusOr<VerifierKey> VerifierKey::Parse(std::string_view vkey) {
  const auto error = [&](std::string_view found) {
    return InvalidField("vkey", found, "<key name>+<key id in hex>+<base64 of kind and key>");
  };
  const std::size_t first = vkey.find('+');
  if (first == std::string_view::npos) return error(Quoted(vkey));
  const std::size_t second = vkey.find('+', first + 1);
  if (second == std::string_view::npos) return error(Quoted(vkey));
  const auto bytes = FromBase64(vkey.substr(second + 1));
  if (!bytes.has_value() || bytes->empty()) return error(Quoted(vkey));
  const auto algorithm = static_cast<NoteAlgorithm>(bytes->front());
  if (algorithm != NoteAlgorithm::kEd25519 && algorithm != NoteAlgorithm::kCosignatureV1) {
    return InvalidField(
        "vkey", StrCat("kind ", static_cast<int>(static_cast<unsigned char>(bytes->front()))),
        "1 (Ed25519) or 4 (cosignature/v1)");
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const PublicKey key, PublicKey::FromEd25519(bytes->substr(1)));
  TRIBUTARY_ASSIGN_OR_RETURN(VerifierKey result, Create(vkey.substr(0, first), algorithm, key));
  if (result.ToString() != vkey) {
    return error(StrCat("key id ", Quoted(vkey.substr(first + 1, second - first - 1))));
  }
  return result;
}

std::string VerifierKey::ToString() const {
  std::string id;
  AppendBigEndian(key_id_, kKeyIdSize, &id);
  std::string kind_and_key(1, static_cast<char>(algorithm_));
  kind_and_key += public_key_.Raw();
  return StrCat(name_, "+", absl::BytesToHexString(ToAbsl(id)), "+", ToBase64(kind_and_key));
}

absl::Status CheckKinds(std::span<const VerifierKey> keys, NoteAlgorithm algorithm,
                        std::string_view field) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].algorithm() == algorithm) continue;
    return InvalidField(StrCat(field, "[", i, "]"),
                        StrCat("a key of kind ", static_cast<int>(keys[i].algorithm())),
                        StrCat("kind ", static_cast<int>(algorithm)));
  }
  return absl::OkStatus();
}

absl::StatusOr<Note> ParseNote(std::string_view bytes) {
  if (bytes.size() > kNoteSizeMax) {
    return InvalidField("note", StrCat(bytes.size(), " bytes"), StrCat("at most ", kNoteSizeMax));
  }
  if (!IsNoteText(bytes)) {
    return InvalidField("note", "other bytes", "UTF-8 without control characters but line feeds");
  }
  const std::size_t split = bytes.rfind("\n\n");
  if (split == std::string_view::npos) {
    return InvalidField("note", "no empty line", "one between text and signatures");
  }
  Note note;
  note.text = bytes.substr(0, split + 1);
  TRIBUTARY_ASSIGN_OR_RETURN(note.signatures,
                             ParseLines(bytes.substr(split + 2), LineCount(note.text) + 2));
  return note;
}

std::string FormatSignatureLine(const NoteSignature& signature) {
  std::string bytes;
  AppendBigEndian(signature.key_id, kKeyIdSize, &bytes);
  bytes += signature.bytes;
  return StrCat(kSignatureStart, signature.name, " ", ToBase64(bytes), "\n");
}

std::string FormatNote(const Note& note) {
  std::string bytes = StrCat(note.text, "\n");
  for (const NoteSignature& signature : note.signatures) bytes += FormatSignatureLine(signature);
  return bytes;
}

absl::StatusOr<std::vector<NoteSignature>> ParseSignatureLines(std::string_view lines) {
  if (lines.size() > kNoteSizeMax || !IsNoteText(lines)) {
    return InvalidField("signature lines", StrCat(lines.size(), " bytes"),
                        StrCat("at most ", kNoteSizeMax, " bytes of UTF-8"));
  }
  return ParseLines(lines, 1);
}

absl::StatusOr<SortedSignatures> VerifySignatures(const Note& note,
                                                  std::span<const VerifierKey> keys) {
  SortedSignatures sorted;
  for (std::size_t i = 0; i < note.signatures.size(); ++i) {
    const NoteSignature& signature = note.signatures[i];
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const VerifierKey& candidate) {
      return candidate.key_id() == signature.key_id && candidate.name() == signature.name;
    });
    if (key == keys.end()) {
      sorted.unknown.push_back(signature);
      continue;
    }
    const auto index = static_cast<std::size_t>(key - keys.begin());
    TRIBUTARY_ASSIGN_OR_RETURN(const VerifiedSignature verified,
                               VerifyOne(note.text, signature, *key, index, i));
    const auto earlier = std::find_if(
        sorted.verified.begin(), sorted.verified.end(),
        [&](const VerifiedSignature& candidate) { return candidate.key_index == index; });
    if (earlier == sorted.verified.end()) {
      sorted.verified.push_back(verified);
    } else if (verified.time_s > earlier->time_s) {
      *earlier = verified;
    }
  }
  return sorted;
}

NoteSignature SignNote(std::string_view text, std::string_view name, const SigningKey& key) {
  TRIBUTARY_CHECK(IsKeyName(name) && IsNoteText(text) && text.ends_with('\n'));
  TRIBUTARY_CHECK(key.public_key().algorithm() == KeyAlgorithm::kEd25519);
  return {std::string(name), ComputeKeyId(name, NoteAlgorithm::kEd25519, key.public_key().Raw()),
          key.Sign(text)};
}

NoteSignature SignCosignature(std::string_view text, std::string_view name, const SigningKey& key,
                              std::uint64_t time_s) {
  TRIBUTARY_CHECK(IsKeyName(name) && IsNoteText(text) && text.ends_with('\n'));
  TRIBUTARY_CHECK(key.public_key().algorithm() == KeyAlgorithm::kEd25519);
  TRIBUTARY_CHECK(time_s > 0 && time_s <= kTreeSizeMax);
  TRIBUTARY_CHECK(ParseCheckpoint(text).ok());
  NoteSignature signature{std::string(name),
                          ComputeKeyId(name, NoteAlgorithm::kCosignatureV1, key.public_key().Raw()),
                          ""};
  AppendBigEndian(time_s, kTimeSize, &signature.bytes);
  signature.bytes += key.Sign(CosignedMessage(text, time_s));
  return signature;
}

}  // namespace tributary
