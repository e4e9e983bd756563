// Import lines of sales and what concerns them: every sample there and back, what may be written
// more freely, aliases, and the order in which a ledger takes them.

#include <algorithm>
#include <map>

#include "client/cli/csv_facts.h"
#include "client/cli/fact_json.h"
#include "client/cli/import_batch.h"
#include "client/cli/sale_sums.h"
#include "tests/client/temporary_directory.h"
#include "tests/graph/model/settlement_samples.h"
#include "tests/support/catch.h"

namespace tributary::cli {
namespace {

using test::SampleRecord;

bool IsMadeByServer(const RecordBody& body) {
  return std::holds_alternative<StatementRecord>(body) ||
         std::holds_alternative<AdjustmentRecord>(body) ||
         std::holds_alternative<PayoutBatchRecord>(body);
}

std::string LineOf(const Record& record) {
  std::string line;
  REQUIRE_OK(AppendFactFields(EncodeRecord(record), &line));
  return line + "}";
}

TEST_CASE("settlement lines: every sample is read as it was written", "[client][settlement]") {
  for (const SampleRecord& sample : test::SettlementSamples()) {
    const std::string line = LineOf(sample.record);
    CAPTURE(sample.name, line);
    const auto fact = FactFromLine(line, sample.record.ledger);
    if (IsMadeByServer(sample.record.body)) {
      CHECK_STATUS(fact, absl::StatusCode::kInvalidArgument);
      CHECK_THAT(fact.status().ToString(), Catch::Matchers::Contains("the server makes"));
      continue;
    }
    REQUIRE_OK(fact);
    CHECK(fact->record == sample.record);
  }
}

TEST_CASE("settlement lines: random records are read as they were written",
          "[client][settlement][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 3'000; ++trial) {
    Record record = test::MakeRecord(test::RandomSettlementBody(rng));
    SortLists(&record);
    if (IsMadeByServer(record.body) || !Validate(record).ok()) continue;
    CAPTURE(rng.seed(), trial, LineOf(record));
    const auto fact = FactFromLine(LineOf(record), record.ledger);
    REQUIRE_OK(fact);
    REQUIRE(fact->record == record);
  }
}

TEST_CASE("settlement lines: weights and amounts may be integers, and sets in any order",
          "[client][settlement]") {
  struct Pair {
    std::string free, canonical;
  };
  const std::string id(64, 'a');
  const auto known = GENERATE_COPY(values<Pair>({
      {R"({"type":"tributary/template/v1","template":"t","rules":[
           {"generated":"output","retained":1,"unattributed":0,"roles":[
             {"role":"prompt","weight":2,"sharing":"equal","absent":"kept"},
             {"role":"generator","weight":"3","sharing":"equal","absent":"kept"}]},
           {"generated":"dataset","retained":0,"unattributed":0,"roles":[
             {"role":"member","weight":1,"sharing":"by_weight","absent":"unattributed"}]}]})",
       R"({"type":"tributary/template/v1","rules":[)"
       R"({"generated":"dataset","retained":"0","roles":[)"
       R"({"absent":"unattributed","role":"member","sharing":"by_weight","weight":"1"}],)"
       R"("unattributed":"0"},{"generated":"output","retained":"1","roles":[)"
       R"({"absent":"kept","role":"generator","sharing":"equal","weight":"3"},)"
       R"({"absent":"kept","role":"prompt","sharing":"equal","weight":"2"}],)"
       R"("unattributed":"0"}],"template":"t"})"},
      {R"({"type":"tributary/policy/v1","policy":"p","undisclosed":"held","unclaimed":"held",
           "fees":[{"party":"m","ppm":5},{"party":"m","fixed":7,"currency":"EUR"}]})",
       R"({"type":"tributary/policy/v1","fees":[)"
       R"({"currency":"EUR","fixed":"7","party":"m"},{"party":"m","ppm":5}],)"
       R"("policy":"p","unclaimed":"held","undisclosed":"held"})"},
      {R"({"type":"tributary/sale/v1","reference":"r","amount":12500,"currency":"EUR","asset":")" +
           id + "\"}",
       R"({"type":"tributary/sale/v1","amount":"12500","asset":")" + id +
           R"(","currency":"EUR","reference":"r"})"},
      {R"({"type":"tributary/correction/v1","amount":1,"sale":")" + id + "\"}",
       R"({"type":"tributary/correction/v1","amount":"1","sale":")" + id + "\"}"},
      {R"({"type":"tributary/hold_release/v1","outcome":"rerouted","hold":")" + id +
           R"(","recipients":[{"units":2,"party":"b"},{"units":"1","party":"a"}]})",
       R"({"type":"tributary/hold_release/v1","hold":")" + id +
           R"(","outcome":"rerouted","recipients":[{"party":"a","units":"1"},)"
           R"({"party":"b","units":"2"}]})"},
  }));
  CAPTURE(known.free);
  const auto fact = FactFromLine(known.free, "test");
  REQUIRE_OK(fact);
  CHECK(LineOf(fact->record) == known.canonical);
}

// --- Batches ---

std::string NamedWork(const std::string& name) {
  return NamedAssetId({.namespace_name = {}, .name = name, .version = {}}).ToHex();
}

ImportBatch Read(const std::vector<std::pair<std::string, std::string>>& files,
                 const std::map<std::string, Digest>& ledger_aliases = {},
                 const SaleOptions& sales = {}) {
  test::TemporaryDirectory directory;
  ImportBatch batch{.ledger = "test", .files = {}, .facts = {}, .problems = {}};
  for (const auto& [name, text] : files) {
    const std::string path = directory.Write(name, text);
    REQUIRE_OK(name.ends_with(".csv") ? ReadCsvFacts(path, Rest::kRefuse, &batch, sales)
                                      : ReadJsonLines(path, &batch));
    batch.files.back() = name;
  }
  REQUIRE_OK(ResolveAliases(
      [&](const std::string& alias) -> absl::StatusOr<Digest> {
        const auto found = ledger_aliases.find(alias);
        if (found == ledger_aliases.end()) return absl::NotFoundError("alias");
        return found->second;
      },
      &batch));
  PrepareFacts(&batch);
  CheckBatch(&batch);
  return batch;
}

TEST_CASE("settlement lines: assets may be given by alias", "[client][settlement]") {
  const Digest model = Sha256("model");
  const Digest work = Sha256("work");
  const ImportBatch batch = Read(
      {{"facts.jsonl",
        R"({"type":"tributary/sale/v1","reference":"r","amount":1,"currency":"EUR","asset":"m"})"
        "\n"
        R"({"type":"tributary/hold/v1","reference":"h","reason":"x","asset":"w"})"
        "\n"
        R"({"type":"tributary/policy/v1","policy":"p","undisclosed":"held","unclaimed":"held",)"
        R"("absolute_terms":[{"asset":"w","ppm":2},{"asset":"m","ppm":1}]})"
        "\n"}},
      {{"m", model}, {"w", work}});
  INFO(FormatProblems(batch, 10));
  REQUIRE(batch.problems.empty());
  CHECK(std::get<SaleRecord>(batch.facts[0].record.body).asset == model);
  CHECK(std::get<HoldRecord>(batch.facts[1].record.body).asset == work);
  const auto& terms = std::get<PolicyRecord>(batch.facts[2].record.body).absolute_terms;
  REQUIRE(terms.size() == 2);
  for (const AbsoluteTerm& term : terms) CHECK(term.ppm == (term.asset == model ? 1 : 2));
  // The record is canonical with the ids in place.
  REQUIRE_OK(DecodeRecord(EncodeRecord(batch.facts[2].record)));
}

TEST_CASE("settlement lines: one asset under two aliases is one term twice",
          "[client][settlement]") {
  const ImportBatch batch = Read(
      {{"facts.jsonl",
        R"({"type":"tributary/policy/v1","policy":"p","undisclosed":"held","unclaimed":"held",)"
        R"("absolute_terms":[{"asset":"a","ppm":2},{"asset":"b","ppm":1}]})"
        "\n"}},
      {{"a", Sha256("x")}, {"b", Sha256("x")}});
  REQUIRE(batch.problems.size() == 1);
  CHECK_THAT(FormatProblems(batch, 1), Catch::Matchers::Contains("absolute_terms"));
}

TEST_CASE("settlement lines: an unknown alias is told by its place", "[client][settlement]") {
  const ImportBatch batch = Read(
      {{"facts.jsonl",
        R"({"type":"tributary/policy/v1","policy":"p","undisclosed":"held","unclaimed":"held",)"
        R"("absolute_terms":[{"asset":"nobody","ppm":2}]})"
        "\n"}});
  REQUIRE(batch.problems.size() == 1);
  CHECK_THAT(FormatProblems(batch, 1), Catch::Matchers::Contains("absolute_terms[0].asset"));
}

// The id that a line's record has in the ledger "test".
std::string IdOf(const std::string& line) {
  const auto fact = FactFromLine(line, "test");
  REQUIRE_OK(fact);
  return RecordId(EncodeRecord(fact->record)).ToHex();
}

TEST_CASE("settlement order: what a fact needs comes before it", "[client][settlement]") {
  const std::string asset = NamedWork("w");
  const std::string policy =
      R"({"type":"tributary/policy/v1","policy":"p","undisclosed":"held","unclaimed":"held",)"
      R"("fees":[{"party":"market","fixed":"1","currency":"EUR"}]})";
  const std::string sale =
      R"({"type":"tributary/sale/v1","reference":"r","amount":"9","currency":"EUR","asset":")" +
      asset + R"(","policy":")" + IdOf(policy) + "\"}";
  const std::string hold =
      R"({"type":"tributary/hold/v1","reference":"h","reason":"x","claimant":"ana","sale":")" +
      IdOf(sale) + "\"}";
  const std::vector<std::string> in_order = {
      R"({"type":"tributary/party/v1","party":"ana"})",
      R"({"type":"tributary/party/v1","party":"market"})",
      R"({"type":"tributary/asset/v1","kind":"work","id_method":"named","named_as":{"name":"w"}})",
      R"({"type":"tributary/currency/v1","code":"EUR","scale":2,"fraction_bits":64})",
      policy,
      sale,
      R"({"type":"tributary/escrow/v1","outcome":"posted","sale":")" + IdOf(sale) + "\"}",
      R"({"type":"tributary/reversal/v1","sale":")" + IdOf(sale) + "\"}",
      hold,
      R"({"type":"tributary/hold_release/v1","outcome":"released","hold":")" + IdOf(hold) + "\"}",
      R"({"type":"tributary/mandate/v1","party":"ana","collector":"market","begin":0})",
      R"({"type":"tributary/party_merge/v1","party":"ana","into":"market"})"};

  test::Rng rng = test::SeededRng();
  std::vector<std::string> lines = in_order;
  for (int trial = 0; trial < 50; ++trial) {
    CAPTURE(rng.seed(), trial);
    for (std::size_t i = lines.size() - 1; i > 0; --i) std::swap(lines[i], lines[rng.Below(i + 1)]);
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    ImportBatch batch = Read({{"facts.jsonl", text}});
    INFO(FormatProblems(batch, 10));
    REQUIRE(batch.problems.empty());
    OrderFacts(&batch);
    std::map<std::string, std::size_t> place;
    for (std::size_t i = 0; i < batch.facts.size(); ++i) {
      place[batch.facts[i].record_id.ToHex()] = i;
    }
    const auto at = [&](std::size_t i) { return place.at(IdOf(in_order[i])); };
    CHECK(at(1) < at(4));   // a policy's payee
    CHECK(at(3) < at(4));   // a policy's currency
    CHECK(at(2) < at(5));   // a sale's asset
    CHECK(at(3) < at(5));   // a sale's currency
    CHECK(at(4) < at(5));   // a sale's policy
    CHECK(at(5) < at(6));   // the sale that is posted
    CHECK(at(5) < at(7));   // the sale that is reversed
    CHECK(at(5) < at(8));   // the sale that is held
    CHECK(at(0) < at(8));   // the claimant
    CHECK(at(8) < at(9));   // the hold that is released
    CHECK(at(0) < at(10));  // who is represented
    CHECK(at(1) < at(11));  // who it is
  }
}

// --- Sales from spreadsheets ---

const std::string kHeader = "reference,asset,amount,currency,tree_size,policy,sold_at\n";

SaleOptions KnownLedger() {
  return {.in_minor_units = false,
          .scale_of = [](const std::string& code) -> absl::StatusOr<unsigned> {
            if (code == "EUR") return 2;
            if (code == "JPY") return 0;
            return absl::NotFoundError("currency: found another");
          },
          .policy_of = [](const std::string& name) -> absl::StatusOr<Digest> {
            if (name == "market") return Sha256("market");
            return absl::NotFoundError("policy: found another");
          }};
}

TEST_CASE("sales.csv: amounts become minor units exactly", "[client][settlement][csv]") {
  const std::string asset = Sha256("x").ToHex();
  const ImportBatch batch = Read(
      {{"sales.csv", kHeader + "a," + asset + ",125.00,EUR,17,market,\n" + "b," + asset +
                         ",0.5,EUR,,,2026-01-02T03:04:05.678Z\n" + "c," + asset + ",500,JPY,,,\n"}},
      {}, KnownLedger());
  INFO(FormatProblems(batch, 10));
  REQUIRE(batch.problems.empty());
  REQUIRE(batch.facts.size() == 3);
  const auto sale = [&](std::size_t i) { return std::get<SaleRecord>(batch.facts[i].record.body); };
  CHECK(sale(0).amount.value == 12'500);
  CHECK(sale(0).tree_size == 17);
  CHECK(sale(0).policy == Sha256("market"));
  CHECK(sale(1).amount.value == 50);
  CHECK(FormatTime(*sale(1).sold_at) == "2026-01-02T03:04:05.678Z");
  CHECK(sale(2).amount.value == 500);
  CHECK(sale(2).currency == "JPY");
}

TEST_CASE("sales.csv: minor units are taken as they are, and need no currency known",
          "[client][settlement][csv]") {
  const ImportBatch batch =
      Read({{"sales.csv", kHeader + "a," + Sha256("x").ToHex() + ",125,XYZ,,,\n"}}, {},
           {.in_minor_units = true, .scale_of = nullptr, .policy_of = nullptr});
  REQUIRE(batch.problems.empty());
  CHECK(std::get<SaleRecord>(batch.facts[0].record.body).amount.value == 125);
}

TEST_CASE("sales.csv: a currency of the same import gives the decimals",
          "[client][settlement][csv]") {
  const ImportBatch batch =
      Read({{"facts.jsonl",
             R"({"type":"tributary/currency/v1","code":"KWD","scale":3,"fraction_bits":64})"
             "\n"},
            {"sales.csv", kHeader + "a," + Sha256("x").ToHex() + ",1.234,KWD,,,\n"}});
  INFO(FormatProblems(batch, 10));
  REQUIRE(batch.problems.empty());
  CHECK(std::get<SaleRecord>(batch.facts[1].record.body).amount.value == 1'234);
}

TEST_CASE("sales.csv: a row that is wrong is told with its line", "[client][settlement][csv]") {
  struct Refusal {
    std::string row, said;
  };
  const std::string asset = Sha256("x").ToHex();
  const auto known = GENERATE_COPY(values<Refusal>({
      {"a," + asset + ",1.234,EUR,,,", "3 decimals"},
      {"a," + asset + ",1.5,JPY,,,", "1 decimals"},
      {"a," + asset + ",-1,EUR,,,", "amount"},
      {"a," + asset + ",,EUR,,,", "amount"},
      {"a," + asset + ",0,EUR,,,", "amount"},
      {"a," + asset + ",1,,,,", "currency: found no value"},
      {"a," + asset + ",1,XYZ,,,", "currency"},
      {"," + asset + ",1,EUR,,,", "reference"},
      {"a,,1,EUR,,,", "asset"},
      {"a,nobody-knows,1,EUR,,,", "nobody-knows"},
      {"a," + asset + ",1,EUR,x,,", "tree_size"},
      {"a," + asset + ",1,EUR,0,,", "tree_size"},
      {"a," + asset + ",1,EUR,,other,", "policy"},
      {"a," + asset + ",1,EUR,,,yesterday", "sold_at"},
  }));
  CAPTURE(known.row);
  const ImportBatch batch =
      Read({{"sales.csv", kHeader + "ok," + asset + ",1,EUR,,,\n" + known.row + "\n"}}, {},
           KnownLedger());
  REQUIRE(batch.problems.size() == 1);
  CHECK_THAT(FormatProblems(batch, 10), Catch::Matchers::Contains("sales.csv:3: "));
  CHECK_THAT(FormatProblems(batch, 10), Catch::Matchers::Contains(known.said));
}

TEST_CASE("sales.csv: one reference with two contents is refused before it is sent",
          "[client][settlement][csv]") {
  const std::string asset = Sha256("x").ToHex();
  const ImportBatch batch =
      Read({{"sales.csv", kHeader + "a," + asset + ",1,EUR,,,\na," + asset + ",2,EUR,,,\n"}}, {},
           KnownLedger());
  REQUIRE(batch.problems.size() == 1);
  CHECK_THAT(FormatProblems(batch, 10), Catch::Matchers::Contains("sales.csv:3: "));
}

TEST_CASE("sales.csv: a call that fails ends the reading", "[client][settlement][csv]") {
  test::TemporaryDirectory directory;
  ImportBatch batch{.ledger = "test", .files = {}, .facts = {}, .problems = {}};
  const SaleOptions broken{.in_minor_units = false,
                           .scale_of = [](const std::string&) -> absl::StatusOr<unsigned> {
                             return absl::UnavailableError("no server");
                           },
                           .policy_of = nullptr};
  CHECK_STATUS(ReadCsvFacts(directory.Write("sales.csv", kHeader + "a,b,1,EUR,,,\n"), Rest::kRefuse,
                            &batch, broken),
               absl::StatusCode::kUnavailable);
}

TEST_CASE("sale sums: counts and sums by currency and outcome", "[client][settlement]") {
  SaleSums sums;
  CHECK(sums.empty());
  SaleRecord sale;
  sale.currency = "EUR";
  sale.amount = {250};
  sums.Add(sale, SaleOutcome::kRecorded);
  sums.Add(sale, SaleOutcome::kRecorded);
  sums.Add(sale, SaleOutcome::kRefused);
  sale.currency = "ETH";
  sale.amount = {kUint128Max};
  sums.Add(sale, SaleOutcome::kRecorded);
  sums.Add(sale, SaleOutcome::kRecorded);
  sums.Add(PartyRecord{"ana", "", {}, {}}, SaleOutcome::kRecorded);
  CHECK(sums.Words(SaleOutcome::kRefused) == "1 sale of 250 minor units of EUR");
  CHECK(sums.Words(SaleOutcome::kNotSent).empty());
  const Json json = sums.ToJson();
  REQUIRE(json.size() == 2);
  CHECK(json[0]["currency"] == "ETH");
  CHECK(json[0]["recorded_minor_units"] == ToDecimal(kUint128Max));  // no more is counted
  CHECK(json[1]["recorded_count"] == 2);
  CHECK(json[1]["recorded_minor_units"] == "500");
  CHECK(json[1]["refused_minor_units"] == "250");
}

}  // namespace
}  // namespace tributary::cli
