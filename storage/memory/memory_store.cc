#include "storage/memory/memory_store.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <tuple>
#include <utility>

#include "graph/model/check.h"
#include "graph/model/status.h"
#include "graph/model/text.h"
#include "storage/engine_checks.h"

namespace tributary {
namespace {

using Version = std::uint64_t;
using Value = std::optional<std::string>;

// What a cell held from `since` on; nullopt: nothing.
struct VersionedValue {
  Version since;
  Value value;
};
// Ascending versions, never empty.
using Cells = std::vector<VersionedValue>;

// Row and column in that order: std::map then keeps the columns of one row together.
using Address = std::pair<std::string, std::string>;
using AddressView = std::pair<std::string_view, std::string_view>;
struct AddressLess {
  using is_transparent = void;
  template <typename A, typename B>
  bool operator()(const A& a, const B& b) const {
    return AddressView(a.first, a.second) < AddressView(b.first, b.second);
  }
};
using FamilyCells = std::map<Address, Cells, AddressLess>;

const Value* ValueAt(const Cells& cells, Version version) {
  const auto after = std::upper_bound(
      cells.begin(), cells.end(), version,
      [](Version wanted, const VersionedValue& cell) { return wanted < cell.since; });
  return after == cells.begin() ? nullptr : &std::prev(after)->value;
}

bool IsImmutable(Family family) { return family == Family::kLog || family == Family::kUpstream; }
bool MayDelete(Family family) { return family != Family::kLog; }

}  // namespace

class MemoryMedium {
 public:
  bool TryOpen() { return !is_open_.exchange(true); }
  void Close() {
    TRIBUTARY_CHECK(live_snapshots_.empty());  // a snapshot must not outlive its store
    is_open_ = false;
  }

  Version PinVersion() {
    std::unique_lock lock(mutex_);
    live_snapshots_.insert(version_);
    return version_;
  }
  void UnpinVersion(Version version) {
    std::unique_lock lock(mutex_);
    live_snapshots_.erase(live_snapshots_.find(version));
  }

  Value Get(const CellKey& key, Version version) const {
    std::shared_lock lock(mutex_);
    return GetLocked(key, version);
  }
  std::vector<Cell> Scan(const ScanRange& range, Version version) const;
  std::vector<std::string> ListRows(Family family, std::string_view start_after,
                                    std::size_t row_count_max, Version version) const;
  absl::Status Commit(const WriteBatch& batch);
  void DropUnseenVersions();
  std::vector<FamilySize> ApproximateSizes() const;

 private:
  FamilyCells& CellsOf(Family family) { return families_[static_cast<std::size_t>(family)]; }
  const FamilyCells& CellsOf(Family family) const {
    return families_[static_cast<std::size_t>(family)];
  }
  Value GetLocked(const CellKey& key, Version version) const;
  absl::Status CheckPreconditions(const WriteBatch& batch) const;
  absl::Status CheckImmutable(const WriteBatch& batch) const;
  void Write(const WriteBatch::Operation& operation);
  // Returns the cell after the pruned one.
  FamilyCells::iterator Prune(FamilyCells& cells, FamilyCells::iterator cell);

  std::atomic<bool> is_open_ = false;
  mutable std::shared_mutex mutex_;  // guards all below
  FamilyCells families_[kFamilyCount];
  Version version_ = 0;
  std::multiset<Version> live_snapshots_;
};

Value MemoryMedium::GetLocked(const CellKey& key, Version version) const {
  const FamilyCells& cells = CellsOf(key.family);
  const auto found = cells.find(AddressView(key.row, key.column));
  if (found == cells.end()) return std::nullopt;
  const Value* value = ValueAt(found->second, version);
  return value == nullptr ? std::nullopt : *value;
}

std::vector<Cell> MemoryMedium::Scan(const ScanRange& range, Version version) const {
  std::shared_lock lock(mutex_);
  const FamilyCells& cells = CellsOf(range.family);
  const AddressView start(range.row, range.start_after);
  auto cell = range.start_after.empty() ? cells.lower_bound(start) : cells.upper_bound(start);
  std::vector<Cell> found;
  for (; cell != cells.end() && cell->first.first == range.row; ++cell) {
    if (found.size() >= range.column_count_max) break;
    const Value* value = ValueAt(cell->second, version);
    if (value != nullptr && value->has_value()) {
      found.push_back({cell->first.second, **value});
    }
  }
  return found;
}

std::vector<std::string> MemoryMedium::ListRows(Family family, std::string_view start_after,
                                                std::size_t row_count_max, Version version) const {
  std::shared_lock lock(mutex_);
  const FamilyCells& cells = CellsOf(family);
  const auto first_cell_after = [&](std::string_view row) {
    const std::string next_row = StrCat(row, std::string_view("\0", 1));
    return cells.lower_bound(AddressView(next_row, ""));
  };
  std::vector<std::string> rows;
  auto cell = start_after.empty() ? cells.begin() : first_cell_after(start_after);
  while (cell != cells.end() && rows.size() < row_count_max) {
    const Value* value = ValueAt(cell->second, version);
    if (value == nullptr || !value->has_value()) {
      ++cell;
      continue;
    }
    rows.push_back(cell->first.first);
    cell = first_cell_after(rows.back());
  }
  return rows;
}

absl::Status MemoryMedium::CheckPreconditions(const WriteBatch& batch) const {
  for (const WriteBatch::Precondition& precondition : batch.preconditions()) {
    const CellKey key{precondition.family, precondition.row, precondition.column};
    if (GetLocked(key, version_) != precondition.expected) return PreconditionError(key);
  }
  return absl::OkStatus();
}

absl::Status MemoryMedium::CheckImmutable(const WriteBatch& batch) const {
  // What a cell becomes is said by the last operation on it.
  std::map<std::tuple<Family, std::string_view, std::string_view>, const Value*> last;
  for (const WriteBatch::Operation& operation : batch.operations()) {
    if (!IsImmutable(operation.family)) continue;
    last[{operation.family, operation.row, operation.column}] = &operation.value;
  }
  for (const auto& [cell, value] : last) {
    const auto& [family, row, column] = cell;
    const Value old_value = GetLocked({family, row, column}, version_);
    if (!old_value.has_value() || old_value == *value) continue;
    if (!value->has_value() && MayDelete(family)) continue;
    return absl::InternalError(StrCat("immutable cell of family ", FamilyName(family),
                                      " would change: row ", Quoted(row), ", column ",
                                      Quoted(column)));
  }
  return absl::OkStatus();
}

absl::Status MemoryMedium::Commit(const WriteBatch& batch) {
  TRIBUTARY_RETURN_IF_ERROR(CheckBounds(batch));
  std::unique_lock lock(mutex_);
  TRIBUTARY_RETURN_IF_ERROR(CheckPreconditions(batch));
  TRIBUTARY_RETURN_IF_ERROR(CheckImmutable(batch));
  ++version_;
  for (const WriteBatch::Operation& operation : batch.operations()) Write(operation);
  return absl::OkStatus();
}

void MemoryMedium::Write(const WriteBatch::Operation& operation) {
  FamilyCells& cells = CellsOf(operation.family);
  const auto cell = cells.try_emplace(Address(operation.row, operation.column)).first;
  Cells& versions = cell->second;
  if (versions.empty() || versions.back().since < version_) {
    versions.push_back({version_, operation.value});
  } else {
    versions.back().value = operation.value;  // a later operation of the same batch
  }
  Prune(cells, cell);
}

FamilyCells::iterator MemoryMedium::Prune(FamilyCells& cells, FamilyCells::iterator cell) {
  Cells& versions = cell->second;
  const Version oldest = live_snapshots_.empty() ? version_ : *live_snapshots_.begin();
  const auto first_unseen =
      std::find_if(versions.begin(), versions.end(),
                   [&](const VersionedValue& value) { return value.since > oldest; });
  // The last version at or before `oldest` is what the oldest snapshot sees.
  if (first_unseen != versions.begin()) versions.erase(versions.begin(), std::prev(first_unseen));
  const bool is_deleted = versions.size() == 1 && !versions.front().value.has_value();
  return is_deleted ? cells.erase(cell) : std::next(cell);
}

void MemoryMedium::DropUnseenVersions() {
  std::unique_lock lock(mutex_);
  for (FamilyCells& cells : families_) {
    for (auto cell = cells.begin(); cell != cells.end();) cell = Prune(cells, cell);
  }
}

std::vector<FamilySize> MemoryMedium::ApproximateSizes() const {
  std::shared_lock lock(mutex_);
  std::vector<FamilySize> sizes;
  for (std::size_t index = 0; index < kFamilyCount; ++index) {
    std::uint64_t size = 0;
    for (const auto& [address, versions] : families_[index]) {
      size += address.first.size() + address.second.size();
      for (const VersionedValue& version : versions) {
        size += version.value.has_value() ? version.value->size() : 0;
      }
    }
    sizes.push_back({static_cast<Family>(index), size});
  }
  return sizes;
}

namespace {

class MemorySnapshot : public Snapshot {
 public:
  explicit MemorySnapshot(MemoryMedium& medium) : medium_(medium), version_(medium.PinVersion()) {}
  ~MemorySnapshot() override { medium_.UnpinVersion(version_); }

  absl::StatusOr<std::optional<std::string>> Get(const CellKey& key) const override {
    TRIBUTARY_RETURN_IF_ERROR(CheckBounds(key));
    return medium_.Get(key, version_);
  }

  absl::Status MultiGet(std::span<const CellKey> keys,
                        std::vector<std::optional<std::string>>* values) const override {
    values->clear();
    for (const CellKey& key : keys) {
      TRIBUTARY_RETURN_IF_ERROR(CheckBounds(key));
      values->push_back(medium_.Get(key, version_));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<Cell>> Scan(const ScanRange& range) const override {
    TRIBUTARY_RETURN_IF_ERROR(CheckBounds(range));
    return medium_.Scan(range, version_);
  }

  absl::Status MultiScan(std::span<const ScanRange> ranges,
                         std::vector<std::vector<Cell>>* cells) const override {
    cells->clear();
    for (const ScanRange& range : ranges) {
      TRIBUTARY_RETURN_IF_ERROR(CheckBounds(range));
      cells->push_back(medium_.Scan(range, version_));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> ListRows(Family family, std::string_view start_after,
                                                    std::size_t row_count_max) const override {
    return medium_.ListRows(family, start_after, row_count_max, version_);
  }

 private:
  MemoryMedium& medium_;
  const Version version_;
};

class MemoryStore : public Store {
 public:
  explicit MemoryStore(std::shared_ptr<MemoryMedium> medium) : medium_(std::move(medium)) {}
  ~MemoryStore() override { medium_->Close(); }

  absl::StatusOr<std::unique_ptr<Snapshot>> TakeSnapshot() override {
    return std::make_unique<MemorySnapshot>(*medium_);
  }
  absl::Status Commit(const WriteBatch& batch) override { return medium_->Commit(batch); }
  absl::Status CopyTo(const std::string& path) override {
    return absl::UnimplementedError(StrCat("the memory engine has no files to copy to ", path));
  }
  absl::Status VerifyChecksums() override { return absl::OkStatus(); }
  absl::Status Compact() override {
    medium_->DropUnseenVersions();
    return absl::OkStatus();
  }
  std::vector<FamilySize> ApproximateSizes() override { return medium_->ApproximateSizes(); }

 private:
  std::shared_ptr<MemoryMedium> medium_;
};

}  // namespace

std::shared_ptr<MemoryMedium> NewMemoryMedium() { return std::make_shared<MemoryMedium>(); }

absl::StatusOr<std::unique_ptr<Store>> OpenMemoryStore(std::shared_ptr<MemoryMedium> medium) {
  if (!medium->TryOpen()) {
    return absl::FailedPreconditionError("the memory medium is open in another store");
  }
  return std::make_unique<MemoryStore>(std::move(medium));
}

std::unique_ptr<Store> NewMemoryStore() {
  return OpenMemoryStore(NewMemoryMedium()).value();  // a fresh medium is never open
}

}  // namespace tributary
