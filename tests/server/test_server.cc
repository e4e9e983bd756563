#include "tests/server/test_server.h"

#include <spdlog/spdlog.h>

#include "graph/model/status.h"
#include "server/directory_home.h"
#include "server/handlers/ingest.h"
#include "storage/anchor.h"
#include "storage/memory/memory_store.h"
#include "tests/support/catch.h"
#include "tests/support/temp_directory.h"

namespace tributary::test {
namespace {

class MemoryHome final : public server::LedgerHome {
 public:
  explicit MemoryHome(LedgerOptions options) : options_(std::move(options)) {}
  absl::StatusOr<std::vector<std::string>> List() override { return std::vector<std::string>(); }
  absl::StatusOr<std::unique_ptr<Ledger>> Open(const std::string& name) override {
    return absl::NotFoundError(name);
  }
  absl::StatusOr<std::unique_ptr<Ledger>> Create(const tributary::Record& ledger_record,
                                                 std::optional<TimeMs> accepted_time) override {
    const std::string& name = ledger_record.ledger;
    TRIBUTARY_ASSIGN_OR_RETURN(
        std::unique_ptr<Anchor> anchor,
        Anchor::Create(PosixFileIo(), anchors_.path() + "/" + server::LedgerFileName(name),
                       Sha256(name), /*epoch=*/1));
    return Ledger::Create(NewMemoryStore(), std::move(anchor), ledger_record, accepted_time,
                          options_);
  }
  absl::StatusOr<std::unique_ptr<Store>> MakeScratch() override { return NewMemoryStore(); }
  absl::StatusOr<Backup> MakeBackup(Ledger&, const std::string&, const CancelToken&) override {
    return absl::FailedPreconditionError("no backups of memory");
  }
  std::uint64_t DiskSize(const std::string&) override { return 0; }

 private:
  TempDirectory anchors_;
  const LedgerOptions options_;
};

std::unique_ptr<server::Ledgers> OpenLedgers(LedgerOptions options) {
  spdlog::set_level(spdlog::level::off);  // refusals are what many tests ask for
  auto ledgers = server::Ledgers::Open(NewMemoryHome(std::move(options)));
  REQUIRE_OK(ledgers);
  tributary::Record record;
  record.ledger = kLedger;
  record.body = LedgerRecord{};
  REQUIRE_OK((*ledgers)->Create(record, std::nullopt));
  return *std::move(ledgers);
}

}  // namespace

std::unique_ptr<server::LedgerHome> NewMemoryHome(LedgerOptions options) {
  return std::make_unique<MemoryHome>(std::move(options));
}

TestServer::TestServer(LedgerOptions options)
    : ledgers_(OpenLedgers(std::move(options))), env_{*ledgers_, limits_, info_, cancel_} {}

std::string Id(std::string_view name) { return std::string(Sha256(name).view()); }

v1::Fact Party(std::string_view party) {
  v1::Fact fact;
  fact.mutable_party()->set_party(std::string(party));
  return fact;
}

v1::Fact Asset(std::string_view name, v1::AssetKind kind) {
  v1::Fact fact;
  fact.mutable_asset()->set_asset(Id(name));
  fact.mutable_asset()->set_kind(kind);
  fact.mutable_asset()->set_id_method(v1::ID_METHOD_BARE);
  fact.mutable_asset()->set_name(std::string(name));
  return fact;
}

v1::Fact Alias(std::string_view alias, std::string_view asset) {
  v1::Fact fact;
  fact.mutable_alias()->set_alias(std::string(alias));
  fact.mutable_alias()->set_asset(Id(asset));
  return fact;
}

v1::Fact Holders(std::string_view asset,
                 const std::vector<std::pair<std::string, std::uint64_t>>& holders) {
  v1::Fact fact;
  fact.mutable_holders()->set_asset(Id(asset));
  for (const auto& [party, units] : holders) {
    v1::Holder* holder = fact.mutable_holders()->add_holders();
    holder->set_party(party);
    holder->set_units(units);
  }
  return fact;
}

v1::Fact Derivation(std::string_view generated,
                    const std::vector<std::pair<std::string, std::uint64_t>>& inputs,
                    std::uint64_t retained, std::uint64_t unattributed) {
  v1::Fact fact;
  v1::Derivation* derivation = fact.mutable_derivation()->mutable_derivation();
  derivation->set_generated(Id(generated));
  derivation->set_retained(retained);
  derivation->set_unattributed(unattributed);
  for (const auto& [input, weight] : inputs) {
    v1::Edge* edge = fact.mutable_derivation()->add_edges();
    edge->set_input(Id(input));
    edge->set_role(v1::ROLE_TRAINING_DATA);
    edge->set_weight(weight);
  }
  return fact;
}

v1::IngestResponse IngestAll(server::Env& env, std::vector<v1::Fact> facts,
                             bool allow_unknown_inputs, bool stop_on_error) {
  v1::IngestRequest request;
  request.set_ledger(kLedger);
  request.set_batch_sequence(7);
  request.set_allow_unknown_inputs(allow_unknown_inputs);
  request.set_stop_on_error(stop_on_error);
  request.mutable_facts()->Assign(facts.begin(), facts.end());
  VectorSource<v1::IngestRequest> requests({request});
  VectorSink<v1::IngestResponse> responses;
  REQUIRE_OK(server::Ingest(env, requests, responses));
  REQUIRE(responses.messages.size() == 1);
  REQUIRE(responses.messages[0].batch_sequence() == 7);
  REQUIRE(responses.messages[0].results_size() == request.facts_size());
  return responses.messages[0];
}

void RecordFacts(server::Env& env, std::vector<v1::Fact> facts) {
  const v1::IngestResponse response = IngestAll(env, std::move(facts));
  for (const v1::FactResult& result : response.results()) {
    INFO(result.error().message());
    REQUIRE(result.has_receipt());
  }
}

}  // namespace tributary::test
