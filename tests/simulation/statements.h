// Statements of the durability tests: closed as the server closes them, and checked line by line.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/ledger.h"

namespace tributary::test {

// Closes all that stands behind the last statement, into the one with this number. One that is
// there is computed and sent again, as after a lost answer, and keeps its place. At most one thread
// at a time. Errors: kFailedPrecondition, another number is next; as CloseStatement and the ledger.
absl::StatusOr<Receipt> RecordStatement(Ledger& ledger, std::uint64_t number);

// The number of the next statement; nullopt: nothing stands behind the last one.
absl::StatusOr<std::optional<std::uint64_t>> NextStatement(const Ledger& ledger);

// The bytes of all lines of a statement. Errors: kNotFound, it is not there.
absl::StatusOr<std::vector<std::string>> ReadStatementLines(const LedgerView& view,
                                                            LogPosition position);

// What is wrong with the statement of this number, computed once more from the log; empty if
// nothing is. A statement that is not there is not wrong.
absl::StatusOr<std::string> CheckStatement(const Ledger& ledger, std::uint64_t number);

}  // namespace tributary::test
