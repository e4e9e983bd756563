#include "client/cli/table.h"

#include "client/cli/csv.h"
#include "tests/support/catch.h"

namespace tributary::cli {
namespace {

Table SomeTable() {
  return {.columns = {{"Name", "name"}, {"Share", "share", true}, {"", "id"}, {" ", ""}},
          .rows = {{Cell("a"), Cell("40", "40 %"), Cell("x"), Cell("", "##")},
                   {Cell("långer"), Cell("5", "5 %"), Cell("y"), Cell()}}};
}

TEST_CASE("table: columns are aligned and hidden ones left out", "[client][table]") {
  CHECK(FormatTable(SomeTable(), false) ==
        "Name    Share\n"
        "a        40 %  ##\n"
        "långer    5 %\n");
}

TEST_CASE("table: nothing to show gives nothing", "[client][table]") {
  CHECK(FormatTable({.columns = {{"Name", "name"}}, .rows = {}}, false).empty());
  CHECK(FormatTable({.columns = {{"", "name"}}, .rows = {{Cell("for CSV alone")}}}, false).empty());
}

TEST_CASE("table: text from a ledger cannot break a line", "[client][table]") {
  const Table table{.columns = {{"Name", "name"}}, .rows = {{Cell("a\nb\x1b[31m")}}};
  CHECK(FormatTable(table, false) == "Name\na\\u{a}b\\u{1b}[31m\n");
}

TEST_CASE("table: colour is asked for, never assumed", "[client][table]") {
  CHECK(FormatTable(SomeTable(), true).find("\x1b[1m") == 0);
  CHECK(FormatTable(SomeTable(), false).find('\x1b') == std::string::npos);
}

TEST_CASE("csv: RFC 4180, exact values", "[client][table]") {
  CHECK(FormatCsv(SomeTable()) == "name,share,id\r\na,40,x\r\nlånger,5,y\r\n");
  const Table table{.columns = {{"", "v"}, {"", "w"}},
                    .rows = {{Cell("a,b"), Cell("say \"hi\"")}, {Cell("l1\nl2"), Cell("=1+1")}}};
  CHECK(FormatCsv(table) == "v,w\r\n\"a,b\",\"say \"\"hi\"\"\"\r\n\"l1\nl2\",=1+1\r\n");
}

TEST_CASE("csv: what is written is read again", "[client][table]") {
  const std::vector<std::string> values = {"",     "a", "a,b",  "\"", "\"\"", "\r\n",
                                           "x\ny", " ", "=1+1", "ü",  ",",    "'"};
  Table table{.columns = {{"", "value"}, {"", "end"}}, .rows = {}};
  for (const std::string& value : values) table.rows.push_back({Cell(value), Cell("end")});
  const auto rows = ParseCsv(FormatCsv(table));
  REQUIRE_OK(rows);
  REQUIRE(rows->size() == values.size() + 1);
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK((*rows)[i + 1].fields == std::vector<std::string>{values[i], "end"});
  }
}

TEST_CASE("csv: a lone empty field is no empty line", "[client][table]") {
  const Table table{.columns = {{"", "v"}}, .rows = {{Cell("")}}};
  CHECK(FormatCsv(table) == "v\r\n\"\"\r\n");
}

}  // namespace
}  // namespace tributary::cli
