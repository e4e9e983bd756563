// Rows that a group of facts has read or changed, on top of a snapshot: what its own later facts
// see, what is written for it, and what the next group sees while that is on its way.

#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "graph/model/text.h"
#include "graph/model/uint128.h"
#include "storage/keys.h"
#include "storage/store.h"

namespace tributary {

// Movable. One thread while it changes; any number of threads read it after that.
class ChangedRows {
 public:
  struct Row {
    OwnedKey key;
    std::optional<std::string> payload;  // nullopt: the store has no such row
    bool is_changed = false;
  };

  // Null: neither read nor changed so far. Rows stay where they are.
  const Row* Find(const CellKey& key) const {
    const auto found = index_.find(key);
    return found == index_.end() ? nullptr : *found;
  }
  // The row, unchanged and without a payload if it is new.
  Row& FindOrAdd(OwnedKey key);

  std::size_t count() const { return rows_.size(); }
  void Reserve(std::size_t row_count) { index_.reserve(row_count); }

  // Appends every changed row to `batch`, sealed, in ascending order of keys.
  void Emit(WriteBatch* batch) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const CellKey& key) const {
      return absl::HashOf(key.family, ToAbsl(key.row), ToAbsl(key.column));
    }
    std::size_t operator()(const Row* row) const { return (*this)(row->key.view()); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Row* row, const CellKey& key) const {
      return row->key.family == key.family && row->key.row == key.row &&
             row->key.column == key.column;
    }
    bool operator()(const Row* a, const Row* b) const { return (*this)(a, b->key.view()); }
  };

  std::deque<Row> rows_;
  absl::flat_hash_set<Row*, Hash, Equal> index_;  // all of rows_, by key
};

// Keys as an engine orders them that puts the length of the row first.
//
// Most keys differ in their first bytes: those stand here, so that sorting seldom looks further.
class KeyPlace {
 public:
  explicit KeyPlace(const OwnedKey& key);

  const OwnedKey& key() const { return *key_; }

  friend bool operator<(const KeyPlace& a, const KeyPlace& b) {
    if (a.head_ != b.head_) return a.head_ < b.head_;
    const int rows = a.key_->row.compare(b.key_->row);
    return rows != 0 ? rows < 0 : a.key_->column < b.key_->column;
  }

 private:
  Uint128 head_ = 0;  // family, length of the row, row, column; zeros where they end
  const OwnedKey* key_;
};

// For sorting what is paired with its place.
template <typename T>
bool PrecedesInKey(const std::pair<KeyPlace, T>& a, const std::pair<KeyPlace, T>& b) {
  return a.first < b.first;
}

}  // namespace tributary
