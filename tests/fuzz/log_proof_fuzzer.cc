// Property: a log proof, a witness request or its answer is refused, or it is exactly what the
// writer gives for the value parsed; and what verifies is the one golden proof.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "graph/log/log_proof.h"
#include "graph/log/witness.h"
#include "graph/model/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  static const std::vector<VerifierKey>& keys = *new std::vector<VerifierKey>{
      VerifierKey::Parse(
          "lineage.example.com/acme/1+bee55819+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4")
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
    TRIBUTARY_CHECK(
        FormatAddCheckpoint(request->old_size, request->proof, FormatNote(request->note)) == text);
    const WitnessDecision decision = JudgeAddCheckpoint(*request, keys, UnseenLog());
    if (decision.verdict == WitnessVerdict::kCosign) TRIBUTARY_CHECK(request->old_size == 0);
  }
  const auto conflict = ParseConflict(text);
  if (conflict.ok()) TRIBUTARY_CHECK(FormatConflict(*conflict) == text);
  return 0;
}
