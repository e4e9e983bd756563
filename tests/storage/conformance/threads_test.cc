// Any thread may call any method. Threads report through atomics: Catch2's assertions are made by
// the main thread alone.

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/storage/conformance/engines.h"
#include "tests/storage/conformance/store_model.h"
#include "tests/support/catch.h"

namespace tributary::test {
namespace {

constexpr int kCommitCount = 400;
constexpr int kReaderCount = 3;

// Writes the step's number to one cell of several families, and one more column to a growing row.
WriteBatch Step(int step) {
  WriteBatch batch;
  const std::string value = std::to_string(step);
  for (const Family family : {Family::kMeta, Family::kAsset, Family::kIdentity}) {
    batch.Put(family, "row", "step", value);
  }
  batch.Put(Family::kTree, "growing", std::to_string(1'000'000 + step), value);
  return batch;
}

// The step that a snapshot shows; -1 if its parts belong to different steps.
int StepSeen(const Snapshot& snapshot) {
  const std::vector<CellKey> keys = {{Family::kIdentity, "row", "step"},
                                     {Family::kMeta, "row", "step"},
                                     {Family::kAsset, "row", "step"}};
  std::vector<std::optional<std::string>> values;
  if (!snapshot.MultiGet(keys, &values).ok()) return -1;
  for (const auto& value : values) {
    if (value != values.front() || !value.has_value()) return -1;
  }
  const int step = std::stoi(*values.front());
  const auto cells = snapshot.Scan({Family::kTree, "growing", "", 1'000'000});
  if (!cells.ok() || cells->size() != static_cast<std::size_t>(step) + 1) return -1;
  return step;
}

}  // namespace

// Property: while one thread writes, every snapshot shows one whole commit, never an older one
// than a snapshot taken before it.
TEMPLATE_TEST_CASE("store: readers see whole commits in order", "[storage][threads]", MemoryEngine,
                   RocksDbEngine) {
  TestType engine;
  Store& store = engine.store();
  REQUIRE_OK(store.Commit(Step(0)));
  std::atomic<bool> is_writing = true;
  std::atomic<int> fault_count = 0;
  std::atomic<int> snapshot_count = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < kReaderCount; ++i) {
    readers.emplace_back([&] {
      int last = 0;
      do {
        const auto snapshot = store.TakeSnapshot();
        const int step = snapshot.ok() ? StepSeen(**snapshot) : -1;
        if (step < last || StepSeen(**snapshot) != step) ++fault_count;
        last = step;
        ++snapshot_count;
      } while (is_writing);
    });
  }
  int commit_failure_count = 0;
  for (int step = 1; step <= kCommitCount; ++step) {
    if (!store.Commit(Step(step)).ok()) ++commit_failure_count;
    if (step % 100 == 0 && !store.Compact().ok()) ++commit_failure_count;
  }
  is_writing = false;
  for (std::thread& reader : readers) reader.join();
  REQUIRE(commit_failure_count == 0);
  REQUIRE(fault_count == 0);
  REQUIRE(snapshot_count >= kReaderCount);
}

// Property: a precondition and its batch are one step: no increment is lost among threads.
TEMPLATE_TEST_CASE("store: commits compare and swap", "[storage][threads]", MemoryEngine,
                   RocksDbEngine) {
  constexpr int kThreadCount = 4;
  constexpr int kIncrementCount = 50;
  TestType engine;
  Store& store = engine.store();
  std::atomic<int> unexpected_count = 0;
  std::vector<std::thread> threads;
  const auto increment_once = [&store]() -> absl::Status {
    auto snapshot = store.TakeSnapshot();
    const auto current = (*snapshot)->Get({Family::kMeta, "counter", ""});
    if (!current.ok()) return current.status();
    WriteBatch batch;
    batch.Expect(Family::kMeta, "counter", "", *current);
    const int next = current->has_value() ? std::stoi(**current) + 1 : 1;
    batch.Put(Family::kMeta, "counter", "", std::to_string(next));
    return store.Commit(batch);
  };
  for (int i = 0; i < kThreadCount; ++i) {
    threads.emplace_back([&] {
      for (int done = 0; done < kIncrementCount;) {
        const absl::Status status = increment_once();
        if (status.ok()) ++done;
        if (!status.ok() && status.code() != absl::StatusCode::kAborted) {
          ++unexpected_count;
          return;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  REQUIRE(unexpected_count == 0);
  REQUIRE(GetNow(store, {Family::kMeta, "counter", ""}) ==
          std::to_string(kThreadCount * kIncrementCount));
}

TEMPLATE_TEST_CASE("store: one snapshot serves several threads", "[storage][threads]", MemoryEngine,
                   RocksDbEngine) {
  TestType engine;
  Store& store = engine.store();
  for (int step = 0; step <= 20; ++step) REQUIRE_OK(store.Commit(Step(step)));
  const auto snapshot = store.TakeSnapshot();
  REQUIRE_OK(snapshot);
  std::atomic<int> fault_count = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < kReaderCount; ++i) {
    readers.emplace_back([&] {
      for (int round = 0; round < 100; ++round) {
        if (StepSeen(**snapshot) != 20) ++fault_count;
      }
    });
  }
  for (int step = 21; step < 60; ++step) REQUIRE_OK(store.Commit(Step(step)));
  for (std::thread& reader : readers) reader.join();
  REQUIRE(fault_count == 0);
}

}  // namespace tributary::test
