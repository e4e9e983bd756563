// Lines of a statement or adjustment: stored unseen, until its record makes them real.

#include <utility>

#include "graph/merkle/merkle.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "storage/ledger_impl.h"

namespace tributary {

class LineStage::Impl {
 public:
  Impl(Ledger::Impl* ledger, StageId stage) : ledger_(ledger), stage_(stage) {}

  ~Impl() {
    // What can not be discarded now is discarded when the ledger is opened again.
    if (!finished_) ledger_->DiscardStage(stage_).IgnoreError();
  }

  // After an error the stage is at an unknown place in the list: it takes nothing more.
  absl::Status Add(std::span<const std::string> lines) {
    if (failure_.ok()) failure_ = AddAll(lines);
    return failure_;
  }

  absl::StatusOr<Receipt> Finish(const Record& record, std::optional<TimeMs> accepted_time) {
    TRIBUTARY_RETURN_IF_ERROR(failure_);
    TRIBUTARY_RETURN_IF_ERROR(FlushChunk());
    TRIBUTARY_RETURN_IF_ERROR(FlushBatch());
    TRIBUTARY_RETURN_IF_ERROR(CheckRecord(record));
    TRIBUTARY_ASSIGN_OR_RETURN(PreparedFact fact, PrepareFact({record, {}, std::nullopt}));
    fact.stage = stage_;
    fact.accepted_time = accepted_time;
    std::vector<PreparedFact> facts;
    facts.push_back(std::move(fact));
    auto results = ledger_->RecordAll(std::move(facts), {});
    TRIBUTARY_RETURN_IF_ERROR(results.front().status());
    // A record that is there already keeps its own lines, which are the same; these are discarded.
    finished_ = !results.front()->already_recorded;
    return *results.front();
  }

  void Abandon() { finished_ = true; }  // unknown outcome: opening the ledger again decides

 private:
  static constexpr std::size_t kBatchSize = 4u << 20;  // bytes of one commit of chunks

  absl::Status AddAll(std::span<const std::string> lines) {
    for (const std::string& line : lines) {
      if (line_count_ == kLineCountMax) {
        return FieldError(absl::StatusCode::kResourceExhausted, "lines",
                          StrCat("more than ", line_count_, " lines"),
                          StrCat("at most line_count_max = ", kLineCountMax));
      }
      if (line.size() > kLineSizeMax) {
        return InvalidField("lines", StrCat("a line of ", line.size(), " bytes"),
                            StrCat("at most ", kLineSizeMax));
      }
      tree_.Append(LeafHash(line));
      chunk_.push_back(line);
      ++line_count_;
      if (chunk_.size() == kLineChunkSize) TRIBUTARY_RETURN_IF_ERROR(FlushChunk());
    }
    return absl::OkStatus();
  }

  absl::Status FlushChunk() {
    if (chunk_.empty()) return absl::OkStatus();
    PutRow(keys::LineChunk(stage_, chunk_count_++), EncodeLineChunk(chunk_), &batch_);
    chunk_.clear();
    return batch_.byte_count() < kBatchSize ? absl::OkStatus() : FlushBatch();
  }

  absl::Status FlushBatch() {
    if (batch_.empty()) return absl::OkStatus();
    TRIBUTARY_RETURN_IF_ERROR(ledger_->options.CheckAdmitted());
    TRIBUTARY_RETURN_IF_ERROR(ledger_->store->Commit(batch_));
    batch_ = WriteBatch();
    return absl::OkStatus();
  }

  // What the record says of its lines must be what was added.
  absl::Status CheckRecord(const Record& record) const {
    const auto stated = StatedLines(record.body);
    if (!stated.has_value()) {
      return InvalidField("type", TypeName(record.body), "a statement or an adjustment");
    }
    if (stated->line_count != line_count_) {
      return InvalidField("line_count", StrCat(stated->line_count),
                          StrCat(line_count_, ", the number of lines given"));
    }
    if (stated->lines_root == tree_.Root()) return absl::OkStatus();
    return InvalidField("lines_root", stated->lines_root.ToHex(),
                        StrCat(tree_.Root().ToHex(), ", the root over the lines given"));
  }

  Ledger::Impl* ledger_;
  StageId stage_;
  TreeFrontier tree_;
  std::vector<std::string> chunk_;
  std::uint32_t chunk_count_ = 0;
  std::uint64_t line_count_ = 0;
  WriteBatch batch_;
  bool finished_ = false;
  absl::Status failure_;
};

LineStage::LineStage(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LineStage::~LineStage() = default;

absl::Status LineStage::Add(std::span<const std::string> lines) { return impl_->Add(lines); }

absl::StatusOr<Receipt> LineStage::Finish(const Record& record,
                                          std::optional<TimeMs> accepted_time) {
  auto receipt = impl_->Finish(record, accepted_time);
  if (receipt.status().code() == absl::StatusCode::kUnavailable) impl_->Abandon();
  return receipt;
}

absl::StatusOr<std::unique_ptr<LineStage>> Ledger::BeginLines() {
  TRIBUTARY_ASSIGN_OR_RETURN(const StageId stage, impl_->AllocateStage());
  return std::unique_ptr<LineStage>(
      new LineStage(std::make_unique<LineStage::Impl>(impl_.get(), stage)));
}

}  // namespace tributary
