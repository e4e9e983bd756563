#include "graph/attribution/payees.h"

#include <algorithm>
#include <string>

#include "graph/attribution/attribution.h"
#include "graph/model/status.h"
#include "tests/support/catch.h"
#include "tests/support/memory_lineage_reader.h"
#include "tests/support/random_lineage.h"

namespace tributary::test {
namespace {

using Line = std::pair<std::string, std::uint64_t>;

absl::StatusOr<std::vector<PayeeLine>> Split(const LineageReader& reader, Grains placed,
                                             const PayeeLimits& limits = {}) {
  const auto subgraph = CollectUpstream(reader, MemoryLineageReader::Number(0)).value();
  return SplitOverPayees(reader, subgraph, AttributeGrains(subgraph, placed).value(), limits);
}

std::vector<Line> SplitLines(const PlainLineage& lineage, Grains placed) {
  std::vector<Line> lines;
  const auto split = Split(MemoryLineageReader(lineage), placed).value();
  for (const PayeeLine& line : split) {
    lines.emplace_back(line.payee.Key(), static_cast<std::uint64_t>(line.grains));
  }
  return lines;
}

// 0 keeps 4 of 10, 2 are unattributed, 2 go to the work 1 and 2 to the dataset 2.
PlainLineage Story() {
  return {{{TestId(1),
            AssetKind::kOutput,
            PlainDerivation{4, 2, {{.input = 1, .weight = 2}, {.input = 2, .weight = 2}}},
            {{"sam", 1}}},
           {TestId(2), AssetKind::kWork, {}, {}},
           {TestId(3), AssetKind::kDataset, {}, {{"dora", 1}}}}};
}

TEST_CASE("payees: each line by its key, in byte order", "[attribution]") {
  CHECK(SplitLines(Story(), 10) == std::vector<Line>{{"party:sam", 4},
                                                     {"unattributed", 2},
                                                     {"unclaimed:" + TestId(2).ToHex(), 2},
                                                     {"undisclosed:" + TestId(3).ToHex(), 2}});
}

TEST_CASE("payees: holders of undisclosed grains get none of them", "[attribution]") {
  // "dora" holds the dataset, but nothing says what the dataset was made from.
  for (const Line& line : SplitLines(Story(), 10)) CHECK(line.first != "party:dora");
}

TEST_CASE("payees: units divide by the cumulative rule in byte order of party", "[attribution]") {
  const PlainLineage lineage{{{TestId(1), AssetKind::kWork, {}, {{"b", 1}, {"a", 1}, {"A", 1}}}}};
  CHECK(SplitLines(lineage, 7) ==
        std::vector<Line>{{"party:A", 2}, {"party:a", 2}, {"party:b", 3}});
}

TEST_CASE("payees: grains from several assets are one line", "[attribution]") {
  const PlainLineage lineage{{{TestId(1),
                               AssetKind::kOutput,
                               PlainDerivation{1, 0, {{.input = 1, .weight = 1}}},
                               {{"p", 1}}},
                              {TestId(2), AssetKind::kWork, {}, {{"p", 1}, {"q", 1}}}}};
  CHECK(SplitLines(lineage, 8) == std::vector<Line>{{"party:p", 6}, {"party:q", 2}});
}

TEST_CASE("payees: lines of zero grains are left out", "[attribution]") {
  const PlainLineage lineage{{{TestId(1), AssetKind::kWork, {}, {{"p", 1}, {"q", 1}}}}};
  CHECK(SplitLines(lineage, 1) == std::vector<Line>{{"party:q", 1}});
  CHECK(SplitLines(lineage, 0).empty());
}

TEST_CASE("payees: units up to 2^63 - 1 are exact", "[attribution]") {
  const PlainLineage lineage{
      {{TestId(1), AssetKind::kWork, {}, {{"p", kWeightSumMax - 1}, {"q", 1}}}}};
  const Grains placed = Grains{kWeightSumMax} * 5;
  const auto lines = Split(MemoryLineageReader(lineage), placed).value();
  REQUIRE(lines.size() == 2);
  CHECK((lines[0].grains == Grains{kWeightSumMax - 1} * 5));
  CHECK((lines[1].grains == 5));
}

TEST_CASE("payees: a limit that is met is named", "[attribution]") {
  const PlainLineage lineage = Story();
  const MemoryLineageReader reader(lineage);
  CHECK_STATUS(Split(reader, 10, {.line_count_max = 3}), absl::StatusCode::kOk);
  const auto met = Split(reader, 10, {.line_count_max = 2});
  CHECK_STATUS(met, absl::StatusCode::kResourceExhausted);
  CHECK(FieldOf(met.status()) == "line_count_max");
}

TEST_CASE("payees: announced holders that are not there are data loss", "[attribution]") {
  class ForgetfulReader : public MemoryLineageReader {
   public:
    using MemoryLineageReader::MemoryLineageReader;
    absl::Status ReadHolders(std::span<const AssetNumber> assets,
                             std::vector<HolderList>* holders) const override {
      holders->assign(assets.size(), {});
      return absl::OkStatus();
    }
  };
  const PlainLineage lineage = Story();
  CHECK_STATUS(Split(ForgetfulReader(lineage), 10), absl::StatusCode::kDataLoss);
}

TEST_CASE("payees: order of payees is the byte order of keys", "[attribution]") {
  std::vector<Payee> payees = {Payee::Undisclosed(TestId(1)),
                               Payee::Unclaimed(TestId(255)),
                               Payee::Unattributed(),
                               Payee::Party("zz"),
                               Payee::Party("z"),
                               Payee::Party("Z~"),
                               Payee::Unclaimed(TestId(16)),
                               Payee::Undisclosed(TestId(0))};
  std::sort(payees.begin(), payees.end());
  std::vector<std::string> keys;
  for (const Payee& payee : payees) keys.push_back(payee.Key());
  CHECK(std::is_sorted(keys.begin(), keys.end()));
}

}  // namespace
}  // namespace tributary::test
