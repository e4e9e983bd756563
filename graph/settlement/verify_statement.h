// Whether a closed statement is what its sales and the rules say: recomputed, and compared with
// what is stored, line by line.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "graph/settlement/close.h"
#include "graph/settlement/settlement_reader.h"
#include "graph/settlement/statement.h"

namespace tributary {

enum class StatementOutcome : std::uint8_t {
  kIdentical = 0,   // the same record and lines, byte for byte
  kDifferent,       // another record or line comes out, or none can be computed
  kOtherAlgorithm,  // the same, of a statement that names other rules than these: no contradiction
};

// The first line in which what is stored and what is computed differ.
struct LineDifference {
  std::uint64_t index = 0;  // from 0
  // Absent: there is none at this index; `stored` also where its bytes are no line.
  std::optional<StatementLine> stored = {};
  std::optional<StatementLine> computed = {};
};

struct StatementVerdict {
  StatementOutcome outcome = StatementOutcome::kIdentical;
  std::optional<Digest> computed_root = {};       // of its lines; absent: could not be computed
  std::string problem = {};                       // for people; empty: identical
  std::optional<LineDifference> difference = {};  // absent: the lines are identical
};

// Recomputes a statement from the records of its range, from the stored lines of the statement
// before and by kSettlementAlgorithm, and compares every stored line and the record with that. What
// the statement before says is thus taken as given: all statements from number 1 on are verified
// together, or the first one that is wrong is not found.
//
// The name of the algorithm is not compared. Where the figures are the same they hold, whichever
// version of the rules is named; where not, only the same version's would contradict.
// Errors: kInvalidArgument, the record is no statement; limits of the close, which it names;
//         cancellation, kUnavailable and such of the reader. What makes it impossible to compute
//         the statement from what is stored is a verdict, not an error.
// Cost:   as closing it once, and its stored lines are read.
absl::StatusOr<StatementVerdict> VerifyStatement(const SettlementReader& reader,
                                                 const LoggedRecord& statement,
                                                 const CloseOptions& options = {});

}  // namespace tributary
