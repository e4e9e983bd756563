// Question: what does the whole server cost beside the bare parts it is made of, in the same run?
// Data:     image outputs (output <- generator, prompt; generator <- dataset; dataset <- works),
//           seed 42; one model trained on many works; one model with many outputs.
//
// usage: tributary_end_to_end_bench DIRECTORY [WORKS [CASE...]]
//   DIRECTORY  an empty one on the disk to be measured
//   WORKS      of the large model: 1000000 if not given
//   CASE       ingest, small, impact, sales, close or large; all if none is given

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>
#include <thread>

#include "benchmarks/end_to_end/bench_server.h"
#include "benchmarks/end_to_end/facts.h"
#include "benchmarks/end_to_end/measure.h"
#include "benchmarks/end_to_end/sales.h"
#include "client/lib/client.h"
#include "graph/model/digest.h"
#include "graph/model/text.h"
#include "graph/model/uint128.h"
#include "grpcpp/impl/codegen/client_unary_call.h"
#include "grpcpp/impl/codegen/proto_utils.h"

namespace tributary::bench {
namespace {

constexpr std::size_t kOutputCount = 10'000;  // recorded before anything is measured

std::vector<v1::Fact> ImageFacts(const std::string& prefix, std::size_t output_count) {
  std::vector<v1::Fact> facts;
  for (std::size_t i = 0; i < output_count; ++i) {
    const std::string output = prefix + "output " + std::to_string(i);
    const std::string prompt = prefix + "prompt " + std::to_string(i);
    facts.push_back(AssetFact(prompt, v1::ASSET_KIND_PROMPT));
    facts.push_back(AssetFact(output, v1::ASSET_KIND_OUTPUT));
    facts.push_back(DerivationFact(
        output, {{"generator", v1::ROLE_GENERATOR, 3}, {prompt, v1::ROLE_PROMPT, 3}}, 4));
  }
  return facts;
}

std::vector<v1::Fact> BaseFacts() {
  std::vector<v1::Fact> facts;
  std::vector<Input> works;
  for (int i = 0; i < 8; ++i) {
    const std::string work = "work " + std::to_string(i);
    facts.push_back(AssetFact(work, v1::ASSET_KIND_WORK));
    works.push_back({work, v1::ROLE_MEMBER, 3});
  }
  facts.push_back(AssetFact("dataset", v1::ASSET_KIND_DATASET));
  facts.push_back(DerivationFact("dataset", works, 1));
  facts.push_back(AssetFact("base", v1::ASSET_KIND_MODEL_CHECKPOINT));
  facts.push_back(DerivationFact("base", {{"dataset", v1::ROLE_TRAINING_DATA, 1}}, 2));
  facts.push_back(AssetFact("generator", v1::ASSET_KIND_MODEL_CHECKPOINT));
  facts.push_back(DerivationFact("generator", {{"base", v1::ROLE_BASE_MODEL, 3}}, 1));
  return facts;
}

Grains Sum(const v1::Attribution& attribution) {
  const auto grains = [](const std::string& bytes) { return FromBigEndian(bytes).value_or(0); };
  return grains(attribution.shares().total_grains()) +
         grains(attribution.unclaimed().total_grains()) +
         grains(attribution.undisclosed().total_grains()) +
         grains(attribution.unattributed_grains());
}

v1::AttributeAssetRequest AttributeRequest(const std::string& asset, std::uint32_t top_k) {
  v1::AttributeAssetRequest request;
  request.set_ledger(kLedger);
  request.set_asset_id(IdOf(asset));
  request.set_top_k(top_k);
  return request;
}

void Attribute(const Client& client, const v1::AttributeAssetRequest& request) {
  const auto response = client.Call(&v1::AttributionService::Stub::AttributeAsset, request);
  Require(response.ok() && Sum(response->attribution()) == kShareGrains, "shares add up to 2^96");
}

// The bare call: gRPC's own health service, one small message each way.
class Echo {
 public:
  explicit Echo(const std::string& address)
      : channel_(grpc::CreateChannel(address, grpc::InsecureChannelCredentials())),
        method_("/grpc.health.v1.Health/Check", grpc::internal::RpcMethod::NORMAL_RPC, channel_) {}
  void Call() {
    grpc::ClientContext context;
    v1::ListLedgersRequest request;  // no fields: the same bytes as an empty health request
    v1::ListLedgersRequest response;
    Require(grpc::internal::BlockingUnaryCall<v1::ListLedgersRequest, v1::ListLedgersRequest,
                                              google::protobuf::MessageLite,
                                              google::protobuf::MessageLite>(
                channel_.get(), method_, &context, request, &response)
                .ok(),
            "echo");
  }

 private:
  std::shared_ptr<grpc::Channel> channel_;
  grpc::internal::RpcMethod method_;
};

void MeasureIngest(const Client& client, BenchServer& server) {
  struct Case {
    std::size_t batch_size;
    std::size_t output_count;
  };
  for (const Case& one : {Case{1, 700}, Case{100, 10'000}, Case{10'000, 40'000}}) {
    const auto facts = ImageFacts(StrCat("i", one.batch_size, " "), one.output_count);
    server.capture().Start();
    const double seconds = SecondsOf([&] { Ingest(client, kLedger, facts, one.batch_size); });
    const double bare = server.ReplayBare(server.capture().Take());
    const auto count = static_cast<double>(facts.size());
    PrintAgainst(StrCat("ingest, batch ", one.batch_size), count / seconds,
                 "bare RocksDB, same bytes and syncs", count / bare, "facts/s");
  }
}

void MeasureSmall(const Client& client, const std::string& address) {
  Echo echo(address);
  echo.Call();
  const auto request = AttributeRequest("output 5", 0);
  Attribute(client, request);
  const auto one_echo = MeasureCalls(5'000, [&] { echo.Call(); });
  const auto one = MeasureCalls(5'000, [&] { Attribute(client, request); });
  PrintLatency("echo, one at a time", one_echo);
  PrintLatency("attribution of an image output, one at a time", one);
  const auto many_echo = MeasureParallel(16, 2'000, [&] { echo.Call(); });
  const auto many = MeasureParallel(16, 2'000, [&] { Attribute(client, request); });
  PrintAgainst("attribution of an image output, 16 at once", many.PerSecond(), "echo, 16 at once",
               many_echo.PerSecond(), "calls/s");
}

// The ceiling of a large attribution: the grains of the model's works from arrays that stand ready.
class CsrPass {
 public:
  explicit CsrPass(std::size_t work_count) : kept_(work_count) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < work_count; ++i) {
      targets_.push_back(static_cast<std::uint32_t>(i));
      cumulative_weights_.push_back(sum += 1 + i % 1000);
    }
    denominator_ = sum + work_count / 10 + 1;
  }

  void Run() {
    std::fill(kept_.begin(), kept_.end(), Grains{0});
    const Grains inflow = kShareGrains / 2;
    const Grains quotient = inflow / denominator_;
    const auto remainder = static_cast<std::uint64_t>(inflow % denominator_);
    Grains before = 0;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const std::uint64_t weight = cumulative_weights_[i];
      const Grains up_to = quotient * weight + Uint128{remainder} * weight / denominator_;
      kept_[targets_[i]] += up_to - before;
      before = up_to;
    }
    Grains sum = 0;
    for (const Grains grains : kept_) sum += grains;
    Require(sum == before && sum < inflow, "the grains of the pass");
  }

 private:
  std::vector<std::uint32_t> targets_;
  std::vector<std::uint64_t> cumulative_weights_;
  std::uint64_t denominator_ = 1;
  std::vector<Grains> kept_;
};

// The model of many works: recorded as a stream, attributed through an output.
void MeasureLarge(const Client& client, std::size_t work_count) {
  std::vector<v1::Fact> facts;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < work_count; ++i) {
    const std::string name = "pool " + std::to_string(i);
    facts.push_back(AssetFact(name, v1::ASSET_KIND_WORK));
    ids.push_back(IdOf(name));
  }
  facts.push_back(AssetFact("large model", v1::ASSET_KIND_MODEL_CHECKPOINT));
  facts.push_back(AssetFact("large output", v1::ASSET_KIND_OUTPUT));
  const double assets = SecondsOf([&] { Ingest(client, kLedger, facts, 10'000); });
  std::printf("recorded %zu works, %.0f facts/s\n", work_count,
              static_cast<double>(facts.size()) / assets);
  facts.clear();
  std::sort(ids.begin(), ids.end());

  const double stream_seconds = SecondsOf([&] {
    const auto context = client.NewStreamContext();
    v1::RecordDerivationStreamResponse response;
    auto stream = client.lineage().RecordDerivationStream(context.get(), &response);
    v1::RecordDerivationStreamRequest request;
    request.mutable_header()->set_ledger(kLedger);
    request.mutable_header()->mutable_derivation()->set_generated(IdOf("large model"));
    request.mutable_header()->mutable_derivation()->set_retained(work_count / 10 + 1);
    stream->Write(request);
    constexpr std::size_t kBlock = 4096;
    for (std::size_t at = 0; at < ids.size(); at += kBlock) {
      auto* edges = request.mutable_edges();
      edges->Clear();
      edges->add_roles(v1::ROLE_TRAINING_DATA);
      for (std::size_t i = at; i < std::min(ids.size(), at + kBlock); ++i) {
        edges->mutable_inputs()->append(ids[i]);
        edges->add_weights(1 + i % 1000);
      }
      stream->Write(request);
    }
    stream->WritesDone();
    const grpc::Status status = stream->Finish();
    Require(status.ok() && response.derivation().edge_count() == work_count,
            status.error_message());
  });
  std::printf("recorded one derivation of %zu inputs, %.0f edges/s\n", work_count,
              static_cast<double>(work_count) / stream_seconds);
  Ingest(client, kLedger,
         {DerivationFact("large output", {{"large model", v1::ROLE_GENERATOR, 1}}, 1)}, 1);

  const auto request = AttributeRequest("large output", 10);
  const double cold = SecondsOf([&] { Attribute(client, request); });
  std::printf("attribution of a model of %zu works: first %.1f ms\n", work_count, cold * 1e3);
  std::fflush(stdout);
  const auto warm = MeasureCalls(60, [&] { Attribute(client, request); });
  CsrPass pass(work_count);
  const auto passes = MeasureCalls(60, [&] { pass.Run(); });
  PrintAgainst("attribution of a large model, top 10", warm.Percentile(50),
               "CSR pass in memory, same grains", passes.Percentile(50), "ms");
}

// Everything downstream of one model of outputs, over adjacency that stands ready in memory.
class CsrWalk {
 public:
  explicit CsrWalk(std::size_t output_count) : begins_(output_count + 2, output_count) {
    begins_[0] = 0;
    for (std::size_t i = 0; i < output_count; ++i) {
      consumers_.push_back(static_cast<std::uint32_t>(i + 1));
    }
  }

  void Run() {
    std::vector<bool> is_found(begins_.size() - 1);
    std::vector<std::uint32_t> found = {0};
    is_found[0] = true;
    for (std::size_t next = 0; next < found.size(); ++next) {
      for (std::size_t i = begins_[found[next]]; i < begins_[found[next] + 1]; ++i) {
        if (is_found[consumers_[i]]) continue;
        is_found[consumers_[i]] = true;
        found.push_back(consumers_[i]);
      }
    }
    Require(found.size() == begins_.size() - 1, "the assets of the walk");
  }

 private:
  std::vector<std::size_t> begins_;  // by asset, and the end of the last
  std::vector<std::uint32_t> consumers_;
};

void MeasureImpact(const Client& client) {
  v1::TraverseRequest request;
  request.set_ledger(kLedger);
  request.set_asset_id(IdOf("generator"));
  request.set_direction(v1::DIRECTION_DOWNSTREAM);
  std::uint64_t found = 0;
  const auto calls = MeasureCalls(5, [&] {
    found = 0;
    const absl::Status status = client.Stream(&v1::LineageService::Stub::Traverse, request,
                                              [&](const v1::TraverseResponse& response) {
                                                if (response.has_summary())
                                                  found = response.summary().asset_count();
                                                return absl::OkStatus();
                                              });
    Require(status.ok(), status.ToString());
    Require(found >= kOutputCount + 1, "downstream count");
  });
  const std::string name = StrCat("impact of a model of ", found - 1, " outputs");
  PrintLatency(name, calls);
  CsrWalk walk(found - 1);
  const auto walks = MeasureCalls(60, [&] { walk.Run(); });
  PrintAgainst(name, calls.Percentile(50), "CSR walk in memory", walks.Percentile(50), "ms");
}

int Main(int argc, char** argv) {
  if (argc < 2 || !std::filesystem::is_empty(argv[1])) {
    std::fprintf(stderr, "usage: tributary_end_to_end_bench EMPTY_DIRECTORY [WORKS [CASE...]]\n");
    return 2;
  }
  const std::size_t work_count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1'000'000;
  const std::set<std::string> cases(argv + std::min(argc, 3), argv + argc);
  const auto is_wanted = [&](const char* name) { return cases.empty() || cases.contains(name); };
  BenchServer server(argv[1]);
  const Client client({.server = server.address()});
  v1::CreateLedgerRequest create;
  create.set_ledger(kLedger);
  const auto created = client.Call(&v1::AdminService::Stub::CreateLedger, create);
  Require(created.ok(), created.status().ToString());
  Ingest(client, kLedger, BaseFacts(), 100);
  Ingest(client, kLedger, ImageFacts("", kOutputCount), 1'000);
  if (is_wanted("ingest")) MeasureIngest(client, server);
  if (is_wanted("small")) MeasureSmall(client, server.address());
  if (is_wanted("impact")) MeasureImpact(client);
  if (is_wanted("sales")) MeasureRecordSale(client);
  if (is_wanted("close")) MeasureClose(client, server);
  if (is_wanted("large")) MeasureLarge(client, work_count);
  return 0;
}

}  // namespace
}  // namespace tributary::bench

int main(int argc, char** argv) { return tributary::bench::Main(argc, argv); }
