// Marks by which a store that is opened shows that all its families hold the same commits.
//
// Families reach their table files one by one. What is lost of the log or of the manifest can
// therefore be missing from some families alone, the head and its anchor not among them, and
// RocksDB opens that with OK. So each commit leaves its number in every family, in place of the
// number before it; 0, written by the first commit, stays. When the store is opened each family
// must hold 0 and one other number, everywhere the same. What can be lost is the end, then the
// numbers differ; the beginning, then 0 is missing; or the middle, then there is a number too many,
// the last one before the gap.

#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "rocksdb/db.h"

namespace tributary::rocksdb_engine {

// One handle for each Family, in its order.
using FamilyHandles = std::span<rocksdb::ColumnFamilyHandle* const>;

// Adds the mark of this commit, counted from 1, to its batch.
rocksdb::Status AddCommitMark(FamilyHandles families, std::uint64_t commit,
                              rocksdb::WriteBatch& batch);

// The number of commits that every family holds.
// Errors: kDataLoss naming the family; kUnavailable.
absl::StatusOr<std::uint64_t> CheckCommitMarks(rocksdb::DB& db, FamilyHandles families);

// The newest commit of which the table file holds a part; 0 where it holds none that can be read.
std::uint64_t NewestCommitIn(const std::string& table_path, rocksdb::Env* env);

}  // namespace tributary::rocksdb_engine
