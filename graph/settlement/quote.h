// Turns grains into whole minor units of money, losing and creating none: SEMANTICS section 4.

#pragma once

#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "graph/model/cancel.h"
#include "graph/model/money.h"
#include "graph/model/uint128.h"

namespace tributary {

// The grains that `amount` places on the asset sold: amount * 2^fraction_bits.
//
// Errors: kInvalidArgument  fraction_bits is not 1..64.
//         kOutOfRange       the product is 2^127 or more.
absl::StatusOr<Grains> PlaceAmount(MinorUnits amount, unsigned fraction_bits);

// Apportions `total` to payees by the grains that reached them.
//
// Shape:  part i belongs to grains[i]. Callers order payees by their keys, in byte order.
// Rule:   floor(grains[i] / 2^s) each, then one more to the largest remainders until the parts add
//         up to total. Remainders are compared as floor((remainder * 2^16 + 2^(s-1)) / 2^s), ties
//         to the lower index.
// Errors: as PlaceAmount; kInvalidArgument if the grains do not add up to those of `total`; the
//         token's own (null: never).
// Cost:   O(n + m log m) time for the m minor units that are left over, below n; O(n) memory. Pure.
// Source: Hamilton's method, in Balinski & Young, "Fair Representation" (1982).
absl::StatusOr<std::vector<MinorUnits>> ApportionQuote(MinorUnits total, unsigned fraction_bits,
                                                       std::span<const Grains> grains,
                                                       const CancelToken* cancel = nullptr);

}  // namespace tributary
