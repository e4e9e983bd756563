// Sales over plain lineages: what tests of policies, holds and statements have in common.

#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "graph/settlement/policy.h"
#include "tests/support/memory_lineage_reader.h"
#include "tests/support/random_lineage.h"
#include "tests/support/reference_settlement.h"

namespace tributary::test {

// A sale with all that decides it.
struct SaleCase {
  PlainLineage lineage;
  ReferenceSale sale;
  PolicyRecord policy;
  std::vector<ReferenceHold> holds;
};

absl::StatusOr<SaleSplit> Split(const SaleCase& given, const SplitLimits& limits = {});

// Lines in the reference's form: "<payee>|<reason>|<hold>" -> grains.
std::map<std::string, BigInt> LinesOf(const SaleSplit& split);

// Everything drawn at random: lineage with roles, amount, fees, terms, floors, rules and holds.
SaleCase RandomSaleCase(Rng& rng);

// Assets get their ids by place: asset i has TestId(i).
PlainLineage Story(std::vector<PlainAsset> assets);
PlainAsset Made(AssetKind kind, std::string holder, std::uint64_t kept,
                std::vector<PlainEdge> edges, std::uint64_t unattributed = 0);
PlainAsset Source(AssetKind kind, std::string holder);

}  // namespace tributary::test
