// What a storage engine must offer: sorted columns within named rows, snapshots, atomic commits.
//
// The port carries bytes and knows nothing of lineage. RocksDB is the embedded engine and the
// memory engine the referee; a wide-column engine fits the same words (a row is a partition). The
// definition of each method is the conformance suite in tests/storage/conformance, which every
// engine runs in full.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tributary {

// The fixed column families. Values are part of the on-disk format: append only.
enum class Family : std::uint8_t {
  kMeta = 0,        // format version, ledger name, staging markers
  kLog = 1,         // truth: one record per log position
  kRecord = 2,      // record id -> log position
  kDetails = 3,     // truth: private details, erasable
  kTree = 4,        // RFC 6962 tiles
  kAsset = 5,       // asset id -> number; number -> state; versions, names
  kUpstream = 6,    // truth: edge lists in chunks
  kDownstream = 7,  // input -> derivations that used it
  kIdentity = 8,    // party, alias, consent: identity -> record in force
};
inline constexpr std::size_t kFamilyCount = 9;
std::string_view FamilyName(Family family);

inline constexpr std::size_t kRowSizeMax = 255;          // bytes; one length byte precedes a row
inline constexpr std::size_t kColumnSizeMax = 4096;      // bytes
inline constexpr std::size_t kValueSizeMax = 64u << 20;  // bytes

// The address of one value. The views must outlive the call they are given to.
struct CellKey {
  Family family;
  std::string_view row;     // 1..kRowSizeMax bytes, any value
  std::string_view column;  // 0..kColumnSizeMax bytes, any value
};

struct Cell {
  std::string column;
  std::string value;
};

// One request for Snapshot::MultiScan: see Snapshot::Scan.
struct ScanRange {
  Family family;
  std::string_view row;
  std::string_view start_after;
  std::size_t column_count_max;
};

// All reads through one snapshot see one state. Freed by its destructor; must not outlive its
// Store. Any thread may call; one snapshot may serve several threads.
class Snapshot {
 public:
  virtual ~Snapshot() = default;

  // The value, or nullopt if absent.
  // Errors, of every read: kInvalidArgument (a row or column exceeds its bound), kDataLoss,
  // kUnavailable.
  virtual absl::StatusOr<std::optional<std::string>> Get(const CellKey& key) const = 0;

  // Shape: (*values)[i] belongs to keys[i]. One round trip for a whole frontier; keys in ascending
  // order are served fastest. Errors: as Get; on error *values is unspecified.
  virtual absl::Status MultiGet(std::span<const CellKey> keys,
                                std::vector<std::optional<std::string>>* values) const = 0;

  // Columns of one row in ascending byte order, those greater than start_after, at most
  // column_count_max of them. An empty start_after begins at the row's first column (a column
  // that is itself empty is then included; it can not be resumed from).
  //
  // A result with fewer than column_count_max cells normally means that the row ends there, but an
  // engine over damaged files may end early with OK: whoever rests money, a proof or a permission
  // on a scan must check it against a count kept elsewhere.
  virtual absl::StatusOr<std::vector<Cell>> Scan(const ScanRange& range) const = 0;
  virtual absl::Status MultiScan(std::span<const ScanRange> ranges,
                                 std::vector<std::vector<Cell>>* cells) const = 0;

  // Names of rows that hold at least one column, in the engine's own fixed order, those after
  // start_after (empty: from the first), at most row_count_max. For verification and rebuilding;
  // the caveat of Scan holds.
  virtual absl::StatusOr<std::vector<std::string>> ListRows(Family family,
                                                            std::string_view start_after,
                                                            std::size_t row_count_max) const = 0;
};

// A set of changes that becomes visible and durable as a whole. Later operations on the same cell
// win. Owns its bytes.
class WriteBatch {
 public:
  struct Operation {
    Family family;
    std::string row;
    std::string column;
    std::optional<std::string> value;  // nullopt deletes
  };
  // `expected` must be the cell's value (nullopt: absent) when the batch commits.
  struct Precondition {
    Family family;
    std::string row;
    std::string column;
    std::optional<std::string> expected;
  };

  void Reserve(std::size_t more_count) { operations_.reserve(operations_.size() + more_count); }
  void Put(Family family, std::string row, std::string column, std::string value) {
    byte_count_ += row.size() + column.size() + value.size();
    operations_.push_back({family, std::move(row), std::move(column), std::move(value)});
  }
  void Delete(Family family, std::string row, std::string column) {
    byte_count_ += row.size() + column.size();
    operations_.push_back({family, std::move(row), std::move(column), std::nullopt});
  }
  void Expect(Family family, std::string row, std::string column,
              std::optional<std::string> expected) {
    preconditions_.push_back({family, std::move(row), std::move(column), std::move(expected)});
  }

  const std::vector<Operation>& operations() const { return operations_; }
  const std::vector<Precondition>& preconditions() const { return preconditions_; }
  std::size_t byte_count() const { return byte_count_; }
  bool empty() const { return operations_.empty(); }

 private:
  std::vector<Operation> operations_;
  std::vector<Precondition> preconditions_;
  std::size_t byte_count_ = 0;
};

struct FamilySize {
  Family family;
  std::uint64_t approximate_size;  // bytes on disk or in memory
};

// One ledger's durable state. Any thread may call any method.
class Store {
 public:
  virtual ~Store() = default;

  virtual absl::StatusOr<std::unique_ptr<Snapshot>> TakeSnapshot() = 0;

  // All or nothing.
  // Durable: on OK the batch survives a crash and a power cut.
  // Errors:  kAborted      a precondition did not hold; nothing was written.
  //          kDataLoss     a precondition could not be read; nothing was written.
  //          kInvalidArgument  a row, column or value exceeds its bound; nothing was written.
  //          kUnavailable  the batch may or may not have been written, as a whole. The store takes
  //                        no further commit in this process (fail-stop): every later Commit
  //                        answers kUnavailable. Sending the same batch again after reopening is
  //                        safe: it lands, or its precondition aborts it.
  virtual absl::Status Commit(const WriteBatch& batch) = 0;

  // Makes a copy that opens as a store of its own, in the new directory `path`, of one state at or
  // after the call. Blocks neither readers nor writers. kUnimplemented: the memory engine.
  virtual absl::Status CopyTo(const std::string& path) = 0;

  // Re-reads all stored bytes and checks the engine's own checksums. kDataLoss names the file.
  virtual absl::Status VerifyChecksums() = 0;

  // Asks the engine to rewrite its files in their most compact form. Answers do not change.
  virtual absl::Status Compact() = 0;

  virtual std::vector<FamilySize> ApproximateSizes() = 0;

  // `on_failure` is called when the store stops taking commits: once, on any thread, with what
  // Commit answers from then on, and at once where it has stopped already. It must not block nor
  // call the store. Another listener takes its place; an empty one ends that, and neither returns
  // while a call of the one before is under way. An engine that fails in Commit alone need not.
  virtual void SetFailureListener(std::function<void(const absl::Status&)> /*on_failure*/) {}
};

}  // namespace tributary
