// Weights and units as people write them, turned into exact integers. No floats.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tributary {

// A number as written: `3` is an integer of any scale; `20%`, `0.2` and `1/3` are parts of one.
struct WrittenNumber {
  std::uint64_t numerator = 0;    // in lowest terms
  std::uint64_t denominator = 1;  // 1 <= denominator < 2^63
  bool is_part = false;           // written as a percentage, decimal or fraction
  friend bool operator==(const WrittenNumber&, const WrittenNumber&) = default;
};

// Errors: kInvalidArgument; the message names `field`.
absl::StatusOr<WrittenNumber> ParseWrittenNumber(std::string_view text, std::string_view field);

// Where the part goes that percentages or fractions leave open.
enum class Rest : std::uint8_t { kRefuse = 0, kKept, kUnattributed };

// The numbers of one derivation as written. Empty texts stand for 0.
struct WrittenWeights {
  std::vector<std::string> edges;
  std::string retained;
  std::string unattributed;
};

struct ExactWeights {
  std::vector<std::uint64_t> edges;  // as WrittenWeights::edges
  std::uint64_t retained = 0;
  std::uint64_t unattributed = 0;
  friend bool operator==(const ExactWeights&, const ExactWeights&) = default;
};

// Rule:   integers stay as they are. Parts of one become integers over their least common
//         denominator; they must add up to 1, the rest going where `rest` says.
// Errors: kInvalidArgument  not a number; integers (but 0) mixed with parts; parts above 1; parts
//                           below 1 without a place for the rest; a rest to place with integers;
//                           the common denominator or the sum reaches 2^63.
absl::StatusOr<ExactWeights> ToExactWeights(const WrittenWeights& written, Rest rest);

// The same for the units of an asset's holders: integers of any scale, or parts that add up to 1.
absl::StatusOr<std::vector<std::uint64_t>> ToExactUnits(const std::vector<std::string>& written);

}  // namespace tributary
