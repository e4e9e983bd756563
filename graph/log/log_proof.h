// A proof in one file that data stands in a log: its place, the path to the root, the signed head.
//
// Source: C2SP tlog-proof.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/log/policy.h"
#include "graph/log/tiles.h"
#include "graph/model/digest.h"
#include "graph/model/vocabulary.h"

namespace tributary {

inline constexpr std::size_t kLogProofExtraSizeMax = 64u << 10;

struct LogProof {
  std::string extra;          // bytes; what the reader needs to form the leaf, and trusts only then
  std::uint64_t index = 0;    // of the leaf
  std::vector<Digest> nodes;  // from the leaf's sibling upwards
  std::string checkpoint;     // the signed note, as it is
  friend bool operator==(const LogProof&, const LogProof&) = default;
};

// Accepts exactly what FormatLogProof writes. The checkpoint is parsed, but not verified.
// Errors: kInvalidArgument with the line.
absl::StatusOr<LogProof> ParseLogProof(std::string_view text);
std::string FormatLogProof(const LogProof& proof);

// Whether `leaf_data` is the leaf of the proof in a head that `policy` and the keys hold for good.
// Where the policy lists logs, the keys must be among them.
// Errors: as OpenCheckpoint; kInvalidArgument "proof: …" where the path does not lead to the root.
absl::StatusOr<TrustedCheckpoint> VerifyLogProof(const LogProof& proof, std::string_view leaf_data,
                                                 std::span<const VerifierKey> log_keys,
                                                 const LogPolicy& policy);
// With the logs that the policy lists. Where it lists none, no proof is good.
absl::StatusOr<TrustedCheckpoint> VerifyLogProof(const LogProof& proof, std::string_view leaf_data,
                                                 const LogPolicy& policy);

// In our proofs the extra data is the leaf's time of acceptance, 8 bytes, big-endian: the record
// gives the rest of the leaf.
std::string FormatProofTime(TimeMs accepted_time);
struct ProvenRecord {
  LogLeaf leaf;
  TrustedCheckpoint head;
};
// Whether the record with these canonical bytes is in the log. Its ledger is not looked at: callers
// compare it with the origin.
// Errors: as VerifyLogProof; kInvalidArgument (the extra data is not a time).
absl::StatusOr<ProvenRecord> VerifyRecordProof(const LogProof& proof, std::string_view record_bytes,
                                               std::span<const VerifierKey> log_keys,
                                               const LogPolicy& policy);
// With the logs that the policy lists. Where it lists none, no proof is good.
absl::StatusOr<ProvenRecord> VerifyRecordProof(const LogProof& proof, std::string_view record_bytes,
                                               const LogPolicy& policy);

}  // namespace tributary
