// Full verification finds every row that can be read and is wrong.
//
// Rows of a closed store are changed or removed, and sealed again, so that neither the engine's
// checksums nor the seals say anything: only what log and records give does.

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/row_codec.h"
#include "tests/simulation/ledger_files.h"
#include "tests/simulation/workload.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"
#include "tests/support/temp_directory.h"

namespace tributary::test {
namespace {

constexpr std::size_t kRowCountMax = 100'000;
constexpr int kChangesPerFamily = 10;
constexpr std::string_view kLineRowTags = "sl";   // lines of statements (storage/keys.cc)
constexpr std::string_view kTypeListTags = "tb";  // lists of sales and statements by type

struct StoredCell {
  Family family;
  std::string row;
  Cell cell;
  CellKey key() const { return {family, row, cell.column}; }
};

std::vector<StoredCell> CellsOf(Store& store, Family family) {
  const auto snapshot = store.TakeSnapshot();
  REQUIRE_OK(snapshot);
  const auto rows = (*snapshot)->ListRows(family, "", kRowCountMax);
  REQUIRE_OK(rows);
  std::vector<StoredCell> cells;
  for (const std::string& row : *rows) {
    auto found = (*snapshot)->Scan({family, row, "", kRowCountMax});
    REQUIRE_OK(found);
    for (Cell& cell : *found) cells.push_back({family, row, std::move(cell)});
  }
  return cells;
}

// The value with one bit of its payload changed, or with a byte more where it has none.
std::string Changed(const StoredCell& stored, Rng& rng) {
  const auto payload = Unseal(stored.key(), stored.cell.value);
  REQUIRE_OK(payload);
  std::string changed(*payload);
  if (changed.empty()) {
    changed.push_back(0);
  } else {
    char& byte = changed[rng.Below(changed.size())];
    byte = static_cast<char>(byte ^ (1 << rng.Below(8)));
  }
  return Seal(stored.key(), std::move(changed));
}

void Write(const LedgerFiles& files, const StoredCell& stored, std::optional<std::string> value) {
  const auto store = OpenStoreOf(files, /*create=*/false);
  REQUIRE_OK(store);
  WriteBatch batch;
  if (value.has_value())
    batch.Put(stored.family, stored.row, stored.cell.column, *value);
  else
    batch.Delete(stored.family, stored.row, stored.cell.column);
  REQUIRE_OK((*store)->Commit(batch));
}

// What opening or verifying says; empty if nothing is noticed.
std::string Noticed(const LedgerFiles& files) {
  const auto ledger = OpenLedger(files);
  if (!ledger.ok()) return ledger.status().ToString();
  const auto damage = FindDamage(**ledger);
  return damage.ok() ? *damage : damage.status().ToString();
}

}  // namespace

TEST_CASE("verify: every changed or missing row is found", "[durability]") {
  const TempDirectory directory;
  const LedgerFiles files{.directory = directory.path(), .file_size = 1u << 20};
  const Workload workload({.staged_every = 10, .pool_size = 150});
  {
    const auto ledger = CreateLedger(files);
    REQUIRE_OK(ledger);
    REQUIRE_OK(RecordFacts(**ledger, workload.Pool()));
    for (const WorkPart& part : PartsOf(workload, 0, 25)) REQUIRE_OK(RecordPart(**ledger, part));
  }
  REQUIRE(Noticed(files) == "");
  // Of a family all rows, or those whose first byte is one of these.
  struct Chosen {
    Family family;
    std::string_view tags = "";
  };
  const auto [family, tags] = GENERATE(values<Chosen>({{Family::kLog},
                                                       {Family::kRecord},
                                                       {Family::kDetails},
                                                       {Family::kTree},
                                                       {Family::kAsset},
                                                       {Family::kUpstream},
                                                       {Family::kUpstream, kLineRowTags},
                                                       {Family::kDownstream},
                                                       {Family::kIdentity},
                                                       {Family::kIdentity, kTypeListTags}}));
  Rng rng = SeededRng();
  std::vector<StoredCell> cells = CellsOf(**OpenStoreOf(files, /*create=*/false), family);
  std::erase_if(cells, [tags = tags](const StoredCell& stored) {
    return !tags.empty() && tags.find(stored.row.front()) == std::string_view::npos;
  });
  REQUIRE_FALSE(cells.empty());
  for (int change = 0; change < kChangesPerFamily; ++change) {
    const StoredCell& stored = cells[rng.Below(cells.size())];
    // Private details may be erased, which leaves their digest behind.
    const bool remove = family != Family::kDetails && rng.OneIn(3);
    Write(files, stored, remove ? std::nullopt : std::optional(Changed(stored, rng)));
    CAPTURE(rng.seed(), change, remove, FamilyName(family), stored.row, stored.cell.column);
    CHECK(Noticed(files) != "");
    Write(files, stored, stored.cell.value);
  }
  CHECK(Noticed(files) == "");
}

}  // namespace tributary::test
