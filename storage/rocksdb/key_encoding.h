// How a row and a column become one RocksDB key: the row's length (1 byte), the row, the column.
//
// So the keys of one row are neighbours in the order of their columns, no row's keys are mixed with
// those of a row it is a prefix of, and rows are ordered by length, then by bytes.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tributary::rocksdb_engine {

// The row has 1..255 bytes.
std::string EncodeRowPrefix(std::string_view row);
std::string EncodeKey(std::string_view row, std::string_view column);

// The views point into the key.
struct RowAndColumn {
  std::string_view row;
  std::string_view column;
};
// nullopt: not a key that EncodeKey writes.
std::optional<RowAndColumn> DecodeKey(std::string_view key);

// The least key greater than every key that starts with `prefix`; nullopt if there is none.
std::optional<std::string> PrefixSuccessor(std::string prefix);

// Keys of the engine's own: no row has the size 0 that they begin with.
inline constexpr std::string_view kFirstCellKey{"\1", 1};
std::string EncodeCommitMark(std::uint64_t commit);
std::optional<std::uint64_t> DecodeCommitMark(std::string_view key);

}  // namespace tributary::rocksdb_engine
