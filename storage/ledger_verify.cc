// Verification: everything is read again, and every index row is computed again and compared.

#include <algorithm>

#include "graph/merkle/merkle.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "storage/ledger_replay.h"
#include "storage/pool_builder.h"

namespace tributary {
namespace {

constexpr std::uint64_t kBatchRecordCount = 1000;
constexpr std::size_t kBatchByteCount = 4u << 20;
constexpr std::size_t kRowPageSize = 1000;

std::string Message(const absl::Status& status) {
  return std::string(status.message().data(), status.message().size());
}

class Problems {
 public:
  explicit Problems(VerifyResult* result) : result_(result) {}
  void Add(std::string where, std::string what) {
    ++result_->problem_count;
    if (result_->problems.size() < kVerifyProblemCountMax) {
      result_->problems.push_back({std::move(where), std::move(what)});
    }
  }

 private:
  VerifyResult* result_;
};

// The stage that holds the lines of a record; nullopt: it has none.
absl::StatusOr<std::optional<StageId>> StageOfLines(const Snapshot& source, LogPosition position) {
  const OwnedKey key = keys::LineList(position);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadPayload(source, key));
  if (!payload.has_value()) return std::optional<StageId>();
  TRIBUTARY_ASSIGN_OR_RETURN(const LineListRow row, Decoded(DecodeLineList(*payload), key));
  return std::optional(row.stage);
}

// The fact behind a stored record, as it was when it was recorded.
absl::StatusOr<PreparedFact> FactOf(const LedgerView& view, const Snapshot& source,
                                    StoredRecord record) {
  PreparedFact fact;
  fact.id = record.id;
  fact.bytes = std::move(record.bytes);
  fact.accepted_time = record.accepted_time;
  fact.record = std::move(record.record);
  if (StatedLines(fact.record.body).has_value()) {
    TRIBUTARY_ASSIGN_OR_RETURN(fact.stage, StageOfLines(source, record.position));
  }
  if (!std::holds_alternative<DerivationRecord>(fact.record.body)) return fact;
  TRIBUTARY_ASSIGN_OR_RETURN(const DerivationRow row, ReadDerivationRow(source, record.position));
  TRIBUTARY_ASSIGN_OR_RETURN(const auto derivation, view.ReadDerivationAt(record.position));
  if (!row.stage.has_value()) {
    TRIBUTARY_ASSIGN_OR_RETURN(fact.edges,
                               view.ReadEdges(derivation, 0, derivation.edges->count()));
    return fact;
  }
  fact.stage = row.stage;
  PoolBuilder pool([](std::uint64_t, std::uint32_t, const std::vector<std::uint64_t>&) {});
  for (const AssetNumber input : derivation.edges->inputs) pool.Add(input);
  fact.pool_pages = pool.Finish();
  return fact;
}

// Writes the pool members that a staged list must have.
absl::Status PutPoolMembers(const DerivationView& derivation, StageId stage, Store* target) {
  WriteBatch batch;
  PoolBuilder pool(
      [&](std::uint64_t page, std::uint32_t run, const std::vector<std::uint64_t>& members) {
        PutRow(keys::PoolMembers(page, stage, run), EncodeAscending(members), &batch);
      });
  for (const AssetNumber input : derivation.edges->inputs) pool.Add(input);
  pool.Finish();
  return target->Commit(batch);
}

}  // namespace

absl::StatusOr<DerivationRow> ReadDerivationRow(const Snapshot& source, LogPosition position) {
  const OwnedKey key = keys::Derivation(position);
  TRIBUTARY_ASSIGN_OR_RETURN(const auto payload, ReadPayload(source, key));
  if (!payload.has_value()) return MissingRow(key);
  return Decoded(DecodeDerivation(*payload), key);
}

absl::StatusOr<Digest> RecomputeEdgesRoot(const LedgerView& view,
                                          const DerivationView& derivation) {
  TreeFrontier tree;
  std::string bytes;
  const EdgeList& list = *derivation.edges;
  for (std::size_t at = 0; at < list.count(); at += kEdgeChunkSize) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto edges, view.ReadEdges(derivation, at, kEdgeChunkSize));
    for (std::size_t i = 0; i < edges.size(); ++i) {
      bytes.clear();
      AppendEdgeBytes(edges[i], list.cumulative_weights[at + i], &bytes);
      tree.Append(LeafHash(bytes));
    }
  }
  return tree.Root();
}

absl::Status ReplayLog(const LedgerView& view, const Snapshot& source, Store* target,
                       const VerifyProgress& progress, const CancelToken* cancel) {
  HeadRow head;
  LogTreeAppender tree;
  const std::uint64_t size = view.tree_size().value;
  std::string ledger;
  while (head.tree_size.value < size) {
    if (cancel != nullptr && cancel->cancelled()) return cancel->status();
    TRIBUTARY_ASSIGN_OR_RETURN(const auto base, target->TakeSnapshot());
    const std::uint64_t first = head.tree_size.value;
    if (first == 0) {
      TRIBUTARY_ASSIGN_OR_RETURN(const StoredRecord record, view.ReadRecord(LogPosition{0}));
      ledger = record.record.ledger;
    }
    LedgerState state(base.get(), nullptr, ledger, head, &tree, {.cycle_test = false});
    for (std::uint64_t i = first;
         i < size && i < first + kBatchRecordCount && state.changed_size() < kBatchByteCount; ++i) {
      TRIBUTARY_ASSIGN_OR_RETURN(StoredRecord record, view.ReadRecord(LogPosition{i}));
      TRIBUTARY_ASSIGN_OR_RETURN(const PreparedFact fact, FactOf(view, source, std::move(record)));
      if (fact.stage.has_value() && std::holds_alternative<DerivationRecord>(fact.record.body)) {
        TRIBUTARY_ASSIGN_OR_RETURN(const auto derivation, view.ReadDerivationAt(LogPosition{i}));
        TRIBUTARY_RETURN_IF_ERROR(PutPoolMembers(derivation, *fact.stage, target));
      }
      const auto receipt = state.Apply(fact, *fact.accepted_time, false);
      if (!receipt.ok() || receipt->position.value != i || receipt->already_recorded) {
        return absl::DataLossError(
            StrCat("the record at log position ", i, " does not follow from those before it: ",
                   receipt.ok() ? StrCat("it would stand at ", receipt->position.value)
                                : Message(receipt.status())));
      }
    }
    WriteBatch batch;
    state.TakeRows().Emit(&batch);
    TRIBUTARY_RETURN_IF_ERROR(target->Commit(batch));
    head = state.head();
    if (progress) progress("recomputing indexes", head.tree_size.value, size);
  }
  return absl::OkStatus();
}

namespace {

// Families whose rows follow from log, records and edge lists.
constexpr Family kComputed[] = {Family::kRecord,   Family::kTree,       Family::kAsset,
                                Family::kUpstream, Family::kDownstream, Family::kIdentity};

// Of kUpstream only the rows of derivations and of lists of lines are computed; chunks are the
// truth.
bool IsComputedRow(Family family, std::string_view row) {
  return family != Family::kUpstream ||
         (!row.empty() && (row.front() == 'd' || row.front() == 's'));
}

absl::Status ReadRowCells(const Snapshot& snapshot, Family family, const std::string& row,
                          std::vector<Cell>* cells) {
  cells->clear();
  std::string start_after;
  while (true) {
    TRIBUTARY_ASSIGN_OR_RETURN(auto page, snapshot.Scan({family, row, start_after, kRowPageSize}));
    const bool last = page.size() < kRowPageSize;
    if (!page.empty()) start_after = page.back().column;
    std::move(page.begin(), page.end(), std::back_inserter(*cells));
    if (last) return absl::OkStatus();
  }
}

// Every cell of `expected` must be in `found`, byte for byte: by point reads, which notice damage.
absl::Status CompareRows(const Snapshot& expected, const Snapshot& found, Family family,
                         std::uint64_t* row_count, Problems* problems) {
  std::string start_after;
  while (true) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto rows,
                               expected.ListRows(family, start_after, kRowPageSize));
    for (const std::string& row : rows) {
      if (!IsComputedRow(family, row)) continue;
      ++*row_count;
      std::vector<Cell> cells;
      TRIBUTARY_RETURN_IF_ERROR(ReadRowCells(expected, family, row, &cells));
      for (const Cell& cell : cells) {
        const CellKey key{family, row, cell.column};
        const auto value = found.Get(key);
        if (!value.ok())
          problems->Add(Message(DamagedRow(key, "")), Message(value.status()));
        else if (*value != cell.value) {
          problems->Add(Message(DamagedRow(key, "")), value->has_value()
                                                          ? "differs from what log and records give"
                                                          : "is missing");
        }
      }
    }
    if (rows.size() < kRowPageSize) return absl::OkStatus();
    start_after = rows.back();
  }
}

// No row of `found` may be one that `expected` does not have.
absl::Status FindStrayRows(const Snapshot& expected, const Snapshot& found, Family family,
                           Problems* problems) {
  std::string start_after;
  while (true) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto rows, found.ListRows(family, start_after, kRowPageSize));
    for (const std::string& row : rows) {
      if (!IsComputedRow(family, row)) continue;
      std::vector<Cell> cells;
      TRIBUTARY_RETURN_IF_ERROR(ReadRowCells(found, family, row, &cells));
      for (const Cell& cell : cells) {
        const CellKey key{family, row, cell.column};
        TRIBUTARY_ASSIGN_OR_RETURN(const auto value, expected.Get(key));
        if (!value.has_value()) {
          problems->Add(Message(DamagedRow(key, "")), "does not follow from log and records");
        }
      }
    }
    if (rows.size() < kRowPageSize) return absl::OkStatus();
    start_after = rows.back();
  }
}

// The root over all lines of a record.
absl::StatusOr<Digest> RecomputeLinesRoot(const LedgerView& view, LogPosition position,
                                          std::uint64_t line_count) {
  constexpr std::size_t kBatchLineCount = 16 * kLineChunkSize;
  TreeFrontier tree;
  for (std::uint64_t at = 0; at < line_count; at += kBatchLineCount) {
    TRIBUTARY_ASSIGN_OR_RETURN(const auto lines, view.ReadLines(position, at, kBatchLineCount));
    for (const std::string& line : lines) tree.Append(LeafHash(line));
  }
  return tree.Root();
}

void VerifyLines(const LedgerView& view, const StoredRecord& record, const std::string& where,
                 Problems* problems) {
  const auto stated = StatedLines(record.record.body);
  if (!stated.has_value()) return;
  const auto root = RecomputeLinesRoot(view, record.position, stated->line_count);
  if (!root.ok())
    problems->Add(where, Message(root.status()));
  else if (*root != stated->lines_root) {
    problems->Add(where, StrCat("its lines give root ", root->ToHex(), ", its record says ",
                                stated->lines_root.ToHex()));
  }
}

// Every record, the tree over them, every edge list and all lines under their root.
void VerifyLog(const LedgerView& view, const VerifyProgress& progress, const CancelToken* cancel,
               VerifyResult* result, Problems* problems) {
  TreeFrontier tree;
  TimeMs last{0};
  const std::uint64_t size = view.tree_size().value;
  for (std::uint64_t i = 0; i < size; ++i) {
    if (cancel != nullptr && cancel->cancelled()) return;
    if (progress && i % kBatchRecordCount == 0) progress("reading the log", i, size);
    const std::string where = StrCat("log position ", i);
    const auto record = view.ReadRecord(LogPosition{i});
    if (!record.ok()) {
      problems->Add(where, Message(record.status()));
      continue;
    }
    ++result->record_count;
    tree.Append(LeafHash(LeafData(record->id, record->accepted_time)));
    if (record->accepted_time < last) problems->Add(where, "accepted before the record before it");
    last = record->accepted_time;
    if (record->record.details_digest.has_value()) {
      const auto details = view.ReadDetails(*record->record.details_digest);
      if (!details.ok()) problems->Add(where, Message(details.status()));
    }
    VerifyLines(view, *record, where, problems);
    const auto* body = std::get_if<DerivationRecord>(&record->record.body);
    if (body == nullptr) continue;
    result->edge_count += body->edge_count;
    const auto derivation = view.ReadDerivationAt(LogPosition{i});
    if (!derivation.ok()) {
      problems->Add(where, Message(derivation.status()));
      continue;
    }
    const auto root = RecomputeEdgesRoot(view, *derivation);
    if (!root.ok())
      problems->Add(where, Message(root.status()));
    else if (*root != body->edges_root || derivation->edges->count() != body->edge_count) {
      problems->Add(where, StrCat("its edge list gives root ", root->ToHex(), ", its record says ",
                                  body->edges_root.ToHex()));
    }
  }
  result->root_hash = tree.Root();
  if (tree.size() == size && tree.Root() != view.head().root) {
    problems->Add("log head", StrCat("the records give root ", tree.Root().ToHex(),
                                     ", the head says ", view.head().root.ToHex()));
  }
}

}  // namespace

absl::StatusOr<VerifyResult> Ledger::Verify(Store* scratch, const VerifyProgress& progress,
                                            const CancelToken* cancel) const {
  const Impl::Published now = impl_->published();
  // Caches of its own, empty: what is verified is what is stored.
  // Rows themselves are read, each once.
  const auto caches = std::make_shared<LedgerCaches>(
      CacheSizes{.edges = 0, .asset_ids = 64u << 20, .asset_heads = 0, .holder_lists = 0});
  const LedgerView view(now.snapshot, now.head, now.head.tree_size, caches, cancel,
                        LedgerView::IdSource::kLog);
  VerifyResult result;
  Problems problems(&result);
  result.tree_size = now.head.tree_size;
  if (const absl::Status engine = impl_->store->VerifyChecksums(); !engine.ok()) {
    problems.Add("storage engine", Message(engine));
  }
  VerifyLog(view, progress, cancel, &result, &problems);
  if (cancel != nullptr && cancel->cancelled()) return cancel->status();
  const absl::Status replayed = ReplayLog(view, *now.snapshot, scratch, progress, cancel);
  if (cancel != nullptr && cancel->cancelled()) return cancel->status();
  if (!replayed.ok()) {
    problems.Add("log", StrCat("indexes can not be recomputed: ", Message(replayed)));
    return result;
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const auto expected, scratch->TakeSnapshot());
  TRIBUTARY_ASSIGN_OR_RETURN(const auto head, ReadPayload(*expected, keys::Head()));
  HeadRow recomputed = DecodeHead(head.value_or("")).value_or(HeadRow{});
  recomputed.sequence = now.head.sequence;  // how records were grouped is not in the log
  if (!(recomputed == now.head)) problems.Add("head row", "differs from what the log gives");
  std::uint64_t row_count = 0;
  for (const Family family : kComputed) {
    if (progress) progress("comparing indexes", row_count, 0);
    TRIBUTARY_RETURN_IF_ERROR(CompareRows(*expected, *now.snapshot, family, &row_count, &problems));
    TRIBUTARY_RETURN_IF_ERROR(FindStrayRows(*expected, *now.snapshot, family, &problems));
  }
  return result;
}

}  // namespace tributary
