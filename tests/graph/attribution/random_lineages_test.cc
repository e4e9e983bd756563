// Attribution on a million random lineages against the slow reference, a tenth of them against
// exact fractions, and on every small lineage there is.

#include <array>
#include <map>
#include <string>

#include "graph/attribution/attribution.h"
#include "graph/attribution/payees.h"
#include "graph/lineage/subgraph.h"
#include "graph/settlement/quote.h"
#include "tests/support/catch.h"
#include "tests/support/memory_lineage_reader.h"
#include "tests/support/random_lineage.h"
#include "tests/support/reference_attribution.h"
#include "tests/support/rng.h"
#include "tests/support/scale.h"

namespace tributary::test {
namespace {

// What the implementation finds, in full. Asserts stay out of the hot loop: a difference is a text.
struct Found {
  LineageSubgraph subgraph;
  AttributionResult result;
};

absl::StatusOr<Found> Find(const LineageReader& reader, std::size_t target, Grains placed) {
  auto subgraph = CollectUpstream(reader, MemoryLineageReader::Number(target));
  if (!subgraph.ok()) return subgraph.status();
  auto result = AttributeGrains(*subgraph, placed);
  if (!result.ok()) return result.status();
  return Found{*std::move(subgraph), *std::move(result)};
}

std::string Difference(std::string_view what, const Digest& asset, Grains found,
                       const BigInt& expected) {
  return std::string(what) + " of " + asset.ToHex() + ": " + ToDecimal(found) + ", expected " +
         expected.str();
}

// Empty if every vertex has the reference's grains, and the reference reached no other.
std::string CompareGrains(const PlainLineage& lineage, const Found& found,
                          const ReferenceAttribution& expected) {
  std::size_t reached_count = 0;
  for (const bool reached : expected.is_reached) reached_count += reached ? 1 : 0;
  if (reached_count != found.subgraph.vertex_count()) return "another number of assets";
  for (LineageSubgraph::Vertex v = 0; v < found.subgraph.vertex_count(); ++v) {
    const std::size_t i = MemoryLineageReader::IndexOf(found.subgraph.asset(v));
    const Digest& id = lineage.assets[i].id;
    const Grains inflow = found.result.inflow(found.subgraph, v);
    const Grains retained = found.result.retained(found.subgraph, v);
    const Grains undisclosed = found.result.undisclosed(found.subgraph, v);
    if (ToBigInt(inflow) != expected.inflow[i]) {
      return Difference("inflow", id, inflow, expected.inflow[i]);
    }
    if (ToBigInt(retained) != expected.retained[i]) {
      return Difference("retained", id, retained, expected.retained[i]);
    }
    if (ToBigInt(undisclosed) != expected.undisclosed[i]) {
      return Difference("undisclosed", id, undisclosed, expected.undisclosed[i]);
    }
  }
  if (ToBigInt(found.result.unattributed_total) != expected.unattributed) return "unattributed";
  return "";
}

// An edge errs by less than one grain, so an inflow by less than the number of edges, and a
// retained part by less than one more.
std::string CompareFractions(const Found& found, const ReferenceFractions& exact) {
  const auto edge_count = static_cast<std::int64_t>(found.subgraph.edge_count());
  const auto is_near = [](Grains value, const BigRational& wanted, std::int64_t bound) {
    const BigRational error = BigRational(ToBigInt(value)) - wanted;
    return error == 0 || abs(error) < bound;
  };
  for (LineageSubgraph::Vertex v = 0; v < found.subgraph.vertex_count(); ++v) {
    const std::size_t i = MemoryLineageReader::IndexOf(found.subgraph.asset(v));
    if (!is_near(found.result.inflow(found.subgraph, v), exact.inflow[i], edge_count)) {
      return "an inflow is farther from the fraction than one grain an edge";
    }
    if (!is_near(found.result.retained(found.subgraph, v), exact.retained[i], edge_count + 1)) {
      return "a retained part is farther from the fraction than one grain an edge";
    }
  }
  return "";
}

std::string ComparePayees(const LineageReader& reader, const PlainLineage& lineage,
                          const Found& found, const ReferenceAttribution& expected) {
  const auto lines = SplitOverPayees(reader, found.subgraph, found.result);
  if (!lines.ok()) return std::string(lines.status().message());
  const std::map<std::string, BigInt> wanted = ReferencePayees(lineage, expected);
  if (lines->size() != wanted.size()) return "another number of payees";
  auto next = wanted.begin();  // both are in byte order of the key
  for (const PayeeLine& line : *lines) {
    if (line.payee.Key() != next->first) return "payee " + line.payee.Key();
    if (ToBigInt(line.grains) != next->second) return "grains of " + line.payee.Key();
    ++next;
  }
  return "";
}

std::string CompareQuote(const LineageReader& reader, const PlainLineage& lineage,
                         std::size_t target, MinorUnits amount, unsigned fraction_bits) {
  const auto placed = PlaceAmount(amount, fraction_bits);
  if (!placed.ok()) return std::string(placed.status().message());
  const auto found = Find(reader, target, *placed);
  if (!found.ok()) return std::string(found.status().message());
  const auto lines = SplitOverPayees(reader, found->subgraph, found->result);
  if (!lines.ok()) return std::string(lines.status().message());
  std::vector<Grains> grains;
  for (const PayeeLine& line : *lines) grains.push_back(line.grains);
  const auto parts = ApportionQuote(amount, fraction_bits, grains);
  if (!parts.ok()) return std::string(parts.status().message());
  const std::map<std::string, BigInt> wanted =
      ReferenceQuote(lineage, target, ToBigInt(amount.value), fraction_bits);
  if (parts->size() != wanted.size()) return "another number of payees in the quote";
  auto next = wanted.begin();
  for (std::size_t i = 0; i < parts->size(); ++i, ++next) {
    if ((*lines)[i].payee.Key() != next->first) return "payee " + (*lines)[i].payee.Key();
    if (ToBigInt((*parts)[i].value) != next->second) return "minor units of " + next->first;
  }
  return "";
}

// Grains to place: mostly those of a share query, else any number up to the most allowed.
Grains RandomPlaced(Rng& rng) {
  if (!rng.OneIn(4)) return kShareGrains;
  const Grains any = (Grains{rng()} << 64 | rng()) >> rng.Between(1, 127);
  return rng.OneIn(8) ? kPlacedGrainsMax : any;
}

MinorUnits RandomAmount(Rng& rng, unsigned fraction_bits) {
  const Uint128 any = Uint128{rng()} << 64 | rng();
  return {any >> rng.Between(fraction_bits + 1, 127)};
}

using ClassCounts = std::array<std::size_t, kLineageClassCount>;

// Checks one lineage drawn from `rng` and notes its classes.
std::string CheckOne(Rng& rng, bool against_fractions, ClassCounts* counts) {
  const RandomCase random = RandomLineage(rng);
  const LineageClasses classes = ClassesOf(random.lineage, random.target);
  for (std::size_t c = 0; c < classes.size(); ++c) (*counts)[c] += classes[c] ? 1 : 0;

  const MemoryLineageReader reader(random.lineage);
  const Grains placed = RandomPlaced(rng);
  const auto found = Find(reader, random.target, placed);
  if (!found.ok()) return std::string(found.status().message());
  const auto expected = ReferenceAttribute(random.lineage, random.target, ToBigInt(placed));
  std::string difference = CompareGrains(random.lineage, *found, expected);
  if (difference.empty()) difference = ComparePayees(reader, random.lineage, *found, expected);
  if (difference.empty() && against_fractions) {
    difference = CompareFractions(
        *found, ReferenceExactShares(random.lineage, random.target, ToBigInt(placed)));
  }
  if (difference.empty() && rng.OneIn(4)) {
    const auto fraction_bits = static_cast<unsigned>(rng.OneIn(2) ? 64 : rng.Between(1, 64));
    difference = CompareQuote(reader, random.lineage, random.target,
                              RandomAmount(rng, fraction_bits), fraction_bits);
  }
  return difference;
}

// One quarter of the million. The parts differ in their seeds and run side by side.
void CheckPart(std::uint64_t part) {
  const std::size_t trial_count = Scaled<std::size_t>(250'000);
  const std::uint64_t seed = SeededRng().seed() + (part << 32);
  ClassCounts counts{};
  for (std::size_t trial = 0; trial < trial_count; ++trial) {
    Rng rng(seed + trial);
    const std::string difference = CheckOne(rng, /*against_fractions=*/trial % 10 == 0, &counts);
    if (!difference.empty()) {
      FAIL(difference << "; replay with TRIBUTARY_TEST_SEED=" << seed + trial
                      << " and the first trial of part 0");
    }
  }
  for (std::size_t c = 0; c < counts.size(); ++c) {
    INFO(ToName(static_cast<LineageClass>(c)) << ": " << counts[c] << " of " << trial_count);
    CHECK(counts[c] * 100 >= trial_count);
  }
}

TEST_CASE("random lineages equal the reference: part 0", "[property]") { CheckPart(0); }
TEST_CASE("random lineages equal the reference: part 1", "[property]") { CheckPart(1); }
TEST_CASE("random lineages equal the reference: part 2", "[property]") { CheckPart(2); }
TEST_CASE("random lineages equal the reference: part 3", "[property]") { CheckPart(3); }

// All lineages of `asset_count` assets whose edges are among the pairs (i, j) with i < j; any
// acyclic lineage is one of these under some numbering.
class SmallLineages {
 public:
  explicit SmallLineages(std::size_t asset_count) : asset_count_(asset_count) {
    for (std::size_t i = 0; i < asset_count; ++i) {
      for (std::size_t j = i + 1; j < asset_count; ++j) pairs_.emplace_back(i, j);
    }
  }

  std::size_t edge_set_count() const { return std::size_t{1} << pairs_.size(); }

  // Weights, kept parts, kinds and the order of ids all follow from `pattern`.
  PlainLineage Make(std::size_t edge_set, std::size_t pattern) const {
    PlainLineage lineage;
    lineage.assets.resize(asset_count_);
    for (std::size_t i = 0; i < asset_count_; ++i) {
      PlainAsset& asset = lineage.assets[i];
      asset.id = TestId(static_cast<std::uint8_t>((i * (2 * pattern + 1) + pattern) * 37));
      asset.kind = (i + pattern) % 3 == 0 ? AssetKind::kDataset : AssetKind::kWork;
      if ((i + pattern) % 2 == 0) asset.holders = {{"p", 1}, {"q", 1 + pattern}};
    }
    for (std::size_t p = 0; p < pairs_.size(); ++p) {
      if ((edge_set >> p & 1) == 0) continue;
      auto& derivation = lineage.assets[pairs_[p].first].derivation;
      if (!derivation) derivation = PlainDerivation{pattern % 3, pattern % 2, {}};
      derivation->edges.push_back(
          {.input = pairs_[p].second, .weight = kWeights[pattern][p % kWeights[pattern].size()]});
    }
    for (PlainAsset& asset : lineage.assets) KeepValid(asset.derivation);
    return lineage;
  }

  static constexpr std::size_t kPatternCount = 8;

 private:
  static void KeepValid(std::optional<PlainDerivation>& derivation) {
    if (!derivation) return;
    std::uint64_t sum = derivation->retained + derivation->unattributed;
    for (const PlainEdge& edge : derivation->edges) sum += edge.weight;
    if (sum == 0) derivation->retained = 1;
  }

  static constexpr std::uint64_t kHuge = std::uint64_t{1} << 60;  // four of them are below 2^63
  static constexpr std::array<std::array<std::uint64_t, 5>, kPatternCount> kWeights = {
      {{1, 1, 1, 1, 1},
       {0, 1, 0, 2, 1},
       {1, 2, 3, 4, 5},
       {3, 3, 3, 1, 3},
       {kHuge, kHuge - 1, kHuge, 1, kHuge + 1},
       {7, 0, 0, 7, 0},
       {0, 0, 0, 0, 0},
       {1, kHuge, 1, kHuge, 1}}};

  std::size_t asset_count_;
  std::vector<std::pair<std::size_t, std::size_t>> pairs_;
};

TEST_CASE("every lineage of up to 5 assets equals the reference", "[attribution][property]") {
  std::size_t lineage_count = 0;
  for (std::size_t asset_count = 1; asset_count <= 5; ++asset_count) {
    const SmallLineages all(asset_count);
    for (std::size_t edge_set = 0; edge_set < all.edge_set_count(); ++edge_set) {
      for (std::size_t pattern = 0; pattern < SmallLineages::kPatternCount; ++pattern) {
        const PlainLineage lineage = all.Make(edge_set, pattern);
        const MemoryLineageReader reader(lineage);
        for (std::size_t target = 0; target < asset_count; ++target) {
          const auto found = Find(reader, target, kShareGrains);
          REQUIRE_OK(found);
          const auto expected = ReferenceAttribute(lineage, target, ToBigInt(kShareGrains));
          std::string difference = CompareGrains(lineage, *found, expected);
          if (difference.empty()) difference = ComparePayees(reader, lineage, *found, expected);
          if (difference.empty()) {
            difference = CompareFractions(
                *found, ReferenceExactShares(lineage, target, ToBigInt(kShareGrains)));
          }
          if (difference.empty()) {
            difference = CompareQuote(reader, lineage, target, {100 + pattern}, 64);
          }
          if (!difference.empty()) {
            FAIL(difference << " in edge set " << edge_set << ", pattern " << pattern);
          }
        }
        ++lineage_count;
      }
    }
  }
  CHECK(lineage_count == (1 + 2 + 8 + 64 + 1024) * SmallLineages::kPatternCount);
}

}  // namespace
}  // namespace tributary::test
