// ReplayLog: an exported log becomes a ledger with the same ids, positions, times and root.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph/model/record_type.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "server/convert/fact.h"
#include "server/convert/scalars.h"
#include "server/handlers/admin.h"

namespace tributary::server {
namespace {

// Records committed at once: large enough that one fsync is cheap, small enough to hold in memory.
constexpr std::size_t kBatchFactCount = 4'096;
constexpr std::size_t kBatchSizeMax = 8u << 20;  // bytes of records and edges

absl::Status AtPosition(const absl::Status& status, std::uint64_t position) {
  const std::string field = FieldOf(status);
  const absl::Status named = absl::Status(
      status.code(), StrCat("record at position ", position, ": ", FromAbsl(status.message())));
  return field.empty() ? named : WithField(named, field);
}

// What the log says of the edges of a derivation.
DeclaredEdges DeclaredIn(const DerivationRecord& derivation) {
  return {derivation.edge_count, derivation.edges_root, derivation.weight_sum};
}

// Takes items in the order of the log and records them in batches. A derivation with more edges
// than fit inline is streamed into a stage as it comes.
class Replayer {
 public:
  Replayer(Env& env, std::string ledger_name) : env_(env), ledger_name_(std::move(ledger_name)) {}

  absl::Status Take(const v1::LogItem& item) {
    switch (item.item_case()) {
      case v1::LogItem::kRecord:
        return TakeRecord(item.record());
      case v1::LogItem::kDetails:
        return TakeDetails(item.details());
      case v1::LogItem::kEdges:
        return TakeEdges(item.edges());
      case v1::LogItem::kLines:
        return TakeLines(item.lines());
      case v1::LogItem::ITEM_NOT_SET:
        break;
    }
    return InvalidField("items", "an empty item", "a record, details, edges or lines");
  }

  absl::StatusOr<HeadRow> Finish() {
    TRIBUTARY_RETURN_IF_ERROR(CloseRecord());
    TRIBUTARY_RETURN_IF_ERROR(Flush());
    if (ledger_ == nullptr) return InvalidField("items", "none", "a log from position 0 on");
    return ledger_->head();
  }

 private:
  // The record whose details and edges may still come.
  struct Open {
    std::uint64_t position = 0;
    Fact fact;
    Digest id;
    TimeMs accepted_time;
    std::unique_ptr<EdgeStage> stage;
    std::uint64_t edge_count = 0;  // so far
    std::unique_ptr<LineStage> lines;

    const DerivationRecord* derivation() const {
      return std::get_if<DerivationRecord>(&fact.record.body);
    }
  };

  absl::Status TakeRecord(const v1::LogRecord& message) {
    TRIBUTARY_RETURN_IF_ERROR(CloseRecord());
    if (message.position() != next_position_) {
      return InvalidField("items.record.position", StrCat(message.position()),
                          StrCat(next_position_, ", the next one"));
    }
    Open open;
    open.position = next_position_++;
    auto record = DecodeRecord(message.canonical_bytes());
    if (!record.ok()) return AtPosition(record.status(), open.position);
    if (record->ledger != ledger_name_) {
      return AtPosition(InvalidField("ledger", Quoted(record->ledger), Quoted(ledger_name_)),
                        open.position);
    }
    open.fact.record = *std::move(record);
    open.id = RecordId(message.canonical_bytes());
    TRIBUTARY_ASSIGN_OR_RETURN(open.accepted_time,
                               TimeFromProto(message.accepted_ms(), "items.record.accepted_ms"));
    if (open.position == 0) return CreateLedger(open);
    if (StatedLines(open.fact.record.body).has_value()) {
      TRIBUTARY_RETURN_IF_ERROR(Flush());  // what it names may be in the batch
      TRIBUTARY_ASSIGN_OR_RETURN(open.lines, ledger_->BeginLines());
    }
    open_ = std::move(open);
    return absl::OkStatus();
  }

  absl::Status CreateLedger(const Open& open) {
    if (!std::holds_alternative<LedgerRecord>(open.fact.record.body)) {
      return InvalidField("items.record", TypeName(open.fact.record.body),
                          "the ledger's own record at position 0");
    }
    TRIBUTARY_ASSIGN_OR_RETURN(Ledgers::Created made,
                               env_.ledgers.Create(open.fact.record, open.accepted_time));
    if (!made.created) {
      return FieldError(absl::StatusCode::kAlreadyExists, "ledger", Quoted(ledger_name_),
                        "a name that no ledger of this server has");
    }
    ledger_ = std::move(made.ledger);
    return absl::OkStatus();
  }

  absl::Status TakeDetails(const v1::PrivateDetails& message) {
    if (!open_.has_value() || open_->edge_count > 0 || open_->fact.details.has_value()) {
      return InvalidField("items.details", "details", "details once, directly after their record");
    }
    TRIBUTARY_ASSIGN_OR_RETURN(open_->fact.details, FromProto(message, env_.limits));
    return absl::OkStatus();
  }

  absl::Status TakeEdges(const v1::EdgeBlock& block) {
    if (!open_.has_value() || open_->derivation() == nullptr) {
      return InvalidField("items.edges", "edges", "edges after the record of a derivation");
    }
    std::vector<Edge> edges;
    TRIBUTARY_RETURN_IF_ERROR(AppendEdges(block, env_.limits.stream_block_edge_count_max, &edges));
    open_->edge_count += edges.size();
    if (open_->derivation()->edge_count > kInlineEdgeCountMax) return StageEdges(edges);
    open_->fact.edges.insert(open_->fact.edges.end(), edges.begin(), edges.end());
    return absl::OkStatus();
  }

  absl::Status StageEdges(const std::vector<Edge>& edges) {
    if (open_->stage == nullptr) {
      TRIBUTARY_RETURN_IF_ERROR(Flush());  // the inputs may be in the batch
      auto stage = ledger_->BeginDerivation(open_->fact.record, {}, open_->fact.details,
                                            open_->accepted_time);
      if (!stage.ok()) return AtPosition(stage.status(), open_->position);
      open_->stage = *std::move(stage);
    }
    const absl::Status added = open_->stage->Add(edges);
    return added.ok() ? added : AtPosition(added, open_->position);
  }

  absl::Status TakeLines(const v1::LineBlock& block) {
    if (!open_.has_value() || open_->lines == nullptr) {
      return InvalidField("items.lines", "lines", "lines after a statement or an adjustment");
    }
    const std::vector<std::string> lines(block.lines().begin(), block.lines().end());
    const absl::Status added = open_->lines->Add(lines);
    return added.ok() ? added : AtPosition(added, open_->position);
  }

  absl::Status FinishLines(const Open& open) {
    const auto receipt = open.lines->Finish(open.fact.record, open.accepted_time);
    if (!receipt.ok()) return AtPosition(receipt.status(), open.position);
    return CheckReceipt(*receipt, open.id, open.position);
  }

  // The record and all that belongs to it is here.
  absl::Status CloseRecord() {
    if (!open_.has_value()) return absl::OkStatus();
    Open open = *std::exchange(open_, std::nullopt);
    const DerivationRecord* derivation = open.derivation();
    if (derivation != nullptr && derivation->edge_count != open.edge_count) {
      return AtPosition(InvalidField("items.edges", StrCat(open.edge_count, " edges"),
                                     StrCat(derivation->edge_count, ", as the record states")),
                        open.position);
    }
    if (open.lines != nullptr) return FinishLines(open);
    return open.stage != nullptr ? FinishStage(open) : AddToBatch(std::move(open));
  }

  absl::Status FinishStage(const Open& open) {
    const auto finished = open.stage->Finish(DeclaredIn(*open.derivation()));
    if (!finished.ok()) return AtPosition(finished.status(), open.position);
    return CheckReceipt(finished->receipt, open.id, open.position);
  }

  absl::Status AddToBatch(Open open) {
    const DeclaredEdges declared =
        open.derivation() == nullptr ? DeclaredEdges{} : DeclaredIn(*open.derivation());
    auto fact = PrepareFact(std::move(open.fact), declared);
    if (!fact.ok()) return AtPosition(fact.status(), open.position);
    fact->accepted_time = open.accepted_time;
    batch_size_ += fact->bytes.size() + fact->edges.size() * sizeof(Edge);
    batch_ids_.push_back(open.id);
    if (batch_.empty()) batch_begin_ = open.position;
    batch_.push_back(*std::move(fact));
    const bool full = batch_.size() >= kBatchFactCount || batch_size_ >= kBatchSizeMax;
    return full ? Flush() : absl::OkStatus();
  }

  absl::Status Flush() {
    if (batch_.empty()) return absl::OkStatus();
    const auto results = ledger_->RecordAll(std::exchange(batch_, {}), {.stop_on_error = true});
    const std::vector<Digest> ids = std::exchange(batch_ids_, {});
    batch_size_ = 0;
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (!results[i].ok()) return AtPosition(results[i].status(), batch_begin_ + i);
      TRIBUTARY_RETURN_IF_ERROR(CheckReceipt(*results[i], ids[i], batch_begin_ + i));
    }
    return absl::OkStatus();
  }

  // What was recorded is what the log held, in the same place.
  static absl::Status CheckReceipt(const Receipt& receipt, const Digest& id,
                                   std::uint64_t position) {
    if (receipt.record_id == id && receipt.position.value == position) return absl::OkStatus();
    return AtPosition(InvalidField("items.record",
                                   StrCat("record ", receipt.record_id.ToHex(), " at position ",
                                          receipt.position.value),
                                   StrCat("record ", id.ToHex(), " at position ", position)),
                      position);
  }

  Env& env_;
  const std::string ledger_name_;
  std::shared_ptr<Ledger> ledger_;
  std::uint64_t next_position_ = 0;
  std::optional<Open> open_;
  std::vector<PreparedFact> batch_;  // positions from batch_begin_ on
  std::vector<Digest> batch_ids_;
  std::uint64_t batch_begin_ = 0;
  std::size_t batch_size_ = 0;
};

}  // namespace

absl::Status ReplayLog(Env& env, Source<v1::ReplayLogRequest>& requests,
                       v1::ReplayLogResponse* response) {
  v1::ReplayLogRequest request;
  if (!requests.Read(&request)) {
    TRIBUTARY_RETURN_IF_ERROR(env.cancel.status());
    return InvalidField("items", "an empty stream", "a log from position 0 on");
  }
  TRIBUTARY_RETURN_IF_ERROR(CheckLedgerName(request.ledger()));
  Replayer replayer(env, request.ledger());
  std::string expected_root;
  do {
    for (const v1::LogItem& item : request.items()) {
      TRIBUTARY_RETURN_IF_ERROR(replayer.Take(item));
    }
    expected_root = request.expected_root_hash();
  } while (requests.Read(&request));
  TRIBUTARY_RETURN_IF_ERROR(env.cancel.status());
  TRIBUTARY_ASSIGN_OR_RETURN(const HeadRow head, replayer.Finish());
  if (!expected_root.empty() && expected_root != head.root.view()) {
    return FieldError(absl::StatusCode::kDataLoss, "expected_root_hash", "another root",
                      StrCat("the root of the replayed log, ", head.root.ToHex()));
  }
  response->set_tree_size(head.tree_size.value);
  response->set_root_hash(ToProto(head.root));
  return absl::OkStatus();
}

}  // namespace tributary::server
