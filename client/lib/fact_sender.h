// Sends many facts: small ones in batches over an Ingest stream, large derivations by a stream of
// their own, in the order given.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "client/lib/client.h"
#include "client/lib/convert.h"

namespace tributary {

// Of one message. The server answers a batch once it is durable, so larger ones share one fsync;
// 1 MiB stays well below the 4 MiB that a gRPC server accepts by default.
inline constexpr int kBatchFactCountMax = 1'000;
inline constexpr std::size_t kBatchSizeMax = 1u << 20;
// A derivation with more edges than this is sent by RecordDerivationStream.
inline constexpr std::size_t kInlineEdgeCountMax = 4'096;
inline constexpr std::size_t kEdgeBlockCountMax = 8'192;

struct SendOptions {
  std::string ledger;
  bool allow_unknown_inputs = false;
  bool stop_on_error = true;  // nothing is sent after an answer that holds an error
};

// Records one derivation through RecordDerivationStream. `edges` ascend by input id.
absl::StatusOr<v1::RecordReceipt> StreamDerivation(const Client& client, const SendOptions& options,
                                                   const v1::Derivation& derivation,
                                                   const v1::RecordOptions& record_options,
                                                   std::span<const Edge> edges);

// One thread calls Send and Finish. Results arrive on another one, in order, one for each fact.
class FactSender {
 public:
  // Given the number of the fact, counted from 0 in order of Send. Facts that were not applied
  // because an earlier one failed have an error with the code ABORTED.
  using OnResult = std::function<void(std::uint64_t index, const v1::FactResult& result)>;

  // `client` must outlive the sender.
  FactSender(const Client& client, SendOptions options, OnResult on_result);
  ~FactSender();
  FactSender(const FactSender&) = delete;
  FactSender& operator=(const FactSender&) = delete;

  // Sends one fact, now or with a later one. Blocks while the server holds the stream back.
  // Errors: those of the call itself, and kAborted after a failed fact with stop_on_error.
  absl::Status Send(const Record& record, std::span<const Edge> edges,
                    const std::optional<PrivateBytes>& details);

  // Sends what is left and waits for every result. Errors: as Send.
  absl::Status Finish();

 private:
  struct Stream;

  absl::Status SendLarge(const v1::Fact& fact, std::span<const Edge> edges);
  absl::Status Flush();
  absl::Status CloseStream();
  void ReadResults(Stream* stream);

  const Client& client_;
  SendOptions options_;
  OnResult on_result_;
  v1::IngestRequest batch_;
  std::size_t batch_size_ = 0;     // bytes
  std::uint64_t batch_first_ = 0;  // number of the batch's first fact; also its sequence number
  std::uint64_t next_ = 0;         // number of the next fact
  std::unique_ptr<Stream> stream_;
};

}  // namespace tributary
