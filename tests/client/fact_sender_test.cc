// Batches over an Ingest stream, against a service that answers as it is told.

#include "client/lib/fact_sender.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <optional>

#include "tests/support/catch.h"

namespace tributary {
namespace {

// Answers every fact with a receipt, but refuses the party "bad".
class FakeLineage final : public v1::LineageService::Service {
 public:
  grpc::Status Ingest(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::IngestResponse, v1::IngestRequest>* stream) override {
    v1::IngestRequest request;
    while (stream->Read(&request)) {
      v1::IngestResponse response;
      response.set_batch_sequence(request.batch_sequence());
      bool failed = false;
      for (const v1::Fact& fact : request.facts()) {
        v1::FactResult* result = response.add_results();
        failed |= fact.party().party() == "bad";
        if (failed && (request.stop_on_error() || fact.party().party() == "bad")) {
          result->mutable_error()->set_code(fact.party().party() == "bad" ? 3 : 10);
        } else {
          result->mutable_receipt()->set_position(fact_count++);
        }
      }
      if (drop_result && response.results_size() > 0) response.mutable_results()->RemoveLast();
      stream->Write(response);
      if (close_after_first) return {grpc::StatusCode::UNAVAILABLE, "stopped"};
    }
    return grpc::Status::OK;
  }

  grpc::Status RecordDerivationStream(grpc::ServerContext*,
                                      grpc::ServerReader<v1::RecordDerivationStreamRequest>* reader,
                                      v1::RecordDerivationStreamResponse* response) override {
    v1::RecordDerivationStreamRequest request;
    while (reader->Read(&request)) {
      edge_count += static_cast<std::uint64_t>(request.edges().weights_size());
    }
    response->mutable_receipt()->set_position(fact_count++);
    return grpc::Status::OK;
  }

  std::atomic<std::uint64_t> fact_count = 0;  // applied
  std::atomic<std::uint64_t> edge_count = 0;
  bool drop_result = false;
  bool close_after_first = false;
};

// The service on a free port, a client of it, and the results in order.
struct Bench {
  Bench() {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service);
    server = builder.BuildAndStart();
    client.emplace(ClientOptions{.server = "127.0.0.1:" + std::to_string(port)});
  }

  FactSender Sender(bool stop_on_error) {
    // Catch's macros are for one thread, and this runs on the reader's.
    return FactSender(*client, {.ledger = "test", .stop_on_error = stop_on_error},
                      [this](std::uint64_t index, const v1::FactResult& result) {
                        in_order = in_order && index == results.size();
                        results.push_back(result);
                      });
  }

  FakeLineage service;
  std::unique_ptr<grpc::Server> server;
  std::optional<Client> client;
  std::vector<v1::FactResult> results;
  bool in_order = true;  // numbers came as 0, 1, 2, …
};

Record PartyNamed(const std::string& party) {
  return {.ledger = "test",
          .supersedes = {},
          .details_digest = {},
          .blind = {},
          .body = PartyRecord{.party = party, .name = {}, .external_ids = {}, .attributes = {}}};
}

TEST_CASE("fact sender: every fact has one result, in order", "[client][sender]") {
  Bench bench;
  FactSender sender = bench.Sender(true);
  constexpr std::uint64_t kCount = 3 * kBatchFactCountMax + 7;
  for (std::uint64_t i = 0; i < kCount; ++i) REQUIRE_OK(sender.Send(PartyNamed("p"), {}, {}));
  REQUIRE_OK(sender.Finish());
  REQUIRE(bench.results.size() == kCount);
  CHECK(bench.in_order);
  for (std::uint64_t i = 0; i < kCount; ++i) {
    REQUIRE(bench.results[i].receipt().position() == i);
  }
}

TEST_CASE("fact sender: nothing is sent behind a refusal that was told", "[client][sender]") {
  Bench bench;
  FactSender sender = bench.Sender(true);
  absl::Status status = sender.Send(PartyNamed("bad"), {}, {});
  std::uint64_t sent = 1;
  // The first batch is refused; how many more are on their way by then is a matter of time.
  while (status.ok() && sent < 1'000'000) {
    status = sender.Send(PartyNamed("p"), {}, {});
    ++sent;
  }
  CHECK(status.code() == absl::StatusCode::kAborted);
  REQUIRE_OK(sender.Finish());
  CHECK(bench.results.size() < sent);
  const std::uint64_t applied = bench.service.fact_count;
  REQUIRE_OK(sender.Finish());
  CHECK(bench.service.fact_count == applied);
}

TEST_CASE("fact sender: or goes on where that is wanted", "[client][sender]") {
  Bench bench;
  FactSender sender = bench.Sender(false);
  for (const char* party : {"a", "bad", "b"}) REQUIRE_OK(sender.Send(PartyNamed(party), {}, {}));
  REQUIRE_OK(sender.Finish());
  REQUIRE(bench.results.size() == 3);
  CHECK(bench.results[1].has_error());
  CHECK(bench.results[2].has_receipt());
}

TEST_CASE("fact sender: a wide derivation is a stream of its own, in its place",
          "[client][sender]") {
  Bench bench;
  FactSender sender = bench.Sender(true);
  const std::vector<Edge> edges(3 * kEdgeBlockCountMax + 1);
  Record derivation = PartyNamed("p");
  derivation.body = DerivationRecord{};
  REQUIRE_OK(sender.Send(PartyNamed("a"), {}, {}));
  REQUIRE_OK(sender.Send(derivation, edges, {}));
  REQUIRE_OK(sender.Send(PartyNamed("b"), {}, {}));
  REQUIRE_OK(sender.Finish());
  CHECK(bench.service.edge_count == edges.size());
  REQUIRE(bench.results.size() == 3);
  CHECK(bench.in_order);
  for (std::uint64_t i = 0; i < 3; ++i) CHECK(bench.results[i].receipt().position() == i);
}

TEST_CASE("fact sender: a missing answer is an error", "[client][sender]") {
  Bench bench;
  bench.service.drop_result = true;
  FactSender sender = bench.Sender(true);
  REQUIRE_OK(sender.Send(PartyNamed("a"), {}, {}));
  CHECK_STATUS(sender.Finish(), absl::StatusCode::kInternal);
}

TEST_CASE("fact sender: a stream that breaks is told as it broke", "[client][sender]") {
  Bench bench;
  bench.service.close_after_first = true;
  FactSender sender = bench.Sender(true);
  absl::Status status;
  for (int i = 0; i < 1'000'000 && status.ok(); ++i) {
    status = sender.Send(PartyNamed("a"), {}, {});
  }
  CHECK(status.code() == absl::StatusCode::kUnavailable);
}

TEST_CASE("fact sender: no server", "[client][sender]") {
  const Client client({.server = "127.0.0.1:1"});
  FactSender sender(client, {.ledger = "test"}, [](std::uint64_t, const v1::FactResult&) {});
  REQUIRE_OK(sender.Send(PartyNamed("a"), {}, {}));
  CHECK_STATUS(sender.Finish(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace tributary
