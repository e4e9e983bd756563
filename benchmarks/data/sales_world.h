// A market of a size that is measured: what was made of what, who holds it, what was sold; and the
// bare pass over it that is its ceiling.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "graph/model/uint128.h"
#include "tests/support/rng.h"

namespace tributary::bench {

// 200,000 works of 50,000 parties in 500 data sets under 100 models; 180,000 outputs, each of a
// model and three works; each asset has one holder; 1,000,000 sales of outputs. About a million
// edges. Assets are indices that stand after those of their inputs.
struct SalesWorld {
  static constexpr std::size_t kSaleCount = 1'000'000;
  static constexpr std::size_t kPartyCount = 50'000;
  static constexpr std::size_t kWorkCount = 200'000;
  static constexpr std::size_t kDataSetCount = 500;
  static constexpr std::size_t kModelCount = 100;
  static constexpr std::size_t kOutputCount = 180'000;
  static constexpr std::size_t kFirstModel = kWorkCount + kDataSetCount;
  static constexpr std::size_t kFirstOutput = kFirstModel + kModelCount;
  static constexpr std::size_t kAssetCount = kFirstOutput + kOutputCount;
  static constexpr std::uint64_t kRetained = 1'000'000;  // of every derivation

  struct Sale {
    std::uint32_t asset = 0;
    std::uint32_t amount = 0;  // minor units
  };

  // Seeded: every run has the same one.
  SalesWorld();

  static std::string PartyName(std::uint32_t party);

  // Derivation d generated asset kWorkCount + d; its edges are [begins[d], begins[d + 1]).
  std::size_t derivation_count() const { return begins.size() - 1; }
  std::uint64_t weight(std::size_t derivation, std::size_t edge) const {
    return cumulative_weights[edge] -
           (edge == begins[derivation] ? 0 : cumulative_weights[edge - 1]);
  }

  std::vector<std::uint32_t> parties;  // by asset: its one holder
  std::vector<std::size_t> begins;
  std::vector<std::uint32_t> inputs;  // ascending within a derivation
  std::vector<std::uint64_t> cumulative_weights;
  std::vector<std::uint64_t> denominators;
  std::vector<Sale> sales;

 private:
  // An asset made of `count` others of a range, and of one model if it is an output.
  void AddDerivation(std::size_t first, std::size_t range, std::size_t count, bool is_output,
                     test::Rng* rng);
};

// What each asset kept and each party got, in grains of 2^-64 minor units.
struct BareResult {
  std::vector<Grains> kept;
  std::vector<Grains> by_party;
};

// The same sales and divisions as dense indices over flat arrays, in one order known beforehand:
// nothing is collected, named, checked or compared.
void BarePass(const SalesWorld& world, BareResult* result);

}  // namespace tributary::bench
