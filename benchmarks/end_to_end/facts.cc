#include "benchmarks/end_to_end/facts.h"

#include <thread>

#include "benchmarks/end_to_end/measure.h"
#include "graph/model/digest.h"

namespace tributary::bench {
namespace {

// A message may have 4 MiB; one fact more still fits.
constexpr std::size_t kBatchByteCountMax = 3u << 20;

}  // namespace

std::string IdOf(const std::string& name) { return std::string(Sha256(name).view()); }

v1::Fact AssetFact(const std::string& name, v1::AssetKind kind) {
  v1::Fact fact;
  fact.mutable_asset()->set_asset(IdOf(name));
  fact.mutable_asset()->set_kind(kind);
  fact.mutable_asset()->set_id_method(v1::ID_METHOD_CONTENT);
  fact.mutable_asset()->set_name(name);
  return fact;
}

v1::Fact DerivationFact(const std::string& generated, const std::vector<Input>& inputs,
                        std::uint64_t retained) {
  v1::Fact fact;
  auto* derivation = fact.mutable_derivation();
  derivation->mutable_derivation()->set_generated(IdOf(generated));
  derivation->mutable_derivation()->set_retained(retained);
  for (const Input& input : inputs) {
    auto* edge = derivation->add_edges();
    edge->set_input(IdOf(input.name));
    edge->set_role(input.role);
    edge->set_weight(input.weight);
  }
  return fact;
}

void Ingest(const Client& client, const std::string& ledger, const std::vector<v1::Fact>& facts,
            std::size_t batch_size) {
  const auto context = client.NewStreamContext();
  auto stream = client.lineage().Ingest(context.get());
  std::thread reader([&] {
    v1::IngestResponse response;
    while (stream->Read(&response)) {
      for (const v1::FactResult& result : response.results()) {
        Require(result.has_receipt(), result.error().message());
      }
    }
  });
  v1::IngestRequest request;
  request.set_ledger(ledger);
  std::size_t size = 0;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    *request.add_facts() = facts[i];
    size += facts[i].ByteSizeLong();
    const bool is_full = static_cast<std::size_t>(request.facts_size()) == batch_size ||
                         size > kBatchByteCountMax || i + 1 == facts.size();
    if (!is_full) continue;
    Require(stream->Write(request), "ingest stream");
    request.clear_facts();
    size = 0;
  }
  stream->WritesDone();
  reader.join();
  Require(stream->Finish().ok(), "ingest");
}

}  // namespace tributary::bench
