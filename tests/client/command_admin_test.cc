// Commands of those who run a server, against a service that remembers how it was asked.

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>

#include "client/cli/commands.h"
#include "tests/support/catch.h"

namespace tributary::cli {
namespace {

class FakeAdmin final : public v1::AdminService::Service {
 public:
  grpc::Status Backup(grpc::ServerContext* context, const v1::BackupRequest*,
                      v1::BackupResponse*) override {
    return Note(context);
  }
  grpc::Status RebuildIndexes(grpc::ServerContext* context, const v1::RebuildIndexesRequest*,
                              v1::RebuildIndexesResponse*) override {
    return Note(context);
  }
  grpc::Status GetStatus(grpc::ServerContext* context, const v1::GetStatusRequest* request,
                         v1::GetStatusResponse*) override {
    ledger = request->ledger();
    return Note(context);
  }

  std::chrono::seconds time_given{0};  // by the client of the last call
  std::string ledger;                  // of the last GetStatus

 private:
  grpc::Status Note(grpc::ServerContext* context) {
    time_given = std::chrono::duration_cast<std::chrono::seconds>(context->deadline() -
                                                                  std::chrono::system_clock::now());
    return grpc::Status::OK;
  }
};

// Runs one command, as main does after it has parsed the global options.
class AdminBench {
 public:
  AdminBench() {
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service);
    server_ = builder.BuildAndStart();
    session.server = "127.0.0.1:" + std::to_string(port);
    session.ledger = "example";
    AddVerifyStoreCommand(&app_, &session);
    AddBackupCommands(&app_, &session);
    AddStatusCommand(&app_, &session);
  }
  void Run(const std::string& command) {
    app_.parse(command);
    REQUIRE_OK(session.action());
  }

  FakeAdmin service;
  Session session;

 private:
  std::unique_ptr<grpc::Server> server_;
  CLI::App app_;
};

TEST_CASE("commands that the server gives an hour are not cut off before", "[cli]") {
  AdminBench bench;
  const std::string command = GENERATE("backup n", "rebuild-indexes");
  bench.Run(command);
  CHECK(bench.service.time_given > std::chrono::hours(1));
}

TEST_CASE("a deadline that is asked for is kept", "[cli]") {
  AdminBench bench;
  bench.session.deadline_s = 600;
  bench.Run("backup n");
  CHECK(bench.service.time_given <= std::chrono::seconds(600));
}

TEST_CASE("status: shows the one ledger that the command line names", "[cli]") {
  AdminBench bench;
  bench.Run("status");
  CHECK(bench.service.ledger.empty());  // a ledger of the environment
  bench.session.ledger_given = true;
  bench.Run("status");
  CHECK(bench.service.ledger == "example");
}

TEST_CASE("status --one: shows the ledger of the environment", "[cli]") {
  AdminBench bench;
  bench.Run("status --one");
  CHECK(bench.service.ledger == "example");
}

}  // namespace
}  // namespace tributary::cli
