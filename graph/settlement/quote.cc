#include "graph/settlement/quote.h"

#include <cstdint>

#include "graph/model/ordering.h"
#include "graph/model/status.h"

namespace tributary {
namespace {

// A payee whose fraction of a minor unit waits for a whole one.
struct Claim {
  std::uint32_t remainder = 0;  // in 1/65536 minor units, rounded to nearest: at most 65536
  std::size_t index = 0;
};

bool ComesFirst(const Claim& a, const Claim& b) {
  return a.remainder != b.remainder ? a.remainder > b.remainder : a.index < b.index;
}

// floor((remainder * 2^16 + 2^(s-1)) / 2^s). The remainder is below 2^64, so nothing overflows.
std::uint32_t RoundRemainder(Grains remainder, unsigned fraction_bits) {
  const Uint128 half = Uint128{1} << (fraction_bits - 1);
  return static_cast<std::uint32_t>(((remainder << 16) + half) >> fraction_bits);
}

// False if the sum is not `placed`, or passes 2^128.
bool AddsUpTo(std::span<const Grains> grains, Grains placed) {
  Grains rest = placed;
  for (const Grains part : grains) {
    if (part > rest) return false;
    rest -= part;
  }
  return rest == 0;
}

}  // namespace

absl::StatusOr<Grains> PlaceAmount(MinorUnits amount, unsigned fraction_bits) {
  if (fraction_bits < kFractionBitsMin || fraction_bits > kFractionBitsMax) {
    return InvalidField("fraction_bits", StrCat(fraction_bits), "1 to 64");
  }
  if (amount.value >> (127 - fraction_bits) != 0) {
    return FieldError(absl::StatusCode::kOutOfRange, "amount", ToDecimal(amount.value),
                      StrCat("below 2^", 127 - fraction_bits, " minor units with ", fraction_bits,
                             " fraction bits"));
  }
  return amount.value << fraction_bits;
}

absl::StatusOr<std::vector<MinorUnits>> ApportionQuote(MinorUnits total, unsigned fraction_bits,
                                                       std::span<const Grains> grains,
                                                       const CancelToken* cancel) {
  TRIBUTARY_ASSIGN_OR_RETURN(const Grains placed, PlaceAmount(total, fraction_bits));
  if (!AddsUpTo(grains, placed)) {
    return InvalidField("grains", "another sum than the amount places",
                        StrCat("a sum of ", ToDecimal(placed)));
  }
  std::vector<MinorUnits> parts(grains.size());
  std::vector<Claim> claims(grains.size());
  Uint128 missing = total.value;
  for (std::size_t i = 0; i < grains.size(); ++i) {
    parts[i].value = grains[i] >> fraction_bits;
    missing -= parts[i].value;
    claims[i] = {RoundRemainder(grains[i] - (parts[i].value << fraction_bits), fraction_bits), i};
  }
  // Every remainder is below one unit and they add up to `missing` units, so it is below n.
  const auto served_count = static_cast<std::size_t>(missing);
  TRIBUTARY_RETURN_IF_ERROR(
      SelectUnlessCancelled(std::span(claims), served_count, ComesFirst, cancel));
  for (std::size_t i = 0; i < served_count; ++i) ++parts[claims[i].index].value;
  return parts;
}

}  // namespace tributary
