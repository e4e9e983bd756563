// Spreadsheets: parsing, and the facts they make.

#include "client/cli/csv.h"

#include <fstream>

#include "client/cli/csv_facts.h"
#include "client/cli/import_batch.h"
#include "tests/client/temporary_directory.h"
#include "tests/support/catch.h"

namespace tributary::cli {
namespace {

TEST_CASE("csv: rows keep the line on which they begin", "[client][csv]") {
  const auto rows = ParseCsv(
      "\xef\xbb\xbf"
      "a,b\r\n\"1\n2\",\"x \"\"y\"\"\"\n\n3,\n");
  REQUIRE_OK(rows);
  REQUIRE(rows->size() == 3);
  CHECK((*rows)[0].fields == std::vector<std::string>{"a", "b"});
  CHECK((*rows)[1].fields == std::vector<std::string>{"1\n2", "x \"y\""});
  CHECK((*rows)[1].line == 2);
  CHECK((*rows)[2].fields == std::vector<std::string>{"3", ""});
  CHECK((*rows)[2].line == 5);
}

TEST_CASE("csv: errors name the line", "[client][csv]") {
  struct Refusal {
    std::string text, said;
  };
  const auto known = GENERATE(values<Refusal>({
      {"a\nb\"c\n", "line 2"},
      {"a\n\"b\"c\n", "line 2"},
      {"a\n\"b\n\n", "line 2"},
      {"a,b\n1\n", "line 2"},
      {"a,a\n", "line 1"},
      {"", "line 1"},
      {"a\n\xff\n", "UTF-8"},
  }));
  CAPTURE(known.text);
  const auto table = CsvTable::Parse(known.text);
  CHECK_STATUS(table, absl::StatusCode::kInvalidArgument);
  CHECK_THAT(table.status().ToString(), Catch::Matchers::Contains(known.said));
}

ImportBatch ReadCsv(const std::vector<std::pair<std::string, std::string>>& files,
                    Rest rest = Rest::kRefuse) {
  test::TemporaryDirectory directory;
  ImportBatch batch{.ledger = "test", .files = {}, .facts = {}, .problems = {}};
  for (const auto& [name, text] : files) {
    REQUIRE_OK(ReadCsvFacts(directory.Write(name, text), rest, &batch));
    batch.files.back() = name;
  }
  REQUIRE_OK(
      ResolveAliases([](const std::string&) { return absl::NotFoundError("alias"); }, &batch));
  PrepareFacts(&batch);
  return batch;
}

TEST_CASE("csv facts: a sale in four sheets", "[client][csv]") {
  const ImportBatch batch = ReadCsv(
      {{"edges.csv",
        "generated,input,role,weight\npicture,model,generator,30%\n"
        "picture,,retained,70%\nmodel,set,training_data,2\nmodel,,retained,3\n"},
       {"holders.csv", "asset,party,units\npicture,ana,1/3\npicture,ben,2/3\n"},
       {"assets.csv", "asset,kind,namespace\npicture,output,n\nmodel,model,n\nset,dataset,n\n"},
       {"parties.csv", "party,name\nana,Ana\nben,\n"}});
  INFO(FormatProblems(batch, 10));
  REQUIRE(batch.problems.empty());
  REQUIRE(batch.facts.size() == 2 + 1 + 6 + 2);
  const auto& picture = std::get<DerivationRecord>(batch.facts[0].record.body);
  CHECK(picture.retained == 7);
  CHECK(picture.weight_sum == 3);
  REQUIRE(picture.computed_by.has_value());
  CHECK(picture.generated ==
        NamedAssetId({.namespace_name = "n", .name = "picture", .version = {}}));
  const auto& model = std::get<DerivationRecord>(batch.facts[1].record.body);
  CHECK(model.retained == 3);
  CHECK_FALSE(model.computed_by.has_value());  // integers were not computed
  const auto& holders = std::get<HoldersRecord>(batch.facts[2].record.body);
  CHECK(holders.holders == std::vector<Holder>{{"ana", 1}, {"ben", 2}});
}

TEST_CASE("csv facts: percentages that leave a rest need to be told where", "[client][csv]") {
  const std::vector<std::pair<std::string, std::string>> files = {
      {"assets.csv", "asset,kind\na,output\nb,work\n"},
      {"edges.csv", "generated,input,role,weight\na,b,reference,25%\n"}};
  const ImportBatch refused = ReadCsv(files);
  REQUIRE(refused.problems.size() == 1);
  CHECK_THAT(FormatProblems(refused, 10), Catch::Matchers::Contains("edges.csv:2: weights"));
  const ImportBatch kept = ReadCsv(files, Rest::kKept);
  REQUIRE(kept.problems.empty());
  CHECK(std::get<DerivationRecord>(kept.facts.back().record.body).retained == 3);
}

TEST_CASE("csv facts: problems name file and line", "[client][csv]") {
  struct Refusal {
    std::string text, said;
  };
  const auto known = GENERATE(values<Refusal>({
      {"asset,kind\nx,song\n", "sheet.csv:2: kind"},
      {"asset,kind,size\nx,work,many\n", "sheet.csv:2: size"},
      {"asset,kind,id_method\nx,work,content\n", "sheet.csv:2: asset"},
      {"asset,party,units\nnobody-knows,ana,1\n", "sheet.csv:2: asset"},
      {"generated,input,role,weight\nx,y,friend,1\n", "sheet.csv:2: role"},
      {"generated,input,role,weight\nx,,reference,1\n", "sheet.csv:2: input"},
  }));
  CAPTURE(known.text);
  const ImportBatch batch = ReadCsv({{"sheet.csv", known.text}});
  CHECK_THAT(FormatProblems(batch, 10), Catch::Matchers::Contains(known.said));
}

TEST_CASE("csv facts: unknown columns are an error of the file", "[client][csv]") {
  test::TemporaryDirectory directory;
  ImportBatch batch{.ledger = "test", .files = {}, .facts = {}, .problems = {}};
  CHECK_STATUS(ReadCsvFacts(directory.Write("a.csv", "asset,kind,colour\n"), Rest::kRefuse, &batch),
               absl::StatusCode::kInvalidArgument);
  CHECK_STATUS(ReadCsvFacts(directory.Write("b.csv", "x,y\n"), Rest::kRefuse, &batch),
               absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tributary::cli
