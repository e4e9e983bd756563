// A batch in any order: resolved, completed, checked, and put in an order that a ledger accepts.

#include "client/cli/import_batch.h"

#include <algorithm>
#include <map>
#include <set>

#include "client/cli/fact_json.h"
#include "tests/client/temporary_directory.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary::cli {
namespace {

std::string Named(const std::string& name) {
  return NamedAssetId({.namespace_name = {}, .name = name, .version = {}}).ToHex();
}
std::string Party(const std::string& party) {
  return R"({"type":"tributary/party/v1","party":")" + party + "\"}";
}
std::string Asset(const std::string& name) {
  return R"({"type":"tributary/asset/v1","kind":"work","id_method":"named","named_as":{"name":")" +
         name + "\"}}";
}
std::string Alias(const std::string& alias, const std::string& asset) {
  return R"({"type":"tributary/alias/v1","alias":")" + alias + R"(","asset":")" + asset + "\"}";
}
std::string Holders(const std::string& asset, const std::string& party) {
  return R"({"type":"tributary/holders/v1","asset":")" + asset + R"(","holders":[{"party":")" +
         party + R"(","units":1}]})";
}
std::string Derivation(const std::string& generated, const std::vector<std::string>& inputs) {
  std::string edges;
  for (const std::string& input : inputs) {
    edges += (edges.empty() ? "" : ",") + (R"({"input":")" + input) +
             R"(","role":"reference","weight":1})";
  }
  return R"({"type":"tributary/derivation/v1","generated":")" + generated +
         R"(","retained":1,"unattributed":0)" +
         (edges.empty() ? "" : ",\"edges\":[" + edges + "]") + "}";
}

// Reads lines as an import would, up to the order.
ImportBatch Prepared(const std::vector<std::string>& lines,
                     const std::map<std::string, Digest>& ledger_aliases = {}) {
  test::TemporaryDirectory directory;
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  ImportBatch batch{.ledger = "test", .files = {}, .facts = {}, .problems = {}};
  REQUIRE_OK(ReadJsonLines(directory.Write("facts.jsonl", text), &batch));
  batch.files = {"facts.jsonl"};
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

std::vector<std::uint64_t> LineNumbers(const ImportBatch& batch) {
  std::vector<std::uint64_t> lines;
  for (const ImportFact& fact : batch.facts) lines.push_back(fact.origin.line);
  return lines;
}

using Numbers = std::vector<std::uint64_t>;

TEST_CASE("import order: what is needed comes first", "[client][import]") {
  ImportBatch batch =
      Prepared({Derivation("out", {"model"}), Holders("out", "ana"), Alias("out", Named("o")),
                Derivation("model", {Named("w")}), Asset("w"), Asset("m"),
                Alias("model", Named("m")), Asset("o"), Party("ana")});
  INFO(FormatProblems(batch, 10));
  REQUIRE(batch.problems.empty());
  OrderFacts(&batch);
  CHECK(LineNumbers(batch) == Numbers{9, 5, 6, 8, 3, 7, 2, 4, 1});
}

TEST_CASE("import order: an order that serves already is kept", "[client][import]") {
  const std::vector<std::string> lines = {
      Asset("b"),   Asset("a"), Derivation(Named("a"), {Named("b")}),
      Party("ana"), Asset("c"), Holders(Named("c"), "ana")};
  ImportBatch batch = Prepared(lines);
  REQUIRE(batch.problems.empty());
  OrderFacts(&batch);
  CHECK(LineNumbers(batch) == Numbers{1, 2, 3, 4, 5, 6});
}

// Lines of facts are in the order of events; a table of sales is in none.
TEST_CASE("import order: sales of a table come after the lineage beside them", "[client][import]") {
  const std::string sale = R"({"type":"tributary/sale/v1","reference":"r","asset":")" + Named("x") +
                           R"(","amount":"1","currency":"EUR"})";
  ImportBatch batch = Prepared({Asset("x"), sale, Derivation(Named("x"), {})});
  const auto sale_place = [&batch] {
    OrderFacts(&batch);
    for (std::size_t i = 0; i < batch.facts.size(); ++i) {
      if (std::holds_alternative<SaleRecord>(batch.facts[i].record.body)) return i;
    }
    return batch.facts.size();
  };
  CHECK(sale_place() == 1);
  batch.files = {"sales.csv"};
  CHECK(sale_place() == 2);
}

TEST_CASE("import order: a superseding record stands behind what it replaces", "[client][import]") {
  const auto first = FactFromLine(Party("ana"), "test");
  REQUIRE_OK(first);
  std::string second = Party("ana");
  second.insert(
      1, R"("name":"Ana","supersedes":")" + RecordId(EncodeRecord(first->record)).ToHex() + "\",");
  ImportBatch batch = Prepared({second, Party("ana")});
  INFO(FormatProblems(batch, 10));
  REQUIRE(batch.problems.empty());
  OrderFacts(&batch);
  CHECK(LineNumbers(batch) == Numbers{2, 1});
}

// Property: whatever the order of the lines, the result is the same set of facts, and each stands
// behind what it needs.
TEST_CASE("import order: any shuffle comes right", "[client][import][property]") {
  test::Rng rng = test::SeededRng();
  for (int trial = 0; trial < 100; ++trial) {
    std::vector<std::string> lines = {Party("p")};
    const std::uint64_t count = rng.Between(2, 12);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string name = "a" + std::to_string(i);
      lines.push_back(Asset(name));
      lines.push_back(Alias("alias:" + name, Named(name)));
      if (rng.OneIn(2)) lines.push_back(Holders("alias:" + name, "p"));
      std::vector<std::string> inputs;
      for (std::uint64_t j = 0; j < i; ++j) {
        if (rng.OneIn(3)) inputs.push_back("alias:a" + std::to_string(j));
      }
      lines.push_back(Derivation("alias:" + name, inputs));
    }
    std::shuffle(lines.begin(), lines.end(), rng);
    CAPTURE(rng.seed(), trial, lines);
    ImportBatch batch = Prepared(lines);
    REQUIRE(batch.problems.empty());
    OrderFacts(&batch);
    REQUIRE(batch.facts.size() == lines.size());
    std::set<Digest> recorded;
    bool has_party = false;
    for (const ImportFact& fact : batch.facts) {
      const Digest* subject = SubjectOf(fact.record.body);
      if (subject == nullptr)
        has_party = true;
      else if (std::holds_alternative<AssetRecord>(fact.record.body))
        recorded.insert(*subject);
      else
        REQUIRE(recorded.contains(*subject));
      if (std::holds_alternative<HoldersRecord>(fact.record.body)) REQUIRE(has_party);
      for (const Edge& edge : fact.edges) REQUIRE(recorded.contains(edge.input));
    }
  }
}

TEST_CASE("import: edges are brought into order, and root and numbers follow", "[client][import]") {
  const ImportBatch a = Prepared(
      {Asset("x"), Asset("y"), Asset("z"), Derivation(Named("z"), {Named("x"), Named("y")})});
  const ImportBatch b = Prepared(
      {Asset("x"), Asset("y"), Asset("z"), Derivation(Named("z"), {Named("y"), Named("x")})});
  REQUIRE(a.problems.empty());
  CHECK(a.facts[3].record_id == b.facts[3].record_id);
  CHECK(a.facts[3].edges[0].input < a.facts[3].edges[1].input);
}

TEST_CASE("import: problems name the line", "[client][import]") {
  struct Refusal {
    std::vector<std::string> lines;
    std::string said;
  };
  const auto known = GENERATE(values<Refusal>({
      {{Party("a"), "", "{}"}, "facts.jsonl:3: type"},
      {{Asset("x"), Alias("x", "y"), Alias("y", "x")}, "facts.jsonl:2: asset: found \"y\""},
      {{Asset("x"), Derivation(Named("x"), {"nowhere"})}, "facts.jsonl:2: edges[0].input"},
      {{Asset("x"), Derivation(Named("x"), {Named("x")})}, "facts.jsonl:2: "},
      {{Asset("x"), Asset("y"), Derivation(Named("x"), {Named("y"), Named("y")})},
       "facts.jsonl:3: "},
      {{Party("a"), R"({"type":"tributary/party/v1","party":"a","name":"A"})"},
       "facts.jsonl:2: line: found another content than facts.jsonl:1"},
      {{Asset("x"), Asset("y"), Derivation(Named("x"), {Named("y")}),
        Derivation(Named("y"), {Named("x")})},
       "close a cycle: facts.jsonl:3 -> facts.jsonl:4 -> facts.jsonl:3"},
  }));
  CAPTURE(known.lines);
  const ImportBatch batch = Prepared(known.lines);
  REQUIRE_FALSE(batch.problems.empty());
  CHECK_THAT(FormatProblems(batch, 10), Catch::Matchers::Contains(known.said));
}

TEST_CASE("import: aliases of the batch, through others, then of the ledger", "[client][import]") {
  const Digest outside = Sha256("outside");
  const ImportBatch batch =
      Prepared({Asset("x"), Alias("second", "first"), Alias("first", Named("x")),
                Derivation("second", {"elsewhere"})},
               {{"elsewhere", outside}, {"first", Sha256("not this one")}});
  INFO(FormatProblems(batch, 10));
  REQUIRE(batch.problems.empty());
  CHECK(SubjectOf(batch.facts[3].record.body)->ToHex() == Named("x"));
  CHECK(batch.facts[3].edges[0].input == outside);
  const auto references = FindOutsideReferences(batch);
  REQUIRE(references.size() == 1);
  CHECK(references[0].asset == outside);
  CHECK(references[0].origin.line == 4);
}

TEST_CASE("import: the same line twice is one fact, not a conflict", "[client][import]") {
  CHECK(Prepared({Party("a"), Party("a")}).problems.empty());
}

TEST_CASE("import: a long chain needs no deep stack", "[client][import]") {
  constexpr int kLength = 20'000;
  std::vector<std::string> lines;
  for (int i = kLength; i > 0; --i) {
    lines.push_back(Derivation(Named(std::to_string(i)), {Named(std::to_string(i - 1))}));
  }
  for (int i = 0; i <= kLength; ++i) lines.push_back(Asset(std::to_string(i)));
  ImportBatch batch = Prepared(lines);
  REQUIRE(batch.problems.empty());
  OrderFacts(&batch);
  CHECK(batch.facts.front().origin.line == kLength + 1);
  CHECK(batch.facts.back().origin.line == 1);
}

TEST_CASE("import: a long report is cut, and says so", "[client][import]") {
  const ImportBatch batch = Prepared({"1", "2", "3", "4"});
  CHECK_THAT(FormatProblems(batch, 3), Catch::Matchers::EndsWith("\nand 1 more"));
}

TEST_CASE("import: a file that is not there", "[client][import]") {
  ImportBatch batch;
  CHECK_STATUS(ReadJsonLines("/nonexistent/facts.jsonl", &batch), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace tributary::cli
