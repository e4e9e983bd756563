// The split of a sale by policy and holds written a second time, from docs/decisions and the text
// of SEMANTICS, with big integers and no regard for speed. Shares no code with the implementation
// that it judges.

#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "graph/model/record.h"
#include "tests/support/memory_lineage_reader.h"
#include "tests/support/reference_attribution.h"

namespace tributary::test {

struct ReferenceSale {
  std::size_t target = 0;
  BigInt amount = {};
  BigInt sale_count = 1;
  std::string currency = {};
  unsigned fraction_bits = 64;
};

// On exactly one of these.
struct ReferenceHold {
  bool on_sale = false;
  std::optional<std::size_t> derivation_of = {};  // the asset that it generated
  std::optional<std::size_t> asset = {};
  std::string party = {};
};

struct ReferenceSplit {
  std::string refused = {};  // the field; all else is then empty
  std::size_t refused_sale = 0;
  BigInt gross = {};
  BigInt relative = {};
  std::vector<BigInt> deducted = {};  // by floor of the policy
  // "<payee>|<reason>|<place of the hold, or nothing>" -> grains
  std::map<std::string, BigInt> lines = {};
};

// Sales in one currency whose remainders flow together: fees and terms are each sale's own, floors
// of the sales of each asset. Sales of several assets with a policy without parts for the asset
// sold.
ReferenceSplit ReferenceSplitSales(const PlainLineage& lineage,
                                   const std::vector<ReferenceSale>& sales,
                                   const PolicyRecord& policy,
                                   const std::vector<ReferenceHold>& holds);

ReferenceSplit ReferenceSplitSale(const PlainLineage& lineage, const ReferenceSale& sale,
                                  const PolicyRecord& policy,
                                  const std::vector<ReferenceHold>& holds);

}  // namespace tributary::test
