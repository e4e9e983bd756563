#include "storage/changed_rows.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "graph/model/check.h"
#include "storage/row_codec.h"

namespace tributary {

KeyPlace::KeyPlace(const OwnedKey& key) : key_(&key) {
  constexpr std::size_t kHeadSize = sizeof(Uint128);
  std::array<unsigned char, kHeadSize> head{};
  head[0] = static_cast<unsigned char>(key.family);
  head[1] = static_cast<unsigned char>(key.row.size());
  const std::size_t row_size = std::min(key.row.size(), kHeadSize - 2);
  std::memcpy(&head[2], key.row.data(), row_size);
  std::memcpy(head.data() + 2 + row_size, key.column.data(),
              std::min(key.column.size(), kHeadSize - 2 - row_size));
  for (const unsigned char byte : head) head_ = head_ << 8 | byte;
}

ChangedRows::Row& ChangedRows::FindOrAdd(OwnedKey key) {
  return **index_.lazy_emplace(key.view(), [&](const auto& construct) {
    construct(&rows_.emplace_back(Row{std::move(key), std::nullopt, false}));
  });
}

void ChangedRows::Emit(WriteBatch* batch) const {
  std::vector<std::pair<KeyPlace, const Row*>> changed;
  changed.reserve(rows_.size());
  for (const Row& row : rows_) {
    if (row.is_changed) changed.emplace_back(KeyPlace(row.key), &row);
  }
  // Key order: the engine's memory table takes a sorted run several times faster.
  std::sort(changed.begin(), changed.end(), PrecedesInKey<const Row*>);
  batch->Reserve(changed.size());
  for (const auto& [place, row] : changed) {
    TRIBUTARY_CHECK(row->payload.has_value());
    batch->Put(row->key.family, row->key.row, row->key.column,
               Seal(row->key.view(), *row->payload));
  }
}

}  // namespace tributary
