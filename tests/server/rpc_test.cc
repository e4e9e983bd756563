// The server over a loopback socket, with an ordinary client.

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <thread>

#include "server/rpc/server.h"
#include "tests/server/test_server.h"
#include "tests/support/catch.h"
#include "tributary/v1/admin_service.grpc.pb.h"
#include "tributary/v1/attribution_service.grpc.pb.h"
#include "tributary/v1/error_details.pb.h"
#include "tributary/v1/lineage_service.grpc.pb.h"

namespace tributary::test {
namespace {

using std::chrono::milliseconds;

// A running server and stubs on one channel to it.
class LiveServer {
 public:
  explicit LiveServer(server::Limits limits = {}, bool introspection = true) {
    server_.limits() = limits;
    auto started =
        server::RpcServer::Start({.listen = "127.0.0.1:0", .introspection = introspection},
                                 server_.ledgers(), server_.limits());
    REQUIRE_OK(started);
    rpc_ = *std::move(started);
    channel_ = grpc::CreateChannel(address(), grpc::InsecureChannelCredentials());
    lineage = v1::LineageService::NewStub(channel_);
    attribution = v1::AttributionService::NewStub(channel_);
    admin = v1::AdminService::NewStub(channel_);
  }

  TestServer& state() { return server_; }
  server::RpcServer& rpc() { return *rpc_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(rpc_->port()); }

  std::unique_ptr<v1::LineageService::Stub> lineage;
  std::unique_ptr<v1::AttributionService::Stub> attribution;
  std::unique_ptr<v1::AdminService::Stub> admin;

 private:
  TestServer server_;
  std::unique_ptr<server::RpcServer> rpc_;
  std::shared_ptr<grpc::Channel> channel_;
};

v1::RecordPartyRequest PartyRequest(const std::string& party) {
  v1::RecordPartyRequest request;
  request.set_ledger(kLedger);
  request.mutable_party()->set_party(party);
  return request;
}

// Works that a walk takes long for: a chain of derivations, each asset made from the one before.
void RecordChain(LiveServer& live, int length) {
  std::vector<v1::Fact> facts;
  for (int i = 0; i < length; ++i) {
    const std::string name = "link" + std::to_string(i);
    facts.push_back(Asset(name, v1::ASSET_KIND_OUTPUT));
    if (i > 0) facts.push_back(Derivation(name, {{"link" + std::to_string(i - 1), 1}}, 1));
    if (facts.size() < 5'000 && i + 1 < length) continue;
    RecordFacts(live.state().env(), facts);
    facts.clear();
  }
}

TEST_CASE("rpc: the same fact again gives the same receipt", "[server][rpc]") {
  LiveServer live;
  v1::RecordPartyResponse first;
  v1::RecordPartyResponse second;
  grpc::ClientContext first_context;
  grpc::ClientContext second_context;
  REQUIRE(live.lineage->RecordParty(&first_context, PartyRequest("ana"), &first).ok());
  REQUIRE(live.lineage->RecordParty(&second_context, PartyRequest("ana"), &second).ok());
  CHECK(second.receipt().record_id() == first.receipt().record_id());
  CHECK(second.receipt().position() == first.receipt().position());
  CHECK(second.receipt().already_recorded());
  CHECK(live.state().ledgers().Find(kLedger).value()->head().tree_size.value == 2);
}

TEST_CASE("rpc: a refusal carries google.rpc.BadRequest with the field", "[server][rpc]") {
  LiveServer live;
  grpc::ClientContext context;
  v1::RecordPartyResponse response;
  const grpc::Status status =
      live.lineage->RecordParty(&context, PartyRequest("not a party"), &response);
  CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  v1::ErrorStatus details;
  REQUIRE(details.ParseFromString(status.error_details()));
  CHECK(details.code() == grpc::StatusCode::INVALID_ARGUMENT);
  REQUIRE(details.details_size() == 1);
  CHECK(details.details(0).type_url() == "type.googleapis.com/google.rpc.BadRequest");
  v1::BadRequestDetail bad_request;
  REQUIRE(bad_request.ParseFromString(details.details(0).value()));
  REQUIRE(bad_request.field_violations_size() == 1);
  CHECK(bad_request.field_violations(0).field() == "party.party");
  CHECK(bad_request.field_violations(0).description() == status.error_message());
}

TEST_CASE("rpc: a very long refusal still reaches the client", "[server][rpc]") {
  LiveServer live;
  v1::RecordAliasRequest request;
  request.set_ledger(std::string(100'000, '\x01'));
  grpc::ClientContext context;
  v1::RecordAliasResponse response;
  const grpc::Status status = live.lineage->RecordAlias(&context, request, &response);
  CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_CASE("rpc: a message above the limit is refused", "[server][rpc]") {
  server::Limits limits;
  limits.request_message_size_max = 64u << 10;
  LiveServer live(limits);
  v1::RecordPartyRequest request = PartyRequest("ana");
  request.mutable_party()->set_name(std::string(100'000, 'x'));
  grpc::ClientContext context;
  v1::RecordPartyResponse response;
  CHECK(live.lineage->RecordParty(&context, request, &response).error_code() ==
        grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_CASE("rpc: an answer that clients would not accept is refused, naming the limit",
          "[server][rpc]") {
  server::Limits limits;
  limits.response_message_size_max = 64u << 10;
  LiveServer live(limits);
  std::vector<v1::Fact> facts;
  for (int i = 0; i < 200; ++i) {
    facts.push_back(Asset("asset" + std::to_string(i), v1::ASSET_KIND_WORK));
    facts.back().mutable_asset()->mutable_name()->resize(1'000, 'x');
  }
  RecordFacts(live.state().env(), facts);
  v1::ListAssetsRequest request;
  request.set_ledger(kLedger);
  v1::ListAssetsResponse response;
  grpc::ClientContext context;
  const grpc::Status status = live.lineage->ListAssets(&context, request, &response);
  CHECK(status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(status.error_message().find("response_message_size_max") != std::string::npos);
}

TEST_CASE("rpc: many clients at once record each fact once", "[server][rpc]") {
  LiveServer live;
  constexpr int kThreadCount = 8;
  constexpr int kFactCount = 50;
  std::atomic<int> appended{0};
  std::vector<std::thread> clients;
  for (int t = 0; t < kThreadCount; ++t) {
    clients.emplace_back([&] {
      for (int i = 0; i < kFactCount; ++i) {
        grpc::ClientContext context;
        v1::RecordPartyResponse response;
        const grpc::Status status = live.lineage->RecordParty(
            &context, PartyRequest("party" + std::to_string(i)), &response);
        if (status.ok() && !response.receipt().already_recorded()) ++appended;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(appended == kFactCount);
  CHECK(live.state().ledgers().Find(kLedger).value()->head().tree_size.value == 1 + kFactCount);
}

TEST_CASE("rpc: ingest acknowledges each batch in order", "[server][rpc]") {
  LiveServer live;
  grpc::ClientContext context;
  const auto stream = live.lineage->Ingest(&context);
  constexpr int kBatchCount = 30;
  std::thread sender([&stream] {
    for (int i = 0; i < kBatchCount; ++i) {
      v1::IngestRequest request;
      if (i == 0) request.set_ledger(kLedger);
      request.set_batch_sequence(static_cast<std::uint64_t>(100 + i));
      for (int j = 0; j < 20; ++j) {
        *request.add_facts() = Party("party-" + std::to_string(i) + "-" + std::to_string(j));
      }
      stream->Write(request);
    }
    stream->WritesDone();
  });
  v1::IngestResponse response;
  std::uint64_t position = 1;
  int batch_count = 0;
  while (stream->Read(&response)) {
    CHECK(response.batch_sequence() == static_cast<std::uint64_t>(100 + batch_count++));
    for (const v1::FactResult& result : response.results()) {
      CHECK(result.receipt().position() == position++);
    }
    CHECK(response.tree_size() >= position);
  }
  sender.join();
  CHECK(stream->Finish().ok());
  CHECK(batch_count == kBatchCount);
}

TEST_CASE("rpc: ingest holds back a client that reads no acknowledgements", "[server][rpc]") {
  server::Limits limits;
  limits.ingest_batch_in_flight_max = 2;
  LiveServer live(limits);
  grpc::ClientContext context;
  const auto stream = live.lineage->Ingest(&context);
  // Acknowledgements of one large error each fill the way back; batches fill the way there.
  constexpr int kBatchCount = 400;
  std::atomic<int> sent{0};
  std::thread sender([&] {
    v1::IngestRequest request;
    request.set_ledger(kLedger);
    for (int j = 0; j < 100; ++j) {
      request.add_facts()->mutable_party()->set_party(std::string(1'000, ' '));
    }
    while (sent < kBatchCount && stream->Write(request)) ++sent;
    stream->WritesDone();
  });
  int answered = 0;
  v1::IngestResponse response;
  while (stream->Read(&response)) ++answered;
  sender.join();
  CHECK(stream->Finish().ok());
  CHECK(answered == kBatchCount);
}

TEST_CASE("rpc: a deadline stops a call", "[server][rpc]") {
  server::Limits limits;
  limits.default_deadline_ms = 1;  // a client that sets none gets this one
  LiveServer live(limits);
  RecordChain(live, 20'000);
  v1::AttributeAssetRequest request;
  request.set_ledger(kLedger);
  request.set_asset_id(Id("link19999"));
  request.set_top_k(1);
  grpc::ClientContext context;
  v1::AttributeAssetResponse response;
  CHECK(live.attribution->AttributeAsset(&context, request, &response).error_code() ==
        grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_CASE("rpc: a cancelled stream ends on the server too", "[server][rpc]") {
  LiveServer live;
  RecordChain(live, 20'000);
  {
    grpc::ClientContext context;
    v1::StreamRecordsRequest request;
    request.set_ledger(kLedger);
    request.set_include_edges(true);
    const auto stream = live.lineage->StreamRecords(&context, request);
    v1::StreamRecordsResponse response;
    REQUIRE(stream->Read(&response));
    context.TryCancel();
    while (stream->Read(&response)) {
    }
    CHECK(stream->Finish().error_code() == grpc::StatusCode::CANCELLED);
  }
  // Would hang if the handler still waited for the client that left.
  live.rpc().Shutdown(std::chrono::hours(1));
}

TEST_CASE("rpc: a stream without a reader ends at its deadline", "[server][rpc]") {
  server::Limits limits;
  limits.stream_deadline_ms = 200;
  LiveServer live(limits);
  RecordChain(live, 20'000);
  grpc::ClientContext context;
  v1::StreamRecordsRequest request;
  request.set_ledger(kLedger);
  request.set_include_edges(true);
  const auto stream = live.lineage->StreamRecords(&context, request);
  // Nothing is read until the server has given up by itself.
  live.rpc().Shutdown(std::chrono::hours(1));
  v1::StreamRecordsResponse response;
  while (stream->Read(&response)) {
  }
  CHECK_FALSE(stream->Finish().ok());
}

TEST_CASE("rpc: more streams than threads are refused, naming the limit", "[server][rpc]") {
  server::Limits limits;
  limits.stream_call_max = 1;
  LiveServer live(limits);
  grpc::ClientContext first_context;
  const auto first = live.lineage->Ingest(&first_context);
  v1::IngestRequest request;
  request.set_ledger(kLedger);
  *request.add_facts() = Party("ana");
  REQUIRE(first->Write(request));
  v1::IngestResponse response;
  REQUIRE(first->Read(&response));  // the only thread is its own now

  grpc::ClientContext second_context;
  const auto second = live.lineage->Ingest(&second_context);
  CHECK_FALSE(second->Read(&response));
  const grpc::Status status = second->Finish();
  CHECK(status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(status.error_message().find("stream_call_max") != std::string::npos);
  first->WritesDone();
  CHECK_FALSE(first->Read(&response));
  CHECK(first->Finish().ok());
}

TEST_CASE("rpc: shutdown finishes what was accepted", "[server][rpc]") {
  LiveServer live;
  grpc::ClientContext context;
  const auto stream = live.lineage->Ingest(&context);
  v1::IngestRequest request;
  request.set_ledger(kLedger);
  *request.add_facts() = Party("ana");
  REQUIRE(stream->Write(request));
  v1::IngestResponse response;
  REQUIRE(stream->Read(&response));
  std::thread stopper([&live] { live.rpc().Shutdown(std::chrono::hours(1)); });
  *request.mutable_facts(0) = Party("ben");
  REQUIRE(stream->Write(request));
  stream->WritesDone();
  REQUIRE(stream->Read(&response));
  CHECK(response.results(0).has_receipt());
  CHECK_FALSE(stream->Read(&response));
  CHECK(stream->Finish().ok());
  stopper.join();
}

TEST_CASE("rpc: a port in use is refused", "[server][rpc]") {
  LiveServer live;
  TestServer other;
  const auto second =
      server::RpcServer::Start({.listen = live.address()}, other.ledgers(), other.limits());
  CHECK_STATUS(second, absl::StatusCode::kUnavailable);
}

// The answer to one message of a service that the tree has no stubs of, as bytes of the wire.
struct RawAnswer {
  grpc::Status status;
  std::string bytes;
};
RawAnswer CallRaw(const LiveServer& live, const std::string& method, const std::string& message) {
  grpc::GenericStub stub(live.channel());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  const grpc::Slice slice(message);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, method, {}, &request, &response,
                 [&done](grpc::Status status) { done.set_value(std::move(status)); });
  RawAnswer answer{done.get_future().get(), ""};
  std::vector<grpc::Slice> slices;
  if (response.Valid() && response.Dump(&slices).ok()) {
    for (const grpc::Slice& part : slices) answer.bytes.append(part.begin(), part.end());
  }
  return answer;
}

const std::string kHealth = "/grpc.health.v1.Health/Check";
const std::string kReflection = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
const std::string kChannelz = "/grpc.channelz.v1.Channelz/GetServers";
const std::string kListServices("\x3a\x00", 2);  // ServerReflectionRequest.list_services = ""
const std::string kServing("\x08\x01", 2);       // HealthCheckResponse.status = SERVING

TEST_CASE("rpc: health, reflection and channelz are served on loopback", "[server][rpc]") {
  const LiveServer live;
  const RawAnswer health = CallRaw(live, kHealth, "");
  CHECK(health.status.ok());
  CHECK(health.bytes == kServing);
  const RawAnswer services = CallRaw(live, kReflection, kListServices);
  CAPTURE(services.status.error_message());
  CHECK(services.status.ok());
  for (const char* service :
       {"LineageService", "AttributionService", "SettlementService", "AdminService"}) {
    CAPTURE(service);
    CHECK(services.bytes.find(std::string("tributary.v1.") + service) != std::string::npos);
  }
  const RawAnswer servers = CallRaw(live, kChannelz, "");
  CHECK(servers.status.ok());
  CHECK_FALSE(servers.bytes.empty());  // a server at least: this one
}

TEST_CASE("rpc: a server that may be reached from elsewhere has no introspection",
          "[server][rpc]") {
  for (const char* listen : {"0.0.0.0:7411", "[::]:7411", "192.0.2.7:7411", "example.org:7411",
                             "127.example.org:7411", "localhost.example.org:7411", ""}) {
    CAPTURE(listen);
    CHECK_FALSE(server::HasIntrospection({.listen = listen}));
  }
  for (const char* listen : {"127.0.0.1:7411", "127.1.2.3:0", "localhost:0", "[::1]:7411",
                             "unix:/run/tributary/socket"}) {
    CAPTURE(listen);
    CHECK(server::HasIntrospection({.listen = listen}));
    CHECK_FALSE(server::HasIntrospection({.listen = listen, .introspection = false}));
  }
}

// Plugins of gRPC are the process's: beside a server that has them, another has none.
TEST_CASE("rpc: without introspection there is none", "[server][rpc]") {
  const LiveServer open;
  const LiveServer closed({}, /*introspection=*/false);
  CHECK(CallRaw(closed, kHealth, "").bytes == kServing);
  for (const std::string& method : {kReflection, kChannelz}) {
    CAPTURE(method);
    CHECK(CallRaw(open, method, kListServices).status.ok());
    CHECK(CallRaw(closed, method, kListServices).status.error_code() ==
          grpc::StatusCode::UNIMPLEMENTED);
  }
}

TEST_CASE("rpc: which addresses are this machine's alone", "[server][rpc]") {
  for (const char* local : {"127.0.0.1:1", "localhost:1", "[::1]:1", "unix:/s"}) {
    CHECK(server::IsLocalAddress(local));
  }
  for (const char* remote :
       {"0.0.0.0:1", "[::]:1", "example.com:1", "10.0.0.1:1", ":1", "127.example.org:1"}) {
    CHECK_FALSE(server::IsLocalAddress(remote));
  }
}

}  // namespace
}  // namespace tributary::test
