// What every engine must do; the definition of storage/store.h.

#include <string>
#include <vector>

#include "tests/storage/conformance/engines.h"
#include "tests/storage/conformance/store_model.h"
#include "tests/support/catch.h"
#include "tests/support/rng.h"

namespace tributary::test {
namespace {

using namespace std::string_literals;

constexpr Family kFamily = Family::kAsset;
constexpr Family kOther = Family::kMeta;

void Put(Store& store, std::string row, std::string column, std::string value) {
  WriteBatch batch;
  batch.Put(kFamily, std::move(row), std::move(column), std::move(value));
  REQUIRE_OK(store.Commit(batch));
}

std::vector<std::string> Columns(Store& store, const ScanRange& range) {
  const auto snapshot = store.TakeSnapshot();
  REQUIRE_OK(snapshot);
  const auto cells = (*snapshot)->Scan(range);
  REQUIRE_OK(cells);
  std::vector<std::string> columns;
  for (const Cell& cell : *cells) columns.push_back(cell.column);
  return columns;
}

using Strings = std::vector<std::string>;

// Property: after any history of commits, every engine holds what a std::map would hold.
// Method:   the same random batches go to both; every 50 steps the engine is reopened, compared.
TEMPLATE_TEST_CASE("store: is a sorted map", "[storage][model]", MemoryEngine, RocksDbEngine) {
  Rng rng = SeededRng();
  TestType engine;
  Model model;
  for (int step = 0; step < 2'000; ++step) {
    CAPTURE(rng.seed(), step);
    const WriteBatch batch = RandomBatch(rng);
    REQUIRE_OK(engine.store().Commit(batch));
    Apply(batch, model);
    if (step % 50 != 0) continue;
    if (rng.OneIn(4)) REQUIRE_OK(engine.store().Compact());
    engine.Reopen();
    REQUIRE(Contents(engine.store()) == model);
  }
}

// Property: scans with any start and any bound answer what the map answers.
TEMPLATE_TEST_CASE("store: scans are ranges of the map", "[storage][model]", MemoryEngine,
                   RocksDbEngine) {
  Rng rng = SeededRng();
  TestType engine;
  Model model;
  for (int step = 0; step < 300; ++step) {
    const WriteBatch batch = RandomBatch(rng);
    REQUIRE_OK(engine.store().Commit(batch));
    Apply(batch, model);
  }
  REQUIRE(model.size() > 100);
  for (int trial = 0; trial < 1'000; ++trial) {
    auto sample = model.begin();
    std::advance(sample, static_cast<std::ptrdiff_t>(rng.Below(model.size())));
    const auto& [family, row, column] = sample->first;
    const std::size_t bound = rng.Below(5);
    const std::string start_after = rng.OneIn(2) ? column : column + "a";
    CAPTURE(rng.seed(), trial, FamilyName(family), row, start_after, bound);
    Strings expected;
    for (const auto& [address, value] : model) {
      if (std::get<0>(address) != family || std::get<1>(address) != row) continue;
      const std::string& candidate = std::get<2>(address);
      if (!start_after.empty() && candidate <= start_after) continue;
      if (expected.size() < bound) expected.push_back(candidate);
    }
    REQUIRE(Columns(engine.store(), {family, row, start_after, bound}) == expected);
  }
}

TEMPLATE_TEST_CASE("store: a new store is empty", "[storage]", MemoryEngine, RocksDbEngine) {
  TestType engine;
  REQUIRE(Contents(engine.store()).empty());
  REQUIRE_FALSE(GetNow(engine.store(), {kFamily, "row", "column"}).has_value());
}

TEMPLATE_TEST_CASE("store: an empty value is not an absent one", "[storage]", MemoryEngine,
                   RocksDbEngine) {
  TestType engine;
  Put(engine.store(), "row", "", "");
  REQUIRE(GetNow(engine.store(), {kFamily, "row", ""}) == ""s);
  REQUIRE_FALSE(GetNow(engine.store(), {kFamily, "row", "\0"s}).has_value());
  REQUIRE_FALSE(GetNow(engine.store(), {kOther, "row", ""}).has_value());
}

TEMPLATE_TEST_CASE("store: MultiGet answers in the order of the question", "[storage]",
                   MemoryEngine, RocksDbEngine) {
  TestType engine;
  Put(engine.store(), "a", "1", "a1");
  Put(engine.store(), "b", "2", "b2");
  WriteBatch other;
  other.Put(kOther, "a", "1", "other a1");
  REQUIRE_OK(engine.store().Commit(other));
  const std::vector<CellKey> keys = {{kFamily, "b", "2"}, {kOther, "a", "1"},  {kFamily, "a", "1"},
                                     {kFamily, "a", "2"}, {kFamily, "b", "2"}, {kOther, "b", "2"}};
  const auto snapshot = engine.store().TakeSnapshot();
  REQUIRE_OK(snapshot);
  std::vector<std::optional<std::string>> values = {"left over from an earlier call"};
  REQUIRE_OK((*snapshot)->MultiGet(keys, &values));
  REQUIRE(values == std::vector<std::optional<std::string>>{"b2", "other a1", "a1", std::nullopt,
                                                            "b2", std::nullopt});
  REQUIRE_OK((*snapshot)->MultiGet({}, &values));
  REQUIRE(values.empty());
}

TEMPLATE_TEST_CASE("store: MultiGet of a large sorted frontier", "[storage]", MemoryEngine,
                   RocksDbEngine) {
  TestType engine;
  WriteBatch batch;
  Strings rows;
  for (int i = 0; i < 3'000; ++i) rows.push_back("row" + std::to_string(100'000 + i));
  for (std::size_t i = 0; i < rows.size(); i += 2) batch.Put(kFamily, rows[i], "c", rows[i]);
  REQUIRE_OK(engine.store().Commit(batch));
  REQUIRE_OK(engine.store().Compact());
  std::vector<CellKey> keys;
  for (const std::string& row : rows) keys.push_back({kFamily, row, "c"});
  const auto snapshot = engine.store().TakeSnapshot();
  REQUIRE_OK(snapshot);
  std::vector<std::optional<std::string>> values;
  REQUIRE_OK((*snapshot)->MultiGet(keys, &values));
  REQUIRE(values.size() == rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(i);
    REQUIRE(values[i] == (i % 2 == 0 ? std::optional(rows[i]) : std::nullopt));
  }
}

TEMPLATE_TEST_CASE("store: columns come in the order of unsigned bytes", "[storage]", MemoryEngine,
                   RocksDbEngine) {
  TestType engine;
  const Strings sorted = {""s, "\0"s, "\0\0"s, "\0\xff"s, "a"s, "a\0"s, "aa"s, "\x80"s, "\xff"s};
  for (auto column = sorted.rbegin(); column != sorted.rend(); ++column) {
    Put(engine.store(), "row", *column, "v");
  }
  REQUIRE(Columns(engine.store(), {kFamily, "row", "", 100}) == sorted);
}

TEMPLATE_TEST_CASE("store: a scan stays in its row", "[storage]", MemoryEngine, RocksDbEngine) {
  TestType engine;
  const Strings rows = {"a"s, "a\0"s, "aa"s, "b"s, "\xff"s, "\xff\xff"s, std::string(255, '\xff'),
                        "\1"s};
  for (const std::string& row : rows) {
    Put(engine.store(), row, "", "v");
    Put(engine.store(), row, "a", "v");
    Put(engine.store(), row, "\xff", "v");
  }
  for (const std::string& row : rows) {
    CAPTURE(row);
    REQUIRE(Columns(engine.store(), {kFamily, row, "", 100}) == Strings{"", "a", "\xff"});
    REQUIRE(Columns(engine.store(), {kFamily, row, "\xff", 100}).empty());
  }
  REQUIRE(Columns(engine.store(), {kOther, "a", "", 100}).empty());
  REQUIRE(Columns(engine.store(), {kFamily, "absent", "", 100}).empty());
}

TEMPLATE_TEST_CASE("store: a scan is bounded and can be resumed", "[storage]", MemoryEngine,
                   RocksDbEngine) {
  TestType engine;
  for (const char* column : {"b", "d", "f"}) Put(engine.store(), "row", column, "v");
  REQUIRE(Columns(engine.store(), {kFamily, "row", "", 0}).empty());
  REQUIRE(Columns(engine.store(), {kFamily, "row", "", 2}) == Strings{"b", "d"});
  REQUIRE(Columns(engine.store(), {kFamily, "row", "d", 2}) == Strings{"f"});
  REQUIRE(Columns(engine.store(), {kFamily, "row", "c", 1}) == Strings{"d"});
  REQUIRE(Columns(engine.store(), {kFamily, "row", "f", 1}).empty());
}

TEMPLATE_TEST_CASE("store: an empty column is the first of its row", "[storage]", MemoryEngine,
                   RocksDbEngine) {
  TestType engine;
  Put(engine.store(), "row", "", "first");
  Put(engine.store(), "row", "a", "second");
  REQUIRE(Columns(engine.store(), {kFamily, "row", "", 1}) == Strings{""});
  REQUIRE(Columns(engine.store(), {kFamily, "row", "", 2}) == Strings{"", "a"});
}

TEMPLATE_TEST_CASE("store: MultiScan answers each range in turn", "[storage]", MemoryEngine,
                   RocksDbEngine) {
  TestType engine;
  Put(engine.store(), "a", "1", "a1");
  Put(engine.store(), "a", "2", "a2");
  Put(engine.store(), "b", "1", "b1");
  const std::vector<ScanRange> ranges = {
      {kFamily, "b", "", 9}, {kFamily, "absent", "", 9}, {kFamily, "a", "1", 9}};
  const auto snapshot = engine.store().TakeSnapshot();
  REQUIRE_OK(snapshot);
  std::vector<std::vector<Cell>> cells(5);  // left over from an earlier call
  REQUIRE_OK((*snapshot)->MultiScan(ranges, &cells));
  REQUIRE(cells.size() == 3);
  REQUIRE(cells[0].size() == 1);
  REQUIRE(cells[0][0].value == "b1");
  REQUIRE(cells[1].empty());
  REQUIRE(cells[2].size() == 1);
  REQUIRE(cells[2][0].value == "a2");
}

TEMPLATE_TEST_CASE("store: ListRows names each row once, in an order that can be resumed",
                   "[storage]", MemoryEngine, RocksDbEngine) {
  TestType engine;
  Strings rows = {"a"s, "a\0"s, "aa"s, "b"s, "\xff"s, "\xff\xff"s, std::string(255, '\xff')};
  for (const std::string& row : rows) {
    Put(engine.store(), row, "1", "v");
    Put(engine.store(), row, "2", "v");
  }
  Put(engine.store(), "gone", "1", "v");
  WriteBatch removal;
  removal.Delete(kFamily, "gone", "1");
  REQUIRE_OK(engine.store().Commit(removal));

  const auto snapshot = engine.store().TakeSnapshot();
  REQUIRE_OK(snapshot);
  const auto all = (*snapshot)->ListRows(kFamily, "", 100);
  REQUIRE_OK(all);
  REQUIRE(all->size() == rows.size());
  Strings sorted = *all;
  std::sort(sorted.begin(), sorted.end());
  std::sort(rows.begin(), rows.end());
  REQUIRE(sorted == rows);
  for (std::size_t i = 0; i < all->size(); ++i) {
    CAPTURE(i);
    const auto rest = (*snapshot)->ListRows(kFamily, (*all)[i], 2);
    REQUIRE_OK(rest);
    const std::size_t expected_count = std::min<std::size_t>(2, all->size() - i - 1);
    REQUIRE(*rest == Strings(all->begin() + static_cast<std::ptrdiff_t>(i + 1),
                             all->begin() + static_cast<std::ptrdiff_t>(i + 1 + expected_count)));
  }
  REQUIRE((*snapshot)->ListRows(kFamily, "", 0)->empty());
  REQUIRE((*snapshot)->ListRows(kOther, "", 9)->empty());
}

TEMPLATE_TEST_CASE("store: a snapshot does not move", "[storage]", MemoryEngine, RocksDbEngine) {
  TestType engine;
  Put(engine.store(), "row", "changed", "old");
  Put(engine.store(), "row", "deleted", "old");
  const auto before = engine.store().TakeSnapshot();
  REQUIRE_OK(before);
  WriteBatch batch;
  batch.Put(kFamily, "row", "changed", "new");
  batch.Delete(kFamily, "row", "deleted");
  batch.Put(kFamily, "row", "added", "new");
  batch.Put(kFamily, "row of its own", "added", "new");
  REQUIRE_OK(engine.store().Commit(batch));
  const auto between = engine.store().TakeSnapshot();
  REQUIRE_OK(between);
  Put(engine.store(), "row", "changed", "newest");
  REQUIRE_OK(engine.store().Compact());

  REQUIRE(*(*before)->Get({kFamily, "row", "changed"}) == "old");
  REQUIRE(*(*before)->Get({kFamily, "row", "deleted"}) == "old");
  REQUIRE_FALSE((*before)->Get({kFamily, "row", "added"})->has_value());
  REQUIRE((*before)->Scan({kFamily, "row", "", 9})->size() == 2);
  REQUIRE(*(*before)->ListRows(kFamily, "", 9) == Strings{"row"});
  REQUIRE(*(*between)->Get({kFamily, "row", "changed"}) == "new");
  REQUIRE_FALSE((*between)->Get({kFamily, "row", "deleted"})->has_value());
  REQUIRE((*between)->ListRows(kFamily, "", 9)->size() == 2);
  REQUIRE(GetNow(engine.store(), {kFamily, "row", "changed"}) == "newest");
}

TEMPLATE_TEST_CASE("store: in a batch the last operation on a cell wins", "[storage]", MemoryEngine,
                   RocksDbEngine) {
  TestType engine;
  WriteBatch batch;
  batch.Put(kFamily, "row", "a", "first");
  batch.Put(kFamily, "row", "a", "second");
  batch.Put(kFamily, "row", "b", "first");
  batch.Delete(kFamily, "row", "b");
  batch.Delete(kFamily, "row", "c");
  batch.Put(kFamily, "row", "c", "last");
  REQUIRE_OK(engine.store().Commit(batch));
  REQUIRE(GetNow(engine.store(), {kFamily, "row", "a"}) == "second");
  REQUIRE_FALSE(GetNow(engine.store(), {kFamily, "row", "b"}).has_value());
  REQUIRE(GetNow(engine.store(), {kFamily, "row", "c"}) == "last");
}

TEMPLATE_TEST_CASE("store: a batch whose precondition fails writes nothing", "[storage]",
                   MemoryEngine, RocksDbEngine) {
  TestType engine;
  Put(engine.store(), "row", "present", "value");
  struct Case {
    std::string name;
    std::string column;
    std::optional<std::string> expected;
    absl::StatusCode code;
  };
  const auto& known = GENERATE(values<Case>({
      {"the value stands", "present", "value", absl::StatusCode::kOk},
      {"absent, as expected", "absent", std::nullopt, absl::StatusCode::kOk},
      {"another value", "present", "valu", absl::StatusCode::kAborted},
      {"present, not absent", "present", std::nullopt, absl::StatusCode::kAborted},
      {"absent, not present", "absent", "value", absl::StatusCode::kAborted},
      {"absent is not empty", "absent", "", absl::StatusCode::kAborted},
  }));
  CAPTURE(known.name);
  WriteBatch batch;
  batch.Expect(kFamily, "row", "present", "value");  // holds: it must not hide the second one
  batch.Expect(kFamily, "row", known.column, known.expected);
  batch.Put(kFamily, "row", "new", "value");
  batch.Put(kOther, "row", "new", "value");
  CHECK_STATUS(engine.store().Commit(batch), known.code);
  const bool is_written = known.code == absl::StatusCode::kOk;
  REQUIRE(GetNow(engine.store(), {kFamily, "row", "new"}).has_value() == is_written);
  REQUIRE(GetNow(engine.store(), {kOther, "row", "new"}).has_value() == is_written);
}

TEMPLATE_TEST_CASE("store: preconditions are tested without operations too", "[storage]",
                   MemoryEngine, RocksDbEngine) {
  TestType engine;
  WriteBatch batch;
  batch.Expect(kFamily, "row", "column", "value");
  CHECK_STATUS(engine.store().Commit(batch), absl::StatusCode::kAborted);
  Put(engine.store(), "row", "column", "value");
  REQUIRE_OK(engine.store().Commit(batch));
  REQUIRE_OK(engine.store().Commit(WriteBatch()));
}

TEMPLATE_TEST_CASE("store: sending a batch again after reopening lands once", "[storage]",
                   MemoryEngine, RocksDbEngine) {
  TestType engine;
  Put(engine.store(), "head", "", "1");
  WriteBatch batch;
  batch.Expect(kFamily, "head", "", "1");
  batch.Put(kFamily, "head", "", "2");
  REQUIRE_OK(engine.store().Commit(batch));
  engine.Reopen();
  CHECK_STATUS(engine.store().Commit(batch), absl::StatusCode::kAborted);
  REQUIRE(GetNow(engine.store(), {kFamily, "head", ""}) == "2");
}

TEMPLATE_TEST_CASE("store: bounds are kept", "[storage]", MemoryEngine, RocksDbEngine) {
  TestType engine;
  struct Case {
    std::string name;
    std::size_t row_size;
    std::size_t column_size;
    std::size_t value_size;
    absl::StatusCode code;
  };
  const auto& known = GENERATE(values<Case>({
      {"least", 1, 0, 0, absl::StatusCode::kOk},
      {"greatest", kRowSizeMax, kColumnSizeMax, 1u << 20, absl::StatusCode::kOk},
      {"no row", 0, 1, 1, absl::StatusCode::kInvalidArgument},
      {"long row", kRowSizeMax + 1, 1, 1, absl::StatusCode::kInvalidArgument},
      {"long column", 1, kColumnSizeMax + 1, 1, absl::StatusCode::kInvalidArgument},
      {"long value", 1, 1, kValueSizeMax + 1, absl::StatusCode::kInvalidArgument},
  }));
  CAPTURE(known.name);
  const std::string row(known.row_size, 'r');
  const std::string column(known.column_size, 'c');
  WriteBatch batch;
  batch.Put(kFamily, "valid", "", "value");
  batch.Put(kFamily, row, column, std::string(known.value_size, 'v'));
  CHECK_STATUS(engine.store().Commit(batch), known.code);
  const bool is_valid = known.code == absl::StatusCode::kOk;
  REQUIRE(GetNow(engine.store(), {kFamily, "valid", ""}).has_value() == is_valid);
  if (known.value_size > kValueSizeMax) return;

  // Reading, expecting and scanning at such a place are refused alike.
  const auto snapshot = engine.store().TakeSnapshot();
  REQUIRE_OK(snapshot);
  WriteBatch expectation;
  expectation.Expect(kFamily, row, column, std::string(known.value_size, 'v'));
  std::vector<std::optional<std::string>> values;
  std::vector<std::vector<Cell>> cells;
  const CellKey key{kFamily, row, column};
  const ScanRange range{kFamily, row, column, 1};
  CHECK_STATUS(engine.store().Commit(expectation), known.code);
  CHECK_STATUS((*snapshot)->Get(key), known.code);
  CHECK_STATUS((*snapshot)->MultiGet({&key, 1}, &values), known.code);
  CHECK_STATUS((*snapshot)->Scan(range), known.code);
  CHECK_STATUS((*snapshot)->MultiScan({&range, 1}, &cells), known.code);
}

TEMPLATE_TEST_CASE("store: truth may be added, and staged edges removed", "[storage]", MemoryEngine,
                   RocksDbEngine) {
  TestType engine;
  WriteBatch batch;
  batch.Put(Family::kLog, "row", "1", "record");
  batch.Put(Family::kUpstream, "row", "1", "edges");
  REQUIRE_OK(engine.store().Commit(batch));
  REQUIRE_OK(engine.store().Commit(batch));  // the same bytes again are no change
  WriteBatch removal;
  removal.Delete(Family::kUpstream, "row", "1");
  REQUIRE_OK(engine.store().Commit(removal));
  REQUIRE(GetNow(engine.store(), {Family::kLog, "row", "1"}) == "record");
  REQUIRE_FALSE(GetNow(engine.store(), {Family::kUpstream, "row", "1"}).has_value());
}

TEMPLATE_TEST_CASE("store: one medium is open once", "[storage]", MemoryEngine, RocksDbEngine) {
  TestType engine;
  CHECK_STATUS(engine.OpenAgain(), absl::StatusCode::kFailedPrecondition);
  Put(engine.store(), "row", "", "the first one goes on");
  REQUIRE(GetNow(engine.store(), {kFamily, "row", ""}).has_value());
}

TEMPLATE_TEST_CASE("store: upkeep changes no answer", "[storage]", MemoryEngine, RocksDbEngine) {
  Rng rng = SeededRng();
  TestType engine;
  Model model;
  for (int step = 0; step < 200; ++step) {
    const WriteBatch batch = RandomBatch(rng);
    REQUIRE_OK(engine.store().Commit(batch));
    Apply(batch, model);
  }
  REQUIRE_OK(engine.store().Compact());
  REQUIRE_OK(engine.store().VerifyChecksums());
  REQUIRE(Contents(engine.store()) == model);
  const std::vector<FamilySize> sizes = engine.store().ApproximateSizes();
  REQUIRE(sizes.size() == kFamilyCount);
  for (std::size_t i = 0; i < kFamilyCount; ++i) {
    REQUIRE(sizes[i].family == static_cast<Family>(i));
  }
}

}  // namespace
}  // namespace tributary::test
