// Lines of the log: written from items, read again, and checked on the way.

#include "client/cli/log_lines.h"

#include "client/cli/fact_json.h"
#include "client/cli/import_batch.h"
#include "client/lib/convert.h"
#include "tests/support/catch.h"

namespace tributary::cli {
namespace {

// A small log: the ledger, an asset, its derivation from two others, a superseding asset record.
class SmallLog {
 public:
  SmallLog() {
    Add({.ledger = "test",
         .supersedes = {},
         .details_digest = {},
         .blind = {},
         .body = LedgerRecord{}});
    AddFact(R"({"type":"tributary/asset/v1","asset":")" + Sha256("x").ToHex() +
            R"(","kind":"work","id_method":"content"})");
    const Record first = records_.back();
    AddFact(R"({"type":"tributary/derivation/v1","generated":")" + Sha256("x").ToHex() +
            R"(","retained":1,"unattributed":0,"edges":[{"input":")" + Sha256("y").ToHex() +
            R"(","role":"tool","weight":0,"basis":"none"},{"input":")" + Sha256("z").ToHex() +
            R"(","role":"code","weight":2}],"details":{"salt":")" + Sha256("s").ToHex() +
            R"(","bytes":"QW5h"}})");
    AddFact(R"({"type":"tributary/asset/v1","name":"n","asset":")" + Sha256("x").ToHex() +
            R"(","kind":"work","id_method":"content","supersedes":")" +
            RecordId(EncodeRecord(first)).ToHex() + "\"}");
  }

  const std::vector<v1::LogItem>& items() const { return items_; }
  std::vector<v1::LogItem>& items() { return items_; }
  v1::StreamRecordsSummary Summary() const {
    v1::StreamRecordsSummary summary;
    summary.set_tree_size(log_.size());
    summary.set_root_hash(std::string(log_.Root().view()));
    return summary;
  }
  std::string IdOf(std::size_t position) const {
    return std::string(RecordId(EncodeRecord(records_.at(position))).view());
  }

 private:
  void AddFact(const std::string& line) {
    ImportBatch batch{.ledger = "test", .files = {"lines"}, .facts = {}, .problems = {}};
    auto fact = FactFromLine(line, "test");
    REQUIRE_OK(fact);
    batch.facts.push_back(*std::move(fact));
    PrepareFacts(&batch);
    INFO(FormatProblems(batch, 9));
    REQUIRE(batch.problems.empty());
    Add(batch.facts[0].record);
    if (const auto& details = batch.facts[0].details; details.has_value()) {
      items_.emplace_back().mutable_details()->set_salt(std::string(details->salt.view()));
      items_.back().mutable_details()->set_content(details->content);
    }
    if (!batch.facts[0].edges.empty()) {
      *items_.emplace_back().mutable_edges() = ToBlock(batch.facts[0].edges);
    }
  }
  void Add(const Record& record) {
    v1::LogRecord* item = items_.emplace_back().mutable_record();
    item->set_position(records_.size());
    item->set_accepted_ms(static_cast<std::int64_t>(1'000 + records_.size()));
    item->set_canonical_bytes(EncodeRecord(record));
    std::string leaf(RecordId(item->canonical_bytes()).view());
    leaf.append(6, '\0');
    leaf.push_back(static_cast<char>(item->accepted_ms() >> 8));
    leaf.push_back(static_cast<char>(item->accepted_ms() & 255));
    log_.Append(LeafHash(leaf));
    records_.push_back(record);
  }

  std::vector<Record> records_;
  std::vector<v1::LogItem> items_;
  TreeFrontier log_;
};

absl::StatusOr<std::string> Written(const SmallLog& log, LogLineOptions options) {
  std::string text;
  LogLineWriter writer(std::move(options), [&text](std::string_view piece) {
    text.append(piece);
    return absl::OkStatus();
  });
  if (absl::Status status = writer.WriteHeader("test"); !status.ok()) return status;
  for (const v1::LogItem& item : log.items()) {
    if (absl::Status status = writer.Add(item); !status.ok()) return status;
  }
  if (absl::Status status = writer.Finish(log.Summary()); !status.ok()) return status;
  return text;
}

std::vector<std::string> SplitLines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

TEST_CASE("log lines: every item comes back", "[client][log]") {
  const SmallLog log;
  const auto text = Written(log, {.log = true, .drop_superseded = false, .superseded = {}});
  REQUIRE_OK(text);
  const std::vector<std::string> lines = SplitLines(*text);
  REQUIRE(lines.size() == 6);
  CHECK(ParseLogHeader(lines.front())->ledger == "test");
  CHECK(ParseLogFooter(lines.back())->tree_size == 4);
  CHECK(ParseLogFooter(lines.back())->root_hash.view() == log.Summary().root_hash());
  std::vector<v1::LogItem> items;
  for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
    const auto line = ParseLogLine(lines[i]);
    REQUIRE_OK(line);
    *items.emplace_back().mutable_record() = line->record;
    if (line->has_details) *items.emplace_back().mutable_details() = line->details;
    if (!line->edges.empty()) *items.emplace_back().mutable_edges() = ToBlock(line->edges);
  }
  REQUIRE(items.size() == log.items().size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    CAPTURE(i);
    CHECK(items[i].SerializeAsString() == log.items()[i].SerializeAsString());
  }
}

TEST_CASE("fact lines: superseded records only where they are wanted", "[client][log]") {
  const SmallLog log;
  const auto all = Written(log, {});
  REQUIRE_OK(all);
  CHECK(SplitLines(*all).size() == 1 + 3);  // the header of this test, and no ledger record
  CHECK_THAT(*all, Catch::Matchers::Contains("supersedes"));
  const auto in_force =
      Written(log, {.log = false, .drop_superseded = true, .superseded = {log.IdOf(1)}});
  REQUIRE_OK(in_force);
  CHECK(SplitLines(*in_force).size() == 1 + 2);
  CHECK_THAT(*in_force, !Catch::Matchers::Contains("supersedes"));
}

TEST_CASE("log lines: a log that was tampered with is not written as whole", "[client][log]") {
  SmallLog log;
  SECTION("a record is missing") { log.items().erase(log.items().begin() + 1); }
  SECTION("two records are swapped") { std::swap(log.items()[0], log.items()[1]); }
  SECTION("a time differs") { log.items()[1].mutable_record()->set_accepted_ms(1'002); }
  SECTION("the last record is missing") { log.items().pop_back(); }
  SECTION("edges are missing") { log.items().erase(log.items().begin() + 4); }
  SECTION("a weight differs") { log.items()[4].mutable_edges()->set_weights(0, 7); }
  SECTION("edges of nothing") {
    const v1::LogItem edges = log.items()[4];
    log.items().insert(log.items().begin() + 1, edges);
  }
  CHECK_STATUS(Written(log, {.log = true, .drop_superseded = false, .superseded = {}}),
               absl::StatusCode::kDataLoss);
}

TEST_CASE("log lines: a line whose id is not its record's is refused", "[client][log]") {
  const SmallLog log;
  std::string line =
      SplitLines(*Written(log, {.log = true, .drop_superseded = false, .superseded = {}}))[2];
  REQUIRE_OK(ParseLogLine(line));
  line.replace(line.find("\"work\""), 6, "\"other\"");
  CHECK_STATUS(ParseLogLine(line), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tributary::cli
