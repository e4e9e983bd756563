// Property: a note, checkpoint, signature line or vkey is refused, or it is exactly what the writer
// gives for the value parsed.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/log/checkpoint.h"
#include "graph/log/note.h"
#include "graph/model/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  static const std::vector<VerifierKey>& keys = *new std::vector<VerifierKey>{
      VerifierKey::Parse(
          "lineage.example.com/acme/1+bee55819+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4")
          .value(),
      VerifierKey::Parse("witness.example/w1+0ad7d35e+BIqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c")
          .value()};
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto note = ParseNote(bytes);
  if (note.ok()) {
    TRIBUTARY_CHECK(FormatNote(*note) == bytes);
    const auto sorted = VerifySignatures(*note, keys);
    if (sorted.ok()) {
      TRIBUTARY_CHECK(sorted->verified.size() + sorted->unknown.size() <= note->signatures.size());
    }
  }
  const auto checkpoint = ParseCheckpoint(note.ok() ? std::string_view(note->text) : bytes);
  if (checkpoint.ok()) {
    TRIBUTARY_CHECK(FormatCheckpoint(*checkpoint) == (note.ok() ? note->text : bytes));
  }
  const auto lines = ParseSignatureLines(bytes);
  if (lines.ok()) {
    std::string again;
    for (const NoteSignature& signature : *lines) again += FormatSignatureLine(signature);
    TRIBUTARY_CHECK(again == bytes);
  }
  const auto key = VerifierKey::Parse(bytes);
  if (key.ok()) TRIBUTARY_CHECK(key->ToString() == bytes);
  return 0;
}
