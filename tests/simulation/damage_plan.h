// What the prepared store of the damage campaign holds, and what is asked of it.

#pragma once

#include "tests/simulation/answers.h"
#include "tests/simulation/workload.h"

namespace tributary::test {

inline constexpr int kDamageStepCount = 240;

inline Workload DamageWorkload() {
  return Workload({.staged_every = 80, .pool_size = kEdgeChunkSize + 200, .closed_every = 50});
}

// Asked now and at an earlier tree size.
inline Questions DamageQuestions(std::uint64_t tree_size) {
  const Workload workload = DamageWorkload();
  Questions questions;
  for (const int step : {0, 1, 44, 45, kDamageStepCount - 2, kDamageStepCount - 1}) {
    questions.assets.push_back(workload.OutputName(step));
    questions.assets.push_back(workload.WorkName(step));
  }
  questions.assets.push_back(workload.ModelName(80));
  questions.assets.push_back(workload.ModelName(160));
  questions.assets.push_back("pool/7");
  for (const int step : {0, 45, 237}) questions.aliases.push_back(workload.AliasName(step));
  questions.parties.push_back(workload.party());
  for (const int step : {1, 4, 45, 200}) questions.sales.push_back(workload.SaleReference(step));
  questions.sales.push_back(workload.SaleReference(81) + "/model");
  questions.statements = {3};  // of more lines than the pool has works
  questions.tree_sizes = {tree_size, tree_size * 3 / 5};
  return questions;
}

}  // namespace tributary::test
