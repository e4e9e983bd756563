#include "tests/storage/conformance/store_model.h"

#include <array>
#include <vector>

#include "tests/support/catch.h"

namespace tributary::test {
namespace {

constexpr std::array kMutableFamilies = {Family::kMeta,    Family::kRecord, Family::kDetails,
                                         Family::kTree,    Family::kAsset,  Family::kDownstream,
                                         Family::kIdentity};

std::string RandomBytes(Rng& rng, std::size_t size) {
  constexpr std::array<char, 4> kBytes = {'\x00', 'a', 'b', '\xff'};
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = kBytes[rng.Below(kBytes.size())];
  return bytes;
}

std::string RandomRow(Rng& rng) {
  const std::size_t size = rng.OneIn(20) ? kRowSizeMax : rng.Between(1, 3);
  return size == kRowSizeMax ? std::string(size, '\xff') : RandomBytes(rng, size);
}

std::vector<std::string> AllRows(const Snapshot& snapshot, Family family, std::size_t page) {
  std::vector<std::string> rows;
  while (true) {
    const auto found = snapshot.ListRows(family, rows.empty() ? "" : rows.back(), page);
    REQUIRE_OK(found);
    rows.insert(rows.end(), found->begin(), found->end());
    if (found->size() < page) return rows;
  }
}

void AddRow(const Snapshot& snapshot, Family family, const std::string& row, std::size_t page,
            Model& model) {
  std::string last;
  while (true) {
    const auto cells = snapshot.Scan({family, row, last, page});
    REQUIRE_OK(cells);
    for (const Cell& cell : *cells) {
      const bool is_new = model.emplace(Address(family, row, cell.column), cell.value).second;
      REQUIRE(is_new);
    }
    if (cells->size() < page) return;
    last = cells->back().column;
  }
}

}  // namespace

WriteBatch RandomBatch(Rng& rng) {
  WriteBatch batch;
  const std::uint64_t operation_count = rng.Between(1, 12);
  for (std::uint64_t i = 0; i < operation_count; ++i) {
    const Family family = kMutableFamilies[rng.Below(kMutableFamilies.size())];
    std::string row = RandomRow(rng);
    std::string column = RandomBytes(rng, rng.Below(3));
    if (rng.OneIn(4)) {
      batch.Delete(family, std::move(row), std::move(column));
    } else {
      batch.Put(family, std::move(row), std::move(column), RandomBytes(rng, rng.Below(300)));
    }
  }
  return batch;
}

void Apply(const WriteBatch& batch, Model& model) {
  for (const WriteBatch::Operation& operation : batch.operations()) {
    const Address address(operation.family, operation.row, operation.column);
    if (operation.value.has_value()) {
      model[address] = *operation.value;
    } else {
      model.erase(address);
    }
  }
}

Model Contents(Store& store, std::size_t row_page, std::size_t column_page) {
  const auto snapshot = store.TakeSnapshot();
  REQUIRE_OK(snapshot);
  Model model;
  for (std::size_t index = 0; index < kFamilyCount; ++index) {
    const Family family = static_cast<Family>(index);
    for (const std::string& row : AllRows(**snapshot, family, row_page)) {
      AddRow(**snapshot, family, row, column_page, model);
    }
  }
  return model;
}

std::optional<std::string> GetNow(Store& store, const CellKey& key) {
  const auto snapshot = store.TakeSnapshot();
  REQUIRE_OK(snapshot);
  const auto value = (*snapshot)->Get(key);
  REQUIRE_OK(value);
  return *value;
}

}  // namespace tributary::test
