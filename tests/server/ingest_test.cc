#include "server/handlers/ingest.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "server/handlers/record.h"
#include "tests/server/test_server.h"
#include "tests/support/catch.h"

namespace tributary::test {
namespace {

int CodeOf(const v1::FactResult& result) { return result.error().code(); }
constexpr int Code(absl::StatusCode code) { return static_cast<int>(code); }

TEST_CASE("ingest: facts are applied in order, each by itself", "[server][ingest]") {
  TestServer server;
  const v1::IngestResponse answer =
      IngestAll(server.env(),
                {Asset("a", v1::ASSET_KIND_WORK), Holders("a", {{"nobody", 1}}), Party("nobody"),
                 Holders("a", {{"nobody", 1}}), v1::Fact(), Asset("a", v1::ASSET_KIND_WORK)});
  CHECK(answer.results(0).receipt().position() == 1);
  CHECK(CodeOf(answer.results(1)) == Code(absl::StatusCode::kNotFound));
  CHECK(answer.results(2).receipt().position() == 2);
  CHECK(answer.results(3).receipt().position() == 3);
  CHECK(CodeOf(answer.results(4)) == Code(absl::StatusCode::kInvalidArgument));
  CHECK(answer.results(4).error().field() == "body");
  CHECK(answer.results(5).receipt().already_recorded());
  CHECK(answer.results(5).receipt().position() == 1);
  CHECK(answer.tree_size() == 4);
}

TEST_CASE("ingest: the same facts again append nothing", "[server][ingest]") {
  TestServer server;
  const std::vector<v1::Fact> facts = {Party("p"), Asset("a", v1::ASSET_KIND_WORK),
                                       Asset("g", v1::ASSET_KIND_OUTPUT),
                                       Derivation("g", {{"a", 1}}, 1)};
  const v1::IngestResponse first = IngestAll(server.env(), facts);
  const v1::IngestResponse second = IngestAll(server.env(), facts);
  CHECK(second.tree_size() == first.tree_size());
  for (int i = 0; i < first.results_size(); ++i) {
    CHECK_FALSE(first.results(i).receipt().already_recorded());
    CHECK(second.results(i).receipt().already_recorded());
    CHECK(second.results(i).receipt().record_id() == first.results(i).receipt().record_id());
    CHECK(second.results(i).receipt().position() == first.results(i).receipt().position());
  }
}

TEST_CASE("ingest: stop_on_error leaves later facts unapplied", "[server][ingest]") {
  TestServer server;
  // Refused before the ledger sees it, and by the ledger.
  for (const v1::Fact& bad : {v1::Fact(), Holders("unknown", {{"p", 1}})}) {
    const v1::IngestResponse answer =
        IngestAll(server.env(), {Party("first"), bad, Party("last")}, false, true);
    CHECK(answer.results(0).has_receipt());
    CHECK(answer.results(1).has_error());
    CHECK(CodeOf(answer.results(2)) == Code(absl::StatusCode::kAborted));
    CHECK(answer.results(2).error().message() == "not applied: fact 1 of the batch failed");
    CHECK(answer.tree_size() == 2);
  }
}

TEST_CASE("ingest: an unknown input is recorded only by flag", "[server][ingest]") {
  TestServer server;
  RecordFacts(server.env(), {Asset("g", v1::ASSET_KIND_OUTPUT)});
  const v1::Fact derivation = Derivation("g", {{"stranger", 1}}, 1);
  CHECK(CodeOf(IngestAll(server.env(), {derivation}).results(0)) ==
        Code(absl::StatusCode::kNotFound));
  const v1::IngestResponse allowed = IngestAll(server.env(), {derivation}, true);
  REQUIRE(allowed.results(0).has_receipt());
  CHECK(allowed.tree_size() == 4);  // ledger, output, the unknown input, the derivation
}

TEST_CASE("ingest: a batch that breaks a limit ends the stream and names it", "[server][ingest]") {
  TestServer server;
  server.limits().ingest_batch_fact_count_max = 2;
  v1::IngestRequest request;
  request.set_ledger(kLedger);
  for (int i = 0; i < 3; ++i) *request.add_facts() = Party("p" + std::to_string(i));
  VectorSource<v1::IngestRequest> requests({request});
  VectorSink<v1::IngestResponse> responses;
  const absl::Status status = server::Ingest(server.env(), requests, responses);
  CHECK_STATUS(status, absl::StatusCode::kResourceExhausted);
  CHECK(std::string(status.message()).find("ingest_batch_fact_count_max") != std::string::npos);
}

TEST_CASE("ingest: ten thousand refusals fit in one message", "[server][ingest]") {
  TestServer server;
  const std::vector<v1::Fact> facts(10'000, Party(std::string(300, ' ')));
  const v1::IngestResponse answer = IngestAll(server.env(), facts);
  CHECK(answer.ByteSizeLong() < (4u << 20));
  CHECK(answer.results(9'999).error().field() == "party.party");
}

TEST_CASE("ingest: a stream belongs to one ledger", "[server][ingest]") {
  TestServer server;
  v1::IngestRequest first;
  first.set_ledger(kLedger);
  *first.add_facts() = Party("p");
  v1::IngestRequest second = first;
  second.set_ledger("another/ledger");
  VectorSource<v1::IngestRequest> requests({first, second});
  VectorSink<v1::IngestResponse> responses;
  CHECK_STATUS(server::Ingest(server.env(), requests, responses),
               absl::StatusCode::kInvalidArgument);
  CHECK(responses.messages.size() == 1);  // what was accepted before is acknowledged
}

// Holds every acknowledgement back until it is opened.
class GatedSink final : public server::Sink<v1::IngestResponse> {
 public:
  absl::Status Write(v1::IngestResponse) override {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return open_; });
    ++written_;
    return absl::OkStatus();
  }
  void Open() {
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
    }
    opened_.notify_all();
  }
  int written() {
    const std::lock_guard lock(mutex_);
    return written_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
  int written_ = 0;
};

// Gives batches without end and counts them.
class CountingSource final : public server::Source<v1::IngestRequest> {
 public:
  explicit CountingSource(int batch_count) : batch_count_(batch_count) {}
  bool Read(v1::IngestRequest* message) override {
    if (read_count == batch_count_) return false;
    message->Clear();
    message->set_ledger(kLedger);
    *message->add_facts() = Party("party-" + std::to_string(read_count++));
    return true;
  }
  std::atomic<int> read_count{0};

 private:
  const int batch_count_;
};

TEST_CASE("ingest: a client that does not read acknowledgements is held back", "[server][ingest]") {
  TestServer server;
  constexpr int kInFlightMax = 3;
  constexpr int kBatchCount = 20;
  server.limits().ingest_batch_in_flight_max = kInFlightMax;
  CountingSource requests(kBatchCount);
  GatedSink responses;
  absl::Status status;
  std::thread call([&] { status = server::Ingest(server.env(), requests, responses); });
  // The batches in flight, and one more that was read and waits for its place.
  while (requests.read_count < kInFlightMax + 1) std::this_thread::yield();
  // Everything in flight is durable by now or soon; nothing more is read for that.
  const auto ledger = server.ledgers().Find(kLedger).value();
  while (ledger->head().tree_size.value < 1 + kInFlightMax) std::this_thread::yield();
  CHECK(requests.read_count == kInFlightMax + 1);
  CHECK(responses.written() == 0);
  responses.Open();
  call.join();
  REQUIRE_OK(status);
  CHECK(responses.written() == kBatchCount);
  CHECK(ledger->head().tree_size.value == 1 + kBatchCount);
}

// --- Derivations by stream ---

v1::RecordDerivationStreamRequest Header(std::string_view generated, std::uint64_t retained) {
  v1::RecordDerivationStreamRequest message;
  message.mutable_header()->set_ledger(kLedger);
  message.mutable_header()->mutable_derivation()->set_generated(Id(generated));
  message.mutable_header()->mutable_derivation()->set_retained(retained);
  return message;
}

// Edges to the given assets in ascending order of their ids, one block each.
std::vector<v1::RecordDerivationStreamRequest> Blocks(std::vector<std::string> ids) {
  std::sort(ids.begin(), ids.end());
  std::vector<v1::RecordDerivationStreamRequest> blocks;
  for (const std::string& id : ids) {
    v1::EdgeBlock* block = blocks.emplace_back().mutable_edges();
    block->set_inputs(id);
    block->add_weights(1);
    block->add_roles(v1::ROLE_TRAINING_DATA);
  }
  return blocks;
}

TEST_CASE("derivation stream: records the same record as edges inline", "[server][ingest]") {
  TestServer server;
  RecordFacts(server.env(), {Asset("a", v1::ASSET_KIND_WORK), Asset("b", v1::ASSET_KIND_WORK),
                             Asset("g", v1::ASSET_KIND_DATASET)});
  std::vector<v1::RecordDerivationStreamRequest> messages = Blocks({Id("a"), Id("b")});
  messages.insert(messages.begin(), Header("g", 1));
  VectorSource<v1::RecordDerivationStreamRequest> requests(messages);
  v1::RecordDerivationStreamResponse response;
  REQUIRE_OK(server::RecordDerivationStream(server.env(), requests, &response));
  CHECK(response.derivation().edge_count() == 2);
  CHECK(response.derivation().weight_sum() == 2);

  const v1::IngestResponse inline_answer =
      IngestAll(server.env(), {Derivation("g", {{"a", 1}, {"b", 1}}, 1)});
  CHECK(inline_answer.results(0).receipt().already_recorded());
  CHECK(inline_answer.results(0).receipt().record_id() == response.receipt().record_id());
}

TEST_CASE("derivation stream: out of order, cut off or without a header it leaves no trace",
          "[server][ingest]") {
  TestServer server;
  RecordFacts(server.env(), {Asset("a", v1::ASSET_KIND_WORK), Asset("b", v1::ASSET_KIND_WORK),
                             Asset("g", v1::ASSET_KIND_DATASET)});
  std::vector<v1::RecordDerivationStreamRequest> messages = Blocks({Id("a"), Id("b")});
  std::swap(messages[0], messages[1]);
  messages.insert(messages.begin(), Header("g", 1));
  v1::RecordDerivationStreamResponse response;
  {
    VectorSource<v1::RecordDerivationStreamRequest> requests(messages);
    CHECK_STATUS(server::RecordDerivationStream(server.env(), requests, &response),
                 absl::StatusCode::kInvalidArgument);
  }
  {
    VectorSource<v1::RecordDerivationStreamRequest> requests({messages[1]});
    CHECK_STATUS(server::RecordDerivationStream(server.env(), requests, &response),
                 absl::StatusCode::kInvalidArgument);
  }
  {
    // The token of a call that lost its client is fired before its source ends.
    server.cancel().Cancel();
    VectorSource<v1::RecordDerivationStreamRequest> requests({messages[0], messages[2]});
    CHECK_STATUS(server::RecordDerivationStream(server.env(), requests, &response),
                 absl::StatusCode::kCancelled);
  }
  CHECK(server.ledgers().Find(kLedger).value()->head().tree_size.value == 4);
}

}  // namespace
}  // namespace tributary::test
