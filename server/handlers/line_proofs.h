// Proofs that a line stands in a statement or an adjustment.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/merkle/merkle.h"
#include "graph/model/cancel.h"
#include "storage/ledger_view.h"

namespace tributary::server {

// The tree over the lines of one record. Keeps the roots of every 256 lines, and of one such piece
// the lines' own hashes: proofs of neighbouring lines cost little. One thread.
class LineProofs final : public SubtreeReader {
 public:
  // Reads all lines once, and compares their root with the record's (kDataLoss).
  static absl::StatusOr<LineProofs> Read(const LedgerView& view, LogPosition record,
                                         const CancelToken& cancel);

  // The RFC 6962 audit path of line `index`, leaf to root.
  absl::StatusOr<std::vector<Digest>> Prove(std::uint64_t index) const;

  absl::Status ReadSubtrees(std::span<const SubtreeId> ids,
                            std::vector<Digest>* roots) const override;

 private:
  static constexpr std::uint64_t kPieceSize = 256;  // lines; a power of two
  static constexpr std::uint32_t kPieceLevel = 8;

  LineProofs(const LedgerView& view, LogPosition record) : view_(&view), record_(record) {}
  absl::Status ReadPiece(std::uint64_t piece) const;

  const LedgerView* view_;  // outlives this
  LogPosition record_;
  std::uint64_t line_count_ = 0;
  std::vector<Digest> piece_roots_;  // of all full pieces
  mutable std::uint64_t piece_ = UINT64_MAX;
  mutable std::vector<Digest> piece_hashes_;
};

}  // namespace tributary::server
