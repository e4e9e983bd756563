// Closing says its number, so that a request that is sent again closes nothing twice.

#include "client/lib/close_statement.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <optional>
#include <vector>

#include "tests/support/catch.h"

namespace tributary::test {
namespace {

// Has `newest` as its last statement, and writes down what it is asked to close.
class FakeStatements final : public v1::SettlementService::Service {
 public:
  grpc::Status GetStatement(grpc::ServerContext*, const v1::GetStatementRequest* request,
                            v1::GetStatementResponse* response) override {
    ++read_count;
    ledger = request->ledger();
    if (!failure.ok()) return failure;
    if (newest == 0) return {grpc::StatusCode::NOT_FOUND, "no statement"};
    response->mutable_statement()->mutable_statement()->set_number(newest);
    return grpc::Status::OK;
  }
  grpc::Status CloseStatement(grpc::ServerContext*, const v1::CloseStatementRequest* request,
                              v1::CloseStatementResponse* response) override {
    asked.push_back(*request);
    if (!refusal.ok()) return refusal;
    response->mutable_statement()->set_number(request->expected_number());
    return grpc::Status::OK;
  }

  std::uint64_t newest = 0;
  grpc::Status failure;
  grpc::Status refusal;
  int read_count = 0;
  std::string ledger;
  std::vector<v1::CloseStatementRequest> asked;
};

struct Closing {
  Closing() {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service);
    server = builder.BuildAndStart();
    REQUIRE(server != nullptr);
    client.emplace(ClientOptions{.server = "127.0.0.1:" + std::to_string(port)});
    request.set_ledger("shop.example/first");
    request.set_end(12);
    request.set_policy(std::string(32, 'p'));
  }
  ~Closing() { server->Shutdown(); }

  FakeStatements service;
  std::unique_ptr<grpc::Server> server;
  std::optional<Client> client;
  v1::CloseStatementRequest request;
};

TEST_CASE("close statement: without a number the next one is asked for, and none that is empty",
          "[client]") {
  Closing closing;
  closing.service.newest = GENERATE(0u, 1u, 41u);
  const auto closed = CloseNextStatement(*closing.client, closing.request);
  REQUIRE(closed.ok());
  CHECK(closed->statement().number() == closing.service.newest + 1);
  CHECK(closing.service.ledger == "shop.example/first");
  REQUIRE(closing.service.asked.size() == 1);
  const v1::CloseStatementRequest& asked = closing.service.asked.front();
  CHECK(asked.expected_number() == closing.service.newest + 1);
  CHECK(asked.refuse_empty());
  CHECK(asked.end() == 12);
  CHECK(asked.policy() == closing.request.policy());
}

TEST_CASE("close statement: a number that is given is kept, and may be of an empty one",
          "[client]") {
  Closing closing;
  closing.service.newest = 41;
  closing.request.set_expected_number(7);
  REQUIRE(CloseNextStatement(*closing.client, closing.request).ok());
  CHECK(closing.service.read_count == 0);
  REQUIRE(closing.service.asked.size() == 1);
  CHECK(closing.service.asked.front().expected_number() == 7);
  CHECK_FALSE(closing.service.asked.front().refuse_empty());
}

TEST_CASE("close statement: nothing is closed where the number can not be read", "[client]") {
  Closing closing;
  closing.service.failure = {grpc::StatusCode::DATA_LOSS, "damaged"};
  const auto closed = CloseNextStatement(*closing.client, closing.request);
  CHECK(closed.status().code() == absl::StatusCode::kDataLoss);
  CHECK(closing.service.asked.empty());
}

TEST_CASE("close statement: what the server refuses is the answer", "[client]") {
  Closing closing;
  closing.service.refusal = {grpc::StatusCode::ALREADY_EXISTS, "another statement has it"};
  const auto closed = CloseNextStatement(*closing.client, closing.request);
  CHECK(closed.status().code() == absl::StatusCode::kAlreadyExists);
  CHECK(closing.service.asked.size() == 1);
}

}  // namespace
}  // namespace tributary::test
