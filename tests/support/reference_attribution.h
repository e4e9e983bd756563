// Attribution written a second time, straight from SEMANTICS sections 3 and 4, with big integers
// and no regard for speed. Shares no code with the implementation that it judges.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "graph/model/uint128.h"
#include "tests/support/big_int.h"
#include "tests/support/memory_lineage_reader.h"

namespace tributary::test {

using BigRational = boost::multiprecision::cpp_rational;

// Grains by index into PlainLineage::assets.
struct ReferenceAttribution {
  std::vector<BigInt> inflow;
  std::vector<BigInt> retained;
  std::vector<BigInt> undisclosed;
  BigInt unattributed;
  std::vector<bool> is_reached;  // the target and everything upstream of it
};

ReferenceAttribution ReferenceAttribute(const PlainLineage& lineage, std::size_t target,
                                        const BigInt& placed);

// The same flow without any rounding.
struct ReferenceFractions {
  std::vector<BigRational> inflow;
  std::vector<BigRational> retained;
  BigRational unattributed;
};

ReferenceFractions ReferenceExactShares(const PlainLineage& lineage, std::size_t target,
                                        const BigInt& placed);

// Grains by payee key ("party:<id>" and so on), zero lines left out.
std::map<std::string, BigInt> ReferencePayees(const PlainLineage& lineage,
                                              const ReferenceAttribution& attribution);

// Minor units of a sale of `amount` by payee key, for every payee with at least one grain.
std::map<std::string, BigInt> ReferenceQuote(const PlainLineage& lineage, std::size_t target,
                                             const BigInt& amount, unsigned fraction_bits);

// Assets upstream of `target` (itself included), every consumer before its inputs.
std::vector<std::size_t> ReferenceOrder(const PlainLineage& lineage, std::size_t target);

}  // namespace tributary::test
