#include "client/cli/percent.h"

#include "graph/model/check.h"
#include "graph/model/text.h"

namespace tributary::cli {

std::string FormatPercent(Grains part, Grains whole) {
  constexpr unsigned kScale = 1'000'000;  // 100 % in steps of 0.0001 %
  TRIBUTARY_CHECK(whole >= 1 && whole >> 107 == 0 && part <= whole);
  const auto steps = static_cast<unsigned>((part * (2 * kScale) + whole) / (whole * 2));
  if (steps == 0 && part > 0) return "<0.0001%";
  if (steps == kScale && part < whole) return ">99.9999%";
  const std::string decimals = std::to_string(steps % 10'000);
  return StrCat(steps / 10'000, ".", std::string(4 - decimals.size(), '0'), decimals, "%");
}

}  // namespace tributary::cli
