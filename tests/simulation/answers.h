// Every kind of question to a ledger, and its answers as bytes that can be compared.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/ledger.h"

namespace tributary::test {

// What is asked. Names are those of a Workload.
struct Questions {
  std::vector<std::string> assets;  // by name: shares, edges, consumers, aliases, consents
  std::vector<std::string> aliases;
  std::vector<std::string> parties;  // with their balances
  std::vector<std::string> sales;    // by reference: the record, and what became of it
  // By number: as stored, computed once more, and with what adjusted them.
  std::vector<std::uint64_t> statements;
  std::vector<std::uint64_t> tree_sizes;  // each question about a state is asked at all of them
  // All records and all assets at the first tree size alone: below it they are the same rows.
  bool scans_once = false;
  std::uint64_t first_record = 0;  // of all records, those from this position on
  // Also lists that are only an aid to finding things, and rest on scans alone.
  bool finding_lists = true;
};

// The name of a question -> the bytes of its answer, or why there is none.
using Answers = std::map<std::string, absl::StatusOr<std::string>>;
Answers Ask(const Ledger& ledger, const Questions& questions);

// Whether it says what is damaged: a file, family, row, position, or what is stored there by its
// number or id. The directory of a whole store is not enough.
bool NamesDamage(const std::string& message);

// How answers compare with the right ones. An error is a refusal only if it speaks of damage or of
// the disk, and names where: "not found" for what is there is a wrong answer.
struct Comparison {
  std::vector<std::string> wrong;    // questions, with what was answered
  std::vector<std::string> refused;  // questions, with the error
};
Comparison Compare(const Answers& right, const Answers& given);
bool IsRefusal(const absl::Status& status);

}  // namespace tributary::test
