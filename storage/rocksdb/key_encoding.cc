#include "storage/rocksdb/key_encoding.h"

#include "graph/model/check.h"
#include "storage/store.h"

namespace tributary::rocksdb_engine {

std::string EncodeRowPrefix(std::string_view row) { return EncodeKey(row, ""); }

std::string EncodeKey(std::string_view row, std::string_view column) {
  TRIBUTARY_CHECK(!row.empty() && row.size() <= kRowSizeMax);
  std::string key;
  key.reserve(1 + row.size() + column.size());
  key.push_back(static_cast<char>(static_cast<unsigned char>(row.size())));
  key.append(row);
  key.append(column);
  return key;
}

std::optional<RowAndColumn> DecodeKey(std::string_view key) {
  if (key.empty()) return std::nullopt;
  const std::size_t row_size = static_cast<unsigned char>(key.front());
  if (row_size == 0 || key.size() < 1 + row_size) return std::nullopt;
  return RowAndColumn{key.substr(1, row_size), key.substr(1 + row_size)};
}

std::optional<std::string> PrefixSuccessor(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (prefix.empty()) return std::nullopt;
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

std::string EncodeCommitMark(std::uint64_t commit) {
  std::string key(1, '\0');
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(commit >> shift));
  return key;
}

std::optional<std::uint64_t> DecodeCommitMark(std::string_view key) {
  if (key.size() != 1 + sizeof(std::uint64_t) || key.front() != '\0') return std::nullopt;
  std::uint64_t commit = 0;
  for (const char byte : key.substr(1)) commit = commit << 8 | static_cast<unsigned char>(byte);
  return commit;
}

}  // namespace tributary::rocksdb_engine
