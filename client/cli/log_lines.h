// The log as lines: facts in the import format, or the log format that replay reads
// (docs/formats/log-export.md).

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "graph/merkle/merkle.h"
#include "graph/model/record.h"
#include "tributary/v1/lineage_service.pb.h"

namespace tributary::cli {

inline constexpr std::string_view kLogFormat = "tributary/log_export/v1";

struct LogLineOptions {
  bool log = false;  // with positions and times; else facts
  // Facts only: leaves out records whose raw id is in `superseded`, and the key `supersedes` of the
  // others.
  bool drop_superseded = false;
  std::unordered_set<std::string> superseded;
};

// Turns items of the log into lines, an edge list piece by piece, and checks on the way what can be
// checked: positions, edge lists and the lines of statements against the record's count and root,
// the log's root at the end. Facts are what a client may record: statements, adjustments, payout
// batches and what became of them are left out.
class LogLineWriter {
 public:
  using Write = std::function<absl::Status(std::string_view text)>;
  LogLineWriter(LogLineOptions options, Write write);

  absl::Status WriteHeader(std::string_view ledger);
  // Errors: kDataLoss (the items do not fit together), those of `write`.
  absl::Status Add(const v1::LogItem& item);
  absl::Status Finish(const v1::StreamRecordsSummary& summary);

  std::uint64_t record_count() const { return record_count_; }
  bool is_finished() const { return finished_; }

 private:
  absl::Status BeginRecord(const v1::LogRecord& record);
  absl::Status AddEdges(const v1::EdgeBlock& block);
  absl::Status AddDetails(const v1::PrivateDetails& details);
  absl::Status AddLines(const v1::LineBlock& block);
  void CloseLine();
  absl::Status EndRecord();
  absl::Status WriteIfLarge();

  LogLineOptions options_;
  Write write_;
  std::string text_;  // not yet written
  std::uint64_t record_count_ = 0;
  TreeFrontier log_;
  bool in_record_ = false;
  bool skip_ = false;  // the record is left out
  Record record_;
  std::uint64_t edge_count_ = 0;
  std::uint64_t weight_sum_ = 0;
  TreeFrontier edges_;
  std::string details_;  // of the record; they stand at the end of its line
  bool line_is_open_ = false;
  std::uint64_t line_count_ = 0;  // of a statement or adjustment
  TreeFrontier lines_;
  bool finished_ = false;
};

// A line of the log format, as replay sends it.
struct LogLine {
  v1::LogRecord record;
  std::vector<Edge> edges;
  bool has_details = false;
  v1::PrivateDetails details;
};
// Lines of the statement or adjustment before it.
struct LogLineBlock {
  std::uint64_t position = 0;  // of that record
  v1::LineBlock block;
};
struct LogHeader {
  std::string ledger;
};
struct LogFooter {
  std::uint64_t tree_size = 0;
  Digest root_hash;
};

// Errors: kInvalidArgument, naming the field.
absl::StatusOr<LogHeader> ParseLogHeader(std::string_view line);
absl::StatusOr<LogFooter> ParseLogFooter(std::string_view line);
absl::StatusOr<LogLine> ParseLogLine(std::string_view line);
// Whether a line is a block of lines, and such a line.
bool IsLogLineBlock(std::string_view line);
absl::StatusOr<LogLineBlock> ParseLogLineBlock(std::string_view line);

}  // namespace tributary::cli
