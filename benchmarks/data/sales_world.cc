#include "benchmarks/data/sales_world.h"

#include "graph/attribution/proportion.h"

namespace tributary::bench {

SalesWorld::SalesWorld() {
  test::Rng rng(42);
  for (std::size_t i = 0; i < kAssetCount; ++i) {
    parties.push_back(static_cast<std::uint32_t>(rng.Below(kPartyCount)));
  }
  begins.push_back(0);
  for (std::size_t i = 0; i < kDataSetCount; ++i) AddDerivation(0, kWorkCount, 560, false, &rng);
  for (std::size_t i = 0; i < kModelCount; ++i) {
    AddDerivation(kWorkCount, kDataSetCount, 20, false, &rng);
  }
  for (std::size_t i = 0; i < kOutputCount; ++i) AddDerivation(0, kWorkCount, 3, true, &rng);
  for (std::size_t i = 0; i < kSaleCount; ++i) {
    sales.push_back({static_cast<std::uint32_t>(kFirstOutput + rng.Below(kOutputCount)),
                     static_cast<std::uint32_t>(rng.Between(100, 5'000))});
  }
}

std::string SalesWorld::PartyName(std::uint32_t party) {
  return "rights-holder-" + std::to_string(party);
}

void SalesWorld::AddDerivation(std::size_t first, std::size_t range, std::size_t count,
                               bool is_output, test::Rng* rng) {
  std::uint64_t weight_sum = 0;
  const auto add = [&](std::size_t input) {
    inputs.push_back(static_cast<std::uint32_t>(input));
    cumulative_weights.push_back(weight_sum += rng->Between(1, 1'000'000));
  };
  for (std::size_t i = 0; i < count; ++i) {
    add(first + range * i / count + rng->Below(range / count));
  }
  if (is_output) add(kFirstModel + rng->Below(kModelCount));
  denominators.push_back(weight_sum + kRetained);
  begins.push_back(inputs.size());
}

void BarePass(const SalesWorld& world, BareResult* result) {
  result->kept.assign(SalesWorld::kAssetCount, 0);
  result->by_party.assign(SalesWorld::kPartyCount, 0);
  for (const SalesWorld::Sale& sale : world.sales) {
    result->kept[sale.asset] += Grains{sale.amount} << 64;
  }
  for (std::size_t d = world.derivation_count(); d-- > 0;) {
    Grains& kept = result->kept[SalesWorld::kWorkCount + d];
    const Proportion proportion(kept, world.denominators[d]);
    Grains before = 0;
    for (std::size_t i = world.begins[d]; i < world.begins[d + 1]; ++i) {
      const Grains up_to = proportion.Floor(world.cumulative_weights[i]);
      result->kept[world.inputs[i]] += up_to - before;
      before = up_to;
    }
    kept -= before;
  }
  for (std::size_t asset = 0; asset < SalesWorld::kAssetCount; ++asset) {
    result->by_party[world.parties[asset]] += result->kept[asset];
  }
}

}  // namespace tributary::bench
