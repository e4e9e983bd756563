// tributary replay: an exported log becomes an identical ledger.

#include <fstream>

#include "client/cli/commands.h"
#include "client/cli/log_lines.h"
#include "client/cli/progress.h"
#include "client/lib/convert.h"
#include "client/lib/fact_sender.h"
#include "graph/model/status.h"

namespace tributary::cli {
namespace {

// Of one message, as in an import.
constexpr int kItemCountMax = 1'000;

struct LogEnds {
  LogHeader header;
  LogFooter footer;
  std::uint64_t line_count = 0;
  std::uint64_t block_count = 0;  // of these, blocks of statements' lines
};

absl::Status AtLine(const std::string& path, std::uint64_t line, const absl::Status& status) {
  return UsageError(
      WithField(absl::Status(status.code(),
                             ToAbsl(StrCat(path, ":", line, ": ", FromAbsl(status.message())))),
                FieldOf(status)));
}

// Reads the first and last line: a file that was cut short is refused before anything is sent.
absl::StatusOr<LogEnds> ReadEnds(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return UsageError(absl::NotFoundError(StrCat(path, ": cannot be read")));
  LogEnds ends;
  std::string line;
  std::string last;
  while (std::getline(file, line)) {
    if (++ends.line_count == 1) {
      absl::StatusOr<LogHeader> header = ParseLogHeader(line);
      if (!header.ok()) return AtLine(path, 1, header.status());
      ends.header = *std::move(header);
    }
    if (IsLogLineBlock(line)) ++ends.block_count;
    last.swap(line);
  }
  const absl::StatusOr<LogFooter> footer = ParseLogFooter(last);
  if (!footer.ok() || footer->tree_size + 2 + ends.block_count != ends.line_count) {
    return AtLine(path, ends.line_count,
                  InvalidField("line", "no end of the log that fits its lines",
                               "a whole file, as `tributary export --log` writes it"));
  }
  ends.footer = *footer;
  return ends;
}

// Sends items in messages of bounded size.
class ReplayWriter {
 public:
  ReplayWriter(const Client& client, const std::string& ledger)
      : context_(client.NewStreamContext()),
        writer_(client.admin().ReplayLog(context_.get(), &response_)) {
    request_.set_ledger(ledger);
  }

  // False once the server has closed the call: Finish then has its reason.
  bool Add(const LogLine& line) {
    *request_.add_items()->mutable_record() = line.record;
    size_ += line.record.canonical_bytes().size();
    if (line.has_details) {
      *request_.add_items()->mutable_details() = line.details;
      size_ += line.details.content().size();
    }
    for (std::span<const Edge> edges = line.edges; !edges.empty();) {
      const std::size_t count = std::min(edges.size(), kEdgeBlockCountMax);
      *request_.add_items()->mutable_edges() = ToBlock(edges.first(count));
      edges = edges.subspan(count);
      size_ += count * 48;
      if (!FlushIfLarge()) return false;
    }
    return FlushIfLarge();
  }

  bool Add(v1::LineBlock block) {
    size_ += block.ByteSizeLong();
    *request_.add_items()->mutable_lines() = std::move(block);
    return FlushIfLarge();
  }

  absl::StatusOr<v1::ReplayLogResponse> Finish(const Digest& root_hash) {
    request_.set_expected_root_hash(std::string(root_hash.view()));
    if (writer_->Write(request_)) writer_->WritesDone();
    return Close();
  }
  absl::StatusOr<v1::ReplayLogResponse> Close() {
    const grpc::Status status = writer_->Finish();
    if (!status.ok()) return ToAbslStatus(status);
    return response_;
  }
  // Ends the call without a result.
  void Cancel() {
    context_->TryCancel();
    writer_->Finish();
  }

 private:
  bool FlushIfLarge() {
    if (request_.items_size() < kItemCountMax && size_ < kBatchSizeMax) return true;
    size_ = 0;
    const bool open = writer_->Write(request_);
    request_.Clear();
    return open;
  }

  std::unique_ptr<grpc::ClientContext> context_;
  v1::ReplayLogResponse response_;
  std::unique_ptr<grpc::ClientWriter<v1::ReplayLogRequest>> writer_;
  v1::ReplayLogRequest request_;
  std::size_t size_ = 0;  // bytes, about
};

// False once the server has closed the call.
absl::StatusOr<bool> SendLine(const std::string& line, std::uint64_t* record_count,
                              ReplayWriter* writer) {
  if (!IsLogLineBlock(line)) {
    TRIBUTARY_ASSIGN_OR_RETURN(const LogLine parsed, ParseLogLine(line));
    ++*record_count;
    return writer->Add(parsed);
  }
  TRIBUTARY_ASSIGN_OR_RETURN(LogLineBlock parsed, ParseLogLineBlock(line));
  if (parsed.position + 1 != *record_count) {
    return InvalidField("lines_of", StrCat(parsed.position),
                        StrCat("the position of the record before it, ", *record_count - 1));
  }
  return writer->Add(std::move(parsed.block));
}

absl::StatusOr<v1::ReplayLogResponse> SendLog(Session& session, const std::string& path,
                                              const LogEnds& ends) {
  std::ifstream file(path, std::ios::binary);
  Progress progress("Replaying", ends.footer.tree_size);
  ReplayWriter writer(session.client(), ends.header.ledger);
  std::string line;
  std::getline(file, line);
  std::uint64_t record_count = 0;
  for (std::uint64_t number = 2; number < ends.line_count; ++number) {
    if (!std::getline(file, line)) {
      writer.Cancel();
      return absl::UnavailableError(StrCat(path, ": reading failed"));
    }
    const absl::StatusOr<bool> sent = SendLine(line, &record_count, &writer);
    if (!sent.ok()) {
      writer.Cancel();
      return AtLine(path, number, sent.status());
    }
    if (!*sent) return writer.Close();
    progress.Update(record_count);
  }
  return writer.Finish(ends.footer.root_hash);
}

absl::Status Replay(Session& session, const std::string& path) {
  TRIBUTARY_ASSIGN_OR_RETURN(const LogEnds ends, ReadEnds(path));
  if (!session.ledger.empty() && session.ledger != ends.header.ledger) {
    return UsageError(InvalidField(
        "ledger", Quoted(session.ledger),
        StrCat(Quoted(ends.header.ledger), ", the ledger whose log this is: records name it")));
  }
  TRIBUTARY_ASSIGN_OR_RETURN(const v1::ReplayLogResponse response, SendLog(session, path, ends));
  if (response.root_hash() != ends.footer.root_hash.view()) {
    return absl::DataLossError(StrCat("replay: found root ", ToHex(response.root_hash()),
                                      "; expected ", ends.footer.root_hash.ToHex()));
  }
  session.Emit(
      [&] {
        return Json{{"ledger", ends.header.ledger},
                    {"tree_size", response.tree_size()},
                    {"root_hash", ToHex(response.root_hash())}};
      },
      [&] {
        View view;
        view.closing = StrCat("Ledger ", ends.header.ledger, " holds the same log: version ",
                              response.tree_size(), ", root ", ToHex(response.root_hash()), "\n");
        view.table.columns = {{"", "ledger"}, {"", "tree_size"}, {"", "root_hash"}};
        view.table.rows = {{Cell(ends.header.ledger), Cell(std::to_string(response.tree_size())),
                            Cell(ToHex(response.root_hash()))}};
        return view;
      });
  return absl::OkStatus();
}

}  // namespace

void AddReplayCommand(CLI::App* app, Session* session) {
  CLI::App* replay = AddCommand(
      app, "replay",
      "Make a ledger from a log that `export --log` wrote: same record ids, positions, times and "
      "root. The server must not hold a ledger of that name with facts in it.",
      {"tributary replay example.log.jsonl"});
  auto file = std::make_shared<std::string>();
  replay->add_option("FILE", *file, "File that `tributary export --log` wrote")->required();
  replay->callback(
      [session, file] { session->action = [session, file] { return Replay(*session, *file); }; });
}

}  // namespace tributary::cli
