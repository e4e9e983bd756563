#include "server/handlers/line_proofs.h"

#include <algorithm>

#include "graph/model/record_type.h"
#include "graph/model/status.h"
#include "graph/model/text.h"

namespace tributary::server {
namespace {

// The root of a full subtree of hashes.
Digest RootOf(std::span<const Digest> hashes) {
  TreeFrontier tree;
  for (const Digest& hash : hashes) tree.AppendSubtree(0, hash);
  return tree.Root();
}

}  // namespace

absl::StatusOr<LineProofs> LineProofs::Read(const LedgerView& view, LogPosition record,
                                            const CancelToken& cancel) {
  LineProofs proofs(view, record);
  TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord stored, view.ReadRecord(record));
  const auto stated = StatedLines(stored.record.body);
  if (!stated.has_value()) return absl::InternalError("a record without lines has no proofs");
  proofs.line_count_ = stated->line_count;
  TreeFrontier whole;
  for (std::uint64_t piece = 0; piece * kPieceSize < stated->line_count; ++piece) {
    TRIBUTARY_RETURN_IF_ERROR(cancel.status());
    TRIBUTARY_RETURN_IF_ERROR(proofs.ReadPiece(piece));
    for (const Digest& hash : proofs.piece_hashes_) whole.Append(hash);
    if (proofs.piece_hashes_.size() == kPieceSize) {
      proofs.piece_roots_.push_back(RootOf(proofs.piece_hashes_));
    }
  }
  if (whole.Root() == stated->lines_root) return proofs;
  return absl::DataLossError(StrCat("log position ", record.value, ": its lines give root ",
                                    whole.Root().ToHex(), ", its record says ",
                                    stated->lines_root.ToHex()));
}

absl::Status LineProofs::ReadPiece(std::uint64_t piece) const {
  if (piece == piece_) return absl::OkStatus();
  piece_ = UINT64_MAX;
  TRIBUTARY_ASSIGN_OR_RETURN(const auto lines,
                             view_->ReadLines(record_, piece * kPieceSize, kPieceSize));
  piece_hashes_.clear();
  for (const std::string& line : lines) piece_hashes_.push_back(LeafHash(line));
  piece_ = piece;
  return absl::OkStatus();
}

absl::Status LineProofs::ReadSubtrees(std::span<const SubtreeId> ids,
                                      std::vector<Digest>* roots) const {
  roots->clear();
  for (const SubtreeId& id : ids) {
    if (id.level >= kPieceLevel) {
      const std::uint64_t count = std::uint64_t{1} << (id.level - kPieceLevel);
      const std::uint64_t first = id.index * count;
      if (first + count > piece_roots_.size()) return absl::InternalError("a subtree is not full");
      TreeFrontier tree;
      for (std::uint64_t i = first; i < first + count; ++i) {
        tree.AppendSubtree(kPieceLevel, piece_roots_[i]);
      }
      roots->push_back(tree.Root());
      continue;
    }
    const std::uint64_t count = std::uint64_t{1} << id.level;
    const std::uint64_t first = id.index * count;
    TRIBUTARY_RETURN_IF_ERROR(ReadPiece(first / kPieceSize));
    const std::uint64_t offset = first % kPieceSize;
    if (offset + count > piece_hashes_.size()) return absl::InternalError("a subtree is not full");
    roots->push_back(RootOf(std::span(piece_hashes_).subspan(offset, count)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Digest>> LineProofs::Prove(std::uint64_t index) const {
  return InclusionProof(*this, index, line_count_);
}

}  // namespace tributary::server
