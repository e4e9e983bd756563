// The golden log of three records, its keys, and a tree to make others from.

#pragma once

#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/log/checkpoint.h"
#include "graph/log/note.h"
#include "graph/log/policy.h"
#include "graph/merkle/merkle.h"
#include "graph/signature/signing_key.h"
#include "tests/graph/merkle/reference_tree.h"
#include "tests/support/hex.h"

namespace tributary::test {

inline constexpr std::string_view kOrigin = "lineage.example.com/acme/1";
inline constexpr std::string_view kLogVkey =
    "lineage.example.com/acme/1+bee55819+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
inline constexpr std::string_view kWitnessVkey1 =
    "witness.example/w1+0ad7d35e+BIqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
inline constexpr std::string_view kWitnessVkey2 =
    "witness.example/w2+92e6b37c+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU";

inline std::string ReadLogGolden(const std::string& name) {
  std::ifstream in(std::string(TRIBUTARY_LOG_FOLDER "/") + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}
inline std::string ReadLogGoldenHex(const std::string& name) {
  std::string hex = ReadLogGolden(name);
  hex.pop_back();  // the line feed
  return FromHex(hex);
}

inline SigningKey LogSigningKey() {
  std::string seed;
  for (char byte = 0; byte < 32; ++byte) seed.push_back(byte);
  return SigningKey::FromEd25519Seed(seed).value();
}
inline SigningKey WitnessSigningKey(char number) {
  return SigningKey::FromEd25519Seed(std::string(32, number)).value();
}
inline VerifierKey LogKey() { return VerifierKey::Parse(kLogVkey).value(); }
inline std::vector<VerifierKey> LogKeys() { return {LogKey()}; }
inline LogPolicy GoldenPolicy() { return LogPolicy::Parse(ReadLogGolden("policy.txt")).value(); }
// The log's key as one for cosignatures, which must not pass as the log's.
inline VerifierKey CosigningLogKey() {
  return VerifierKey::Create(kOrigin, NoteAlgorithm::kCosignatureV1, LogSigningKey().public_key())
      .value();
}
inline VerifierKey WitnessKey(char number) {
  return VerifierKey::Create(std::string("witness.example/w") + static_cast<char>('0' + number),
                             NoteAlgorithm::kCosignatureV1, WitnessSigningKey(number).public_key())
      .value();
}

// The head of a tree as a signed note.
inline std::string SignedHead(std::uint64_t size, const Digest& root,
                              std::string_view origin = kOrigin) {
  const std::string text = FormatCheckpoint({std::string(origin), size, root, {}});
  return FormatNote({text, {SignNote(text, origin, LogSigningKey())}});
}
inline std::string SignedHead(std::span<const std::string> leaves) {
  return SignedHead(leaves.size(), ReferenceRoot(leaves));
}

}  // namespace tributary::test
