// Exact shares as people read them. Integers only.

#pragma once

#include <string>

#include "graph/model/uint128.h"

namespace tributary::cli {

// `part` of `whole` as a percentage with four decimals, rounded half up: 12.3457%. A part that
// would show as nothing is <0.0001%, and one that would show as all but is not is >99.9999%.
// Rounded figures need not add up to 100; the exact grains do.
// Bounds: part <= whole, 1 <= whole < 2^107.
std::string FormatPercent(Grains part, Grains whole);

}  // namespace tributary::cli
