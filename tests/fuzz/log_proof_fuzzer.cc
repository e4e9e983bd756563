// Property: a log proof, a witness request or its answer is refused, or it is exactly what the
// writer gives for the value parsed; and what verifies is the one golden proof.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/log/log_proof.h"
#include "graph/log/witness.h"
#include "graph/model/check.h"

// The text of the golden head.
constexpr std::string_view kHead =
    "lineage.example.com/acme/1\n3\n8c+04Raf9mDQcybCZSF8W2TKyUsRibzx1wjAYSXxkYo=\n";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  static const std::vector<VerifierKey>& keys = *new std::vector<VerifierKey>{
      VerifierKey::Parse(
          "lineage.example.com/acme/1+bee55819+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4")
          .value()};
  static const std::vector<VerifierKey>& witnesses = *new std::vector<VerifierKey>{
      VerifierKey::Parse("witness.example/w1+0ad7d35e+BIqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c")
          .value(),
      VerifierKey::Parse("witness.example/w2+92e6b37c+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU")
          .value()};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto proof = ParseLogProof(text);
  if (proof.ok()) {
    TRIBUTARY_CHECK(FormatLogProof(*proof) == text);
    const auto proven = VerifyRecordProof(*proof, "{\"record\":1}", keys, LogPolicy());
    if (proven.ok()) TRIBUTARY_CHECK(proof->index == 1 && proof->nodes.size() == 2);
  }
  const auto request = ParseAddCheckpoint(text);
  if (request.ok()) {
    TRIBUTARY_CHECK(FormatAddCheckpoint(request->old_size(), request->proof(),
                                        FormatNote(request->note())) == text);
    const WitnessDecision decision = JudgeAddCheckpoint(*request, keys, WitnessedHead{});
    if (decision.verdict == WitnessVerdict::kCosign) TRIBUTARY_CHECK(request->old_size() == 0);
  }
  // Of a note, the lines below its text, as a witness would answer.
  const std::size_t split = text.rfind("\n\n");
  const auto cosignatures = ReadCosignatures(
      split == std::string_view::npos ? text : text.substr(split + 2), kHead, witnesses);
  if (cosignatures.ok()) {
    TRIBUTARY_CHECK(!cosignatures->empty() && cosignatures->size() <= witnesses.size());
    std::string lines;
    for (const NoteSignature& cosignature : *cosignatures) {
      lines += FormatSignatureLine(cosignature);
    }
    TRIBUTARY_CHECK(ReadCosignatures(lines, kHead, witnesses).value() == *cosignatures);
  }
  const auto conflict = ParseConflict(text);
  if (conflict.ok()) TRIBUTARY_CHECK(FormatConflict(*conflict) == text);
  return 0;
}
