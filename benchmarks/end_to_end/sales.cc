#include "benchmarks/end_to_end/sales.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <memory>
#include <utility>

#include "benchmarks/data/sales_world.h"
#include "benchmarks/end_to_end/facts.h"
#include "benchmarks/end_to_end/measure.h"
#include "graph/model/text.h"
#include "graph/model/uint128.h"
#include "graph/settlement/sale_state.h"
#include "graph/settlement/valuation.h"
#include "server/settlement_view.h"

namespace tributary::bench {
namespace {

constexpr char kMarket[] = "market";
constexpr std::size_t kBatchCount = 10'000;

// Ascending as the numbers are, so that edges stand in the same order here and in the bare pass.
std::string MarketId(std::size_t asset) {
  std::string id(32, '\0');
  for (std::size_t i = 0; i < 8; ++i) id[31 - i] = static_cast<char>(asset >> (8 * i));
  id[0] = 1;
  return id;
}

v1::Fact CurrencyFact() {
  v1::Fact fact;
  fact.mutable_currency()->set_code("EUR");
  fact.mutable_currency()->set_scale(2);
  fact.mutable_currency()->set_fraction_bits(64);
  return fact;
}

v1::Fact SaleFact(const std::string& reference, const std::string& asset, std::uint64_t amount) {
  v1::Fact fact;
  fact.mutable_sale()->set_reference(reference);
  fact.mutable_sale()->set_asset(asset);
  fact.mutable_sale()->set_amount(std::to_string(amount));
  fact.mutable_sale()->set_currency("EUR");
  return fact;
}

// Collects facts and sends them when they are many.
class Sender {
 public:
  explicit Sender(const Client& client) : client_(client) {}
  ~Sender() { Flush(); }

  v1::Fact* Add() {
    if (facts_.size() == 20 * kBatchCount) Flush();
    return &facts_.emplace_back();
  }
  void Flush() {
    Ingest(client_, kMarket, facts_, kBatchCount);
    count_ += facts_.size();
    facts_.clear();
  }
  std::size_t count() const { return count_; }

 private:
  const Client& client_;
  std::vector<v1::Fact> facts_;
  std::size_t count_ = 0;
};

void AddAsset(std::size_t asset, v1::AssetKind kind, std::uint32_t party, Sender* sender) {
  v1::Asset* record = sender->Add()->mutable_asset();
  record->set_asset(MarketId(asset));
  record->set_kind(kind);
  record->set_id_method(v1::ID_METHOD_BARE);
  v1::Holders* holders = sender->Add()->mutable_holders();
  holders->set_asset(MarketId(asset));
  holders->add_holders()->set_party(SalesWorld::PartyName(party));
  holders->mutable_holders(0)->set_units(1);
}

void AddDerivation(const SalesWorld& world, std::size_t derivation, Sender* sender) {
  v1::DerivationFact* fact = sender->Add()->mutable_derivation();
  fact->mutable_derivation()->set_generated(MarketId(SalesWorld::kWorkCount + derivation));
  fact->mutable_derivation()->set_retained(SalesWorld::kRetained);
  for (std::size_t i = world.begins[derivation]; i < world.begins[derivation + 1]; ++i) {
    v1::Edge* edge = fact->add_edges();
    edge->set_input(MarketId(world.inputs[i]));
    edge->set_role(v1::ROLE_TRAINING_DATA);
    edge->set_weight(world.weight(derivation, i));
  }
}

void RecordLineage(const SalesWorld& world, const Client& client) {
  Sender sender(client);
  *sender.Add() = CurrencyFact();
  for (std::uint32_t i = 0; i < SalesWorld::kPartyCount; ++i) {
    sender.Add()->mutable_party()->set_party(SalesWorld::PartyName(i));
  }
  for (std::size_t asset = 0; asset < SalesWorld::kAssetCount; ++asset) {
    const v1::AssetKind kind = asset < SalesWorld::kWorkCount     ? v1::ASSET_KIND_WORK
                               : asset < SalesWorld::kFirstModel  ? v1::ASSET_KIND_DATASET
                               : asset < SalesWorld::kFirstOutput ? v1::ASSET_KIND_MODEL_CHECKPOINT
                                                                  : v1::ASSET_KIND_OUTPUT;
    AddAsset(asset, kind, world.parties[asset], &sender);
    if (asset >= SalesWorld::kWorkCount) {
      AddDerivation(world, asset - SalesWorld::kWorkCount, &sender);
    }
  }
}

void RecordSales(const SalesWorld& world, const Client& client) {
  Sender sender(client);
  for (std::size_t i = 0; i < world.sales.size(); ++i) {
    *sender.Add() =
        SaleFact(StrCat("order ", i), MarketId(world.sales[i].asset), world.sales[i].amount);
  }
}

Grains FromText(const std::string& text) {
  Grains value = 0;
  for (const char digit : text) value = value * 10 + static_cast<unsigned>(digit - '0');
  return value;
}

// Every line is what the bare pass gave its party, and no party is missing.
void CheckLines(const Client& client, const BareResult& bare) {
  std::size_t wanted = 0;
  for (const Grains grains : bare.by_party) wanted += grains != 0 ? 1 : 0;
  std::size_t found = 0;
  v1::ListStatementLinesRequest request;
  request.set_ledger(kMarket);
  request.set_number(1);
  request.set_page_size(10'000);
  do {
    const auto page = client.Call(&v1::SettlementService::Stub::ListStatementLines, request);
    Require(page.ok(), page.status().ToString());
    for (const v1::StatementLineView& view : page->lines()) {
      const v1::StatementLine& line = view.line();
      constexpr std::string_view kPrefix = "party:rights-holder-";
      Require(line.payee().starts_with(kPrefix), "a line of a party");
      const std::size_t party = std::stoul(line.payee().substr(kPrefix.size()));
      const Grains grains =
          (FromText(line.paid()) << 64) + FromBigEndian(line.carry()).value_or(kUint128Max);
      Require(party < bare.by_party.size() && grains == bare.by_party[party],
              "the grains of a party");
    }
    found += static_cast<std::size_t>(page->lines_size());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  Require(found == wanted, "a line for every party");
}

// Kilobytes, from the process's own status.
std::uint64_t StatusKb(std::string_view field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field)) return std::stoull(line.substr(field.size() + 1));
  }
  return 0;
}

void ResetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

// Where the time of a close goes: the same calls once more, on a view of the whole market.
void MeasureParts(BenchServer& server) {
  const auto ledger = server.ledgers().Find(kMarket);
  Require(ledger.ok(), "the market");
  const auto view = (*ledger)->ViewAt(std::nullopt);
  Require(view.ok(), "a view");
  const server::SettlementView reader(*view);
  SaleTable table(reader, std::nullopt);
  const double reading = SecondsOf(
      [&] { Require(ReadSales(reader, LogPosition{0}, {}, nullptr, &table).ok(), "sales"); });
  Require(table.sales.size() == SalesWorld::kSaleCount, "a million sales");
  std::printf("  of which reading the sales %.2f s", reading);
  for (int round = 0; round < 2; ++round) {
    const double valuing =
        SecondsOf([&] { Require(ValueSales(table, {}, {}).ok(), "their value"); });
    std::printf("; valuing them %.2f s", valuing);
  }
  std::printf("\n");
}

}  // namespace

void MeasureRecordSale(const Client& client) {
  constexpr std::size_t kThreads = 16;
  constexpr std::size_t kEach = 300;
  Ingest(client, kLedger, {CurrencyFact()}, 1);
  std::vector<v1::Fact> assets;
  for (std::size_t i = 0; i < kThreads * kEach; ++i) {
    assets.push_back(AssetFact(StrCat("sold ", i), v1::ASSET_KIND_OUTPUT));
  }
  Ingest(client, kLedger, assets, 1'000);
  std::atomic<std::size_t> next = 0;
  const auto derivations = MeasureParallel(kThreads, kEach, [&] {
    v1::RecordDerivationRequest request;
    request.set_ledger(kLedger);
    *request.mutable_derivation() =
        DerivationFact(StrCat("sold ", next++), {{"generator", v1::ROLE_GENERATOR, 1}}, 1)
            .derivation();
    const auto answer = client.Call(&v1::LineageService::Stub::RecordDerivation, request);
    Require(answer.ok(), answer.status().ToString());
  });
  next = 0;
  const auto sales = MeasureParallel(kThreads, kEach, [&] {
    const std::size_t i = next++;
    v1::RecordSaleRequest request;
    request.set_ledger(kLedger);
    *request.mutable_sale() = SaleFact(StrCat("order ", i), IdOf(StrCat("sold ", i)), 100).sale();
    const auto answer = client.Call(&v1::SettlementService::Stub::RecordSale, request);
    Require(answer.ok(), answer.status().ToString());
  });
  PrintLatency("RecordDerivation, 16 at once", derivations);
  PrintLatency("RecordSale, 16 at once", sales);
  PrintAgainst("RecordSale, 16 at once", sales.PerSecond(), "RecordDerivation, 16 at once",
               derivations.PerSecond(), "calls/s");
}

void MeasureClose(const Client& client, BenchServer& server) {
  v1::CreateLedgerRequest create;
  create.set_ledger(kMarket);
  Require(client.Call(&v1::AdminService::Stub::CreateLedger, create).ok(), "the market");
  const auto world = std::make_unique<SalesWorld>();
  const double lineage = SecondsOf([&] { RecordLineage(*world, client); });
  std::printf("recorded a market of %zu assets and %zu edges in %.1f s\n", SalesWorld::kAssetCount,
              world->inputs.size(), lineage);
  const double sales = SecondsOf([&] { RecordSales(*world, client); });
  std::printf("recorded %zu sales, %.0f a second\n", SalesWorld::kSaleCount,
              static_cast<double>(SalesWorld::kSaleCount) / sales);
  std::fflush(stdout);

  ResetPeak();
  const std::uint64_t before = StatusKb("VmRSS:");
  v1::CloseStatementRequest request;
  request.set_ledger(kMarket);
  const double close = SecondsOf([&] {
    const auto closed = client.CallLong(&v1::SettlementService::Stub::CloseStatement, request);
    Require(closed.ok(), closed.status().ToString());
  });
  const std::uint64_t peak = StatusKb("VmHWM:");
  BareResult bare;
  const double pass = SecondsOf([&] { BarePass(*world, &bare); });
  CheckLines(client, bare);
  PrintAgainst("close of a million sales", close * 1e3, "the same numbers in memory", pass * 1e3,
               "ms");
  std::printf("  resident %llu MB before, at most %llu MB\n",
              static_cast<unsigned long long>(before >> 10),
              static_cast<unsigned long long>(peak >> 10));
  MeasureParts(server);
}

}  // namespace tributary::bench
