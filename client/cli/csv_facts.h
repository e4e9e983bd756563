// Facts from spreadsheets: docs/formats/csv.md states the columns.

#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "client/cli/fraction.h"
#include "client/cli/import_batch.h"

namespace tributary::cli {

// Largest file; a spreadsheet is read as a whole.
inline constexpr std::size_t kCsvSizeMax = std::size_t{1} << 30;

// Adds the facts of one CSV file: parties, assets, holders or edges, as its header shows. Rows that
// are wrong become problems. `rest` says where the part goes that percentages leave open.
// Errors: the file cannot be read, is not CSV, or its columns are of no known kind.
absl::Status ReadCsvFacts(const std::string& path, Rest rest, ImportBatch* batch);

}  // namespace tributary::cli
