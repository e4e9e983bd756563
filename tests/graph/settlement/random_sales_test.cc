// Sales by random policies over random lineages, against the slow reference; and what must not
// matter.

#include <algorithm>
#include <set>

#include "graph/attribution/attribution.h"
#include "graph/model/status.h"
#include "graph/settlement/quote.h"
#include "tests/graph/settlement/sale_cases.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"
#include "tests/support/scale.h"

namespace tributary::test {
namespace {

// How often each thing that a policy or hold can do was done.
struct SeenInSales {
  std::size_t split = 0;
  std::size_t refused_fees = 0;
  std::size_t refused_terms = 0;
  std::size_t absolute = 0;
  std::size_t floors_short = 0;
  std::size_t floors_met = 0;
  std::size_t two_floors_short = 0;
  std::size_t floor_without_receiver = 0;
  std::size_t held_on_the_way = 0;
  std::size_t to_holders = 0;
};

void Note(const SaleCase& made, const SaleSplit& split, SeenInSales* seen) {
  ++seen->split;
  if (split.absolute != 0) ++seen->absolute;
  std::size_t short_count = 0;
  for (const FloorOutcome& floor : split.floors) {
    (floor.deducted != 0 ? short_count : seen->floors_met) += 1;
    if (floor.deducted != 0 && floor.reached == 0) ++seen->floor_without_receiver;
  }
  seen->floors_short += short_count;
  if (short_count > 1) ++seen->two_floors_short;
  bool on_the_way = false;
  bool to_holders = false;
  for (const SaleLine& line : split.lines) {
    on_the_way |= line.hold && made.holds[*line.hold].derivation_of.has_value();
    to_holders |= line.reason.via != LineVia::kDirect;
  }
  if (on_the_way) ++seen->held_on_the_way;
  if (to_holders) ++seen->to_holders;
}

std::string CheckOne(Rng& rng, SeenInSales* seen) {
  const SaleCase made = RandomSaleCase(rng);
  const auto split = Split(made);
  const ReferenceSplit wanted =
      ReferenceSplitSale(made.lineage, made.sale, made.policy, made.holds);
  if (!split.ok()) {
    if (FieldOf(split.status()) != wanted.refused) return std::string(split.status().message());
    ++(wanted.refused == "fees" ? seen->refused_fees : seen->refused_terms);
    return "";
  }
  if (!wanted.refused.empty()) return "not refused: " + wanted.refused;
  Note(made, *split, seen);
  if (ToBigInt(split->gross) != wanted.gross) return "gross";
  if (ToBigInt(split->relative) != wanted.relative) return "relative";
  Grains cut = split->fees + split->absolute + split->relative;
  for (std::size_t i = 0; i < split->floors.size(); ++i) {
    cut += split->floors[i].deducted;
    if (ToBigInt(split->floors[i].deducted) != wanted.deducted[i]) return "deducted";
  }
  if (cut != split->gross) return "the parts do not add up";
  if (LinesOf(*split) != wanted.lines) return "lines";
  return "";
}

TEST_CASE("random sales: grain for grain the reference's", "[settlement][property]") {
  Rng rng = SeededRng();
  SeenInSales seen;
  for (std::size_t trial = 0; trial < Scaled<std::size_t>(200'000); ++trial) {
    const std::string difference = CheckOne(rng, &seen);
    if (!difference.empty())
      FAIL("trial " << trial << " of seed " << rng.seed() << ": " << difference);
  }
  CHECK(seen.split > 30'000);
  CHECK(seen.refused_fees > 500);
  CHECK(seen.refused_terms > 100);
  CHECK(seen.absolute > 2'000);
  CHECK(seen.floors_short > 2'000);
  CHECK(seen.floors_met > 1'000);
  CHECK(seen.two_floors_short > 300);
  CHECK(seen.floor_without_receiver > 300);
  CHECK(seen.held_on_the_way > 1'000);
  CHECK(seen.to_holders > 2'000);
}

TEST_CASE("random sales: a plain policy pays what attribution says", "[settlement][property]") {
  Rng rng = SeededRng(7);
  for (int trial = 0; trial < 5'000; ++trial) {
    SaleCase made = RandomSaleCase(rng);
    made.policy = PolicyRecord{.name = "plain"};
    made.holds.clear();
    const auto split = Split(made);
    REQUIRE_OK(split);
    const MemoryLineageReader reader(made.lineage);
    const auto subgraph =
        CollectUpstream(reader, MemoryLineageReader::Number(made.sale.target)).value();
    const auto payees =
        SplitOverPayees(reader, subgraph, AttributeGrains(subgraph, split->gross).value()).value();
    CAPTURE(rng.seed(), trial);
    REQUIRE(payees.size() == split->lines.size());
    for (std::size_t i = 0; i < payees.size(); ++i) {
      const bool same = payees[i].payee == split->lines[i].payee &&
                        payees[i].grains == split->lines[i].grains &&
                        split->lines[i].reason == LineReason{};
      if (!same) FAIL("line " << i);
    }
  }
}

TEST_CASE("random sales: floors are kept", "[settlement][property]") {
  Rng rng = SeededRng(11);
  int short_count = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    const SaleCase made = RandomSaleCase(rng);
    const auto split = Split(made);
    if (!split.ok() || split->remainder == 0) continue;
    for (const FloorOutcome& floor : split->floors) {
      if (floor.deducted != 0) ++short_count;
      const BigInt reached =
          ToBigInt(floor.reached) * ToBigInt(split->relative) / ToBigInt(split->remainder);
      // A grain a floor may be lost in dividing what was deducted.
      if (reached + ToBigInt(floor.deducted) + 4 < ToBigInt(floor.budget)) {
        FAIL("trial " << trial << " of seed " << rng.seed());
      }
    }
  }
  CHECK(short_count > 1'000);
}

// --- What must not matter, but for single grains ---

// The greatest difference of any line, lines of either being 0 in the other where they are absent.
BigInt Difference(const std::map<std::string, BigInt>& a, const std::map<std::string, BigInt>& b) {
  BigInt greatest = 0;
  std::set<std::string> keys;
  for (const auto& [key, grains] : a) keys.insert(key);
  for (const auto& [key, grains] : b) keys.insert(key);
  const auto at = [](const auto& lines, const std::string& key) {
    const auto found = lines.find(key);
    return found == lines.end() ? BigInt(0) : found->second;
  };
  for (const std::string& key : keys) {
    greatest = std::max(greatest, BigInt(abs(BigInt(at(a, key) - at(b, key)))));
  }
  return greatest;
}

// Without floors, whose short cases magnify single grains, and with no fee that counts sales.
SaleCase SmoothCase(Rng& rng) {
  SaleCase made = RandomSaleCase(rng);
  made.policy.floors.clear();
  made.policy.fees.clear();
  made.sale.sale_count = 1;
  made.sale.amount = 2 + made.sale.amount / 2;
  return made;
}

// An edge, holder or unattributed part errs by less than a grain; all may end at one payee.
BigInt GrainBound(const SaleCase& made, int split_count) {
  std::size_t places = 2 * made.lineage.assets.size() + 8;
  for (const PlainAsset& asset : made.lineage.assets) {
    places += asset.holders.size() + (asset.derivation ? asset.derivation->edges.size() : 0);
  }
  return BigInt(places) * split_count;
}

TEST_CASE("random sales: cutting a total into sales moves single grains",
          "[settlement][property]") {
  Rng rng = SeededRng(13);
  int cut_count = 0;
  for (int trial = 0; trial < 5'000; ++trial) {
    const SaleCase whole = SmoothCase(rng);
    const auto split = Split(whole);
    if (!split.ok()) continue;
    ++cut_count;
    std::map<std::string, BigInt> sum;
    BigInt rest = whole.sale.amount;
    int part_count = 0;
    for (; rest > 0; ++part_count) {
      SaleCase part = whole;
      part.sale.amount = part_count == 3 ? rest : BigInt(1 + rest / (2 + rng.Below(5)));
      rest -= part.sale.amount;
      for (const auto& [key, grains] : LinesOf(Split(part).value())) sum[key] += grains;
    }
    CAPTURE(rng.seed(), trial);
    REQUIRE(Difference(LinesOf(*split), sum) <= GrainBound(whole, part_count + 1));
  }
  CHECK(cut_count > 3'000);
}

TEST_CASE("random sales: splitting a holder moves single grains", "[settlement][property]") {
  Rng rng = SeededRng(17);
  int split_count = 0;
  for (int trial = 0; trial < 5'000; ++trial) {
    const SaleCase before = SmoothCase(rng);
    SaleCase after = before;
    const std::size_t v = rng.Below(after.lineage.assets.size());
    auto& holders = after.lineage.assets[v].holders;
    if (holders.empty() || holders[0].units < 2) continue;
    const std::string party = holders[0].party;
    const std::uint64_t units = 1 + rng.Below(holders[0].units - 1);
    holders[0].units -= units;
    holders.push_back({party + "-half", units});
    const auto split = Split(before);
    if (!split.ok()) continue;
    ++split_count;
    // The two halves together, by the name of the whole. A hold on the whole's party is one on
    // both, so holds on parties are added up as if there were none.
    const auto group = [&](const SaleCase& made) {
      SaleCase unheld = made;
      std::erase_if(unheld.holds, [](const ReferenceHold& hold) { return !hold.party.empty(); });
      std::map<std::string, BigInt> lines;
      for (const auto& [key, grains] : LinesOf(Split(unheld).value())) {
        std::string name = key;
        const std::size_t at = name.find("-half|");
        if (at != name.npos) name.erase(at, 5);
        lines[name] += grains;
      }
      return lines;
    };
    CAPTURE(rng.seed(), trial);
    REQUIRE(Difference(group(before), group(after)) <= GrainBound(after, 2));
  }
  CHECK(split_count > 1'000);
}

TEST_CASE("random sales: an asset passed through changes nobody", "[settlement][property]") {
  Rng rng = SeededRng(19);
  int tried_count = 0;
  for (int trial = 0; trial < 5'000; ++trial) {
    const SaleCase before = SmoothCase(rng);
    SaleCase after = before;
    const std::size_t v = rng.Below(after.lineage.assets.size());
    auto& derivation = after.lineage.assets[v].derivation;
    if (!derivation || derivation->edges.empty()) continue;
    const auto split = Split(before);
    if (!split.ok()) continue;
    ++tried_count;
    // One edge now leads to a copy, which is made of the original alone.
    PlainEdge& edge = derivation->edges[rng.Below(derivation->edges.size())];
    PlainAsset copy;
    copy.id = Sha256("copy " + std::to_string(rng()));
    copy.kind = AssetKind::kDataset;
    copy.derivation = PlainDerivation{.edges = {{.input = edge.input, .weight = 1}}};
    edge.input = after.lineage.assets.size();
    after.lineage.assets.push_back(copy);
    CAPTURE(rng.seed(), trial);
    REQUIRE(Difference(LinesOf(*split), LinesOf(Split(after).value())) <= GrainBound(after, 2));
  }
  CHECK(tried_count > 1'000);
}

}  // namespace
}  // namespace tributary::test
