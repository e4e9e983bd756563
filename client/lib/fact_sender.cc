#include "client/lib/fact_sender.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "graph/model/status.h"

namespace tributary {
namespace {

absl::Status StoppedError() { return absl::AbortedError("stopped after a fact that was refused"); }

}  // namespace

absl::StatusOr<v1::RecordReceipt> StreamDerivation(const Client& client, const SendOptions& options,
                                                   const v1::Derivation& derivation,
                                                   const v1::RecordOptions& record_options,
                                                   std::span<const Edge> edges) {
  const auto context = client.NewStreamContext();
  v1::RecordDerivationStreamResponse response;
  const auto writer = client.lineage().RecordDerivationStream(context.get(), &response);
  v1::RecordDerivationStreamRequest request;
  request.mutable_header()->set_ledger(options.ledger);
  *request.mutable_header()->mutable_derivation() = derivation;
  *request.mutable_header()->mutable_options() = record_options;
  request.mutable_header()->set_allow_unknown_inputs(options.allow_unknown_inputs);
  bool open = writer->Write(request);
  while (open && !edges.empty()) {
    const std::size_t count = std::min(edges.size(), kEdgeBlockCountMax);
    *request.mutable_edges() = ToBlock(edges.first(count));
    edges = edges.subspan(count);
    open = writer->Write(request);
  }
  if (open) writer->WritesDone();
  // A server that refuses early closes the stream; its reason is in the status.
  const grpc::Status status = writer->Finish();
  if (!status.ok()) return ToAbslStatus(status);
  return response.receipt();
}

// One Ingest stream and the thread that reads its answers.
struct FactSender::Stream {
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientReaderWriter<v1::IngestRequest, v1::IngestResponse>> calls;
  std::uint64_t next_answer = 0;     // number of the fact whose result comes next; the reader's
  std::atomic<bool> failed = false;  // a result held an error
  std::thread reader;
};

FactSender::FactSender(const Client& client, SendOptions options, OnResult on_result)
    : client_(client), options_(std::move(options)), on_result_(std::move(on_result)) {}

FactSender::~FactSender() {
  if (stream_ == nullptr) return;
  stream_->context->TryCancel();
  if (stream_->reader.joinable()) stream_->reader.join();
  stream_->calls->Finish();
}

absl::Status FactSender::Send(const Record& record, std::span<const Edge> edges,
                              const std::optional<PrivateBytes>& details) {
  const bool large = edges.size() > kInlineEdgeCountMax;
  const v1::Fact fact = ToFact(record, large ? std::span<const Edge>() : edges, details);
  if (large) return SendLarge(fact, edges);
  const std::size_t size = fact.ByteSizeLong();
  if (batch_.facts_size() > 0 && batch_size_ + size > kBatchSizeMax) {
    TRIBUTARY_RETURN_IF_ERROR(Flush());
  }
  *batch_.add_facts() = fact;
  batch_size_ += size;
  ++next_;
  return batch_.facts_size() >= kBatchFactCountMax ? Flush() : absl::OkStatus();
}

absl::Status FactSender::SendLarge(const v1::Fact& fact, std::span<const Edge> edges) {
  // What it names must be durable first: the two streams are not ordered to each other.
  TRIBUTARY_RETURN_IF_ERROR(CloseStream());
  const auto receipt =
      StreamDerivation(client_, options_, fact.derivation().derivation(), fact.options(), edges);
  v1::FactResult result;
  if (receipt.ok()) {
    *result.mutable_receipt() = *receipt;
  } else {
    if (receipt.status().code() == absl::StatusCode::kUnavailable) return receipt.status();
    result.mutable_error()->set_code(static_cast<int>(receipt.status().code()));
    result.mutable_error()->set_message(std::string(FromAbsl(receipt.status().message())));
    result.mutable_error()->set_field(FieldOf(receipt.status()));
  }
  on_result_(next_++, result);
  batch_first_ = next_;
  return !receipt.ok() && options_.stop_on_error ? StoppedError() : absl::OkStatus();
}

absl::Status FactSender::Flush() {
  if (batch_.facts_size() == 0) return absl::OkStatus();
  if (stream_ == nullptr) {
    stream_ = std::make_unique<Stream>();
    stream_->context = client_.NewStreamContext();
    stream_->calls = client_.lineage().Ingest(stream_->context.get());
    stream_->next_answer = batch_first_;
    stream_->reader = std::thread([this, stream = stream_.get()] { ReadResults(stream); });
  }
  if (stream_->failed && options_.stop_on_error) return CloseStream();
  batch_.set_ledger(options_.ledger);
  batch_.set_batch_sequence(batch_first_);
  batch_.set_allow_unknown_inputs(options_.allow_unknown_inputs);
  batch_.set_stop_on_error(options_.stop_on_error);
  const bool written = stream_->calls->Write(batch_);
  batch_.Clear();
  batch_size_ = 0;
  batch_first_ = next_;
  return written ? absl::OkStatus() : CloseStream();
}

absl::Status FactSender::CloseStream() {
  if (batch_.facts_size() > 0 && (stream_ == nullptr || !stream_->failed)) {
    TRIBUTARY_RETURN_IF_ERROR(Flush());
  }
  if (stream_ == nullptr) return absl::OkStatus();
  stream_->calls->WritesDone();
  stream_->reader.join();
  const grpc::Status status = stream_->calls->Finish();
  const std::unique_ptr<Stream> closed = std::move(stream_);
  if (closed->failed && options_.stop_on_error) batch_.Clear();  // what is left is not to be sent
  if (!status.ok()) return ToAbslStatus(status);
  if (closed->next_answer != batch_first_) {
    return absl::InternalError(StrCat("Ingest: found answers up to fact ", closed->next_answer,
                                      "; expected one for each of ", batch_first_));
  }
  return closed->failed && options_.stop_on_error ? StoppedError() : absl::OkStatus();
}

absl::Status FactSender::Finish() { return CloseStream(); }

void FactSender::ReadResults(Stream* stream) {
  v1::IngestResponse response;
  while (stream->calls->Read(&response)) {
    for (const v1::FactResult& result : response.results()) {
      if (result.has_error()) stream->failed = true;
      on_result_(stream->next_answer++, result);
    }
  }
}

}  // namespace tributary
