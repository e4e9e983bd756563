// Rows of a group on its way into the store: what the next group must see, whether or not the store
// shows it already.

#pragma once

#include <cstddef>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "graph/model/text.h"
#include "storage/store.h"

namespace tributary {

struct CellKeyHash {
  std::size_t operator()(const CellKey& key) const {
    return absl::HashOf(key.family, ToAbsl(key.row), ToAbsl(key.column));
  }
};

struct CellKeyEqual {
  bool operator()(const CellKey& a, const CellKey& b) const {
    return a.family == b.family && a.row == b.row && a.column == b.column;
  }
};

// Immutable; any thread. Shares the batch's memory, which must outlive it.
class PendingRows {
 public:
  explicit PendingRows(const WriteBatch& batch) {
    operations_.reserve(batch.operations().size());
    for (const WriteBatch::Operation& operation : batch.operations()) {
      operations_.insert_or_assign({operation.family, operation.row, operation.column}, &operation);
    }
  }

  // What the batch makes of the cell; null where it leaves it as it is.
  const WriteBatch::Operation* Find(const CellKey& key) const {
    const auto found = operations_.find(key);
    return found == operations_.end() ? nullptr : found->second;
  }

 private:
  absl::flat_hash_map<CellKey, const WriteBatch::Operation*, CellKeyHash, CellKeyEqual> operations_;
};

}  // namespace tributary
