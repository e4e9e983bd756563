// Merges, assignments and mandates read a second time, record by record.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/model/record.h"

namespace tributary::test {

// Records in force as a list, and each question answered position by position from what
// docs/decisions/0014 says.
struct SlowRoutes {
  std::map<std::pair<std::string, std::uint64_t>, MandateRecord> mandates;
  std::map<std::pair<std::string, std::uint64_t>, AssignmentRecord> assignments;
  std::map<std::string, std::string> merges;

  void Put(const MandateRecord& record) { mandates[{record.party, record.begin}] = record; }
  void Put(const AssignmentRecord& record) { assignments[{record.party, record.begin}] = record; }
  void Put(const PartyMergeRecord& record) {
    merges.erase(record.party);
    if (!record.into.empty()) merges[record.party] = record.into;
  }

  template <typename Records>
  static std::vector<const typename Records::mapped_type*> At(const Records& records,
                                                              const std::string& party,
                                                              std::uint64_t at) {
    std::vector<const typename Records::mapped_type*> found;
    for (const auto& [key, record] : records) {
      const bool is_at = record.begin <= at && (!record.end || at < *record.end);
      if (record.party == party && is_at) found.push_back(&record);
    }
    return found;
  }

  static constexpr int kStepMax = 100;  // far above the number of parties
  static constexpr std::string_view kCycle = "(cycle)";

  std::string Account(std::string party) const {
    for (int step = 0; step < kStepMax; ++step) {
      if (!merges.contains(party)) return party;
      party = merges.at(party);
    }
    return std::string(kCycle);
  }
  std::string Earner(std::string party, std::uint64_t at) const {
    for (int step = 0; step < kStepMax; ++step) {
      const auto found = At(assignments, party, at);
      if (!found.empty())
        party = found.front()->assignee;
      else if (merges.contains(party))
        party = merges.at(party);
      else
        return party;
    }
    return std::string(kCycle);
  }
  std::string Collector(std::string party, std::uint64_t at) const {
    for (int step = 0; step < kStepMax; ++step) {
      const auto found = At(mandates, party, at);
      if (found.empty()) return Account(party);
      party = found.front()->collector;
    }
    return std::string(kCycle);
  }
};

}  // namespace tributary::test
