// What the prepared store of the damage campaign holds, and what is asked of it.

#pragma once

#include <string>

#include "tests/simulation/answers.h"
#include "tests/simulation/ledger_files.h"
#include "tests/simulation/workload.h"

namespace tributary::test {

// Each trial opens all of it and asks about all of it, so what is only more of the same is left
// out.
inline constexpr int kDamageStepCount = 80;
inline constexpr int kDamageStagedStep = 40;

// Some twenty table files, on two levels.
inline LedgerFiles DamageFiles(const std::string& directory) {
  return {.directory = directory, .file_size = 128u << 10};
}

// Its statements and adjustments have two chunks of lines.
inline Workload DamageWorkload() {
  return Workload({.staged_every = kDamageStagedStep, .pool_size = 300, .closed_every = 24});
}

// Three steps of another writer, of which the last has a list of two chunks of edges; its pool is
// the pool of both.
inline constexpr int kDamageLongStep = 2;
inline Workload DamageLongWorkload() {
  return Workload({.writer = "another",
                   .staged_every = kDamageLongStep,
                   .pool_size = kEdgeChunkSize + 100,
                   .closed_every = 0,
                   .sells_models = false});
}

// Asked now and at an earlier tree size.
inline Questions DamageQuestions(std::uint64_t tree_size) {
  const Workload workload = DamageWorkload();
  Questions questions;
  for (const int step : {0, 1, 44, 45, kDamageStepCount - 2, kDamageStepCount - 1}) {
    questions.assets.push_back(workload.OutputName(step));
    questions.assets.push_back(workload.WorkName(step));
  }
  questions.assets.push_back(workload.ModelName(kDamageStagedStep));
  questions.assets.push_back(DamageLongWorkload().ModelName(kDamageLongStep));
  questions.assets.push_back("pool/7");
  for (const int step : {0, 45, 78}) questions.aliases.push_back(workload.AliasName(step));
  questions.parties.push_back(workload.party());
  for (const int step : {1, 4, 45, 70}) questions.sales.push_back(workload.SaleReference(step));
  questions.sales.push_back(workload.SaleReference(kDamageStagedStep + 1) + "/model");
  questions.statements = {2, 3};                            // the second is adjusted for a reversal
  questions.tree_sizes = {tree_size, tree_size * 15 / 16};  // after the second round
  questions.scans_once = true;
  questions.first_record = kEdgeChunkSize - 400;  // the end of the pool, and all steps
  return questions;
}

}  // namespace tributary::test
