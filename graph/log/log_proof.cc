#include "graph/log/log_proof.h"

#include <utility>

#include "graph/log/lines.h"
#include "graph/merkle/merkle.h"
#include "graph/model/base64.h"
#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary {
namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";

absl::Status LineError(std::size_t line, std::string_view found, std::string_view allowed) {
  return InvalidField(StrCat("log proof line ", line), Quoted(found), allowed);
}

}  // namespace

absl::StatusOr<LogProof> ParseLogProof(std::string_view text) {
  LogProof proof;
  std::size_t number = 1;
  std::string_view line = TakeLine(&text).value_or("");
  if (line != kFirstLine) return LineError(number, line, kFirstLine);
  line = TakeLine(&text).value_or("");
  ++number;
  if (line.starts_with(kExtra)) {
    auto extra = FromBase64(line.substr(kExtra.size()));
    if (!extra.has_value() || extra->empty() || extra->size() > kLogProofExtraSizeMax) {
      return LineError(number, line, StrCat("base64 of 1 to ", kLogProofExtraSizeMax, " bytes"));
    }
    proof.extra = *std::move(extra);
    line = TakeLine(&text).value_or("");
    ++number;
  }
  const auto index =
      line.starts_with(kIndex) ? ReadDecimal(line.substr(kIndex.size())) : std::nullopt;
  if (!index.has_value()) {
    return LineError(number, line, "index and a number below 2^63 without leading zeros");
  }
  proof.index = *index;
  while (true) {
    ++number;
    const auto node_line = TakeLine(&text);
    if (!node_line.has_value()) return LineError(number, text, "an empty line before a checkpoint");
    if (node_line->empty()) break;
    const auto node = ReadHash(*node_line);
    if (!node.has_value()) return LineError(number, *node_line, "base64 of 32 bytes");
    if (proof.nodes.size() == kProofNodeCountMax) {
      return LineError(number, *node_line, StrCat("at most ", kProofNodeCountMax, " hashes"));
    }
    proof.nodes.push_back(*node);
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const Note note, ParseNote(text));
  TRIBUTARY_RETURN_IF_ERROR(ParseCheckpoint(note.text).status());
  proof.checkpoint = text;
  return proof;
}

std::string FormatLogProof(const LogProof& proof) {
  TRIBUTARY_CHECK(proof.extra.size() <= kLogProofExtraSizeMax);
  TRIBUTARY_CHECK(proof.index <= kTreeSizeMax && proof.nodes.size() <= kProofNodeCountMax);
  std::string text = StrCat(kFirstLine, "\n");
  if (!proof.extra.empty()) StrAppend(&text, kExtra, ToBase64(proof.extra), "\n");
  StrAppend(&text, kIndex, proof.index, "\n");
  for (const Digest& node : proof.nodes) StrAppend(&text, ToBase64(node.view()), "\n");
  StrAppend(&text, "\n", proof.checkpoint);
  return text;
}

absl::StatusOr<TrustedCheckpoint> VerifyLogProof(const LogProof& proof, std::string_view leaf_data,
                                                 std::span<const VerifierKey> log_keys,
                                                 const LogPolicy& policy) {
  TRIBUTARY_ASSIGN_OR_RETURN(TrustedCheckpoint head,
                             OpenCheckpoint(proof.checkpoint, log_keys, policy));
  TRIBUTARY_RETURN_IF_ERROR(VerifyInclusion(LeafHash(leaf_data), proof.index,
                                            head.checkpoint.tree_size, proof.nodes,
                                            head.checkpoint.root_hash));
  return head;
}

absl::StatusOr<TrustedCheckpoint> VerifyLogProof(const LogProof& proof, std::string_view leaf_data,
                                                 const LogPolicy& policy) {
  return VerifyLogProof(proof, leaf_data, policy.LogKeys(), policy);
}

std::string FormatProofTime(TimeMs accepted_time) {
  std::string bytes;
  AppendBigEndian(accepted_time.value, kLogLeafSize - kDigestSize, &bytes);
  return bytes;
}

absl::StatusOr<ProvenRecord> VerifyRecordProof(const LogProof& proof, std::string_view record_bytes,
                                               std::span<const VerifierKey> log_keys,
                                               const LogPolicy& policy) {
  const std::string leaf_data = StrCat(Sha256(record_bytes).view(), proof.extra);
  TRIBUTARY_ASSIGN_OR_RETURN(const LogLeaf leaf, ParseLogLeaf(leaf_data));
  TRIBUTARY_ASSIGN_OR_RETURN(TrustedCheckpoint head,
                             VerifyLogProof(proof, leaf_data, log_keys, policy));
  return ProvenRecord{leaf, std::move(head)};
}

absl::StatusOr<ProvenRecord> VerifyRecordProof(const LogProof& proof, std::string_view record_bytes,
                                               const LogPolicy& policy) {
  return VerifyRecordProof(proof, record_bytes, policy.LogKeys(), policy);
}

}  // namespace tributary
