// Types of records as numbers, and what can be said of a record from its type alone.

#include "graph/model/record_type.h"

#include <set>

#include "tests/graph/model/sample_records.h"
#include "tests/support/catch.h"

namespace tributary {
namespace {

TEST_CASE("record type: the bytes of every record name it without being decoded", "[model]") {
  std::set<std::size_t> seen;
  for (const auto& sample : test::SampleRecords()) {
    CAPTURE(sample.name);
    CHECK(PeekTypeName(EncodeRecord(sample.record)) == TypeName(sample.record.body));
    seen.insert(TypeOf(sample.record.body).index);
  }
  CHECK(seen.size() == kRecordTypeCount);
  CHECK(PeekTypeName("").empty());
  CHECK(PeekTypeName("{\"a\":\"b\"}").empty());
}

TEST_CASE("record type: a text that looks like a type does not pass for one", "[model]") {
  Record record;
  record.ledger = "test";
  PartyRecord party;
  party.party = "p";
  party.attributes = {{"type", "tributary/policy/v1"}, {"x", "\"type\":\"tributary/policy/v1\""}};
  party.name = "\"type\":\"tributary/sale/v1\"";
  record.body = party;
  SortLists(&record);
  REQUIRE_OK(Validate(record));
  CHECK(PeekTypeName(EncodeRecord(record)) == "tributary/party/v1");
}

TEST_CASE("record type: what is final takes no supersedes", "[model]") {
  for (const auto& sample : test::SampleRecords()) {
    CAPTURE(sample.name);
    Record record = sample.record;
    record.supersedes = Sha256("before");
    CHECK(Validate(record).ok() == !IsFinal(record.body));
  }
}

}  // namespace
}  // namespace tributary
