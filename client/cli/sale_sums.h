// The sales of an import, counted and added up: what was recorded, what was refused.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "client/cli/session.h"
#include "graph/model/record.h"

namespace tributary::cli {

// What became of a sale. kRejected: found wrong before anything was sent.
enum class SaleOutcome { kRecorded, kAlreadyRecorded, kRefused, kRejected, kNotSent };
inline constexpr std::size_t kSaleOutcomeCount = 5;

class SaleSums {
 public:
  // Adds a fact if it is a sale.
  void Add(const RecordBody& body, SaleOutcome outcome);

  bool empty() const { return sums_.empty(); }

  // One object a currency, ascending code: currency, and of each outcome the count and the sum in
  // minor units. A sum that reaches 2^128 is given as 2^128 - 1.
  Json ToJson() const;

  // "3 sales of 250000 minor units of EUR", one part a currency; empty where there is none.
  std::string Words(SaleOutcome outcome) const;

 private:
  struct Sum {
    std::uint64_t count = 0;
    Uint128 minor_units = 0;
  };
  std::map<std::string, std::array<Sum, kSaleOutcomeCount>> sums_;
};

}  // namespace tributary::cli
