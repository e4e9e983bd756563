// What a store holds, said with std::map, and random batches to compare them by.

#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "storage/store.h"
#include "tests/support/rng.h"

namespace tributary::test {

using Address = std::tuple<Family, std::string, std::string>;  // family, row, column
using Model = std::map<Address, std::string>;

// Few rows and columns, so that batches meet the same cells: with bytes 0x00 and 0xff, rows that
// are prefixes of each other, and the empty column. Only families whose cells may change.
WriteBatch RandomBatch(Rng& rng);

void Apply(const WriteBatch& batch, Model& model);

// Everything in the store, collected through ListRows and Scan in pages of the given sizes.
// column_page is at least 2: a scan can not be resumed from the empty column.
Model Contents(Store& store, std::size_t row_page = 7, std::size_t column_page = 3);

// Shorthands over a snapshot of now.
std::optional<std::string> GetNow(Store& store, const CellKey& key);

}  // namespace tributary::test
