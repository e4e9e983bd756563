// Statements to be, without sales to make them from.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "graph/settlement/statement.h"
#include "tests/support/catch.h"

namespace tributary::test {

// Whole euros that payees earned.
inline StatementBuilder EarnedUnits(const std::vector<std::pair<std::string, Uint128>>& units) {
  StatementBuilder builder;
  REQUIRE_OK(builder.AddCurrency("EUR", 64));
  for (const auto& [payee, amount] : units) {
    const StatementBuilder::Earning earning = {.payee = payee, .grains = amount << 64};
    REQUIRE_OK(builder.AddSales("EUR", {amount}, 1, {&earning, 1}));
  }
  return builder;
}

}  // namespace tributary::test
