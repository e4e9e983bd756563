// Facts from spreadsheets: docs/formats/csv.md states the columns.

#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "client/cli/import_batch.h"
#include "graph/settlement/written_weights.h"

namespace tributary::cli {

// Largest file; a spreadsheet is read as a whole.
inline constexpr std::size_t kCsvSizeMax = std::size_t{1} << 30;

// What a file of sales needs to know beyond itself.
struct SaleOptions {
  bool in_minor_units = false;  // how amounts are written
  // Decimals of a currency that the batch does not record. kNotFound: a problem of the row.
  std::function<absl::StatusOr<unsigned>(const std::string& code)> scale_of;
  // The version of the policy that is in force under a name. kNotFound: a problem of the row.
  std::function<absl::StatusOr<Digest>(const std::string& name)> policy_of;
};

// Adds the facts of one CSV file: parties, assets, holders, edges or sales, as its header shows.
// Rows that are wrong become problems. `rest` says where the part goes that percentages leave open.
// Errors: the file cannot be read, is not CSV, or its columns are of no known kind; those of the
// functions of `sales` but kNotFound.
absl::Status ReadCsvFacts(const std::string& path, Rest rest, ImportBatch* batch,
                          const SaleOptions& sales = {});

}  // namespace tributary::cli
